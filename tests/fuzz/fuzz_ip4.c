/* SPDX-License-Identifier: ISC */
/*
 * The IPv4 header: what is taken lies inside the datagram, and a header made of it is taken
 * again with the same fields. An odd first octet makes the checksum right, so that what is
 * behind that check is reached.
 */
#include "base/checksum.h"
#include "fuzz.h"
#include "wire/ip4.h"

static void
finish_checksum(uint8_t *p, size_t n)
{
	size_t header = n ? (p[0] & 15u) * 4 : 0;

	if (header < PL_IP4_HEADER || header > n)
		return;
	p[10] = p[11] = 0;
	pl_csum_store(p + 10, pl_csum_add(0, p, header));
}

static void
check_same(const struct pl_ip4 *a, const struct pl_ip4 *b)
{
	MUST(pl_addr_equal(&a->src, &b->src) && pl_addr_equal(&a->dst, &b->dst));
	MUST(a->tos == b->tos && a->ttl == b->ttl && a->proto == b->proto && a->id == b->id);
}

/* A header of ours has no options. */
static void
check_put(const struct pl_ip4 *ip)
{
	static uint8_t back[PL_IP4_HEADER + 65536];
	struct pl_put w = pl_put_to(back, sizeof back);
	struct pl_ip4 out = *ip, again;

	out.len = (uint16_t)(PL_IP4_HEADER + ip->payload.len);
	pl_ip4_put(&w, &out);
	pl_put_bytes(&w, ip->payload.p, ip->payload.len);
	MUST(pl_ip4_parse((struct pl_span){back, (size_t)(w.p - back)}, &again) == PL_PARSED);
	check_same(ip, &again);
	MUST(again.df == ip->df && again.mf == ip->mf && again.frag_offset == ip->frag_offset &&
	     again.header_len == PL_IP4_HEADER);
	MUST(again.payload.len == ip->payload.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_ip4 ip, quoted;
	bool fix = size > 0 && data[0] & 1;
	size_t n = size ? size - 1 : 0;
	uint8_t *p = (uint8_t *)(uintptr_t)guarded_input(data + (size != 0), &n);
	enum plim_drop why;

	if (fix)
		finish_checksum(p, n);
	why = pl_ip4_parse((struct pl_span){p, n}, &ip);
	if (why != PL_PARSED) {
		MUST(why == PLIM_DROP_ip4_truncated || why == PLIM_DROP_ip4_version || why == PLIM_DROP_ip4_options ||
		     why == PLIM_DROP_ip4_header_length || why == PLIM_DROP_ip4_checksum);
		return 0;
	}
	MUST(ip.header_len >= PL_IP4_HEADER && ip.header_len <= 60 && ip.len <= n);
	MUST(ip.payload.p == p + ip.header_len && ip.payload.len == (size_t)ip.len - ip.header_len);
	MUST(pl_ip4_parse_quoted((struct pl_span){p, n}, &quoted));
	check_same(&ip, &quoted);
	check_put(&ip);
	return 0;
}
