/* SPDX-License-Identifier: ISC */
/* Frames of one batch that continue each other are one segment inside; on the wire nobody may notice. */
#include "dialogue.h"

static void
the_short_end_of_several_segments_waits_for_their_ack(void **state)
{
	(void)state;
	established();
	assert_int_equal(app_send(MSS + 100), MSS + 100);
	we(ACK, .seq = ISS + 1, .len = MSS);
	nothing();
	peer(ACK, .seq = 1, .ack = ISS + 1 + MSS);
	we(ACK | PSH, .len = 100);
	peer(ACK, .seq = 1, .ack = ISS + 101 + MSS);
}

static void
a_train_that_fills_a_hole_is_acknowledged_at_once(void **state)
{
	(void)state;
	established_with_sack();
	peer(ACK, .seq = 1, .ack = ISS + 1, .len = MSS);
	peer(ACK, .seq = 1 + MSS, .ack = ISS + 1, .len = MSS);
	(void)ignore_rest();
	peer(ACK, .seq = 1 + 2 * MSS + 100, .ack = ISS + 1, .len = 100);
	(void)ignore_rest();
	batch_begin();
	for (uint32_t i = 0; i < 3; i++)
		peer(ACK, .seq = 1 + 2 * MSS + i * 100, .ack = ISS + 1, .len = 100);
	batch_end();
	we(ACK, .ack = 301 + 2 * MSS);
	(void)ignore_rest();
}

static void
a_frame_beyond_the_mtu_joins_no_train(void **state)
{
	(void)state;
	established();
	batch_begin();
	peer(ACK, .seq = 1, .ack = ISS + 1, .len = 1000);
	peer(ACK, .seq = 1001, .ack = ISS + 1, .len = 3000);
	batch_end();
	(void)ignore_rest();
	assert_int_equal(count_drop(PLIM_DROP_frame_too_long), 1);
	peer(ACK, .seq = 1001, .ack = ISS + 1, .len = 1000); /* what it carried was not taken */
	(void)ignore_rest();
}

static void
a_third_duplicate_ack_in_front_of_a_train_counts(void **state)
{
	(void)state;
	established();
	assert_int_equal(app_send(8 * MSS), 8 * MSS);
	(void)ignore_rest();
	peer(ACK, .seq = 1, .ack = ISS + 1);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	(void)ignore_rest();
	batch_begin();
	peer(ACK, .seq = 1, .ack = ISS + 1);
	peer(ACK, .seq = 1, .ack = ISS + 1 + MSS);
	peer(ACK, .seq = 1, .ack = ISS + 1 + 2 * MSS);
	batch_end();
	assert_int_equal(count_tcp(PLIM_TCP_fast_recoveries), 1);
	(void)ignore_rest();
}

static void
a_train_of_new_acks_opens_the_window_as_its_acks_would(void **state)
{
	unsigned first;

	(void)state;
	established();
	assert_int_equal(app_send(10 * MSS), 10 * MSS);
	first = ignore_rest();
	assert_int_equal(first, 10);
	batch_begin();
	for (uint32_t i = 1; i <= first; i++)
		peer(ACK, .seq = 1, .ack = ISS + 1 + i * MSS);
	batch_end();
	assert_true(app_send(40 * MSS) > 20 * MSS);
	assert_int_equal(ignore_rest(), 2 * first); /* slow start: one segment more for each acknowledged */
}

static void
text_beyond_the_edge_at_the_end_of_a_train_is_refused_aloud(void **state)
{
	uint32_t edge = 1 + 10 * MSS; /* the first window */

	(void)state;
	established();
	for (uint32_t seq = 1, len; seq < edge - 100; seq += len) {
		len = edge - 100 - seq < 1400 ? edge - 100 - seq : 1400;
		peer(ACK, .seq = seq, .ack = ISS + 1, .len = len);
		(void)ignore_rest();
	}
	at(500);
	(void)ignore_rest();
	batch_begin();
	peer(ACK, .seq = edge - 100, .ack = ISS + 1, .len = 100);
	peer(ACK, .seq = edge, .ack = ISS + 1, .len = 1);
	batch_end();
	we(ACK, .ack = edge);
	assert_int_equal(count_drop(PLIM_DROP_tcp_text_refused), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		D(the_short_end_of_several_segments_waits_for_their_ack),
		D(a_train_that_fills_a_hole_is_acknowledged_at_once),
		D(a_frame_beyond_the_mtu_joins_no_train),
		D(a_third_duplicate_ack_in_front_of_a_train_counts),
		D(a_train_of_new_acks_opens_the_window_as_its_acks_would),
		D(text_beyond_the_edge_at_the_end_of_a_train_is_refused_aloud),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
