/* SPDX-License-Identifier: ISC */
/*
 * C09: peers move our send window to the left, so that what is usable is negative, to zero and back. Half of the
 * orderly ones do it with an ACK that repeats SEQ and ACK, half with one that acknowledges; hostile ones move it to
 * anywhere ten times a second.
 */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 50u
#define OBJECT (64u << 20)
#define OPEN 16384u
#define NARROW 2000u
#define STEP PL_MS(100)
#define ROUND 80u /* steps: open, narrow, shut, again */
#define NARROW_AT 40u
#define SHUT_AT 43u
#define QUIET PL_MS(100) /* what was under way when it shut has come by then */
#define RESUME_MS 240.0  /* the least RTO with timestamps, and a round trip */
#define PROBES 10.0      /* in 3.7 s, from 200 ms on doubled: five; and what the narrow window holds again */

struct windows {
	pl_seq furthest[2][PEERS]; /* edge ever shown */
	pl_time shut_at[PEERS], opened_at[PEERS];
	pl_seq most[PEERS]; /* end of what came before the window shut */
	uint32_t came[PEERS];
	uint64_t shuts, narrowed, negative, resumed, beyond, fresh, hostile;
	uint32_t most_came;
	pl_time most_resume;
};

static struct windows *
windows_of(struct sim_group *g)
{
	return ((struct sim_run *)g->ctx)->ctx;
}

static unsigned
row_of(struct sim_group *g)
{
	return ((struct sim_run *)g->ctx)->group[0] == g ? 0 : 1;
}

static void
note_edge(struct sim_group *g, struct sim_peer *p)
{
	pl_seq *f = &windows_of(g)->furthest[row_of(g)][sim_peer_index(g, p)];

	*f = pl_seq_max(*f, p->rcv_nxt + p->wnd);
}

static void
set_window(struct sim_group *g, struct sim_peer *p, uint32_t wnd)
{
	p->wnd = (uint16_t)wnd;
	sim_peer_ack(g, p);
	note_edge(g, p);
}

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	windows_of(g)->furthest[row_of(g)][sim_peer_index(g, p)] = p->rcv_nxt + p->wnd;
	sim_ask(g, p);
	sim_peer_after(g, p, STEP);
}

/* Text beyond every edge we were ever shown is wrong, but for the octet of a probe. */
static void
look(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	struct windows *x = windows_of(g);

	if (seg->text.len > 1)
		x->beyond +=
			pl_seq_lt(x->furthest[row_of(g)][sim_peer_index(g, p)], seg->seq + (uint32_t)seg->text.len);
	note_edge(g, p);
}

static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	struct windows *x = windows_of(g);
	uint32_t i = sim_peer_index(g, p);
	pl_time now = g->raw->w->now;
	pl_seq end = seg->seq + (uint32_t)seg->text.len;

	look(g, p, seg);
	if (p->wnd == 0 && now >= x->shut_at[i] + QUIET) {
		x->came[i]++;
		x->fresh += seg->text.len > 1 && pl_seq_lt(x->most[i], end);
	} else {
		x->most[i] = pl_seq_max(x->most[i], end);
	}
	if (x->opened_at[i] > 0 && seg->text.len > 1) {
		x->most_resume = PL_MAX(x->most_resume, now - x->opened_at[i]);
		x->opened_at[i] = 0;
		x->resumed++;
	}
}

/* Half repeat SEQ and ACK with the narrower window at once, half let their next ACK of new octets say it. */
static void
narrow(struct sim_group *g, struct sim_peer *p)
{
	struct windows *x = windows_of(g);
	uint32_t i = sim_peer_index(g, p);

	x->narrowed++;
	x->negative += pl_seq_lt(p->rcv_nxt + NARROW, x->furthest[0][i]);
	p->wnd = NARROW;
	if (i % 2 == 0)
		sim_peer_ack(g, p);
}

static void
shut(struct sim_group *g, struct sim_peer *p)
{
	struct windows *x = windows_of(g);
	uint32_t i = sim_peer_index(g, p);

	x->shuts++;
	x->shut_at[i] = g->raw->w->now;
	x->came[i] = 0;
	x->most[i] = p->rcv_nxt;
	set_window(g, p, 0);
}

static void
reopen(struct sim_group *g, struct sim_peer *p)
{
	struct windows *x = windows_of(g);
	uint32_t i = sim_peer_index(g, p);

	x->opened_at[i] = g->raw->w->now;
	x->most_came = PL_MAX(x->most_came, x->came[i]);
	set_window(g, p, OPEN);
}

static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	uint32_t step = p->times++ % ROUND;

	if (step == 0 && p->wnd == 0)
		reopen(g, p);
	else if (step == NARROW_AT)
		narrow(g, p);
	else if (step == SHUT_AT)
		shut(g, p);
	sim_peer_after(g, p, STEP);
}

static void
on_hostile_timer(struct sim_group *g, struct sim_peer *p)
{
	set_window(g, p, sim_chance_below(&g->chance, 4) == 0 ? 0 : sim_chance_below(&g->chance, OPEN));
	windows_of(g)->hostile++;
	sim_peer_after(g, p, STEP);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = {.port = PORT,
	                            .mss = SIM_SEGMENT,
	                            .wnd = OPEN,
	                            .has_ts = true,
	                            .takes = true,
	                            .answers = true,
	                            .syn_tries = 4,
	                            .on_open = on_open,
	                            .on_segment = on_segment,
	                            .on_timer = on_timer};

	sim_keep(r, sizeof(struct windows));
	r->service[0] =
		sim_service(r, &(struct sim_service){.port = PORT, .request = SIM_DOWNLOAD_REQUEST, .reply = OBJECT});
	r->group[0] = sim_peers(r, PEERS, PEERS, &habits);
	habits.on_segment = look;
	habits.on_timer = on_hostile_timer;
	r->group[1] = sim_peers(r, PEERS, PEERS, &habits);
	for (unsigned i = 0; i < 2; i++)
		sim_pacer_add(&r->raw, PEERS, r->begin, r->begin + PL_SEC(1), sim_group_begin_one, r->group[i]);
}

static void
at_end(struct sim_run *r)
{
	r->number[0] = r->group[0]->octets_in;
	for (unsigned i = 0; i < 2; i++)
		sim_group_reset(r->group[i]);
}

static double
applied(struct sim_run *r)
{
	const struct windows *x = r->ctx;

	return (double)x->negative / (PEERS * 7.0); /* rounds whose window had become narrow at the end */
}

static void
check(struct sim_run *r)
{
	const struct windows *x = r->ctx;

	sim_at_least(r, "reached", (double)(r->group[0]->opened + r->group[1]->opened), 2 * PEERS);
	sim_at_least(r, "shuts", (double)x->shuts, PEERS * 7.0);
	sim_at_least(r, "hostile-moves", (double)x->hostile, PEERS * 500.0);
	sim_at_least(r, "taken", (double)r->number[0], PEERS * 1000000.0);
	sim_at_most(r, "beyond-every-edge", (double)x->beyond, 0);
	sim_at_most(r, "new-while-shut", (double)x->fresh, 0);
	sim_at_most(r, "segments-while-shut", x->most_came, PROBES);
	sim_at_least(r, "resumed", (double)x->resumed, PEERS * 6.0);
	sim_at_most(r, "resume-ms", (double)x->most_resume / 1e6, RESUME_MS);
	sim_at_most(r, "resets", (double)(r->group[0]->resets + r->group[1]->resets), 0);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_c09 = {
	.id = "C09",
	.name = "peer-shrinks-us",
	.pattern = "50 peers narrow and shut our window in turns, 50 move it ten times a second",
	.targets = {16},
	.is_core = true,
	.proves = {{"probe-backoff", "segments-while-shut"}},
	.prepare = prepare,
	.end = at_end,
	.applied = applied,
	.check = check,
};
