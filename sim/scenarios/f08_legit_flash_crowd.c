/* SPDX-License-Identifier: ISC */
/*
 * F08: within 5 s 50 times as many legit connections as usual: 232 clients with 16 downloads each. The server's link
 * has 50 Mbit/s. Nobody is reset (R of every run; a FIN repeated to a record that went at level 3 may be: both
 * applications had closed), SYNs may have to wait, and the link stays full.
 */
#include "sim/habits.h"

#define CLIENTS 232u
#define LINK 50000000u
#define BASE 74u /* connections of the legit load */

static void
configure(struct sim_run *r, struct sim_world_config *c)
{
	(void)r;
	c->port_bps[0] = LINK;
}

static void
prepare(struct sim_run *r)
{
	r->service[0] = sim_service(r, &(struct sim_service){.port = SIM_PORT_CROWD,
	                                                     .is_legit = true,
	                                                     .request = SIM_DOWNLOAD_REQUEST,
	                                                     .reply = SIM_CROWD_OBJECT});
	r->number[0] = r->n_legit;
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct sim_client *c = sim_load_client(r, SIM_CLIENT_crowd, r->begin);

		if (c == NULL)
			sim_fail(r, "setup", "no room for client %u", i);
		else
			c->until = r->end;
	}
}

static void
sample(struct sim_run *r)
{
	if (r->world.now < r->begin + SIM_SETTLE)
		r->number[1] = r->tally.good;
	if (r->world.now <= r->end)
		r->number[2] = r->tally.good;
	if (r->world.now <= r->begin + SIM_SETTLE + SIM_SAMPLE)
		r->number[3] = r->tally.exchanges[SIM_CLIENT_crowd].n;
}

/* Connections tried within the first 5 s. */
static double
applied(struct sim_run *r)
{
	return (double)r->number[3] / (50.0 * BASE);
}

static void
check(struct sim_run *r)
{
	double seconds = (double)(r->end - r->begin - SIM_SETTLE) / 1e9;
	double good = (double)(r->number[2] - r->number[1]) * 8 / seconds;

	sim_at_least(r, "reached", r->service[0]->most_open, sim_is_4m(r) ? 200 : 10.0 * BASE);
	sim_at_most(r, "evicted", (double)r->service[0]->told_evicted, 0);
	sim_at_least(r, "link-full", good, 0.90 * LINK);
}

const struct sim_scenario sim_f08 = {
	.id = "F08",
	.name = "legit-flash-crowd",
	.pattern = "50 times the legit connections in 5 s, over a link of 50 Mbit/s",
	.targets = {4, 16},
	.is_core = true,
	.proves = {{"admission-pacing", "I2-R"}},
	.configure = configure,
	.prepare = prepare,
	.sample = sample,
	.applied = applied,
	.check = check,
};
