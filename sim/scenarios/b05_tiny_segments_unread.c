/* SPDX-License-Identifier: ISC */
/* B05: senders of 4 octets each millisecond to an application that never reads (Cloudflare's reproducer). */
#include "sim/run.h"

#define PORT 2000
#define PEERS 300u
#define OCTETS 4u
#define LOST_AFTER PL_SEC(1)

enum { OVER }; /* figure: octets over the bound of one connection */

/* Once a millisecond; with the window shut it asks once a second, and what was refused it sends again. */
static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	if (sim_peer_room(p) >= OCTETS) {
		sim_peer_text(g, p, p->snd_nxt, OCTETS, 0);
		p->times = 0;
		sim_peer_after(g, p, PL_MS(1));
		return;
	}
	if (p->times++ > 0 && p->snd_una != p->snd_nxt && p->mark == p->snd_una)
		sim_peer_go_back(p);
	else
		sim_peer_probe(g, p);
	p->mark = p->snd_una;
	sim_peer_after(g, p, LOST_AFTER);
}

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_after(g, p, PL_MS(1));
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT,
	                                         .mss = 1460,
	                                         .wnd = 65535,
	                                         .has_wscale = true,
	                                         .wscale = 7,
	                                         .takes = true,
	                                         .answers = true,
	                                         .syn_tries = 4,
	                                         .on_open = on_open,
	                                         .on_timer = on_timer};

	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT, .read = SIM_READ_NEVER});
	r->group[0] = sim_arrivals(r, PEERS, 100, &habits, 1);
}

static void
sample(struct sim_run *r)
{
	if (r->world.now > r->begin && r->world.now <= r->end)
		r->figure[OVER] = PL_MAX(r->figure[OVER], (double)sim_over_window(r, r->service[0]));
}

static void
at_end(struct sim_run *r)
{
	struct sim_holders h;

	sim_holders(r, PORT, &h);
	r->figure[1] = h.n > 0 ? (double)h.held / (double)h.n : 0;
	sim_group_vanish(r->group[0]);
	r->service[0]->read = SIM_READ_ALL; /* the application comes back: memory must, too */
	sim_services_kick(&r->services, r->service[0]);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.9 * PEERS);
	sim_at_most(r, "octets-over-window", r->figure[OVER], 0);
	sim_at_least(r, "G", r->out->G, 0.70);
}

const struct sim_scenario sim_b05 = {
	.id = "B05",
	.name = "tiny-segments-unread",
	.pattern = "300 connections send 4 octets each ms, the application never reads",
	.targets = {4, 16},
	.is_core = true,
	.proves = {{"kept-share", "G"}},
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.check = check,
};
