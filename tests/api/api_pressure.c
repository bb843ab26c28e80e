/* SPDX-License-Identifier: ISC */
/* What the levels do, measure by measure: pressure is made with charges on a connection of its own. */
#include "tests/api/crowd.h"

#define PORT 5000
#define MSS 1440u

static plim_h ballast;

static void
much_for_the_application(struct plim_config *c)
{
	c->cap_app_pct = 75;
}

static void
start_with_ballast(void)
{
	uint8_t got[100];
	uint32_t ack;

	start(much_for_the_application);
	go(PL_MS(10));
	ack = shake(peer4(1), PORT);
	ballast = accept_one();
	say(peer4(1), PORT, PL_TH_ACK | PL_TH_PSH, 101, ack, sizeof got); /* useful once: not the first to go */
	assert_int_equal(plim_recv(s, ballast, got, sizeof got), sizeof got);
	assert_int_equal(plim_set(s, ballast, PLIM_O_NO_PROBE, 1), PLIM_OK);
}

/* Charge or give back until P is so many thousandths (within the slab at hand). */
static void
press(unsigned permille)
{
	uint64_t cap = TARGET / 100 * 75, want = cap * permille / 1000; /* 75 %: the joint cap of the defaults */
	struct plim_conn_info info;
	uint64_t held;

	assert_int_equal(plim_conn_info(s, ballast, &info), PLIM_OK);
	held = stats().pressure_permille * cap / 1000;
	if (want > held)
		assert_int_equal(plim_charge(s, ballast, (size_t)(want - held)), PLIM_OK);
	else
		assert_int_equal(plim_uncharge(s, ballast, (size_t)PL_MIN(held - want, info.charged)), PLIM_OK);
	go(0);
	assert_in_range(stats().pressure_permille, permille - 8, permille + 8);
}

static uint64_t
count(enum plim_action a)
{
	return stats().actions[a];
}

/* ---- levels ---- */

static void
levels_rise_at_once_and_fall_one_by_one(void **state)
{
	struct plim_trace_record r[8];
	uint64_t cursor = 0;
	size_t n = 0;

	(void)state;
	start_with_ballast();
	press(900);
	assert_int_equal(stats().level, 3);
	for (size_t k; (k = plim_trace(s, &cursor, r + n, 1, NULL)) > 0;)
		n += r[n].action == PLIM_ACTION_level_up && n < 7;
	assert_int_equal(n, 3); /* each of them, in order */
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(r[i].reason, i + 1);
	press(820); /* not five points under */
	go(PL_SEC(5));
	assert_int_equal(stats().level, 3);
	press(300);
	for (unsigned level = 3; level > 0; level--) {
		assert_int_equal(stats().level, level - (level < 3 ? 0 : 1)); /* the first step was due at once */
		go(PL_MS(level < 3 ? 500 : 0));
	}
	go(PL_MS(1));
	assert_int_equal(stats().level, 0);
	assert_int_equal(count(PLIM_ACTION_level_down), 3);
	stop();
}

/* ---- liveness ---- */

static void
a_silent_peer_is_probed_from_level_1_and_ended(void **state)
{
	plim_h h;

	(void)state;
	start_with_ballast();
	(void)shake(peer4(2), PORT);
	h = accept_one();
	go(PL_SEC(300));
	assert_int_equal(count(PLIM_ACTION_probe_sent), 0); /* MUST-25: nothing without pressure */
	press(600);
	go(PL_SEC(1));
	assert_int_equal(count(PLIM_ACTION_probe_sent), 1); /* late, but the peer has ten seconds for each */
	go(PL_SEC(28));
	assert_int_equal(count(PLIM_ACTION_probe_sent), 3);
	assert_int_equal(count(PLIM_ACTION_probe_unanswered), 0);
	go(PL_SEC(2));
	assert_int_equal(count(PLIM_ACTION_probe_unanswered), 1);
	assert_int_equal(plim_recv(s, h, NULL, 0), PLIM_ETIMEDOUT);
	stop();
}

static void
a_peer_that_answers_is_not_ended_and_one_that_was_useful_only_marked(void **state)
{
	uint8_t got[100];
	uint32_t ack;
	plim_h h;

	(void)state;
	start_with_ballast();
	ack = shake(peer4(2), PORT);
	h = accept_one();
	press(750);
	for (unsigned i = 0; i < 60; i++) { /* five minutes of answers */
		unsigned before = n_out;

		go(PL_SEC(5));
		if (n_out > before && last.dport == PORT && last.seq == ack - 1)
			say(peer4(2), PORT, PL_TH_ACK, 101, ack, 0);
	}
	assert_int_equal(count(PLIM_ACTION_probe_unanswered), 0);
	say(peer4(2), PORT, PL_TH_ACK, 101, ack, 100);
	assert_int_equal(plim_recv(s, h, got, sizeof got), 100);
	go(PL_SEC(300)); /* now it is silent: 60 s, 3 x 5 s */
	assert_int_equal(plim_get(s, h, PLIM_O_STATE, &(int64_t){0}), PLIM_OK);
	assert_int_equal(count(PLIM_ACTION_probe_unanswered), 0);
	press(900); /* first to go */
	go(PL_SEC(1));
	assert_int_equal(count(PLIM_ACTION_vanished_evicted), 1);
	assert_int_equal(plim_recv(s, h, got, sizeof got), PLIM_EEVICTED);
	stop();
}

static void
the_last_probe_of_a_useful_peer_has_its_time(void **state)
{
	uint8_t got[100];
	uint32_t ack;
	plim_h h;

	(void)state;
	start_with_ballast();
	ack = shake(peer4(2), PORT);
	h = accept_one();
	say(peer4(2), PORT, PL_TH_ACK, 101, ack, 100);
	assert_int_equal(plim_recv(s, h, got, sizeof got), 100);
	press(900);
	go(PL_SEC(73)); /* the third probe went 3 s ago */
	assert_int_equal(count(PLIM_ACTION_probe_sent), 3);
	assert_int_equal(count(PLIM_ACTION_vanished_evicted), 0);
	say(peer4(2), PORT, PL_TH_ACK, 201, ack, 0);
	go(PL_SEC(10));
	assert_int_equal(count(PLIM_ACTION_vanished_evicted), 0);
	assert_int_equal(plim_recv(s, h, got, sizeof got), PLIM_EAGAIN);
	stop();
}

/* ---- windows ---- */

static void
level_1_takes_back_with_new_octets_only_and_level_3_with_any_ack(void **state)
{
	uint32_t ack, before;

	(void)state;
	start_with_ballast();
	ack = shake(peer4(2), PORT);
	(void)accept_one();
	say(peer4(2), PORT, PL_TH_ACK | PL_TH_PSH, 101, ack, 1000);
	go(PL_MS(50));
	before = 1101 + last.wnd;
	press(600);
	say(peer4(2), PORT, PL_TH_ACK, 101, ack, 1); /* an old octet: a bare ACK */
	assert_int_equal(1101 + last.wnd, before);
	assert_int_equal(count(PLIM_ACTION_give_back), 0);
	say(peer4(2), PORT, PL_TH_ACK | PL_TH_PSH, 1101, ack, 1000);
	go(PL_MS(50));
	assert_true(pl_seq_lt(2101 + last.wnd, before));
	assert_int_equal(count(PLIM_ACTION_give_back), 1);
	before = 2101 + last.wnd;
	press(900);
	go(PL_SEC(1)); /* the hand comes by */
	assert_true(count(PLIM_ACTION_window_shrunk) >= 1);
	assert_true(pl_seq_lt(2101 + last.wnd, before));
	say(peer4(2), PORT, PL_TH_ACK | PL_TH_PSH, 2101, ack, 1000); /* inside the edge of before */
	go(PL_MS(50));
	assert_int_equal(last.ack, 3101);
	stop();
}

static void
text_is_refused_by_level(void **state)
{
	uint32_t ack;

	(void)state;
	start_with_ballast();
	ack = shake(peer4(2), PORT);
	(void)accept_one();
	press(900);
	say(peer4(2), PORT, PL_TH_ACK, 201, ack, 10); /* beyond a hole */
	assert_int_equal(count(PLIM_ACTION_ooo_refused), 1);
	assert_int_equal(last.opt.n_sacks, 0);
	assert_int_equal(last.ack, 101);
	say(peer4(2), PORT, PL_TH_ACK, 101, ack, 1000);
	say(peer4(2), PORT, PL_TH_ACK, 1101, ack, 1000);
	say(peer4(2), PORT, PL_TH_ACK, 2101, ack, 1000); /* little waits: welcome up to two segments */
	go(PL_MS(50));
	assert_int_equal(last.ack, 3101);
	say(peer4(2), PORT, PL_TH_ACK, 3101, ack, 1000);
	go(PL_MS(50));
	assert_int_equal(last.ack, 3101);
	assert_int_equal(count(PLIM_ACTION_text_refused), 1);
	stop();
}

/* ---- newcomers and eviction ---- */

static void
at_level_3_one_comes_in_place_of_a_worse_one(void **state)
{
	enum { N = 300 };
	static plim_h old[N];
	unsigned before, ended = 0;

	(void)state;
	start_with_ballast();
	for (unsigned i = 0; i < N; i++) {
		(void)shake(peer4(256 * i), PORT);
		old[i] = accept_one();
		assert_int_equal(plim_set(s, old[i], PLIM_O_NO_PROBE, 1), PLIM_OK);
	}
	press(720);
	go(PL_SEC(2)); /* tokens are saved up */
	press(860);
	before = n_synack;
	say(peer4(7), PORT, PL_TH_SYN, 100, 0, 0); /* nobody is worse yet */
	assert_int_equal(n_synack, before);
	assert_int_equal(count(PLIM_ACTION_newcomer_refused), 1);
	press(790); /* still level 3, and nothing to be freed */
	go(PL_SEC(21));
	assert_int_equal(stats().level, 2);
	press(860);
	before = (unsigned)count(PLIM_ACTION_useless_evicted);
	(void)shake(peer4(7), PORT);
	assert_int_equal(count(PLIM_ACTION_useless_evicted), before + 1);
	for (unsigned i = 0; i < N; i++)
		ended += plim_recv(s, old[i], NULL, 0) == PLIM_EEVICTED;
	assert_int_equal(ended, before + 1);
	stop();
}

static void
at_level_4_no_syn_is_answered(void **state)
{
	unsigned before;

	(void)state;
	start_with_ballast();
	press(960);
	before = n_out;
	for (unsigned i = 0; i < 20; i++)
		say(peer4(3 + i), PORT, PL_TH_SYN, 100, 0, 0);
	assert_int_equal(n_out, before);
	assert_int_equal(count(PLIM_ACTION_syn_refused), 20);
	press(300);
	go(PL_SEC(3));
	(void)shake(peer4(3), PORT);
	stop();
}

/* An honest crowd at level 2: the entry goes after its second repeat, long before a slow client's ACK gets through. */
static void
from_level_2_the_last_ack_opens_without_its_entry(void **state)
{
	uint32_t iss;

	(void)state;
	start_with_ballast();
	press(750);
	go(PL_SEC(2)); /* tokens are saved up */
	say(peer4(7), PORT, PL_TH_SYN, 100, 0, 0);
	iss = synack_seq;
	go(PL_SEC(20));
	assert_int_equal(stats().by_state[PLIM_SYN_RECEIVED], 0);
	say(peer4(7), PORT, PL_TH_ACK, 101, iss + 1, 0);
	(void)accept_one();
	assert_int_equal(count(PLIM_ACTION_cookie_taken), 1);
	stop();
}

static plim_h
useful_peer(unsigned i)
{
	uint32_t ack = shake(peer4(i), PORT);
	plim_h h = accept_one();
	uint8_t got[100];

	say(peer4(i), PORT, PL_TH_ACK, 101, ack, sizeof got);
	assert_int_equal(plim_recv(s, h, got, sizeof got), sizeof got);
	assert_int_equal(plim_set(s, h, PLIM_O_NO_PROBE, 1), PLIM_OK);
	say(peer4(i), PORT, PL_TH_ACK, 201, ack, 0);
	return h;
}

static void
at_level_4_a_useful_connection_that_holds_its_record_alone_stays(void **state)
{
	plim_h idle, unread;
	uint8_t got[100];

	(void)state;
	start_with_ballast();
	idle = useful_peer(2);
	unread = useful_peer(3);
	say(peer4(3), PORT, PL_TH_ACK, 201, last.seq, sizeof got);
	go(PL_SEC(35)); /* more than six times five */
	say(peer4(1), PORT, PL_TH_ACK, 201, last.seq, 0);
	press(960);
	go(PL_SEC(5));
	assert_int_equal(plim_recv(s, unread, got, sizeof got), PLIM_EEVICTED);
	assert_int_equal(plim_recv(s, idle, got, sizeof got), PLIM_EAGAIN);
	stop();
}

static void
a_hole_of_one_that_was_idle_has_its_time_at_level_3(void **state)
{
	uint32_t ack;

	(void)state;
	start_with_ballast();
	(void)useful_peer(2);
	ack = last.seq;
	go(PL_SEC(60));
	press(900);
	say(peer4(2), PORT, PL_TH_ACK, 301, ack, 10); /* 201 is lost */
	assert_int_equal(count(PLIM_ACTION_ooo_refused), 0);
	go(PL_MS(800));
	assert_int_equal(count(PLIM_ACTION_ooo_pruned), 0);
	go(PL_MS(600));
	assert_int_equal(count(PLIM_ACTION_ooo_pruned), 1); /* it does not close */
	stop();
}

TESTS_MAIN(cmocka_unit_test(levels_rise_at_once_and_fall_one_by_one),
           cmocka_unit_test(a_silent_peer_is_probed_from_level_1_and_ended),
           cmocka_unit_test(a_peer_that_answers_is_not_ended_and_one_that_was_useful_only_marked),
           cmocka_unit_test(the_last_probe_of_a_useful_peer_has_its_time),
           cmocka_unit_test(level_1_takes_back_with_new_octets_only_and_level_3_with_any_ack),
           cmocka_unit_test(text_is_refused_by_level), cmocka_unit_test(at_level_3_one_comes_in_place_of_a_worse_one),
           cmocka_unit_test(at_level_4_no_syn_is_answered),
           cmocka_unit_test(a_hole_of_one_that_was_idle_has_its_time_at_level_3),
           cmocka_unit_test(from_level_2_the_last_ack_opens_without_its_entry),
           cmocka_unit_test(at_level_4_a_useful_connection_that_holds_its_record_alone_stays))
