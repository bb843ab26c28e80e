/* SPDX-License-Identifier: ISC */
/* The Ethernet header: 14 octets, no tags. */
#ifndef PL_WIRE_ETH_H
#define PL_WIRE_ETH_H

#include "base/bytes.h"

#define PL_ETH_TYPE_IP4 0x0800
#define PL_ETH_TYPE_ARP 0x0806
#define PL_ETH_TYPE_IP6 0x86dd
#define PL_MAC_LEN 6

struct pl_eth {
	uint8_t dst[PL_MAC_LEN], src[PL_MAC_LEN];
	uint16_t type;
};

/** Read a header; the cursor moves behind it. False: truncated. */
bool pl_eth_parse(struct pl_cur *c, struct pl_eth *eth);

void pl_eth_put(struct pl_put *w, const struct pl_eth *eth);

/** Broadcast or multicast? */
static inline bool
pl_mac_is_group(const uint8_t *mac)
{
	return mac[0] & 1;
}

static inline bool
pl_mac_equal(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, PL_MAC_LEN) == 0;
}

#endif
