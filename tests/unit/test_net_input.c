/* SPDX-License-Identifier: ISC */
/* What the network layer takes, what it refuses and why; through raw frames. */
#include "net_fixture.h"

#define DROPPED(b, reason) assert_int_equal((b)->core.drops[PLIM_DROP_##reason], 1)

static struct bench b;

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

static struct frame
tcp_frame(struct plim_addr src, struct plim_addr dst)
{
	static const uint8_t syn[20] = {0x10, 0, 0, 80, [12] = 0x50, [13] = PL_TH_SYN};

	return ip_frame((struct ip_spec){.src = src, .dst = dst, .proto = 6, .text = syn, .len = 20, .csum_at = 16});
}

static void
a_segment_for_us_is_handed_up(void **state)
{
	struct frame f = tcp_frame(PEER4, US4);

	(void)state;
	memset(f.p + f.n, 0, 6); /* link padding to 60 octets */
	assert_int_equal(input(&b, f.p, f.n + 6), PL_NET_PKT);
	assert_int_equal(b.pkt.proto, 6);
	assert_int_equal(b.pkt.l4.len, 20);
	assert_int_equal(b.pkt.ip.len, 40);
	assert_int_equal(b.pkt.laddr, 0);
	assert_false(b.pkt.not_unicast);
	assert_false(b.pkt.csum_ok);
	assert_memory_equal(b.pkt.src_mac, peer_mac, 6);
	f = tcp_frame(PEER6, US6);
	assert_int_equal(input_flags(&b, f.p, f.n, PLIM_FRAME_CSUM_VALID, 0), PL_NET_PKT);
	assert_int_equal(b.pkt.laddr, 1);
	assert_int_equal(b.pkt.l4.len, 20);
	assert_true(b.pkt.csum_ok);
	assert_int_equal(drops(&b), 0);
}

static void
a_frame_for_another_mac_is_dropped_before_anything_answers(void **state)
{
	static const uint8_t other[6] = {2, 0, 0, 0, 0, 3};
	struct frame f = icmp_frame(PEER4, US4, PL_ICMP4_ECHO, 0, 0x00010001, NULL, 0);

	(void)state;
	memcpy(f.p, other, 6);
	assert_int_equal(input_frame(&b, f), PL_NET_DONE);
	DROPPED(&b, eth_not_for_us);
	f = arp_frame(PL_ARP_REQUEST, other, peer_mac, PEER4, US4);
	assert_int_equal(input_frame(&b, f), PL_NET_DONE);
	assert_int_equal(b.core.drops[PLIM_DROP_eth_not_for_us], 2);
	assert_false(output(&b));
}

static void
a_group_mac_as_source_is_refused(void **state)
{
	struct frame f = arp_frame(PL_ARP_REQUEST, all_mac, all_mac, PEER4, US4);

	(void)state;
	input_frame(&b, f);
	DROPPED(&b, eth_source);
	assert_false(output(&b));
}

static void
frame_checks_have_their_reasons(void **state)
{
	uint8_t big[14 + MTU + 1] = {0};
	struct frame f = tcp_frame(PEER4, US4);
	struct plim_frame raw = {.data = f.p, .len = (uint32_t)f.n, .iface = 1};

	(void)state;
	for (size_t n = 0; n < 14; n++)
		input(&b, f.p, n);
	assert_int_equal(b.core.drops[PLIM_DROP_eth_truncated], 14);
	assert_int_equal(pl_net_input(&b.net, &raw, 0, &b.pkt, &b.err), PL_NET_DONE);
	DROPPED(&b, iface_unknown);
	memcpy(big, f.p, f.n);
	input(&b, big, sizeof big);
	DROPPED(&b, frame_too_long);
	assert_int_equal(input_flags(&b, big, sizeof big, PLIM_FRAME_NEEDS_CSUM, 1000), PL_NET_PKT);
	assert_int_equal(b.pkt.gso_size, 1000);
	f.p[12] = 0x88;
	input_frame(&b, f);
	DROPPED(&b, eth_type);
}

static void
ip4_martians_and_strangers_are_refused(void **state)
{
	static const uint8_t sources[][4] = {{0, 0, 0, 0},    {0, 1, 2, 3},   {127, 0, 0, 1},
	                                     {224, 0, 0, 1},  {240, 0, 0, 1}, {255, 255, 255, 255},
	                                     {10, 0, 0, 255}, {10, 0, 0, 0},  {10, 0, 0, 2}};

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(sources); i++) {
		assert_int_equal(input_frame(&b, tcp_frame(pl_addr_from(4, sources[i]), US4)), PL_NET_DONE);
		assert_int_equal(b.core.drops[PLIM_DROP_ip4_source], i + 1);
	}
	input_frame(&b, tcp_frame(PEER4, v4(10, 0, 0, 3)));
	input_frame(&b, tcp_frame(PEER4, v4(127, 0, 0, 1)));
	input_frame(&b, tcp_frame(PEER4, v4(224, 0, 0, 1)));
	assert_int_equal(b.core.drops[PLIM_DROP_ip4_not_for_us], 3);
	assert_false(output(&b));
}

static void
ip6_martians_and_strangers_are_refused(void **state)
{
	static const uint8_t loopback[16] = {[15] = 1}, any[16], group[16] = {0xff, 2, [15] = 1};

	(void)state;
	input_frame(&b, tcp_frame(pl_addr_from(6, loopback), US6));
	input_frame(&b, tcp_frame(pl_addr_from(6, any), US6));
	input_frame(&b, tcp_frame(pl_addr_from(6, group), US6));
	input_frame(&b, tcp_frame(US6, US6));
	assert_int_equal(b.core.drops[PLIM_DROP_ip6_source], 4);
	input_frame(&b, tcp_frame(PEER6, v6(0, 3)));
	input_frame(&b, tcp_frame(PEER6, pl_addr_from(6, loopback)));
	assert_int_equal(b.core.drops[PLIM_DROP_ip6_not_for_us], 2);
	assert_false(output(&b));
}

static void
broadcast_is_marked_so_that_nothing_answers_it(void **state)
{
	struct frame f = tcp_frame(PEER4, v4(10, 0, 0, 255));

	(void)state;
	memcpy(f.p, all_mac, 6);
	assert_int_equal(input_frame(&b, f), PL_NET_PKT);
	assert_true(b.pkt.not_unicast);
	f = tcp_frame(PEER4, US4); /* our address, but to everybody's MAC */
	memcpy(f.p, all_mac, 6);
	assert_int_equal(input_frame(&b, f), PL_NET_PKT);
	assert_true(b.pkt.not_unicast);
	pl_net_reply_unreachable(&b.net, &b.pkt);
	assert_false(output(&b));
	assert_true(pl_net_is_not_unicast(&b.net, &(struct plim_addr){{255, 255, 255, 255}, 4}));
	assert_true(pl_net_is_not_unicast(&b.net, &(struct plim_addr){{10, 0, 0, 255}, 4}));
	assert_true(pl_net_is_not_unicast(&b.net, &(struct plim_addr){{224, 1}, 4}));
	assert_false(pl_net_is_not_unicast(&b.net, &(struct plim_addr){{10, 0, 0, 9}, 4}));
}

static void
ip6_fragments_are_dropped_by_name(void **state)
{
	static const uint8_t frag6[28] = {6, 0, 0, 1};

	(void)state;
	input_frame(&b, ip_frame((struct ip_spec){
				.src = PEER6, .dst = US6, .proto = 44, .text = frag6, .len = 28, .csum_at = -1}));
	DROPPED(&b, ip_fragment);
	assert_false(output(&b));
}

static void
truncated_frames_are_counted_and_nothing_else(void **state)
{
	struct frame frames[] = {
		tcp_frame(PEER4, US4),
		tcp_frame(PEER6, US6),
		arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, PEER4, US4),
		icmp_frame(PEER4, US4, PL_ICMP4_ECHO, 0, 1, (const uint8_t *)"data", 4),
		icmp_frame(PEER6, US6, PL_ICMP6_ECHO, 0, 1, (const uint8_t *)"data", 4),
	};

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(frames); i++) {
		for (size_t n = 0; n < frames[i].n; n++) {
			uint64_t before = drops(&b);

			assert_int_equal(input(&b, frames[i].p, n), PL_NET_DONE);
			assert_int_equal(drops(&b), before + 1);
		}
	}
	assert_false(output(&b));
	assert_true(pl_net_deadline(&b.net) == PL_TIME_NEVER);
}

static void
damaged_frames_are_survived(void **state)
{
	uint64_t seed = 42;
	struct pl_nd ns = {.type = PL_ICMP6_NS, .target = US6, .has_mac = true, .mac = {2, 0, 0, 0, 0, 9}};
	struct pl_nd na = {.type = PL_ICMP6_NA, .target = PEER6, .has_mac = true, .mac = {2, 0, 0, 0, 0, 9}};
	struct frame frames[] = {
		tcp_frame(PEER4, US4),
		tcp_frame(PEER6, US6),
		arp_frame(PL_ARP_REQUEST, our_mac, peer_mac, PEER4, US4),
		arp_frame(PL_ARP_REPLY, our_mac, peer_mac, PEER4, US4),
		icmp_frame(PEER4, US4, PL_ICMP4_ECHO, 0, 1, (const uint8_t *)"data", 4),
		nd_frame(PEER6, US6, NULL, &ns),
		nd_frame(PEER6, US6, NULL, &na),
		udp_frame(PEER4, US4, 5, 6, "hello", 5),
		tcp_frame(US4, PEER4), /* quoted by an error below */
	};

	(void)state;
	frames[8] = icmp_frame(PEER4, US4, PL_ICMP4_UNREACHABLE, 3, 0, frames[8].p + 14, 40);
	for (unsigned round = 0; round < 60000; round++) {
		struct frame f = frames[chance_below(&seed, PL_COUNT(frames))];
		unsigned k = 1 + chance_below(&seed, 3);
		enum pl_net_verdict v;

		while (k-- > 0)
			f.p[chance_below(&seed, 4) ? 12 + chance_below(&seed, (unsigned)f.n - 12) : 0] =
				(uint8_t)chance(&seed);
		memcpy(f.p, our_mac, 6);
		if (f.p[12] == 8 && f.p[13] == 0 && f.p[14] == 0x45 && chance_below(&seed, 2)) {
			pl_store16(f.p + 24, 0); /* get past the header checksum */
			pl_csum_store(f.p + 24, pl_csum_add(0, f.p + 14, 20));
		}
		v = input(&b, f.p, chance_below(&seed, 8) ? f.n : chance_below(&seed, (unsigned)f.n));
		if (v == PL_NET_PKT) {
			(void)pl_csum_add(0, b.pkt.ip.p, b.pkt.ip.len);
			(void)pl_csum_add(0, b.pkt.l4.p, b.pkt.l4.len);
			if (b.pkt.proto == 17)
				pl_udp_input(&b.udp, &b.pkt);
		}
		while (chance_below(&seed, 2) && output(&b))
			;
		if (chance_below(&seed, 16) == 0)
			advance(&b, PL_MS(chance_below(&seed, 700)));
	}
	assert_null(pl_neigh_check(&b.net));
}

static void
the_loop_takes_only_ours_to_ours(void **state)
{
	struct frame f = tcp_frame(US4, US4);

	(void)state;
	assert_int_equal(pl_net_input_loop(&b.net, (struct pl_span){f.p + 14, f.n - 14}, 0, &b.pkt, &b.err),
	                 PL_NET_PKT);
	assert_true(b.pkt.csum_ok);
	f = tcp_frame(US6, US6);
	assert_int_equal(pl_net_input_loop(&b.net, (struct pl_span){f.p + 14, f.n - 14}, 0, &b.pkt, &b.err),
	                 PL_NET_PKT);
	f = tcp_frame(PEER4, US4);
	assert_int_equal(pl_net_input_loop(&b.net, (struct pl_span){f.p + 14, f.n - 14}, 0, &b.pkt, &b.err),
	                 PL_NET_DONE);
	f = tcp_frame(US4, PEER4);
	assert_int_equal(pl_net_input_loop(&b.net, (struct pl_span){f.p + 14, f.n - 14}, 0, &b.pkt, &b.err),
	                 PL_NET_DONE);
	assert_int_equal(pl_net_input_loop(&b.net, (struct pl_span){f.p, 0}, 0, &b.pkt, &b.err), PL_NET_DONE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TESTS_MAIN(T(a_segment_for_us_is_handed_up), T(a_frame_for_another_mac_is_dropped_before_anything_answers),
           T(a_group_mac_as_source_is_refused), T(frame_checks_have_their_reasons),
           T(ip4_martians_and_strangers_are_refused), T(ip6_martians_and_strangers_are_refused),
           T(broadcast_is_marked_so_that_nothing_answers_it), T(ip6_fragments_are_dropped_by_name),
           T(truncated_frames_are_counted_and_nothing_else), T(damaged_frames_are_survived),
           T(the_loop_takes_only_ours_to_ours))
