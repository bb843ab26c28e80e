/* SPDX-License-Identifier: ISC */
/* Shared habits of raw peers: see habits.h. */
#include "sim/habits.h"

#define TICK PL_MS(300)
#define PROBE_EVERY PL_SEC(1)

struct sim_habits
sim_open_peer(uint16_t port)
{
	return (struct sim_habits){.port = port,
	                           .mss = SIM_SEGMENT,
	                           .wnd = 65535,
	                           .has_wscale = true,
	                           .wscale = 7,
	                           .takes = true,
	                           .answers = true,
	                           .syn_tries = 4};
}

void
sim_peer_timeout(struct sim_peer *p)
{
	if (p->mark == p->snd_una && p->snd_nxt != p->snd_una)
		sim_peer_go_back(p);
	p->mark = p->snd_una;
}

/* ---- uploading ---- */

static void
upload_open(struct sim_group *g, struct sim_peer *p)
{
	p->mark = p->snd_una;
	sim_peer_pump(g, p, g->habits.in_flight, SIM_SEGMENT);
	sim_peer_after(g, p, TICK);
}

static void
upload_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	(void)seg;
	sim_peer_pump(g, p, g->habits.in_flight, SIM_SEGMENT);
}

static void
upload_timer(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_timeout(p);
	if (sim_peer_pump(g, p, g->habits.in_flight, SIM_SEGMENT) == 0 && sim_peer_room(p) == 0)
		sim_peer_probe(g, p);
	sim_peer_after(g, p, sim_peer_room(p) == 0 ? PROBE_EVERY : TICK);
}

struct sim_habits
sim_uploader(uint16_t port, uint32_t in_flight)
{
	struct sim_habits h = sim_open_peer(port);

	h.in_flight = in_flight;
	h.on_open = upload_open;
	h.on_segment = upload_segment;
	h.on_timer = upload_timer;
	return h;
}

/* ---- asking and reading ---- */

void
sim_ask(struct sim_group *g, struct sim_peer *p)
{
	sim_peer_text(g, p, p->snd_nxt, SIM_DOWNLOAD_REQUEST, 0);
}

void
sim_read_so(struct sim_run *r, struct sim_service *sv, enum sim_read read)
{
	if (sv->read == read)
		return;
	sv->read = read;
	sim_services_kick(&r->services, sv);
}

/* ---- holes ---- */

void
sim_holes_fire(void *ctx)
{
	struct sim_holes *h = ctx;
	struct sim_peer *p = sim_group_peer(h->group, (uint32_t)(h->turns++ % h->group->n));
	uint32_t room = p->edge - p->snd_una;

	if (p->state != SIM_PEER_OPEN || room < 2 * h->stride)
		return;
	for (unsigned i = 0; i < SIM_HOLES_AT_ONCE; i++) {
		pl_seq nxt = p->snd_nxt;

		p->mark = p->mark + h->stride < room ? p->mark + h->stride : 1;
		sim_peer_text(h->group, p, p->snd_una + p->mark, 1, 0);
		p->snd_nxt = nxt;
		h->segments++;
	}
}

/* ---- a host that keeps nothing ---- */

void
sim_answer(struct sim_run *r, struct sim_answerer *x, struct sim_chance *c, const struct pl_ip4 *ip,
           const struct pl_tcp_seg *seg)
{
	struct sim_from from = {.src = x->addr};
	struct pl_tcp_seg a = {.sport = seg->dport, .dport = seg->sport, .wnd = 65535, .flags = PL_TH_ACK};

	if (!sim_addr_is(&ip->dst, x->addr) || seg->dport != x->port || seg->flags & PL_TH_RST || seg->len == 0)
		return;
	a.seq = seg->ack;
	a.ack = seg->seq + seg->len;
	if (seg->flags & PL_TH_SYN) {
		a.flags |= PL_TH_SYN;
		a.seq = (uint32_t)sim_chance_next(c);
		a.opt = (struct pl_tcp_opts){.has = PL_OPT_MSS, .mss = SIM_SEGMENT};
		x->opened++;
	} else if (seg->flags & PL_TH_FIN) {
		a.flags |= PL_TH_FIN;
		x->ended++;
	}
	if (x->has_ts && seg->opt.has & PL_OPT_TS) {
		a.opt.has |= PL_OPT_TS;
		a.opt.tsval = (uint32_t)(r->world.now / PL_MS(1));
		a.opt.tsecr = seg->opt.tsval;
	}
	sim_raw_tcp(&r->raw, &from, &a);
}
