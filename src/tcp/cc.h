/* SPDX-License-Identifier: ISC */
/*
 * Congestion control: slow start and what follows it, NewReno (RFC 5681) or CUBIC
 * (RFC 9438). Windows in octets, time in milliseconds; integers only. When something
 * is lost and what is sent again is tcp/recovery.c's business.
 */
#ifndef PL_TCP_CC_H
#define PL_TCP_CC_H

#include "tcp/conn.h"

/** Initial window: min(segments x SMSS, max(2 x SMSS, segments x 1460)) (RFC 6928 §2). */
uint32_t pl_tcp_initial_window(uint32_t smss, uint32_t segments);

void pl_tcp_cc_init(struct pl_tcp_cc *cc, uint32_t smss, uint32_t segments, bool newreno);

/** What one segment acknowledges, or a train of ACKs that came as one. */
struct pl_acked {
	uint32_t octets;
	uint32_t segments; /* that said so: growth in slow start is bounded by them (RFC 3465) */
};

/** This was acknowledged while the window was in full use and nothing was lost. */
void pl_tcp_cc_acked(struct pl_tcp_cc *cc, struct pl_acked acked, uint32_t smss, uint32_t now_ms, uint32_t srtt_us);

/** Congestion was seen with `flight` octets out: lowers ssthresh (and remembers what CUBIC needs). */
void pl_tcp_cc_congestion(struct pl_tcp_cc *cc, uint32_t flight, uint32_t smss);

/** After an RTO: one segment (RFC 5681 §3.1). */
void pl_tcp_cc_timeout(struct pl_tcp_cc *cc, uint32_t smss);

/** Idle for longer than an RTO: back to the initial window (RFC 5681 §4.1). */
void pl_tcp_cc_restart(struct pl_tcp_cc *cc, uint32_t smss, uint32_t segments);

/** Integer cube root, rounded down. */
uint32_t pl_cbrt(uint64_t x);

#endif
