/* SPDX-License-Identifier: ISC */
/* E07: 50 000 datagrams a second of one octet for an application that reads ten a second. */
#include "sim/run.h"

#define RATE 50000u
#define UDP_PORT 7
#define READS 10u

static void
fire(void *ctx)
{
	struct sim_run *r = ctx;
	struct sim_from from = {.src = 0xb4000002u | (uint32_t)(r->number[0]++ % 1000) << 8};

	sim_raw_udp(&r->raw, &from, 5000, UDP_PORT, 1);
}

static void
prepare(struct sim_run *r)
{
	r->services.udp_rate = READS;
	sim_services_udp(&r->services, UDP_PORT);
	sim_pace(r, RATE, fire, r);
}

static void
check(struct sim_run *r)
{
	sim_at_most(r, "udp-class", (double)r->watch.most_by_class[PLIM_CLASS_udp], (double)r->target * 6 / 100);
	sim_at_least(r, "queued", (double)r->watch.most_by_class[PLIM_CLASS_udp], 4096);
	sim_at_least(r, "datagrams", (double)r->services.udp_in, 0.9 * READS * 60);
	sim_at_least(r, "G", r->out->G, 0.95);
}

const struct sim_scenario sim_e07 = {
	.id = "E07",
	.name = "udp-socket-queue",
	.pattern = "50 k datagrams/s of one octet to a slow application",
	.targets = {4},
	.is_core = true,
	.proves = {{"class-cap", "udp-class"}},
	.prepare = prepare,
	.check = check,
};
