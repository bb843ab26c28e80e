/* SPDX-License-Identifier: ISC */
/*
 * Datagrams that wait for a neighbour (RFC 1122 2.3.2.2): one for each, the newest, copied
 * into a chain of blocks; all together at most most_blocks. When its neighbour is found the
 * chain moves to the list of what may go; when not, it is dropped and counted.
 */
#include "net/net_state.h"

static struct pl_neighbuf *
buf_at(const struct pl_net *n, pl_id id)
{
	return pl_mem_ptr(&n->core->mem, id);
}

static size_t
room_in_block(const struct pl_net *n)
{
	return pl_mem_octets(&n->core->mem, PL_OBJ_neighbuf) - sizeof(struct pl_neighbuf);
}

static void
free_chain(struct pl_net *n, pl_id id)
{
	while (id) {
		pl_id next = buf_at(n, id)->next;

		pl_mem_free(&n->core->mem, PL_OBJ_neighbuf, id);
		n->held.blocks--;
		id = next;
	}
}

static void
chains_append(struct pl_net *n, struct pl_chains *l, pl_id id)
{
	buf_at(n, id)->next_chain = 0;
	buf_at(n, id)->prev_chain = l->tail;
	if (l->tail)
		buf_at(n, l->tail)->next_chain = id;
	else
		l->head = id;
	l->tail = id;
}

static void
chains_remove(struct pl_net *n, struct pl_chains *l, pl_id id)
{
	const struct pl_neighbuf *b = buf_at(n, id);

	if (b->prev_chain)
		buf_at(n, b->prev_chain)->next_chain = b->next_chain;
	else
		l->head = b->next_chain;
	if (b->next_chain)
		buf_at(n, b->next_chain)->prev_chain = b->prev_chain;
	else
		l->tail = b->prev_chain;
}

void
pl_held_drop(struct pl_net *n, struct pl_neigh *e)
{
	if (!e->held)
		return;
	chains_remove(n, &n->held.waiting, e->held);
	free_chain(n, e->held);
	e->held = 0;
	(void)PL_DROP(n->core, neighbour_pending);
}

void
pl_held_release(struct pl_net *n, struct pl_neigh *e)
{
	if (!e->held)
		return;
	memcpy(buf_at(n, e->held)->mac, e->mac, PL_MAC_LEN);
	chains_remove(n, &n->held.waiting, e->held);
	chains_append(n, &n->held.ready, e->held);
	e->held = 0;
}

/* The datagrams that wait longest go for a newer one. */
static void
make_room(struct pl_net *n, uint32_t blocks)
{
	while (n->held.waiting.head && n->held.blocks + blocks > n->held.most_blocks)
		pl_held_drop(n, pl_neigh_at(n, buf_at(n, n->held.waiting.head)->neigh));
}

/* The first block's id; 0: refused, nothing is left behind. */
static pl_id
copy_in(struct pl_net *n, struct pl_span ip)
{
	struct pl_cur c = pl_cur_of(ip.p, ip.len);
	pl_id first = 0, last = 0;

	while (pl_cur_left(&c) > 0) {
		pl_id id = pl_mem_alloc(&n->core->mem, PL_OBJ_neighbuf, PL_GRANT_NORMAL);

		if (!id) {
			free_chain(n, first);
			return 0;
		}
		n->held.blocks++;
		*buf_at(n, id) = (struct pl_neighbuf){.len = (uint16_t)ip.len};
		(void)pl_cur_bytes(&c, buf_at(n, id)->octets, PL_MIN(pl_cur_left(&c), room_in_block(n))); /* it fits */
		if (last)
			buf_at(n, last)->next = id;
		else
			first = id;
		last = id;
	}
	return first;
}

void
pl_net_hold(struct pl_net *n, uint8_t laddr, const struct plim_addr *raddr, struct pl_span ip)
{
	uint32_t blocks = (uint32_t)((ip.len + room_in_block(n) - 1) / room_in_block(n));
	uint8_t iface = n->laddrs[laddr].iface;
	struct plim_addr hop;
	struct pl_neigh *e;
	pl_id id = 0, held;

	if (pl_route_next_hop(n, iface, raddr, &hop) == 0)
		id = pl_neigh_find(n, iface, &hop);
	if (!id || pl_neigh_at(n, id)->state != PL_NEIGH_INCOMPLETE) {
		(void)PL_DROP(n->core, neighbour_pending);
		return;
	}
	e = pl_neigh_at(n, id);
	pl_held_drop(n, e);
	if (blocks <= n->held.most_blocks)
		make_room(n, blocks);
	held = n->held.blocks + blocks <= n->held.most_blocks ? copy_in(n, ip) : 0;
	if (!held) {
		(void)PL_DROP(n->core, neighbour_full);
		return;
	}
	buf_at(n, held)->neigh = id;
	buf_at(n, held)->iface = iface;
	buf_at(n, held)->family = raddr->family;
	chains_append(n, &n->held.waiting, held);
	e->held = held;
}

static bool
copy_out(const struct pl_net *n, pl_id id, struct plim_frame *f)
{
	const struct pl_neighbuf *b = buf_at(n, id);
	struct pl_eth eth = {.type = b->family == 4 ? PL_ETH_TYPE_IP4 : PL_ETH_TYPE_IP6};
	struct pl_put w = pl_put_to(f->data, f->cap);
	size_t left = b->len;

	memcpy(eth.dst, b->mac, PL_MAC_LEN);
	memcpy(eth.src, pl_net_iface(n, b->iface)->mac, PL_MAC_LEN);
	pl_eth_put(&w, &eth);
	for (; id; id = buf_at(n, id)->next) {
		pl_put_bytes(&w, buf_at(n, id)->octets, PL_MIN(left, room_in_block(n)));
		left -= PL_MIN(left, room_in_block(n));
	}
	f->len = (uint32_t)(PL_ETH_HEADER + b->len);
	f->iface = b->iface;
	return !w.short_of;
}

bool
pl_held_output(struct pl_net *n, struct plim_frame *f)
{
	while (n->held.ready.head) {
		pl_id id = n->held.ready.head;
		bool ok = copy_out(n, id, f);

		chains_remove(n, &n->held.ready, id);
		free_chain(n, id);
		if (ok)
			return true;
	}
	return false;
}
