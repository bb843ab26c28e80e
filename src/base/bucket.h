/* SPDX-License-Identifier: ISC */
/* A token bucket: so many per second, so many at once. */
#ifndef PL_BASE_BUCKET_H
#define PL_BASE_BUCKET_H

#include "base/def.h"

struct pl_bucket {
	uint32_t rate_per_s; /* 0: never */
	uint32_t burst;      /* tokens at most */
	uint64_t credit_ns;  /* time saved up: a token costs 1 s / rate */
	pl_time at;          /* when credit was last brought up to date */
};

void pl_bucket_init(struct pl_bucket *b, uint32_t rate_per_s, uint32_t burst, pl_time now);

/** Take one token. False: none is left. */
bool pl_bucket_take(struct pl_bucket *b, pl_time now);

#endif
