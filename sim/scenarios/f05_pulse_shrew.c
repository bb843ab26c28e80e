/* SPDX-License-Identifier: ISC */
/* F05: 300 uploads to an application that stops and reads in turns, to drive the level up and down (shrew). */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 300u
#define PULSES 1u                   /* a second; so long it does not read, so long it does */
#define IN_FLIGHT (2 * SIM_SEGMENT) /* all together: 175 Mbit/s at 40 ms */

/* It reads nothing for a second, then everything for a second. */
static void
pulse(void *ctx)
{
	struct sim_run *r = ctx;

	r->service[0]->read = r->service[0]->read == SIM_READ_ALL ? SIM_READ_NEVER : SIM_READ_ALL;
	r->number[0]++;
	sim_services_kick(&r->services, r->service[0]);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_uploader(PORT, IN_FLIGHT);

	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT});
	r->group[0] = sim_arrivals(r, PEERS, 250, &habits, 10);
	sim_pace(r, PULSES, pulse, r);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 0.9 * PEERS);
	sim_at_least(r, "pulses", (double)r->number[0], 55);
	sim_at_least(r, "levels-pushed", (double)r->watch.level_changes, 2);
	/* Each fall was seen in a record: none of these was lost. */
	sim_at_least(r, "falls-recorded", (double)r->watch.level_downs,
	             (double)r->watch.st.actions[PLIM_ACTION_level_down]);
	sim_at_most(r, "falls-within-500ms", (double)r->watch.level_downs_close, 0);
	sim_at_least(r, "G", r->out->G, 0.80);
}

const struct sim_scenario sim_f05 = {
	.id = "F05",
	.name = "pulse-shrew",
	.pattern = "300 uploads, the application stops and reads in turns of 1 s",
	.targets = {16},
	.is_core = true,
	.proves = {{"hysteresis", "falls-within-500ms"}},
	.prepare = prepare,
	.end = sim_end_read,
	.check = check,
};
