/* SPDX-License-Identifier: ISC */
/* OPEN, SEND, RECEIVE, CLOSE, ABORT: see user.h. */
#include "tcp/user.h"

#include "mem/level.h"
#include "mem/prove.h"
#include "tcp/closing.h"
#include "tcp/form.h"
#include "tcp/isn.h"
#include "tcp/limit.h"
#include "tcp/listener.h"
#include "tcp/open.h"
#include "tcp/orphan.h"
#include "tcp/reply.h"
#include "tcp/round.h"
#include "tcp/state.h"
#include "tcp/steps.h"
#include "tcp/table.h"
#include "tcp/timer.h"
#include "tcp/timewait.h"
#include "tcp/window.h"

#define PORT_PROBES 64u
#define PINNED_MOST 65536u

/* ---- OPEN ---- */

/* Is the tuple free, or may its TIME_WAIT record be taken over? */
static bool
is_usable(struct pl_tcp *t, const struct pl_tuple *k, pl_seq *iss_floor)
{
	struct pl_tcp_rec *r = pl_tcp_table_find(t, k);

	if (!r)
		return pl_syncache_find(t, k) == NULL;
	return r->kind == PL_REC_TIMEWAIT && pl_tcp_timewait_may_reuse(t, (struct pl_tcp_timewait *)r, iss_floor);
}

/* RFC 6056: from a keyed random start, at most 64 looks. */
static bool
choose_port(struct pl_tcp *t, struct pl_tuple *k, pl_seq *iss_floor)
{
	const struct plim_config *conf = &t->core->conf;
	uint32_t first = (uint32_t)conf->port_first, n = (uint32_t)conf->port_last - first + 1;
	uint32_t at = pl_tcp_port_start(t, k);

	for (uint32_t i = 0; i < (PL_WITHOUT(t->core, port_looks) ? n : PL_MIN(PORT_PROBES, n)); i++) {
		k->lport = (uint16_t)(first + (at + i) % n);
		if (is_usable(t, k, iss_floor))
			return true;
	}
	return false;
}

int
pl_tcp_open(struct pl_tcp *t, const struct pl_tuple *tuple, pl_id *out)
{
	struct pl_tuple k = *tuple;
	pl_seq iss_floor = 0;
	struct pl_tcp_conn *c;

	if (k.lport ? !is_usable(t, &k, &iss_floor) : !choose_port(t, &k, &iss_floor))
		return k.lport && tuple->lport ? PLIM_EADDRINUSE : PLIM_EADDRNOTAVAIL;
	c = pl_tcp_conn_new(t, &k, PLIM_SYN_SENT);
	if (!c)
		return PLIM_ENOMEM;
	c->smss = pl_tcp_our_mss(t, &k);
	c->snd_una = pl_tcp_isn(t, &k);
	if (iss_floor && !pl_seq_lt(iss_floor, c->snd_una))
		c->snd_una = pl_seq_add(iss_floor, 1);
	c->snd_nxt = pl_seq_add(c->snd_una, 1);
	c->syn_at = t->core->now + PL_MS(t->core->conf.rto_initial_ms);
	pl_tcp_hand_note(t, c->syn_at);
	pl_tcp_syn_push(t, c);
	PL_TCP_COUNT(t->core, active_opens);
	*out = pl_tcp_id(t, c);
	return PLIM_OK;
}

void
pl_tcp_established(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	pl_tcp_tell(t, c, PLIM_EV_CONNECTED | PLIM_EV_WRITABLE);
}

/* ---- SEND ---- */

uint32_t
pl_tcp_writable(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t limit = pl_tcp_snd_limit(t, c), queued = h ? pl_sndq_len(&h->sndq) : 0;

	if (c->flags & PL_CF_SHUT || (c->rec.state != PLIM_ESTABLISHED && c->rec.state != PLIM_CLOSE_WAIT))
		return 0;
	return limit > queued ? limit - queued : 0;
}

/* May octets be queued at all? */
static int
may_send(const struct pl_tcp_conn *c)
{
	if (c->flags & PL_CF_SHUT)
		return PLIM_EPIPE;
	switch (c->rec.state) {
	case PLIM_ESTABLISHED:
	case PLIM_CLOSE_WAIT: return PLIM_OK;
	case PLIM_SYN_SENT:
	case PLIM_SYN_RECEIVED: return PLIM_EAGAIN;
	default: return PLIM_ENOTCONN;
	}
}

static int
refuse_send(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (pl_level(t->core) >= PL_L2)
		pl_tcp_trace(t, c, PLIM_ACTION_send_limited, h ? pl_sndq_len(&h->sndq) : 0, pl_tcp_snd_limit(t, c));
	c->flags |= PL_CF_WANT_WRITE;
	if (!h)
		pl_tcp_hand_note(t, pl_tcp_idle_deadline(t, c));
	return PLIM_EAGAIN;
}

/* Room for SEND, hot part made. <= 0: a result to return. */
static int64_t
room_to_send(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	int rc = may_send(c);
	uint32_t room;

	if (rc != PLIM_OK)
		return rc;
	room = pl_tcp_writable(t, c);
	if (room == 0 || !pl_tcp_inflate(t, c, PL_GRANT_NORMAL))
		return refuse_send(t, c);
	return room;
}

static void
queued(struct pl_tcp *t, struct pl_tcp_conn *c, unsigned flags)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	h->sndq.more = flags & PLIM_SEND_MORE;
	if (!h->sndq.more)
		h->sndq.push = h->sndq.end; /* MUST-61 */
	if (flags & PLIM_SEND_URGENT)
		h->snd_up = h->sndq.end; /* MUST-62: the octet after the urgent data */
	pl_tcp_touch(t, c);
	pl_tcp_want(t, c, PL_WANT_OUTPUT);
	pl_tcp_timer_ensure_rtx(t, c);
}

/* Memory refused: others may shrink for it, until a slab comes free. */
static uint32_t
append(struct pl_tcp *t, struct pl_tcp_conn *c, const uint8_t *data, uint32_t len)
{
	struct pl_sndq *q = &pl_tcp_hot(t, c)->sndq;
	uint32_t done = pl_sndq_append(&t->core->mem, q, data, len);

	for (unsigned i = 0; done == 0 && i < PL_COMPACT_MOST && pl_tcp_compact_quiet(t, c); i++)
		done = pl_sndq_append(&t->core->mem, q, data, len);
	return done;
}

int64_t
pl_tcp_send(struct pl_tcp *t, struct pl_tcp_conn *c, const uint8_t *data, size_t len, unsigned flags)
{
	int64_t room = room_to_send(t, c);
	uint32_t done;

	if (room <= 0 || len == 0)
		return PL_MIN(room, 0);
	done = append(t, c, data, (uint32_t)PL_MIN((uint64_t)room, len));
	if (done == 0)
		return refuse_send(t, c);
	queued(t, c, flags);
	return done;
}

int64_t
pl_tcp_tx_reserve(struct pl_tcp *t, struct pl_tcp_conn *c, size_t want, struct plim_span *spans, size_t n)
{
	int64_t room = room_to_send(t, c);
	uint32_t lent;

	if (room <= 0)
		return room;
	room = PL_MIN(room, (int64_t)PINNED_MOST);
	lent = pl_sndq_lend(&t->core->mem, &pl_tcp_hot(t, c)->sndq, (uint32_t)PL_MIN((uint64_t)room, want), spans, &n);
	return lent ? (int64_t)lent : refuse_send(t, c);
}

int
pl_tcp_tx_commit(struct pl_tcp *t, struct pl_tcp_conn *c, size_t len, unsigned flags)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (!h || len > h->sndq.lent)
		return PLIM_EINVAL;
	pl_sndq_commit(&t->core->mem, &h->sndq, (uint32_t)len);
	if (len > 0)
		queued(t, c, flags);
	return PLIM_OK;
}

void
pl_tcp_tx_cancel(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (h && h->sndq.lent)
		pl_sndq_commit(&t->core->mem, &h->sndq, 0);
}

void
pl_tcp_tell_sent(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t len = pl_sndq_len(&h->sndq);

	if (len == 0)
		pl_tcp_tell(t, c, PLIM_EV_SENT_ALL);
	if (!(c->flags & PL_CF_WANT_WRITE) || pl_tcp_writable(t, c) < PL_MIN(pl_tcp_snd_limit(t, c) / 4, len + 1))
		return;
	c->flags &= (uint16_t)~PL_CF_WANT_WRITE;
	pl_tcp_tell(t, c, PLIM_EV_WRITABLE);
}

/* ---- RECEIVE ---- */

int64_t
pl_tcp_rx_peek(struct pl_tcp *t, struct pl_tcp_conn *c, struct plim_span *spans, size_t *n)
{
	if (pl_tcp_unread(t, c) > 0)
		return pl_rcvq_peek(&t->core->mem, pl_tcp_rcvq(t, c), pl_tcp_text_end(c), PINNED_MOST, spans, n);
	*n = 0;
	return pl_tcp_has_peer_fin(c->rec.state) ? 0 : PLIM_EAGAIN;
}

/* All was read after both sides closed: nothing is left to do but wait for the handle. */
static void
after_last_read(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (pl_tcp_unread(t, c) > 0)
		return;
	if ((c->rec.state == PLIM_LAST_ACK && c->snd_una == c->snd_nxt) ||
	    (c->rec.state == PLIM_TIME_WAIT && h->t.expire_at == PL_TIME_NEVER))
		pl_tcp_conn_end(t, c, 0, 0);
}

int
pl_tcp_rx_consume(struct pl_tcp *t, struct pl_tcp_conn *c, size_t len)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (len > pl_tcp_unread(t, c))
		return PLIM_EINVAL;
	if (len == 0)
		return PLIM_OK;
	pl_rcvq_consume(&t->core->mem, pl_tcp_rcvq(t, c), pl_tcp_text_end(c), (uint32_t)len);
	pl_tcp_round_took(t, c, (uint32_t)len);
	if (h && h->urgent && pl_seq_le(h->rcv_up, h->rcvq.read))
		h->urgent = false;
	pl_tcp_touch(t, c);
	if (pl_tcp_is_receiving(c->rec.state) && pl_tcp_must_update_window(t, c))
		pl_tcp_ack_now(t, c, NULL);
	pl_tcp_leave_park(t, c);
	after_last_read(t, c);
	return PLIM_OK;
}

/* ---- CLOSE ---- */

/* The FIN is queued behind what was sent (§3.10.4). */
static void
queue_fin(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	h->sndq.fin = true;
	h->sndq.more = false;
	h->sndq.push = h->sndq.end;
	c->flags |= PL_CF_SHUT;
	c->flags &= (uint16_t)~PL_CF_WANT_WRITE; /* no room will be told of: nobody need look for it */
	pl_tcp_set_state(t, &c->rec, c->rec.state == PLIM_CLOSE_WAIT ? PLIM_LAST_ACK : PLIM_FIN_WAIT_1);
	pl_tcp_want(t, c, PL_WANT_OUTPUT);
	pl_tcp_timer_ensure_rtx(t, c);
}

int
pl_tcp_shutdown(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (c->flags & PL_CF_SHUT)
		return PLIM_OK;
	if (c->rec.state != PLIM_ESTABLISHED && c->rec.state != PLIM_CLOSE_WAIT)
		return PLIM_ENOTCONN;
	if (!pl_tcp_inflate(t, c, PL_GRANT_RESERVE))
		return PLIM_EAGAIN;
	queue_fin(t, c);
	return PLIM_OK;
}

static void
give_up(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	pl_tcp_send_rst(t, c);
	pl_tcp_conn_free(t, c);
}

/* Nobody is left who would end it: the small form has a deadline, or a hot part does. */
static void
end_fin_wait_2_in_time(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_hot *h;

	if (pl_tcp_settle(t, c))
		return;
	h = pl_tcp_inflate(t, c, PL_GRANT_RESERVE);
	if (!h) {
		give_up(t, c);
		return;
	}
	h->t.expire_at = t->core->now + PL_MS(t->core->conf.fin_wait_2_timeout_ms);
	pl_tcp_orphan_update(t, c);
	pl_tcp_timer_arm(t, c);
}

/* An orphan sends what it has, then FIN: in the small form at once if there is nothing to send. */
static void
close_orphan(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	switch (c->rec.state) {
	case PLIM_ESTABLISHED:
	case PLIM_CLOSE_WAIT:
		if (!h && pl_tcp_closing_from_idle(t, c))
			return;
		if (!pl_tcp_inflate(t, c, PL_GRANT_RESERVE)) {
			give_up(t, c);
			return;
		}
		queue_fin(t, c);
		pl_tcp_orphan_update(t, c);
		return;
	case PLIM_FIN_WAIT_2: end_fin_wait_2_in_time(t, c); return;
	case PLIM_TIME_WAIT: pl_tcp_timewait_enter(t, c); return;
	default: (void)pl_tcp_settle(t, c); return;
	}
}

void
pl_tcp_release(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	pl_tcp_tx_cancel(t, c);
	if (c->rec.state == PLIM_SYN_SENT) {
		pl_tcp_conn_free(t, c);
		return;
	}
	if (c->rec.state == PLIM_SYN_RECEIVED || pl_tcp_unread(t, c) > 0) {
		give_up(t, c); /* SHLD-3: unread text */
		return;
	}
	if (pl_tcp_orphan_enter(t, c))
		close_orphan(t, c);
	else
		give_up(t, c);
}

void
pl_tcp_abort(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	switch (c->rec.state) {
	case PLIM_CLOSING:
	case PLIM_LAST_ACK:
	case PLIM_TIME_WAIT: /* §3.10.5: just deleted */ pl_tcp_conn_free(t, c); return;
	default: give_up(t, c); return;
	}
}

void
pl_tcp_soft_error(struct pl_tcp *t, struct pl_tcp_conn *c, unsigned reason)
{
	pl_id slot = pl_tcp_slot(c);

	if (!slot || c->flags & PL_CF_QUIET_SOFT)
		return;
	pl_slot_at(t->core, slot)->note = (uint8_t)reason;
	pl_slot_raise(t->core, slot, PLIM_EV_SOFT_ERROR);
}
