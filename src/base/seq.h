/* SPDX-License-Identifier: ISC */
/*
 * Sequence numbers: 32 bits, compared modulo 2^32 (RFC 9293 §3.4).
 *
 * a < b means b is at most 2^31 - 1 ahead of a. Tests build this file six bits
 * wide (PL_SEQ_BITS 6) and compare every pair with a slow oracle.
 */
#ifndef PL_BASE_SEQ_H
#define PL_BASE_SEQ_H

#include "base/def.h"

#ifndef PL_SEQ_BITS
#define PL_SEQ_BITS 32
#endif

typedef uint32_t pl_seq;

#define PL_SEQ_MASK ((uint32_t)(PL_SEQ_BITS == 32 ? 0xffffffffu : (1u << (PL_SEQ_BITS & 31)) - 1u))
#define PL_SEQ_HALF (1u << (PL_SEQ_BITS - 1))

static inline pl_seq
pl_seq_add(pl_seq a, uint32_t n)
{
	return (a + n) & PL_SEQ_MASK;
}
static inline uint32_t
pl_seq_diff(pl_seq a, pl_seq b)
{
	return (a - b) & PL_SEQ_MASK;
}
static inline bool
pl_seq_lt(pl_seq a, pl_seq b)
{
	return pl_seq_diff(a, b) >= PL_SEQ_HALF;
}
static inline bool
pl_seq_le(pl_seq a, pl_seq b)
{
	return !pl_seq_lt(b, a);
}
static inline pl_seq
pl_seq_max(pl_seq a, pl_seq b)
{
	return pl_seq_lt(a, b) ? b : a;
}
static inline pl_seq
pl_seq_min(pl_seq a, pl_seq b)
{
	return pl_seq_lt(a, b) ? a : b;
}

/* lo <= x <= hi, going round. */
static inline bool
pl_seq_between(pl_seq lo, pl_seq x, pl_seq hi)
{
	return pl_seq_diff(x, lo) <= pl_seq_diff(hi, lo);
}

#endif
