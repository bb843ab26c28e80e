/* SPDX-License-Identifier: ISC */
/*
 * ICMP in, both families: echo is answered (RFC 1122 3.2.2.6, RFC 4443 §4.2), errors about
 * our datagrams go to their transport, neighbour discovery to nd.c, everything else is
 * counted and ignored: redirects and source quench among it (MUST-55).
 */
#include "net/net_state.h"

#include "base/checksum.h"

#define ECHO_TOS_MASK 0xfcu /* the request's DSCP without its ECN */

static uint64_t
pseudo_for(const struct pl_pkt *pkt, size_t len)
{
	return pkt->src.family == 6 ? pl_csum_pseudo(&pkt->dst, &pkt->src, PL_PROTO_ICMP6, (uint32_t)len) : 0;
}

/* To a group nothing is answered (RFC 1122 3.2.2.6 allows it; it would be an amplifier). */
static enum pl_net_verdict
answer_echo(struct pl_net *n, const struct pl_rx *rx, const struct pl_pkt *pkt, const struct pl_icmp *m)
{
	uint8_t type = pkt->src.family == 4 ? PL_ICMP4_ECHO_REPLY : PL_ICMP6_ECHO_REPLY;
	size_t len = pkt->l4.len;
	struct pl_put w;
	uint8_t *to;
	int index;

	if (pkt->not_unicast || pl_addr_is_any(&pkt->src))
		return PL_NET_DROP(n, icmp_ignored);
	if (len > n->buffer_octets || pkt->ip.len > pl_net_iface(n, pkt->iface)->mtu ||
	    !pl_bucket_take(&n->echo_bucket, rx->now) || (index = pl_reply_buffer(n)) < 0)
		return PL_NET_DROP(n, icmp_echo_limited);
	to = pl_reply_buffer_at(n, index);
	w = pl_put_to(to, n->buffer_octets);
	pl_icmp_put(&w, type, 0, m->rest);
	pl_put_bytes(&w, m->body.p, m->body.len);
	pl_csum_store(&to[PL_ICMP_CSUM_AT], pl_csum_add(pseudo_for(pkt, len), to, len));
	if (!pl_reply_send_buffer(n, pkt, index, pkt->proto, pkt->tos & ECHO_TOS_MASK, len))
		return PL_NET_DROP(n, icmp_echo_limited);
	return PL_NET_DONE;
}

static enum pl_net_verdict
take_error(struct pl_net *n, const struct pl_pkt *pkt, const struct pl_icmp *m, struct pl_icmp_error *err)
{
	if (pkt->not_unicast || !pl_icmp_parse_error(n, pkt, m, err))
		return PL_NET_DROP(n, icmp_malformed);
	return PL_NET_ERROR;
}

static enum pl_net_verdict
input4(struct pl_net *n, const struct pl_rx *rx, const struct pl_pkt *pkt, const struct pl_icmp *m,
       struct pl_icmp_error *err)
{
	switch (m->type) {
	case PL_ICMP4_ECHO: return answer_echo(n, rx, pkt, m);
	case PL_ICMP4_UNREACHABLE:
	case PL_ICMP4_TIME_EXCEEDED:
	case PL_ICMP4_PARAMETER: return take_error(n, pkt, m, err);
	default: return PL_NET_DROP(n, icmp_ignored);
	}
}

static enum pl_net_verdict
input6(struct pl_net *n, const struct pl_rx *rx, const struct pl_pkt *pkt, const struct pl_icmp *m,
       struct pl_icmp_error *err)
{
	switch (m->type) {
	case PL_ICMP6_NS:
	case PL_ICMP6_NA: return pl_nd_input(n, rx, pkt, m);
	case PL_ICMP6_ECHO: return answer_echo(n, rx, pkt, m);
	case PL_ICMP6_UNREACHABLE:
	case PL_ICMP6_TOO_BIG:
	case PL_ICMP6_TIME_EXCEEDED:
	case PL_ICMP6_PARAMETER: return take_error(n, pkt, m, err);
	default: return PL_NET_DROP(n, icmp_ignored);
	}
}

enum pl_net_verdict
pl_icmp_input(struct pl_net *n, const struct pl_rx *rx, const struct pl_pkt *pkt, struct pl_icmp_error *err)
{
	struct pl_icmp m;

	if (!pl_icmp_parse(pkt->l4, &m) ||
	    !pl_csum_is_valid(pl_csum_add(pseudo_for(pkt, pkt->l4.len), pkt->l4.p, pkt->l4.len)))
		return PL_NET_DROP(n, icmp_malformed);
	return pkt->src.family == 4 ? input4(n, rx, pkt, &m, err) : input6(n, rx, pkt, &m, err);
}
