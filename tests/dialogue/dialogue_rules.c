/* SPDX-License-Identifier: ISC */
/* Which segments are believed: RFC 9293 §3.10.7.4 steps 1 to 5, RFC 5961, PAWS (RFC 7323), ICMP (RFC 5927), urgent data. */
#include "dialogue.h"

static void
rst_exactly_at_rcv_nxt_resets(void **state)
{
	(void)state;
	established();
	peer(RST, .seq = 1);
	nothing();
	assert_true(app_events() & PLIM_EV_CLOSED);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ERESET);
	app_close();
}

static void
rst_in_the_window_but_not_next_is_challenged(void **state)
{
	(void)state; /* RFC 5961 §3 */
	established();
	peer(RST, .seq = 2);
	we(ACK, .seq = ISS + 1, .ack = 1);
	at(500);
	peer(RST, .seq = 5000);
	we(ACK, .seq = ISS + 1, .ack = 1);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	assert_int_equal(count_drop(PLIM_DROP_tcp_rst_challenged), 2);
	peer(RST, .seq = 1); /* what the true peer answers to a challenge */
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ERESET);
	app_close();
}

static void
rst_outside_the_window_is_dropped_in_silence(void **state)
{
	(void)state;
	established();
	peer(RST, .seq = 0);
	peer(RST, .seq = 1000000);
	peer(RST, .seq = 0x80000001);
	nothing();
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	assert_int_equal(count_drop(PLIM_DROP_tcp_rst_outside), 3);
}

static void
rst_with_text_is_taken(void **state)
{
	(void)state; /* SHLD-2 */
	established();
	peer(RST | ACK, .seq = 1, .ack = ISS + 1, .len = 20);
	nothing();
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ERESET);
	app_close();
}

static void
rst_in_the_idle_form_obeys_the_same_rules(void **state)
{
	(void)state;
	established();
	at(10000);
	peer(RST, .seq = 77);
	we(ACK, .seq = ISS + 1, .ack = 1);
	peer(RST, .seq = 0);
	nothing();
	peer(RST, .seq = 1);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ERESET);
	app_close();
}

static void
syn_on_a_synchronized_connection_is_challenged(void **state)
{
	(void)state; /* RFC 5961 §4: in the window or not */
	d.conf.challenge_spacing_ms = 0;
	established();
	d.mute = true;
	peer(SYN, .seq = 1, .mss = 1460);
	we(ACK, .seq = ISS + 1, .ack = 1);
	peer(SYN, .seq = 100, .mss = 1460);
	we(ACK, .seq = ISS + 1, .ack = 1);
	peer(SYN, .seq = 0x70000000, .mss = 1460);
	we(ACK, .seq = ISS + 1, .ack = 1);
	peer(SYN | ACK, .seq = 0, .ack = ISS + 1, .mss = 1460); /* the old one, again */
	we(ACK, .seq = ISS + 1, .ack = 1);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
}

static void
a_half_open_connection_is_discovered(void **state)
{
	(void)state; /* RFC 9293 §3.5.1: the peer crashed and connects anew */
	established();
	at(10000);
	d.mute = true;
	peer(SYN, .seq = 90000, .mss = 1460);
	we(ACK, .seq = ISS + 1, .ack = 1);
	peer(RST, .seq = 1);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ERESET);
	app_close();
	peer(SYN, .seq = 90000, .mss = 1460);
	we(SYN | ACK, .ack = 90001);
	peer(RST, .seq = 90001);
}

static void
challenge_acks_of_a_connection_are_half_a_second_apart(void **state)
{
	(void)state; /* RFC 5961 §7: two a second for one connection */
	established();
	for (unsigned i = 0; i < 100; i++)
		peer(RST, .seq = 1000 + i);
	assert_int_equal(ignore_rest(), 1);
	assert_int_equal(count_drop(PLIM_DROP_tcp_challenge_limited), 99);
	at(499);
	peer(RST, .seq = 1000);
	nothing();
	at(500);
	peer(RST, .seq = 1000);
	assert_int_equal(ignore_rest(), 1);
}

static void
a_segment_outside_the_window_is_acknowledged(void **state)
{
	(void)state; /* 9293:3.10.7.4/1 */
	established();
	peer(ACK | PSH, .seq = 0x40000000, .ack = ISS + 1, .len = 10);
	we(ACK, .seq = ISS + 1, .ack = 1);
	peer(ACK, .seq = 0x40000000, .ack = ISS + 1);
	we(ACK, .seq = ISS + 1, .ack = 1);
	peer(ACK | PSH, .seq = 0xffffff00, .ack = ISS + 1, .len = 10);
	we(ACK, .seq = ISS + 1, .ack = 1);
	assert_int_equal(app_read(10), PLIM_EAGAIN);
}

static void
an_ack_of_something_not_sent_is_answered_and_dropped(void **state)
{
	(void)state; /* 9293:3.10.7.4/5b */
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 100, .len = 10);
	we(ACK, .seq = ISS + 1, .ack = 1);
	assert_int_equal(app_read(10), PLIM_EAGAIN);
	assert_int_equal(count_drop(PLIM_DROP_tcp_bad_ack), 1);
}

static void
an_ack_older_than_the_largest_window_is_challenged(void **state)
{
	(void)state; /* MAY-12, RFC 5961 §5 */
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1 - 70000, .len = 10);
	we(ACK, .seq = ISS + 1, .ack = 1);
	assert_int_equal(app_read(10), PLIM_EAGAIN);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1 - 60000, .len = 10); /* an old duplicate: its text is good */
	assert_int_equal(app_read(100), 10);
	(void)ignore_rest();
}

static void
a_segment_without_ack_is_dropped(void **state)
{
	(void)state;
	established();
	peer(PSH, .seq = 1, .len = 10);
	nothing();
	assert_int_equal(app_read(10), PLIM_EAGAIN);
	assert_int_equal(count_drop(PLIM_DROP_tcp_no_ack), 1);
}

static void
a_bad_checksum_changes_nothing(void **state)
{
	(void)state; /* MUST-3 */
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10, .bad_checksum = true);
	peer(RST, .seq = 1, .bad_checksum = true);
	nothing();
	assert_int_equal(app_read(10), PLIM_EAGAIN);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
}

/* ---- timestamps ---- */

static void
an_old_timestamp_is_acknowledged_and_dropped(void **state)
{
	(void)state; /* RFC 7323 §5.3 R1 */
	established_with_options();
	at(100);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10, .ts = 99999, .ecr = d.last_tsval);
	we(ACK, .seq = ISS + 1, .ack = 1, .ecr = 100000);
	assert_int_equal(count_drop(PLIM_DROP_tcp_paws), 1);
	assert_int_equal(app_read(10), PLIM_EAGAIN);
	peer(RST, .seq = 1, .ts = 5, .ecr = 0); /* PAWS does not concern a RST */
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ERESET);
	app_close();
}

static void
an_old_timestamp_is_good_again_after_24_days(void **state)
{
	(void)state; /* RFC 7323 §5.5 */
	established_with_options();
	at(25ull * 24 * 3600 * 1000);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10, .ts = 99999, .ecr = d.last_tsval, .wnd = 512);
	assert_int_equal(app_read(10), 10);
	assert_int_equal(count_drop(PLIM_DROP_tcp_paws), 0);
	(void)ignore_rest();
	at(25ull * 24 * 3600 * 1000 + 100);
	(void)ignore_rest();
}

static void
ts_recent_follows_the_segment_that_advances_the_window(void **state)
{
	(void)state; /* RFC 7323 §5.3 R3, §4.3 */
	established_with_options();
	at(100);
	peer(ACK | PSH, .seq = 101, .ack = ISS + 1, .len = 100, .wnd = 512); /* out of order, ts 100100 */
	we(ACK, .ack = 1, .ecr = 100000);
	at(200);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 100, .wnd = 512); /* fills the hole, ts 100200 */
	we(ACK, .ack = 201, .ecr = 100200);
	at(300);
	peer(ACK | PSH, .seq = 201, .ack = ISS + 1, .len = 100, .wnd = 512);
	at(310);
	peer(ACK | PSH, .seq = 301, .ack = ISS + 1, .len = 100, .wnd = 512);
	we(ACK, .ack = 401, .ecr = 100300); /* of two segments the older one, for the round trip's sake */
	assert_int_equal(app_read(1000), 400);
	(void)ignore_rest();
}

static void
a_segment_without_timestamp_is_still_taken(void **state)
{
	(void)state;
	established_with_options();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10, .no_ts = true, .wnd = 512);
	assert_int_equal(app_read(10), 10);
	at(100);
	assert_true(ignore_rest() >= 1);
}

static void
timestamps_are_on_every_segment_once_agreed(void **state)
{
	struct pl_tcp_seg s;
	plim_time when;

	(void)state;
	established_with_options();
	assert_int_equal(app_send(3000), 3000);
	app_shutdown();
	while (next_segment(&s, &when))
		assert_true(s.opt.has & PL_OPT_TS);
	peer(ACK, .seq = 1, .ack = ISS + 3002, .wnd = 512);
	peer(ACK | PSH, .seq = 50, .ack = ISS + 3002, .len = 10, .wnd = 512);
	assert_true(next_segment(&s, &when));
	assert_true(s.opt.has & PL_OPT_TS);
	app_abort();
	assert_true(next_segment(&s, &when));
	assert_true(s.flags & RST && s.opt.has & PL_OPT_TS);
}

/* ---- ICMP ---- */

static void
icmp_errors_are_soft_on_a_synchronized_connection(void **state)
{
	uint8_t type = 0;

	(void)state; /* MUST-54, MUST-56, SHLD-25, RFC 5461 */
	established();
	type = d.family == 4 ? 3 : 1;
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .len = 10);
	peer_icmp(type, d.family == 4 ? 3 : 4, 0, ISS + 1);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	assert_true(app_events() & PLIM_EV_SOFT_ERROR);
	assert_int_equal(app_get(PLIM_O_SOFT_ERROR), PLIM_EREFUSED);
	assert_int_equal(app_get(PLIM_O_SOFT_ERROR), 0);
	app_set(PLIM_O_SOFT_ERRORS, 0); /* SHLD-20 */
	peer_icmp(type, d.family == 4 ? 1 : 3, 0, ISS + 1);
	assert_int_equal(app_events() & PLIM_EV_SOFT_ERROR, 0);
	peer(ACK, .seq = 1, .ack = ISS + 11);
}

static void
icmp_errors_outside_the_window_are_ignored(void **state)
{
	(void)state; /* RFC 5927 §4 */
	established();
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .len = 10);
	peer_icmp(d.family == 4 ? 3 : 1, 1, 0, ISS + 5000);
	peer_icmp(d.family == 4 ? 3 : 1, 1, 0, ISS);
	assert_int_equal(app_events() & PLIM_EV_SOFT_ERROR, 0);
	assert_int_equal(count_drop(PLIM_DROP_icmp_no_match), 2);
	if (d.family == 4) {
		peer_icmp(4, 0, 0, ISS + 1); /* MUST-55: source quench */
		assert_int_equal(count_drop(PLIM_DROP_icmp_ignored), 1);
	}
	peer(ACK, .seq = 1, .ack = ISS + 11);
}

/* ---- urgent data ---- */

static void
the_urgent_pointer_is_told_and_text_stays_in_the_stream(void **state)
{
	(void)state; /* MUST-30 to MUST-33, RFC 9293 §3.8.5 */
	established();
	peer(ACK | URG | PSH, .seq = 1, .ack = ISS + 1, .len = 10,
	     .urg = 50); /* points beyond this segment (MUST-31) */
	assert_true(app_events() & PLIM_EV_URGENT);
	assert_int_equal(app_get(PLIM_O_URGENT), 50);
	assert_int_equal(app_read(4), 4);
	assert_int_equal(app_get(PLIM_O_URGENT), 46);
	peer(ACK | URG | PSH, .seq = 11, .ack = ISS + 1, .len = 90, .urg = 40); /* the same place */
	assert_int_equal(app_events() & PLIM_EV_URGENT, 0);
	peer(ACK | URG | PSH, .seq = 101, .ack = ISS + 1, .len = 10, .urg = 10); /* it advances */
	assert_true(app_events() & PLIM_EV_URGENT);
	assert_int_equal(app_read(1000), 106);
	assert_int_equal(app_get(PLIM_O_URGENT), 0);
	at(50);
	(void)ignore_rest();
}

static void
an_urgent_pointer_of_zero_or_behind_does_no_harm(void **state)
{
	(void)state;
	established();
	peer(ACK | URG | PSH, .seq = 1, .ack = ISS + 1, .len = 10, .urg = 0);
	assert_int_equal(app_events() & PLIM_EV_URGENT, 0);
	peer(ACK | URG, .seq = 11, .ack = ISS + 1, .urg = 65535);
	assert_true(app_events() & PLIM_EV_URGENT);
	assert_int_equal(app_read(100), 10);
	assert_int_equal(app_get(PLIM_O_URGENT), 65535);
	at(50);
	(void)ignore_rest();
}

static void
urgent_data_is_sent_with_the_pointer_behind_it(void **state)
{
	(void)state; /* MUST-62 */
	established();
	assert_int_equal(app_send_flags(20, PLIM_SEND_URGENT), 20);
	we(ACK | PSH | URG, .seq = ISS + 1, .len = 20, .urg = 20);
	peer(ACK, .seq = 1, .ack = ISS + 21);
	assert_int_equal(app_send(5), 5);
	we(ACK | PSH, .seq = ISS + 21, .len = 5);
	peer(ACK, .seq = 1, .ack = ISS + 26);
}

static void
rst_and_urg_are_processed_at_window_zero(void **state)
{
	(void)state; /* MUST-66 */
	d.conf.rcv_buf_max = 2000;
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 1000);
	peer(ACK | PSH, .seq = 1001, .ack = ISS + 1, .len = 1000);
	at(50);
	(void)ignore_rest();
	(void)app_events();
	peer(ACK | URG, .seq = 2001, .ack = ISS + 1, .urg = 5);
	(void)ignore_rest();
	assert_true(app_events() & PLIM_EV_URGENT);
	assert_int_equal(app_send(10), 10); /* and ACKs */
	we(ACK | PSH, .seq = ISS + 1, .len = 10);
	peer(ACK, .seq = 2001, .ack = ISS + 11);
	nothing();
	assert_int_equal(app_get(PLIM_O_UNACKED), 0);
	peer(RST, .seq = 2001);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ERESET);
	app_close();
}

TESTS_MAIN(D(rst_exactly_at_rcv_nxt_resets), D(rst_in_the_window_but_not_next_is_challenged),
           D(rst_outside_the_window_is_dropped_in_silence), D(rst_with_text_is_taken),
           D(rst_in_the_idle_form_obeys_the_same_rules), D(syn_on_a_synchronized_connection_is_challenged),
           D(a_half_open_connection_is_discovered), D(challenge_acks_of_a_connection_are_half_a_second_apart),
           D(a_segment_outside_the_window_is_acknowledged), D(an_ack_of_something_not_sent_is_answered_and_dropped),
           D(an_ack_older_than_the_largest_window_is_challenged), D(a_segment_without_ack_is_dropped),
           D(a_bad_checksum_changes_nothing), D(an_old_timestamp_is_acknowledged_and_dropped),
           D(an_old_timestamp_is_good_again_after_24_days), D(ts_recent_follows_the_segment_that_advances_the_window),
           D(a_segment_without_timestamp_is_still_taken), D(timestamps_are_on_every_segment_once_agreed),
           D(icmp_errors_are_soft_on_a_synchronized_connection), D(icmp_errors_outside_the_window_are_ignored),
           D(the_urgent_pointer_is_told_and_text_stays_in_the_stream),
           D(an_urgent_pointer_of_zero_or_behind_does_no_harm), D(urgent_data_is_sent_with_the_pointer_behind_it),
           D(rst_and_urg_are_processed_at_window_zero))
