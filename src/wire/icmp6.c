/* SPDX-License-Identifier: ISC */
#include "wire/icmp6.h"

#define MAX_OPTIONS 16

enum { OPT_SOURCE_MAC = 1, OPT_TARGET_MAC = 2 };

static bool
parse_options(struct pl_cur c, struct pl_nd *nd)
{
	uint8_t wanted = nd->type == PL_ICMP6_NS ? OPT_SOURCE_MAC : OPT_TARGET_MAC;
	struct pl_cur body;
	uint8_t type, units;

	for (unsigned i = 0; pl_cur_left(&c) > 0; i++) {
		if (i == MAX_OPTIONS || !pl_cur_u8(&c, &type) || !pl_cur_u8(&c, &units) || units == 0)
			return false;
		if (!pl_cur_take(&c, units * 8u - 2, &body))
			return false;
		if (type == wanted && units == 1)
			nd->has_mac = pl_cur_bytes(&body, nd->mac, PL_MAC_LEN);
	}
	return true;
}

bool
pl_nd_parse(const struct pl_icmp *m, struct pl_nd *nd)
{
	struct pl_cur c = pl_cur_of(m->body.p, m->body.len);

	*nd = (struct pl_nd){.type = m->type, .flags = m->rest, .target = {.family = 6}};
	if (m->code != 0 || !pl_cur_bytes(&c, nd->target.octets, 16) || pl_addr_is_multicast(&nd->target))
		return false;
	return parse_options(c, nd);
}

void
pl_nd_put(struct pl_put *w, const struct pl_nd *nd)
{
	pl_icmp_put(w, nd->type, 0, nd->flags);
	pl_put_bytes(w, nd->target.octets, 16);
	if (!nd->has_mac)
		return;
	pl_put_u8(w, nd->type == PL_ICMP6_NS ? OPT_SOURCE_MAC : OPT_TARGET_MAC);
	pl_put_u8(w, 1);
	pl_put_bytes(w, nd->mac, PL_MAC_LEN);
}

struct plim_addr
pl_nd_solicited_node(const struct plim_addr *a)
{
	struct plim_addr g = {.octets = {0xff, 0x02, [11] = 1, [12] = 0xff}, .family = 6};

	memcpy(&g.octets[13], &a->octets[13], 3);
	return g;
}

void
pl_nd_group_mac(const struct plim_addr *group, uint8_t mac[PL_MAC_LEN])
{
	mac[0] = mac[1] = 0x33;
	memcpy(&mac[2], &group->octets[12], 4);
}
