/* SPDX-License-Identifier: ISC */
/*
 * The checksum's loop, over vectors of VEC_OCTETS, each function with the attribute
 * LOOP: included once for each kind of vector.
 *
 * Octets are taken as native 32-bit words; one's complement sums do not mind the
 * word size nor (but for one swap, which storing undoes) the byte order. The fast
 * loop takes pairs of them as vectors of 64 bits and sums both halves apart: a lane
 * takes 2^30 turns before it could overflow. The vectors are the compilers' own
 * (GCC and Clang on every machine), so there is no intrinsic here.
 */
#include "base/def.h"

#ifndef VEC_OCTETS /* alone: as on any machine */
#define VEC_OCTETS 16
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
lanes_add_turn(struct lanes *l, const vec v[VECS])
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
add8(uint64_t sum, const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
	return sum + (w & 0xffffffffu) + (w >> 32);
}

static inline uint64_t
add_pair(uint64_t sum, const uint8_t *p, size_t n)
{
	uint16_t w;

	memcpy(&w, p, n);
	return sum + w;
}

/* The last n < 32 octets. No loop: for so few a compiler's vectors cost more than they bring. */
static inline uint64_t
add_tail(uint64_t sum, const uint8_t *p, size_t n)
{
	uint32_t w;

	if (n & 16) {
		sum = add8(add8(sum, p), p + 8);
		p += 16;
	}
	if (n & 8) {
		sum = add8(sum, p);
		p += 8;
	}
	if (n & 4) {
		memcpy(&w, p, 4);
		sum += w;
		p += 4;
	}
	if (n & 2) {
		sum = add_pair(sum, p, 2);
		p += 2;
	}
	if (n & 1) {
		uint8_t pair[2] = {*p, 0};

		sum = add_pair(sum, pair, 2);
	}
	return sum;
}

static inline void
copy_tail(uint8_t *q, const uint8_t *p, size_t n)
{
	for (size_t k = 16; k > 0; k >>= 1) {
		if (!(n & k))
			continue;
		switch (k) {
		case 16: memcpy(q, p, 16); break;
		case 8: memcpy(q, p, 8); break;
		case 4: memcpy(q, p, 4); break;
		case 2: memcpy(q, p, 2); break;
		default: *q = *p; break;
		}
		q += k;
		p += k;
	}
}

/* Add n octets to a running sum; copy them to q, unless q is NULL. */
LOOP static inline uint64_t
loop_sum(uint64_t sum, uint8_t *q, const uint8_t *p, size_t n)
{
	struct lanes l = {0};

	for (; n >= TURN; n -= TURN, p += TURN) {
		const stored *in = (const stored *)p;
		vec v[VECS] = {in[0], in[1], in[2], in[3]};

		lanes_add_turn(&l, v);
		for (unsigned i = 0; q && i < VECS; i++, q += VEC_OCTETS)
			*(stored *)q = v[i];
	}
	for (; n >= VEC_OCTETS; n -= VEC_OCTETS, p += VEC_OCTETS) {
		vec v = *(const stored *)p;

		l.low += v & 0xffffffffu;
		l.high += v >> 32;
		if (q) {
			*(stored *)q = v;
			q += VEC_OCTETS;
		}
	}
	if (q)
		copy_tail(q, p, n);
	return add_tail(narrow(sum) + lanes_sum(&l), p, n);
}
