/* SPDX-License-Identifier: ISC */
/* Listeners: see listener.h. */
#include "tcp/listener.h"

#include "tcp/form.h"
#include "tcp/reply.h"
#include "tcp/state.h"
#include "tcp/table.h"
#include "tcp/timer.h"

static struct pl_tcp_listener *
listener_at(const struct pl_tcp *t, unsigned number)
{
	return t->listeners[number] ? pl_mem_ptr(&t->core->mem, t->listeners[number]) : NULL;
}

/* Another listener on this port that would hear the same SYNs. */
static bool
is_taken(const struct pl_tcp *t, uint8_t laddr, uint8_t family, uint16_t port)
{
	for (unsigned i = 0; i < PL_TCP_MAX_LISTENERS; i++) {
		const struct pl_tcp_listener *l = listener_at(t, i);

		if (l && l->rec.lport == port && l->rec.laddr == laddr &&
		    (l->rec.family == family || l->rec.family == 0 || family == 0))
			return true;
	}
	return false;
}

static unsigned
free_number(const struct pl_tcp *t)
{
	unsigned i = 0;

	while (i < PL_TCP_MAX_LISTENERS && t->listeners[i])
		i++;
	return i;
}

int
pl_tcp_listener_open(struct pl_tcp *t, uint8_t laddr, uint8_t family, uint16_t port, pl_id *out)
{
	unsigned number = free_number(t);
	struct pl_tcp_listener *l;
	pl_id id;

	if (is_taken(t, laddr, family, port))
		return PLIM_EADDRINUSE;
	if (number == PL_TCP_MAX_LISTENERS)
		return PLIM_ENOMEM;
	id = pl_mem_calloc(&t->core->mem, PL_OBJ_listener, PL_GRANT_NORMAL);
	if (!id)
		return PLIM_ENOMEM;
	l = pl_mem_ptr(&t->core->mem, id);
	l->rec = (struct pl_tcp_rec){.kind = PL_REC_LISTENER, .laddr = laddr, .family = family, .lport = port};
	l->number = (uint16_t)number;
	pl_list_init(&l->queue, offsetof(struct pl_tcp_conn, accept));
	l->backlog = (uint32_t)t->core->conf.backlog;
	t->listeners[number] = id;
	t->n_listeners++;
	pl_tcp_state_born(t, &l->rec, PLIM_LISTEN);
	pl_tcp_table_insert(t, &l->rec);
	*out = id;
	return PLIM_OK;
}

void
pl_tcp_listener_close(struct pl_tcp *t, struct pl_tcp_listener *l)
{
	while (l->queue.head) {
		struct pl_tcp_conn *c = pl_tcp_conn(t, l->queue.head);

		pl_tcp_send_rst(t, c);
		pl_tcp_conn_end(t, c, 0, 0);
	}
	t->listeners[l->number] = 0;
	t->n_listeners--;
	pl_tcp_table_remove(t, &l->rec);
	pl_tcp_state_gone(t, &l->rec);
	l->rec.kind = PL_REC_FREE;
	pl_mem_free(&t->core->mem, PL_OBJ_listener, pl_tcp_id(t, l));
}

bool
pl_tcp_listener_is_full(const struct pl_tcp_listener *l)
{
	return l->queued >= l->backlog;
}

void
pl_tcp_listener_queue(struct pl_tcp *t, struct pl_tcp_listener *l, struct pl_tcp_conn *c)
{
	c->flags |= PL_CF_UNACCEPTED | PL_CF_PASSIVE;
	c->listener = (uint16_t)(l->number + 1);
	pl_list_push(&t->core->mem, &l->queue, pl_tcp_id(t, c));
	l->queued++;
	l->connections++;
	t->n_unaccepted++;
	pl_tcp_hand_note(t, pl_tcp_idle_deadline(t, c)); /* accept_timeout */
	pl_slot_raise(t->core, l->slot, PLIM_EV_ACCEPT);
}

struct pl_tcp_conn *
pl_tcp_listener_first(const struct pl_tcp *t, const struct pl_tcp_listener *l)
{
	return l->queue.head ? pl_tcp_conn(t, l->queue.head) : NULL;
}

void
pl_tcp_listener_unqueue(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_listener *l = listener_at(t, c->listener - 1u);

	if (PL_NEVER(!l))
		return;
	pl_list_remove(&t->core->mem, &l->queue, pl_tcp_id(t, c));
	l->queued--;
	t->n_unaccepted--;
	c->flags &= (uint16_t)~PL_CF_UNACCEPTED;
	c->slot = 0;
	c->cookie = 0;
}

void
pl_tcp_listener_moved(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_listener *l = listener_at(t, c->listener - 1u);

	if (!PL_NEVER(!l))
		pl_list_moved(&t->core->mem, &l->queue, pl_tcp_id(t, c));
}

void
pl_tcp_listener_leave(struct pl_tcp *t, uint16_t number)
{
	struct pl_tcp_listener *l = number ? listener_at(t, number - 1u) : NULL;

	if (l && l->connections > 0)
		l->connections--;
}
