/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/bucket.h"

static void
gives_burst_at_once_then_the_rate(void **state)
{
	struct pl_bucket b;
	unsigned given = 0;

	(void)state;
	pl_bucket_init(&b, 100, 10, PL_SEC(5));
	for (unsigned i = 0; i < 50; i++)
		given += pl_bucket_take(&b, PL_SEC(5));
	assert_int_equal(given, 10);
	given = 0;
	for (unsigned ms = 0; ms < 3000; ms++)
		given += pl_bucket_take(&b, PL_SEC(5) + PL_MS(ms));
	assert_int_equal(given, 299);
}

static void
rate_zero_gives_nothing(void **state)
{
	struct pl_bucket b;

	(void)state;
	pl_bucket_init(&b, 0, 10, 0);
	assert_false(pl_bucket_take(&b, PL_SEC(1000)));
}

static void
a_long_pause_saves_no_more_than_the_burst(void **state)
{
	struct pl_bucket b;
	unsigned given = 0;

	(void)state;
	pl_bucket_init(&b, 1, 3, 0);
	(void)pl_bucket_take(&b, 0);
	for (unsigned i = 0; i < 9; i++)
		given += pl_bucket_take(&b, UINT64_MAX - 1);
	assert_int_equal(given, 3);
	assert_false(pl_bucket_take(&b, 5)); /* time that goes back gives nothing and takes nothing */
}

TESTS_MAIN(cmocka_unit_test(gives_burst_at_once_then_the_rate), cmocka_unit_test(rate_zero_gives_nothing),
           cmocka_unit_test(a_long_pause_saves_no_more_than_the_burst))
