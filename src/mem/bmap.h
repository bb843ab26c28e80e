/* SPDX-License-Identifier: ISC */
/*
 * A block map: octets of a stream, addressed by sequence number, in fixed-size blocks.
 *
 * Block n holds [base + n * block, base + (n + 1) * block). Numbers are taken
 * modulo 2^(32 - block_shift), so the map never needs to move its base while it
 * holds anything. Only blocks that were written exist: a window of w octets costs
 * at most ceil(w / block) + 1 blocks and the nodes over them, whatever the segments.
 *
 * Four ids are inline; then radix nodes of 64 ids, each level a ring of its index
 * bits. Owner: the connection's receive or send queue. Look-ups cost O(depth <= 3).
 */
#ifndef PL_MEM_BMAP_H
#define PL_MEM_BMAP_H

#include "base/seq.h"
#include "base/text.h"
#include "mem/mem.h"

#define PL_BMAP_INLINE 4
#define PL_BMAP_FAN 64

struct pl_bmap {
	pl_seq base;
	uint32_t lo, hi; /* block numbers [lo, hi) may be present */
	union {
		pl_id in[PL_BMAP_INLINE]; /* depth 0: block n at n % 4 */
		pl_id root;               /* depth > 0 */
	};
	uint32_t blocks; /* present */
	uint16_t nodes;
	uint8_t depth;
};

/** Start empty with block 0 at base. */
void pl_bmap_init(struct pl_bmap *b, pl_seq base);

/** Empty the map and move its base. */
void pl_bmap_rebase(struct pl_mem *m, struct pl_bmap *b, pl_seq base);

static inline bool
pl_bmap_is_empty(const struct pl_bmap *b)
{
	return b->blocks == 0;
}

/** The octet at seq and how many follow it in its block. NULL: no block there. */
uint8_t *pl_bmap_at(const struct pl_mem *m, const struct pl_bmap *b, pl_seq seq, uint32_t *run);

/**
 * Make blocks for len octets from seq on, which is not below what was dropped, and list where they lie in at most *n runs.
 * Returns octets: fewer where a block was refused or *n was too small; *n runs.
 */
uint32_t pl_bmap_make(struct pl_mem *m, struct pl_bmap *b, pl_seq seq, uint32_t len, struct plim_span *spans, size_t *n,
                      enum pl_grant grant);

/** Write octets at seq, making blocks. Returns how many were written, from the first. */
uint32_t pl_bmap_write(struct pl_mem *m, struct pl_bmap *b, pl_seq seq, struct pl_text text, enum pl_grant grant);

/** Read n octets that are there. */
void pl_bmap_read(const struct pl_mem *m, const struct pl_bmap *b, pl_seq seq, uint8_t *to, uint32_t n);

/** Where up to len octets that are there lie, in at most *n runs. Returns octets; *n runs. */
uint32_t pl_bmap_spans(const struct pl_mem *m, const struct pl_bmap *b, pl_seq seq, uint32_t len,
                       struct plim_span *spans, size_t *n);

/** Free blocks wholly below seq. */
void pl_bmap_drop_below(struct pl_mem *m, struct pl_bmap *b, pl_seq seq);

/** Free blocks wholly at or beyond seq. */
void pl_bmap_drop_from(struct pl_mem *m, struct pl_bmap *b, pl_seq seq);

/** Free everything. */
void pl_bmap_clear(struct pl_mem *m, struct pl_bmap *b);

/** Real octets held. */
uint32_t pl_bmap_octets(const struct pl_mem *m, const struct pl_bmap *b);

#endif
