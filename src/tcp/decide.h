/* SPDX-License-Identifier: ISC */
/*
 * The rules of RFC 9293 §3.10.7 (with RFC 5961 and RFC 7323) as pure questions on
 * small views. The idle form, a full connection, a half-open one, the closing form
 * and TIME_WAIT obey the same code, and a test needs a few integers to call it.
 */
#ifndef PL_TCP_DECIDE_H
#define PL_TCP_DECIDE_H

#include "base/seq.h"

enum pl_step {
	PL_STEP_CONTINUE,
	PL_STEP_DROP,      /* silently */
	PL_STEP_ACK,       /* drop, answer with an ACK */
	PL_STEP_CHALLENGE, /* drop, answer with a challenge ACK (RFC 5961) */
	PL_STEP_RESET,     /* the peer resets us */
};

/** What the receiving rules look at. */
struct pl_rcv_view {
	pl_seq rcv_nxt;
	pl_seq max_edge; /* furthest right edge ever advertised */
	pl_seq last_ack_sent;
};

/** What the ACK rules look at. */
struct pl_ack_view {
	pl_seq snd_una, snd_nxt;
	uint32_t max_snd_wnd;
};

struct pl_wnd_view {
	pl_seq snd_una, snd_wl1, snd_wl2;
};

/** Is the segment acceptable (§3.10.7.4 first, with the two edges and RFC 7323 §2.4)? */
bool pl_tcp_is_acceptable(const struct pl_rcv_view *v, pl_seq seg_seq, uint32_t seg_len);

/** Second: RST. */
enum pl_step pl_tcp_decide_rst(const struct pl_rcv_view *v, pl_seq seg_seq);

/** Fifth: is the ACK one that RFC 5961 §5 lets through? */
enum pl_step pl_tcp_decide_ack(const struct pl_ack_view *v, pl_seq seg_ack);

/** Does this segment's window count (§3.10.7.4 fifth)? */
bool pl_tcp_is_fresh_window(const struct pl_wnd_view *v, pl_seq seg_seq, pl_seq seg_ack);

/** Is a TS.Recent of that age good for nothing (RFC 7323 §5.5)? */
bool pl_tcp_is_outdated(uint32_t age_ms);

/** PAWS (RFC 7323 §5.3): is the timestamp older than TS.Recent, and TS.Recent not outdated? age_ms: of TS.Recent. */
bool pl_tcp_is_old_timestamp(uint32_t ts_recent, uint32_t age_ms, uint32_t seg_tsval);

/** May TS.Recent be replaced (RFC 7323 §4.3)? */
bool pl_tcp_may_take_timestamp(uint32_t ts_recent, uint32_t age_ms, uint32_t seg_tsval, pl_seq seg_seq,
                               pl_seq last_ack_sent);

/** May a SYN take over a TIME_WAIT tuple (RFC 6191 §2, RFC 9293 MAY-2)? */
bool pl_tcp_may_take_over(bool has_ts, uint32_t ts_recent, bool seg_has_ts, uint32_t seg_tsval, pl_seq rcv_nxt,
                          pl_seq seg_seq);

#endif
