/* SPDX-License-Identifier: ISC */
/* The TCP header and its options: see tcp.h. */
#include "wire/tcp.h"

enum { KIND_END = 0, KIND_NOP = 1, KIND_MSS = 2, KIND_WSCALE = 3, KIND_SACK_OK = 4, KIND_SACK = 5, KIND_TS = 8 };
enum { LEN_MSS = 4, LEN_WSCALE = 3, LEN_SACK_OK = 2, LEN_TS = 10, LEN_SACK_HEAD = 2, LEN_SACK = 8 };

#define MAX_WSCALE 14 /* RFC 7323 §2.3 */

static void
parse_sacks(struct pl_cur c, struct pl_tcp_opts *opt)
{
	struct pl_sack s;

	if (pl_cur_left(&c) % LEN_SACK != 0)
		return;
	opt->n_sacks = 0; /* two SACK options: the last one counts */
	while (opt->n_sacks < PL_TCP_MAX_SACKS && pl_cur_be32(&c, &s.start) && pl_cur_be32(&c, &s.end))
		opt->sacks[opt->n_sacks++] = s;
}

/* The options that only a SYN may carry (RFC 9293 §3.7.1, RFC 7323 §2.2, RFC 2018 §2); elsewhere they are ignored. */
static void
parse_syn_option(uint8_t kind, struct pl_cur c, struct pl_tcp_opts *opt)
{
	size_t len = pl_cur_left(&c) + 2;

	if (kind == KIND_MSS && len == LEN_MSS && pl_cur_be16(&c, &opt->mss))
		opt->has |= PL_OPT_MSS;
	if (kind == KIND_SACK_OK && len == LEN_SACK_OK)
		opt->has |= PL_OPT_SACK_OK;
	if (kind == KIND_WSCALE && len == LEN_WSCALE && pl_cur_u8(&c, &opt->wscale)) {
		opt->wscale = PL_MIN(opt->wscale, MAX_WSCALE);
		opt->has |= PL_OPT_WSCALE;
	}
}

static void
parse_option(uint8_t kind, struct pl_cur c, uint8_t flags, struct pl_tcp_opts *opt)
{
	if (kind == KIND_TS && pl_cur_left(&c) + 2 == LEN_TS) {
		(void)pl_cur_be32(&c, &opt->tsval); /* the length was looked at */
		(void)pl_cur_be32(&c, &opt->tsecr);
		opt->has |= PL_OPT_TS;
	} else if (flags & PL_TH_SYN) {
		parse_syn_option(kind, c, opt);
	} else if (kind == KIND_SACK) {
		parse_sacks(c, opt);
	}
}

/* MUST-5, MUST-6, MUST-7: any order, unknown kinds are skipped by their length, an illegal length ends the list. */
static void
parse_options(struct pl_cur c, uint8_t flags, struct pl_tcp_opts *opt)
{
	struct pl_cur body;
	uint8_t kind, len;

	while (pl_cur_u8(&c, &kind) && kind != KIND_END) {
		if (kind == KIND_NOP)
			continue;
		if (!pl_cur_u8(&c, &len) || len < 2 || !pl_cur_take(&c, len - 2u, &body))
			return;
		parse_option(kind, body, flags, opt);
	}
}

bool
pl_tcp_parse(struct pl_span l4, struct pl_tcp_seg *seg)
{
	struct pl_cur c = pl_cur_of(l4.p, l4.len), options;
	uint16_t wnd, csum;
	uint8_t offset;

	if (!pl_cur_be16(&c, &seg->sport) || !pl_cur_be16(&c, &seg->dport) || !pl_cur_be32(&c, &seg->seq) ||
	    !pl_cur_be32(&c, &seg->ack) || !pl_cur_u8(&c, &offset) || !pl_cur_u8(&c, &seg->flags) ||
	    !pl_cur_be16(&c, &wnd) || !pl_cur_be16(&c, &csum) || !pl_cur_be16(&c, &seg->urg))
		return false;
	if (offset >> 4 < PL_TCP_HEADER / 4 || !pl_cur_take(&c, (offset >> 4) * 4u - PL_TCP_HEADER, &options))
		return false;
	seg->opt.has = 0;
	seg->opt.wscale = 0;
	seg->opt.n_sacks = 0;
	seg->opt.mss = 0;
	seg->opt.tsval = seg->opt.tsecr = 0;
	parse_options(options, seg->flags, &seg->opt);
	seg->wnd = wnd;
	seg->acks = 1;
	seg->gso_size = 0;
	seg->text = pl_text_of(c.p, pl_cur_left(&c));
	seg->len = (uint32_t)seg->text.len + ((seg->flags & PL_TH_SYN) != 0) + ((seg->flags & PL_TH_FIN) != 0);
	return true;
}

/* Each option stands on a multiple of four; SACK-permitted takes the place of the timestamp's two NOPs. */
size_t
pl_tcp_opts_len(const struct pl_tcp_opts *opt)
{
	size_t n = 0;

	if (opt->has & PL_OPT_MSS)
		n += LEN_MSS;
	if (opt->has & PL_OPT_WSCALE)
		n += LEN_WSCALE + 1;
	if (opt->has & PL_OPT_TS)
		n += LEN_TS + 2;
	else if (opt->has & PL_OPT_SACK_OK)
		n += LEN_SACK_OK + 2;
	if (opt->n_sacks)
		n += 2 + LEN_SACK_HEAD + (size_t)opt->n_sacks * LEN_SACK;
	return n;
}

static void
put_kind(struct pl_put *w, uint8_t kind, uint8_t len)
{
	pl_put_u8(w, kind);
	pl_put_u8(w, len);
}

static void
put_pad(struct pl_put *w)
{
	put_kind(w, KIND_NOP, KIND_NOP);
}

static void
put_sacks(struct pl_put *w, const struct pl_tcp_opts *opt)
{
	put_pad(w);
	put_kind(w, KIND_SACK, (uint8_t)(LEN_SACK_HEAD + opt->n_sacks * LEN_SACK));
	for (unsigned i = 0; i < opt->n_sacks; i++) {
		pl_put_be32(w, opt->sacks[i].start);
		pl_put_be32(w, opt->sacks[i].end);
	}
}

static void
put_options(struct pl_put *w, const struct pl_tcp_opts *opt)
{
	bool has_ts = (opt->has & PL_OPT_TS) != 0, has_sack_ok = (opt->has & PL_OPT_SACK_OK) != 0;

	if (opt->has & PL_OPT_MSS) {
		put_kind(w, KIND_MSS, LEN_MSS);
		pl_put_be16(w, opt->mss);
	}
	if (has_sack_ok)
		put_kind(w, KIND_SACK_OK, LEN_SACK_OK);
	if (has_ts != has_sack_ok)
		put_pad(w); /* together they fill three words, alone each needs NOPs */
	if (has_ts) {
		put_kind(w, KIND_TS, LEN_TS);
		pl_put_be32(w, opt->tsval);
		pl_put_be32(w, opt->tsecr);
	}
	if (opt->has & PL_OPT_WSCALE) {
		pl_put_u8(w, KIND_NOP);
		put_kind(w, KIND_WSCALE, LEN_WSCALE);
		pl_put_u8(w, opt->wscale);
	}
	if (opt->n_sacks)
		put_sacks(w, opt);
}

size_t
pl_tcp_put(uint8_t *p, size_t room, const struct pl_tcp_seg *seg)
{
	size_t options = pl_tcp_opts_len(&seg->opt), n = PL_TCP_HEADER + options;
	struct pl_put w = pl_put_to(p, n);

	if (n > room || options > PL_TCP_MAX_OPTIONS || seg->opt.n_sacks > PL_TCP_MAX_SACKS)
		return 0;
	pl_put_be16(&w, seg->sport);
	pl_put_be16(&w, seg->dport);
	pl_put_be32(&w, seg->seq);
	pl_put_be32(&w, seg->ack);
	pl_put_u8(&w, (uint8_t)(n / 4 << 4));
	pl_put_u8(&w, seg->flags);
	pl_put_be16(&w, (uint16_t)seg->wnd);
	pl_put_be16(&w, 0);
	pl_put_be16(&w, seg->urg);
	put_options(&w, &seg->opt);
	PL_ASSERT(!w.short_of && w.p == w.end);
	return n;
}

void
pl_tcp_put_again(uint8_t *p, pl_seq seq, uint8_t flags)
{
	pl_store32(p + 4, seq);
	p[13] = flags;
	pl_store16(p + 16, 0);
}
