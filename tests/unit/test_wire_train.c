/* SPDX-License-Identifier: ISC */
/* Trains against the slow way: parse every frame and compare field by field. */
#include "unit.h"

#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/train.h"

#define ROOM 2048

struct frame_spec {
	unsigned family;
	pl_seq seq, ack;
	uint32_t wnd, text, tsval;
	uint8_t flags, ttl;
	bool has_ts;
};

struct made {
	uint8_t *octets; /* exact: the sanitizer sees an overrun */
	struct plim_frame f;
	uint8_t *l4;
	struct pl_tcp_seg seg;
	uint64_t pseudo;
};

static const struct frame_spec plain = {.family = 4,
                                        .seq = 1000,
                                        .ack = 77,
                                        .wnd = 500,
                                        .text = 100,
                                        .tsval = 5,
                                        .flags = PL_TH_ACK,
                                        .ttl = 64,
                                        .has_ts = true};

static struct plim_addr
addr(unsigned family, uint8_t last)
{
	struct plim_addr a = {.family = (uint8_t)family};

	a.octets[0] = family == 4 ? 10 : 0xfd;
	a.octets[family == 4 ? 3 : 15] = last;
	return a;
}

static void
put_ip(struct pl_put *w, const struct frame_spec *s, const struct plim_addr *src, const struct plim_addr *dst, size_t n)
{
	struct pl_eth eth = {.type = s->family == 4 ? PL_ETH_TYPE_IP4 : PL_ETH_TYPE_IP6};

	pl_eth_put(w, &eth);
	if (s->family == 4)
		pl_ip4_put(w, &(struct pl_ip4){.src = *src,
		                               .dst = *dst,
		                               .proto = 6,
		                               .ttl = s->ttl,
		                               .df = true,
		                               .len = (uint16_t)(20 + n)});
	else
		pl_ip6_put(
			w,
			&(struct pl_ip6){
				.src = *src, .dst = *dst, .proto = 6, .hop_limit = s->ttl, .payload_len = (uint16_t)n});
}

static struct made
make(struct frame_spec s)
{
	struct plim_addr src = addr(s.family, 9), dst = addr(s.family, 2);
	struct pl_tcp_seg seg = {
		.sport = 4000, .dport = 80, .seq = s.seq, .ack = s.ack, .wnd = s.wnd, .flags = s.flags};
	uint8_t buf[ROOM] = {0};
	struct pl_put w = pl_put_to(buf, sizeof buf);
	struct made m = {.pseudo = pl_csum_pseudo(&src, &dst, 6, 0)};
	size_t at, header, n;

	seg.opt.has = s.has_ts ? PL_OPT_TS : 0;
	seg.opt.tsval = s.tsval;
	header = PL_TCP_HEADER + pl_tcp_opts_len(&seg.opt);
	n = header + s.text;
	put_ip(&w, &s, &src, &dst, n);
	at = (size_t)(w.p - buf);
	assert_int_equal(pl_tcp_put(w.p, sizeof buf - at, &seg), header);
	for (uint32_t i = 0; i < s.text; i++)
		w.p[header + i] = (uint8_t)(s.seq + i);
	pl_csum_store(w.p + 16, pl_csum_add(pl_csum_pseudo(&src, &dst, 6, (uint32_t)n), w.p, n));
	m.octets = malloc(at + n);
	memcpy(m.octets, buf, at + n);
	m.f = (struct plim_frame){.data = m.octets, .len = (uint32_t)(at + n)};
	m.l4 = m.octets + at;
	assert_true(pl_tcp_parse((struct pl_span){m.l4, n}, &m.seg));
	return m;
}

static bool
continues(struct frame_spec first, struct frame_spec second, struct pl_train *t)
{
	struct made a = make(first), b = make(second);
	bool taken;

	t->csum = pl_csum_choose();
	assert_true(pl_train_begin(t, &a.f, a.l4, a.pseudo, &a.seg));
	taken = pl_train_take(t, &b.f);
	assert_int_equal(t->n, taken ? 2 : 1);
	free(a.octets);
	free(b.octets);
	return taken;
}

static void
text_that_is_next_continues_and_other_text_does_not(void **state)
{
	static struct pl_train t;

	(void)state;
	for (unsigned family = 4; family <= 6; family += 2) {
		for (int off = -2; off <= 2; off++) {
			struct frame_spec a = plain, b = plain;

			a.family = b.family = family;
			b.seq = a.seq + a.text + (uint32_t)off;
			assert_int_equal(continues(a, b, &t), off == 0);
			b.flags |= PL_TH_PSH;
			b.text = 7; /* shorter, and pushed: the same stream */
			assert_int_equal(continues(a, b, &t), off == 0);
		}
	}
}

static void
a_different_header_does_not_continue(void **state)
{
	static struct pl_train t;
	struct frame_spec a = plain, b = plain, c;

	(void)state;
	b.seq = a.seq + a.text;
	assert_true(continues(a, b, &t));
	c = b, c.ack++;
	assert_false(continues(a, c, &t));
	c = b, c.wnd++;
	assert_false(continues(a, c, &t));
	c = b, c.ttl--;
	assert_false(continues(a, c, &t));
	c = b, c.tsval++;
	assert_false(continues(a, c, &t));
	c = b, c.has_ts = false;
	assert_false(continues(a, c, &t));
	c = b, c.family = 6;
	assert_false(continues(a, c, &t));
	c = b, c.text = 0; /* an ACK is no text */
	assert_false(continues(a, c, &t));
	for (unsigned bit = 0; bit < 8; bit++) {
		c = b, c.flags ^= (uint8_t)(1u << bit);
		assert_int_equal(continues(a, c, &t), 1u << bit == PL_TH_PSH);
	}
}

static void
acks_that_go_forward_continue_each_other(void **state)
{
	static struct pl_train t;
	struct frame_spec a = plain, b;

	(void)state;
	a.text = 0;
	for (int step = -3; step <= 3; step++) {
		b = a, b.ack += (uint32_t)step, b.wnd = 600;
		assert_int_equal(continues(a, b, &t), step > 0); /* a duplicate ACK stays alone */
	}
	b = a, b.ack += 2896, b.wnd = 600;
	assert_true(continues(a, b, &t));
	b.seq++;
	assert_false(continues(a, b, &t));
}

static void
what_comes_out_is_what_went_in(void **state)
{
	static struct pl_train t;
	struct frame_spec s = plain;
	struct made m[8];
	struct pl_tcp_seg seg;
	struct pl_text text;
	pl_seq at = s.seq;

	(void)state;
	t.csum = pl_csum_choose();
	for (unsigned i = 0; i < 8; i++, s.seq += s.text, s.text = 100 - i)
		m[i] = make(s);
	seg = m[0].seg;
	assert_true(pl_train_begin(&t, &m[0].f, m[0].l4, m[0].pseudo, &seg));
	for (unsigned i = 1; i < 8; i++)
		assert_true(pl_train_take(&t, &m[i].f));
	pl_train_end(&t, &seg);
	assert_int_equal(seg.seq, plain.seq);
	assert_int_equal(seg.len, s.seq - plain.seq);
	assert_int_equal(seg.gso_size, plain.text);
	for (text = seg.text; text.len > 0; text = pl_text_skip(text, PL_MIN(text.len, 37u)))
		for (size_t i = 0; i < pl_text_run(&text).len && i < 37; i++)
			assert_int_equal(text.p[i], (uint8_t)(s.seq - text.len + i));
	assert_true(at != s.seq && t.n == 0);
	for (unsigned i = 0; i < 8; i++)
		free(m[i].octets);
}

static void
the_last_of_a_train_of_acks_counts_and_so_does_their_number(void **state)
{
	static struct pl_train t;
	struct frame_spec a = plain, b;
	struct made m = make(a);
	struct pl_tcp_seg seg;

	(void)state;
	free(m.octets);
	a.text = 0;
	b = a, b.ack += 1448, b.wnd = 321;
	m = make(a);
	seg = m.seg;
	assert_true(continues(a, b, &t));
	pl_train_end(&t, &seg);
	assert_int_equal(seg.ack, b.ack);
	assert_int_equal(seg.wnd, 321);
	assert_int_equal(seg.acks, 2);
	free(m.octets);
}

/* Every bit of a frame that continues: flipped, it does so no more, but for those that nobody covers. */
static void
a_flipped_bit_ends_the_train(void **state)
{
	static struct pl_train t;
	struct frame_spec s = plain;
	struct made a = make(s), b;

	(void)state;
	s.seq += s.text;
	b = make(s);
	t.csum = pl_csum_choose();
	for (uint32_t bit = 0; bit < b.f.len * 8; bit++) {
		b.octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_true(pl_train_begin(&t, &a.f, a.l4, a.pseudo, &a.seg));
		assert_false(pl_train_take(&t, &b.f));
		b.octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (uint32_t len = 0; len < b.f.len; len++) {
		struct plim_frame cut = {.data = b.octets, .len = len};

		assert_true(pl_train_begin(&t, &a.f, a.l4, a.pseudo, &a.seg));
		assert_false(pl_train_take(&t, &cut));
	}
	free(a.octets);
	free(b.octets);
}

static void
no_train_begins_where_nothing_could_continue(void **state)
{
	static struct pl_train t;
	static const uint8_t flags[] = {PL_TH_SYN, PL_TH_ACK | PL_TH_FIN, PL_TH_RST, PL_TH_ACK | PL_TH_URG,
	                                0,         PL_TH_ACK | PL_TH_ECE};

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(flags); i++) {
		struct frame_spec s = plain;
		struct made m;

		s.flags = flags[i];
		m = make(s);
		assert_false(pl_train_begin(&t, &m.f, m.l4, m.pseudo, &m.seg));
		free(m.octets);
	}
}

TESTS_MAIN(cmocka_unit_test(text_that_is_next_continues_and_other_text_does_not),
           cmocka_unit_test(a_different_header_does_not_continue),
           cmocka_unit_test(acks_that_go_forward_continue_each_other), cmocka_unit_test(what_comes_out_is_what_went_in),
           cmocka_unit_test(the_last_of_a_train_of_acks_counts_and_so_does_their_number),
           cmocka_unit_test(a_flipped_bit_ends_the_train),
           cmocka_unit_test(no_train_begins_where_nothing_could_continue))
