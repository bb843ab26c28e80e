/* SPDX-License-Identifier: ISC */
/*
 * The receive window: how much a connection may queue, and which right edge to
 * advertise. The edge is absolute: rounding to the scale's unit never moves what we
 * accept, because text is accepted up to max_edge (RFC 7323 §2.4).
 */
#ifndef PL_TCP_WINDOW_H
#define PL_TCP_WINDOW_H

#include "mem/prove.h"
#include "tcp/tcp.h"

/** Our shift for a configuration: the least that can tell of rcv_buf_max. */
uint8_t pl_tcp_window_shift(const struct plim_config *conf);

/** The right edge to advertise now: left of adv_edge only under pressure, and no silly steps (RFC 9293 §3.8.6.2.2, MUST-39). */
pl_seq pl_tcp_window_edge(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** Octets that the peer may send, as the scale let us tell it. */
uint32_t pl_tcp_window_told(const struct pl_tcp_conn *c);

/** The edge as the scale let us tell it last. */
static inline pl_seq
pl_tcp_edge_of_last_ack(const struct pl_tcp_conn *c)
{
	uint32_t wnd = pl_seq_lt(c->rcv_nxt, c->adv_edge) ? pl_seq_diff(c->adv_edge, c->rcv_nxt) : 0;

	return pl_seq_add(c->rcv_nxt, wnd >> pl_conn_rcv_shift(c) << pl_conn_rcv_shift(c));
}

/** The furthest edge ever advertised: what lies beyond it is refused, nothing before it (RFC 7323 §2.4). */
static inline pl_seq
pl_tcp_furthest_edge(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	if (PL_WITHOUT(t->core, right_edge))
		return pl_seq_add(c->rcv_nxt, 1u << 20);
	if (PL_WITHOUT(t->core, absolute_edge))
		return pl_tcp_edge_of_last_ack(c);
	return c->max_edge;
}

/** Would a window update help the peer now? */
bool pl_tcp_must_update_window(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** The window field of a segment, edge taken over as advertised. */
uint16_t pl_tcp_window_advertise(struct pl_tcp *t, struct pl_tcp_conn *c);

/** The window field of a SYN or SYN-ACK: unscaled; the record's edges follow. */
uint16_t pl_tcp_window_syn(const struct pl_tcp *t, uint32_t smss, uint32_t segments);

#endif
