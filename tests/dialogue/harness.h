/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the dialogue harness share: the stack and its clock (dialogue.c), the
 * peer (peer.c), what is heard (heard.c), the application (app.c). Dialogues do not include it.
 *
 * A faulted run (tests/faults) sets `watch`: then an expectation of the script that does
 * not hold is no failure. What must always hold stays one.
 */
#ifndef TESTS_DIALOGUE_HARNESS_H
#define TESTS_DIALOGUE_HARNESS_H

#include "dialogue.h"

#include "wire/icmp.h"

#define FRAME_CAP 65600

struct dialogue_watch {
	void (*said)(const struct line *l);        /* the peer speaks */
	void (*heard)(const struct pl_tcp_seg *s); /* the stack spoke */
	void (*stop)(const char *file, int line);  /* the script cannot go on; does not return */
	void (*missed)(const struct line *l);      /* a segment that was expected did not come or was another */
	void (*step)(void);                        /* after each drain */
};

extern const struct dialogue_watch *watch; /* NULL: an ordinary run */

/* The script expects this: else it fails, or stops in a faulted run. */
void expect(bool holds, const char *what, const char *file, int line);
#define EXPECT(cond) expect((cond), #cond, __FILE__, __LINE__)

extern const uint8_t our_mac[6], peer_mac[6];
extern const struct plim_addr us4, peer4, us6, peer6;
struct plim_addr us(void); /* of the dialogue's family */
struct plim_addr them(void);

void announce_peer(void);
void answer_arp(struct pl_cur c);
void answer_nd(const struct pl_icmp *m);

void take_frame(const struct plim_frame *f);
void forget_heard(void);
void forget_events(void);

void fetch_events(void);
void drain(void);
void run_to(plim_time to);
uint64_t ms_now(void);

#endif
