/* SPDX-License-Identifier: ISC */
#include "wire/ip6.h"

enum { EXT_HOP_BY_HOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_DESTINATION = 60 };
enum { OPT_PAD1 = 0 };
enum { CODE_FIELD = 0, CODE_NEXT_HEADER = 1, CODE_OPTION = 2 };

/* A walk over extension headers. */
struct walk {
	struct pl_cur c;
	size_t whole; /* octets from the IPv6 header to the end of c */
	struct pl_ip6 *ip;
};

/* Octets from the IPv6 header to where the walk stands. */
static uint32_t
offset_of(const struct walk *w)
{
	return (uint32_t)(w->whole - pl_cur_left(&w->c));
}

static bool
refuse(struct walk *w, uint8_t code, uint32_t pointer, bool also_multicast)
{
	w->ip->problem = (struct pl_ip6_problem){true, also_multicast, code, pointer};
	return false;
}

static bool
take_addr(struct pl_cur *c, struct plim_addr *a)
{
	a->family = 6;
	return pl_cur_bytes(c, a->octets, 16);
}

static bool
read_fixed(struct pl_cur *c, struct pl_ip6 *ip, uint8_t *version)
{
	uint32_t first;

	*ip = (struct pl_ip6){.proto_at = 6};
	if (!pl_cur_be32(c, &first) || !pl_cur_be16(c, &ip->payload_len) || !pl_cur_u8(c, &ip->proto) ||
	    !pl_cur_u8(c, &ip->hop_limit) || !take_addr(c, &ip->src) || !take_addr(c, &ip->dst))
		return false;
	*version = (uint8_t)(first >> 28);
	ip->tclass = (uint8_t)(first >> 20);
	return true;
}

/* RFC 8200 §4.2: the two highest bits of an unknown option say what to do with the datagram. */
static bool
walk_options(struct walk *w, struct pl_cur o)
{
	uint8_t type, len;

	while (pl_cur_left(&o) > 0) {
		uint32_t at = offset_of(w) - (uint32_t)pl_cur_left(&o); /* the walk stands at the end of o */

		(void)pl_cur_u8(&o, &type); /* there is one */
		if (type == OPT_PAD1)
			continue;
		if (!pl_cur_u8(&o, &len) || !pl_cur_skip(&o, len))
			return false;
		switch (type >> 6) {
		case 0: /* PadN is one of these */ break;
		case 1: return false;
		default: return refuse(w, CODE_OPTION, at, type >> 6 == 2);
		}
	}
	return true;
}

/* The body of a header with an 8-bit length in units of 8 octets; moves proto on. */
static bool
take_body(struct walk *w, struct pl_cur *body)
{
	uint32_t at = offset_of(w);
	uint8_t next, units;

	if (!pl_cur_u8(&w->c, &next) || !pl_cur_u8(&w->c, &units) || !pl_cur_take(&w->c, units * 8u + 6, body))
		return false;
	w->ip->proto = next;
	w->ip->proto_at = at;
	return true;
}

/* RFC 8200 §4.4: no segments left: skip it, whatever its type; else we are no router. */
static bool
walk_routing(struct walk *w)
{
	uint32_t type_at = offset_of(w) + 2;
	struct pl_cur body;
	uint8_t type, left;

	if (!take_body(w, &body) || !pl_cur_u8(&body, &type) || !pl_cur_u8(&body, &left))
		return false;
	return left == 0 || refuse(w, CODE_FIELD, type_at, false);
}

/* RFC 6946: a fragment that is the whole datagram is no fragment. */
static bool
walk_fragment(struct walk *w)
{
	uint32_t at = offset_of(w);
	uint16_t offset_flags;
	uint8_t next;

	if (!pl_cur_u8(&w->c, &next) || !pl_cur_skip(&w->c, 1) || !pl_cur_be16(&w->c, &offset_flags) ||
	    !pl_cur_skip(&w->c, 4))
		return false;
	w->ip->is_fragment = (offset_flags & 0xfff9) != 0;
	w->ip->frag_first = offset_flags >> 3 == 0;
	w->ip->proto = next;
	w->ip->proto_at = at;
	return true;
}

static bool
is_extension(uint8_t proto)
{
	return proto == EXT_HOP_BY_HOP || proto == EXT_ROUTING || proto == EXT_FRAGMENT || proto == EXT_DESTINATION;
}

static bool
walk_one(struct walk *w, bool is_first)
{
	struct pl_cur body;

	switch (w->ip->proto) {
	case EXT_ROUTING: return walk_routing(w);
	case EXT_FRAGMENT: return walk_fragment(w);
	case EXT_HOP_BY_HOP: /* RFC 8200 §4.1: only directly behind the IPv6 header */
		if (!is_first)
			return refuse(w, CODE_NEXT_HEADER, w->ip->proto_at, false);
		break;
	default: break;
	}
	return take_body(w, &body) && walk_options(w, body);
}

static bool
walk_extensions(struct walk *w)
{
	for (unsigned i = 0; is_extension(w->ip->proto) && !w->ip->is_fragment; i++)
		if (i == PL_IP6_MAX_EXT || !walk_one(w, i == 0))
			return false;
	w->ip->payload = (struct pl_span){w->c.p, pl_cur_left(&w->c)};
	return true;
}

enum plim_drop
pl_ip6_parse(struct pl_span p, struct pl_ip6 *ip)
{
	struct walk w = {pl_cur_of(p.p, p.len), p.len, ip};
	struct pl_cur rest;
	uint8_t version;

	if (!read_fixed(&w.c, ip, &version))
		return PLIM_DROP_ip6_truncated;
	if (version != 6)
		return PLIM_DROP_ip6_version;
	if (!pl_cur_take(&w.c, ip->payload_len, &rest))
		return PLIM_DROP_ip6_truncated;
	w.c = rest;
	w.whole = PL_IP6_HEADER + (size_t)ip->payload_len;
	return walk_extensions(&w) ? PL_PARSED : PLIM_DROP_ip6_extension;
}

bool
pl_ip6_parse_quoted(struct pl_span p, struct pl_ip6 *ip)
{
	struct walk w = {pl_cur_of(p.p, p.len), p.len, ip};
	uint8_t version;

	return read_fixed(&w.c, ip, &version) && version == 6 && walk_extensions(&w) && !ip->is_fragment;
}

void
pl_ip6_put(struct pl_put *w, const struct pl_ip6 *ip)
{
	pl_put_be32(w, 0x60000000u | (uint32_t)ip->tclass << 20);
	pl_put_be16(w, ip->payload_len);
	pl_put_u8(w, ip->proto);
	pl_put_u8(w, ip->hop_limit);
	pl_put_bytes(w, ip->src.octets, 16);
	pl_put_bytes(w, ip->dst.octets, 16);
}
