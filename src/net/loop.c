/* SPDX-License-Identifier: ISC */
/*
 * The internal loop: datagrams from one of our addresses to one of our addresses. They
 * never leave the stack; the same parsers take them, with the checks turned round (source
 * and destination must be ours).
 */
#include "net/net_state.h"

enum pl_net_verdict
pl_net_input_loop(struct pl_net *n, struct pl_span ip, pl_time now, struct pl_pkt *pkt, struct pl_icmp_error *err)
{
	struct pl_rx rx = {.f = NULL, .now = now};
	struct pl_cur c = pl_cur_of(ip.p, ip.len);
	uint8_t first;

	if (!pl_cur_u8(&c, &first))
		return PL_NET_DROP(n, ip4_truncated);
	return first >> 4 == 6 ? pl_input6(n, &rx, ip, pkt, err) : pl_input4(n, &rx, ip, pkt, err);
}
