/* SPDX-License-Identifier: ISC */
/*
 * C11: 1000 readers that take a steady share each, and an application that always has ten times more to send. It must
 * be held back by EAGAIN; nothing is dropped, nobody is favoured. The server's second port has 1 Gbit/s in this row,
 * so that the peers' windows are the bottleneck and not its queue.
 */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 1000u
#define WND 2920u            /* two segments each 40 ms: 73 000 octets a second */
#define PORT_BPS 1000000000u /* they drain 584 Mbit/s */
#define DRAIN 73000u         /* octets a second: WND each 40 ms */
#define LOOK_FROM PL_SEC(20) /* from the beginning */

static void
configure(struct sim_run *r, struct sim_world_config *c)
{
	(void)r;
	c->port_bps[1] = PORT_BPS;
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_open_peer(PORT);

	habits.wnd = WND;
	habits.has_wscale = false;
	habits.on_open = sim_ask;
	r->service[0] = sim_service(
		r, &(struct sim_service){.port = PORT, .request = SIM_DOWNLOAD_REQUEST, .reply = 600u * DRAIN});
	r->group[0] = sim_arrivals(r, PEERS, 250, &habits, 10);
}

/* Connections whose application has more to send than the stack took. */
static uint64_t
held_back(const struct sim_run *r)
{
	uint64_t n = 0;

	for (uint32_t i = r->service[0]->first; i > 0; i = r->services.conn[i - 1].next)
		n += r->services.conn[i - 1].tx < r->services.conn[i - 1].tx_want;
	return n;
}

static void
sample(struct sim_run *r)
{
	struct sim_holders h;

	if (r->world.now < r->begin + LOOK_FROM || r->has_ended)
		return;
	if (r->number[0]++ == 0)
		for (uint32_t i = 0; i < PEERS; i++)
			r->group[0]->peer[i].mark = r->group[0]->peer[i].rcv_nxt;
	sim_holders(r, PORT, &h);
	r->number[1] = PL_MAX(r->number[1], h.most_queued[1]);
}

static void
at_end(struct sim_run *r)
{
	uint64_t least = UINT64_MAX, most = 0, sum = 0;

	for (uint32_t i = 0; i < PEERS; i++) {
		const struct sim_peer *p = sim_group_peer(r->group[0], i);
		uint64_t got = p->rcv_nxt - p->mark;

		if (p->state != SIM_PEER_OPEN)
			continue;
		least = PL_MIN(least, got);
		most = PL_MAX(most, got);
		sum += got;
	}
	r->number[2] = least;
	r->number[3] = most;
	r->number[4] = sum;
	r->number[5] = held_back(r);
	sim_group_reset(r->group[0]);
}

static void
check(struct sim_run *r)
{
	double seconds = 60 - (double)LOOK_FROM / 1e9;

	sim_at_least(r, "reached", (double)r->group[0]->opened, PEERS);
	sim_at_least(r, "held-back", (double)r->number[5], 0.95 * (double)r->group[0]->opened);
	sim_at_least(r, "drained", (double)r->number[4], 0.90 * (double)r->group[0]->opened * DRAIN * seconds);
	sim_at_least(r, "fair", (double)r->number[2] * 2, (double)r->number[3]);
	sim_at_most(r, "resets", (double)r->group[0]->resets, 0);
	sim_at_most(r, "grants-refused", (double)r->watch.st.actions[PLIM_ACTION_grant_refused], 0);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_c11 = {
	.id = "C11",
	.name = "app-overproduce",
	.pattern = "1000 readers, the application always has ten times more to send",
	.targets = {16},
	.is_core = true,
	.proves = {{"kept-share", "G"}},
	.configure = configure,
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.check = check,
};
