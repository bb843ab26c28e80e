/* SPDX-License-Identifier: ISC */
/* The account of orphans: see orphan.h. Their queues only shrink, so it errs high between updates. */
#include "tcp/orphan.h"

#include "mem/level.h"
#include "tcp/debt.h"
#include "tcp/form.h"
#include "tcp/reply.h"

#define LOOK 64u         /* quiet connections looked at for one that stalls */
#define STALLED_MS 1000u /* stall age */

static uint64_t
cap(const struct pl_tcp *t)
{
	return t->core->mem.target / 100 * t->core->conf.cap_orphan_pct;
}

/* An orphan whose peer takes nothing of what is queued; that it answers probes does not count. */
static bool
is_stalled(const struct pl_tcp *t, const struct pl_tcp_conn *c, uint64_t ms)
{
	return c->flags & PL_CF_ORPHAN && pl_tcp_stall_ms(t, c) >= ms;
}

static void
shed(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	pl_tcp_trace(t, c, PLIM_ACTION_orphan_evicted, pl_tcp_held(t, c), pl_tcp_stall_ms(t, c));
	pl_tcp_send_rst(t, c);
	pl_tcp_conn_free(t, c);
}

/* A stalled orphan is reset, the quietest of those looked at. False: there is none among them. */
static bool
evict_stalled(struct pl_tcp *t)
{
	pl_id id = t->quiet.head;

	for (unsigned look = LOOK; id && look > 0; look--) {
		struct pl_tcp_hot *h = pl_mem_ptr(&t->core->mem, id);
		struct pl_tcp_conn *c = pl_tcp_conn(t, h->conn);

		PL_WORK(t->core, 1);
		id = h->quiet.next;
		if (!is_stalled(t, c, STALLED_MS))
			continue;
		shed(t, c);
		return true;
	}
	return false;
}

bool
pl_tcp_orphan_shed(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (t->orphan_octets <= cap(t) || !is_stalled(t, c, t->core->conf.orphan_pressed_ms))
		return false;
	shed(t, c);
	return true;
}

/*
 * Over the cap those that stall go. One that makes progress goes on, and a newcomer is only
 * refused under pressure: a server that writes and closes is the most ordinary orphan of all.
 */
static bool
make_room(struct pl_tcp *t)
{
	while (t->orphan_octets > cap(t))
		if (!evict_stalled(t))
			return pl_level(t->core) < PL_L3;
	return true;
}

bool
pl_tcp_orphan_enter(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	bool has_room = make_room(t);
	uint32_t held;

	c->slot = 0;
	pl_tcp_connopt_free(t->core, c->opt);
	c->opt = 0;
	c->flags |= PL_CF_ORPHAN;
	held = (uint32_t)PL_MIN(pl_tcp_held(t, c), UINT32_MAX);
	t->n_orphans++;
	c->orphan_held = held;
	t->orphan_octets += held;
	if (!has_room)
		PL_ACTION(t->core, orphan_evicted);
	return has_room;
}

void
pl_tcp_orphan_update(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	uint32_t held;

	if (!(c->flags & PL_CF_ORPHAN))
		return;
	held = (uint32_t)PL_MIN(pl_tcp_held(t, c), UINT32_MAX);
	t->orphan_octets = t->orphan_octets - c->orphan_held + held;
	c->orphan_held = held;
}

void
pl_tcp_orphan_leave(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (!(c->flags & PL_CF_ORPHAN))
		return;
	t->n_orphans--;
	t->orphan_octets -= c->orphan_held;
}
