/* SPDX-License-Identifier: ISC */
/*
 * The network layer's beginning and its way in: link header, MAC filter, then one
 * parser for each protocol. What is left out so far: VLAN tags, IPv6
 * reassembly (fragments are dropped where pl_input6() finds them), multicast, autoconfiguration.
 */
#include "net/net_state.h"

static uint32_t
pow2_at_least(uint64_t x)
{
	uint32_t p = 1;

	while (p < x)
		p *= 2;
	return p;
}

/* Two entries to a chain, in the mean, when the class is full. */
static uint32_t
n_heads(const struct plim_config *conf, size_t target)
{
	return pow2_at_least(PL_CLAMP(target / 100 * conf->cap_neighbour_pct / 128, 64u, 4096u));
}

/* Large enough for a datagram of the MTU, as long as eight of them are under 1 % of the target. */
static uint32_t
buffer_octets(const struct plim_config *conf, size_t target)
{
	size_t mtu = 0;

	for (unsigned i = 0; i < conf->n_ifaces; i++)
		mtu = PL_MAX(mtu, conf->ifaces[i].mtu);
	return (uint32_t)PL_ALIGN_UP(PL_CLAMP(mtu, PL_NET_BUFFER_LEAST, PL_MAX(target / 1024, PL_NET_BUFFER_LEAST)),
	                             64u);
}

size_t
pl_net_static_octets(const struct plim_config *conf, size_t target)
{
	return PL_NET_RING * sizeof(struct pl_reply) + n_heads(conf, target) * sizeof(pl_id) +
	       (size_t)PL_NET_BUFFERS * buffer_octets(conf, target) +
	       pl_reasm_static_octets(conf, target, buffer_octets(conf, target));
}

static void
init_laddrs(struct pl_net *n)
{
	for (uint8_t i = 0; i < n->core->conf.n_ifaces; i++) {
		const struct plim_iface_config *ic = pl_net_iface(n, i);

		for (unsigned k = 0; k < ic->n_addrs && k < PLIM_MAX_ADDRS; k++)
			n->laddrs[n->n_laddrs++] = (struct pl_laddr){ic->addrs[k].addr, ic->addrs[k].prefix_len, i};
	}
}

void
pl_net_init(struct pl_net *n, struct pl_core *c, uint8_t *statics)
{
	const struct plim_config *conf = &c->conf;
	struct pl_put room = pl_put_to(statics, pl_net_static_octets(conf, c->mem.target));
	uint32_t heads = n_heads(conf, c->mem.target);

	memset(n, 0, sizeof *n);
	n->core = c;
	n->buffer_octets = buffer_octets(conf, c->mem.target);
	n->head_mask = heads - 1;
	n->epoch = 1;
	n->retry_at = PL_TIME_NEVER;
	n->ring = (struct pl_reply *)(void *)pl_put_room(&room, PL_NET_RING * sizeof(struct pl_reply));
	n->buffers = pl_put_room(&room, (size_t)PL_NET_BUFFERS * n->buffer_octets);
	n->heads = (pl_id *)(void *)pl_put_room(&room, heads * sizeof(pl_id));
	memset(n->heads, 0, heads * sizeof(pl_id));
	pl_reasm_init(n, &room);
	init_laddrs(n);
	pl_neigh_set_bounds(n);
	pl_bucket_init(&n->echo_bucket, (uint32_t)conf->echo_rate, (uint32_t)conf->echo_rate / 10, c->now);
	pl_bucket_init(&n->icmp_bucket, (uint32_t)conf->icmp_rate, (uint32_t)conf->icmp_burst, c->now);
	pl_bucket_init(&n->neigh_bucket, (uint32_t)conf->neighbour_rate, (uint32_t)conf->neighbour_rate / 10, c->now);
	pl_bucket_init(&n->probe_bucket, (uint32_t)conf->neighbour_rate, (uint32_t)conf->neighbour_rate / 10, c->now);
	pl_bucket_init(&n->ask_bucket, (uint32_t)conf->neighbour_rate, (uint32_t)conf->neighbour_rate / 10, c->now);
}

void
pl_net_set_bounds(struct pl_net *n)
{
	pl_neigh_set_bounds(n);
	pl_reasm_set_bounds(n);
}

static enum pl_net_verdict
input_by_type(struct pl_net *n, const struct pl_rx *rx, uint16_t type, struct pl_cur c, struct pl_pkt *pkt,
              struct pl_icmp_error *err)
{
	struct pl_span rest = {c.p, pl_cur_left(&c)};

	switch (type) {
	case PL_ETH_TYPE_IP4: return pl_input4(n, rx, rest, pkt, err);
	case PL_ETH_TYPE_IP6: return pl_input6(n, rx, rest, pkt, err);
	case PL_ETH_TYPE_ARP: return pl_arp_input(n, rx, c);
	default: return PL_NET_DROP(n, eth_type);
	}
}

enum pl_net_verdict
pl_net_input(struct pl_net *n, const struct plim_frame *f, pl_time now, struct pl_pkt *pkt, struct pl_icmp_error *err)
{
	struct pl_rx rx = {.f = f, .iface = f->iface, .now = now};
	struct pl_cur c = pl_cur_of(f->data, f->len);
	struct pl_eth eth;

	if (f->iface >= n->core->conf.n_ifaces)
		return PL_NET_DROP(n, iface_unknown);
	if (!pl_eth_parse(&c, &eth))
		return PL_NET_DROP(n, eth_truncated);
	if (!pl_iface_takes_mac(n, f->iface, eth.dst))
		return PL_NET_DROP(n, eth_not_for_us);
	if (pl_mac_is_group(eth.src))
		return PL_NET_DROP(n, eth_source);
	if (pl_cur_left(&c) > pl_net_iface(n, f->iface)->mtu && f->gso_size == 0)
		return PL_NET_DROP(n, frame_too_long);
	rx.group_mac = pl_mac_is_group(eth.dst);
	memcpy(rx.src_mac, eth.src, PL_MAC_LEN);
	return input_by_type(n, &rx, eth.type, c, pkt, err);
}

size_t
pl_net_header_len(uint8_t family)
{
	return PL_ETH_HEADER + (family == 4 ? PL_IP4_HEADER : PL_IP6_HEADER);
}

static void
put_ip4(struct pl_put *w, const struct pl_net *n, const struct pl_path *path, const struct plim_addr *raddr,
        const struct pl_ip4 *with)
{
	struct pl_ip4 ip = *with;

	ip.src = *pl_net_laddr(n, path->laddr);
	ip.dst = *raddr;
	ip.df = true; /* and so ID 0: RFC 6864 §4.1 */
	pl_ip4_put(w, &ip);
}

void
pl_net_put_header(struct pl_net *n, uint8_t *p, const struct pl_path *path, const struct plim_addr *raddr,
                  uint8_t proto, size_t l4_len, uint8_t tos, uint8_t ttl)
{
	struct pl_put w = pl_put_to(p, pl_net_header_len(raddr->family));
	struct pl_eth eth = {.type = raddr->family == 4 ? PL_ETH_TYPE_IP4 : PL_ETH_TYPE_IP6};

	if (ttl == 0)
		ttl = (uint8_t)n->core->conf.ip_ttl;
	memcpy(eth.dst, path->dst_mac, PL_MAC_LEN);
	memcpy(eth.src, pl_net_iface(n, path->iface)->mac, PL_MAC_LEN);
	pl_eth_put(&w, &eth);
	if (raddr->family == 4) {
		put_ip4(&w, n, path, raddr,
		        &(struct pl_ip4){
				.tos = tos, .ttl = ttl, .proto = proto, .len = (uint16_t)(PL_IP4_HEADER + l4_len)});
	} else {
		pl_ip6_put(&w, &(struct pl_ip6){.tclass = tos,
		                                .hop_limit = ttl,
		                                .proto = proto,
		                                .payload_len = (uint16_t)l4_len,
		                                .src = *pl_net_laddr(n, path->laddr),
		                                .dst = *raddr});
	}
	PL_ASSERT(!w.short_of);
}

uint32_t
pl_net_epoch(const struct pl_net *n)
{
	return n->epoch;
}
