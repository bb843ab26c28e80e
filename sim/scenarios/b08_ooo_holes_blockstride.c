/* SPDX-License-Identifier: ISC */
/* B08: one octet for each storage block of the window, our own worst case; the octet at RCV.NXT never comes. */
#include "sim/run.h"

#define PORT 2000
#define PEERS 100u
#define AT_ONCE 8u /* segments a peer sends in a row */
#define RATE 6250u /* turns a second, together: 50 000 segments */

enum { OVER };

/* The next peer sends its next few octets, one for each block, over and over through the window. */
static void
fire(void *ctx)
{
	struct sim_run *r = ctx;
	struct sim_group *g = r->group[0];
	struct sim_peer *p = sim_group_peer(g, (uint32_t)(r->number[0]++ % PEERS));
	uint32_t block = (uint32_t)r->number[2];
	uint32_t room = p->edge - p->snd_una;

	if (p->state != SIM_PEER_OPEN || room < 2 * block)
		return;
	for (unsigned i = 0; i < AT_ONCE; i++) {
		pl_seq nxt = p->snd_nxt;

		p->mark = p->mark + block < room ? p->mark + block : 1;
		sim_peer_text(g, p, p->snd_una + p->mark, 1, 0);
		p->snd_nxt = nxt;
		r->number[1]++;
	}
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT,
	                                         .mss = 1460,
	                                         .wnd = 65535,
	                                         .has_wscale = true,
	                                         .wscale = 7,
	                                         .has_sack = true,
	                                         .takes = true,
	                                         .answers = true,
	                                         .syn_tries = 4};

	int64_t block = 0;

	plim_get(r->world.server.s, (plim_h){0}, PLIM_O_BLOCK_OCTETS, &block);
	r->number[2] = (uint64_t)block;
	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT});
	r->group[0] = sim_peers(r, PEERS, PEERS, &habits);
	sim_pacer_add(&r->raw, PEERS, r->begin, r->begin + PL_SEC(1), sim_group_begin_one, r->group[0]);
	sim_pacer_add(&r->raw, RATE, r->begin + PL_SEC(2), r->end, fire, r);
}

static void
sample(struct sim_run *r)
{
	if (r->world.now <= r->end)
		r->figure[OVER] = PL_MAX(r->figure[OVER], (double)sim_over_window(r, r->service[0]));
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
	sim_at_least(r, "segments", (double)r->number[1], 0.9 * RATE * AT_ONCE * 55);
	sim_at_most(r, "octets-over-window", r->figure[OVER], 0);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_b08 = {
	.id = "B08",
	.name = "ooo-holes-blockstride",
	.pattern = "100 connections, one octet for each storage block of the window, RCV.NXT never filled",
	.targets = {4, 16},
	.is_core = true,
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.check = check,
};
