/* SPDX-License-Identifier: ISC */
/* E04: SYNs and echoes from 65 000 neighbours on the link that do not exist: each answer would need one resolved. */
#include "sim/run.h"

#define RATE 5000u
#define LINK 0xc0a80000u /* 192.168.0.0/16 */

static void
fire(void *ctx)
{
	struct sim_run *r = ctx;
	struct sim_chance *c = r->ctx;
	uint32_t host = 2 + sim_chance_below(c, 0xfe00);
	const uint8_t mac[6] = {2, 7, 0, 0, (uint8_t)(host >> 8), (uint8_t)host};
	struct sim_from from = {.src = LINK | host, .mac = mac};
	struct pl_tcp_seg syn = {.flags = PL_TH_SYN, .dport = SIM_PORT_REQUEST, .wnd = 65535};

	syn.sport = (uint16_t)(1024 + sim_chance_below(c, 60000));
	syn.seq = (uint32_t)sim_chance_next(c);
	sim_raw_tcp(&r->raw, &from, &syn);
	r->number[0]++;
}

static void
prepare(struct sim_run *r)
{
	struct sim_chance *c = sim_keep(r, sizeof *c);

	*c = sim_chance_of(r->seed, 23, 1);
	sim_pace(r, RATE, fire, r);
}

static void
check(struct sim_run *r)
{
	sim_at_most(r, "neighbour-class", (double)r->watch.most_by_class[PLIM_CLASS_neighbour],
	            (double)r->target / 100);
	/* The gateway of the legit side stays resolved: nobody is slower for it. */
	sim_at_most(r, "P95", r->out->P95, 1.1);
	sim_at_least(r, "H", r->out->H, 0.95);
	sim_at_least(r, "G", r->out->G, 0.95);
}

const struct sim_scenario sim_e04 = {
	.id = "E04",
	.name = "neighbour-scan",
	.pattern = "5 k/s from 65 000 addresses on the link that nobody has",
	.targets = {4, 16},
	.is_core = true,
	.proves = {{"class-cap", "neighbour-class"}},
	.prepare = prepare,
	.check = check,
};
