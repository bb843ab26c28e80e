/* SPDX-License-Identifier: ISC */
/*
 * A07: as A06, and every peer sends 32 KiB as soon as it is connected. What a connection may send before it is accepted
 * is 4 segments, 2 at level 1, 1 from level 2 on.
 */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 4000u
#define ACCEPTS 10u
#define OCTETS 32768u
#define TICK PL_SEC(1)
#define DELAY PL_MS(100) /* between an edge's level and the peer that sees it */

enum { QUEUED, RESET_EARLY, GROWN, FILLED };
enum { OVER };

struct early {
	pl_seq first[PEERS], furthest[PEERS]; /* SND.NXT when it was opened; furthest edge seen */
	unsigned level, level_before;         /* of pressure, now and before it changed */
	pl_time changed_at;
};

/* The least level at which an edge that comes in now may have been given. */
static unsigned
least_level(struct sim_run *r)
{
	struct early *x = r->ctx;

	if (r->watch.level != x->level) {
		x->level_before = x->level;
		x->level = r->watch.level;
		x->changed_at = r->world.now;
	}
	return r->world.now - x->changed_at < DELAY ? PL_MIN(x->level, x->level_before) : x->level;
}

static bool
is_accepted(const struct sim_run *r, struct sim_group *g, uint32_t i)
{
	uint16_t port = sim_peer_port(g, i);
	uint32_t addr = sim_peer_addr(g, i);

	for (uint32_t k = r->service[0]->first; k > 0; k = r->services.conn[k - 1].next) {
		const struct sim_sconn *c = &r->services.conn[k - 1];

		if (c->peer_port == port && sim_addr_is(&c->peer, addr))
			return true;
	}
	return false;
}

/* The edge moved: by how much is it beyond what a connection that nobody accepted may be given? */
static void
look(struct sim_group *g, struct sim_peer *p)
{
	static const uint32_t segments[5] = {4, 2, 1, 1, 1};
	struct sim_run *r = g->ctx;
	struct early *x = r->ctx;
	uint32_t i = sim_peer_index(g, p), most = segments[least_level(r)] * SIM_SEGMENT;

	if (pl_seq_le(p->edge, x->furthest[i]))
		return;
	x->furthest[i] = p->edge;
	if (p->edge - x->first[i] > most && !is_accepted(r, g, i))
		r->figure[OVER] = PL_MAX(r->figure[OVER], (double)(p->edge - x->first[i]) - most);
	r->number[GROWN]++;
}

static void
pump(struct sim_group *g, struct sim_peer *p)
{
	struct early *x = ((struct sim_run *)g->ctx)->ctx;
	uint32_t done = p->snd_una - x->first[sim_peer_index(g, p)];

	if (done < OCTETS)
		sim_peer_pump(g, p, OCTETS - done, SIM_SEGMENT);
}

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	struct early *x = ((struct sim_run *)g->ctx)->ctx;
	uint32_t i = sim_peer_index(g, p);

	x->first[i] = x->furthest[i] = p->snd_nxt;
	p->mark = p->snd_una;
	look(g, p);
	pump(g, p);
	sim_peer_after(g, p, TICK);
}

static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	(void)seg;
	look(g, p);
	pump(g, p);
}

static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_timeout(p);
	pump(g, p);
	sim_peer_after(g, p, TICK);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_open_peer(PORT);

	sim_keep(r, sizeof(struct early));
	habits.has_wscale = false;
	habits.syn_tries = 5;
	habits.on_open = on_open;
	habits.on_segment = on_segment;
	habits.on_timer = on_timer;
	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT, .accept_per_s = ACCEPTS});
	r->group[0] = sim_arrivals(r, PEERS, 400, &habits, 20);
}

static void
sample(struct sim_run *r)
{
	const struct sim_group *g = r->group[0];

	(void)least_level(r);
	if (r->world.now <= r->end && r->watch.most_level <= 1)
		r->number[RESET_EARLY] = g->resets;
	r->number[QUEUED] = PL_MAX(r->number[QUEUED], r->watch.st.unaccepted);
}

/* Those that have sent what they were let, and wait. */
static void
at_end(struct sim_run *r)
{
	struct early *x = r->ctx;

	for (uint32_t i = 0; i < PEERS; i++)
		r->number[FILLED] += r->group[0]->peer[i].snd_una - x->first[i] >= SIM_SEGMENT;
	sim_group_reset(r->group[0]);
}

static double
applied(struct sim_run *r)
{
	return (double)r->group[0]->begun / PEERS;
}

static void
check(struct sim_run *r)
{
	const struct sim_group *g = r->group[0];

	sim_at_least(r, "queued", (double)r->number[QUEUED], 0.5 * PEERS);
	sim_at_least(r, "edges-seen", (double)r->number[GROWN], 0.9 * (double)g->opened);
	sim_at_least(r, "sent-early", (double)r->number[FILLED], 0.5 * (double)g->opened);
	sim_at_most(r, "window-before-accept", r->figure[OVER], 0);
	sim_at_most(r, "queued-reset", (double)r->number[RESET_EARLY], 0);
	sim_at_least(r, "accepted", (double)r->service[0]->accepted, ACCEPTS * 60 * 0.95);
	sim_at_least(r, "H", r->out->H,
	             0.80); /* the row names none: these hold data, so newcomers wait for longer than in A06 */
}

const struct sim_scenario sim_a07 = {
	.id = "A07",
	.name = "accept-queue-data",
	.pattern = "4000 full handshakes, 32 KiB sent by each, the application accepts 10/s",
	.targets = {16},
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.applied = applied,
	.check = check,
};
