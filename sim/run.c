/* SPDX-License-Identifier: ISC */
/* One run, from an empty world to a result. */
#include "sim/run.h"

#include "stack/prove.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- checks ---- */

static struct sim_failed *
failed_new(struct sim_run *r, const char *check)
{
	struct sim_result *out = r->out;

	for (unsigned i = 0; i < out->n_failed; i++)
		if (strcmp(out->failed[i].check, check) == 0)
			return NULL; /* the first time says enough */
	if (out->n_failed == SIM_MAX_FAILED)
		return NULL;
	snprintf(out->failed[out->n_failed].check, sizeof out->failed[0].check, "%s", check);
	return &out->failed[out->n_failed++];
}

void
sim_fail(struct sim_run *r, const char *check, const char *format, ...)
{
	struct sim_failed *f = failed_new(r, check);
	va_list args;

	if (f == NULL)
		return;
	va_start(args, format);
	vsnprintf(f->text, sizeof f->text, format, args);
	va_end(args);
	f->value = f->limit = SIM_NONE;
}

static void
fail_value(struct sim_run *r, const char *check, double value, const char *relation, double limit)
{
	struct sim_failed *f = failed_new(r, check);

	if (f == NULL)
		return;
	snprintf(f->text, sizeof f->text, "%.6g, %s %.6g, at %.3f s", value, relation, limit,
	         (double)(r->world.now - r->start) / 1e9);
	f->value = value;
	f->limit = limit;
}

void
sim_at_least(struct sim_run *r, const char *check, double value, double limit)
{
	if (!(value >= limit))
		fail_value(r, check, value, "at least", limit);
}

void
sim_at_most(struct sim_run *r, const char *check, double value, double limit)
{
	if (!(value <= limit))
		fail_value(r, check, value, "at most", limit);
}

void
sim_at_least_law(struct sim_run *r, const char *check, double value, double asked, double law)
{
	if (law >= asked) {
		sim_at_least(r, check, value, asked);
		return;
	}
	r->out->at_law = true;
	r->out->law = law;
	sim_at_least(r, check, value, 0.95 * law);
}

/* ---- what a scenario's prepare uses ---- */

void *
sim_keep(struct sim_run *r, size_t octets)
{
	r->ctx = calloc(1, octets);
	if (r->ctx == NULL)
		abort();
	return r->ctx;
}

void *
sim_more(struct sim_run *r, size_t octets)
{
	void *p = r->n_more < SIM_MAX_MORE ? calloc(1, octets) : NULL;

	if (p == NULL)
		abort();
	r->more[r->n_more++] = p;
	return p;
}

struct sim_service *
sim_service(struct sim_run *r, const struct sim_service *habits)
{
	struct sim_service *sv = sim_services_add(&r->services, habits);

	if (sv == NULL)
		sim_fail(r, "setup", "no listener on port %u", habits->port);
	return sv;
}

struct sim_group *
sim_peers(struct sim_run *r, uint32_t n, uint16_t n_prefixes, const struct sim_habits *habits)
{
	return sim_group_add(&r->raw, n, n_prefixes, habits, r);
}

struct sim_group *
sim_arrivals(struct sim_run *r, uint32_t n, uint16_t n_prefixes, const struct sim_habits *habits, uint32_t seconds)
{
	struct sim_group *g = sim_peers(r, n, n_prefixes, habits);

	sim_pacer_add(&r->raw, n / seconds, r->begin, r->begin + PL_SEC(seconds), sim_group_begin_one, g);
	return g;
}

void
sim_end_reset(struct sim_run *r)
{
	for (unsigned i = 0; i < r->raw.n_groups; i++)
		sim_group_reset(r->raw.group[i]);
}

void
sim_end_vanish(struct sim_run *r)
{
	for (unsigned i = 0; i < r->raw.n_groups; i++)
		sim_group_vanish(r->raw.group[i]);
}

void
sim_end_read(struct sim_run *r)
{
	r->service[0]->read = SIM_READ_ALL;
	sim_services_kick(&r->services, r->service[0]);
	sim_end_vanish(r);
}

struct sim_pacer *
sim_pace(struct sim_run *r, uint32_t rate, void (*fire)(void *ctx), void *ctx)
{
	return sim_pacer_add(&r->raw, rate, r->begin, r->end, fire, ctx);
}

/* ---- the run ---- */

static double
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
take_protection_away(struct sim_run *r, const char *name)
{
#ifdef PL_PROVE
	return plim_prove_without(r->world.server.s, name);
#else
	(void)r;
	(void)name;
	return false;
#endif
}

/* One, or several joined by +, where one stands in for the other. */
static bool
take_protections_away(struct sim_run *r)
{
	char name[sizeof r->out->without];
	const char *rest = r->without;

	while (rest != NULL && *rest != 0) {
		size_t len = strcspn(rest, "+");

		snprintf(name, sizeof name, "%.*s", (int)len, rest);
		if (!take_protection_away(r, name)) {
			sim_fail(r, "setup", "this build cannot take %s away", name);
			return false;
		}
		rest += len + (rest[len] == '+');
	}
	return true;
}

static bool
begin(struct sim_run *r, const struct sim_order *o)
{
	struct sim_world_config c;
	int why = 0;

	sim_world_defaults(&c);
	c.seed = o->seed;
	c.target = o->target;
	c.stack.governor = o->governor;
	if (o->scenario != NULL && o->scenario->configure != NULL)
		o->scenario->configure(r, &c);
	if (!sim_world_init(&r->world, &c, &why)) {
		sim_fail(r, "setup", "plim_create: %s", plim_strerror(why));
		return false;
	}
	r->start = r->world.now;
	r->begin = r->start + SIM_WARM_UP;
	r->end = r->begin + (o->scenario != NULL && o->scenario->duration > 0 ? o->scenario->duration : PL_SEC(60));
	sim_services_init(&r->services, &r->world.server);
	sim_raw_init(&r->raw, &r->world);
	sim_watch_begin(r);
	sim_measure_begin(r);
	return take_protections_away(r);
}

static bool
prepare(struct sim_run *r)
{
	if ((r->scenario == NULL || !r->scenario->no_load) && !sim_load_add(r)) {
		sim_fail(r, "setup", "the legit load does not fit");
		return false;
	}
	if (r->scenario != NULL)
		r->scenario->prepare(r);
	sim_host_schedule(&r->world.server);
	for (unsigned i = 0; i < r->world.n_clients; i++)
		sim_host_schedule(r->world.clients[i]);
	return r->out->n_failed == 0;
}

/* What was sent and delivered, of what was meant. */
static double
applied_by_frames(const struct sim_run *r)
{
	double part = 1, fired = 0, planned = 0;

	for (unsigned i = 0; i < r->raw.n_pacers; i++) {
		fired += (double)r->raw.pacer[i]->done;
		planned += (double)r->raw.pacer[i]->planned;
	}
	if (planned > 0)
		part = fired / planned;
	if (r->raw.sent > 0)
		part *= (double)r->world.counts.attack_in / (double)r->raw.sent;
	return part;
}

static void
check_disturbance(struct sim_run *r)
{
	const struct sim_scenario *s = r->scenario;

	r->out->applied = s->applied != NULL ? s->applied(r) : applied_by_frames(r);
	sim_at_least(r, "applied", r->out->applied, 0.9);
	if (!s->no_recovery && !s->no_load && r->recovered == PL_TIME_NEVER)
		sim_fail(r, "T_rec", "not recovered %.0f s after the end", (double)(r->world.now - r->end) / 1e9);
	if (!s->no_recovery && !s->peers_stay && r->watch.st.level > 0)
		sim_fail(r, "I7-level", "level %u, P %u permille at the end", r->watch.st.level,
		         r->watch.st.pressure_permille);
	if (s->check != NULL)
		s->check(r);
}

static void
fill_result(struct sim_run *r)
{
	struct sim_result *out = r->out;
	bool has_load = r->n_legit > 0 && r->scenario != NULL;

	out->G = has_load ? sim_measure_G(r) : SIM_NONE;
	out->H = has_load ? sim_measure_H(r) : SIM_NONE;
	out->P95 = has_load ? sim_measure_P95(r) : SIM_NONE;
	out->T_rec = r->scenario != NULL && !r->scenario->no_recovery ? sim_measure_T_rec(r) : SIM_NONE;
	out->W = sim_measure_W(r);
	out->R = sim_measure_R(r);
	out->peak = r->watch.st.peak;
	out->trace = r->world.trace;
	out->most_level = r->watch.most_level;
	memcpy(out->actions, r->watch.st.actions, sizeof out->actions);
	out->frames = r->world.counts.frames;
	out->events = r->world.counts.events;
	out->walks = r->watch.walks;
	out->sim_s = (double)(r->world.now - r->start) / 1e9;
}

static void
finish(struct sim_run *r, struct sim_baseline *make)
{
	if (make != NULL)
		sim_measure_baseline(r, make);
	sim_watch_end(r);
	fill_result(r);
	if (r->scenario != NULL)
		check_disturbance(r);
}

static void
run_free(struct sim_run *r)
{
	sim_world_free(&r->world);
	sim_services_free(&r->services);
	sim_raw_free(&r->raw);
	for (unsigned i = 0; i < r->n_legit; i++)
		sim_client_free(r->legit[i]);
	free(r->tally.requests.span);
	free(r->tally.handshakes.span);
	for (unsigned i = 0; i < SIM_N_CLIENT_KINDS; i++)
		free(r->tally.exchanges[i].span);
	free(r->sample);
	free(r->ctx);
	for (unsigned i = 0; i < r->n_more; i++)
		free(r->more[i]);
	free(r);
}

static void
result_begin(const struct sim_order *o, struct sim_result *out)
{
	*out = (struct sim_result){.target = o->target, .seed = o->seed, .governor = o->governor};
	out->applied = out->G = out->H = out->P95 = out->T_rec = out->W = SIM_NONE;
	snprintf(out->id, sizeof out->id, "%s", o->scenario != NULL ? o->scenario->id : "base");
	snprintf(out->name, sizeof out->name, "%s", o->scenario != NULL ? o->scenario->name : "no disturbance");
	snprintf(out->without, sizeof out->without, "%s", o->without != NULL ? o->without : "");
}

bool
sim_run(const struct sim_order *o, const struct sim_baseline *base, struct sim_baseline *make, struct sim_result *out)
{
	struct sim_run *r = calloc(1, sizeof *r);
	double cpu = cpu_now();
	bool began;

	result_begin(o, out);
	if (r != NULL)
		r->sample = calloc(SIM_MAX_SAMPLES, sizeof *r->sample);
	if (r == NULL || r->sample == NULL) {
		free(r);
		return false;
	}
	sim_pattern_init();
	r->scenario = o->scenario;
	r->target = o->target;
	r->seed = o->seed;
	r->governor = o->governor;
	r->without = o->without;
	r->base = base;
	r->out = out;
	began = begin(r, o) && prepare(r);
	if (began) {
		sim_world_run(&r->world, r->end + 2 * SIM_WATCH + (o->scenario != NULL ? o->scenario->linger : 0),
		              &r->stop);
		finish(r, make);
	}
	out->cpu_s = cpu_now() - cpu;
	out->pass = began && out->n_failed == 0;
	run_free(r);
	return began;
}
