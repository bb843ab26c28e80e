/* SPDX-License-Identifier: ISC */
#include "wire/arp.h"

#define HTYPE_ETHERNET 1

static bool
take_addr4(struct pl_cur *c, struct plim_addr *a)
{
	*a = (struct plim_addr){.family = 4};
	return pl_cur_bytes(c, a->octets, 4);
}

bool
pl_arp_parse(struct pl_cur c, struct pl_arp *arp)
{
	uint16_t htype, ptype;
	uint8_t hlen, plen;

	if (!pl_cur_be16(&c, &htype) || !pl_cur_be16(&c, &ptype) || !pl_cur_u8(&c, &hlen) || !pl_cur_u8(&c, &plen) ||
	    !pl_cur_be16(&c, &arp->op))
		return false;
	if (htype != HTYPE_ETHERNET || ptype != PL_ETH_TYPE_IP4 || hlen != PL_MAC_LEN || plen != 4)
		return false;
	if (arp->op != PL_ARP_REQUEST && arp->op != PL_ARP_REPLY)
		return false;
	return pl_cur_bytes(&c, arp->sha, PL_MAC_LEN) && take_addr4(&c, &arp->spa) &&
	       pl_cur_bytes(&c, arp->tha, PL_MAC_LEN) && take_addr4(&c, &arp->tpa);
}

void
pl_arp_put(struct pl_put *w, const struct pl_arp *arp)
{
	pl_put_be16(w, HTYPE_ETHERNET);
	pl_put_be16(w, PL_ETH_TYPE_IP4);
	pl_put_u8(w, PL_MAC_LEN);
	pl_put_u8(w, 4);
	pl_put_be16(w, arp->op);
	pl_put_bytes(w, arp->sha, PL_MAC_LEN);
	pl_put_bytes(w, arp->spa.octets, 4);
	pl_put_bytes(w, arp->tha, PL_MAC_LEN);
	pl_put_bytes(w, arp->tpa.octets, 4);
}
