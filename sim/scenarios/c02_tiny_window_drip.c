/* SPDX-License-Identifier: ISC */
/* C02: readers with a window of a few octets that open it to one segment each 30 s: just enough to look alive. */
#include "sim/run.h"

#define PORT 2000
#define PEERS 2000u
#define OBJECT (1u << 20)
#define MSS 1460u
#define OPENS_EVERY PL_SEC(30)
#define OPEN_FOR PL_MS(200)

enum { OVER };

static uint16_t
tiny(struct sim_group *g)
{
	return (uint16_t)(1 + sim_chance_below(&g->chance, 16));
}

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_text(g, p, p->snd_nxt, SIM_DOWNLOAD_REQUEST, 0);
	sim_peer_after(g, p, sim_chance_below(&g->chance, 30000) * PL_MS(1));
}

static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	p->wnd = p->wnd == MSS ? tiny(g) : MSS;
	sim_peer_ack(g, p);
	sim_peer_after(g, p, p->wnd == MSS ? OPEN_FOR : OPENS_EVERY);
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT,
	                                         .mss = MSS,
	                                         .wnd = 8,
	                                         .takes = true,
	                                         .answers = true,
	                                         .syn_tries = 3,
	                                         .on_open = on_open,
	                                         .on_timer = on_timer};

	r->service[0] =
		sim_service(r, &(struct sim_service){.port = PORT, .request = SIM_DOWNLOAD_REQUEST, .reply = OBJECT});
	r->group[0] = sim_arrivals(r, PEERS, 200, &habits, 10);
}

static void
sample(struct sim_run *r)
{
	struct sim_holders h;

	if (r->world.now < r->begin)
		return;
	sim_holders(r, PORT, &h);
	r->figure[OVER] = PL_MAX(r->figure[OVER], (double)h.most_queued[1]);
}

static void
at_end(struct sim_run *r)
{
	r->number[0] = r->group[0]->octets_in;
	sim_group_vanish(r->group[0]);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.9 * PEERS);
	sim_at_least(r, "dripped", (double)r->number[0], PEERS * 100.0);
	sim_at_most(r, "queued-over-earned", r->figure[OVER], 10 * MSS);
	sim_at_most(r, "slow-evicted", (double)r->download->told_evicted, 0);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_c02 = {
	.id = "C02",
	.name = "tiny-window-drip",
	.pattern = "2000 clients, window 1-16 octets, open to one segment each 30 s",
	.targets = {16},
	.is_core = true,
	.proves = {{"earned-limit", "queued-over-earned"}},
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.check = check,
};
