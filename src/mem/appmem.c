/* SPDX-License-Identifier: ISC */
/* The application's pieces: see appmem.h. */
#include "mem/appmem.h"

struct piece {
	uint32_t free_link; /* the arena's, when freed */
	uint32_t owner;     /* 0: freed */
	pl_id next, prev;
};

static const enum pl_obj types[] = {PL_OBJ_appmem64, PL_OBJ_appmem256, PL_OBJ_appblock};

size_t
pl_appmem_most(const struct pl_mem *m)
{
	return PL_MAX(pl_mem_octets(m, PL_OBJ_appblock), 256u) - sizeof(struct piece);
}

static struct piece *
piece_at(const struct pl_mem *m, pl_id id)
{
	return pl_mem_ptr(m, id);
}

static enum pl_obj
type_for(const struct pl_mem *m, size_t octets)
{
	for (unsigned i = 0; i < PL_COUNT(types); i++)
		if (octets + sizeof(struct piece) <= pl_mem_octets(m, types[i]))
			return types[i];
	return PL_OBJ_none;
}

void *
pl_appmem_alloc(struct pl_mem *m, pl_id *list, uint32_t owner, size_t octets, uint32_t *held)
{
	enum pl_obj type = octets <= pl_appmem_most(m) ? type_for(m, octets) : PL_OBJ_none;
	pl_id id = type ? pl_mem_alloc(m, type, PL_GRANT_NORMAL) : 0;
	struct piece *p;

	if (!id)
		return NULL;
	p = piece_at(m, id);
	*p = (struct piece){.owner = owner, .next = *list};
	if (*list)
		piece_at(m, *list)->prev = id;
	*list = id;
	*held += pl_mem_octets(m, type);
	return p + 1;
}

/* Which type of piece is at p, if any. */
static enum pl_obj
type_at(const struct pl_mem *m, const void *p)
{
	const uint8_t *at = p;

	/* As numbers: a foreign pointer is not in the region. */
	if ((uintptr_t)p < (uintptr_t)m->region + m->first_octet + sizeof(struct piece) ||
	    (uintptr_t)p >= (uintptr_t)m->region + m->size)
		return PL_OBJ_none;
	at -= sizeof(struct piece);
	if ((size_t)(at - m->region) % 8)
		return PL_OBJ_none;
	for (unsigned i = 0; i < PL_COUNT(types); i++)
		if (pl_mem_is_object(m, types[i], pl_mem_id(m, at)))
			return types[i];
	return PL_OBJ_none;
}

static void
unlink_piece(struct pl_mem *m, pl_id *list, struct piece *p)
{
	if (p->next)
		piece_at(m, p->next)->prev = p->prev;
	if (p->prev)
		piece_at(m, p->prev)->next = p->next;
	else
		*list = p->next;
	p->owner = 0;
}

bool
pl_appmem_free(struct pl_mem *m, pl_id *list, uint32_t owner, void *p, uint32_t *held)
{
	enum pl_obj type = type_at(m, p);
	struct piece *piece;

	if (type == PL_OBJ_none)
		return false;
	piece = (struct piece *)p - 1;
	if (piece->owner != owner)
		return false;
	unlink_piece(m, list, piece);
	*held -= pl_mem_octets(m, type);
	pl_mem_free(m, type, pl_mem_id(m, piece));
	return true;
}

void
pl_appmem_free_all(struct pl_mem *m, pl_id *list)
{
	while (*list) {
		struct piece *p = piece_at(m, *list);
		enum pl_obj type = type_at(m, p + 1);

		unlink_piece(m, list, p);
		pl_mem_free(m, type, pl_mem_id(m, p));
	}
}
