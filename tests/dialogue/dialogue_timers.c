/* SPDX-License-Identifier: ISC */
/* Deadlines of quiet connections: keepalive (RFC 9293 §3.8.4), the idle form, its wakes. */
#include "dialogue.h"

#define HOUR (3600u * 1000u)

static void
an_idle_connection_is_silent_for_ever(void **state)
{
	(void)state; /* MUST-25 */
	established();
	at(30ull * 24 * HOUR);
	nothing();
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .seq = ISS + 1, .len = 10);
	peer(ACK, .seq = 1, .ack = ISS + 11);
}

static void
keepalive_begins_after_two_hours_and_ends_after_nine_probes(void **state)
{
	(void)state; /* MUST-24, MUST-26, MUST-28, MUST-29, SHLD-12 */
	d.tolerance_ms = 1100;
	established();
	app_set(PLIM_O_KEEPALIVE, 1);
	at(2 * HOUR - 2000);
	nothing();
	for (unsigned i = 0; i < 9; i++) {
		at(2 * HOUR + 75000 * i);
		we(ACK, .seq = ISS, .ack = 1); /* without text */
		assert_int_equal(app_state(), PLIM_ESTABLISHED);
	}
	at(2 * HOUR + 75000 * 9 + 3000);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ETIMEDOUT);
	assert_in_range(ignore_rest(), 0, 1);
	app_close();
}

static void
an_answer_to_a_keepalive_starts_the_wait_again(void **state)
{
	(void)state;
	d.tolerance_ms = 1100;
	established();
	app_set(PLIM_O_KEEPALIVE, 1);
	app_set(PLIM_O_KEEPALIVE_IDLE_MS, 10000); /* MUST-27 */
	app_set(PLIM_O_KEEPALIVE_INTERVAL_MS, 2000);
	app_set(PLIM_O_KEEPALIVE_PROBES, 3);
	at(10000);
	we(ACK, .seq = ISS, .ack = 1);
	at(12000);
	we(ACK, .seq = ISS, .ack = 1);
	at(12500);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	at(21000);
	nothing();
	at(22500);
	we(ACK, .seq = ISS, .ack = 1);
	at(24500);
	we(ACK, .seq = ISS, .ack = 1);
	at(26500);
	we(ACK, .seq = ISS, .ack = 1);
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	at(30000);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ETIMEDOUT);
	(void)ignore_rest();
	app_close();
}

static void
keepalive_is_switched_off_again(void **state)
{
	(void)state; /* MUST-24 */
	established();
	app_set(PLIM_O_KEEPALIVE, 1);
	app_set(PLIM_O_KEEPALIVE_IDLE_MS, 10000);
	at(5000);
	app_set(PLIM_O_KEEPALIVE, 0);
	at(HOUR);
	nothing();
}

static void
no_keepalive_while_text_is_unacknowledged(void **state)
{
	struct pl_tcp_seg s;
	plim_time when;

	(void)state; /* MUST-26: the retransmission timer is at work then */
	established();
	app_set(PLIM_O_KEEPALIVE, 1);
	app_set(PLIM_O_KEEPALIVE_IDLE_MS, 3000);
	app_set(PLIM_O_KEEPALIVE_INTERVAL_MS, 1000);
	assert_int_equal(app_send(10), 10);
	at(20000);
	while (next_segment(&s, &when))
		assert_int_equal(s.text.len, 10);
	peer(ACK, .seq = 1, .ack = ISS + 11);
}

static void
a_rst_answers_a_keepalive_of_a_dead_connection(void **state)
{
	(void)state;
	d.tolerance_ms = 1100;
	established();
	app_set(PLIM_O_KEEPALIVE, 1);
	app_set(PLIM_O_KEEPALIVE_IDLE_MS, 10000);
	at(10000);
	we(ACK, .seq = ISS, .ack = 1);
	peer(RST, .seq = 1);
	assert_int_equal(app_get(PLIM_O_ERROR), PLIM_ERESET);
	app_close();
}

static void
a_quiet_connection_shrinks_and_grows_again(void **state)
{
	struct plim_stats st;

	(void)state; /* DESIGN section 4: forms */
	established();
	peer(ACK | PSH, .seq = 1, .ack = ISS + 1, .len = 100);
	assert_int_equal(app_read(1000), 100);
	assert_int_equal(app_send(100), 100);
	at(50);
	(void)ignore_rest();
	peer(ACK, .seq = 101, .ack = ISS + 101);
	at(10000);
	plim_stats(d.s, &st);
	assert_int_equal(st.idle_form, 1);
	assert_int_equal(st.by_class[PLIM_CLASS_stream], 0);
	for (unsigned i = 0; i < 3; i++) { /* both directions, again and again */
		at(20000 + 10000 * i);
		peer(ACK | PSH, .seq = 101 + 10 * i, .ack = ISS + 101 + 10 * i, .len = 10);
		assert_int_equal(app_read(100), 10);
		assert_int_equal(app_send(10), 10);
		we(ACK | PSH, .seq = ISS + 101 + 10 * i, .ack = 111 + 10 * i, .len = 10);
		peer(ACK, .seq = 111 + 10 * i, .ack = ISS + 111 + 10 * i);
	}
	at(100000);
	nothing();
	plim_stats(d.s, &st);
	assert_int_equal(st.idle_form, 1);
}

static void
an_idle_stack_does_not_wake(void **state)
{
	unsigned wakes = 0;

	(void)state;
	established();
	at(10000);
	while (plim_next_deadline(d.s) < d.now + MS(600 * 1000)) {
		d.now = PL_MAX(plim_next_deadline(d.s), d.now);
		(void)plim_poll(d.s, d.now, 100);
		assert_true(++wakes < 50);
	}
}

/* A virtual machine stood still: the ACK lay in the card for ten seconds, its path is as short as ever. */
static void
a_pause_of_the_machine_is_no_round_trip(void **state)
{
	struct plim_conn_info before, after;

	(void)state;
	established();
	for (unsigned i = 0; i < 8; i++) {
		at(100 * i);
		assert_int_equal(app_send(100), 100);
		we(ACK | PSH, .seq = ISS + 1 + 100 * i, .ack = 1, .len = 100);
		at(100 * i + 20);
		peer(ACK, .seq = 1, .ack = ISS + 101 + 100 * i);
	}
	assert_int_equal(plim_conn_info(d.s, d.h, &before), PLIM_OK);
	assert_in_range(before.rto_ms, 1, 1999);
	assert_int_equal(app_send(100), 100);
	we(ACK | PSH, .seq = ISS + 801, .ack = 1, .len = 100);
	d.now += MS(10000); /* nobody asked for plim_poll() meanwhile */
	peer(ACK, .seq = 1, .ack = ISS + 901);
	assert_int_equal(plim_conn_info(d.s, d.h, &after), PLIM_OK);
	assert_int_equal(after.srtt_us, before.srtt_us);
	assert_int_equal(after.rto_ms, before.rto_ms);
	assert_int_equal(after.snd_queued, 0);
	assert_int_equal(app_send(100), 100); /* the next one counts again */
	we(ACK | PSH, .seq = ISS + 901, .ack = 1, .len = 100);
	d.now += MS(40);
	peer(ACK, .seq = 1, .ack = ISS + 1001);
	assert_int_equal(plim_conn_info(d.s, d.h, &after), PLIM_OK);
	assert_true(after.srtt_us > before.srtt_us);
}

TESTS_MAIN(D(an_idle_connection_is_silent_for_ever), D(keepalive_begins_after_two_hours_and_ends_after_nine_probes),
           D(an_answer_to_a_keepalive_starts_the_wait_again), D(keepalive_is_switched_off_again),
           D(no_keepalive_while_text_is_unacknowledged), D(a_rst_answers_a_keepalive_of_a_dead_connection),
           D(a_quiet_connection_shrinks_and_grows_again), D(an_idle_stack_does_not_wake),
           D(a_pause_of_the_machine_is_no_round_trip))
