/* SPDX-License-Identifier: ISC */
/* B17: the update that opens a shut window again is lost three times; the peer's probe or our repetition must do. */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 100u
#define IN_FLIGHT (4 * SIM_SEGMENT)
#define TICK PL_MS(200)
#define LOST 3u
#define STOP_AT PL_SEC(10)
#define READ_AT PL_SEC(30)
#define PROBE_EVERY PL_SEC(2)

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_pump(g, p, IN_FLIGHT, SIM_SEGMENT);
	sim_peer_after(g, p, TICK);
}

/* The toolkit has taken the window already: a peer that has lost updates to lose is made to forget it. */
static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	struct sim_run *r = g->ctx;

	if (p->flags > 0 && seg->wnd > 0 && r->world.now >= r->begin + READ_AT) {
		p->flags--;
		p->edge = p->snd_nxt;
		r->number[0]++;
		return;
	}
	if (sim_peer_pump(g, p, IN_FLIGHT, SIM_SEGMENT) > 0 && r->world.now >= r->begin + READ_AT && p->times == 0) {
		p->times = 1;
		r->number[1]++;
		r->number[2] = PL_MAX(r->number[2], r->world.now - (r->begin + READ_AT));
	}
}

static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_timeout(p);
	if (sim_peer_pump(g, p, IN_FLIGHT, SIM_SEGMENT) > 0) {
		sim_peer_after(g, p, TICK);
		return;
	}
	if (sim_peer_room(p) < SIM_SEGMENT) {
		if (((struct sim_run *)g->ctx)->world.now < ((struct sim_run *)g->ctx)->begin + READ_AT)
			p->flags = LOST;
		sim_peer_probe(g, p);
		sim_peer_after(g, p, PROBE_EVERY);
		return;
	}
	sim_peer_after(g, p, TICK);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_open_peer(PORT);

	habits.has_wscale = false;
	habits.on_open = on_open;
	habits.on_segment = on_segment;
	habits.on_timer = on_timer;
	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT});
	r->group[0] = sim_arrivals(r, PEERS, PEERS, &habits, 1);
}

static void
sample(struct sim_run *r)
{
	pl_time since = r->world.now - r->begin;
	enum sim_read read = since >= STOP_AT && since < READ_AT ? SIM_READ_NEVER : SIM_READ_ALL;

	if (r->world.now >= r->begin)
		sim_read_so(r, r->service[0], read);
}

static double
applied(struct sim_run *r)
{
	return (double)r->number[0] / (LOST * PEERS);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "resumed", (double)r->number[1], PEERS);
	/* Three losses, each followed at the latest by the next probe. */
	sim_at_most(r, "stall", (double)r->number[2] / 1e9, (LOST + 1) * (double)PROBE_EVERY / 1e9 + 0.2);
	sim_at_least(r, "G", r->out->G, 0.95);
}

const struct sim_scenario sim_b17 = {
	.id = "B17",
	.name = "window-update-lost",
	.pattern = "100 connections lose the reopening window update three times in a row",
	.targets = {16},
	.is_core = true,
	.proves = {{"window-updates", "stall"}},
	.prepare = prepare,
	.sample = sample,
	.end = sim_end_vanish,
	.applied = applied,
	.check = check,
};
