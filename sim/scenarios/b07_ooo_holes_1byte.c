/* SPDX-License-Identifier: ISC */
/* B07: every second octet of the window in a segment of its own; the octet at RCV.NXT never comes. */
#include "sim/troubles.h"

#define PORT 2000
#define PEERS 100u
#define RATE 6250u /* turns a second, together: 50 000 segments */

#define INTERVALS 32u

enum { OVER, MOST };

static void
prepare(struct sim_run *r)
{
	*(struct sim_holes **)sim_keep(r, sizeof(void *)) = sim_hole_makers(r, 0, PORT, PEERS, 2, RATE);
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
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.9 * PEERS);
	sim_at_least(r, "segments", (double)(*(struct sim_holes **)r->ctx)->segments,
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
	.end = sim_end_reset,
	.check = check,
};
