/* SPDX-License-Identifier: ISC */
/* Where two rules meet: a FIN at window zero, old segments in new states, forms that change under a rule. */
#include "dialogue.h"

static void
the_text_of_a_syn_ack_begins_after_its_syn(void **state)
{
	(void)state; /* 9293:3.10.7.4/7: the SYN of a simultaneous open takes the first number */
	begin();
	at(0);
	app_connect();
	we(SYN);
	peer(SYN, .seq = 700, .mss = 1460);
	we(SYN | ACK, .seq = ISS, .ack = 701);
	peer(SYN | ACK, .seq = 700, .ack = ISS + 1, .mss = 1460, .len = 5);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	assert_int_equal(app_read(10), 5);
	at(50);
	(void)ignore_rest();
	peer(ACK | PSH, .seq = 706, .ack = ISS + 1, .len = 5);
	assert_int_equal(app_read(10), 5);
	at(90);
	we(ACK, .seq = ISS + 1, .ack = 711);
}

static void
acks_count_after_a_fin_at_window_zero(void **state)
{
	(void)state; /* 9293:3.10.7.4/1: what lies at RCV.NXT is acceptable, though the FIN took the last number */
	d.conf.rcv_buf_max = 2000;
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 1000);
	peer(ACK | PSH, .seq = 1001, .ack = ISS + 1, .len = 1000);
	at(50);
	(void)ignore_rest();
	peer(FIN | ACK, .seq = 2001, .ack = ISS + 1);
	we(ACK, .seq = ISS + 1, .ack = 2002, .no_wnd = true);
	assert_int_equal(app_state(), PLIM_CLOSE_WAIT);
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .seq = ISS + 1, .ack = 2002, .len = 10);
	peer(ACK, .seq = 2002, .ack = ISS + 11);
	nothing();
	assert_int_equal(app_get(PLIM_O_UNACKED), 0);
	peer(RST, .seq = 2002);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ERESET);
	app_close();
}

static void
a_handshake_whose_last_ack_has_no_timestamp_keeps_that_of_the_syn(void **state)
{
	(void)state; /* RFC 7323 §4.3: TS.Recent is from the SYN, not nothing */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .ts = 0x90000000u);
	we(SYN | ACK, .ack = 1, .ecr = 0x90000000u);
	peer(ACK, .seq = 1, .ack = ISS + 1, .no_ts = true);
	nothing();
	app_accept();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10, .ts = 0x90000001u, .ecr = d.last_tsval);
	assert_int_equal(app_read(10), 10);
	we(ACK, .ack = 11, .ecr = 0x90000001u);
}

static void
text_out_of_order_completes_a_handshake_and_leaves_ts_recent(void **state)
{
	(void)state; /* RFC 7323 §4.3: only what covers the last ACK sent */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .ts = 1000);
	we(SYN | ACK, .ack = 1, .ecr = 1000);
	peer(ACK | PSH, .seq = 11, .ack = ISS + 1, .len = 10, .ts = 1005, .ecr = d.last_tsval);
	we(ACK, .ack = 1, .ecr = 1000);
	app_accept();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10, .ts = 1004, .ecr = d.last_tsval);
	assert_int_equal(app_read(100), 20);
	we(ACK, .ack = 21, .ecr = 1004);
	assert_int_equal(count_drop(PLIM_DROP_tcp_paws), 0);
}

static void
text_of_the_peer_does_not_put_off_the_override(void **state)
{
	(void)state; /* 9293:3.8.6.2.1: the override timer runs, whatever comes meanwhile */
	d.tolerance_ms = 15;
	established();
	peer(ACK, .seq = 1, .ack = ISS + 1, .wnd = 100);
	assert_int_equal(app_send(1000), 1000);
	nothing();
	for (unsigned i = 0; i < 9; i++) {
		at(100 + 100 * i);
		peer(ACK | PSH, .seq = 1 + 10 * i, .ack = ISS + 1, .len = 10, .wnd = 100);
		at(140 + 100 * i);
		we(ACK, .seq = ISS + 1, .ack = 11 + 10 * i);
	}
	at(1000);
	we(ACK, .seq = ISS + 1, .len = 100);
	peer(ACK, .seq = 91, .ack = ISS + 101, .wnd = 5000);
	we(ACK | PSH, .seq = ISS + 101, .len = 900);
	peer(ACK, .seq = 91, .ack = ISS + 1001);
}

static void
old_text_is_acknowledged_in_the_closing_form(void **state)
{
	(void)state; /* 9293:3.10.7.4/1 */
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10);
	assert_int_equal(app_read(100), 10);
	at(50);
	(void)ignore_rest();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 11);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10);
	we(ACK, .seq = ISS + 2, .ack = 11);
	peer(ACK, .seq = 11, .ack = ISS + 2);
	assert_int_equal(count_state(PLIM_FIN_WAIT_2), 1);
	peer(ACK, .seq = 10, .ack = ISS + 2, .len = 1); /* a keepalive with an octet */
	we(ACK, .seq = ISS + 2, .ack = 11);
	peer(FIN | ACK, .seq = 21, .ack = ISS + 2); /* beyond a hole */
	we(ACK, .seq = ISS + 2, .ack = 11);
	assert_int_equal(count_state(PLIM_FIN_WAIT_2), 1);
	d.fin = 0;
	peer(FIN | ACK, .seq = 11, .ack = ISS + 2);
	we(ACK, .seq = ISS + 2, .ack = 12);
}

static void
a_rst_after_both_fins_leaves_text_to_read(void **state)
{
	(void)state; /* the connection is CLOSED: what was acknowledged is not discarded */
	established();
	peer(FIN | ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10);
	we(ACK, .seq = ISS + 1, .ack = 12);
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 12);
	peer(ACK, .seq = 12, .ack = ISS + 2);
	at(1000);
	peer(RST, .seq = 12);
	nothing();
	assert_int_equal(app_read(100), 10);
	assert_int_equal(app_get(PLIM_O_ERROR), 0);
	assert_int_equal(app_read(100), 0);
	app_close();
}

static void
no_keepalive_once_both_sides_closed(void **state)
{
	(void)state; /* MUST-26: there is no connection to keep */
	established();
	app_set(PLIM_O_KEEPALIVE, 1);
	app_set(PLIM_O_KEEPALIVE_IDLE_MS, 10000);
	app_set(PLIM_O_KEEPALIVE_INTERVAL_MS, 1000);
	peer(FIN | ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10);
	we(ACK, .seq = ISS + 1, .ack = 12);
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 12);
	peer(ACK, .seq = 12, .ack = ISS + 2);
	at(100000);
	nothing();
	assert_int_equal(app_read(100), 10);
	app_close();
}

static void
time_wait_sends_no_keepalive(void **state)
{
	(void)state; /* MUST-26 */
	established();
	app_set(PLIM_O_KEEPALIVE, 1);
	app_set(PLIM_O_KEEPALIVE_IDLE_MS, 10000);
	app_set(PLIM_O_KEEPALIVE_INTERVAL_MS, 1000);
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
	we(ACK, .seq = ISS + 2, .ack = 2);
	at(59000);
	nothing();
	assert_int_equal(app_state(), PLIM_TIME_WAIT);
	at(61000);
	assert_int_equal(app_get(PLIM_O_ERROR), 0);
	app_close();
}

static void
an_older_ack_brings_no_window(void **state)
{
	(void)state; /* 9293:3.10.7.4/5d: only SND.UNA =< SEG.ACK */
	established();
	assert_int_equal(app_send(100), 100);
	we(ACK | PSH, .seq = ISS + 1, .len = 100);
	peer(ACK, .seq = 1, .ack = ISS + 101);
	peer(ACK | PSH, .seq = 11, .ack = ISS + 1, .len = 10, .wnd = 10);
	we(ACK, .seq = ISS + 101, .ack = 1);
	assert_int_equal(app_send(1000), 1000);
	we(ACK | PSH, .seq = ISS + 101, .len = 1000);
	peer(ACK, .seq = 1, .ack = ISS + 1101);
}

static void
an_old_syn_does_not_replace_the_half_open_one(void **state)
{
	(void)state; /* 9293:3.10.7.4/1: outside the window it is answered and dropped */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 50000, .mss = 1460);
	we(SYN | ACK, .ack = 50001);
	at(10);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .seq = ISS, .ack = 50001);
	peer(ACK, .seq = 50001, .ack = ISS + 1);
	nothing();
	assert_int_equal(count_state(PLIM_ESTABLISHED), 1);
}

static void
a_client_that_began_again_resets_the_half_open_one_first(void **state)
{
	(void)state; /* RFC 9293 §3.5.1 */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 50000, .mss = 1460);
	we(SYN | ACK, .ack = 50001);
	at(10);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 50001);
	peer(RST, .seq = 50001);
	assert_int_equal(count_state(PLIM_SYN_RECEIVED), 0);
	at(1010);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101);
	peer(ACK, .seq = 101, .ack = ISS + 1);
	nothing();
	assert_int_equal(count_state(PLIM_ESTABLISHED), 1);
}

static void
a_syn_ack_does_not_complete_a_passive_open(void **state)
{
	uint32_t iss;

	(void)state; /* 9293:3.10.7.4/4: the window of a SYN is not scaled, and it is no third step */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460, .ws_on = true, .ws = 7);
	we(SYN | ACK, .ack = 101);
	iss = ISS;
	peer(SYN | ACK, .seq = 100, .ack = iss + 1, .mss = 1460, .ws_on = true, .ws = 7);
	we(SYN | ACK, .seq = iss, .ack = 101);
	assert_int_equal(count_state(PLIM_ESTABLISHED), 0);
	peer(ACK, .seq = 101, .ack = iss + 1);
	assert_int_equal(count_state(PLIM_ESTABLISHED), 1);
}

static void
an_outdated_timestamp_does_not_hold_the_closing_form_up(void **state)
{
	plim_time days = 25ull * 24 * 3600 * 1000;

	(void)state; /* RFC 7323 §5.5 */
	established_with_options();
	at(days);
	(void)plim_poll(d.s, d.now, 100); /* nothing was due: it tells the time */
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 2, .ts = 99990, .ecr = d.last_tsval, .wnd = 512);
	nothing();
	assert_int_equal(count_state(PLIM_FIN_WAIT_2), 1);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 2, .ts = 99991, .ecr = d.last_tsval, .wnd = 512);
	we(ACK, .seq = ISS + 2, .ack = 2, .ecr = 99991);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
}

static void
a_timestamp_stays_outdated_after_50_days(void **state)
{
	plim_time days = 50ull * 24 * 3600 * 1000;

	(void)state; /* RFC 7323 §5.5: its age does not wrap with the milliseconds */
	established_with_options();
	at(days);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10, .ts = 99999, .ecr = d.last_tsval, .wnd = 512);
	assert_int_equal(app_read(10), 10);
	assert_int_equal(count_drop(PLIM_DROP_tcp_paws), 0);
	(void)ignore_rest();
	at(days + 100);
	(void)ignore_rest();
}

/* Active opens until no record is left. Returns how many. */
static unsigned
take_all_records(plim_h *h, unsigned most)
{
	unsigned n = 0;

	while (n < most) {
		struct plim_endpoint to = {d.family == 4 ? (struct plim_addr){{10, 0, 0, 77}, 4}
		                                         : (struct plim_addr){{0xfd, [15] = 77}, 6},
		                           (uint16_t)(1 + n / 10000)};

		if (plim_tcp_connect(d.s, &to, NULL, 0, &h[n]) != 0)
			break;
		n++;
	}
	return n;
}

static void
an_orphan_that_finds_no_room_for_its_small_form_has_a_deadline(void **state)
{
	static plim_h h[60000];
	unsigned n;

	(void)state; /* FIN_WAIT_2 without a handle ends after 60 s, in whatever form */
	start(2u << 20);
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460);
	we(SYN | ACK, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	app_accept();
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 2);
	at(5000); /* idle form */
	n = take_all_records(h, PL_COUNT(h));
	assert_true(n < PL_COUNT(h));
	assert_int_equal(plim_tcp_close(d.s, d.h), 0);
	for (unsigned i = 0; i < n; i++)
		(void)plim_tcp_abort(d.s, h[i]);
	at(70000);
	(void)ignore_rest();
	assert_int_equal(count_state(PLIM_FIN_WAIT_2), 0);
}

static void
a_probe_taken_after_the_window_opened_is_acknowledged_in_peace(void **state)
{
	(void)state; /* 9293:3.8.6.1: the octet of the probe was sent; SND.NXT does not go back over it */
	d.tolerance_ms = 15;
	established();
	peer(ACK, .seq = 1, .ack = ISS + 1, .no_wnd = true);
	assert_int_equal(app_send(1000), 1000);
	at(1000);
	we(ACK, .seq = ISS + 1, .len = 1);
	peer(ACK, .seq = 1, .ack = ISS + 1, .wnd = 100); /* crossed the probe: too small to be used at once */
	we(ACK, .seq = ISS + 1, .len = 1);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 2, .len = 10, .wnd = 99);
	assert_int_equal(app_read(10), 10);
	assert_int_equal(count_drop(PLIM_DROP_tcp_bad_ack), 0);
	at(5000);
	(void)ignore_rest();
	peer(ACK, .seq = 11, .ack = ISS + 101, .wnd = 5000);
	we(ACK | PSH, .seq = ISS + 101, .len = 900);
	peer(ACK, .seq = 11, .ack = ISS + 1001, .wnd = 5000);
}

static void
a_send_that_was_refused_is_forgotten_at_shutdown(void **state)
{
	struct pl_tcp_seg seg;
	plim_time when;
	unsigned wakes = 0;

	(void)state; /* nobody waits for room any more: an idle FIN_WAIT_2 does not wake the stack */
	established();
	while (app_send(1000) > 0)
		;
	app_shutdown();
	while (next_segment(&seg, &when))
		peer(ACK, .seq = 1, .ack = seg.seq + seg.len);
	assert_int_equal(app_state(), PLIM_FIN_WAIT_2);
	at(10000);
	while (plim_next_deadline(d.s) < d.now + MS(600 * 1000)) {
		d.now = PL_MAX(plim_next_deadline(d.s), d.now);
		(void)plim_poll(d.s, d.now, 100);
		assert_true(++wakes < 50);
	}
}

static void
an_orphan_before_a_shut_window_ends_after_its_time(void **state)
{
	unsigned probes = 0;

	(void)state; /* 9293:3.8.6.1 lets it; a window that stays shut does not hold an orphan for ever */
	d.tolerance_ms = 50;
	established();
	peer(ACK, .seq = 1, .ack = ISS + 1, .no_wnd = true);
	assert_int_equal(app_send(100), 100);
	app_close();
	nothing();
	for (unsigned s = 1; s <= 59; s++) {
		at(1000 * s);
		if (ignore_rest() > 0) {
			probes++;
			peer(ACK, .seq = 1, .ack = ISS + 1, .no_wnd = true);
		}
	}
	assert_true(probes >= 4);
	assert_int_equal(count_state(PLIM_FIN_WAIT_1), 1);
	at(60000);
	we(RST | ACK, .ack = 1);
	assert_int_equal(count_state(PLIM_FIN_WAIT_1), 0);
}

static void
a_drip_of_acks_does_not_keep_an_orphan(void **state)
{
	uint32_t taken = 0;

	(void)state; /* an octet for each probe: the deadline moves by what that is of all that is queued */
	d.tolerance_ms = 50;
	established();
	peer(ACK, .seq = 1, .ack = ISS + 1, .no_wnd = true);
	assert_int_equal(app_send(5000), 5000);
	app_close();
	nothing();
	for (unsigned s = 1; s <= 62; s++) {
		at(1000 * s);
		if (ignore_rest() > 0 && count_state(PLIM_FIN_WAIT_1) == 1)
			peer(ACK, .seq = 1, .ack = ISS + 1 + ++taken, .no_wnd = true);
	}
	assert_true(taken >= 4);
	assert_int_equal(count_state(PLIM_FIN_WAIT_1), 0);
}

/* Closed without anything to send: the small form at once. */
static void
close_at_once(void)
{
	d.conf.orphan_timeout_ms = 20000;
	d.conf.fin_wait_2_timeout_ms = 40000;
	established();
	at(5000); /* idle form */
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
}

static void
the_small_form_has_the_deadline_of_its_state(void **state)
{
	(void)state;
	close_at_once();
	at(24500);
	(void)ignore_rest();
	assert_int_equal(count_state(PLIM_FIN_WAIT_1), 1);
	at(26000);
	(void)ignore_rest();
	assert_int_equal(count_state(PLIM_FIN_WAIT_1), 0);
}

static void
fin_wait_2_of_the_small_form_has_its_whole_time(void **state)
{
	(void)state;
	close_at_once();
	at(20000);
	(void)ignore_rest();
	peer(ACK, .seq = 1, .ack = ISS + 2);
	at(59000);
	nothing();
	assert_int_equal(count_state(PLIM_FIN_WAIT_2), 1);
	at(61000);
	nothing();
	assert_int_equal(count_state(PLIM_FIN_WAIT_2), 0);
}

static void
text_of_a_syn_is_not_acknowledged_and_comes_again(void **state)
{
	(void)state; /* 9293:3.10.7.2: it may be left to a later segment */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .len = 10);
	we(SYN | ACK, .ack = 1);
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10);
	app_accept();
	assert_int_equal(app_read(100), 10);
	we(ACK, .ack = 11);
}

static void
urgent_text_is_told_to_the_parked_form(void **state)
{
	(void)state; /* MUST-32, MUST-33 */
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 10);
	at(5000);
	(void)ignore_rest();
	(void)app_events();
	peer(ACK | URG, .seq = 11, .ack = ISS + 1, .urg = 5);
	assert_true(app_events() & PLIM_EV_URGENT);
	assert_int_equal(app_get(PLIM_O_URGENT), 15);
	at(10000);
	assert_int_equal(app_get(PLIM_O_URGENT), 15);
	peer(ACK | PSH, .seq = 11, .ack = ISS + 1, .len = 5);
	assert_int_equal(app_read(100), 15);
	assert_int_equal(app_get(PLIM_O_URGENT), 0);
	at(10100);
	(void)ignore_rest();
}

static void
a_port_that_connects_to_itself_talks_to_itself(void **state)
{
	struct plim_endpoint self = {.port = 99};
	uint8_t got[10];

	(void)state; /* RFC 9293 §3.5, figure 7: a simultaneous open of one */
	begin();
	at(0);
	self.addr = d.family == 4 ? (struct plim_addr){{10, 0, 0, 2}, 4}
	                          : (struct plim_addr){{0x20, 1, 0xd, 0xb8, [15] = 2}, 6};
	assert_int_equal(plim_tcp_connect(d.s, &self, &self, 3, &d.h), 0);
	at(100);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	assert_int_equal(plim_send(d.s, d.h, "hello", 5, 0), 5);
	at(200);
	assert_int_equal(plim_recv(d.s, d.h, got, sizeof got), 5);
	assert_memory_equal(got, "hello", 5);
	at(300);
	app_close();
	at(400);
	nothing();
	assert_int_equal(count_state(PLIM_TIME_WAIT), 1);
}

static void
a_listener_that_is_closed_takes_its_half_open_ones_along(void **state)
{
	(void)state; /* 9293:3.10.4: CLOSE in LISTEN leaves nothing that goes on answering */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101);
	at(100);
	assert_int_equal(plim_tcp_close(d.s, d.listener), 0);
	at(5000);
	nothing();
	assert_int_equal(count_state(PLIM_SYN_RECEIVED), 0);
}

static void
a_simultaneous_close_with_text_delivers_it(void **state)
{
	(void)state; /* RFC 9293 §3.6, case 3: CLOSING still sends again what is not acknowledged */
	d.tolerance_ms = 15;
	established();
	assert_int_equal(app_send(100), 100);
	we(ACK | PSH, .seq = ISS + 1, .len = 100);
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 101);
	peer(FIN | ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 50);
	we(ACK, .seq = ISS + 102, .ack = 52);
	assert_int_equal(app_state(), PLIM_CLOSING);
	assert_int_equal(app_read(100), 50);
	at(1000);
	we(FIN | ACK | PSH, .seq = ISS + 1, .ack = 52, .len = 100);
	peer(ACK, .seq = 52, .ack = ISS + 101);
	at(1100);
	(void)ignore_rest();
	peer(ACK, .seq = 52, .ack = ISS + 102);
	assert_int_equal(app_state(), PLIM_TIME_WAIT);
	app_close();
}

static void
what_is_lent_stays_while_acks_come_and_time_goes(void **state)
{
	struct plim_span span[4];

	(void)state; /* plim_tx_reserve(): until the next call on that handle */
	established();
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .seq = ISS + 1, .len = 10);
	assert_int_equal(plim_tx_reserve(d.s, d.h, 100, span, 1), 100);
	peer(ACK, .seq = 1, .ack = ISS + 11);
	at(10000);
	nothing();
	for (unsigned i = 0; i < 100; i++)
		((uint8_t *)(uintptr_t)span[0].data)[i] = pattern(10 + i);
	assert_int_equal(plim_tx_commit(d.s, d.h, 100, 0), 0);
	d.sent += 100;
	at(10001);
	we(ACK | PSH, .seq = ISS + 11, .len = 100);
	peer(ACK, .seq = 1, .ack = ISS + 111);
}

static void
taking_no_octets_is_a_call_on_the_handle(void **state)
{
	struct plim_span span[4];
	plim_h h = {0, 0};

	(void)state; /* it ends what was lent, and finds the handle stale or the stream at its end */
	established();
	assert_int_equal(plim_tx_reserve(d.s, d.h, 100, span, 1), 100);
	assert_int_equal(plim_recv(d.s, d.h, NULL, 0), PLIM_EAGAIN);
	assert_int_equal(plim_tx_commit(d.s, d.h, 100, 0), PLIM_EINVAL);
	peer(ACK, .seq = 1, .ack = ISS + 1, .len = 10);
	assert_int_equal(plim_recv(d.s, d.h, NULL, 0), 0);
	assert_int_equal(app_read(10), 10);
	assert_int_equal(plim_recv(d.s, h, NULL, 0), PLIM_ESTALE);
	at(100);
	(void)ignore_rest();
}

static void
restarts_of_a_held_time_wait_end_too(void **state)
{
	(void)state; /* 4 MSL in all, also while the application keeps the handle */
	established();
	app_shutdown();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
	we(ACK, .seq = ISS + 2, .ack = 2);
	for (unsigned i = 1; i <= 11; i++) {
		at(10000 * i);
		peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
		(void)ignore_rest();
	}
	at(121500);
	assert_int_equal(count_state(PLIM_TIME_WAIT), 0);
	app_close();
}

static void
syns_in_time_wait_are_answered_in_measure(void **state)
{
	unsigned n = 0;

	(void)state; /* RFC 5961 §7 */
	established();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	peer(FIN | ACK, .seq = 1, .ack = ISS + 2);
	we(ACK, .seq = ISS + 2, .ack = 2);
	for (unsigned i = 0; i < 2000; i++) {
		peer(SYN | ACK, .seq = 1, .ack = 1);
		n += ignore_rest();
	}
	d.fin = 0;
	assert_in_range(n, 1, 1500);
}

static void
the_closing_form_answers_acks_in_measure(void **state)
{
	unsigned n = 0;

	(void)state; /* RFC 5961 §7, RFC 7323 §5.3: an ACK for an ACK could go on for ever */
	established_with_options();
	app_close();
	we(FIN | ACK, .seq = ISS + 1, .ack = 1);
	for (unsigned i = 0; i < 2000; i++) {
		peer(ACK, .seq = 1, .ack = ISS + 500, .wnd = 512);
		peer(ACK, .seq = 1, .ack = ISS + 1, .wnd = 512, .ts = 99000);
		n += ignore_rest();
	}
	assert_in_range(n, 1, 1500);
	assert_int_equal(count_state(PLIM_FIN_WAIT_1), 1);
	peer(RST, .seq = 1);
}

TESTS_MAIN(D(the_text_of_a_syn_ack_begins_after_its_syn), D(acks_count_after_a_fin_at_window_zero),
           D(a_handshake_whose_last_ack_has_no_timestamp_keeps_that_of_the_syn),
           D(text_out_of_order_completes_a_handshake_and_leaves_ts_recent),
           D(text_of_the_peer_does_not_put_off_the_override), D(old_text_is_acknowledged_in_the_closing_form),
           D(a_rst_after_both_fins_leaves_text_to_read), D(no_keepalive_once_both_sides_closed),
           D(time_wait_sends_no_keepalive), D(an_older_ack_brings_no_window),
           D(an_old_syn_does_not_replace_the_half_open_one),
           D(a_client_that_began_again_resets_the_half_open_one_first), D(a_syn_ack_does_not_complete_a_passive_open),
           D(an_outdated_timestamp_does_not_hold_the_closing_form_up), D(a_timestamp_stays_outdated_after_50_days),
           D(an_orphan_that_finds_no_room_for_its_small_form_has_a_deadline),
           D(a_probe_taken_after_the_window_opened_is_acknowledged_in_peace),
           D(a_send_that_was_refused_is_forgotten_at_shutdown), D(an_orphan_before_a_shut_window_ends_after_its_time),
           D(a_drip_of_acks_does_not_keep_an_orphan), D(the_small_form_has_the_deadline_of_its_state),
           D(fin_wait_2_of_the_small_form_has_its_whole_time), D(text_of_a_syn_is_not_acknowledged_and_comes_again),
           D(urgent_text_is_told_to_the_parked_form), D(a_port_that_connects_to_itself_talks_to_itself),
           D(a_listener_that_is_closed_takes_its_half_open_ones_along), D(a_simultaneous_close_with_text_delivers_it),
           D(what_is_lent_stays_while_acks_come_and_time_goes), D(taking_no_octets_is_a_call_on_the_handle),
           D(restarts_of_a_held_time_wait_end_too), D(syns_in_time_wait_are_answered_in_measure),
           D(the_closing_form_answers_acks_in_measure))
