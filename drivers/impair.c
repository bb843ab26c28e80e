/* SPDX-License-Identifier: ISC */
/* A bad link in one direction: a heap of copied frames ordered by arrival time. */
#include "drivers/impair.h"

#include <string.h>

#define PPM 1000000u
#define DEFAULT_QUEUE 256
#define DEFAULT_REORDER_NS PL_US(300)

static uint32_t
slot_octets(const struct pl_impair_config *c)
{
	return PL_ALIGN_UP(c->frame_octets + 2u, 8u); /* 2 in front: the IP header is then aligned */
}

static uint32_t
queue_limit(const struct pl_impair_config *c)
{
	return c->queue_limit != 0 ? c->queue_limit : DEFAULT_QUEUE;
}

/* Frames lent out still hold their slots, so there are as many slots more. */
static uint32_t
slot_count(const struct pl_impair_config *c)
{
	return queue_limit(c) + PL_COUNT(((struct pl_impair *)0)->lent);
}

size_t
pl_impair_octets(const struct pl_impair_config *c)
{
	size_t heap = queue_limit(c) * sizeof(struct pl_impair_entry);
	size_t list = PL_ALIGN_UP(slot_count(c) * sizeof(uint32_t), 8u);

	return heap + list + (size_t)slot_count(c) * slot_octets(c);
}

void
pl_impair_init(struct pl_impair *q, const struct pl_impair_config *config, void *memory)
{
	uint8_t *p = memory;

	memset(q, 0, sizeof(*q));
	q->config = *config;
	q->config.queue_limit = queue_limit(config);
	if (q->config.reorder_ns == 0)
		q->config.reorder_ns = DEFAULT_REORDER_NS;
	q->random = config->seed;
	q->heap = (struct pl_impair_entry *)(void *)p;
	p += q->config.queue_limit * sizeof(struct pl_impair_entry);
	q->free_slots = (uint32_t *)(void *)p;
	p += PL_ALIGN_UP(slot_count(config) * sizeof(uint32_t), 8u);
	q->slots = p;
	q->n_free = slot_count(config);
	for (uint32_t i = 0; i < q->n_free; i++)
		q->free_slots[i] = q->n_free - 1 - i;
}

/* SplitMix64. */
static uint64_t
next_random(struct pl_impair *q)
{
	uint64_t z = q->random += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* A number is drawn even for odds of zero, so that one setting does not shift the chances of another. */
static bool
happens(struct pl_impair *q, uint32_t ppm)
{
	return next_random(q) % PPM < ppm;
}

static bool
is_before(const struct pl_impair_entry *a, const struct pl_impair_entry *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void
heap_push(struct pl_impair *q, struct pl_impair_entry e)
{
	uint32_t i = q->n_heap++;

	while (i > 0 && is_before(&e, &q->heap[(i - 1) / 2])) {
		q->heap[i] = q->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	q->heap[i] = e;
}

static struct pl_impair_entry
heap_pop(struct pl_impair *q)
{
	struct pl_impair_entry top = q->heap[0], last = q->heap[--q->n_heap];
	uint32_t i = 0;

	for (;;) {
		uint32_t child = 2 * i + 1;
		if (child + 1 < q->n_heap && is_before(&q->heap[child + 1], &q->heap[child]))
			child++;
		if (child >= q->n_heap || !is_before(&q->heap[child], &last))
			break;
		q->heap[i] = q->heap[child];
		i = child;
	}
	q->heap[i] = last;
	return top;
}

/* When a frame of this length has left the line, sharing it with those before it. */
static pl_time
after_line(struct pl_impair *q, uint32_t len, pl_time now)
{
	if (q->config.rate_bps == 0)
		return now;
	q->line_free = PL_MAX(q->line_free, now) + (uint64_t)len * 8 * PL_SEC(1) / q->config.rate_bps;
	return q->line_free;
}

static uint8_t *
slot_data(const struct pl_impair *q, uint32_t slot)
{
	return q->slots + (size_t)slot * slot_octets(&q->config) + 2;
}

static void
enqueue(struct pl_impair *q, const struct plim_frame *f, pl_time due, uint32_t turned_bit)
{
	if (q->n_heap >= q->config.queue_limit || q->n_free == 0 || f->len > q->config.frame_octets) {
		q->counts.dropped++;
		return;
	}
	struct pl_impair_entry e = {
		.due = due,
		.order = q->order++,
		.slot = q->free_slots[--q->n_free],
		.len = f->len,
		.gso_size = f->gso_size,
		.csum_start = f->csum_start,
		.csum_offset = f->csum_offset,
		.hdr_len = f->hdr_len,
		.flags = f->flags,
	};
	uint8_t *data = slot_data(q, e.slot);
	memcpy(data, f->data, f->len);
	if (turned_bit != UINT32_MAX)
		data[turned_bit / 8] ^= (uint8_t)(1u << (turned_bit % 8));
	heap_push(q, e);
}

void
pl_impair_put(struct pl_impair *q, const struct plim_frame *f, pl_time now)
{
	const struct pl_impair_config *c = &q->config;
	bool lost = happens(q, c->loss_ppm), reordered = happens(q, c->reorder_ppm);
	bool doubled = happens(q, c->duplicate_ppm), corrupt = happens(q, c->corrupt_ppm);
	uint32_t bit = UINT32_MAX;

	q->counts.in++;
	if (lost) {
		q->counts.lost++;
		return;
	}
	pl_time due = after_line(q, f->len, now) + c->delay_ns;
	if (corrupt && f->len > 0)
		bit = (uint32_t)(next_random(q) % ((uint64_t)f->len * 8));
	q->counts.corrupted += corrupt;
	q->counts.reordered += reordered;
	q->counts.duplicated += doubled;
	enqueue(q, f, reordered ? due + c->reorder_ns : due, bit);
	if (doubled)
		enqueue(q, f, due, UINT32_MAX);
}

static void
give_back_lent(struct pl_impair *q)
{
	while (q->n_lent > 0)
		q->free_slots[q->n_free++] = q->lent[--q->n_lent];
}

int
pl_impair_take(struct pl_impair *q, struct plim_frame *frames, int n, pl_time now)
{
	int got = 0;

	give_back_lent(q);
	n = PL_MIN(n, (int)PL_COUNT(q->lent));
	while (got < n && q->n_heap > 0 && q->heap[0].due <= now) {
		struct pl_impair_entry e = heap_pop(q);
		q->lent[q->n_lent++] = e.slot;
		frames[got++] = (struct plim_frame){
			.data = slot_data(q, e.slot),
			.len = e.len,
			.flags = e.flags,
			.gso_size = e.gso_size,
			.csum_start = e.csum_start,
			.csum_offset = e.csum_offset,
			.hdr_len = e.hdr_len,
		};
	}
	q->counts.out += (uint64_t)got;
	return got;
}

pl_time
pl_impair_due(const struct pl_impair *q)
{
	return q->n_heap > 0 ? q->heap[0].due : PL_TIME_NEVER;
}
