/* SPDX-License-Identifier: ISC */
/* Limits of challenge ACKs: see challenge.h. */
#include "tcp/challenge.h"

#include "base/addr.h"
#include "mem/prove.h"
#include "tcp/table.h"
#include "tcp/tcp.h"

void
pl_tcp_challenges_init(struct pl_tcp *t)
{
	uint64_t rate = t->core->conf.challenge_rate;

	pl_bucket_init(&t->challenges.bucket, (uint32_t)rate, (uint32_t)PL_MAX(rate / 10, 1), t->core->now);
	for (unsigned i = 0; i < PL_CHALLENGE_PLACES; i++)
		t->challenges.last_ms[i] = pl_tcp_ms(t->core->now) - (uint32_t)t->core->conf.challenge_spacing_ms;
}

static bool
take(struct pl_tcp *t, uint32_t *last_ms)
{
	uint32_t now_ms = pl_tcp_ms(t->core->now);

	if (now_ms - *last_ms < t->core->conf.challenge_spacing_ms)
		return false;
	if (!pl_bucket_take(&t->challenges.bucket, t->core->now))
		return false;
	if (pl_rng_next(&t->core->rng) & 1)
		(void)pl_bucket_take(&t->challenges.bucket, t->core->now);
	*last_ms = now_ms;
	return true;
}

bool
pl_tcp_may_challenge(struct pl_tcp *t, const struct pl_tuple *k)
{
	uint64_t place = pl_tcp_table_hash(t, k) >> 32; /* the low bits choose the chain */

	if (PL_WITHOUT(t->core, challenge_limit) || take(t, &t->challenges.last_ms[place % PL_CHALLENGE_PLACES]))
		return true;
	(void)PL_DROP(t->core, tcp_challenge_limited);
	return false;
}
