/* SPDX-License-Identifier: ISC */
/*
 * The ICMP header of both families, and the datagram that an error quotes: what is taken
 * lies inside the message, and the header is written back octet for octet.
 */
#include "fuzz.h"
#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

static void
check_inside(struct pl_span whole, struct pl_span part)
{
	MUST(part.p >= whole.p && part.p + part.len == whole.p + whole.len);
}

static void
check_quotations(struct pl_span body)
{
	struct pl_ip4 ip4;
	struct pl_ip6 ip6;

	if (pl_ip4_parse_quoted(body, &ip4)) {
		MUST(ip4.header_len >= PL_IP4_HEADER);
		check_inside(body, ip4.payload);
	}
	if (pl_ip6_parse_quoted(body, &ip6)) {
		MUST(!ip6.is_fragment && body.p[ip6.proto_at] == ip6.proto);
		check_inside(body, ip6.payload);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = guarded_input(data, &size);
	uint8_t back[PL_ICMP_HEADER];
	struct pl_put w = pl_put_to(back, sizeof back);
	struct pl_icmp m;

	MUST(pl_icmp_parse((struct pl_span){p, size}, &m) == (size >= PL_ICMP_HEADER));
	if (size < PL_ICMP_HEADER)
		return 0;
	MUST(m.body.p == p + PL_ICMP_HEADER && m.body.len == size - PL_ICMP_HEADER);
	pl_icmp_put(&w, m.type, m.code, m.rest);
	MUST(!w.short_of && memcmp(back, p, PL_ICMP_CSUM_AT) == 0 && memcmp(back + 4, p + 4, 4) == 0);
	check_quotations(m.body);
	return 0;
}
