/* SPDX-License-Identifier: ISC */
/*
 * The SYN cache: half-open connections of passive opens (RFC 4987), 48 octets each.
 *
 * Buckets are keyed by the remote prefix (/24, /64), 16 deep at most: one prefix
 * fills one bucket. From half of the class cap, or of a bucket, on, the ISS of every
 * SYN-ACK is a cookie, so that a handshake whose entry was replaced completes all the
 * same. A new SYN takes the place of the oldest in a full bucket if that one's ISS is
 * a cookie or it waited for a second; else it is answered by a cookie without an entry.
 * Where the whole class is full, a bucket from which a handshake ended well within five
 * minutes takes a place from others and not its own oldest: a flood has no such bucket,
 * and the honest one's entry is still there when its SYN-ACK must be repeated.
 *
 * Deadline: synack_retries, synack_timeout_ms (5 tries, 63 s; DEVIATES MUST-23: the
 * client's own SYN starts again).
 */
#ifndef PL_TCP_SYNCACHE_H
#define PL_TCP_SYNCACHE_H

#include "tcp/decide.h"
#include "tcp/synstore.h"

#define PL_COOKIE_SEGMENTS 1u /* at most announced with a cookie: nobody remembers what was */

/** A SYN for a listener: remember it, or answer with a cookie. iss_floor: 0, or the ISS must be above it (RFC 6191). */
void pl_syncache_syn(struct pl_tcp *t, struct pl_tcp_listener *l, const struct pl_pkt *pkt,
                     const struct pl_tcp_seg *seg, pl_seq iss_floor);

/**
 * A segment for a half-open connection (§3.10.7.4 in SYN-RECEIVED). Returns the connection it made,
 * to which the segment is then given, or NULL: handled.
 */
struct pl_tcp_conn *pl_syncache_input(struct pl_tcp *t, struct pl_syn *e, const struct pl_pkt *pkt,
                                      const struct pl_tcp_seg *seg);

/**
 * A segment with ACK for a listener, no entry. False: it holds no valid cookie. True: *out is the connection, or NULL
 * where one is refused for now; the client's text repeats the ACK.
 */
bool pl_syncache_cookie_ack(struct pl_tcp *t, struct pl_tcp_listener *l, const struct pl_pkt *pkt,
                            const struct pl_tcp_seg *seg, struct pl_tcp_conn **out);

/** SYN-ACK of an entry, in answer to pkt or (NULL) unasked: its timestamp carries the options whenever its ISS may be a cookie. */
void pl_syn_send(struct pl_tcp *t, const struct pl_pkt *pkt, const struct pl_syn *e);

/** What the rules of SYN-RECEIVED look at; the window that our SYN-ACK announced. */
struct pl_rcv_view pl_syn_rcv_view(const struct pl_syn *e, uint32_t rcv_wnd);
uint32_t pl_syn_rcv_wnd(const struct pl_tcp *t, const struct pl_syn *e);

/** The listener is gone: so are its half-open connections, at their next deadline or segment. */
void pl_syncache_poll(struct pl_tcp *t, pl_time now, unsigned *budget);
pl_time pl_syncache_deadline(const struct pl_tcp *t);

#endif
