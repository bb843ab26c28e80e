/* SPDX-License-Identifier: ISC */
/*
 * Connections by remote prefix (/24, /64): a fixed table of small counters under a
 * keyed hash, established connections only. A prefix is not an object: two that
 * collide are counted together, and a spoofed SYN counts nowhere.
 */
#ifndef PL_TCP_PREFIX_H
#define PL_TCP_PREFIX_H

#include "mem/core.h"

#define PL_PREFIX_COUNTERS 1024

struct pl_prefixes {
	uint16_t n[PL_PREFIX_COUNTERS]; /* connections; stays at its top */
};

void pl_prefix_enter(struct pl_prefixes *p, const struct pl_core *c, const struct plim_addr *raddr);
void pl_prefix_leave(struct pl_prefixes *p, const struct pl_core *c, const struct plim_addr *raddr);

/** Connections of raddr's prefix (and of those that share its counter). */
unsigned pl_prefix_count(const struct pl_prefixes *p, const struct pl_core *c, const struct plim_addr *raddr);

#endif
