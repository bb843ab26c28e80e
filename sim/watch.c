/* SPDX-License-Identifier: ISC */
/*
 * The invariants of every run (scenarios.md section 0). After each run of the server: real octets against T, running
 * sums, the level, the measures taken. Every 1 000 of these (each, under 50 connections), at each change of level and at
 * the end: the full walk, the guards around the region, and whether everybody was told.
 */
#include "sim/run.h"

#define WALK_EVERY 1000u
#define FEW_CONNECTIONS 50u
#define WORK_C 32.0
#define WORK_WORST 4096u
#define RECORDS 128u

static void
fail_once(struct sim_run *r, const char *check, double value, double limit)
{
	sim_at_most(r, check, value, limit);
}

/* ---- running sums ---- */

static uint64_t
connections(const struct plim_stats *st)
{
	uint64_t n = 0;

	for (unsigned i = PLIM_SYN_SENT; i < PLIM_TIME_WAIT; i++)
		n += st->by_state[i];
	return n;
}

/* Under the joint cap, and so what the reserve may add to for a segment at RCV.NXT. */
static bool
is_joint(unsigned c)
{
	return c == PLIM_CLASS_record || c == PLIM_CLASS_stream || c == PLIM_CLASS_index || c == PLIM_CLASS_app;
}

static void
check_sums(struct sim_run *r)
{
	const struct plim_stats *st = &r->watch.st;
	uint64_t sum = 0, joint, reserve = st->class_cap[PLIM_CLASS_reserve];
	uint64_t joint_most = r->target / 100 * 75 + reserve;

	for (unsigned c = 0; c < PLIM_N_CLASSES; c++) {
		sum += st->by_class[c];
		r->watch.most_by_class[c] = PL_MAX(r->watch.most_by_class[c], st->by_class[c]);
	}
	r->watch.most_orphans = PL_MAX(r->watch.most_orphans, st->orphans);
	joint = st->by_class[PLIM_CLASS_record] + st->by_class[PLIM_CLASS_stream] + st->by_class[PLIM_CLASS_index] +
	        st->by_class[PLIM_CLASS_app];
	if (r->world.now >= r->watch.lowered_until && st->used > st->target)
		fail_once(r, "I1-target", (double)st->used, (double)st->target);
	if (st->used > r->target || st->peak > r->target)
		fail_once(r, "I1-target", (double)PL_MAX(st->used, st->peak), (double)r->target);
	if (sum != st->used)
		fail_once(r, "sums", (double)sum, (double)st->used);
	if (joint > joint_most)
		fail_once(r, "joint-cap", (double)joint, (double)joint_most);
	for (unsigned c = 1; c < PLIM_N_CLASSES && r->world.now >= r->watch.lowered_until; c++)
		if (st->class_cap[c] > 0 && st->by_class[c] > st->class_cap[c] + (is_joint(c) ? reserve : 0))
			fail_once(r, "class-cap", (double)st->by_class[c], (double)st->class_cap[c]);
}

/* ---- the full walk ---- */

static void
walk(struct sim_run *r)
{
	const char *why = "";
	uint32_t untold;

	r->watch.walks++;
	if (plim_check(r->world.server.s, &why) != 0)
		sim_fail(r, "walk", "%s", why);
	if (!sim_host_is_guarded(&r->world.server))
		sim_fail(r, "I1-guard", "octets beside the region were written");
	untold = sim_services_untold(&r->services);
	if (untold > 0)
		sim_fail(r, "I3-told", "connection %u is gone and the application was not told", untold - 1);
}

/* ---- level, measures, work ---- */

static void
watch_level(struct sim_run *r)
{
	struct sim_watch *v = &r->watch;
	unsigned level = v->st.level;

	if (level == v->level)
		return;
	v->level_changes++;
	v->level = level;
	v->most_level = PL_MAX(v->most_level, level);
	walk(r);
}

static void
note_first(struct sim_watch *v, const struct plim_trace_record *rec)
{
	if (v->first_at[rec->action] == 0)
		v->first_at[rec->action] = rec->at;
}

/* Two falls of the level within half a second, by the times that the records give. */
static void
note_fall(struct sim_watch *v, const struct plim_trace_record *rec)
{
	if (rec->action != PLIM_ACTION_level_down)
		return;
	v->level_downs++;
	v->level_downs_close += v->last_down > 0 && rec->at - v->last_down < PL_MS(500);
	v->last_down = rec->at;
}

static void
watch_measures(struct sim_run *r)
{
	struct plim_trace_record rec[RECORDS];
	uint64_t lost = 0;
	size_t n = plim_trace(r->world.server.s, &r->watch.cursor, rec, RECORDS, &lost);

	if (lost > 0 && n > 0)
		r->watch.announced = rec[0].level; /* what announced it may be among them */
	for (size_t i = 0; i < n && !(r->scenario != NULL && r->scenario->any_order); i++)
		sim_order_check(r, &rec[i]);
	for (size_t i = 0; i < n; i++) {
		note_first(&r->watch, &rec[i]);
		note_fall(&r->watch, &rec[i]);
	}
	r->watch.lost += lost;
	r->watch.records += n;
}

static double
log2_of(uint64_t n)
{
	double x = 1;

	while (n > 3) {
		n >>= 1;
		x++;
	}
	return x;
}

static void
on_batch(void *ctx, unsigned frames)
{
	struct sim_run *r = ctx;
	struct sim_watch *v = &r->watch;
	struct plim_stats st;

	sim_segments_after(r);
	plim_stats(r->world.server.s, &st);
	if (frames == 1)
		v->work_worst = PL_MAX(v->work_worst, st.work - v->work_before);
	v->work_before = st.work;
	v->work_frames += frames;
	v->work_limit += frames * WORK_C * log2_of(connections(&st));
}

static void
on_poll(void *ctx)
{
	struct sim_run *r = ctx;
	struct sim_watch *v = &r->watch;
	struct plim_stats st;

	plim_stats(r->world.server.s, &st);
	v->work_poll = PL_MAX(v->work_poll, st.work - v->work_before);
	v->work_before = st.work;
}

static void
on_run(void *ctx)
{
	struct sim_run *r = ctx;
	struct sim_watch *v = &r->watch;

	plim_stats(r->world.server.s, &v->st);
	v->most_permille = PL_MAX(v->most_permille, v->st.pressure_permille);
	v->work_before = v->st.work;
	check_sums(r);
	watch_measures(r);
	watch_level(r);
	if (r->world.counts.server_runs < v->next_walk)
		return;
	walk(r);
	v->next_walk = r->world.counts.server_runs + (connections(&v->st) < FEW_CONNECTIONS ? 1 : WALK_EVERY);
}

void
sim_watch_begin(struct sim_run *r)
{
	r->world.watcher = r;
	r->world.on_server_run = on_run;
	r->world.on_server_batch = on_batch;
	r->world.on_server_poll = on_poll;
	if (r->governor && !(r->scenario != NULL && r->scenario->any_order))
		sim_segments_begin(r);
	plim_stats(r->world.server.s, &r->watch.st);
}

static void
check_ended(struct sim_run *r)
{
	const struct sim_ended *e = &r->tally.first_ended[0];

	if (r->tally.ended == 0)
		return;
	sim_fail(r, "I2-R", "%llu legit connections ended; first: %s client %u after %.3f s: %s",
	         (unsigned long long)r->tally.ended, sim_client_kind_name(e->kind), e->client,
	         (double)(e->at - r->start) / 1e9, plim_strerror(e->error));
}

/* I5 and I8 were looked at in earnest. */
static void
check_looks(struct sim_run *r)
{
	const struct sim_segments *x = &r->segments;

	if (r->world.on_server_frames == NULL || r->n_legit == 0)
		return;
	sim_at_least(r, "I5-looks", (double)x->nexts, 1000);
	sim_at_least(r, "I8-looks", (double)PL_MIN(x->acks, x->fins * 100), 1000);
}

void
sim_watch_end(struct sim_run *r)
{
	struct sim_watch *v = &r->watch;

	plim_stats(r->world.server.s, &v->st);
	check_sums(r);
	walk(r);
	check_ended(r);
	check_looks(r);
	if (r->tally.corrupt + r->services.corrupt > 0)
		fail_once(r, "I3-octets", (double)(r->tally.corrupt + r->services.corrupt), 0);
	if ((double)v->st.work > v->work_limit && v->work_frames > 0)
		sim_at_most(r, "I6-W", (double)v->st.work / (double)v->work_frames,
		            v->work_limit / (double)v->work_frames);
	if (v->work_worst > WORK_WORST)
		fail_once(r, "I6-worst", (double)v->work_worst, WORK_WORST);
	if (r->world.counts.misrouted > 0)
		fail_once(r, "misrouted", (double)r->world.counts.misrouted, 0);
}
