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

TESTS_MAIN(D(the_text_of_a_syn_ack_begins_after_its_syn))
