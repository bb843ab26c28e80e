/* SPDX-License-Identifier: ISC */
/*
 * B15: 30 peers have a full window under way when pressure shuts it: their SND.NXT is beyond our edge. They read
 * nothing until all they wrote is taken, and what we send is acknowledged with that SND.NXT as its number. Our SND.UNA
 * must advance all the same (I8), and both directions finish.
 */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 30u
#define IN_FLIGHT (16 * SIM_SEGMENT)
#define PRESSED_FROM PL_SEC(15) /* from the beginning */
#define ANSWER_AT PL_SEC(20)
#define LOOK_AT PL_SEC(35)
#define PRESSED_TO PL_SEC(36)
#define PERMILLE 800u
#define ANSWER (128u << 10)
#define UNREAD 65536u /* octets of ours that a peer takes before it reads */
#define TICK PL_MS(300)

struct both {
	pl_seq from[PEERS]; /* RCV.NXT when the pressure came */
	bool is_beyond[PEERS];
	uint64_t beyond, advanced, peers_done, we_done;
	unsigned phase;
};

static pl_time
since(const struct sim_run *r)
{
	return r->world.now > r->begin ? r->world.now - r->begin : 0;
}

/* Its window: what it may still leave unread while its own text is not taken. */
static void
set_window(struct sim_run *r, struct sim_group *g, struct sim_peer *p)
{
	const struct both *b = r->ctx;
	uint32_t taken = p->rcv_nxt - b->from[sim_peer_index(g, p)];

	if (p->snd_una == p->snd_nxt)
		p->wnd = 65535;
	else
		p->wnd = (uint16_t)((taken < UNREAD ? UNREAD - taken : 0) >> g->habits.wscale);
}

static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	(void)seg;
	if (since(g->ctx) < PRESSED_FROM)
		sim_peer_pump(g, p, g->habits.in_flight, SIM_SEGMENT);
	else
		set_window(g->ctx, g, p);
}

/* What is not acknowledged goes again as far as the window reaches, at least one octet; SND.NXT stays where it is. */
static void
send_again(struct sim_group *g, struct sim_peer *p)
{
	pl_seq nxt = p->snd_nxt;

	sim_peer_go_back(p);
	if (sim_peer_pump(g, p, PL_MIN(nxt - p->snd_una, (uint32_t)IN_FLIGHT), SIM_SEGMENT) == 0)
		sim_peer_probe(g, p);
	p->snd_nxt = nxt;
}

static void
on_timer(struct sim_group *g, struct sim_peer *p)
{
	if (since(g->ctx) < PRESSED_FROM) {
		sim_peer_timeout(p);
		sim_peer_pump(g, p, g->habits.in_flight, SIM_SEGMENT);
	} else if (p->snd_una != p->snd_nxt) {
		send_again(g, p);
	} else if (p->wnd != 65535) {
		set_window(g->ctx, g, p);
		sim_peer_ack(g, p);
	}
	sim_peer_after(g, p, TICK);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_uploader(PORT, IN_FLIGHT);

	sim_keep(r, sizeof(struct both));
	habits.on_segment = on_segment;
	habits.on_timer = on_timer;
	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT});
	r->group[0] = sim_arrivals(r, PEERS, PEERS, &habits, 1);
}

/* Nobody reads any more, and every peer sends all that its window allows. */
static void
begin_pressure(struct sim_run *r)
{
	struct both *b = r->ctx;

	r->service[0]->read = SIM_READ_NEVER;
	for (uint32_t i = 0; i < PEERS; i++) {
		struct sim_peer *p = sim_group_peer(r->group[0], i);

		b->from[i] = p->rcv_nxt;
		if (p->state == SIM_PEER_OPEN)
			sim_peer_pump(r->group[0], p, UINT32_MAX / 4, SIM_SEGMENT);
	}
}

static void
begin_answers(struct sim_run *r)
{
	struct both *b = r->ctx;

	for (uint32_t i = 0; i < PEERS; i++) {
		const struct sim_peer *p = sim_group_peer(r->group[0], i);

		b->is_beyond[i] = p->state == SIM_PEER_OPEN && pl_seq_lt(p->edge, p->snd_nxt);
		b->beyond += b->is_beyond[i];
	}
	for (uint32_t i = r->service[0]->first; i > 0; i = r->services.conn[i - 1].next)
		r->services.conn[i - 1].tx_want += ANSWER;
	sim_services_kick(&r->services, r->service[0]);
}

/* Octets of ours that were acknowledged, by connection; of peers beyond our edge only, if asked for. */
static uint64_t
acknowledged(struct sim_run *r, bool beyond_only, uint64_t at_least)
{
	const struct both *b = r->ctx;
	struct plim_conn_info info;
	uint64_t n = 0;

	for (uint32_t i = r->service[0]->first; i > 0; i = r->services.conn[i - 1].next) {
		const struct sim_sconn *c = &r->services.conn[i - 1];
		uint32_t peer = (uint32_t)c->peer.octets[1] << 8 | c->peer.octets[2];

		if (plim_conn_info(r->world.server.s, c->h, &info) == PLIM_OK && peer < PEERS &&
		    (!beyond_only || b->is_beyond[peer]))
			n += c->tx - info.snd_queued >= at_least;
	}
	return n;
}

static void
sample(struct sim_run *r)
{
	struct both *b = r->ctx;
	pl_time at = since(r);

	if (r->has_ended)
		return;
	if (at >= PRESSED_FROM && at < PRESSED_TO)
		sim_ballast(r, PERMILLE);
	if (b->phase == 0 && at >= PRESSED_FROM) {
		begin_pressure(r);
		b->phase = 1;
	} else if (b->phase == 1 && at >= ANSWER_AT) {
		begin_answers(r);
		b->phase = 2;
	} else if (b->phase == 2 && at >= LOOK_AT) {
		b->advanced = acknowledged(r, true, SIM_SEGMENT);
		b->phase = 3;
	} else if (b->phase == 3 && at >= PRESSED_TO) {
		sim_ballast(r, 0);
		sim_read_so(r, r->service[0], SIM_READ_ALL);
		b->phase = 4;
	}
}

static void
at_end(struct sim_run *r)
{
	struct both *b = r->ctx;

	for (uint32_t i = 0; i < PEERS; i++) {
		const struct sim_peer *p = sim_group_peer(r->group[0], i);

		b->peers_done += p->state == SIM_PEER_OPEN && p->snd_una == p->snd_nxt;
	}
	b->we_done = acknowledged(r, false, ANSWER);
	sim_group_reset(r->group[0]);
}

static void
check(struct sim_run *r)
{
	const struct both *b = r->ctx;

	sim_at_least(r, "reached", (double)r->group[0]->opened, PEERS);
	sim_at_least(r, "level", r->watch.most_level, 3);
	sim_at_least(r, "beyond-the-edge", (double)b->beyond, 0.5 * PEERS);
	sim_at_least(r, "I8-una-advances", (double)b->advanced, (double)b->beyond);
	sim_at_least(r, "peers-finish", (double)b->peers_done, PEERS);
	sim_at_least(r, "we-finish", (double)b->we_done, PEERS);
	sim_at_most(r, "resets", (double)r->group[0]->resets, 0);
}

const struct sim_scenario sim_b15 = {
	.id = "B15",
	.name = "shrink-bidirectional-ack",
	.pattern = "30 peers whose SND.NXT is beyond our shrunk window acknowledge what we send",
	.targets = {16},
	.is_core = true,
	.proves = {{"max-edge", "I8-una-advances"}, {"max-edge", "I8-ack"}},
	.configure = sim_with_ballast,
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.check = check,
};
