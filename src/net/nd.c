/* SPDX-License-Identifier: ISC */
/*
 * Neighbour Discovery in, for static addresses (RFC 4861 §7.2): solicitations for our
 * addresses are answered, advertisements are taken for entries that are there. Duplicate
 * address detection of our own addresses, routers and redirects are left out so far.
 */
#include "net/net_state.h"

static const struct plim_addr all_nodes = {.octets = {0xff, 0x02, [15] = 1}, .family = 6};

/* RFC 4861 §7.1.1: from ::, only to a solicited-node group and without a source address option. */
static bool
is_solicitation_valid(const struct pl_pkt *pkt, const struct pl_nd *nd)
{
	struct plim_addr group = pl_nd_solicited_node(&nd->target);

	if (!pl_addr_is_any(&pkt->src))
		return !nd->has_mac || !pl_mac_is_group(nd->mac);
	return !nd->has_mac && pl_addr_equal(&pkt->dst, &group);
}

/* RFC 4861 §7.2.4; to a duplicate address detection (source ::) the answer goes to all nodes, unsolicited. */
static bool
advertise(struct pl_net *n, const struct pl_pkt *pkt, const struct pl_nd *nd, uint8_t laddr)
{
	struct pl_reply *r = pl_reply_new(n, PL_REPLY_ND, laddr);

	if (!r)
		return false;
	r->u.nd.type = PL_ICMP6_NA;
	r->has_mac = true;
	if (pl_addr_is_any(&pkt->src)) {
		r->u.nd.flags = PL_ND_OVERRIDE;
		pl_nd_group_mac(&all_nodes, r->mac);
		memcpy(r->raddr, all_nodes.octets, 16);
	} else {
		r->u.nd.flags = PL_ND_OVERRIDE | PL_ND_SOLICITED;
		memcpy(r->mac, nd->has_mac ? nd->mac : pkt->src_mac, PL_MAC_LEN);
		memcpy(r->raddr, pkt->src.octets, 16);
	}
	return true;
}

static enum pl_net_verdict
take_solicitation(struct pl_net *n, const struct pl_rx *rx, const struct pl_pkt *pkt, const struct pl_nd *nd)
{
	uint8_t laddr;

	if (!is_solicitation_valid(pkt, nd))
		return PL_NET_DROP(n, nd_malformed);
	if (!pl_iface_find_laddr(n, rx->iface, &nd->target, &laddr))
		return PL_NET_DROP(n, nd_not_for_us);
	if (nd->has_mac && pl_iface_is_on_link(n, rx->iface, &pkt->src))
		pl_neigh_learn(n, laddr, &pkt->src, nd->mac);
	if (!pl_bucket_take(&n->neigh_bucket, rx->now) || !advertise(n, pkt, nd, laddr))
		return PL_NET_DROP(n, neighbour_limited);
	return PL_NET_DONE;
}

/* RFC 4861 §7.1.2: to a group never "solicited". */
static enum pl_net_verdict
take_advertisement(struct pl_net *n, const struct pl_rx *rx, const struct pl_pkt *pkt, const struct pl_nd *nd)
{
	struct pl_neigh_answer a = {
		.addr = nd->target,
		.mac = nd->has_mac ? nd->mac : NULL,
		.iface = rx->iface,
		.solicited = (nd->flags & PL_ND_SOLICITED) != 0,
		.override = (nd->flags & PL_ND_OVERRIDE) != 0,
	};

	if (pl_addr_is_any(&pkt->src) || (a.solicited && pl_addr_is_multicast(&pkt->dst)) ||
	    (nd->has_mac && pl_mac_is_group(nd->mac)))
		return PL_NET_DROP(n, nd_malformed);
	return pl_neigh_answered(n, &a) ? PL_NET_DONE : PL_NET_DROP(n, nd_unsolicited);
}

enum pl_net_verdict
pl_nd_input(struct pl_net *n, const struct pl_rx *rx, const struct pl_pkt *pkt, const struct pl_icmp *m)
{
	struct pl_nd nd;

	/* Hop limit 255: it did not pass a router, so nobody from afar can speak here. */
	if (!rx->f || pkt->ttl != 255 || !pl_nd_parse(m, &nd))
		return PL_NET_DROP(n, nd_malformed);
	if (m->type == PL_ICMP6_NS)
		return take_solicitation(n, rx, pkt, &nd);
	return take_advertisement(n, rx, pkt, &nd);
}
