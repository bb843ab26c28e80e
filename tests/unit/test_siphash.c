/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/siphash.h"

/* Key 00..0f, message 00, 01, 02, ...: the vectors of the SipHash paper's reference code, length 0 to 15. */
static const uint64_t published_24[16] = {
	UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd), UINT64_C(0x0d6c8009d9a94f5a),
	UINT64_C(0x85676696d7fb7e2d), UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
	UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137), UINT64_C(0x93f5f5799a932462),
	UINT64_C(0x9e0082df0ba9e4b0), UINT64_C(0x7a5dbbc594ddb9f3), UINT64_C(0xf4b32f46226bada7),
	UINT64_C(0x751e8fbc860ee5fb), UINT64_C(0x14ea5627c0843d90), UINT64_C(0xf723ca908e7af2ee),
	UINT64_C(0xa129ca6149be45e5),
};
/* The same for SipHash-1-3, length 0 to 7, as other implementations test it. */
static const uint64_t published_13[8] = {
	UINT64_C(0xabac0158050fc4dc), UINT64_C(0xc9f49bf37d57ca93), UINT64_C(0x82cb9b024dc7d44d),
	UINT64_C(0x8bf80ab8e7ddf7fb), UINT64_C(0xcf75576088d38328), UINT64_C(0xdef9d52f49533b67),
	UINT64_C(0xc50d2b50c59f22a7), UINT64_C(0xd3927d989bb11140),
};
static const struct pl_key key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

static void
published_vectors(void **state)
{
	uint8_t msg[16];

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		msg[i] = (uint8_t)i;
	for (unsigned n = 0; n < 16; n++)
		assert_true(pl_siphash24(&key, msg, n) == published_24[n]);
	for (unsigned n = 0; n < 8; n++)
		assert_true(pl_siphash13(&key, msg, n) == published_13[n]);
}

static void
keys_and_hashed_numbers_are_the_same_on_every_host(void **state)
{
	uint8_t octets[16], four[4], two[2];
	uint32_t x32 = pl_as_le32(0x04030201);
	uint16_t x16 = pl_as_le16(0x0201);
	struct pl_key from;

	(void)state;
	for (unsigned i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)i;
	from = pl_key_from(octets);
	assert_true(from.k0 == key.k0 && from.k1 == key.k1);
	memcpy(four, &x32, 4);
	memcpy(two, &x16, 2);
	assert_memory_equal(four, ((uint8_t[]){1, 2, 3, 4}), 4);
	assert_memory_equal(two, ((uint8_t[]){1, 2}), 2);
}

static void
same_key_same_series(void **state)
{
	struct pl_rng a = {key, 0}, b = {key, 0};

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_true(pl_rng_next(&a) == pl_rng_next(&b));
}

static void
below_is_even_and_in_range(void **state)
{
	struct pl_rng r = {key, 0};
	unsigned hits[7] = {0};

	(void)state;
	for (unsigned i = 0; i < 70000; i++) {
		uint32_t x = pl_rng_below(&r, 7);

		assert_in_range(x, 0, 6);
		hits[x]++;
	}
	for (unsigned i = 0; i < 7; i++)
		assert_in_range(hits[i], 9600, 10400); /* 4 standard deviations */
	assert_int_equal(pl_rng_below(&r, 1), 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(pl_rng_below(&r, UINT32_C(0x80000001)) <= UINT32_C(0x80000000));
}

TESTS_MAIN(cmocka_unit_test(published_vectors), cmocka_unit_test(keys_and_hashed_numbers_are_the_same_on_every_host),
           cmocka_unit_test(same_key_same_series), cmocka_unit_test(below_is_even_and_in_range))
