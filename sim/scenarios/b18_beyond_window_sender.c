/* SPDX-License-Identifier: ISC */
/* B18: senders that ignore our window and send ten times as much, to an application that does not read. */
#include "sim/run.h"

#define PORT 2000
#define PEERS 50u
#define SEGMENT 1460u
#define EVERY PL_MS(20) /* one segment each 20 ms: 0.6 Mbit/s a peer */

enum { OVER };

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	p->mark = p->edge - p->snd_una; /* the window when it opened */
	sim_peer_after(g, p, EVERY);
}

/* On and on, up to ten windows beyond what is acknowledged, then from there again. */
static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	if (p->snd_nxt - p->snd_una >= 10 * p->mark)
		sim_peer_go_back(p);
	((struct sim_run *)g->ctx)->number[0] += sim_peer_room(p) < SEGMENT;
	sim_peer_text(g, p, p->snd_nxt, SEGMENT, 0);
	sim_peer_after(g, p, EVERY);
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT,
	                                         .mss = SEGMENT,
	                                         .wnd = 65535,
	                                         .takes = true,
	                                         .answers = true,
	                                         .syn_tries = 4,
	                                         .on_open = on_open,
	                                         .on_timer = on_timer};

	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT, .read = SIM_READ_NEVER});
	r->group[0] = sim_arrivals(r, PEERS, PEERS, &habits, 1);
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
	r->number[1] = r->group[0]->segments_in;
	sim_group_vanish(r->group[0]);
	r->service[0]->read = SIM_READ_ALL;
	sim_services_kick(&r->services, r->service[0]);
}

static void
check(struct sim_run *r)
{
	double seconds = (double)(r->end - r->begin) / 1e9;

	sim_at_least(r, "beyond-window", (double)r->number[0], PEERS * seconds * 50 * 0.5);
	sim_at_most(r, "octets-over-window", r->figure[OVER], 0);
	sim_at_most(r, "acks-per-text", (double)r->number[1] / (PEERS * seconds * 50), 1.05);
	sim_at_least(r, "G", r->out->G, 0.95);
}

const struct sim_scenario sim_b18 = {
	.id = "B18",
	.name = "beyond-window-sender",
	.pattern = "50 senders ignore the window and send ten times as much",
	.targets = {4},
	.is_core = true,
	.proves = {{"right-edge", "octets-over-window"}},
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.check = check,
};
