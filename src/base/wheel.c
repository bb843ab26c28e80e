/* SPDX-License-Identifier: ISC */
/*
 * The timer wheel: see wheel.h.
 *
 * Let T = now_tick + 1, the next tick to be entered. A node with deadline t (>= T)
 * stands in level l when t - T < 64^(l+1), in slot (t / 64^l) mod 64. A slot of level
 * l > 0 is emptied into the levels below when the tick that begins it is entered. So at
 * any time the slots of level l stand for the 64 numbers from ceil(T / 64^l) on, and
 * the first used one is found with one rotation and one bit scan.
 *
 * A tick is entered only once its cascades are done; a budget that ends in the middle
 * leaves now_tick where it was, and the rest is done by the next call.
 *
 * The first node of a list has as `prev` the list's number with all high bits set:
 * such ids would lie beyond 32 GiB less 4 KiB.
 */
#include "base/wheel.h"

#define LIST_FIRST 0xfffffe00u /* + level * 64 + slot */
#define LIST_DUE (LIST_FIRST + PL_WHEEL_LEVELS * PL_WHEEL_SLOTS)
#define SPAN_SHIFT(level) (6u * (level))
#define MAX_AHEAD ((uint64_t)INT32_MAX)

static struct pl_wnode *
node(const struct pl_wheel *w, pl_id id)
{
	return (struct pl_wnode *)(void *)(w->base + (size_t)id * PL_ID_OCTETS + w->node_offset);
}

static uint64_t
tick64_of(pl_time at)
{
	return (at >> PL_WHEEL_TICK_SHIFT) + ((at & ((1u << PL_WHEEL_TICK_SHIFT) - 1)) != 0);
}

uint32_t
pl_wheel_tick_of(pl_time at)
{
	uint32_t tick = (uint32_t)tick64_of(at);

	return tick ? tick : 1;
}

void
pl_wheel_init(struct pl_wheel *w, uint8_t *base, uint32_t node_offset, pl_time now)
{
	memset(w, 0, sizeof *w);
	w->base = base;
	w->node_offset = node_offset;
	w->now_tick = now >> PL_WHEEL_TICK_SHIFT;
	w->told_tick = w->now_tick;
}

static void
push(struct pl_wheel *w, pl_id *head, pl_id list, pl_id id)
{
	struct pl_wnode *n = node(w, id);

	n->prev = list;
	n->next = *head;
	if (n->next)
		node(w, n->next)->prev = id;
	*head = id;
}

static void
file(struct pl_wheel *w, pl_id id, uint64_t tick)
{
	uint64_t ahead = tick - (w->now_tick + 1);
	unsigned level = 0, slot;

	if (ahead >> SPAN_SHIFT(PL_WHEEL_LEVELS)) {
		ahead = (UINT64_C(1) << SPAN_SHIFT(PL_WHEEL_LEVELS)) - 1;
		tick = w->now_tick + 1 + ahead;
	}
	while (ahead >> SPAN_SHIFT(level + 1))
		level++;
	slot = (unsigned)(tick >> SPAN_SHIFT(level)) % PL_WHEEL_SLOTS;
	push(w, &w->head[level][slot], LIST_FIRST + level * PL_WHEEL_SLOTS + slot, id);
	w->used[level] |= UINT64_C(1) << slot;
}

static void
unlink_first(struct pl_wheel *w, const struct pl_wnode *n)
{
	unsigned list = n->prev - LIST_FIRST, level = list / PL_WHEEL_SLOTS, slot = list % PL_WHEEL_SLOTS;

	if (n->next)
		node(w, n->next)->prev = n->prev;
	if (n->prev == LIST_DUE) {
		w->due = n->next;
		return;
	}
	w->head[level][slot] = n->next;
	if (n->next == 0)
		w->used[level] &= ~(UINT64_C(1) << slot);
}

static void
take_out(struct pl_wheel *w, pl_id id)
{
	struct pl_wnode *n = node(w, id);

	if (n->prev >= LIST_FIRST) {
		unlink_first(w, n);
		return;
	}
	node(w, n->prev)->next = n->next;
	if (n->next)
		node(w, n->next)->prev = n->prev;
}

void
pl_wheel_set(struct pl_wheel *w, pl_id id, pl_time at)
{
	uint64_t tick = tick64_of(at);

	pl_wheel_cancel(w, id);
	if (at == PL_TIME_NEVER)
		return;
	tick = PL_MAX(tick, w->told_tick + 1);
	tick = PL_MIN(tick, w->now_tick + MAX_AHEAD);
	tick += (uint32_t)tick == 0; /* 0 says: not in the wheel */
	node(w, id)->tick = (uint32_t)tick;
	file(w, id, tick);
}

void
pl_wheel_cancel(struct pl_wheel *w, pl_id id)
{
	struct pl_wnode *n = node(w, id);

	if (n->tick == 0)
		return;
	take_out(w, id);
	n->tick = 0;
}

bool
pl_wheel_is_set(const struct pl_wheel *w, pl_id id)
{
	return node(w, id)->tick != 0;
}

/* The first tick >= now_tick + 1 that fires or cascades something. False: the wheel is empty. */
static bool
next_tick(const struct pl_wheel *w, uint64_t *tick)
{
	uint64_t best = UINT64_MAX;

	for (unsigned level = 0; level < PL_WHEEL_LEVELS; level++) {
		uint64_t first = (w->now_tick + (UINT64_C(1) << SPAN_SHIFT(level))) >> SPAN_SHIFT(level);
		unsigned turn = (unsigned)first % PL_WHEEL_SLOTS;
		uint64_t used = w->used[level];

		if (used == 0)
			continue;
		used = turn ? used >> turn | used << (PL_WHEEL_SLOTS - turn) : used;
		best = PL_MIN(best, (first + (unsigned)__builtin_ctzll(used)) << SPAN_SHIFT(level));
	}
	*tick = best;
	return best != UINT64_MAX;
}

/* Empty the slots that begin at tick into the levels below. False: the budget ended first. */
static bool
cascade(struct pl_wheel *w, uint64_t tick, unsigned *budget)
{
	for (unsigned level = PL_WHEEL_LEVELS - 1; level > 0; level--) {
		unsigned slot = (unsigned)(tick >> SPAN_SHIFT(level)) % PL_WHEEL_SLOTS;
		pl_id id;

		if (tick & ((UINT64_C(1) << SPAN_SHIFT(level)) - 1))
			continue;
		while ((id = w->head[level][slot]) != 0) {
			if (*budget == 0)
				return false;
			--*budget;
			take_out(w, id);
			file(w, id, w->now_tick + (uint32_t)(node(w, id)->tick - (uint32_t)w->now_tick));
		}
	}
	return true;
}

/* Enter a tick whose cascades are done: what stands in its slot is due. */
static void
enter(struct pl_wheel *w, uint64_t tick)
{
	unsigned slot = (unsigned)tick % PL_WHEEL_SLOTS;

	PL_ASSERT(w->due == 0);
	w->due = w->head[0][slot];
	if (w->due)
		node(w, w->due)->prev = LIST_DUE;
	w->head[0][slot] = 0;
	w->used[0] &= ~(UINT64_C(1) << slot);
	w->now_tick = tick;
}

static pl_id
pop_due(struct pl_wheel *w)
{
	pl_id id = w->due;

	unlink_first(w, node(w, id));
	node(w, id)->tick = 0;
	return id;
}

pl_id
pl_wheel_expire(struct pl_wheel *w, pl_time now, unsigned *budget)
{
	uint64_t tick;

	w->told_tick = PL_MAX(w->told_tick, now >> PL_WHEEL_TICK_SHIFT);
	while (w->due == 0) {
		if (!next_tick(w, &tick) || tick > w->told_tick) {
			w->now_tick = w->told_tick;
			return 0;
		}
		w->now_tick = tick - 1;
		if (!cascade(w, tick, budget))
			return 0;
		enter(w, tick);
	}
	return pop_due(w);
}

pl_time
pl_wheel_next(const struct pl_wheel *w)
{
	uint64_t tick;

	if (w->due)
		return w->now_tick << PL_WHEEL_TICK_SHIFT;
	return next_tick(w, &tick) ? tick << PL_WHEEL_TICK_SHIFT : PL_TIME_NEVER;
}
