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

/** A key from 16 octets, the same on every host. */
struct pl_key pl_key_from(const uint8_t *octets);

/* A number as it stands in memory on a little-endian host: what is hashed is the same octets everywhere. */
static inline uint16_t
pl_as_le16(uint16_t x)
{
	return PL_LITTLE_ENDIAN ? x : (uint16_t)(x >> 8 | x << 8);
}
static inline uint32_t
pl_as_le32(uint32_t x)
{
	return PL_LITTLE_ENDIAN ? x : (uint32_t)pl_as_le16((uint16_t)x) << 16 | pl_as_le16((uint16_t)(x >> 16));
}

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
