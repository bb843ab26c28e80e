/* SPDX-License-Identifier: ISC */
/* B07: every second octet of the window in a segment of its own; the octet at RCV.NXT never comes. */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 100u
#define RATE 6250u /* turns a second, together: 50 000 segments */

#define INTERVALS 32u

enum { OVER, MOST };

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_open_peer(PORT);
	struct sim_holes *h = sim_keep(r, sizeof *h);

	habits.has_sack = true;
	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT});
	r->group[0] = sim_peers(r, PEERS, PEERS, &habits);
	sim_pacer_add(&r->raw, PEERS, r->begin, r->begin + PL_SEC(1), sim_group_begin_one, r->group[0]);
	*h = (struct sim_holes){.group = r->group[0], .stride = 2};
	sim_pacer_add(&r->raw, RATE, r->begin + PL_SEC(2), r->end, sim_holes_fire, h);
}

static void
sample(struct sim_run *r)
{
	if (r->world.now > r->end)
		return;
	r->figure[OVER] = PL_MAX(r->figure[OVER], (double)sim_over_window(r, r->service[0]));
	r->figure[MOST] = PL_MAX(r->figure[MOST], (double)sim_most_intervals(r));
}

static void
at_end(struct sim_run *r)
{
	sim_group_reset(r->group[0]);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.9 * PEERS);
	sim_at_least(r, "segments", (double)((struct sim_holes *)r->ctx)->segments,
	             0.9 * RATE * SIM_HOLES_AT_ONCE * 55);
	sim_at_least(r, "intervals-refused", (double)r->watch.st.drops[PLIM_DROP_tcp_intervals_full], 1);
	sim_at_most(r, "intervals", r->figure[MOST], INTERVALS);
	sim_at_most(r, "octets-over-window", r->figure[OVER], 0);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_b07 = {
	.id = "B07",
	.name = "ooo-holes-1byte",
	.pattern = "100 connections, 1-octet segments at every 2nd place of the window, RCV.NXT never filled",
	.targets = {4, 16},
	.is_core = true,
	.proves = {{"interval-cap", "intervals"}},
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.check = check,
};
