/* SPDX-License-Identifier: ISC */
/*
 * Loss recovery: what an ACK or a timeout says about what is in flight.
 *
 * With SACK RFC 6675 with the proportional rate of RFC 9937; without it NewReno (RFC
 * 6582), where every duplicate ACK counts as one segment that left. A reduction that
 * the echoed timestamp proves spurious is undone once (RFC 3522).
 */
#ifndef PL_TCP_RECOVERY_H
#define PL_TCP_RECOVERY_H

#include "tcp/cc.h"
#include "tcp/tcp.h"

/** What one acceptable ACK said. */
struct pl_ack_event {
	struct pl_acked acked; /* newly acknowledged */
	uint32_t newly_sacked;
	uint32_t flight_before; /* SND.NXT - SND.UNA before it */
	bool is_dup;            /* RFC 5681 §2: duplicate ACK */
	bool has_sample;
	uint32_t rtt_us; /* of the newest segment it acknowledges, if has_sample */
	bool has_tsecr;
	uint32_t tsecr;
};

/** Take SACK blocks in. Returns octets newly SACKed; DSACKs are counted (RFC 2883). */
uint32_t pl_tcp_recovery_sacks(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tcp_seg *seg);

/** After SND.UNA, ledger and SACKs were brought up to date. */
void pl_tcp_recovery_acked(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_ack_event *ev);

/** The retransmission timer fired (RFC 6298 §5.4 to §5.6, RFC 5681 §3.1). */
void pl_tcp_recovery_timeout(struct pl_tcp *t, struct pl_tcp_conn *c);

/** Nothing in flight, and nothing heard for longer than an RTO: what the path carries is not known any more (RFC 5681 §4.1). */
void pl_tcp_restart_after_idle(struct pl_tcp *t, struct pl_tcp_conn *c);

/** Octets that the congestion window lets out now. */
uint32_t pl_tcp_quota(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** Ranges sent within this time may merge (DESIGN: max(1 ms, SRTT/32)). */
uint32_t pl_tcp_merge_us(const struct pl_tcp_conn *c);

#endif
