/* SPDX-License-Identifier: ISC */
/* IPv4 reassembly through raw frames: order, overlaps, bounds, deadlines, and what a flood leaves to others. */
#include "net_fixture.h"

#define PORT 7

static struct bench b;
static uint8_t text[65536]; /* a UDP datagram, header and all */
static pl_id sock;

struct part {
	struct plim_addr src;
	uint16_t id;
	size_t at, len;
	bool mf;
	uint8_t tos, proto;
};

static int
setup_with(size_t target)
{
	struct plim_config conf;

	bench_config(&conf);
	bench_start_with(&b, &conf, target);
	assert_int_equal(pl_udp_open(&b.udp, PL_UDP_ANY_LADDR, 0, PORT, 0, &sock), 0);
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	return setup_with(4 << 20);
}

static int
teardown(void **state)
{
	(void)state;
	bench_end(&b);
	return 0;
}

/* text becomes a UDP datagram of len octets in all, from src. */
static void
write_text(struct plim_addr src, size_t len)
{
	struct pl_put w = pl_put_to(text, sizeof text);

	for (size_t i = 0; i < len; i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
	pl_udp_put(&w, 1234, PORT, len - 8);
	pl_csum_store(&text[6], pl_csum_add(pl_csum_pseudo(&src, &US4, 17, (uint32_t)len), text, len));
}

static enum pl_net_verdict
send_octets(struct part p, const uint8_t *octets)
{
	static uint8_t frame[PL_ETH_HEADER + 20 + 2000];
	struct pl_put w = pl_put_to(frame, sizeof frame);
	struct pl_eth eth = {.type = PL_ETH_TYPE_IP4};
	enum pl_net_verdict v;

	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, peer_mac, 6);
	pl_eth_put(&w, &eth);
	pl_ip4_put(&w, &(struct pl_ip4){.src = p.src.family ? p.src : PEER4,
	                                .dst = US4,
	                                .tos = p.tos,
	                                .ttl = 64,
	                                .proto = p.proto ? p.proto : 17,
	                                .id = p.id,
	                                .len = (uint16_t)(20 + p.len),
	                                .frag_offset = (uint16_t)(p.at / 8),
	                                .mf = p.mf});
	pl_put_bytes(&w, octets, p.len);
	assert_false(w.short_of);
	v = input(&b, frame, (size_t)(w.p - frame));
	assert_null(pl_reasm_check(&b.net));
	return v;
}

static enum pl_net_verdict
send_part(struct part p)
{
	return send_octets(p, text + p.at);
}

/* What send_part() made whole is taken by its socket. */
static void
deliver(void)
{
	pl_udp_input(&b.udp, &b.pkt);
	pl_net_release(&b.net);
}

static void
assert_received(size_t len)
{
	static uint8_t got[65536];

	assert_int_equal(pl_udp_recv(&b.udp, sock, got, sizeof got, NULL), len - 8);
	assert_memory_equal(got, text + 8, len - 8);
}

static void
assert_nothing_is_held(void)
{
	assert_int_equal(b.core.mem.cls_live[PLIM_CLASS_fragment], 0);
	assert_int_equal(b.net.reasm.n + b.net.reasm.blocks, 0);
	assert_int_equal(pl_net_deadline(&b.net), PL_TIME_NEVER);
}

#define DROPS(name) b.core.drops[PLIM_DROP_##name]
#define ACTIONS(name) b.core.actions[PLIM_ACTION_##name]

/* ---- order ---- */

static void
fragments_in_order_make_a_datagram(void **state)
{
	(void)state;
	write_text(PEER4, 2500);
	assert_int_equal(send_part((struct part){.at = 0, .len = 1480, .mf = true}), PL_NET_DONE);
	assert_int_equal(b.net.reasm.blocks, 6);
	assert_int_equal(send_part((struct part){.at = 1480, .len = 1020}), PL_NET_PKT);
	assert_true(pl_addr_equal(&b.pkt.src, &PEER4) && b.pkt.proto == 17 && b.pkt.ttl == 64);
	deliver();
	assert_received(2500);
	assert_nothing_is_held();
}

static void
fragments_in_any_order_of_any_length_make_a_datagram(void **state)
{
	uint64_t dice = 99;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct part parts[12];
		unsigned n = 0, len = 200 + chance_below(&dice, 9000);
		enum pl_net_verdict v = PL_NET_DONE;

		write_text(PEER4, len);
		for (size_t at = 0; at < len; n++) {
			size_t most = PL_MIN(len - at, 1480u), part = 24 + chance_below(&dice, 180) * 8;

			part = n == 11 || part >= most ? most : part;
			if (at + part < len)
				part = part / 8 * 8;
			parts[n] = (struct part){.id = (uint16_t)round, .at = at, .len = part, .mf = at + part < len};
			at += part;
			if (n == 11)
				break;
		}
		if (n == 11)
			continue; /* longer than twelve fragments */
		for (unsigned i = 0; i < n; i++) {
			unsigned k = i + chance_below(&dice, n - i);
			struct part p = parts[k];

			parts[k] = parts[i];
			assert_int_equal(v, PL_NET_DONE);
			v = send_part(p);
		}
		if (n == 1)
			continue;
		assert_int_equal(v, PL_NET_PKT);
		deliver();
		assert_received(len);
	}
	assert_nothing_is_held();
}

static void
the_longest_datagram_is_taken_and_one_octet_more_is_not(void **state)
{
	size_t len = 65535 - 20;

	(void)state;
	b.core.conf.udp_queue_octets = 100000;
	write_text(PEER4, len);
	for (size_t at = 0; at < len; at += 1480)
		assert_int_equal(
			send_part((struct part){.at = at, .len = PL_MIN(1480, len - at), .mf = at + 1480 < len}),
			at + 1480 < len ? PL_NET_DONE : PL_NET_PKT);
	assert_true(b.pkt.rest > 60000);
	deliver();
	assert_received(len);
	assert_int_equal(send_octets((struct part){.at = 65512, .len = 4}, text), PL_NET_DONE);
	assert_int_equal(DROPS(fragment_malformed), 1);
	assert_nothing_is_held();
}

static void
blocks_are_bounded_by_length_whatever_the_fragments(void **state)
{
	(void)state;
	write_text(PEER4, 4096);
	for (size_t at = 0; at < 4088; at += 8)
		send_part((struct part){.at = at, .len = 8, .mf = true});
	assert_int_equal(b.net.reasm.blocks, 16 + 1); /* and one index block */
	assert_int_equal(send_part((struct part){.at = 4088, .len = 8}), PL_NET_PKT);
	deliver();
	assert_received(4096);
	assert_nothing_is_held();
}

static void
the_checksum_is_verified_over_all_of_it(void **state)
{
	(void)state;
	for (size_t wrong = 8; wrong < 9000; wrong += 997) {
		write_text(PEER4, 9000);
		text[wrong] ^= 1;
		for (size_t at = 0; at < 9000; at += 1480)
			send_part((struct part){.at = at, .len = PL_MIN(1480, 9000 - at), .mf = at + 1480 < 9000});
		deliver();
	}
	assert_int_equal(DROPS(udp_checksum), 10);
	assert_int_equal(pl_udp_recv(&b.udp, sock, text, 1, NULL), PLIM_EAGAIN);
	assert_nothing_is_held();
}

static void
a_udp_length_that_lies_is_refused(void **state)
{
	(void)state;
	write_text(PEER4, 3000);
	pl_store16(&text[4], 3001);
	send_part((struct part){.at = 0, .len = 1480, .mf = true});
	send_part((struct part){.at = 1480, .len = 1480, .mf = true});
	assert_int_equal(send_part((struct part){.at = 2960, .len = 40}), PL_NET_PKT);
	deliver();
	assert_int_equal(DROPS(udp_malformed), 1);
	assert_nothing_is_held();
}

/* ---- duplicates and overlaps ---- */

static void
a_duplicate_is_ignored(void **state)
{
	(void)state;
	write_text(PEER4, 2000);
	send_part((struct part){.at = 0, .len = 1480, .mf = true});
	send_part((struct part){.at = 0, .len = 1480, .mf = true});
	send_part((struct part){.at = 80, .len = 400, .mf = true}); /* cut again on another way: the same octets */
	assert_int_equal(DROPS(fragment_duplicate), 2);
	assert_int_equal(send_part((struct part){.at = 1480, .len = 520}), PL_NET_PKT);
	deliver();
	assert_received(2000);
}

static void
an_overlap_refuses_the_whole_datagram_until_its_deadline(void **state)
{
	static const struct part second[] = {{.at = 1472, .len = 528}, {.at = 8, .len = 1480, .mf = true}};

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(second); i++) {
		uint64_t before = DROPS(fragment_overlap);

		write_text(PEER4, 2000);
		send_part((struct part){.id = (uint16_t)i, .at = 0, .len = 1480, .mf = true});
		text[100] ^= 1; /* and a lie within */
		if (i == 1)
			send_part((struct part){.id = 1, .at = 0, .len = 1480, .mf = true});
		else
			send_part((struct part){.id = 0, .at = second[0].at, .len = second[0].len});
		assert_int_equal(DROPS(fragment_overlap), before + 1);
		assert_int_equal(b.net.reasm.blocks, 0);
		assert_int_equal(send_part((struct part){.id = (uint16_t)i, .at = 1480, .len = 520}), PL_NET_DONE);
		assert_int_equal(DROPS(fragment_overlap), before + 2);
	}
	assert_int_equal(b.net.reasm.n, 2);
	advance(&b, PL_SEC(30));
	assert_nothing_is_held();
	write_text(PEER4, 2000);
	send_part((struct part){.at = 0, .len = 1480, .mf = true});
	assert_int_equal(send_part((struct part){.at = 1480, .len = 520}), PL_NET_PKT);
	deliver();
}

static void
a_part_of_another_fragment_is_an_overlap(void **state)
{
	(void)state;
	write_text(PEER4, 3000);
	send_part((struct part){.at = 800, .len = 800, .mf = true});
	send_part((struct part){.at = 1592, .len = 800, .mf = true}); /* its first 8 octets are there */
	assert_int_equal(DROPS(fragment_overlap), 1);
	write_text(PEER4, 3000);
	send_part((struct part){.id = 2, .at = 800, .len = 800, .mf = true});
	send_part((struct part){.id = 2, .at = 720, .len = 960, .mf = true}); /* it spans the other */
	assert_int_equal(DROPS(fragment_overlap), 2);
}

static void
ends_that_contradict_each_other_refuse_the_datagram(void **state)
{
	(void)state;
	write_text(PEER4, 3000);
	send_part((struct part){.id = 1, .at = 800, .len = 100});
	send_part((struct part){.id = 1, .at = 1600, .len = 100}); /* another end */
	send_part((struct part){.id = 2, .at = 800, .len = 100});
	send_part((struct part){.id = 2, .at = 1600, .len = 96, .mf = true}); /* beyond the end */
	send_part((struct part){.id = 3, .at = 1600, .len = 96, .mf = true});
	send_part((struct part){.id = 3, .at = 800, .len = 100}); /* an end before what came */
	send_part((struct part){.id = 4, .at = 800, .len = 97});
	send_part((struct part){.id = 4, .at = 800, .len = 100}); /* the same unit, more octets of it */
	assert_int_equal(DROPS(fragment_malformed), 4);
	assert_int_equal(b.net.reasm.n, 4);
	assert_int_equal(b.net.reasm.blocks, 0);
}

static void
lengths_that_cannot_be_are_refused_alone(void **state)
{
	(void)state;
	write_text(PEER4, 3000);
	send_part((struct part){.at = 0, .len = 1001, .mf = true}); /* not in units of 8 */
	send_part((struct part){.at = 8, .len = 0, .mf = true});
	assert_int_equal(DROPS(fragment_malformed), 2);
	assert_nothing_is_held();
}

static void
a_transport_header_in_pieces_is_refused(void **state)
{
	(void)state;
	memset(text, 0, 2000);
	text[12] = 0x80; /* TCP: 32 octets of header */
	send_part((struct part){.proto = 6, .at = 0, .len = 16, .mf = true});
	send_part((struct part){.proto = 6, .at = 0, .len = 24, .mf = true});
	send_part((struct part){.proto = 6, .at = 8, .len = 80, .mf = true});
	send_part((struct part){.proto = 6, .at = 16, .len = 80});
	assert_int_equal(DROPS(fragment_tiny), 4);
	assert_nothing_is_held();
	send_part((struct part){.proto = 6, .at = 0, .len = 32, .mf = true});
	assert_int_equal(b.net.reasm.n, 1);
	assert_int_equal(send_part((struct part){.proto = 6, .at = 32, .len = 1400}), PL_NET_PKT);
	assert_true(b.pkt.reassembled && b.pkt.l4.len == 1432 && b.pkt.rest == 0 && !b.pkt.csum_ok);
	assert_memory_equal(b.pkt.l4.p, text, 1432);
	pl_net_release(&b.net);
	send_part((struct part){.proto = 6, .id = 2, .at = 0, .len = 1480, .mf = true});
	assert_int_equal(send_part((struct part){.proto = 6, .id = 2, .at = 1480, .len = 100}), PL_NET_DONE);
	assert_int_equal(DROPS(fragment_long), 1); /* longer than the MTU: not by our MSS */
	assert_nothing_is_held();
}

static void
holes_are_bounded(void **state)
{
	(void)state;
	write_text(PEER4, 9000);
	for (unsigned i = 0; i < 20; i++)
		send_part((struct part){.at = i * 400, .len = 200, .mf = true});
	assert_int_equal(DROPS(fragment_holes), 4);
	send_part((struct part){.at = 200, .len = 200, .mf = true}); /* one that fills a hole */
	assert_int_equal(DROPS(fragment_holes), 4);
	send_part((struct part){.at = 16 * 400, .len = 200, .mf = true});
	assert_int_equal(DROPS(fragment_holes), 4);
}

static void
congestion_marks_are_kept(void **state)
{
	(void)state;
	write_text(PEER4, 2000);
	send_part((struct part){.at = 0, .len = 1480, .mf = true, .tos = 0x88 | 2});
	assert_int_equal(send_part((struct part){.at = 1480, .len = 520, .tos = 3}), PL_NET_PKT);
	assert_int_equal(b.pkt.tos, 0x88 | 3);
	deliver();
	send_part((struct part){.at = 0, .len = 1480, .mf = true, .tos = 0});
	assert_int_equal(send_part((struct part){.at = 1480, .len = 520, .tos = 3}), PL_NET_DONE);
	assert_int_equal(DROPS(fragment_malformed), 1);
}

/* ---- deadline ---- */

static void
the_deadline_counts_from_the_first_fragment(void **state)
{
	(void)state;
	write_text(PEER4, 2000);
	send_part((struct part){.at = 1480, .len = 520});
	assert_int_equal(pl_net_deadline(&b.net), b.core.now + PL_SEC(30));
	advance(&b, PL_SEC(20));
	send_part((struct part){.at = 480, .len = 1000, .mf = true});
	advance(&b, PL_SEC(10));
	assert_int_equal(ACTIONS(fragment_expired), 1);
	assert_false(output(&b)); /* the first fragment did not come: nobody is told */
	assert_nothing_is_held();
	send_part((struct part){.at = 0, .len = 480, .mf = true}); /* the same key: another datagram */
	assert_int_equal(b.net.reasm.n, 1);
	assert_int_equal(pl_net_deadline(&b.net), b.core.now + PL_SEC(30));
}

static void
the_sender_is_told_when_time_is_exceeded(void **state)
{
	struct pl_ip4 outer, inner;
	struct pl_icmp m;

	(void)state;
	write_text(PEER4, 2000);
	send_part((struct part){.id = 77, .at = 0, .len = 1480, .mf = true});
	advance(&b, PL_SEC(30));
	assert_true(output(&b));
	assert_memory_equal(b.out.data, peer_mac, 6);
	assert_int_equal(pl_ip4_parse((struct pl_span){b.out.data + 14, b.out.len - 14}, &outer), PL_PARSED);
	assert_true(pl_icmp_parse(outer.payload, &m));
	assert_true(m.type == PL_ICMP4_TIME_EXCEEDED && m.code == 1);
	assert_true(pl_ip4_parse_quoted(m.body, &inner));
	assert_true(inner.id == 77 && inner.mf && inner.len == 1500 && pl_addr_equal(&inner.src, &PEER4));
	assert_memory_equal(inner.payload.p, text, 8);
	assert_nothing_is_held();
}

static void
work_of_a_poll_is_bounded(void **state)
{
	unsigned budget = 10;

	(void)state;
	write_text(PEER4, 2000);
	for (unsigned i = 0; i < 40; i++)
		send_part((struct part){.id = (uint16_t)i, .at = 800, .len = 8, .mf = true});
	b.core.now += PL_SEC(31);
	pl_net_poll(&b.net, b.core.now, &budget);
	assert_int_equal(budget, 0);
	assert_int_equal(b.net.reasm.n, 30);
	advance(&b, 1);
	assert_nothing_is_held();
}

/* ---- keys ---- */

static void
datagrams_are_told_apart_by_every_part_of_the_key(void **state)
{
	(void)state;
	write_text(PEER4, 2000);
	send_part((struct part){.id = 1, .at = 0, .len = 1480, .mf = true});
	send_part((struct part){.id = 2, .at = 1480, .len = 520});
	send_part((struct part){.id = 1, .at = 1480, .len = 520, .proto = 1});
	send_part((struct part){.id = 1, .at = 1480, .len = 520, .src = v4(10, 0, 0, 8)});
	assert_int_equal(b.net.reasm.n, 4);
	assert_int_equal(send_part((struct part){.id = 1, .at = 1480, .len = 520}), PL_NET_PKT);
	deliver();
	send_part((struct part){.id = 1, .at = 0, .len = 1480, .mf = true}); /* the identification again */
	assert_int_equal(send_part((struct part){.id = 1, .at = 1480, .len = 520}), PL_NET_PKT);
	deliver();
	assert_received(2000);
	assert_received(2000);
}

/* ---- bounds ---- */

static struct plim_addr
random_source(uint64_t *dice)
{
	return v4((uint8_t)(11 + chance_below(dice, 100)), (uint8_t)chance_below(dice, 256),
	          (uint8_t)chance_below(dice, 256), (uint8_t)chance_below(dice, 256));
}

static void
real_octets_stay_under_the_cap(void **state)
{
	uint64_t dice = 5, cap = b.core.mem.cls_cap[PLIM_CLASS_fragment];

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		size_t len = 8 * (1 + chance_below(&dice, 185));

		send_octets((struct part){.src = random_source(&dice),
		                          .id = (uint16_t)chance(&dice),
		                          .at = 8 * chance_below(&dice, 8000),
		                          .len = len,
		                          .mf = true},
		            text);
		b.core.now += PL_US(500);
		assert_true(b.core.mem.cls_octets[PLIM_CLASS_fragment] <= cap);
	}
	assert_true(ACTIONS(fragment_replaced) > 1000);
	assert_null(pl_mem_check(&b.core.mem));
	advance(&b, PL_SEC(31));
	assert_nothing_is_held();
}

/* One /24 fills a quarter; the datagram of somebody else, older than all of those, is still there. */
static void
a_source_may_hold_a_quarter(void **state)
{
	uint64_t cap = b.core.mem.cls_cap[PLIM_CLASS_fragment];
	struct plim_addr other = v4(10, 0, 1, 1);

	(void)state;
	write_text(other, 2000);
	send_part((struct part){.src = other, .id = 1, .at = 0, .len = 1480, .mf = true});
	for (unsigned i = 0; i < 2000; i++)
		send_octets(
			(struct part){
				.src = v4(10, 0, 7, (uint8_t)i), .id = (uint16_t)i, .at = 800, .len = 256, .mf = true},
			text);
	assert_true(b.net.reasm.held[0] + b.net.reasm.held[1] <= cap / 4 + 2000);
	assert_int_equal(send_part((struct part){.src = other, .id = 1, .at = 1480, .len = 520}), PL_NET_PKT);
	deliver();
	assert_received(2000);
}

static void
a_datagram_longer_than_the_class_is_refused_by_name(void **state)
{
	(void)state;
	bench_end(&b);
	setup_with(1 << 20);
	write_text(PEER4, 60000);
	for (size_t at = 0; at < 60000; at += 1480)
		assert_int_equal(
			send_part((struct part){.at = at, .len = PL_MIN(1480, 60000 - at), .mf = at + 1480 < 60000}),
			PL_NET_DONE);
	assert_true(DROPS(fragment_full) > 0);
	assert_null(pl_mem_check(&b.core.mem));
}

/*
 * E01: 30 000 first fragments a second of 256 octets from random sources; a host on 2 Mbit/s sends 20 datagrams a second
 * of two fragments, the second 6 ms behind the first.
 */
static void
a_flood_of_first_fragments_leaves_room_for_others(void **state)
{
	static uint8_t junk[256];
	uint64_t dice = 3;
	unsigned sent = 0, whole = 0;

	(void)state;
	write_text(PEER4, 2960);
	for (unsigned i = 0; i < 90000; i++) {
		b.core.now += PL_US(33);
		send_octets((struct part){.src = random_source(&dice), .id = (uint16_t)i, .len = 256, .mf = true},
		            junk);
		if (i % 1500 == 100) {
			send_part((struct part){.id = (uint16_t)sent++, .at = 0, .len = 1480, .mf = true});
		} else if (i % 1500 == 280 &&
		           send_part((struct part){.id = (uint16_t)(sent - 1), .at = 1480, .len = 1480}) ==
		                   PL_NET_PKT) {
			whole++;
			deliver();
			assert_received(2960);
		}
		assert_true(b.core.mem.cls_octets[PLIM_CLASS_fragment] <= b.core.mem.cls_cap[PLIM_CLASS_fragment]);
	}
	assert_int_equal(sent, 60);
	print_message("# %u of %u\n", whole, sent);
	assert_true(whole * 100 >= sent * 50);
}

/* The same flood; a source that completed one before is not replaced by it, however long its second fragment takes. */
static void
a_source_that_completed_one_outlasts_a_flood(void **state)
{
	static uint8_t junk[256];
	uint64_t dice = 3;

	(void)state;
	write_text(PEER4, 2960);
	send_part((struct part){.id = 1, .at = 0, .len = 1480, .mf = true});
	assert_int_equal(send_part((struct part){.id = 1, .at = 1480, .len = 1480}), PL_NET_PKT);
	deliver();
	send_part((struct part){.id = 2, .at = 0, .len = 1480, .mf = true});
	send_part((struct part){.id = 2, .at = 0, .len = 1480, .mf = true, .src = v4(10, 0, 5, 5)});
	for (unsigned i = 0; i < 15000; i++) {
		b.core.now += PL_US(33);
		send_octets((struct part){.src = random_source(&dice), .id = (uint16_t)i, .len = 256, .mf = true},
		            junk);
	}
	assert_int_equal(send_part((struct part){.id = 2, .at = 1480, .len = 1480, .src = v4(10, 0, 5, 5)}),
	                 PL_NET_DONE);
	assert_int_equal(send_part((struct part){.id = 2, .at = 1480, .len = 1480}), PL_NET_PKT);
	deliver();
}

/* Sources that completed one and then hoard do not keep others out for longer than their half lasts. */
static void
proven_sources_hold_half_at_most(void **state)
{
	struct plim_addr other = v4(10, 0, 1, 1);

	(void)state;
	for (unsigned k = 0; k < 12; k++) {
		struct plim_addr hoarder = v4(20, 0, (uint8_t)k, 1);

		write_text(hoarder, 2000);
		send_part((struct part){.src = hoarder, .id = 1, .at = 0, .len = 1480, .mf = true});
		assert_int_equal(send_part((struct part){.src = hoarder, .id = 1, .at = 1480, .len = 520}), PL_NET_PKT);
		deliver();
		assert_received(2000);
	}
	for (unsigned i = 0; i < 4000; i++)
		send_octets((struct part){.src = v4(20, 0, (uint8_t)(i % 12), 1),
		                          .id = (uint16_t)(100 + i),
		                          .len = 256,
		                          .mf = true},
		            text);
	write_text(other, 2000);
	send_part((struct part){.src = other, .id = 1, .at = 0, .len = 1480, .mf = true});
	for (unsigned i = 0; i < 4000; i++)
		send_octets((struct part){.src = v4(20, 0, (uint8_t)(i % 12), 1),
		                          .id = (uint16_t)(5000 + i),
		                          .len = 256,
		                          .mf = true},
		            text);
	assert_int_equal(send_part((struct part){.src = other, .id = 1, .at = 1480, .len = 520}), PL_NET_PKT);
	deliver();
	assert_received(2000);
}

/* Datagrams that were begun within the quota and grow. */
static void
a_source_stays_within_its_quarter_when_its_datagrams_grow(void **state)
{
	uint64_t cap = b.core.mem.cls_cap[PLIM_CLASS_fragment];

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		send_octets((struct part){.id = (uint16_t)i, .at = 0, .len = 64, .mf = true}, text);
	for (unsigned i = 0; i < 60; i++) {
		send_octets((struct part){.id = (uint16_t)i, .at = 256, .len = 1280, .mf = true}, text);
		assert_true(b.net.reasm.held[0] <= cap / 4);
	}
}

/* Proven sources fill the descriptors with datagrams that were refused: little memory, and still they give way. */
static void
descriptors_of_refused_datagrams_give_way(void **state)
{
	struct plim_addr other = v4(10, 0, 1, 1);

	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		struct plim_addr src = v4(20, 0, (uint8_t)k, 1);

		write_text(src, 2000);
		send_part((struct part){.src = src, .at = 0, .len = 1480, .mf = true});
		assert_int_equal(send_part((struct part){.src = src, .at = 1480, .len = 520}), PL_NET_PKT);
		deliver();
		assert_received(2000);
	}
	for (unsigned i = 0; i < 400; i++) {
		struct part p = {.src = v4(20, 0, (uint8_t)(i % 4), 1),
		                 .id = (uint16_t)(9 + i),
		                 .at = 800,
		                 .len = 64,
		                 .mf = true};

		send_part(p);
		p.at += 56;
		send_part(p);
	}
	assert_int_equal(b.net.reasm.n, b.net.reasm.most);
	assert_int_equal(b.net.reasm.blocks, 0);
	write_text(other, 2000);
	send_part((struct part){.src = other, .at = 0, .len = 1480, .mf = true});
	assert_int_equal(send_part((struct part){.src = other, .at = 1480, .len = 520}), PL_NET_PKT);
	deliver();
	assert_received(2000);
}

static void
blocks_are_foretold(void **state)
{
	struct pl_mem *m = &b.core.mem;
	uint64_t dice = 17;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct pl_frag_store s = {0};

		for (unsigned k = 0; k < 6; k++) {
			size_t at = 8 * chance_below(&dice, k & 1 ? 8000 : 500),
			       len = 8 * (1 + chance_below(&dice, 185));
			unsigned need = pl_frag_blocks_needed(m, &s, at, len), had = s.blocks;

			if (pl_frag_fit(&s, pl_frag_units(at, len)) != PL_FRAG_NEW)
				continue;
			assert_true(pl_frag_write(m, &s, at, (struct pl_span){text + at, len}));
			assert_int_equal(s.blocks - had, need);
			assert_true(pl_frag_is_same(m, &s, at, (struct pl_span){text + at, len}));
		}
		pl_frag_clear(m, &s);
	}
	assert_int_equal(m->cls_live[PLIM_CLASS_fragment], 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TESTS_MAIN(T(fragments_in_order_make_a_datagram), T(fragments_in_any_order_of_any_length_make_a_datagram),
           T(the_longest_datagram_is_taken_and_one_octet_more_is_not),
           T(blocks_are_bounded_by_length_whatever_the_fragments), T(the_checksum_is_verified_over_all_of_it),
           T(a_udp_length_that_lies_is_refused), T(a_duplicate_is_ignored),
           T(an_overlap_refuses_the_whole_datagram_until_its_deadline), T(a_part_of_another_fragment_is_an_overlap),
           T(ends_that_contradict_each_other_refuse_the_datagram), T(lengths_that_cannot_be_are_refused_alone),
           T(a_transport_header_in_pieces_is_refused), T(holes_are_bounded), T(congestion_marks_are_kept),
           T(the_deadline_counts_from_the_first_fragment), T(the_sender_is_told_when_time_is_exceeded),
           T(work_of_a_poll_is_bounded), T(datagrams_are_told_apart_by_every_part_of_the_key),
           T(real_octets_stay_under_the_cap), T(a_source_may_hold_a_quarter),
           T(a_datagram_longer_than_the_class_is_refused_by_name), T(a_flood_of_first_fragments_leaves_room_for_others),
           T(a_source_that_completed_one_outlasts_a_flood), T(proven_sources_hold_half_at_most),
           T(a_source_stays_within_its_quarter_when_its_datagrams_grow), T(descriptors_of_refused_datagrams_give_way),
           T(blocks_are_foretold))
