/* SPDX-License-Identifier: ISC */
/* Inside the arena: where slabs lie. For the files that make up mem.h, nobody else. */
#ifndef PL_MEM_SLAB_H
#define PL_MEM_SLAB_H

#include "mem/mem.h"

/** From T and what is static: the caps of all classes, the joint cap, what is left of the reserve. */
void pl_mem_set_caps(struct pl_mem *m);

static inline bool
pl_is_joint(unsigned cls)
{
	return cls == PLIM_CLASS_record || cls == PLIM_CLASS_stream || cls == PLIM_CLASS_index || cls == PLIM_CLASS_app;
}

static inline uint8_t *
pl_slab_base(const struct pl_mem *m, uint32_t slab)
{
	return m->region + m->first_octet + ((size_t)slab << m->slab_shift);
}

static inline uint32_t
pl_slab_of(const struct pl_mem *m, pl_id id)
{
	return (uint32_t)(((size_t)id * PL_ID_OCTETS - m->first_octet) >> m->slab_shift);
}

/* n_slabs: every slab of the type is full. */
static inline uint32_t
pl_fullest_part_slab(const struct pl_mem *m, const struct pl_mem_type *ty)
{
	for (int b = PL_SLAB_BANDS - 1; b >= 0; b--)
		if (ty->part[b])
			return ty->part[b] - 1u;
	return m->n_slabs;
}

#endif
