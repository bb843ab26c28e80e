/* SPDX-License-Identifier: ISC */
/*
 * Every grant of the arena asks here first. For programs linked with --wrap= for the three functions below; whoever includes
 * this (once in a program) says which grants are refused.
 */
#ifndef TESTS_GRANT_WRAPS_H
#define TESTS_GRANT_WRAPS_H

#include "mem/mem.h"

/* Is the next grant of this class refused? */
static bool grant_is_refused(unsigned cls);

pl_id __real_pl_mem_alloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant);
pl_id __real_pl_mem_calloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant);
uint32_t __real_pl_mem_alloc_some(struct pl_mem *m, enum pl_obj type, enum pl_grant grant, pl_id *ids, uint32_t n);
pl_id __wrap_pl_mem_alloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant);
pl_id __wrap_pl_mem_calloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant);
uint32_t __wrap_pl_mem_alloc_some(struct pl_mem *m, enum pl_obj type, enum pl_grant grant, pl_id *ids, uint32_t n);

pl_id
__wrap_pl_mem_alloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant)
{
	return grant_is_refused(m->types[type].cls) ? 0 : __real_pl_mem_alloc(m, type, grant);
}

pl_id
__wrap_pl_mem_calloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant)
{
	return grant_is_refused(m->types[type].cls) ? 0 : __real_pl_mem_calloc(m, type, grant);
}

uint32_t
__wrap_pl_mem_alloc_some(struct pl_mem *m, enum pl_obj type, enum pl_grant grant, pl_id *ids, uint32_t n)
{
	uint32_t granted = 0;

	while (granted < n && !grant_is_refused(m->types[type].cls))
		granted++;
	return __real_pl_mem_alloc_some(m, type, grant, ids, granted);
}

#endif
