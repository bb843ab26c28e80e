/* SPDX-License-Identifier: ISC */
/*
 * The pressure level in force, 0 to 4. It rises at once, through every level in order; it falls one level at a time,
 * a few points under its threshold and some time after the last change, so that no load can make it swing.
 */
#ifndef PL_MEM_LEVEL_H
#define PL_MEM_LEVEL_H

#include "mem/core.h"

/** What each level adds (docs/governor.md). */
enum pl_level {
	PL_L0, /* RFC defaults, windows grow freely */
	PL_L1, /* no unearned growth, give-back, liveness probes */
	PL_L2, /* right edges held, EAGAIN on send, new connections paced, short deadlines */
	PL_L3, /* windows shrink, text over the limit is refused, eviction */
	PL_L4, /* no new connections, text only for those with next to nothing unread */
};

/** Bring the level up to date with pressure and time, whatever it was before. */
void pl_level_look(struct pl_core *c);

/** The same where something may have changed; and the waterline. */
static inline void
pl_level_update(struct pl_core *c)
{
	if (c->mem.conn_used != c->level_used || (c->level > 0 && c->now - c->level_at >= PL_MS(c->conf.level_down_ms)))
		pl_level_look(c);
}

/** When the level may fall next; PL_TIME_NEVER: only pressure can change it. */
pl_time pl_level_deadline(const struct pl_core *c);

static inline enum pl_level
pl_level(const struct pl_core *c)
{
	return (enum pl_level)c->level;
}

#endif
