/* SPDX-License-Identifier: ISC */
/*
 * The Internet checksum: see checksum.h.
 *
 * Octets are taken as native words, 32 bits at a time into 64-bit lanes; one's
 * complement sums do not mind the word size nor (but for one swap, which storing
 * undoes) the byte order. A lane takes 2^32 words before it could overflow. The
 * loops are written so that a compiler at -O3 turns them into vector code.
 */
#include "base/checksum.h"

#define LANES 8 /* 32-bit words a turn */

/* A sum of any size, to at most 33 bits: what is added afterwards cannot overflow. */
static inline uint64_t
narrow(uint64_t sum)
{
	return (sum & 0xffffffffu) + (sum >> 32);
}

static inline uint64_t
add_tail(uint64_t sum, const uint8_t *p, size_t n)
{
	uint32_t w32;
	uint16_t w16;

	for (; n >= 4; n -= 4, p += 4) {
		memcpy(&w32, p, 4);
		sum += w32;
	}
	if (n >= 2) {
		memcpy(&w16, p, 2);
		sum += w16;
		p += 2;
		n -= 2;
	}
	if (n > 0) {
		uint8_t pair[2] = { *p, 0 };

		memcpy(&w16, pair, 2);
		sum += w16;
	}
	return sum;
}

uint64_t
pl_csum_add(uint64_t sum, const void *from, size_t n)
{
	const uint8_t *p = from;
	uint64_t lane[LANES] = { 0 };
	size_t turns = n / (4 * LANES);

	sum = narrow(sum);
	for (size_t t = 0; t < turns; t++) {
		uint32_t w[LANES];

		memcpy(w, p, sizeof w);
		p += sizeof w;
		for (unsigned i = 0; i < LANES; i++)
			lane[i] += w[i];
	}
	for (unsigned i = 0; i < LANES; i++)
		sum += lane[i];
	return add_tail(sum, p, n % (4 * LANES));
}

uint64_t
pl_csum_copy(uint64_t sum, void *restrict to, const void *restrict from, size_t n)
{
	const uint8_t *p = from;
	uint8_t *q = to;
	uint64_t lane[LANES] = { 0 };
	size_t turns = n / (4 * LANES), rest = n % (4 * LANES);

	sum = narrow(sum);
	for (size_t t = 0; t < turns; t++) {
		uint32_t w[LANES];

		memcpy(w, p, sizeof w);
		memcpy(q, w, sizeof w);
		p += sizeof w;
		q += sizeof w;
		for (unsigned i = 0; i < LANES; i++)
			lane[i] += w[i];
	}
	for (unsigned i = 0; i < LANES; i++)
		sum += lane[i];
	if (rest == 0)
		return sum;
	memcpy(q, p, rest);
	return add_tail(sum, p, rest);
}

uint16_t
pl_csum_fold(uint64_t sum)
{
	sum = narrow(sum);
	sum = narrow(sum);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint64_t
pl_csum_shift(uint64_t sum)
{
	uint16_t s = pl_csum_fold(sum);

	return (uint16_t)(s << 8 | s >> 8);
}

void
pl_csum_store(uint8_t *p, uint64_t sum)
{
	uint16_t s = (uint16_t)~pl_csum_fold(sum);

	memcpy(p, &s, 2);
}

bool
pl_csum_is_valid(uint64_t sum)
{
	return pl_csum_fold(sum) == 0xffff;
}

uint64_t
pl_csum_pseudo(const struct plim_addr *src, const struct plim_addr *dst, uint8_t proto, uint32_t len)
{
	/* Both families sum to the same: addresses, protocol, length; the padding adds nothing. */
	uint8_t rest[8] = {
		(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, proto,
	};
	size_t n = src->family == 4 ? 4 : 16;
	uint64_t sum = add_tail(0, src->octets, n);

	return add_tail(add_tail(sum, dst->octets, n), rest, sizeof rest);
}
