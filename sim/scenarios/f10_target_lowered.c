/* SPDX-License-Identifier: ISC */
/*
 * F10: T of 64 MiB is lowered to 16 MiB while 200 uploads to a slow application and 100 downloads hold more than that.
 * Within 10 s what is held is under the new T, until then it only falls; windows shrink before anybody is ended, and
 * flows that make progress go on.
 */
#include "sim/habits.h"

#define PORT_UP 2000
#define PORT_DOWN 2001
#define UPLOADS 200u
#define DOWNLOADS 100u
#define IN_FLIGHT (128u << 10)
#define DOWN_WND (4 * SIM_SEGMENT) /* together 117 Mbit/s at 40 ms */
#define LATE PL_SEC(1)             /* the application reads after this to twice this */
#define OBJECT (512u << 20)
#define LOWER_AT PL_SEC(25) /* from the beginning */
#define NEW_TARGET (16u << 20)
#define WITHIN PL_SEC(10)
#define LOOKS 1000u /* a second */
#define LOOK_FOR PL_SEC(15)

enum { HELD_THEN, LEAST, GREW, UNDER_AT, RESETS, PROGRESS, STILL, LOWERED };

static void
lower(void *ctx)
{
	struct sim_run *r = ctx;
	struct plim_stats st;

	plim_stats(r->world.server.s, &st);
	r->number[HELD_THEN] = r->number[LEAST] = st.used;
	memset(r->watch.first_at, 0, sizeof r->watch.first_at);
	if (plim_set(r->world.server.s, (plim_h){0}, PLIM_O_MEMORY_TARGET, NEW_TARGET) == PLIM_OK)
		r->number[LOWERED] = r->world.now;
	r->watch.lowered_until = r->world.now + WITHIN;
	for (unsigned g = 0; g < 2; g++)
		for (uint32_t i = 0; i < r->group[g]->n; i++)
			r->group[g]->peer[i].times = r->group[g]->peer[i].state == SIM_PEER_OPEN;
	sim_host_wake_at(&r->world.server, r->world.now);
}

/* What is held may only fall until it is under the new T. */
static void
look(void *ctx)
{
	struct sim_run *r = ctx;
	struct plim_stats st;

	plim_stats(r->world.server.s, &st);
	if (st.used > NEW_TARGET && st.used > r->number[LEAST])
		r->number[GREW] = PL_MAX(r->number[GREW], st.used - r->number[LEAST]);
	r->number[LEAST] = PL_MIN(r->number[LEAST], st.used);
	if (st.used > NEW_TARGET)
		r->number[UNDER_AT] = r->world.now - r->number[LOWERED];
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits up = sim_uploader(PORT_UP, IN_FLIGHT), down = sim_open_peer(PORT_DOWN);
	pl_time at = r->begin + LOWER_AT;

	down.has_wscale = false;
	down.wnd = DOWN_WND;
	down.on_open = sim_ask;
	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT_UP, .read = SIM_READ_LATE, .late_min = LATE});
	r->service[1] = sim_service(
		r, &(struct sim_service){.port = PORT_DOWN, .request = SIM_DOWNLOAD_REQUEST, .reply = OBJECT});
	r->group[0] = sim_peers(r, UPLOADS, UPLOADS, &up);
	r->group[1] = sim_peers(r, DOWNLOADS, DOWNLOADS, &down);
	for (unsigned g = 0; g < 2; g++)
		sim_pacer_add(&r->raw, r->group[g]->n / 10, r->begin, r->begin + PL_SEC(10), sim_group_begin_one,
		              r->group[g]);
	sim_pacer_add(&r->raw, 1, at, at + PL_SEC(1), lower, r);
	sim_pacer_add(&r->raw, LOOKS, at + PL_MS(1), at + LOOK_FOR, look, r);
}

/* Flows that were there when T was lowered: how many were reset, how many went on? */
static void
at_end(struct sim_run *r)
{
	for (unsigned g = 0; g < 2; g++) {
		for (uint32_t i = 0; i < r->group[g]->n; i++) {
			const struct sim_peer *p = &r->group[g]->peer[i];

			r->number[RESETS] += p->times == 1 && p->state == SIM_PEER_RESET;
			r->number[STILL] += p->times == 1 && p->state == SIM_PEER_OPEN;
		}
		sim_group_reset(r->group[g]);
	}
}

static double
applied(struct sim_run *r)
{
	return (double)(r->group[0]->opened + r->group[1]->opened) / (UPLOADS + DOWNLOADS);
}

/* When a measure was first taken after T was lowered; never: long after. */
static double
first(const struct sim_run *r, enum plim_action a)
{
	pl_time at = r->watch.first_at[a];

	return at > 0 ? (double)(at - r->number[LOWERED]) / 1e9 : 1e9;
}

static void
check(struct sim_run *r)
{
	double ended = PL_MIN(first(r, PLIM_ACTION_useless_evicted), first(r, PLIM_ACTION_useful_evicted));
	double shrunk = PL_MIN(first(r, PLIM_ACTION_window_shrunk), first(r, PLIM_ACTION_give_back));

	sim_at_least(r, "lowered", r->number[LOWERED] > 0, 1);
	sim_at_least(r, "held-then", (double)r->number[HELD_THEN], 1.25 * NEW_TARGET);
	sim_at_most(r, "under-new-T-after", (double)r->number[UNDER_AT] / 1e9, (double)WITHIN / 1e9);
	sim_at_most(r, "grew", (double)r->number[GREW], 0);
	sim_at_most(r, "shrunk-first", shrunk, ended);
	sim_at_most(r, "shrunk-after", shrunk, 1);
	sim_at_most(r, "resets", (double)r->number[RESETS], 0);
	sim_at_most(r, "used-at-the-end", (double)r->watch.st.used, NEW_TARGET);
	sim_at_most(r, "level-at-the-end", r->watch.st.level, 0);
}

const struct sim_scenario sim_f10 = {
	.id = "F10",
	.name = "target-lowered-live",
	.pattern = "T from 64 to 16 MiB under 200 uploads and 100 downloads",
	.targets = {64},
	.no_recovery = true, /* the baseline has 64 MiB */
	.linger = PL_SEC(30),
	.prepare = prepare,
	.end = at_end,
	.applied = applied,
	.check = check,
};
