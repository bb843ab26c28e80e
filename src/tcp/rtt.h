/* SPDX-License-Identifier: ISC */
/* Round-trip time and RTO (RFC 6298). SRTT and RTTVAR live in the idle form, the backoff in the timers. */
#ifndef PL_TCP_RTT_H
#define PL_TCP_RTT_H

#include "tcp/conn.h"

/** Take one sample (RFC 6298 §2.2, §2.3). */
void pl_tcp_rtt_sample(struct pl_tcp_conn *c, uint32_t rtt_us);

/** RTO in nanoseconds, doubled `backoff` times, within the configured bounds (RFC 6298 §2.4, §2.5, §5.5). */
pl_time pl_tcp_rto(const struct pl_tcp_conn *c, const struct plim_config *conf, unsigned backoff);

#endif
