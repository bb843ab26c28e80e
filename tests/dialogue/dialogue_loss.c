/* SPDX-License-Identifier: ISC */
/* Loss: RTO and backoff (RFC 6298), Karn, fast retransmit, SACK recovery (RFC 6675), NewReno (RFC 6582), windows of congestion. */
#include "dialogue.h"

/* Take n full segments from seq on; the next sequence number. */
static uint32_t
take_full(uint32_t seq, unsigned n, uint32_t mss)
{
	struct pl_tcp_seg s;
	plim_time when;

	for (unsigned i = 0; i < n; i++) {
		assert_true(next_segment(&s, &when));
		assert_int_equal(s.seq, seq);
		assert_int_equal(s.text.len, mss);
		seq += mss;
	}
	return seq;
}

#define SEQ(i) (ISS + 1 + (uint32_t)(i)*MSS)

static void
rto_repeats_the_first_segment_with_backoff(void **state)
{
	static const unsigned due[] = {1000, 3000, 7000, 15000, 31000, 63000};

	(void)state; /* MUST-18, MUST-19, RFC 6298 §5 */
	d.tolerance_ms = 10;
	established();
	assert_int_equal(app_send(2 * MSS), 2 * MSS);
	(void)take_full(SEQ(0), 2, MSS);
	for (unsigned i = 0; i < 6; i++) {
		at(due[i]);
		we(ACK, .seq = SEQ(0), .len = MSS);
		nothing();
	}
	peer(ACK, .seq = 1, .ack = SEQ(1));
	we(ACK | PSH, .seq = SEQ(1), .len = MSS);
	peer(ACK, .seq = 1, .ack = SEQ(2));
}

static void
text_nobody_acknowledges_ends_the_connection_at_r2(void **state)
{
	(void)state; /* MUST-20, SHLD-9 to SHLD-11 */
	established();
	assert_int_equal(app_send(10), 10);
	at(8000);
	assert_true(app_events() & PLIM_EV_SOFT_ERROR); /* R1: three retransmissions */
	at(99000);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	at(101000);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ETIMEDOUT);
	(void)ignore_rest();
	assert_int_equal(app_send(10), PLIM_ETIMEDOUT);
	app_close();
}

static void
the_user_timeout_is_r2_of_one_connection(void **state)
{
	(void)state; /* MUST-21 */
	established();
	app_set(PLIM_O_USER_TIMEOUT_MS, 5000);
	assert_int_equal(app_send(10), 10);
	at(4900);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	at(5200);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ETIMEDOUT);
	(void)ignore_rest();
	app_close();
}

static void
the_rto_follows_the_round_trip_time(void **state)
{
	(void)state; /* RFC 6298 §2: SRTT 400 ms, RTTVAR falls from 200 ms; with timestamps the least RTO is 200 ms */
	d.tolerance_ms = 400;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .ts = 100000);
	we(SYN | ACK);
	at(400);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	app_accept();
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(app_send(10), 10);
		assert_int_equal(ignore_rest(), 1);
		at(400 * (i + 2));
		peer(ACK, .seq = 1, .ack = ISS + 1 + 10 * (i + 1));
	}
	assert_int_equal(app_send(10), 10);
	assert_int_equal(ignore_rest(), 1);
	at(400 * 21 + 500);
	nothing(); /* 1.25 round trips: not yet */
	at(400 * 21 + 1000);
	assert_true(ignore_rest() >= 1);
	peer(ACK, .seq = 1, .ack = ISS + 211);
}

static void
no_sample_from_a_segment_sent_twice(void **state)
{
	(void)state; /* Karn, MUST-18: after a retransmission the backed-off RTO stays until a fresh sample */
	established();
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .seq = ISS + 1, .len = 10);
	at(1000);
	we(ACK | PSH, .seq = ISS + 1, .len = 10);
	at(2900);
	peer(ACK, .seq = 1, .ack = ISS + 11); /* a sample of 1.9 s or 2.9 s would be wrong either way */
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .seq = ISS + 11, .len = 10);
	at(3850);
	nothing();
	at(9000);
	assert_true(ignore_rest() >= 1);
	peer(ACK, .seq = 1, .ack = ISS + 21);
}

static void
after_a_lost_syn_the_rto_is_three_seconds(void **state)
{
	(void)state; /* RFC 6298 §5.7, without timestamps */
	d.conf.timestamps = 0;
	begin();
	at(0);
	app_connect();
	we(SYN);
	at(1000);
	we(SYN);
	at(1010);
	peer(SYN | ACK, .seq = 0, .ack = ISS + 1, .mss = 1460);
	we(ACK, .ack = 1);
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .seq = ISS + 1, .len = 10);
	at(3900);
	nothing();
	at(4020);
	assert_int_equal(ignore_rest(), 1);
	peer(ACK, .seq = 1, .ack = ISS + 11);
}

static void
the_initial_window_is_ten_segments(void **state)
{
	(void)state; /* RFC 6928 */
	established();
	while (app_send(10000) > 0)
		;
	(void)take_full(SEQ(0), 10, MSS);
	nothing();
	peer(ACK, .seq = 1, .ack = SEQ(2)); /* slow start: two for each acknowledged pair and more */
	assert_in_range(ignore_rest(), 3, 4);
	app_abort();
	we(RST | ACK);
}

static void
after_an_rto_one_segment_goes(void **state)
{
	(void)state; /* RFC 5681 §3.1 */
	established();
	while (app_send(10000) > 0)
		;
	(void)take_full(SEQ(0), 10, MSS);
	at(1000);
	we(ACK, .seq = SEQ(0), .len = MSS);
	nothing();
	at(1010);
	peer(ACK, .seq = 1, .ack = SEQ(1));
	we(ACK, .seq = SEQ(1), .len = MSS);
	we(ACK, .seq = SEQ(2), .len = MSS);
	nothing();
	peer(ACK, .seq = 1, .ack = SEQ(10)); /* the rest had come */
	assert_in_range(ignore_rest(), 2, 5);
	app_abort();
	(void)ignore_rest();
}

static void
three_duplicate_acks_repeat_the_segment_without_sack(void **state)
{
	(void)state; /* RFC 5681 §3.2, RFC 6582 */
	established();
	while (app_send(10000) > 0)
		;
	(void)take_full(SEQ(0), 10, MSS);
	at(50);
	peer(ACK, .seq = 1, .ack = SEQ(0));
	peer(ACK, .seq = 1, .ack = SEQ(0));
	(void)ignore_rest(); /* limited transmit may send new text */
	peer(ACK, .seq = 1, .ack = SEQ(0));
	we(ACK, .seq = SEQ(0), .len = MSS);
	(void)ignore_rest();
	peer(ACK, .seq = 1, .ack = SEQ(10)); /* everything: recovery is over */
	(void)ignore_rest();
	assert_int_equal(count_tcp(PLIM_TCP_fast_recoveries), 1);
	assert_int_equal(count_tcp(PLIM_TCP_timeouts), 0);
	app_abort();
	(void)ignore_rest();
}

static void
two_duplicate_acks_do_not(void **state)
{
	struct pl_tcp_seg s;
	plim_time when;

	(void)state; /* and bring new text instead: limited transmit (RFC 3042) */
	established();
	while (app_send(10000) > 0)
		;
	(void)take_full(SEQ(0), 10, MSS);
	at(50);
	peer(ACK, .seq = 1, .ack = SEQ(0));
	peer(ACK, .seq = 1, .ack = SEQ(0));
	while (next_segment(&s, &when))
		assert_true(!pl_seq_lt(s.seq, SEQ(10)));
	assert_int_equal(count_tcp(PLIM_TCP_retransmitted), 0);
	app_abort();
	(void)ignore_rest();
}

static void
limited_transmit_sends_new_text_for_the_first_two_duplicates(void **state)
{
	(void)state; /* RFC 3042 */
	established();
	while (app_send(10000) > 0)
		;
	(void)take_full(SEQ(0), 10, MSS);
	at(50);
	peer(ACK, .seq = 1, .ack = SEQ(0));
	we(ACK, .seq = SEQ(10), .len = MSS);
	peer(ACK, .seq = 1, .ack = SEQ(0));
	we(ACK, .seq = SEQ(11), .len = MSS);
	app_abort();
	(void)ignore_rest();
}

static void
a_partial_ack_repeats_the_next_hole(void **state)
{
	(void)state; /* RFC 6582 §3.2: NewReno */
	established();
	assert_true(app_send(10 * MSS) > 0);
	(void)take_full(SEQ(0), 10, MSS);
	at(50);
	for (unsigned i = 0; i < 3; i++)
		peer(ACK, .seq = 1, .ack = SEQ(0));
	we(ACK, .seq = SEQ(0), .len = MSS);
	nothing();
	at(100);
	peer(ACK, .seq = 1, .ack = SEQ(4)); /* segment 4 is lost too */
	we(ACK, .seq = SEQ(4), .len = MSS);
	nothing();
	at(150);
	peer(ACK, .seq = 1, .ack = SEQ(10));
	nothing();
	assert_int_equal(count_tcp(PLIM_TCP_timeouts), 0);
	assert_int_equal(count_tcp(PLIM_TCP_retransmitted), 2);
}

static void
sack_repeats_every_hole_once(void **state)
{
	(void)state; /* RFC 6675 */
	established_with_sack();
	assert_true(app_send(10 * MSS) > 0);
	(void)take_full(SEQ(0), 10, MSS);
	at(50); /* 0, 2 and 4 are lost */
	peer(ACK, .seq = 1, .ack = SEQ(0), .n_sack = 1, .sack = {{SEQ(1), SEQ(2)}});
	peer(ACK, .seq = 1, .ack = SEQ(0), .n_sack = 2, .sack = {{SEQ(3), SEQ(4)}, {SEQ(1), SEQ(2)}});
	nothing();
	peer(ACK, .seq = 1, .ack = SEQ(0), .n_sack = 3, .sack = {{SEQ(5), SEQ(6)}, {SEQ(3), SEQ(4)}, {SEQ(1), SEQ(2)}});
	we(ACK, .seq = SEQ(0), .len = MSS);
	peer(ACK, .seq = 1, .ack = SEQ(0), .n_sack = 3, .sack = {{SEQ(5), SEQ(8)}, {SEQ(3), SEQ(4)}, {SEQ(1), SEQ(2)}});
	peer(ACK, .seq = 1, .ack = SEQ(0), .n_sack = 3,
	     .sack = {{SEQ(5), SEQ(10)}, {SEQ(3), SEQ(4)}, {SEQ(1), SEQ(2)}});
	we(ACK, .seq = SEQ(2), .len = MSS);
	we(ACK, .seq = SEQ(4), .len = MSS);
	nothing();
	at(100);
	peer(ACK, .seq = 1, .ack = SEQ(10));
	nothing();
	assert_int_equal(count_tcp(PLIM_TCP_retransmitted), 3);
	assert_int_equal(count_tcp(PLIM_TCP_timeouts), 0);
	assert_int_equal(count_tcp(PLIM_TCP_fast_recoveries), 1);
}

static void
sacked_text_is_not_repeated_at_an_rto(void **state)
{
	(void)state;
	established_with_sack();
	assert_true(app_send(4 * MSS) > 0);
	(void)take_full(SEQ(0), 4, MSS);
	at(50);
	peer(ACK, .seq = 1, .ack = SEQ(0), .n_sack = 1, .sack = {{SEQ(1), SEQ(3)}});
	at(1000);
	we(ACK, .seq = SEQ(0), .len = MSS);
	peer(ACK, .seq = 1, .ack = SEQ(3));
	we(ACK | PSH, .seq = SEQ(3), .len = MSS);
	peer(ACK, .seq = 1, .ack = SEQ(4));
	nothing();
}

static void
a_peer_that_reneges_gets_everything_again(void **state)
{
	(void)state; /* RFC 2018 §8 */
	established_with_sack();
	assert_true(app_send(3 * MSS) > 0);
	(void)take_full(SEQ(0), 3, MSS);
	at(50);
	peer(ACK, .seq = 1, .ack = SEQ(0), .n_sack = 1, .sack = {{SEQ(1), SEQ(3)}});
	d.tolerance_ms = 70;
	at(1000);
	we(ACK, .seq = SEQ(0), .len = MSS);
	peer(ACK, .seq = 1, .ack = SEQ(1)); /* it threw away what it had SACKed */
	at(9000);
	assert_true(ignore_rest() >= 1);
	peer(ACK, .seq = 1, .ack = SEQ(2));
	at(20000);
	assert_true(ignore_rest() >= 1);
	peer(ACK, .seq = 1, .ack = SEQ(3));
	nothing();
	assert_int_equal(app_get(PLIM_O_UNACKED), 0);
}

static void
a_window_probe_of_sacked_text_leaves_it_sacked(void **state)
{
	(void)state; /* MUST-35, MUST-36: the window shuts on text in flight whose head is SACKed, so the probe is of SACKed text */
	established_with_sack();
	assert_true(app_send(3 * MSS) > 0);
	(void)take_full(SEQ(0), 3, MSS);
	peer(ACK, .seq = 1, .ack = SEQ(0), .no_wnd = true, .n_sack = 1, .sack = {{SEQ(0), SEQ(1)}});
	at(10000);
	assert_true(ignore_rest() >= 1);
	peer(ACK, .seq = 1, .ack = SEQ(3));
	nothing();
	assert_int_equal(app_get(PLIM_O_UNACKED), 0);
}

static void
answers_to_window_probes_are_not_duplicate_acks(void **state)
{
	unsigned due = 0;

	(void)state; /* RFC 5681 §2: nothing was lost, and the window that comes back is used at once */
	established_with_sack();
	assert_int_equal(app_send(MSS), MSS);
	(void)take_full(SEQ(0), 1, MSS);
	at(40);
	peer(ACK, .seq = 1, .ack = SEQ(1), .no_wnd = true);
	assert_int_equal(app_send(4 * MSS), 4 * MSS);
	for (unsigned i = 0; i < 5; i++) { /* more than three */
		while (ignore_rest() == 0 && due < 60000)
			at(40 + (due += 20));
		peer(ACK, .seq = 1, .ack = SEQ(1), .no_wnd = true);
	}
	assert_true(due < 60000);
	peer(ACK, .seq = 1, .ack = SEQ(1), .wnd = 65535);
	(void)take_full(SEQ(1), 4, MSS);
	peer(ACK, .seq = 1, .ack = SEQ(5), .wnd = 65535);
}

static void
sack_blocks_that_lie_are_ignored(void **state)
{
	(void)state; /* RFC 2018 §4; nothing may be marked that was never sent */
	established_with_sack();
	assert_true(app_send(2 * MSS) > 0);
	(void)take_full(SEQ(0), 2, MSS);
	peer(ACK, .seq = 1, .ack = SEQ(0), .n_sack = 3,
	     .sack = {{SEQ(1), SEQ(5)}, {SEQ(2), SEQ(1)}, {SEQ(100), SEQ(101)}});
	peer(ACK, .seq = 1, .ack = SEQ(0), .n_sack = 1, .sack = {{SEQ(0) - 50000, SEQ(2)}});
	peer(ACK, .seq = 1, .ack = SEQ(0), .n_sack = 1, .sack = {{SEQ(0), SEQ(0)}});
	at(1000);
	assert_true(ignore_rest() >= 1);
	peer(ACK, .seq = 1, .ack = SEQ(2));
	(void)ignore_rest();
	assert_int_equal(app_get(PLIM_O_UNACKED), 0);
}

static void
a_reduction_halves_the_window_and_recovery_ends_there(void **state)
{
	unsigned n;

	(void)state; /* RFC 5681 §3.2, RFC 9438: seven tenths with CUBIC, a half with NewReno */
	d.conf.congestion_control = 0;
	established_with_sack();
	while (app_send(10000) > 0)
		;
	(void)take_full(SEQ(0), 10, MSS);
	at(50);
	for (unsigned i = 2; i < 10; i++) {
		peer(ACK, .seq = 1, .ack = SEQ(0), .n_sack = 1, .sack = {{SEQ(1), SEQ(i + 1)}});
		(void)app_send(10000);
	}
	(void)ignore_rest();
	at(100);
	while (app_send(10000) > 0)
		;
	(void)ignore_rest();
	peer(ACK, .seq = 1, .ack = SEQ(10));
	n = ignore_rest();
	assert_in_range(n, 0, 6);
	assert_int_equal(count_tcp(PLIM_TCP_fast_recoveries), 1);
	app_abort();
	(void)ignore_rest();
}

static void
an_ack_of_the_original_undoes_a_spurious_timeout(void **state)
{
	uint32_t mss = MSS - 12, before;

	(void)state; /* RFC 3522 by timestamps */
	established_with_options();
	at(100);
	assert_true(app_send(4 * mss) > 0);
	(void)take_full(ISS + 1, 4, mss);
	before = d.last_tsval;
	at(900); /* the least RTO is 200 ms */
	assert_true(ignore_rest() >= 1);
	peer(ACK, .seq = 1, .ack = ISS + 1 + 4 * mss, .ts = 100900, .ecr = before, .wnd = 512);
	(void)ignore_rest();
	assert_int_equal(count_tcp(PLIM_TCP_spurious), 1);
	assert_int_equal(app_get(PLIM_O_UNACKED), 0);
}

static void
text_and_fin_are_recovered_together(void **state)
{
	(void)state;
	established_with_sack();
	assert_int_equal(app_send(100), 100);
	we(ACK | PSH, .seq = ISS + 1, .len = 100);
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 101);
	at(1005);
	assert_true(ignore_rest() >= 1);
	peer(ACK, .seq = 1, .ack = ISS + 101);
	at(4000);
	assert_true(ignore_rest() >= 1); /* the FIN again */
	peer(ACK, .seq = 1, .ack = ISS + 102);
	assert_int_equal(app_state(), PLIM_FIN_WAIT_2);
	app_abort();
	(void)ignore_rest();
}

/* RFC 5681 §4.1: what the path carries is not known any more after an RTO without anything in flight. */
static void
burst_after_a_pause(unsigned pause_ms, unsigned segments)
{
	const uint32_t text = MSS - 12;

	established_with_options();
	assert_int_equal(app_send(10 * text), 10 * text);
	at(10);
	assert_int_equal(ignore_rest(), 10);
	for (unsigned i = 1; i <= 5; i++)
		peer(ACK, .seq = 1, .ack = ISS + 1 + 2 * text * i, .wnd = 512);
	at(20 + pause_ms);
	d.mute = true;
	assert_int_equal(app_send(20 * text), 20 * text);
	at(21 + pause_ms);
	assert_int_equal(ignore_rest(), segments);
}

static void
without_a_pause_the_window_stays(void **state)
{
	(void)state;
	burst_after_a_pause(0, 14);
}

static void
after_a_pause_of_an_rto_the_initial_window_goes(void **state)
{
	(void)state;
	burst_after_a_pause(900, 10);
}

/* Ten segments in flight, the first is lost: what is left of the window. */
static uint32_t
threshold_after_a_loss(void)
{
	struct plim_conn_info ci;

	established_with_sack();
	assert_int_equal(app_send(10 * MSS), 10 * MSS);
	(void)take_full(SEQ(0), 10, MSS);
	at(50);
	for (unsigned i = 2; i < 6; i++)
		peer(ACK, .seq = 1, .ack = SEQ(0), .n_sack = 1, .sack = {{SEQ(1), SEQ(i)}});
	assert_int_equal(plim_conn_info(d.s, d.h, &ci), PLIM_OK);
	assert_int_equal(count_tcp(PLIM_TCP_fast_recoveries), 1);
	app_abort();
	(void)ignore_rest();
	return ci.ssthresh;
}

static void
cubic_is_the_default_and_keeps_seven_tenths(void **state)
{
	(void)state; /* RFC 9438 §4.6 */
	assert_int_equal(threshold_after_a_loss(), 7 * MSS);
}

static void
newreno_is_a_choice_and_keeps_a_half(void **state)
{
	(void)state; /* RFC 5681 §3.1 */
	d.conf.congestion_control = 0;
	assert_int_equal(threshold_after_a_loss(), 5 * MSS);
}

TESTS_MAIN(D(cubic_is_the_default_and_keeps_seven_tenths), D(newreno_is_a_choice_and_keeps_a_half),
           D(without_a_pause_the_window_stays), D(after_a_pause_of_an_rto_the_initial_window_goes),
           D(rto_repeats_the_first_segment_with_backoff), D(text_nobody_acknowledges_ends_the_connection_at_r2),
           D(the_user_timeout_is_r2_of_one_connection), D(the_rto_follows_the_round_trip_time),
           D(no_sample_from_a_segment_sent_twice), D(after_a_lost_syn_the_rto_is_three_seconds),
           D(the_initial_window_is_ten_segments), D(after_an_rto_one_segment_goes),
           D(three_duplicate_acks_repeat_the_segment_without_sack), D(two_duplicate_acks_do_not),
           D(limited_transmit_sends_new_text_for_the_first_two_duplicates), D(a_partial_ack_repeats_the_next_hole),
           D(sack_repeats_every_hole_once), D(sacked_text_is_not_repeated_at_an_rto),
           D(a_peer_that_reneges_gets_everything_again), D(a_window_probe_of_sacked_text_leaves_it_sacked),
           D(answers_to_window_probes_are_not_duplicate_acks), D(sack_blocks_that_lie_are_ignored),
           D(a_reduction_halves_the_window_and_recovery_ends_there),
           D(an_ack_of_the_original_undoes_a_spurious_timeout), D(text_and_fin_are_recovered_together))
