/* SPDX-License-Identifier: ISC */
/*
 * UDP: see udp.h. A datagram that finds its queue full is dropped; with PLIM_O_UDP_DROP_OLDEST older ones of
 * that socket are instead.
 *
 * A queue holds no more than was configured, and no more than half of what its class has left (Choudhury, Hahne):
 * n full queues leave 2 parts of n + 2 free, so that another socket always finds room. A datagram to send whose neighbour is not known yet is
 * handed to pl_net_hold(); longer ones than the MTU are refused (no fragments so far).
 */
#include "udp/udp.h"

#include "base/addr.h"
#include "base/checksum.h"
#include "mem/prove.h"
#include "udp/gram.h"
#include "wire/udp.h"

#define PORT_TRIES 64
#define FEW_DESCRIPTORS 8
#define REPLACED_MOST 64 /* datagrams that may go for one */

struct pl_udpsock {
	pl_id next;             /* in its chain */
	pl_id tx_next, tx_prev; /* among sockets with datagrams to send */
	pl_id slot;
	uint32_t cookie;
	uint16_t port;
	uint8_t laddr;  /* or PL_UDP_ANY_LADDR */
	uint8_t family; /* 0: both */
	bool in_tx;
	bool wants_room;  /* a send was refused: tell when there is room */
	bool drop_oldest; /* received ones: the oldest gives way */
	int soft_error;
	struct pl_gramq rx, tx;
};

_Static_assert(sizeof(struct pl_udpsock) <= 96, "udpsock in objects.h");

static struct pl_udpsock *
sock_at(const struct pl_udp *u, pl_id id)
{
	return pl_mem_ptr(&u->core->mem, id);
}

void
pl_udp_init(struct pl_udp *u, struct pl_core *c, struct pl_net *n)
{
	memset(u, 0, sizeof *u);
	u->core = c;
	u->net = n;
}

static uint64_t
configured_limit(const struct pl_udp *u)
{
	uint64_t octets = u->core->conf.udp_queue_octets;

	return octets ? octets : u->core->mem.cls_cap[PLIM_CLASS_udp] / 4;
}

static uint64_t
free_objects(const struct pl_mem_type *ty)
{
	return (uint64_t)ty->slabs * ty->per_slab - ty->live;
}

/*
 * What the class can still store: blocks free in its slabs, and slabs that it may take. One of them is set apart where
 * descriptors run out, or blocks would take it and leave nothing to describe them.
 */
static uint64_t
free_octets(const struct pl_mem *m)
{
	const struct pl_mem_type *block = &m->types[PL_OBJ_udpblock];
	uint64_t cap = m->cls_cap[PLIM_CLASS_udp], held = m->cls_octets[PLIM_CLASS_udp];
	uint64_t slabs = held < cap ? (cap - held) >> m->slab_shift : 0;

	if (free_objects(&m->types[PL_OBJ_udpgram]) < FEW_DESCRIPTORS)
		slabs -= slabs > 0;
	return (slabs << m->slab_shift) + free_objects(block) * block->octets;
}

uint64_t
pl_udp_queue_limit(const struct pl_udp *u)
{
	if (PL_WITHOUT(u->core, class_cap))
		return UINT64_MAX;
	return PL_MIN(configured_limit(u), free_octets(&u->core->mem) / 2);
}

/* ---- sockets ---- */

static bool
overlap(const struct pl_udpsock *s, uint8_t laddr, uint8_t family)
{
	if (s->family && family && s->family != family)
		return false;
	return s->laddr == laddr || s->laddr == PL_UDP_ANY_LADDR || laddr == PL_UDP_ANY_LADDR;
}

static bool
is_port_taken(const struct pl_udp *u, uint8_t laddr, uint8_t family, uint16_t port)
{
	for (pl_id id = u->heads[port % PL_UDP_HEADS]; id; id = sock_at(u, id)->next)
		if (sock_at(u, id)->port == port && overlap(sock_at(u, id), laddr, family))
			return true;
	return false;
}

/* RFC 6056 §3.3.2: simply random, again if taken. 0: none found. */
static uint16_t
random_port(struct pl_udp *u, uint8_t laddr, uint8_t family)
{
	uint32_t first = (uint32_t)u->core->conf.port_first, last = (uint32_t)u->core->conf.port_last;

	for (unsigned i = 0; i < PORT_TRIES && first <= last; i++) {
		uint16_t port = (uint16_t)(first + pl_rng_below(&u->core->rng, last - first + 1));

		if (!is_port_taken(u, laddr, family, port))
			return port;
	}
	return 0;
}

int
pl_udp_open(struct pl_udp *u, uint8_t laddr, uint8_t family, uint16_t port, uint32_t cookie, pl_id *out)
{
	pl_id id;

	if (port == 0 && (port = random_port(u, laddr, family)) == 0)
		return PLIM_EADDRNOTAVAIL;
	if (is_port_taken(u, laddr, family, port))
		return PLIM_EADDRINUSE;
	id = pl_mem_calloc(&u->core->mem, PL_OBJ_udpsock, PL_GRANT_NORMAL);
	if (!id)
		return PLIM_ENOMEM;
	*sock_at(u, id) = (struct pl_udpsock){.next = u->heads[port % PL_UDP_HEADS],
	                                      .cookie = cookie,
	                                      .port = port,
	                                      .laddr = laddr,
	                                      .family = family};
	u->heads[port % PL_UDP_HEADS] = id;
	*out = id;
	return 0;
}

static void
tx_add(struct pl_udp *u, pl_id id)
{
	struct pl_udpsock *s = sock_at(u, id);

	if (s->in_tx)
		return;
	s->in_tx = true;
	s->tx_next = 0;
	s->tx_prev = u->tx_tail;
	if (u->tx_tail)
		sock_at(u, u->tx_tail)->tx_next = id;
	else
		u->tx_head = id;
	u->tx_tail = id;
}

static void
tx_remove(struct pl_udp *u, pl_id id)
{
	struct pl_udpsock *s = sock_at(u, id);

	if (!s->in_tx)
		return;
	s->in_tx = false;
	if (s->tx_prev)
		sock_at(u, s->tx_prev)->tx_next = s->tx_next;
	else
		u->tx_head = s->tx_next;
	if (s->tx_next)
		sock_at(u, s->tx_next)->tx_prev = s->tx_prev;
	else
		u->tx_tail = s->tx_prev;
}

void
pl_udp_close(struct pl_udp *u, pl_id id)
{
	struct pl_udpsock *s = sock_at(u, id);
	pl_id *at = &u->heads[s->port % PL_UDP_HEADS];

	tx_remove(u, id);
	pl_gram_clear(u->core, &s->rx);
	pl_gram_clear(u->core, &s->tx);
	while (*at != id)
		at = &sock_at(u, *at)->next;
	*at = s->next;
	pl_mem_free(&u->core->mem, PL_OBJ_udpsock, id);
}

void
pl_udp_set_slot(struct pl_udp *u, pl_id id, pl_id slot)
{
	sock_at(u, id)->slot = slot;
}
uint32_t
pl_udp_cookie(const struct pl_udp *u, pl_id id)
{
	return sock_at(u, id)->cookie;
}
void
pl_udp_set_cookie(struct pl_udp *u, pl_id id, uint32_t cookie)
{
	sock_at(u, id)->cookie = cookie;
}
bool
pl_udp_drop_oldest(const struct pl_udp *u, pl_id id)
{
	return sock_at(u, id)->drop_oldest;
}
void
pl_udp_set_drop_oldest(struct pl_udp *u, pl_id id, bool on)
{
	sock_at(u, id)->drop_oldest = on;
}
uint16_t
pl_udp_port(const struct pl_udp *u, pl_id id)
{
	return sock_at(u, id)->port;
}
bool
pl_udp_has_output(const struct pl_udp *u)
{
	return u->tx_head != 0;
}

/* The socket for a local address and port: one bound to the address before one bound to all. */
static pl_id
find(const struct pl_udp *u, uint8_t laddr, uint8_t family, uint16_t port)
{
	pl_id any = 0;

	for (pl_id id = u->heads[port % PL_UDP_HEADS]; id; id = sock_at(u, id)->next) {
		const struct pl_udpsock *s = sock_at(u, id);

		if (s->port != port || !overlap(s, laddr, family))
			continue;
		if (s->laddr == laddr)
			return id;
		any = id;
	}
	return any;
}

/* ---- in ---- */

/* The datagram's octets from l4 on, header included, cut to its UDP length: one run, or more where it came in fragments. */
struct parts {
	const struct pl_net *net;
	const struct pl_pkt *pkt;
	size_t at, len;
};

static struct pl_span
next_part(struct parts *p)
{
	size_t here = p->pkt->l4.len;
	struct pl_span run = p->pkt->l4;

	if (p->at >= p->len)
		return (struct pl_span){NULL, 0};
	if (p->at > 0)
		run = pl_net_rest(p->net, p->pkt, p->at - here);
	run.len = PL_MIN(run.len, p->len - p->at);
	p->at += run.len;
	return run;
}

/* RFC 768: zero means none was made; RFC 8200 §8.1: not over IPv6. Every part but the last is even. */
static bool
is_checksum_right(const struct pl_udp *u, const struct pl_pkt *pkt, const struct pl_udp_hdr *h)
{
	struct parts p = {.net = u->net, .pkt = pkt, .len = h->len};
	uint64_t sum;

	if (h->csum == 0)
		return pkt->src.family == 4;
	if (pkt->csum_ok)
		return true;
	sum = pl_csum_pseudo(&pkt->src, &pkt->dst, PL_PROTO_UDP, h->len);
	for (struct pl_span run = next_part(&p); run.len > 0; run = next_part(&p))
		sum = pl_csum_add(sum, run.p, run.len);
	return pl_csum_is_valid(sum);
}

static void
copy_in(struct pl_udp *u, struct pl_gram_fill *fill, const struct pl_pkt *pkt, const struct pl_udp_hdr *h)
{
	struct parts p = {.net = u->net, .pkt = pkt, .len = h->len};

	(void)next_part(&p); /* its text is h->text */
	pl_gram_fill(u->core, fill, h->text);
	for (struct pl_span run = next_part(&p); run.len > 0; run = next_part(&p))
		pl_gram_fill(u->core, fill, run);
}

/* Room for a received datagram: where the socket wants it so, in place of its oldest ones. */
static enum pl_gram_result
begin_received(struct pl_udp *u, struct pl_udpsock *s, const struct pl_gram *g, struct pl_gram_fill *fill)
{
	enum pl_gram_result rc = pl_gram_begin(u->core, &s->rx, pl_udp_queue_limit(u), g, fill);

	if (!s->drop_oldest || pl_gram_octets(u->core, g->len) > configured_limit(u))
		return rc;
	for (unsigned i = 0; rc != PL_GRAM_OK && s->rx.head && i < REPLACED_MOST; i++) {
		pl_gram_pop(u->core, &s->rx);
		(void)PL_DROP(u->core, udp_replaced);
		rc = pl_gram_begin(u->core, &s->rx, pl_udp_queue_limit(u), g, fill);
	}
	return rc;
}

static void
queue(struct pl_udp *u, pl_id id, const struct pl_pkt *pkt, const struct pl_udp_hdr *h)
{
	struct pl_udpsock *s = sock_at(u, id);
	struct pl_gram g = {
		.peer = {pkt->src, h->sport}, .len = (uint16_t)(h->len - PL_UDP_HEADER), .laddr = pkt->laddr};
	struct pl_gram_fill fill;

	switch (begin_received(u, s, &g, &fill)) {
	case PL_GRAM_OVER_LIMIT: (void)PL_DROP(u->core, udp_queue_full); return;
	case PL_GRAM_NO_MEMORY: (void)PL_DROP(u->core, udp_class_full); return;
	default: break;
	}
	copy_in(u, &fill, pkt, h);
	pl_gram_end(u->core, &s->rx, &fill);
	u->core->udp_in++;
	pl_slot_raise(u->core, s->slot, PLIM_EV_READABLE);
}

void
pl_udp_input(struct pl_udp *u, const struct pl_pkt *pkt)
{
	struct pl_udp_hdr h;
	pl_id id;

	if (!pl_udp_parse_part(pkt->l4, pkt->rest, &h) || pkt->gso_size != 0) {
		(void)PL_DROP(u->core, udp_malformed);
		return;
	}
	if (!is_checksum_right(u, pkt, &h)) {
		(void)PL_DROP(u->core, udp_checksum);
		return;
	}
	id = find(u, pkt->laddr, pkt->dst.family, h.dport);
	if (!id) {
		(void)PL_DROP(u->core, udp_no_port);
		pl_net_reply_unreachable(u->net, pkt);
		return;
	}
	queue(u, id, pkt, &h);
}

static void
raise_error(struct pl_udp *u, struct pl_udpsock *s, int error)
{
	s->soft_error = error;
	pl_slot_raise(u->core, s->slot, PLIM_EV_SOFT_ERROR);
}

void
pl_udp_icmp_error(struct pl_udp *u, const struct pl_icmp_error *err)
{
	pl_id id = find(u, err->laddr, err->raddr.family, err->lport);

	if (!id)
		(void)PL_DROP(u->core, icmp_no_match);
	else
		raise_error(u, sock_at(u, id), err->code);
}

int
pl_udp_soft_error(struct pl_udp *u, pl_id id)
{
	int error = sock_at(u, id)->soft_error;

	sock_at(u, id)->soft_error = 0;
	return error;
}

int64_t
pl_udp_recv(struct pl_udp *u, pl_id id, uint8_t *data, size_t len, struct plim_endpoint *from)
{
	struct pl_udpsock *s = sock_at(u, id);
	const struct pl_gram *g = pl_gram_first(u->core, &s->rx);
	int64_t whole;

	if (!g)
		return PLIM_EAGAIN;
	(void)pl_gram_copy(u->core, g, data, len, 0);
	if (from)
		*from = g->peer;
	whole = g->len;
	pl_gram_pop(u->core, &s->rx);
	return whole;
}

uint32_t
pl_udp_readable(const struct pl_udp *u, pl_id id)
{
	const struct pl_gram *g = pl_gram_first(u->core, &sock_at(u, id)->rx);

	return g ? g->len : 0;
}

/* ---- out ---- */

static int
choose_laddr(const struct pl_udp *u, const struct pl_udpsock *s, const struct plim_endpoint *to, uint8_t *laddr)
{
	if (to->port == 0 || (to->addr.family != 4 && to->addr.family != 6) || pl_addr_is_any(&to->addr))
		return PLIM_EINVAL;
	if (s->family && s->family != to->addr.family)
		return PLIM_EINVAL;
	if (s->laddr == PL_UDP_ANY_LADDR)
		return pl_net_source_for(u->net, &to->addr, laddr);
	if (pl_net_laddr(u->net, s->laddr)->family != to->addr.family)
		return PLIM_EINVAL;
	*laddr = s->laddr;
	return 0;
}

static int
check_length(const struct pl_udp *u, const struct plim_endpoint *to, uint8_t laddr, size_t len)
{
	size_t headers = pl_net_header_len(to->addr.family) - PL_ETH_HEADER + PL_UDP_HEADER;
	uint16_t mtu;
	int rc = pl_net_mtu(u->net, laddr, &to->addr, &mtu);

	if (rc < 0)
		return rc;
	return len > (size_t)mtu - headers ? PLIM_EMSGSIZE : 0;
}

int64_t
pl_udp_send(struct pl_udp *u, pl_id id, const struct plim_endpoint *to, const uint8_t *data, size_t len)
{
	struct pl_udpsock *s = sock_at(u, id);
	struct pl_gram g = {.peer = *to};
	struct pl_gram_fill fill;
	int rc = choose_laddr(u, s, to, &g.laddr);

	if (rc < 0 || (rc = check_length(u, to, g.laddr, len)) < 0)
		return rc;
	g.len = (uint16_t)len;
	switch (pl_gram_begin(u->core, &s->tx, pl_udp_queue_limit(u), &g, &fill)) {
	case PL_GRAM_OK:
		pl_gram_fill(u->core, &fill, (struct pl_span){data, len});
		pl_gram_end(u->core, &s->tx, &fill);
		tx_add(u, id);
		return (int64_t)len;
	case PL_GRAM_NO_MEMORY:
		if (!s->tx.head)
			return PLIM_ENOMEM; /* nothing of this socket's will make room */
		break;
	default:
		if (!s->tx.head)
			return pl_gram_octets(u->core, len) > configured_limit(u) ? PLIM_EMSGSIZE : PLIM_ENOMEM;
		break;
	}
	s->wants_room = true;
	return PLIM_EAGAIN;
}

/* UDP header and octets at p; RFC 768: a checksum of zero is sent as all ones. */
static void
write_datagram(struct pl_udp *u, const struct pl_udpsock *s, const struct pl_gram *g, struct pl_put w)
{
	size_t l4_len = (size_t)PL_UDP_HEADER + g->len;
	uint8_t *head = w.p;
	uint64_t sum = pl_csum_pseudo(pl_net_laddr(u->net, g->laddr), &g->peer.addr, PL_PROTO_UDP, (uint32_t)l4_len);

	pl_udp_put(&w, s->port, g->peer.port, g->len);
	sum = pl_csum_add(sum, head, PL_UDP_HEADER);
	sum = pl_gram_copy(u->core, g, w.p, g->len, sum);
	pl_csum_store(&head[PL_UDP_CSUM_AT], sum);
	if (pl_load16(&head[PL_UDP_CSUM_AT]) == 0)
		pl_store16(&head[PL_UDP_CSUM_AT], 0xffff);
}

/* False: the frame's buffer is too small. */
static bool
write_frame(struct pl_udp *u, const struct pl_udpsock *s, const struct pl_gram *g, const struct pl_path *path,
            struct plim_frame *f)
{
	size_t header = pl_net_header_len(g->peer.addr.family), l4_len = (size_t)PL_UDP_HEADER + g->len;
	struct pl_put w = pl_put_to(f->data, f->cap);

	if (f->cap < header + l4_len)
		return false;
	(void)pl_put_room(&w, header);
	write_datagram(u, s, g, w);
	pl_net_put_header(u->net, f->data, path, &g->peer.addr, PL_PROTO_UDP, l4_len, 0, 0);
	f->len = (uint32_t)(header + l4_len);
	f->iface = path->iface;
	f->flags = 0;
	f->gso_size = f->csum_start = f->csum_offset = f->hdr_len = 0;
	return true;
}

/* The frame's buffer serves to write what has to wait. */
static void
hold(struct pl_udp *u, const struct pl_udpsock *s, const struct pl_gram *g, struct plim_frame *f)
{
	struct pl_path path = {.laddr = g->laddr};
	struct pl_cur c;

	if (!write_frame(u, s, g, &path, f))
		return;
	c = pl_cur_of(f->data, f->len);
	(void)pl_cur_skip(&c, PL_ETH_HEADER);
	pl_net_hold(u->net, g->laddr, &g->peer.addr, (struct pl_span){c.p, pl_cur_left(&c)});
}

/* One datagram of a socket leaves its queue. True: as a frame. */
static bool
send_first(struct pl_udp *u, struct pl_udpsock *s, struct plim_frame *f, bool *loop)
{
	const struct pl_gram *g = pl_gram_first(u->core, &s->tx);
	struct pl_path path;
	bool sent = false;
	int rc = pl_net_resolve(u->net, g->laddr, &g->peer.addr, &path);

	if (rc == 0)
		sent = write_frame(u, s, g, &path, f);
	else if (rc == PLIM_EAGAIN)
		hold(u, s, g, f);
	else
		raise_error(u, s, rc);
	if (sent)
		*loop = path.loop;
	if (rc == 0 || rc == PLIM_EAGAIN)
		u->core->udp_out++;
	pl_gram_pop(u->core, &s->tx);
	if (s->wants_room) {
		s->wants_room = false;
		pl_slot_raise(u->core, s->slot, PLIM_EV_WRITABLE);
	}
	return sent;
}

bool
pl_udp_output(struct pl_udp *u, struct plim_frame *f, bool *loop, pl_time now)
{
	(void)now;
	while (u->tx_head) {
		pl_id id = u->tx_head;
		struct pl_udpsock *s = sock_at(u, id);
		bool sent = send_first(u, s, f, loop);

		tx_remove(u, id); /* sockets take turns */
		if (s->tx.head)
			tx_add(u, id);
		if (sent)
			return true;
	}
	return false;
}
