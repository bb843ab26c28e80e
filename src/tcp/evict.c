/* SPDX-License-Identifier: ISC */
/* Who goes first: see evict.h. */
#include "tcp/evict.h"

#include "mem/level.h"
#include "mem/prove.h"
#include "mem/trace.h"
#include "tcp/closing.h"
#include "tcp/debt.h"
#include "tcp/form.h"
#include "tcp/liveness.h"
#include "tcp/orphan.h"
#include "tcp/round.h"
#include "tcp/reply.h"
#include "tcp/rtt.h"
#include "tcp/state.h"
#include "tcp/table.h"
#include "tcp/window.h"

#define LOOK 32u /* records looked at for one decision */
#define TICK_MS 10u
#define PREFIX_SHIFT_MOST 2u
#define PREFIX_FAIR 16u /* connections of a prefix that weigh as one */

enum rank {
	RANK_ORPHAN,
	RANK_VANISHED,
	RANK_USELESS,
	RANK_USEFUL,
	RANK_STAYS,
};

static const enum pl_obj types[] = {PL_OBJ_conn4, PL_OBJ_conn6, PL_OBJ_closing4, PL_OBJ_closing6};

/* ---- judging ---- */

/* The age from which it may go; at level 4 sooner, but for a useful one that holds its record alone: that frees nothing. */
static uint64_t
eligible_ms(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct plim_config *conf = &t->core->conf;
	bool is_useful = c->flags & PL_CF_USEFUL, is_soon = pl_level(t->core) >= PL_L4 && (!is_useful || c->hot);
	uint64_t ms = is_soon ? conf->evict_level_4_ms : conf->evict_level_3_ms;

	return is_useful ? ms * conf->evict_useful_times : ms;
}

static enum rank
rank_of_conn(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	bool is_useful = c->flags & PL_CF_USEFUL;

	if (c->rec.state == PLIM_SYN_SENT || c->rec.state == PLIM_SYN_RECEIVED)
		return RANK_STAYS; /* they have a deadline */
	if (c->flags & PL_CF_ORPHAN)
		return pl_tcp_orphan_is_stalled(t, c) ? RANK_ORPHAN : RANK_STAYS;
	if (pl_tcp_is_vanished(t, c))
		return RANK_VANISHED;
	if (pl_tcp_stall_ms(t, c) < eligible_ms(t, c))
		return RANK_STAYS;
	return is_useful ? RANK_USEFUL : RANK_USELESS;
}

static enum rank
rank_of(const struct pl_tcp *t, const struct pl_tcp_rec *r)
{
	if (r->kind == PL_REC_CLOSING)
		return RANK_ORPHAN;
	return r->kind == PL_REC_CONN ? rank_of_conn(t, (const struct pl_tcp_conn *)r) : RANK_STAYS;
}

static unsigned
prefix_shift(const struct pl_tcp *t, const struct pl_tcp_rec *r)
{
	struct plim_addr raddr = pl_tcp_rec_tuple(r).raddr;
	unsigned n = pl_prefix_count(&t->prefixes, t->core, &raddr), shift = 0;

	while (shift < PREFIX_SHIFT_MOST && n > PREFIX_FAIR << shift)
		shift++;
	return shift;
}

/* As if it had been made with the whole time ahead; nothing where more is left than that. */
static uint64_t
closing_debt(const struct pl_tcp *t, const struct pl_tcp_closing *cl)
{
	uint64_t whole_ms = t->core->conf.orphan_timeout_ms;
	int32_t left_ms = (int32_t)(cl->expire_ms - pl_tcp_ms(t->core->now));

	return sizeof *cl * (whole_ms - PL_MIN((uint64_t)PL_MAX(left_ms, 0), whole_ms));
}

/* Debt x prefix weight; closing forms owe little, the oldest of them most. */
static uint64_t
score_of(const struct pl_tcp *t, const struct pl_tcp_rec *r)
{
	if (r->kind == PL_REC_CLOSING)
		return closing_debt(t, (const struct pl_tcp_closing *)r);
	return pl_tcp_debt(t, (const struct pl_tcp_conn *)r) << prefix_shift(t, r);
}

/* ---- the short list: worst first ---- */

static bool
is_worse(const struct pl_tcp_candidate *a, const struct pl_tcp_candidate *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->score > b->score;
}

static void
forget(struct pl_tcp_evictor *e, unsigned i)
{
	memmove(&e->worst[i], &e->worst[i + 1], (e->n - i - 1u) * sizeof e->worst[0]);
	e->n--;
}

static void
offer(struct pl_tcp_evictor *e, const struct pl_tcp_candidate *new)
{
	unsigned i = 0;

	for (unsigned k = 0; k < e->n; k++)
		if (e->worst[k].rec == new->rec)
			forget(e, k--);
	while (i < e->n && !is_worse(new, &e->worst[i]))
		i++;
	if (i == PL_EVICT_LIST)
		return;
	e->n = (uint8_t)PL_MIN(e->n + 1u, PL_EVICT_LIST);
	memmove(&e->worst[i + 1], &e->worst[i], (e->n - i - 1u) * sizeof e->worst[0]);
	e->worst[i] = *new;
}

/* ---- what the hand does on its way ---- */

/* The window is over the limit: an ACK tells the smaller one. */
static void
shrink_window(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (pl_tcp_is_receiving(c->rec.state) && pl_seq_lt(pl_tcp_window_edge(t, c), c->adv_edge))
		pl_tcp_ack_now(t, c, NULL);
}

/* Beyond a hole that does not close: who was idle for long begins with a new round. Who only receives knows the handshake's round trip alone: at least the initial RTO. */
static void
prune_out_of_order(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	pl_time rto = PL_MAX(pl_tcp_rto(c, &t->core->conf, 0), PL_MS(t->core->conf.rto_initial_ms));

	if (!h || h->rcvq.n == 0 || PL_WITHOUT(t->core, ooo_evict))
		return;
	if (PL_MS(pl_tcp_stall_ms(t, c)) < rto || PL_MS(pl_tcp_round_age_ms(t, h)) < rto)
		return;
	pl_tcp_trace(t, c, PLIM_ACTION_ooo_pruned, pl_rcvq_out_of_order(&t->core->mem, &h->rcvq),
	             pl_tcp_stall_ms(t, c));
	pl_rcvq_prune(&t->core->mem, &h->rcvq, c->rcv_nxt);
}

static void
look_at(struct pl_tcp *t, struct pl_tcp_rec *r)
{
	struct pl_tcp_candidate found = {.rec = pl_tcp_id(t, r), .rank = (uint8_t)rank_of(t, r)};

	PL_WORK(t->core, 1);
	if (found.rank != RANK_STAYS) {
		found.score = score_of(t, r);
		offer(&t->evictor, &found);
	} else if (r->kind == PL_REC_CONN && pl_level(t->core) >= PL_L3) {
		prune_out_of_order(t, (struct pl_tcp_conn *)r);
		shrink_window(t, (struct pl_tcp_conn *)r);
	}
}

/* The hand goes on by so many records, at most once round. */
static void
look(struct pl_tcp *t, unsigned n)
{
	struct pl_tcp_evictor *e = &t->evictor;
	unsigned ends = 0;

	while (n > 0 && ends <= PL_COUNT(types)) {
		e->cursor = pl_mem_walk(&t->core->mem, types[e->type], e->cursor);
		n--;
		if (!e->cursor) {
			e->type = (uint8_t)((e->type + 1u) % PL_COUNT(types));
			ends++;
			continue;
		}
		if (pl_tcp_rec(t, e->cursor)->kind != PL_REC_FREE)
			look_at(t, pl_tcp_rec(t, e->cursor));
	}
}

/* ---- going ---- */

static bool
is_record(const struct pl_tcp *t, pl_id id)
{
	for (unsigned i = 0; i < PL_COUNT(types); i++)
		if (pl_mem_is_object(&t->core->mem, types[i], id))
			return true;
	return false;
}

/* The worst one, judged again: it may have gone, or done better since. NULL: nobody. */
static struct pl_tcp_rec *
worst(struct pl_tcp *t, const struct pl_tcp_conn *keep)
{
	struct pl_tcp_evictor *e = &t->evictor;

	while (e->n > 0) {
		struct pl_tcp_rec *r = pl_tcp_rec(t, e->worst[0].rec);
		unsigned rank = is_record(t, e->worst[0].rec) ? rank_of(t, r) : RANK_STAYS;

		if (rank <= e->worst[0].rank && !(keep && r == &keep->rec))
			return r;
		forget(e, 0);
	}
	return NULL;
}

static void
evict_conn(struct pl_tcp *t, struct pl_tcp_conn *c, enum rank rank)
{
	static const enum plim_action actions[] = {PLIM_ACTION_orphan_shed, PLIM_ACTION_vanished_evicted,
	                                           PLIM_ACTION_useless_evicted, PLIM_ACTION_useful_evicted};

	pl_tcp_trace(t, c, actions[rank], pl_tcp_held(t, c), pl_tcp_debt(t, c));
	pl_tcp_send_rst(t, c);
	pl_tcp_conn_end(t, c, -PLIM_EEVICTED, PLIM_EV_EVICTED);
}

static void
evict_closing(struct pl_tcp *t, struct pl_tcp_closing *cl)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&cl->rec);

	pl_trace_peer(t->core, PLIM_ACTION_orphan_shed, sizeof *cl, 0, &k.raddr, k.rport);
	pl_tcp_closing_free(t, cl);
}

bool
pl_tcp_can_evict(struct pl_tcp *t)
{
	if (!t->core->conf.governor || PL_WITHOUT(t->core, eviction))
		return false;
	look(t, LOOK);
	return worst(t, NULL) != NULL;
}

bool
pl_tcp_evict(struct pl_tcp *t, const struct pl_tcp_conn *keep)
{
	struct pl_tcp_rec *r;

	if (!t->core->conf.governor || PL_WITHOUT(t->core, eviction))
		return false;
	look(t, LOOK);
	r = worst(t, keep);
	if (!r)
		return false;
	forget(&t->evictor, 0);
	if (r->kind == PL_REC_CLOSING)
		evict_closing(t, (struct pl_tcp_closing *)r);
	else
		evict_conn(t, (struct pl_tcp_conn *)r, rank_of(t, r));
	return true;
}

/* ---- time ---- */

/* Do records and queues really hold so much? Part-used slabs are tidied, nobody has to go for them. */
static bool
is_over(const struct pl_core *c)
{
	uint64_t pct = c->conf.level_3_pct - PL_MIN(c->conf.level_down_pct, c->conf.level_3_pct);

	return pl_mem_conn_live(&c->mem) > c->mem.cap_conn / 100 * pct;
}

void
pl_tcp_evict_poll(struct pl_tcp *t, pl_time now, unsigned *budget)
{
	unsigned most = pl_level(t->core) >= PL_L4 ? 16 : 4;

	if (now < pl_tcp_evict_deadline(t))
		return;
	t->evictor.next = now + PL_MS(TICK_MS);
	if (!is_over(t->core))
		look(t, LOOK); /* windows shrink all the same */
	while (most-- > 0 && *budget > 0 && is_over(t->core)) {
		*budget -= PL_MIN(*budget, LOOK);
		if (!pl_tcp_evict(t, NULL))
			break;
	}
}

pl_time
pl_tcp_evict_deadline(const struct pl_tcp *t)
{
	return pl_level(t->core) >= PL_L3 ? t->evictor.next : PL_TIME_NEVER;
}
