/* SPDX-License-Identifier: ISC */
/*
 * Birth, inflation, compaction and end of connections: see form.h.
 *
 * Invariants: a connection in the SYN list has no hot part. When a record goes, it
 * leaves every list first.
 */
#include "tcp/form.h"

#include "mem/appmem.h"
#include "mem/governor.h"
#include "mem/prove.h"
#include "mem/trace.h"
#include "tcp/admit.h"
#include "tcp/cc.h"
#include "tcp/credit.h"
#include "tcp/debt.h"
#include "tcp/listener.h"
#include "tcp/orphan.h"
#include "tcp/queue.h"
#include "tcp/rtt.h"
#include "tcp/state.h"
#include "tcp/table.h"
#include "tcp/tidy.h"
#include "tcp/timer.h"

#define COMPACT_PERMILLE 650u /* from this pressure on one becomes idle for each that becomes active, */
#define COMPACT_QUIET_MS 500u /* if it was quiet so long: what a busy one earned goes with its hot part */
#define QUIET_LOOK 64u        /* quiet connections looked at for one that can be compacted */

static struct pl_tcp_hot *
hot_at(const struct pl_tcp *t, pl_id id)
{
	return pl_mem_ptr(&t->core->mem, id);
}

static enum pl_obj
conn_type(uint8_t family)
{
	return family == 4 ? PL_OBJ_conn4 : PL_OBJ_conn6;
}

void
pl_tcp_tell(struct pl_tcp *t, struct pl_tcp_conn *c, uint32_t bits)
{
	pl_slot_raise(t->core, pl_tcp_slot(c), bits);
}

void
pl_tcp_trace(struct pl_tcp *t, const struct pl_tcp_conn *c, enum plim_action action, uint64_t octets, uint64_t reason)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&c->rec);

	pl_trace_peer(t->core, action, octets, reason, &k.raddr, k.rport);
}

static bool compact_quietest(struct pl_tcp *t, const struct pl_tcp_conn *keep, uint32_t quiet_ms);

/* ---- birth ---- */

static pl_id
alloc_conn(struct pl_tcp *t, uint8_t family)
{
	pl_id id = pl_mem_calloc(&t->core->mem, conn_type(family), PL_GRANT_NORMAL);

	if (!id && pl_tcp_compact_quiet(t, NULL))
		id = pl_mem_calloc(&t->core->mem, conn_type(family), PL_GRANT_NORMAL);
	if (!id)
		PL_ACTION(t->core, grant_refused);
	return id;
}

struct pl_tcp_conn *
pl_tcp_conn_new(struct pl_tcp *t, const struct pl_tuple *k, enum plim_state state)
{
	pl_id id = alloc_conn(t, k->raddr.family);
	struct pl_tcp_conn *c;

	if (!id)
		return NULL;
	c = pl_tcp_conn(t, id);
	c->rec.kind = PL_REC_CONN;
	c->rec.laddr = k->laddr;
	c->rec.family = k->raddr.family;
	c->rec.lport = k->lport;
	c->rec.rport = k->rport;
	memcpy(pl_tcp_rec_raddr_mut(&c->rec), k->raddr.octets, k->raddr.family == 4 ? 4 : 16);
	c->born_ms = c->heard_ms = pl_tcp_ms(t->core->now);
	pl_tcp_debt_begin(t, c);
	pl_tcp_state_born(t, &c->rec, state);
	pl_tcp_table_insert(t, &c->rec);
	return c;
}

/* ---- inflation ---- */

static void
init_hot(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h)
{
	const struct plim_config *conf = &t->core->conf;

	h->conn = pl_tcp_id(t, c);
	pl_ledger_init(&h->ledger, c->snd_una);
	pl_rcvq_init(&h->rcvq, pl_tcp_text_end(c));
	pl_sndq_init(&h->sndq, c->snd_una);
	pl_tcp_cc_init(&h->cc, c->smss, (uint32_t)conf->initial_window_segments, c->flags & PL_CF_NEWRENO);
	h->t.rtx_at = h->t.ack_at = h->t.expire_at = h->t.stuck_since = PL_TIME_NEVER;
	h->rec.recover = c->snd_una;
	h->snd_up = c->snd_una;
	h->rcv_up = h->rcvq.read;
	h->round_ms = pl_tcp_ms(t->core->now);
	h->fin_sent = c->rec.state >= PLIM_FIN_WAIT_1 && c->rec.state != PLIM_CLOSE_WAIT;
	h->sndq.fin = h->fin_sent;
}

/* The parked queue moves into the hot part, or goes with the connection (h NULL). */
static void
unpark(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h)
{
	struct pl_tcp_park *park = pl_tcp_park(t, c);

	if (h) {
		h->rcvq = park->rcvq;
		h->rcv_up = park->rcv_up;
		h->urgent = park->urgent;
	} else {
		pl_rcvq_clear(&t->core->mem, &park->rcvq);
	}
	pl_mem_free(&t->core->mem, PL_OBJ_park, c->hot);
	c->flags &= (uint16_t)~PL_CF_PARKED;
	c->hot = 0;
}

struct pl_tcp_hot *
pl_tcp_inflate(struct pl_tcp *t, struct pl_tcp_conn *c, enum pl_grant grant)
{
	pl_id id;

	if (pl_tcp_hot(t, c))
		return pl_tcp_hot(t, c);
	if (t->core->conf.governor && pl_pressure(&t->core->mem) >= COMPACT_PERMILLE)
		(void)compact_quietest(t, c, COMPACT_QUIET_MS);
	id = pl_mem_calloc(&t->core->mem, PL_OBJ_hot, PL_GRANT_NORMAL);
	if (!id && pl_tcp_compact_quiet(t, NULL))
		id = pl_mem_calloc(&t->core->mem, PL_OBJ_hot, PL_GRANT_NORMAL);
	if (!id && grant == PL_GRANT_RESERVE) {
		id = pl_mem_calloc(&t->core->mem, PL_OBJ_hot, PL_GRANT_RESERVE);
		if (id)
			PL_ACTION(t->core, inflate_reserve);
	}
	if (!id) {
		PL_ACTION(t->core, grant_refused);
		return NULL;
	}
	pl_tcp_credit_leave(t, c);
	init_hot(t, c, hot_at(t, id));
	if (c->flags & PL_CF_PARKED)
		unpark(t, c, hot_at(t, id));
	c->hot = id;
	pl_tcp_credit_enter(t, c);
	pl_tcp_queues_enter(t, id);
	t->n_hot++;
	PL_ACTION(t->core, inflate);
	pl_tcp_timer_arm(t, c);
	return pl_tcp_hot(t, c);
}

/* ---- compaction ---- */

static void
free_hot(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_mem *m = &t->core->mem;
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (c->flags & PL_CF_PARKED)
		unpark(t, c, NULL);
	if (!h)
		return;
	pl_wheel_cancel(&t->wheel, c->hot);
	pl_tcp_queues_leave(t, c->hot);
	pl_rcvq_clear(m, &h->rcvq);
	pl_sndq_clear(m, &h->sndq);
	pl_ledger_clear(m, &h->ledger, c->snd_una);
	pl_mem_free(m, PL_OBJ_hot, c->hot);
	c->hot = 0;
	t->n_hot--;
}

/* Nothing queued for sending or in flight, no hole, nothing to say, and a state that lasts? */
static bool
is_quiet_but_for_unread(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (!h || c->snd_una != c->snd_nxt || pl_sndq_len(&h->sndq) || h->sndq.lent || h->sndq.fin != h->fin_sent)
		return false;
	if (h->rcvq.n || h->rcvq.has_fin)
		return false;
	if (h->is_queued || h->want || h->t.ack_at != PL_TIME_NEVER || h->t.expire_at != PL_TIME_NEVER)
		return false;
	return c->rec.state == PLIM_ESTABLISHED || c->rec.state == PLIM_CLOSE_WAIT || c->rec.state == PLIM_FIN_WAIT_2;
}

bool
pl_tcp_can_compact(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	return is_quiet_but_for_unread(t, c) && pl_tcp_unread(t, c) == 0 && !pl_tcp_hot(t, c)->urgent &&
	       !PL_WITHOUT(t->core, idle_form);
}

bool
pl_tcp_can_park(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	return is_quiet_but_for_unread(t, c) && pl_tcp_unread(t, c) > 0;
}

/* The queue of unread text moves into a parked one. False: refused. */
static bool
park(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	pl_id id = pl_mem_alloc(&t->core->mem, PL_OBJ_park, PL_GRANT_NORMAL);
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	struct pl_tcp_park *p;

	if (!id)
		return false;
	p = pl_mem_ptr(&t->core->mem, id);
	*p = (struct pl_tcp_park){.rcvq = h->rcvq, .rcv_up = h->rcv_up, .urgent = h->urgent};
	pl_rcvq_init(&h->rcvq, pl_tcp_text_end(c));
	free_hot(t, c);
	c->hot = id;
	c->flags |= PL_CF_PARKED;
	return true;
}

void
pl_tcp_leave_park(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (c->flags & PL_CF_PARKED && pl_tcp_unread(t, c) == 0)
		unpark(t, c, NULL);
}

void
pl_tcp_compact(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	bool is_done;

	pl_tcp_credit_leave(t, c);
	is_done = pl_tcp_unread(t, c) > 0 ? park(t, c) : (free_hot(t, c), true);
	pl_tcp_credit_enter(t, c);
	if (!is_done)
		return;
	PL_ACTION(t->core, compact);
	pl_tcp_hand_note(t, pl_tcp_idle_deadline(t, c));
}

/* The quietest connection that can be compacted, but not `keep`, is, if it was quiet so long. */
static bool
compact_quietest(struct pl_tcp *t, const struct pl_tcp_conn *keep, uint32_t quiet_ms)
{
	pl_id id = t->quiet.head;

	for (unsigned look = QUIET_LOOK; id && look > 0; look--) {
		struct pl_tcp_hot *h = hot_at(t, id);
		struct pl_tcp_conn *c = pl_tcp_conn(t, h->conn);

		PL_WORK(t->core, 1);
		id = h->quiet.next;
		if (c == keep || pl_tcp_ms(t->core->now) - c->heard_ms < quiet_ms || !pl_tcp_can_compact(t, c))
			continue;
		pl_tcp_compact(t, c);
		PL_ACTION(t->core, compact_forced);
		return true;
	}
	return false;
}

bool
pl_tcp_compact_quiet(struct pl_tcp *t, const struct pl_tcp_conn *keep)
{
	return compact_quietest(t, keep, 0);
}

/* ---- the end ---- */

void
pl_tcp_connopt_free(struct pl_core *core, pl_id opt)
{
	struct pl_tcp_connopt *o;

	if (!opt)
		return;
	o = pl_mem_ptr(&core->mem, opt);
	pl_appmem_free_all(&core->mem, &o->app);
	pl_mem_uncharge(&core->mem, o->charged);
	pl_mem_free(&core->mem, PL_OBJ_connopt, opt);
}

struct pl_tcp_connopt *
pl_tcp_connopt_make(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (!c->opt)
		c->opt = pl_mem_calloc(&t->core->mem, PL_OBJ_connopt, PL_GRANT_NORMAL);
	return c->opt ? pl_mem_ptr(&t->core->mem, c->opt) : NULL;
}

static void
leave_lists(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	pl_tcp_syn_remove(t, c);
	if (c->flags & PL_CF_UNACCEPTED)
		pl_tcp_listener_unqueue(t, c);
	pl_tcp_orphan_leave(t, c);
	if (pl_tcp_is_synchronized(c->rec.state)) {
		struct plim_addr raddr = pl_tcp_rec_tuple(&c->rec).raddr;

		pl_prefix_leave(&t->prefixes, t->core, &raddr);
	}
	pl_tcp_listener_leave(t, c->listener);
}

void
pl_tcp_conn_free(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	pl_tcp_admit_ended(t, pl_tcp_held(t, c));
	leave_lists(t, c);
	pl_tcp_credit_leave(t, c);
	free_hot(t, c);
	pl_tcp_connopt_free(t->core, c->opt);
	pl_tcp_table_remove(t, &c->rec);
	pl_tcp_state_gone(t, &c->rec);
	c->rec.kind = PL_REC_FREE;
	pl_mem_free(&t->core->mem, conn_type(c->rec.family), pl_tcp_id(t, c));
	pl_tcp_tidy_note(t, conn_type(c->rec.family));
}

/* The slot outlives the record: it keeps the reason, the cookie, and what the application still holds. */
static void
bury(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_slot *s, unsigned reason)
{
	s->note = (uint8_t)reason;
	if (c->opt) {
		struct pl_tcp_connopt *o = pl_mem_ptr(&t->core->mem, c->opt);

		o->cookie = c->cookie;
		s->kind = PL_SLOT_TOMBSTONE_HOLDING;
		s->rec = c->opt;
		c->opt = 0;
	} else {
		s->kind = PL_SLOT_TOMBSTONE;
		s->rec = c->cookie;
	}
}

void
pl_tcp_conn_end(struct pl_tcp *t, struct pl_tcp_conn *c, unsigned reason, uint32_t event_bits)
{
	pl_id slot = pl_tcp_slot(c);

	if (slot) {
		bury(t, c, pl_slot_at(t->core, slot), reason);
		pl_slot_raise(t->core, slot, PLIM_EV_CLOSED | event_bits);
	}
	pl_tcp_conn_free(t, c);
}

uint64_t
pl_tcp_held(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_mem *m = &t->core->mem;
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint64_t sum = pl_mem_octets(m, conn_type(c->rec.family));

	if (pl_tcp_slot(c))
		sum += pl_mem_octets(m, PL_OBJ_slot);
	if (h)
		sum += pl_mem_octets(m, PL_OBJ_hot) + pl_rcvq_octets(m, &h->rcvq) + pl_sndq_octets(m, &h->sndq) +
		       pl_ledger_octets(m, &h->ledger);
	if (c->flags & PL_CF_PARKED)
		sum += pl_mem_octets(m, PL_OBJ_park) + pl_rcvq_octets(m, pl_tcp_rcvq(t, c));
	if (c->opt) {
		const struct pl_tcp_connopt *o = pl_mem_ptr(m, c->opt);

		sum += pl_mem_octets(m, PL_OBJ_connopt) + o->app_octets + o->charged;
	}
	return sum;
}
