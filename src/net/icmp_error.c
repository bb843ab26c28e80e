/* SPDX-License-Identifier: ISC */
/*
 * ICMP errors. In: only what quotes a datagram from the address it was sent to is believed
 * to be about us; the transport looks at ports and sequence number. Out: never about an
 * error, a group, a bad source or a fragment (RFC 1122 3.2.2, RFC 4443 §2.4), rate limited for all
 * and for each destination (RFC 1812 4.3.2.8; scenario E08).
 */
#include "net/net_state.h"

#include "base/checksum.h"

#define QUOTE4_MOST 548u  /* with both headers 576 octets (RFC 1812 4.3.2.3) */
#define QUOTE6_MOST 1232u /* with both headers the least MTU, 1280 (RFC 4443 §2.4 c) */
#define OLD_ROUTER_MTU 576u
#define TOLD_BURST 3

/* ---- in ---- */

/* What an error says, apart from the quotation. */
struct meaning {
	int code;
	bool hard;
	uint32_t mtu;
};

static struct meaning
unreachable4(const struct pl_icmp *m)
{
	struct meaning is = {.code = PLIM_EHOSTUNREACH};

	switch (m->code) {
	case PL_UNREACH4_NET:
	case 6: /* destination network unknown, prohibited, unreachable for this TOS (RFC 1122 3.2.2.1) */
	case 9:
	case 11: is.code = PLIM_ENETUNREACH; break;
	case PL_UNREACH4_PROTOCOL:
	case PL_UNREACH4_PORT: is = (struct meaning){.code = PLIM_EREFUSED, .hard = true}; break;
	case PL_UNREACH4_TOO_BIG: /* a router older than RFC 1191 says 0 */
		is = (struct meaning){.code = PLIM_EMSGSIZE,
		                      .mtu = m->rest & 0xffff ? m->rest & 0xffff : OLD_ROUTER_MTU};
		break;
	default: break;
	}
	return is;
}

static struct meaning
unreachable6(const struct pl_icmp *m)
{
	if (m->code == PL_UNREACH6_PORT)
		return (struct meaning){.code = PLIM_EREFUSED, .hard = true};
	return (struct meaning){.code = m->code == 0 ? PLIM_ENETUNREACH : PLIM_EHOSTUNREACH};
}

/* False: a code that does not exist. */
static bool
understand(uint8_t family, const struct pl_icmp *m, struct meaning *is)
{
	*is = (struct meaning){.code = PLIM_EHOSTUNREACH};
	if (family == 4) {
		if (m->type == PL_ICMP4_UNREACHABLE)
			*is = unreachable4(m);
		return m->type != PL_ICMP4_UNREACHABLE || m->code <= PL_UNREACH4_LAST;
	}
	if (m->type == PL_ICMP6_UNREACHABLE)
		*is = unreachable6(m);
	if (m->type == PL_ICMP6_TOO_BIG)
		*is = (struct meaning){.code = PLIM_EMSGSIZE, .mtu = m->rest};
	return m->type != PL_ICMP6_UNREACHABLE || m->code <= PL_UNREACH6_LAST;
}

/* The quoted datagram, both families alike. */
struct quotation {
	struct plim_addr src, dst;
	uint8_t proto;
	struct pl_span l4;
};

static bool
parse_quotation(uint8_t family, struct pl_span body, struct quotation *q)
{
	struct pl_ip4 ip4;
	struct pl_ip6 ip6;

	if (family == 4) {
		if (!pl_ip4_parse_quoted(body, &ip4) || ip4.frag_offset != 0)
			return false;
		*q = (struct quotation){ip4.src, ip4.dst, ip4.proto, ip4.payload};
	} else {
		if (!pl_ip6_parse_quoted(body, &ip6))
			return false;
		*q = (struct quotation){ip6.src, ip6.dst, ip6.proto, ip6.payload};
	}
	return true;
}

bool
pl_icmp_parse_error(struct pl_net *n, const struct pl_pkt *pkt, const struct pl_icmp *m, struct pl_icmp_error *err)
{
	struct meaning is;
	struct quotation q;
	struct pl_cur c;
	uint32_t after_ports;

	(void)n;
	if (!understand(pkt->src.family, m, &is) || !parse_quotation(pkt->src.family, m->body, &q))
		return false;
	if (!pl_addr_equal(&q.src, &pkt->dst) || (q.proto != PL_PROTO_TCP && q.proto != PL_PROTO_UDP))
		return false;
	c = pl_cur_of(q.l4.p, q.l4.len);
	*err = (struct pl_icmp_error){
		.proto = q.proto, .laddr = pkt->laddr, .raddr = q.dst, .hard = is.hard, .mtu = is.mtu, .code = is.code};
	if (!pl_cur_be16(&c, &err->lport) || !pl_cur_be16(&c, &err->rport) || !pl_cur_be32(&c, &after_ports))
		return false; /* RFC 792: at least 8 octets are quoted */
	err->seq = after_ports;
	return true;
}

/* ---- out ---- */

static bool
may_be_told(const struct pl_net *n, const struct pl_pkt *about)
{
	return !about->not_unicast && !pl_addr_is_any(&about->src) && !pl_net_is_not_unicast(n, &about->src);
}

static uint32_t *
told_slot(struct pl_net *n, const struct plim_addr *dst)
{
	uint8_t key[9] = {dst->family};

	memcpy(&key[1], dst->octets, dst->family == 4 ? 4 : 8);
	return &n->told_ms[pl_siphash13(&n->core->hash_key, key, sizeof key) % PL_NET_TOLD_SLOTS];
}

/*
 * One a second for each destination (/32, /64), TOLD_BURST at once: traceroute sends three. What the common bucket refuses
 * is not charged to the destination.
 */
static bool
may_tell_now(struct pl_net *n, const struct plim_addr *dst)
{
	uint32_t *paid_ms = told_slot(n, dst), now_ms = (uint32_t)(n->core->now / PL_MS(1)), ahead = *paid_ms - now_ms;

	if (ahead > TOLD_BURST * 1000u)
		ahead = 0; /* it is past */
	if (ahead > (TOLD_BURST - 1) * 1000u || !pl_bucket_take(&n->icmp_bucket, n->core->now))
		return false;
	*paid_ms = now_ms + ahead + 1000;
	return true;
}

/* Header and quotation into a buffer; the message's length. */
static size_t
write_error(struct pl_net *n, int index, const struct pl_pkt *about, const struct pl_icmp *m)
{
	bool is4 = about->src.family == 4;
	size_t quoted = PL_MIN(about->ip.len, is4 ? QUOTE4_MOST : QUOTE6_MOST), len = PL_ICMP_HEADER + quoted;
	uint8_t *to = pl_reply_buffer_at(n, index);
	struct pl_put w = pl_put_to(to, n->buffer_octets);
	uint64_t sum =
		is4 ? 0 : pl_csum_pseudo(pl_net_laddr(n, about->laddr), &about->src, PL_PROTO_ICMP6, (uint32_t)len);

	pl_icmp_put(&w, m->type, m->code, m->rest);
	pl_put_bytes(&w, about->ip.p, quoted);
	PL_ASSERT(!w.short_of);
	pl_csum_store(&to[PL_ICMP_CSUM_AT], pl_csum_add(sum, to, len));
	return len;
}

void
pl_icmp_send_error(struct pl_net *n, const struct pl_pkt *about, uint8_t type, uint8_t code, uint32_t rest)
{
	struct pl_icmp m = {.type = type, .code = code, .rest = rest};
	uint8_t proto = about->src.family == 4 ? PL_PROTO_ICMP : PL_PROTO_ICMP6;
	int index;

	if (!may_be_told(n, about))
		return;
	if (!may_tell_now(n, &about->src) || (index = pl_reply_buffer(n)) < 0) {
		(void)PL_DROP(n->core, icmp_limited);
		return;
	}
	if (!pl_reply_send_buffer(n, about, index, proto, 0, write_error(n, index, about, &m)))
		(void)PL_DROP(n->core, icmp_limited);
}

void
pl_net_reply_unreachable(struct pl_net *n, const struct pl_pkt *pkt)
{
	if (pkt->src.family == 4)
		pl_icmp_send_error(n, pkt, PL_ICMP4_UNREACHABLE, PL_UNREACH4_PORT, 0);
	else
		pl_icmp_send_error(n, pkt, PL_ICMP6_UNREACHABLE, PL_UNREACH6_PORT, 0);
}
