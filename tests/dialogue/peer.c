/* SPDX-License-Identifier: ISC */
/* The peer: frames to the stack, segments as a dialogue writes them, and answers to ARP and neighbour discovery. */
#include "harness.h"

#include "base/addr.h"
#include "base/checksum.h"
#include "wire/arp.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define BATCH 64

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

void
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

void
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

	if (watch)
		watch->said(l);
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

void
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
