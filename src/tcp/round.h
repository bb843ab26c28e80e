/* SPDX-License-Identifier: ISC */
/*
 * Rounds of the receiver: what the application took in the last one is what its window earned (tcp/limit.h).
 *
 * SRTT is of no use here: who only receives measured it once, in the handshake, before any queue had filled. A round
 * is over when text comes that was sent after its beginning, which the echo of our timestamp tells (RFC 7323 §4.1);
 * without timestamps, after SRTT.
 */
#ifndef PL_TCP_ROUND_H
#define PL_TCP_ROUND_H

#include "tcp/tcp.h"

/** Text came at RCV.NXT: while a hole stays open nothing can be taken, and no round ends by an echo. */
void pl_tcp_round_text(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tcp_seg *seg);

/** Milliseconds since the round began, or the connection got its hot part. */
uint32_t pl_tcp_round_age_ms(const struct pl_tcp *t, const struct pl_tcp_hot *h);

/** The application took octets. */
void pl_tcp_round_took(struct pl_tcp *t, struct pl_tcp_conn *c, uint32_t octets);

#endif
