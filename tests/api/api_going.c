/* SPDX-License-Identifier: ISC */
/*
 * Who goes, and when: orphans that make progress and orphans that stall, closing forms beside them, pacing after hours
 * of calm, peers silent for weeks. One wrong sign here shows only after days, or in who is ended instead of whom.
 */
#include "tests/api/crowd.h"

#define PORT 5000
#define ORPHAN_OCTETS 12000u /* over a cap of one hundredth of 1 MiB */
#define SMALL_WINDOW 1000u   /* less than a segment */
#define FIRST_SEQ 101u

static plim_h ballast;

static void
set_caps(struct plim_config *c)
{
	c->cap_app_pct = 75;
	c->cap_orphan_pct = 1;
}

static void
set_app_cap(struct plim_config *c)
{
	c->cap_app_pct = 75;
}

static uint64_t
count(enum plim_action a)
{
	return stats().actions[a];
}

static void
begin_with(void (*change)(struct plim_config *c))
{
	uint8_t got[100];
	uint32_t ack;

	say_window = SAY_WINDOW;
	start(change);
	go(PL_MS(10));
	ack = shake(peer4(1), PORT);
	ballast = accept_one();
	say(peer4(1), PORT, PL_TH_ACK | PL_TH_PSH, FIRST_SEQ, ack, sizeof got);
	assert_int_equal(plim_recv(s, ballast, got, sizeof got), sizeof got);
	assert_int_equal(plim_set(s, ballast, PLIM_O_NO_PROBE, 1), PLIM_OK);
	go(PL_MS(100));
}

/* Charge or give back until P is so many thousandths. */
static void
press(unsigned permille)
{
	uint64_t cap = TARGET / 100 * 75, want = cap * permille / 1000, held = stats().pressure_permille * cap / 1000;
	struct plim_conn_info info;

	assert_int_equal(plim_conn_info(s, ballast, &info), PLIM_OK);
	if (want > held)
		assert_int_equal(plim_charge(s, ballast, (size_t)(want - held)), PLIM_OK);
	else
		assert_int_equal(plim_uncharge(s, ballast, (size_t)PL_MIN(held - want, info.charged)), PLIM_OK);
	go(0);
}

/* ---- orphans ---- */

static uint32_t
connect_peer(unsigned i, plim_h *h)
{
	uint32_t ack = shake(peer4(i), PORT);

	*h = accept_one();
	return ack;
}

static void
send_octets(plim_h h, size_t n)
{
	static const uint8_t zeros[ORPHAN_OCTETS];

	assert_int_equal(plim_send(s, h, zeros, n, 0), n);
	drain();
}

/* A second orphan comes, and with it all are over the cap: whoever stalls goes. */
static void
another_orphan(unsigned i)
{
	plim_h h;

	(void)connect_peer(i, &h);
	send_octets(h, 2000);
	assert_int_equal(plim_tcp_close(s, h), PLIM_OK);
	go(0);
}

static void
an_orphan_that_makes_progress_is_not_shed(void **state)
{
	uint32_t ack;
	plim_h h;

	(void)state;
	begin_with(set_caps);
	ack = connect_peer(2, &h);
	send_octets(h, ORPHAN_OCTETS);
	assert_int_equal(plim_tcp_close(s, h), PLIM_OK);
	go(PL_MS(100));
	say_window = SMALL_WINDOW; /* its reader is slow */
	say(peer4(2), PORT, PL_TH_ACK, FIRST_SEQ, ack + 1000, 0);
	say_window = SAY_WINDOW;
	go(PL_MS(200));
	another_orphan(3);
	assert_int_equal(count(PLIM_ACTION_orphan_evicted), 0);
	assert_int_equal(stats().orphans, 2);
	stop();
}

static void
an_orphan_whose_peer_never_offered_more_is_not_shed(void **state)
{
	plim_h h;

	(void)state;
	begin_with(set_caps);
	say_window = SMALL_WINDOW;
	(void)connect_peer(2, &h);
	send_octets(h, 8000);
	say_window = SAY_WINDOW;
	assert_int_equal(plim_tcp_close(s, h), PLIM_OK);
	go(PL_MS(200));
	another_orphan(3);
	another_orphan(4);
	assert_int_equal(count(PLIM_ACTION_orphan_evicted), 0);
	assert_int_equal(stats().orphans, 3);
	stop();
}

/* The other side of both: a shut window and nothing acknowledged. */
static void
an_orphan_that_stalls_is_shed(void **state)
{
	uint32_t ack;
	plim_h h;

	(void)state;
	begin_with(set_caps);
	ack = connect_peer(2, &h);
	send_octets(h, ORPHAN_OCTETS);
	say_window = 0;
	say(peer4(2), PORT, PL_TH_ACK, FIRST_SEQ, ack, 0);
	say_window = SAY_WINDOW;
	assert_int_equal(plim_tcp_close(s, h), PLIM_OK);
	go(PL_MS(200));
	another_orphan(3);
	assert_int_equal(count(PLIM_ACTION_orphan_evicted), 1);
	assert_int_equal(stats().orphans, 1);
	stop();
}

static void
the_stall_age_of_an_orphan_begins_when_it_becomes_one(void **state)
{
	plim_h h;

	(void)state;
	begin_with(set_caps);
	(void)connect_peer(2, &h);
	go(PL_SEC(60)); /* long idle, then an answer and the end */
	send_octets(h, ORPHAN_OCTETS);
	assert_int_equal(plim_tcp_close(s, h), PLIM_OK);
	go(PL_MS(100));
	another_orphan(3);
	assert_int_equal(count(PLIM_ACTION_orphan_evicted), 0);
	assert_int_equal(stats().orphans, 2);
	stop();
}

/* ---- closing forms ---- */

/* FIN_WAIT_2 in its small form: our FIN is acknowledged, the peer's does not come. */
static void
half_close(unsigned i, plim_h h, uint32_t ack)
{
	assert_int_equal(plim_tcp_close(s, h), PLIM_OK);
	drain();
	say(peer4(i), PORT, PL_TH_ACK, FIRST_SEQ, ack + 1, 0);
}

static void
an_orphan_that_stalls_goes_before_closing_forms(void **state)
{
	enum { N = 4 };
	uint32_t ack[N], to_orphan;
	plim_h h[N], orphan;

	(void)state;
	begin_with(set_app_cap);
	for (unsigned i = 0; i < N; i++)
		ack[i] = connect_peer(10 + i, &h[i]);
	to_orphan = connect_peer(20, &orphan);
	send_octets(orphan, 8000);
	say_window = 0;
	say(peer4(20), PORT, PL_TH_ACK, FIRST_SEQ, to_orphan, 0);
	say_window = SAY_WINDOW;
	press(870);
	press(780); /* still level 3, and nothing to be freed */
	assert_int_equal(stats().level, 3);
	for (unsigned i = 0; i < N; i++)
		half_close(10 + i, h[i], ack[i]);
	assert_int_equal(plim_tcp_close(s, orphan), PLIM_OK);
	go(PL_MS(300));
	assert_int_equal(stats().level, 3);
	assert_int_equal(stats().by_state[PLIM_FIN_WAIT_2], N);
	assert_int_equal(stats().orphans, N + 1);
	(void)shake(peer4(30), PORT); /* it comes in place of the worst one */
	assert_int_equal(count(PLIM_ACTION_orphan_shed), 1);
	assert_int_equal(stats().orphans, N);
	assert_int_equal(stats().by_state[PLIM_FIN_WAIT_2], N);
	stop();
}

/* What was kept because of a hole becomes small only when pressure has made its time pass already. */
static void
a_closing_form_whose_deadline_has_passed_goes_at_once(void **state)
{
	uint32_t ack;
	plim_h h;

	(void)state;
	begin_with(set_app_cap);
	ack = connect_peer(2, &h);
	say(peer4(2), PORT, PL_TH_ACK, FIRST_SEQ + 100, ack, 50); /* beyond a hole */
	half_close(2, h, ack);
	go(PL_SEC(15) + PL_MS(500)); /* of 60 s, of 10 s under pressure; the hole is given up by now */
	assert_int_equal(stats().by_state[PLIM_FIN_WAIT_2], 1);
	press(750);
	assert_int_equal(stats().level, 2);
	say(peer4(2), PORT, PL_TH_ACK, FIRST_SEQ, ack + 1, 0);
	assert_int_equal(s->tcp.n_closing, 1);
	go(PL_MS(500));
	assert_int_equal(stats().by_state[PLIM_FIN_WAIT_2], 0);
	stop();
}

/* ---- pacing ---- */

/* Of so many newcomers at the same instant, how many come in? */
static unsigned
newcomers_let_in(unsigned n)
{
	unsigned let_in = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned before = n_synack;

		say(peer4(5000 + i), PORT, PL_TH_SYN, 100, 0, 0);
		if (n_synack == before)
			continue;
		say(peer4(5000 + i), PORT, PL_TH_ACK, FIRST_SEQ, synack_seq + 1, 0);
		let_in++;
	}
	return let_in;
}

/* Octets freed long ago are no room for newcomers now. */
static void
pacing_counts_what_ended_over_the_time_in_which_it_did(void **state)
{
	enum { IDLE = 100, ENDED = 100, CHARGE = 20000 };
	unsigned let_in = 0;
	plim_h h;

	(void)state;
	begin_with(set_app_cap);
	for (unsigned i = 0; i < IDLE; i++) {
		(void)connect_peer(100 + i, &h);
		assert_int_equal(plim_set(s, h, PLIM_O_NO_PROBE, 1), PLIM_OK);
	}
	for (unsigned i = 0; i < ENDED; i++) { /* 2 MB in all, 500 octets a second */
		(void)connect_peer(1000 + i, &h);
		assert_int_equal(plim_charge(s, h, CHARGE), PLIM_OK);
		go(PL_SEC(40));
		assert_int_equal(plim_tcp_abort(s, h), PLIM_OK);
		go(0);
	}
	press(840);
	assert_int_equal(stats().level, 2);
	assert_in_range(newcomers_let_in(50), 0, 2);
	assert_in_range(count(PLIM_ACTION_syn_paced), 48, 50);
	for (unsigned i = 0; i < 20; i++) { /* an eighth of the room below level 3 each second */
		go(PL_SEC(1));
		let_in += newcomers_let_in(1);
	}
	assert_in_range(let_in, 1, 10);
	stop();
}

/* ---- long silences ---- */

static void
a_peer_silent_for_weeks_is_asked_at_once(void **state)
{
	static const unsigned days[] = {1, 25, 30, 40, 49};

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(days); i++) {
		plim_h h;

		begin_with(set_app_cap);
		(void)connect_peer(2, &h);
		go(days[i] * PL_SEC(86400));
		assert_int_equal(count(PLIM_ACTION_probe_sent), 0);
		press(600);
		go(PL_SEC(1));
		assert_int_equal(count(PLIM_ACTION_probe_sent), 1);
		go(PL_SEC(31));
		assert_int_equal(plim_recv(s, h, NULL, 0), PLIM_ETIMEDOUT);
		stop();
	}
}

TESTS_MAIN(cmocka_unit_test(an_orphan_that_makes_progress_is_not_shed),
           cmocka_unit_test(an_orphan_whose_peer_never_offered_more_is_not_shed),
           cmocka_unit_test(an_orphan_that_stalls_is_shed),
           cmocka_unit_test(the_stall_age_of_an_orphan_begins_when_it_becomes_one),
           cmocka_unit_test(an_orphan_that_stalls_goes_before_closing_forms),
           cmocka_unit_test(a_closing_form_whose_deadline_has_passed_goes_at_once),
           cmocka_unit_test(pacing_counts_what_ended_over_the_time_in_which_it_did),
           cmocka_unit_test(a_peer_silent_for_weeks_is_asked_at_once))
