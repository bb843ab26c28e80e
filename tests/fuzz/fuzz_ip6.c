/* SPDX-License-Identifier: ISC */
/*
 * The IPv6 header and the walk over extension headers: what is taken lies inside the
 * datagram, the octet told as the one that named the payload does name it, a problem points
 * into the datagram, and a header made of what was taken is taken again.
 */
#include "fuzz.h"
#include "wire/ip6.h"

static void
check_same(const struct pl_ip6 *a, const struct pl_ip6 *b)
{
	MUST(pl_addr_equal(&a->src, &b->src) && pl_addr_equal(&a->dst, &b->dst));
	MUST(a->tclass == b->tclass && a->hop_limit == b->hop_limit && a->proto == b->proto);
}

static void
check_taken(const uint8_t *p, size_t n, const struct pl_ip6 *ip)
{
	size_t end = PL_IP6_HEADER + (size_t)ip->payload_len;

	MUST(end <= n && ip->payload.p >= p + PL_IP6_HEADER && ip->payload.p + ip->payload.len == p + end);
	MUST(ip->proto_at < end && p[ip->proto_at] == ip->proto);
	MUST(!ip->problem.is_set);
}

static void
check_put(const struct pl_ip6 *ip)
{
	static uint8_t back[PL_IP6_HEADER + 65536];
	struct pl_put w = pl_put_to(back, sizeof back);
	struct pl_ip6 out = *ip, again;

	out.payload_len = (uint16_t)ip->payload.len;
	pl_ip6_put(&w, &out);
	pl_put_bytes(&w, ip->payload.p, ip->payload.len);
	MUST(pl_ip6_parse((struct pl_span){back, (size_t)(w.p - back)}, &again) == PL_PARSED);
	check_same(ip, &again);
	MUST(again.payload.len == ip->payload.len && again.proto_at == 6);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = guarded_input(data, &size);
	struct pl_ip6 ip, quoted;
	enum plim_drop why = pl_ip6_parse((struct pl_span){p, size}, &ip);
	bool is_quoted = pl_ip6_parse_quoted((struct pl_span){p, size}, &quoted);

	if (why != PL_PARSED) {
		MUST(why == PLIM_DROP_ip6_truncated || why == PLIM_DROP_ip6_version || why == PLIM_DROP_ip6_extension);
		MUST(!ip.problem.is_set || (why == PLIM_DROP_ip6_extension && ip.problem.code <= 2));
		MUST(!ip.problem.is_set || ip.problem.pointer < PL_IP6_HEADER + (uint32_t)ip.payload_len);
		return 0;
	}
	check_taken(p, size, &ip);
	MUST(is_quoted == !ip.is_fragment);
	if (is_quoted)
		check_same(&ip, &quoted);
	if (!ip.is_fragment)
		check_put(&ip);
	return 0;
}
