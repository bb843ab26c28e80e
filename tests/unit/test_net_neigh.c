/* SPDX-License-Identifier: ISC */
/* Neighbours: ARP and Neighbour Discovery, through raw frames and the network layer's own functions. */
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

static int
resolve(struct plim_addr a, struct pl_path *path)
{
	return pl_net_resolve(&b.net, a.family == 4 ? 0 : 1, &a, path);
}

static struct pl_neigh *
entry(struct plim_addr a)
{
	pl_id id = pl_neigh_find(&b.net, 0, &a);

	return id ? pl_neigh_at(&b.net, id) : NULL;
}

static uint32_t
entries(void)
{
	return b.net.caches[0].n + b.net.caches[1].n;
}

/* The frame in b.out is an ARP packet. */
static struct pl_arp
out_arp(struct pl_eth *eth)
{
	struct pl_cur c = pl_cur_of(b.out.data, b.out.len);
	struct pl_arp arp;

	assert_true(pl_eth_parse(&c, eth));
	assert_int_equal(eth->type, PL_ETH_TYPE_ARP);
	assert_true(pl_arp_parse(c, &arp));
	assert_memory_equal(eth->src, our_mac, 6);
	assert_memory_equal(arp.sha, our_mac, 6);
	return arp;
}

/* The frame in b.out is a neighbour message, right in every respect. */
static struct pl_nd
out_nd(struct pl_eth *eth, struct pl_ip6 *ip)
{
	struct pl_cur c = pl_cur_of(b.out.data, b.out.len);
	struct pl_icmp m;
	struct pl_nd nd;

	assert_true(pl_eth_parse(&c, eth));
	assert_int_equal(pl_ip6_parse((struct pl_span){c.p, pl_cur_left(&c)}, ip), PL_PARSED);
	assert_int_equal(ip->hop_limit, 255);
	assert_int_equal(ip->proto, 58);
	assert_true(pl_csum_is_valid(pl_csum_add(pl_csum_pseudo(&ip->src, &ip->dst, 58, (uint32_t)ip->payload.len),
	                                         ip->payload.p, ip->payload.len)));
	assert_true(pl_icmp_parse(ip->payload, &m) && pl_nd_parse(&m, &nd));
	assert_true(nd.has_mac);
	assert_memory_equal(nd.mac, our_mac, 6);
	return nd;
}

static void
know6(struct plim_addr a, uint32_t flags)
{
	struct pl_nd na = {.type = PL_ICMP6_NA, .flags = flags, .target = a, .has_mac = true};

	memcpy(na.mac, peer_mac, 6);
	input_frame(&b, nd_frame(a, US6, NULL, &na));
}

static void
a_request_for_our_address_is_answered_to_the_asker(void **state)
{
	struct pl_eth eth;
	struct pl_arp arp;

	(void)state;
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, PEER4, US4));
	assert_true(output(&b));
	assert_int_equal(b.out.len, 42);
	arp = out_arp(&eth);
	assert_int_equal(arp.op, PL_ARP_REPLY);
	assert_memory_equal(eth.dst, peer_mac, 6);
	assert_memory_equal(arp.tha, peer_mac, 6);
	assert_true(pl_addr_equal(&arp.spa, &US4));
	assert_true(pl_addr_equal(&arp.tpa, &PEER4));
	assert_false(output(&b));
}

static void
who_asks_for_us_is_remembered_and_usable_at_once(void **state)
{
	struct pl_path path;

	(void)state;
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, PEER4, US4));
	assert_true(output(&b));
	assert_int_equal(resolve(PEER4, &path), 0);
	assert_memory_equal(path.dst_mac, peer_mac, 6);
	assert_int_equal(path.mtu, MTU);
	assert_false(output(&b));                              /* no request */
	assert_int_equal(entry(PEER4)->state, PL_NEIGH_DELAY); /* but it is to be verified */
}

static void
a_request_for_another_address_is_ignored(void **state)
{
	(void)state;
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, PEER4, v4(10, 0, 0, 3)));
	assert_int_equal(b.core.drops[PLIM_DROP_arp_not_for_us], 1);
	assert_false(output(&b));
	assert_int_equal(entries(), 0);
}

static void
an_address_probe_is_answered_and_not_remembered(void **state)
{
	(void)state;
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, v4(0, 0, 0, 0), US4));
	assert_true(output(&b));
	assert_int_equal(entries(), 0);
}

static void
an_asker_off_the_link_or_with_our_address_is_not_remembered(void **state)
{
	(void)state;
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, v4(192, 168, 1, 1), US4));
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, v4(10, 0, 0, 255), US4));
	assert_int_equal(entries(), 0);
}

static void
an_unsolicited_reply_makes_no_entry(void **state)
{
	(void)state;
	input_frame(&b, arp_frame(PL_ARP_REPLY, our_mac, peer_mac, PEER4, US4));
	assert_int_equal(b.core.drops[PLIM_DROP_arp_unsolicited], 1);
	know6(PEER6, PL_ND_SOLICITED | PL_ND_OVERRIDE);
	assert_int_equal(b.core.drops[PLIM_DROP_nd_unsolicited], 1);
	assert_int_equal(entries(), 0);
}

static void
a_gratuitous_announcement_only_updates(void **state)
{
	static const uint8_t new_mac[6] = {2, 0, 0, 0, 0, 0x77};
	struct pl_path path;

	(void)state;
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, PEER4, PEER4));
	assert_int_equal(entries(), 0);
	(void)resolve(PEER4, &path);
	know_peer4(&b, PEER4);
	assert_int_equal(entry(PEER4)->state, PL_NEIGH_REACHABLE);
	assert_int_equal(resolve(PEER4, &path), 0);
	uint32_t epoch = pl_net_epoch(&b.net);
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, new_mac, PEER4, PEER4));
	assert_int_not_equal(pl_net_epoch(&b.net), epoch);
	assert_int_equal(entry(PEER4)->state, PL_NEIGH_STALE);
	assert_int_equal(resolve(PEER4, &path), 0);
	assert_memory_equal(path.dst_mac, new_mac, 6);
}

static void
at_most_one_request_a_second_three_tries_then_failure(void **state)
{
	struct pl_path path;
	struct pl_eth eth;
	uint32_t epoch;

	(void)state;
	for (unsigned try = 0; try < 3; try++) {
		for (unsigned i = 0; i < 5; i++) {
			assert_int_equal(resolve(PEER4, &path), PLIM_EAGAIN);
			assert_int_equal(output(&b), i == 0);
			if (i == 0) {
				struct pl_arp arp = out_arp(&eth);

				assert_int_equal(arp.op, PL_ARP_REQUEST);
				assert_memory_equal(eth.dst, all_mac, 6);
				assert_true(pl_addr_equal(&arp.tpa, &PEER4) && pl_addr_equal(&arp.spa, &US4));
			}
			epoch = pl_net_epoch(&b.net);
			advance(&b, PL_MS(200));
		}
	}
	assert_int_not_equal(pl_net_epoch(&b.net), epoch);
	assert_int_equal(resolve(PEER4, &path), PLIM_EHOSTUNREACH);
	assert_false(output(&b));
	epoch = pl_net_epoch(&b.net);
	advance(&b, PL_SEC(1)); /* forgotten: one may ask again, and who was refused is told */
	assert_int_not_equal(pl_net_epoch(&b.net), epoch);
	assert_int_equal(entries(), 0);
	assert_int_equal(resolve(PEER4, &path), PLIM_EAGAIN);
	assert_true(output(&b));
}

static void
an_answer_makes_it_reachable_and_changes_the_epoch(void **state)
{
	struct pl_path path;
	uint32_t epoch = pl_net_epoch(&b.net);

	(void)state;
	assert_int_equal(resolve(PEER4, &path), PLIM_EAGAIN);
	assert_int_equal(pl_net_epoch(&b.net), epoch);
	know_peer4(&b, PEER4);
	assert_int_not_equal(pl_net_epoch(&b.net), epoch);
	assert_int_equal(resolve(PEER4, &path), 0);
	assert_memory_equal(path.dst_mac, peer_mac, 6);
	assert_false(path.loop);
}

static void
a_used_entry_is_verified_after_30_s_unless_progress_confirms_it(void **state)
{
	struct pl_path path;
	struct pl_eth eth;
	bool asked = false;

	(void)state;
	(void)resolve(PEER4, &path);
	assert_true(output(&b));
	know_peer4(&b, PEER4);
	for (unsigned s = 0; s < 100; s++) { /* progress: nothing is asked */
		assert_int_equal(resolve(PEER4, &path), 0);
		pl_net_confirm(&b.net, 0, &PEER4);
		assert_false(output(&b));
		advance(&b, PL_SEC(1));
	}
	for (unsigned s = 0; s < 34; s++) { /* no progress: nothing until 30 s and the delay of 5 s */
		assert_int_equal(resolve(PEER4, &path), 0);
		assert_false(output(&b));
		advance(&b, PL_SEC(1));
	}
	for (unsigned s = 0; s < 3 && !asked; s++) {
		assert_int_equal(resolve(PEER4, &path), 0);
		asked = output(&b);
		if (!asked)
			advance(&b, PL_SEC(1));
	}
	assert_true(asked);
	assert_int_equal(out_arp(&eth).op, PL_ARP_REQUEST);
	assert_memory_equal(eth.dst, peer_mac, 6); /* unicast */
	know_peer4(&b, PEER4);
	assert_int_equal(entry(PEER4)->state, PL_NEIGH_REACHABLE);
}

static void
a_neighbour_that_vanished_fails_after_its_probes(void **state)
{
	struct pl_path path;

	(void)state;
	(void)resolve(PEER4, &path);
	know_peer4(&b, PEER4);
	advance(&b, PL_SEC(31));
	assert_int_equal(resolve(PEER4, &path), 0);
	advance(&b, PL_SEC(5));
	advance(&b, PL_SEC(1));
	assert_int_equal(resolve(PEER4, &path), 0);
	advance(&b, PL_SEC(1));
	uint32_t epoch = pl_net_epoch(&b.net);
	advance(&b, PL_SEC(1));
	assert_int_not_equal(pl_net_epoch(&b.net), epoch);
	assert_int_equal(resolve(PEER4, &path), PLIM_EHOSTUNREACH);
}

static void
an_entry_nobody_uses_is_forgotten(void **state)
{
	(void)state;
	input_frame(&b, arp_frame(PL_ARP_REQUEST, all_mac, peer_mac, PEER4, US4));
	advance(&b, PL_SEC(599));
	assert_int_equal(entries(), 1);
	advance(&b, PL_SEC(2));
	assert_int_equal(entries(), 0);
	assert_int_equal(b.core.mem.cls_live[PLIM_CLASS_neighbour], 0);
}

/* ---- Neighbour Discovery ---- */

static void
a_solicitation_is_answered(void **state)
{
	struct pl_nd ns = {.type = PL_ICMP6_NS, .target = US6, .has_mac = true};
	struct plim_addr group = pl_nd_solicited_node(&US6);
	uint8_t mac[6];
	struct pl_eth eth;
	struct pl_ip6 ip;
	struct pl_nd na;

	(void)state;
	memcpy(ns.mac, peer_mac, 6);
	pl_nd_group_mac(&group, mac);
	input_frame(&b, nd_frame(PEER6, group, mac, &ns));
	assert_true(output(&b));
	na = out_nd(&eth, &ip);
	assert_int_equal(na.type, PL_ICMP6_NA);
	assert_int_equal(na.flags, PL_ND_SOLICITED | PL_ND_OVERRIDE);
	assert_true(pl_addr_equal(&na.target, &US6));
	assert_true(pl_addr_equal(&ip.dst, &PEER6) && pl_addr_equal(&ip.src, &US6));
	assert_memory_equal(eth.dst, peer_mac, 6);
	assert_int_equal(entry(PEER6)->state, PL_NEIGH_STALE);
}

static void
duplicate_address_detection_is_answered_to_all_nodes(void **state)
{
	static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
	struct pl_nd ns = {.type = PL_ICMP6_NS, .target = US6};
	struct plim_addr group = pl_nd_solicited_node(&US6), any = {.family = 6};
	uint8_t mac[6];
	struct pl_eth eth;
	struct pl_ip6 ip;

	(void)state;
	pl_nd_group_mac(&group, mac);
	input_frame(&b, nd_frame(any, group, mac, &ns));
	assert_true(output(&b));
	assert_int_equal(out_nd(&eth, &ip).flags, PL_ND_OVERRIDE);
	assert_memory_equal(eth.dst, all_nodes_mac, 6);
	assert_int_equal(ip.dst.octets[0], 0xff);
	assert_int_equal(entries(), 0);
}

static void
a_solicitation_from_beyond_a_router_is_refused(void **state)
{
	struct pl_nd ns = {.type = PL_ICMP6_NS, .target = US6, .has_mac = true, .mac = {2}};
	struct frame f = nd_frame(PEER6, US6, NULL, &ns);

	(void)state;
	f.p[14 + 7] = 254;
	input_frame(&b, f);
	assert_int_equal(b.core.drops[PLIM_DROP_nd_malformed], 1);
	assert_false(output(&b));
	assert_int_equal(entries(), 0);
}

static void
solicitations_for_others_and_other_groups_are_refused(void **state)
{
	struct pl_nd ns = {.type = PL_ICMP6_NS, .target = v6(0, 3), .has_mac = true, .mac = {2}};
	struct plim_addr group = pl_nd_solicited_node(&ns.target);
	uint8_t mac[6];

	(void)state;
	pl_nd_group_mac(&group, mac);
	input_frame(&b, nd_frame(PEER6, group, mac, &ns));
	assert_int_equal(b.core.drops[PLIM_DROP_eth_not_for_us], 1);
	input_frame(&b, nd_frame(PEER6, US6, NULL, &ns));
	assert_int_equal(b.core.drops[PLIM_DROP_nd_not_for_us], 1);
	assert_false(output(&b));
}

static void
we_solicit_the_targets_group(void **state)
{
	struct plim_addr group = pl_nd_solicited_node(&PEER6);
	uint8_t mac[6];
	struct pl_path path;
	struct pl_eth eth;
	struct pl_ip6 ip;
	struct pl_nd ns;

	(void)state;
	assert_int_equal(resolve(PEER6, &path), PLIM_EAGAIN);
	assert_true(output(&b));
	ns = out_nd(&eth, &ip);
	pl_nd_group_mac(&group, mac);
	assert_int_equal(ns.type, PL_ICMP6_NS);
	assert_true(pl_addr_equal(&ns.target, &PEER6) && pl_addr_equal(&ip.dst, &group) &&
	            pl_addr_equal(&ip.src, &US6));
	assert_memory_equal(eth.dst, mac, 6);
	know6(PEER6, PL_ND_SOLICITED | PL_ND_OVERRIDE);
	assert_int_equal(resolve(PEER6, &path), 0);
	assert_int_equal(entry(PEER6)->state, PL_NEIGH_REACHABLE);
}

static void
advertisements_follow_the_table_of_rfc_4861(void **state)
{
	static const uint8_t other[6] = {2, 0, 0, 0, 0, 0x66};
	struct pl_nd na = {.type = PL_ICMP6_NA, .target = PEER6, .has_mac = true};
	struct pl_path path;

	(void)state;
	(void)resolve(PEER6, &path);
	know6(PEER6, 0); /* not solicited: STALE */
	assert_int_equal(entry(PEER6)->state, PL_NEIGH_STALE);
	know6(PEER6, PL_ND_SOLICITED);
	assert_int_equal(entry(PEER6)->state, PL_NEIGH_REACHABLE);
	memcpy(na.mac, other, 6);
	na.flags = PL_ND_SOLICITED; /* another MAC without override: doubt, do not follow */
	input_frame(&b, nd_frame(PEER6, US6, NULL, &na));
	assert_int_equal(entry(PEER6)->state, PL_NEIGH_STALE);
	assert_memory_equal(entry(PEER6)->mac, peer_mac, 6);
	na.flags = PL_ND_SOLICITED | PL_ND_OVERRIDE;
	input_frame(&b, nd_frame(PEER6, US6, NULL, &na));
	assert_int_equal(entry(PEER6)->state, PL_NEIGH_REACHABLE);
	assert_memory_equal(entry(PEER6)->mac, other, 6);
	memcpy(na.mac, peer_mac, 6);
	na.flags = PL_ND_OVERRIDE; /* follow, but verify */
	input_frame(&b, nd_frame(PEER6, US6, NULL, &na));
	assert_int_equal(entry(PEER6)->state, PL_NEIGH_STALE);
	assert_memory_equal(entry(PEER6)->mac, peer_mac, 6);
}

/* ---- bounds ---- */

static void
a_scan_of_65536_addresses_stays_in_its_class_and_displaces_nobody_reachable(void **state)
{
	struct plim_config conf;
	struct pl_path path;
	uint32_t most;

	(void)state;
	bench_end(&b);
	bench_config(&conf);
	conf.ifaces[0].addrs[0].prefix_len = 8;
	bench_start_with(&b, &conf, 1 << 20);
	most = b.net.caches[0].most;
	for (unsigned i = 0; i < 20; i++) { /* twenty neighbours that answer */
		(void)resolve(v4(10, 9, 9, (uint8_t)i), &path);
		know_peer4(&b, v4(10, 9, 9, (uint8_t)i));
	}
	for (unsigned i = 0; i < 65536; i++) { /* we are made to ask for every address of a /16 */
		(void)resolve(v4(10, 1, (uint8_t)(i >> 8), (uint8_t)i), &path);
		assert_true(b.net.caches[0].n <= most);
		if (i % 64 == 0) {
			while (output(&b))
				;
			advance(&b, PL_MS(1));
		}
	}
	for (unsigned i = 0; i < 65536; i++) { /* and everybody there asks for us */
		input_frame(&b, arp_frame(PL_ARP_REQUEST, our_mac, peer_mac, v4(10, 2, (uint8_t)(i >> 8), (uint8_t)i),
		                          US4));
		assert_true(b.net.caches[0].n <= most);
		while (output(&b))
			;
	}
	assert_null(pl_neigh_check(&b.net));
	assert_true(b.core.mem.cls_octets[PLIM_CLASS_neighbour] <= b.core.mem.cls_cap[PLIM_CLASS_neighbour]);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(resolve(v4(10, 9, 9, (uint8_t)i), &path), 0);
	assert_int_equal(resolve(PEER6, &path), PLIM_EAGAIN); /* the other family still has room */
}

/* E04, 5 000/s: a neighbour in use, whom only we can verify, is verified in time. */
static void
probes_of_known_neighbours_are_not_crowded_out_by_a_scan(void **state)
{
	struct plim_config conf;
	struct pl_path path;

	(void)state;
	bench_end(&b);
	bench_config(&conf);
	conf.ifaces[0].addrs[0].prefix_len = 8;
	bench_start_with(&b, &conf, 1 << 20);
	(void)resolve(PEER4, &path);
	know_peer4(&b, PEER4);
	for (unsigned i = 0; i < 5000 * 60; i++) {
		(void)resolve(v4(10, (uint8_t)(1 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i), &path);
		if (i % 5000 == 0)
			assert_int_equal(resolve(PEER4, &path), 0); /* used once a second */
		if (i % 50 == 0)
			b.core.now += PL_MS(10);
		if (i % 50 == 49)
			advance(&b, 0); /* timers come when the scan has had its turn */
		while (output(&b)) {
			struct pl_eth eth;
			struct pl_arp arp = out_arp(&eth);

			if (pl_addr_equal(&arp.tpa, &PEER4))
				know_peer4(&b, PEER4);
		}
	}
	assert_non_null(entry(PEER4));
}

static void
the_rate_of_requests_and_replies_is_limited(void **state)
{
	struct plim_config conf;
	struct pl_path path;
	unsigned sent = 0;

	(void)state;
	bench_end(&b);
	bench_config(&conf);
	conf.neighbour_rate = 100;
	bench_start_with(&b, &conf, 1 << 20);
	for (unsigned i = 0; i < 50; i++)
		input_frame(&b, arp_frame(PL_ARP_REQUEST, our_mac, peer_mac, PEER4, US4));
	while (output(&b))
		sent++;
	assert_int_equal(sent, 10);
	assert_int_equal(b.core.drops[PLIM_DROP_neighbour_limited], 40);
	for (unsigned i = 0; i < 50; i++)
		(void)resolve(v4(10, 0, 0, (uint8_t)(100 + i)), &path);
	for (sent = 0; output(&b);)
		sent++;
	assert_int_equal(sent, 10);
}

/* ---- datagrams that wait ---- */

static void
hold(struct plim_addr to, uint8_t mark, size_t len)
{
	uint8_t ip[1500] = {0};
	struct pl_path path;

	memset(ip, mark, len);
	(void)resolve(to, &path);
	pl_net_hold(&b.net, to.family == 4 ? 0 : 1, &to, (struct pl_span){ip, len});
}

static void
one_datagram_waits_the_newest_and_goes_when_the_neighbour_answers(void **state)
{
	(void)state;
	hold(PEER4, 1, 100);
	hold(PEER4, 2, 1400);
	assert_int_equal(b.core.drops[PLIM_DROP_neighbour_pending], 1);
	assert_true(output(&b)); /* the request */
	assert_false(output(&b));
	know_peer4(&b, PEER4);
	assert_true(pl_net_has_output(&b.net));
	assert_true(output(&b));
	assert_int_equal(b.out.len, 1414);
	assert_memory_equal(b.out.data, peer_mac, 6);
	assert_memory_equal(b.out.data + 6, our_mac, 6);
	assert_int_equal(pl_load16(b.out.data + 12), 0x0800);
	for (unsigned i = 14; i < 1414; i++)
		assert_int_equal(b.out.data[i], 2);
	assert_false(output(&b));
	assert_int_equal(b.net.held.blocks, 0);
}

static void
what_waits_in_vain_is_dropped_by_name(void **state)
{
	(void)state;
	hold(PEER4, 1, 100);
	for (unsigned i = 0; i < 3; i++)
		advance(&b, PL_SEC(1));
	assert_int_equal(b.core.drops[PLIM_DROP_neighbour_pending], 1);
	assert_int_equal(b.net.held.blocks, 0);
}

static void
waiting_datagrams_are_bounded_and_the_oldest_go_first(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		hold(v4(10, 0, 0, (uint8_t)(100 + i)), (uint8_t)i, 200 + 20 * i);
		assert_true(b.net.held.blocks <= b.net.held.most_blocks);
	}
	while (output(&b))
		;
	know_peer4(&b, v4(10, 0, 0, 159)); /* the newest is there */
	assert_true(output(&b));
	assert_int_equal(b.out.data[20], 59);
	know_peer4(&b, v4(10, 0, 0, 100)); /* the oldest is not */
	assert_false(output(&b));
}

/* E05: one dead next hop and much to say to it. */
static void
a_dead_next_hop_holds_one_datagram(void **state)
{
	uint64_t cap = b.core.mem.cls_cap[PLIM_CLASS_neighbour];

	(void)state;
	for (unsigned i = 0; i < 10000; i++) { /* 10 Mbit/s in datagrams of 1 250 octets */
		hold(PEER4, (uint8_t)i, 1250);
		assert_true(b.net.held.blocks * pl_mem_octets(&b.core.mem, PL_OBJ_neighbuf) <= 1250 + 2 * 256);
		assert_true(b.core.mem.cls_octets[PLIM_CLASS_neighbour] <= cap);
		advance(&b, PL_MS(1));
		while (output(&b))
			;
	}
	assert_int_equal(b.core.drops[PLIM_DROP_neighbour_pending] + (b.net.held.blocks > 0), 10000);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static void
a_refused_neighbour_may_be_asked_for_again_after_a_second(void **state)
{
	uint64_t cap = b.core.mem.cls_cap[PLIM_CLASS_neighbour];
	uint32_t epoch = pl_net_epoch(&b.net);
	unsigned budget = 100;
	struct pl_path path;

	(void)state;
	b.core.mem.cls_cap[PLIM_CLASS_neighbour] = 0;
	assert_int_equal(resolve(PEER4, &path), PLIM_EHOSTUNREACH);
	assert_int_equal(pl_net_epoch(&b.net), epoch);
	b.core.mem.cls_cap[PLIM_CLASS_neighbour] = cap;
	assert_true(pl_net_deadline(&b.net) == b.core.now + PL_NEIGH_ASK_NS);
	b.core.now += PL_NEIGH_ASK_NS;
	pl_net_poll(&b.net, b.core.now, &budget);
	assert_int_not_equal(pl_net_epoch(&b.net), epoch);
	assert_int_equal(resolve(PEER4, &path), PLIM_EAGAIN);
}

TESTS_MAIN(T(a_request_for_our_address_is_answered_to_the_asker), T(who_asks_for_us_is_remembered_and_usable_at_once),
           T(a_request_for_another_address_is_ignored), T(an_address_probe_is_answered_and_not_remembered),
           T(an_asker_off_the_link_or_with_our_address_is_not_remembered), T(an_unsolicited_reply_makes_no_entry),
           T(a_gratuitous_announcement_only_updates), T(at_most_one_request_a_second_three_tries_then_failure),
           T(an_answer_makes_it_reachable_and_changes_the_epoch),
           T(a_used_entry_is_verified_after_30_s_unless_progress_confirms_it),
           T(a_neighbour_that_vanished_fails_after_its_probes), T(an_entry_nobody_uses_is_forgotten),
           T(a_solicitation_is_answered), T(duplicate_address_detection_is_answered_to_all_nodes),
           T(a_solicitation_from_beyond_a_router_is_refused), T(solicitations_for_others_and_other_groups_are_refused),
           T(we_solicit_the_targets_group), T(advertisements_follow_the_table_of_rfc_4861),
           T(a_scan_of_65536_addresses_stays_in_its_class_and_displaces_nobody_reachable),
           T(probes_of_known_neighbours_are_not_crowded_out_by_a_scan), T(a_dead_next_hop_holds_one_datagram),
           T(the_rate_of_requests_and_replies_is_limited),
           T(one_datagram_waits_the_newest_and_goes_when_the_neighbour_answers),
           T(what_waits_in_vain_is_dropped_by_name), T(waiting_datagrams_are_bounded_and_the_oldest_go_first),
           T(a_refused_neighbour_may_be_asked_for_again_after_a_second))
