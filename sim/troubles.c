/* SPDX-License-Identifier: ISC */
/* Disturbances that more than one scenario makes: see troubles.h. */
#include "sim/troubles.h"

#define SEGMENT 1460u
#define N_NETS 60u /* /8 of random sources, from 11 on */

/* ---- random sources ---- */

struct flood {
	struct sim_run *r;
	struct sim_chance chance;
};

static struct flood *
flood_new(struct sim_run *r, struct sim_chance chance)
{
	struct flood *f = sim_more(r, sizeof *f);

	*f = (struct flood){r, chance};
	return f;
}

static void
fire_syn(void *ctx)
{
	struct flood *f = ctx;
	struct sim_chance *c = &f->chance;
	struct sim_from from = {.src = 11u << 24 | (uint32_t)(sim_chance_next(c) >> 40)};
	struct pl_tcp_seg syn = {.flags = PL_TH_SYN, .dport = SIM_PORT_REQUEST, .wnd = 65535};

	from.src += sim_chance_below(c, N_NETS) << 24;
	syn.sport = (uint16_t)(1024 + sim_chance_below(c, 64000));
	syn.seq = (uint32_t)sim_chance_next(c);
	syn.opt = (struct pl_tcp_opts){.has = PL_OPT_MSS | PL_OPT_WSCALE | PL_OPT_SACK_OK, .mss = SEGMENT, .wscale = 7};
	sim_raw_tcp(&f->r->raw, &from, &syn);
}

void
sim_syn_flood(struct sim_run *r, uint32_t rate, struct sim_chance chance)
{
	sim_pace(r, rate, fire_syn, flood_new(r, chance));
}

static void
fire_fragment(void *ctx)
{
	struct flood *f = ctx;
	struct sim_chance *c = &f->chance;
	struct sim_from from = {.src = (11u + sim_chance_below(c, N_NETS)) << 24 |
	                               (uint32_t)(sim_chance_next(c) >> 40)};
	struct sim_fragment fr = {.id = (uint16_t)sim_chance_next(c), .len = 256, .more = true, .proto = 17};

	sim_raw_fragment(&f->r->raw, &from, &fr);
}

void
sim_fragment_flood(struct sim_run *r, uint32_t rate, struct sim_chance chance)
{
	sim_pace(r, rate, fire_fragment, flood_new(r, chance));
}

/* ---- connections that hold something ---- */

void
sim_idle_arrivals(struct sim_run *r, unsigned slot, uint16_t port, uint32_t rate, bool answers)
{
	struct sim_habits habits = {.port = port, .mss = SEGMENT, .wnd = 65535, .answers = answers};
	uint32_t seconds = (uint32_t)((r->end - r->begin) / PL_SEC(1));

	r->service[slot] = sim_service(r, &(struct sim_service){.port = port});
	r->group[slot] = sim_peers(r, rate * seconds, 4000, &habits);
	sim_pace(r, rate, sim_group_begin_one, r->group[slot]);
}

struct sim_holes *
sim_hole_makers(struct sim_run *r, unsigned slot, uint16_t port, uint32_t peers, uint32_t stride, uint32_t turns)
{
	struct sim_habits habits = sim_open_peer(port);
	struct sim_holes *h = sim_more(r, sizeof *h);

	habits.has_sack = true;
	r->service[slot] = sim_service(r, &(struct sim_service){.port = port});
	r->group[slot] = sim_arrivals(r, peers, (uint16_t)peers, &habits, 1);
	*h = (struct sim_holes){.group = r->group[slot], .stride = stride};
	sim_pacer_add(&r->raw, turns, r->begin + PL_SEC(2), r->end, sim_holes_fire, h);
	return h;
}

void
sim_zero_window_readers(struct sim_run *r, unsigned slot, uint16_t port, uint32_t peers)
{
	struct sim_habits habits = {.port = port,
	                            .mss = SEGMENT,
	                            .syn_wnd = 65535,
	                            .wnd = 0,
	                            .answers = true,
	                            .syn_tries = 3,
	                            .on_open = sim_ask};

	r->service[slot] = sim_service(
		r, &(struct sim_service){.port = port, .request = SIM_DOWNLOAD_REQUEST, .reply = SIM_DOWNLOAD_OBJECT});
	r->group[slot] = sim_arrivals(r, peers, 200, &habits, 10);
}

/* ---- short connections ---- */

#define CHURN_HOSTS 64u
#define CHURN_SLOW 64000u
#define CHURN_REPLY 100u

/* Our FIN has come: it answers with its own. */
static void
churn_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	(void)seg;
	if (!p->fin_in || p->flags > 0)
		return;
	p->flags = 1;
	sim_peer_text(g, p, p->snd_nxt, 0, PL_TH_FIN);
	((struct sim_churn *)g->ctx)->ended++;
}

struct sim_churn *
sim_timewait_churn(struct sim_run *r, unsigned slot, uint16_t port, uint32_t rate)
{
	struct sim_habits habits = {.port = port,
	                            .mss = SEGMENT,
	                            .wnd = 65535,
	                            .has_ts = true,
	                            .takes = true,
	                            .answers = true,
	                            .comes_again = true,
	                            .on_open = sim_ask,
	                            .on_segment = churn_segment};
	struct sim_churn *x = sim_more(r, sizeof *x);
	uint32_t quick = rate / 4;

	r->service[slot] = sim_service(
		r, &(struct sim_service){
			   .port = port, .request = SIM_DOWNLOAD_REQUEST, .reply = CHURN_REPLY, .closes_after = true});
	r->group[slot] = x->slow = sim_group_add(&r->raw, CHURN_SLOW, CHURN_HOSTS, &habits, x);
	r->group[slot + 1] = x->quick = sim_group_add(&r->raw, quick, CHURN_HOSTS, &habits, x);
	sim_pace(r, rate - quick, sim_group_begin_one, x->slow);
	sim_pace(r, quick, sim_group_begin_one, x->quick);
	return x;
}

/* ---- all at once ---- */

enum { IDLE, HOLES, READERS, CHURN };

static uint32_t
idle_rate(const struct sim_run *r, unsigned percent)
{
	return (uint32_t)sim_by_target(r, 400, 1600, 6400) * percent / 100;
}

void
sim_mix_begin(struct sim_run *r, struct sim_mix *m, unsigned percent, unsigned first_slot, uint16_t first_port)
{
	unsigned s = m->first_slot = first_slot;

	sim_syn_flood(r, 20000 * percent / 100, sim_chance_of(r->seed, 20, 70));
	sim_fragment_flood(r, 30000 * percent / 100, sim_chance_of(r->seed, 20, 71));
	sim_idle_arrivals(r, s + IDLE, (uint16_t)(first_port + IDLE), idle_rate(r, percent), true);
	m->holes = sim_hole_makers(r, s + HOLES, (uint16_t)(first_port + HOLES), percent, 2, 6250 * percent / 100);
	sim_zero_window_readers(r, s + READERS, (uint16_t)(first_port + READERS), 2000 * percent / 100);
	m->churn = sim_timewait_churn(r, s + CHURN, (uint16_t)(first_port + CHURN), 2000 * percent / 100);
}

void
sim_mix_check(struct sim_run *r, const struct sim_mix *m)
{
	struct sim_group *const *g = &r->group[m->first_slot];

	sim_at_least(r, "idle-opened", (double)g[IDLE]->opened, (double)sim_by_target(r, 1000, 10000, 40000));
	sim_at_least(r, "holes", (double)m->holes->segments, 100000);
	sim_at_least(r, "readers-opened", (double)g[READERS]->opened, 100);
	sim_at_least(r, "churned", (double)m->churn->ended, 2000);
	sim_at_least(r, "half-open-replaced", (double)r->watch.st.drops[PLIM_DROP_syn_replaced], 1000);
	sim_at_least(r, "fragments-held", (double)r->watch.most_by_class[PLIM_CLASS_fragment], 4096);
}

void
sim_mix_end(struct sim_run *r, struct sim_mix *m)
{
	sim_group_vanish(r->group[m->first_slot + IDLE]);
	sim_group_reset(r->group[m->first_slot + HOLES]);
	sim_group_reset(r->group[m->first_slot + READERS]);
}
