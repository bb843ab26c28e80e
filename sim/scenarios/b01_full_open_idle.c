/* SPDX-License-Identifier: ISC */
/* B01: connections from 4000 /24s that finish their handshake and never say anything again. */
#include "sim/troubles.h"

#define PORT 2000
#define SECONDS 120u

enum { COST };

static void
prepare(struct sim_run *r)
{
	sim_idle_arrivals(r, 0, PORT, (uint32_t)sim_by_target(r, 400, 1600, 6400), false);
}

/* Real octets a connection, where there are enough of them to divide by. */
static void
sample(struct sim_run *r)
{
	const struct plim_stats *st = &r->watch.st;
	struct sim_holders now;

	if (st->by_state[PLIM_ESTABLISHED] < 2000 || r->world.now > r->end || r->n_samples % 20 != 0)
		return;
	sim_holders(r, PORT, &now);
	if (now.n > 0)
		r->figure[COST] = PL_MAX(r->figure[COST], (double)now.held / (double)now.n);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 2000);
	sim_at_most(r, "idle-cost", r->figure[COST], 128);
	sim_at_least(r, "G", r->out->G, sim_is_4m(r) ? 0.85 : 0.95);
	sim_at_least(r, "H", r->out->H, 0.90);
	sim_at_most(r, "T_rec", r->out->T_rec, 90);
}

const struct sim_scenario sim_b01 = {
	.id = "B01",
	.name = "full-open-idle",
	.pattern = "400/1 600/6 400 connections/s for 120 s from 4000 /24s, then silent",
	.targets = {4, 16, 64},
	.is_core = true,
	.proves = {{"idle-form", "idle-cost"}, {"liveness-probes", "T_rec"}},
	.duration = PL_SEC(SECONDS),
	.prepare = prepare,
	.sample = sample,
	.check = check,
};
