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
	return s == PLIM_ESTABLISHED || s == PLIM_CLOSE_WAIT || s == PLIM_FIN_WAIT_1 || s == PLIM_CLOSING || s == PLIM_LAST_ACK;
}

static inline bool pl_tcp_is_synchronized(enum plim_state s) { return s >= PLIM_ESTABLISHED; }

#endif
