/* SPDX-License-Identifier: ISC */
/* Refused memory, empty calls, and what fuzzing found there. */
#include "dialogue.h"

static void
an_empty_send_takes_nothing(void **state)
{
	(void)state;
	established();
	assert_int_equal(app_send(0), 0);
	assert_int_equal(app_send(10), 10);
	we(ACK | PSH, .seq = ISS + 1, .len = 10);
	peer(ACK, .seq = 1, .ack = ISS + 11);
	assert_int_equal(app_send(0), 0);
	nothing();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		D(an_empty_send_takes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
