/* SPDX-License-Identifier: ISC */
/* A run repeats octet for octet (I9), another seed gives another run, and checks can fail. */
#include "tests/unit/unit.h"

#include "sim/run.h"

/* A01 with a disturbance of 3 s, without what needs a baseline. */
static struct sim_result
run_short(uint64_t seed, void (*check)(struct sim_run *r))
{
	struct sim_scenario s = *sim_find("A01");
	struct sim_order o = {.scenario = &s, .target = 4u << 20, .seed = seed, .governor = true};
	struct sim_result out;

	s.duration = PL_SEC(3);
	s.no_recovery = true;
	s.check = check;
	assert_true(sim_run(&o, NULL, NULL, &out));
	for (unsigned i = 0; i < out.n_failed; i++)
		print_message("# %s: %s\n", out.failed[i].check, out.failed[i].text);
	return out;
}

static void
the_same_seed_gives_the_same_trace(void **state)
{
	struct sim_result a = run_short(1, NULL), b = run_short(1, NULL), c = run_short(2, NULL);

	(void)state;
	assert_true(a.pass && b.pass && c.pass);
	assert_true(a.frames > 100000);
	assert_true(a.trace == b.trace && a.frames == b.frames && a.events == b.events && a.peak == b.peak);
	assert_true(a.trace != c.trace);
	assert_true(a.peak > 0 && a.peak <= a.target);
}

static void
ask_for_too_much(struct sim_run *r)
{
	sim_at_least(r, "more-than-all", r->out->H, 1.5);
	sim_at_most(r, "R", (double)r->out->R, 0);
}

static void
a_failed_check_has_name_value_and_limit(void **state)
{
	struct sim_result a = run_short(1, ask_for_too_much);

	(void)state;
	assert_false(a.pass);
	assert_int_equal(a.n_failed, 1);
	assert_string_equal(a.failed[0].check, "more-than-all");
	assert_true(a.failed[0].value > 0.9 && a.failed[0].value <= 1);
	assert_true(a.failed[0].limit > 1.49 && a.failed[0].limit < 1.51);
}

static void
ids_are_found_in_any_case_and_wrong_ones_are_not(void **state)
{
	(void)state;
	assert_ptr_equal(sim_find("a01"), sim_find("A01"));
	assert_non_null(sim_find("A01"));
	assert_null(sim_find("Z99"));
}

TESTS_MAIN(cmocka_unit_test(the_same_seed_gives_the_same_trace),
           cmocka_unit_test(a_failed_check_has_name_value_and_limit),
           cmocka_unit_test(ids_are_found_in_any_case_and_wrong_ones_are_not))
