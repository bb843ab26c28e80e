/* SPDX-License-Identifier: ISC */
/*
 * The TCP header and its options: what is taken lies inside the segment and within the
 * documented ranges, and a header made of it is taken again with the same fields.
 */
#include "fuzz.h"
#include "wire/tcp.h"

static void
check_ranges(const uint8_t *p, size_t n, const struct pl_tcp_seg *s)
{
	size_t header = (size_t)(p[12] >> 4) * 4;
	bool syn = s->flags & PL_TH_SYN, fin = s->flags & PL_TH_FIN;

	MUST(header >= PL_TCP_HEADER && s->text.p == p + header && s->text.len == n - header);
	MUST(s->len == s->text.len + syn + fin);
	MUST(s->wnd <= 65535 && s->opt.wscale <= 14 && s->opt.n_sacks <= PL_TCP_MAX_SACKS);
	MUST(!(s->opt.has & ~(PL_OPT_MSS | PL_OPT_WSCALE | PL_OPT_TS | PL_OPT_SACK_OK)));
	MUST(syn ? s->opt.n_sacks == 0 : !(s->opt.has & ~PL_OPT_TS));
}

static void
check_options(const struct pl_tcp_opts *a, const struct pl_tcp_opts *b)
{
	MUST(a->has == b->has && a->n_sacks == b->n_sacks);
	MUST(a->mss == b->mss && a->wscale == b->wscale && a->tsval == b->tsval && a->tsecr == b->tsecr);
	MUST(memcmp(a->sacks, b->sacks, a->n_sacks * sizeof a->sacks[0]) == 0);
}

static void
check_put(const struct pl_tcp_seg *s)
{
	static struct guarded room;
	size_t header = PL_TCP_HEADER + pl_tcp_opts_len(&s->opt);
	struct pl_tcp_seg again;

	if (!room.start)
		room = guarded_room(PL_TCP_HEADER + 64);
	uint8_t *back = guarded_last(&room, header);

	MUST(header % 4 == 0 && pl_tcp_put(back, header - 1, s) == 0);
	if (header > PL_TCP_HEADER + PL_TCP_MAX_OPTIONS) {
		MUST(pl_tcp_put(back, header, s) == 0);
		return;
	}
	MUST(pl_tcp_put(back, header, s) == header);
	MUST(pl_tcp_parse((struct pl_span){back, header}, &again) && again.text.len == 0);
	MUST(again.sport == s->sport && again.dport == s->dport && again.seq == s->seq && again.ack == s->ack);
	MUST(again.wnd == s->wnd && again.urg == s->urg && again.flags == s->flags);
	check_options(&s->opt, &again.opt);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = guarded_input(data, &size);
	struct pl_tcp_seg s;

	if (!pl_tcp_parse((struct pl_span){p, size}, &s)) {
		MUST(size < PL_TCP_HEADER || p[12] >> 4 < 5 || (size_t)(p[12] >> 4) * 4 > size);
		return 0;
	}
	check_ranges(p, size, &s);
	check_put(&s);
	return 0;
}
