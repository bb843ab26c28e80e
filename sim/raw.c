/* SPDX-License-Identifier: ISC */
/* Raw peers: groups, their timers, what they receive. See raw.h; frames are built in raw_send.c. */
#include "sim/raw.h"

#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/udp.h"

#include <stdio.h>
#include <stdlib.h>

#define ETH_OCTETS 14
#define COALESCE PL_US(100)
#define FIRST_NET 100u
#define HOSTS 250u /* a prefix has so many addresses, then the next port */
#define FIRST_PORT 1024u
#define STREAM_GROUP 4u
#define BURST_EVERY 8000u /* more often than so many a second, several at once */

static void raw_run(void *ctx, uint32_t index);

/* ---- the raw world ---- */

static void
take_in(void *ctx, uint32_t frame, pl_time due)
{
	struct sim_raw *r = ctx;

	sim_inbox_put(&r->inbox, frame, due);
	due = (due + COALESCE - 1) / COALESCE * COALESCE;
	sim_queue_set_earlier(&r->w->queue, r->owner, PL_MAX(due, r->w->now));
}

void
sim_raw_init(struct sim_raw *r, struct sim_world *w)
{
	*r = (struct sim_raw){.w = w};
	r->owner = sim_world_add_owners(w, 1, raw_run, r);
	w->raw = r;
	w->raw_in = take_in;
}

void
sim_raw_free(struct sim_raw *r)
{
	for (unsigned i = 0; i < r->n_groups; i++) {
		free(r->group[i]->peer);
		free(r->group[i]);
	}
	for (unsigned i = 0; i < r->n_pacers; i++)
		free(r->pacer[i]);
	sim_inbox_free(&r->inbox);
}

/* ---- groups ---- */

static void
peer_timer(void *ctx, uint32_t index)
{
	struct sim_group *g = ctx;
	struct sim_peer *p = &g->peer[index];

	if (p->state == SIM_PEER_SYN_SENT) {
		struct pl_tcp_seg syn = {.flags = PL_TH_SYN, .seq = p->snd_una};

		if (p->times++ >= g->habits.syn_tries)
			return;
		sim_peer_send(g, p, &syn);
		sim_peer_after(g, p, PL_SEC(1) << p->times);
	} else if (g->habits.on_timer != NULL && p->state == SIM_PEER_OPEN) {
		g->habits.on_timer(g, p);
	}
}

struct sim_group *
sim_group_add(struct sim_raw *r, uint32_t n, uint16_t n_prefixes, const struct sim_habits *habits, void *ctx)
{
	struct sim_group *g = calloc(1, sizeof *g);

	if (g != NULL)
		g->peer = calloc(n, sizeof *g->peer);
	if (g == NULL || g->peer == NULL || r->n_groups == SIM_MAX_GROUPS) {
		fprintf(stderr, "plim sim: no memory for %u peers\n", n);
		abort();
	}
	g->raw = r;
	g->habits = *habits;
	g->net = (uint8_t)(FIRST_NET + r->n_groups);
	g->n_prefixes = n_prefixes;
	g->n = n;
	g->ctx = ctx;
	g->chance = sim_chance_of(r->w->seed, STREAM_GROUP, r->n_groups);
	g->owner = sim_world_add_owners(r->w, n, peer_timer, g);
	r->group[r->n_groups++] = g;
	return g;
}

struct sim_peer *
sim_group_peer(struct sim_group *g, uint32_t i)
{
	return &g->peer[i];
}

bool
sim_group_begin(struct sim_group *g)
{
	struct pl_tcp_seg syn = {.flags = PL_TH_SYN};
	struct sim_peer *p;

	if (g->begun == g->n && !g->habits.comes_again)
		return false;
	p = &g->peer[g->tries++ % g->n];
	g->begun = PL_MIN(g->begun + 1, g->n);
	syn.seq =
		p->state == SIM_PEER_NONE ? (uint32_t)sim_chance_next(&g->chance) : p->snd_nxt + 100000; /* RFC 6191 */
	*p = (struct sim_peer){.state = SIM_PEER_SYN_SENT, .wnd = g->habits.wnd, .snd_una = syn.seq};
	p->snd_nxt = syn.seq + 1;
	sim_peer_send(g, p, &syn);
	if (g->habits.syn_tries > 0)
		sim_peer_after(g, p, PL_SEC(1));
	return true;
}

void
sim_group_begin_one(void *group)
{
	sim_group_begin(group);
}

void
sim_peer_at(struct sim_group *g, struct sim_peer *p, pl_time at)
{
	sim_world_at(g->raw->w, g->owner + sim_peer_index(g, p), at);
}

void
sim_peer_after(struct sim_group *g, struct sim_peer *p, pl_time wait)
{
	sim_peer_at(g, p, g->raw->w->now + wait);
}

/* ---- pacers ---- */

static void
pacer_run(void *ctx, uint32_t index)
{
	struct sim_pacer *t = ctx;
	pl_time now = t->raw->w->now;

	(void)index;
	if (now >= t->end)
		return;
	for (uint32_t i = 0; i < t->burst && t->done < t->planned; i++, t->done++)
		t->fire(t->ctx);
	sim_world_at(t->raw->w, t->owner, t->begin + t->done * 1000000000u / t->rate);
}

struct sim_pacer *
sim_pacer_add(struct sim_raw *r, uint32_t rate, pl_time begin, pl_time end, void (*fire)(void *ctx), void *ctx)
{
	struct sim_pacer *t = calloc(1, sizeof *t);

	if (t == NULL || r->n_pacers == SIM_MAX_PACERS) {
		fprintf(stderr, "plim sim: too many pacers\n");
		abort();
	}
	*t = (struct sim_pacer){.raw = r, .rate = rate, .begin = begin, .end = end, .fire = fire, .ctx = ctx};
	t->burst = 1 + rate / BURST_EVERY;
	t->planned = (end - begin) / 1000 * rate / 1000000u;
	t->owner = sim_world_add_owners(r->w, 1, pacer_run, t);
	sim_world_at(r->w, t->owner, begin);
	r->pacer[r->n_pacers++] = t;
	return t;
}

/* ---- what comes in ---- */

static struct sim_peer *
find_peer(struct sim_raw *r, const uint8_t *a, uint16_t port, struct sim_group **group)
{
	unsigned number = a[0] - FIRST_NET, prefix = (unsigned)a[1] << 8 | a[2];
	uint64_t i;

	if (a[0] < FIRST_NET || number >= r->n_groups || port < FIRST_PORT || a[3] == 0 || a[3] > HOSTS)
		return NULL;
	*group = r->group[number];
	i = ((uint64_t)(port - FIRST_PORT) * HOSTS + a[3] - 1) * (*group)->n_prefixes + prefix;
	return prefix < (*group)->n_prefixes && i < (*group)->begun ? &(*group)->peer[i] : NULL;
}

static void
take_syn_ack(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	g->syn_acks++;
	if ((seg->flags & (PL_TH_SYN | PL_TH_ACK)) != (PL_TH_SYN | PL_TH_ACK) || seg->ack != p->snd_nxt ||
	    g->habits.is_silent_on_syn_ack)
		return;
	p->state = SIM_PEER_OPEN;
	p->snd_una = seg->ack;
	p->rcv_nxt = seg->seq + 1;
	p->wscale = seg->opt.has & PL_OPT_WSCALE && g->habits.has_wscale ? seg->opt.wscale : 0;
	p->edge = seg->ack + seg->wnd;
	p->ts_recent = seg->opt.tsval;
	p->times = 0;
	g->opened++;
	sim_peer_at(g, p, PL_TIME_NEVER);
	sim_peer_ack(g, p);
	if (g->habits.on_open != NULL)
		g->habits.on_open(g, p);
}

/* Take text and FIN that come next; returns whether an answer is due. */
static bool
take_text(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	bool is_probe = seg->len == 0 && seg->seq == p->rcv_nxt - 1;

	if (seg->len == 0)
		return is_probe && g->habits.answers;
	if (!g->habits.takes || p->wnd == 0)
		return g->habits.answers;
	if (seg->seq == p->rcv_nxt) {
		p->rcv_nxt += seg->len;
		g->octets_in += seg->text.len;
		p->fin_in |= (seg->flags & PL_TH_FIN) != 0;
	}
	return true;
}

static void
take_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	bool answer;

	g->segments_in++;
	if (seg->flags & PL_TH_RST) {
		g->resets++;
		p->state = SIM_PEER_RESET;
		sim_peer_at(g, p, PL_TIME_NEVER);
		return;
	}
	if (seg->flags & PL_TH_SYN) { /* our ACK was lost, or a challenge */
		sim_peer_ack(g, p);
		return;
	}
	if (seg->flags & PL_TH_ACK) {
		if (pl_seq_lt(p->snd_una, seg->ack))
			p->snd_una = seg->ack;
		p->edge = seg->ack + (seg->wnd << p->wscale);
	}
	if (seg->opt.has & PL_OPT_TS && seg->seq == p->rcv_nxt)
		p->ts_recent = seg->opt.tsval;
	answer = take_text(g, p, seg);
	if (answer)
		sim_peer_ack(g, p);
	if (g->habits.on_segment != NULL)
		g->habits.on_segment(g, p, seg);
}

bool
sim_frame_tcp(const uint8_t *frame, uint32_t len, struct pl_ip4 *ip, struct pl_tcp_seg *seg)
{
	return len > ETH_OCTETS && pl_load16(frame + 12) == PL_ETH_TYPE_IP4 &&
	       pl_ip4_parse((struct pl_span){(uint8_t *)frame + ETH_OCTETS, len - ETH_OCTETS}, ip) == PL_PARSED &&
	       ip->proto == 6 && pl_tcp_parse(ip->payload, seg);
}

static void
take_tcp(struct sim_raw *r, const struct pl_ip4 *ip)
{
	struct pl_tcp_seg seg;
	struct sim_group *g;
	struct sim_peer *p;

	if (!pl_tcp_parse(ip->payload, &seg))
		return;
	r->rst_in += (seg.flags & PL_TH_RST) != 0;
	p = find_peer(r, ip->dst.octets, seg.dport, &g);
	if (p == NULL && r->on_tcp != NULL)
		r->on_tcp(r->tcp_ctx, ip, &seg);
	else if (p == NULL)
		r->stray++;
	else if (p->state == SIM_PEER_SYN_SENT)
		take_syn_ack(g, p, &seg);
	else if (p->state == SIM_PEER_OPEN)
		take_segment(g, p, &seg);
}

static void
take_frame(struct sim_raw *r, const struct sim_frame *f)
{
	struct pl_ip4 ip;

	r->received++;
	if (pl_load16(f->data + 12) != PL_ETH_TYPE_IP4 ||
	    pl_ip4_parse((struct pl_span){f->data + 14, f->len - 14}, &ip) != PL_PARSED)
		return;
	if (ip.proto == 6) {
		take_tcp(r, &ip);
	} else if (ip.proto == 17) {
		r->udp_in++;
		if (r->on_udp != NULL && ip.payload.len >= PL_UDP_HEADER)
			r->on_udp(r->udp_ctx, ip.payload);
	} else {
		r->icmp_in++;
	}
}

uint32_t
sim_group_open(const struct sim_group *g)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->begun; i++)
		n += g->peer[i].state == SIM_PEER_OPEN;
	return n;
}

void
sim_group_vanish(struct sim_group *g)
{
	for (uint32_t i = 0; i < g->begun; i++) {
		g->peer[i].state = SIM_PEER_VANISHED;
		sim_peer_at(g, &g->peer[i], PL_TIME_NEVER);
	}
}

/* At rest everything that was sent and taken is acknowledged: SND.UNA is the server's RCV.NXT. */
void
sim_group_reset(struct sim_group *g)
{
	for (uint32_t i = 0; i < g->begun; i++) {
		struct sim_peer *p = &g->peer[i];
		struct pl_tcp_seg rst = {.flags = PL_TH_RST, .seq = p->snd_una};

		if (p->state == SIM_PEER_OPEN)
			sim_peer_send(g, p, &rst);
	}
	sim_group_vanish(g);
}

static void
raw_run(void *ctx, uint32_t index)
{
	struct sim_raw *r = ctx;
	pl_time due;

	(void)index;
	while (sim_inbox_due(&r->inbox) <= r->w->now) {
		uint32_t frame = sim_inbox_take(&r->inbox).frame;

		take_frame(r, &r->w->pool.frames[frame]);
		sim_pool_give(&r->w->pool, frame);
	}
	due = sim_inbox_due(&r->inbox);
	if (due != PL_TIME_NEVER)
		sim_queue_set(&r->w->queue, r->owner, (due + COALESCE - 1) / COALESCE * COALESCE);
}
