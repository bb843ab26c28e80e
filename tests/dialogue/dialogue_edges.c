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

TESTS_MAIN(D(the_text_of_a_syn_ack_begins_after_its_syn), D(acks_count_after_a_fin_at_window_zero))
