/* SPDX-License-Identifier: ISC */
/* Events by time: see queue.h. */
#include "sim/queue.h"

#include <stdio.h>
#include <stdlib.h>

#define CHILDREN 4u

bool
sim_queue_init(struct sim_queue *q)
{
	*q = (struct sim_queue){.room = 1024};
	q->heap = malloc(q->room * sizeof *q->heap);
	q->place = calloc(q->room, sizeof *q->place);
	return q->heap != NULL && q->place != NULL;
}

void
sim_queue_free(struct sim_queue *q)
{
	free(q->heap);
	free(q->place);
	*q = (struct sim_queue){0};
}

uint32_t
sim_queue_add_owners(struct sim_queue *q, uint32_t n)
{
	uint32_t first = q->n_owners;

	q->n_owners += n;
	while (q->n_owners > q->room) {
		q->room *= 2;
		q->heap = realloc(q->heap, q->room * sizeof *q->heap);
		q->place = realloc(q->place, q->room * sizeof *q->place);
		if (q->heap == NULL || q->place == NULL) {
			fprintf(stderr, "plim sim: no memory for %u events\n", q->room);
			abort();
		}
	}
	memset(q->place + first, 0, n * sizeof *q->place);
	return first;
}

static bool
is_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->owner < b->owner;
}

static void
put_at(struct sim_queue *q, uint32_t i, struct sim_event e)
{
	q->heap[i] = e;
	q->place[e.owner] = i + 1;
}

static void
sift_up(struct sim_queue *q, uint32_t i, struct sim_event e)
{
	while (i > 0) {
		uint32_t parent = (i - 1) / CHILDREN;

		if (!is_before(&e, &q->heap[parent]))
			break;
		put_at(q, i, q->heap[parent]);
		i = parent;
	}
	put_at(q, i, e);
}

static uint32_t
least_child(const struct sim_queue *q, uint32_t i)
{
	uint32_t first = i * CHILDREN + 1, last = PL_MIN(first + CHILDREN, q->n), least = first;

	for (uint32_t c = first + 1; c < last; c++)
		if (is_before(&q->heap[c], &q->heap[least]))
			least = c;
	return least;
}

static void
sift_down(struct sim_queue *q, uint32_t i, struct sim_event e)
{
	while (i * CHILDREN + 1 < q->n) {
		uint32_t child = least_child(q, i);

		if (!is_before(&q->heap[child], &e))
			break;
		put_at(q, i, q->heap[child]);
		i = child;
	}
	put_at(q, i, e);
}

static void
take_away(struct sim_queue *q, uint32_t i)
{
	struct sim_event last = q->heap[--q->n];

	q->place[q->heap[i].owner] = 0;
	if (i == q->n)
		return;
	if (i > 0 && is_before(&last, &q->heap[(i - 1) / CHILDREN]))
		sift_up(q, i, last);
	else
		sift_down(q, i, last);
}

void
sim_queue_set(struct sim_queue *q, uint32_t owner, pl_time at)
{
	uint32_t place = q->place[owner];
	struct sim_event e = {at, owner};

	if (place == 0) {
		if (at != PL_TIME_NEVER)
			sift_up(q, q->n++, e);
		return;
	}
	if (at == PL_TIME_NEVER)
		take_away(q, place - 1);
	else if (at < q->heap[place - 1].at)
		sift_up(q, place - 1, e);
	else if (at > q->heap[place - 1].at)
		sift_down(q, place - 1, e);
}

void
sim_queue_set_earlier(struct sim_queue *q, uint32_t owner, pl_time at)
{
	if (at < sim_queue_at(q, owner))
		sim_queue_set(q, owner, at);
}

pl_time
sim_queue_at(const struct sim_queue *q, uint32_t owner)
{
	uint32_t place = q->place[owner];

	return place > 0 ? q->heap[place - 1].at : PL_TIME_NEVER;
}

struct sim_event
sim_queue_pop(struct sim_queue *q)
{
	struct sim_event first = q->heap[0];

	take_away(q, 0);
	return first;
}
