/* SPDX-License-Identifier: ISC */
/*
 * A09: the application opens 200 connections a second, 5000 in all, to hosts that never answer, and beside them 20 a
 * second to one that does. Each open that nobody answers ends with ETIMEDOUT when its 180 s are over. Records may take
 * 6 % of T in this row: while those 5000 are there it opens more, until connect() is refused, at once, with ENOMEM and
 * nothing else.
 */
#include "sim/habits.h"

#define RATE 200u
#define ARRIVALS_S 25u
#define OPENS (RATE * ARRIVALS_S)
#define LIVE_RATE 20u
#define BLACK_HOLE 0xc8000000u /* 200.0.0.0/8: nobody is there */
#define REMOTE 0xc9000001u     /* 201.0.0.1 answers */
#define REMOTE_PORT 7000u
#define GREETING 64u
#define DEADLINE_S 180u
#define RECORD 128.0 /* octets of a connection in SYN_SENT, all in */
#define RECORD_PCT 6u
#define FULL_FROM PL_SEC(30) /* from the beginning */
#define FULL_FOR PL_SEC(8)
#define FULL_RATE 1000u
#define DURATION PL_SEC(210)

enum { HOLE, LIVE, FULL, N_KINDS };

struct blackhole {
	struct sim_answerer remote;
	struct sim_chance chance;
	uint64_t asked[N_KINDS], opened[N_KINDS], no_memory[N_KINDS], others[N_KINDS];
	uint64_t most_open, most_held; /* in SYN_SENT; octets of records they added */
	pl_time last_there;            /* when one to a black hole was last open */
};

static void
configure(struct sim_run *r, struct sim_world_config *c)
{
	(void)r;
	c->stack.cap_record_pct = RECORD_PCT;
}

static void
answer(void *ctx, const struct pl_ip4 *ip, const struct pl_tcp_seg *seg)
{
	struct sim_run *r = ctx;
	struct blackhole *x = r->ctx;

	sim_answer(r, &x->remote, &x->chance, ip, seg);
}

static void
open_one(struct sim_run *r, unsigned kind, uint32_t addr)
{
	struct blackhole *x = r->ctx;
	struct sim_service *sv = r->service[kind];
	struct plim_endpoint to = {{.family = 4}, REMOTE_PORT};
	int rc;

	pl_store32(to.addr.octets, addr);
	x->asked[kind]++;
	rc = sim_services_connect(&r->services, sv, &to);
	x->opened[kind] += rc == PLIM_OK;
	x->no_memory[kind] += rc == PLIM_ENOMEM;
	x->others[kind] += rc != PLIM_OK && rc != PLIM_ENOMEM;
	if (rc == PLIM_OK && kind == LIVE)
		r->services.conn[sv->first - 1].tx_want = GREETING;
	sim_host_wake_at(&r->world.server, r->world.now);
}

static void
fire_hole(void *ctx)
{
	struct sim_run *r = ctx;

	open_one(r, HOLE, BLACK_HOLE + 1 + (uint32_t)((struct blackhole *)r->ctx)->asked[HOLE]);
}

static void
fire_live(void *ctx)
{
	open_one(ctx, LIVE, REMOTE);
}

static void
fire_full(void *ctx)
{
	struct sim_run *r = ctx;

	open_one(r, FULL, BLACK_HOLE + 0x10000 + (uint32_t)((struct blackhole *)r->ctx)->asked[FULL]);
}

static void
prepare(struct sim_run *r)
{
	struct blackhole *x = sim_keep(r, sizeof *x);
	pl_time full = r->begin + FULL_FROM;

	x->remote = (struct sim_answerer){.addr = REMOTE, .port = REMOTE_PORT, .has_ts = true};
	x->chance = sim_chance_of(r->seed, 20, 9);
	r->raw.on_tcp = answer;
	r->raw.tcp_ctx = r;
	for (unsigned i = 0; i < N_KINDS; i++)
		r->service[i] =
			sim_service(r, &(struct sim_service){.port = (uint16_t)(2000 + i), .closes_after = true});
	sim_pacer_add(&r->raw, RATE, r->begin, r->begin + PL_SEC(ARRIVALS_S), fire_hole, r);
	sim_pace(r, LIVE_RATE, fire_live, r);
	sim_pacer_add(&r->raw, FULL_RATE, full, full + FULL_FOR, fire_full, r);
}

/* The application gives up what filled the records. */
static void
give_up(struct sim_run *r)
{
	struct sim_services *a = &r->services;

	while (r->service[FULL]->first > 0)
		sim_services_close(a, &a->conn[r->service[FULL]->first - 1], true);
}

static void
sample(struct sim_run *r)
{
	struct blackhole *x = r->ctx;
	pl_time since = r->world.now - r->begin;

	if (r->world.now < r->begin || r->has_ended)
		return;
	if (r->service[HOLE]->open > 0)
		x->last_there = since;
	x->most_open = PL_MAX(x->most_open, r->watch.st.by_state[PLIM_SYN_SENT]);
	x->most_held = PL_MAX(x->most_held, r->watch.st.by_class[PLIM_CLASS_record]);
	if (since >= FULL_FROM + FULL_FOR)
		give_up(r);
}

static double
applied(struct sim_run *r)
{
	return (double)((struct blackhole *)r->ctx)->asked[HOLE] / OPENS;
}

static void
check(struct sim_run *r)
{
	struct blackhole *x = r->ctx;
	const struct sim_service *hole = r->service[HOLE];

	sim_at_least(r, "opened", (double)x->opened[HOLE], OPENS);
	sim_at_least(r, "in-syn-sent", (double)x->most_open, 0.95 * OPENS);
	sim_at_most(r, "record-octets", (double)x->most_held, (double)r->target * RECORD_PCT / 100);
	sim_at_most(r, "octets-each", (double)x->most_held, (double)x->most_open * RECORD + (double)r->target / 100);
	sim_at_least(r, "told-timed-out", (double)hole->told_error, (double)x->opened[HOLE]);
	sim_at_most(r, "told-evicted", (double)hole->told_evicted, 0);
	sim_at_most(r, "deadline", (double)x->last_there / 1e9, ARRIVALS_S + DEADLINE_S + 2);
	sim_at_least(r, "legit-connects", (double)x->remote.ended / (double)PL_MAX(x->asked[LIVE], 1u), 0.90);
	sim_at_least(r, "refused", (double)x->no_memory[FULL], FULL_RATE);
	sim_at_most(r, "other-errors", (double)(x->others[HOLE] + x->others[LIVE] + x->others[FULL]), 0);
	sim_at_least(r, "H", r->out->H, 0.90);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_a09 = {
	.id = "A09",
	.name = "syn-sent-blackhole",
	.pattern = "5000 active opens to nobody at 200/s, 20/s to a live host; then more than there are records",
	.targets = {16},
	.duration = DURATION,
	.configure = configure,
	.prepare = prepare,
	.sample = sample,
	.applied = applied,
	.check = check,
};
