/* SPDX-License-Identifier: ISC */
/*
 * A well-behaved peer that takes over where a dialogue's script has ended: it sends again
 * what the stack did not acknowledge, acknowledges what the stack sends, and so brings
 * both streams to their end. It knows the connection between d.lport and d.rport, from
 * what it overheard.
 */
#ifndef TESTS_FAULTS_GOOD_PEER_H
#define TESTS_FAULTS_GOOD_PEER_H

#include "tests/dialogue/harness.h"

void peer_forget(void);
void peer_overhears_itself(const struct line *l);
void peer_hears(const struct pl_tcp_seg *s);

/* The first SYN of the script that still stands, once more. */
void peer_repeats_syn(void);

/* How the streams stand after peer_finishes(). */
struct ending {
	bool over;      /* reset, or the application was told of an error */
	bool delivered; /* the peer has all that the application was told was sent */
	bool readable;  /* the application has read all that was acknowledged, and that is all the peer said */
};

/* Both streams to their end, with the application reading. */
struct ending peer_finishes(void);

/* The peer closes too. */
void peer_closes(void);

#endif
