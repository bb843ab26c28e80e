/* SPDX-License-Identifier: ISC */
/*
 * The whole stack as a series of frames, steps of time and calls.
 *
 * The input is a program: two octets choose a configuration, then one octet names an
 * operation and the next ones are its arguments; missing ones read as 0. Frames are made
 * near the live connections' numbers, which are learnt from what the stack sends. Checked
 * after each operation: every invariant (plim_check), that received octets are those the
 * peers sent and sent ones those the application gave; at the end: that the stack comes to
 * rest and that nothing is left in the arena.
 *
 * Its parts are in stack/: world (region, input, text), frames, segments and datagrams
 * (what the peers do), calls and streams (what the application does), watch (what is asked).
 */
#include "stack/parts.h"

#define MOST_STEPS 400

static void
step(void)
{
	static void (*const ops[])(void) = {
		op_segment, op_segment, op_segment,  op_handshake, op_stream, op_raw,     op_arp,       op_icmp,
		op_udp,     op_flood,   op_time,     op_time,      op_listen, op_connect, op_accept,    op_send,
		op_send,    op_reserve, op_commit,   op_recv,      op_recv,   op_peek,    op_close,     op_memory,
		op_option,  op_look,    op_udp_call, op_together,  op_stream, op_time,    op_handshake, op_accept};

	ops[u8() % PL_COUNT(ops)]();
	drain();
	check();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	world_begin(data, size);
	for (unsigned n = 0; f.p < f.end && n < MOST_STEPS; n++)
		step();
	finish();
	world_end();
	return 0;
}
