/* SPDX-License-Identifier: ISC */
/* F07: A01, B02, B07, C01, D07 and E01 at the same time, each at 30 % of its rate. */
#include "sim/troubles.h"

#define PORT 2000
#define PERCENT 30u

static void
prepare(struct sim_run *r)
{
	sim_mix_begin(r, sim_keep(r, sizeof(struct sim_mix)), PERCENT, 0, PORT);
}

static void
at_end(struct sim_run *r)
{
	sim_mix_end(r, r->ctx);
}

static void
check(struct sim_run *r)
{
	sim_mix_check(r, r->ctx);
	sim_at_least(r, "G", r->out->G, sim_is_4m(r) ? 0.50 : 0.70);
	sim_at_least(r, "H", r->out->H, 0.80);
	sim_at_most(r, "T_rec", r->out->T_rec, 60);
}

const struct sim_scenario sim_f07 = {
	.id = "F07",
	.name = "all-at-once",
	.pattern = "A01, B02, B07, C01, D07 and E01 together, each at 30 % of its rate",
	.targets = {4, 16, 64},
	.prepare = prepare,
	.end = at_end,
	.check = check,
};
