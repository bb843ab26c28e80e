/* SPDX-License-Identifier: ISC */
/*
 * The checksum's loops, over vectors of VEC_OCTETS, each function with the attribute
 * LOOP: included once for each kind of vector.
 *
 * Octets are taken as native 32-bit words; one's complement sums do not mind the
 * word size nor (but for one swap, which storing undoes) the byte order. The fast
 * loops take pairs of them as vectors of 64 bits and sum both halves apart: a lane
 * takes 2^30 turns before it could overflow. The vectors are the compilers' own
 * (GCC and Clang on every machine), so there is no intrinsic here.
 */
#include "base/bytes.h"

#ifndef VEC_OCTETS
#define VEC_OCTETS 16
#endif
#ifndef LOOP
#define LOOP
#endif

typedef uint64_t vec __attribute__((vector_size(VEC_OCTETS)));

typedef vec stored __attribute__((aligned(1), may_alias)); /* a memcpy would go by way of smaller vectors */

#define VECS 4                    /* a turn */
#define TURN (VECS * sizeof(vec)) /* octets */

struct lanes {
	vec low, high;
};

LOOP static inline void
lanes_add(struct lanes *l, const vec v[VECS])
{
	const uint64_t half = 0xffffffffu;

	/* A tree, so that turns depend on each other by one addition only. */
	l->low += ((v[0] & half) + (v[1] & half)) + ((v[2] & half) + (v[3] & half));
	l->high += ((v[0] >> 32) + (v[1] >> 32)) + ((v[2] >> 32) + (v[3] >> 32));
}

LOOP static inline uint64_t
lanes_sum(const struct lanes *l)
{
	vec s = l->low + l->high;

	uint64_t sum = 0;

	for (unsigned i = 0; i < VEC_OCTETS / 8; i++)
		sum += s[i];
	return sum;
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

LOOP static inline uint64_t
loop_add(uint64_t sum, const void *from, size_t n)
{
	const uint8_t *p = from;
	struct lanes l = {0};

	sum = narrow(sum);
	for (; n >= TURN; n -= TURN, p += TURN) {
		const stored *in = (const stored *)p;
		vec v[VECS] = {in[0], in[1], in[2], in[3]};

		lanes_add(&l, v);
	}
	return add_tail(sum + lanes_sum(&l), p, n);
}

LOOP static inline uint64_t
loop_copy(uint64_t sum, void *__restrict to, const void *__restrict from, size_t n)
{
	const uint8_t *p = from;
	uint8_t *q = to;
	struct lanes l = {0};

	sum = narrow(sum);
	for (; n >= TURN; n -= TURN, p += TURN, q += TURN) {
		const stored *in = (const stored *)p;
		stored *out = (stored *)q;
		vec v[VECS] = {in[0], in[1], in[2], in[3]};

		for (unsigned i = 0; i < VECS; i++)
			out[i] = v[i];
		lanes_add(&l, v);
	}
	if (n > 0)
		memcpy(q, p, n);
	return add_tail(sum + lanes_sum(&l), p, n);
}
