/* SPDX-License-Identifier: ISC */
/* The same transfer with the n-th grant refused, for every n: it goes on, nothing is lost, nothing leaks. */
#include "tests/pair/pair.h"

#define MEM_FIXTURE_WRAPS
#include "tests/unit/mem_fixture.h"

#define UP 30000u
#define DOWN 20000u

static struct pair p;

static int
end_connect(plim_h *listener, struct end *client, unsigned family)
{
	struct plim_endpoint any = {.port = 7}, to = pair_endpoint(&p, 1, family, 7);
	int rc = plim_tcp_listen(p.side[1].s, &any, 1, listener);

	if (rc != PLIM_OK) /* refused: nothing is left of it, and the next try succeeds */
		rc = plim_tcp_listen(p.side[1].s, &any, 1, listener);
	assert_int_equal(rc, PLIM_OK);
	rc = plim_tcp_connect(p.side[0].s, &to, NULL, 3, &client->h);
	if (rc == PLIM_ENOMEM)
		rc = plim_tcp_connect(p.side[0].s, &to, NULL, 3, &client->h);
	return rc;
}

/* Both ends by polling: a refused grant may swallow what an edge event would have led to. */
static void
transfer(unsigned family)
{
	struct end client = {.to_send = UP, .stream_out = 1, .stream_in = 2, .piece = 3000};
	struct end server = {.to_send = DOWN, .stream_out = 2, .stream_in = 1, .piece = 3000};
	plim_time until = p.now + PL_SEC(200);
	struct plim_event ev[8];
	plim_h listener;
	int64_t state = 0;

	assert_int_equal(end_connect(&listener, &client, family), PLIM_OK);
	while (!(client.closed && server.closed)) {
		if (p.now >= until)
			fail_msg("grant %u: it hangs at %llu and %llu octets", refuse_at,
			         (unsigned long long)client.received, (unsigned long long)server.received);
		pair_run_until(&p, p.now + PL_MS(10));
		for (unsigned n = 0; n < 2; n++)
			while (plim_events(p.side[n].s, ev, 8) > 0)
				;
		if (!client.open && !client.closed && plim_get(p.side[0].s, client.h, PLIM_O_STATE, &state) == PLIM_OK)
			client.open = state >= PLIM_ESTABLISHED;
		if (!server.open && !server.closed)
			server.open = plim_tcp_accept(p.side[1].s, listener, 2, &server.h, NULL) == PLIM_OK;
		end_pump(&p, 0, &client);
		end_pump(&p, 1, &server);
	}
	assert_int_equal(client.error, 0);
	assert_int_equal(server.error, 0);
	assert_int_equal(server.received, UP);
	assert_int_equal(client.received, DOWN);
	assert_int_equal(plim_tcp_close(p.side[1].s, listener), PLIM_OK);
}

static void
assert_nothing_is_held(void)
{
	static const enum plim_class gone[] = {PLIM_CLASS_record, PLIM_CLASS_stream, PLIM_CLASS_index,
	                                       PLIM_CLASS_app,    PLIM_CLASS_syn,    PLIM_CLASS_timewait};

	pair_run_until(&p, p.now + PL_SEC(200));
	for (unsigned n = 0; n < 2; n++) {
		struct plim_event ev[8];
		struct plim_stats st;

		while (plim_events(p.side[n].s, ev, 8) > 0)
			;
		plim_stats(p.side[n].s, &st);
		for (unsigned i = 0; i < PL_COUNT(gone); i++)
			assert_int_equal(st.by_class[gone[i]], 0);
	}
	pair_check(&p);
}

/* `first` is refused and, with every > 0, each every-th after it. Returns false when no grant was left to refuse. */
static bool
run(unsigned family, unsigned first, uint32_t loss_ppm)
{
	struct pair_config c;
	bool all;

	pair_defaults(&c);
	c.link.loss_ppm = loss_ppm;
	pair_start(&p, &c);
	p.check_every = 20;
	refuse_at = first;
	transfer(family);
	all = refuse_at == 0;
	refuse_at = 0;
	assert_nothing_is_held();
	pair_stop(&p);
	return all;
}

static void
any_one_grant_may_be_refused(void **state)
{
	unsigned n = 1;

	(void)state;
	while (run(4, n, 0))
		n++;
	assert_true(n > 30);
}

static void
any_one_grant_may_be_refused_on_a_lossy_link(void **state)
{
	unsigned n = 1;

	(void)state;
	while (run(6, n, 30000) && n < 200)
		n++;
	assert_true(n > 30);
}

static void
one_grant_in_ten_may_be_refused_throughout(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 12; seed++) {
		struct pair_config c;

		pair_defaults(&c);
		pair_start(&p, &c);
		p.check_every = 20;
		refuse_chance = 1000 + seed;
		refuse_pct = seed == 0 ? 0 : 10; /* the first calls are checked above */
		transfer(seed & 1 ? 4 : 6);
		refuse_pct = 0;
		assert_nothing_is_held();
		pair_stop(&p);
	}
}

TESTS_MAIN(cmocka_unit_test(any_one_grant_may_be_refused),
           cmocka_unit_test(any_one_grant_may_be_refused_on_a_lossy_link),
           cmocka_unit_test(one_grant_in_ten_may_be_refused_throughout))
