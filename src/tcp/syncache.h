/* SPDX-License-Identifier: ISC */
/*
 * The SYN cache: half-open connections of passive opens (RFC 4987), 48 octets each.
 *
 * Buckets are keyed by the remote prefix (/24, /64), 16 deep at most: one prefix
 * fills one bucket. From half of the class cap, or of a bucket, on, the ISS of every
 * SYN-ACK is a cookie, so that a handshake whose entry was replaced completes all the
 * same. A new SYN takes the place of the oldest in a full bucket if that one's ISS is
 * a cookie or it waited for a second; else it is answered by a cookie without an entry.
 *
 * Deadline: synack_retries, synack_timeout_ms (5 tries, 63 s; DEVIATES MUST-23: the
 * client's own SYN starts again).
 */
#ifndef PL_TCP_SYNCACHE_H
#define PL_TCP_SYNCACHE_H

#include "tcp/conn.h"

struct pl_tcp;

#define PL_SYN_BUCKET_DEPTH 16

/** A half-open connection. */
struct pl_syn {
	pl_id next;   /* in its bucket, oldest first */
	uint8_t live; /* 0 when freed */
	uint8_t laddr, family;
	uint8_t tries; /* SYN-ACKs sent */
	uint16_t lport, rport;
	pl_seq irs, iss;
	uint32_t tsval;  /* peer's, last */
	uint32_t due_ms; /* next SYN-ACK, or the end */
	uint32_t born_ms;
	uint16_t mss;
	uint8_t wscale : 4;    /* peer's shift */
	uint8_t segments : 4;  /* of the window that our SYN-ACK announced */
	uint8_t opts : 7;      /* PL_OPT_... offered and agreed */
	uint8_t is_cookie : 1; /* the ISS is one: the entry may go */
	uint8_t raddr[4];      /* IPv6: 12 more */
};

_Static_assert(offsetof(struct pl_syn, raddr) + 4 <= 48, "see mem/objects.h");

struct pl_syn_bucket {
	pl_id oldest, newest;
	uint32_t n;
};

struct pl_syncache {
	struct pl_syn_bucket *buckets;
	uint32_t mask;
	uint32_t n;     /* entries */
	uint32_t half;  /* from so many entries on every ISS is a cookie */
	uint32_t sweep; /* next bucket of an unfinished sweep */
	bool sweeping;
	pl_time next, found; /* as struct pl_tcp_hand */
};

uint32_t pl_syncache_buckets(const struct plim_config *conf, size_t target);
void pl_syncache_init(struct pl_tcp *t, uint8_t *buckets, uint32_t n);

/** A SYN for a listener: remember it, or answer with a cookie. iss_floor: 0, or the ISS must be above it (RFC 6191). */
void pl_syncache_syn(struct pl_tcp *t, struct pl_tcp_listener *l, const struct pl_pkt *pkt,
                     const struct pl_tcp_seg *seg, pl_seq iss_floor);

/** The entry of a segment's tuple, or NULL. */
struct pl_syn *pl_syncache_find(struct pl_tcp *t, const struct pl_tuple *k);

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

/** The listener is gone: so are its half-open connections, at their next deadline or segment. */
void pl_syncache_poll(struct pl_tcp *t, pl_time now, unsigned *budget);
pl_time pl_syncache_deadline(const struct pl_tcp *t);

#endif
