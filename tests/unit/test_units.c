/* SPDX-License-Identifier: ISC */
/* Sizes, numbers and addresses as people write them, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/units.h"

static void
sizes_take_binary_units(void **state)
{
	uint64_t n;

	(void)state;
	assert_true(units_size("0", &n) && n == 0);
	assert_true(units_size("4096", &n) && n == 4096);
	assert_true(units_size("64KiB", &n) && n == 65536);
	assert_true(units_size("8MiB", &n) && n == 8u << 20);
	assert_true(units_size("2GiB", &n) && n == (uint64_t)2 << 30);
	assert_true(units_size("18446744073709551615", &n) && n == UINT64_MAX);
}

static void
what_is_no_size_is_refused(void **state)
{
	static const char *const wrong[] = {"",
	                                    "-1",
	                                    "+1",
	                                    " 1",
	                                    "1 ",
	                                    "8MB",
	                                    "8mib",
	                                    "8M",
	                                    "1.5MiB",
	                                    "MiB",
	                                    "0x10",
	                                    "18446744073709551616",
	                                    "18446744073709551615KiB",
	                                    "99999999999GiB"};
	uint64_t n = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(units_size(wrong[i], &n));
	assert_int_equal(n, 77);
}

static void
numbers_stay_in_their_range(void **state)
{
	uint64_t n = 0;

	(void)state;
	assert_true(units_number("1", 1, 65535, &n) && n == 1);
	assert_true(units_number("65535", 1, 65535, &n) && n == 65535);
	assert_false(units_number("0", 1, 65535, &n));
	assert_false(units_number("65536", 1, 65535, &n));
	assert_false(units_number("80x", 1, 65535, &n));
	assert_false(units_number("", 1, 65535, &n));
}

static void
addresses_of_both_families_are_read(void **state)
{
	struct plim_ifaddr a;

	(void)state;
	assert_true(units_ifaddr("10.77.0.2/24", &a));
	assert_int_equal(a.addr.family, 4);
	assert_int_equal(a.prefix_len, 24);
	assert_memory_equal(a.addr.octets, "\x0a\x4d\x00\x02", 4);
	assert_true(units_ifaddr("fd77::2/64", &a));
	assert_int_equal(a.addr.family, 6);
	assert_int_equal(a.prefix_len, 64);
	assert_true(units_ifaddr("10.0.0.1", &a));
	assert_int_equal(a.prefix_len, 32);
}

static void
what_is_no_address_is_refused(void **state)
{
	static const char *const wrong[] = {"",        "10.77.0",     "10.77.0.2/33",  "10.77.0.2/",     "10.77.0.2/-1",
	                                    "host/24", "fd77::2/129", "10.77.0.2 /24", "10.77.0.256/24", ":::/64"};
	struct plim_ifaddr a;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(units_ifaddr(wrong[i], &a));
}

static void
sizes_are_printed_with_one_decimal(void **state)
{
	char buf[UNITS_SIZE_OCTETS];

	(void)state;
	assert_string_equal(units_print_size(buf, 0), "0 B");
	assert_string_equal(units_print_size(buf, 1023), "1023 B");
	assert_string_equal(units_print_size(buf, 1536), "1.5 KiB");
	assert_string_equal(units_print_size(buf, 8u << 20), "8.0 MiB");
	assert_string_equal(units_print_size(buf, UINT64_MAX), "16777215.9 TiB");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_take_binary_units),       cmocka_unit_test(what_is_no_size_is_refused),
		cmocka_unit_test(numbers_stay_in_their_range),   cmocka_unit_test(addresses_of_both_families_are_read),
		cmocka_unit_test(what_is_no_address_is_refused), cmocka_unit_test(sizes_are_printed_with_one_decimal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
