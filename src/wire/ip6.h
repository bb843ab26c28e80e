/* SPDX-License-Identifier: ISC */
/*
 * The IPv6 header and the extension headers that a host must walk (RFC 8200): hop-by-hop
 * and destination options, a routing header with no segments left, and an atomic fragment
 * (RFC 6946). At most PL_IP6_MAX_EXT of them; the work is bounded by the datagram's length.
 */
#ifndef PL_WIRE_IP6_H
#define PL_WIRE_IP6_H

#include "base/addr.h"
#include "base/bytes.h"
#include "wire/ip4.h"

#define PL_IP6_HEADER 40
#define PL_IP6_MAX_EXT 8
#define PL_IP6_NO_NEXT 59

/* What RFC 8200 wants told to the sender (ICMPv6 parameter problem). */
struct pl_ip6_problem {
	bool is_set;
	bool also_multicast; /* told even if the destination is a group (option type 10xxxxxx) */
	uint8_t code;        /* 0 erroneous field, 1 next header, 2 option */
	uint32_t pointer;    /* octets from the IPv6 header */
};

struct pl_ip6 {
	struct plim_addr src, dst;
	uint8_t tclass, hop_limit;
	uint8_t proto;        /* of the payload, behind the extension headers */
	uint16_t payload_len; /* as in the header: extension headers and payload */
	uint32_t proto_at;    /* where the octet stands that named proto */
	bool is_fragment;     /* a real one: the walk ended at its header */
	bool frag_first;      /* of a fragment: offset 0 */
	struct pl_ip6_problem problem;
	struct pl_span payload; /* borrowed; without link padding */
};

/** Parse a datagram that starts at p and may be followed by padding. PL_PARSED or an ip6_ reason. */
enum plim_drop pl_ip6_parse(struct pl_span p, struct pl_ip6 *ip);

/** Parse a datagram quoted by ICMPv6: cut short. False: no transport header is reached. */
bool pl_ip6_parse_quoted(struct pl_span p, struct pl_ip6 *ip);

/** Write a header; payload_len, tclass, hop_limit, proto, src and dst count. */
void pl_ip6_put(struct pl_put *w, const struct pl_ip6 *ip);

#endif
