/* SPDX-License-Identifier: ISC */
/* Octets both ways over a link in trouble: every octet arrives, every invariant holds after every event, nothing is left. */
#include "pair.h"

static void
nothing_is_left(struct pair *p)
{
	struct plim_stats st;

	pair_run_until(p, p->now + PL_SEC(200)); /* TIME_WAIT and every other deadline */
	for (unsigned n = 0; n < 2; n++) {
		plim_stats(p->side[n].s, &st);
		assert_int_equal(st.by_class[PLIM_CLASS_stream], 0);
		assert_int_equal(st.by_class[PLIM_CLASS_index], 0);
		assert_int_equal(st.by_class[PLIM_CLASS_record], 0);
		assert_int_equal(st.by_class[PLIM_CLASS_timewait], 0);
		assert_int_equal(st.by_class[PLIM_CLASS_syn], 0);
		assert_true(st.peak <= st.target);
	}
}

static uint64_t
run(struct pair_config *c, unsigned family, uint64_t up, uint64_t down)
{
	struct pair p;
	struct transfer t;
	uint64_t trace;

	pair_start(&p, c);
	pair_transfer(&p, family, up, down, PL_SEC(600), &t);
	nothing_is_left(&p);
	trace = p.trace;
	pair_stop(&p);
	return trace;
}

static void
a_clean_link_carries_both_ways(void **state)
{
	struct pair_config c;

	(void)state;
	pair_defaults(&c);
	run(&c, 4, 1000000, 1000000);
	run(&c, 6, 1000000, 1000000);
}

static void
nothing_to_say_is_fine(void **state)
{
	struct pair_config c;

	(void)state;
	pair_defaults(&c);
	run(&c, 4, 0, 0);
	run(&c, 4, 1, 0);
	run(&c, 6, 0, 1);
}

static void
super_frames_carry_both_ways(void **state)
{
	struct pair_config c;

	(void)state;
	pair_defaults(&c);
	c.gso_octets = PL_SUPER_OCTETS;
	run(&c, 4, 2000000, 2000000);
	c.link.loss_ppm = 20000;
	run(&c, 6, 1000000, 1000000);
}

static void
with_trouble(uint32_t loss, uint32_t reorder, uint32_t duplicate, uint64_t seed)
{
	struct pair_config c;

	pair_defaults(&c);
	c.link.seed = seed;
	c.link.loss_ppm = loss;
	c.link.reorder_ppm = reorder;
	c.link.duplicate_ppm = duplicate;
	run(&c, seed & 1 ? 4 : 6, 300000, 200000);
}

static void
loss_of_one_to_twenty_per_cent(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		with_trouble(10000, 0, 0, seed);
		with_trouble(50000, 0, 0, seed);
	}
	with_trouble(100000, 0, 0, 7);
	with_trouble(200000, 0, 0, 8);
}

static void
reorder_and_duplicates(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		with_trouble(0, 50000, 0, seed);
		with_trouble(0, 0, 50000, seed);
		with_trouble(20000, 50000, 50000, seed);
	}
}

static void
corruption_is_noticed(void **state)
{
	struct pair_config c;

	(void)state;
	pair_defaults(&c);
	c.link.corrupt_ppm = 20000;
	run(&c, 4, 200000, 200000);
	run(&c, 6, 200000, 200000);
}

static void
without_options(void **state)
{
	struct pair_config c;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		pair_defaults(&c);
		c.stack.timestamps = i & 1;
		c.stack.sack = i >> 1 & 1;
		c.stack.window_scaling = i >> 2 & 1;
		c.stack.congestion_control = i & 1;
		c.link.loss_ppm = 20000;
		c.link.seed = 20 + i;
		run(&c, 4, 200000, 100000);
	}
}

static void
small_memory_and_cookies(void **state)
{
	struct pair_config c;

	(void)state;
	pair_defaults(&c);
	c.target = 1u << 20;
	c.stack.syn_cookies = 2;
	c.link.loss_ppm = 10000;
	run(&c, 4, 300000, 300000);
	run(&c, 6, 300000, 300000);
}

/* The trace of a transfer between two stacks, and the end of them. */
static uint64_t
trace_to_the_end(struct pair *p)
{
	struct transfer t;
	uint64_t trace;

	pair_transfer(p, 4, 200000, 200000, PL_SEC(600), &t);
	nothing_is_left(p);
	trace = p->trace;
	pair_stop(p);
	return trace;
}

/* Whatever the regions' addresses (both pairs are there at once) and what they held before. */
static void
same_seed_same_trace(void **state)
{
	struct pair_config c;
	struct pair one, same, other;
	uint64_t trace;

	(void)state;
	pair_defaults(&c);
	c.link.loss_ppm = c.link.reorder_ppm = c.link.duplicate_ppm = 20000;
	pair_start(&one, &c);
	c.fill = 0x5a;
	pair_start(&same, &c);
	c.link.seed = 2;
	pair_start(&other, &c);
	trace = trace_to_the_end(&one);
	assert_true(trace_to_the_end(&same) == trace);
	assert_true(trace_to_the_end(&other) != trace);
}

TESTS_MAIN(cmocka_unit_test(a_clean_link_carries_both_ways), cmocka_unit_test(nothing_to_say_is_fine),
           cmocka_unit_test(super_frames_carry_both_ways), cmocka_unit_test(loss_of_one_to_twenty_per_cent),
           cmocka_unit_test(reorder_and_duplicates), cmocka_unit_test(corruption_is_noticed),
           cmocka_unit_test(without_options), cmocka_unit_test(small_memory_and_cookies),
           cmocka_unit_test(same_seed_same_trace))
