/* SPDX-License-Identifier: ISC */
/* Text and windows: delayed ACK, Nagle, silly windows on both sides, zero window, scaling, out-of-order text, SACK and DSACK. */
#include "dialogue.h"

/* Text that came in order and was read; afterwards the stack knows the peer's segment size. ACKed, quiet. */
static void
warm_up(uint32_t len)
{
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = len);
	assert_int_equal(app_read(100000), len);
	at(50);
	(void)ignore_rest();
}

/* ---- acknowledging ---- */

static void
one_segment_is_acknowledged_after_the_delay(void **state)
{
	(void)state; /* SHLD-18, MUST-40 */
	established();
	warm_up(1000);
	at(100);
	peer(ACK | PSH, .seq = 1001, .ack = ISS + 1, .len = 500);
	nothing();
	at(138);
	nothing();
	at(140);
	we(ACK, .seq = ISS + 1, .ack = 1501);
}

static void
every_second_full_segment_is_acknowledged_at_once(void **state)
{
	(void)state; /* SHLD-19 */
	established();
	warm_up(1000);
	at(100);
	peer(ACK, .seq = 1001, .ack = ISS + 1, .len = 1000);
	nothing();
	peer(ACK, .seq = 2001, .ack = ISS + 1, .len = 1000);
	we(ACK, .seq = ISS + 1, .ack = 3001);
	peer(ACK, .seq = 3001, .ack = ISS + 1, .len = 1000);
	nothing();
	at(140);
	we(ACK, .seq = ISS + 1, .ack = 4001);
}

static void
text_of_ours_carries_the_ack(void **state)
{
	(void)state; /* MUST-58 */
	established();
	warm_up(1000);
	at(100);
	peer(ACK | PSH, .seq = 1001, .ack = ISS + 1, .len = 10);
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .seq = ISS + 1, .ack = 1011, .len = 10);
	at(200);
	nothing(); /* the delayed ACK is not sent as well */
	peer(ACK, .seq = 1011, .ack = ISS + 11);
}

static void
a_batch_of_segments_gets_one_ack(void **state)
{
	(void)state; /* MUST-58, MUST-59: several frames in one plim_input() */
	established();
	warm_up(1000);
	at(100);
	batch_begin();
	for (uint32_t i = 0; i < 5; i++)
		peer(ACK, .seq = 1001 + 1000 * i, .ack = ISS + 1, .len = 1000);
	batch_end();
	we(ACK, .seq = ISS + 1, .ack = 6001);
	nothing();
}

static void
out_of_order_text_is_acknowledged_at_once_and_kept(void **state)
{
	(void)state; /* SHLD-31, MAY-13 */
	established();
	peer(ACK, .seq = 101, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 1, .no_sack = true); /* SACK was not agreed */
	peer(ACK, .seq = 301, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 201); /* one ACK for all */
	peer(ACK, .seq = 201, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 401);
	assert_int_equal(app_read(1000), 400);
	(void)ignore_rest();
}

static void
overlapping_text_is_cut(void **state)
{
	(void)state;
	established();
	peer(ACK, .seq = 51, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 1);
	peer(ACK, .seq = 101, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 1, .len = 75);
	we(ACK, .ack = 201);
	peer(ACK, .seq = 151, .ack = ISS + 1, .len = 100); /* half old */
	at(50);
	assert_true(ignore_rest() >= 1);
	assert_int_equal(app_read(1000), 250);
	(void)ignore_rest();
}

/* ---- SACK ---- */

static void
sack_blocks_name_what_came_the_newest_first(void **state)
{
	(void)state; /* RFC 2018 §4 */
	established_with_sack();
	peer(ACK, .seq = 101, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 1, .n_sack = 1, .sack = {{101, 201}});
	peer(ACK, .seq = 301, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 1, .n_sack = 2, .sack = {{301, 401}, {101, 201}});
	peer(ACK, .seq = 501, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 1, .n_sack = 3, .sack = {{501, 601}, {301, 401}, {101, 201}});
	peer(ACK, .seq = 201, .ack = ISS + 1, .len = 100); /* joins two */
	we(ACK, .ack = 1, .n_sack = 2, .sack = {{101, 401}, {501, 601}});
	peer(ACK, .seq = 1, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 401, .n_sack = 1, .sack = {{501, 601}});
	peer(ACK, .seq = 401, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 601, .no_sack = true);
	assert_int_equal(app_read(1000), 600);
	(void)ignore_rest();
}

static void
a_duplicate_is_named_by_dsack(void **state)
{
	(void)state; /* RFC 2883 */
	established_with_sack();
	peer(ACK, .seq = 1, .ack = ISS + 1, .len = 100);
	at(50);
	(void)ignore_rest();
	peer(ACK, .seq = 1, .ack = ISS + 1, .len = 100); /* below the ACK */
	we(ACK, .ack = 101, .n_sack = 1, .sack = {{1, 101}});
	peer(ACK, .seq = 201, .ack = ISS + 1, .len = 100);
	we(ACK, .ack = 101, .n_sack = 1, .sack = {{201, 301}});
	peer(ACK, .seq = 201, .ack = ISS + 1, .len = 100); /* beyond the hole */
	we(ACK, .ack = 101, .n_sack = 2, .sack = {{201, 301}, {201, 301}});
	assert_int_equal(app_read(1000), 100);
	(void)ignore_rest();
}

static void
three_sack_blocks_with_timestamps(void **state)
{
	(void)state;
	established_with_options();
	for (uint32_t i = 0; i < 5; i++) {
		at(i + 1);
		peer(ACK, .seq = 101 + 200 * i, .ack = ISS + 1, .len = 100, .wnd = 512);
		we(ACK, .ack = 1, .n_sack = i < 2 ? i + 1 : 3,
		   .sack = {{101 + 200 * i, 201 + 200 * i},
		            {101 + 200 * (i - 1), 201 + 200 * (i - 1)},
		            {101 + 200 * (i - 2), 201 + 200 * (i - 2)}});
	}
	(void)ignore_rest();
	app_abort();
	we(RST | ACK);
}

/* ---- Nagle, PSH ---- */

static void
small_writes_wait_for_the_ack(void **state)
{
	(void)state; /* SHLD-7 */
	established();
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .seq = ISS + 1, .len = 10);
	assert_int_equal(app_send(20), 20);
	assert_int_equal(app_send(30), 30);
	nothing();
	at(100);
	peer(ACK, .seq = 1, .ack = ISS + 11);
	we(ACK | PSH, .seq = ISS + 11, .len = 50);
	peer(ACK, .seq = 1, .ack = ISS + 61);
}

static void
nodelay_sends_small_writes_at_once(void **state)
{
	(void)state; /* MUST-17 */
	established();
	app_set(PLIM_O_NODELAY, 1);
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .seq = ISS + 1, .len = 10);
	assert_int_equal(app_send(20), 20);
	we(ACK | PSH, .seq = ISS + 11, .len = 20);
	peer(ACK, .seq = 1, .ack = ISS + 31);
}

static void
full_segments_do_not_wait(void **state)
{
	(void)state;
	established();
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .seq = ISS + 1, .len = 10);
	assert_int_equal(app_send(MSS + 5), MSS + 5);
	we(ACK, .seq = ISS + 11, .len = MSS);
	nothing();
	peer(ACK, .seq = 1, .ack = ISS + 11 + MSS);
	we(ACK | PSH, .len = 5);
	peer(ACK, .seq = 1, .ack = ISS + 16 + MSS);
}

static void
psh_is_on_the_last_segment_of_what_was_written(void **state)
{
	(void)state; /* MUST-61 */
	established();
	app_set(PLIM_O_NODELAY, 1);
	assert_int_equal(app_send(2 * MSS + 7), 2 * MSS + 7);
	we(ACK, .seq = ISS + 1, .len = MSS);
	we(ACK, .len = MSS);
	we(ACK | PSH, .len = 7);
	peer(ACK, .seq = 1, .ack = ISS + 1 + 2 * MSS + 7);
}

static void
more_holds_a_partial_segment_back(void **state)
{
	(void)state;
	established();
	app_set(PLIM_O_NODELAY, 1);
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .len = 10);
	assert_int_equal(app_send_flags(20, PLIM_SEND_MORE), 20);
	nothing();
	assert_int_equal(app_send(30), 30);
	we(ACK | PSH, .seq = ISS + 11, .len = 50);
	peer(ACK, .seq = 1, .ack = ISS + 61);
}

/* ---- the peer's window ---- */

static void
the_peers_window_bounds_what_is_sent(void **state)
{
	(void)state;
	established();
	peer(ACK, .seq = 1, .ack = ISS + 1, .wnd = 3000);
	nothing();
	assert_int_equal(app_send(5000), 5000);
	we(ACK, .seq = ISS + 1, .len = MSS);
	we(ACK, .len = MSS);
	nothing(); /* 80 octets would fit: silly window avoidance (MUST-38) */
	peer(ACK, .seq = 1, .ack = ISS + 1 + 2 * MSS, .wnd = 10000);
	we(ACK, .seq = ISS + 1 + 2 * MSS, .len = MSS);
	nothing(); /* Nagle */
	peer(ACK, .seq = 1, .ack = ISS + 1 + 3 * MSS, .wnd = 10000);
	we(ACK | PSH, .len = 5000 - 3 * MSS);
	peer(ACK, .seq = 1, .ack = ISS + 5001);
}

static void
a_small_window_is_used_when_it_is_half_of_the_largest(void **state)
{
	(void)state; /* MUST-38 (3): the peer's buffer is small */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .wnd = 1000);
	we(SYN | ACK, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 1, .wnd = 1000);
	app_accept();
	assert_int_equal(app_send(3000), 3000);
	we(ACK, .seq = ISS + 1, .len = 1000);
	nothing();
	peer(ACK, .seq = 1, .ack = ISS + 1001, .wnd = 400);
	nothing(); /* less than half */
	peer(ACK, .seq = 1, .ack = ISS + 1001, .wnd = 600);
	we(ACK, .seq = ISS + 1001, .len = 600);
	peer(ACK, .seq = 1, .ack = ISS + 1601, .wnd = 1000);
	we(ACK, .len = 1000);
	peer(ACK, .seq = 1, .ack = ISS + 2601, .wnd = 1000);
	we(ACK | PSH, .len = 400);
	peer(ACK, .seq = 1, .ack = ISS + 3001, .wnd = 1000);
}

static void
a_window_above_32767_is_unsigned(void **state)
{
	unsigned n = 0;

	(void)state; /* MUST-1 */
	d.conf.initial_window_segments = 64;
	established();
	peer(ACK, .seq = 1, .ack = ISS + 1, .wnd = 65535);
	assert_true(app_send(64 * MSS) > 40000);
	n = ignore_rest();
	assert_true(n * MSS > 40000);
	peer(ACK, .seq = 1, .ack = ISS + 1 + (uint32_t)d.sent);
	(void)ignore_rest();
}

static void
the_peers_window_is_scaled_but_not_that_of_its_syn(void **state)
{
	uint32_t mss = MSS - 12;

	(void)state; /* RFC 7323 §2.2, §2.3 */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .ws_on = true, .ws = 7, .ts = 100000, .wnd = 60000);
	we(SYN | ACK, .ack = 1, .ws_on = true);
	peer(ACK, .seq = 1, .ack = ISS + 1, .wnd = 30); /* 3840 octets */
	app_accept();
	assert_int_equal(app_send(8000), 8000);
	we(ACK, .seq = ISS + 1, .len = mss);
	we(ACK, .len = mss);
	nothing();
	peer(ACK, .seq = 1, .ack = ISS + 1 + 2 * mss, .wnd = 100);
	assert_int_equal(ignore_rest(), 3); /* Nagle keeps the rest */
	peer(ACK, .seq = 1, .ack = ISS + 1 + 5 * mss, .wnd = 100);
	we(ACK | PSH, .len = 8000 - 5 * mss);
	peer(ACK, .seq = 1, .ack = ISS + 8001, .wnd = 100);
}

static void
a_zero_window_is_probed_with_backoff_as_long_as_it_is_answered(void **state)
{
	static const unsigned due[] = {1000, 3000, 7000, 15000, 31000, 63000, 123000, 183000, 243000};

	(void)state; /* MUST-36, MUST-37, SHLD-29, SHLD-30 */
	d.tolerance_ms = 15;
	established();
	peer(ACK, .seq = 1, .ack = ISS + 1, .no_wnd = true);
	assert_int_equal(app_send(100), 100);
	nothing();
	for (unsigned i = 0; i < 9; i++) {
		at(due[i]);
		we(ACK, .seq = ISS + 1, .len = 1);
		peer(ACK, .seq = 1, .ack = ISS + 1, .no_wnd = true);
		assert_int_equal(app_state(), PLIM_ESTABLISHED);
	}
	peer(ACK, .seq = 1, .ack = ISS + 1, .wnd = 5000);
	we(ACK | PSH, .seq = ISS + 1, .len = 100);
	peer(ACK, .seq = 1, .ack = ISS + 101, .wnd = 5000);
}

static void
hours_of_a_shut_window_do_not_end_the_connection(void **state)
{
	unsigned probes = 0;
	plim_time end;

	(void)state; /* MUST-37 */
	established();
	peer(ACK, .seq = 1, .ack = ISS + 1, .no_wnd = true);
	assert_int_equal(app_send(100), 100);
	end = d.now + MS(3 * 3600 * 1000);
	while (d.now < end) {
		at((d.now - d.origin) / MS(1) + 500);
		if (ignore_rest() > 0) {
			probes++;
			peer(ACK, .seq = 1, .ack = ISS + 1, .no_wnd = true);
		}
	}
	assert_in_range(probes, 180, 200); /* one a minute */
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	at((d.now - d.origin) / MS(1) + 10);
	(void)ignore_rest();
	peer(ACK, .seq = 1, .ack = ISS + 1, .wnd = 5000);
	we(ACK | PSH, .seq = ISS + 1, .len = 100);
	peer(ACK, .seq = 1, .ack = ISS + 101, .wnd = 5000);
}

static void
probes_nobody_answers_end_the_connection(void **state)
{
	(void)state; /* MUST-20: R2 */
	established();
	peer(ACK, .seq = 1, .ack = ISS + 1, .no_wnd = true);
	assert_int_equal(app_send(100), 100);
	at(99000);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	at(130000);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ETIMEDOUT);
	(void)ignore_rest();
	app_close();
}

static void
a_window_shut_on_text_in_flight_is_probed(void **state)
{
	(void)state; /* MUST-35 */
	established();
	assert_int_equal(app_send(100), 100);
	we(ACK | PSH, .seq = ISS + 1, .len = 100);
	at(50);
	peer(ACK, .seq = 1, .ack = ISS + 1, .no_wnd = true);
	at(1060);
	assert_true(ignore_rest() >= 1); /* a probe or the text again */
	peer(ACK, .seq = 1, .ack = ISS + 1, .no_wnd = true);
	at(10000);
	assert_true(ignore_rest() >= 1);
	peer(ACK, .seq = 1, .ack = ISS + 101, .wnd = 1000);
	nothing();
	assert_int_equal(app_get(PLIM_O_UNACKED), 0);
}

static void
a_retracted_right_edge_is_survived(void **state)
{
	(void)state; /* MUST-34, SHLD-15, SHLD-16 */
	established();
	assert_int_equal(app_send(5 * MSS), 5 * MSS);
	assert_int_equal(ignore_rest(), 5);
	peer(ACK, .seq = 1, .ack = ISS + 1 + MSS, .wnd = MSS); /* the edge goes from 65535 back to 2 MSS */
	nothing();                                             /* SHLD-15: no new text */
	assert_true(app_send(3 * MSS) > 0);
	nothing();
	at(1000); /* RTO: what is inside goes again */
	we(ACK, .seq = ISS + 1 + MSS, .len = MSS);
	nothing();
	peer(ACK, .seq = 1, .ack = ISS + 1 + 5 * MSS, .wnd = 65535); /* it had all come */
	assert_int_equal(ignore_rest(), 3);
	peer(ACK, .seq = 1, .ack = ISS + 1 + 8 * MSS, .wnd = 65535);
	assert_int_equal(app_get(PLIM_O_UNACKED), 0);
}

static void
an_old_segment_does_not_change_the_window(void **state)
{
	(void)state; /* 9293:3.10.7.4/5d */
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10, .wnd = 5000);
	assert_int_equal(app_read(100), 10);
	at(50);
	(void)ignore_rest();
	peer(ACK, .seq = 1, .ack = ISS + 1,
	     .no_wnd = true); /* SEQ older than SND.WL1? equal: newer ACK wins; this is the same ACK */
	peer(ACK, .seq = 11, .ack = ISS + 1, .wnd = 5000);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10, .no_wnd = true); /* an old duplicate, late */
	(void)ignore_rest();
	assert_int_equal(app_send(100), 100);
	we(ACK | PSH, .seq = ISS + 1, .len = 100);
	peer(ACK, .seq = 11, .ack = ISS + 101);
}

/* ---- our window ---- */

static void
our_window_shuts_when_nobody_reads_and_opens_when_somebody_does(void **state)
{
	struct pl_tcp_seg s = {0};
	uint32_t seq = 1, wnd = 65535;
	plim_time when;

	(void)state;
	d.conf.rcv_buf_max = 8000;
	established();
	while (wnd >= 1000 && seq < 100000) {
		at((d.now - d.origin) / MS(1) + 50);
		peer(ACK, .seq = seq, .ack = ISS + 1, .len = 1000);
		seq += 1000;
		at((d.now - d.origin) / MS(1) + 50);
		while (next_segment(&s, &when))
			wnd = s.wnd;
		assert_int_equal(s.ack, seq); /* what was inside the window is acknowledged */
	}
	assert_in_range(seq, 4001, 9001);
	peer(ACK, .seq = seq, .ack = ISS + 1, .len = 1000); /* more than there was room for */
	assert_true(next_segment(&s, &when));
	assert_true(s.ack - seq <= 1000);
	(void)ignore_rest();
	seq = s.ack;
	assert_int_equal(app_read(10), 10); /* MUST-39: ten octets of room are not worth telling */
	nothing();
	assert_int_equal(app_read(100000), seq - 1 - 10);
	assert_true(next_segment(&s, &when));
	assert_true(s.wnd >= 2 * 1000);
	(void)ignore_rest();
	peer(ACK, .seq = seq, .ack = ISS + 1, .len = 1000);
	assert_int_equal(app_read(1000), 1000);
	at((d.now - d.origin) / MS(1) + 50);
	(void)ignore_rest();
}

static void
a_probe_of_our_shut_window_is_answered(void **state)
{
	struct pl_tcp_seg s = {0};
	uint32_t seq = 1;
	plim_time when;

	(void)state;
	d.conf.rcv_buf_max = 3000;
	established();
	for (unsigned i = 0; i < 3; i++, seq += 1000) {
		peer(ACK, .seq = seq, .ack = ISS + 1, .len = 1000);
		at(50 * (i + 1));
		while (next_segment(&s, &when))
			;
	}
	seq = s.ack;
	peer(ACK, .seq = seq, .ack = ISS + 1, .len = 1);
	assert_true(next_segment(&s, &when));
	assert_true(s.ack == seq || s.ack == seq + 1);
	(void)ignore_rest();
	peer(FIN | ACK, .seq = s.ack, .ack = ISS + 1); /* a FIN needs no room */
	we(ACK, .ack = s.ack + 1);
	assert_int_equal(app_state(), PLIM_CLOSE_WAIT);
	assert_true(app_read(10000) >= 3000);
	assert_int_equal(app_read(10000), 0);
	(void)ignore_rest();
	app_close();
	we(FIN | ACK);
	peer(ACK, .seq = s.ack + 1, .ack = ISS + 2);
}

static void
text_inside_an_edge_once_given_is_taken_later(void **state)
{
	(void)state; /* DESIGN section 4: two right edges */
	d.conf.rcv_buf_max = 6000;
	established();
	peer(ACK, .seq = 1, .ack = ISS + 1, .len = 1000);
	peer(ACK, .seq = 3001, .ack = ISS + 1, .len = 1000);
	peer(ACK, .seq = 2001, .ack = ISS + 1, .len = 1000);
	peer(ACK, .seq = 1001, .ack = ISS + 1, .len = 1000);
	at(50);
	(void)ignore_rest();
	assert_int_equal(app_read(10000), 4000);
	(void)ignore_rest();
}

static void
a_keepalive_of_the_peer_is_answered(void **state)
{
	(void)state;
	established();
	at(20000);
	peer(ACK, .seq = 0, .ack = ISS + 1);
	we(ACK, .seq = ISS + 1, .ack = 1);
	peer(ACK, .seq = 0, .ack = ISS + 1, .len = 1);
	we(ACK, .seq = ISS + 1, .ack = 1);
}

/* ---- calls ---- */

static void
sending_stops_at_the_limit_and_an_event_tells_of_room(void **state)
{
	int64_t n, all = 0;

	(void)state;
	established();
	(void)app_events();
	while ((n = app_send(1000)) > 0)
		all += n;
	assert_int_equal(n, PLIM_EAGAIN);
	assert_int_equal(app_events() & PLIM_EV_WRITABLE, 0);
	assert_int_equal(app_get(PLIM_O_UNACKED), all);
	at(10);
	while (app_get(PLIM_O_UNACKED) > 0) {
		struct pl_tcp_seg s = {0};
		plim_time when;
		uint32_t end = 0;

		while (next_segment(&s, &when))
			end = s.seq + (uint32_t)s.text.len;
		assert_int_not_equal(end, 0);
		peer(ACK, .seq = 1, .ack = end);
	}
	assert_true(app_events() & (PLIM_EV_WRITABLE | PLIM_EV_SENT_ALL));
	(void)ignore_rest();
	assert_true(app_send(10) > 0);
	we(ACK | PSH, .len = 10);
	peer(ACK, .seq = 1, .ack = ISS + 1 + (uint32_t)d.sent);
}

static void
octets_are_sent_and_received_in_place(void **state)
{
	struct plim_span spans[8];
	size_t n = 0;
	int64_t lent;

	(void)state;
	established();
	lent = plim_tx_reserve(d.s, d.h, 500, spans, 8);
	assert_true(lent > 0 && lent <= 500);
	for (size_t i = 0; i < 8 && n < (size_t)lent; i++)
		for (size_t k = 0; k < spans[i].len; k++)
			spans[i].data[k] = pattern(n++);
	assert_int_equal(n, lent);
	assert_int_equal(plim_tx_commit(d.s, d.h, 300, 0), 0);
	at(0);
	we(ACK | PSH, .seq = ISS + 1, .len = 300);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 301, .len = 400);
	lent = plim_rx_peek(d.s, d.h, spans, 8);
	assert_int_equal(lent, 400);
	for (size_t i = n = 0; i < 8 && n < 400; i++)
		for (size_t k = 0; k < spans[i].len; k++)
			assert_int_equal(spans[i].data[k], pattern(n++));
	assert_int_equal(plim_rx_consume(d.s, d.h, 401), PLIM_EINVAL);
	assert_int_equal(plim_rx_consume(d.s, d.h, 400), 0);
	assert_int_equal(plim_rx_peek(d.s, d.h, spans, 8), PLIM_EAGAIN);
	at(50);
	assert_true(ignore_rest() >= 1);
}

static void
dscp_and_ttl_are_the_applications(void **state)
{
	(void)state; /* MUST-48, MUST-49 */
	established();
	app_set(PLIM_O_DSCP, 46);
	app_set(PLIM_O_TTL, 7);
	assert_int_equal(app_get(PLIM_O_DSCP), 46);
	assert_int_equal(app_get(PLIM_O_TTL), 7);
	assert_int_equal(app_send(10), 10);
	assert_int_equal(d.last_tos, 46 << 2);
	assert_int_equal(d.last_ttl, 7);
	we(ACK | PSH, .len = 10);
	app_set(PLIM_O_DSCP, 0); /* SHLD-21: at any time */
	peer(ACK, .seq = 1, .ack = ISS + 11);
	assert_int_equal(app_send(10), 10);
	assert_int_equal(d.last_tos, 0);
	we(ACK | PSH, .len = 10);
	peer(ACK, .seq = 1, .ack = ISS + 21);
}

static void
to_ourselves_through_the_loop(void **state)
{
	struct plim_endpoint to = {.port = OUR_PORT};
	plim_h out, in;
	uint8_t octets[100] = {7};

	(void)state;
	begin();
	app_listen();
	to.addr = d.family == 4 ? (struct plim_addr){{10, 0, 0, 2}, 4}
	                        : (struct plim_addr){{0x20, 1, 0xd, 0xb8, [15] = 2}, 6};
	assert_int_equal(plim_tcp_connect(d.s, &to, NULL, 0, &out), 0);
	at(10);
	assert_int_equal(plim_tcp_accept(d.s, d.listener, 0, &in, NULL), 0);
	assert_int_equal(plim_send(d.s, out, octets, 100, 0), 100);
	at(20);
	assert_int_equal(plim_recv(d.s, in, octets, 100), 100);
	assert_int_equal(plim_tcp_close(d.s, out), 0);
	at(30);
	assert_int_equal(plim_recv(d.s, in, octets, 100), 0);
	assert_int_equal(plim_tcp_close(d.s, in), 0);
	at(100);
	nothing(); /* not one frame went out */
	to.port = 99;
	assert_int_equal(plim_tcp_connect(d.s, &to, NULL, 0, &out), 0);
	at(110);
	d.h = out;
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_EREFUSED);
	app_close();
}

TESTS_MAIN(D(one_segment_is_acknowledged_after_the_delay), D(every_second_full_segment_is_acknowledged_at_once),
           D(text_of_ours_carries_the_ack), D(a_batch_of_segments_gets_one_ack),
           D(out_of_order_text_is_acknowledged_at_once_and_kept), D(overlapping_text_is_cut),
           D(sack_blocks_name_what_came_the_newest_first), D(a_duplicate_is_named_by_dsack),
           D(three_sack_blocks_with_timestamps), D(small_writes_wait_for_the_ack),
           D(nodelay_sends_small_writes_at_once), D(full_segments_do_not_wait),
           D(psh_is_on_the_last_segment_of_what_was_written), D(more_holds_a_partial_segment_back),
           D(the_peers_window_bounds_what_is_sent), D(a_small_window_is_used_when_it_is_half_of_the_largest),
           D(a_window_above_32767_is_unsigned), D(the_peers_window_is_scaled_but_not_that_of_its_syn),
           D(a_zero_window_is_probed_with_backoff_as_long_as_it_is_answered),
           D(hours_of_a_shut_window_do_not_end_the_connection), D(probes_nobody_answers_end_the_connection),
           D(a_window_shut_on_text_in_flight_is_probed), D(a_retracted_right_edge_is_survived),
           D(an_old_segment_does_not_change_the_window),
           D(our_window_shuts_when_nobody_reads_and_opens_when_somebody_does),
           D(a_probe_of_our_shut_window_is_answered), D(text_inside_an_edge_once_given_is_taken_later),
           D(a_keepalive_of_the_peer_is_answered), D(sending_stops_at_the_limit_and_an_event_tells_of_room),
           D(octets_are_sent_and_received_in_place), D(dscp_and_ttl_are_the_applications),
           D(to_ourselves_through_the_loop))
