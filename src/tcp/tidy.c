/* SPDX-License-Identifier: ISC */
/* Records move to fuller slabs: see tidy.h. Who points at a record: its chain, its slot, its hot part, one list. */
#include "tcp/tidy.h"

#include "tcp/form.h"
#include "tcp/listener.h"
#include "tcp/table.h"
#include "tcp/timewait.h"

#define DELAY_MS 100u /* a wave is over, or goes on: moving can wait */
#define PAUSE_MS 5u
#define MOVES 64u /* objects looked at in one go */

static const enum pl_obj types[] = {PL_OBJ_conn4,    PL_OBJ_conn6, PL_OBJ_closing4,
                                    PL_OBJ_closing6, PL_OBJ_tw4,   PL_OBJ_tw6};

void
pl_tcp_tidy_note(struct pl_tcp *t, enum pl_obj type)
{
	if (t->tidy_at == PL_TIME_NEVER && pl_mem_is_sparse(&t->core->mem, type))
		t->tidy_at = t->core->now + PL_MS(DELAY_MS);
}

static void
conn_moved(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_mem *m = &t->core->mem;
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	pl_id id = pl_tcp_id(t, c);

	if (h)
		h->conn = id;
	if (c->flags & PL_CF_SYN_QUEUED)
		pl_list_moved(m, &t->syns, id);
	if (c->flags & PL_CF_UNACCEPTED)
		pl_tcp_listener_moved(t, c);
	else if (pl_tcp_slot(c))
		pl_slot_at(t->core, c->slot)->rec = id;
}

static void
move(struct pl_tcp *t, enum pl_obj type, pl_id from)
{
	struct pl_mem *m = &t->core->mem;
	pl_id to = pl_mem_alloc(m, type, PL_GRANT_NORMAL);
	struct pl_tcp_rec *r;

	if (!to)
		return;
	r = pl_tcp_rec(t, to);
	memcpy(r, pl_tcp_rec(t, from), pl_mem_octets(m, type));
	pl_tcp_table_moved(t, from, r);
	if (r->kind == PL_REC_CONN)
		conn_moved(t, (struct pl_tcp_conn *)r);
	else if (r->kind == PL_REC_TIMEWAIT)
		pl_list_moved(m, &t->timewait, to);
	pl_tcp_rec(t, from)->kind = PL_REC_FREE;
	pl_mem_free(m, type, from);
}

/* Empty sparse slabs of one type, as far as the budget goes. True: it is still sparse. */
static bool
tidy_type(struct pl_tcp *t, enum pl_obj type, unsigned *budget)
{
	const struct pl_mem *m = &t->core->mem;
	pl_id at = 0;

	while (*budget > 0 && pl_mem_is_sparse(m, type)) {
		pl_id next = pl_mem_sparse_object(m, type, at);

		*budget -= 1;
		if (!next && !at)
			return false; /* no slab is worth it */
		if (next && pl_tcp_rec(t, next)->kind != PL_REC_FREE)
			move(t, type, next);
		at = next;
	}
	return pl_mem_is_sparse(m, type);
}

void
pl_tcp_tidy_poll(struct pl_tcp *t, pl_time now, unsigned *budget)
{
	unsigned moves = PL_MIN(MOVES, *budget), before = moves;
	bool more = false;

	if (now < t->tidy_at)
		return;
	for (unsigned i = 0; i < PL_COUNT(types); i++)
		more = tidy_type(t, types[i], &moves) || more;
	*budget -= before - moves;
	t->tidy_at = more ? now + PL_MS(PAUSE_MS) : PL_TIME_NEVER;
}
