/* SPDX-License-Identifier: ISC */
/* F02: a header octet each 10 s from 2000 connections, for each of which the application holds 4 KiB (slowloris). */
#include "sim/run.h"

#define PORT 2000
#define PEERS 2000u
#define CHARGE 4096u
#define EVERY PL_SEC(10)

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_after(g, p, sim_chance_below(&g->chance, 10000) * PL_MS(1));
}

static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	if (p->snd_nxt != p->snd_una)
		sim_peer_go_back(p);
	sim_peer_text(g, p, p->snd_nxt, 1, 0);
	sim_peer_after(g, p, EVERY);
}

static void
configure(struct sim_run *r, struct sim_world_config *c)
{
	(void)r;
	c->stack.cap_app_pct = 60;
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT,
	                                         .mss = 1460,
	                                         .wnd = 65535,
	                                         .takes = true,
	                                         .answers = true,
	                                         .syn_tries = 4,
	                                         .on_open = on_open,
	                                         .on_timer = on_timer};

	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT, .charge = CHARGE});
	r->group[0] = sim_arrivals(r, PEERS, 200, &habits, 10);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.9 * PEERS);
	sim_at_least(r, "charged", (double)r->watch.most_by_class[PLIM_CLASS_app], 0.4 * (double)r->target);
	sim_at_least(r, "level-told", (double)r->services.levels_told, 1);
	sim_at_least(r, "H", r->out->H, 0.80);
}

const struct sim_scenario sim_f02 = {
	.id = "F02",
	.name = "app-slow-headers",
	.pattern = "2000 connections send an octet each 10 s, the application holds 4 KiB for each",
	.targets = {16},
	.is_core = true,
	.proves = {{"payload-accounting", "level-told"}},
	.configure = configure,
	.prepare = prepare,
	.end = sim_end_reset,
	.check = check,
};
