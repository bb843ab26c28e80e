/* SPDX-License-Identifier: ISC */
/*
 * Questions about IP addresses, both families. An address in the core is
 * struct plim_addr, octets in network order; octets beyond the family's length are zero.
 */
#ifndef PL_BASE_ADDR_H
#define PL_BASE_ADDR_H

#include "base/def.h"

static inline size_t
pl_addr_len(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

/** An address of `family` from its octets in network order. */
struct plim_addr pl_addr_from(uint8_t family, const uint8_t *octets);

bool pl_addr_equal(const struct plim_addr *a, const struct plim_addr *b);

/** Do the first prefix_len bits agree? Of different families: no. */
bool pl_addr_in_prefix(const struct plim_addr *a, const struct plim_addr *prefix, unsigned prefix_len);

bool pl_addr_is_any(const struct plim_addr *a);        /* 0.0.0.0, :: */
bool pl_addr_is_multicast(const struct plim_addr *a);  /* 224/4, ff00::/8 */
bool pl_addr_is_loopback(const struct plim_addr *a);   /* 127/8, ::1 */
bool pl_addr_is_link_local(const struct plim_addr *a); /* 169.254/16, fe80::/10 */

/** May this be the source of a datagram from the wire? (RFC 1122 3.2.1.3: not multicast, broadcast, 127/8, 0/8, 240/4.) Directed broadcasts are the caller's to check. */
bool pl_addr_is_valid_source(const struct plim_addr *a);

#endif
