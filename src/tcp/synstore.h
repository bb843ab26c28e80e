/* SPDX-License-Identifier: ISC */
/*
 * Where the SYN cache keeps its entries: buckets keyed by the remote prefix (/24, /64), oldest first, and whose place
 * a new entry takes when there is none. What is done with them is in syncache.h.
 */
#ifndef PL_TCP_SYNSTORE_H
#define PL_TCP_SYNSTORE_H

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
	uint32_t n : 31;
	uint32_t is_proven : 1;
	uint32_t proven_ms; /* when a handshake from here ended well last */
};

struct pl_syncache {
	struct pl_syn_bucket *buckets;
	uint32_t mask;
	uint32_t n;     /* entries */
	uint32_t half;  /* from so many entries on every ISS is a cookie */
	uint32_t hand;  /* bucket that is asked next for a place */
	uint32_t sweep; /* next bucket of an unfinished sweep */
	bool sweeping;
	pl_time next, found; /* as struct pl_tcp_hand */
};

uint32_t pl_syncache_buckets(const struct plim_config *conf, size_t target);
void pl_syncache_init(struct pl_tcp *t, uint8_t *buckets, uint32_t n);

/** The class cap changed. */
void pl_syncache_target(struct pl_tcp *t);

struct pl_syn *pl_syn_at(const struct pl_tcp *t, pl_id id);
struct pl_tuple pl_syn_tuple(const struct pl_syn *e);
struct pl_syn_bucket *pl_syn_bucket_for(struct pl_tcp *t, const struct plim_addr *raddr);

/** The entry of a segment's tuple, or NULL. */
struct pl_syn *pl_syncache_find(struct pl_tcp *t, const struct pl_tuple *k);

/** A place in the bucket: a fresh entry, or that of an older one. NULL: refused. */
struct pl_syn *pl_syn_new(struct pl_tcp *t, struct pl_syn_bucket *b, uint8_t family);

/** before: the entry before it in its bucket, 0 where it is the oldest. */
void pl_syn_free(struct pl_tcp *t, struct pl_syn_bucket *b, pl_id before, pl_id id);
void pl_syn_remove(struct pl_tcp *t, struct pl_syn *e);

/** A handshake from this prefix ended well. */
void pl_syn_proven(struct pl_tcp *t, const struct plim_addr *raddr);

#endif
