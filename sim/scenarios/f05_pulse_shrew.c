/* SPDX-License-Identifier: ISC */
/* F05: 300 uploads to an application that stops and reads in turns, to drive the level up and down (shrew). */
#include "sim/run.h"

#define PORT 2000
#define PEERS 300u
#define PULSES 1u /* a second; so long it does not read, so long it does */
#define SEGMENT 1460u
#define IN_FLIGHT (2 * SEGMENT) /* all together: 175 Mbit/s at 40 ms */
#define TICK PL_MS(300)

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	p->mark = p->snd_una;
	sim_peer_pump(g, p, IN_FLIGHT, SEGMENT);
	sim_peer_after(g, p, TICK);
}

static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	(void)seg;
	sim_peer_pump(g, p, IN_FLIGHT, SEGMENT);
}

/* A timeout: what was not acknowledged goes again; at window zero it probes. */
static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	if (p->mark == p->snd_una && p->snd_nxt != p->snd_una)
		sim_peer_go_back(p);
	p->mark = p->snd_una;
	if (sim_peer_pump(g, p, IN_FLIGHT, SEGMENT) == 0 && sim_peer_room(p) == 0)
		sim_peer_probe(g, p);
	sim_peer_after(g, p, sim_peer_room(p) == 0 ? PL_SEC(1) : TICK);
}

/* It reads nothing for a second, then everything for a second. */
static void
pulse(void *ctx)
{
	struct sim_run *r = ctx;

	r->service[0]->read = r->service[0]->read == SIM_READ_ALL ? SIM_READ_NEVER : SIM_READ_ALL;
	r->number[0]++;
	sim_services_kick(&r->services, r->service[0]);
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT,
	                                         .mss = SEGMENT,
	                                         .wnd = 65535,
	                                         .has_wscale = true,
	                                         .wscale = 7,
	                                         .takes = true,
	                                         .answers = true,
	                                         .syn_tries = 4,
	                                         .on_open = on_open,
	                                         .on_segment = on_segment,
	                                         .on_timer = on_timer};

	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT});
	r->group[0] = sim_peers(r, PEERS, 250, &habits);
	sim_pacer_add(&r->raw, PEERS / 10, r->begin, r->begin + PL_SEC(10), sim_group_begin_one, r->group[0]);
	sim_pace(r, PULSES, pulse, r);
}

static void
at_end(struct sim_run *r)
{
	r->service[0]->read = SIM_READ_ALL;
	sim_services_kick(&r->services, r->service[0]);
	sim_group_vanish(r->group[0]);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.9 * PEERS);
	sim_at_least(r, "pulses", (double)r->number[0], 55);
	sim_at_least(r, "levels-pushed", (double)r->watch.level_changes, 2);
	sim_at_most(r, "falls-within-500ms", (double)r->watch.level_downs_close, 0);
	sim_at_least(r, "G", r->out->G, 0.80);
}

const struct sim_scenario sim_f05 = {
	.id = "F05",
	.name = "pulse-shrew",
	.pattern = "300 uploads, the application stops and reads in turns of 1 s",
	.targets = {16},
	.is_core = true,
	.prepare = prepare,
	.end = at_end,
	.check = check,
};
