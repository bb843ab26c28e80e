/* SPDX-License-Identifier: ISC */
/* The account of orphans: see orphan.h. Their queues only shrink, so it errs high between updates. */
#include "tcp/orphan.h"

#include "mem/level.h"
#include "mem/prove.h"
#include "tcp/debt.h"
#include "tcp/form.h"
#include "tcp/reply.h"

#define LOOK 64u /* quiet connections looked at for one that stalls */
#define SHED_AT_ONCE 16u
#define STALLED_MS 1000u /* stall age */
#define SHUT_MS 500u     /* the same where the window takes nothing and something was acknowledged before */

static uint64_t
cap(const struct pl_tcp *t)
{
	if (PL_WITHOUT(t->core, orphan_cap))
		return UINT64_MAX;
	return t->core->mem.target / 100 * t->core->conf.cap_orphan_pct;
}

bool
pl_tcp_orphan_is_stalled(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t segment = PL_MIN(c->smss, pl_conn_max_snd_wnd(c) / 2);
	uint64_t age_ms = pl_tcp_stall_ms(t, c);

	if (!(c->flags & PL_CF_ORPHAN))
		return false;
	if (c->snd_wnd < PL_MAX(segment, 1u) && (age_ms >= SHUT_MS || !(h && h->has_acked)))
		return true;
	return age_ms >= STALLED_MS;
}

static void
shed(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	pl_tcp_trace(t, c, PLIM_ACTION_orphan_evicted, pl_tcp_held(t, c), pl_tcp_stall_ms(t, c));
	pl_tcp_send_rst(t, c);
	pl_tcp_conn_free(t, c);
}

/* Of the quietest connections the stalled orphan, but not `keep`, that owes most. NULL: there is none among them. */
static struct pl_tcp_conn *
worst_stalled(struct pl_tcp *t, const struct pl_tcp_conn *keep)
{
	struct pl_tcp_conn *found = NULL;
	pl_id id = t->quiet.head;
	uint64_t most = 0;

	for (unsigned look = LOOK; id && look > 0; look--) {
		struct pl_tcp_hot *h = pl_mem_ptr(&t->core->mem, id);
		struct pl_tcp_conn *c = pl_tcp_conn(t, h->conn);
		uint64_t debt = pl_tcp_orphan_is_stalled(t, c) ? pl_tcp_debt(t, c) : 0;

		PL_WORK(t->core, 1);
		id = h->quiet.next;
		if (debt > most && c != keep) {
			most = debt;
			found = c;
		}
	}
	return found;
}

bool
pl_tcp_orphan_shed(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (t->orphan_octets <= cap(t) || !pl_tcp_orphan_is_stalled(t, c))
		return false;
	shed(t, c);
	return true;
}

/*
 * Over the cap those that stall go. One that makes progress goes on, and a newcomer is only
 * refused under pressure: a server that writes and closes is the most ordinary orphan of all. Where nothing is queued
 * its FIN is all that is left to send, in the small form.
 */
static bool
make_room(struct pl_tcp *t, const struct pl_tcp_conn *newcomer)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, newcomer);

	for (unsigned n = 0; n < SHED_AT_ONCE && t->orphan_octets > cap(t); n++) {
		struct pl_tcp_conn *c = worst_stalled(t, newcomer);

		if (!c)
			break;
		shed(t, c);
	}
	return t->orphan_octets <= cap(t) || pl_level(t->core) < PL_L3 || !h || pl_sndq_len(&h->sndq) == 0;
}

bool
pl_tcp_orphan_enter(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	bool has_room;

	c->slot = 0;
	pl_tcp_connopt_free(t->core, c->opt);
	c->opt = 0;
	c->flags |= PL_CF_ORPHAN;
	t->n_orphans++;
	pl_tcp_debt_begin(t, c); /* that it was idle before says nothing of what is queued now */
	c->orphan_held = (uint32_t)PL_MIN(pl_tcp_held(t, c), UINT32_MAX);
	t->orphan_octets += c->orphan_held;
	has_room = make_room(t, c);
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
