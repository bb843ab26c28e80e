/* SPDX-License-Identifier: ISC */
/* B02: as B01, but the peers answer every probe: only what a connection is good for tells it from an honest one. */
#include "sim/troubles.h"

#define PORT 2000
#define RATE 1600u
#define SECONDS 120u

static void
prepare(struct sim_run *r)
{
	sim_idle_arrivals(r, 0, PORT, RATE, true);
}

/* Ended below level 3, though it answers. */
static void
sample(struct sim_run *r)
{
	if (r->watch.most_level < 3)
		r->number[0] = r->service[0]->told_error;
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 20000);
	sim_at_most(r, "killed-before-L3", (double)r->number[0], 0);
	sim_at_least(r, "G", r->out->G, 0.95);
	sim_at_least(r, "H", r->out->H, 0.80);
}

const struct sim_scenario sim_b02 = {
	.id = "B02",
	.name = "keepalive-proof-idle",
	.pattern = "1 600 connections/s for 120 s that answer every probe and never send data",
	.targets = {16},
	.is_core = true,
	.proves = {{"eviction", "H"}},
	.duration = PL_SEC(SECONDS),
	.prepare = prepare,
	.sample = sample,
	.end = sim_end_vanish,
	.check = check,
};
