/* SPDX-License-Identifier: ISC */
/*
 * ARP in (RFC 826, RFC 5227). Requests for our addresses are answered and remembered;
 * answers are taken only if an entry is there; an announcement updates an entry that is
 * there. Nothing makes an entry for somebody who did not ask for us.
 */
#include "net/net_state.h"

/* A sender that may be remembered: a unicast neighbour on this link, not ourselves. */
static bool
is_sender_plausible(const struct pl_net *n, const struct pl_rx *rx, const struct pl_arp *arp)
{
	uint8_t laddr;

	return pl_addr_is_valid_source(&arp->spa) && pl_iface_is_on_link(n, rx->iface, &arp->spa) &&
	       !pl_iface_is_broadcast(n, rx->iface, &arp->spa) && !pl_net_find_laddr(n, &arp->spa, &laddr);
}

/* A probe (RFC 5227, sender 0.0.0.0) is answered too, but there is nobody to remember. */
static enum pl_net_verdict
answer(struct pl_net *n, const struct pl_rx *rx, const struct pl_arp *arp, uint8_t laddr)
{
	struct pl_reply *r;

	if (is_sender_plausible(n, rx, arp))
		pl_neigh_learn(n, laddr, &arp->spa, arp->sha);
	if (!pl_bucket_take(&n->neigh_bucket, rx->now) || (r = pl_reply_new(n, PL_REPLY_ARP, laddr)) == NULL)
		return PL_NET_DROP(n, neighbour_limited);
	r->u.arp.op = PL_ARP_REPLY;
	r->has_mac = true;
	memcpy(r->mac, arp->sha, PL_MAC_LEN);
	memcpy(r->raddr, arp->spa.octets, 4);
	return PL_NET_DONE;
}

static enum pl_net_verdict
take_reply(struct pl_net *n, const struct pl_rx *rx, const struct pl_arp *arp)
{
	struct pl_neigh_answer a = {.addr = arp->spa, .mac = arp->sha, .iface = rx->iface, .override = true};

	a.solicited = pl_neigh_is_asked(n, rx->iface, &arp->spa);
	if (!is_sender_plausible(n, rx, arp) || !pl_neigh_answered(n, &a))
		return PL_NET_DROP(n, arp_unsolicited);
	return PL_NET_DONE;
}

enum pl_net_verdict
pl_arp_input(struct pl_net *n, const struct pl_rx *rx, struct pl_cur c)
{
	struct pl_arp arp;
	uint8_t laddr;

	if (!pl_arp_parse(c, &arp) || pl_mac_is_group(arp.sha))
		return PL_NET_DROP(n, arp_malformed);
	if (pl_addr_equal(&arp.spa, &arp.tpa)) {
		if (is_sender_plausible(n, rx, &arp))
			pl_neigh_announced(n, rx->iface, &arp.spa, arp.sha);
		return PL_NET_DONE;
	}
	if (!pl_iface_find_laddr(n, rx->iface, &arp.tpa, &laddr))
		return PL_NET_DROP(n, arp_not_for_us);
	if (arp.op == PL_ARP_REQUEST)
		return answer(n, rx, &arp, laddr);
	return take_reply(n, rx, &arp);
}
