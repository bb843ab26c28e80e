/* SPDX-License-Identifier: ISC */
/* Windows open again: see reopen.h. */
#include "tcp/reopen.h"

#include "tcp/form.h"
#include "tcp/limit.h"
#include "tcp/reply.h"
#include "tcp/state.h"
#include "tcp/window.h"

#define TICK_MS 1u
#define LOOK 64u   /* records looked at in a tick */
#define UPDATES 4u /* windows opened in a tick */

static const enum pl_obj types[] = {PL_OBJ_conn4, PL_OBJ_conn6};

/* The first time round windows that are shut, the second time those too small for a segment. */
static uint32_t
most_left(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	return t->reopen.pass == 0 ? 0 : c->smss - 1u;
}

static bool
must_open(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	return pl_tcp_is_receiving(c->rec.state) && pl_tcp_window_told(c) <= most_left(t, c) &&
	       pl_tcp_must_update_window(t, c);
}

/* The hand's next record; NULL: a pass, or all of them, are over. */
static struct pl_tcp_rec *
next_record(struct pl_tcp *t)
{
	struct pl_tcp_reopen *r = &t->reopen;

	r->cursor = pl_mem_walk(&t->core->mem, types[r->type], r->cursor);
	if (r->cursor)
		return pl_tcp_rec(t, r->cursor);
	if (++r->type == PL_COUNT(types)) {
		r->type = 0;
		r->pass++;
	}
	return NULL;
}

void
pl_tcp_reopen_begin(struct pl_tcp *t)
{
	t->reopen = (struct pl_tcp_reopen){.next = t->core->now};
}

void
pl_tcp_reopen_poll(struct pl_tcp *t, pl_time now, unsigned *budget)
{
	unsigned updates = UPDATES;

	if (now < t->reopen.next)
		return;
	t->reopen.next = now + PL_MS(TICK_MS);
	for (unsigned look = PL_MIN(LOOK, *budget); look > 0 && updates > 0; look--) {
		struct pl_tcp_rec *r = next_record(t);
		struct pl_tcp_conn *c = (struct pl_tcp_conn *)r;

		*budget -= 1;
		PL_WORK(t->core, 1);
		if (t->reopen.pass == 2) {
			t->reopen.next = PL_TIME_NEVER;
			return;
		}
		if (!r || r->kind != PL_REC_CONN || !must_open(t, c))
			continue;
		pl_tcp_trace(t, c, PLIM_ACTION_window_reopened, pl_tcp_rcv_limit(t, c), 0);
		pl_tcp_ack_now(t, c, NULL);
		updates--;
	}
}
