/* SPDX-License-Identifier: ISC */
/*
 * Keyed hashing: SipHash-1-3 for tables, SipHash-2-4 where an answer goes on the
 * wire (ISN, cookies, ports), and a counter-mode generator for chance.
 */
#ifndef PL_BASE_SIPHASH_H
#define PL_BASE_SIPHASH_H

#include "base/def.h"

struct pl_key {
	uint64_t k0, k1;
};

uint64_t pl_siphash13(const struct pl_key *key, const void *p, size_t n);
uint64_t pl_siphash24(const struct pl_key *key, const void *p, size_t n);

/** Chance from a key: SipHash-2-4 of a counter. Same key, same series. */
struct pl_rng {
	struct pl_key key;
	uint64_t counter;
};

uint64_t pl_rng_next(struct pl_rng *r);

/** Even over [0, n), n > 0. */
uint32_t pl_rng_below(struct pl_rng *r, uint32_t n);

#endif
