/* SPDX-License-Identifier: ISC */
/* Neighbour solicitations and advertisements: what is taken obeys RFC 4861 §7.1, and is taken again when written. */
#include "fuzz.h"
#include "wire/icmp6.h"

static void
check_put(const struct pl_nd *nd)
{
	uint8_t back[PL_ND_LEN];
	struct pl_put w = pl_put_to(back, sizeof back);
	struct pl_icmp m;
	struct pl_nd again;

	pl_nd_put(&w, nd);
	MUST(!w.short_of && (size_t)(w.p - back) == PL_ND_LEN - (nd->has_mac ? 0u : 8u));
	MUST(pl_icmp_parse((struct pl_span){back, (size_t)(w.p - back)}, &m) && pl_nd_parse(&m, &again));
	MUST(again.type == nd->type && again.flags == nd->flags && again.has_mac == nd->has_mac);
	MUST(pl_addr_equal(&again.target, &nd->target));
	MUST(!nd->has_mac || pl_mac_equal(again.mac, nd->mac));
}

/* The groups of a target are groups, and its MAC too. */
static void
check_group(const struct pl_nd *nd)
{
	struct plim_addr group = pl_nd_solicited_node(&nd->target);
	uint8_t mac[PL_MAC_LEN];

	MUST(pl_addr_is_multicast(&group));
	pl_nd_group_mac(&group, mac);
	MUST(pl_mac_is_group(mac) && memcmp(mac + 3, nd->target.octets + 13, 3) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = guarded_input(data, &size);
	struct pl_icmp m;
	struct pl_nd nd;

	if (!pl_icmp_parse((struct pl_span){p, size}, &m) || !pl_nd_parse(&m, &nd))
		return 0;
	MUST(m.code == 0 && size >= PL_ICMP_HEADER + 16 && !pl_addr_is_multicast(&nd.target));
	MUST(memcmp(nd.target.octets, p + PL_ICMP_HEADER, 16) == 0);
	check_put(&nd);
	check_group(&nd);
	return 0;
}
