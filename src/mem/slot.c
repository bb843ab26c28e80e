/* SPDX-License-Identifier: ISC */
/*
 * Handle slots. The ready list is singly linked with a tail; a slot that closes
 * while it stands there stays as PL_SLOT_FREE until the list reaches it, and is
 * freed then. The list is so never longer than the slots.
 */
#include "mem/slot.h"

static struct pl_slot *
slot_at(const struct pl_core *c, pl_id id)
{
	return pl_mem_ptr(&c->mem, id);
}

pl_id
pl_slot_open(struct pl_core *c, enum pl_slot_kind kind, pl_id rec)
{
	pl_id id = pl_mem_calloc(&c->mem, PL_OBJ_slot, PL_GRANT_NORMAL);
	struct pl_slot *s;

	if (!id)
		return 0;
	s = slot_at(c, id);
	if ((uint32_t)++c->slot_generation == 0)
		c->slot_generation++;
	s->generation = (uint32_t)c->slot_generation;
	s->kind = (uint8_t)kind;
	s->rec = rec;
	return id;
}

static void
free_slot(struct pl_core *c, pl_id id)
{
	slot_at(c, id)->kind = PL_SLOT_FREE;
	slot_at(c, id)->generation = 0;
	pl_mem_free(&c->mem, PL_OBJ_slot, id);
}

void
pl_slot_close(struct pl_core *c, pl_id slot)
{
	struct pl_slot *s;

	if (!slot)
		return;
	s = slot_at(c, slot);
	if (!s->next_ready) {
		free_slot(c, slot);
		return;
	}
	s->kind = PL_SLOT_FREE;
	s->generation = 0;
	s->bits = 0;
}

struct pl_slot *
pl_slot_find(const struct pl_core *c, plim_h h)
{
	struct pl_slot *s;

	if (h.generation == 0 || !pl_mem_is_object(&c->mem, PL_OBJ_slot, h.index))
		return NULL;
	s = slot_at(c, h.index);
	return s->generation == h.generation && s->kind != PL_SLOT_FREE ? s : NULL;
}

plim_h
pl_slot_handle(const struct pl_core *c, pl_id slot)
{
	if (!slot)
		return (plim_h){0, 0};
	return (plim_h){slot, slot_at(c, slot)->generation};
}

void
pl_slot_raise(struct pl_core *c, pl_id slot, uint32_t bits)
{
	struct pl_slot *s;

	if (!slot)
		return;
	s = slot_at(c, slot);
	s->bits |= (uint16_t)bits;
	if (s->next_ready)
		return;
	s->next_ready = slot;
	if (c->ready_tail)
		slot_at(c, c->ready_tail)->next_ready = slot;
	else
		c->ready_head = slot;
	c->ready_tail = slot;
}

pl_id
pl_slot_next_ready(struct pl_core *c, uint32_t *bits)
{
	while (c->ready_head) {
		pl_id id = c->ready_head;
		struct pl_slot *s = slot_at(c, id);

		c->ready_head = s->next_ready == id ? 0 : s->next_ready;
		if (!c->ready_head)
			c->ready_tail = 0;
		s->next_ready = 0;
		if (s->kind == PL_SLOT_FREE) {
			free_slot(c, id);
			continue;
		}
		*bits = s->bits;
		s->bits = 0;
		return id;
	}
	return 0;
}
