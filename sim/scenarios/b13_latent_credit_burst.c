/* SPDX-License-Identifier: ISC */
/*
 * B13: 200 connections earn large windows while the application reads at once, go idle, and then all send a full window
 * at the same time while the application stalls.
 */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 200u
#define CONNECTING PL_SEC(2)
#define EARNING (CONNECTING + PEERS / AT_ONCE * TURN)
#define AT_ONCE 4u
#define TURN PL_MS(600)
#define BURST_AT PL_SEC(60) /* from the beginning */
#define DURATION PL_SEC(90)
#define TICK PL_MS(300)
#define MOST (256u << 10)

enum phase { EARN, REST, BURST };

static enum phase
phase_of(const struct sim_run *r)
{
	pl_time since = r->world.now - r->begin;

	return since < EARNING ? EARN : since < BURST_AT ? REST : BURST;
}

/* Peers earn in turns, four at a time: each then has 50 Mbit/s, and at 40 ms 250 KB under way. */
static pl_time
turn_of(const struct sim_run *r, uint32_t i)
{
	return r->begin + CONNECTING + i / AT_ONCE * TURN;
}

static bool
is_my_turn(const struct sim_run *r, uint32_t i)
{
	return r->world.now >= turn_of(r, i) && r->world.now < turn_of(r, i) + TURN;
}

static void
pump(struct sim_group *g, struct sim_peer *p)
{
	if (phase_of(g->ctx) == BURST || is_my_turn(g->ctx, sim_peer_index(g, p)))
		sim_peer_pump(g, p, MOST, SIM_SEGMENT);
}

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	p->mark = p->snd_una;
	sim_peer_at(g, p, turn_of(g->ctx, sim_peer_index(g, p)));
}

static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	(void)seg;
	if (phase_of(g->ctx) == EARN)
		pump(g, p);
}

static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	struct sim_run *r = g->ctx;

	sim_peer_timeout(p);
	if (phase_of(r) != EARN && p->flags == 0) {
		p->flags = 1;
		r->number[0] += sim_peer_room(p); /* what all of them may send at once */
	}
	pump(g, p);
	if (phase_of(r) == BURST || is_my_turn(r, sim_peer_index(g, p)))
		sim_peer_after(g, p, TICK);
	else
		sim_peer_at(g, p, r->begin + BURST_AT);
}

static void
sample(struct sim_run *r)
{
	enum sim_read read = phase_of(r) == BURST && !r->has_ended ? SIM_READ_NEVER : SIM_READ_ALL;

	if (r->world.now >= r->begin)
		sim_read_so(r, r->service[0], read);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_open_peer(PORT);

	habits.on_open = on_open;
	habits.on_segment = on_segment;
	habits.on_timer = on_timer;
	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT});
	r->group[0] = sim_arrivals(r, PEERS, PEERS, &habits, 1);
}

static void
at_end(struct sim_run *r)
{
	sample(r);
	sim_group_vanish(r->group[0]);
}

static double
applied(struct sim_run *r)
{
	uint64_t burst = 0;

	for (uint32_t i = 0; i < PEERS; i++)
		burst += r->group[0]->peer[i].flags;
	return (double)burst / PEERS;
}

/* What idle peers may be told at most, were nothing held by anybody. */
static uint64_t
idle_bound(const struct sim_run *r)
{
	return r->target / 100 * 75 / 100 * 85 * (r->target < 8u << 20 ? 1 : 2);
}

static void
check(struct sim_run *r)
{
	double burst = sim_rate_between(r, r->begin + BURST_AT, r->end) / (r->base != NULL ? r->base->good_per_s : 1);
	uint64_t idle_most = r->target / 100 * 75 * 2;

	/* Idle credit counts half, below 8 MiB in full, in what may be given: 85 % of the joint cap (docs/governor.md). */
	sim_at_least(r, "earned", (double)r->number[0], (double)idle_bound(r) / 2);
	sim_at_most(r, "idle-credit", (double)r->number[0], (double)idle_most);
	sim_at_least(r, "G-burst", burst, 0.70);
}

const struct sim_scenario sim_b13 = {
	.id = "B13",
	.name = "latent-credit-burst",
	.pattern = "200 connections earn windows for 30 s, rest, then all send a full window and nobody reads",
	.targets = {16},
	.is_core = true,
	.proves = {{"credit-cap", "idle-credit"}, {"kept-share", "G-burst"}},
	.duration = DURATION,
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.applied = applied,
	.check = check,
};
