/* SPDX-License-Identifier: ISC */
/* Neighbour solicitations and advertisements (RFC 4861 §4.3, §4.4) with their link-layer address option. */
#ifndef PL_WIRE_ICMP6_H
#define PL_WIRE_ICMP6_H

#include "base/addr.h"
#include "wire/eth.h"
#include "wire/icmp.h"

#define PL_ND_ROUTER 0x80000000u
#define PL_ND_SOLICITED 0x40000000u
#define PL_ND_OVERRIDE 0x20000000u
#define PL_ND_LEN (PL_ICMP_HEADER + 16 + 8) /* with the option */

struct pl_nd {
	uint8_t type;   /* PL_ICMP6_NS or PL_ICMP6_NA */
	uint32_t flags; /* PL_ND_..., of an advertisement */
	struct plim_addr target;
	bool has_mac; /* source option of an NS, target option of an NA */
	uint8_t mac[PL_MAC_LEN];
};

/**
 * Parse the part of an NS or NA behind its ICMP header. False: truncated, code not 0, a group as
 * target, or an option of length 0 (RFC 4861 §7.1.1, §7.1.2). At most 16 options are walked.
 */
bool pl_nd_parse(const struct pl_icmp *m, struct pl_nd *nd);

/** Write a whole message, checksum zero. */
void pl_nd_put(struct pl_put *w, const struct pl_nd *nd);

/** ff02::1:ffXX:XXXX of an address (RFC 4291 §2.7.1), and the MAC of an IPv6 group (RFC 2464 §7). */
struct plim_addr pl_nd_solicited_node(const struct plim_addr *a);
void pl_nd_group_mac(const struct plim_addr *group, uint8_t mac[PL_MAC_LEN]);

#endif
