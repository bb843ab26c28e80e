/* SPDX-License-Identifier: ISC */
/*
 * Frames under way: a pool of equal slots, and inboxes that give them out by the time they arrive.
 *
 * A slot is free, or with exactly one owner: who builds it, or the inbox it lies in. No allocation per frame; pages of
 * slots that were never used are not touched.
 */
#ifndef SIM_FRAMES_H
#define SIM_FRAMES_H

#include "base/def.h"

#define SIM_FRAME_ROOM 1528u /* 14 + 1500 and what rounds it up */
#define SIM_NO_FRAME UINT32_MAX

struct sim_frame {
	uint32_t len;
	uint32_t next_free;
	uint8_t data[SIM_FRAME_ROOM];
};

struct sim_pool {
	struct sim_frame *frames;
	uint32_t n, fresh, free, live, most;
};

bool sim_pool_init(struct sim_pool *p, uint32_t n);
void sim_pool_free(struct sim_pool *p);

/** A slot. There is always one: the links bound what is under way, and a pool that is too small is our own fault. */
uint32_t sim_pool_take(struct sim_pool *p);
void sim_pool_give(struct sim_pool *p, uint32_t frame);

/* Arrivals at one place, first the earliest, of equal times the one put first. */
struct sim_arrival {
	pl_time due;
	uint32_t order;
	uint32_t frame;
};

struct sim_inbox {
	struct sim_arrival *heap;
	uint32_t n, room, order;
};

void sim_inbox_free(struct sim_inbox *b);
void sim_inbox_put(struct sim_inbox *b, uint32_t frame, pl_time due);

static inline pl_time
sim_inbox_due(const struct sim_inbox *b)
{
	return b->n > 0 ? b->heap[0].due : PL_TIME_NEVER;
}

/** Take the first arrival. There must be one. */
struct sim_arrival sim_inbox_take(struct sim_inbox *b);

#endif
