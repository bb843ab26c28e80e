/* SPDX-License-Identifier: ISC */
/*
 * Window growth with our own stack on both sides: 4 octets each millisecond to an application that never reads, for 16
 * minutes, at four window scales; and a receiver that takes its right edge back while our sender is at work.
 */
#include "tests/pair/pair.h"

#define PORT 7
#define WRITE 4u
#define MINUTES 16u
#define WRITE_MS 60000u /* then the writer is full anyway: it tries each 500 ms */

static struct pair p;
static struct end client, server;
static plim_h listener;

static int
teardown(void **state)
{
	(void)state;
	pair_check(&p);
	pair_stop(&p);
	return 0;
}

static void
open_one(struct end *c, struct end *s)
{
	struct plim_endpoint to = pair_endpoint(&p, 1, 4, PORT);

	assert_int_equal(plim_tcp_connect(p.side[0].s, &to, NULL, 3, &c->h), PLIM_OK);
	pair_run_until(&p, p.now + PL_MS(100));
	assert_int_equal(plim_tcp_accept(p.side[1].s, listener, 2, &s->h, NULL), PLIM_OK);
	c->open = s->open = true;
}

static void
start(struct pair_config *c)
{
	struct plim_endpoint any = {.port = PORT};

	pair_start(&p, c);
	p.check_every = 500;
	assert_int_equal(plim_tcp_listen(p.side[1].s, &any, 1, &listener), PLIM_OK);
	client = (struct end){.stream_out = 1, .stream_in = 2};
	server = (struct end){.stream_out = 2, .stream_in = 1};
	open_one(&client, &server);
}

static struct plim_conn_info
info(unsigned side, plim_h h)
{
	struct plim_conn_info i;

	assert_int_equal(plim_conn_info(p.side[side].s, h, &i), PLIM_OK);
	return i;
}

static uint64_t
used(unsigned side)
{
	struct plim_stats st;

	plim_stats(p.side[side].s, &st);
	return st.used;
}

static void
write_some(size_t n)
{
	uint8_t octets[64];
	int64_t rc;

	for (size_t i = 0; i < n; i++)
		octets[i] = pattern(1, client.sent + i);
	rc = plim_send(p.side[0].s, client.h, octets, n, 0);
	assert_true(rc > 0 || rc == PLIM_EAGAIN);
	client.sent += rc > 0 ? (uint64_t)rc : 0;
}

/* Both read and write to the end and close. */
static void
finish(unsigned most_s)
{
	plim_time limit = p.now + PL_SEC(most_s);
	struct plim_event ev[8];

	while (!client.closed || !server.closed) {
		assert_true(p.now < limit);
		for (unsigned n = 0; n < 2; n++)
			while (plim_events(p.side[n].s, ev, 8) > 0)
				;
		end_pump(&p, 0, &client);
		end_pump(&p, 1, &server);
		pair_run_until(&p, p.now + PL_MS(10));
	}
	assert_int_equal(client.error | server.error, 0);
	assert_int_equal(server.received, client.to_send);
}

static void
grow(unsigned scale)
{
	struct pair_config c;
	uint64_t level[2], refused;
	struct plim_stats st;

	pair_defaults(&c);
	c.target = 16u << 20;
	c.stack.rcv_buf_max = c.stack.snd_buf_max = (uint64_t)65535 << scale;
	start(&c);
	assert_int_equal(plim_set(p.side[0].s, client.h, PLIM_O_NODELAY, 1), PLIM_OK);
	for (unsigned ms = 0; ms < WRITE_MS; ms++) {
		write_some(WRITE);
		pair_run_until(&p, p.now + PL_MS(1));
	}
	assert_true(info(0, client.h).snd_wnd < WRITE); /* the window reached 0 */
	level[0] = used(0);
	level[1] = used(1);
	for (unsigned s = 0; s < 2 * MINUTES * 60; s++) {
		write_some(WRITE);
		pair_run_until(&p, p.now + PL_MS(500));
	}
	assert_true(used(0) <= level[0] + 2 * 16384); /* two slabs: forms of a quiet connection */
	assert_true(used(1) <= level[1] + 2 * 16384);
	plim_stats(p.side[1].s, &st);
	refused = st.drops[PLIM_DROP_tcp_text_refused] + st.drops[PLIM_DROP_tcp_outside_window];
	plim_stats(p.side[0].s, &st);
	assert_true(refused <= st.tcp[PLIM_TCP_window_probes]); /* nothing but the octets of probes */
	assert_int_equal(st.tcp[PLIM_TCP_timeouts], 0);
	assert_int_equal(info(0, client.h).state, PLIM_ESTABLISHED);
	assert_int_equal(info(1, server.h).state, PLIM_ESTABLISHED);
	assert_true(info(0, client.h).held <= 4096 + 2 * (uint64_t)client.sent);
	assert_true(info(1, server.h).held <= 18780); /* what ten segments may cost, see api_window_growth */
	print_message("scale %u: receiver held %llu for %llu octets unread, sender held %llu\n", scale,
	              (unsigned long long)info(1, server.h).held, (unsigned long long)info(1, server.h).rcv_queued,
	              (unsigned long long)info(0, client.h).held);
	client.to_send = client.sent + 20000;
	finish(300);
}

#define AT_SCALE(n)                                                  \
	static void our_sender_levels_off_at_scale_##n(void **state) \
	{                                                            \
		(void)state;                                         \
		grow(n);                                             \
	}

AT_SCALE(0)
AT_SCALE(2)
AT_SCALE(7)
AT_SCALE(14)

/* ---- the right edge goes back ---- */

static void
press(plim_h ballast, unsigned permille)
{
	uint64_t cap = p.side[1].target / 100 * 75, want = cap * permille / 1000, held;
	struct plim_stats st;

	plim_stats(p.side[1].s, &st);
	held = st.pressure_permille * cap / 1000;
	if (want > held)
		assert_int_equal(plim_charge(p.side[1].s, ballast, (size_t)(want - held)), PLIM_OK);
	else
		assert_int_equal(plim_uncharge(p.side[1].s, ballast, (size_t)info(1, ballast).charged), PLIM_OK);
}

static void
our_sender_survives_a_retracted_right_edge(void **state)
{
	struct end idle_client = {0}, ballast = {0};
	struct pair_config c;
	struct plim_stats st;

	(void)state;
	pair_defaults(&c);
	c.stack.cap_app_pct = 75;
	start(&c);
	open_one(&idle_client, &ballast);
	client.to_send = 20000000;
	for (unsigned i = 0; i < 60; i++) { /* windows are earned */
		end_pump(&p, 0, &client);
		end_pump(&p, 1, &server);
		pair_run_until(&p, p.now + PL_MS(5));
	}
	assert_true(info(0, client.h).snd_wnd > 20000);
	press(ballast.h, 900);
	for (unsigned i = 0; i < 100; i++) { /* the reader rests while the window shrinks under what is in flight */
		end_pump(&p, 0, &client);
		pair_run_until(&p, p.now + PL_MS(50));
	}
	plim_stats(p.side[1].s, &st);
	assert_true(st.level >= 3);
	assert_true(st.actions[PLIM_ACTION_window_shrunk] >= 1);
	assert_int_equal(info(0, client.h).state, PLIM_CLOSE_WAIT); /* the reader itself had nothing to send */
	press(ballast.h, 0);
	finish(300);
}

#define T(name) cmocka_unit_test_teardown(name, teardown)

TESTS_MAIN(T(our_sender_levels_off_at_scale_0), T(our_sender_levels_off_at_scale_2),
           T(our_sender_levels_off_at_scale_7), T(our_sender_levels_off_at_scale_14),
           T(our_sender_survives_a_retracted_right_edge))
