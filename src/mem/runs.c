/* SPDX-License-Identifier: ISC */
/* Going through the slabs: all objects of a type, sparse slabs worth emptying, free runs to give back. See mem.h. */
#include "mem/slab.h"

#define RUN_EDGE 65536u /* no page is larger where it matters */
#define RUN_SCAN 4096u  /* slabs looked at in one call */

pl_id
pl_mem_walk(const struct pl_mem *m, enum pl_obj type, pl_id after)
{
	uint32_t slab = 0, object = 0;

	if (after && (size_t)after * PL_ID_OCTETS >= m->first_octet) {
		slab = pl_slab_of(m, after);
		if (slab < m->fresh_slabs && m->slabs[slab].type == type)
			object = (uint32_t)(((uint8_t *)pl_mem_ptr(m, after) - pl_slab_base(m, slab)) /
			                    m->types[type].octets) +
			         1;
		else
			slab++;
	}
	for (; slab < m->fresh_slabs; slab++, object = 0)
		if (m->slabs[slab].type == type && object < m->slabs[slab].fresh)
			return pl_mem_id(m, pl_slab_base(m, slab) + (size_t)object * m->types[type].octets);
	return 0;
}

/* ---- sparse slabs ---- */

bool
pl_mem_is_sparse(const struct pl_mem *m, enum pl_obj type)
{
	const struct pl_mem_type *ty = &m->types[type];

	return (uint64_t)ty->slabs * ty->per_slab > 2 * ((uint64_t)ty->live + ty->per_slab);
}

/* A sparse slab whose objects would find a place in another one: n_slabs if none. */
static uint32_t
sparsest_slab(const struct pl_mem *m, const struct pl_mem_type *ty)
{
	uint16_t first = ty->part[0];

	if (!first)
		return m->n_slabs;
	if (m->slabs[first - 1].next)
		return m->slabs[first - 1].next - 1u;
	return pl_fullest_part_slab(m, ty) != first - 1u ? first - 1u : m->n_slabs;
}

pl_id
pl_mem_sparse_object(const struct pl_mem *m, enum pl_obj type, pl_id after)
{
	const struct pl_mem_type *ty = &m->types[type];
	uint32_t slab = sparsest_slab(m, ty), object = 0;

	if (slab == m->n_slabs)
		return 0;
	if (after && pl_slab_of(m, after) == slab)
		object = (uint32_t)(((uint8_t *)pl_mem_ptr(m, after) - pl_slab_base(m, slab)) / ty->octets) + 1;
	return object < m->slabs[slab].fresh ? pl_mem_id(m, pl_slab_base(m, slab) + (size_t)object * ty->octets) : 0;
}

/* ---- free runs ---- */

static bool
is_free(const struct pl_mem *m, uint32_t slab)
{
	return slab < m->fresh_slabs && m->slabs[slab].type == PL_OBJ_none;
}

static bool
is_to_offer(const struct pl_mem *m, uint32_t slab)
{
	return is_free(m, slab) && !m->slabs[slab].is_offered;
}

/* The run around a slab that is to be offered; *slab moves behind it. */
static struct plim_span
offer_run(struct pl_mem *m, uint32_t *slab)
{
	uint32_t edge = (uint32_t)PL_MAX(RUN_EDGE >> m->slab_shift, 1u), first = *slab, end = *slab, last_new = *slab;

	while (first > 0 && *slab - first < edge && is_free(m, first - 1))
		first--;
	for (; is_free(m, end) && end - last_new <= edge; end++) {
		if (!is_to_offer(m, end))
			continue;
		m->slabs[end].is_offered = true;
		m->slabs_to_offer--;
		last_new = end;
	}
	*slab = end;
	return (struct plim_span){pl_slab_base(m, first), (size_t)(end - first) << m->slab_shift};
}

size_t
pl_mem_free_runs(struct pl_mem *m, uint32_t *cursor, struct plim_span *runs, size_t n)
{
	uint32_t slab = *cursor, until = m->fresh_slabs;
	size_t done = 0;

	if (slab < until && until - slab > RUN_SCAN)
		until = slab + RUN_SCAN;
	while (done < n && slab < until && m->slabs_to_offer > 0) {
		if (is_to_offer(m, slab))
			runs[done++] = offer_run(m, &slab);
		else
			slab++;
	}
	*cursor = slab < m->fresh_slabs && m->slabs_to_offer > 0 ? slab : 0;
	return done;
}
