/* SPDX-License-Identifier: ISC */
/* Served connections on a stack whose memory is nearly used up (by the application: a charge): they keep their rate. */
#include "pair.h"

#define PORT 7
#define RATE 2000000u /* bits per second */
#define OTHERS 40u
#define SERVER_TARGET (16u << 20)

struct pressed {
	struct pair p;
	plim_h listener, holder;
	struct end client, server;
	plim_h from[OTHERS], to[OTHERS];
};

/* A slow line with a queue of about 16 KiB: the round trip of the handshake is a quarter of what comes later. */
static void
start(struct pressed *w)
{
	struct plim_endpoint any = {.port = PORT}, to;
	struct pair_config c;

	memset(w, 0, sizeof *w);
	pair_defaults(&c);
	c.target = SERVER_TARGET;
	c.link.rate_bps = RATE;
	c.link.delay_ns = PL_MS(13);
	c.link.queue_limit = 11;
	c.stack.cap_app_pct = 75;
	pair_start(&w->p, &c);
	w->p.check_every = 256;
	to = pair_endpoint(&w->p, 1, 4, PORT);
	assert_int_equal(plim_tcp_listen(w->p.side[1].s, &any, 64, &w->listener), PLIM_OK);
	assert_int_equal(plim_tcp_connect(w->p.side[0].s, &to, NULL, 1, &w->client.h), PLIM_OK);
	pair_run_until(&w->p, w->p.now + PL_MS(200));
	assert_int_equal(plim_tcp_accept(w->p.side[1].s, w->listener, 2, &w->server.h, NULL), PLIM_OK);
	w->client.open = w->server.open = true;
	w->server.fin_sent = true; /* it has nothing to send, and does not close */
	w->client.stream_out = w->server.stream_in = 1;
	for (unsigned i = 0; i < OTHERS; i++) {
		assert_int_equal(plim_tcp_connect(w->p.side[0].s, &to, NULL, 3, &w->from[i]), PLIM_OK);
		pair_run_until(&w->p, w->p.now + PL_MS(200));
		assert_int_equal(plim_tcp_accept(w->p.side[1].s, w->listener, 4, &w->to[i], NULL), PLIM_OK);
	}
}

/* The application of another connection holds so much that pressure is `permille`. */
static void
press(struct pressed *w, unsigned permille)
{
	struct plim_stats st;

	plim_stats(w->p.side[1].s, &st);
	assert_true(st.pressure_permille < permille);
	assert_int_equal(plim_charge(w->p.side[1].s, w->to[0],
	                             (size_t)SERVER_TARGET / 100 * 75 / 1000 * (permille - st.pressure_permille)),
	                 PLIM_OK);
}

/* One of the others says a word, and what it said before is read. */
static void
talk(struct pressed *w, unsigned other)
{
	uint8_t word[64];

	(void)plim_recv(w->p.side[1].s, w->to[other], word, sizeof word);
	(void)plim_send(w->p.side[0].s, w->from[other], "word", 4, 0);
}

/* Octets that the upload brings in `span`; meanwhile others say a word each now and then. */
static uint64_t
upload(struct pressed *w, plim_time span, plim_time word_every)
{
	plim_time until = w->p.now + span, word_at = w->p.now;
	uint64_t before = w->server.received;
	unsigned word = 1;

	w->client.to_send = UINT64_MAX / 2;
	while (w->p.now < until) {
		end_pump(&w->p, 0, &w->client);
		end_pump(&w->p, 1, &w->server);
		if (word_every && w->p.now >= word_at) {
			talk(w, word);
			word = word % (OTHERS - 1) + 1;
			word_at = w->p.now + word_every;
		}
		pair_run_until(&w->p, w->p.now + PL_MS(1));
	}
	return w->server.received - before;
}

static void
an_upload_keeps_its_rate(unsigned permille, plim_time word_every)
{
	struct pressed w;
	uint64_t free_octets, pressed_octets;

	start(&w);
	(void)upload(&w, PL_SEC(5), word_every);
	free_octets = upload(&w, PL_SEC(10), word_every);
	assert_true(free_octets > (uint64_t)RATE / 8 * 10 * 8 / 10);
	press(&w, permille);
	(void)upload(&w, PL_SEC(2), word_every);
	pressed_octets = upload(&w, PL_SEC(10), word_every);
	assert_true(pressed_octets >= free_octets * 9 / 10);
	pair_check(&w.p);
	pair_stop(&w.p);
}

static void
a_served_upload_over_a_queue_keeps_its_rate_at_level_2(void **state)
{
	(void)state;
	an_upload_keeps_its_rate(760, 0);
}

/* Words overflow the line's queue: holes open, and a round in which nothing could be taken does not count. */
static void
an_upload_with_holes_keeps_its_rate_at_level_2(void **state)
{
	(void)state;
	an_upload_keeps_its_rate(760, PL_MS(15));
}

/* Each word makes a connection active, and another one idle: not the busy one, whose history would go with its hot part. */
static void
a_busy_upload_is_not_compacted_for_others(void **state)
{
	struct plim_conn_info ci;
	struct pressed w;

	(void)state;
	start(&w);
	(void)upload(&w, PL_SEC(2), 0);
	press(&w, 760);
	for (unsigned i = 1; i < OTHERS; i++) {
		(void)upload(&w, PL_MS(700), 0);
		talk(&w, i);
		for (unsigned ms = 0; ms < 60; ms++) {
			(void)upload(&w, PL_MS(1), 0);
			assert_int_equal(plim_conn_info(w.p.side[1].s, w.server.h, &ci), PLIM_OK);
			assert_false(ci.idle_form);
		}
	}
	pair_stop(&w.p);
}

TESTS_MAIN(cmocka_unit_test(a_served_upload_over_a_queue_keeps_its_rate_at_level_2),
           cmocka_unit_test(an_upload_with_holes_keeps_its_rate_at_level_2),
           cmocka_unit_test(a_busy_upload_is_not_compacted_for_others))
