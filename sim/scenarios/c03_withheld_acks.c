/* SPDX-License-Identifier: ISC */
/* C03: readers with a large window that never acknowledge what they get, or only repeat their first ACK. */
#include "sim/run.h"

#define PORT 2000
#define PEERS 1000u
#define OBJECT (1u << 20)
#define MSS 1460u
#define FREED_AT_L0 99 /* s: R2 is 100 s there */
#define FREED_AT_L3 19

enum { OVER, EARLY };

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	p->mark = (uint32_t)((g->raw->w->now - ((struct sim_run *)g->ctx)->start) / PL_MS(1));
	sim_peer_text(g, p, p->snd_nxt, SIM_DOWNLOAD_REQUEST, 0);
}

/* Half of them answer each segment with the same ACK again. */
static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	if (seg->len > 0 && sim_peer_index(g, p) % 2 == 0)
		sim_peer_ack(g, p);
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {
		.port = PORT, .mss = MSS, .wnd = 65535, .syn_tries = 3, .on_open = on_open, .on_segment = on_segment};

	r->service[0] =
		sim_service(r, &(struct sim_service){.port = PORT, .request = SIM_DOWNLOAD_REQUEST, .reply = OBJECT});
	r->group[0] = sim_arrivals(r, PEERS, 200, &habits, 10);
}

static void
sample(struct sim_run *r)
{
	struct sim_holders h;
	double since = (double)(r->world.now - r->begin) / 1e9;

	if (r->world.now < r->begin)
		return;
	sim_holders(r, PORT, &h);
	r->figure[OVER] = PL_MAX(r->figure[OVER], (double)h.most_queued[1]);
	/* The first came at 0 s: whoever was ended by now was so at this age at most. */
	if (r->watch.most_level < 3 && since < FREED_AT_L0)
		r->figure[EARLY] = (double)r->service[0]->told_error;
	else if (since < FREED_AT_L3)
		r->figure[EARLY] = (double)r->service[0]->told_error;
	if (h.n > 0)
		r->number[0] = r->world.now - r->begin;
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.9 * PEERS);
	sim_at_most(r, "queued-over-earned", r->figure[OVER], 20 * MSS); /* the initial window, and cwnd beside it */
	sim_at_most(r, "ended-too-early", r->figure[EARLY], 0);
	/* 100 s from the first transmission, then until the timer that notices: at most an RTO of 60 s. */
	sim_at_most(r, "freed-after", (double)r->number[0] / 1e9, 10 + 100 + 62);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_c03 = {
	.id = "C03",
	.name = "withheld-acks",
	.pattern = "1000 clients with a large window take data and never acknowledge it",
	.targets = {16},
	.is_core = true,
	.proves = {{"earned-limit", "queued-over-earned"}, {"deadline.r2", "freed-after"}},
	.linger = PL_SEC(115),
	.prepare = prepare,
	.sample = sample,
	.check = check,
};
