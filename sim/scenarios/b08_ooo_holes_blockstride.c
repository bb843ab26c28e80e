/* SPDX-License-Identifier: ISC */
/* B08: one octet for each storage block of the window, our own worst case; the octet at RCV.NXT never comes. */
#include "sim/troubles.h"

#define PORT 2000
#define PEERS 100u
#define RATE 6250u /* turns a second, together: 50 000 segments */

enum { OVER };

static void
prepare(struct sim_run *r)
{
	int64_t block = 0;

	plim_get(r->world.server.s, (plim_h){0}, PLIM_O_BLOCK_OCTETS, &block);
	*(struct sim_holes **)sim_keep(r, sizeof(void *)) = sim_hole_makers(r, 0, PORT, PEERS, (uint32_t)block, RATE);
}

static void
sample(struct sim_run *r)
{
	if (r->world.now <= r->end)
		r->figure[OVER] = PL_MAX(r->figure[OVER], (double)sim_over_window(r, r->service[0]));
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.9 * PEERS);
	sim_at_least(r, "segments", (double)(*(struct sim_holes **)r->ctx)->segments,
	             0.9 * RATE * SIM_HOLES_AT_ONCE * 55);
	sim_at_most(r, "octets-over-window", r->figure[OVER], 0);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_b08 = {
	.id = "B08",
	.name = "ooo-holes-blockstride",
	.pattern = "100 connections, one octet for each storage block of the window, RCV.NXT never filled",
	.targets = {4, 16},
	.is_core = true,
	.unproved = "an octet a block is what the block map costs at most, whatever is taken away",
	.prepare = prepare,
	.sample = sample,
	.end = sim_end_reset,
	.check = check,
};
