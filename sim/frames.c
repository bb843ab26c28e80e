/* SPDX-License-Identifier: ISC */
/* The pool and the inboxes: see frames.h. */
#include "sim/frames.h"

#include <stdio.h>
#include <stdlib.h>

bool
sim_pool_init(struct sim_pool *p, uint32_t n)
{
	*p = (struct sim_pool){.n = n, .free = SIM_NO_FRAME};
	p->frames = malloc((size_t)n * sizeof *p->frames);
	return p->frames != NULL;
}

void
sim_pool_free(struct sim_pool *p)
{
	free(p->frames);
	*p = (struct sim_pool){0};
}

uint32_t
sim_pool_take(struct sim_pool *p)
{
	uint32_t f = p->free;

	if (f != SIM_NO_FRAME) {
		p->free = p->frames[f].next_free;
	} else if (p->fresh < p->n) {
		f = p->fresh++;
	} else {
		fprintf(stderr, "plim sim: all %u frames are under way: a link without a bound?\n", p->n);
		abort();
	}
	p->live++;
	p->most = PL_MAX(p->most, p->live);
	return f;
}

void
sim_pool_give(struct sim_pool *p, uint32_t frame)
{
	p->frames[frame].next_free = p->free;
	p->free = frame;
	p->live--;
}

void
sim_inbox_free(struct sim_inbox *b)
{
	free(b->heap);
	*b = (struct sim_inbox){0};
}

static bool
is_before(const struct sim_arrival *a, const struct sim_arrival *b)
{
	return a->due != b->due ? a->due < b->due : (int32_t)(a->order - b->order) < 0;
}

static void
grow(struct sim_inbox *b)
{
	if (b->n < b->room)
		return;
	b->room = b->room > 0 ? b->room * 2 : 64;
	b->heap = realloc(b->heap, b->room * sizeof *b->heap);
	if (b->heap == NULL) {
		fprintf(stderr, "plim sim: no memory for %u arrivals\n", b->room);
		abort();
	}
}

void
sim_inbox_put(struct sim_inbox *b, uint32_t frame, pl_time due)
{
	struct sim_arrival a = {due, b->order++, frame};
	uint32_t i;

	grow(b);
	i = b->n++;
	while (i > 0 && is_before(&a, &b->heap[(i - 1) / 4])) {
		b->heap[i] = b->heap[(i - 1) / 4];
		i = (i - 1) / 4;
	}
	b->heap[i] = a;
}

static uint32_t
least_child(const struct sim_inbox *b, uint32_t i)
{
	uint32_t first = i * 4 + 1, last = PL_MIN(first + 4, b->n), least = first;

	for (uint32_t c = first + 1; c < last; c++)
		if (is_before(&b->heap[c], &b->heap[least]))
			least = c;
	return least;
}

struct sim_arrival
sim_inbox_take(struct sim_inbox *b)
{
	struct sim_arrival first = b->heap[0], last = b->heap[--b->n];
	uint32_t i = 0;

	while (i * 4 + 1 < b->n) {
		uint32_t child = least_child(b, i);

		if (!is_before(&b->heap[child], &last))
			break;
		b->heap[i] = b->heap[child];
		i = child;
	}
	if (b->n > 0)
		b->heap[i] = last;
	return first;
}
