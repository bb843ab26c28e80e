/* SPDX-License-Identifier: ISC */
/* IPv4 in (RFC 1122 3.2.1): checks, addresses, then by protocol. */
#include "net/net_state.h"

/*
 * Is it for us? Through the loop any address of ours; from a wire those of its interface,
 * and its broadcasts (as not_unicast).
 */
static bool
find_destination(const struct pl_net *n, const struct pl_rx *rx, struct pl_pkt *pkt)
{
	if (!rx->f)
		return pl_net_find_laddr(n, &pkt->dst, &pkt->laddr);
	if (PL_LIKELY(pl_iface_find_laddr(n, rx->iface, &pkt->dst, &pkt->laddr)))
		return true;
	pkt->not_unicast = true;
	return pl_iface_is_broadcast(n, rx->iface, &pkt->dst) && pl_iface_first_laddr(n, rx->iface, 4, &pkt->laddr);
}

/* RFC 1122 3.2.1.3, 3.3.6; our own address from the wire is a lie (LAND). */
static bool
is_source_valid(const struct pl_net *n, const struct pl_rx *rx, const struct plim_addr *src)
{
	uint8_t laddr;

	if (!rx->f)
		return pl_net_find_laddr(n, src, &laddr);
	return pl_addr_is_valid_source(src) && !pl_net_find_laddr(n, src, &laddr) &&
	       !pl_iface_is_broadcast(n, rx->iface, src);
}

static void
fill(struct pl_pkt *pkt, const struct pl_rx *rx, const struct pl_ip4 *ip, struct pl_span all)
{
	pkt->src = ip->src;
	pkt->dst = ip->dst;
	pkt->ip = (struct pl_span){all.p, ip->len};
	pkt->l4 = ip->payload;
	pkt->gso_size = rx->f ? rx->f->gso_size : 0;
	pkt->proto = ip->proto;
	pkt->ttl = ip->ttl;
	pkt->tos = ip->tos;
	pkt->iface = rx->iface;
	pkt->csum_ok = !rx->f || (rx->f->flags & (PLIM_FRAME_CSUM_VALID | PLIM_FRAME_NEEDS_CSUM)) != 0;
	pkt->not_unicast = rx->group_mac;
	memcpy(pkt->src_mac, rx->src_mac, PL_MAC_LEN);
	pkt->at = rx->now;
}

static enum pl_net_verdict
by_protocol(struct pl_net *n, const struct pl_rx *rx, const struct pl_pkt *pkt, struct pl_icmp_error *err)
{
	switch (pkt->proto) {
	case PL_PROTO_TCP:
	case PL_PROTO_UDP: return PL_NET_PKT;
	case PL_PROTO_ICMP: return pl_icmp_input(n, rx, pkt, err);
	default:
		pl_icmp_send_error(n, pkt, PL_ICMP4_UNREACHABLE, PL_UNREACH4_PROTOCOL, 0);
		return PL_NET_DROP(n, ip_protocol);
	}
}

enum pl_net_verdict
pl_input4(struct pl_net *n, const struct pl_rx *rx, struct pl_span all, struct pl_pkt *pkt, struct pl_icmp_error *err)
{
	struct pl_ip4 ip;
	enum plim_drop why = pl_ip4_parse(all, &ip);

	if (why != PL_PARSED)
		return pl_net_drop(n, why);
	fill(pkt, rx, &ip, all);
	if (!find_destination(n, rx, pkt))
		return PL_NET_DROP(n, ip4_not_for_us);
	if (!is_source_valid(n, rx, &pkt->src))
		return PL_NET_DROP(n, ip4_source);
	if (PL_UNLIKELY(pl_ip4_is_fragment(&ip)) && !pl_reasm_input(n, &ip, pkt))
		return PL_NET_DONE;
	return by_protocol(n, rx, pkt, err);
}
