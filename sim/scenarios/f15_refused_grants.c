/* SPDX-License-Identifier: ISC */
/*
 * F15: each k-th grant of memory is refused, as if a cap had been met: k from 1000 down to 3, first under the legit load
 * alone, then once more under F07's six disturbances at 30 %. No crash, no legit connection ended, nothing leaked.
 * Needs a build in which grants can be refused: scripts/build.sh prove.
 */
#include "sim/troubles.h"

#include "stack/prove.h"

#define PORT 2000
#define PERCENT 30u
#define STEP PL_SEC(8)

#define N_STEPS 7u

struct refusals {
	struct sim_mix mix;
	uint64_t refused[2 * N_STEPS];
	unsigned step; /* the next one */
};

/* Refuse each k-th from now on, 0: none; how many were refused since the last call. */
static uint64_t
refuse_each(struct sim_run *r, uint64_t k)
{
#ifdef PL_PROVE
	return plim_prove_refuse_each(r->world.server.s, k);
#else
	sim_fail(r, "setup", "this build cannot refuse each %llu-th grant: scripts/build.sh prove",
	         (unsigned long long)k);
	return 0;
#endif
}

/* The grants of one k have passed; on to the next. */
static void
fire(void *ctx)
{
	static const uint64_t each[N_STEPS] = {1000, 300, 100, 30, 10, 5, 3};
	struct sim_run *r = ctx;
	struct refusals *x = r->ctx;
	uint64_t refused = refuse_each(r, x->step < 2 * N_STEPS ? each[x->step % N_STEPS] : 0);

	if (x->step > 0)
		x->refused[x->step - 1] = refused;
	x->step++;
}

static void
prepare(struct sim_run *r)
{
	struct refusals *x = sim_keep(r, sizeof *x);
	pl_time begin = r->begin, half = (r->end - r->begin) / 2;

	sim_pacer_add(&r->raw, 1, r->begin, r->begin + PL_SEC(1), fire, r);
	for (unsigned i = 1; i <= 2 * N_STEPS; i++)
		sim_pacer_add(&r->raw, 1, r->begin + i * STEP, r->begin + i * STEP + PL_SEC(1), fire, r);
	r->begin += half; /* of the mix */
	sim_mix_begin(r, &x->mix, PERCENT, 0, PORT);
	r->begin = begin;
}

static void
at_end(struct sim_run *r)
{
	sim_mix_end(r, &((struct refusals *)r->ctx)->mix);
}

static void
check(struct sim_run *r)
{
	struct refusals *x = r->ctx;

	for (unsigned i = 0; i < 2 * N_STEPS; i++)
		sim_at_least(r, i < N_STEPS ? "refused-LB" : "refused-mix", (double)x->refused[i], 3);
	sim_mix_check(r, &x->mix);
}

const struct sim_scenario sim_f15 = {
	.id = "F15",
	.name = "alloc-fault-injection",
	.pattern = "each k-th grant refused, k from 1000 to 3, under the legit load and under F07's mix",
	.targets = {4},
	.needs_prove = true,
	.any_order = true,
	.duration = 2 * N_STEPS * STEP,
	.prepare = prepare,
	.end = at_end,
	.check = check,
};
