/* SPDX-License-Identifier: ISC */
/*
 * Interfaces: which frames they take, and which addresses are theirs. A frame for
 * another MAC is dropped before anything answers it.
 */
#include "net/net_state.h"

static const uint8_t mac_broadcast[PL_MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const struct plim_addr all_nodes = {.octets = {0xff, 0x02, [15] = 1}, .family = 6};

bool
pl_iface_takes_mac(const struct pl_net *n, uint8_t iface, const uint8_t *mac)
{
	uint8_t group_mac[PL_MAC_LEN];

	if (PL_LIKELY(pl_mac_equal(mac, pl_net_iface(n, iface)->mac)) || pl_mac_equal(mac, mac_broadcast))
		return true;
	if (!pl_mac_is_group(mac))
		return false;
	pl_nd_group_mac(&all_nodes, group_mac);
	if (pl_mac_equal(mac, group_mac))
		return true;
	for (unsigned i = 0; i < n->n_laddrs; i++) {
		struct plim_addr group = pl_nd_solicited_node(&n->laddrs[i].addr);

		pl_nd_group_mac(&group, group_mac);
		if (n->laddrs[i].iface == iface && n->laddrs[i].addr.family == 6 && pl_mac_equal(mac, group_mac))
			return true;
	}
	return false;
}

bool
pl_net_find_laddr(const struct pl_net *n, const struct plim_addr *a, uint8_t *laddr)
{
	for (unsigned i = 0; i < n->n_laddrs; i++) {
		if (pl_addr_equal(&n->laddrs[i].addr, a)) {
			*laddr = (uint8_t)i;
			return true;
		}
	}
	return false;
}

const struct plim_addr *
pl_net_laddr(const struct pl_net *n, uint8_t laddr)
{
	PL_ASSERT(laddr < n->n_laddrs);
	return &n->laddrs[laddr].addr;
}

bool
pl_iface_find_laddr(const struct pl_net *n, uint8_t iface, const struct plim_addr *a, uint8_t *laddr)
{
	for (unsigned i = 0; i < n->n_laddrs; i++) { /* a link-local address may stand on several */
		if (n->laddrs[i].iface == iface && pl_addr_equal(&n->laddrs[i].addr, a)) {
			*laddr = (uint8_t)i;
			return true;
		}
	}
	return false;
}

bool
pl_iface_first_laddr(const struct pl_net *n, uint8_t iface, uint8_t family, uint8_t *laddr)
{
	for (unsigned i = 0; i < n->n_laddrs; i++) {
		if (n->laddrs[i].iface == iface && n->laddrs[i].addr.family == family) {
			*laddr = (uint8_t)i;
			return true;
		}
	}
	return false;
}

bool
pl_iface_is_on_link(const struct pl_net *n, uint8_t iface, const struct plim_addr *a)
{
	for (unsigned i = 0; i < n->n_laddrs; i++)
		if (n->laddrs[i].iface == iface && pl_addr_in_prefix(a, &n->laddrs[i].addr, n->laddrs[i].prefix_len))
			return true;
	return a->family == 6 && pl_addr_is_link_local(a);
}

/* All ones or all zeros behind the prefix. A /31 (RFC 3021) and a /32 have no such address. */
static bool
is_directed_broadcast(const struct pl_laddr *l, const struct plim_addr *a)
{
	uint32_t host_mask, host;

	if (l->addr.family != 4 || l->prefix_len >= 31 || !pl_addr_in_prefix(a, &l->addr, l->prefix_len))
		return false;
	host_mask = 0xffffffffu >> l->prefix_len;
	host = pl_load32(a->octets) & host_mask;
	return host == host_mask || host == 0;
}

bool
pl_iface_is_broadcast(const struct pl_net *n, uint8_t iface, const struct plim_addr *a)
{
	if (a->family != 4)
		return false;
	if (pl_load32(a->octets) == 0xffffffffu)
		return true;
	for (unsigned i = 0; i < n->n_laddrs; i++)
		if (n->laddrs[i].iface == iface && is_directed_broadcast(&n->laddrs[i], a))
			return true;
	return false;
}

bool
pl_net_is_not_unicast(const struct pl_net *n, const struct plim_addr *a)
{
	if (pl_addr_is_multicast(a))
		return true;
	for (uint8_t i = 0; i < n->core->conf.n_ifaces; i++)
		if (pl_iface_is_broadcast(n, i, a))
			return true;
	return false;
}

bool
pl_iface_is_in_group(const struct pl_net *n, uint8_t iface, const struct plim_addr *group)
{
	if (pl_addr_equal(group, &all_nodes))
		return true;
	for (unsigned i = 0; i < n->n_laddrs; i++) {
		struct plim_addr g = pl_nd_solicited_node(&n->laddrs[i].addr);

		if (n->laddrs[i].iface == iface && n->laddrs[i].addr.family == 6 && pl_addr_equal(group, &g))
			return true;
	}
	return false;
}
