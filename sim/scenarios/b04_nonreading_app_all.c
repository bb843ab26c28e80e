/* SPDX-License-Identifier: ISC */
/*
 * B04: 48 legit uploads, and for 30 s the application reads none of them. Every window shuts, nothing that lies inside
 * one is refused, and when the application reads again each flow is back before two of its persist intervals are over.
 */
#include "sim/habits.h"

#define UPLOADS 48u
#define STALL_FROM PL_SEC(10) /* from the beginning */
#define STALL_TO PL_SEC(40)
#define LOOK PL_MS(5)

enum { SHUT, REFUSED, LOST, AGAIN, PROBES, FIRST, STOPPED };
enum { WORST_RATIO, WORST_MS };

struct resume {
	pl_time at;                     /* the application reads again */
	uint64_t rx[SIM_MAX_LEGIT];     /* octets that lay with us then were all sent before */
	uint32_t rto_ms[SIM_MAX_LEGIT]; /* the persist interval begins as an RTO (RFC 9293 3.8.6.1) */
	bool back[SIM_MAX_LEGIT];
	uint64_t n_back;
};

static void watch_resume(void *ctx);

static void
prepare(struct sim_run *r)
{
	unsigned have = sim_is_4m(r) ? 8 : 16;

	sim_keep(r, sizeof(struct resume));
	r->number[FIRST] = r->n_legit;
	for (unsigned i = have; i < UPLOADS; i++)
		if (sim_load_client(r, SIM_CLIENT_upload, r->world.now) == NULL)
			sim_fail(r, "setup", "no room for client %u", i);
	sim_pacer_add(&r->raw, (uint32_t)(PL_SEC(1) / LOOK), r->begin + STALL_TO, r->end, watch_resume, r);
}

/* ---- the clients ---- */

static bool
info_of(const struct sim_client *c, struct plim_conn_info *info)
{
	return c->kind == SIM_CLIENT_upload && c->conn[0].is_open &&
	       plim_conn_info(c->host->s, c->conn[0].h, info) == PLIM_OK;
}

static uint64_t
shut_windows(struct sim_run *r)
{
	struct plim_conn_info info;
	uint64_t n = 0;

	for (unsigned i = 0; i < r->n_legit; i++)
		n += info_of(r->legit[i], &info) && info.snd_wnd < info.mss;
	return n;
}

/* What the uploads' own lines took from them. */
static uint64_t
lost(const struct sim_run *r)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < r->n_legit; i++)
		if (r->legit[i]->kind == SIM_CLIENT_upload)
			sum += r->legit[i]->host->up.lost + r->legit[i]->host->up.dropped;
	return sum;
}

/* Text inside a window that was not taken. */
static uint64_t
refused(const struct sim_run *r)
{
	const uint64_t *a = r->watch.st.actions;

	return a[PLIM_ACTION_text_refused] + a[PLIM_ACTION_next_refused] + a[PLIM_ACTION_ooo_refused];
}

/* ---- the application reads again ---- */

static uint64_t
waiting(struct sim_run *r, const struct sim_sconn *c)
{
	struct plim_conn_info info;

	return plim_conn_info(r->world.server.s, c->h, &info) == PLIM_OK ? info.rcv_queued + info.out_of_order : 0;
}

static void
resume(struct sim_run *r)
{
	struct resume *x = r->ctx;
	struct plim_conn_info info;

	x->at = r->world.now;
	for (uint32_t i = r->upload->first; i > 0; i = r->services.conn[i - 1].next) {
		const struct sim_sconn *c = &r->services.conn[i - 1];

		x->rx[c->client] = c->rx + waiting(r, c);
	}
	for (unsigned i = 0; i < r->n_legit; i++)
		if (info_of(r->legit[i], &info))
			x->rto_ms[i] = info.rto_ms;
	sim_read_so(r, r->upload, SIM_READ_ALL);
}

/* Which of them got something that was sent since? */
static void
watch_resume(void *ctx)
{
	struct sim_run *r = ctx;
	struct resume *x = r->ctx;

	if (x->at == 0)
		resume(r);
	for (uint32_t i = r->upload->first; i > 0; i = r->services.conn[i - 1].next) {
		const struct sim_sconn *c = &r->services.conn[i - 1];
		double took = (double)(r->world.now - x->at) / 1e6;

		if (x->back[c->client] || c->rx <= x->rx[c->client])
			continue;
		x->back[c->client] = true;
		x->n_back++;
		r->figure[WORST_MS] = PL_MAX(r->figure[WORST_MS], took);
		r->figure[WORST_RATIO] = PL_MAX(r->figure[WORST_RATIO], took / PL_MAX(x->rto_ms[c->client], 1u));
	}
}

static void
sample(struct sim_run *r)
{
	pl_time since = r->world.now - r->begin;

	if (r->world.now < r->begin)
		return;
	if (since == STALL_FROM) {
		r->number[REFUSED] = refused(r);
		r->number[LOST] = lost(r);
		r->number[AGAIN] = sim_load_sum(r, SIM_CLIENT_upload, PLIM_TCP_retransmitted);
		r->number[PROBES] = sim_load_sum(r, SIM_CLIENT_upload, PLIM_TCP_window_probes);
		r->number[STOPPED] = r->upload->open;
		sim_read_so(r, r->upload, SIM_READ_NEVER);
	} else if (since == STALL_TO - SIM_SAMPLE) {
		r->number[SHUT] = shut_windows(r);
		r->number[REFUSED] = refused(r) - r->number[REFUSED];
		r->number[LOST] = lost(r) - r->number[LOST];
		r->number[AGAIN] = sim_load_sum(r, SIM_CLIENT_upload, PLIM_TCP_retransmitted) - r->number[AGAIN];
		r->number[PROBES] = sim_load_sum(r, SIM_CLIENT_upload, PLIM_TCP_window_probes) - r->number[PROBES];
	}
}

/* The further uploads end, so that what is measured then is the legit load. */
static void
at_end(struct sim_run *r)
{
	for (unsigned i = (unsigned)r->number[FIRST]; i < r->n_legit; i++)
		sim_client_leave(r->legit[i]);
}

static double
applied(struct sim_run *r)
{
	return (double)r->number[STOPPED] / UPLOADS;
}

static void
check(struct sim_run *r)
{
	sim_at_least(r, "windows-shut", (double)r->number[SHUT], UPLOADS);
	/* At level 3 probes of windows that were taken back are refused, an octet each; nothing else is. */
	sim_at_most(r, "text-refused", (double)r->number[REFUSED], (double)r->number[PROBES]);
	/* A line loses a segment in a thousand, and what its queue cannot hold; a probe may be one sent before. */
	sim_at_most(r, "sent-again", (double)r->number[AGAIN], (double)(r->number[LOST] + r->number[PROBES]));
	sim_at_least(r, "resumed", (double)((struct resume *)r->ctx)->n_back, UPLOADS);
	sim_at_most(r, "resumed-in-intervals", r->figure[WORST_RATIO], 2);
}

const struct sim_scenario sim_b04 = {
	.id = "B04",
	.name = "nonreading-app-all",
	.pattern = "48 legit uploads, the application reads nothing for 30 s",
	.targets = {4},
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.applied = applied,
	.check = check,
};
