/* SPDX-License-Identifier: ISC */
/* The measures of a run: G, H, P95, R, T_rec, W, as scenarios.md section 0 defines them. */
#include "sim/run.h"

#include <stdio.h>
#include <stdlib.h>

#define HANDSHAKE_WITHIN PL_SEC(3)
#define RECOVERY_WINDOW PL_SEC(3) /* goodput is averaged over this when recovery is looked at */

static pl_time
window_begin(const struct sim_run *r)
{
	return r->begin + SIM_SETTLE;
}

/* ---- goodput ---- */

static uint64_t
good_at(const struct sim_run *r, pl_time at)
{
	uint64_t good = 0;

	for (unsigned i = 0; i < r->n_samples && r->sample[i].at <= at; i++)
		good = r->sample[i].good;
	return good;
}

double
sim_rate_between(const struct sim_run *r, pl_time from, pl_time to)
{
	return to > from ? (double)(good_at(r, to) - good_at(r, from)) * 1e9 / (double)(to - from) : 0;
}

double
sim_measure_G(const struct sim_run *r)
{
	if (r->base == NULL || r->base->good_per_s <= 0)
		return SIM_NONE;
	return sim_rate_between(r, window_begin(r), r->end) / r->base->good_per_s;
}

/* ---- handshakes and requests ---- */

static double
handshakes_within(const struct sim_run *r)
{
	const struct sim_spans *s = &r->tally.handshakes;
	uint64_t attempted = 0, completed = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		if (s->span[i].at < r->begin || s->span[i].at >= r->end)
			continue;
		attempted++;
		completed += s->span[i].took <= HANDSHAKE_WITHIN;
	}
	return attempted > 0 ? (double)completed / (double)attempted : SIM_NONE;
}

double
sim_measure_H(const struct sim_run *r)
{
	return handshakes_within(r);
}

static int
compare_times(const void *a, const void *b)
{
	pl_time x = *(const pl_time *)a, y = *(const pl_time *)b;

	return (x > y) - (x < y);
}

/* A request without an answer has taken until now. */
static double
p95_ms(const struct sim_run *r)
{
	const struct sim_spans *s = &r->tally.requests;
	pl_time *took = malloc((s->n + 1) * sizeof *took);
	uint32_t n = 0, at;
	double p95 = SIM_NONE;

	if (took == NULL)
		return SIM_NONE;
	for (uint32_t i = 0; i < s->n; i++)
		if (s->span[i].at >= window_begin(r) && s->span[i].at < r->end)
			took[n++] = PL_MIN(s->span[i].took, r->world.now - s->span[i].at);
	qsort(took, n, sizeof *took, compare_times);
	at = (uint32_t)((uint64_t)n * 95 / 100);
	if (n > 0)
		p95 = (double)took[at] / 1e6;
	free(took);
	return p95;
}

double
sim_measure_P95(const struct sim_run *r)
{
	double p95 = p95_ms(r);

	return r->base == NULL || r->base->p95_ms <= 0 || p95 < 0 ? SIM_NONE : p95 / r->base->p95_ms;
}

/* ---- work, ends, recovery ---- */

double
sim_measure_W(const struct sim_run *r)
{
	uint64_t frames = r->world.counts.server_in;

	return frames > 0 ? (double)r->watch.st.work / (double)frames : 0;
}

uint64_t
sim_measure_R(const struct sim_run *r)
{
	return r->tally.ended;
}

double
sim_measure_T_rec(const struct sim_run *r)
{
	return r->recovered == PL_TIME_NEVER ? SIM_NONE : (double)(r->recovered - r->end) / 1e9;
}

/* Windows move with each stall of a flow: those of the last samples are averaged, here as in the baseline. */
static void
note_windows(struct sim_run *r)
{
	struct sim_windows *v = &r->windows;
	uint32_t window[SIM_MAX_LEGIT];

	sim_load_windows(r, window);
	for (unsigned i = 0; i < SIM_MAX_LEGIT; i++) {
		v->sum[i] += window[i];
		v->recent[i] = v->recent[i] > 0 ? (v->recent[i] * 5 + window[i]) / 6 : window[i];
	}
	v->n++;
}

static bool
are_windows_back(const struct sim_run *r)
{
	for (unsigned i = 0; i < SIM_MAX_LEGIT; i++)
		if (r->windows.recent[i] < r->base->window[i] * 8ull / 10)
			return false;
	return true;
}

static bool
is_recovered(const struct sim_run *r)
{
	const struct plim_stats *st = &r->watch.st;
	pl_time now = r->world.now, from = PL_MAX(r->end, now - RECOVERY_WINDOW);
	uint64_t cap_conn = r->target / 100 * 75;
	uint64_t used_most = PL_MAX(r->base->used + r->target / 20, cap_conn / 100 * 45);

	return now > r->end && sim_rate_between(r, from, now) >= 0.95 * r->base->good_per_s && st->used <= used_most &&
	       are_windows_back(r);
}

/* ---- samples ---- */

static void
take_sample(struct sim_run *r)
{
	struct sim_sample *s;

	if (r->n_samples == SIM_MAX_SAMPLES)
		return;
	s = &r->sample[r->n_samples++];
	*s = (struct sim_sample){
		.at = r->world.now,
		.good = r->tally.good + r->services.good,
		.up = r->services.good,
		.used = r->watch.st.used,
		.permille = (uint16_t)r->watch.st.pressure_permille,
		.level = (uint8_t)r->watch.st.level,
	};
}

/* A line for each sample, for who looks into a run: PLIM_SIM_SAMPLES=1. */
static void
show_sample(struct sim_run *r)
{
	const struct sim_sample *a = &r->sample[r->n_samples - 1];
	const struct plim_stats *st = &r->watch.st;

	fprintf(stderr,
	        "%7.1f s good %6.2f (up %6.2f) Mbit/s used %5.1f%% P %4u level %u est %llu half-open %llu orphans %llu",
	        (double)(a->at - r->start) / 1e9,
	        r->n_samples > 1 ? (double)(a->good - a[-1].good) * 8e3 / (double)(a->at - a[-1].at) : 0,
	        r->n_samples > 1 ? (double)(a->up - a[-1].up) * 8e3 / (double)(a->at - a[-1].at) : 0,
	        (double)a->used * 100 / (double)r->target, a->permille, a->level,
	        (unsigned long long)st->by_state[PLIM_ESTABLISHED], (unsigned long long)st->by_state[PLIM_SYN_RECEIVED],
	        (unsigned long long)st->orphans);
	for (unsigned c = 1; c < PLIM_N_CLASSES; c++)
		if (st->by_class[c] > 0)
			fprintf(stderr, " %s %lluK", plim_class_name(c), (unsigned long long)(st->by_class[c] >> 10));
	fprintf(stderr, "\n");
}

static bool
may_stop(const struct sim_run *r)
{
	const struct sim_scenario *s = r->scenario;
	pl_time watch = s != NULL && s->watch > 0 ? s->watch : SIM_WATCH, over = r->world.now - r->end;

	if (over < SIM_SETTLE || (s != NULL && over < s->linger))
		return false;
	if (over >= watch || s == NULL || s->no_recovery)
		return true;
	return r->recovered != PL_TIME_NEVER && (s->peers_stay || r->watch.st.level == 0);
}

static void
sampler_run(void *ctx, uint32_t index)
{
	struct sim_run *r = ctx;

	(void)index;
	plim_stats(r->world.server.s, &r->watch.st);
	take_sample(r);
	if (r->world.now >= window_begin(r))
		note_windows(r);
	if (r->shows_samples)
		show_sample(r);
	if (r->scenario != NULL && r->scenario->sample != NULL)
		r->scenario->sample(r);
	if (!r->has_ended && r->world.now >= r->end) {
		r->has_ended = true;
		if (r->scenario != NULL && r->scenario->end != NULL)
			r->scenario->end(r);
	}
	if (r->has_ended) {
		if (r->recovered == PL_TIME_NEVER && r->base != NULL && is_recovered(r))
			r->recovered = r->world.now;
		r->stop = may_stop(r);
	}
	sim_world_at(&r->world, r->sampler, r->world.now + SIM_SAMPLE);
}

void
sim_measure_begin(struct sim_run *r)
{
	r->recovered = PL_TIME_NEVER;
	r->shows_samples = getenv("PLIM_SIM_SAMPLES") != NULL;
	r->sampler = sim_world_add_owners(&r->world, 1, sampler_run, r);
	sim_world_at(&r->world, r->sampler, r->world.now + SIM_SAMPLE);
}

void
sim_measure_baseline(struct sim_run *r, struct sim_baseline *b)
{
	b->good_per_s = sim_rate_between(r, window_begin(r), r->end);
	b->p95_ms = p95_ms(r);
	b->handshakes = handshakes_within(r);
	b->used = 0;
	for (unsigned i = 0; i < r->n_samples; i++)
		if (r->sample[i].at >= r->begin)
			b->used = PL_MAX(b->used, r->sample[i].used);
	for (unsigned i = 0; i < SIM_MAX_LEGIT; i++)
		b->window[i] = r->windows.n > 0 ? (uint32_t)(r->windows.sum[i] / r->windows.n) : 0;
	b->is_there = true;
}
