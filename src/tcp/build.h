/* SPDX-License-Identifier: ISC */
/*
 * From a plan to frames. A plan longer than a segment becomes one super-frame where the driver cuts it (TSO), and else a
 * series of frames, cut here: the first is built from the connection, the others from the one before.
 */
#ifndef PL_TCP_BUILD_H
#define PL_TCP_BUILD_H

#include "tcp/tcp.h"

/** What to send next. */
struct pl_plan {
	pl_seq seq;
	uint32_t len; /* text */
	bool fin;
	bool again; /* retransmission */
	bool probe;
};

/** May new text go as a series: is there nothing in the headers (urgent pointer, SACK) that differs from frame to frame, or takes its room? */
bool pl_tcp_may_cut(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** Build it; p is what was really built. Returns frames used: more than one only for plans longer than a segment. */
unsigned pl_tcp_build(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_path *path, struct pl_plan *p,
                      struct plim_frame *frames);

#endif
