/* SPDX-License-Identifier: ISC */
/*
 * Which challenge ACKs go (RFC 5961 §7): one for a connection each half second (challenge_spacing_ms), and so many in all (challenge_rate). Each takes one token
 * or two at random: how many go in a second tells a stranger nothing about what others caused (CVE-2016-5696).
 *
 * Connections share 128 places by a keyed hash, in every form that they may have: 512 octets, static.
 */
#ifndef PL_TCP_CHALLENGE_H
#define PL_TCP_CHALLENGE_H

#include "base/bucket.h"
#include "tcp/conn.h"

struct pl_tcp;

#define PL_CHALLENGE_PLACES 128u

struct pl_tcp_challenges {
	struct pl_bucket bucket;
	uint32_t last_ms[PL_CHALLENGE_PLACES];
};

void pl_tcp_challenges_init(struct pl_tcp *t);

/** May an ACK go that nothing but this segment asked for? False: counted (tcp_challenge_limited). */
bool pl_tcp_may_challenge(struct pl_tcp *t, const struct pl_tuple *k);

#endif
