/* SPDX-License-Identifier: ISC */
/*
 * The octets of a datagram that comes in fragments, indexed by their offset.
 *
 * Block n holds octets [n * 256, (n + 1) * 256): whatever the fragments' lengths and order, a datagram of `length`
 * octets costs at most ceil(length / 256) blocks, and one index block for each 64 of them beyond the first twelve.
 * What has come is kept as at most 16 runs, in units of 8 octets (RFC 791 §3.2). The block is 256 octets at every T,
 * not the stream's: a first fragment that nothing follows shall not cost a kilobyte.
 *
 * It knows no key, no deadline and no cap: that is reassembly.c.
 */
#ifndef PL_NET_FRAG_STORE_H
#define PL_NET_FRAG_STORE_H

#include "base/bytes.h"
#include "mem/mem.h"

#define PL_FRAG_BLOCK 256u
#define PL_FRAG_INLINE 12
#define PL_FRAG_FAN 64u
#define PL_FRAG_RUNS 16
#define PL_FRAG_UNIT 8u

/** Units [from, to). */
struct pl_frag_run {
	uint16_t from, to;
};

struct pl_frag_store {
	pl_id in[PL_FRAG_INLINE];              /* blocks; with is_indexed blocks of 64 ids each */
	struct pl_frag_run runs[PL_FRAG_RUNS]; /* sorted, apart from each other */
	uint16_t blocks;                       /* held, index included */
	uint8_t n_runs;
	bool is_indexed;
};

enum pl_frag_fit {
	PL_FRAG_NEW,     /* touches no octet that is there */
	PL_FRAG_INSIDE,  /* all of it is there already */
	PL_FRAG_OVERLAP, /* part of it is */
};

static inline struct pl_frag_run
pl_frag_units(size_t at, size_t len)
{
	return (struct pl_frag_run){(uint16_t)(at / PL_FRAG_UNIT),
	                            (uint16_t)((at + len + PL_FRAG_UNIT - 1) / PL_FRAG_UNIT)};
}

enum pl_frag_fit pl_frag_fit(const struct pl_frag_store *s, struct pl_frag_run units);

/** Would these units, which are new, need a run more than there may be? */
bool pl_frag_is_hole_too_many(const struct pl_frag_store *s, struct pl_frag_run units);

/** Blocks that a write of len octets at `at` would take, index included. */
unsigned pl_frag_blocks_needed(const struct pl_mem *m, const struct pl_frag_store *s, size_t at, size_t len);

/** Store new octets and note their run. False: a block was refused; blocks taken stay until pl_frag_clear(). */
bool pl_frag_write(struct pl_mem *m, struct pl_frag_store *s, size_t at, struct pl_span text);

/** Are these octets, all of which are there, the same? */
bool pl_frag_is_same(const struct pl_mem *m, const struct pl_frag_store *s, size_t at, struct pl_span text);

/** The run of octets in one block from `at` on, at most len. Empty: no block there. */
struct pl_span pl_frag_span(const struct pl_mem *m, const struct pl_frag_store *s, size_t at, size_t len);

/** Free every block. */
void pl_frag_clear(struct pl_mem *m, struct pl_frag_store *s);

/** One past the last unit that has come. */
static inline uint16_t
pl_frag_end(const struct pl_frag_store *s)
{
	return s->n_runs ? s->runs[s->n_runs - 1].to : 0;
}

#endif
