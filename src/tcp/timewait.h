/* SPDX-License-Identifier: ISC */
/*
 * TIME_WAIT in its small form: 44 octets (IPv6 56), kept in the order in which they expire.
 *
 * Deadline 2 x MSL, restarted by a repeated FIN, 4 x MSL at most in all. Over the
 * class cap the oldest is replaced (DEVIATES MUST-13). A RST is ignored (RFC 1337);
 * a new SYN may take the tuple over (RFC 6191, MAY-2).
 */
#ifndef PL_TCP_TIMEWAIT_H
#define PL_TCP_TIMEWAIT_H

#include "tcp/tcp.h"

struct pl_tcp_timewait {
	struct pl_tcp_rec rec;
	struct pl_link order; /* of expiry */
	pl_seq snd_nxt, rcv_nxt;
	uint32_t ts_recent;
	uint32_t expire_ms; /* milliseconds modulo 2^32 */
	uint16_t wnd;       /* as last told on the wire */
	uint8_t age;        /* at the last restart: 64ths of 2 MSL since it began */
	bool has_ts;        /* timestamps agreed */
	uint8_t raddr[4];   /* IPv6: 12 more */
};

_Static_assert(offsetof(struct pl_tcp_timewait, raddr) + 4 <= 44, "see mem/objects.h");

/** Make c's small TIME_WAIT record and free c. Without room for one, and none to replace, c just ends. */
void pl_tcp_timewait_enter(struct pl_tcp *t, struct pl_tcp_conn *c);

/** From the closing form. */
struct pl_tcp_closing;
void pl_tcp_timewait_from_closing(struct pl_tcp *t, struct pl_tcp_closing *cl);

/** A segment for a TIME_WAIT record (§3.10.7.4 in that state). */
void pl_tcp_timewait_input(struct pl_tcp *t, struct pl_tcp_timewait *w, const struct pl_pkt *pkt,
                           const struct pl_tcp_seg *seg);

/**
 * Is this a new SYN, for a listener, that may take the tuple of a record in TIME_WAIT over (small form or full)?
 * Then the record is gone: go on as for LISTEN, with an ISS above *iss_floor (RFC 6191, MAY-2).
 */
bool pl_tcp_timewait_take_over(struct pl_tcp *t, struct pl_tcp_rec *r, const struct pl_tcp_seg *seg, pl_seq *iss_floor);

/** An active open may reuse the tuple if timestamps tell the old from the new (RFC 6191). Frees the record and says above which ISS to begin. */
bool pl_tcp_timewait_may_reuse(struct pl_tcp *t, struct pl_tcp_timewait *w, pl_seq *iss_floor);

void pl_tcp_timewait_free(struct pl_tcp *t, struct pl_tcp_timewait *w);
void pl_tcp_timewait_poll(struct pl_tcp *t, pl_time now, unsigned *budget);
pl_time pl_tcp_timewait_deadline(const struct pl_tcp *t);

#endif
