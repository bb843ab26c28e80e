/* SPDX-License-Identifier: ISC */
/* A01: SYNs from addresses all over, never acknowledged, to one listener that legit clients use too. */
#include "sim/run.h"

#define RATE 20000u

static void
fire(void *ctx)
{
	struct sim_run *r = ctx;
	struct sim_chance *c = (struct sim_chance *)r->ctx;
	struct sim_from from = {.src = 11u << 24 | (uint32_t)(sim_chance_next(c) >> 40)};
	struct pl_tcp_seg syn = {.flags = PL_TH_SYN, .dport = SIM_PORT_REQUEST, .wnd = 65535};

	from.src += (sim_chance_below(c, 60)) << 24; /* one of 60 /8 */
	syn.sport = (uint16_t)(1024 + sim_chance_below(c, 64000));
	syn.seq = (uint32_t)sim_chance_next(c);
	syn.opt = (struct pl_tcp_opts){.has = PL_OPT_MSS | PL_OPT_WSCALE | PL_OPT_SACK_OK, .mss = 1460, .wscale = 7};
	sim_raw_tcp(&r->raw, &from, &syn);
}

static void
prepare(struct sim_run *r)
{
	struct sim_chance *c = sim_keep(r, sizeof *c);

	*c = sim_chance_of(r->seed, 20, 1);
	sim_pace(r, RATE, fire, r);
}

static void
check(struct sim_run *r)
{
	sim_at_most(r, "syn-class", (double)r->watch.most_by_class[PLIM_CLASS_syn], (double)r->target * 2 / 100);
	sim_at_least(r, "H", r->out->H, 0.95);
	sim_at_least(r, "G", r->out->G, 0.95);
	sim_at_most(r, "T_rec", r->out->T_rec, 5);
	sim_at_least(r, "cookies", (double)r->watch.st.actions[PLIM_ACTION_cookie_sent], 1);
}

const struct sim_scenario sim_a01 = {
	.id = "A01",
	.name = "syn-flood-spoofed",
	.pattern = "20 k SYN/s for 60 s from random sources, never acknowledged, to one listener",
	.targets = {4, 16, 64},
	.is_core = true,
	.proves = {{"syn-cookies", "H"}, {"class-cap", "syn-class"}},
	.prepare = prepare,
	.check = check,
};
