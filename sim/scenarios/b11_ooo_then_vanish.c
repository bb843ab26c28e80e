/* SPDX-License-Identifier: ISC */
/*
 * B11: 2000 connections earn a window with 24 KiB, fill it above a hole that is never closed, again each second for what
 * was given up, and then the peers disappear all at once. What lies out of
 * order must go within 6 RTO (RFC 9293 leaves it open; lwIP's limit) or with level 2, the connections by the probes that
 * nobody answers: keepalive is asked for, since nothing ends an idle peer without pressure (MUST-25).
 */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 2000u
#define EARN 24576u /* octets in order, read at once */
#define AGAIN PL_SEC(1)
#define VANISH PL_SEC(15) /* from the beginning */
#define KEEPALIVE_S 30u
#define INTERVAL_S 10u
#define PROBES 3u
#define RTOS 6u

enum { OOO_BEFORE, OOO_LAST, RTO_MS, GONE, LEFT, HOLES };

/* Everything beyond the first segment, to the edge. */
static void
leave_hole(struct sim_group *g, struct sim_peer *p)
{
	pl_seq nxt = p->snd_nxt;

	for (pl_seq at = p->snd_una + SIM_SEGMENT; pl_seq_lt(at, p->edge);) {
		uint32_t len = PL_MIN(SIM_SEGMENT, p->edge - at);

		sim_peer_text(g, p, at, len, 0);
		at += len;
	}
	p->snd_nxt = nxt;
	p->flags = 1;
	sim_peer_after(g, p, AGAIN);
}

static void
earn(struct sim_group *g, struct sim_peer *p)
{
	uint32_t done = p->snd_una - p->mark;

	if (p->flags == 0 && done < EARN)
		sim_peer_pump(g, p, EARN - done, SIM_SEGMENT);
	else if (p->flags == 0)
		leave_hole(g, p);
}

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	p->mark = p->snd_una;
	earn(g, p);
	sim_peer_after(g, p, AGAIN);
}

static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	(void)seg;
	earn(g, p);
}

static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	if (p->flags == 0) {
		sim_peer_go_back(p);
		earn(g, p);
		sim_peer_after(g, p, AGAIN);
	} else {
		leave_hole(g, p);
	}
}

static void
vanish(void *ctx)
{
	struct sim_run *r = ctx;

	for (uint32_t i = 0; i < PEERS; i++)
		r->number[HOLES] += r->group[0]->peer[i].flags;
	sim_group_vanish(r->group[0]);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_open_peer(PORT);

	habits.has_sack = true;
	habits.on_open = on_open;
	habits.on_segment = on_segment;
	habits.on_timer = on_timer;
	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT,
	                                                     .keepalive_ms = KEEPALIVE_S * 1000,
	                                                     .keepalive_interval_ms = INTERVAL_S * 1000,
	                                                     .keepalive_probes = PROBES});
	r->group[0] = sim_arrivals(r, PEERS, 500, &habits, 10);
	sim_pacer_add(&r->raw, 1, r->begin + VANISH, r->begin + VANISH + PL_SEC(1), vanish, r);
}

/* Octets out of order of all of them, and the largest RTO among those. */
static uint64_t
out_of_order(struct sim_run *r, uint64_t *rto_ms)
{
	struct plim_conn_info info;
	uint64_t sum = 0;

	for (uint32_t i = r->service[0]->first; i > 0; i = r->services.conn[i - 1].next) {
		if (plim_conn_info(r->world.server.s, r->services.conn[i - 1].h, &info) != PLIM_OK)
			continue;
		sum += info.out_of_order;
		if (info.out_of_order > 0)
			*rto_ms = PL_MAX(*rto_ms, info.rto_ms);
	}
	return sum;
}

static void
sample(struct sim_run *r)
{
	pl_time since = r->world.now - r->begin;
	uint64_t sum;

	if (r->world.now < r->begin)
		return;
	sum = out_of_order(r, &r->number[RTO_MS]);
	if (since <= VANISH)
		r->number[OOO_BEFORE] = sum;
	else if (sum > 0)
		r->number[OOO_LAST] = since - VANISH;
	r->number[LEFT] = r->service[0]->open;
	if (since > VANISH && r->number[LEFT] > 0)
		r->number[GONE] = since - VANISH;
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.6 * PEERS);
	sim_at_least(r, "holes", (double)r->number[HOLES], 0.9 * (double)r->group[0]->opened);
	sim_at_least(r, "out-of-order", (double)r->number[OOO_BEFORE], (double)r->target / 10);
	sim_at_most(r, "ooo-freed-after", (double)r->number[OOO_LAST] / 1e9,
	            RTOS * PL_MAX((double)r->number[RTO_MS], 1000.0) / 1e3);
	/* From the last segment to the probe that decides, and what the sweeping hand takes. */
	sim_at_most(r, "connections-gone-after", (double)r->number[GONE] / 1e9, KEEPALIVE_S + INTERVAL_S * PROBES + 5);
	sim_at_most(r, "left", (double)r->number[LEFT], 0);
	sim_at_most(r, "T_rec", r->out->T_rec, 120);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_b11 = {
	.id = "B11",
	.name = "ooo-then-vanish",
	.pattern = "2000 connections fill their windows above a hole, then vanish",
	.targets = {16},
	.linger = PL_SEC(30),
	.prepare = prepare,
	.sample = sample,
	.check = check,
};
