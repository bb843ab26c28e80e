/* SPDX-License-Identifier: ISC */
/* C01: clients that ask for 1 MiB each, keep their window at zero and answer every probe (sockstress). */
#include "sim/troubles.h"

#define PORT 2000
#define PEERS 2000u
#define MSS 1460u

enum { OVER, KILLED_EARLY };

static void
prepare(struct sim_run *r)
{
	sim_zero_window_readers(r, 0, PORT, PEERS);
}

/* What a connection may queue that was only ever seen at this level or above. */
static uint64_t
may_queue(unsigned least_level)
{
	static const uint64_t segments[5] = {10, 4, 2, 1, 1};

	return segments[least_level] * MSS;
}

static void
sample(struct sim_run *r)
{
	struct plim_conn_info info;
	unsigned level = r->watch.st.level;

	for (uint32_t i = r->service[0]->first; i > 0; i = r->services.conn[i - 1].next) {
		struct sim_sconn *c = &r->services.conn[i - 1];

		c->least_level = c->last_rx == 0 || level < c->least_level ? (uint8_t)level : c->least_level;
		if (plim_conn_info(r->world.server.s, c->h, &info) == PLIM_OK &&
		    info.snd_queued > may_queue(c->least_level))
			r->figure[OVER] = PL_MAX(r->figure[OVER], (double)info.snd_queued);
	}
	if (r->watch.most_level < 3 && r->world.now < r->end)
		r->figure[KILLED_EARLY] = (double)(r->service[0]->told_error);
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "reached", (double)r->group[0]->opened, 500);
	sim_at_most(r, "queued-over-earned", r->figure[OVER], MSS * 10);
	sim_at_most(r, "killed-before-L3", r->figure[KILLED_EARLY], 0);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_c01 = {
	.id = "C01",
	.name = "zero-window-readers",
	.pattern = "2000 clients ask 1 MiB each, window 0 from the first ACK on, answer every probe",
	.targets = {4, 16},
	.is_core = true,
	.proves = {{"earned-limit", "queued-over-earned"}},
	.prepare = prepare,
	.sample = sample,
	.end = sim_end_reset,
	.check = check,
};
