/* SPDX-License-Identifier: ISC */
/*
 * The whole stack as a series of frames, steps of time and calls.
 *
 * The input is a program: one octet names an operation, the next ones are its
 * arguments; missing ones read as 0. Frames are made near the live connections'
 * numbers, which are learnt from what the stack sends. Checked after each operation:
 * every invariant (plim_check), that received octets are those the peers sent and sent
 * ones those the application gave; at the end: that the stack comes to rest and that
 * nothing is left in the arena.
 *
 * Grants may be refused by chance (the program is linked with --wrap for that).
 *
 * The peer of flow n sends octet text_at(seq) at each SEQ, so overlapping segments agree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/checksum.h"
#include "mem/mem.h"
#include "wire/arp.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#define TARGET (1u << 20)
#define FLOWS 8
#define HANDLES 16
#define FRAME_CAP 65600
#define MS(n) ((plim_time)(n)*1000000u)
#define MUST(cond) ((cond) ? (void)0 : broken(#cond, __LINE__))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One connection as its peer sees it. */
struct flow {
	uint32_t irs;      /* the peer's ISN; the same for the flow's whole life */
	uint32_t iss;      /* the stack's, from its last SYN */
	uint32_t snd, rcv; /* next octet of the peer's; next octet expected from the stack */
	uint32_t edge;     /* how far the stack's window reaches */
	uint32_t tsval;    /* the stack's last */
	uint8_t shift;     /* scale of the stack's window */
	bool ts, known;    /* iss is known */
	uint64_t queued;   /* octets the application gave since that SYN */
};

struct held {
	plim_h h;
	bool is_udp;
	struct flow *flow; /* of a connection */
	uint64_t read;
	struct plim_span lent[4];
	int64_t n_lent;
	void *piece;
	size_t charged;
};

static struct {
	plim *s;
	plim_time now;
	const uint8_t *p, *end; /* what is left of the input */
	struct flow flows[FLOWS];
	struct held held[HANDLES];
	bool tainted; /* a frame of free octets may have said anything */
	uint8_t last_out[128];
	uint32_t last_out_len;
} f;

static uint64_t refuse_pct, refuse_chance; /* so many grants of a hundred are refused */
static uint8_t *region;
static uint8_t frame[FRAME_CAP];

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 2}, peer_mac[6] = {2, 0, 0, 0, 0, 9};
static const struct plim_addr us4 = {{10, 0, 0, 2}, 4}, peer4 = {{10, 0, 0, 9}, 4};
static const struct plim_addr us6 = {{0x20, 1, 0xd, 0xb8, [15] = 2}, 6}, peer6 = {{0x20, 1, 0xd, 0xb8, [15] = 9}, 6};

static void
broken(const char *what, int line)
{
	fprintf(stderr, "fuzz_stack.c:%d: %s\n", line, what);
	abort();
}

/* ---- refused grants ---- */

pl_id __real_pl_mem_alloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant);
pl_id __real_pl_mem_calloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant);
pl_id __wrap_pl_mem_alloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant);
pl_id __wrap_pl_mem_calloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant);

static bool
is_refused(void)
{
	refuse_chance = refuse_chance * 6364136223846793005u + 1442695040888963407u;
	return (refuse_chance >> 33) % 100 < refuse_pct;
}

pl_id
__wrap_pl_mem_alloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant)
{
	return is_refused() ? 0 : __real_pl_mem_alloc(m, type, grant);
}

pl_id
__wrap_pl_mem_calloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant)
{
	return is_refused() ? 0 : __real_pl_mem_calloc(m, type, grant);
}

/* ---- the input ---- */

static uint8_t
u8(void)
{
	return f.p < f.end ? *f.p++ : 0;
}

static uint32_t
u16(void)
{
	uint32_t hi = u8();

	return hi << 8 | u8();
}

/* A length: small ones in detail, large ones in steps. */
static uint32_t
length(void)
{
	uint32_t x = u8();

	return x < 64 ? x : x < 192 ? (x - 63) * 64 : (x - 191) * 1024;
}

/* A distance from a sequence number: mostly none, else small, large or near half of the space. */
static uint32_t
distance(void)
{
	uint8_t x = u8();
	uint32_t d = (x & 31) * (x & 32 ? 1 : 173);

	if (x < 128)
		return x < 96 ? 0 : d;
	if (x < 224)
		return x & 64 ? 0u - d : d;
	return 0x7fffff00u + (x & 31) * 16;
}

static uint8_t
text_at(uint32_t seq)
{
	return (uint8_t)(seq * 167 + (seq >> 8) * 29);
}

/* ---- frames in ---- */

static struct plim_addr
us(unsigned flow)
{
	return flow < FLOWS / 2 ? us4 : us6;
}

static struct plim_addr
them(unsigned flow)
{
	return flow < FLOWS / 2 ? peer4 : peer6;
}

static void
give(const uint8_t *p, size_t n, uint8_t flags, uint16_t gso_size)
{
	struct plim_frame in = {.data = malloc(n ? n : 1), .len = (uint32_t)n, .flags = flags, .gso_size = gso_size};

	MUST(in.data != NULL);
	memcpy(in.data, p, n);
	(void)plim_input(f.s, &in, 1, f.now);
	free(in.data);
}

static void
put_headers(struct pl_put *w, struct plim_addr src, struct plim_addr dst, uint8_t proto, size_t n)
{
	struct pl_eth eth = {.type = src.family == 4 ? PL_ETH_TYPE_IP4 : PL_ETH_TYPE_IP6};
	uint8_t ttl = proto == 58 ? 255 : 64;

	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, peer_mac, 6);
	pl_eth_put(w, &eth);
	if (src.family == 4)
		pl_ip4_put(w, &(struct pl_ip4){
				      .src = src, .dst = dst, .proto = proto, .ttl = ttl, .len = (uint16_t)(20 + n)});
	else
		pl_ip6_put(
			w,
			&(struct pl_ip6){
				.src = src, .dst = dst, .proto = proto, .hop_limit = ttl, .payload_len = (uint16_t)n});
}

/* A transport datagram with its checksum at csum_at (none if beyond n). */
static void
give_l4(struct plim_addr src, struct plim_addr dst, uint8_t proto, uint8_t *l4, size_t n, size_t csum_at)
{
	struct pl_put w = pl_put_to(frame, sizeof frame);
	uint64_t sum = proto == 1 ? 0 : pl_csum_pseudo(&src, &dst, proto, (uint32_t)n);

	if (csum_at + 2 <= n)
		pl_csum_store(l4 + csum_at, pl_csum_add(sum, l4, n));
	put_headers(&w, src, dst, proto, n);
	pl_put_bytes(&w, l4, n);
	give(frame, (size_t)(w.p - frame), 0, 0);
}

static void
give_segment(unsigned flow, struct pl_tcp_seg *s, uint32_t len)
{
	static uint8_t l4[FRAME_CAP];
	size_t n;

	s->sport = (uint16_t)(4000 + flow);
	s->dport = (uint16_t)(80 + (flow & 1));
	n = pl_tcp_put(l4, sizeof l4, s);
	if (n == 0)
		return;
	len = PL_MIN(len, 65000u);
	for (uint32_t i = 0; i < len; i++)
		l4[n + i] = text_at(s->seq + i + ((s->flags & PL_TH_SYN) != 0));
	give_l4(them(flow), us(flow), 6, l4, n + len, 16);
}

static void
add_timestamp(const struct flow *fl, struct pl_tcp_seg *s)
{
	s->opt.has |= PL_OPT_TS;
	s->opt.tsval = (uint32_t)(f.now / MS(1)) + 77;
	s->opt.tsecr = fl->tsval;
}

/* Any segment, near the connection's numbers. */
static void
op_segment(void)
{
	unsigned flow = u8() % FLOWS;
	struct flow *fl = &f.flows[flow];
	uint8_t how = u8();
	struct pl_tcp_seg s = {.flags = u8()};
	uint32_t len = length();

	s.seq = fl->snd + distance();
	s.ack = fl->rcv + distance();
	if (s.flags & PL_TH_SYN && how & 64)
		f.tainted = true;
	else if (s.flags & PL_TH_SYN)
		s.seq = fl->irs;
	s.wnd = how & 1 ? u16() : 65535;
	s.urg = s.flags & PL_TH_URG ? (uint16_t)u8() : 0;
	if (fl->ts && !(how & 2))
		add_timestamp(fl, &s);
	if (how & 4)
		s.opt.tsval += distance();
	if (how & 8)
		for (s.opt.n_sacks = 0; s.opt.n_sacks < 3; s.opt.n_sacks++) {
			uint32_t from = fl->rcv - u16();

			s.opt.sacks[s.opt.n_sacks] = (struct pl_sack){from, from + length()};
		}
	if (s.flags & PL_TH_SYN && how & 16) {
		s.opt.has |= PL_OPT_MSS | PL_OPT_WSCALE | PL_OPT_SACK_OK;
		s.opt.mss = (uint16_t)u16();
		s.opt.wscale = u8() & 15;
	}
	give_segment(flow, &s, len);
	if (how & 32 && !(s.flags & PL_TH_RST))
		fl->snd = s.seq + len + ((s.flags & PL_TH_SYN) != 0) + ((s.flags & PL_TH_FIN) != 0);
}

static void drain(void);

/* A handshake, whole. */
static void
op_handshake(void)
{
	unsigned flow = u8() % FLOWS;
	struct flow *fl = &f.flows[flow];
	uint8_t how = u8();
	struct pl_tcp_seg s = {.flags = PL_TH_SYN, .seq = fl->irs, .wnd = 65535};

	s.opt.has = PL_OPT_MSS;
	s.opt.mss = how & 1 ? 300 : 1460;
	if (how & 2) {
		s.opt.has |= PL_OPT_WSCALE;
		s.opt.wscale = 7;
	}
	if (how & 4)
		s.opt.has |= PL_OPT_SACK_OK;
	fl->ts = how & 8;
	if (fl->ts)
		add_timestamp(fl, &s);
	give_segment(flow, &s, 0);
	drain();
	fl->snd = fl->irs + 1;
	s = (struct pl_tcp_seg){.flags = PL_TH_ACK, .seq = fl->snd, .ack = fl->rcv, .wnd = 60000};
	if (fl->ts)
		add_timestamp(fl, &s);
	give_segment(flow, &s, 0);
}

/* A run of text in order, or with holes, and an ACK of all. */
static void
op_stream(void)
{
	unsigned flow = u8() % FLOWS, n = u8() % 32 + 1, hole = u8();
	struct flow *fl = &f.flows[flow];
	uint32_t len = length() % 1461;

	for (unsigned i = 0; i < n; i++) {
		struct pl_tcp_seg s = {.flags = PL_TH_ACK, .seq = fl->snd, .ack = fl->rcv, .wnd = 65535};

		if (fl->ts)
			add_timestamp(fl, &s);
		if (!(hole & 1 << i % 8))
			give_segment(flow, &s, len);
		fl->snd += len;
	}
}

static void
op_raw(void)
{
	uint8_t how = u8(), buf[2048];
	struct pl_put w = pl_put_to(frame, sizeof frame);
	size_t n = length() % 1600;
	uint8_t proto = how & 64 ? u8() : 6;
	unsigned flow = how & 1 ? FLOWS - 1 : 0;

	n = PL_MIN(n, (size_t)(f.end - f.p));
	if (n == 0)
		return;
	memcpy(buf, f.p, n);
	f.p += n;
	f.tainted = true;
	if (how & 2) { /* octets of a transport, checksum made good */
		give_l4(them(flow), us(flow), proto, buf, n, how & 4 ? n : proto == 17 ? 6 : proto == 6 ? 16 : 2);
		return;
	}
	if (how & 8) { /* octets behind an Ethernet header */
		struct pl_eth eth = {.type = (uint16_t)(how & 16   ? PL_ETH_TYPE_ARP
		                                        : how & 32 ? PL_ETH_TYPE_IP6
		                                                   : PL_ETH_TYPE_IP4)};

		memcpy(eth.dst, our_mac, 6);
		memcpy(eth.src, peer_mac, 6);
		pl_eth_put(&w, &eth);
	}
	pl_put_bytes(&w, buf, n);
	give(frame, (size_t)(w.p - frame), how & 128 ? PLIM_FRAME_NEEDS_CSUM : 0, how & 64 ? (uint16_t)n : 0);
}

static void
op_arp(void)
{
	uint8_t how = u8();
	struct pl_put w = pl_put_to(frame, sizeof frame);
	struct pl_eth eth = {.type = PL_ETH_TYPE_ARP};
	struct pl_arp arp = {.op = how & 1 ? PL_ARP_REPLY : PL_ARP_REQUEST, .spa = peer4, .tpa = us4};
	struct pl_nd nd = {.type = how & 1 ? PL_ICMP6_NA : PL_ICMP6_NS, .target = how & 1 ? peer6 : us6};
	uint8_t l4[PL_ND_LEN];

	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, peer_mac, 6);
	memcpy(arp.sha, peer_mac, 6);
	memcpy(nd.mac, peer_mac, 6);
	if (how & 2)
		arp.spa.octets[3] = u8();
	if (how & 4)
		arp.sha[5] = nd.mac[5] = u8();
	if (how & 8)
		nd.target.octets[15] = u8();
	nd.has_mac = !(how & 16);
	nd.flags = how & 32 ? PL_ND_SOLICITED : PL_ND_SOLICITED | PL_ND_OVERRIDE;
	pl_eth_put(&w, &eth);
	pl_arp_put(&w, &arp);
	give(frame, (size_t)(w.p - frame), 0, 0);
	w = pl_put_to(l4, sizeof l4);
	pl_nd_put(&w, &nd);
	give_l4(peer6, us6, 58, l4, sizeof l4, 2);
}

/* An error about the stack's last frame, or an echo. */
static void
op_icmp(void)
{
	uint8_t type = u8(), code = u8(), l4[256];
	struct pl_put w = pl_put_to(l4, sizeof l4);
	bool is6 = f.last_out_len > 14 && f.last_out[12] == 0x86;

	pl_icmp_put(&w, type, code, u16());
	if (f.last_out_len > 14)
		pl_put_bytes(&w, f.last_out + 14, f.last_out_len - 14);
	give_l4(is6 ? peer6 : peer4, is6 ? us6 : us4, is6 ? 58 : 1, l4, (size_t)(w.p - l4), 2);
}

static void
op_udp(void)
{
	unsigned flow = u8() % FLOWS;
	static uint8_t l4[70000];
	struct pl_put w = pl_put_to(l4, sizeof l4);
	uint32_t len = length();

	pl_udp_put(&w, (uint16_t)(5000 + u8() % 4), (uint16_t)(53 + u8() % 4), PL_MIN(len, 1472));
	memset(w.p, 0x5a, 1472);
	give_l4(them(flow), us(flow), 17, l4, 8 + PL_MIN(len, 1472), 6);
}

/* SYNs from many places. */
static void
op_flood(void)
{
	unsigned n = u8(), salt = u8();

	for (unsigned i = 0; i < n; i++) {
		uint8_t l4[60];
		struct plim_addr src = {{11, (uint8_t)salt, (uint8_t)(i * 7), (uint8_t)(i & salt)}, 4};
		struct pl_tcp_seg s = {.flags = PL_TH_SYN,
		                       .seq = i,
		                       .wnd = 1000,
		                       .sport = (uint16_t)(1000 + i),
		                       .dport = (uint16_t)(80 + (i & 1))};
		size_t len = pl_tcp_put(l4, sizeof l4, &s);

		give_l4(src, us4, 6, l4, len, 16);
	}
}

/* ---- frames out ---- */

static void
check_text(const struct flow *fl, const struct pl_tcp_seg *s)
{
	uint32_t at = s->seq - fl->iss - 1;

	if (f.tainted || !fl->known || s->text.len == 0 || s->flags & PL_TH_SYN)
		return;
	if (s->text.len == 1 && at + 1 == 0)
		return; /* a keepalive's octet below SND.UNA */
	MUST(at + s->text.len <= fl->queued || at > 0x80000000u);
	if (at < 0x80000000u)
		for (size_t i = 0; i < s->text.len; i++)
			MUST(s->text.p[i] == text_at(at + (uint32_t)i));
}

static void
learn(const struct pl_tcp_seg *s, const struct plim_addr *dst)
{
	unsigned flow = s->dport - 4000u;
	struct flow *fl = &f.flows[flow % FLOWS];
	struct plim_addr peer = them(flow % FLOWS);

	if (flow >= FLOWS || s->sport != 80 + (flow & 1) || !pl_addr_equal(&peer, dst) || s->flags & PL_TH_RST)
		return;
	if (s->flags & PL_TH_SYN) {
		if (!fl->known || fl->iss != s->seq)
			fl->queued = 0;
		fl->iss = s->seq;
		fl->known = true;
		fl->shift = s->opt.has & PL_OPT_WSCALE ? s->opt.wscale : 0;
	}
	check_text(fl, s);
	if (s->flags & PL_TH_SYN || pl_seq_lt(fl->rcv, s->seq + s->len))
		fl->rcv = s->seq + s->len;
	fl->edge = s->ack + (s->wnd << (s->flags & PL_TH_SYN ? 0 : fl->shift));
	if (s->opt.has & PL_OPT_TS)
		fl->tsval = s->opt.tsval;
}

static void
take_frame(const struct plim_frame *out)
{
	struct pl_cur c = pl_cur_of(out->data, out->len);
	struct pl_span l4 = {0};
	struct pl_tcp_seg s;
	struct pl_eth eth;
	struct pl_ip4 ip4;
	struct pl_ip6 ip6;
	uint8_t proto = 0;

	MUST(pl_eth_parse(&c, &eth));
	f.last_out_len = PL_MIN(out->len, (uint32_t)sizeof f.last_out);
	memcpy(f.last_out, out->data, f.last_out_len);
	if (eth.type == PL_ETH_TYPE_IP4) {
		MUST(pl_ip4_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip4) == PL_PARSED);
		proto = ip4.proto;
		l4 = ip4.payload;
	} else if (eth.type == PL_ETH_TYPE_IP6) {
		MUST(pl_ip6_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip6) == PL_PARSED);
		proto = ip6.proto;
		l4 = ip6.payload;
	}
	if (proto != 6)
		return;
	MUST(pl_tcp_parse(l4, &s));
	learn(&s, eth.type == PL_ETH_TYPE_IP4 ? &ip4.dst : &ip6.dst);
}

static void
drain(void)
{
	static uint8_t room[FRAME_CAP];
	unsigned n = 0;

	for (;;) {
		struct plim_frame out = {.data = room, .cap = sizeof room};
		int rc = plim_output(f.s, &out, 1, f.now);

		MUST(rc >= 0);
		if (rc == 0)
			return;
		MUST(++n < 50000); /* the stack talks without end */
		take_frame(&out);
	}
}

/* ---- time ---- */

static void
tick(void)
{
	unsigned rounds = 0;

	while (plim_poll(f.s, f.now, 500))
		MUST(++rounds < 10000);
	drain();
}

static void
run_to(plim_time to)
{
	unsigned still = 0;

	drain();
	for (unsigned steps = 0; steps < 3000; steps++) {
		plim_time next = plim_next_deadline(f.s);

		if (next > to)
			break;
		still = next <= f.now ? still + 1 : 0;
		MUST(still < 100); /* a deadline that never passes */
		f.now = PL_MAX(f.now, next);
		tick();
	}
	f.now = PL_MAX(f.now, to);
	tick();
}

static void
op_time(void)
{
	static const plim_time steps[] = {0, 1, 5, 40, 200, 1000, 3000, 10000, 70000, 130000, 7300000};

	run_to(f.now + MS(steps[u8() % PL_COUNT(steps)]));
}

/* ---- calls ---- */

static struct held *
any_handle(void)
{
	return &f.held[u8() % HANDLES];
}

static void
let_go(struct held *h, bool abort_it)
{
	if (h->is_udp)
		(void)plim_udp_close(f.s, h->h);
	else
		(void)(abort_it ? plim_tcp_abort : plim_tcp_close)(f.s, h->h);
	MUST(plim_tcp_close(f.s, h->h) == PLIM_ESTALE);
	if (h->flow) /* what it had queued does not matter any more */
		h->flow = NULL;
	h->n_lent = 0;
	h->piece = NULL;
	h->charged = 0;
	h->is_udp = false; /* the stale handle stays: calls on it must fail */
}

/* A place for a new handle: what was there is closed. */
static struct held *
new_handle(plim_h h)
{
	struct held *place = any_handle();

	if (place->h.generation)
		let_go(place, false);
	*place = (struct held){.h = h};
	return place;
}

static struct flow *
flow_of(plim_h h)
{
	struct plim_conn_info info;

	if (plim_conn_info(f.s, h, &info) != PLIM_OK || info.remote.port < 4000 || info.remote.port >= 4000 + FLOWS)
		return NULL;
	return &f.flows[info.remote.port - 4000];
}

static void
op_listen(void)
{
	uint8_t how = u8();
	struct plim_endpoint local = {.port = (uint16_t)(80 + (how & 1))};
	plim_h h;

	if (how & 2)
		local.addr = how & 4 ? us4 : us6;
	if (plim_tcp_listen(f.s, &local, how, &h) == PLIM_OK)
		(void)new_handle(h);
}

static void
op_connect(void)
{
	unsigned flow = u8() % FLOWS, how = u8();
	struct plim_endpoint to = {them(flow), (uint16_t)(4000 + flow)}, from = {us(flow), (uint16_t)(80 + (flow & 1))};
	struct held *place;
	plim_h h;

	if (how & 1)
		to.addr = us(flow); /* to ourselves */
	if (how & 2)
		from.port = 0;
	if (how & 4)
		to.addr.octets[3] ^= (uint8_t)how;
	if (how & 8)
		to.port = from.port;
	if (plim_tcp_connect(f.s, &to, how & 16 ? NULL : &from, how, &h) != PLIM_OK)
		return;
	place = new_handle(h);
	place->flow = how & 0x1f ? NULL : &f.flows[flow];
	if (place->flow)
		place->flow->known = false;
}

static void
op_accept(void)
{
	struct held *l = any_handle(), *place;
	struct plim_endpoint peer;
	plim_h h;

	if (plim_tcp_accept(f.s, l->h, 7, &h, &peer) != PLIM_OK)
		return;
	place = new_handle(h);
	place->flow = pl_addr_equal(&peer.addr, &peer4) || pl_addr_equal(&peer.addr, &peer6) ? flow_of(h) : NULL;
}

static void
op_send(void)
{
	struct held *h = any_handle();
	static uint8_t text[66000];
	uint32_t len = length(), how = u8();
	int64_t rc;

	for (uint32_t i = 0; i < len; i++)
		text[i] = h->flow ? text_at((uint32_t)h->flow->queued + i) : 0x33;
	rc = plim_send(f.s, h->h, text, len, how & 3);
	MUST(rc <= (int64_t)len);
	if (rc > 0 && h->flow)
		h->flow->queued += (uint64_t)rc;
	h->n_lent = 0;
}

static void
op_reserve(void)
{
	struct held *h = any_handle();
	uint32_t want = length();
	size_t at = 0;

	memset(h->lent, 0, sizeof h->lent);
	h->n_lent = plim_tx_reserve(f.s, h->h, want, h->lent, u8() % 5);
	for (unsigned i = 0; h->n_lent > 0 && i < 4; i++)
		for (size_t k = 0; k < h->lent[i].len; k++, at++)
			h->lent[i].data[k] = h->flow ? text_at((uint32_t)h->flow->queued + (uint32_t)at) : 0x44;
	MUST(h->n_lent <= 0 || at == (size_t)h->n_lent);
}

static void
op_commit(void)
{
	struct held *h = any_handle();
	uint32_t len = length();
	int rc = plim_tx_commit(f.s, h->h, len, u8() & 3);

	MUST(rc != PLIM_OK || (int64_t)len <= PL_MAX(h->n_lent, 0));
	if (rc == PLIM_OK) {
		if (h->flow)
			h->flow->queued += len;
		h->n_lent = 0;
	}
}

static void
check_read(struct held *h, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n && h->flow && !f.tainted; i++)
		MUST(p[i] == text_at(h->flow->irs + 1 + (uint32_t)(h->read + i)));
}

static void
op_recv(void)
{
	struct held *h = any_handle();
	static uint8_t text[66000];
	uint32_t len = length();
	int64_t rc = plim_recv(f.s, h->h, text, len);

	MUST(rc <= (int64_t)len);
	h->n_lent = 0;
	if (rc <= 0)
		return;
	check_read(h, text, (size_t)rc);
	h->read += (uint64_t)rc;
}

static void
op_peek(void)
{
	struct held *h = any_handle();
	struct plim_span spans[4] = {{0}};
	uint64_t read = h->read;
	uint32_t len = length();
	int64_t rc = plim_rx_peek(f.s, h->h, spans, u8() % 5);

	h->n_lent = 0;
	for (unsigned i = 0; rc > 0 && i < 4; i++) {
		check_read(h, spans[i].data, spans[i].len);
		h->read += spans[i].len;
	}
	MUST(rc < 0 || h->read == read + (uint64_t)rc);
	h->read = read;
	if (plim_rx_consume(f.s, h->h, len) == PLIM_OK)
		h->read += len;
}

static void
op_close(void)
{
	struct held *h = any_handle();
	uint8_t how = u8() % 4;

	if (how < 2)
		let_go(h, how == 1);
	else
		(void)plim_tcp_shutdown(f.s, h->h);
}

static void
op_memory(void)
{
	struct held *h = any_handle();
	uint8_t how = u8() % 4;
	uint32_t len = length();

	if (how == 0) {
		void *p = plim_alloc(f.s, h->h, len);

		if (p)
			memset(p, 0xcd, len);
		MUST(plim_free(f.s, h->h, h->piece) == PLIM_OK || !h->piece);
		h->piece = p;
	} else if (how == 1) {
		MUST(plim_free(f.s, f.held[len % HANDLES].h, (uint8_t *)f.s + (size_t)len * 37) != PLIM_OK || !len ||
		     f.held[len % HANDLES].piece);
	} else if (how == 2) {
		h->charged += plim_charge(f.s, h->h, len * 16) == PLIM_OK ? len * 16 : 0;
	} else {
		int rc = plim_uncharge(f.s, h->h, len);

		MUST((rc == PLIM_OK) <= (len <= h->charged));
		h->charged -= rc == PLIM_OK ? len : 0;
	}
}

static void
op_option(void)
{
	struct held *h = any_handle();
	uint8_t how = u8();
	enum plim_option o = (enum plim_option)(how < 200 ? how % 16 : 256 + how % 12);
	int64_t value = 0;

	if (plim_set(f.s, h->h, o, length()) == PLIM_OK)
		MUST(plim_get(f.s, h->h, o, &value) == PLIM_OK);
	(void)plim_get(f.s, u8() & 1 ? h->h : (plim_h){0, 0}, o, &value);
}

static void
op_udp_call(void)
{
	static uint8_t text[2000];
	unsigned how = u8(), flow = how % FLOWS;
	struct plim_endpoint to = {how & 8 ? us(flow) : them(flow), (uint16_t)(53 + (how >> 4))}, from = {.port = 53};
	struct held *h;
	plim_h udp;

	if (how >= 224) {
		from.port = (uint16_t)(53 + how % 4);
		if (plim_udp_open(f.s, &from, 1, &udp) == PLIM_OK)
			new_handle(udp)->is_udp = true;
		return;
	}
	h = any_handle();
	(void)plim_udp_sendto(f.s, h->h, &to, text, length() % sizeof text);
	(void)plim_udp_recvfrom(f.s, h->h, text, sizeof text, how & 1 ? NULL : &from);
}

static void
op_look(void)
{
	struct plim_event ev[4];
	struct plim_stats stats;
	struct plim_conn_info info[7];
	uint64_t cursor = 0;
	unsigned rounds = 0;

	(void)plim_events(f.s, ev, u8() % 5);
	plim_stats(f.s, &stats);
	MUST(stats.used <= stats.target && stats.peak <= stats.target && stats.slack <= stats.used);
	while (plim_memory_map(f.s, &cursor, info, 7) > 0)
		MUST(++rounds < 5000);
}

/* ---- one run ---- */

static void
check(void)
{
	const char *why = "?";

	if (plim_check(f.s, &why) != 0)
		broken(why, __LINE__);
}

static void
create(void)
{
	static const uint8_t entropy[PLIM_ENTROPY_OCTETS] = {1, 2, 3};
	struct plim_config conf;
	struct plim_iface_config *i = &conf.ifaces[0];
	uint8_t how = u8(), refuse = u8();

	refuse_pct = refuse & 3 ? 0 : refuse / 4;
	refuse_chance = refuse;
	plim_config_default(&conf);
	conf.n_ifaces = 1;
	memcpy(i->mac, our_mac, 6);
	i->mtu = 1500;
	i->n_addrs = 2;
	i->addrs[0] = (struct plim_ifaddr){us4, 24};
	i->addrs[1] = (struct plim_ifaddr){us6, 64};
	conf.n_routes = 1;
	conf.routes[0] = (struct plim_route_config){.dst = {.family = 4}, .via = peer4};
	conf.syn_cookies = how % 3;
	conf.sack = !(how & 4);
	conf.congestion_control = !(how & 8);
	conf.block_octets = how & 16 ? 128 : 0;
	if (how & 32) {
		i->flags = PLIM_IF_TSO | PLIM_IF_CSUM_OUT;
		i->gso_octets = 65535;
	}
	conf.backlog = how & 64 ? 4 : 0;
	conf.compact_ms = how & 128 ? 10 : 1000;
	memset(region, 0xa5, TARGET);
	MUST(plim_create(&conf, region, TARGET, entropy, f.now, &f.s) == PLIM_OK);
}

static void
step(void)
{
	static void (*const ops[])(void) = {
		op_segment, op_segment, op_segment,  op_handshake, op_stream, op_raw,     op_arp,       op_icmp,
		op_udp,     op_flood,   op_time,     op_time,      op_listen, op_connect, op_accept,    op_send,
		op_send,    op_reserve, op_commit,   op_recv,      op_recv,   op_peek,    op_close,     op_memory,
		op_option,  op_look,    op_udp_call, op_segment,   op_stream, op_time,    op_handshake, op_accept};

	ops[u8() % PL_COUNT(ops)]();
	drain();
	check();
}

/* Everything closed: after its deadlines nothing is held any more. */
static void
finish(void)
{
	static const unsigned gone[] = {PLIM_CLASS_record, PLIM_CLASS_stream, PLIM_CLASS_index,   PLIM_CLASS_app,
	                                PLIM_CLASS_syn,    PLIM_CLASS_udp,    PLIM_CLASS_timewait};
	struct plim_event ev[4];
	struct plim_stats stats;

	for (unsigned i = 0; i < HANDLES; i++)
		if (f.held[i].h.generation)
			let_go(&f.held[i], i & 1);
	refuse_pct = 0;
	for (unsigned minute = 0; minute < 30; minute++)
		run_to(f.now + MS(60000));
	while (plim_events(f.s, ev, 4) > 0)
		;
	check();
	plim_stats(f.s, &stats);
	for (unsigned i = 0; i < PL_COUNT(gone); i++)
		if (stats.by_class[gone[i]] != 0)
			broken(plim_class_name(gone[i]), __LINE__);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!region)
		region = aligned_alloc(64, TARGET);
	memset(&f, 0, sizeof f);
	f.p = data;
	f.end = data + size;
	f.now = MS(5000000);
	for (unsigned i = 0; i < FLOWS; i++) {
		f.flows[i].irs = i & 2 ? 0u - 5000 : 1000 * i; /* some wrap soon */
		f.flows[i].snd = f.flows[i].irs;
	}
	refuse_pct = 0;
	create();
	for (unsigned n = 0; f.p < f.end && n < 400; n++)
		step();
	finish();
	return 0;
}
