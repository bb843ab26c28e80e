/* SPDX-License-Identifier: ISC */
/*
 * A02: SYNs from one /24, never acknowledged, to the listener that legit clients of 68 other prefixes use. The flood
 * fills one bucket of the SYN cache; whoever is not in that bucket notices nothing and needs no cookie.
 */
#include "sim/run.h"

#define RATE 5000u
#define PREFIX 0x0b162100u /* 11.22.33.0/24 */
#define CLIENTS 64u        /* besides the legit load's four that make connections */
#define SECONDS 60u

enum { COOKIES_BEFORE };

static void
fire(void *ctx)
{
	struct sim_run *r = ctx;
	struct sim_chance *c = r->ctx;
	struct sim_from from = {.src = PREFIX + 1 + sim_chance_below(c, 254)};
	struct pl_tcp_seg syn = {.flags = PL_TH_SYN, .dport = SIM_PORT_REQUEST, .wnd = 65535};

	syn.sport = (uint16_t)(1024 + sim_chance_below(c, 64000));
	syn.seq = (uint32_t)sim_chance_next(c);
	syn.opt = (struct pl_tcp_opts){.has = PL_OPT_MSS | PL_OPT_WSCALE | PL_OPT_SACK_OK, .mss = 1460, .wscale = 7};
	sim_raw_tcp(&r->raw, &from, &syn);
}

static void
prepare(struct sim_run *r)
{
	struct sim_chance *c = sim_keep(r, sizeof *c);

	*c = sim_chance_of(r->seed, 20, 2);
	for (unsigned i = 0; i < CLIENTS; i++)
		if (sim_load_client(r, SIM_CLIENT_brief, r->world.now) == NULL)
			sim_fail(r, "setup", "no room for client %u", i);
	sim_pace(r, RATE, fire, r);
}

static void
sample(struct sim_run *r)
{
	if (r->world.now <= r->begin)
		r->number[COOKIES_BEFORE] = r->watch.st.actions[PLIM_ACTION_cookie_taken];
}

static void
check(struct sim_run *r)
{
	double handshakes = (CLIENTS + 4) * (double)SECONDS;
	double taken = (double)(r->watch.st.actions[PLIM_ACTION_cookie_taken] - r->number[COOKIES_BEFORE]);

	/* The flood was one: nearly every SYN of it had to push out another, or was answered by a cookie alone. */
	sim_at_least(r, "flood-replaces",
	             (double)(r->watch.st.drops[PLIM_DROP_syn_replaced] + r->watch.st.actions[PLIM_ACTION_cookie_sent]),
	             0.9 * RATE * SECONDS);
	sim_at_least(r, "handshakes", (double)r->tally.exchanges[SIM_CLIENT_brief].n, handshakes);
	sim_at_most(r, "syn-class", (double)r->watch.most_by_class[PLIM_CLASS_syn], (double)r->target * 2 / 100 / 4);
	sim_at_least(r, "H", r->out->H, 0.99);
	/* Buckets are keyed: one client in four runs at 4 MiB (256 buckets) falls into the flood's own. */
	sim_at_most(r, "cookies-needed", taken, SECONDS);
	sim_at_least(r, "G", r->out->G, 1.0); /* the further clients come on top of the baseline */
}

const struct sim_scenario sim_a02 = {
	.id = "A02",
	.name = "syn-flood-single-prefix",
	.pattern = "5 k SYN/s for 60 s from one /24, legit connections from 68 others",
	.targets = {4},
	.prepare = prepare,
	.sample = sample,
	.check = check,
};
