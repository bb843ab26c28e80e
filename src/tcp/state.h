/* SPDX-License-Identifier: ISC */
/* The state diagram (RFC 9293 §3.3.2): the only place that writes a record's state, and the only one that counts states. */
#ifndef PL_TCP_STATE_H
#define PL_TCP_STATE_H

#include "tcp/tcp.h"

/** Is there an edge in the diagram (aborts and deadlines lead to CLOSED from everywhere)? */
bool pl_tcp_is_legal_edge(enum plim_state from, enum plim_state to);

/** Move a record along an edge. */
void pl_tcp_set_state(struct pl_tcp *t, struct pl_tcp_rec *r, enum plim_state to);

/** A record comes to life in a state, or goes from the one it is in. */
void pl_tcp_state_born(struct pl_tcp *t, struct pl_tcp_rec *r, enum plim_state in);
void pl_tcp_state_gone(struct pl_tcp *t, struct pl_tcp_rec *r);

/** May text and FIN still come in? */
static inline bool
pl_tcp_is_receiving(enum plim_state s)
{
	return s == PLIM_ESTABLISHED || s == PLIM_FIN_WAIT_1 || s == PLIM_FIN_WAIT_2;
}

/** May queued octets still go out? */
static inline bool
pl_tcp_is_sending(enum plim_state s)
{
	return s == PLIM_ESTABLISHED || s == PLIM_CLOSE_WAIT || s == PLIM_FIN_WAIT_1 || s == PLIM_CLOSING ||
	       s == PLIM_LAST_ACK;
}

/* Was the peer's FIN taken? Then RCV.NXT is one beyond the text. */
static inline bool
pl_tcp_has_peer_fin(enum plim_state s)
{
	return s == PLIM_CLOSE_WAIT || s == PLIM_CLOSING || s == PLIM_LAST_ACK || s == PLIM_TIME_WAIT;
}

/* Where the in-order text ends. */
static inline pl_seq
pl_tcp_text_end(const struct pl_tcp_conn *c)
{
	return c->rcv_nxt - pl_tcp_has_peer_fin((enum plim_state)c->rec.state);
}

/* In-order octets that the application has not taken. */
static inline uint32_t
pl_tcp_unread(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_rcvq *q = pl_tcp_rcvq(t, c);

	return q ? pl_rcvq_unread(q, pl_tcp_text_end(c)) : 0;
}

static inline bool
pl_tcp_is_synchronized(enum plim_state s)
{
	return s >= PLIM_ESTABLISHED;
}

#endif
