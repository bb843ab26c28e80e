/* SPDX-License-Identifier: ISC */
#include "wire/ip4.h"

#include "base/checksum.h"

#define FLAG_DF 0x4000u
#define FLAG_MF 0x2000u
#define OFFSET_MASK 0x1fffu

enum { OPT_END = 0, OPT_NOP = 1, OPT_LSRR = 131, OPT_SSRR = 137 };

static bool
take_addr(struct pl_cur *c, struct plim_addr *a)
{
	*a = (struct plim_addr){.family = 4};
	return pl_cur_bytes(c, a->octets, 4);
}

/* The fixed part; false: truncated. Everything is read before anything is judged. */
static bool
read_fixed(struct pl_cur *c, struct pl_ip4 *ip, uint8_t *version)
{
	uint8_t vihl;
	uint16_t frag, csum;

	if (!pl_cur_u8(c, &vihl) || !pl_cur_u8(c, &ip->tos) || !pl_cur_be16(c, &ip->len) || !pl_cur_be16(c, &ip->id) ||
	    !pl_cur_be16(c, &frag) || !pl_cur_u8(c, &ip->ttl) || !pl_cur_u8(c, &ip->proto) || !pl_cur_be16(c, &csum) ||
	    !take_addr(c, &ip->src) || !take_addr(c, &ip->dst))
		return false;
	*version = vihl >> 4;
	ip->header_len = (uint8_t)((vihl & 15u) * 4);
	ip->df = (frag & FLAG_DF) != 0;
	ip->mf = (frag & FLAG_MF) != 0;
	ip->frag_offset = frag & OFFSET_MASK;
	return true;
}

/* RFC 1122 3.2.1.8: unknown options are ignored. Source routes are refused (DEVIATES MUST-51..53: a way around filters). */
static bool
are_options_harmless(struct pl_cur c)
{
	uint8_t kind, len;

	while (pl_cur_u8(&c, &kind) && kind != OPT_END) {
		if (kind == OPT_NOP)
			continue;
		if (kind == OPT_LSRR || kind == OPT_SSRR)
			return false;
		if (!pl_cur_u8(&c, &len) || len < 2 || !pl_cur_skip(&c, len - 2u))
			return false;
	}
	return true;
}

enum plim_drop
pl_ip4_parse(struct pl_span p, struct pl_ip4 *ip)
{
	struct pl_cur c = pl_cur_of(p.p, p.len), options;
	uint8_t version;

	if (!read_fixed(&c, ip, &version))
		return PLIM_DROP_ip4_truncated;
	if (version != 4)
		return PLIM_DROP_ip4_version;
	if (ip->header_len < PL_IP4_HEADER || ip->header_len > ip->len)
		return PLIM_DROP_ip4_header_length;
	if (ip->len > p.len)
		return PLIM_DROP_ip4_truncated;
	if (!pl_csum_is_valid(pl_csum_words(0, p.p, ip->header_len)))
		return PLIM_DROP_ip4_checksum;
	if (!pl_cur_take(&c, ip->header_len - PL_IP4_HEADER, &options) || !are_options_harmless(options))
		return PLIM_DROP_ip4_options;
	ip->payload = (struct pl_span){c.p, (size_t)ip->len - ip->header_len};
	return PL_PARSED;
}

bool
pl_ip4_parse_quoted(struct pl_span p, struct pl_ip4 *ip)
{
	struct pl_cur c = pl_cur_of(p.p, p.len);
	uint8_t version;

	if (!read_fixed(&c, ip, &version) || version != 4 || ip->header_len < PL_IP4_HEADER)
		return false;
	if (!pl_cur_skip(&c, ip->header_len - PL_IP4_HEADER))
		return false;
	ip->payload = (struct pl_span){c.p, pl_cur_left(&c)};
	return true;
}

void
pl_ip4_put(struct pl_put *w, const struct pl_ip4 *ip)
{
	uint8_t *start = w->p;
	uint8_t *csum;

	pl_put_be16(w, (uint16_t)(0x4500 | ip->tos));
	pl_put_be16(w, ip->len);
	pl_put_be16(w, ip->id);
	pl_put_be16(w, (uint16_t)((ip->df ? FLAG_DF : 0) | (ip->mf ? FLAG_MF : 0) | (ip->frag_offset & OFFSET_MASK)));
	pl_put_u8(w, ip->ttl);
	pl_put_u8(w, ip->proto);
	csum = w->p;
	pl_put_be16(w, 0);
	pl_put_bytes(w, ip->src.octets, 4);
	pl_put_bytes(w, ip->dst.octets, 4);
	if (!w->short_of)
		pl_csum_store(csum, pl_csum_words(0, start, PL_IP4_HEADER));
}
