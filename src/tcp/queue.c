/* SPDX-License-Identifier: ISC */
/* The queues of connections: see queue.h. */
#include "tcp/queue.h"

static struct pl_tcp_hot *
hot_at(const struct pl_tcp *t, pl_id id)
{
	return pl_mem_ptr(&t->core->mem, id);
}

void
pl_tcp_queues_init(struct pl_tcp *t)
{
	pl_list_init(&t->tx, offsetof(struct pl_tcp_hot, tx));
	pl_list_init(&t->blocked, offsetof(struct pl_tcp_hot, tx));
	pl_list_init(&t->quiet, offsetof(struct pl_tcp_hot, quiet));
	pl_list_init(&t->syns, offsetof(struct pl_tcp_conn, syn));
}

void
pl_tcp_queues_enter(struct pl_tcp *t, pl_id hot)
{
	pl_list_push(&t->core->mem, &t->quiet, hot);
}

/* The output queue and the blocked one share their links: which one it is shows only at the ends. */
static void
leave_tx(struct pl_tcp *t, pl_id hot)
{
	bool is_blocked = t->blocked.head == hot || t->blocked.tail == hot;

	pl_list_remove(&t->core->mem, is_blocked ? &t->blocked : &t->tx, hot);
	hot_at(t, hot)->is_queued = false;
}

void
pl_tcp_queues_leave(struct pl_tcp *t, pl_id hot)
{
	if (hot_at(t, hot)->is_queued)
		leave_tx(t, hot);
	pl_list_remove(&t->core->mem, &t->quiet, hot);
}

void
pl_tcp_touch(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (!pl_tcp_hot(t, c) || t->quiet.tail == c->hot)
		return;
	pl_list_remove(&t->core->mem, &t->quiet, c->hot);
	pl_list_push(&t->core->mem, &t->quiet, c->hot);
}

/* ---- output ---- */

void
pl_tcp_want(struct pl_tcp *t, struct pl_tcp_conn *c, uint32_t want)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (PL_NEVER(!h))
		return;
	h->want |= want;
	if (h->is_queued)
		return;
	pl_list_push(&t->core->mem, &t->tx, c->hot);
	h->is_queued = true;
}

static pl_id
take_head(struct pl_tcp *t)
{
	pl_id id = t->tx.head;

	pl_list_remove(&t->core->mem, &t->tx, id);
	t->burst = 0;
	return id;
}

void
pl_tcp_tx_drop_head(struct pl_tcp *t)
{
	struct pl_tcp_hot *h = hot_at(t, take_head(t));

	h->want &= ~(uint32_t)PL_WANT_OUTPUT;
	h->is_queued = false;
}

void
pl_tcp_tx_rotate(struct pl_tcp *t)
{
	pl_list_push(&t->core->mem, &t->tx, take_head(t));
}

void
pl_tcp_tx_block_head(struct pl_tcp *t)
{
	pl_list_push(&t->core->mem, &t->blocked, take_head(t));
}

void
pl_tcp_tx_unblock_all(struct pl_tcp *t)
{
	pl_list_append(&t->core->mem, &t->tx, &t->blocked);
}

/* ---- SYNs that wait ---- */

void
pl_tcp_syn_push(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (c->flags & PL_CF_SYN_QUEUED)
		return;
	c->flags |= PL_CF_SYN_QUEUED;
	pl_list_push(&t->core->mem, &t->syns, pl_tcp_id(t, c));
}

void
pl_tcp_syn_remove(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (!(c->flags & PL_CF_SYN_QUEUED))
		return;
	c->flags &= (uint16_t)~PL_CF_SYN_QUEUED;
	pl_list_remove(&t->core->mem, &t->syns, pl_tcp_id(t, c));
}
