/* SPDX-License-Identifier: ISC */
/* The full walk over the arena's own map, for tests and simulation: does it agree with the accounts? */
#include "mem/mem.h"

static const char *
check_slab(const struct pl_mem *m, uint32_t slab)
{
	const struct pl_slab *s = &m->slabs[slab];
	const struct pl_mem_type *ty = &m->types[s->type];
	uint32_t freed = 0;

	if (s->used == 0 || s->used > ty->per_slab || s->fresh > ty->per_slab)
		return "slab counts out of range";
	for (uint32_t f = s->free; f; freed++) {
		if (f > s->fresh || freed > ty->per_slab)
			return "free list broken";
		f = *(const uint32_t *)(const void *)(m->region + m->first_octet + ((size_t)slab << m->slab_shift) +
		                                      (size_t)(f - 1) * ty->octets);
	}
	return s->used + freed == s->fresh ? NULL : "free list does not add up";
}

static const char *
check_accounts(const struct pl_mem *m, const uint64_t *octets, const uint64_t *live, uint32_t slabs)
{
	uint64_t joint = octets[PLIM_CLASS_record] + octets[PLIM_CLASS_stream] + octets[PLIM_CLASS_index] +
	                 octets[PLIM_CLASS_app] + m->charged;

	if (joint != m->conn_used)
		return "the joint account differs from the walk";
	for (unsigned c = 1; c < PLIM_N_CLASSES; c++) {
		if (octets[c] != m->cls_octets[c] || live[c] != m->cls_live[c])
			return "class account differs from the walk";
	}
	if (slabs != m->slabs_used)
		return "slabs in use differ from the walk";
	return pl_mem_used(m) <= m->may_use ? NULL : "over the target";
}

const char *
pl_mem_check(const struct pl_mem *m)
{
	uint64_t octets[PLIM_N_CLASSES] = {0}, live[PLIM_N_CLASSES] = {0};
	uint32_t slabs = 0, to_offer = 0;

	for (uint32_t i = 0; i < m->fresh_slabs; i++) {
		const struct pl_mem_type *ty = &m->types[m->slabs[i].type];
		const char *why;

		if (m->slabs[i].type == PL_OBJ_none) {
			to_offer += !m->slabs[i].is_offered;
			continue;
		}
		why = check_slab(m, i);
		if (why)
			return why;
		slabs++;
		octets[ty->cls] += m->slab_octets;
		live[ty->cls] += (uint64_t)m->slabs[i].used * ty->octets;
	}
	if (to_offer != m->slabs_to_offer)
		return "free slabs to tell of differ from the walk";
	return check_accounts(m, octets, live, slabs);
}
