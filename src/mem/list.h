/* SPDX-License-Identifier: ISC */
/* Doubly linked lists of arena objects by id: the link is inside the object, its place is told when the list starts. All operations are O(1). */
#ifndef PL_MEM_LIST_H
#define PL_MEM_LIST_H

#include "mem/mem.h"

struct pl_link {
	pl_id next, prev; /* 0: none */
};

struct pl_list {
	pl_id head, tail;
	uint32_t offset; /* of the link in its object */
};

static inline void
pl_list_init(struct pl_list *l, size_t offset)
{
	*l = (struct pl_list){.offset = (uint32_t)offset};
}

static inline struct pl_link *
pl_list_link(const struct pl_mem *m, const struct pl_list *l, pl_id id)
{
	return (struct pl_link *)(void *)((uint8_t *)pl_mem_ptr(m, id) + l->offset);
}

static inline pl_id
pl_list_next(const struct pl_mem *m, const struct pl_list *l, pl_id id)
{
	return pl_list_link(m, l, id)->next;
}

/** Put id, which is in no list, at the end. */
void pl_list_push(const struct pl_mem *m, struct pl_list *l, pl_id id);

/** Take id out of the list that it is in. */
void pl_list_remove(const struct pl_mem *m, struct pl_list *l, pl_id id);

/** An object of the list was copied to `to`, link and all: its neighbours follow. */
void pl_list_moved(const struct pl_mem *m, struct pl_list *l, pl_id to);

/** Move everything of `from` behind the end of l; both link at the same offset. */
void pl_list_append(const struct pl_mem *m, struct pl_list *l, struct pl_list *from);

#endif
