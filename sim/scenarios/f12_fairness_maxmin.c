/* SPDX-License-Identifier: ISC */
/*
 * F12: one upload that takes all it can get of a 100 Mbit/s link, and 200 peers of 100 kbit/s, half of them up, half
 * down, while ballast holds the level at 1, 2 and 3 in turn. The modest ones get what they ask for.
 */
#include "sim/habits.h"

#define PORT_GREEDY 2000
#define PORT_UP 2001
#define PORT_DOWN 2002
#define PEERS 100u /* of each direction */
#define LINK 100000000u
#define GREEDY_FLIGHT (400u << 10) /* 80 Mbit/s at 40 ms */
#define PIECE 1250u                /* each 100 ms: 100 kbit/s */
#define TICK PL_MS(100)
#define RETRY 10u        /* ticks without an acknowledgment until it goes again */
#define FIRST PL_SEC(15) /* from the beginning: connected, earned */
#define PHASE PL_SEC(14)
#define CHANGE PL_SEC(2) /* of a phase: the level settles */
#define N_PHASES 3u

static const unsigned permille[N_PHASES] = {600, 775, 900};

struct share {
	uint32_t asked[2][PEERS];       /* pieces, since it was opened */
	pl_seq origin[2][PEERS];        /* SEQ or RCV.NXT then */
	pl_seq una[PEERS];              /* at the last look */
	uint8_t waited[PEERS];          /* ticks */
	pl_seq from[2][PEERS];          /* at the beginning of a phase */
	double got[N_PHASES][2][PEERS]; /* octets of the phase */
	double greedy[N_PHASES + 1];    /* Mbit/s; the last one: before */
	uint64_t greedy_from;
	unsigned level[N_PHASES]; /* the least seen */
	unsigned begun, ended;    /* phases */
};

static unsigned
direction_of(struct sim_group *g)
{
	return ((struct sim_run *)g->ctx)->group[2] == g;
}

static pl_seq
progress(struct sim_run *r, unsigned dir, uint32_t i)
{
	const struct sim_peer *p = sim_group_peer(r->group[1 + dir], i);

	return dir == 0 ? p->snd_una : p->rcv_nxt;
}

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	struct share *x = ((struct sim_run *)g->ctx)->ctx;

	x->origin[direction_of(g)][sim_peer_index(g, p)] = progress(g->ctx, direction_of(g), sim_peer_index(g, p));
	sim_peer_after(g, p, TICK);
}

/* What it has to send grows by a piece each tick; what is not acknowledged for a second goes again. */
static void
on_up_timer(struct sim_group *g, struct sim_peer *p)
{
	struct share *x = ((struct sim_run *)g->ctx)->ctx;
	uint32_t i = sim_peer_index(g, p);
	pl_seq due = x->origin[0][i] + ++x->asked[0][i] * PIECE;

	x->waited[i] = p->snd_una == x->una[i] && p->snd_nxt != p->snd_una ? x->waited[i] + 1 : 0;
	x->una[i] = p->snd_una;
	if (x->waited[i] >= RETRY) {
		x->waited[i] = 0;
		sim_peer_go_back(p);
	}
	sim_peer_pump(g, p, due - p->snd_una, PIECE);
	sim_peer_after(g, p, TICK);
}

static void
on_down_timer(struct sim_group *g, struct sim_peer *p)
{
	struct share *x = ((struct sim_run *)g->ctx)->ctx;

	x->asked[1][sim_peer_index(g, p)]++;
	sim_ask(g, p);
	sim_peer_after(g, p, TICK);
}

static void
configure(struct sim_run *r, struct sim_world_config *c)
{
	c->port_bps[1] = LINK;
	sim_with_ballast(r, c);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits greedy = sim_uploader(PORT_GREEDY, GREEDY_FLIGHT), up = sim_open_peer(PORT_UP), down;

	sim_keep(r, sizeof(struct share));
	up.on_open = on_open;
	up.on_timer = on_up_timer;
	down = up;
	down.port = PORT_DOWN;
	down.on_timer = on_down_timer;
	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT_GREEDY});
	r->service[1] = sim_service(r, &(struct sim_service){.port = PORT_UP});
	r->service[2] = sim_service(
		r, &(struct sim_service){.port = PORT_DOWN, .request = SIM_DOWNLOAD_REQUEST, .reply = PIECE});
	r->group[0] = sim_peers(r, 1, 1, &greedy);
	r->group[1] = sim_peers(r, PEERS, PEERS, &up);
	r->group[2] = sim_peers(r, PEERS, PEERS, &down);
	for (unsigned i = 0; i < 3; i++)
		sim_pacer_add(&r->raw, i == 0 ? 1 : PEERS, r->begin, r->begin + PL_SEC(1), sim_group_begin_one,
		              r->group[i]);
}

static void
phase_begin(struct sim_run *r, struct share *x)
{
	for (unsigned dir = 0; dir < 2; dir++)
		for (uint32_t i = 0; i < PEERS; i++)
			x->from[dir][i] = progress(r, dir, i);
	x->greedy_from = r->service[0]->rx;
	x->level[x->begun++] = r->watch.st.level;
}

static void
phase_end(struct sim_run *r, struct share *x)
{
	unsigned n = x->ended++;

	for (unsigned dir = 0; dir < 2; dir++)
		for (uint32_t i = 0; i < PEERS; i++)
			x->got[n][dir][i] = (double)(progress(r, dir, i) - x->from[dir][i]);
	x->greedy[n] = (double)(r->service[0]->rx - x->greedy_from) * 8e3 / (double)(PHASE - CHANGE);
}

static void
sample(struct sim_run *r)
{
	struct share *x = r->ctx;
	pl_time at = r->world.now < r->begin ? 0 : r->world.now - r->begin;
	unsigned n = at < FIRST ? 0 : (unsigned)((at - FIRST) / PHASE);

	if (at < FIRST) {
		x->greedy[N_PHASES] = (double)r->service[0]->rx * 8e3 / (double)PL_MAX(at, PL_SEC(1));
		return;
	}
	if (x->begun > x->ended && at >= FIRST + x->begun * PHASE)
		phase_end(r, x);
	if (n >= N_PHASES || r->has_ended)
		return;
	sim_ballast(r, permille[n]);
	if (x->begun == n && at >= FIRST + n * PHASE + CHANGE)
		phase_begin(r, x);
	if (x->begun == n + 1)
		x->level[n] = PL_MIN(x->level[n], r->watch.st.level);
}

static void
at_end(struct sim_run *r)
{
	sim_ballast(r, 0);
	for (unsigned i = 0; i < 3; i++)
		sim_group_reset(r->group[i]);
}

static double
applied(struct sim_run *r)
{
	const struct share *x = r->ctx;

	return (double)(r->group[1]->opened + r->group[2]->opened + r->group[0]->opened) / (2 * PEERS + 1) * x->ended /
	       N_PHASES;
}

/* Of what the modest ones asked for in a phase: the part they got, and Jain's index. */
static void
judge(const struct share *x, unsigned n, double *part, double *jain)
{
	double sum = 0, squares = 0, asked = (double)(PHASE - CHANGE) / (double)TICK * PIECE;

	for (unsigned dir = 0; dir < 2; dir++)
		for (uint32_t i = 0; i < PEERS; i++) {
			sum += x->got[n][dir][i];
			squares += x->got[n][dir][i] * x->got[n][dir][i];
		}
	*part = sum / (2 * PEERS * asked);
	*jain = squares > 0 ? sum * sum / (2 * PEERS * squares) : 0;
}

static void
check(struct sim_run *r)
{
	static const char *const names[N_PHASES][3] = {{"level-1", "modest-1", "jain-1"},
	                                               {"level-2", "modest-2", "jain-2"},
	                                               {"level-3", "modest-3", "jain-3"}};
	const struct share *x = r->ctx;
	double part, jain;

	sim_at_least(r, "greedy-before", x->greedy[N_PHASES], 40);
	for (unsigned n = 0; n < N_PHASES; n++) {
		judge(x, n, &part, &jain);
		sim_at_least(r, names[n][0], x->level[n], n + 1);
		sim_at_least(r, names[n][1], part, 0.95);
		sim_at_least(r, names[n][2], jain, 0.90);
	}
}

const struct sim_scenario sim_f12 = {
	.id = "F12",
	.name = "fairness-maxmin",
	.pattern = "one greedy upload and 200 peers of 100 kbit/s, ballast at levels 1, 2 and 3",
	.targets = {16},
	.is_core = true,
	.unproved = "flows so modest need a segment at a time, which every limit leaves them",
	.configure = configure,
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.applied = applied,
	.check = check,
};
