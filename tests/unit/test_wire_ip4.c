/* SPDX-License-Identifier: ISC */
#include "mutate.h"

#include "base/checksum.h"
#include "wire/ip4.h"

#define TEXT 12

/* A datagram with `options` octets of options, TEXT octets of text. */
static size_t
build(uint8_t *p, const uint8_t *options, size_t n_options, uint16_t frag)
{
	struct pl_ip4 ip = {.tos = 0x10, .ttl = 64, .proto = 17, .df = true};
	struct pl_put w = pl_put_to(p, 100);

	ip.len = (uint16_t)(PL_IP4_HEADER + n_options + TEXT);
	ip.src = pl_addr_from(4, (const uint8_t[]){10, 0, 0, 1});
	ip.dst = pl_addr_from(4, (const uint8_t[]){10, 0, 0, 2});
	pl_ip4_put(&w, &ip);
	for (size_t i = 0; i < n_options; i++)
		pl_put_u8(&w, options[i]);
	for (unsigned i = 0; i < TEXT; i++)
		pl_put_u8(&w, (uint8_t)i);
	p[0] = (uint8_t)(0x45 + n_options / 4);
	pl_store16(p + 6, frag);
	pl_store16(p + 10, 0);
	pl_csum_store(p + 10, pl_csum_add(0, p, PL_IP4_HEADER + n_options));
	return ip.len;
}

static void
resum(uint8_t *p)
{
	pl_store16(p + 10, 0);
	pl_csum_store(p + 10, pl_csum_add(0, p, (p[0] & 15u) * 4));
}

static enum plim_drop
judge(const uint8_t *p, size_t n)
{
	struct pl_ip4 ip;

	return pl_ip4_parse((struct pl_span){p, n}, &ip);
}

static void
what_is_written_is_read(void **state)
{
	uint8_t p[100] = {0};
	size_t n = build(p, NULL, 0, 0x4000);
	struct pl_ip4 ip;

	(void)state;
	assert_int_equal(pl_ip4_parse((struct pl_span){p, n + 20}, &ip), PL_PARSED); /* link padding */
	assert_int_equal(ip.payload.len, TEXT);
	assert_int_equal(ip.payload.p[3], 3);
	assert_int_equal(ip.tos, 0x10);
	assert_int_equal(ip.ttl, 64);
	assert_int_equal(ip.proto, 17);
	assert_int_equal(ip.src.octets[3], 1);
	assert_int_equal(ip.dst.octets[3], 2);
	assert_true(ip.df && !pl_ip4_is_fragment(&ip));
}

static void
each_rule_of_rfc_1122_has_its_reason(void **state)
{
	uint8_t p[100];
	size_t n = build(p, NULL, 0, 0x4000);

	(void)state;
	assert_int_equal(judge(p, 19), PLIM_DROP_ip4_truncated);
	assert_int_equal(judge(p, n - 1), PLIM_DROP_ip4_truncated);
	p[0] = 0x65;
	assert_int_equal(judge(p, n), PLIM_DROP_ip4_version);
	p[0] = 0x44;
	assert_int_equal(judge(p, n), PLIM_DROP_ip4_header_length);
	p[0] = 0x4f; /* 60 octets of header, 32 of datagram */
	assert_int_equal(judge(p, n), PLIM_DROP_ip4_header_length);
	n = build(p, NULL, 0, 0x4000);
	pl_store16(p + 2, 19);
	resum(p);
	assert_int_equal(judge(p, n), PLIM_DROP_ip4_header_length);
	n = build(p, NULL, 0, 0x4000);
	for (unsigned bit = 8; bit < 8 * PL_IP4_HEADER; bit++) {
		if (bit / 8 == 2 || bit / 8 == 3)
			continue; /* the length has its own reasons */
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(judge(p, n), PLIM_DROP_ip4_checksum);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void
unknown_options_are_ignored_and_source_routes_refused(void **state)
{
	static const uint8_t odd[] = {1, 1, 0x88, 4, 0, 0, 0x44, 5, 9, 9, 9, 0};
	static const uint8_t lsrr[] = {1, 131, 7, 4, 10, 0, 0, 9};
	static const uint8_t ssrr[] = {137, 7, 4, 10, 0, 0, 9, 0};
	static const uint8_t beyond[] = {0x44, 5, 1, 1};
	static const uint8_t zero[] = {0x44, 0, 1, 1};
	static const uint8_t behind_end[] = {0, 131, 7, 9};
	uint8_t p[100];

	(void)state;
	assert_int_equal(judge(p, build(p, odd, sizeof odd, 0)), PL_PARSED);
	assert_int_equal(judge(p, build(p, behind_end, sizeof behind_end, 0)), PL_PARSED);
	assert_int_equal(judge(p, build(p, lsrr, sizeof lsrr, 0)), PLIM_DROP_ip4_options);
	assert_int_equal(judge(p, build(p, ssrr, sizeof ssrr, 0)), PLIM_DROP_ip4_options);
	assert_int_equal(judge(p, build(p, beyond, sizeof beyond, 0)), PLIM_DROP_ip4_options);
	assert_int_equal(judge(p, build(p, zero, sizeof zero, 0)), PLIM_DROP_ip4_options);
}

static void
fragments_are_told(void **state)
{
	uint8_t p[100];
	struct pl_ip4 ip;
	size_t n = build(p, NULL, 0, 0x2000);

	(void)state;
	assert_int_equal(pl_ip4_parse((struct pl_span){p, n}, &ip), PL_PARSED);
	assert_true(pl_ip4_is_fragment(&ip) && ip.mf && ip.frag_offset == 0);
	n = build(p, NULL, 0, 0x0003);
	assert_int_equal(pl_ip4_parse((struct pl_span){p, n}, &ip), PL_PARSED);
	assert_true(pl_ip4_is_fragment(&ip) && !ip.mf && ip.frag_offset == 3);
}

static void
a_quotation_may_be_cut_anywhere_behind_its_header(void **state)
{
	uint8_t p[100];
	struct pl_ip4 ip;
	size_t n = build(p, NULL, 0, 0x4000);

	(void)state;
	p[10] ^= 1;
	for (size_t i = 0; i <= n; i++)
		assert_int_equal(pl_ip4_parse_quoted((struct pl_span){p, i}, &ip), i >= PL_IP4_HEADER);
	assert_int_equal(ip.payload.len, TEXT);
	p[0] = 0x4f;
	assert_false(pl_ip4_parse_quoted((struct pl_span){p, n}, &ip));
}

static void
feed(const uint8_t *p, size_t n, void *arg)
{
	struct pl_ip4 ip;
	uint8_t fixed[100];

	(void)arg;
	if (pl_ip4_parse((struct pl_span){p, n}, &ip) == PL_PARSED)
		assert_true(ip.payload.len + ip.header_len <= n);
	(void)pl_ip4_parse_quoted((struct pl_span){p, n}, &ip);
	if (n < PL_IP4_HEADER || (p[0] & 15u) * 4 > n || n > sizeof fixed)
		return;
	memcpy(fixed, p, n); /* the same with a right checksum: the options are reached */
	resum(fixed);
	if (pl_ip4_parse((struct pl_span){fixed, n}, &ip) == PL_PARSED)
		(void)pl_csum_add(0, ip.payload.p, ip.payload.len);
}

static void
truncated_and_damaged_ones_are_survived(void **state)
{
	static const uint8_t odd[] = {1, 1, 0x88, 4, 0, 0, 0x44, 5, 9, 9, 9, 0};
	uint8_t p[100];
	size_t n = build(p, odd, sizeof odd, 0x4000);

	(void)state;
	every_truncation(feed, p, n, NULL);
	many_mutations(feed, p, n, NULL, 20000);
}

TESTS_MAIN(cmocka_unit_test(what_is_written_is_read), cmocka_unit_test(each_rule_of_rfc_1122_has_its_reason),
           cmocka_unit_test(unknown_options_are_ignored_and_source_routes_refused),
           cmocka_unit_test(fragments_are_told), cmocka_unit_test(a_quotation_may_be_cut_anywhere_behind_its_header),
           cmocka_unit_test(truncated_and_damaged_ones_are_survived))
