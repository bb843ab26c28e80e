/* SPDX-License-Identifier: ISC */
/*
 * The receive window: how much a connection may queue, and which right edge to
 * advertise. The edge is absolute: rounding to the scale's unit never moves what we
 * accept, because text is accepted up to max_edge (RFC 7323 §2.4).
 */
#ifndef PL_TCP_WINDOW_H
#define PL_TCP_WINDOW_H

#include "tcp/tcp.h"

/** Our shift for a configuration: the least that can tell of rcv_buf_max. */
uint8_t pl_tcp_window_shift(const struct plim_config *conf);

/** The right edge to advertise now: left of adv_edge only under pressure, and no silly steps (RFC 9293 §3.8.6.2.2, MUST-39). */
pl_seq pl_tcp_window_edge(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** Octets that the peer may send, as the scale let us tell it. */
uint32_t pl_tcp_window_told(const struct pl_tcp_conn *c);

/** Would a window update help the peer now? */
bool pl_tcp_must_update_window(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** The window field of a segment, edge taken over as advertised. */
uint16_t pl_tcp_window_advertise(struct pl_tcp *t, struct pl_tcp_conn *c);

/** The window field of a SYN or SYN-ACK: unscaled; the record's edges follow. */
uint16_t pl_tcp_window_syn(const struct pl_tcp *t, uint32_t smss, uint32_t segments);

#endif
