/* SPDX-License-Identifier: ISC */
/*
 * A core, its memory and a network layer with one interface, fed with raw frames:
 * 10.0.0.2/24 and 2001:db8::2/64, gateways 10.0.0.1 and 2001:db8::1.
 */
#ifndef TESTS_NET_FIXTURE_H
#define TESTS_NET_FIXTURE_H

#include "unit.h"

#include "base/addr.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "net/net_state.h"
#include "udp/udp.h"
#include "wire/udp.h"

#define MTU 1500
#define FRAME_CAP 2048

struct bench {
	struct pl_core core;
	struct pl_net net;
	struct pl_udp udp;
	uint8_t *region;
	struct pl_pkt pkt;
	struct pl_icmp_error err;
	uint8_t out_octets[FRAME_CAP];
	struct plim_frame out;
	bool out_loop;
};

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 9};
static const uint8_t all_mac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static inline struct plim_addr
v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return pl_addr_from(4, (const uint8_t[]){a, b, c, d});
}

/* 2001:db8::<high>:<low> */
static inline struct plim_addr
v6(uint16_t high, uint16_t low)
{
	struct plim_addr a = {.octets = {0x20, 0x01, 0x0d, 0xb8}, .family = 6};

	pl_store16(&a.octets[12], high);
	pl_store16(&a.octets[14], low);
	return a;
}

static const struct plim_addr US4 = {.octets = {10, 0, 0, 2}, .family = 4};
static const struct plim_addr PEER4 = {.octets = {10, 0, 0, 9}, .family = 4};
static const struct plim_addr US6 = {.octets = {0x20, 0x01, 0x0d, 0xb8, [15] = 2}, .family = 6};
static const struct plim_addr PEER6 = {.octets = {0x20, 0x01, 0x0d, 0xb8, [15] = 9}, .family = 6};

static inline void
bench_config(struct plim_config *c)
{
	struct plim_iface_config *i = &c->ifaces[0];

	memset(c, 0, sizeof *c);
	c->size = sizeof *c;
#define PLIM_X(name, dflt, least, most, text) c->name = dflt;
	PLIM_SETTINGS(PLIM_X)
#undef PLIM_X
	c->n_ifaces = 1;
	memcpy(i->mac, our_mac, 6);
	i->mtu = MTU;
	i->n_addrs = 2;
	i->addrs[0] = (struct plim_ifaddr){US4, 24};
	i->addrs[1] = (struct plim_ifaddr){US6, 64};
	c->n_routes = 2;
	c->routes[0] = (struct plim_route_config){.dst = {.family = 4}, .via = v4(10, 0, 0, 1)};
	c->routes[1] = (struct plim_route_config){.dst = {.family = 6}, .via = v6(0, 1)};
}

static inline void
bench_start_with(struct bench *b, const struct plim_config *conf, size_t target)
{
	struct pl_mem_layout layout = {.conn_pct = 75};
	size_t statics = PL_ALIGN_UP(pl_net_static_octets(conf, target), 64);

	memset(b, 0, sizeof *b);
	b->core.conf = *conf;
	b->core.now = PL_SEC(1000);
	b->core.hash_key = (struct pl_key){1, 2};
	b->core.rng.key = (struct pl_key){3, 4};
	layout.cap_pct[PLIM_CLASS_neighbour] = conf->cap_neighbour_pct;
	layout.cap_pct[PLIM_CLASS_fragment] = conf->cap_fragment_pct;
	layout.cap_pct[PLIM_CLASS_udp] = conf->cap_udp_pct;
	b->region = aligned_alloc(64, target);
	assert_non_null(b->region);
	assert_true(pl_mem_init(&b->core.mem, b->region, statics, target, &layout));
	pl_net_init(&b->net, &b->core, b->region);
	pl_udp_init(&b->udp, &b->core, &b->net);
}

static inline void
bench_start(struct bench *b)
{
	struct plim_config conf;

	bench_config(&conf);
	bench_start_with(b, &conf, 1 << 20);
}

static inline void
bench_end(struct bench *b)
{
	assert_null(pl_neigh_check(&b->net));
	assert_null(pl_reasm_check(&b->net));
	assert_null(pl_mem_check(&b->core.mem));
	free(b->region);
}

/* Hand in a frame in a heap block of exactly its size. */
static inline enum pl_net_verdict
input_flags(struct bench *b, const uint8_t *p, size_t n, uint8_t flags, uint16_t gso_size)
{
	static uint8_t *last; /* the packet borrows from the frame until the next one */
	struct plim_frame f = {.len = (uint32_t)n, .flags = flags, .gso_size = gso_size};

	free(last);
	last = f.data = malloc(n ? n : 1);
	assert_non_null(f.data);
	memcpy(f.data, p, n);
	return pl_net_input(&b->net, &f, b->core.now, &b->pkt, &b->err);
}

static inline enum pl_net_verdict
input(struct bench *b, const uint8_t *p, size_t n)
{
	return input_flags(b, p, n, 0, 0);
}

/* The next frame of the network layer. */
static inline bool
output(struct bench *b)
{
	b->out = (struct plim_frame){.data = b->out_octets, .cap = FRAME_CAP};
	return pl_net_output(&b->net, &b->out, &b->out_loop, b->core.now);
}

static inline uint64_t
drops(const struct bench *b)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < PLIM_N_DROPS; i++)
		n += b->core.drops[i];
	return n;
}

static inline void
advance(struct bench *b, pl_time by)
{
	unsigned budget = 100000;

	b->core.now += by;
	pl_net_poll(&b->net, b->core.now, &budget);
	assert_true(pl_net_deadline(&b->net) > b->core.now);
}

/* ---- frames by hand ---- */

struct frame {
	uint8_t p[FRAME_CAP];
	size_t n;
};

static inline struct frame
arp_frame(uint16_t op, const uint8_t *dst, const uint8_t *sha, struct plim_addr spa, struct plim_addr tpa)
{
	struct frame f = {.n = 42};
	struct pl_put w = pl_put_to(f.p, sizeof f.p);
	struct pl_eth eth = {.type = PL_ETH_TYPE_ARP};
	struct pl_arp arp = {.op = op, .spa = spa, .tpa = tpa};

	memcpy(eth.dst, dst, 6);
	memcpy(eth.src, sha, 6);
	memcpy(arp.sha, sha, 6);
	pl_eth_put(&w, &eth);
	pl_arp_put(&w, &arp);
	return f;
}

struct ip_spec {
	struct plim_addr src, dst;
	uint8_t proto;
	uint8_t ttl;        /* 0: 64 */
	const uint8_t *mac; /* NULL: ours */
	const uint8_t *text;
	size_t len;
	int csum_at;    /* -1: leave the transport's checksum alone */
	bool no_pseudo; /* ICMPv4 */
};

static inline struct frame
ip_frame(struct ip_spec s)
{
	struct frame f = {0};
	struct pl_put w = pl_put_to(f.p, sizeof f.p);
	struct pl_eth eth = {.type = s.src.family == 4 ? PL_ETH_TYPE_IP4 : PL_ETH_TYPE_IP6};
	uint8_t *l4;

	memcpy(eth.dst, s.mac ? s.mac : our_mac, 6);
	memcpy(eth.src, peer_mac, 6);
	pl_eth_put(&w, &eth);
	if (s.src.family == 4)
		pl_ip4_put(&w, &(struct pl_ip4){.src = s.src,
		                                .dst = s.dst,
		                                .proto = s.proto,
		                                .ttl = s.ttl ? s.ttl : 64,
		                                .len = (uint16_t)(20 + s.len),
		                                .df = true});
	else
		pl_ip6_put(&w, &(struct pl_ip6){.src = s.src,
		                                .dst = s.dst,
		                                .proto = s.proto,
		                                .hop_limit = s.ttl ? s.ttl : 64,
		                                .payload_len = (uint16_t)s.len});
	l4 = w.p;
	pl_put_bytes(&w, s.text, s.len);
	assert_false(w.short_of);
	if (s.csum_at >= 0)
		pl_csum_store(l4 + s.csum_at,
		              pl_csum_add(s.no_pseudo ? 0 : pl_csum_pseudo(&s.src, &s.dst, s.proto, (uint32_t)s.len),
		                          l4, s.len));
	f.n = (size_t)(w.p - f.p);
	return f;
}

static inline struct frame
icmp_frame(struct plim_addr src, struct plim_addr dst, uint8_t type, uint8_t code, uint32_t rest, const uint8_t *body,
           size_t n)
{
	uint8_t text[1600];
	struct pl_put w = pl_put_to(text, sizeof text);

	pl_icmp_put(&w, type, code, rest);
	pl_put_bytes(&w, body, n);
	return ip_frame((struct ip_spec){.src = src,
	                                 .dst = dst,
	                                 .proto = src.family == 4 ? 1 : 58,
	                                 .text = text,
	                                 .len = 8 + n,
	                                 .csum_at = 2,
	                                 .no_pseudo = src.family == 4});
}

static inline struct frame
udp_frame(struct plim_addr src, struct plim_addr dst, uint16_t sport, uint16_t dport, const void *data, size_t n)
{
	uint8_t text[1600];
	struct pl_put w = pl_put_to(text, sizeof text);

	pl_udp_put(&w, sport, dport, n);
	pl_put_bytes(&w, data, n);
	return ip_frame(
		(struct ip_spec){.src = src, .dst = dst, .proto = 17, .text = text, .len = 8 + n, .csum_at = 6});
}

static inline struct frame
nd_frame(struct plim_addr src, struct plim_addr dst, const uint8_t *mac, const struct pl_nd *nd)
{
	uint8_t text[64];
	struct pl_put w = pl_put_to(text, sizeof text);

	pl_nd_put(&w, nd);
	return ip_frame((struct ip_spec){.src = src,
	                                 .dst = dst,
	                                 .proto = 58,
	                                 .ttl = 255,
	                                 .mac = mac,
	                                 .text = text,
	                                 .len = nd->has_mac ? PL_ND_LEN : PL_ND_LEN - 8,
	                                 .csum_at = 2});
}

static inline enum pl_net_verdict
input_frame(struct bench *b, struct frame f)
{
	return input(b, f.p, f.n);
}

/* The peer answers our ARP request or solicitation: its MAC is known. */
static inline void
know_peer4(struct bench *b, struct plim_addr a)
{
	input_frame(b, arp_frame(PL_ARP_REPLY, our_mac, peer_mac, a, US4));
}

#endif
