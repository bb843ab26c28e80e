/* SPDX-License-Identifier: ISC */
/*
 * Refusing every k-th grant, as if a cap had been met (stack/prove.h): test builds only. In any other build
 * PL_MEM_REFUSES() is false and nothing of this is compiled.
 */
#ifndef PL_MEM_REFUSE_H
#define PL_MEM_REFUSE_H

#include "mem/mem.h"

#ifdef PL_PROVE
static inline bool
pl_mem_refuses(struct pl_mem *m)
{
	return m->refuse_each > 0 && ++m->asked % m->refuse_each == 0;
}
#define PL_MEM_REFUSES(m) pl_mem_refuses(m)
#else
#define PL_MEM_REFUSES(m) false
#endif

#endif
