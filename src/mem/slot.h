/* SPDX-License-Identifier: ISC */
/*
 * Handle slots: who is behind a handle, and what it has to be told.
 *
 * A slot is 16 octets. Whoever owns the record raises event bits; the slot then
 * stands in the ready list, at most once, so that the list cannot overflow.
 * Generations count up over the whole stack: a slot that is used again never
 * answers to an old handle.
 */
#ifndef PL_MEM_SLOT_H
#define PL_MEM_SLOT_H

#include "mem/core.h"

enum pl_slot_kind {
	PL_SLOT_FREE,
	PL_SLOT_CONN,
	PL_SLOT_LISTENER,
	PL_SLOT_UDP,
	PL_SLOT_TOMBSTONE,         /* the record is gone: `note` says why; rec is the cookie */
	PL_SLOT_TOMBSTONE_HOLDING, /* the same; rec is what the application still holds, the cookie is there */
};

struct pl_slot {
	uint32_t generation;
	pl_id rec;        /* the record behind it */
	pl_id next_ready; /* in the ready list; itself if last, 0 if not in the list */
	uint16_t bits;    /* PLIM_EV_... not yet told */
	uint8_t kind;     /* enum pl_slot_kind */
	uint8_t note;     /* a positive error number: soft error of a living one, reason of a tombstone */
};

_Static_assert(sizeof(struct pl_slot) == 16, "a handle slot is 16 octets");

/** A slot for a record. 0: refused. */
pl_id pl_slot_open(struct pl_core *c, enum pl_slot_kind kind, pl_id rec);

/** Give a slot back; events not yet told are dropped. */
void pl_slot_close(struct pl_core *c, pl_id slot);

/** The slot behind a handle; NULL if stale. */
struct pl_slot *pl_slot_find(const struct pl_core *c, plim_h h);

plim_h pl_slot_handle(const struct pl_core *c, pl_id slot);

static inline struct pl_slot *
pl_slot_at(const struct pl_core *c, pl_id slot)
{
	return (struct pl_slot *)pl_mem_ptr(&c->mem, slot);
}

/** Something to tell. slot 0 is nobody. */
void pl_slot_raise(struct pl_core *c, pl_id slot, uint32_t bits);

/** The next slot with events, taken out of the list; bits get what there is. 0: none. */
pl_id pl_slot_next_ready(struct pl_core *c, uint32_t *bits);

#endif
