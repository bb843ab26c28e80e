/* SPDX-License-Identifier: ISC */
/*
 * Pieces of the arena for the application (plim_alloc), in a list that its owner
 * holds. Class `app`. A piece knows its owner, so a foreign pointer is found out.
 */
#ifndef PL_MEM_APPMEM_H
#define PL_MEM_APPMEM_H

#include "mem/mem.h"

/** The most that one piece can hold. */
size_t pl_appmem_most(const struct pl_mem *m);

/** A piece of at least `octets`; owner is any number but 0. NULL: refused. *held grows by its real octets. */
void *pl_appmem_alloc(struct pl_mem *m, pl_id *list, uint32_t owner, size_t octets, uint32_t *held);

/** False: p is not a piece of this owner's. */
bool pl_appmem_free(struct pl_mem *m, pl_id *list, uint32_t owner, void *p, uint32_t *held);

/** Free the whole list. */
void pl_appmem_free_all(struct pl_mem *m, pl_id *list);

#endif
