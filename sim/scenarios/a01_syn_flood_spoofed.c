/* SPDX-License-Identifier: ISC */
/* A01: SYNs from addresses all over, never acknowledged, to one listener that legit clients use too. */
#include "sim/troubles.h"

#define RATE 20000u

static void
prepare(struct sim_run *r)
{
	sim_syn_flood(r, RATE, sim_chance_of(r->seed, 20, 1));
}

static void
check(struct sim_run *r)
{
	sim_at_most(r, "syn-class", (double)r->watch.most_by_class[PLIM_CLASS_syn], (double)r->target * 2 / 100);
	sim_at_least(r, "H", r->out->H, 0.95);
	sim_at_least(r, "G", r->out->G, 0.95);
	sim_at_most(r, "T_rec", r->out->T_rec, 5);
	sim_at_least(r, "cookies", (double)r->watch.st.actions[PLIM_ACTION_cookie_sent], 1);
}

const struct sim_scenario sim_a01 = {
	.id = "A01",
	.name = "syn-flood-spoofed",
	.pattern = "20 k SYN/s for 60 s from random sources, never acknowledged, to one listener",
	.targets = {4, 16, 64},
	.is_core = true,
	.proves = {{"syn-cookies", "H"}, {"class-cap", "syn-class"}},
	.prepare = prepare,
	.check = check,
};
