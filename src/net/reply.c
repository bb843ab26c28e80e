/* SPDX-License-Identifier: ISC */
/*
 * Replies that belong to no connection: a ring of 256 entries of 64 octets, filled by
 * input, emptied by output, where the frame is built. A full ring refuses; what is refused
 * is counted by the one who asked. ICMP messages stand in one of eight buffers meanwhile.
 */
#include "net/net_state.h"

#include "base/checksum.h"

#define TCP_CSUM_AT 16

static const uint8_t mac_broadcast[PL_MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

struct pl_reply *
pl_reply_new(struct pl_net *n, enum pl_reply_kind kind, uint8_t laddr)
{
	struct pl_reply *r;

	if (n->ring_n == PL_NET_RING)
		return NULL;
	r = &n->ring[(n->ring_first + n->ring_n++) % PL_NET_RING];
	memset(r, 0, sizeof *r);
	r->kind = (uint8_t)kind;
	r->laddr = laddr;
	return r;
}

/* A reply to raddr: by the MAC it came from if that is told, within the stack if it is ourselves. */
static void
address_to(const struct pl_net *n, struct pl_reply *r, const struct plim_addr *raddr, const uint8_t *from_mac)
{
	uint8_t ours;

	memcpy(r->raddr, raddr->octets, pl_addr_len(raddr->family));
	r->loop = pl_net_find_laddr(n, raddr, &ours);
	if (from_mac) {
		r->has_mac = true;
		memcpy(r->mac, from_mac, PL_MAC_LEN);
	}
}

bool
pl_net_reply_tcp(struct pl_net *n, uint8_t laddr, const struct plim_addr *raddr, const uint8_t *from_mac,
                 const struct pl_tcp_reply *t)
{
	struct pl_reply *r = pl_reply_new(n, PL_REPLY_TCP, laddr);

	if (!r)
		return false;
	address_to(n, r, raddr, from_mac);
	r->u.tcp = *t;
	return true;
}

/* ---- buffers ---- */

int
pl_reply_buffer(struct pl_net *n)
{
	for (int i = 0; i < PL_NET_BUFFERS; i++) {
		if (!(n->buffers_used & 1u << i)) {
			n->buffers_used |= (uint8_t)(1u << i);
			return i;
		}
	}
	return -1;
}

uint8_t *
pl_reply_buffer_at(const struct pl_net *n, int index)
{
	struct pl_put all = pl_put_to(n->buffers, (size_t)PL_NET_BUFFERS * n->buffer_octets);

	(void)pl_put_room(&all, (size_t)index * n->buffer_octets);
	return all.p;
}

static void
free_buffer(struct pl_net *n, unsigned index)
{
	n->buffers_used &= (uint8_t) ~(1u << index);
}

bool
pl_reply_send_buffer(struct pl_net *n, const struct pl_pkt *to, int index, uint8_t proto, uint8_t tos, size_t len)
{
	struct pl_reply *r = pl_reply_new(n, PL_REPLY_BUFFER, to->laddr);

	if (!r) {
		free_buffer(n, (unsigned)index);
		return false;
	}
	address_to(n, r, &to->src, to->src_mac);
	r->u.buffer.index = (uint8_t)index;
	r->u.buffer.proto = proto;
	r->u.buffer.tos = tos;
	r->u.buffer.len = (uint16_t)len;
	return true;
}

/* ---- building frames ---- */

/* A frame that is being built for a reply. */
struct build {
	struct pl_put w; /* behind the headers */
	uint8_t *frame, *l4;
	struct pl_path path;
	struct plim_addr raddr;
	struct plim_frame *f;
	bool waits; /* for its neighbour */
};

static void
finish(struct build *b, size_t len)
{
	b->f->len = (uint32_t)len;
	b->f->iface = b->path.iface;
}

/* Where it goes. False: nowhere. With `waits` set its neighbour is being asked for. */
static bool
find_path(struct pl_net *n, const struct pl_reply *r, struct build *b)
{
	int rc;

	b->raddr = pl_addr_from(pl_net_laddr(n, r->laddr)->family, r->raddr);
	b->path = (struct pl_path){.iface = n->laddrs[r->laddr].iface, .laddr = r->laddr};
	memcpy(b->path.dst_mac, r->mac, PL_MAC_LEN);
	if (r->has_mac && !r->loop)
		return true;
	rc = pl_net_resolve(n, r->laddr, &b->raddr, &b->path);
	b->waits = rc == PLIM_EAGAIN;
	return rc == 0 || b->waits;
}

static bool
reserve_header(struct build *b)
{
	b->w = pl_put_to(b->f->data, b->f->cap);
	b->frame = pl_put_room(&b->w, pl_net_header_len(b->raddr.family));
	b->l4 = b->w.p;
	return b->frame != NULL;
}

/* The transport part is written: its checksum, then the headers before it. */
static void
put_header(struct pl_net *n, struct build *b, uint8_t proto, size_t l4_len, uint8_t tos, uint8_t ttl)
{
	pl_net_put_header(n, b->frame, &b->path, &b->raddr, proto, l4_len, tos, ttl);
	finish(b, pl_net_header_len(b->raddr.family) + l4_len);
}

static uint64_t
sum_with_pseudo(const struct pl_net *n, const struct build *b, uint8_t proto, size_t l4_len)
{
	uint64_t pseudo = pl_csum_pseudo(pl_net_laddr(n, b->path.laddr), &b->raddr, proto, (uint32_t)l4_len);

	return pl_csum_add(pseudo, b->l4, l4_len);
}

static bool
build_tcp(struct pl_net *n, const struct pl_reply *r, struct build *b)
{
	const struct pl_tcp_reply *t = &r->u.tcp;
	struct pl_tcp_seg seg = {
		.sport = t->lport, .dport = t->rport, .seq = t->seq, .ack = t->ack, .wnd = t->wnd, .flags = t->flags};
	size_t len;

	seg.opt = (struct pl_tcp_opts){.has = t->opt_has,
	                               .wscale = t->wscale,
	                               .n_sacks = t->n_sacks,
	                               .mss = t->mss,
	                               .tsval = t->tsval,
	                               .tsecr = t->tsecr,
	                               .sacks = {t->sack}};
	if (!find_path(n, r, b) || !reserve_header(b))
		return false;
	len = pl_tcp_put(b->l4, b->f->cap - pl_net_header_len(b->raddr.family), &seg);
	if (len == 0)
		return false;
	pl_csum_store(&b->l4[TCP_CSUM_AT], sum_with_pseudo(n, b, PL_PROTO_TCP, len));
	put_header(n, b, PL_PROTO_TCP, len, 0, 0);
	return true;
}

static bool
build_arp(struct pl_net *n, const struct pl_reply *r, struct build *b)
{
	const struct pl_laddr *l = &n->laddrs[r->laddr];
	struct pl_arp arp = {.op = r->u.arp.op, .spa = l->addr, .tpa = pl_addr_from(4, r->raddr)};
	struct pl_eth eth = {.type = PL_ETH_TYPE_ARP};

	memcpy(eth.dst, r->has_mac ? r->mac : mac_broadcast, PL_MAC_LEN);
	memcpy(eth.src, pl_net_iface(n, l->iface)->mac, PL_MAC_LEN);
	memcpy(arp.sha, eth.src, PL_MAC_LEN);
	if (arp.op == PL_ARP_REPLY)
		memcpy(arp.tha, r->mac, PL_MAC_LEN);
	b->path.iface = l->iface;
	b->w = pl_put_to(b->f->data, b->f->cap);
	pl_eth_put(&b->w, &eth);
	pl_arp_put(&b->w, &arp);
	finish(b, PL_ETH_HEADER + PL_ARP_LEN);
	return !b->w.short_of;
}

/* A solicitation goes to the MAC that is known, else to the target's group (RFC 4861 §7.2.2). */
static void
address_nd(struct pl_net *n, const struct pl_reply *r, struct build *b)
{
	b->raddr = pl_addr_from(6, r->raddr);
	b->path = (struct pl_path){.iface = n->laddrs[r->laddr].iface, .laddr = r->laddr};
	memcpy(b->path.dst_mac, r->mac, PL_MAC_LEN);
	if (!r->has_mac) {
		b->raddr = pl_nd_solicited_node(&b->raddr);
		pl_nd_group_mac(&b->raddr, b->path.dst_mac);
	}
}

static bool
build_nd(struct pl_net *n, const struct pl_reply *r, struct build *b)
{
	struct pl_nd nd = {.type = r->u.nd.type, .flags = r->u.nd.flags, .has_mac = true};

	nd.target = nd.type == PL_ICMP6_NA ? *pl_net_laddr(n, r->laddr) : pl_addr_from(6, r->raddr);
	memcpy(nd.mac, pl_net_iface(n, n->laddrs[r->laddr].iface)->mac, PL_MAC_LEN);
	address_nd(n, r, b);
	if (!reserve_header(b))
		return false;
	pl_nd_put(&b->w, &nd);
	if (b->w.short_of)
		return false;
	pl_csum_store(&b->l4[PL_ICMP_CSUM_AT], sum_with_pseudo(n, b, PL_PROTO_ICMP6, PL_ND_LEN));
	put_header(n, b, PL_PROTO_ICMP6, PL_ND_LEN, 0, 255);
	return true;
}

static bool
build_buffer(struct pl_net *n, const struct pl_reply *r, struct build *b)
{
	bool ok = find_path(n, r, b) && reserve_header(b);

	if (ok) {
		pl_put_bytes(&b->w, pl_reply_buffer_at(n, r->u.buffer.index), r->u.buffer.len);
		ok = !b->w.short_of;
	}
	if (ok)
		put_header(n, b, r->u.buffer.proto, r->u.buffer.len, r->u.buffer.tos, 0);
	free_buffer(n, r->u.buffer.index);
	return ok;
}

static bool
build(struct pl_net *n, const struct pl_reply *r, struct build *b)
{
	switch (r->kind) {
	case PL_REPLY_TCP: return build_tcp(n, r, b);
	case PL_REPLY_ARP: return build_arp(n, r, b);
	case PL_REPLY_ND: return build_nd(n, r, b);
	default: return build_buffer(n, r, b);
	}
}

/* A frame without a MAC so far: its datagram waits. */
static void
hold(struct pl_net *n, const struct build *b)
{
	struct pl_cur c = pl_cur_of(b->f->data, b->f->len);

	(void)pl_cur_skip(&c, PL_ETH_HEADER);
	pl_net_hold(n, b->path.laddr, &b->raddr, (struct pl_span){c.p, pl_cur_left(&c)});
}

bool
pl_net_has_output(const struct pl_net *n)
{
	return n->ring_n > 0 || n->held.ready.head != 0;
}

bool
pl_net_output(struct pl_net *n, struct plim_frame *f, bool *loop, pl_time now)
{
	(void)now; /* building asks for no time but the latest, which the core has */
	f->len = 0;
	f->flags = 0;
	f->gso_size = f->csum_start = f->csum_offset = f->hdr_len = 0;
	*loop = false;
	if (pl_held_output(n, f))
		return true;
	while (n->ring_n > 0) {
		struct pl_reply r = n->ring[n->ring_first];
		struct build b = {.f = f};

		n->ring_first = (n->ring_first + 1) % PL_NET_RING;
		n->ring_n--;
		*loop = r.loop;
		if (!build(n, &r, &b))
			(void)PL_DROP(n->core, neighbour_pending);
		else if (b.waits)
			hold(n, &b);
		else
			return true;
	}
	return false;
}
