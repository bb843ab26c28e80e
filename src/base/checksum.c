/* SPDX-License-Identifier: ISC */
/*
 * The Internet checksum: see checksum.h.
 *
 * Octets are taken as native 32-bit words; one's complement sums do not mind the
 * word size nor (but for one swap, which storing undoes) the byte order. The fast
 * loops take pairs of them as vectors of 64 bits and sum both halves apart: a lane
 * takes 2^32 words before it could overflow. The vectors are the compilers' own
 * (GCC and Clang on every machine), so there is no intrinsic here.
 */
#include "base/checksum.h"

typedef uint64_t vec __attribute__((vector_size(16)));

#define VECS 4                    /* a turn */
#define TURN (VECS * sizeof(vec)) /* octets */

struct lanes {
	vec low, high;
};

static inline void
lanes_add(struct lanes *l, const vec v[VECS])
{
	for (unsigned i = 0; i < VECS; i++) {
		l->low += v[i] & 0xffffffffu;
		l->high += v[i] >> 32;
	}
}

static inline uint64_t
lanes_sum(const struct lanes *l)
{
	vec s = l->low + l->high;

	return s[0] + s[1];
}

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
		uint8_t pair[2] = {*p, 0};

		memcpy(&w16, pair, 2);
		sum += w16;
	}
	return sum;
}

uint64_t
pl_csum_add(uint64_t sum, const void *from, size_t n)
{
	const uint8_t *p = from;
	struct lanes l = {0};

	sum = narrow(sum);
	for (; n >= TURN; n -= TURN, p += TURN) {
		vec v[VECS];

		memcpy(v, p, sizeof v);
		lanes_add(&l, v);
	}
	return add_tail(sum + lanes_sum(&l), p, n);
}

uint64_t
pl_csum_copy(uint64_t sum, void *__restrict to, const void *__restrict from, size_t n)
{
	const uint8_t *p = from;
	uint8_t *q = to;
	struct lanes l = {0};

	sum = narrow(sum);
	for (; n >= TURN; n -= TURN, p += TURN, q += TURN) {
		vec v[VECS];

		for (unsigned i = 0; i < VECS; i++) {
			memcpy(&v[i], p + i * sizeof(vec), sizeof(vec));
			memcpy(q + i * sizeof(vec), &v[i], sizeof(vec));
		}
		lanes_add(&l, v);
	}
	if (n > 0)
		memcpy(q, p, n);
	return add_tail(sum + lanes_sum(&l), p, n);
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
