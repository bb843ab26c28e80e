/* SPDX-License-Identifier: ISC */
/*
 * B06: a receive buffer that is no multiple of the window's unit, a slow reader, and segments of odd sizes smaller than
 * the unit, right up to the edge. Peers send to the furthest edge they ever saw; at the end a FIN behind the last octet.
 * The unit is 2^7 with the first seed, 2^6 with the second, and so on.
 */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 16u
#define BUFFER 100000
#define BIG 1459u
#define NEAR (8 * BIG) /* so near the edge in small segments */
#define FLIGHT 65536u
#define TICK PL_SEC(1)
#define READS 200u /* units a second and connection */

struct rounding {
	pl_seq una[PEERS], furthest[PEERS];
	uint64_t small, at_edge, left, again, fins;
};

static unsigned
shift_of(const struct sim_run *r)
{
	return 7 - (unsigned)((r->seed - 1) % 7);
}

static void
configure(struct sim_run *r, struct sim_world_config *c)
{
	c->stack.rcv_buf_max = UINT64_C(65535) << shift_of(r);
}

/* An odd number of octets, under a unit. */
static uint32_t
odd_size(struct sim_group *g)
{
	unsigned shift = shift_of(g->ctx);

	return 2 * sim_chance_below(&g->chance, 1u << (shift - 1)) + 1;
}

static void
pump(struct sim_group *g, struct sim_peer *p)
{
	struct rounding *x = ((struct sim_run *)g->ctx)->ctx;

	while (p->snd_nxt - p->snd_una < FLIGHT && sim_peer_room(p) > 1 && p->flags == 0) {
		uint32_t room = sim_peer_room(p) - 1; /* the last one is for the FIN */
		uint32_t odd = odd_size(g), len = room > NEAR ? BIG : PL_MIN(odd, room);

		x->small += room <= NEAR;
		x->at_edge += len == room;
		sim_peer_text(g, p, p->snd_nxt, len, 0);
	}
}

/* RFC 7323 2.4: an edge once seen holds, whatever later windows round to. */
static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	struct rounding *x = ((struct sim_run *)g->ctx)->ctx;
	pl_seq *furthest = &x->furthest[sim_peer_index(g, p)];

	(void)seg;
	x->left += pl_seq_lt(p->edge, *furthest);
	*furthest = p->edge = pl_seq_max(p->edge, *furthest);
	pump(g, p);
}

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	struct rounding *x = ((struct sim_run *)g->ctx)->ctx;
	uint32_t i = sim_peer_index(g, p);

	x->furthest[i] = p->edge;
	x->una[i] = p->snd_una;
	sim_peer_after(g, p, TICK);
}

/* Nothing was acknowledged for a whole tick though it lay in the window: it goes again, because of us. */
static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	struct sim_run *r = g->ctx;
	struct rounding *x = r->ctx;
	uint32_t i = sim_peer_index(g, p);

	if (p->snd_una == x->una[i] && p->snd_nxt != p->snd_una) {
		x->again++;
		sim_peer_text(g, p, p->snd_una, PL_MIN(BIG, p->snd_nxt - p->snd_una), 0);
	}
	x->una[i] = p->snd_una;
	pump(g, p);
	if (r->world.now >= r->end - PL_SEC(3) && p->flags == 0) {
		p->flags = 1;
		sim_peer_text(g, p, p->snd_nxt, 0, PL_TH_FIN);
	}
	sim_peer_after(g, p, TICK);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_open_peer(PORT);

	sim_keep(r, sizeof(struct rounding));
	habits.on_open = on_open;
	habits.on_segment = on_segment;
	habits.on_timer = on_timer;
	r->service[0] = sim_service(
		r, &(struct sim_service){.port = PORT, .read = SIM_READ_PACED, .read_rate = READS << shift_of(r)});
	r->group[0] = sim_arrivals(r, PEERS, PEERS, &habits, 1);
}

static void
sample(struct sim_run *r)
{
	for (uint32_t i = r->service[0]->first; i > 0; i = r->services.conn[i - 1].next)
		plim_set(r->world.server.s, r->services.conn[i - 1].h, PLIM_O_RCV_BUF_MAX, BUFFER);
}

static void
at_end(struct sim_run *r)
{
	struct rounding *x = r->ctx;

	for (uint32_t i = 0; i < PEERS; i++) {
		struct sim_peer *p = sim_group_peer(r->group[0], i);

		x->fins += p->flags == 1 && p->state == SIM_PEER_OPEN && p->snd_una == p->snd_nxt;
		r->number[0] = PL_MAX(r->number[0], p->wscale);
	}
	sim_read_so(r, r->service[0], SIM_READ_ALL);
}

static double
applied(struct sim_run *r)
{
	return (double)r->group[0]->opened / PEERS;
}

static void
check(struct sim_run *r)
{
	struct rounding *x = r->ctx;

	sim_at_least(r, "shift", (double)r->number[0], shift_of(r));
	sim_at_least(r, "small-segments", (double)x->small, PEERS * 10000.0);
	sim_at_least(r, "to-the-edge", (double)x->at_edge, PEERS * 20.0);
	sim_at_most(r, "sent-again", (double)x->again, 0);
	sim_at_least(r, "fin-taken", (double)x->fins, PEERS);
	sim_at_least(r, "G", r->out->G, 0.95);
}

const struct sim_scenario sim_b06 = {
	.id = "B06",
	.name = "window-rounding-retract",
	.pattern = "16 uploads, buffer of 100 000, odd segments under the window's unit, slow reader",
	.targets = {16},
	.is_core = true,
	.proves = {{"absolute-edge", "sent-again"}},
	.configure = configure,
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.applied = applied,
	.check = check,
};
