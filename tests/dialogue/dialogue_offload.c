/* SPDX-License-Identifier: ISC */
/* Super-frames and checksums left to the driver, both ways; random ports; how the window of congestion grows. */
#include "dialogue.h"

static void
a_super_frame_in_is_one_segment_and_counts_as_many(void **state)
{
	(void)state; /* gso_size feeds the segment estimate and "ACK every second" */
	established();
	peer(ACK, .seq = 1, .ack = ISS + 1, .len = 1000);
	assert_int_equal(app_read(2000), 1000);
	at(50);
	(void)ignore_rest();
	d.in_gso_size = 1000;
	d.in_flags = PLIM_FRAME_NEEDS_CSUM;
	peer(ACK, .seq = 1001, .ack = ISS + 1, .len = 7500, .bad_checksum = true); /* vouched for */
	we(ACK, .ack = 8501);
	d.in_gso_size = 0;
	d.in_flags = 0;
	peer(ACK, .seq = 8501, .ack = ISS + 1, .len = 1000); /* one full segment: the estimate is still 1000 */
	nothing();
	at(95);
	assert_int_equal(ignore_rest(), 1);
	assert_int_equal(app_read(20000), 8500);
	(void)ignore_rest();
}

static void
checksums_are_left_to_a_driver_that_makes_them(void **state)
{
	(void)state;
	d.conf.ifaces[0].flags = PLIM_IF_CSUM_OUT;
	established();
	assert_int_equal(app_send(1000), 1000);
	we(ACK | PSH, .seq = ISS + 1, .len = 1000); /* the harness verified the sum */
	peer(ACK, .seq = 1, .ack = ISS + 1001);
}

static void
text_goes_out_in_super_frames_of_whole_segments(void **state)
{
	struct pl_tcp_seg s;
	plim_time when;
	uint32_t seq, all = 0;

	(void)state;
	d.conf.ifaces[0].flags = PLIM_IF_CSUM_OUT | PLIM_IF_TSO;
	d.conf.ifaces[0].gso_octets = 65535;
	established();
	seq = ISS + 1;
	assert_true(app_send(100000) >= 10 * MSS);
	while (next_segment(&s, &when)) {
		assert_int_equal(s.seq, seq);
		assert_true(s.text.len > MSS);
		assert_int_equal(s.text.len % MSS, 0);
		seq += (uint32_t)s.text.len;
		all += (uint32_t)s.text.len;
	}
	assert_int_equal(all, 10 * MSS); /* the initial window */
	peer(ACK, .seq = 1, .ack = seq);
	(void)ignore_rest();
	app_abort();
	(void)ignore_rest();
}

static void
a_lost_part_of_a_super_frame_is_repeated_alone(void **state)
{
	(void)state;
	d.conf.ifaces[0].flags = PLIM_IF_CSUM_OUT | PLIM_IF_TSO;
	d.conf.ifaces[0].gso_octets = 65535;
	established_with_sack();
	assert_true(app_send(8 * MSS) > 0);
	(void)ignore_rest();
	at(50);
	peer(ACK, .seq = 1, .ack = ISS + 1 + 2 * MSS, .n_sack = 1, .sack = {{ISS + 1 + 3 * MSS, ISS + 1 + 8 * MSS}});
	we(ACK, .seq = ISS + 1 + 2 * MSS, .len = MSS);
	nothing();
	peer(ACK, .seq = 1, .ack = ISS + 1 + 8 * MSS);
}

static void
hostile_offload_fields_do_no_harm(void **state)
{
	static const uint16_t sizes[] = {1, 7, 40, 1460, 65535};

	(void)state;
	established();
	for (unsigned i = 0; i < 5; i++) {
		d.in_gso_size = sizes[i];
		d.in_flags = 0xff;
		peer(ACK, .seq = 1 + 10 * i, .ack = ISS + 1, .len = 10);
		peer(SYN | FIN | RST | URG, .seq = 77, .len = 3, .rport = 9);
		d.irs = 0;
	}
	d.in_gso_size = 0;
	d.in_flags = 0;
	(void)app_read(100);
	at(100);
	(void)ignore_rest();
}

static void
the_window_of_congestion_doubles_then_grows_slowly(void **state)
{
	struct plim_conn_info info;
	uint32_t mss = MSS - 12, before = 0, rounds[12] = {0};

	(void)state; /* RFC 5681 §3.1, RFC 9438 */
	established_with_options();
	for (unsigned r = 0; r < 8; r++) {
		struct pl_tcp_seg s = {0};
		plim_time when;
		uint32_t end = 0;

		while (app_send(100000) > 0)
			;
		while (next_segment(&s, &when)) {
			end = s.seq + (uint32_t)s.text.len;
			rounds[r] += (uint32_t)s.text.len;
		}
		assert_int_equal(plim_conn_info(d.s, d.h, &info), 0);
		assert_true(info.cwnd >= before);
		before = info.cwnd;
		at(100 * (r + 1));
		for (uint32_t at_seq = end - rounds[r] + 2 * mss; pl_seq_lt(at_seq, end); at_seq += 2 * mss)
			peer(ACK, .seq = 1, .ack = at_seq, .wnd = 30000);
		peer(ACK, .seq = 1, .ack = end, .wnd = 30000);
	}
	assert_in_range(rounds[0], 9 * mss, 10 * mss);
	assert_true(rounds[2] > 2 * rounds[0]); /* slow start */
	app_abort();
	(void)ignore_rest();
}

static void
the_local_port_is_random_and_in_its_range(void **state)
{
	struct plim_endpoint to = {.port = 80};
	uint16_t seen[20];
	unsigned steps = 0;

	(void)state; /* RFC 6056 */
	begin();
	to.addr = d.family == 4 ? (struct plim_addr){{10, 0, 0, 9}, 4}
	                        : (struct plim_addr){{0x20, 1, 0xd, 0xb8, [15] = 9}, 6};
	d.mute = true;
	for (uint16_t i = 0; i < 20; i++) {
		plim_h h;
		int64_t port = 0;

		to.port = (uint16_t)(80 + i);
		assert_int_equal(plim_tcp_connect(d.s, &to, NULL, 0, &h), 0);
		assert_int_equal(plim_get(d.s, h, PLIM_O_LOCAL_PORT, &port), 0);
		assert_in_range(port, 49152, 65535);
		seen[i] = (uint16_t)port;
		steps += i > 0 && seen[i] - seen[i - 1] == 1;
	}
	assert_true(steps < 3);
	at(0);
	(void)ignore_rest();
}

TESTS_MAIN(D(a_super_frame_in_is_one_segment_and_counts_as_many), D(checksums_are_left_to_a_driver_that_makes_them),
           D(text_goes_out_in_super_frames_of_whole_segments), D(a_lost_part_of_a_super_frame_is_repeated_alone),
           D(hostile_offload_fields_do_no_harm), D(the_window_of_congestion_doubles_then_grows_slowly),
           D(the_local_port_is_random_and_in_its_range))
