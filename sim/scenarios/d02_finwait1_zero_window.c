/* SPDX-License-Identifier: ISC */
/* D02: we close with up to 64 KiB unsent while the peers keep their window at zero and answer every probe. */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 1000u
#define OBJECT 65536u

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT,
	                                         .mss = SIM_SEGMENT,
	                                         .syn_wnd = 65535,
	                                         .wnd = 0,
	                                         .answers = true,
	                                         .syn_tries = 3,
	                                         .on_open = sim_ask};

	r->service[0] = sim_service(
		r, &(struct sim_service){
			   .port = PORT, .request = SIM_DOWNLOAD_REQUEST, .reply = OBJECT, .closes_early = true});
	r->group[0] = sim_arrivals(r, PEERS, 200, &habits, 20);
}

static void
sample(struct sim_run *r)
{
	struct sim_holders h;

	if (r->world.now < r->begin)
		return;
	sim_holders(r, PORT, &h);
	r->number[0] = PL_MAX(r->number[0], h.orphan_held);
	if (h.n > 0)
		r->number[1] = r->world.now - r->begin; /* the last time that one was there */
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.9 * PEERS);
	sim_at_least(r, "orphans-fill", (double)r->number[0], (double)r->target / 20);
	sim_at_most(r, "orphan-octets", (double)r->number[0], (double)r->target / 10);
	/* The last one is made 20 s after the beginning and has 60 s. */
	sim_at_most(r, "orphan-deadline", (double)r->number[1] / 1e9, 20 + 60 + 2);
}

const struct sim_scenario sim_d02 = {
	.id = "D02",
	.name = "finwait1-zero-window",
	.pattern = "1000 closed by us with up to 64 KiB unsent, window 0, probes answered",
	.targets = {16},
	.is_core = true,
	.proves = {{"deadline.orphan", "orphan-deadline"}, {"orphan-cap", "orphan-octets"}},
	.linger = PL_SEC(40),
	.peers_stay = true,
	.prepare = prepare,
	.sample = sample,
	.check = check,
};
