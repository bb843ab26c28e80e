/* SPDX-License-Identifier: ISC */
/*
 * plim sim: the deterministic simulator's command line. list | run ID...|--core|--further | prove [ID...].
 * What is run and what it means is in sim/; nothing is sent outside the process.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/report.h"
#include "sim/suite.h"
#include "stack/prove.h"
#include "tools/tool.h"
#include "tools/units.h"

#define MAX_RUNS 512u

struct request {
	const struct sim_scenario *scenario[MAX_RUNS];
	unsigned n_scenarios;
	bool core, further, compare, timing, base;
	uint64_t memory, seed, jobs; /* memory 0: each scenario's own targets */
	bool governor;
	const char *json, *without;
};

/* What a run is wanted for. */
struct wanted {
	unsigned number, reference; /* in the suite; reference 0: none, else number + 1 */
	const char *without;        /* prove: what is taken away */
	const char *check;          /* prove: must fail on this; the reference, with everything, must not */
};

struct session {
	struct sim_suite *suite;
	struct wanted wanted[MAX_RUNS];
	unsigned n, passed, failed;
	const struct request *q;
};

static void
print_help(void)
{
	printf("usage: plim sim list\n       plim sim run ID...|--core|--further [OPTIONS]\n       plim sim prove "
	       "[ID...] "
	       "[OPTIONS]\n\n"
	       "Scenarios against the stack in a simulated network, with virtual time and one seed.\n\noptions\n"
	       "  --core                every core scenario at each of its targets\n"
	       "  --further             every other scenario at each of its targets\n"
	       "  --memory SIZE         this target instead of the scenario's own\n"
	       "  --seed N              another seed (1)\n"
	       "  --governor on|off     off: the hard limits alone\n"
	       "  --compare             each run once more with the governor off\n"
	       "  --json FILE           write the figures\n"
	       "  --jobs N              runs at once (as many as processors); 0: all in this process\n"
	       "  --timing              say what each run cost\n"
	       "  --without NAME        take a protection away (a build of scripts/build.sh prove)\n"
	       "  --help                this text\n");
}

/* ---- the command line ---- */

enum {
	OPT_CORE = 1,
	OPT_FURTHER,
	OPT_MEMORY,
	OPT_SEED,
	OPT_GOVERNOR,
	OPT_COMPARE,
	OPT_JSON,
	OPT_JOBS,
	OPT_TIMING,
	OPT_WITHOUT,
	OPT_HELP
};

static const struct option options[] = {
	{"core", no_argument, NULL, OPT_CORE},
	{"further", no_argument, NULL, OPT_FURTHER},
	{"memory", required_argument, NULL, OPT_MEMORY},
	{"seed", required_argument, NULL, OPT_SEED},
	{"governor", required_argument, NULL, OPT_GOVERNOR},
	{"compare", no_argument, NULL, OPT_COMPARE},
	{"json", required_argument, NULL, OPT_JSON},
	{"jobs", required_argument, NULL, OPT_JOBS},
	{"timing", no_argument, NULL, OPT_TIMING},
	{"help", no_argument, NULL, OPT_HELP},
	{"without", required_argument, NULL, OPT_WITHOUT},
	{NULL, 0, NULL, 0},
};

static bool
set_governor(struct request *q, const char *value, struct tool_error *e)
{
	if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
		return tool_fail(e, "--governor %s: write on or off", value);
	q->governor = strcmp(value, "on") == 0;
	return true;
}

static bool
set_without(struct request *q, const char *value, struct tool_error *e)
{
#ifdef PL_PROVE
	q->without = value;
	return true;
#else
	(void)q;
	return tool_fail(e, "--without %s: needs a build that can take protections away: scripts/build.sh prove",
	                 value);
#endif
}

static bool
set_option(struct request *q, int option, const char *value, struct tool_error *e)
{
	switch (option) {
	case OPT_CORE: q->core = true; return true;
	case OPT_FURTHER: q->further = true; return true;
	case OPT_COMPARE: q->compare = true; return true;
	case OPT_TIMING: q->timing = true; return true;
	case OPT_JSON: q->json = value; return true;
	case OPT_WITHOUT: return set_without(q, value, e);
	case OPT_GOVERNOR: return set_governor(q, value, e);
	case OPT_MEMORY:
		return (units_size(value, &q->memory) && q->memory >= 1u << 20 && q->memory <= 1u << 30) ||
		       tool_fail(e, "--memory %s: not a size from 1MiB to 1GiB", value);
	case OPT_SEED:
		return units_number(value, 0, UINT32_MAX, &q->seed) || tool_fail(e, "--seed %s: not a number", value);
	default: return units_number(value, 0, 64, &q->jobs) || tool_fail(e, "--jobs %s: a number up to 64", value);
	}
}

/* Can this build do what the scenario needs? */
static bool
is_possible(const struct sim_scenario *s)
{
#ifdef PL_PROVE
	(void)s;
	return true;
#else
	return !s->needs_prove;
#endif
}

static bool
take_id(struct request *q, const char *id, struct tool_error *e)
{
	const struct sim_scenario *s = sim_find(id);

	if (strcmp(id, "base") == 0) {
		q->base = true;
		return true;
	}
	if (s == NULL)
		return tool_fail(e, "'%s' is no scenario; plim sim list shows them", id);
	if (!is_possible(s))
		return tool_fail(e, "%s needs scripts/build.sh prove, then build-prove/plim", s->id);
	if (q->n_scenarios == MAX_RUNS)
		return tool_fail(e, "more than %u scenarios", MAX_RUNS);
	q->scenario[q->n_scenarios++] = s;
	return true;
}

/* 1: go on; 0: help was wanted; -1: *e says what is wrong. */
static int
read_request(struct request *q, int argc, char **argv, struct tool_error *e)
{
	int option;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option == OPT_HELP)
			return print_help(), 0;
		if (option == '?')
			return tool_fail(e, "%s is no option; --help lists them", argv[optind - 1]) - 1;
		if (option == ':')
			return tool_fail(e, "%s needs a value", argv[optind - 1]) - 1;
		if (!set_option(q, option, optarg, e))
			return -1;
	}
	for (; optind < argc; optind++)
		if (!take_id(q, argv[optind], e))
			return -1;
	return 1;
}

/* ---- runs ---- */

static unsigned
targets_of(const struct request *q, const struct sim_scenario *s, uint64_t target[3])
{
	unsigned n = 0;

	if (q->memory > 0) {
		target[0] = q->memory;
		return 1;
	}
	while (n < 3 && s->targets[n] > 0) {
		target[n] = (uint64_t)s->targets[n] << 20;
		n++;
	}
	return n;
}

static void
want(struct session *w, const struct sim_order *o, const char *check)
{
	struct sim_order off = *o;
	struct wanted *x = &w->wanted[w->n++];

	*x = (struct wanted){.number = sim_suite_add(w->suite, o), .check = check};
	off.governor = false;
	if (w->q->compare)
		x->reference = sim_suite_add(w->suite, &off) + 1;
}

static void
want_scenario(struct session *w, const struct sim_scenario *s)
{
	uint64_t target[3];
	unsigned n = targets_of(w->q, s, target);

	for (unsigned i = 0; i < n && w->n < MAX_RUNS; i++)
		want(w, &(struct sim_order){s, target[i], w->q->seed, w->q->governor, w->q->without}, NULL);
}

/* A core scenario says what it proves, or why no single protection decides it. */
static void
want_nothing(struct session *w, const struct sim_scenario *s)
{
	if (s->unproved != NULL) {
		printf("none   %-4s %-26s %s\n", s->id, s->name, s->unproved);
	} else if (s->is_core) {
		printf("failed %-4s %-26s names no protection\n", s->id, s->name);
		w->failed++;
	}
}

/* Two checks of one protection share their run. */
static void
want_proof(struct session *w, const struct sim_order *o, const char *check, unsigned whole)
{
	const struct wanted *before = &w->wanted[w->n - (w->n > 0)];
	bool is_same = w->n > 0 && before->reference == whole && strcmp(before->without, o->without) == 0;

	if (is_same)
		w->wanted[w->n++] = *before;
	else
		want(w, o, NULL);
	w->wanted[w->n - 1].reference = whole;
	w->wanted[w->n - 1].without = o->without;
	w->wanted[w->n - 1].check = check;
}

/* One run with everything, one for each protection. */
static void
want_proofs(struct session *w, const struct sim_scenario *s)
{
	struct sim_order o = {s, 0, w->q->seed, true, NULL};
	uint64_t target[3] = {0};
	unsigned whole;

	targets_of(w->q, s, target);
	o.target = target[0];
	if (s->proves[0].protection == NULL) {
		want_nothing(w, s);
		return;
	}
	whole = sim_suite_add(w->suite, &o) + 1;
	for (unsigned i = 0; i < SIM_MAX_PROOFS && s->proves[i].protection != NULL && w->n < MAX_RUNS; i++) {
		o.without = s->proves[i].protection;
		want_proof(w, &o, s->proves[i].check, whole);
	}
}

static bool
has_failed_on(const struct sim_result *r, const char *check)
{
	for (unsigned i = 0; i < r->n_failed; i++)
		if (strcmp(r->failed[i].check, check) == 0)
			return true;
	return false;
}

static void
tell_proof(const struct sim_result *r, const struct wanted *x, bool is_control_sound, bool ok)
{
	printf("%-6s %-4s %-26s without %s: ", ok ? "ok" : "failed", r->id, r->name, r->without);
	if (ok)
		printf("fails on %s\n", x->check);
	else if (!is_control_sound)
		printf("says nothing: fails on %s with it, too\n", x->check);
	else
		printf("should fail on %s and %s\n", x->check, r->n_failed > 0 ? "fails on others" : "passes");
	for (unsigned i = 0; !ok && i < r->n_failed; i++)
		printf("       %s: %s\n", r->failed[i].check, r->failed[i].text);
}

static bool
judge_proof(const struct session *w, const struct wanted *x, const struct sim_result *r)
{
	bool is_control_sound = !has_failed_on(sim_suite_result(w->suite, x->reference - 1), x->check);
	bool ok = is_control_sound && has_failed_on(r, x->check);

	tell_proof(r, x, is_control_sound, ok);
	return ok;
}

static bool
judge_run(const struct session *w, const struct sim_result *r)
{
	sim_report_print(stdout, r, w->q->timing);
	return r->pass;
}

static void
on_done(void *ctx, unsigned number, const struct sim_result *r)
{
	struct session *w = ctx;

	for (unsigned i = 0; i < w->n; i++) {
		struct wanted *x = &w->wanted[i];
		bool ok;

		if (x->reference == number + 1 && x->check == NULL) {
			sim_report_print(stdout, r, w->q->timing);
		} else if (x->number == number) {
			ok = x->check != NULL ? judge_proof(w, x, r) : judge_run(w, r);
			w->passed += ok;
			w->failed += !ok;
		}
	}
	fflush(stdout);
}

static bool
write_json(const struct session *w, struct tool_error *e)
{
	const struct sim_result *runs[MAX_RUNS], *reference[MAX_RUNS];

	for (unsigned i = 0; i < w->n; i++) {
		runs[i] = sim_suite_result(w->suite, w->wanted[i].number);
		reference[i] = w->q->compare ? sim_suite_result(w->suite, w->wanted[i].reference - 1) : NULL;
	}
	return sim_report_json(w->q->json, runs, w->q->compare ? reference : NULL, w->n) ||
	       tool_fail(e, "--json %s: cannot be written", w->q->json);
}

static int
run_all(const struct request *q, void (*want_one)(struct session *w, const struct sim_scenario *s))
{
	struct session w = {.q = q};
	struct tool_error e;
	int status = TOOL_OK;

	w.suite = sim_suite_new(2 * MAX_RUNS, (unsigned)q->jobs);
	if (w.suite == NULL) {
		tool_fail(&e, "no memory");
		return tool_complain("sim", &e, TOOL_FAILED);
	}
	if (q->base)
		want(&w, &(struct sim_order){NULL, q->memory > 0 ? q->memory : 4u << 20, q->seed, q->governor, NULL},
		     NULL);
	for (unsigned i = 0; i < q->n_scenarios; i++)
		want_one(&w, q->scenario[i]);
	sim_suite_run(w.suite, on_done, &w);
	if (q->json != NULL && !write_json(&w, &e))
		status = tool_complain("sim", &e, TOOL_FAILED);
	printf("%u passed, %u failed\n", w.passed, w.failed);
	sim_suite_free(w.suite);
	return w.failed > 0 ? TOOL_FAILED : status;
}

static void
take_all(struct request *q, bool core, bool further)
{
	for (unsigned i = 0; i < sim_n_scenarios; i++) {
		const struct sim_scenario *s = sim_scenarios[i];

		if (s->is_core ? !core : !further)
			continue;
		if (is_possible(s))
			q->scenario[q->n_scenarios++] = s;
		else
			printf("%-6s %-4s %-26s needs scripts/build.sh prove, then build-prove/plim\n", "not run",
			       s->id, s->name);
	}
}

/* ---- the commands ---- */

static int
do_list(struct request *q, struct tool_error *e)
{
	if (q->n_scenarios > 0 || q->core || q->further)
		return tool_fail(e, "list takes no ID; plim sim list"), tool_complain("sim", e, TOOL_USAGE);
	for (unsigned i = 0; i < sim_n_scenarios; i++) {
		const struct sim_scenario *s = sim_scenarios[i];

		printf("%-4s %-26s ", s->id, s->name);
		for (unsigned t = 0; t < 3; t++)
			s->targets[t] > 0 ? printf("%3uM", s->targets[t]) : printf("    ");
		printf(" %s %s\n", s->is_core ? "core" : "    ", s->pattern);
	}
	return TOOL_OK;
}

static int
do_run(struct request *q, struct tool_error *e)
{
	if (q->core || q->further) {
		q->n_scenarios = 0;
		take_all(q, q->core, q->further);
	}
	if (q->n_scenarios == 0 && !q->base)
		return tool_fail(e, "say which: an ID (plim sim list), --core or --further"),
		       tool_complain("sim", e, TOOL_USAGE);
	return run_all(q, want_scenario);
}

static int
do_prove(struct request *q, struct tool_error *e)
{
#ifdef PL_PROVE
	(void)e;
	if (q->n_scenarios == 0)
		take_all(q, true, false);
	return run_all(q, want_proofs);
#else
	(void)q;
	(void)want_proofs;
	tool_fail(e,
	          "prove needs a build that can take protections away: scripts/build.sh prove, then build-prove/plim");
	return tool_complain("sim", e, TOOL_USAGE);
#endif
}

int
tool_sim(int argc, char **argv)
{
	struct request q = {.seed = 1, .governor = true};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct tool_error e;
	int go;

	q.jobs = processors > 0 ? (uint64_t)PL_MIN(processors, 64L) : 1;
	if (argc < 2) {
		tool_fail(&e, "say what: list, run or prove; plim sim --help");
		return tool_complain("sim", &e, TOOL_USAGE);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_help(), TOOL_OK;
	go = read_request(&q, argc - 1, argv + 1, &e);
	if (go <= 0)
		return go == 0 ? TOOL_OK : tool_complain("sim", &e, TOOL_USAGE);
	if (strcmp(argv[1], "list") == 0)
		return do_list(&q, &e);
	if (strcmp(argv[1], "run") == 0)
		return do_run(&q, &e);
	if (strcmp(argv[1], "prove") == 0)
		return do_prove(&q, &e);
	tool_fail(&e, "'%s' is no command of sim; use list, run or prove", argv[1]);
	return tool_complain("sim", &e, TOOL_USAGE);
}
