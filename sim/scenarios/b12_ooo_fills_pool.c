/* SPDX-License-Identifier: ISC */
/*
 * B12: out-of-order octets of 100 connections take what memory they can get; then each legit upload misses a segment,
 * and so do the peers' own: the segment at RCV.NXT must always find room.
 */
#include "sim/run.h"

#define PORT 2000
#define PEERS 100u
#define SEGMENT 1460u
#define LOSSES_FROM PL_SEC(20)

/* Everything beyond the first segment, to the edge; again each second, for what was given up. */
static void
fill(struct sim_group *g, struct sim_peer *p)
{
	pl_seq at = p->snd_una + SEGMENT;
	pl_seq nxt = p->snd_nxt;

	while ((int32_t)(p->edge - at) > 0) {
		uint32_t len = PL_MIN(SEGMENT, p->edge - at);

		sim_peer_text(g, p, at, len, 0);
		at += len;
	}
	p->snd_nxt = nxt;
	sim_peer_after(g, p, PL_SEC(1) + sim_chance_below(&g->chance, 1000000) * PL_US(1));
}

/* The first half of the peers send the missing segment once, at the middle of the disturbance. */
static void
fill_holes(struct sim_run *r)
{
	for (uint32_t i = 0; i < PEERS / 2; i++) {
		struct sim_peer *p = sim_group_peer(r->group[0], i);

		if (p->state != SIM_PEER_OPEN || sim_peer_room(p) < SEGMENT)
			continue;
		p->mark = p->snd_una;
		p->times = 1;
		sim_peer_text(r->group[0], p, p->snd_una, SEGMENT, 0);
		r->number[1]++;
	}
}

static void
fire_losses(void *ctx)
{
	struct sim_run *r = ctx;

	for (unsigned i = 0; i < r->n_legit; i++)
		if (r->legit[i]->kind == SIM_CLIENT_upload) {
			r->legit[i]->host->up.lose_next = 1;
			r->number[0]++;
		}
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT,
	                                         .mss = SEGMENT,
	                                         .wnd = 65535,
	                                         .has_wscale = true,
	                                         .wscale = 7,
	                                         .has_sack = true,
	                                         .takes = true,
	                                         .answers = true,
	                                         .syn_tries = 4,
	                                         .on_open = fill,
	                                         .on_timer = fill};

	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT});
	r->group[0] = sim_arrivals(r, PEERS, PEERS, &habits, 5);
	sim_pacer_add(&r->raw, 1, r->begin + LOSSES_FROM, r->end - PL_SEC(5), fire_losses, r);
	r->upload->stall_from = r->begin + LOSSES_FROM;
	r->upload->stall_to = r->end;
}

static void
sample(struct sim_run *r)
{
	if (r->number[2] == 0 && r->world.now >= r->begin + PL_SEC(40)) {
		r->number[2] = 1;
		fill_holes(r);
	}
	if (r->number[2] == 1 && r->world.now >= r->begin + PL_SEC(42)) {
		r->number[2] = 2;
		for (uint32_t i = 0; i < PEERS / 2; i++) {
			struct sim_peer *p = sim_group_peer(r->group[0], i);

			r->number[3] += p->times == 1 && p->snd_una != p->mark;
		}
	}
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.9 * PEERS);
	sim_at_least(r, "losses", (double)r->number[0], 100);
	sim_at_least(r, "I5-missing-taken", (double)r->number[3], 0.95 * (double)r->number[1]);
	sim_at_most(r, "I5-stall", sim_most_stall(r, r->upload), 1.0);
}

const struct sim_scenario sim_b12 = {
	.id = "B12",
	.name = "ooo-fills-pool-then-inorder",
	.pattern = "out-of-order text of 100 connections fills the pool; legit uploads each miss a segment",
	.targets = {4},
	.is_core = true,
	.unproved =
		"initial window, credit, the refusal of level 3, the own tail and the reserve stand in for each other",
	.prepare = prepare,
	.sample = sample,
	.end = sim_end_reset,
	.check = check,
};
