/* SPDX-License-Identifier: ISC */
/* Frames of raw peers, built with the wire's own functions. */
#include "sim/raw.h"

#include "base/checksum.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/udp.h"

#define TCP_CSUM_AT 16
#define HOSTS 250u
#define FIRST_PORT 1024u

static struct plim_addr
addr_of(uint32_t a)
{
	struct plim_addr out = {.family = 4};

	pl_store32(out.octets, a);
	return out;
}

struct draft {
	uint32_t frame;
	unsigned port;
	struct sim_frame *f;
	struct plim_addr src, dst;
	uint8_t *l4;
};

/* The frame up to its transport header. */
static struct draft
draft_new(struct sim_raw *r, const struct sim_from *from, uint8_t proto, uint32_t l4_len, const struct sim_fragment *fr)
{
	struct draft d = {.frame = sim_pool_take(&r->w->pool),
	                  .src = addr_of(from->src),
	                  .dst = sim_server_addr(from->to_first ? 0 : 1)};
	struct pl_eth eth = {.type = PL_ETH_TYPE_IP4};
	struct pl_ip4 ip = {.src = d.src, .dst = d.dst, .ttl = 60, .proto = proto, .id = r->ip_id++};
	struct pl_put w;

	d.f = &r->w->pool.frames[d.frame];
	w = pl_put_to(d.f->data, SIM_FRAME_ROOM);
	d.port = from->to_first ? 0 : 1;
	sim_server_mac(d.port, eth.dst);
	memcpy(eth.src, from->mac != NULL ? from->mac : sim_router_mac, PL_MAC_LEN);
	pl_eth_put(&w, &eth);
	ip.len = (uint16_t)(PL_IP4_HEADER + l4_len);
	if (fr != NULL)
		ip.id = fr->id;
	pl_ip4_put(&w, &ip);
	d.l4 = d.f->data + 14 + PL_IP4_HEADER;
	d.f->len = 14 + PL_IP4_HEADER + l4_len;
	return d;
}

static void
draft_send(struct sim_raw *r, struct draft *d)
{
	r->sent++;
	sim_net_from_raw(r->w, d->frame, d->port);
}

static void
draft_checksum(struct draft *d, uint8_t proto, uint32_t len, uint32_t at)
{
	pl_csum_store(d->l4 + at, pl_csum_add(pl_csum_pseudo(&d->src, &d->dst, proto, len), d->l4, len));
}

void
sim_raw_tcp(struct sim_raw *r, const struct sim_from *from, struct pl_tcp_seg *seg)
{
	uint32_t header = PL_TCP_HEADER + (uint32_t)pl_tcp_opts_len(&seg->opt), len = header + (uint32_t)seg->text.len;
	struct draft d = draft_new(r, from, 6, len, NULL);

	pl_tcp_put(d.l4, PL_TCP_HEADER + PL_TCP_MAX_OPTIONS, seg);
	if (seg->text.len > 0)
		memcpy(d.l4 + header, seg->text.p, seg->text.len);
	draft_checksum(&d, 6, len, TCP_CSUM_AT);
	draft_send(r, &d);
}

void
sim_raw_udp(struct sim_raw *r, const struct sim_from *from, uint16_t sport, uint16_t dport, uint32_t len)
{
	struct draft d = draft_new(r, from, 17, PL_UDP_HEADER + len, NULL);
	struct pl_put w = pl_put_to(d.l4, PL_UDP_HEADER);

	pl_udp_put(&w, sport, dport, len);
	memcpy(d.l4 + PL_UDP_HEADER, sim_pattern(sport, 0), len);
	draft_checksum(&d, 17, PL_UDP_HEADER + len, PL_UDP_CSUM_AT);
	draft_send(r, &d);
}

/* pl_ip4_put() writes no fragments: the flags are set and the header's sum made again. */
static void
make_fragment(uint8_t *ip, const struct sim_fragment *fr)
{
	pl_store16(ip + 6, (uint16_t)((fr->more ? 0x2000 : 0) | fr->offset / 8));
	memset(ip + 10, 0, 2);
	pl_csum_store(ip + 10, pl_csum_add(0, ip, PL_IP4_HEADER));
}

void
sim_raw_fragment(struct sim_raw *r, const struct sim_from *from, const struct sim_fragment *fr)
{
	struct draft d = draft_new(r, from, fr->proto, fr->len, fr);

	memcpy(d.l4, sim_pattern(fr->id, fr->offset), fr->len);
	make_fragment(d.f->data + 14, fr);
	draft_send(r, &d);
}

void
sim_raw_udp_pair(struct sim_raw *r, const struct sim_from *from, uint16_t sport, uint16_t dport, uint16_t id,
                 uint32_t half)
{
	struct plim_addr src = addr_of(from->src), dst = sim_server_addr(1);
	uint8_t whole[2048];
	struct pl_put w = pl_put_to(whole, PL_UDP_HEADER);

	PL_ASSERT(2 * half <= sizeof whole);
	pl_udp_put(&w, sport, dport, 2 * half - PL_UDP_HEADER);
	memcpy(whole + PL_UDP_HEADER, sim_pattern(sport, 0), 2 * half - PL_UDP_HEADER);
	pl_csum_store(whole + PL_UDP_CSUM_AT, pl_csum_add(pl_csum_pseudo(&src, &dst, 17, 2 * half), whole, 2 * half));
	for (unsigned i = 0; i < 2; i++) {
		struct sim_fragment fr = {.id = id, .offset = (uint16_t)(i * half), .len = half, .more = i == 0};
		struct draft d = draft_new(r, from, 17, half, &fr);

		memcpy(d.l4, whole + i * half, half);
		make_fragment(d.f->data + 14, &fr);
		draft_send(r, &d);
	}
}

void
sim_raw_frame(struct sim_raw *r, const uint8_t *data, uint32_t len)
{
	uint32_t frame = sim_pool_take(&r->w->pool);
	struct sim_frame *f = &r->w->pool.frames[frame];

	memcpy(f->data, data, len);
	f->len = len;
	r->sent++;
	sim_net_from_raw(r->w, frame, 1);
}

/* ---- peers ---- */

uint32_t
sim_peer_addr(const struct sim_group *g, uint32_t i)
{
	uint32_t prefix = i % g->n_prefixes, k = i / g->n_prefixes;

	return (uint32_t)g->net << 24 | prefix << 8 | (k % HOSTS + 1);
}

uint16_t
sim_peer_port(const struct sim_group *g, uint32_t i)
{
	return (uint16_t)(FIRST_PORT + i / g->n_prefixes / HOSTS);
}

static void
syn_options(const struct sim_habits *h, struct pl_tcp_opts *opt)
{
	if (h->mss > 0) {
		opt->has |= PL_OPT_MSS;
		opt->mss = h->mss;
	}
	if (h->has_wscale) {
		opt->has |= PL_OPT_WSCALE;
		opt->wscale = h->wscale;
	}
	if (h->has_sack)
		opt->has |= PL_OPT_SACK_OK;
}

static void
timestamp(const struct sim_group *g, const struct sim_peer *p, struct pl_tcp_seg *seg)
{
	if (!g->habits.has_ts)
		return;
	seg->opt.has |= PL_OPT_TS;
	seg->opt.tsval = (uint32_t)(g->raw->w->now / PL_MS(1));
	seg->opt.tsecr = seg->flags & PL_TH_SYN ? 0 : p->ts_recent;
}

void
sim_peer_send(struct sim_group *g, struct sim_peer *p, struct pl_tcp_seg *seg)
{
	uint32_t i = sim_peer_index(g, p);
	struct sim_from from = {.src = sim_peer_addr(g, i)};

	seg->sport = sim_peer_port(g, i);
	seg->dport = g->habits.port;
	seg->wnd = p->wnd;
	if (seg->flags & PL_TH_SYN) {
		syn_options(&g->habits, &seg->opt);
		if (g->habits.syn_wnd > 0)
			seg->wnd = g->habits.syn_wnd;
	}
	timestamp(g, p, seg);
	sim_raw_tcp(g->raw, &from, seg);
}

void
sim_peer_ack(struct sim_group *g, struct sim_peer *p)
{
	struct pl_tcp_seg seg = {.flags = PL_TH_ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt};

	sim_peer_send(g, p, &seg);
}

void
sim_peer_text(struct sim_group *g, struct sim_peer *p, pl_seq seq, uint32_t len, uint8_t flags)
{
	struct pl_tcp_seg seg = {.flags = PL_TH_ACK | flags, .seq = seq, .ack = p->rcv_nxt};
	pl_seq end = seq + len + ((flags & PL_TH_FIN) != 0);

	if (len > 0)
		seg.text = pl_text_of(sim_pattern(0, seq), len);
	if (pl_seq_lt(p->snd_nxt, end))
		p->snd_nxt = end;
	sim_peer_send(g, p, &seg);
}

uint32_t
sim_peer_pump(struct sim_group *g, struct sim_peer *p, uint32_t most, uint32_t mss)
{
	uint32_t sent = 0;

	while (p->snd_nxt - p->snd_una < most) {
		uint32_t len = PL_MIN(PL_MIN(mss, most - (p->snd_nxt - p->snd_una)), sim_peer_room(p));

		if (len == 0)
			break;
		sim_peer_text(g, p, p->snd_nxt, len, 0);
		sent += len;
	}
	return sent;
}

void
sim_peer_go_back(struct sim_peer *p)
{
	p->snd_nxt = p->snd_una;
}

void
sim_peer_probe(struct sim_group *g, struct sim_peer *p)
{
	pl_seq next = p->snd_nxt;

	sim_peer_text(g, p, next, 1, 0);
	p->snd_nxt = next;
}
