/* SPDX-License-Identifier: ISC */
/*
 * F06: for ten minutes silent connections keep arriving, just as many as hold pressure at 69 %, below level 2. Meanwhile
 * further legit clients come and get what their lines carry. When the arrivals stop, probes clear the squatters away.
 */
#include "sim/run.h"

#define PORT 2000
#define SECONDS 660u
#define PERMILLE 674u /* what the legit load brings for moments comes on top: 69 % */
#define SLACK 40u     /* the legit load comes and goes by 2 % of the joint cap */
#define MEMORY 5u     /* seconds over which the squatters know the highest */
#define LOOKS 10u     /* a second */
#define COST 124u     /* octets of an idle connection */
#define FIRST 200u    /* connections begun in one look while they come, */
#define REPLACED 400u /* and later */
#define PEERS 1500000u
#define FILLED PL_SEC(60)  /* from the beginning: it holds, for ten minutes */
#define NEW_AT PL_SEC(200) /* further legit clients come, one every 10 s */
#define NEW_EVERY PL_SEC(10)
#define NEW_FROM PL_SEC(300)
#define NEW_TO PL_SEC(500)
#define NEW 4u /* downloads, and as many uploads */
#define CALM 600u
#define CALM_WITHIN_S 90

enum { HELD, LOOKED, FROM_DOWN, TO_DOWN, FROM_UP, TO_UP, CALM_AT, MOST, TURNS, WANTED, SECOND };

/* How many there are to be: so many more or fewer that the highest pressure of the last seconds becomes 69 %. */
static void
adapt(struct sim_run *r, uint64_t now)
{
	uint64_t cap = r->target / 100 * 75, *second = &r->number[SECOND], high = 0;

	second[r->number[TURNS] / LOOKS % MEMORY] = r->watch.most_permille;
	r->watch.most_permille = 0;
	for (unsigned i = 0; i < MEMORY; i++)
		high = PL_MAX(high, second[i]);
	if (high < PERMILLE)
		r->number[WANTED] = now + cap * (PERMILLE - high) / 1000 / COST;
	else
		r->number[WANTED] = now - PL_MIN(now, cap * (high - PERMILLE) / 1000 / COST);
}

/* As many as are missing: who has gone is replaced at once. */
static void
fire(void *ctx)
{
	struct sim_run *r = ctx;
	uint64_t now = r->watch.st.by_state[PLIM_ESTABLISHED], missing;
	uint64_t most = r->world.now < r->begin + FILLED ? FIRST : REPLACED;

	if (++r->number[TURNS] % LOOKS == 0)
		adapt(r, now);
	missing = r->number[WANTED] > now ? r->number[WANTED] - now : 0;
	for (uint64_t i = 0; i < PL_MIN(missing, most); i++)
		sim_group_begin(r->group[0]);
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT, .mss = 1460, .wnd = 65535};

	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT});
	r->group[0] = sim_peers(r, PEERS, 4000, &habits);
	sim_pace(r, LOOKS, fire, r);
	r->number[CALM_AT] = UINT64_MAX;
	for (unsigned i = 0; i < 2 * NEW; i++) {
		enum sim_client_kind kind = i % 2 ? SIM_CLIENT_upload : SIM_CLIENT_download;

		if (sim_load_client(r, kind, r->begin + NEW_AT + i * NEW_EVERY) == NULL)
			sim_fail(r, "setup", "no room for client %u", i);
	}
}

/* What the new clients got and gave so far. */
static void
new_octets(const struct sim_run *r, uint64_t *down, uint64_t *up)
{
	*down = *up = 0;
	for (unsigned i = r->n_legit - 2 * NEW; i < r->n_legit; i++)
		*down += r->legit[i]->rx;
	for (uint32_t i = r->upload->first; i > 0; i = r->services.conn[i - 1].next)
		if (r->services.conn[i - 1].client >= r->n_legit - 2 * NEW)
			*up += r->services.conn[i - 1].rx;
}

static void
sample(struct sim_run *r)
{
	pl_time since = r->world.now - r->begin;

	if (r->world.now < r->begin)
		return;
	if (since == NEW_FROM)
		new_octets(r, &r->number[FROM_DOWN], &r->number[FROM_UP]);
	if (since == NEW_TO)
		new_octets(r, &r->number[TO_DOWN], &r->number[TO_UP]);
	if (since >= FILLED && since <= PL_SEC(SECONDS)) {
		r->number[LOOKED]++;
		r->number[HELD] += r->watch.st.pressure_permille >= PERMILLE - SLACK;
		r->number[MOST] = PL_MAX(r->number[MOST], r->watch.most_permille);
	}
	if (r->has_ended && r->number[CALM_AT] == UINT64_MAX && r->watch.st.pressure_permille < CALM)
		r->number[CALM_AT] = r->world.now - r->end;
}

static double
applied(struct sim_run *r)
{
	return (double)r->number[HELD] / (double)PL_MAX(r->number[LOOKED], 1u);
}

/* Of a line of 2 Mbit/s: what text of 1448 octets leaves of it. */
static double
part_of_line(uint64_t octets)
{
	return (double)octets * 8 / ((double)(NEW_TO - NEW_FROM) / 1e9) / NEW / (2e6 * 1448 / 1514);
}

static void
check(struct sim_run *r)
{
	sim_at_most(r, "P-most", (double)r->number[MOST], 700);
	sim_at_most(r, "level", r->watch.most_level, 1);
	sim_at_most(r, "P-calm-after", (double)r->number[CALM_AT] / 1e9, CALM_WITHIN_S);
	sim_at_least(r, "new-downloads", part_of_line(r->number[TO_DOWN] - r->number[FROM_DOWN]), 0.90);
	sim_at_least(r, "new-uploads", part_of_line(r->number[TO_UP] - r->number[FROM_UP]), 0.90);
	sim_at_least(r, "give-back", (double)r->watch.st.actions[PLIM_ACTION_give_back], 1);
	sim_at_least(r, "G", r->out->G, 0.95);
	sim_at_least(r, "H", r->out->H, 0.95);
}

const struct sim_scenario sim_f06 = {
	.id = "F06",
	.name = "level-squat",
	.pattern = "arrivals of silent connections hold pressure at 69 % for ten minutes",
	.targets = {16},
	.duration = PL_SEC(SECONDS),
	.linger = PL_SEC(CALM_WITHIN_S),
	.prepare = prepare,
	.sample = sample,
	.applied = applied,
	.check = check,
};
