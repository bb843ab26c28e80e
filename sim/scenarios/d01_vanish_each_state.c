/* SPDX-License-Identifier: ISC */
/*
 * D01: in each state 500 peers vanish. Every state has a deadline, and the table is empty when it has passed. Idle
 * ESTABLISHED and CLOSE_WAIT (keepalive asked for) come once more at level 1 and at level 2, with ballast.
 */
#include "sim/run.h"

#include "base/bytes.h"

#include <stdio.h>

#define PEERS 500u
#define RATE 100u /* of each kind, a second */
#define ARRIVALS (PEERS / RATE)
#define FIRST_PORT 2000u
#define R2_S 100u
#define KEEPALIVE_S (60 + 3 * 10 + 10)
#define PHASE_0 PL_SEC(210)
#define PHASE PL_SEC(110)
#define BLACK_HOLE 0xc8000000u /* 200.0.0.0/8: nobody is there */
#define GREETING 1000u

enum kind {
	SYN_RCVD,
	IDLE,
	DATA_OUT,
	ZERO_WINDOW,
	FIN_WAIT_1,
	FIN_WAIT_2,
	CLOSING,
	CLOSE_WAIT,
	LAST_ACK,
	TIME_WAIT,
	SYN_SENT,
	N_KINDS
};

struct vanishing {
	const char *name;
	uint32_t deadline_s; /* from the time the last of them has come */
	struct sim_service habits;
	struct sim_habits peers;
};

static void
send_fin(struct sim_group *g, struct sim_peer *p)
{
	if (p->flags++ == 0)
		sim_peer_text(g, p, p->snd_nxt, 0, PL_TH_FIN);
}

/* Acknowledge the text of our FIN's segment, not the FIN, and close at the same time. */
static void
fin_against_fin(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	if (seg->seq == p->rcv_nxt)
		p->rcv_nxt += (uint32_t)seg->text.len;
	if (seg->flags & PL_TH_FIN)
		send_fin(g, p);
}

static void
fin_after_fin(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	(void)seg;
	if (p->fin_in)
		send_fin(g, p);
}

#define ASKS .keepalive_ms = 60000, .keepalive_interval_ms = 10000, .keepalive_probes = 3

static const struct vanishing kinds[N_KINDS] = {
	[SYN_RCVD] = {"SYN_RCVD", 63, {0}, {.wnd = 65535, .is_silent_on_syn_ack = true}},
	[IDLE] = {"ESTABLISHED-idle", KEEPALIVE_S, {ASKS}, {.wnd = 65535}},
	[DATA_OUT] = {"ESTABLISHED-data", 2 * R2_S, {.greeting = GREETING}, {.wnd = 65535}},
	[ZERO_WINDOW] = {"ESTABLISHED-zero-window", 2 * R2_S, {.greeting = GREETING}, {.wnd = 0}},
	[FIN_WAIT_1] = {"FIN_WAIT_1", 60, {.greeting = GREETING, .closes_after = true}, {.wnd = 65535}},
	[FIN_WAIT_2] = {"FIN_WAIT_2", 60, {.greeting = GREETING, .closes_after = true}, {.wnd = 65535, .takes = true}},
	[CLOSING] = {"CLOSING",
                     60,
                     {.greeting = GREETING, .closes_after = true},
                     {.wnd = 65535, .on_segment = fin_against_fin}},
	[CLOSE_WAIT] = {"CLOSE_WAIT", KEEPALIVE_S, {.keeps_open = true, ASKS}, {.wnd = 65535, .on_open = send_fin}},
	[LAST_ACK] = {"LAST_ACK", 60, {0}, {.wnd = 65535, .on_open = send_fin}},
	[TIME_WAIT] = {"TIME_WAIT",
                       60,
                       {.greeting = GREETING, .closes_after = true},
                       {.wnd = 65535, .takes = true, .on_segment = fin_after_fin}},
	[SYN_SENT] = {"SYN_SENT", 180, {0}, {0}},
};

/* The kinds that come again in the phases with ballast. */
static const enum kind again[2] = {IDLE, CLOSE_WAIT};

struct vanished {
	pl_time phase[3];
	pl_time last[3][N_KINDS]; /* when one was last there, from the phase's beginning */
	uint64_t most[3][N_KINDS];
	uint64_t connects;
	unsigned level_at[3];
};

static void
connect_one(void *ctx)
{
	struct sim_run *r = ctx;
	struct vanished *v = r->ctx;
	struct plim_endpoint to = {{.family = 4}, (uint16_t)(FIRST_PORT + SYN_SENT)};

	pl_store32(to.addr.octets, BLACK_HOLE + 1 + (uint32_t)v->connects);
	v->connects += sim_services_connect(&r->services, r->service[SYN_SENT], &to) == PLIM_OK;
	sim_host_wake_at(&r->world.server, r->world.now);
}

static void
add_kind(struct sim_run *r, enum kind k)
{
	struct sim_service habits = kinds[k].habits;
	struct sim_habits peers = kinds[k].peers;

	habits.port = peers.port = (uint16_t)(FIRST_PORT + k);
	peers.mss = 1460;
	r->service[k] = sim_service(r, &habits);
	if (k == SYN_SENT) {
		sim_pacer_add(&r->raw, RATE, r->begin, r->begin + PL_SEC(ARRIVALS), connect_one, r);
		return;
	}
	r->group[k] = sim_peers(r, 3 * PEERS, PEERS, &peers);
	sim_pacer_add(&r->raw, RATE, r->begin, r->begin + PL_SEC(ARRIVALS), sim_group_begin_one, r->group[k]);
}

static void
prepare(struct sim_run *r)
{
	struct vanished *v = sim_keep(r, sizeof *v);

	for (unsigned k = 0; k < N_KINDS; k++)
		add_kind(r, k);
	for (unsigned i = 0; i < 3; i++)
		v->phase[i] = r->begin + (i > 0 ? PHASE_0 + (i - 1) * PHASE : 0);
	for (unsigned i = 1; i < 3; i++)
		for (unsigned a = 0; a < 2; a++)
			sim_pacer_add(&r->raw, RATE, v->phase[i], v->phase[i] + PL_SEC(ARRIVALS), sim_group_begin_one,
			              r->group[again[a]]);
}

static unsigned
phase_of(const struct sim_run *r)
{
	const struct vanished *v = r->ctx;

	return r->world.now >= v->phase[2] ? 2 : r->world.now >= v->phase[1] ? 1 : 0;
}

static void
sample(struct sim_run *r)
{
	struct vanished *v = r->ctx;
	unsigned phase = phase_of(r);
	struct sim_holders h;

	if (r->world.now < r->begin || r->has_ended)
		return;
	if (phase > 0)
		sim_ballast(r, phase == 1 ? 580 : 760);
	for (unsigned k = 0; k < N_KINDS; k++) {
		if (phase > 0 && k != IDLE && k != CLOSE_WAIT)
			continue;
		sim_holders(r, (uint16_t)(FIRST_PORT + k), &h);
		if (k == SYN_SENT)
			h.n = r->watch.st.by_state[PLIM_SYN_SENT];
		v->most[phase][k] = PL_MAX(v->most[phase][k], h.n);
		if (h.n > 0)
			v->last[phase][k] = r->world.now - v->phase[phase];
	}
	v->level_at[phase] = PL_MAX(v->level_at[phase], r->watch.st.level);
}

static void
at_end(struct sim_run *r)
{
	sim_ballast(r, 0);
}

static void
check_kind(struct sim_run *r, unsigned phase, unsigned k)
{
	struct vanished *v = r->ctx;
	uint32_t most_s = ARRIVALS + kinds[k].deadline_s + 3;
	char name[32];

	snprintf(name, sizeof name, "L%u-%.20s", phase, kinds[k].name);
	sim_at_most(r, name, (double)v->last[phase][k] / 1e9, most_s);
}

/* Peers whose connection came as far as their kind wants it; where a cap replaces the oldest not all are there at once. */
static uint64_t
reached(const struct sim_run *r, unsigned k)
{
	const struct vanished *v = r->ctx;

	if (k == SYN_SENT)
		return v->connects;
	return k == SYN_RCVD ? r->group[k]->syn_acks : r->service[k]->accepted;
}

static void
check(struct sim_run *r)
{
	struct vanished *v = r->ctx;

	for (unsigned k = 0; k < N_KINDS; k++) {
		sim_at_least(r, kinds[k].name, (double)reached(r, k), 0.9 * PEERS);
		check_kind(r, 0, k);
	}
	for (unsigned i = 1; i < 3; i++) {
		char name[16];

		snprintf(name, sizeof name, "ballast-L%u", i);
		sim_at_least(r, name, v->level_at[i], i);
		check_kind(r, i, IDLE);
		check_kind(r, i, CLOSE_WAIT);
	}
}

const struct sim_scenario sim_d01 = {
	.id = "D01",
	.name = "vanish-each-state",
	.pattern = "500 peers vanish in each state; idle and CLOSE_WAIT again at levels 1 and 2",
	.targets = {4, 16},
	.is_core = true,
	.proves = {{"deadline.syn_received", "L0-SYN_RCVD"},
                   {"deadline.r2", "L0-ESTABLISHED-data"},
                   {"deadline.orphan", "L0-FIN_WAIT_1"},
                   {"deadline.fin_wait_2", "L0-FIN_WAIT_2"},
                   {"deadline.closing", "L0-CLOSING"},
                   {"deadline.closing", "L0-LAST_ACK"},
                   {"deadline.time_wait", "L0-TIME_WAIT"}},
	.duration = PHASE_0 + 2 * PHASE,
	.configure = sim_with_ballast,
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.check = check,
};
