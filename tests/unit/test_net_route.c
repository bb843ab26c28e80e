/* SPDX-License-Identifier: ISC */
/* Which way a datagram goes, and from which address. */
#include "net_fixture.h"

static struct bench b;

/* Two interfaces: 0 as ever, 1 with 172.16.0.2/16 and fe80::5/64; a route into 192.0.2.0/24 by way of 172.16.0.1. */
static int
setup(void **state)
{
	struct plim_config c;

	(void)state;
	bench_config(&c);
	c.n_ifaces = 2;
	c.ifaces[1].mac[5] = 7;
	c.ifaces[1].mtu = 1280;
	c.ifaces[1].n_addrs = 2;
	c.ifaces[1].addrs[0] = (struct plim_ifaddr){v4(172, 16, 0, 2), 16};
	c.ifaces[1].addrs[1] = (struct plim_ifaddr){{{0xfe, 0x80, [15] = 5}, 6}, 64};
	c.n_routes = 3;
	c.routes[2] = (struct plim_route_config){
		.dst = v4(192, 0, 2, 99), .prefix_len = 24, .via = v4(172, 16, 0, 1), .iface = 1};
	bench_start_with(&b, &c, 1 << 20);
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
source_for(struct plim_addr a)
{
	uint8_t laddr = 99;
	int rc = pl_net_source_for(&b.net, &a, &laddr);

	return rc < 0 ? rc : laddr;
}

static void
the_route_chooses_the_source(void **state)
{
	(void)state;
	assert_int_equal(source_for(v4(10, 0, 0, 77)), 0);
	assert_int_equal(source_for(v4(8, 8, 8, 8)), 0); /* default route */
	assert_int_equal(source_for(v4(172, 16, 9, 9)), 2);
	assert_int_equal(source_for(v4(192, 0, 2, 1)), 2); /* longest prefix */
	assert_int_equal(source_for(v4(192, 0, 3, 1)), 0);
	assert_int_equal(source_for(v6(5, 5)), 1);
	assert_int_equal(source_for(US4), 0); /* ourselves */
	assert_int_equal(source_for(v4(172, 16, 0, 2)), 2);
}

static void
a_destination_without_a_route_is_unreachable(void **state)
{
	struct plim_addr a = v4(8, 8, 8, 8);
	struct pl_path path;
	uint16_t mtu = 7;

	(void)state;
	b.core.conf.n_routes = 0;
	assert_int_equal(source_for(a), PLIM_ENETUNREACH);
	assert_int_equal(pl_net_resolve(&b.net, 0, &a, &path), PLIM_ENETUNREACH);
	assert_int_equal(pl_net_mtu(&b.net, 0, &a, &mtu), PLIM_ENETUNREACH);
	assert_int_equal(mtu, 7);
}

static void
a_datagram_leaves_by_the_interface_of_its_source(void **state)
{
	struct plim_addr a = v4(192, 0, 2, 1);
	struct pl_path path;
	uint16_t mtu;

	(void)state;
	assert_int_equal(pl_net_mtu(&b.net, 2, &a, &mtu), 0);
	assert_int_equal(mtu, 1280);
	assert_int_equal(pl_net_resolve(&b.net, 2, &a, &path), PLIM_EAGAIN);
	assert_true(output(&b)); /* asks for the gateway, on interface 1 */
	assert_int_equal(b.out.iface, 1);
	assert_memory_equal(b.out.data + 38, v4(172, 16, 0, 1).octets, 4);
	assert_int_equal(pl_net_mtu(&b.net, 0, &a, &mtu), 0); /* from our other address: by its default route */
	assert_int_equal(mtu, 1500);
}

static void
off_link_destinations_share_the_gateways_entry(void **state)
{
	struct plim_addr far1 = v4(8, 8, 8, 8), far2 = v4(9, 9, 9, 9);
	struct pl_path path;

	(void)state;
	assert_int_equal(pl_net_resolve(&b.net, 0, &far1, &path), PLIM_EAGAIN);
	know_peer4(&b, v4(10, 0, 0, 1));
	assert_int_equal(pl_net_resolve(&b.net, 0, &far1, &path), 0);
	assert_int_equal(pl_net_resolve(&b.net, 0, &far2, &path), 0);
	assert_memory_equal(path.dst_mac, peer_mac, 6);
	assert_int_equal(b.net.caches[0].n, 1);
}

static void
groups_and_broadcasts_need_no_neighbour(void **state)
{
	static const uint8_t mac4[6] = {0x01, 0, 0x5e, 0x7f, 0xff, 0xfa}, mac6[6] = {0x33, 0x33, 0, 0, 0, 1};
	struct plim_addr group4 = v4(239, 255, 255, 250), limited = v4(255, 255, 255, 255),
			 directed = v4(10, 0, 0, 255);
	struct plim_addr group6 = {{0xff, 2, [15] = 1}, 6};
	struct pl_path path;

	(void)state;
	assert_int_equal(pl_net_resolve(&b.net, 0, &group4, &path), 0);
	assert_memory_equal(path.dst_mac, mac4, 6);
	assert_int_equal(pl_net_resolve(&b.net, 1, &group6, &path), 0);
	assert_memory_equal(path.dst_mac, mac6, 6);
	assert_int_equal(pl_net_resolve(&b.net, 0, &limited, &path), 0);
	assert_memory_equal(path.dst_mac, all_mac, 6);
	assert_int_equal(pl_net_resolve(&b.net, 0, &directed, &path), 0);
	assert_memory_equal(path.dst_mac, all_mac, 6);
}

static void
ourselves_is_the_loop(void **state)
{
	struct pl_path path;

	(void)state;
	assert_int_equal(pl_net_resolve(&b.net, 0, &US4, &path), 0);
	assert_true(path.loop);
	assert_int_equal(path.mtu, 1500);
	assert_int_equal(pl_net_resolve(&b.net, 1, &US6, &path), 0);
	assert_true(path.loop);
}

static void
a_datagram_for_the_address_of_another_interface_is_refused(void **state)
{
	static const uint8_t text[20] = {0};

	(void)state;
	input_frame(
		&b,
		ip_frame((struct ip_spec){
			.src = PEER4, .dst = v4(172, 16, 0, 2), .proto = 6, .text = text, .len = 20, .csum_at = -1}));
	assert_int_equal(b.core.drops[PLIM_DROP_ip4_not_for_us], 1);
}

static void
headers_carry_df_no_id_ttl_and_tos(void **state)
{
	struct pl_path path = {.iface = 0, .laddr = 0};
	uint8_t p[60];
	struct pl_ip4 ip;
	struct pl_ip6 ip6;

	(void)state;
	memset(p, 0, sizeof p);
	pl_net_put_header(&b.net, p, &path, &PEER4, 6, 26, 0xb8, 0);
	assert_int_equal(pl_ip4_parse((struct pl_span){p + 14, 46}, &ip), PL_PARSED);
	assert_true(ip.df && ip.id == 0 && ip.ttl == 64 && ip.tos == 0xb8 && ip.len == 46 && ip.proto == 6);
	assert_true(pl_addr_equal(&ip.src, &US4) && pl_addr_equal(&ip.dst, &PEER4));
	path.laddr = 1;
	pl_net_put_header(&b.net, p, &path, &PEER6, 17, 6, 1, 9);
	assert_int_equal(pl_ip6_parse((struct pl_span){p + 14, 46}, &ip6), PL_PARSED);
	assert_true(ip6.hop_limit == 9 && ip6.tclass == 1 && ip6.payload_len == 6 && ip6.proto == 17);
	assert_int_equal(pl_net_header_len(4), 34);
	assert_int_equal(pl_net_header_len(6), 54);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TESTS_MAIN(T(the_route_chooses_the_source), T(a_destination_without_a_route_is_unreachable),
           T(a_datagram_leaves_by_the_interface_of_its_source), T(off_link_destinations_share_the_gateways_entry),
           T(groups_and_broadcasts_need_no_neighbour), T(ourselves_is_the_loop),
           T(a_datagram_for_the_address_of_another_interface_is_refused), T(headers_carry_df_no_id_ttl_and_tos))
