/* SPDX-License-Identifier: ISC */
/* UDP sockets through raw frames: demultiplexing, bounds, checksums, both directions. */
#include "net_fixture.h"

static struct bench b;
static const uint8_t long_text[1400];

static int
setup(void **state)
{
	(void)state;
	bench_start(&b);
	return 0;
}
static int
teardown(void **state)
{
	(void)state;
	bench_end(&b);
	return 0;
}

static pl_id
open_on(uint16_t port)
{
	pl_id id = 0;

	assert_int_equal(pl_udp_open(&b.udp, PL_UDP_ANY_LADDR, 0, port, 0, &id), 0);
	return id;
}

static void
deliver(struct frame f)
{
	assert_int_equal(input_frame(&b, f), PL_NET_PKT);
	pl_udp_input(&b.udp, &b.pkt);
}

static bool
udp_output(void)
{
	b.out = (struct plim_frame){.data = b.out_octets, .cap = FRAME_CAP};
	return pl_udp_output(&b.udp, &b.out, &b.out_loop, b.core.now);
}

/* The UDP datagram in b.out, all checksums right. */
static struct pl_udp_hdr
out_udp(void)
{
	struct pl_cur c = pl_cur_of(b.out.data, b.out.len);
	struct pl_udp_hdr h;
	struct pl_eth eth;
	struct pl_ip4 ip4;
	struct pl_ip6 ip6;
	struct plim_addr src, dst;
	struct pl_span l4;

	assert_true(pl_eth_parse(&c, &eth));
	if (eth.type == PL_ETH_TYPE_IP4) {
		assert_int_equal(pl_ip4_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip4), PL_PARSED);
		src = ip4.src, dst = ip4.dst, l4 = ip4.payload;
	} else {
		assert_int_equal(pl_ip6_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip6), PL_PARSED);
		src = ip6.src, dst = ip6.dst, l4 = ip6.payload;
	}
	assert_true(pl_udp_parse(l4, &h));
	assert_int_not_equal(h.csum, 0);
	assert_true(pl_csum_is_valid(pl_csum_add(pl_csum_pseudo(&src, &dst, 17, h.len), l4.p, h.len)));
	return h;
}

static void
a_datagram_is_received_with_its_sender(void **state)
{
	struct plim_endpoint from;
	uint8_t data[100];
	pl_id s = open_on(7);

	(void)state;
	assert_int_equal(pl_udp_recv(&b.udp, s, data, sizeof data, &from), PLIM_EAGAIN);
	deliver(udp_frame(PEER4, US4, 1234, 7, "hello", 5));
	deliver(udp_frame(PEER6, US6, 1235, 7, "six", 3));
	assert_int_equal(pl_udp_readable(&b.udp, s), 5);
	assert_int_equal(pl_udp_recv(&b.udp, s, data, sizeof data, &from), 5);
	assert_memory_equal(data, "hello", 5);
	assert_int_equal(from.port, 1234);
	assert_true(pl_addr_equal(&from.addr, &PEER4));
	assert_int_equal(pl_udp_recv(&b.udp, s, data, 2, &from), 3); /* cut, the length told */
	assert_memory_equal(data, "si", 2);
	assert_true(pl_addr_equal(&from.addr, &PEER6));
	assert_int_equal(pl_udp_recv(&b.udp, s, data, sizeof data, NULL), PLIM_EAGAIN);
	pl_udp_close(&b.udp, s);
	assert_int_equal(b.core.mem.cls_live[PLIM_CLASS_udp], 0);
}

static void
echo_of_every_size(void **state)
{
	uint8_t data[1472], back[1472];
	pl_id s = open_on(7);

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 13);
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, PEER4, US4));
	for (size_t n = 0; n <= sizeof data; n++) {
		struct plim_endpoint from;

		deliver(udp_frame(PEER4, US4, 1234, 7, data, n));
		assert_int_equal(pl_udp_recv(&b.udp, s, back, sizeof back, &from), n);
		assert_int_equal(pl_udp_send(&b.udp, s, &from, back, n), n);
		assert_true(udp_output());
		struct pl_udp_hdr h = out_udp();
		assert_true(h.sport == 7 && h.dport == 1234);
		assert_int_equal(h.text.len, n);
		assert_memory_equal(h.text.p, data, n);
		assert_memory_equal(b.out.data, peer_mac, 6);
		assert_false(udp_output());
	}
	assert_int_equal(pl_udp_send(&b.udp, s, &(struct plim_endpoint){PEER4, 1}, data, 1473), PLIM_EMSGSIZE);
	pl_udp_close(&b.udp, s);
}

static void
checksum_zero_is_legal_on_ip4_only(void **state)
{
	struct frame f4 = udp_frame(PEER4, US4, 1, 7, "abc", 3), f6 = udp_frame(PEER6, US6, 1, 7, "abc", 3);
	pl_id s = open_on(7);

	(void)state;
	pl_store16(f4.p + 34 + 6, 0);
	pl_store16(f6.p + 54 + 6, 0);
	deliver(f4);
	deliver(f6);
	assert_int_equal(b.core.udp_in, 1);
	assert_int_equal(b.core.drops[PLIM_DROP_udp_checksum], 1);
	f4 = udp_frame(PEER4, US4, 1, 7, "abc", 3);
	f4.p[f4.n - 1] ^= 1;
	deliver(f4);
	assert_int_equal(b.core.drops[PLIM_DROP_udp_checksum], 2);
	assert_int_equal(input_flags(&b, f4.p, f4.n, PLIM_FRAME_CSUM_VALID, 0), PL_NET_PKT); /* the driver vouches */
	pl_udp_input(&b.udp, &b.pkt);
	assert_int_equal(b.core.udp_in, 2);
	pl_udp_close(&b.udp, s);
}

static void
a_checksum_that_comes_out_zero_is_sent_as_ones(void **state)
{
	struct plim_endpoint to = {PEER4, 1234};
	pl_id s = open_on(7);
	unsigned ones = 0;

	(void)state;
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, PEER4, US4));
	for (unsigned x = 0; x < 65536; x++) {
		uint8_t data[2] = {(uint8_t)(x >> 8), (uint8_t)x};

		assert_int_equal(pl_udp_send(&b.udp, s, &to, data, 2), 2);
		assert_true(udp_output());
		ones += out_udp().csum == 0xffff;
	}
	assert_int_equal(ones, 1); /* of 65535 residues one comes out zero */
	pl_udp_close(&b.udp, s);
}

static void
no_socket_is_told_the_sender(void **state)
{
	(void)state;
	deliver(udp_frame(PEER4, US4, 1, 7, "abc", 3));
	assert_int_equal(b.core.drops[PLIM_DROP_udp_no_port], 1);
	assert_true(output(&b));
	assert_int_equal(b.out.data[34], PL_ICMP4_UNREACHABLE);
	assert_int_equal(b.out.data[35], PL_UNREACH4_PORT);
	assert_false(output(&b));
}

static void
malformed_lengths_are_dropped(void **state)
{
	struct frame f = udp_frame(PEER4, US4, 1, 7, "abc", 3);

	(void)state;
	pl_store16(f.p + 34 + 4, 12);
	deliver(f);
	pl_store16(f.p + 34 + 4, 7);
	deliver(f);
	assert_int_equal(b.core.drops[PLIM_DROP_udp_malformed], 2);
}

static void
a_socket_bound_to_the_address_comes_before_one_bound_to_all(void **state)
{
	pl_id any = open_on(7), bound;
	uint8_t data[4];

	(void)state;
	assert_int_equal(pl_udp_open(&b.udp, 0, 4, 7, 0, &bound), PLIM_EADDRINUSE);
	pl_udp_close(&b.udp, any);
	assert_int_equal(pl_udp_open(&b.udp, 0, 4, 7, 0, &bound), 0);
	assert_int_equal(pl_udp_open(&b.udp, PL_UDP_ANY_LADDR, 6, 7, 0, &any), 0); /* the other family */
	deliver(udp_frame(PEER4, US4, 1, 7, "4", 1));
	deliver(udp_frame(PEER6, US6, 1, 7, "6", 1));
	assert_int_equal(pl_udp_recv(&b.udp, bound, data, 4, NULL), 1);
	assert_int_equal(data[0], '4');
	assert_int_equal(pl_udp_recv(&b.udp, any, data, 4, NULL), 1);
	assert_int_equal(data[0], '6');
	pl_udp_close(&b.udp, any);
	pl_udp_close(&b.udp, bound);
}

static void
a_queue_holds_its_limit_in_real_octets_and_drops_the_newest(void **state)
{
	uint64_t limit = b.core.mem.cls_cap[PLIM_CLASS_udp] / 4;
	uint8_t data[4] = {0};
	pl_id s = open_on(7), other = open_on(8);
	unsigned kept = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		data[0] = (uint8_t)i;
		deliver(udp_frame(PEER4, US4, 1, 7, data, 1));
		assert_true(b.core.mem.cls_octets[PLIM_CLASS_udp] <= b.core.mem.cls_cap[PLIM_CLASS_udp]);
	}
	assert_int_equal(b.core.udp_in, limit / (48 + 256)); /* a descriptor and a block for one octet */
	assert_int_equal(b.core.drops[PLIM_DROP_udp_queue_full], 1000 - b.core.udp_in);
	deliver(udp_frame(PEER4, US4, 1, 8, data, 1)); /* the other socket is not harmed */
	assert_int_equal(pl_udp_readable(&b.udp, other), 1);
	while (pl_udp_recv(&b.udp, s, data, 1, NULL) == 1)
		assert_int_equal(data[0], kept++); /* the oldest, in order */
	assert_int_equal(kept, limit / (48 + 256));
	pl_udp_close(&b.udp, s);
	pl_udp_close(&b.udp, other);
	assert_int_equal(b.core.mem.cls_live[PLIM_CLASS_udp], 0);
}

static void
all_sockets_together_hold_the_class_cap(void **state)
{
	pl_id s[12];
	uint8_t data[1] = {0};

	(void)state;
	for (unsigned i = 0; i < 12; i++)
		s[i] = open_on((uint16_t)(100 + i));
	for (unsigned i = 0; i < 12; i++)
		for (unsigned k = 0; k < 100; k++)
			deliver(udp_frame(PEER4, US4, 1, (uint16_t)(100 + i), data, 1));
	assert_true(b.core.drops[PLIM_DROP_udp_queue_full] > 0);
	assert_true(b.core.mem.cls_octets[PLIM_CLASS_udp] <= b.core.mem.cls_cap[PLIM_CLASS_udp]);
	for (unsigned i = 0; i < 12; i++)
		pl_udp_close(&b.udp, s[i]);
	assert_int_equal(b.core.mem.cls_live[PLIM_CLASS_udp], 0);
}

static void
sending_to_an_unknown_neighbour_waits_there(void **state)
{
	struct plim_endpoint to = {PEER4, 1234};
	pl_id s = open_on(7);

	(void)state;
	assert_int_equal(pl_udp_send(&b.udp, s, &to, (const uint8_t *)"first", 5), 5);
	assert_true(pl_udp_has_output(&b.udp));
	assert_false(udp_output());
	assert_false(pl_udp_has_output(&b.udp));
	assert_true(output(&b)); /* the request */
	know_peer4(&b, PEER4);
	assert_true(output(&b));
	assert_int_equal(out_udp().text.len, 5);
	assert_memory_equal(b.out.data, peer_mac, 6);
	pl_udp_close(&b.udp, s);
}

static void
a_full_send_queue_says_so_and_tells_when_there_is_room(void **state)
{
	struct plim_endpoint to = {PEER4, 1234};
	pl_id s = open_on(7), slot = pl_slot_open(&b.core, PL_SLOT_UDP, s);
	uint32_t bits;
	int64_t rc;

	(void)state;
	pl_udp_set_slot(&b.udp, s, slot);
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, PEER4, US4));
	while ((rc = pl_udp_send(&b.udp, s, &to, (const uint8_t *)"x", 1)) == 1)
		;
	assert_int_equal(rc, PLIM_EAGAIN);
	assert_int_equal(pl_slot_next_ready(&b.core, &bits), 0);
	assert_true(udp_output());
	assert_int_equal(pl_slot_next_ready(&b.core, &bits), slot);
	assert_int_equal(bits, PLIM_EV_WRITABLE);
	assert_int_equal(pl_udp_send(&b.udp, s, &to, (const uint8_t *)"x", 1), 1);
	pl_udp_close(&b.udp, s);
	pl_slot_close(&b.core, slot);
}

static void
sockets_take_turns(void **state)
{
	struct plim_endpoint to = {PEER4, 1234};
	pl_id s[3];

	(void)state;
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, PEER4, US4));
	for (unsigned i = 0; i < 3; i++) {
		s[i] = open_on((uint16_t)(10 + i));
		for (unsigned k = 0; k < 3; k++)
			(void)pl_udp_send(&b.udp, s[i], &to, (const uint8_t *)"x", 1);
	}
	for (unsigned k = 0; k < 9; k++) {
		assert_true(udp_output());
		assert_int_equal(out_udp().sport, 10 + k % 3);
	}
	assert_false(udp_output());
	(void)pl_udp_send(&b.udp, s[0], &to, (const uint8_t *)"x", 1);
	(void)pl_udp_send(&b.udp, s[1], &to, (const uint8_t *)"x", 1);
	pl_udp_close(&b.udp, s[0]); /* with something queued */
	assert_true(udp_output());
	assert_int_equal(out_udp().sport, 11);
	pl_udp_close(&b.udp, s[1]);
	pl_udp_close(&b.udp, s[2]);
}

static void
to_ourselves_through_the_loop(void **state)
{
	struct plim_endpoint to = {US4, 8}, from;
	pl_id a = open_on(7), z = open_on(8);
	uint8_t data[8];

	(void)state;
	assert_int_equal(pl_udp_send(&b.udp, a, &to, (const uint8_t *)"loop", 4), 4);
	assert_true(udp_output());
	assert_true(b.out_loop);
	assert_int_equal(
		pl_net_input_loop(&b.net, (struct pl_span){b.out.data + 14, b.out.len - 14}, 0, &b.pkt, &b.err),
		PL_NET_PKT);
	pl_udp_input(&b.udp, &b.pkt);
	assert_int_equal(pl_udp_recv(&b.udp, z, data, 8, &from), 4);
	assert_int_equal(from.port, 7);
	assert_true(pl_addr_equal(&from.addr, &US4));
	pl_udp_close(&b.udp, a);
	pl_udp_close(&b.udp, z);
}

static void
icmp_errors_reach_their_socket(void **state)
{
	struct plim_endpoint to = {PEER4, 1234};
	pl_id s = open_on(7), slot = pl_slot_open(&b.core, PL_SLOT_UDP, s);
	uint32_t bits = 0;
	uint8_t quoted[28];

	(void)state;
	pl_udp_set_slot(&b.udp, s, slot);
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, PEER4, US4));
	(void)pl_udp_send(&b.udp, s, &to, (const uint8_t *)"x", 1);
	assert_true(udp_output());
	memcpy(quoted, b.out.data + 14, 28);
	assert_int_equal(input_frame(&b, icmp_frame(PEER4, US4, 3, 3, 0, quoted, 28)), PL_NET_ERROR);
	pl_udp_icmp_error(&b.udp, &b.err);
	assert_int_equal(pl_slot_next_ready(&b.core, &bits), slot);
	assert_int_equal(bits, PLIM_EV_SOFT_ERROR);
	assert_int_equal(pl_udp_soft_error(&b.udp, s), PLIM_EREFUSED);
	assert_int_equal(pl_udp_soft_error(&b.udp, s), 0);
	b.err.lport = 9;
	pl_udp_icmp_error(&b.udp, &b.err);
	assert_int_equal(b.core.drops[PLIM_DROP_icmp_no_match], 1);
	pl_udp_close(&b.udp, s);
	pl_slot_close(&b.core, slot);
}

static void
random_ports_are_free_and_in_range(void **state)
{
	struct plim_endpoint bad = {PEER4, 0};
	pl_id s[100];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		s[i] = open_on(0);
		assert_in_range(pl_udp_port(&b.udp, s[i]), 49152, 65535);
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(pl_udp_port(&b.udp, s[i]), pl_udp_port(&b.udp, s[k]));
	}
	assert_int_equal(pl_udp_send(&b.udp, s[0], &bad, NULL, 0), PLIM_EINVAL);
	bad = (struct plim_endpoint){{.family = 4}, 7};
	assert_int_equal(pl_udp_send(&b.udp, s[0], &bad, NULL, 0), PLIM_EINVAL);
	for (unsigned i = 0; i < 100; i++)
		pl_udp_close(&b.udp, s[i]);
	b.core.conf.port_first = b.core.conf.port_last = 50000;
	s[0] = open_on(0);
	assert_int_equal(pl_udp_open(&b.udp, PL_UDP_ANY_LADDR, 0, 0, 0, &s[1]), PLIM_EADDRNOTAVAIL);
	pl_udp_close(&b.udp, s[0]);
}

/* E07: a flood to many sockets that nobody reads. */
static void
a_full_class_leaves_room_for_another_socket(void **state)
{
	uint64_t cap = b.core.mem.cls_cap[PLIM_CLASS_udp];
	pl_id ids[64];

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		ids[i] = open_on((uint16_t)(1000 + i));
	for (unsigned i = 0; i < 20000; i++) {
		deliver(udp_frame(PEER4, US4, 5, (uint16_t)(1000 + i % 63), "x", 1));
		assert_true(b.core.mem.cls_octets[PLIM_CLASS_udp] <= cap);
	}
	assert_int_equal(pl_udp_readable(&b.udp, ids[62]), 1);
	deliver(udp_frame(PEER4, US4, 5, 1063, "late", 4));
	assert_int_equal(pl_udp_readable(&b.udp, ids[63]), 4);
	assert_int_equal(b.core.drops[PLIM_DROP_udp_class_full], 0);
	assert_int_equal(b.core.drops[PLIM_DROP_udp_queue_full] + b.core.udp_in, 20001);
	for (unsigned i = 0; i < 64; i++)
		pl_udp_close(&b.udp, ids[i]);
}

static void
one_socket_holds_its_configured_part_and_many_share(void **state)
{
	uint64_t cap = b.core.mem.cls_cap[PLIM_CLASS_udp], one;
	pl_id a = open_on(1), c;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		deliver(udp_frame(PEER4, US4, 5, 1, "x", 1));
	one = b.core.mem.cls_live[PLIM_CLASS_udp];
	assert_true(one <= cap / 4 + 96 && one > cap / 5); /* its own limit comes first */
	b.core.conf.udp_queue_octets = cap;
	for (unsigned i = 0; i < 1000; i++)
		deliver(udp_frame(PEER4, US4, 5, 1, "x", 1));
	one = b.core.mem.cls_live[PLIM_CLASS_udp];
	assert_true(one <= cap / 3 + 2048 && one > cap / 3 - 4096); /* q = (cap - q) / 2 */
	c = open_on(2);
	assert_true(pl_udp_queue_limit(&b.udp) >= cap / 3 - 4096);
	pl_udp_close(&b.udp, a);
	pl_udp_close(&b.udp, c);
}

static void
the_oldest_gives_way_where_the_socket_wants_it_so(void **state)
{
	pl_id id = open_on(7);
	uint8_t got[2];
	uint64_t queued;

	(void)state;
	pl_udp_set_drop_oldest(&b.udp, id, true);
	for (unsigned i = 0; i < 1000; i++)
		deliver(udp_frame(PEER4, US4, 5, 7, (uint8_t[]){(uint8_t)(i >> 8), (uint8_t)i}, 2));
	queued = 1000 - b.core.drops[PLIM_DROP_udp_replaced];
	assert_int_equal(b.core.udp_in, 1000);
	assert_true(queued > 5 && queued < 500);
	for (uint64_t i = 1000 - queued; i < 1000; i++) {
		assert_int_equal(pl_udp_recv(&b.udp, id, got, 2, NULL), 2);
		assert_int_equal(pl_load16(got), i);
	}
	assert_int_equal(pl_udp_recv(&b.udp, id, got, 2, NULL), PLIM_EAGAIN);
	b.core.conf.udp_queue_octets = 600; /* a datagram that no queue may hold displaces nothing */
	deliver(udp_frame(PEER4, US4, 5, 7, "ab", 2));
	deliver(udp_frame(PEER4, US4, 5, 7, long_text, sizeof long_text));
	assert_int_equal(b.core.drops[PLIM_DROP_udp_queue_full], 1);
	assert_int_equal(pl_udp_readable(&b.udp, id), 2);
	pl_udp_close(&b.udp, id);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TESTS_MAIN(T(a_datagram_is_received_with_its_sender), T(echo_of_every_size), T(checksum_zero_is_legal_on_ip4_only),
           T(a_checksum_that_comes_out_zero_is_sent_as_ones), T(no_socket_is_told_the_sender),
           T(malformed_lengths_are_dropped), T(a_socket_bound_to_the_address_comes_before_one_bound_to_all),
           T(a_queue_holds_its_limit_in_real_octets_and_drops_the_newest), T(all_sockets_together_hold_the_class_cap),
           T(a_full_class_leaves_room_for_another_socket), T(one_socket_holds_its_configured_part_and_many_share),
           T(the_oldest_gives_way_where_the_socket_wants_it_so), T(sending_to_an_unknown_neighbour_waits_there),
           T(a_full_send_queue_says_so_and_tells_when_there_is_room), T(sockets_take_turns),
           T(to_ourselves_through_the_loop), T(icmp_errors_reach_their_socket), T(random_ports_are_free_and_in_range))
