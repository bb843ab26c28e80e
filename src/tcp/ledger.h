/* SPDX-License-Identifier: ISC */
/*
 * The transmission ledger: what is known of [SND.UNA, SND.NXT), as at most 64
 * ranges {end, last sent, flags}; no object per segment.
 *
 * Range i begins where range i - 1 ends, range 0 at SND.UNA. Four ranges are inline
 * in the connection; 16 and 64 are arena objects. Full (or refused): the SACKed
 * range nearest SND.NXT is forgotten first, which only makes us retransmit it.
 *
 * Neighbours with equal flags merge when their send times are near (DESIGN: less
 * than max(1 ms, SRTT/32)), keeping the later. Every operation is O(64).
 */
#ifndef PL_TCP_LEDGER_H
#define PL_TCP_LEDGER_H

#include "base/seq.h"
#include "mem/mem.h"

#define PL_LEDGER_INLINE 4
#define PL_LEDGER_MAX 64

#ifdef PL_PROVE
#define PL_LEDGER_ROOM 240 /* without range_cap */
#else
#define PL_LEDGER_ROOM PL_LEDGER_MAX
#endif

enum pl_range_flag {
	PL_RANGE_SACKED = 1,
	PL_RANGE_LOST = 2,
	PL_RANGE_RETX = 4, /* sent again since it was marked lost */
	PL_RANGE_EVER = 8, /* sent more than once: no RTT sample from it (Karn) */
};

struct pl_range {
	pl_seq end;
	uint32_t sent_us; /* last transmission, microseconds modulo 2^32 */
	uint32_t flags;   /* PL_RANGE_... */
};

struct pl_ledger {
	pl_seq una;        /* where range 0 begins */
	pl_id more;        /* the ranges, when not inline */
	uint8_t n, cap;    /* ranges in use; places: 4, 16 or 64 */
	uint16_t dup_acks; /* NewReno: segments that left the network without telling which */
	struct pl_range in[PL_LEDGER_INLINE];
};

void pl_ledger_init(struct pl_ledger *l, pl_seq una);
void pl_ledger_clear(struct pl_mem *m, struct pl_ledger *l, pl_seq una);

/** Ranges as an array. */
struct pl_range *pl_ledger_ranges(const struct pl_mem *m, const struct pl_ledger *l);
pl_seq pl_ledger_start(const struct pl_mem *m, const struct pl_ledger *l, unsigned i);
pl_seq pl_ledger_end(const struct pl_mem *m, const struct pl_ledger *l);

/** [end of the ledger, end) was sent for the first time. */
void pl_ledger_sent(struct pl_mem *m, struct pl_ledger *l, pl_seq end, uint32_t now_us, uint32_t merge_us);

/** [start, end) was sent again. */
void pl_ledger_resent(struct pl_mem *m, struct pl_ledger *l, pl_seq start, pl_seq end, uint32_t now_us,
                      uint32_t merge_us);

struct pl_ledger_acked {
	uint32_t octets;      /* left the ledger */
	uint32_t were_sacked; /* of these, SACKed before */
	bool spoiled;         /* some octet was sent more than once */
	bool has_sample;      /* some octet was not SACKed before, and nothing is spoiled */
	uint32_t sent_us;     /* latest transmission among those */
};

/** Everything below ack is acknowledged. */
struct pl_ledger_acked pl_ledger_ack(struct pl_mem *m, struct pl_ledger *l, pl_seq ack);

/** [start, end) was SACKed. Returns octets that are newly so. */
uint32_t pl_ledger_sack(struct pl_mem *m, struct pl_ledger *l, pl_seq start, pl_seq end);

/**
 * Mark what RFC 6675 calls lost: more than (dup_thresh - 1) x smss octets, or dup_thresh
 * separate ranges, are SACKed above it. Returns octets newly marked.
 */
uint32_t pl_ledger_mark_lost(struct pl_mem *m, struct pl_ledger *l, uint32_t smss, unsigned dup_thresh);

/** Mark the first len octets lost, if they are not SACKed (NewReno, RFC 6582). Forgets that they were sent again. */
void pl_ledger_mark_head_lost(struct pl_mem *m, struct pl_ledger *l, uint32_t len);

/** RTO: everything that is not SACKED is lost and may be sent again. forget_sacks: the peer reneged. */
void pl_ledger_mark_all_lost(struct pl_mem *m, struct pl_ledger *l, bool forget_sacks);

/** The last reduction was spurious: nothing is lost after all. */
void pl_ledger_unmark_lost(struct pl_mem *m, struct pl_ledger *l);

/** RFC 6675 NextSeg rule 1: the first lost octets not sent again. False: none. */
bool pl_ledger_next_lost(const struct pl_mem *m, const struct pl_ledger *l, pl_seq *start, pl_seq *end);

/** RFC 6675 SetPipe: octets in flight. */
uint32_t pl_ledger_pipe(const struct pl_mem *m, const struct pl_ledger *l, uint32_t smss);

uint32_t pl_ledger_sacked(const struct pl_mem *m, const struct pl_ledger *l);
bool pl_ledger_has_lost(const struct pl_mem *m, const struct pl_ledger *l);

uint32_t pl_ledger_octets(const struct pl_mem *m, const struct pl_ledger *l);

/** A text of the first broken invariant, or NULL. */
const char *pl_ledger_check(const struct pl_mem *m, const struct pl_ledger *l);

#endif
