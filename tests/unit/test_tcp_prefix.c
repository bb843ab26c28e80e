/* SPDX-License-Identifier: ISC */
/* Counters of remote prefixes: a /24 or /64 is one, others are not it, and a full counter does not wrap. */
#include "unit.h"

#include "tcp/prefix.h"

static struct pl_core core = {.hash_key = {1, 2}};

static struct plim_addr
v4(uint8_t c, uint8_t d)
{
	return (struct plim_addr){.octets = {192, 0, c, d}, .family = 4};
}

static struct plim_addr
v6(uint8_t net, uint8_t host)
{
	return (struct plim_addr){.octets = {0x20, 1, [7] = net, [15] = host}, .family = 6};
}

static void
one_prefix_counts_together_and_others_apart(void **state)
{
	struct pl_prefixes p = {{0}};
	struct plim_addr a = v4(1, 1), b = v4(1, 200), other = v4(2, 1), a6 = v6(1, 1), b6 = v6(1, 9),
			 other6 = v6(2, 1);

	(void)state;
	pl_prefix_enter(&p, &core, &a);
	pl_prefix_enter(&p, &core, &b);
	pl_prefix_enter(&p, &core, &a6);
	assert_int_equal(pl_prefix_count(&p, &core, &b), 2);
	assert_int_equal(pl_prefix_count(&p, &core, &b6), 1);
	assert_int_equal(pl_prefix_count(&p, &core, &other), 0);
	assert_int_equal(pl_prefix_count(&p, &core, &other6), 0);
	pl_prefix_leave(&p, &core, &b);
	assert_int_equal(pl_prefix_count(&p, &core, &a), 1);
}

static void
a_counter_at_its_top_stays_there(void **state)
{
	struct pl_prefixes p = {{0}};
	struct plim_addr a = v4(1, 1);

	(void)state;
	for (unsigned i = 0; i < 70000; i++)
		pl_prefix_enter(&p, &core, &a);
	pl_prefix_leave(&p, &core, &a);
	assert_int_equal(pl_prefix_count(&p, &core, &a), 65535);
}

TESTS_MAIN(cmocka_unit_test(one_prefix_counts_together_and_others_apart),
           cmocka_unit_test(a_counter_at_its_top_stays_there))
