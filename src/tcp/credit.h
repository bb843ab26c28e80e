/* SPDX-License-Identifier: ISC */
/*
 * Credit: octets that peers were told they may send and have not sent yet, counted to the furthest edge ever. All of
 * it may come at once, so growth of windows stays inside what is left:
 *
 *   held + credit of active connections + credit of idle ones / 2  <=  85 % of the joint cap
 *
 * (idle credit in full below 8 MiB and from level 2). One growth takes at most an eighth of what is left. The first
 * MSS of a connection is not counted: it may always be granted to one whose queue is empty. Connections that were
 * never useful share an eighth of the joint cap. What a connection keeps in any case: pl_tcp_rcv_kept().
 *
 * Whoever changes an edge, RCV.NXT, the state, or the form of a connection does it between leave and enter.
 */
#ifndef PL_TCP_CREDIT_H
#define PL_TCP_CREDIT_H

#include "tcp/tcp.h"

#define PL_CREDIT_SMALL_TARGET (8u << 20) /* below it idle credit counts in full */

/** What one connection has, beyond its first MSS. */
uint32_t pl_tcp_credit_of(const struct pl_tcp *t, const struct pl_tcp_conn *c);

void pl_tcp_credit_leave(struct pl_tcp *t, const struct pl_tcp_conn *c);
void pl_tcp_credit_enter(struct pl_tcp *t, const struct pl_tcp_conn *c);

/** Segments of the window that a SYN-ACK announces: the level's, as far as those that were never useful leave room. */
uint32_t pl_tcp_credit_synack(const struct pl_tcp *t, uint32_t smss);

/** The furthest right edge, at most `wanted`, that credit allows. */
pl_seq pl_tcp_credit_edge(const struct pl_tcp *t, const struct pl_tcp_conn *c, pl_seq wanted);

#endif
