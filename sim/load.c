/* SPDX-License-Identifier: ISC */
/*
 * The legit load LB(T): the same clients in every run of a seed. Scenarios add their own behind them, so that numbers
 * and chances of these stay as they are.
 */
#include "sim/run.h"

#define BULK 16u
#define REQUESTS 32u
#define BRIEF 4u
#define IDLE 4u
#define SLOW 2u
#define BEGIN_WITHIN PL_SEC(2)

static const struct sim_service habits[4] = {
	{.port = SIM_PORT_DOWNLOAD, .is_legit = true, .request = SIM_DOWNLOAD_REQUEST, .reply = SIM_DOWNLOAD_OBJECT},
	{.port = SIM_PORT_UPLOAD, .is_legit = true},
	{.port = SIM_PORT_REQUEST, .is_legit = true, .request = SIM_REQUEST_UP, .reply = SIM_REQUEST_DOWN},
	{.port = SIM_PORT_IDLE, .is_legit = true},
};

struct sim_client *
sim_load_client(struct sim_run *r, enum sim_client_kind kind, pl_time begin)
{
	struct sim_chance c = sim_chance_of(r->seed, 7, r->n_legit);
	struct sim_access a = {
		.rate_bps = 2000000,
		.queue_octets = 16u << 10,
		.rtt = PL_MS(20) + sim_chance_below(&c, 60000) * PL_US(1),
		.loss_ppm = 1000,
		.reorder_ppm = 1000,
	};
	struct sim_client *k;

	if (r->n_legit == SIM_MAX_LEGIT)
		return NULL;
	begin += sim_chance_below(&c, (uint32_t)(BEGIN_WITHIN / 1000)) * PL_US(1);
	k = sim_client_add(&r->world, &a, kind, &r->tally, begin);
	if (k != NULL)
		r->legit[r->n_legit++] = k;
	return k;
}

bool
sim_load_add(struct sim_run *r)
{
	unsigned bulk = sim_is_4m(r) ? BULK / 2 : BULK;
	const unsigned count[SIM_N_CLIENT_KINDS] = {bulk, bulk, REQUESTS, BRIEF, IDLE, SLOW};

	r->download = sim_services_add(&r->services, &habits[0]);
	r->upload = sim_services_add(&r->services, &habits[1]);
	r->request = sim_services_add(&r->services, &habits[2]);
	r->idle = sim_services_add(&r->services, &habits[3]);
	if (r->download == NULL || r->upload == NULL || r->request == NULL || r->idle == NULL)
		return false;
	for (unsigned kind = 0; kind < SIM_N_CLIENT_KINDS; kind++)
		for (unsigned i = 0; i < count[kind]; i++)
			if (sim_load_client(r, kind, r->world.now) == NULL)
				return false;
	return true;
}

uint64_t
sim_load_sum(const struct sim_run *r, unsigned kind, enum plim_tcp_counter which)
{
	struct plim_stats st;
	uint64_t sum = 0;

	for (unsigned i = 0; i < r->n_legit; i++) {
		if (kind != SIM_N_CLIENT_KINDS && r->legit[i]->kind != kind)
			continue;
		plim_stats(r->legit[i]->host->s, &st);
		sum += st.tcp[which];
	}
	return sum;
}

void
sim_load_windows(struct sim_run *r, uint32_t window[SIM_MAX_LEGIT])
{
	struct plim_conn_info info;

	memset(window, 0, SIM_MAX_LEGIT * sizeof *window);
	if (r->upload == NULL)
		return;
	for (uint32_t i = r->upload->first; i > 0; i = r->services.conn[i - 1].next) {
		struct sim_sconn *c = &r->services.conn[i - 1];

		if (c->client < SIM_MAX_LEGIT && plim_conn_info(r->world.server.s, c->h, &info) == PLIM_OK)
			window[c->client] = info.rcv_wnd;
	}
}
