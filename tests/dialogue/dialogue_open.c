/* SPDX-License-Identifier: ISC */
/* Opening: RFC 9293 §3.5, §3.10.1, §3.10.7.1 to §3.10.7.4 as far as SYNs go, SYN cache and cookies, MSS. */
#include "dialogue.h"

static void
passive_open_by_three_way_handshake(void **state)
{
	(void)state;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101, .mss = MSS);
	at(20);
	assert_int_equal(count_state(PLIM_SYN_RECEIVED), 1);
	peer(ACK, .seq = 101, .ack = ISS + 1);
	nothing();
	assert_true(app_events() & PLIM_EV_ACCEPT);
	app_accept();
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	assert_int_equal(count_state(PLIM_SYN_RECEIVED), 0);
}

static void
the_syn_ack_offers_only_what_was_offered(void **state)
{
	(void)state;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460, .sack_ok = true, .rport = 4001);
	we(SYN | ACK, .ack = 101, .sack_ok = true, .no_ts = true, .rport = 4001);
	peer(SYN, .seq = 100, .mss = 1460, .ts = 77, .rport = 4002);
	we(SYN | ACK, .ack = 101, .ecr = 77, .rport = 4002);
	d.mute = true;
	at(0);
	peer(RST, .seq = 101, .rport = 4001);
	peer(RST, .seq = 101, .rport = 4002);
}

static void
text_with_the_ack_of_the_handshake_is_taken(void **state)
{
	(void)state;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101);
	peer(ACK | PSH, .seq = 101, .ack = ISS + 1, .len = 10);
	app_accept();
	assert_int_equal(app_read(100), 10);
	we(ACK, .seq = ISS + 1, .ack = 111); /* once accepted the window is wider: told at once */
}

static void
a_repeated_syn_gets_the_same_syn_ack(void **state)
{
	uint32_t iss;

	(void)state;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101);
	iss = ISS;
	at(500);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .seq = iss, .ack = 101);
	peer(ACK, .seq = 101, .ack = iss + 1);
	assert_int_equal(count_state(PLIM_ESTABLISHED), 1);
}

static void
syn_ack_is_repeated_with_backoff_then_given_up(void **state)
{
	(void)state;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101);
	at(1000);
	we(SYN | ACK, .seq = ISS, .ack = 101);
	at(3000);
	we(SYN | ACK, .seq = ISS, .ack = 101);
	at(7000);
	we(SYN | ACK, .seq = ISS, .ack = 101);
	at(15000);
	we(SYN | ACK, .seq = ISS, .ack = 101);
	at(31000);
	we(SYN | ACK, .seq = ISS, .ack = 101);
	at(62900);
	assert_int_equal(count_state(PLIM_SYN_RECEIVED), 1);
	at(64000);
	nothing();
	assert_int_equal(count_state(PLIM_SYN_RECEIVED), 0);
	peer(ACK, .seq = 101, .ack = ISS + 1); /* too late: nobody knows it */
	we(RST, .seq = ISS + 1);
}

static void
rst_in_syn_received_returns_to_listen_in_silence(void **state)
{
	(void)state; /* MUST-11 */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101);
	peer(RST, .seq = 101);
	nothing();
	assert_int_equal(count_state(PLIM_SYN_RECEIVED), 0);
	assert_int_equal(app_events() & PLIM_EV_ACCEPT, 0);
	at(5000);
	nothing();
	peer(SYN, .seq = 900, .mss = 1460);
	we(SYN | ACK, .ack = 901);
	peer(RST, .seq = 901);
}

static void
rst_outside_in_syn_received_changes_nothing(void **state)
{
	(void)state;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101);
	peer(RST, .seq = 100);
	peer(RST, .seq = 101 + 100000);
	nothing();
	peer(ACK, .seq = 101, .ack = ISS + 1);
	assert_int_equal(count_state(PLIM_ESTABLISHED), 1);
}

static void
unacceptable_ack_in_syn_received_is_reset(void **state)
{
	(void)state; /* 9293:3.10.7.4/5a */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101);
	peer(ACK, .seq = 101, .ack = ISS + 2);
	we(RST, .seq = ISS + 2);
	peer(ACK, .seq = 101, .ack = ISS);
	we(RST, .seq = ISS);
	peer(ACK, .seq = 101, .ack = ISS + 1);
	nothing();
	assert_int_equal(count_state(PLIM_ESTABLISHED), 1);
}

static void
active_open(void **state)
{
	(void)state;
	begin();
	at(0);
	app_connect();
	we(SYN, .mss = MSS, .ws_on = true, .sack_ok = true);
	assert_int_equal(app_state(), PLIM_SYN_SENT);
	at(30);
	peer(SYN | ACK, .seq = 500, .ack = ISS + 1, .mss = 1400);
	we(ACK, .seq = ISS + 1, .ack = 501, .no_ts = true);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	assert_true(app_events() & PLIM_EV_CONNECTED);
	assert_int_equal(app_send(2000), 2000);
	we(ACK, .seq = ISS + 1, .len = 1400); /* the peer's MSS (MUST-14) */
	peer(ACK, .seq = 501, .ack = ISS + 1401);
	we(ACK | PSH, .seq = ISS + 1401, .len = 600);
	peer(ACK, .seq = 501, .ack = ISS + 2001);
}

static void
active_syn_is_repeated_for_three_minutes(void **state)
{
	static const unsigned due[] = {0, 1000, 3000, 7000, 15000, 31000, 63000, 123000};

	(void)state; /* MUST-23 */
	begin();
	at(0);
	app_connect();
	for (unsigned i = 0; i < 8; i++) {
		at(due[i]);
		we(SYN);
		assert_int_equal(app_state(), PLIM_SYN_SENT);
	}
	at(179000);
	nothing();
	assert_int_equal(app_state(), PLIM_SYN_SENT);
	at(184000);
	nothing();
	assert_true(app_events() & PLIM_EV_CLOSED);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ETIMEDOUT);
	app_close();
}

static void
user_timeout_limits_the_active_open(void **state)
{
	(void)state; /* MUST-21, MUST-22 */
	begin();
	at(0);
	app_connect();
	we(SYN);
	app_set(PLIM_O_USER_TIMEOUT_MS, 5000);
	at(1000);
	we(SYN);
	at(3000);
	we(SYN);
	at(6000);
	nothing();
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ETIMEDOUT);
	app_close();
}

static void
rst_refuses_the_active_open(void **state)
{
	(void)state;
	begin();
	at(0);
	app_connect();
	we(SYN);
	peer(RST | ACK, .seq = 0, .ack = ISS + 1);
	nothing();
	assert_true(app_events() & PLIM_EV_CLOSED);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_EREFUSED);
	app_close();
}

static void
rst_without_an_acceptable_ack_is_ignored_in_syn_sent(void **state)
{
	(void)state; /* 9293:3.10.7.3/2 */
	begin();
	at(0);
	app_connect();
	we(SYN);
	peer(RST, .seq = 0);
	peer(RST | ACK, .seq = 0, .ack = ISS + 5);
	nothing();
	assert_int_equal(app_state(), PLIM_SYN_SENT);
	app_close();
	nothing();
}

static void
bad_ack_in_syn_sent_is_reset(void **state)
{
	(void)state; /* 9293:3.10.7.3/1 */
	begin();
	at(0);
	app_connect();
	we(SYN);
	peer(SYN | ACK, .seq = 500, .ack = ISS, .mss = 1460);
	we(RST, .seq = ISS);
	peer(SYN | ACK, .seq = 500, .ack = ISS + 2, .mss = 1460);
	we(RST, .seq = ISS + 2);
	peer(ACK, .seq = 500, .ack = ISS + 1); /* neither SYN nor RST: dropped */
	nothing();
	assert_int_equal(app_state(), PLIM_SYN_SENT);
	app_close();
}

static void
simultaneous_open(void **state)
{
	(void)state; /* MUST-10 */
	begin();
	at(0);
	app_connect();
	we(SYN);
	peer(SYN, .seq = 700, .mss = 1460);
	we(SYN | ACK, .seq = ISS, .ack = 701);
	assert_int_equal(app_state(), PLIM_SYN_RECEIVED);
	peer(SYN | ACK, .seq = 700, .ack = ISS + 1, .mss = 1460);
	at(40);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	(void)ignore_rest(); /* an ACK may go, or not */
	assert_int_equal(app_send(5), 5);
	we(ACK | PSH, .seq = ISS + 1, .ack = 701, .len = 5);
	peer(ACK | PSH, .seq = 701, .ack = ISS + 6, .len = 5);
	assert_int_equal(app_read(10), 5);
	at(80);
	we(ACK, .seq = ISS + 6, .ack = 706);
}

static void
rst_in_syn_received_of_a_simultaneous_open_refuses(void **state)
{
	(void)state; /* MUST-11 */
	begin();
	at(0);
	app_connect();
	we(SYN);
	peer(SYN, .seq = 700, .mss = 1460);
	we(SYN | ACK, .seq = ISS, .ack = 701);
	peer(RST, .seq = 701);
	nothing();
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_EREFUSED);
	app_close();
}

static void
port_without_listener_is_reset(void **state)
{
	(void)state; /* 9293:3.10.7.1 */
	begin();
	at(0);
	peer(SYN, .seq = 100, .lport = 99);
	we(RST | ACK, .ack = 101, .lport = 99);
	peer(ACK, .seq = 100, .ack = 777, .lport = 99);
	we(RST, .seq = 777, .lport = 99);
	peer(PSH, .seq = 100, .len = 10, .lport = 99);
	we(RST | ACK, .ack = 110, .lport = 99);
	peer(FIN, .seq = 100, .len = 10, .lport = 99);
	we(RST | ACK, .ack = 111, .lport = 99);
	peer(RST, .seq = 100, .lport = 99); /* MUST NOT answer a RST */
	nothing();
}

static void
listen_resets_an_ack_and_ignores_a_rst(void **state)
{
	(void)state; /* 9293:3.10.7.2 */
	begin();
	app_listen();
	at(0);
	peer(RST, .seq = 1);
	nothing();
	peer(ACK, .seq = 1, .ack = 4242);
	we(RST, .seq = 4242);
	peer(SYN | ACK, .seq = 1, .ack = 4242);
	we(RST, .seq = 4242);
	peer(PSH, .seq = 1, .len = 3);
	nothing();
}

static void
syn_from_or_to_a_group_and_from_ourselves_is_ignored(void **state)
{
	(void)state; /* MUST-57, MUST-63, LAND */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .to_broadcast = true);
	peer(SYN, .seq = 100, .from_broadcast = true);
	peer(SYN, .seq = 100, .from_self = true, .rport = OUR_PORT);
	nothing();
	assert_int_equal(count_state(PLIM_SYN_RECEIVED), 0);
}

static void
without_an_mss_option_536_or_1220_is_assumed(void **state)
{
	(void)state; /* MUST-15 */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0);
	we(SYN | ACK, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	app_accept();
	assert_int_equal(app_send(DEFAULT_MSS + 10), DEFAULT_MSS + 10);
	we(ACK, .seq = ISS + 1, .len = DEFAULT_MSS);
	peer(ACK, .seq = 1, .ack = ISS + 1 + DEFAULT_MSS);
	we(ACK | PSH, .len = 10);
	peer(ACK, .seq = 1, .ack = ISS + 1 + DEFAULT_MSS + 10);
}

static void
a_tiny_mss_is_raised_to_the_floor(void **state)
{
	(void)state;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 10);
	we(SYN | ACK, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	app_accept();
	d.peer_mss = 216;
	assert_int_equal(app_send(300), 300);
	we(ACK, .seq = ISS + 1, .len = 216);
	peer(ACK, .seq = 1, .ack = ISS + 217);
	we(ACK | PSH, .len = 84);
	peer(ACK, .seq = 1, .ack = ISS + 301);
}

static void
odd_options_do_no_harm(void **state)
{
	static const uint8_t unknown[] = {253, 4, 1, 2, 34, 2, 1, 2, 4, 5, 0xb4, 30, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t broken[] = {2, 4, 5, 0xb4, 8, 0, 0, 0};
	static const uint8_t beyond[] = {2, 4, 5, 0xb4, 254, 40, 0, 0};

	(void)state; /* MUST-5, MUST-6, MUST-7 */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .options = unknown, .n_options = sizeof unknown);
	we(SYN | ACK, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 1, .options = broken, .n_options = sizeof broken);
	app_accept();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 5, .options = beyond, .n_options = sizeof beyond);
	assert_int_equal(app_read(9), 5);
	we(ACK, .ack = 6);
}

static void
a_bad_checksum_is_silence(void **state)
{
	(void)state; /* MUST-3 */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .bad_checksum = true);
	peer(ACK, .seq = 0, .ack = 3, .bad_checksum = true, .lport = 99);
	nothing();
	assert_int_equal(count_drop(PLIM_DROP_tcp_checksum), 2);
}

static void
with_cookies_nothing_is_remembered_and_the_ack_opens(void **state)
{
	(void)state;
	d.conf.syn_cookies = 2;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101);
	assert_int_equal(count_state(PLIM_SYN_RECEIVED), 0);
	at(5000);
	nothing(); /* nor repeated */
	peer(ACK, .seq = 101, .ack = ISS + 1);
	nothing();
	app_accept();
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	assert_int_equal(app_send(3000), 3000);
	at(5000);
	for (unsigned n = ignore_rest(); n < 2; n++)
		fail();
	peer(ACK, .seq = 101, .ack = ISS + 3001);
	(void)ignore_rest();
	at(5500);
	peer(ACK, .seq = 101, .ack = ISS + 3001);
	(void)ignore_rest();
}

static void
text_opens_by_its_cookie_when_the_last_ack_was_lost(void **state)
{
	(void)state; /* who speaks first does not hang, though nobody repeats the SYN-ACK */
	d.conf.syn_cookies = 2;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101);
	at(1200);
	peer(ACK | PSH, .seq = 101, .ack = ISS + 1, .len = 10);
	app_accept();
	assert_int_equal(app_read(100), 10);
	we(ACK, .seq = ISS + 1, .ack = 111);
}

static void
without_an_mss_option_a_cookie_carries_the_default(void **state)
{
	(void)state; /* MUST-15 */
	d.conf.syn_cookies = 2;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100);
	we(SYN | ACK, .ack = 101);
	peer(ACK, .seq = 101, .ack = ISS + 1);
	app_accept();
	assert_int_equal(app_send(2 * DEFAULT_MSS), 2 * DEFAULT_MSS);
	we(ACK, .seq = ISS + 1, .len = DEFAULT_MSS);
	we(ACK | PSH, .seq = ISS + 1 + DEFAULT_MSS, .len = DEFAULT_MSS);
	peer(ACK, .seq = 101, .ack = ISS + 1 + 2 * DEFAULT_MSS);
}

static void
a_wrong_cookie_is_reset(void **state)
{
	(void)state;
	d.conf.syn_cookies = 2;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101);
	peer(ACK, .seq = 101, .ack = ISS + 2);
	we(RST, .seq = ISS + 2);
	peer(ACK, .seq = 102, .ack = ISS + 1); /* another IRS */
	we(RST, .seq = ISS + 1);
	at(600000); /* ten minutes later it is no longer good */
	peer(ACK, .seq = 101, .ack = ISS + 1);
	we(RST, .seq = ISS + 1);
}

static void
options_survive_a_cookie_through_the_timestamp(void **state)
{
	(void)state;
	d.conf.syn_cookies = 2;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .ws_on = true, .ws = 7, .sack_ok = true, .ts = 100000);
	we(SYN | ACK, .ack = 1, .ws_on = true, .sack_ok = true, .ecr = 100000);
	at(10);
	peer(ACK, .seq = 1, .ack = ISS + 1, .wnd = 512);
	app_accept();
	peer(ACK | PSH, .seq = 101, .ack = ISS + 1, .len = 50, .wnd = 512); /* a hole: SACK shows */
	we(ACK, .ack = 1, .n_sack = 1, .sack = {{101, 151}});
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 100, .wnd = 512);
	we(ACK, .ack = 151);
	assert_int_equal(app_read(200), 150);
	assert_int_equal(app_send(4000), 4000); /* more than 512 octets: the scale is known */
	at(10);
	assert_true(ignore_rest() >= 2);
	peer(ACK, .seq = 151, .ack = ISS + 4001, .wnd = 512);
	(void)ignore_rest();
}

static void
the_listeners_backlog_refuses_in_silence(void **state)
{
	(void)state;
	d.conf.backlog = 2;
	d.mute = true;
	begin();
	app_listen();
	at(0);
	for (uint16_t i = 0; i < 2; i++) {
		peer(SYN, .seq = 0, .mss = 1460, .rport = (uint16_t)(5000 + i));
		we(SYN | ACK, .ack = 1, .rport = (uint16_t)(5000 + i));
		peer(ACK, .seq = 1, .ack = ISS + 1, .rport = (uint16_t)(5000 + i));
	}
	peer(SYN, .seq = 0, .mss = 1460, .rport = 6000);
	nothing();
	assert_int_equal(count_drop(PLIM_DROP_syn_backlog), 1);
	app_accept();
	at(1000);
	peer(SYN, .seq = 0, .mss = 1460, .rport = 6000); /* its repetition finds room */
	we(SYN | ACK, .ack = 1, .rport = 6000);
	peer(RST, .seq = 1, .rport = 6000);
}

static void
isn_rises_with_time_and_differs_by_tuple(void **state)
{
	uint32_t first, second, other;

	(void)state; /* MUST-8, SHLD-1 */
	d.mute = true;
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460);
	we(SYN | ACK);
	first = ISS;
	peer(RST, .seq = 1);
	peer(SYN, .seq = 0, .mss = 1460, .rport = 4001);
	we(SYN | ACK, .rport = 4001);
	other = ISS;
	peer(RST, .seq = 1, .rport = 4001);
	at(1000);
	peer(SYN, .seq = 0, .mss = 1460);
	we(SYN | ACK);
	second = ISS;
	peer(RST, .seq = 1);
	assert_in_range(second - first, 1000000 / 8, 1000000); /* 4 microseconds a step, or a little faster or slower */
	assert_true(other - first > 1000 && first - other > 1000);
}

static void
the_isn_of_a_seed_is_the_same_on_every_host(void **state)
{
	(void)state; /* keys and what is hashed do not depend on the order of octets in memory */
	established();
	assert_int_equal(ISS, d.family == 4 ? 0xa84f066a : 0x366c3004);
}

static void
a_new_syn_with_another_sequence_replaces_the_half_open_one(void **state)
{
	(void)state; /* 9293:3.10.7.4/4: a SYN in the window of a passive SYN_RECEIVED goes back to LISTEN */
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 100, .mss = 1460);
	we(SYN | ACK, .ack = 101);
	at(10);
	peer(SYN, .seq = 2000, .mss = 1460);
	we(SYN | ACK, .ack = 2001);
	peer(ACK, .seq = 2001, .ack = ISS + 1);
	nothing();
	assert_int_equal(count_state(PLIM_ESTABLISHED), 1);
}

static void
connecting_to_a_group_is_refused_by_the_call(void **state)
{
	struct plim_endpoint to = {{{10, 0, 0, 255}, 4}, 80};
	plim_h h;

	(void)state; /* MUST-46 */
	begin();
	assert_int_equal(plim_tcp_connect(d.s, &to, NULL, 0, &h), PLIM_EINVAL);
	to.addr.octets[0] = 224;
	assert_int_equal(plim_tcp_connect(d.s, &to, NULL, 0, &h), PLIM_EINVAL);
	to.addr = (struct plim_addr){{0xff, 2, [15] = 1}, 6};
	assert_int_equal(plim_tcp_connect(d.s, &to, NULL, 0, &h), PLIM_EINVAL);
}

static void
a_hard_icmp_error_ends_an_opening_connection(void **state)
{
	(void)state; /* SHLD-26 */
	begin();
	at(0);
	app_connect();
	we(SYN);
	peer_icmp(d.family == 4 ? 3 : 1, d.family == 4 ? 3 : 4, 0, ISS + 100); /* outside: ignored (RFC 5927) */
	assert_int_equal(app_state(), PLIM_SYN_SENT);
	peer_icmp(d.family == 4 ? 3 : 1, d.family == 4 ? 1 : 0, 0, ISS); /* soft: goes on (MUST-56) */
	assert_int_equal(app_state(), PLIM_SYN_SENT);
	assert_true(app_events() & PLIM_EV_SOFT_ERROR);
	peer_icmp(d.family == 4 ? 3 : 1, d.family == 4 ? 3 : 4, 0, ISS);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_EREFUSED);
	app_close();
	nothing();
}

TESTS_MAIN(D(passive_open_by_three_way_handshake), D(the_syn_ack_offers_only_what_was_offered),
           D(text_with_the_ack_of_the_handshake_is_taken), D(a_repeated_syn_gets_the_same_syn_ack),
           D(syn_ack_is_repeated_with_backoff_then_given_up), D(rst_in_syn_received_returns_to_listen_in_silence),
           D(rst_outside_in_syn_received_changes_nothing), D(unacceptable_ack_in_syn_received_is_reset), D(active_open),
           D(active_syn_is_repeated_for_three_minutes), D(user_timeout_limits_the_active_open),
           D(rst_refuses_the_active_open), D(rst_without_an_acceptable_ack_is_ignored_in_syn_sent),
           D(bad_ack_in_syn_sent_is_reset), D(simultaneous_open), D(rst_in_syn_received_of_a_simultaneous_open_refuses),
           D(port_without_listener_is_reset), D(listen_resets_an_ack_and_ignores_a_rst),
           D(syn_from_or_to_a_group_and_from_ourselves_is_ignored), D(without_an_mss_option_536_or_1220_is_assumed),
           D(a_tiny_mss_is_raised_to_the_floor), D(odd_options_do_no_harm), D(a_bad_checksum_is_silence),
           D(with_cookies_nothing_is_remembered_and_the_ack_opens),
           D(text_opens_by_its_cookie_when_the_last_ack_was_lost),
           D(without_an_mss_option_a_cookie_carries_the_default), D(a_wrong_cookie_is_reset),
           D(options_survive_a_cookie_through_the_timestamp), D(the_listeners_backlog_refuses_in_silence),
           D(the_isn_of_a_seed_is_the_same_on_every_host), D(isn_rises_with_time_and_differs_by_tuple),
           D(a_new_syn_with_another_sequence_replaces_the_half_open_one),
           D(connecting_to_a_group_is_refused_by_the_call), D(a_hard_icmp_error_ends_an_opening_connection))
