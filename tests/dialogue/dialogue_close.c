/* SPDX-License-Identifier: ISC */
/* Closing: RFC 9293 §3.6, §3.10.4, §3.10.5, §3.10.7.4 step 8, TIME_WAIT with RFC 1337 and RFC 6191. */
#include "dialogue.h"

static void
active_close_goes_through_fin_wait_1_fin_wait_2_time_wait(void **state)
{
	(void)state;
	established();
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	assert_int_equal(app_state(), PLIM_FIN_WAIT_1);
	peer(ACK, .seq = 1, .ack = ISS + 2);
	assert_int_equal(app_state(), PLIM_FIN_WAIT_2);
	at(100);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
	we(ACK, .seq = ISS + 2, .ack = 2);
	assert_int_equal(app_state(), PLIM_TIME_WAIT);
	assert_true(app_events() & PLIM_EV_PEER_FIN);
	assert_int_equal(app_read(10), 0);
	app_close();
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
	at(59900);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
	at(60300);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 0); /* MUST-13: 2 MSL */
}

static void
close_gives_the_handle_back_and_the_stack_goes_on(void **state)
{
	(void)state;
	established();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	assert_int_equal(count_state(PLIM_FIN_WAIT_1), 1);
	peer(ACK, .seq = 1, .ack = ISS + 2);
	assert_int_equal(count_state(PLIM_FIN_WAIT_2), 1);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
	we(ACK, .seq = ISS + 2, .ack = 2);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
}

static void
passive_close_goes_through_close_wait_and_last_ack(void **state)
{
	(void)state;
	established();
	peer(FIN | ACK, .seq = 1, .ack = ISS + 1);
	we(ACK, .seq = ISS + 1, .ack = 2);
	assert_int_equal(app_state(), PLIM_CLOSE_WAIT);
	assert_true(app_events() & PLIM_EV_PEER_FIN);
	assert_int_equal(app_read(10), 0); /* MUST-12: a normal end */
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 2);
	assert_int_equal(app_state(), PLIM_LAST_ACK);
	peer(ACK, .seq = 2, .ack = ISS + 2);
	nothing();
	assert_true(app_events() & PLIM_EV_CLOSED);
	assert_int_equal(app_get(PLIM_O_ERROR), 0);
	app_close();
}

static void
half_close_still_receives(void **state)
{
	(void)state;
	established();
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 2);
	for (uint32_t i = 0; i < 5; i++) {
		at(1000 * (i + 1));
		peer(ACK | PSH, .seq = 1 + 100 * i, .ack = ISS + 2, .len = 100);
		at(1000 * (i + 1) + 45);
		assert_int_equal(app_read(1000), 100);
		assert_true(ignore_rest() >= 1);
	}
	assert_int_equal(app_send(1), PLIM_EPIPE);
	at(600000); /* with a handle FIN_WAIT_2 has no deadline */
	assert_int_equal(app_state(), PLIM_FIN_WAIT_2);
	peer(FIN | ACK, .seq = 501, .ack = ISS + 2);
	we(ACK, .seq = ISS + 2, .ack = 502);
	app_close();
}

static void
half_closed_peer_is_still_sent_to(void **state)
{
	(void)state;
	established();
	peer(FIN | ACK, .seq = 1, .ack = ISS + 1);
	we(ACK, .seq = ISS + 1, .ack = 2);
	assert_int_equal(app_send(100), 100);
	we(ACK | PSH, .seq = ISS + 1, .ack = 2, .len = 100);
	peer(ACK, .seq = 2, .ack = ISS + 101);
	app_close();
	we(FIN | ACK, .seq = ISS + 101, .ack = 2);
	peer(ACK, .seq = 2, .ack = ISS + 102);
	assert_int_equal(count_state(PLIM_LAST_ACK), 0);
}

static void
simultaneous_close_goes_through_closing(void **state)
{
	(void)state;
	established();
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 1);
	we(ACK, .seq = ISS + 2, .ack = 2);
	assert_int_equal(app_state(), PLIM_CLOSING);
	peer(ACK, .seq = 2, .ack = ISS + 2);
	nothing();
	assert_int_equal(app_state(), PLIM_TIME_WAIT);
	app_close();
}

static void
simultaneous_close_without_a_handle(void **state)
{
	(void)state;
	established();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 1);
	we(ACK, .seq = ISS + 2, .ack = 2);
	assert_int_equal(count_state(PLIM_CLOSING), 1);
	peer(ACK, .seq = 2, .ack = ISS + 2);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
}

static void
fin_and_ack_of_ours_in_one_segment_goes_straight_to_time_wait(void **state)
{
	(void)state;
	established();
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
	we(ACK, .seq = ISS + 2, .ack = 2);
	assert_int_equal(app_state(), PLIM_TIME_WAIT);
	app_close();
}

static void
fin_follows_the_queued_text(void **state)
{
	(void)state;
	established();
	assert_int_equal(app_send(MSS + 100), MSS + 100);
	we(ACK, .seq = ISS + 1, .len = MSS);
	app_close();
	we(FIN | PSH | ACK, .seq = ISS + 1 + MSS, .len = 100);
	peer(ACK, .seq = 1, .ack = ISS + 1 + MSS + 101);
	assert_int_equal(count_state(PLIM_FIN_WAIT_2), 1);
	at(61000); /* absolute deadline of an orphan */
	assert_int_equal(count_state(PLIM_FIN_WAIT_2), 0);
	nothing();
}

static void
fin_is_retransmitted_with_backoff(void **state)
{
	(void)state;
	established();
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	at(1000);
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	at(3000);
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	at(7000);
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 2);
	assert_int_equal(app_state(), PLIM_FIN_WAIT_2);
	at(60000);
	nothing();
	app_close();
}

static void
fin_of_an_orphan_is_retransmitted_then_given_up(void **state)
{
	(void)state;
	established();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	at(1000);
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	at(3000);
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	at(62000);
	assert_true(ignore_rest() >= 3); /* 7, 15, 31 s, perhaps a RST */
	for (unsigned s = PLIM_SYN_SENT; s < PLIM_N_STATES; s++)
		assert_int_equal(count_state((enum plim_state)s), 0);
	at(200000);
	nothing();
}

static void
fin_with_text_and_out_of_order_takes_effect_when_it_is_next(void **state)
{
	(void)state;
	established();
	peer(FIN | ACK | PSH, .seq = 101, .ack = ISS + 1, .len = 50);
	we(ACK, .ack = 1);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	assert_int_equal(app_events() & PLIM_EV_PEER_FIN, 0);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 152);
	assert_int_equal(app_state(), PLIM_CLOSE_WAIT);
	assert_int_equal(app_read(1000), 150);
	assert_int_equal(app_read(1000), 0);
	(void)ignore_rest();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 152);
	peer(ACK, .seq = 152, .ack = ISS + 2);
}

static void
text_beyond_a_fin_is_ignored(void **state)
{
	(void)state; /* 9293:3.10.7.4/7: in CLOSE_WAIT text should not occur */
	established();
	peer(FIN | ACK, .seq = 1, .ack = ISS + 1);
	we(ACK, .ack = 2);
	peer(ACK | PSH, .seq = 2, .ack = ISS + 1, .len = 10);
	at(50);
	(void)ignore_rest();
	assert_int_equal(app_read(100), 0);
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 2);
	peer(ACK, .seq = 2, .ack = ISS + 2);
}

static void
a_repeated_fin_is_acknowledged_again(void **state)
{
	(void)state;
	established();
	peer(FIN | ACK, .seq = 1, .ack = ISS + 1);
	we(ACK, .ack = 2);
	at(1000);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 1);
	we(ACK, .seq = ISS + 1, .ack = 2);
	assert_int_equal(app_state(), PLIM_CLOSE_WAIT);
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 2);
	at(1100);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 1); /* in LAST_ACK */
	we(ACK, .seq = ISS + 2, .ack = 2);
	peer(ACK, .seq = 2, .ack = ISS + 2);
}

static void
close_with_unread_text_resets(void **state)
{
	(void)state; /* SHLD-3 */
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10);
	app_close();
	we(RST | ACK, .seq = ISS + 1, .ack = 11);
	for (unsigned s = PLIM_SYN_SENT; s < PLIM_N_STATES; s++)
		assert_int_equal(count_state((enum plim_state)s), 0);
}

static void
text_after_close_is_reset(void **state)
{
	(void)state; /* SHLD-3 */
	established();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10);
	we(RST, .seq = ISS + 1); /* what the peer expects next, as it says */
	assert_int_equal(count_drop(PLIM_DROP_tcp_text_after_close), 1);
	for (unsigned s = PLIM_SYN_SENT; s < PLIM_N_STATES; s++)
		assert_int_equal(count_state((enum plim_state)s), 0);
}

static void
text_after_close_is_reset_while_ours_is_unacknowledged(void **state)
{
	(void)state; /* SHLD-3 */
	established();
	assert_int_equal(app_send(20), 20);
	we(ACK | PSH, .seq = ISS + 1, .len = 20);
	app_close();
	we(FIN | ACK, .seq = ISS + 21, .ack = 1);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10);
	we(RST | ACK, .seq = ISS + 22, .ack = 1);
	assert_int_equal(count_drop(PLIM_DROP_tcp_text_after_close), 1);
	for (unsigned s = PLIM_SYN_SENT; s < PLIM_N_STATES; s++)
		assert_int_equal(count_state((enum plim_state)s), 0);
}

static void
text_after_close_in_fin_wait_2_is_reset(void **state)
{
	(void)state;
	established();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 2);
	at(2000);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 2, .len = 10);
	we(RST, .seq = ISS + 2);
	assert_int_equal(count_state(PLIM_FIN_WAIT_2), 0);
}

static void
orphaned_fin_wait_2_ends_after_60_s_whatever_comes(void **state)
{
	(void)state;
	established();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 2);
	for (unsigned i = 1; i < 6; i++) {
		at(10000 * i);
		peer(ACK, .seq = 1, .ack = ISS + 2); /* does not start it again */
		(void)ignore_rest();
		assert_int_equal(count_state(PLIM_FIN_WAIT_2), 1);
	}
	at(61500);
	assert_int_equal(count_state(PLIM_FIN_WAIT_2), 0);
	(void)ignore_rest();
}

static void
abort_resets(void **state)
{
	(void)state; /* 9293:3.10.5 */
	established();
	assert_int_equal(app_send(100), 100);
	we(ACK | PSH, .len = 100);
	app_abort();
	we(RST | ACK, .seq = ISS + 101, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 101);
	we(RST, .seq = ISS + 101); /* nobody knows it */
}

static void
a_stale_handle_is_an_error_not_a_crash(void **state)
{
	int64_t v;

	(void)state;
	established();
	app_abort();
	we(RST | ACK, .seq = ISS + 1);
	assert_int_equal(plim_tcp_close(d.s, d.h), PLIM_ESTALE);
	assert_int_equal(plim_tcp_abort(d.s, d.h), PLIM_ESTALE);
	assert_int_equal(plim_send(d.s, d.h, "x", 1, 0), PLIM_ESTALE);
	assert_int_equal(plim_recv(d.s, d.h, &v, 1), PLIM_ESTALE);
	assert_int_equal(plim_get(d.s, d.h, PLIM_O_STATE, &v), PLIM_ESTALE);
}

static void
reset_by_the_peer_is_told_once_after_all_was_read(void **state)
{
	(void)state; /* MUST-12 */
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10);
	at(100);
	(void)ignore_rest();
	peer(RST, .seq = 11);
	nothing();
	assert_true(app_events() & PLIM_EV_CLOSED);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ERESET);
	assert_int_equal(app_send(1), PLIM_ERESET);
	app_close();
}

/* ---- TIME_WAIT ---- */

/* Close from our side, without a handle, by 0 ms. TIME_WAIT: SND.NXT ISS + 2, RCV.NXT 2. */
static void
into_time_wait(void)
{
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
	we(ACK, .seq = ISS + 2, .ack = 2);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
}

static void
a_repeated_fin_in_time_wait_is_acknowledged_and_restarts_it(void **state)
{
	(void)state;
	established();
	into_time_wait();
	at(30000);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
	we(ACK, .seq = ISS + 2, .ack = 2);
	at(80000);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
	at(91000);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 0);
	nothing();
}

static void
restarts_of_time_wait_end_at_twice_its_time(void **state)
{
	(void)state;
	established();
	into_time_wait();
	for (unsigned i = 1; i <= 11; i++) {
		at(10000 * i);
		peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
		(void)ignore_rest();
	}
	at(121500);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 0);
}

static void
rst_in_time_wait_is_ignored(void **state)
{
	(void)state; /* RFC 1337 */
	established();
	into_time_wait();
	peer(RST, .seq = 2);
	nothing();
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
	assert_int_equal(count_drop(PLIM_DROP_tcp_timewait_rst), 1);
}

static void
old_duplicate_text_in_time_wait_is_acknowledged(void **state)
{
	(void)state;
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10);
	assert_int_equal(app_read(100), 10);
	at(50);
	(void)ignore_rest();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 11);
	peer(FIN | ACK, .seq = 11, .ack = ISS + 2);
	we(ACK, .seq = ISS + 2, .ack = 12);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10);
	we(ACK, .seq = ISS + 2, .ack = 12);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
}

static void
a_syn_beyond_the_old_sequence_reuses_time_wait(void **state)
{
	uint32_t old;

	(void)state; /* MAY-2 */
	established();
	old = ISS;
	into_time_wait();
	at(1000);
	peer(SYN, .seq = 500000, .mss = 1460);
	we(SYN | ACK, .ack = 500001);
	assert_true(pl_seq_lt(old + 2, ISS)); /* beyond what the old connection used */
	peer(ACK, .seq = 500001, .ack = ISS + 1);
	nothing();
	assert_int_equal(count_state(PLIM_TIME_WAIT), 0);
	assert_int_equal(count_state(PLIM_ESTABLISHED), 1);
	assert_int_equal(count_tcp(PLIM_TCP_timewait_reused), 1);
}

static void
a_syn_below_the_old_sequence_does_not(void **state)
{
	(void)state;
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 1000);
	assert_int_equal(app_read(2000), 1000);
	at(50);
	(void)ignore_rest();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1001);
	peer(FIN | ACK, .seq = 1001, .ack = ISS + 2);
	we(ACK, .ack = 1002);
	at(1000);
	d.mute = true;
	peer(SYN, .seq = 500, .mss = 1460);
	we(ACK, .seq = ISS + 2, .ack = 1002);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
	peer(RST, .seq = 1002); /* what its sender does then; still RFC 1337 */
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
}

static void
a_newer_timestamp_reuses_time_wait_at_any_sequence(void **state)
{
	(void)state; /* SHLD-4, RFC 6191: a client that reuses its port is served */
	established_with_options();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 1000, .wnd = 512);
	assert_int_equal(app_read(2000), 1000);
	at(50);
	(void)ignore_rest();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1001);
	peer(FIN | ACK, .seq = 1001, .ack = ISS + 2);
	we(ACK, .ack = 1002);
	at(1000);
	peer(SYN, .seq = 500, .mss = 1460, .ts = 101000);
	we(SYN | ACK, .ack = 501, .ecr = 101000);
	peer(ACK, .seq = 501, .ack = ISS + 1);
	assert_int_equal(count_state(PLIM_ESTABLISHED), 1);
}

static void
an_older_timestamp_does_not(void **state)
{
	(void)state;
	established_with_options();
	into_time_wait();
	at(1000);
	d.mute = true;
	peer(SYN, .seq = 500000, .mss = 1460, .ts = 99999);
	we(ACK, .ack = 2);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
}

static void
after_time_wait_segments_are_nobodys(void **state)
{
	(void)state;
	established();
	into_time_wait();
	at(70000);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
	we(RST, .seq = ISS + 2);
}

static void
the_wait_of_a_handle_in_time_wait_ends_too(void **state)
{
	(void)state;
	established();
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
	we(ACK, .ack = 2);
	at(61500);
	assert_true(app_events() & PLIM_EV_CLOSED);
	assert_int_equal(app_get(PLIM_O_ERROR), 0);
	app_close();
	assert_int_equal(count_state(PLIM_TIME_WAIT), 0);
}

/* The application still holds the handle of the old connection: the client is served all the same. */
static void
a_new_syn_reuses_time_wait_whose_handle_is_open(void **state)
{
	uint32_t old;

	(void)state;
	established();
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
	we(ACK, .ack = 2);
	assert_int_equal(app_state(), PLIM_TIME_WAIT);
	old = ISS;
	(void)app_events();
	at(1000);
	peer(SYN, .seq = 500000, .mss = 1460);
	we(SYN | ACK, .ack = 500001);
	assert_true(pl_seq_lt(old + 2, ISS));
	assert_true(app_events() & PLIM_EV_CLOSED);
	app_close();
	peer(ACK, .seq = 500001, .ack = ISS + 1);
	nothing();
	assert_int_equal(count_state(PLIM_ESTABLISHED), 1);
}

/* Nobody listens any more: a SYN must not end TIME_WAIT for nothing. */
static void
a_new_syn_without_a_listener_leaves_time_wait_alone(void **state)
{
	(void)state;
	established();
	into_time_wait();
	assert_int_equal(plim_tcp_close(d.s, d.listener), PLIM_OK);
	at(1000);
	d.mute = true;
	peer(SYN, .seq = 500000, .mss = 1460);
	we(ACK, .seq = ISS + 2, .ack = 2);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
}

static void
a_connection_nobody_accepts_ends(void **state)
{
	(void)state;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460);
	we(SYN | ACK);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	at(299000);
	assert_int_equal(count_state(PLIM_ESTABLISHED), 1);
	at(301500);
	assert_int_equal(count_state(PLIM_ESTABLISHED), 0);
	assert_int_equal(ignore_rest(), 1);
	assert_int_equal(count_tcp(PLIM_TCP_resets_out), 1);
}

static void
closing_a_listener_resets_who_waits(void **state)
{
	(void)state;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460);
	we(SYN | ACK);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	assert_int_equal(plim_tcp_close(d.s, d.listener), 0);
	at(0);
	we(RST | ACK, .seq = ISS + 1);
	peer(SYN, .seq = 100, .mss = 1460);
	we(RST | ACK, .ack = 101);
}

TESTS_MAIN(D(active_close_goes_through_fin_wait_1_fin_wait_2_time_wait),
           D(close_gives_the_handle_back_and_the_stack_goes_on), D(passive_close_goes_through_close_wait_and_last_ack),
           D(half_close_still_receives), D(half_closed_peer_is_still_sent_to),
           D(simultaneous_close_goes_through_closing), D(simultaneous_close_without_a_handle),
           D(fin_and_ack_of_ours_in_one_segment_goes_straight_to_time_wait), D(fin_follows_the_queued_text),
           D(fin_is_retransmitted_with_backoff), D(fin_of_an_orphan_is_retransmitted_then_given_up),
           D(fin_with_text_and_out_of_order_takes_effect_when_it_is_next), D(text_beyond_a_fin_is_ignored),
           D(a_repeated_fin_is_acknowledged_again), D(close_with_unread_text_resets), D(text_after_close_is_reset),
           D(text_after_close_is_reset_while_ours_is_unacknowledged), D(text_after_close_in_fin_wait_2_is_reset),
           D(orphaned_fin_wait_2_ends_after_60_s_whatever_comes), D(abort_resets),
           D(a_stale_handle_is_an_error_not_a_crash), D(reset_by_the_peer_is_told_once_after_all_was_read),
           D(a_repeated_fin_in_time_wait_is_acknowledged_and_restarts_it),
           D(restarts_of_time_wait_end_at_twice_its_time), D(rst_in_time_wait_is_ignored),
           D(old_duplicate_text_in_time_wait_is_acknowledged), D(a_syn_beyond_the_old_sequence_reuses_time_wait),
           D(a_syn_below_the_old_sequence_does_not), D(a_newer_timestamp_reuses_time_wait_at_any_sequence),
           D(an_older_timestamp_does_not), D(after_time_wait_segments_are_nobodys),
           D(a_new_syn_reuses_time_wait_whose_handle_is_open), D(a_new_syn_without_a_listener_leaves_time_wait_alone),
           D(the_wait_of_a_handle_in_time_wait_ends_too), D(a_connection_nobody_accepts_ends),
           D(closing_a_listener_resets_who_waits))
