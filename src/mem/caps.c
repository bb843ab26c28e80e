/* SPDX-License-Identifier: ISC */
/* What each class may hold of T, and another T: see mem.h. */
#include "mem/slab.h"

#define LEAST_SLABS 3u

/* A class has types of its own, each in slabs of its own: after T was lowered a small one still gets these. */
static uint64_t
least_cap(const struct pl_mem *m, unsigned cls)
{
	uint64_t of_region = m->size / 100 * m->layout.cap_pct[cls];

	return PL_MIN(of_region, LEAST_SLABS * (uint64_t)m->slab_octets);
}

/* What the static part, which was made for the whole region, takes of a smaller T beyond slack and reserve. */
static uint64_t
static_excess(const struct pl_mem *m)
{
	uint64_t others = m->layout.conn_pct, paid;

	for (unsigned c = 0; c < PLIM_N_CLASSES; c++)
		if (!pl_is_joint(c) && c != PLIM_CLASS_reserve)
			others += m->layout.cap_pct[c];
	paid = others < 100 ? m->target / 100 * (100 - others) : 0;
	return m->target < m->size && m->static_octets > paid ? m->static_octets - paid : 0;
}

void
pl_mem_set_caps(struct pl_mem *m)
{
	for (unsigned c = 0; c < PLIM_N_CLASSES; c++)
		m->cls_cap[c] = PL_MAX(m->target / 100 * m->layout.cap_pct[c], pl_is_joint(c) ? 0 : least_cap(m, c));
	m->cap_conn = m->target / 100 * m->layout.conn_pct;
	m->cap_conn -= PL_MIN(static_excess(m), m->cap_conn / 2);
	for (unsigned c = 0; c < PLIM_N_CLASSES; c++)
		if (pl_is_joint(c) && m->layout.cap_pct[c] == 0)
			m->cls_cap[c] = m->cap_conn;
	m->reserve_left = m->cls_cap[PLIM_CLASS_reserve];
	m->reserve_left -= PL_MIN(m->reserve_static, m->reserve_left / 2);
}

void
pl_mem_charge_reserve(struct pl_mem *m, uint64_t octets)
{
	m->reserve_static += octets;
	pl_mem_set_caps(m);
}

size_t
pl_mem_least_target(const struct pl_mem *m)
{
	return m->size / 4;
}

bool
pl_mem_set_target(struct pl_mem *m, size_t target)
{
	if (target < pl_mem_least_target(m) || target > m->size)
		return false;
	m->may_use = PL_MAX((uint64_t)target, PL_MIN(pl_mem_used(m), m->may_use));
	m->target = target;
	pl_mem_set_caps(m);
	return true;
}
