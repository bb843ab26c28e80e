/* SPDX-License-Identifier: ISC */
/* E01: first fragments without a second, 30 000 a second, each datagram new; legit datagrams come in two fragments. */
#include "sim/troubles.h"

#include "base/checksum.h"
#include "wire/udp.h"

#define RATE 30000u
#define UDP_PORT 7
#define LEGIT_RATE 20u
#define LEGIT_HALF 400u       /* octets of each of the two, of IP payload; a multiple of 8 */
#define LEGIT_NET 0xb4000000u /* 180.0.0.0/8: legit senders of datagrams, outside every group */
#define LEGIT_SENDERS 10u

struct fragments {
	uint64_t sent, answered;
};

/* One datagram in two fragments, back to back. The server echoes it; the answer counts. */
static void
fire_legit(void *ctx)
{
	struct sim_run *r = ctx;
	struct fragments *k = r->ctx;
	struct sim_from from = {.src = LEGIT_NET | (1 + (uint32_t)(k->sent % LEGIT_SENDERS)) << 8 | 2};

	sim_raw_udp_pair(&r->raw, &from, (uint16_t)(5000 + k->sent % LEGIT_SENDERS), UDP_PORT, (uint16_t)k->sent,
	                 LEGIT_HALF);
	k->sent += r->world.now >= r->begin;
}

static void
on_udp(void *ctx, struct pl_span text)
{
	struct sim_run *r = ctx;
	struct fragments *k = r->ctx;

	(void)text;
	k->answered += r->world.now >= r->begin;
}

static void
prepare(struct sim_run *r)
{
	sim_keep(r, sizeof(struct fragments));
	sim_services_udp(&r->services, UDP_PORT);
	r->raw.on_udp = on_udp;
	r->raw.udp_ctx = r;
	sim_pacer_add(&r->raw, LEGIT_RATE, r->begin, r->end, fire_legit, r);
	sim_fragment_flood(r, RATE, sim_chance_of(r->seed, 22, 1));
}

static void
check(struct sim_run *r)
{
	struct fragments *k = r->ctx;

	sim_at_least(r, "legit-sent", (double)k->sent, 0.95 * LEGIT_RATE * 60);
	sim_at_most(r, "fragment-class", (double)r->watch.most_by_class[PLIM_CLASS_fragment],
	            (double)r->target * 3 / 100);
	sim_at_least(r, "fragments-held", (double)r->watch.most_by_class[PLIM_CLASS_fragment], 4096);
	sim_at_least(r, "legit-datagrams", (double)k->answered / (double)PL_MAX(k->sent, 1u), 0.50);
	sim_at_least(r, "G", r->out->G, 0.95);
}

const struct sim_scenario sim_e01 = {
	.id = "E01",
	.name = "frag-first-only",
	.pattern = "30 k first fragments/s of 256 octets, never completed; legit datagrams in two fragments",
	.targets = {4, 16},
	.is_core = true,
	.proves = {{"fragment-replacement", "legit-datagrams"}, {"class-cap", "fragment-class"}},
	.prepare = prepare,
	.check = check,
};
