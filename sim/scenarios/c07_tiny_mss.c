/* SPDX-License-Identifier: ISC */
/* C07: clients that offer a segment size of 1, 8 and 48 octets, so that each octet might cost a header. */
#include "sim/run.h"

#define PORT 2000
#define PEERS 166u /* of each size */
#define OBJECT (64u << 10)
#define FLOOR 216.0

static const uint16_t sizes[3] = {1, 8, 48};

static void
ask(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_text(g, p, p->snd_nxt, SIM_DOWNLOAD_REQUEST, 0);
}

/* The next object when the one before is there. */
static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	if (seg->text.len == 0)
		return;
	((struct sim_run *)g->ctx)->number[0]++;
	p->mark += (uint32_t)seg->text.len;
	if (p->mark < OBJECT)
		return;
	p->mark -= OBJECT;
	sim_peer_after(g, p, PL_SEC(1));
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = {.port = PORT,
	                            .wnd = 4096,
	                            .takes = true,
	                            .answers = true,
	                            .syn_tries = 3,
	                            .on_open = ask,
	                            .on_segment = on_segment,
	                            .on_timer = ask};

	r->service[0] =
		sim_service(r, &(struct sim_service){.port = PORT, .request = SIM_DOWNLOAD_REQUEST, .reply = OBJECT});
	for (unsigned i = 0; i < 3; i++) {
		habits.mss = sizes[i];
		r->group[i] = sim_arrivals(r, PEERS, PEERS, &habits, 10);
	}
}

static uint64_t
octets_in(const struct sim_run *r)
{
	return r->group[0]->octets_in + r->group[1]->octets_in + r->group[2]->octets_in;
}

static void
at_end(struct sim_run *r)
{
	for (unsigned i = 0; i < 3; i++)
		sim_group_reset(r->group[i]);
}

static void
check(struct sim_run *r)
{
	uint64_t opened = r->group[0]->opened + r->group[1]->opened + r->group[2]->opened;

	sim_at_least(r, "reached", (double)opened, 0.9 * 3 * PEERS);
	sim_at_least(r, "taken", (double)octets_in(r), (double)opened * OBJECT);
	/* The end of an object, and the first octets of a window, may be short. */
	sim_at_least(r, "octets-per-segment", (double)octets_in(r) / (double)PL_MAX(r->number[0], 1u), 0.9 * FLOOR);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_c07 = {
	.id = "C07",
	.name = "tiny-mss",
	.pattern = "500 clients that offer a segment size of 1, 8 and 48",
	.targets = {16},
	.is_core = true,
	.proves = {{"mss-floor", "octets-per-segment"}},
	.prepare = prepare,
	.end = at_end,
	.check = check,
};
