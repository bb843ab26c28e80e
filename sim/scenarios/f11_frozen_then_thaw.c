/* SPDX-License-Identifier: ISC */
/*
 * F11: the whole machine stands still for 10 s. Frames pile up in its cards, what does not fit is lost; then its clock
 * jumps and every timer is due at once. Nobody may be ended for what nobody could answer, and no call takes long.
 */
#include "sim/habits.h"

#define PORT_UP 2000
#define PORT_IDLE 2001 /* keepalive asked for: six intervals of it pass while the clock stands */
#define PORT_SHUT 2002
#define PORT_DOWN 2003
#define PEERS 300u /* of each kind */
#define IN_FLIGHT (2 * SIM_SEGMENT)
#define OBJECT (64u << 20)
#define KEEPALIVE_MS 4000u
#define INTERVAL_MS 1000u
#define PROBES 3u
#define FREEZE_AT PL_SEC(15) /* from the beginning */
#define FROZEN PL_SEC(10)
#define RING 1024u
#define POLL_WORK 4000.0 /* by one plim_poll() with a budget of 1000 */
#define BACK_S 10.0      /* goodput, from the thaw */

enum { KINDS = 4 };
enum { IN_RING, DROPPED, WORK_BEFORE, WORK_THAW, RESETS, STILL };

static void
freeze(void *ctx)
{
	struct sim_run *r = ctx;

	r->number[WORK_BEFORE] = r->watch.work_poll;
	r->watch.work_poll = 0;
	r->world.server.ring = RING;
	sim_host_freeze(&r->world.server, true);
}

static void
thaw(void *ctx)
{
	struct sim_run *r = ctx;
	struct sim_host *h = &r->world.server;

	for (unsigned i = 0; i < h->n_nics; i++)
		r->number[IN_RING] += h->nic[i].air.n + h->nic[i].ready.n;
	r->number[DROPPED] = h->dropped;
	sim_host_freeze(h, false);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits peers[KINDS] = {sim_uploader(PORT_UP, IN_FLIGHT), sim_open_peer(PORT_IDLE),
	                                  sim_open_peer(PORT_SHUT), sim_open_peer(PORT_DOWN)};
	const struct sim_service services[KINDS] = {
		{.port = PORT_UP},
		{.port = PORT_IDLE,
	         .keepalive_ms = KEEPALIVE_MS,
	         .keepalive_interval_ms = INTERVAL_MS,
	         .keepalive_probes = PROBES},
		{.port = PORT_SHUT, .request = SIM_DOWNLOAD_REQUEST, .reply = OBJECT},
		{.port = PORT_DOWN, .request = SIM_DOWNLOAD_REQUEST, .reply = OBJECT},
	};

	peers[2].syn_wnd = 65535;
	peers[2].wnd = 0;
	peers[2].on_open = peers[3].on_open = sim_ask;
	peers[3].has_wscale = false;
	peers[3].wnd = 2 * SIM_SEGMENT;
	for (unsigned i = 0; i < KINDS; i++) {
		r->service[i] = sim_service(r, &services[i]);
		r->group[i] = sim_arrivals(r, PEERS, PEERS, &peers[i], 5);
	}
	sim_pacer_add(&r->raw, 1, r->begin + FREEZE_AT, r->begin + FREEZE_AT + PL_SEC(1), freeze, r);
	sim_pacer_add(&r->raw, 1, r->begin + FREEZE_AT + FROZEN, r->begin + FREEZE_AT + FROZEN + PL_SEC(1), thaw, r);
}

static void
sample(struct sim_run *r)
{
	if (r->world.now == r->begin + FREEZE_AT + FROZEN + PL_SEC(1))
		r->number[WORK_THAW] = r->watch.work_poll;
}

static void
at_end(struct sim_run *r)
{
	for (unsigned i = 0; i < KINDS; i++) {
		r->number[STILL] += sim_group_open(r->group[i]);
		r->number[RESETS] += r->group[i]->resets;
		sim_group_reset(r->group[i]);
	}
}

static void
check(struct sim_run *r)
{
	pl_time back = r->begin + FREEZE_AT + FROZEN + PL_MS(10000);
	uint64_t opened = 0, told = 0;

	for (unsigned i = 0; i < KINDS; i++) {
		opened += r->group[i]->opened;
		told += r->service[i]->told_error;
	}
	sim_at_least(r, "reached", (double)opened, 0.9 * KINDS * PEERS);
	sim_at_least(r, "in-ring", (double)r->number[IN_RING], RING);
	sim_at_least(r, "ring-dropped", (double)r->number[DROPPED], RING);
	sim_at_most(r, "resets", (double)r->number[RESETS], 0);
	sim_at_least(r, "still-there", (double)r->number[STILL], (double)opened);
	sim_at_most(r, "ended", (double)told, (double)opened); /* by the peers, at the end */
	sim_at_most(r, "work-of-a-poll", (double)r->number[WORK_THAW], POLL_WORK);
	sim_at_least(r, "G-after-10s", sim_rate_between(r, back, r->end) / (r->base != NULL ? r->base->good_per_s : 1),
	             0.95);
}

const struct sim_scenario sim_f11 = {
	.id = "F11",
	.name = "frozen-then-thaw",
	.pattern = "the machine stands still for 10 s with 1200 connections of four kinds, then all timers are due",
	.targets = {16},
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.check = check,
};
