/* SPDX-License-Identifier: ISC */
/* Round-trip time and RTO (RFC 6298). SRTT and RTTVAR live in the idle form, the backoff in the timers. */
#ifndef PL_TCP_RTT_H
#define PL_TCP_RTT_H

#include "tcp/conn.h"

/** Take one sample (RFC 6298 §2.2, §2.3). */
void pl_tcp_rtt_sample(struct pl_tcp_conn *c, uint32_t rtt_us);

/**
 * The handshake's own round trip. Without timestamps a SYN that was sent more than once tells
 * nothing: then the RTO begins at 3 s (RFC 6298 §5.7), kept in RTTVAR until the first sample.
 */
void pl_tcp_rtt_handshake(struct pl_tcp_conn *c, const struct plim_config *conf, bool sent_once, uint32_t ms);

/** RTO in nanoseconds, doubled `backoff` times, within the configured bounds (RFC 6298 §2.4, §2.5, §5.5). */
pl_time pl_tcp_rto(const struct pl_tcp_conn *c, const struct plim_config *conf, unsigned backoff);

#endif
