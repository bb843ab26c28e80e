/* SPDX-License-Identifier: ISC */
/* The forms of a connection: what each costs, and that nothing is lost on the way from one to another. */
#include "pair.h"

#define PORT 7
#define IDLE_OCTETS 128 /* DESIGN section 4: record, table slot, handle slot, timer */
#define PARK_OCTETS 96

struct two {
	struct pair p;
	plim_h client, server, listener;
};

static void
open_two(struct two *w, const struct pair_config *c)
{
	struct plim_endpoint any = {.port = PORT}, to;
	struct plim_event ev[4];

	pair_start(&w->p, c);
	to = pair_endpoint(&w->p, 1, 4, PORT);
	assert_int_equal(plim_tcp_listen(w->p.side[1].s, &any, 1, &w->listener), PLIM_OK);
	assert_int_equal(plim_tcp_connect(w->p.side[0].s, &to, NULL, 2, &w->client), PLIM_OK);
	pair_run_until(&w->p, w->p.now + PL_MS(100));
	assert_int_equal(plim_tcp_accept(w->p.side[1].s, w->listener, 3, &w->server, NULL), PLIM_OK);
	while (plim_events(w->p.side[0].s, ev, 4) > 0 || plim_events(w->p.side[1].s, ev, 4) > 0)
		;
}

static struct plim_conn_info
info(struct two *w, unsigned side)
{
	struct plim_conn_info ci;

	assert_int_equal(plim_conn_info(w->p.side[side].s, side ? w->server : w->client, &ci), PLIM_OK);
	return ci;
}

static void
a_quiet_connection_is_idle_and_small(void **state)
{
	struct pair_config c;
	struct two w;

	(void)state;
	pair_defaults(&c);
	open_two(&w, &c);
	for (unsigned side = 0; side < 2; side++) {
		assert_true(info(&w, side).idle_form);
		assert_true(info(&w, side).held <= IDLE_OCTETS);
	}
	assert_int_equal(plim_send(w.p.side[0].s, w.client, "x", 1, 0), 1);
	assert_false(info(&w, 0).idle_form);
	pair_run_until(&w.p, w.p.now + PL_SEC(3));
	assert_true(info(&w, 0).idle_form);
	pair_stop(&w.p);
}

/* The application leaves text unread: record, a parked queue, blocks. Reading needs no memory. */
static void
unread_text_is_parked_and_intact(void **state)
{
	enum { OCTETS = 10000 };
	struct pair_config c;
	struct plim_conn_info ci;
	uint8_t buf[OCTETS];
	struct two w;
	int64_t block;

	(void)state;
	pair_defaults(&c);
	open_two(&w, &c);
	for (unsigned i = 0; i < OCTETS; i++)
		buf[i] = pattern(1, i);
	assert_int_equal(plim_send(w.p.side[0].s, w.client, buf, OCTETS, 0), OCTETS);
	pair_run_until(&w.p, w.p.now + PL_SEC(5));
	ci = info(&w, 1);
	assert_true(ci.idle_form);
	assert_int_equal(ci.rcv_queued, OCTETS);
	assert_int_equal(plim_get(w.p.side[1].s, (plim_h){0, 0}, PLIM_O_BLOCK_OCTETS, &block), PLIM_OK);
	assert_true(ci.held <=
	            IDLE_OCTETS + PARK_OCTETS + (uint64_t)((OCTETS + block - 1) / block + 1) * (uint64_t)block + 256);
	memset(buf, 0, sizeof buf);
	assert_int_equal(plim_recv(w.p.side[1].s, w.server, buf, 100), 100);
	assert_true(info(&w, 1).idle_form);
	assert_int_equal(plim_send(w.p.side[0].s, w.client, "more", 4, 0), 4);
	pair_run_until(&w.p, w.p.now + PL_MS(10));
	assert_int_equal(info(&w, 1).rcv_queued, OCTETS - 96);
	assert_int_equal(plim_recv(w.p.side[1].s, w.server, buf + 100, OCTETS - 100), OCTETS - 100);
	for (unsigned i = 0; i < OCTETS; i++)
		assert_int_equal(buf[i], pattern(1, i));
	assert_int_equal(plim_recv(w.p.side[1].s, w.server, buf, 10), 4);
	assert_memory_equal(buf, "more", 4);
	pair_check(&w.p);
	pair_stop(&w.p);
}

static void
a_fin_reaches_a_parked_connection(void **state)
{
	struct pair_config c;
	uint8_t buf[16];
	struct two w;

	(void)state;
	pair_defaults(&c);
	open_two(&w, &c);
	assert_int_equal(plim_send(w.p.side[0].s, w.client, "abc", 3, 0), 3);
	pair_run_until(&w.p, w.p.now + PL_SEC(3));
	assert_true(info(&w, 1).idle_form);
	assert_int_equal(plim_tcp_shutdown(w.p.side[0].s, w.client), PLIM_OK);
	pair_run_until(&w.p, w.p.now + PL_SEC(3));
	assert_int_equal(info(&w, 1).state, PLIM_CLOSE_WAIT);
	assert_int_equal(plim_recv(w.p.side[1].s, w.server, buf, sizeof buf), 3);
	assert_int_equal(plim_recv(w.p.side[1].s, w.server, buf, sizeof buf), 0);
	assert_int_equal(plim_tcp_close(w.p.side[1].s, w.server), PLIM_OK);
	pair_run_until(&w.p, w.p.now + PL_SEC(3));
	assert_int_equal(info(&w, 0).state, PLIM_TIME_WAIT);
	pair_stop(&w.p);
}

/* A window that an application keeps shut for an hour opens again, and nothing was lost. */
static void
a_reader_that_sleeps_loses_nothing(void **state)
{
	struct pair_config c;
	struct two w;
	uint64_t sent = 0, got = 0;
	uint8_t buf[4096];

	(void)state;
	pair_defaults(&c);
	open_two(&w, &c);
	w.p.check_every = 16;
	for (unsigned hour = 0; hour < 3600; hour++) {
		for (unsigned i = 0; i < sizeof buf; i++)
			buf[i] = pattern(1, sent + i);
		int64_t rc = plim_send(w.p.side[0].s, w.client, buf, sizeof buf, 0);

		sent += rc > 0 ? (uint64_t)rc : 0;
		pair_run_until(&w.p, w.p.now + PL_SEC(1));
	}
	assert_int_equal(info(&w, 1).rcv_wnd, 0);
	for (unsigned s = 0; s < 400 && got < sent; s++) {
		int64_t rc = plim_recv(w.p.side[1].s, w.server, buf, sizeof buf);

		for (int64_t i = 0; i < rc; i++)
			assert_int_equal(buf[i], pattern(1, got + (uint64_t)i));
		got += rc > 0 ? (uint64_t)rc : 0;
		pair_run_until(&w.p, w.p.now + PL_SEC(1));
	}
	assert_true(sent > 10000);
	assert_int_equal(got, sent);
	pair_stop(&w.p);
}

/* After a wave a few connections are left, spread over many slabs: they move together, and live on. */
static void
slabs_empty_again_after_a_wave(void **state)
{
	enum { N = 1500, KEEP = 50 };
	static plim_h client[N], server[N];
	struct plim_endpoint any = {.port = PORT}, to;
	struct plim_stats wave, after;
	struct pair_config c;
	plim_h listener;
	struct pair p;
	uint8_t buf[8];

	(void)state;
	pair_defaults(&c);
	c.stack.msl_ms = 1000;
	pair_start(&p, &c);
	p.check_every = 64;
	to = pair_endpoint(&p, 1, 4, PORT);
	assert_int_equal(plim_tcp_listen(p.side[1].s, &any, 1, &listener), PLIM_OK);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(plim_tcp_connect(p.side[0].s, &to, NULL, i, &client[i]), PLIM_OK);
		if (i % 10 == 9)
			pair_run_until(&p, p.now + PL_MS(20));
	}
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(plim_tcp_accept(p.side[1].s, listener, i, &server[i], NULL), PLIM_OK);
	plim_stats(p.side[1].s, &wave);
	for (unsigned i = 0; i < N; i++) {
		if (i % (N / KEEP) == 0)
			continue;
		assert_int_equal(plim_tcp_close(p.side[0].s, client[i]), PLIM_OK);
		assert_int_equal(plim_tcp_close(p.side[1].s, server[i]), PLIM_OK);
	}
	pair_run_until(&p, p.now + PL_SEC(10));
	plim_stats(p.side[1].s, &after);
	assert_int_equal(after.by_state[PLIM_ESTABLISHED], KEEP);
	/* Handle slots do not move; records take at most twice what they need, and two slabs. */
	assert_true(after.by_class[PLIM_CLASS_record] < wave.by_class[PLIM_CLASS_record] / 4);
	pair_check(&p);
	for (unsigned i = 0; i < N; i += N / KEEP)
		assert_int_equal(plim_send(p.side[0].s, client[i], "here", 4, 0), 4);
	pair_run_until(&p, p.now + PL_SEC(1));
	for (unsigned i = 0; i < N; i += N / KEEP) {
		assert_int_equal(plim_recv(p.side[1].s, server[i], buf, sizeof buf), 4);
		assert_memory_equal(buf, "here", 4);
	}
	pair_check(&p);
	pair_stop(&p);
}

/* The application closes as soon as it sees the end, before the ACK of the peer's FIN went out. */
static void
closing_at_the_end_of_the_stream_does_not_swallow_its_ack(void **state)
{
	struct pair_config c;
	struct plim_stats st;
	struct two w;

	(void)state;
	pair_defaults(&c);
	open_two(&w, &c);
	assert_int_equal(plim_tcp_shutdown(w.p.side[1].s, w.server), PLIM_OK);
	pair_run_until(&w.p, w.p.now + PL_MS(100));
	assert_int_equal(plim_tcp_close(w.p.side[0].s, w.client), PLIM_OK);
	pair_settle(&w.p);
	w.p.now += PL_MS(5);
	assert_int_equal(pair_take(&w.p, 1), 1);
	assert_int_equal(plim_tcp_close(w.p.side[1].s, w.server), PLIM_OK);
	pair_run_until(&w.p, w.p.now + PL_SEC(2));
	plim_stats(w.p.side[0].s, &st);
	assert_int_equal(st.tcp[PLIM_TCP_retransmitted], 0);
	assert_int_equal(st.by_state[PLIM_LAST_ACK], 0);
	plim_stats(w.p.side[1].s, &st);
	assert_int_equal(st.by_state[PLIM_TIME_WAIT], 1);
	pair_stop(&w.p);
}

TESTS_MAIN(cmocka_unit_test(a_quiet_connection_is_idle_and_small), cmocka_unit_test(unread_text_is_parked_and_intact),
           cmocka_unit_test(a_fin_reaches_a_parked_connection), cmocka_unit_test(a_reader_that_sleeps_loses_nothing),
           cmocka_unit_test(closing_at_the_end_of_the_stream_does_not_swallow_its_ack),
           cmocka_unit_test(slabs_empty_again_after_a_wave))
