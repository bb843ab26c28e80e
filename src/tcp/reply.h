/* SPDX-License-Identifier: ISC */
/*
 * Segments without text that need no hot part: they go through the reply ring. RST
 * for nobody's segment, ACKs and challenge ACKs of small forms, SYNs, keepalives.
 */
#ifndef PL_TCP_REPLY_H
#define PL_TCP_REPLY_H

#include "tcp/tcp.h"

/** §3.10.7.1: nobody is there: RST, unless the segment is one (rate-limited). */
void pl_tcp_reply_reset(struct pl_tcp *t, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg);

/** The connection is given up: <SEQ=SND.NXT><ACK=RCV.NXT><CTL=RST,ACK>. */
void pl_tcp_send_rst(struct pl_tcp *t, struct pl_tcp_conn *c);

/** An ACK with the present window: the hot part's intent, or through the ring. pkt: what is answered, may be NULL. */
void pl_tcp_ack_now(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt);

/** The same, through the ring even if there is a hot part, which is about to go. */
void pl_tcp_ack_through_ring(struct pl_tcp *t, struct pl_tcp_conn *c);

/** The same within the rate limit of RFC 5961 §7. */
void pl_tcp_challenge(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt);

/** An empty segment below the window, which the peer must answer (SHLD-12): <SEQ=SND.NXT-1>. */
bool pl_tcp_send_keepalive(struct pl_tcp *t, struct pl_tcp_conn *c);

/** Fill in tuple and timestamp of a reply for a record. */
struct pl_tcp_reply pl_tcp_reply_for(const struct pl_tcp *t, const struct pl_tuple *k, bool ts, uint32_t ts_recent);

/** Hand a reply to the ring; counts it, or its drop. False: the ring is full. */
bool pl_tcp_reply_push(struct pl_tcp *t, const struct pl_tuple *k, const struct pl_pkt *pkt,
                       const struct pl_tcp_reply *r);

#endif
