/* SPDX-License-Identifier: ISC */
/* D09: 3000 connections ask for a large object, the application writes what it can and closes, the peers stop reading. */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 3000u
#define OBJECT (1u << 20)
#define READS 8192u /* octets a peer takes before it stops */

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	p->mark = p->rcv_nxt;
	sim_ask(g, p);
}

static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	uint32_t taken = p->rcv_nxt - p->mark;

	(void)g;
	(void)seg;
	p->wnd = taken < READS ? (uint16_t)(READS - taken) : 0;
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT,
	                                         .mss = SIM_SEGMENT,
	                                         .wnd = READS,
	                                         .takes = true,
	                                         .answers = true,
	                                         .syn_tries = 3,
	                                         .on_open = on_open,
	                                         .on_segment = on_segment};

	r->service[0] = sim_service(
		r, &(struct sim_service){
			   .port = PORT, .request = SIM_DOWNLOAD_REQUEST, .reply = OBJECT, .closes_early = true});
	r->group[0] = sim_arrivals(r, PEERS, 300, &habits, 30);
}

static void
sample(struct sim_run *r)
{
	struct sim_holders h;

	if (r->world.now < r->begin)
		return;
	sim_holders(r, PORT, &h);
	r->number[0] = PL_MAX(r->number[0], h.orphan_held);
}

static void
check(struct sim_run *r)
{
	uint64_t live_evicted =
		r->download->told_evicted + r->upload->told_evicted + r->request->told_evicted + r->idle->told_evicted;

	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.9 * PEERS);
	sim_at_least(r, "orphans-fill", (double)r->number[0], (double)r->target / 20);
	sim_at_most(r, "orphan-octets", (double)r->number[0], (double)r->target / 10);
	sim_at_most(r, "live-evicted", (double)live_evicted, 0);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_d09 = {
	.id = "D09",
	.name = "orphan-flood",
	.pattern = "3000 ask for 1 MiB, the application writes and closes, peers stop reading",
	.targets = {16},
	.is_core = true,
	.proves = {{"orphan-cap", "orphan-octets"}},
	.prepare = prepare,
	.sample = sample,
	.check = check,
};
