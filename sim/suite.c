/* SPDX-License-Identifier: ISC */
/* Many runs: see suite.h. Results lie in memory that is shared with the processes. */
#include "sim/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_BASELINES 16u
#define NO_BASELINE MAX_BASELINES

struct job {
	struct sim_order order;
	unsigned baseline;
	pid_t pid;
	bool is_begun, is_done;
};

struct shared {
	struct sim_baseline baseline[MAX_BASELINES];
	struct sim_result base_result[MAX_BASELINES];
	struct sim_result result[];
};

struct sim_suite {
	unsigned n, most, workers, n_baselines;
	struct job *job;
	struct job base_job[MAX_BASELINES];
	struct shared *shared;
};

static size_t
shared_octets(unsigned most)
{
	return sizeof(struct shared) + most * sizeof(struct sim_result);
}

struct sim_suite *
sim_suite_new(unsigned most, unsigned workers)
{
	struct sim_suite *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->most = most;
	s->workers = workers;
	s->job = calloc(most, sizeof *s->job);
	s->shared = mmap(NULL, shared_octets(most), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->job == NULL || s->shared == MAP_FAILED) {
		free(s->job);
		free(s);
		return NULL;
	}
	return s;
}

void
sim_suite_free(struct sim_suite *s)
{
	munmap(s->shared, shared_octets(s->most));
	free(s->job);
	free(s);
}

/* The baseline for a target and a seed. The governor is on there: it is what a run is compared with. */
static unsigned
baseline_for(struct sim_suite *s, const struct sim_order *o)
{
	for (unsigned i = 0; i < s->n_baselines; i++)
		if (s->base_job[i].order.target == o->target && s->base_job[i].order.seed == o->seed)
			return i;
	if (s->n_baselines == MAX_BASELINES)
		return NO_BASELINE;
	s->base_job[s->n_baselines].order = (struct sim_order){.target = o->target, .seed = o->seed, .governor = true};
	return s->n_baselines++;
}

unsigned
sim_suite_add(struct sim_suite *s, const struct sim_order *o)
{
	struct job *j = &s->job[s->n];

	j->order = *o;
	j->baseline = o->scenario == NULL || o->scenario->no_load ? NO_BASELINE : baseline_for(s, o);
	return s->n++;
}

const struct sim_result *
sim_suite_result(const struct sim_suite *s, unsigned number)
{
	return &s->shared->result[number];
}

const struct sim_baseline *
sim_suite_baseline(const struct sim_suite *s, unsigned number)
{
	unsigned i = s->job[number].baseline;

	return i < NO_BASELINE && s->shared->baseline[i].is_there ? &s->shared->baseline[i] : NULL;
}

/* ---- one job ---- */

static void
job_run(struct sim_suite *s, struct job *j, bool is_base)
{
	unsigned i = (unsigned)(j - (is_base ? s->base_job : s->job));

	if (is_base)
		sim_run(&j->order, NULL, &s->shared->baseline[i], &s->shared->base_result[i]);
	else
		sim_run(&j->order, sim_suite_baseline(s, i), NULL, &s->shared->result[i]);
}

static void
job_begin(struct sim_suite *s, struct job *j, bool is_base)
{
	j->is_begun = true;
	fflush(NULL);
	j->pid = s->workers > 0 ? fork() : -1;
	if (j->pid > 0)
		return;
	job_run(s, j, is_base);
	if (j->pid == 0)
		_exit(0);
	j->is_done = true; /* no process for it: it ran here */
}

/* A process that ended in another way than by its own will has failed its run. */
static void
job_crashed(struct sim_suite *s, struct job *j, bool is_base, int status)
{
	unsigned i = (unsigned)(j - (is_base ? s->base_job : s->job));
	struct sim_result *r = is_base ? &s->shared->base_result[i] : &s->shared->result[i];

	r->pass = false;
	if (r->n_failed == SIM_MAX_FAILED)
		return;
	snprintf(r->failed[r->n_failed].check, sizeof r->failed[0].check, "crash");
	snprintf(r->failed[r->n_failed].text, sizeof r->failed[0].text, "the run ended by %s %d",
	         WIFSIGNALED(status) ? "signal" : "status",
	         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	r->failed[r->n_failed].value = r->failed[r->n_failed].limit = SIM_NONE;
	r->n_failed++;
}

/* ---- all jobs of a list ---- */

static unsigned
running(const struct job *jobs, unsigned n)
{
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++)
		k += jobs[i].is_begun && !jobs[i].is_done;
	return k;
}

static void
wait_for_one(struct sim_suite *s, struct job *jobs, unsigned n, bool is_base)
{
	int status;
	pid_t pid = wait(&status);

	for (unsigned i = 0; i < n; i++) {
		if (!jobs[i].is_begun || jobs[i].is_done || (pid > 0 && jobs[i].pid != pid))
			continue;
		jobs[i].is_done = true;
		if (pid > 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
			job_crashed(s, &jobs[i], is_base, status);
	}
}

static void
run_list(struct sim_suite *s, struct job *jobs, unsigned n, bool is_base,
         void (*done)(void *ctx, unsigned number, const struct sim_result *r), void *ctx)
{
	unsigned next = 0, told = 0;

	while (told < n) {
		while (next < n && running(jobs, n) < PL_MAX(s->workers, 1u))
			job_begin(s, &jobs[next++], is_base);
		if (!jobs[told].is_done)
			wait_for_one(s, jobs, n, is_base);
		for (; told < n && jobs[told].is_done; told++)
			if (done != NULL)
				done(ctx, told, &s->shared->result[told]);
	}
}

/* What is wrong without a disturbance is wrong in every run that is measured against it. */
static void
check_baselines(struct sim_suite *s)
{
	for (unsigned i = 0; i < s->n_baselines; i++) {
		struct sim_result *r = &s->shared->base_result[i];

		for (unsigned k = 0; k < r->n_failed; k++)
			fprintf(stderr, "plim sim: baseline at %llu MiB, seed %llu: %s: %s\n",
			        (unsigned long long)(r->target >> 20), (unsigned long long)r->seed, r->failed[k].check,
			        r->failed[k].text);
	}
}

void
sim_suite_run(struct sim_suite *s, void (*done)(void *ctx, unsigned number, const struct sim_result *r), void *ctx)
{
	run_list(s, s->base_job, s->n_baselines, true, NULL, NULL);
	check_baselines(s);
	run_list(s, s->job, s->n, false, done, ctx);
}
