/* SPDX-License-Identifier: ISC */
/* Names and texts: complete, distinct, NULL beyond the last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <plim/plim.h>

static void
version_is_three_numbers(void **state)
{
	(void)state;
	assert_string_equal(plim_version(), "0.1.0");
}

static void
every_error_has_its_own_text(void **state)
{
	(void)state;
	for (int a = 0; a >= -19; a--) {
		assert_string_not_equal(plim_strerror(a), "unknown error");
		for (int b = 0; b > a; b--)
			assert_string_not_equal(plim_strerror(a), plim_strerror(b));
	}
	assert_string_equal(plim_strerror(1), "unknown error");
	assert_string_equal(plim_strerror(-1000), "unknown error");
}

static void
names_are_distinct(const char *(*name)(unsigned), unsigned n)
{
	for (unsigned a = 0; a < n; a++) {
		assert_non_null(name(a));
		for (unsigned b = 0; b < a; b++)
			assert_string_not_equal(name(a), name(b));
	}
	assert_null(name(n));
	assert_null(name(UINT32_MAX));
}

static void
every_number_has_its_own_name(void **state)
{
	(void)state;
	names_are_distinct(plim_class_name, PLIM_N_CLASSES);
	names_are_distinct(plim_state_name, PLIM_N_STATES);
	names_are_distinct(plim_drop_name, PLIM_N_DROPS);
	names_are_distinct(plim_action_name, PLIM_N_ACTIONS);
	names_are_distinct(plim_tcp_counter_name, PLIM_N_TCP_COUNTERS);
	assert_string_equal(plim_state_name(PLIM_TIME_WAIT), "TIME_WAIT");
	assert_string_equal(plim_class_name(PLIM_CLASS_static), "static");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_is_three_numbers),
		cmocka_unit_test(every_error_has_its_own_text),
		cmocka_unit_test(every_number_has_its_own_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
