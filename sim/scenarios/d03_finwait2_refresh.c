/* SPDX-License-Identifier: ISC */
/* D03: peers that acknowledge our FIN, never send theirs, and send one ACK each 5 s for ever. */
#include "sim/run.h"

#define PORT 2000
#define PEERS 1000u
#define EVERY PL_SEC(5)

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_text(g, p, p->snd_nxt, SIM_DOWNLOAD_REQUEST, 0);
}

static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	(void)seg;
	if (p->fin_in && p->flags == 0) {
		p->flags = 1;
		((struct sim_run *)g->ctx)->number[0]++;
		sim_peer_after(g, p, EVERY);
	}
}

static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_ack(g, p);
	sim_peer_after(g, p, EVERY);
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT,
	                                         .mss = 1460,
	                                         .wnd = 65535,
	                                         .takes = true,
	                                         .answers = true,
	                                         .syn_tries = 3,
	                                         .on_open = on_open,
	                                         .on_segment = on_segment,
	                                         .on_timer = on_timer};

	r->service[0] = sim_service(
		r, &(struct sim_service){
			   .port = PORT, .request = SIM_DOWNLOAD_REQUEST, .reply = 100, .closes_after = true});
	r->group[0] = sim_arrivals(r, PEERS, 200, &habits, 20);
}

static void
sample(struct sim_run *r)
{
	struct sim_holders h;

	if (r->world.now < r->begin)
		return;
	sim_holders(r, PORT, &h);
	r->number[1] = PL_MAX(r->number[1], h.by_state[PLIM_FIN_WAIT_2]);
	if (h.by_state[PLIM_FIN_WAIT_2] > 0)
		r->number[2] = r->world.now - r->begin;
}

static double
applied(struct sim_run *r)
{
	return (double)r->number[0] / PEERS;
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "fin-wait-2-at-once", (double)r->number[1], 0.9 * PEERS);
	sim_at_most(r, "fin-wait-2-deadline", (double)r->number[2] / 1e9, 20 + 60 + 2);
}

const struct sim_scenario sim_d03 = {
	.id = "D03",
	.name = "finwait2-refresh",
	.pattern = "1000 peers acknowledge our FIN, never send theirs, and an ACK each 5 s",
	.targets = {16},
	.is_core = true,
	.proves = {{"deadline.fin_wait_2", "fin-wait-2-deadline"}},
	.linger = PL_SEC(40),
	.peers_stay = true,
	.prepare = prepare,
	.sample = sample,
	.applied = applied,
	.check = check,
};
