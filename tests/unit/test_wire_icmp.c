/* SPDX-License-Identifier: ISC */
/* ICMP headers, neighbour discovery messages, UDP headers. */
#include "mutate.h"

#include "wire/icmp6.h"
#include "wire/udp.h"

static size_t
build_nd(uint8_t *p, uint8_t type)
{
	struct pl_nd nd = {.type = type,
	                   .flags = type == PL_ICMP6_NA ? PL_ND_SOLICITED : 0,
	                   .has_mac = true,
	                   .mac = {2, 0, 0, 0, 0, 9}};
	struct pl_put w = pl_put_to(p, 64);

	nd.target = pl_addr_from(6, (const uint8_t[16]){0x20, 1, [13] = 0xaa, [14] = 0xbb, [15] = 0xcc});
	pl_nd_put(&w, &nd);
	assert_false(w.short_of);
	return PL_ND_LEN;
}

static bool
parse_nd(const uint8_t *p, size_t n, struct pl_nd *nd)
{
	struct pl_icmp m;

	return pl_icmp_parse((struct pl_span){p, n}, &m) && pl_nd_parse(&m, nd);
}

static void
neighbour_messages_are_written_and_read(void **state)
{
	uint8_t p[64];
	struct pl_nd nd;

	(void)state;
	for (uint8_t type = PL_ICMP6_NS; type <= PL_ICMP6_NA; type++) {
		size_t n = build_nd(p, type);

		assert_true(parse_nd(p, n, &nd));
		assert_int_equal(nd.type, type);
		assert_true(nd.has_mac);
		assert_int_equal(nd.mac[5], 9);
		assert_int_equal(nd.target.octets[15], 0xcc);
		assert_int_equal(nd.flags, type == PL_ICMP6_NA ? PL_ND_SOLICITED : 0);
		assert_true(parse_nd(p, PL_ND_LEN - 8, &nd)); /* without the option */
		assert_false(nd.has_mac);
	}
}

static void
option_length_zero_code_and_groups_are_refused(void **state)
{
	uint8_t p[64];
	struct pl_nd nd;
	size_t n = build_nd(p, PL_ICMP6_NS);

	(void)state;
	p[25] = 0;
	assert_false(parse_nd(p, n, &nd));
	p[25] = 2; /* beyond the message */
	assert_false(parse_nd(p, n, &nd));
	n = build_nd(p, PL_ICMP6_NS);
	p[24] = 2; /* the option of an advertisement: skipped */
	assert_true(parse_nd(p, n, &nd) && !nd.has_mac);
	n = build_nd(p, PL_ICMP6_NS);
	p[1] = 1;
	assert_false(parse_nd(p, n, &nd));
	n = build_nd(p, PL_ICMP6_NS);
	p[8] = 0xff;
	assert_false(parse_nd(p, n, &nd));
}

static void
the_number_of_options_is_bounded(void **state)
{
	uint8_t p[24 + 17 * 8] = {PL_ICMP6_NS, [8] = 0x20};
	struct pl_nd nd;

	(void)state;
	for (unsigned i = 0; i < 17; i++) {
		p[24 + 8 * i] = 200;
		p[25 + 8 * i] = 1;
	}
	assert_true(parse_nd(p, sizeof p - 8, &nd));
	assert_false(parse_nd(p, sizeof p, &nd));
}

static void
solicited_node_group_and_its_mac(void **state)
{
	struct plim_addr a = pl_addr_from(6, (const uint8_t[16]){0x20, 1, [13] = 0xaa, [14] = 0xbb, [15] = 0xcc});
	struct plim_addr g = pl_nd_solicited_node(&a);
	static const uint8_t want[16] = {0xff, 2, [11] = 1, [12] = 0xff, [13] = 0xaa, [14] = 0xbb, [15] = 0xcc};
	static const uint8_t want_mac[6] = {0x33, 0x33, 0xff, 0xaa, 0xbb, 0xcc};
	uint8_t mac[6];

	(void)state;
	assert_memory_equal(g.octets, want, 16);
	pl_nd_group_mac(&g, mac);
	assert_memory_equal(mac, want_mac, 6);
}

static void
feed_nd(const uint8_t *p, size_t n, void *arg)
{
	struct pl_nd nd;

	(void)arg;
	(void)parse_nd(p, n, &nd);
}

static void
udp_lengths_are_checked(void **state)
{
	uint8_t p[20] = {0};
	struct pl_udp_hdr h;
	struct pl_put w = pl_put_to(p, sizeof p);

	(void)state;
	pl_udp_put(&w, 1000, 2000, 4);
	for (size_t n = 0; n < sizeof p; n++)
		assert_int_equal(pl_udp_parse((struct pl_span){p, n}, &h), n >= 12);
	assert_int_equal(h.sport, 1000);
	assert_int_equal(h.dport, 2000);
	assert_int_equal(h.text.len, 4);
	p[5] = 7;
	assert_false(pl_udp_parse((struct pl_span){p, sizeof p}, &h));
	p[5] = 8;
	assert_true(pl_udp_parse((struct pl_span){p, sizeof p}, &h));
	assert_int_equal(h.text.len, 0);
}

static void
feed_udp(const uint8_t *p, size_t n, void *arg)
{
	struct pl_udp_hdr h;

	(void)arg;
	if (pl_udp_parse((struct pl_span){p, n}, &h))
		assert_true(h.text.len + 8 <= n);
}

static void
truncated_and_damaged_ones_are_survived(void **state)
{
	uint8_t p[64];
	size_t n = build_nd(p, PL_ICMP6_NA);

	(void)state;
	every_truncation(feed_nd, p, n, NULL);
	many_mutations(feed_nd, p, n, NULL, 10000);
	every_truncation(feed_udp, p, n, NULL);
	many_mutations(feed_udp, p, 16, NULL, 10000);
}

TESTS_MAIN(cmocka_unit_test(neighbour_messages_are_written_and_read),
           cmocka_unit_test(option_length_zero_code_and_groups_are_refused),
           cmocka_unit_test(the_number_of_options_is_bounded), cmocka_unit_test(solicited_node_group_and_its_mac),
           cmocka_unit_test(udp_lengths_are_checked), cmocka_unit_test(truncated_and_damaged_ones_are_survived))
