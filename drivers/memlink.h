/* SPDX-License-Identifier: ISC */
/*
 * A link in memory between two ends, each of them a driver; each direction is a pl_impair.
 *
 * pl_wrap puts the same troubles on any other driver, in both directions.
 */
#ifndef PL_DRIVERS_MEMLINK_H
#define PL_DRIVERS_MEMLINK_H

#include "drivers/driver.h"
#include "drivers/impair.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pl_memlink_end {
	struct pl_driver driver;
	struct pl_impair *to;   /* what this end sends */
	struct pl_impair *from; /* what it receives */
};

struct pl_memlink {
	struct pl_impair dir[2]; /* 0: from end 0 to end 1 */
	struct pl_memlink_end end[2];
};

/** Octets of memory for a link of this MTU; gso_octets > 0 lets super-frames pass. */
size_t pl_memlink_octets(const struct pl_impair_config *config, uint16_t mtu, uint32_t gso_octets);

/** Start a link; both directions are alike, with seeds of their own. Memory (aligned to 8) stays the caller's. */
void pl_memlink_init(struct pl_memlink *l, const struct pl_impair_config *config, uint16_t mtu, uint32_t gso_octets,
                     void *memory);

struct pl_wrap {
	struct pl_driver driver;
	struct pl_driver *inner;
	struct pl_impair in, out;
};

/** Octets of memory for a wrapper around this driver. */
size_t pl_wrap_octets(const struct pl_driver *inner, const struct pl_impair_config *config);

/** Wrap a driver. Memory (aligned to 8) stays the caller's. Closing the wrapper closes the driver inside. */
void pl_wrap_init(struct pl_wrap *w, struct pl_driver *inner, const struct pl_impair_config *config, void *memory);

#ifdef __cplusplus
}
#endif

#endif
