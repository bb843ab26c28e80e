/* SPDX-License-Identifier: ISC */
/*
 * All timers of a connection, and when each fires.
 *
 *  hot part, one node in the wheel for the earliest of
 *    rtx_at     RTO: the oldest octet in flight was not acknowledged (RFC 6298); or
 *               persist: nothing may be sent into the peer's window (9293:3.8.6.1); or
 *               R2 (9293:3.8.3), if that is earlier
 *    ack_at     a delayed ACK is due (MUST-40)
 *    expire_at  end of TIME_WAIT, or of an orphan's FIN_WAIT_2
 *    a look once per second: compaction, keepalive, acceptance
 *  idle form, deadlines computed from the record, visited by the hand
 *    SYN_SENT, SYN_RECEIVED   syn_at: the SYN again, or the end
 *    not accepted             born + accept_timeout
 *    keepalive, liveness      heard + idle + probes x interval: tcp/liveness.c
 *    refused a send           a look every 100 ms whether there is room again
 *  small forms: tcp/syncache.c, tcp/timewait.c, tcp/closing.c
 *
 * A filed deadline may be early, never late: moving one later does not touch the wheel.
 */
#include "tcp/timer.h"

#include "mem/level.h"
#include "mem/prove.h"
#include "tcp/closing.h"
#include "tcp/evict.h"
#include "tcp/debt.h"
#include "tcp/form.h"
#include "tcp/liveness.h"
#include "tcp/orphan.h"
#include "tcp/recovery.h"
#include "tcp/reopen.h"
#include "tcp/reply.h"
#include "tcp/rtt.h"
#include "tcp/state.h"
#include "tcp/tidy.h"
#include "tcp/timewait.h"
#include "tcp/user.h"

#define RETRY_MS 100u
#define STALE_HOLE_RTOS 6u
#define R1_RETRANSMISSIONS 3u  /* SHLD-10 */
#define SWEEP_SPACING_NS 2000u /* per record: a sweep may last, deadlines of small forms are coarse */
#define SWEEP_LOOK 512u        /* records in one go */

/* ---- deadlines ---- */

static pl_time
ms_ahead(const struct pl_tcp *t, uint32_t at_ms)
{
	uint32_t left = at_ms - pl_tcp_ms(t->core->now);

	return (int32_t)left <= 0 ? t->core->now : t->core->now + PL_MS(left);
}

static const struct pl_tcp_connopt *
options(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	return c->opt ? pl_mem_ptr(&t->core->mem, c->opt) : NULL;
}

pl_time
pl_tcp_user_timeout(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct plim_config *conf = &t->core->conf;
	const struct pl_tcp_connopt *o = options(t, c);
	uint64_t ms = o && o->user_timeout_ms ? o->user_timeout_ms : conf->user_timeout_ms;

	if (!(c->flags & PL_CF_ORPHAN) || PL_WITHOUT(t->core, deadline_orphan))
		return PL_MS(ms);
	ms = PL_MIN(ms, conf->orphan_timeout_ms);
	return PL_MS(pl_level(t->core) >= PL_L2 ? PL_MIN(ms, conf->orphan_pressed_ms) : ms);
}

/* When a connection that nobody accepts ends. */
static uint64_t
accept_timeout_ms(const struct pl_tcp *t)
{
	const struct plim_config *conf = &t->core->conf;

	switch (pl_level(t->core)) {
	case PL_L0:
	case PL_L1: return conf->accept_timeout_ms;
	case PL_L2: return PL_MIN(conf->accept_timeout_ms, conf->accept_level_2_ms);
	default: return PL_MIN(conf->accept_timeout_ms, conf->accept_level_3_ms);
	}
}

pl_time
pl_tcp_idle_deadline(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	pl_time at = pl_tcp_liveness_deadline(t, c);

	if (c->rec.state == PLIM_SYN_SENT || c->rec.state == PLIM_SYN_RECEIVED)
		at = PL_MIN(at, c->syn_at);
	if (c->flags & PL_CF_UNACCEPTED)
		at = PL_MIN(at, ms_ahead(t, c->born_ms + (uint32_t)accept_timeout_ms(t)));
	if (c->flags & PL_CF_WANT_WRITE)
		at = PL_MIN(at, t->core->now + PL_MS(RETRY_MS));
	return at;
}

static pl_time
quiet_deadline(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	pl_time rto = pl_tcp_rto(c, &t->core->conf, 0), quiet = PL_MAX(PL_MS(t->core->conf.compact_ms), rto);
	pl_time at = ms_ahead(t, c->heard_ms + (uint32_t)(quiet / 1000000));

	return at <= t->core->now ? t->core->now + quiet : at;
}

/*
 * R2 (9293:3.8.3), apart from rtx_at: an answered probe moves it, and the next probe keeps its time (SHLD-30). An orphan's
 * counts by stall age (tcp/debt.h): an octet now and then does not move it.
 */
static pl_time
r2_deadline(const struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_tcp_hot *h)
{
	pl_time timeout = pl_tcp_user_timeout(t, c), age;

	if (h->t.stuck_since == PL_TIME_NEVER || (PL_WITHOUT(t->core, deadline_r2) && !(c->flags & PL_CF_ORPHAN)))
		return PL_TIME_NEVER;
	if (!(c->flags & PL_CF_ORPHAN))
		return h->t.stuck_since + timeout;
	age = PL_MS(pl_tcp_stall_ms(t, c));
	return PL_MIN(h->t.stuck_since + timeout, t->core->now + (timeout > age ? timeout - age : 0));
}

/* The end of TIME_WAIT, or of an orphan's FIN_WAIT_2, which is shorter under pressure. */
static pl_time
expiry(const struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_tcp_hot *h)
{
	const struct plim_config *conf = &t->core->conf;
	uint64_t full = conf->fin_wait_2_timeout_ms, pressed = conf->fin_wait_2_pressed_ms;

	if (h->t.expire_at == PL_TIME_NEVER || c->rec.state != PLIM_FIN_WAIT_2 || pl_level(t->core) < PL_L2 ||
	    full <= pressed)
		return h->t.expire_at;
	return h->t.expire_at - PL_MIN(h->t.expire_at, PL_MS(full - pressed));
}

static pl_time
hot_deadline(const struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_tcp_hot *h)
{
	pl_time at = PL_MIN(h->t.ack_at, expiry(t, c, h));

	if (h->t.rtx_kind != PL_RTX_OFF)
		at = PL_MIN(at, PL_MIN(h->t.rtx_at, r2_deadline(t, c, h)));
	return PL_MIN(at, quiet_deadline(t, c));
}

void
pl_tcp_timer_arm(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	pl_time at;

	if (!h)
		return;
	at = hot_deadline(t, c, h);
	if (h->tmr.tick == 0 || (int32_t)(pl_wheel_tick_of(at) - h->tmr.tick) < 0)
		pl_wheel_set(&t->wheel, c->hot, at);
}

/* ---- the retransmission timer ---- */

static bool
is_in_flight(const struct pl_tcp_conn *c)
{
	return c->snd_una != c->snd_nxt;
}

static enum pl_rtx_timer
wanted_rtx(const struct pl_tcp_conn *c, const struct pl_tcp_hot *h)
{
	bool unsent = pl_seq_lt(c->snd_nxt, h->sndq.end) || (h->sndq.fin && !h->fin_sent);

	if (c->rec.state == PLIM_TIME_WAIT)
		return PL_RTX_OFF;
	if (is_in_flight(c))
		return c->snd_wnd == 0 && pl_sndq_len(&h->sndq) > 0 ? PL_RTX_PERSIST : PL_RTX_RTO;
	return unsent ? PL_RTX_PERSIST : PL_RTX_OFF;
}

void
pl_tcp_timer_restart_rtx(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	pl_time rto = pl_tcp_rto(c, &t->core->conf, h->t.backoff);

	h->t.rtx_kind = (uint8_t)wanted_rtx(c, h);
	if (h->t.rtx_kind == PL_RTX_OFF) {
		h->t.rtx_at = h->t.stuck_since = PL_TIME_NEVER;
		return;
	}
	if (h->t.stuck_since == PL_TIME_NEVER)
		h->t.stuck_since = t->core->now;
	h->t.rtx_at = t->core->now + rto;
	pl_tcp_timer_arm(t, c);
}

void
pl_tcp_timer_ensure_rtx(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (h->t.rtx_kind != wanted_rtx(c, h))
		pl_tcp_timer_restart_rtx(t, c);
}

/* R2 passed (MUST-20): true, and c is gone. */
static bool
is_given_up(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h)
{
	if (h->t.rtx_kind == PL_RTX_OFF || t->core->now < r2_deadline(t, c, h))
		return false;
	pl_tcp_send_rst(t, c);
	pl_tcp_conn_end(t, c, -PLIM_ETIMEDOUT, 0);
	return true;
}

static void
fire_rtx(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h)
{
	if (h->t.rtx_kind == PL_RTX_RTO) {
		pl_tcp_recovery_timeout(t, c);
		pl_tcp_want(t, c, PL_WANT_OUTPUT);
	} else {
		PL_TCP_COUNT(t->core, window_probes);
		pl_tcp_want(t, c, PL_WANT_PROBE); /* MUST-36, SHLD-29, SHLD-30 */
	}
	if (h->t.backoff < 32 && !(PL_WITHOUT(t->core, probe_backoff) && h->t.rtx_kind == PL_RTX_PERSIST))
		h->t.backoff++;
	if (h->t.backoff == R1_RETRANSMISSIONS)
		pl_tcp_soft_error(t, c, -PLIM_ETIMEDOUT);
	pl_tcp_timer_restart_rtx(t, c);
}

/* ---- firing: each returns true when c is gone ---- */

static bool
fire_acceptance(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (!(c->flags & PL_CF_UNACCEPTED))
		return false;
	if (pl_tcp_ms(t->core->now) - c->born_ms < accept_timeout_ms(t))
		return false;
	pl_tcp_send_rst(t, c);
	pl_tcp_conn_end(t, c, 0, 0);
	return true;
}

static void
fire_want_write(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (!(c->flags & PL_CF_WANT_WRITE) || (h && pl_sndq_len(&h->sndq) > 0) || pl_tcp_writable(t, c) == 0)
		return;
	c->flags &= (uint16_t)~PL_CF_WANT_WRITE;
	pl_tcp_tell(t, c, PLIM_EV_WRITABLE);
}

static bool
fire_syn(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	const struct plim_config *conf = &t->core->conf;
	const struct pl_tcp_connopt *o = options(t, c);
	uint64_t limit =
		o && o->user_timeout_ms ? PL_MIN(o->user_timeout_ms, conf->syn_timeout_ms) : conf->syn_timeout_ms;
	uint32_t age = pl_tcp_ms(t->core->now) - c->born_ms;

	if ((c->rec.state != PLIM_SYN_SENT && c->rec.state != PLIM_SYN_RECEIVED) || t->core->now < c->syn_at)
		return false;
	if (age >= limit || c->probes > conf->syn_retries) {
		PL_TCP_COUNT(t->core, failed_opens);
		pl_tcp_conn_end(t, c, -PLIM_ETIMEDOUT, 0);
		return true;
	}
	if (c->probes > 0)
		PL_TCP_COUNT(t->core, retransmitted);
	pl_tcp_syn_push(t, c);
	c->syn_at = t->core->now +
	            PL_MS(PL_MIN(PL_MIN(conf->rto_initial_ms << PL_MIN(c->probes, 16), conf->rto_max_ms), limit - age));
	return false;
}

static void
fire_expiry(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h)
{
	h->t.expire_at = PL_TIME_NEVER;
	if (c->rec.state == PLIM_TIME_WAIT && pl_tcp_unread(t, c) > 0)
		return; /* the application reads first: see user.c */
	pl_tcp_conn_end(t, c, 0, 0);
}

static void
fire_ack(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h)
{
	h->t.ack_at = PL_TIME_NEVER;
	if (h->want & PL_WANT_ACK_LATER)
		PL_TCP_COUNT(t->core, delayed_acks);
	pl_tcp_want(t, c, PL_WANT_ACK_NOW);
}

static bool
is_quiet(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	pl_time rto = pl_tcp_rto(c, &t->core->conf, 0), quiet = PL_MAX(PL_MS(t->core->conf.compact_ms), rto);

	return pl_tcp_ms(t->core->now) - c->heard_ms >= quiet / 1000000;
}

/* A hole that nobody fills: what lies beyond it was never acknowledged, and the peer has it (RFC 2018 §8). */
static void
fire_stale_holes(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h)
{
	pl_time silent = PL_MS(pl_tcp_ms(t->core->now) - c->heard_ms);

	if (h->rcvq.n == 0 || silent < STALE_HOLE_RTOS * pl_tcp_rto(c, &t->core->conf, 0))
		return;
	pl_tcp_trace(t, c, PLIM_ACTION_ooo_pruned, pl_rcvq_out_of_order(&t->core->mem, &h->rcvq), silent / PL_MS(1));
	pl_rcvq_prune(&t->core->mem, &h->rcvq, c->rcv_nxt);
}

static void
fire_hot(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (h->t.ack_at <= t->core->now)
		fire_ack(t, c, h);
	if (expiry(t, c, h) <= t->core->now) {
		fire_expiry(t, c, h);
		return;
	}
	if (is_given_up(t, c, h))
		return;
	if (h->t.rtx_kind != PL_RTX_OFF && h->t.rtx_at <= t->core->now)
		fire_rtx(t, c, h);
	if (pl_tcp_orphan_shed(t, c) || fire_acceptance(t, c) || pl_tcp_liveness_fire(t, c))
		return;
	fire_want_write(t, c);
	fire_stale_holes(t, c, h);
	if (is_quiet(t, c) && (pl_tcp_can_compact(t, c) || pl_tcp_can_park(t, c)))
		pl_tcp_compact(t, c);
	if (pl_tcp_hot(t, c))
		pl_tcp_timer_arm(t, c);
}

/* ---- the hand ---- */

static const enum pl_obj hand_types[] = {PL_OBJ_conn4, PL_OBJ_conn6, PL_OBJ_closing4, PL_OBJ_closing6};

void
pl_tcp_hand_note(struct pl_tcp *t, pl_time at)
{
	t->hand.next = PL_MIN(t->hand.next, at);
	t->hand.found = PL_MIN(t->hand.found, at);
}

static pl_time
visit_idle(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (pl_tcp_hot(t, c))
		return PL_TIME_NEVER;
	if (fire_syn(t, c) || fire_acceptance(t, c) || pl_tcp_liveness_fire(t, c))
		return PL_TIME_NEVER;
	fire_want_write(t, c);
	return pl_tcp_idle_deadline(t, c);
}

static pl_time
visit(struct pl_tcp *t, struct pl_tcp_rec *r)
{
	if (r->kind == PL_REC_CONN)
		return visit_idle(t, (struct pl_tcp_conn *)r);
	if (r->kind == PL_REC_CLOSING)
		return pl_tcp_closing_visit(t, (struct pl_tcp_closing *)r, t->core->now);
	return PL_TIME_NEVER;
}

static void
sweep(struct pl_tcp *t, unsigned *budget)
{
	struct pl_tcp_hand *hand = &t->hand;
	unsigned look = SWEEP_LOOK;

	while (hand->type < PL_COUNT(hand_types)) {
		if (*budget == 0 || look-- == 0)
			return;
		*budget -= 1;
		PL_WORK(t->core, 1);
		hand->cursor = pl_mem_walk(&t->core->mem, hand_types[hand->type], hand->cursor);
		if (!hand->cursor) {
			hand->type++;
			continue;
		}
		hand->found = PL_MIN(hand->found, visit(t, pl_tcp_rec(t, hand->cursor)));
	}
	hand->sweeping = false;
}

static uint64_t
n_small(const struct pl_tcp *t)
{
	const struct pl_mem *m = &t->core->mem;

	return m->types[PL_OBJ_conn4].live + m->types[PL_OBJ_conn6].live + t->n_closing;
}

static void
poll_hand(struct pl_tcp *t, unsigned *budget)
{
	struct pl_tcp_hand *hand = &t->hand;

	if (t->core->now < hand->next)
		return;
	if (!hand->sweeping) {
		hand->sweeping = true;
		hand->type = 0;
		hand->cursor = 0;
		hand->found = PL_TIME_NEVER;
	}
	sweep(t, budget);
	if (hand->sweeping)
		hand->next = *budget > 0 ? t->core->now + SWEEP_LOOK * SWEEP_SPACING_NS : t->core->now;
	else
		hand->next = PL_MAX(hand->found, t->core->now + PL_MIN(n_small(t), SWEEP_LOOK) * SWEEP_SPACING_NS);
	if (hand->found == PL_TIME_NEVER && !hand->sweeping)
		hand->next = PL_TIME_NEVER;
}

/* ---- all of them ---- */

/* Deadlines of idle forms depend on the level: the hand looks at them all again. */
static void
note_level(struct pl_tcp *t)
{
	if (t->level_seen == pl_level(t->core))
		return;
	if (pl_level(t->core) < t->level_seen)
		pl_tcp_reopen_begin(t);
	t->level_seen = (uint8_t)pl_level(t->core);
	pl_tcp_hand_note(t, t->core->now);
}

void
pl_tcp_poll(struct pl_tcp *t, pl_time now, unsigned *budget)
{
	unsigned before = *budget;
	pl_id id;

	note_level(t);
	while (*budget > 0 && (id = pl_wheel_expire(&t->wheel, now, budget)) != 0) {
		*budget -= *budget > 0;
		fire_hot(t, pl_tcp_conn(t, ((struct pl_tcp_hot *)pl_mem_ptr(&t->core->mem, id))->conn));
	}
	PL_WORK(t->core, before - *budget); /* timers fired and moved */
	poll_hand(t, budget);
	pl_syncache_poll(t, now, budget);
	pl_tcp_timewait_poll(t, now, budget);
	pl_tcp_evict_poll(t, now, budget);
	pl_tcp_reopen_poll(t, now, budget);
	pl_tcp_tidy_poll(t, now, budget);
}

pl_time
pl_tcp_deadline(const struct pl_tcp *t)
{
	pl_time at = PL_MIN(pl_wheel_next(&t->wheel), t->hand.next);

	if (t->level_seen != pl_level(t->core))
		return t->core->now;
	at = PL_MIN(at, PL_MIN(pl_tcp_evict_deadline(t), pl_tcp_reopen_deadline(t)));
	at = PL_MIN(PL_MIN(at, pl_syncache_deadline(t)), t->tidy_at);
	return PL_MIN(at, pl_tcp_timewait_deadline(t));
}
