/* SPDX-License-Identifier: ISC */
/* Another target while the stack runs (PLIM_O_MEMORY_TARGET): what is refused, what follows, and that transfers go on. */
#include "tests/pair/pair.h"

#define MIB (INT64_C(1) << 20)

static struct pair p;
static const plim_h stack = {0, 0};

static void
start(size_t target)
{
	struct pair_config c;

	pair_defaults(&c);
	c.target = target;
	/* Clients that sent all and closed wait for their server as long as it takes: this is not about them. */
	c.stack.cap_orphan_pct = 75;
	c.stack.orphan_pressed_ms = c.stack.orphan_timeout_ms;
	pair_start(&p, &c);
}

static int
teardown(void **state)
{
	(void)state;
	pair_check(&p);
	pair_stop(&p);
	return 0;
}

static struct plim_stats
stats(void)
{
	struct plim_stats st;

	plim_stats(p.side[1].s, &st);
	return st;
}

static int
set_target(int64_t octets)
{
	return plim_set(p.side[1].s, stack, PLIM_O_MEMORY_TARGET, octets);
}

static void
a_target_is_set_within_its_range(void **state)
{
	struct plim_stats before;
	int64_t value;

	(void)state;
	start(16 << 20);
	before = stats();
	assert_int_equal(set_target(4 * MIB - 1), PLIM_EINVAL); /* a quarter of the region */
	assert_int_equal(set_target(16 * MIB + 1), PLIM_EINVAL);
	assert_int_equal(set_target(-1), PLIM_EINVAL);
	assert_int_equal(set_target(INT64_MAX), PLIM_EINVAL);
	assert_int_equal(stats().target, 16 * MIB);
	assert_int_equal(set_target(4 * MIB), PLIM_OK);
	assert_int_equal(plim_get(p.side[1].s, stack, PLIM_O_MEMORY_TARGET, &value), PLIM_OK);
	assert_int_equal(value, 4 * MIB);
	assert_int_equal(stats().target, 4 * MIB);
	assert_true(stats().class_cap[PLIM_CLASS_record] <= before.class_cap[PLIM_CLASS_record] / 4 + 1);
	assert_int_equal(set_target(16 * MIB), PLIM_OK);
	for (unsigned c = 0; c < PLIM_N_CLASSES; c++)
		assert_int_equal(stats().class_cap[c], before.class_cap[c]);
}

static void
no_target_is_below_the_least_region(void **state)
{
	(void)state;
	start(2 << 20);
	assert_int_equal(set_target(MIB - 1), PLIM_EINVAL);
	assert_int_equal(set_target(MIB), PLIM_OK);
}

/* Many connections with unread octets hold much; the target falls to a quarter; readers go on. */
static void
what_is_held_stays_and_only_falls(void **state)
{
	enum { N = 96 };
	struct plim_endpoint any = {.port = 7}, to;
	struct end client[N] = {{{0}}}, server[N] = {{{0}}};
	uint64_t used, last;
	unsigned closed = 0;
	plim_h listener;

	(void)state;
	start(4 << 20);
	to = pair_endpoint(&p, 1, 4, 7);
	assert_int_equal(plim_tcp_listen(p.side[1].s, &any, 1, &listener), PLIM_OK);
	for (unsigned i = 0; i < N; i++) {
		client[i] = (struct end){.to_send = 120000, .stream_out = i + 1, .stream_in = 100 + i};
		server[i] = (struct end){.to_send = 1000, .stream_out = 100 + i, .stream_in = i + 1};
		assert_int_equal(plim_tcp_connect(p.side[0].s, &to, NULL, i, &client[i].h), PLIM_OK);
		pair_run_until(&p, p.now + PL_MS(50));
		assert_int_equal(plim_tcp_accept(p.side[1].s, listener, i, &server[i].h, NULL), PLIM_OK);
		client[i].open = server[i].open = true;
	}
	for (unsigned k = 0; k < 40; k++) { /* nobody reads */
		for (unsigned i = 0; i < N; i++)
			end_pump(&p, 0, &client[i]);
		pair_run_until(&p, p.now + PL_MS(20));
	}
	used = stats().used;
	assert_true(used > 3 * (uint64_t)MIB / 2);
	assert_int_equal(set_target(MIB), PLIM_OK);
	assert_int_equal(stats().used, used);
	last = used;
	for (unsigned k = 0; closed < 2 * N; k++) {
		struct plim_event ev[16];

		assert_true(k < 20000);
		for (unsigned n = 0; n < 2; n++)
			while (plim_events(p.side[n].s, ev, 16) > 0)
				;
		closed = 0;
		for (unsigned i = 0; i < N; i++) {
			end_pump(&p, 0, &client[i]);
			end_pump(&p, 1, &server[i]);
			closed += client[i].closed + server[i].closed;
		}
		pair_run_until(&p, p.now + PL_MS(20));
		assert_true(stats().used <= PL_MAX(last, (uint64_t)MIB)); /* it only falls until it is below */
		last = stats().used;
	}
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(client[i].error | server[i].error, 0);
		assert_int_equal(server[i].received, 120000);
		assert_int_equal(client[i].received, 1000);
	}
	assert_true(stats().used <= (uint64_t)MIB);
	assert_int_equal(plim_tcp_close(p.side[1].s, listener), PLIM_OK);
}

#define T(name) cmocka_unit_test_teardown(name, teardown)

TESTS_MAIN(T(a_target_is_set_within_its_range), T(no_target_is_below_the_least_region),
           T(what_is_held_stays_and_only_falls))
