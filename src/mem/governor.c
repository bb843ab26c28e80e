/* SPDX-License-Identifier: ISC */
/* Pressure and waterline: see governor.h. */
#include "mem/governor.h"

#include "mem/prove.h"

/* What counts. */
static uint64_t
counted(const struct pl_mem *m)
{
	return PL_MEM_WITHOUT(m, payload_accounting) ? m->cls_live[PLIM_CLASS_stream] : pl_mem_conn_used(m);
}

unsigned
pl_pressure(const struct pl_mem *m)
{
	return (unsigned)(counted(m) * 1000 / m->cap_conn);
}

unsigned
pl_pressure_level(unsigned permille)
{
	return (permille >= 500) + (permille >= 700) + (permille >= 850) + (permille >= 950);
}

uint64_t
pl_waterline(const struct pl_mem *m)
{
	unsigned p = pl_pressure(m), steps, part;
	uint64_t used = counted(m);
	uint64_t left = used < m->cap_conn ? m->cap_conn - used : 0, upper;

	/* alpha = 2^-(1 + 4 x (P - 350) / 500): whole steps are shifts, the rest is linear between them. */
	p = PL_CLAMP(p, 350u, 850u) - 350;
	steps = p / 125;
	part = p % 125;
	upper = left >> (1 + steps);
	return upper - (upper / 2) * part / 125;
}
