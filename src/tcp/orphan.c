/* SPDX-License-Identifier: ISC */
/* The account of orphans: see orphan.h. Their queues only shrink, so it errs high between updates. */
#include "tcp/orphan.h"

#include "tcp/form.h"

static uint64_t
cap(const struct pl_tcp *t)
{
	return t->core->mem.target / 100 * t->core->conf.cap_orphan_pct;
}

bool
pl_tcp_orphan_enter(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	uint32_t held;

	c->slot = 0;
	pl_tcp_connopt_free(t->core, c->opt);
	c->opt = 0;
	c->flags |= PL_CF_ORPHAN;
	held = (uint32_t)PL_MIN(pl_tcp_held(t, c), UINT32_MAX);
	t->n_orphans++;
	c->orphan_held = held;
	t->orphan_octets += held;
	if (t->orphan_octets <= cap(t))
		return true;
	PL_ACTION(t->core, orphan_evicted);
	return false;
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
