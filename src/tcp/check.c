/* SPDX-License-Identifier: ISC */
/*
 * The full walk over TCP's records: every queue and ledger, every count, and that each
 * block and node of the arena belongs to exactly one queue. For tests and simulation.
 */
#include "tcp/closing.h"
#include "tcp/credit.h"
#include "tcp/form.h"
#include "tcp/info.h"
#include "tcp/state.h"
#include "tcp/table.h"
#include "tcp/timewait.h"

/* What the walk found, to be compared with the running sums. */
struct tally {
	uint64_t by_state[PLIM_N_STATES];
	uint64_t blocks, nodes, hots, parks, opts, ivls, ledgers;
	uint64_t orphan_octets;
	uint64_t credit_active, credit_idle, credit_unproven;
	uint32_t orphans, unaccepted;
};

static void
tally_rcvq(const struct pl_rcvq *q, struct tally *sum)
{
	sum->blocks += q->map.blocks;
	sum->nodes += q->map.nodes;
	sum->ivls += q->more != 0;
}

static const char *
check_park(const struct pl_tcp *t, const struct pl_tcp_conn *c, struct tally *sum)
{
	const struct pl_rcvq *q = pl_tcp_rcvq(t, c);

	if (c->snd_una != c->snd_nxt)
		return "octets in flight in a parked form";
	sum->parks++;
	tally_rcvq(q, sum);
	return pl_rcvq_check(&t->core->mem, q, pl_tcp_text_end(c));
}

static const char *
check_hot(const struct pl_tcp *t, const struct pl_tcp_conn *c, struct tally *sum)
{
	const struct pl_mem *m = &t->core->mem;
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	const char *why;

	if (c->flags & PL_CF_PARKED)
		return check_park(t, c, sum);
	if (!h)
		return c->snd_una == c->snd_nxt || !pl_tcp_is_synchronized(c->rec.state)
		               ? NULL
		               : "octets in flight in an idle form";
	if (h->conn != pl_tcp_id(t, c))
		return "hot part of somebody else";
	why = pl_rcvq_check(m, &h->rcvq, pl_tcp_text_end(c));
	if (!why)
		why = pl_ledger_check(m, &h->ledger);
	if (why)
		return why;
	if (h->ledger.una != c->snd_una || pl_ledger_end(m, &h->ledger) != c->snd_nxt)
		return "ledger does not cover what is in flight";
	if (pl_seq_diff(c->snd_nxt, c->snd_una) > pl_sndq_len(&h->sndq) + h->fin_sent)
		return "in flight and not queued";
	sum->hots++;
	tally_rcvq(&h->rcvq, sum);
	sum->blocks += h->sndq.map.blocks;
	sum->nodes += h->sndq.map.nodes;
	sum->ledgers += h->ledger.more != 0;
	return NULL;
}

static const char *
check_conn(const struct pl_tcp *t, const struct pl_tcp_conn *c, struct tally *sum)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&c->rec);

	if (pl_tcp_table_find(t, &k) != &c->rec)
		return "a record that the table does not find";
	if (pl_tcp_is_synchronized(c->rec.state)) {
		if (pl_seq_lt(c->max_edge, c->adv_edge))
			return "max_edge left of adv_edge";
		if (pl_seq_lt(c->snd_nxt, c->snd_una))
			return "SND.NXT left of SND.UNA";
	}
	if (c->flags & PL_CF_ORPHAN) {
		sum->orphans++;
		sum->orphan_octets += c->orphan_held;
	}
	*(pl_tcp_hot(t, c) ? &sum->credit_active : &sum->credit_idle) += pl_tcp_credit_of(t, c);
	sum->credit_unproven += c->flags & PL_CF_USEFUL ? 0 : pl_tcp_credit_of(t, c);
	sum->unaccepted += (c->flags & PL_CF_UNACCEPTED) != 0;
	sum->opts += c->opt != 0;
	return check_hot(t, c, sum);
}

static const char *
check_type(const struct pl_tcp *t, enum pl_obj type, struct tally *sum)
{
	for (pl_id id = pl_mem_walk(&t->core->mem, type, 0); id; id = pl_mem_walk(&t->core->mem, type, id)) {
		const struct pl_tcp_rec *r = pl_tcp_rec(t, id);
		const char *why = NULL;

		if (r->kind == PL_REC_FREE)
			continue;
		sum->by_state[r->state]++;
		if (r->kind == PL_REC_CONN)
			why = check_conn(t, (const struct pl_tcp_conn *)r, sum);
		if (why)
			return why;
	}
	return NULL;
}

/* Interval lists and ledgers of every size. */
static uint64_t
live_ivls(const struct pl_mem *m)
{
	uint64_t n = m->types[PL_OBJ_ivl32].live;

#ifdef PL_PROVE
	n += m->types[PL_OBJ_ivl240].live;
#endif
	return n;
}

static uint64_t
live_ledgers(const struct pl_mem *m)
{
	uint64_t n = m->types[PL_OBJ_ledger16].live + m->types[PL_OBJ_ledger64].live;

#ifdef PL_PROVE
	n += m->types[PL_OBJ_ledger240].live;
#endif
	return n;
}

static const char *
check_sums(const struct pl_tcp *t, const struct tally *sum)
{
	const struct pl_mem *m = &t->core->mem;

	for (unsigned s = 0; s < PLIM_N_STATES; s++)
		if (sum->by_state[s] != t->by_state[s])
			return "connections by state do not add up";
	if (sum->orphans != t->n_orphans || sum->unaccepted != t->n_unaccepted || sum->hots != t->n_hot)
		return "orphans, unaccepted or hot parts do not add up";
	if (sum->orphan_octets != t->orphan_octets)
		return "octets of orphans do not add up";
	if (sum->credit_active != t->credit_active || sum->credit_idle != t->credit_idle ||
	    sum->credit_unproven != t->credit_unproven)
		return "credit does not add up";
	if (sum->blocks != m->types[PL_OBJ_block].live)
		return "a storage block without an owner, or with two";
	if (sum->nodes != m->types[PL_OBJ_node].live)
		return "a map node without an owner";
	if (sum->hots != m->types[PL_OBJ_hot].live || sum->ivls != live_ivls(m))
		return "a hot part or interval list without an owner";
	if (sum->parks != m->types[PL_OBJ_park].live)
		return "a parked queue without an owner";
	if (sum->ledgers != live_ledgers(m))
		return "a ledger without an owner";
	return NULL;
}

static const char *
check_all(const struct pl_tcp *t)
{
	static const enum pl_obj types[] = {PL_OBJ_listener, PL_OBJ_conn4, PL_OBJ_conn6, PL_OBJ_closing4,
	                                    PL_OBJ_closing6, PL_OBJ_tw4,   PL_OBJ_tw6};
	struct tally sum = {.by_state = {[PLIM_SYN_RECEIVED] = t->syn.n}};

	for (unsigned i = 0; i < PL_COUNT(types); i++) {
		const char *why = check_type(t, types[i], &sum);

		if (why)
			return why;
	}
	return check_sums(t, &sum);
}

/* The walk is nobody's work. */
const char *
pl_tcp_check(const struct pl_tcp *t)
{
	uint64_t work = t->core->work;
	const char *why = check_all(t);

	t->core->work = work;
	return why;
}
