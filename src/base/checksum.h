/* SPDX-License-Identifier: ISC */
/*
 * The Internet checksum (RFC 1071), as an unfolded sum that can be continued.
 *
 * A sum is over octets as if they began at an even offset; pl_csum_shift() turns
 * the sum of a run that begins at an odd one.
 */
#ifndef PL_BASE_CHECKSUM_H
#define PL_BASE_CHECKSUM_H

#include "base/def.h"

/** Add n octets to a running sum. */
uint64_t pl_csum_add(uint64_t sum, const void *p, size_t n);

/** The same for headers: n is a multiple of 4, and small. */
static inline uint64_t
pl_csum_words(uint64_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 4 <= n; i += 4) {
		uint32_t w;

		memcpy(&w, p + i, 4);
		sum += w;
	}
	return sum;
}

/** Copy n octets and add them to a running sum, in one pass. */
uint64_t pl_csum_copy(uint64_t sum, void *__restrict to, const void *__restrict from, size_t n);

/** The same two, as this machine does them best: for text. */
struct pl_csum {
	uint64_t (*add)(uint64_t sum, const void *p, size_t n);
	uint64_t (*copy)(uint64_t sum, void *__restrict to, const void *__restrict from, size_t n);
};

extern const struct pl_csum pl_csum_avx2;

/** Asks the processor: once for each stack. */
const struct pl_csum *pl_csum_choose(void);

/** The sum of a run that stands at an odd offset. */
uint64_t pl_csum_shift(uint64_t sum);

/** Fold to 16 bits, not complemented, in host order of the octets as stored: write it with memcpy-like pl_csum_store(). */
static inline uint16_t
pl_csum_fold(uint64_t sum)
{
	uint32_t s;

	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffffffu) + (sum >> 32);
	s = (uint32_t)(sum & 0xffff) + (uint32_t)(sum >> 16);
	return (uint16_t)(s + (s >> 16));
}

/** Store the complement of a folded sum at p. */
static inline void
pl_csum_store(uint8_t *p, uint64_t sum)
{
	uint16_t s = (uint16_t)~pl_csum_fold(sum);

	memcpy(p, &s, 2);
}

/** Does a sum over octets that include their checksum verify? */
static inline bool
pl_csum_is_valid(uint64_t sum)
{
	return pl_csum_fold(sum) == 0xffff;
}

/** The pseudo-header of TCP, UDP and ICMPv6 (RFC 9293 §3.1, RFC 8200 §8.1). */
uint64_t pl_csum_pseudo(const struct plim_addr *src, const struct plim_addr *dst, uint8_t proto, uint32_t len);

#endif
