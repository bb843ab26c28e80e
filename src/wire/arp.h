/* SPDX-License-Identifier: ISC */
/* ARP for IPv4 over Ethernet (RFC 826); nothing else is a packet here. */
#ifndef PL_WIRE_ARP_H
#define PL_WIRE_ARP_H

#include "base/addr.h"
#include "wire/eth.h"

#define PL_ARP_LEN 28
#define PL_ARP_REQUEST 1
#define PL_ARP_REPLY 2

struct pl_arp {
	uint16_t op; /* PL_ARP_REQUEST or PL_ARP_REPLY */
	uint8_t sha[PL_MAC_LEN], tha[PL_MAC_LEN];
	struct plim_addr spa, tpa;
};

/** False: truncated, or another hardware, protocol, length or operation. */
bool pl_arp_parse(struct pl_cur c, struct pl_arp *arp);

void pl_arp_put(struct pl_put *w, const struct pl_arp *arp);

#endif
