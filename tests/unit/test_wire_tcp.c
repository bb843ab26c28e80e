/* SPDX-License-Identifier: ISC */
#include "mutate.h"

#include "wire/tcp.h"

static bool
parse(const uint8_t *p, size_t n, struct pl_tcp_seg *seg)
{
	return pl_tcp_parse((struct pl_span){p, n}, seg);
}

/* A segment with raw options (padded with END) and 5 octets of text. */
static size_t
build(uint8_t *p, uint8_t flags, const uint8_t *options, size_t n_options)
{
	struct pl_tcp_seg s = {.sport = 1, .dport = 2, .seq = 3, .ack = 4, .wnd = 5, .urg = 6, .flags = flags};
	size_t padded = (n_options + 3) / 4 * 4;

	memset(p, 0, 100);
	assert_int_equal(pl_tcp_put(p, PL_TCP_HEADER, &s), PL_TCP_HEADER);
	memcpy(p + PL_TCP_HEADER, options, n_options);
	p[12] = (uint8_t)((PL_TCP_HEADER + padded) / 4 << 4);
	memcpy(p + PL_TCP_HEADER + padded, "hello", 5);
	return PL_TCP_HEADER + padded + 5;
}

static void
fields_are_read_in_host_order(void **state)
{
	static const uint8_t raw[] = {
		0x12, 0x34, 0x56, 0x78, 0xde, 0xad, 0xbe, 0xef, 0x01, 0x02, 0x03,
		0x04, 0x50, 0x39, 0xab, 0xcd, 0,    0,    0x11, 0x22, 'x',  'y',
	};
	struct pl_tcp_seg s;

	(void)state;
	assert_true(parse(raw, sizeof raw, &s));
	assert_int_equal(s.sport, 0x1234);
	assert_int_equal(s.dport, 0x5678);
	assert_int_equal(s.seq, 0xdeadbeef);
	assert_int_equal(s.ack, 0x01020304);
	assert_int_equal(s.flags, PL_TH_URG | PL_TH_ACK | PL_TH_PSH | PL_TH_FIN);
	assert_int_equal(s.wnd, 0xabcd);
	assert_int_equal(s.urg, 0x1122);
	assert_int_equal(s.text.len, 2);
	assert_int_equal(s.len, 3);
}

static void
every_set_of_options_goes_there_and_back(void **state)
{
	(void)state;
	for (unsigned has = 0; has < 16; has++) {
		for (unsigned n_sacks = 0; n_sacks <= 4; n_sacks++) {
			struct pl_tcp_seg s = {.sport = 1, .dport = 2, .seq = 0xfffffffe, .ack = 9, .wnd = 65535}, t;
			uint8_t *p = malloc(60);
			size_t len;

			s.flags = n_sacks ? PL_TH_ACK : PL_TH_SYN;
			s.opt = (struct pl_tcp_opts){.has = (uint8_t)(n_sacks ? has & PL_OPT_TS : has),
			                             .wscale = 7,
			                             .mss = 1460,
			                             .tsval = 0x01020304,
			                             .tsecr = 0x0a0b0c0d,
			                             .n_sacks = (uint8_t)n_sacks};
			for (unsigned i = 0; i < n_sacks; i++)
				s.opt.sacks[i] = (struct pl_sack){100 * i, 100 * i + 50};
			len = PL_TCP_HEADER + pl_tcp_opts_len(&s.opt);
			assert_non_null(p);
			assert_int_equal(len % 4, 0);
			if (len > 60) {
				assert_int_equal(pl_tcp_put(p, 60, &s), 0);
				free(p);
				continue;
			}
			assert_int_equal(pl_tcp_put(p, len - 1, &s), 0);
			assert_int_equal(pl_tcp_put(p, 60, &s), len);
			assert_true(parse(p, len, &t));
			assert_int_equal(t.opt.has, s.opt.has);
			assert_int_equal(t.opt.n_sacks, n_sacks);
			assert_int_equal(t.text.len, 0);
			if (t.opt.has & PL_OPT_TS)
				assert_true(t.opt.tsval == s.opt.tsval && t.opt.tsecr == s.opt.tsecr);
			if (t.opt.has & PL_OPT_MSS)
				assert_int_equal(t.opt.mss, 1460);
			if (t.opt.has & PL_OPT_WSCALE)
				assert_int_equal(t.opt.wscale, 7);
			for (unsigned i = 0; i < n_sacks; i++)
				assert_true(t.opt.sacks[i].start == 100 * i && t.opt.sacks[i].end == 100 * i + 50);
			free(p);
		}
	}
}

static void
syn_with_all_options_takes_20_octets(void **state)
{
	struct pl_tcp_opts o = {.has = PL_OPT_MSS | PL_OPT_WSCALE | PL_OPT_TS | PL_OPT_SACK_OK};

	(void)state;
	assert_int_equal(pl_tcp_opts_len(&o), 20);
}

static void
three_sack_blocks_fit_beside_timestamps(void **state)
{
	struct pl_tcp_opts o = {.has = PL_OPT_TS, .n_sacks = 3};

	(void)state;
	assert_int_equal(pl_tcp_opts_len(&o), 40);
}

static void
options_in_any_order_and_unknown_ones_are_skipped(void **state)
{
	static const uint8_t o[] = {19, 18, 0, 0, 0, 0, 0, 0,   0, 0, 0, 0, 0,  0, 0,
	                            0,  0,  0, 3, 3, 9, 1, 253, 2, 2, 4, 2, 24, 4, 2};
	uint8_t p[100];
	struct pl_tcp_seg s;
	size_t n = build(p, PL_TH_SYN, o, sizeof o);

	(void)state;
	assert_true(parse(p, n, &s));
	assert_int_equal(s.opt.has, PL_OPT_MSS | PL_OPT_WSCALE | PL_OPT_SACK_OK);
	assert_int_equal(s.opt.mss, 536);
	assert_int_equal(s.opt.wscale, 9);
	assert_int_equal(s.text.len, 5);
	assert_int_equal(s.len, 6);
}

static void
an_illegal_length_ends_the_options_but_not_the_segment(void **state)
{
	static const uint8_t zero[] = {2, 4, 5, 0xb4, 8, 0, 3, 3, 7};
	static const uint8_t one[] = {2, 4, 5, 0xb4, 99, 1, 3, 3, 7};
	static const uint8_t beyond[] = {2, 4, 5, 0xb4, 3, 9, 3, 3};
	static const uint8_t cut[] = {2, 4, 5, 0xb4, 1, 1, 1, 3};
	static const uint8_t *all[] = {zero, one, beyond, cut};
	uint8_t p[100];
	struct pl_tcp_seg s;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		size_t n = build(p, PL_TH_SYN, all[i], 8);

		assert_true(parse(p, n, &s));
		assert_int_equal(s.opt.has, PL_OPT_MSS);
		assert_int_equal(s.text.len, 5);
	}
}

static void
a_known_option_of_another_length_is_skipped(void **state)
{
	static const uint8_t o[] = {2, 3, 5, 8, 9, 0, 0, 0, 0, 0, 0, 0, 4, 3, 0, 3, 4, 7, 7};
	uint8_t p[100];
	struct pl_tcp_seg s;

	(void)state;
	assert_true(parse(p, build(p, PL_TH_SYN, o, sizeof o), &s));
	assert_int_equal(s.opt.has, 0);
}

static void
syn_options_count_only_on_syn(void **state)
{
	static const uint8_t o[] = {2, 4, 5, 0xb4, 4, 2, 3, 3, 7};
	static const uint8_t sack[] = {5, 10, 0, 0, 0, 1, 0, 0, 0, 2};
	uint8_t p[100];
	struct pl_tcp_seg s;

	(void)state;
	assert_true(parse(p, build(p, PL_TH_ACK, o, sizeof o), &s));
	assert_int_equal(s.opt.has, 0);
	assert_true(parse(p, build(p, PL_TH_SYN, sack, sizeof sack), &s));
	assert_int_equal(s.opt.n_sacks, 0);
	assert_true(parse(p, build(p, PL_TH_ACK, sack, sizeof sack), &s));
	assert_int_equal(s.opt.n_sacks, 1);
}

static void
window_scale_beyond_14_is_14(void **state)
{
	uint8_t p[100];
	struct pl_tcp_seg s;

	(void)state;
	for (unsigned w = 0; w < 256; w++) {
		uint8_t o[] = {3, 3, (uint8_t)w, 1};

		assert_true(parse(p, build(p, PL_TH_SYN, o, sizeof o), &s));
		assert_int_equal(s.opt.wscale, w > 14 ? 14 : w);
	}
}

static void
data_offset_must_lie_inside(void **state)
{
	uint8_t p[100];
	struct pl_tcp_seg s;
	size_t n = build(p, PL_TH_ACK, NULL, 0);

	(void)state;
	for (unsigned off = 0; off < 16; off++) {
		p[12] = (uint8_t)(off << 4);
		assert_int_equal(parse(p, n, &s), off >= 5 && off * 4 <= n);
	}
}

static void
feed(const uint8_t *p, size_t n, void *arg)
{
	struct pl_tcp_seg s;

	(void)arg;
	if (!parse(p, n, &s))
		return;
	assert_true(s.text.len + 20 <= n && s.opt.n_sacks <= 4 && s.opt.wscale <= 14);
	assert_true(s.len >= s.text.len && s.len <= s.text.len + 2);
}

static void
truncated_and_damaged_ones_are_survived(void **state)
{
	static const uint8_t o[] = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1, 5, 26, 0, 0, 0, 1,
	                            0, 0, 0, 2,  0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 8,  0, 0, 0, 9};
	uint8_t p[100];
	size_t n = build(p, PL_TH_ACK, o, sizeof o);

	(void)state;
	every_truncation(feed, p, n, NULL);
	many_mutations(feed, p, n, NULL, 50000);
}

TESTS_MAIN(cmocka_unit_test(fields_are_read_in_host_order), cmocka_unit_test(every_set_of_options_goes_there_and_back),
           cmocka_unit_test(syn_with_all_options_takes_20_octets),
           cmocka_unit_test(three_sack_blocks_fit_beside_timestamps),
           cmocka_unit_test(options_in_any_order_and_unknown_ones_are_skipped),
           cmocka_unit_test(an_illegal_length_ends_the_options_but_not_the_segment),
           cmocka_unit_test(a_known_option_of_another_length_is_skipped),
           cmocka_unit_test(syn_options_count_only_on_syn), cmocka_unit_test(window_scale_beyond_14_is_14),
           cmocka_unit_test(data_offset_must_lie_inside), cmocka_unit_test(truncated_and_damaged_ones_are_survived))
