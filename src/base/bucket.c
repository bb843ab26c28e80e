/* SPDX-License-Identifier: ISC */
/* A token bucket: see bucket.h. Counts saved-up time, so that no token is lost to rounding and nothing is divided per take. */
#include "base/bucket.h"

static uint64_t
token_cost_ns(const struct pl_bucket *b)
{
	return PL_MAX(1000000000u / b->rate_per_s, 1u);
}

void
pl_bucket_init(struct pl_bucket *b, uint32_t rate_per_s, uint32_t burst, pl_time now)
{
	*b = (struct pl_bucket){.rate_per_s = rate_per_s, .burst = PL_MAX(burst, 1u), .at = now};
	if (rate_per_s > 0)
		b->credit_ns = b->burst * token_cost_ns(b);
}

bool
pl_bucket_take(struct pl_bucket *b, pl_time now)
{
	uint64_t cost, most;

	if (b->rate_per_s == 0)
		return false;
	cost = token_cost_ns(b);
	most = b->burst * cost;
	if (now > b->at) {
		/* most - credit never underflows; a gap of years does not overflow */
		b->credit_ns += PL_MIN(now - b->at, most - b->credit_ns);
		b->at = now;
	}
	if (b->credit_ns < cost)
		return false;
	b->credit_ns -= cost;
	return true;
}
