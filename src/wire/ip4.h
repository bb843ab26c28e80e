/* SPDX-License-Identifier: ISC */
/*
 * The IPv4 header (RFC 791, RFC 1122 3.2.1). Options are walked, not used: unknown ones
 * are ignored (MUST-50); a malformed list or a source route refuses the datagram.
 */
#ifndef PL_WIRE_IP4_H
#define PL_WIRE_IP4_H

#include "base/addr.h"
#include "base/bytes.h"

#define PL_IP4_HEADER 20

/** What parsers return besides a reason to drop. */
#define PL_PARSED PLIM_N_DROPS

struct pl_ip4 {
	struct plim_addr src, dst;
	uint8_t tos, ttl, proto;
	uint8_t header_len; /* octets, options included */
	uint16_t len;       /* octets of the datagram */
	uint16_t id;
	uint16_t frag_offset; /* octets / 8 */
	bool df, mf;
	struct pl_span payload; /* borrowed; without link padding */
};

static inline bool
pl_ip4_is_fragment(const struct pl_ip4 *ip)
{
	return ip->mf || ip->frag_offset != 0;
}

/** Parse a datagram that starts at p and may be followed by padding. PL_PARSED or an ip4_ reason. */
enum plim_drop pl_ip4_parse(struct pl_span p, struct pl_ip4 *ip);

/** Parse a datagram quoted by ICMP: cut short, and its checksum and options are nobody's business. False: not even a header. */
bool pl_ip4_parse_quoted(struct pl_span p, struct pl_ip4 *ip);

/** Write a header without options, checksum included; len, tos, id, df, mf, frag_offset, ttl, proto, src and dst count. */
void pl_ip4_put(struct pl_put *w, const struct pl_ip4 *ip);

#endif
