/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/addr.h"

static struct plim_addr
v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	uint8_t o[4] = {a, b, c, d};

	return pl_addr_from(4, o);
}

static struct plim_addr
v6(uint8_t first, uint8_t second, uint8_t last)
{
	uint8_t o[16] = {first, second};

	o[15] = last;
	return pl_addr_from(6, o);
}

static void
prefix_compares_exactly_its_bits(void **state)
{
	(void)state;
	for (unsigned len = 0; len <= 128; len++) {
		for (unsigned flip = 0; flip < 128; flip++) {
			struct plim_addr a = v6(0x20, 1, 7), b = a;

			b.octets[flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
			assert_int_equal(pl_addr_in_prefix(&a, &b, len), flip >= len);
		}
	}
	struct plim_addr a4 = v4(10, 0, 0, 1), a6 = v6(10, 0, 0);
	assert_true(pl_addr_in_prefix(&a4, &a4, 32));
	assert_false(pl_addr_in_prefix(&a4, &a4, 33));
	assert_true(pl_addr_in_prefix(&a4, &a4, 0));
	assert_false(pl_addr_in_prefix(&a4, &a6, 0));
}

static void
kinds_of_addresses(void **state)
{
	struct plim_addr x;

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		x = v4((uint8_t)first, 2, 3, 4);
		assert_int_equal(pl_addr_is_multicast(&x), first >= 224 && first < 240);
		assert_int_equal(pl_addr_is_loopback(&x), first == 127);
		assert_int_equal(pl_addr_is_valid_source(&x), first != 0 && first != 127 && first < 224);
		x = v6((uint8_t)first, 0x80, 1);
		assert_int_equal(pl_addr_is_multicast(&x), first == 255);
		assert_int_equal(pl_addr_is_link_local(&x), first == 0xfe);
		assert_int_equal(pl_addr_is_valid_source(&x), first != 255);
	}
	x = v6(0, 0, 1);
	assert_true(pl_addr_is_loopback(&x) && !pl_addr_is_valid_source(&x) && !pl_addr_is_any(&x));
	x = v6(0, 0, 0);
	assert_true(pl_addr_is_any(&x) && !pl_addr_is_valid_source(&x));
	x = v6(0xfe, 0xc0, 0);
	assert_false(pl_addr_is_link_local(&x));
	x = v4(169, 254, 1, 1);
	assert_true(pl_addr_is_link_local(&x));
	x = v4(0, 0, 0, 0);
	assert_true(pl_addr_is_any(&x));
	struct plim_addr y = v4(0, 0, 0, 0);
	y.octets[9] = 7; /* beyond the family's length: not looked at */
	assert_true(pl_addr_equal(&x, &y));
	y.family = 6;
	assert_false(pl_addr_equal(&x, &y));
}

TESTS_MAIN(cmocka_unit_test(prefix_compares_exactly_its_bits), cmocka_unit_test(kinds_of_addresses))
