/* SPDX-License-Identifier: ISC */
/* Taking protections away by name: in test builds (PL_PROVE) only; see mem/prove.h. */
#ifndef PL_STACK_PROVE_H
#define PL_STACK_PROVE_H

#include "base/def.h"

#ifdef PL_PROVE
/** Take one protection away ("interval-cap"). False: no such name. */
PLIM_API bool plim_prove_without(plim *s, const char *name);

/** Refuse each k-th grant of memory from now on, reserve and charges included; 0: none. Returns how many were refused. */
PLIM_API uint64_t plim_prove_refuse_each(plim *s, uint64_t k);

/** Names by number ("interval-cap"); NULL beyond the last. Static storage. */
PLIM_API const char *plim_prove_name(unsigned i);
#endif

#endif
