/* SPDX-License-Identifier: ISC */
/* SipHash (Aumasson and Bernstein, 2012), and chance made from it: see siphash.h. */
#include "base/siphash.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void
sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v2 = rotl(s->v2, 32);
}

static inline uint64_t
load_le64(const uint8_t *p)
{
	uint64_t x = 0;

	if (PL_LITTLE_ENDIAN) {
		memcpy(&x, p, sizeof x);
		return x;
	}
	for (unsigned i = 8; i-- > 0;)
		x = x << 8 | p[i];
	return x;
}

static inline void
sip_word(struct sip *s, uint64_t m, unsigned c_rounds)
{
	s->v3 ^= m;
	for (unsigned i = 0; i < c_rounds; i++)
		sip_round(s);
	s->v0 ^= m;
}

/* Inlined into both users, so that the numbers of rounds are constants there. */
static inline __attribute__((always_inline)) uint64_t
siphash(const struct pl_key *key, const uint8_t *p, size_t n, unsigned c_rounds, unsigned d_rounds)
{
	struct sip s = {
		.v0 = key->k0 ^ UINT64_C(0x736f6d6570736575),
		.v1 = key->k1 ^ UINT64_C(0x646f72616e646f6d),
		.v2 = key->k0 ^ UINT64_C(0x6c7967656e657261),
		.v3 = key->k1 ^ UINT64_C(0x7465646279746573),
	};
	size_t whole = n / 8;
	uint64_t last = (uint64_t)n << 56;

	for (size_t i = 0; i < whole; i++)
		sip_word(&s, load_le64(p + 8 * i), c_rounds);
	for (size_t i = 0; i < n % 8; i++)
		last |= (uint64_t)p[8 * whole + i] << (8 * i);
	sip_word(&s, last, c_rounds);
	s.v2 ^= 0xff;
	for (unsigned i = 0; i < d_rounds; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

struct pl_key
pl_key_from(const uint8_t *octets)
{
	return (struct pl_key){load_le64(octets), load_le64(octets + 8)};
}

uint64_t
pl_siphash13(const struct pl_key *key, const void *p, size_t n)
{
	return siphash(key, p, n, 1, 3);
}

uint64_t
pl_siphash24(const struct pl_key *key, const void *p, size_t n)
{
	return siphash(key, p, n, 2, 4);
}

uint64_t
pl_rng_next(struct pl_rng *r)
{
	uint64_t n = r->counter++;
	uint8_t block[8];

	for (unsigned i = 0; i < 8; i++)
		block[i] = (uint8_t)(n >> (8 * i));
	return pl_siphash24(&r->key, block, sizeof block);
}

uint32_t
pl_rng_below(struct pl_rng *r, uint32_t n)
{
	/* Lemire's method: the low half of the product tells when a value falls in the uneven rest (less than n of 2^32). */
	uint32_t uneven = (0u - n) % n;

	for (;;) {
		uint64_t m = (uint64_t)(uint32_t)pl_rng_next(r) * n;

		if ((uint32_t)m >= uneven)
			return (uint32_t)(m >> 32);
	}
}
