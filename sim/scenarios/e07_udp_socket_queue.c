/* SPDX-License-Identifier: ISC */
/*
 * E07: 50 000 datagrams a second of one octet for an application that reads ten a second of a socket: for half of the
 * time to one socket, then to 64 others in turn. Each of these gets its share of the class.
 */
#include "sim/run.h"

#define RATE 50000u
#define UDP_PORT 7
#define FIRST_PORT 3000
#define SOCKETS 64u
#define READS 10u
#define TURN PL_SEC(30)  /* from the beginning: the others' */
#define OCTETS_EACH 112u /* what the datagrams of a socket must at least be held with: two of them, real octets */

static void
fire(void *ctx)
{
	struct sim_run *r = ctx;
	uint64_t n = r->number[0]++;
	struct sim_from from = {.src = 0xb4000002u | (uint32_t)(n % 1000) << 8};
	bool is_many = r->world.now >= r->begin + TURN;

	sim_raw_udp(&r->raw, &from, 5000, is_many ? (uint16_t)(FIRST_PORT + n % SOCKETS) : UDP_PORT, 1);
}

static void
prepare(struct sim_run *r)
{
	bool is_open;

	r->services.udp_rate = READS;
	is_open = sim_services_udp(&r->services, UDP_PORT);
	for (unsigned i = 0; i < SOCKETS; i++)
		is_open = sim_services_udp(&r->services, (uint16_t)(FIRST_PORT + i)) && is_open;
	if (!is_open)
		sim_fail(r, "setup", "no room for %u sockets", SOCKETS + 1);
	sim_pace(r, RATE, fire, r);
}

/* What the 64 hold together, once they had time to fill. */
static void
sample(struct sim_run *r)
{
	if (r->world.now >= r->begin + TURN + PL_SEC(5) && r->world.now <= r->end)
		r->number[1] = r->number[1] > 0 ? PL_MIN(r->number[1], r->watch.st.by_class[PLIM_CLASS_udp])
		                                : r->watch.st.by_class[PLIM_CLASS_udp];
}

static void
check(struct sim_run *r)
{
	const uint64_t *read = r->services.udp_read;
	uint64_t least = UINT64_MAX;

	for (unsigned i = 1; i <= SOCKETS; i++)
		least = PL_MIN(least, read[i]);
	sim_at_most(r, "udp-class", (double)r->watch.most_by_class[PLIM_CLASS_udp], (double)r->target * 6 / 100);
	sim_at_least(r, "queued", (double)r->watch.most_by_class[PLIM_CLASS_udp], 4096);
	sim_at_least(r, "queued-64", (double)r->number[1], SOCKETS * OCTETS_EACH);
	sim_at_least(r, "datagrams", (double)read[0], 0.9 * READS * 30);
	sim_at_least(r, "datagrams-each-of-64", (double)least, 0.9 * READS * 30);
	sim_at_least(r, "G", r->out->G, 0.95);
}

const struct sim_scenario sim_e07 = {
	.id = "E07",
	.name = "udp-socket-queue",
	.pattern = "50 k datagrams/s of one octet to a slow application: one socket, then 64",
	.targets = {4},
	.is_core = true,
	.proves = {{"class-cap", "udp-class"}},
	.prepare = prepare,
	.sample = sample,
	.check = check,
};
