/* SPDX-License-Identifier: ISC */
/* A06: 4000 finished handshakes for an application that accepts ten a second; the peers stay idle. */
#include "sim/run.h"

#define PORT 2000
#define PEERS 4000u
#define ACCEPTS 10u

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {
		.port = PORT, .mss = 1460, .wnd = 65535, .answers = true, .takes = true, .syn_tries = 5};

	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT, .accept_per_s = ACCEPTS});
	r->group[0] = sim_arrivals(r, PEERS, 400, &habits, 20);
}

static void
sample(struct sim_run *r)
{
	const struct sim_group *g = r->group[0];

	if (r->world.now <= r->end && r->watch.most_level <= 1)
		r->number[0] = g->resets;
	r->number[1] = PL_MAX(r->number[1], r->watch.st.unaccepted);
}

static double
applied(struct sim_run *r)
{
	return (double)r->group[0]->begun / PEERS;
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "queued", (double)r->number[1], PL_MIN(PEERS, (double)r->target / 1024) * 0.75);
	sim_at_most(r, "queued-reset", (double)r->number[0], 0);
	sim_at_least(r, "accepted", (double)r->service[0]->accepted, ACCEPTS * 60 * 0.95);
	sim_at_least(r, "H", r->out->H, 0.90);
}

const struct sim_scenario sim_a06 = {
	.id = "A06",
	.name = "accept-queue-hoard",
	.pattern = "4000 full handshakes, the application accepts 10/s, peers idle",
	.targets = {4, 16},
	.is_core = true,
	.unproved = "4000 idle connections fit into the least target in any form",
	.prepare = prepare,
	.sample = sample,
	.end = sim_end_reset,
	.applied = applied,
	.check = check,
};
