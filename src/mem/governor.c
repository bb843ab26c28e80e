/* SPDX-License-Identifier: ISC */
/* Pressure and waterline: see governor.h. */
#include "mem/governor.h"

#include "mem/prove.h"

#define PARTS 125u

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

/* One step more each span thousandths from start on, in parts of a step. */
static unsigned
steps_of(unsigned p, unsigned start, unsigned end, unsigned span, unsigned parts)
{
	return (PL_CLAMP(p, start, end) - start) * parts / span;
}

uint64_t
pl_waterline(const struct pl_mem *m)
{
	unsigned p = pl_pressure(m), parts;
	uint64_t used = counted(m);
	uint64_t left = used < m->cap_conn ? m->cap_conn - used : 0, upper;

	/* alpha = 2^-(1 + steps): whole steps are shifts, the rest is linear between them. */
	parts = steps_of(p, 350, 850, 125, PARTS) + steps_of(p, 850, 950, 25, PARTS);
	upper = left >> (1 + parts / PARTS);
	return upper - (upper / 2) * (parts % PARTS) / PARTS;
}
