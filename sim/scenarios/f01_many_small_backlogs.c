/* SPDX-License-Identifier: ISC */
/* F01: 3000 connections from as many /24s, each leaving 2 to 4 KiB unread for 20 to 40 s: each alone does no wrong. */
#include "sim/run.h"

#define PORT 2000
#define PEERS 3000u
#define LATE PL_SEC(20) /* the application reads after this to twice this */
#define TICK PL_SEC(1)
#define PIECE 1024u

enum { CONNECTED };

/* Each time everything was acknowledged and the application has read, the next 2 to 4 KiB. */
static void
send_piece(struct sim_group *g, struct sim_peer *p)
{
	p->mark = p->snd_una;
	p->times = (uint16_t)(2048 + sim_chance_below(&g->chance, 2048));
	sim_peer_pump(g, p, p->times, PIECE);
	p->flags = 0;
	sim_peer_after(g, p, TICK);
}

static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	uint32_t done = p->snd_una - p->mark;

	if (done < p->times) { /* refused or lost: again */
		sim_peer_go_back(p);
		if (sim_peer_pump(g, p, p->times - done, PIECE) == 0)
			sim_peer_probe(g, p);
		sim_peer_after(g, p, TICK);
	} else if (p->flags++ < 40) {
		sim_peer_after(g, p, TICK);
	} else {
		send_piece(g, p);
	}
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT,
	                                         .mss = 1460,
	                                         .wnd = 65535,
	                                         .takes = true,
	                                         .answers = true,
	                                         .syn_tries = 5,
	                                         .on_open = send_piece,
	                                         .on_timer = on_timer};

	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT, .read = SIM_READ_LATE, .late_min = LATE});
	r->group[0] = sim_arrivals(r, PEERS, PEERS, &habits, 10);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, sim_is_4m(r) ? 700 : 2700);
	sim_at_least(r, "G", r->out->G, 0.70);
}

const struct sim_scenario sim_f01 = {
	.id = "F01",
	.name = "many-small-backlogs",
	.pattern = "3000 connections from 3000 /24s, each leaves 2-4 KiB unread for 20-40 s",
	.targets = {4, 16},
	.is_core = true,
	.proves = {{"kept-share", "G"}, {"admission-pacing", "G"}},
	.prepare = prepare,
	.end = sim_end_read,
	.check = check,
};
