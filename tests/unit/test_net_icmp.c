/* SPDX-License-Identifier: ISC */
/* ICMP and ICMPv6: echo, errors in, errors out; TCP replies from the ring. */
#include "net_fixture.h"

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

struct out {
	struct pl_eth eth;
	struct plim_addr src, dst;
	uint8_t proto, ttl, tos;
	bool df;
	uint16_t id;
	struct pl_span l4;
	struct pl_icmp icmp;
};

/* The frame in b.out as a datagram whose checksums are right. */
static struct out
out_ip(void)
{
	struct pl_cur c = pl_cur_of(b.out.data, b.out.len);
	struct out o = {0};
	struct pl_ip4 ip4;
	struct pl_ip6 ip6;

	assert_true(pl_eth_parse(&c, &o.eth));
	if (o.eth.type == PL_ETH_TYPE_IP4) {
		assert_int_equal(pl_ip4_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip4), PL_PARSED);
		o = (struct out){o.eth,   ip4.src, ip4.dst, ip4.proto,   ip4.ttl,
		                 ip4.tos, ip4.df,  ip4.id,  ip4.payload, {0}};
	} else {
		assert_int_equal(pl_ip6_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip6), PL_PARSED);
		o = (struct out){o.eth,      ip6.src, ip6.dst, ip6.proto,   ip6.hop_limit,
		                 ip6.tclass, true,    0,       ip6.payload, {0}};
	}
	if (o.proto == 1)
		assert_true(pl_csum_is_valid(pl_csum_add(0, o.l4.p, o.l4.len)));
	else
		assert_true(pl_csum_is_valid(
			pl_csum_add(pl_csum_pseudo(&o.src, &o.dst, o.proto, (uint32_t)o.l4.len), o.l4.p, o.l4.len)));
	if (o.proto == 1 || o.proto == 58)
		assert_true(pl_icmp_parse(o.l4, &o.icmp));
	return o;
}

static void
echo_is_answered_with_the_same_data(void **state)
{
	uint8_t data[1472];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7);
	for (unsigned v6 = 0; v6 < 2; v6++) {
		for (size_t n = 0; n <= sizeof data - 20 * v6; n += 64) {
			struct frame f = v6 ? icmp_frame(PEER6, US6, PL_ICMP6_ECHO, 0, 0xabcd0001, data, n)
			                    : icmp_frame(PEER4, US4, PL_ICMP4_ECHO, 0, 0xabcd0001, data, n);
			struct out o;

			assert_int_equal(input_frame(&b, f), PL_NET_DONE);
			assert_true(output(&b));
			o = out_ip();
			assert_int_equal(o.icmp.type, v6 ? 129 : 0);
			assert_int_equal(o.icmp.rest, 0xabcd0001);
			assert_int_equal(o.icmp.body.len, n);
			assert_memory_equal(o.icmp.body.p, data, n);
			assert_memory_equal(o.eth.dst, peer_mac, 6);
			assert_memory_equal(o.eth.src, our_mac, 6);
			assert_true(pl_addr_equal(&o.src, v6 ? &US6 : &US4));
			assert_true(pl_addr_equal(&o.dst, v6 ? &PEER6 : &PEER4));
			assert_int_equal(o.ttl, 64);
			assert_true(o.df && o.id == 0);
			assert_false(b.out_loop);
			advance(&b, PL_MS(1));
		}
	}
	assert_int_equal(drops(&b), 0);
}

static void
echo_to_a_broadcast_is_not_answered(void **state)
{
	struct frame f = icmp_frame(PEER4, v4(10, 0, 0, 255), PL_ICMP4_ECHO, 0, 1, NULL, 0);

	(void)state;
	memcpy(f.p, all_mac, 6);
	input_frame(&b, f);
	f = icmp_frame(PEER4, US4, PL_ICMP4_ECHO, 0, 1, NULL, 0);
	memcpy(f.p, all_mac, 6);
	input_frame(&b, f);
	assert_int_equal(b.core.drops[PLIM_DROP_icmp_ignored], 2);
	assert_false(output(&b));
}

static void
echo_is_limited_by_buffers_rate_and_size(void **state)
{
	struct frame f = icmp_frame(PEER4, US4, PL_ICMP4_ECHO, 0, 1, NULL, 0);
	unsigned answered = 0;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		input_frame(&b, f);
	while (output(&b))
		answered++;
	assert_int_equal(answered, PL_NET_BUFFERS);
	assert_int_equal(b.core.drops[PLIM_DROP_icmp_echo_limited], 12);
	for (unsigned i = 0; i < 20000; i++) { /* within one instant: the bucket ends it */
		input_frame(&b, f);
		while (output(&b))
			answered++;
	}
	assert_int_equal(answered, 1000 - 12); /* what found no buffer cost its token too */
}

static void
a_wrong_checksum_is_not_answered(void **state)
{
	struct frame f = icmp_frame(PEER4, US4, PL_ICMP4_ECHO, 0, 1, (const uint8_t *)"abc", 3);

	(void)state;
	f.p[f.n - 1] ^= 1;
	input_frame(&b, f);
	assert_int_equal(b.core.drops[PLIM_DROP_icmp_malformed], 1);
	assert_false(output(&b));
}

static void
types_without_an_action_are_ignored(void **state)
{
	static const uint8_t types4[] = {0, 4, 5, 9, 10, 13, 15, 17, 30, 255};
	static const uint8_t types6[] = {0, 129, 130, 133, 134, 137, 200, 255};

	(void)state;
	for (unsigned i = 0; i < sizeof types4; i++)
		assert_int_equal(input_frame(&b, icmp_frame(PEER4, US4, types4[i], 0, 0,
		                                            (const uint8_t *)"0123456789012345678901234567", 28)),
		                 PL_NET_DONE);
	for (unsigned i = 0; i < sizeof types6; i++)
		assert_int_equal(input_frame(&b, icmp_frame(PEER6, US6, types6[i], 0, 0,
		                                            (const uint8_t *)"0123456789012345678901234567", 28)),
		                 PL_NET_DONE);
	assert_int_equal(b.core.drops[PLIM_DROP_icmp_ignored], sizeof types4 + sizeof types6);
	assert_false(output(&b));
}

/* ---- errors in ---- */

/* A datagram of ours from port 5000 to 80, SEQ 0x01020304, to be quoted. */
static struct frame
ours(struct plim_addr src, struct plim_addr dst, uint8_t proto)
{
	static const uint8_t l4[20] = {0x13, 0x88, 0, 80, 1, 2, 3, 4, [12] = 0x50};

	return ip_frame((struct ip_spec){.src = src, .dst = dst, .proto = proto, .text = l4, .len = 20, .csum_at = -1});
}

static struct frame
error_about(struct frame q, uint8_t type, uint8_t code, uint32_t rest, size_t cut)
{
	bool is4 = q.p[12] == 8;

	return icmp_frame(is4 ? PEER4 : PEER6, is4 ? US4 : US6, type, code, rest, q.p + 14, PL_MIN(cut, q.n - 14));
}

static void
an_error_about_our_datagram_is_handed_up(void **state)
{
	struct plim_addr far4 = v4(192, 0, 2, 7), far6 = v6(7, 7);

	(void)state;
	assert_int_equal(input_frame(&b, error_about(ours(US4, far4, 6), 3, 1, 0, 28)), PL_NET_ERROR);
	assert_int_equal(b.err.proto, 6);
	assert_int_equal(b.err.laddr, 0);
	assert_true(pl_addr_equal(&b.err.raddr, &far4));
	assert_int_equal(b.err.lport, 5000);
	assert_int_equal(b.err.rport, 80);
	assert_int_equal(b.err.seq, 0x01020304);
	assert_false(b.err.hard);
	assert_int_equal(b.err.mtu, 0);
	assert_int_equal(b.err.code, PLIM_EHOSTUNREACH);
	assert_int_equal(input_frame(&b, error_about(ours(US6, far6, 17), 1, 4, 0, 60)), PL_NET_ERROR);
	assert_int_equal(b.err.proto, 17);
	assert_int_equal(b.err.laddr, 1);
	assert_true(b.err.hard);
	assert_int_equal(b.err.code, PLIM_EREFUSED);
}

static void
kinds_of_errors(void **state)
{
	static const struct {
		uint8_t v6, type, code;
		uint32_t rest;
		bool hard;
		uint32_t mtu;
		int error;
	} kinds[] = {
		{0, 3, 0, 0, false, 0, PLIM_ENETUNREACH},    {0, 3, 1, 0, false, 0, PLIM_EHOSTUNREACH},
		{0, 3, 2, 0, true, 0, PLIM_EREFUSED},        {0, 3, 3, 0, true, 0, PLIM_EREFUSED},
		{0, 3, 4, 1400, false, 1400, PLIM_EMSGSIZE}, {0, 3, 4, 0, false, 576, PLIM_EMSGSIZE},
		{0, 3, 5, 0, false, 0, PLIM_EHOSTUNREACH},   {0, 3, 13, 0, false, 0, PLIM_EHOSTUNREACH},
		{0, 11, 0, 0, false, 0, PLIM_EHOSTUNREACH},  {0, 12, 0, 0, false, 0, PLIM_EHOSTUNREACH},
		{1, 1, 0, 0, false, 0, PLIM_ENETUNREACH},    {1, 1, 3, 0, false, 0, PLIM_EHOSTUNREACH},
		{1, 1, 4, 0, true, 0, PLIM_EREFUSED},        {1, 2, 0, 1300, false, 1300, PLIM_EMSGSIZE},
		{1, 3, 0, 0, false, 0, PLIM_EHOSTUNREACH},   {1, 4, 1, 0, false, 0, PLIM_EHOSTUNREACH},
	};

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(kinds); i++) {
		struct frame q = kinds[i].v6 ? ours(US6, PEER6, 6) : ours(US4, PEER4, 6);

		assert_int_equal(input_frame(&b, error_about(q, kinds[i].type, kinds[i].code, kinds[i].rest, 1000)),
		                 PL_NET_ERROR);
		assert_int_equal(b.err.hard, kinds[i].hard);
		assert_int_equal(b.err.mtu, kinds[i].mtu);
		assert_int_equal(b.err.code, kinds[i].error);
	}
}

static void
only_quotations_of_our_own_datagrams_are_believed(void **state)
{
	struct frame frag = ours(US4, PEER4, 6);

	(void)state;
	input_frame(&b, error_about(ours(PEER4, v4(192, 0, 2, 1), 6), 3, 1, 0, 100)); /* not from us */
	input_frame(&b, error_about(ours(US4, PEER4, 47), 3, 1, 0, 100));             /* no transport of ours */
	input_frame(&b, error_about(ours(US4, PEER4, 6), 3, 16, 0, 100));             /* no such code */
	pl_store16(frag.p + 20, 3);                                                   /* not the first fragment */
	input_frame(&b, error_about(frag, 3, 1, 0, 100));
	for (size_t cut = 0; cut < 28; cut++)
		input_frame(&b, error_about(ours(US4, PEER4, 6), 3, 1, 0, cut));
	assert_int_equal(b.core.drops[PLIM_DROP_icmp_malformed], 32);
	assert_false(output(&b));
}

/* ---- errors out ---- */

static void
port_unreachable_quotes_the_datagram(void **state)
{
	uint8_t data[1400] = {1, 2, 3};
	struct frame f = udp_frame(PEER4, US4, 1, 2, data, sizeof data);
	struct out o;

	(void)state;
	assert_int_equal(input_frame(&b, f), PL_NET_PKT);
	pl_net_reply_unreachable(&b.net, &b.pkt);
	assert_true(output(&b));
	o = out_ip();
	assert_int_equal(o.icmp.type, 3);
	assert_int_equal(o.icmp.code, 3);
	assert_int_equal(o.icmp.rest, 0);
	assert_int_equal(o.tos, 0);
	assert_int_equal(o.icmp.body.len, 548);
	assert_memory_equal(o.icmp.body.p, f.p + 14, 548);
	f = udp_frame(PEER6, US6, 1, 2, data, sizeof data);
	assert_int_equal(input_frame(&b, f), PL_NET_PKT);
	pl_net_reply_unreachable(&b.net, &b.pkt);
	assert_true(output(&b));
	o = out_ip();
	assert_int_equal(o.icmp.type, 1);
	assert_int_equal(o.icmp.code, 4);
	assert_int_equal(b.out.len, 14 + 1280);
	assert_memory_equal(o.icmp.body.p, f.p + 14, 1232);
}

static void
an_unknown_protocol_is_told(void **state)
{
	static const uint8_t text[20] = {0};
	struct out o;

	(void)state;
	input_frame(&b, ip_frame((struct ip_spec){
				.src = PEER4, .dst = US4, .proto = 47, .text = text, .len = 20, .csum_at = -1}));
	assert_true(output(&b));
	o = out_ip();
	assert_true(o.icmp.type == 3 && o.icmp.code == 2);
	input_frame(&b, ip_frame((struct ip_spec){
				.src = PEER6, .dst = US6, .proto = 47, .text = text, .len = 20, .csum_at = -1}));
	assert_true(output(&b));
	o = out_ip();
	assert_true(o.icmp.type == 4 && o.icmp.code == 1 && o.icmp.rest == 6);
	assert_int_equal(b.core.drops[PLIM_DROP_ip_protocol], 2);
}

static void
an_unknown_option_of_ip6_is_told_if_it_says_so(void **state)
{
	static const uint8_t asks[] = {17, 0, 0xde, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t in_error[] = {58, 0, 0xde, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	struct out o;

	(void)state;
	input_frame(&b, ip_frame((struct ip_spec){
				.src = PEER6, .dst = US6, .proto = 60, .text = asks, .len = 16, .csum_at = -1}));
	assert_true(output(&b));
	o = out_ip();
	assert_true(o.icmp.type == 4 && o.icmp.code == 2 && o.icmp.rest == 42);
	input_frame(&b, ip_frame((struct ip_spec){
				.src = PEER6, .dst = US6, .proto = 60, .text = in_error, .len = 16, .csum_at = -1}));
	assert_false(output(&b)); /* it might be an ICMP error itself */
	assert_int_equal(b.core.drops[PLIM_DROP_ip6_extension], 2);
}

static void
errors_are_rate_limited(void **state)
{
	unsigned sent = 0;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		input_frame(&b, udp_frame(v4(20, 0, (uint8_t)(i >> 8), (uint8_t)i), US4, 1, 2, "x", 1));
		pl_net_reply_unreachable(&b.net, &b.pkt);
		while (output(&b))
			sent++;
	}
	assert_int_equal(sent, 50);
	assert_int_equal(b.core.drops[PLIM_DROP_icmp_limited], 1950);
}

/* E08: 50 000 datagrams a second to closed ports, from many. */
static void
errors_keep_their_rate_under_a_flood(void **state)
{
	uint64_t dice = 9;
	unsigned sent = 0;

	(void)state;
	for (unsigned i = 0; i < 150000; i++) {
		b.core.now += PL_US(20);
		input_frame(&b,
		            udp_frame(v4(20, 0, (uint8_t)chance_below(&dice, 256), (uint8_t)chance_below(&dice, 256)),
		                      US4, 1, 2, "x", 1));
		pl_net_reply_unreachable(&b.net, &b.pkt);
		while (output(&b))
			sent++;
	}
	assert_in_range(sent, 2000, 3 * 1000 + 50);
}

static void
each_destination_is_told_once_a_second(void **state)
{
	unsigned sent = 0, other = 0;

	(void)state;
	for (unsigned ms = 0; ms < 10000; ms++) {
		b.core.now += PL_MS(1);
		input_frame(&b, udp_frame(PEER4, US4, 1, 2, "x", 1));
		pl_net_reply_unreachable(&b.net, &b.pkt);
		while (output(&b))
			sent++;
		if (ms % 2000 != 0)
			continue;
		input_frame(&b, udp_frame(PEER6, US6, 1, 2, "x", 1));
		pl_net_reply_unreachable(&b.net, &b.pkt);
		while (output(&b))
			other++;
	}
	assert_in_range(sent, 10, 12);
	assert_int_equal(other, 5); /* the one that asks seldom is always told */
}

/* E11: what is told about flows that nobody has makes no state. */
static void
errors_about_unknown_flows_leave_nothing(void **state)
{
	struct pl_mem before = b.core.mem;

	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		uint8_t quoted[28];
		struct pl_put w = pl_put_to(quoted, sizeof quoted);

		pl_ip4_put(&w, &(struct pl_ip4){.src = US4,
		                                .dst = v4(30, 0, (uint8_t)(i >> 8), (uint8_t)i),
		                                .ttl = 64,
		                                .proto = 17,
		                                .len = 1500,
		                                .df = true});
		pl_udp_put(&w, 7, 7, 1472);
		assert_int_equal(input_frame(&b, icmp_frame(v4(10, 0, 0, 1), US4, PL_ICMP4_UNREACHABLE,
		                                            PL_UNREACH4_TOO_BIG, 600, quoted, 28)),
		                 PL_NET_ERROR);
		pl_udp_icmp_error(&b.udp, &b.err);
		input_frame(&b, icmp_frame(v4(10, 0, 0, 1), US4, 5, 1, 0x0a000063, quoted, 28)); /* redirect */
	}
	assert_int_equal(b.core.drops[PLIM_DROP_icmp_no_match], 65536);
	assert_int_equal(b.core.drops[PLIM_DROP_icmp_ignored], 65536);
	assert_memory_equal(b.core.mem.cls_octets, before.cls_octets, sizeof before.cls_octets);
	assert_int_equal(b.net.caches[0].n, 0);
	assert_false(output(&b));
}

/* ---- TCP replies ---- */

static void
a_tcp_reply_is_built_when_it_is_sent(void **state)
{
	struct pl_tcp_reply r = {.lport = 80,
	                         .rport = 5000,
	                         .seq = 1,
	                         .ack = 2,
	                         .wnd = 3,
	                         .flags = PL_TH_SYN | PL_TH_ACK,
	                         .opt_has = PL_OPT_MSS | PL_OPT_TS | PL_OPT_WSCALE | PL_OPT_SACK_OK,
	                         .wscale = 4,
	                         .mss = 1460,
	                         .tsval = 5,
	                         .tsecr = 6};
	struct pl_tcp_seg s;
	struct out o;

	(void)state;
	assert_true(pl_net_reply_tcp(&b.net, 0, &PEER4, peer_mac, &r));
	assert_true(pl_net_reply_tcp(&b.net, 1, &PEER6, peer_mac, &r));
	for (unsigned i = 0; i < 2; i++) {
		assert_true(output(&b));
		o = out_ip();
		assert_int_equal(o.proto, 6);
		assert_true(pl_addr_equal(&o.dst, i ? &PEER6 : &PEER4));
		assert_memory_equal(o.eth.dst, peer_mac, 6);
		assert_true(pl_tcp_parse(o.l4, &s));
		assert_true(s.sport == 80 && s.dport == 5000 && s.seq == 1 && s.ack == 2 && s.wnd == 3);
		assert_true(s.opt.has == r.opt_has && s.opt.mss == 1460 && s.opt.tsval == 5 && s.opt.tsecr == 6 &&
		            s.opt.wscale == 4);
	}
	r = (struct pl_tcp_reply){.lport = 80, .rport = 5000, .flags = PL_TH_ACK, .n_sacks = 1, .sack = {7, 9}};
	assert_true(pl_net_reply_tcp(&b.net, 0, &PEER4, peer_mac, &r));
	assert_true(output(&b));
	o = out_ip();
	assert_true(pl_tcp_parse(o.l4, &s) && s.opt.n_sacks == 1 && s.opt.sacks[0].start == 7 &&
	            s.opt.sacks[0].end == 9);
}

static void
a_reply_without_a_mac_waits_for_its_neighbour(void **state)
{
	struct pl_tcp_reply r = {.lport = 80, .rport = 5000, .flags = PL_TH_RST};
	struct pl_tcp_seg s;

	(void)state;
	assert_true(pl_net_reply_tcp(&b.net, 0, &PEER4, NULL, &r));
	assert_true(output(&b)); /* the request that it caused */
	assert_int_equal(pl_load16(b.out.data + 12), 0x0806);
	assert_false(output(&b));
	know_peer4(&b, PEER4);
	assert_true(output(&b));
	assert_memory_equal(out_ip().eth.dst, peer_mac, 6);
	assert_true(pl_tcp_parse(out_ip().l4, &s) && s.dport == 5000);
	assert_int_equal(drops(&b), 0);
}

static void
a_full_ring_refuses(void **state)
{
	struct pl_tcp_reply r = {.flags = PL_TH_RST};

	(void)state;
	for (unsigned i = 0; i < PL_NET_RING; i++)
		assert_true(pl_net_reply_tcp(&b.net, 0, &PEER4, peer_mac, &r));
	assert_false(pl_net_reply_tcp(&b.net, 0, &PEER4, peer_mac, &r));
	input_frame(&b, icmp_frame(PEER4, US4, PL_ICMP4_ECHO, 0, 1, NULL, 0));
	assert_int_equal(b.core.drops[PLIM_DROP_icmp_echo_limited], 1);
	assert_int_equal(b.net.buffers_used, 0); /* the buffer came back */
	for (unsigned i = 0; i < PL_NET_RING; i++)
		assert_true(output(&b));
	assert_false(output(&b));
}

static void
a_reply_to_ourselves_goes_through_the_loop(void **state)
{
	struct pl_tcp_reply r = {.lport = 80, .rport = 5000, .flags = PL_TH_RST};

	(void)state;
	assert_true(pl_net_reply_tcp(&b.net, 0, &US4, our_mac, &r));
	assert_true(output(&b));
	assert_true(b.out_loop);
	assert_int_equal(
		pl_net_input_loop(&b.net, (struct pl_span){b.out.data + 14, b.out.len - 14}, 0, &b.pkt, &b.err),
		PL_NET_PKT);
	assert_int_equal(b.pkt.proto, 6);
}

static void
a_buffer_too_small_for_the_frame_is_survived(void **state)
{
	struct pl_tcp_reply r = {.lport = 80, .rport = 5000, .flags = PL_TH_RST, .opt_has = PL_OPT_TS};
	uint8_t *small;

	(void)state;
	for (uint32_t cap = 0; cap < 80; cap++) {
		bool sent;

		assert_true(pl_net_reply_tcp(&b.net, 1, &PEER6, peer_mac, &r));
		small = malloc(cap ? cap : 1);
		b.out = (struct plim_frame){.data = small, .cap = cap};
		sent = pl_net_output(&b.net, &b.out, &b.out_loop, b.core.now);
		assert_false(sent);
		free(small);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TESTS_MAIN(T(echo_is_answered_with_the_same_data), T(echo_to_a_broadcast_is_not_answered),
           T(echo_is_limited_by_buffers_rate_and_size), T(a_wrong_checksum_is_not_answered),
           T(types_without_an_action_are_ignored), T(an_error_about_our_datagram_is_handed_up), T(kinds_of_errors),
           T(only_quotations_of_our_own_datagrams_are_believed), T(port_unreachable_quotes_the_datagram),
           T(an_unknown_protocol_is_told), T(an_unknown_option_of_ip6_is_told_if_it_says_so),
           T(errors_are_rate_limited), T(errors_keep_their_rate_under_a_flood),
           T(each_destination_is_told_once_a_second), T(errors_about_unknown_flows_leave_nothing),
           T(a_tcp_reply_is_built_when_it_is_sent), T(a_reply_without_a_mac_waits_for_its_neighbour),
           T(a_full_ring_refuses), T(a_reply_to_ourselves_goes_through_the_loop),
           T(a_buffer_too_small_for_the_frame_is_survived))
