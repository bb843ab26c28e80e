/* SPDX-License-Identifier: ISC */
/* What the stack is brought from outside: time, chance and one region of memory. */
#ifndef PL_PLATFORM_POSIX_SYS_H
#define PL_PLATFORM_POSIX_SYS_H

#include "base/def.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Nanoseconds of the monotonic clock. */
pl_time pl_posix_now(void);

/** What to add to pl_posix_now() to get nanoseconds since 1970. */
int64_t pl_posix_epoch_offset(void);

/** Fill with unpredictable octets. False: none are to be had. */
bool pl_posix_entropy(void *to, size_t octets);

/** A region of whole pages that take no memory before they are touched. NULL: refused. */
void *pl_posix_region(size_t octets);

/** Give whole pages of the region that hold nothing back to the system, in a bounded number of runs. Returns octets. */
size_t pl_posix_give_back(plim *s);

/** How many processors this process may run on; at least 1. */
unsigned pl_posix_processors(void);

/** Octets of this process that are resident now, and the most there ever were; 0 if not known. */
uint64_t pl_posix_resident(void);
uint64_t pl_posix_resident_peak(void);

#ifdef __cplusplus
}
#endif

#endif
