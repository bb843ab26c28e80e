/* SPDX-License-Identifier: ISC */
/* D07: 2000 short connections a second from 64 hosts that reuse their ports; we close first, so TIME_WAIT is ours. */
#include "sim/troubles.h"

#define PORT 2000
#define RATE 2000u
#define QUICK 500u /* of them: each 4-tuple comes again after 1 s, before anyone had to replace it */
#define SECONDS 120u

static void
prepare(struct sim_run *r)
{
	*(struct sim_churn **)sim_keep(r, sizeof(void *)) = sim_timewait_churn(r, 0, PORT, RATE);
}

static const struct sim_churn *
churn_of(const struct sim_run *r)
{
	return *(struct sim_churn *const *)r->ctx;
}

static double
applied(struct sim_run *r)
{
	return (double)churn_of(r)->ended / (double)(RATE * SECONDS);
}

static void
check(struct sim_run *r)
{
	const struct sim_group *slow = churn_of(r)->slow, *quick = churn_of(r)->quick;
	double opened = (double)(slow->opened + quick->opened), tries = (double)(slow->tries + quick->tries);

	sim_at_most(r, "timewait-class", (double)r->watch.most_by_class[PLIM_CLASS_timewait],
	            PL_MIN((double)r->target * 3 / 100, sim_is_4m(r) ? 131072.0 : 1e12));
	sim_at_least(r, "H-peers", opened / tries, 0.98);
	sim_at_least(r, "H", r->out->H, 0.98);
	sim_at_least(r, "reused", (double)r->watch.st.tcp[PLIM_TCP_timewait_reused], 0.9 * QUICK * (SECONDS - 1));
	sim_at_least(r, "replaced", (double)r->watch.st.actions[PLIM_ACTION_timewait_replaced],
	             sim_is_4m(r) ? RATE : 0);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_d07 = {
	.id = "D07",
	.name = "timewait-churn",
	.pattern = "2000 short connections/s from 64 hosts that reuse ports, closed by us, 120 s",
	.targets = {4, 16, 64},
	.is_core = true,
	.proves = {{"timewait-reuse", "H-peers"}, {"class-cap", "timewait-class"}},
	.duration = PL_SEC(SECONDS),
	.prepare = prepare,
	.applied = applied,
	.check = check,
};
