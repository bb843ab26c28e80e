/* SPDX-License-Identifier: ISC */
/* B19: peers go on sending after we closed (nobody reads: RST, nothing stored), and after our shutdown (read on). */
#include "sim/run.h"

#define CLOSED_PORT 2000
#define SHUT_PORT 2001
#define PEERS 200u
#define SEGMENT 1460u
#define IN_FLIGHT (3 * SEGMENT)
#define TICK PL_MS(300)
#define PACE PL_MS(100)

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_text(g, p, p->snd_nxt, SIM_DOWNLOAD_REQUEST, 0);
	sim_peer_after(g, p, TICK);
}

/* Our FIN has come and was acknowledged: now it sends, for ever. */
static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	if (p->fin_in) {
		if (p->mark == p->snd_una && p->snd_nxt != p->snd_una)
			sim_peer_go_back(p);
		p->mark = p->snd_una;
		if (sim_peer_pump(g, p, IN_FLIGHT, SEGMENT) > 0 && p->flags == 0) {
			p->flags = 1;
			((struct sim_run *)g->ctx)->number[0]++;
		}
	}
	sim_peer_after(g, p, PACE);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = {.mss = SEGMENT,
	                            .wnd = 65535,
	                            .takes = true,
	                            .answers = true,
	                            .syn_tries = 4,
	                            .on_open = on_open,
	                            .on_timer = on_timer};
	struct sim_service service = {.request = SIM_DOWNLOAD_REQUEST, .reply = 1000};

	service.port = habits.port = CLOSED_PORT;
	service.closes_after = true;
	r->service[0] = sim_service(r, &service);
	r->group[0] = sim_peers(r, PEERS, PEERS, &habits);
	service.port = habits.port = SHUT_PORT;
	service.closes_after = false;
	service.shuts_after = true;
	r->service[1] = sim_service(r, &service);
	r->group[1] = sim_peers(r, PEERS, PEERS, &habits);
	for (unsigned i = 0; i < 2; i++)
		sim_pacer_add(&r->raw, PEERS / 5, r->begin, r->begin + PL_SEC(5), sim_group_begin_one, r->group[i]);
}

static void
sample(struct sim_run *r)
{
	struct sim_holders h;

	if (r->world.now < r->begin)
		return;
	sim_holders(r, CLOSED_PORT, &h);
	r->number[1] = PL_MAX(r->number[1], h.most_queued[0]);
}

static void
at_end(struct sim_run *r)
{
	sim_group_vanish(r->group[0]);
	sim_group_vanish(r->group[1]);
}

static double
applied(struct sim_run *r)
{
	return (double)r->number[0] / (2 * PEERS);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "closed-reset", (double)r->group[0]->resets, PEERS);
	sim_at_most(r, "closed-stored", (double)r->number[1], SIM_DOWNLOAD_REQUEST);
	sim_at_most(r, "shut-reset", (double)r->group[1]->resets, 0);
	sim_at_least(r, "shut-read", (double)r->service[1]->rx, PEERS * 100000.0);
	sim_at_least(r, "G", r->out->G, 0.95);
}

const struct sim_scenario sim_b19 = {
	.id = "B19",
	.name = "half-closed-upload",
	.pattern = "200 peers send after we closed, 200 after our shutdown with a reader",
	.targets = {16},
	.is_core = true,
	.proves = {{"rst-after-close", "closed-reset"}},
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.applied = applied,
	.check = check,
};
