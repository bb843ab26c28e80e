/* SPDX-License-Identifier: ISC */
/* What the stack sends: checked for what must always hold, kept, and compared with what a dialogue expects. */
#include "harness.h"

#include "base/addr.h"
#include "base/checksum.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define QUEUE 4096

struct heard {
	plim_time when;
	size_t n;
	uint8_t *frame;
};

static struct heard queue[QUEUE];
static unsigned q_first, q_n;

/* What must hold between one segment of the stack and the next. */
static struct {
	bool any;
	uint32_t ack, edge;
	bool has_edge;
} before;

/* The transport part of a frame for the peer; false: not IP (ARP was answered). */
static bool
open_frame(const uint8_t *p, size_t n, uint8_t *proto, struct pl_span *l4)
{
	struct pl_cur c = pl_cur_of(p, n);
	struct pl_eth eth;
	struct pl_ip4 ip4;
	struct pl_ip6 ip6;

	assert_true(pl_eth_parse(&c, &eth));
	assert_memory_equal(eth.src, our_mac, 6);
	if (eth.type == PL_ETH_TYPE_ARP) {
		answer_arp(c);
		return false;
	}
	if (eth.type == PL_ETH_TYPE_IP4) {
		assert_int_equal(pl_ip4_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip4), PL_PARSED);
		assert_true(pl_addr_equal(&ip4.src, &us4) && ip4.df && ip4.ttl > 0);
		d.last_tos = ip4.tos;
		d.last_ttl = ip4.ttl;
		*proto = ip4.proto;
		*l4 = ip4.payload;
	} else {
		assert_int_equal(pl_ip6_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip6), PL_PARSED);
		assert_true(pl_addr_equal(&ip6.src, &us6) && ip6.hop_limit > 0);
		d.last_tos = ip6.tclass;
		d.last_ttl = ip6.hop_limit;
		*proto = ip6.proto;
		*l4 = ip6.payload;
	}
	return true;
}

static void
check_checksum(struct pl_span l4)
{
	struct plim_addr a = us(), b = them();

	assert_true(pl_csum_is_valid(pl_csum_add(pl_csum_pseudo(&a, &b, 6, (uint32_t)l4.len), l4.p, l4.len)));
}

/* MUST-65, MUST-68, MUST-69: our options are well formed, SYN options only on SYN, zeros after the end. */
static void
check_options(struct pl_span l4, bool is_syn)
{
	struct pl_cur c = pl_cur_of(l4.p, (l4.p[12] >> 4) * 4u);
	uint8_t kind, len;

	assert_true(pl_cur_skip(&c, 20));
	while (pl_cur_u8(&c, &kind)) {
		if (kind == 0) {
			while (pl_cur_u8(&c, &kind))
				assert_int_equal(kind, 0);
			return;
		}
		if (kind == 1)
			continue;
		assert_true(pl_cur_u8(&c, &len) && len >= 2 && pl_cur_skip(&c, len - 2u));
		if (kind == 2 || kind == 3 || kind == 4)
			assert_true(is_syn);
		if (kind == 5)
			assert_false(is_syn);
	}
}

static void
check_text(const struct pl_tcp_seg *s)
{
	uint64_t from = (uint32_t)(s->seq - (d.iss + 1));

	for (size_t i = 0; i < s->text.len; i++)
		assert_int_equal(s->text.p[i], pattern(from + i));
}

static void
check_always(struct pl_span l4, const struct pl_tcp_seg *s)
{
	unsigned shift = d.scaled ? d.our_shift : 0;
	uint32_t edge = s->ack + (s->wnd << shift);

	check_checksum(l4);
	check_options(l4, s->flags & SYN);
	if (d.mute || s->flags & (SYN | RST))
		return;
	assert_true(s->flags & ACK);
	check_text(s);
	if (s->text.len > 1)
		assert_true((d.out_gso_size ? d.out_gso_size : s->text.len) <=
		            d.peer_mss - ((l4.p[12] >> 4) * 4u - 20));
	if (before.any)
		assert_false(pl_seq_lt(s->ack, before.ack));
	/* SHLD-14; by less than a unit of the scale it cannot be helped (RFC 7323 §2.4). */
	if (before.has_edge && !d.may_shrink && !(d.fin && s->ack == d.fin) &&
	    pl_seq_lt(edge + (1u << shift) - 1, before.edge))
		fail_msg("the right edge went back from IRS+%u to IRS+%u (ACK IRS+%u)", before.edge - d.irs,
		         edge - d.irs, s->ack - d.irs);
	before.edge = before.has_edge && !d.may_shrink ? pl_seq_max(edge, before.edge) : edge;
	before.any = before.has_edge = true;
	before.ack = s->ack;
}

static void
learn_from_syn(const struct pl_tcp_seg *s)
{
	d.iss = s->seq;
	d.sent = 0;
	d.our_shift = s->opt.wscale;
	if (s->flags & ACK)
		d.scaled = (s->opt.has & PL_OPT_WSCALE) != 0;
	memset(&before, 0, sizeof before);
}

static void
keep(const uint8_t *p, size_t n)
{
	struct heard *h = &queue[(q_first + q_n++) % QUEUE];

	assert_true(q_n <= QUEUE);
	*h = (struct heard){d.now, n, malloc(n)};
	assert_non_null(h->frame);
	memcpy(h->frame, p, n);
}

/* What a driver that offloads does: the field holds the sum of the pseudo-header, the rest is added. */
static void
finish_checksum(const struct plim_frame *f)
{
	size_t at = d.family == 4 ? 34 : 54;
	struct plim_addr a = us(), b = them();
	uint8_t pseudo[2];

	assert_int_equal(f->csum_start, at);
	assert_int_equal(f->csum_offset, 16);
	pl_csum_store(pseudo, 0xffff & ~(uint64_t)pl_csum_fold(pl_csum_pseudo(&a, &b, 6, (uint32_t)(f->len - at))));
	assert_memory_equal(f->data + at + 16, pseudo, 2);
	pl_csum_store(f->data + at + 16, pl_csum_add(0, f->data + at, f->len - at));
}

void
take_frame(const struct plim_frame *f)
{
	struct pl_tcp_seg s;
	struct pl_span l4;
	struct pl_icmp m;
	uint8_t proto;

	if (f->flags & PLIM_FRAME_NEEDS_CSUM)
		finish_checksum(f);
	d.out_gso_size = f->gso_size;
	if (!open_frame(f->data, f->len, &proto, &l4))
		return;
	if (proto == 58 && pl_icmp_parse(l4, &m))
		answer_nd(&m);
	if (proto != 6)
		return;
	assert_true(pl_tcp_parse(l4, &s));
	if (s.flags & SYN)
		learn_from_syn(&s);
	if (s.opt.has & PL_OPT_TS)
		d.last_tsval = s.opt.tsval;
	check_always(l4, &s);
	if (watch)
		watch->heard(&s);
	keep(f->data, f->len);
}

void
forget_heard(void)
{
	memset(&before, 0, sizeof before);
	(void)ignore_rest();
}

/* ---- the stack is heard ---- */

static const char *
flags_text(uint8_t f)
{
	static char text[2][40];
	static unsigned turn;
	char *t = text[turn++ % 2];

	(void)snprintf(t, 40, "%s%s%s%s%s%s", f & SYN ? "SYN " : "", f & FIN ? "FIN " : "", f & RST ? "RST " : "",
	               f & PSH ? "PSH " : "", f & ACK ? "ACK " : "", f & URG ? "URG " : "");
	return t;
}

static void
print_segment(const char *what, plim_time when, const struct pl_tcp_seg *s)
{
	print_error("%s at %llu.%03llu ms: %sseq %u (ISS+%u) ack %u (IRS+%u) len %zu wnd %u", what,
	            (unsigned long long)((when - d.origin) / MS(1)),
	            (unsigned long long)((when - d.origin) / 1000 % 1000), flags_text(s->flags), s->seq, s->seq - d.iss,
	            s->ack, s->ack - d.irs, s->text.len, s->wnd);
	for (unsigned i = 0; i < s->opt.n_sacks; i++)
		print_error(" sack %u-%u", s->opt.sacks[i].start - d.irs, s->opt.sacks[i].end - d.irs);
	print_error("\n");
}

bool
next_segment(struct pl_tcp_seg *seg, plim_time *when)
{
	static uint8_t *held; /* the text is lent until the next call */
	struct heard *h = &queue[q_first];
	struct pl_cur c;
	uint8_t proto;
	struct pl_span l4;

	if (q_n == 0)
		return false;
	q_first = (q_first + 1) % QUEUE;
	q_n--;
	free(held);
	held = h->frame;
	c = pl_cur_of(held, h->n);
	(void)c;
	assert_true(open_frame(held, h->n, &proto, &l4) && pl_tcp_parse(l4, seg));
	*when = h->when;
	return true;
}

unsigned
ignore_rest(void)
{
	struct pl_tcp_seg s;
	plim_time when;
	unsigned n = 0;

	while (next_segment(&s, &when))
		n++;
	return n;
}

void
hear_nothing(const char *file, int line)
{
	struct pl_tcp_seg s;
	plim_time when;

	if (!next_segment(&s, &when) || watch)
		return;
	print_segment("nothing was expected, but the stack said", when, &s);
	_fail(file, line);
}

/* In a faulted run another segment, or none, may well be right: its oracle is in tests/faults. */
#define MUST(cond, what)                                                                                         \
	do {                                                                                                     \
		if (!(cond) && !watch) {                                                                         \
			print_error("%s: expected %sseq ISS+%u ack IRS+%u len %u\n", what, flags_text(l->flags), \
			            l->seq - d.iss, l->ack - d.irs, l->len);                                     \
			print_segment("the stack said", when, &s);                                               \
			_fail(file, line);                                                                       \
		}                                                                                                \
	} while (0)

static void
no_segment(const struct line *l, const char *file, int line)
{
	if (watch) {
		watch->missed(l);
		return;
	}
	print_error("at %llu ms the stack said nothing; expected %sseq ISS+%u ack IRS+%u len %u\n",
	            (unsigned long long)ms_now(), flags_text(l->flags), l->seq - d.iss, l->ack - d.irs, l->len);
	_fail(file, line);
}

void
hear(const struct line *l, const char *file, int line)
{
	plim_time asked = d.now, when = 0;
	struct pl_tcp_seg s;

	if (q_n == 0) {
		plim_time next = plim_next_deadline(d.s);

		while (q_n == 0 && next <= asked + MS(d.tolerance_ms)) {
			run_to(next > d.now ? next : d.now);
			next = plim_next_deadline(d.s);
		}
	}
	if (!next_segment(&s, &when)) {
		no_segment(l, file, line);
		return;
	}
	MUST(when + MS(d.tolerance_ms) >= asked, "too early");
	MUST(s.flags == l->flags, "flags");
	MUST(l->seq == 0 || s.seq == l->seq, "SEQ");
	MUST(l->ack == 0 || s.ack == l->ack, "ACK");
	MUST(s.text.len == l->len, "length");
	MUST(l->wnd == 0 || s.wnd == l->wnd, "window");
	MUST(!l->no_wnd || s.wnd == 0, "window 0");
	MUST(l->mss == 0 || (s.opt.has & PL_OPT_MSS && s.opt.mss == l->mss), "MSS");
	MUST(!l->ws_on || s.opt.has & PL_OPT_WSCALE, "window scale");
	MUST(!l->sack_ok || s.opt.has & PL_OPT_SACK_OK, "SACK permitted");
	MUST(l->ts == 0 || (s.opt.has & PL_OPT_TS && s.opt.tsval == l->ts), "timestamp");
	MUST(l->ecr == 0 || (s.opt.has & PL_OPT_TS && s.opt.tsecr == l->ecr), "echoed timestamp");
	MUST(!l->no_ts || !(s.opt.has & PL_OPT_TS), "no timestamp");
	MUST(!l->no_sack || s.opt.n_sacks == 0, "no SACK blocks");
	MUST(l->n_sack == 0 || s.opt.n_sacks == l->n_sack, "number of SACK blocks");
	for (unsigned i = 0; i < l->n_sack; i++)
		MUST(s.opt.sacks[i].start == l->sack[i].start && s.opt.sacks[i].end == l->sack[i].end, "SACK block");
	MUST(l->urg == 0 || s.urg == l->urg, "urgent pointer");
	MUST(s.sport == (l->lport ? l->lport : d.lport) && s.dport == (l->rport ? l->rport : d.rport), "ports");
}
