/* SPDX-License-Identifier: ISC */
/* Pressure and the waterline: values by hand, and the curve falls everywhere. */
#include "mem_fixture.h"

#include "mem/governor.h"

/* An arena whose joint classes hold so many thousandths of their cap, all of it charged. */
static struct pl_mem
mem_at(unsigned permille)
{
	return (struct pl_mem){
		.cap_conn = 75000000, .charged = (uint64_t)permille * 75000, .conn_used = (uint64_t)permille * 75000};
}

static void
levels_start_at_50_70_85_and_95_per_cent(void **state)
{
	static const struct {
		unsigned permille, level;
	} at[] = {{0, 0}, {499, 0}, {500, 1}, {699, 1}, {700, 2}, {849, 2}, {850, 3}, {949, 3}, {950, 4}, {1100, 4}};

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(at); i++) {
		struct pl_mem m = mem_at(at[i].permille);

		assert_int_equal(pl_pressure(&m), at[i].permille);
		assert_int_equal(pl_pressure_level(at[i].permille), at[i].level);
	}
}

static void
the_waterline_has_the_values_of_the_design(void **state)
{
	/* alpha x (1 - P) x 75 000 000: alpha 1/2 to 35 %, 1/8 at 60 %, 1/32 at 85 %, 1/512 at 95 %. */
	static const struct {
		unsigned permille;
		uint64_t line;
	} at[] = {{0, 37500000}, {350, 24375000}, {600, 3750000}, {850, 351562}, {950, 7324}, {1000, 0}, {1050, 0}};

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(at); i++) {
		struct pl_mem m = mem_at(at[i].permille);

		assert_in_range(pl_waterline(&m), at[i].line, at[i].line + 1);
	}
}

static void
the_waterline_only_falls_and_is_smooth(void **state)
{
	struct pl_mem before = mem_at(0);
	uint64_t line = pl_waterline(&before);

	(void)state;
	for (unsigned p = 1; p <= 1000; p++) {
		struct pl_mem m = mem_at(p);
		uint64_t next = pl_waterline(&m);

		assert_true(next <= line);
		/* No step: 2 % and the octet's own share; 5 % in the steep part. */
		assert_true(line - next <= line / (p > 850 && p <= 950 ? 18 : 50) + 75000);
		line = next;
	}
}

TESTS_MAIN(cmocka_unit_test(levels_start_at_50_70_85_and_95_per_cent),
           cmocka_unit_test(the_waterline_has_the_values_of_the_design),
           cmocka_unit_test(the_waterline_only_falls_and_is_smooth))
