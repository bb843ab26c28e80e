/* SPDX-License-Identifier: ISC */
/*
 * The receive queue: in-order octets nobody read yet and out-of-order ones, in one
 * block map, with at most 32 intervals for what lies beyond a hole.
 *
 * [read, RCV.NXT) is in order; intervals are sorted, disjoint, beyond RCV.NXT and
 * never touch it. Two intervals are inline; 32 are an arena object. RCV.NXT itself
 * lives in the connection's idle form and is passed in.
 */
#ifndef PL_TCP_RCVQ_H
#define PL_TCP_RCVQ_H

#include "mem/bmap.h"
#include "mem/prove.h"
#include "wire/tcp.h"

#define PL_IVL_INLINE 2
#define PL_IVL_MAX 32

#ifdef PL_PROVE
#define PL_IVL_ROOM 240 /* without interval_cap */
#else
#define PL_IVL_ROOM PL_IVL_MAX
#endif

struct pl_rcvq {
	struct pl_bmap map;
	pl_seq read;    /* next octet for the application */
	pl_id more;     /* intervals, when not inline */
	uint8_t n, cap; /* intervals in use; places */
	bool has_fin;   /* a FIN is known at fin_seq */
	uint8_t n_recent;
	pl_seq fin_seq; /* sequence number of the FIN */
	struct pl_sack in[PL_IVL_INLINE];
	pl_seq recent[PL_TCP_MAX_SACKS]; /* starts of the intervals that changed last, newest first (RFC 2018 §4) */
};

void pl_rcvq_init(struct pl_rcvq *q, pl_seq rcv_nxt);
void pl_rcvq_clear(struct pl_mem *m, struct pl_rcvq *q);

/** Octets to read. */
static inline uint32_t
pl_rcvq_unread(const struct pl_rcvq *q, pl_seq rcv_nxt)
{
	return pl_seq_diff(rcv_nxt, q->read);
}

/** Octets beyond a hole. */
uint32_t pl_rcvq_out_of_order(const struct pl_mem *m, const struct pl_rcvq *q);

enum pl_rcvq_verdict {
	PL_RCVQ_STORED,    /* all of it */
	PL_RCVQ_PARTLY,    /* memory was refused for the rest, or for all */
	PL_RCVQ_INTERVALS, /* out of order, and no interval is left for it */
};

/** On what terms text is stored. */
struct pl_rcvq_terms {
	enum pl_grant grant; /* of the segment at RCV.NXT */
	unsigned intervals;  /* at most so many; text that touches one needs no further */
};

/**
 * Store text at seq, already cut to the window; seq is not before *rcv_nxt. Moves *rcv_nxt over
 * what is now in order. Text at *rcv_nxt pushes out the queue's own out-of-order tail, and with PL_GRANT_RESERVE
 * may use the reserve. *pruned is set when a tail was pushed out.
 */
enum pl_rcvq_verdict pl_rcvq_store(struct pl_mem *m, struct pl_rcvq *q, pl_seq *rcv_nxt, pl_seq seq,
                                   struct pl_text text, const struct pl_rcvq_terms *terms, bool *pruned);

/** The interval that holds seq, or false. */
bool pl_rcvq_find(const struct pl_mem *m, const struct pl_rcvq *q, pl_seq seq, struct pl_sack *out);

/** Up to max SACK blocks, newest first (RFC 2018 §4). Returns how many. */
unsigned pl_rcvq_sacks(const struct pl_mem *m, const struct pl_rcvq *q, struct pl_sack *out, unsigned max);

/** Runs of unread octets, at most `limit` octets. Returns their length; *n is the number of spans in and out. */
uint32_t pl_rcvq_peek(const struct pl_mem *m, const struct pl_rcvq *q, pl_seq rcv_nxt, uint32_t limit,
                      struct plim_span *spans, size_t *n);

/** The application took len unread octets. */
void pl_rcvq_consume(struct pl_mem *m, struct pl_rcvq *q, pl_seq rcv_nxt, uint32_t len);

/** Give up everything beyond the first hole. Nothing of it was acknowledged, only SACKed (RFC 2018 §8 allows it). */
void pl_rcvq_prune(struct pl_mem *m, struct pl_rcvq *q, pl_seq rcv_nxt);

uint32_t pl_rcvq_octets(const struct pl_mem *m, const struct pl_rcvq *q);
const char *pl_rcvq_check(const struct pl_mem *m, const struct pl_rcvq *q, pl_seq rcv_nxt);

#endif
