/* SPDX-License-Identifier: ISC */
/* D07: 2000 short connections a second from 64 hosts that reuse their ports; we close first, so TIME_WAIT is ours. */
#include "sim/run.h"

#define PORT 2000
#define RATE 2000u
#define HOSTS 64u
#define QUICK 500u   /* of them: each 4-tuple comes again after 1 s, before anyone had to replace it */
#define PEERS 64000u /* of the others after 43 s */
#define REQUEST 64u
#define REPLY 100u
#define SECONDS 120u

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_text(g, p, p->snd_nxt, REQUEST, 0);
}

/* Our FIN has come: it answers with its own. */
static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	(void)seg;
	if (!p->fin_in || p->flags > 0)
		return;
	p->flags = 1;
	sim_peer_text(g, p, p->snd_nxt, 0, PL_TH_FIN);
	((struct sim_run *)g->ctx)->number[0]++;
}

static void
prepare(struct sim_run *r)
{
	static const struct sim_habits habits = {.port = PORT,
	                                         .mss = 1460,
	                                         .wnd = 65535,
	                                         .has_ts = true,
	                                         .takes = true,
	                                         .answers = true,
	                                         .comes_again = true,
	                                         .on_open = on_open,
	                                         .on_segment = on_segment};

	r->service[0] = sim_service(
		r, &(struct sim_service){.port = PORT, .request = REQUEST, .reply = REPLY, .closes_after = true});
	r->group[0] = sim_peers(r, PEERS, HOSTS, &habits);
	r->group[1] = sim_peers(r, QUICK, HOSTS, &habits);
	sim_pace(r, RATE - QUICK, sim_group_begin_one, r->group[0]);
	sim_pace(r, QUICK, sim_group_begin_one, r->group[1]);
}

static double
applied(struct sim_run *r)
{
	return (double)r->number[0] / (double)(RATE * SECONDS);
}

static void
check(struct sim_run *r)
{
	const struct sim_group *slow = r->group[0], *quick = r->group[1];
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
