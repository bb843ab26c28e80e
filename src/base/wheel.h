/* SPDX-License-Identifier: ISC */
/*
 * A hierarchical timer wheel: four levels of 64 slots, ticks of 2^20 ns (1.05 ms).
 *
 * Nodes are named by pl_id and live in the arena (12 octets: next, prev, tick).
 * Insert, remove and fire are O(1) amortised; a node moves down a level at most
 * three times. Deadlines beyond 2^24 ticks (4.9 h) wait in the last level and are
 * filed again; beyond 2^31 ticks (26 days) they fire early, at 26 days. A node fires
 * at the first advance at or after its tick; what is set for a time already told
 * fires one tick after that time, so that a run of pl_wheel_expire() always ends.
 */
#ifndef PL_BASE_WHEEL_H
#define PL_BASE_WHEEL_H

#include "base/def.h"

#define PL_WHEEL_LEVELS 4
#define PL_WHEEL_SLOTS 64
#define PL_WHEEL_TICK_SHIFT 20

struct pl_wnode {
	pl_id next;    /* in the slot's list; 0: the last */
	pl_id prev;    /* of the first: which list, see wheel.c */
	uint32_t tick; /* 0: not in the wheel */
};

struct pl_wheel {
	uint64_t now_tick;              /* everything at or before it has fired, or is in `due` */
	uint64_t told_tick;             /* the latest time given; what is set for earlier fires after it */
	pl_id due;                      /* fired, not yet handed out */
	uint64_t used[PL_WHEEL_LEVELS]; /* slots that are not empty */
	pl_id head[PL_WHEEL_LEVELS][PL_WHEEL_SLOTS];
	uint8_t *base;        /* arena: a node is at base + id * PL_ID_OCTETS + node_offset */
	uint32_t node_offset; /* of the pl_wnode in its object */
};

void pl_wheel_init(struct pl_wheel *w, uint8_t *base, uint32_t node_offset, pl_time now);

/** The tick at which a deadline fires: rounded up, never 0. */
uint32_t pl_wheel_tick_of(pl_time at);

/** File id under a deadline, or move it there. PL_TIME_NEVER takes it out. */
void pl_wheel_set(struct pl_wheel *w, pl_id id, pl_time at);

/** Take id out, if it is in. */
void pl_wheel_cancel(struct pl_wheel *w, pl_id id);

bool pl_wheel_is_set(const struct pl_wheel *w, pl_id id);

/** The next node that is due, taken out; 0 if none. Each call costs at most *budget cascaded nodes, which it lowers. */
pl_id pl_wheel_expire(struct pl_wheel *w, pl_time now, unsigned *budget);

/**
 * No node is due before this time; PL_TIME_NEVER if the wheel is empty. At this time a
 * node fires or moves down a level. Once pl_wheel_expire() gave 0 with budget left, it
 * is later than the time told.
 */
pl_time pl_wheel_next(const struct pl_wheel *w);

#endif
