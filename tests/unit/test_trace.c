/* SPDX-License-Identifier: ISC */
/* The ring of measures: in order, each once, and what was overwritten is told. */
#include "mem_fixture.h"

#include "mem/trace.h"

static void
measures_are_read_in_order_and_once(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_core *c = &a->core;
	struct plim_trace_record r[4];
	uint64_t cursor = 0, lost = 7;

	(void)state;
	assert_int_equal(pl_trace_read(c, &cursor, r, 4, &lost), 0);
	assert_int_equal(lost, 0);
	for (unsigned i = 0; i < 6; i++) {
		c->now = i;
		pl_trace(c, PLIM_ACTION_compact, i, 10 + i);
	}
	assert_int_equal(pl_trace_read(c, &cursor, r, 4, NULL), 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(r[i].at, i);
		assert_int_equal(r[i].octets, i);
		assert_int_equal(r[i].reason, 10 + i);
		assert_int_equal(r[i].remote.addr.family, 0);
	}
	assert_int_equal(pl_trace_read(c, &cursor, r, 4, NULL), 2);
	assert_int_equal(r[1].octets, 5);
	assert_int_equal(pl_trace_read(c, &cursor, r, 4, NULL), 0);
	assert_int_equal(c->actions[PLIM_ACTION_compact], 6);
	arena_stop(a);
}

static void
what_was_overwritten_is_told(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct plim_addr peer = {{192, 0, 2, 1}, 4};
	struct plim_trace_record r[1];
	uint64_t cursor = 5, lost = 0;

	(void)state;
	for (unsigned i = 0; i < PL_TRACE_RECORDS + 9; i++)
		pl_trace_peer(&a->core, PLIM_ACTION_inflate, i, 0, &peer, 4711);
	assert_int_equal(pl_trace_read(&a->core, &cursor, r, 1, &lost), 1);
	assert_int_equal(lost, 4); /* 5 to 8; those before nobody asked for */
	assert_int_equal(r[0].octets, 9);
	assert_int_equal(r[0].remote.port, 4711);
	assert_memory_equal(&r[0].remote.addr, &peer, sizeof(peer));
	assert_int_equal(cursor, 10);
	arena_stop(a);
}

static void
a_flood_of_refusals_overwrites_nothing(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct plim_addr peer = {{192, 0, 2, 1}, 4};
	struct plim_trace_record r[20];
	uint64_t cursor = 0, lost = 7;

	(void)state;
	pl_trace(&a->core, PLIM_ACTION_level_up, 1, 4);
	for (unsigned ms = 0; ms < 1000; ms++) { /* for a second */
		a->core.now = PL_MS(ms);
		pl_trace_often(&a->core, PLIM_ACTION_syn_refused, ms, 0, &peer, 4711);
		pl_trace_often(&a->core, PLIM_ACTION_fragment_replaced, ms, 0, NULL, 0);
	}
	assert_int_equal(a->core.actions[PLIM_ACTION_syn_refused], 1000);
	assert_int_equal(a->core.actions[PLIM_ACTION_fragment_replaced], 1000);
	assert_int_equal(pl_trace_read(&a->core, &cursor, r, 20, &lost), 20);
	assert_int_equal(lost, 0);
	assert_int_equal(r[0].action, PLIM_ACTION_level_up);
	assert_int_equal(r[1].remote.port, 4711);
	assert_int_equal(r[2].remote.addr.family, 0);
	assert_int_equal(r[3].octets, 100);
	assert_int_equal(pl_trace_read(&a->core, &cursor, r, 20, &lost), 1);
	arena_stop(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(measures_are_read_in_order_and_once),
		cmocka_unit_test(a_flood_of_refusals_overwrites_nothing),
		cmocka_unit_test(what_was_overwritten_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
