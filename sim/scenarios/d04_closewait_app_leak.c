/* SPDX-License-Identifier: ISC */
/*
 * D04: 2000 peers close and the application never does. Half of them were of use (a request and 8 KiB of answer), half
 * were not. The application is told, what it holds for each is a small form; only level 3 (ballast, for a while at the
 * end) may take any of them, and those of no use that have waited longest first.
 */
#include "sim/habits.h"

#define PORT 2000 /* of use; the next one: of none */
#define PEERS 1000u
#define REPLY 8192u
#define HELD_MOST 1024u
#define QUIET PL_SEC(5) /* after the last one came */
#define ARRIVALS PL_SEC(10)
#define PRESSED_FROM PL_SEC(45)
#define PRESSED_FOR PL_SEC(3)
#define PERMILLE 900u

enum { HELD, TOLD, EVICTED_EARLY, CLOSE_WAITS, EVICTED, OLDER };

static void
send_fin(struct sim_group *g, struct sim_peer *p)
{
	if (p->flags++ == 0)
		sim_peer_text(g, p, p->snd_nxt, 0, PL_TH_FIN);
}

/* The whole answer has come. */
static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	(void)seg;
	if (p->rcv_nxt - p->mark >= REPLY)
		send_fin(g, p);
}

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	p->mark = p->rcv_nxt;
	sim_ask(g, p);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_open_peer(PORT);

	habits.on_open = on_open;
	habits.on_segment = on_segment;
	for (unsigned i = 0; i < 2; i++) {
		r->service[i] = sim_service(r, &(struct sim_service){.port = habits.port,
		                                                     .request = SIM_DOWNLOAD_REQUEST,
		                                                     .reply = REPLY,
		                                                     .keeps_open = true});
		r->group[i] = sim_arrivals(r, PEERS, 200, &habits, 10);
		habits.port = PORT + 1;
		habits.on_open = send_fin;
		habits.on_segment = NULL;
	}
}

static uint64_t
told(const struct sim_run *r)
{
	uint64_t n = 0;

	for (unsigned s = 0; s < 2; s++)
		for (uint32_t i = r->service[s]->first; i > 0; i = r->services.conn[i - 1].next)
			n += r->services.conn[i - 1].got_fin;
	return n;
}

static void
look(struct sim_run *r)
{
	struct sim_holders h;

	sim_holders(r, 0, &h);
	r->number[HELD] = PL_MAX(r->number[HELD], h.most_held);
	r->number[CLOSE_WAITS] = PL_MAX(r->number[CLOSE_WAITS], h.by_state[PLIM_CLOSE_WAIT]);
	r->number[TOLD] = PL_MAX(r->number[TOLD], told(r));
}

static void
sample(struct sim_run *r)
{
	pl_time since = r->world.now - r->begin;

	if (r->world.now < r->begin || r->has_ended)
		return;
	if (r->watch.most_level < 3)
		r->number[EVICTED_EARLY] = r->service[0]->told_error + r->service[1]->told_error;
	if (since >= ARRIVALS + QUIET && since < PRESSED_FROM)
		look(r);
	if (since >= PRESSED_FROM && since < PRESSED_FROM + PRESSED_FOR)
		sim_ballast(r, PERMILLE);
	else
		sim_ballast(r, 0);
}

static void
at_end(struct sim_run *r)
{
	for (unsigned g = 0; g < 2; g++)
		for (uint32_t i = 0; i < PEERS; i++) {
			bool is_gone = r->group[g]->peer[i].state == SIM_PEER_RESET;

			r->number[EVICTED] += is_gone;
			r->number[OLDER] += is_gone && g == 1;
		}
	for (unsigned g = 0; g < 2; g++)
		sim_group_reset(r->group[g]);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)(r->group[0]->opened + r->group[1]->opened), 2 * PEERS);
	sim_at_least(r, "close-wait", (double)r->number[CLOSE_WAITS], 0.98 * 2 * PEERS);
	sim_at_least(r, "told", (double)r->number[TOLD], 0.98 * 2 * PEERS);
	sim_at_most(r, "held-each", (double)r->number[HELD], HELD_MOST);
	sim_at_most(r, "ended-before-L3", (double)r->number[EVICTED_EARLY], 0);
	sim_at_least(r, "level", r->watch.most_level, 3);
	sim_at_least(r, "evicted-at-L3", (double)r->number[EVICTED], 1);
	/* Those of use are not due before 120 s. */
	sim_at_least(r, "useless-first", (double)r->number[OLDER], (double)r->number[EVICTED]);
	sim_at_least(r, "H", r->out->H, 0.80);
}

const struct sim_scenario sim_d04 = {
	.id = "D04",
	.name = "closewait-app-leak",
	.pattern = "2000 peers close, the application never does; level 3 for 3 s at the end",
	.targets = {16},
	.configure = sim_with_ballast,
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.check = check,
};
