/* SPDX-License-Identifier: ISC */
/* B03: 500 uploads to an application that reads 64 KiB of each and then nothing for 60 s. */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 500u
#define READ_FIRST 65536u
#define IN_FLIGHT (4 * SIM_SEGMENT) /* 1.2 Mbit/s each at 40 ms */

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_uploader(PORT, IN_FLIGHT);

	r->service[0] =
		sim_service(r, &(struct sim_service){.port = PORT, .read = SIM_READ_FIRST, .read_most = READ_FIRST});
	r->group[0] = sim_arrivals(r, PEERS, 250, &habits, 10);
}

static void
at_end(struct sim_run *r)
{
	uint64_t shut = 0;

	for (uint32_t i = 0; i < PEERS; i++)
		shut += r->group[0]->peer[i].state == SIM_PEER_OPEN &&
		        sim_peer_room(&r->group[0]->peer[i]) < SIM_SEGMENT;
	r->number[0] = shut;
	r->number[1] = r->watch.st.drops[PLIM_DROP_tcp_text_refused];
	r->service[0]->read = SIM_READ_ALL;
	sim_services_kick(&r->services, r->service[0]);
	sim_group_vanish(r->group[0]);
}

static void
check(struct sim_run *r)
{
	struct sim_group *g = r->group[0];

	sim_at_least(r, "reached", (double)g->opened, 0.9 * PEERS);
	sim_at_least(r, "windows-shut", (double)r->number[0], 0.9 * (double)(g->opened - g->resets));
	/* Each probe of a shut window is one octet refused; text inside a window is not. */
	sim_at_most(r, "text-refused", (double)r->number[1], (double)g->opened * 60 * 1.2);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_b03 = {
	.id = "B03",
	.name = "nonreading-app",
	.pattern = "500 uploads, the application reads 64 KiB of each, then stops for 60 s",
	.targets = {16},
	.is_core = true,
	.proves = {{"kept-share", "G"}},
	.prepare = prepare,
	.end = at_end,
	.check = check,
};
