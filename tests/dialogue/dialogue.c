/* SPDX-License-Identifier: ISC */
#include "dialogue.h"

#include "base/addr.h"
#include "base/checksum.h"
#include "wire/arp.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define FRAME_CAP 65600
#define QUEUE 4096
#define BATCH 64
#define ORIGIN MS(1000000)

struct heard {
	plim_time when;
	size_t n;
	uint8_t *frame;
};

struct dialogue d;

static struct heard queue[QUEUE];
static unsigned q_first, q_n;
static uint8_t frame_buf[FRAME_CAP];
static uint32_t bits_told;

/* What must hold between one segment of the stack and the next. */
static struct {
	bool any;
	uint32_t ack, edge;
	bool has_edge;
} before;

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 2}, peer_mac[6] = {2, 0, 0, 0, 0, 9};
static const struct plim_addr us4 = {{10, 0, 0, 2}, 4}, peer4 = {{10, 0, 0, 9}, 4};
static const struct plim_addr us6 = {{0x20, 1, 0xd, 0xb8, [15] = 2}, 6}, peer6 = {{0x20, 1, 0xd, 0xb8, [15] = 9}, 6};

static struct plim_addr
us(void)
{
	return d.family == 4 ? us4 : us6;
}
static struct plim_addr
them(void)
{
	return d.family == 4 ? peer4 : peer6;
}

uint8_t
pattern(uint64_t i)
{
	return (uint8_t)(i * 131 + (i >> 8) * 17 + 3);
}

/* ---- the stack's frames ---- */

static uint64_t
ms_now(void)
{
	return (d.now - d.origin) / MS(1);
}

static struct plim_frame batch[BATCH];
static unsigned batched;

static void
give_frame(const uint8_t *p, size_t n)
{
	struct plim_frame f = {.data = malloc(n), .len = (uint32_t)n, .flags = d.in_flags, .gso_size = d.in_gso_size};

	assert_non_null(f.data);
	memcpy(f.data, p, n);
	if (d.batching) {
		assert_true(batched < BATCH);
		batch[batched++] = f;
		return;
	}
	assert_int_equal(plim_input(d.s, &f, 1, d.now), 1);
	free(f.data);
}

static void
answer_arp(struct pl_cur c)
{
	struct pl_arp arp;
	uint8_t out[60];
	struct pl_put w = pl_put_to(out, sizeof out);
	struct pl_eth eth = {.type = PL_ETH_TYPE_ARP};
	struct pl_arp reply = {.op = PL_ARP_REPLY, .spa = peer4, .tpa = us4};

	assert_true(pl_arp_parse(c, &arp));
	if (arp.op != PL_ARP_REQUEST || !pl_addr_equal(&arp.tpa, &peer4))
		return;
	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, peer_mac, 6);
	memcpy(reply.sha, peer_mac, 6);
	memcpy(reply.tha, our_mac, 6);
	pl_eth_put(&w, &eth);
	pl_arp_put(&w, &reply);
	give_frame(out, 42);
}

/* Link and IP header for n octets of transport, into w. */
static void
put_headers(struct pl_put *w, struct plim_addr src, struct plim_addr dst, uint8_t proto, uint8_t ttl, size_t n)
{
	struct pl_eth eth = {.type = src.family == 4 ? PL_ETH_TYPE_IP4 : PL_ETH_TYPE_IP6};

	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, peer_mac, 6);
	pl_eth_put(w, &eth);
	if (src.family == 4)
		pl_ip4_put(w, &(struct pl_ip4){.src = src,
		                               .dst = dst,
		                               .proto = proto,
		                               .ttl = ttl,
		                               .len = (uint16_t)(20 + n),
		                               .df = true});
	else
		pl_ip6_put(
			w,
			&(struct pl_ip6){
				.src = src, .dst = dst, .proto = proto, .hop_limit = ttl, .payload_len = (uint16_t)n});
}

static void
answer_nd(const struct pl_icmp *m)
{
	struct pl_nd ns,
		na = {.type = PL_ICMP6_NA, .flags = PL_ND_SOLICITED | PL_ND_OVERRIDE, .target = peer6, .has_mac = true};
	uint8_t out[100];
	struct pl_put w = pl_put_to(out, sizeof out);
	uint8_t *l4;

	if (m->type != PL_ICMP6_NS || !pl_nd_parse(m, &ns) || !pl_addr_equal(&ns.target, &peer6))
		return;
	memcpy(na.mac, peer_mac, 6);
	put_headers(&w, peer6, us6, 58, 255, PL_ND_LEN);
	l4 = w.p;
	pl_nd_put(&w, &na);
	pl_csum_store(l4 + 2, pl_csum_add(pl_csum_pseudo(&peer6, &us6, 58, PL_ND_LEN), l4, PL_ND_LEN));
	give_frame(out, (size_t)(w.p - out));
}

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

static void
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
	keep(f->data, f->len);
}

static void
fetch_events(void)
{
	struct plim_event ev[8];
	int n;

	while ((n = plim_events(d.s, ev, 8)) > 0)
		for (int i = 0; i < n; i++)
			bits_told |= ev[i].bits;
}

static void
drain(void)
{
	const char *why = NULL;
	unsigned rounds = 0;

	for (;;) {
		struct plim_frame f = {.data = frame_buf, .cap = FRAME_CAP};
		int n = plim_output(d.s, &f, 1, d.now);

		assert_true(n >= 0);
		if (n == 0)
			break;
		assert_true(++rounds < 20000); /* the stack talks without end */
		take_frame(&f);
	}
	fetch_events();
	if (plim_check(d.s, &why) != 0)
		fail_msg("plim_check: %s", why ? why : "?");
}

/* Up to a time, deadline by deadline. */
static void
run_to(plim_time to)
{
	unsigned still = 0;

	drain();
	for (;;) {
		plim_time next = plim_next_deadline(d.s);

		if (next > to)
			break;
		still = next <= d.now ? still + 1 : 0;
		assert_true(still < 1000); /* a deadline that never passes: the loop would spin */
		if (next > d.now)
			d.now = next;
		(void)plim_poll(d.s, d.now, 1000);
		drain();
	}
	d.now = to > d.now ? to : d.now;
}

/* ---- the clock ---- */

void
go_to(uint64_t ms, const char *file, int line)
{
	plim_time to = d.origin + MS(ms);

	if (to + MS(d.tolerance_ms) < d.now) {
		print_error("at(%llu): it is %llu ms already\n", (unsigned long long)ms, (unsigned long long)ms_now());
		_fail(file, line);
	}
	run_to(to);
}

/* ---- the peer speaks ---- */

static size_t
put_line(uint8_t *p, size_t room, const struct line *l)
{
	struct pl_tcp_seg s = {
		.sport = l->rport ? l->rport : d.rport, .dport = l->lport ? l->lport : d.lport, .flags = l->flags};
	size_t header;

	s.seq = l->seq;
	s.ack = l->ack;
	s.wnd = l->no_wnd ? 0 : l->wnd ? l->wnd : 65535;
	s.urg = l->urg;
	s.opt.mss = l->mss;
	s.opt.wscale = l->ws;
	s.opt.tsval = l->ts;
	s.opt.tsecr = l->ecr;
	s.opt.n_sacks = (uint8_t)l->n_sack;
	memcpy(s.opt.sacks, l->sack, sizeof l->sack);
	s.opt.has = (l->mss ? PL_OPT_MSS : 0) | (l->ws_on ? PL_OPT_WSCALE : 0) | (l->sack_ok ? PL_OPT_SACK_OK : 0) |
	            (l->ts ? PL_OPT_TS : 0);
	if (d.peer_ts && !l->ts && !l->no_ts && !(l->flags & (SYN | RST))) {
		s.opt.has |= PL_OPT_TS;
		s.opt.tsval = (uint32_t)(100000 + ms_now());
		s.opt.tsecr = d.last_tsval;
	}
	header = pl_tcp_put(p, room, &s);
	assert_true(header > 0);
	if (l->options) {
		memcpy(p + 20, l->options, l->n_options);
		header = 20 + (l->n_options + 3) / 4 * 4;
		memset(p + 20 + l->n_options, 0, header - 20 - l->n_options);
		p[12] = (uint8_t)(header / 4 << 4);
	}
	return header;
}

void
say(const struct line *l)
{
	static uint8_t tcp[65536], frame[65600];
	struct plim_addr src = l->from_self ? us() : them(), dst = us();
	struct pl_put w = pl_put_to(frame, sizeof frame);
	size_t n;

	if (l->to_broadcast && d.family == 4)
		dst.octets[3] = 255;
	if (l->to_broadcast && d.family == 6)
		dst = (struct plim_addr){{0xff, 2, [15] = 1}, 6};
	if (l->from_broadcast)
		src = d.family == 4 ? (struct plim_addr){{10, 0, 0, 255}, 4}
		                    : (struct plim_addr){{0xff, 2, [15] = 1}, 6};
	if (l->flags & SYN) {
		d.fin = 0;
		d.irs = l->seq;
		d.received = 0;
		d.peer_mss = l->mss ? l->mss : (uint16_t)DEFAULT_MSS;
		d.peer_shift = l->ws;
		if (!l->ts)
			d.peer_ts = false;
	}
	if (l->flags & FIN)
		d.fin = l->seq + l->len + 1;
	n = put_line(tcp, sizeof tcp, l);
	for (uint32_t i = 0; i < l->len; i++)
		tcp[n + i] =
			l->text ? l->text[i] : pattern((uint32_t)(l->seq + i + ((l->flags & SYN) != 0) - (d.irs + 1)));
	n += l->len;
	put_headers(&w, src, dst, 6, 64, n);
	pl_csum_store(tcp + 16, pl_csum_add(pl_csum_pseudo(&src, &dst, 6, (uint32_t)n), tcp, n));
	if (l->bad_checksum)
		tcp[16] ^= 1;
	pl_put_bytes(&w, tcp, n);
	assert_false(w.short_of);
	give_frame(frame, (size_t)(w.p - frame));
	if (!d.batching)
		drain();
	if (l->flags & SYN && l->ts)
		d.peer_ts = true;
}

void
batch_begin(void)
{
	d.batching = true;
}

void
batch_end(void)
{
	d.batching = false;
	assert_int_equal(plim_input(d.s, batch, batched, d.now), (int)batched);
	for (unsigned i = 0; i < batched; i++)
		free(batch[i].data);
	batched = 0;
	drain();
}

void
peer_icmp(uint8_t type, uint8_t code, uint32_t rest, uint32_t seq)
{
	uint8_t quoted[100], msg[120], frame[200];
	struct plim_addr src = them(), dst = us();
	struct pl_put q = pl_put_to(quoted, sizeof quoted), m = pl_put_to(msg, sizeof msg),
		      w = pl_put_to(frame, sizeof frame);
	uint8_t proto = d.family == 4 ? 1 : 58;
	struct pl_cur c;
	size_t n;

	put_headers(&q, dst, src, 6, 60, 20);
	pl_put_be16(&q, d.lport);
	pl_put_be16(&q, d.rport);
	pl_put_be32(&q, seq);
	pl_put_be32(&q, 0);
	c = pl_cur_of(quoted, (size_t)(q.p - quoted));
	(void)pl_cur_skip(&c, 14);
	pl_icmp_put(&m, type, code, rest);
	pl_put_bytes(&m, c.p, pl_cur_left(&c));
	n = (size_t)(m.p - msg);
	pl_csum_store(msg + 2, pl_csum_add(d.family == 4 ? 0 : pl_csum_pseudo(&src, &dst, proto, (uint32_t)n), msg, n));
	put_headers(&w, src, dst, proto, 64, n);
	pl_put_bytes(&w, msg, n);
	give_frame(frame, (size_t)(w.p - frame));
	drain();
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

	if (!next_segment(&s, &when))
		return;
	print_segment("nothing was expected, but the stack said", when, &s);
	_fail(file, line);
}

#define MUST(cond, what)                                                                                         \
	do {                                                                                                     \
		if (!(cond)) {                                                                                   \
			print_error("%s: expected %sseq ISS+%u ack IRS+%u len %u\n", what, flags_text(l->flags), \
			            l->seq - d.iss, l->ack - d.irs, l->len);                                     \
			print_segment("the stack said", when, &s);                                               \
			_fail(file, line);                                                                       \
		}                                                                                                \
	} while (0)

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
		print_error("at %llu ms the stack said nothing; expected %sseq ISS+%u ack IRS+%u len %u\n",
		            (unsigned long long)ms_now(), flags_text(l->flags), l->seq - d.iss, l->ack - d.irs, l->len);
		_fail(file, line);
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

/* ---- the application ---- */

void
app_listen(void)
{
	struct plim_endpoint local = {.port = OUR_PORT};

	assert_int_equal(plim_tcp_listen(d.s, &local, 1, &d.listener), 0);
	drain();
}

void
app_accept(void)
{
	struct plim_endpoint from;
	struct plim_addr a = them();

	assert_int_equal(plim_tcp_accept(d.s, d.listener, 2, &d.h, &from), 0);
	assert_true(pl_addr_equal(&from.addr, &a));
	drain();
}

void
app_connect(void)
{
	struct plim_endpoint to = {them(), PEER_PORT}, from = {us(), OUR_PORT};

	assert_int_equal(plim_tcp_connect(d.s, &to, &from, 3, &d.h), 0);
	drain();
}

int64_t
app_send_flags(size_t n, unsigned flags)
{
	uint8_t *octets = malloc(n ? n : 1);
	int64_t rc;

	assert_non_null(octets);
	for (size_t i = 0; i < n; i++)
		octets[i] = pattern(d.sent + i);
	rc = plim_send(d.s, d.h, octets, n, flags);
	if (rc > 0)
		d.sent += (uint64_t)rc;
	free(octets);
	drain();
	return rc;
}

int64_t
app_send(size_t n)
{
	return app_send_flags(n, 0);
}

int64_t
app_read(size_t n)
{
	uint8_t *octets = malloc(n ? n : 1);
	int64_t rc;

	assert_non_null(octets);
	rc = plim_recv(d.s, d.h, octets, n);
	for (int64_t i = 0; i < rc; i++)
		assert_int_equal(octets[i], pattern(d.received + (uint64_t)i));
	if (rc > 0)
		d.received += (uint64_t)rc;
	free(octets);
	drain();
	return rc;
}

void
app_shutdown(void)
{
	assert_int_equal(plim_tcp_shutdown(d.s, d.h), 0);
	drain();
}

void
app_close(void)
{
	assert_int_equal(plim_tcp_close(d.s, d.h), 0);
	drain();
}

void
app_abort(void)
{
	assert_int_equal(plim_tcp_abort(d.s, d.h), 0);
	drain();
}

void
app_set(enum plim_option o, int64_t value)
{
	assert_int_equal(plim_set(d.s, d.h, o, value), 0);
	drain();
}

int64_t
app_get(enum plim_option o)
{
	int64_t value = 0;

	assert_int_equal(plim_get(d.s, d.h, o, &value), 0);
	return value;
}

uint32_t
app_events(void)
{
	uint32_t bits = bits_told;

	fetch_events();
	bits |= bits_told;
	bits_told = 0;
	return bits;
}

enum plim_state
app_state(void)
{
	return (enum plim_state)app_get(PLIM_O_STATE);
}

static struct plim_stats
stats(void)
{
	struct plim_stats st;

	plim_stats(d.s, &st);
	return st;
}

uint64_t
count_drop(enum plim_drop reason)
{
	return stats().drops[reason];
}
uint64_t
count_tcp(enum plim_tcp_counter c)
{
	return stats().tcp[c];
}
uint64_t
count_state(enum plim_state s)
{
	return stats().by_state[s];
}

/* ---- beginnings and ends ---- */

static void
announce_peer(void)
{
	uint8_t out[100];
	struct pl_put w = pl_put_to(out, sizeof out);
	struct pl_eth eth = {.type = PL_ETH_TYPE_ARP};
	struct pl_arp arp = {.op = PL_ARP_REQUEST, .spa = peer4, .tpa = us4};
	struct pl_nd ns = {.type = PL_ICMP6_NS, .target = us6, .has_mac = true};
	uint8_t *l4;

	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, peer_mac, 6);
	memcpy(arp.sha, peer_mac, 6);
	memcpy(ns.mac, peer_mac, 6);
	if (d.family == 4) {
		pl_eth_put(&w, &eth);
		pl_arp_put(&w, &arp);
	} else {
		put_headers(&w, peer6, us6, 58, 255, PL_ND_LEN);
		l4 = w.p;
		pl_nd_put(&w, &ns);
		pl_csum_store(l4 + 2, pl_csum_add(pl_csum_pseudo(&peer6, &us6, 58, PL_ND_LEN), l4, PL_ND_LEN));
	}
	give_frame(out, (size_t)(w.p - out));
	drain();
}

void
start(size_t target)
{
	uint8_t entropy[PLIM_ENTROPY_OCTETS];

	for (unsigned i = 0; i < sizeof entropy; i++)
		entropy[i] = (uint8_t)(i * 37 + 11);
	d.region = aligned_alloc(64, target);
	assert_non_null(d.region);
	assert_int_equal(plim_create(&d.conf, d.region, target, entropy, d.now, &d.s), 0);
	announce_peer();
}

static int
setup(uint8_t family)
{
	struct plim_iface_config *i = &d.conf.ifaces[0];

	memset(&d, 0, sizeof d);
	memset(&before, 0, sizeof before);
	q_first = q_n = 0;
	bits_told = 0;
	d.family = family;
	d.tolerance_ms = TOLERANCE_MS;
	d.now = d.origin = ORIGIN;
	d.lport = OUR_PORT;
	d.rport = PEER_PORT;
	plim_config_default(&d.conf);
	d.conf.n_ifaces = 1;
	memcpy(i->mac, our_mac, 6);
	i->mtu = 1500;
	i->n_addrs = 2;
	i->addrs[0] = (struct plim_ifaddr){us4, 24};
	i->addrs[1] = (struct plim_ifaddr){us6, 64};
	return 0;
}

int
dialogue_setup4(void **state)
{
	(void)state;
	return setup(4);
}
int
dialogue_setup6(void **state)
{
	(void)state;
	return setup(6);
}

int
dialogue_teardown(void **state)
{
	(void)state;
	if (d.s) {
		hear_nothing(__FILE__, __LINE__); /* every dialogue ends in silence */
	}
	(void)ignore_rest();
	free(d.region);
	d.region = NULL;
	d.s = NULL;
	return 0;
}

void
established(void)
{
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460);
	we(SYN | ACK, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	nothing();
	app_accept();
	(void)app_events();
}

void
established_with_options(void)
{
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .ws_on = true, .ws = 7, .sack_ok = true, .ts = 100000);
	we(SYN | ACK, .ack = 1, .ws_on = true, .sack_ok = true, .ecr = 100000);
	peer(ACK, .seq = 1, .ack = ISS + 1, .wnd = 512);
	nothing();
	app_accept();
	(void)app_events();
}

void
established_with_sack(void)
{
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .sack_ok = true);
	we(SYN | ACK, .ack = 1, .sack_ok = true);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	nothing();
	app_accept();
	(void)app_events();
}
