/* SPDX-License-Identifier: ISC */
/*
 * Closing without data, in its small form: LAST_ACK, CLOSING and orphaned FIN_WAIT_1
 * (all but the FIN acknowledged) and FIN_WAIT_2. 56 octets, no handle, no queue.
 *
 * The hand sends the FIN again (RTO with backoff) and ends the record at its
 * absolute deadline (DESIGN section 6); what the peer sends does not restart it.
 */
#ifndef PL_TCP_CLOSING_H
#define PL_TCP_CLOSING_H

#include "tcp/tcp.h"

struct pl_tcp_closing {
	struct pl_tcp_rec rec;
	pl_seq snd_nxt; /* after our FIN */
	pl_seq rcv_nxt;
	pl_seq max_edge;
	uint32_t ts_recent;
	uint32_t expire_ms; /* absolute */
	uint32_t resend_ms; /* when the FIN is due again */
	uint32_t rto_ms;
	uint16_t wnd; /* as on the wire */
	uint8_t wscale;
	uint8_t bits;     /* PL_CLOSING_... */
	uint8_t raddr[4]; /* IPv6: 12 more */
};

enum {
	PL_CLOSING_TS = 1,
	PL_CLOSING_FIN_ACKED = 2,
	PL_CLOSING_TS_OLD =
		4, /* ts_recent was outdated when this form began: PAWS waits for the next (RFC 7323 §5.5) */
};

_Static_assert(offsetof(struct pl_tcp_closing, raddr) + 4 <= 56, "see mem/objects.h");

/** May this connection go on in the small form? */
bool pl_tcp_closing_can(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** Replace c by its small form. False: refused; c stays as it is. */
bool pl_tcp_closing_enter(struct pl_tcp *t, struct pl_tcp_conn *c);

/** CLOSE on an idle form without a handle: the FIN goes out through the ring. False: refused; c stays as it is. */
bool pl_tcp_closing_from_idle(struct pl_tcp *t, struct pl_tcp_conn *c);

void pl_tcp_closing_input(struct pl_tcp *t, struct pl_tcp_closing *cl, const struct pl_pkt *pkt,
                          const struct pl_tcp_seg *seg);

/** What is due at now; returns the record's next deadline, PL_TIME_NEVER if it ended. */
pl_time pl_tcp_closing_visit(struct pl_tcp *t, struct pl_tcp_closing *cl, pl_time now);

void pl_tcp_closing_free(struct pl_tcp *t, struct pl_tcp_closing *cl);

#endif
