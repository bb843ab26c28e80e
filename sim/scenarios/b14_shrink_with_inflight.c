/* SPDX-License-Identifier: ISC */
/*
 * B14: pressure from elsewhere (ballast) makes the governor shrink the legit uploads while full windows are in flight.
 * What was sent inside the old edge is taken; nobody is reset; when the ballast goes, so does the limit.
 */
#include "sim/run.h"

#define PRESSED_FROM PL_SEC(10) /* from the beginning */
#define PRESSED_TO PL_SEC(30)
#define PERMILLE 900u

enum { BEFORE, PRESSED };

static void
prepare(struct sim_run *r)
{
	(void)r;
}

static double
mean_window(struct sim_run *r)
{
	uint32_t window[SIM_MAX_LEGIT];
	double sum = 0, n = 0;

	sim_load_windows(r, window);
	for (unsigned i = 0; i < r->n_legit; i++)
		if (r->legit[i]->kind == SIM_CLIENT_upload) {
			sum += window[i];
			n++;
		}
	return n > 0 ? sum / n : 0;
}

static void
sample(struct sim_run *r)
{
	pl_time since = r->world.now - r->begin;

	if (r->world.now < r->begin || r->has_ended)
		return;
	if (since < PRESSED_FROM) {
		r->figure[BEFORE] = mean_window(r);
		r->number[0] = sim_load_sum(r, SIM_CLIENT_upload, PLIM_TCP_retransmitted);
		r->number[2] = since > 0 ? r->number[2] : r->number[0];
	} else if (since < PRESSED_TO) {
		sim_ballast(r, PERMILLE);
		r->figure[PRESSED] = mean_window(r);
		r->number[1] = sim_load_sum(r, SIM_CLIENT_upload, PLIM_TCP_retransmitted);
	} else {
		sim_ballast(r, 0);
	}
}

static void
check(struct sim_run *r)
{
	double uploads = sim_is_4m(r) ? 8 : 16, mss = 1448;
	/* The same flows lose one segment in a thousand anyway: as many as in the 10 s before, twice over. */
	double usual = 2 * (double)(r->number[0] - r->number[2]);
	double again = (double)(r->number[1] - r->number[0]) * mss;

	sim_at_least(r, "level", r->watch.most_level, 3);
	sim_at_most(r, "shrunk", r->figure[PRESSED], r->figure[BEFORE] / 2);
	sim_at_most(r, "retransmitted", again, usual * mss + uploads * r->figure[BEFORE]);
	sim_at_least(r, "G-back",
	             sim_rate_between(r, r->begin + PRESSED_TO + PL_SEC(2), r->end) /
	                     (r->base != NULL ? r->base->good_per_s : 1),
	             0.95);
}

const struct sim_scenario sim_b14 = {
	.id = "B14",
	.name = "shrink-with-inflight",
	.pattern = "ballast makes the governor shrink the busy legit uploads, then goes",
	.targets = {4, 16},
	.is_core = true,
	.proves = {{"earned-limit", "shrunk"}},
	.configure = sim_with_ballast,
	.prepare = prepare,
	.sample = sample,
	.check = check,
};
