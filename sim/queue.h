/* SPDX-License-Identifier: ISC */
/*
 * Events by time: each owner (a host, a peer, a pacer) has at most one, which it may move. Of equal times the lower
 * owner comes first, so that the order is the same in every run.
 *
 * A heap of four children a node beside each owner's place in it. Every operation is O(log n).
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include "base/def.h"

struct sim_event {
	pl_time at;
	uint32_t owner;
};

struct sim_queue {
	struct sim_event *heap;
	uint32_t *place; /* of an owner: index in the heap + 1, 0: no event */
	uint32_t n, n_owners, room;
};

/** False: no memory. */
bool sim_queue_init(struct sim_queue *q);
void sim_queue_free(struct sim_queue *q);

/** Make room for n more owners; returns the first one's number. Ends the program where there is no memory. */
uint32_t sim_queue_add_owners(struct sim_queue *q, uint32_t n);

/** When the owner's event comes; PL_TIME_NEVER takes it away. */
void sim_queue_set(struct sim_queue *q, uint32_t owner, pl_time at);

/** The owner's event is at this time or earlier. */
void sim_queue_set_earlier(struct sim_queue *q, uint32_t owner, pl_time at);

pl_time sim_queue_at(const struct sim_queue *q, uint32_t owner);

/** The first event's time; PL_TIME_NEVER if there is none. */
static inline pl_time
sim_queue_next(const struct sim_queue *q)
{
	return q->n > 0 ? q->heap[0].at : PL_TIME_NEVER;
}

/** Take the first event. There must be one. */
struct sim_event sim_queue_pop(struct sim_queue *q);

#endif
