/* SPDX-License-Identifier: ISC */
/* What must not be guessed: initial sequence numbers, timestamp offsets, ports, cookies' keyed part. */
#ifndef PL_TCP_ISN_H
#define PL_TCP_ISN_H

#include "tcp/tcp.h"

/** ISN = M + F(tuple, key), M ticks every 4.096 us (RFC 9293 §3.4.1: MUST-8, SHLD-1, MUST-9). */
pl_seq pl_tcp_isn(const struct pl_tcp *t, const struct pl_tuple *k);

/** Our timestamp now: 1 ms clock + F(tuple, key), rising from one connection of a tuple to the next (RFC 6191). */
uint32_t pl_tcp_tsval(const struct pl_tcp *t, const struct pl_tuple *k);

/** Where an ephemeral port search starts for a remote end (RFC 6056: keyed by the remote end, and random). */
uint32_t pl_tcp_port_start(struct pl_tcp *t, const struct pl_tuple *k);

/** F(tuple, words, key) for cookies. */
uint32_t pl_tcp_cookie_hash(const struct pl_tcp *t, const struct pl_tuple *k, uint32_t a, uint32_t b);

#endif
