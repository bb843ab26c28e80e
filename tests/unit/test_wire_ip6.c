/* SPDX-License-Identifier: ISC */
#include "mutate.h"

#include "wire/ip6.h"

#define TEXT 8

/* A datagram with the given extension headers, first of type `first`. */
static size_t
build(uint8_t *p, uint8_t first, const uint8_t *ext, size_t n_ext)
{
	struct pl_ip6 ip = {.tclass = 0xb8, .hop_limit = 7, .proto = first};
	struct pl_put w = pl_put_to(p, 200);

	ip.payload_len = (uint16_t)(n_ext + TEXT);
	ip.src = pl_addr_from(6, (const uint8_t[16]){0x20, 1, [15] = 1});
	ip.dst = pl_addr_from(6, (const uint8_t[16]){0x20, 1, [15] = 2});
	pl_ip6_put(&w, &ip);
	for (size_t i = 0; i < n_ext; i++)
		pl_put_u8(&w, ext[i]);
	for (unsigned i = 0; i < TEXT; i++)
		pl_put_u8(&w, (uint8_t)i);
	return PL_IP6_HEADER + n_ext + TEXT;
}

static struct pl_ip6
parsed(uint8_t first, const uint8_t *ext, size_t n_ext, enum plim_drop expected)
{
	uint8_t p[200] = {0};
	struct pl_ip6 ip;
	size_t n = build(p, first, ext, n_ext);

	assert_int_equal(pl_ip6_parse((struct pl_span){p, n + 9}, &ip), expected);
	if (expected == PL_PARSED && !ip.is_fragment) {
		assert_int_equal(ip.payload.len, TEXT);
		assert_int_equal(ip.payload.p - p, PL_IP6_HEADER + n_ext);
	}
	return ip;
}

static void
what_is_written_is_read(void **state)
{
	struct pl_ip6 ip = parsed(17, NULL, 0, PL_PARSED);

	(void)state;
	assert_int_equal(ip.tclass, 0xb8);
	assert_int_equal(ip.hop_limit, 7);
	assert_int_equal(ip.proto, 17);
	assert_int_equal(ip.proto_at, 6);
	assert_int_equal(ip.src.octets[15], 1);
	assert_int_equal(ip.dst.octets[15], 2);
	assert_false(ip.is_fragment);
}

static void
version_and_length_are_checked(void **state)
{
	uint8_t p[200];
	struct pl_ip6 ip;
	size_t n = build(p, 17, NULL, 0);

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(pl_ip6_parse((struct pl_span){p, i}, &ip), PLIM_DROP_ip6_truncated);
	p[0] = 0x45;
	assert_int_equal(pl_ip6_parse((struct pl_span){p, n}, &ip), PLIM_DROP_ip6_version);
}

static void
harmless_extension_headers_are_walked(void **state)
{
	/* hop-by-hop (PadN), routing type 4 with no segments left, destination options (an unknown one of kind 00) */
	static const uint8_t all[] = {
		43, 0, 1,    4, 0, 0, 0, 0, /* hop-by-hop */
		60, 0, 4,    0, 0, 0, 0, 0, /* routing */
		17, 0, 0x1e, 2, 0, 0, 0, 0, /* destination */
	};
	struct pl_ip6 ip = parsed(0, all, sizeof all, PL_PARSED);

	(void)state;
	assert_int_equal(ip.proto, 17);
	assert_int_equal(ip.proto_at, PL_IP6_HEADER + 16);
}

static void
what_a_host_must_refuse_is_refused_with_its_pointer(void **state)
{
	static const uint8_t segments_left[] = {17, 0, 0, 1, 0, 0, 0, 0};
	static const uint8_t late_hop[] = {0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0};
	static const uint8_t discard[] = {17, 0, 0x5e, 4, 0, 0, 0, 0};
	static const uint8_t tell_all[] = {17, 0, 0, 0x9e, 3, 0, 0, 0};
	static const uint8_t tell_unicast[] = {17, 0, 0xde, 4, 0, 0, 0, 0};
	static const uint8_t option_too_long[] = {17, 0, 1, 5, 0, 0, 0, 0};
	static const uint8_t header_too_long[] = {17, 9, 1, 4, 0, 0, 0, 0};
	struct pl_ip6 ip;

	(void)state;
	ip = parsed(43, segments_left, 8, PLIM_DROP_ip6_extension);
	assert_true(ip.problem.is_set && ip.problem.code == 0 && ip.problem.pointer == PL_IP6_HEADER + 2);
	ip = parsed(60, late_hop, 16, PLIM_DROP_ip6_extension);
	assert_true(ip.problem.is_set && ip.problem.code == 1 && ip.problem.pointer == PL_IP6_HEADER);
	ip = parsed(60, discard, 8, PLIM_DROP_ip6_extension);
	assert_false(ip.problem.is_set);
	ip = parsed(60, tell_all, 8, PLIM_DROP_ip6_extension);
	assert_true(ip.problem.is_set && ip.problem.also_multicast && ip.problem.code == 2);
	assert_int_equal(ip.problem.pointer, PL_IP6_HEADER + 3);
	ip = parsed(60, tell_unicast, 8, PLIM_DROP_ip6_extension);
	assert_true(ip.problem.is_set && !ip.problem.also_multicast && ip.problem.pointer == PL_IP6_HEADER + 2);
	(void)parsed(0, option_too_long, 8, PLIM_DROP_ip6_extension);
	(void)parsed(60, header_too_long, 8, PLIM_DROP_ip6_extension);
}

static void
the_chain_is_bounded(void **state)
{
	uint8_t ext[8 * (PL_IP6_MAX_EXT + 1)] = {0};

	(void)state;
	for (unsigned i = 0; i <= PL_IP6_MAX_EXT; i++) {
		ext[8 * i] = 60;
		ext[8 * i + 2] = 1;
		ext[8 * i + 3] = 4;
	}
	ext[8 * (PL_IP6_MAX_EXT - 1)] = 17;
	assert_int_equal(parsed(60, ext, 8 * PL_IP6_MAX_EXT, PL_PARSED).proto, 17);
	ext[8 * (PL_IP6_MAX_EXT - 1)] = 60;
	ext[8 * PL_IP6_MAX_EXT] = 17;
	(void)parsed(60, ext, sizeof ext, PLIM_DROP_ip6_extension);
}

static void
fragments_are_told_and_atomic_ones_are_whole(void **state)
{
	static const uint8_t atomic[] = {17, 0, 0, 0, 1, 2, 3, 4};
	static const uint8_t first[] = {17, 0, 0, 1, 1, 2, 3, 4};
	static const uint8_t later[] = {17, 0, 0, 8, 1, 2, 3, 4};
	struct pl_ip6 ip;

	(void)state;
	assert_false(parsed(44, atomic, 8, PL_PARSED).is_fragment);
	ip = parsed(44, first, 8, PL_PARSED);
	assert_true(ip.is_fragment && ip.frag_first);
	ip = parsed(44, later, 8, PL_PARSED);
	assert_true(ip.is_fragment && !ip.frag_first);
}

static void
feed(const uint8_t *p, size_t n, void *arg)
{
	struct pl_ip6 ip;

	(void)arg;
	if (pl_ip6_parse((struct pl_span){p, n}, &ip) == PL_PARSED) {
		assert_true(ip.payload.len <= n - PL_IP6_HEADER);
		assert_true(ip.proto_at < n);
	} else if (ip.problem.is_set) {
		assert_true(ip.problem.pointer < n);
	}
	if (pl_ip6_parse_quoted((struct pl_span){p, n}, &ip))
		assert_true(ip.payload.len <= n);
}

static void
truncated_and_damaged_ones_are_survived(void **state)
{
	static const uint8_t all[] = {
		43, 1, 1, 4, 0,  0, 0, 0, 0x1e, 6, 0, 0, 0,  0, 0,    0, 44, 0, 4, 0,
		0,  0, 0, 0, 60, 0, 0, 0, 9,    9, 9, 9, 17, 0, 0x1e, 2, 0,  0, 0, 0,
	};
	uint8_t p[200];
	size_t n = build(p, 0, all, sizeof all);
	struct pl_ip6 ip;

	(void)state;
	assert_int_equal(pl_ip6_parse((struct pl_span){p, n}, &ip), PL_PARSED);
	every_truncation(feed, p, n, NULL);
	many_mutations(feed, p, n, NULL, 50000);
}

TESTS_MAIN(cmocka_unit_test(what_is_written_is_read), cmocka_unit_test(version_and_length_are_checked),
           cmocka_unit_test(harmless_extension_headers_are_walked),
           cmocka_unit_test(what_a_host_must_refuse_is_refused_with_its_pointer),
           cmocka_unit_test(the_chain_is_bounded), cmocka_unit_test(fragments_are_told_and_atomic_ones_are_whole),
           cmocka_unit_test(truncated_and_damaged_ones_are_survived))
