/* SPDX-License-Identifier: ISC */
/* IPv6 in (RFC 8200): checks, addresses, then by protocol. */
#include "net/net_state.h"

static bool
find_destination(const struct pl_net *n, const struct pl_rx *rx, struct pl_pkt *pkt)
{
	if (!rx->f)
		return pl_net_find_laddr(n, &pkt->dst, &pkt->laddr);
	if (PL_LIKELY(pl_iface_find_laddr(n, rx->iface, &pkt->dst, &pkt->laddr)))
		return true;
	pkt->not_unicast = true;
	return pl_addr_is_multicast(&pkt->dst) && pl_iface_is_in_group(n, rx->iface, &pkt->dst) &&
	       pl_iface_first_laddr(n, rx->iface, 6, &pkt->laddr);
}

/* The unspecified address is a source only of duplicate address detection, which is ICMPv6: pl_nd_input() looks again. */
static bool
is_source_valid(const struct pl_net *n, const struct pl_rx *rx, const struct pl_pkt *pkt)
{
	uint8_t laddr;

	if (!rx->f)
		return pl_net_find_laddr(n, &pkt->src, &laddr);
	if (pl_addr_is_any(&pkt->src))
		return pkt->proto == PL_PROTO_ICMP6;
	return pl_addr_is_valid_source(&pkt->src) && !pl_net_find_laddr(n, &pkt->src, &laddr);
}

static void
fill(struct pl_pkt *pkt, const struct pl_rx *rx, const struct pl_ip6 *ip, struct pl_span all)
{
	pkt->src = ip->src;
	pkt->dst = ip->dst;
	pkt->ip = (struct pl_span){all.p, PL_IP6_HEADER + (size_t)ip->payload_len};
	pkt->l4 = ip->payload;
	pkt->gso_size = rx->f ? rx->f->gso_size : 0;
	pkt->proto = ip->proto;
	pkt->ttl = ip->hop_limit;
	pkt->tos = ip->tclass;
	pkt->iface = rx->iface;
	pkt->csum_ok = !rx->f || (rx->f->flags & (PLIM_FRAME_CSUM_VALID | PLIM_FRAME_NEEDS_CSUM)) != 0;
	pkt->not_unicast = rx->group_mac;
	memcpy(pkt->src_mac, rx->src_mac, PL_MAC_LEN);
	pkt->at = rx->now;
}

/* RFC 8200 §4.2: an option of type 10xxxxxx is told of even where the destination was a group. */
static enum pl_net_verdict
refuse_extension(struct pl_net *n, const struct pl_ip6 *ip, struct pl_pkt *pkt)
{
	if (ip->problem.also_multicast)
		pkt->not_unicast = false;
	if (ip->problem.is_set && pkt->proto != PL_PROTO_ICMP6) /* it could be an error itself */
		pl_icmp_send_error(n, pkt, PL_ICMP6_PARAMETER, ip->problem.code, ip->problem.pointer);
	return PL_NET_DROP(n, ip6_extension);
}

static enum pl_net_verdict
by_protocol(struct pl_net *n, const struct pl_rx *rx, const struct pl_ip6 *ip, const struct pl_pkt *pkt,
            struct pl_icmp_error *err)
{
	switch (pkt->proto) {
	case PL_PROTO_TCP:
	case PL_PROTO_UDP: return PL_NET_PKT;
	case PL_PROTO_ICMP6: return pl_icmp_input(n, rx, pkt, err);
	case PL_IP6_NO_NEXT: return PL_NET_DROP(n, ip_protocol);
	default: /* RFC 8200 §4: unrecognized next header */
		pl_icmp_send_error(n, pkt, PL_ICMP6_PARAMETER, 1, ip->proto_at);
		return PL_NET_DROP(n, ip_protocol);
	}
}

enum pl_net_verdict
pl_input6(struct pl_net *n, const struct pl_rx *rx, struct pl_span all, struct pl_pkt *pkt, struct pl_icmp_error *err)
{
	struct pl_ip6 ip;
	enum plim_drop why = pl_ip6_parse(all, &ip);

	if (why != PL_PARSED && why != PLIM_DROP_ip6_extension)
		return pl_net_drop(n, why);
	fill(pkt, rx, &ip, all);
	if (!find_destination(n, rx, pkt))
		return PL_NET_DROP(n, ip6_not_for_us);
	if (!is_source_valid(n, rx, pkt))
		return PL_NET_DROP(n, ip6_source);
	if (why == PLIM_DROP_ip6_extension)
		return refuse_extension(n, &ip, pkt);
	if (ip.is_fragment) /* the seam for reassembly: whole datagrams go on below */
		return PL_NET_DROP(n, ip_fragment);
	return by_protocol(n, rx, &ip, pkt, err);
}
