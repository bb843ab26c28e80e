/* SPDX-License-Identifier: ISC */
/* The simulator's engine: events by time, links, streams of chance, the frame pool. */
#include "tests/unit/unit.h"

#include "sim/client.h"
#include "sim/pattern.h"
#include "sim/service.h"

/* ---- events ---- */

#define OWNERS 500u
#define STEPS 20000u

static uint32_t
first_by_search(const pl_time *at)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < OWNERS; i++)
		if (at[i] < at[best])
			best = i;
	return best;
}

static void
events_come_by_time_then_by_owner(void **state)
{
	static pl_time at[OWNERS];
	struct sim_queue q;
	uint64_t seed = 1;

	(void)state;
	assert_true(sim_queue_init(&q));
	assert_int_equal(sim_queue_add_owners(&q, OWNERS), 0);
	for (uint32_t i = 0; i < OWNERS; i++)
		at[i] = PL_TIME_NEVER;
	for (unsigned step = 0; step < STEPS; step++) {
		uint32_t owner = chance_below(&seed, OWNERS);

		at[owner] = chance_below(&seed, 4) == 0 ? PL_TIME_NEVER : chance_below(&seed, 1000);
		sim_queue_set(&q, owner, at[owner]);
		if (chance_below(&seed, 3) == 0 && sim_queue_next(&q) != PL_TIME_NEVER) {
			uint32_t want = first_by_search(at);
			struct sim_event e = sim_queue_pop(&q);

			assert_int_equal(e.owner, want);
			assert_true(e.at == at[want]);
			at[want] = PL_TIME_NEVER;
		}
	}
	sim_queue_free(&q);
}

static void
an_earlier_event_is_not_put_off(void **state)
{
	struct sim_queue q;

	(void)state;
	assert_true(sim_queue_init(&q));
	sim_queue_add_owners(&q, 2);
	sim_queue_set(&q, 1, 100);
	sim_queue_set_earlier(&q, 1, 200);
	assert_true(sim_queue_at(&q, 1) == 100);
	sim_queue_set_earlier(&q, 1, 50);
	assert_true(sim_queue_at(&q, 1) == 50);
	sim_queue_set(&q, 1, PL_TIME_NEVER);
	assert_true(sim_queue_next(&q) == PL_TIME_NEVER);
	sim_queue_free(&q);
}

/* ---- links ---- */

static void
a_link_sends_at_its_rate(void **state)
{
	struct sim_link_config c = {.rate_bps = 2000000, .queue_octets = 1u << 20, .delay_ns = PL_MS(10)};
	struct sim_link l;
	pl_time last = 0;

	(void)state;
	sim_link_init(&l, &c, sim_chance_of(1, 9, 0));
	for (unsigned i = 0; i < 500; i++)
		last = sim_link_pass(&l, 1000, 0);
	/* 500 000 octets at 250 000 a second, then the delay. */
	assert_true(last == PL_SEC(2) + PL_MS(10));
}

static void
a_full_queue_drops_the_tail(void **state)
{
	struct sim_link_config c = {.rate_bps = 8000000, .queue_octets = 16384};
	struct sim_link l;
	unsigned passed = 0;

	(void)state;
	sim_link_init(&l, &c, sim_chance_of(1, 9, 0));
	for (unsigned i = 0; i < 100; i++)
		passed += sim_link_pass(&l, 1024, 0) != PL_TIME_NEVER;
	assert_int_equal(passed, 16);
	assert_int_equal(l.dropped, 84);
	/* A millisecond later one has gone. */
	assert_true(sim_link_pass(&l, 1000, PL_US(1024)) != PL_TIME_NEVER);
	assert_true(sim_link_pass(&l, 1000, PL_US(1024)) == PL_TIME_NEVER);
}

static void
loss_and_reordering_are_as_often_as_asked(void **state)
{
	struct sim_link_config c = {.loss_ppm = 100000, .reorder_ppm = 50000, .reorder_ns = PL_MS(5)};
	struct sim_link l;
	unsigned lost = 0, late = 0;

	(void)state;
	sim_link_init(&l, &c, sim_chance_of(1, 9, 0));
	for (unsigned i = 0; i < 100000; i++) {
		pl_time due = sim_link_pass(&l, 100, 0);

		lost += due == PL_TIME_NEVER;
		late += due == PL_MS(5);
	}
	assert_in_range(lost, 9500, 10500);
	assert_in_range(late, 4200, 4800); /* of those not lost */
}

/* ---- chance ---- */

static void
streams_of_chance_are_their_own(void **state)
{
	struct sim_chance a = sim_chance_of(1, 3, 7), again = sim_chance_of(1, 3, 7), other = sim_chance_of(1, 3, 8);
	struct sim_chance other_seed = sim_chance_of(2, 3, 7);
	unsigned same_other = 0, same_seed = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t x = sim_chance_next(&a);

		assert_true(x == sim_chance_next(&again));
		same_other += x == sim_chance_next(&other);
		same_seed += x == sim_chance_next(&other_seed);
	}
	assert_int_equal(same_other + same_seed, 0);
}

static void
chance_is_even(void **state)
{
	struct sim_chance c = sim_chance_of(5, 1, 1);
	unsigned count[10] = {0};

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		count[sim_chance_below(&c, 10)]++;
	for (unsigned i = 0; i < 10; i++)
		assert_in_range(count[i], 9600, 10400);
}

/* ---- frames ---- */

static void
an_inbox_keeps_order_of_arrival_and_of_coming(void **state)
{
	struct sim_inbox b = {0};
	pl_time last = 0;
	uint64_t seed = 3;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		sim_inbox_put(&b, i, chance_below(&seed, 50));
	for (uint32_t i = 0, last_frame = 0; i < 1000; i++) {
		struct sim_arrival a = sim_inbox_take(&b);

		assert_true(a.due > last || (a.due == last && (i == 0 || a.frame > last_frame)));
		last = a.due;
		last_frame = a.frame;
	}
	assert_true(sim_inbox_due(&b) == PL_TIME_NEVER);
	sim_inbox_free(&b);
}

/* Every slot is free, kept for output, or in an inbox. */
static void
the_frame_pool_never_leaks(void **state)
{
	static struct sim_world w;
	static struct sim_services services;
	struct sim_access access = {.rate_bps = 2000000, .queue_octets = 16384, .rtt = PL_MS(30), .loss_ppm = 20000};
	struct sim_service download = {.port = SIM_PORT_DOWNLOAD, .is_legit = true, .request = 64, .reply = 1u << 20};
	struct sim_world_config c;
	struct sim_tally tally = {0};
	struct sim_client *client;
	uint32_t waiting = 0;
	int why;

	(void)state;
	sim_pattern_init();
	sim_world_defaults(&c);
	assert_true(sim_world_init(&w, &c, &why));
	sim_services_init(&services, &w.server);
	assert_non_null(sim_services_add(&services, &download));
	client = sim_client_add(&w, &access, SIM_CLIENT_download, &tally, w.now);
	assert_non_null(client);
	sim_host_schedule(&w.server);
	sim_world_run(&w, w.now + PL_SEC(20), NULL);
	for (unsigned i = 0; i < 2; i++)
		waiting += w.server.nic[i].air.n + w.server.nic[i].ready.n;
	waiting += w.clients[0]->nic[0].ready.n;
	assert_int_equal(w.pool.live, SIM_BATCH + waiting);
	assert_true(tally.good > 3000000); /* near 2 Mbit/s for 20 s, through 2 % loss */
	assert_int_equal(tally.corrupt, 0);
	sim_client_free(client);
	free(tally.handshakes.span);
	sim_services_free(&services);
	sim_world_free(&w);
}

TESTS_MAIN(cmocka_unit_test(events_come_by_time_then_by_owner), cmocka_unit_test(an_earlier_event_is_not_put_off),
           cmocka_unit_test(a_link_sends_at_its_rate), cmocka_unit_test(a_full_queue_drops_the_tail),
           cmocka_unit_test(loss_and_reordering_are_as_often_as_asked),
           cmocka_unit_test(streams_of_chance_are_their_own), cmocka_unit_test(chance_is_even),
           cmocka_unit_test(an_inbox_keeps_order_of_arrival_and_of_coming),
           cmocka_unit_test(the_frame_pool_never_leaks))
