/* SPDX-License-Identifier: ISC */
/*
 * C06: readers with a segment size of 48 and a window of 16 MiB that for half of the time acknowledge nothing but
 * shifting SACK blocks, one for every other segment.
 */
#include "sim/habits.h"

#include "base/bytes.h"

#define PORT 2000
#define PEERS 50u
#define OBJECT (16u << 20)
#define OFFERED 48u
#define EFFECTIVE 216u /* mss_floor */
#define RATE 10000u    /* acknowledgments with blocks a second, together, besides those that segments bring */
#define TURN 3u        /* seconds of taking, seconds of churning */

enum { OVER };

static bool
is_churning(const struct sim_run *r)
{
	return (r->world.now - r->begin) / PL_SEC(TURN) % 2 == 1 && !r->has_ended;
}

/* Four blocks of one segment each, at odd places between RCV.NXT and the furthest that came. */
static void
send_blocks(struct sim_group *g, struct sim_peer *p)
{
	struct sim_run *r = g->ctx;
	struct pl_tcp_seg ack = {.flags = PL_TH_ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt};
	uint32_t pairs = (p->mark - p->rcv_nxt) / (2 * EFFECTIVE);

	if ((int32_t)(p->mark - p->rcv_nxt) <= 0 || pairs == 0)
		return;
	for (unsigned i = 0; i < PL_TCP_MAX_SACKS; i++) {
		pl_seq start = p->rcv_nxt + (2 * sim_chance_below(&g->chance, pairs) + 1) * EFFECTIVE;

		ack.opt.sacks[ack.opt.n_sacks++] = (struct pl_sack){start, start + EFFECTIVE};
	}
	r->number[0] += ack.opt.n_sacks;
	sim_peer_send(g, p, &ack);
}

static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	if (pl_seq_lt(p->mark, seg->seq + seg->len))
		p->mark = seg->seq + seg->len;
	if (is_churning(g->ctx))
		send_blocks(g, p);
}

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	p->mark = p->rcv_nxt;
	sim_ask(g, p);
}

static void
fire(void *ctx)
{
	struct sim_run *r = ctx;
	struct sim_group *g = r->group[0];
	struct sim_peer *p = sim_group_peer(g, (uint32_t)(r->number[1]++ % PEERS));

	if (is_churning(r) && p->state == SIM_PEER_OPEN)
		send_blocks(g, p);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_open_peer(PORT);

	habits.mss = OFFERED;
	habits.wscale = 8;
	habits.has_sack = true;
	habits.on_open = on_open;
	habits.on_segment = on_segment;
	r->service[0] =
		sim_service(r, &(struct sim_service){.port = PORT, .request = SIM_DOWNLOAD_REQUEST, .reply = OBJECT});
	r->group[0] = sim_arrivals(r, PEERS, PEERS, &habits, 2);
	sim_pacer_add(&r->raw, RATE, r->begin + PL_SEC(2), r->end, fire, r);
}

static void
sample(struct sim_run *r)
{
	if (r->world.now < r->begin || r->has_ended)
		return;
	r->group[0]->habits.takes = !is_churning(r);
	r->figure[OVER] = PL_MAX(r->figure[OVER], (double)sim_over_queued(r, r->service[0]));
	for (uint32_t i = 0; i < PEERS; i++) {
		const struct sim_peer *p = sim_group_peer(r->group[0], i);

		r->number[2] = PL_MAX(r->number[2], p->state == SIM_PEER_OPEN ? p->mark - p->rcv_nxt : 0);
	}
}

static void
at_end(struct sim_run *r)
{
	r->number[3] = sim_group_open(r->group[0]);
	sim_group_reset(r->group[0]);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.8 * PEERS);
	sim_at_least(r, "still-there", (double)r->number[3], 0.9 * (double)r->group[0]->opened);
	sim_at_least(r, "blocks", (double)r->number[0], 0.9 * RATE * PL_TCP_MAX_SACKS * 25);
	/* More segments under way than the ledger has ranges. */
	sim_at_least(r, "in-flight", (double)r->number[2], 2 * 64 * EFFECTIVE);
	sim_at_most(r, "octets-over-queue", r->figure[OVER], 0);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_c06 = {
	.id = "C06",
	.name = "sack-scoreboard-churn",
	.pattern = "50 readers of MSS 48 and a 16 MiB window, SACK of every other segment, shifting",
	.targets = {4, 16},
	.is_core = true,
	.proves = {{"range-cap", "octets-over-queue"}},
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.check = check,
};
