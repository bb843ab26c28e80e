/* SPDX-License-Identifier: ISC */
/*
 * Where a datagram goes: on-link prefixes and configured routes, longest prefix first.
 * A datagram leaves by the interface of its source address (RFC 1122 3.3.4.2, strong).
 */
#include "net/net_state.h"

struct best {
	int prefix_len; /* -1: nothing found */
	uint8_t iface;
	uint8_t laddr;               /* of an on-link prefix */
	const struct plim_addr *via; /* NULL: on the link */
};

static void
consider_links(const struct pl_net *n, int iface, const struct plim_addr *raddr, struct best *b)
{
	for (unsigned i = 0; i < n->n_laddrs; i++) {
		const struct pl_laddr *l = &n->laddrs[i];

		if ((iface < 0 || l->iface == iface) && l->prefix_len > b->prefix_len &&
		    pl_addr_in_prefix(raddr, &l->addr, l->prefix_len))
			*b = (struct best){l->prefix_len, l->iface, (uint8_t)i, NULL};
	}
}

static void
consider_routes(const struct pl_net *n, int iface, const struct plim_addr *raddr, struct best *b)
{
	for (unsigned i = 0; i < n->core->conf.n_routes; i++) {
		const struct plim_route_config *r = &n->core->conf.routes[i];

		if ((iface < 0 || r->iface == iface) && r->prefix_len > b->prefix_len &&
		    pl_addr_in_prefix(raddr, &r->dst, r->prefix_len))
			*b = (struct best){r->prefix_len, r->iface, 0, &r->via};
	}
}

/* Groups, the limited broadcast and link-local addresses are on every link. */
static bool
is_on_every_link(const struct plim_addr *a)
{
	return pl_addr_is_multicast(a) || (a->family == 6 && pl_addr_is_link_local(a)) ||
	       (a->family == 4 && pl_load32(a->octets) == 0xffffffffu);
}

/* iface < 0: any. */
static struct best
find_best(const struct pl_net *n, int iface, const struct plim_addr *raddr)
{
	struct best b = {.prefix_len = -1};

	consider_links(n, iface, raddr, &b);
	consider_routes(n, iface, raddr, &b);
	return b;
}

int
pl_route_next_hop(const struct pl_net *n, uint8_t iface, const struct plim_addr *raddr, struct plim_addr *hop)
{
	struct best b = find_best(n, iface, raddr);

	if (is_on_every_link(raddr) || (b.prefix_len >= 0 && !b.via)) {
		*hop = *raddr;
		return 0;
	}
	if (b.prefix_len < 0)
		return PLIM_ENETUNREACH;
	*hop = *b.via;
	return 0;
}

/* Of the addresses on an interface that of the gateway's prefix, else the first; to a link-local one from a link-local one (RFC 6724, rule 2). */
static bool
choose_source(const struct pl_net *n, uint8_t iface, const struct plim_addr *near, uint8_t *laddr)
{
	for (unsigned i = 0; i < n->n_laddrs; i++) {
		const struct pl_laddr *l = &n->laddrs[i];

		if (l->iface == iface && pl_addr_in_prefix(near, &l->addr, l->prefix_len)) {
			*laddr = (uint8_t)i;
			return true;
		}
	}
	return pl_iface_first_laddr(n, iface, near->family, laddr);
}

int
pl_net_source_for(const struct pl_net *n, const struct plim_addr *raddr, uint8_t *laddr)
{
	struct best b;
	uint8_t found;

	if (pl_net_find_laddr(n, raddr, laddr))
		return 0;
	b = find_best(n, -1, raddr);
	if (b.prefix_len < 0 && !is_on_every_link(raddr))
		return PLIM_ENETUNREACH;
	if (b.prefix_len >= 0 && !b.via) {
		*laddr = b.laddr;
		return 0;
	}
	if (!choose_source(n, b.iface, b.via ? b.via : raddr, &found))
		return PLIM_ENETUNREACH;
	*laddr = found;
	return 0;
}

int
pl_net_mtu(const struct pl_net *n, uint8_t laddr, const struct plim_addr *raddr, uint16_t *mtu)
{
	struct plim_addr hop;
	uint8_t ours;

	PL_ASSERT(laddr < n->n_laddrs);
	if (!pl_net_find_laddr(n, raddr, &ours) && pl_route_next_hop(n, n->laddrs[laddr].iface, raddr, &hop) < 0)
		return PLIM_ENETUNREACH;
	*mtu = pl_net_iface(n, n->laddrs[laddr].iface)->mtu;
	return 0;
}

static void
group_mac(const struct plim_addr *a, uint8_t mac[PL_MAC_LEN])
{
	if (a->family == 6) {
		pl_nd_group_mac(a, mac);
	} else if (pl_addr_is_multicast(a)) { /* RFC 1112 §6.4 */
		pl_store32(mac, 0x01005e00u | (a->octets[1] & 0x7fu));
		memcpy(&mac[4], &a->octets[2], 2);
	} else {
		memset(mac, 0xff, PL_MAC_LEN);
	}
}

static int
resolve_unicast(struct pl_net *n, const struct plim_addr *raddr, struct pl_path *path)
{
	struct plim_addr hop;
	struct pl_neigh *e;
	pl_id id;
	int rc = pl_route_next_hop(n, path->iface, raddr, &hop);

	if (rc < 0 || (rc = pl_neigh_use(n, path->laddr, &hop, &id)) < 0)
		return rc;
	e = pl_neigh_at(n, id);
	memcpy(path->dst_mac, e->mac, PL_MAC_LEN);
	if (e->state == PL_NEIGH_REACHABLE)
		n->memo = (struct pl_net_memo){*raddr, *path, path->laddr, id,
		                               PL_MIN(e->confirmed + PL_NEIGH_REACHABLE_NS, n->core->now + PL_SEC(1))};
	return 0;
}

int
pl_net_resolve(struct pl_net *n, uint8_t laddr, const struct plim_addr *raddr, struct pl_path *out)
{
	struct pl_path path = {.laddr = laddr};
	uint8_t ours;
	int rc = 0;

	PL_ASSERT(laddr < n->n_laddrs);
	if (n->core->now < n->memo.until && n->memo.laddr == laddr && pl_addr_equal(&n->memo.raddr, raddr)) {
		*out = n->memo.path;
		return 0;
	}
	path.iface = n->laddrs[laddr].iface;
	path.mtu = pl_net_iface(n, path.iface)->mtu;
	if (pl_net_find_laddr(n, raddr, &ours)) {
		path.loop = true;
		memcpy(path.dst_mac, pl_net_iface(n, path.iface)->mac, PL_MAC_LEN);
	} else if (pl_addr_is_multicast(raddr) || pl_iface_is_broadcast(n, path.iface, raddr)) {
		group_mac(raddr, path.dst_mac);
	} else {
		rc = resolve_unicast(n, raddr, &path);
	}
	if (rc == 0)
		*out = path;
	return rc;
}
