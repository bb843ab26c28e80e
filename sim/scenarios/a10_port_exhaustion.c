/* SPDX-License-Identifier: ISC */
/*
 * A10: the application opens and closes 200 connections a second to one remote port, and as many to another, from 2000
 * ephemeral ports: each is in TIME_WAIT long before 60 s are over. With timestamps a tuple may be used again (RFC 6191);
 * without them an open must fail, after no more than 64 looks.
 */
#include "sim/habits.h"

#include "base/bytes.h"

#define RATE 200u
#define REMOTE 0xc9000001u /* 201.0.0.1: in no group's network */
#define REMOTE_PORT 7000u  /* with timestamps; the next one without */
#define PORTS 2000u
#define GREETING 64u
#define LOOKS 64u
#define CHAIN 8.0 /* links followed for a look, at most */

struct exhaustion {
	struct sim_answerer remote[2];
	uint64_t asked[2], refused[2];
	uint64_t most_work;
	struct sim_chance chance;
};

static void
configure(struct sim_run *r, struct sim_world_config *c)
{
	(void)r;
	c->stack.port_first = 60000;
	c->stack.port_last = 60000 + PORTS - 1;
}

static void
answer(void *ctx, const struct pl_ip4 *ip, const struct pl_tcp_seg *seg)
{
	struct sim_run *r = ctx;
	struct exhaustion *x = r->ctx;

	for (unsigned i = 0; i < 2; i++)
		sim_answer(r, &x->remote[i], &x->chance, ip, seg);
}

static void
open_one(struct sim_run *r, unsigned which)
{
	struct exhaustion *x = r->ctx;
	struct sim_service *sv = r->service[which];
	struct plim_endpoint to = {{.family = 4}, (uint16_t)(REMOTE_PORT + which)};
	struct plim_stats before, after;

	pl_store32(to.addr.octets, REMOTE);
	plim_stats(r->world.server.s, &before);
	x->asked[which]++;
	if (sim_services_connect(&r->services, sv, &to) == PLIM_OK)
		r->services.conn[sv->first - 1].tx_want = GREETING;
	else
		x->refused[which]++;
	plim_stats(r->world.server.s, &after);
	x->most_work = PL_MAX(x->most_work, after.work - before.work);
}

static void
fire(void *ctx)
{
	struct sim_run *r = ctx;

	open_one(r, 0);
	open_one(r, 1);
	sim_host_wake_at(&r->world.server, r->world.now);
}

static void
prepare(struct sim_run *r)
{
	struct exhaustion *x = sim_keep(r, sizeof *x);

	x->chance = sim_chance_of(r->seed, 20, 10);
	r->raw.on_tcp = answer;
	r->raw.tcp_ctx = r;
	for (unsigned i = 0; i < 2; i++) {
		x->remote[i] = (struct sim_answerer){REMOTE, (uint16_t)(REMOTE_PORT + i), i == 0, 0, 0};
		r->service[i] =
			sim_service(r, &(struct sim_service){.port = (uint16_t)(2000 + i), .closes_after = true});
	}
	sim_pace(r, RATE, fire, r);
}

static void
sample(struct sim_run *r)
{
	r->number[0] = PL_MAX(r->number[0], r->watch.st.by_state[PLIM_TIME_WAIT]);
}

static double
applied(struct sim_run *r)
{
	const struct exhaustion *x = r->ctx;

	return (double)PL_MIN(x->asked[0], x->asked[1]) / (RATE * 60.0);
}

static void
check(struct sim_run *r)
{
	const struct exhaustion *x = r->ctx;

	sim_at_least(r, "in-time-wait", (double)r->number[0], 1.5 * PORTS);
	/* From the 2000th on every one needs a tuple again. */
	sim_at_least(r, "ended", (double)x->remote[0].ended, 0.98 * (double)x->asked[0]);
	sim_at_most(r, "refused-with-ts", (double)x->refused[0], 0);
	sim_at_least(r, "reused", (double)r->watch.st.tcp[PLIM_TCP_timewait_reused], 0.8 * (RATE * 60.0 - PORTS));
	sim_at_least(r, "refused-without-ts", (double)x->refused[1], 0.8 * (RATE * 60.0 - PORTS));
	sim_at_least(r, "used-without-ts", (double)x->remote[1].ended, 0.9 * PORTS);
	sim_at_most(r, "work-of-an-open", (double)x->most_work, LOOKS * CHAIN);
	sim_at_least(r, "G", r->out->G, 0.95);
}

const struct sim_scenario sim_a10 = {
	.id = "A10",
	.name = "port-exhaustion",
	.pattern = "200 connections/s to one remote port from 2000 ports, with timestamps, and again without",
	.targets = {16},
	.is_core = true,
	.proves = {{"timewait-reuse", "refused-with-ts"}, {"port-looks", "work-of-an-open"}},
	.configure = configure,
	.prepare = prepare,
	.sample = sample,
	.applied = applied,
	.check = check,
};
