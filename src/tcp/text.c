/* SPDX-License-Identifier: ISC */
/* Seventh and eighth step of §3.10.7.4: text and FIN. */
#include "mem/level.h"
#include "mem/prove.h"
#include "tcp/credit.h"
#include "tcp/evict.h"
#include "tcp/form.h"
#include "tcp/limit.h"
#include "tcp/open.h"
#include "tcp/reply.h"
#include "tcp/round.h"
#include "tcp/state.h"
#include "tcp/steps.h"
#include "tcp/timer.h"
#include "tcp/window.h"

#define SEGMENTS_PER_ACK 2u /* SHLD-19 */

/* ---- acknowledging ---- */

/* One ACK later (SHLD-18, MUST-40), at once after every second full segment (SHLD-19). */
static void
ack_later(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h, const struct pl_tcp_seg *seg)
{
	uint32_t mss = PL_MAX(h->t.rcv_mss, 1u);

	h->t.unacked_segs += (uint32_t)(seg->text.len / mss);
	if (h->t.unacked_segs >= SEGMENTS_PER_ACK || t->core->conf.delayed_ack_ms == 0) {
		pl_tcp_want(t, c, PL_WANT_ACK_NOW);
		return;
	}
	h->want |= PL_WANT_ACK_LATER;
	if (h->t.ack_at == PL_TIME_NEVER) {
		h->t.ack_at = t->core->now + PL_MS(t->core->conf.delayed_ack_ms);
		pl_tcp_timer_arm(t, c);
	}
}

/* The peer sent again what we have: tell it which (RFC 2883). */
static void
note_duplicate(struct pl_tcp *t, struct pl_tcp_conn *c, pl_seq start, pl_seq end)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	PL_TCP_COUNT(t->core, duplicates);
	if (!h || !(c->flags & PL_CF_SACK) || start == end)
		return;
	h->dsack = (struct pl_sack){start, end};
	h->want |= PL_WANT_DSACK;
}

static void
estimate_rcv_mss(struct pl_tcp_hot *h, const struct pl_tcp_seg *seg)
{
	uint32_t len = seg->gso_size ? seg->gso_size : (uint32_t)seg->text.len;

	h->t.rcv_mss = (uint16_t)PL_MAX(h->t.rcv_mss, PL_MIN(len, 65535u));
}

/* ---- text ---- */

/* [seq, seq + text) cut to what is new and inside the furthest edge. */
static struct pl_text
trim(const struct pl_tcp *t, const struct pl_tcp_conn *c, pl_seq *seq, struct pl_text text)
{
	pl_seq edge = pl_tcp_furthest_edge(t, c);

	if (pl_seq_lt(*seq, c->rcv_nxt)) {
		size_t old = PL_MIN(pl_seq_diff(c->rcv_nxt, *seq), text.len);

		text = pl_text_skip(text, old);
		*seq = pl_seq_add(*seq, (uint32_t)old);
	}
	if (pl_seq_le(edge, *seq))
		text.len = 0;
	else
		text.len = PL_MIN(text.len, pl_seq_diff(edge, *seq));
	return text;
}

/* Is all of it stored already, beyond a hole? */
static bool
is_stored(const struct pl_tcp *t, const struct pl_tcp_hot *h, pl_seq seq, struct pl_text text)
{
	struct pl_sack have;

	return pl_rcvq_find(&t->core->mem, &h->rcvq, seq, &have) &&
	       pl_seq_le(pl_seq_add(seq, (uint32_t)text.len), have.end);
}

static void
count_refusal(struct pl_tcp *t, enum pl_rcvq_verdict verdict)
{
	if (verdict == PL_RCVQ_PARTLY)
		(void)PL_DROP(t->core, tcp_text_refused);
	else if (verdict == PL_RCVQ_INTERVALS)
		(void)PL_DROP(t->core, tcp_intervals_full);
	if (verdict == PL_RCVQ_INTERVALS && pl_level(t->core) >= PL_L2)
		PL_ACTION(t->core, intervals_limited);
}

/* The peer's FIN, known from before, is next now. */
static enum pl_step
take_fin(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	pl_tcp_credit_leave(t, c);
	c->rcv_nxt = pl_seq_add(c->rcv_nxt, 1);
	/* At window zero the FIN lies beyond the edge: what follows it must be acceptable all the same. */
	c->adv_edge = pl_seq_max(c->adv_edge, c->rcv_nxt);
	c->max_edge = pl_seq_max(c->max_edge, c->rcv_nxt);
	pl_tcp_credit_enter(t, c);
	if (h)
		h->rcvq.has_fin = false;
	pl_tcp_ack_now(t, c, pkt);
	pl_tcp_tell(t, c, PLIM_EV_PEER_FIN | PLIM_EV_READABLE);
	switch (c->rec.state) {
	case PLIM_ESTABLISHED: pl_tcp_set_state(t, &c->rec, PLIM_CLOSE_WAIT); return PL_STEP_CONTINUE;
	case PLIM_FIN_WAIT_1: /* our FIN is not acknowledged, or step five had moved us on */
		pl_tcp_set_state(t, &c->rec, PLIM_CLOSING);
		return PL_STEP_CONTINUE;
	default: pl_tcp_begin_timewait(t, c); return PL_STEP_DROP;
	}
}

/* What came in order is told; what came out of order is acknowledged at once (MAY-13). */
static enum pl_step
after_store(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h, const struct pl_pkt *pkt,
            const struct pl_tcp_seg *seg, pl_seq nxt_before)
{
	if (c->rcv_nxt != nxt_before) {
		PL_TCP_COUNT_N(t->core, octets_in, pl_seq_diff(c->rcv_nxt, nxt_before));
		pl_tcp_tell(t, c, PLIM_EV_READABLE);
		if (h->urgent && pl_seq_le(h->rcv_up, h->rcvq.read))
			h->urgent = false;
	}
	if (h->rcvq.has_fin && h->rcvq.fin_seq == c->rcv_nxt)
		return take_fin(t, c, pkt);
	if (c->rcv_nxt == nxt_before || h->rcvq.n > 0 || pl_seq_diff(c->rcv_nxt, nxt_before) > seg->text.len)
		pl_tcp_want(t, c, PL_WANT_ACK_NOW);
	else
		ack_later(t, c, h, seg);
	return PL_STEP_CONTINUE;
}

/* From level 2 on no further holes are begun beyond a few. */
static struct pl_rcvq_terms
terms(const struct pl_tcp *t, enum pl_grant grant)
{
	unsigned most = pl_level(t->core) >= PL_L2 ? (unsigned)t->core->conf.intervals_pressed : PL_IVL_MAX;

	if (PL_WITHOUT(t->core, interval_cap))
		most = PL_IVL_ROOM;
	return (struct pl_rcvq_terms){.grant = grant, .intervals = most};
}

/* What of [seq, seq + text) is not stored yet. */
static enum pl_rcvq_verdict
store_rest(struct pl_tcp *t, struct pl_tcp_conn *c, pl_seq seq, struct pl_text text, enum pl_grant grant, bool *pruned)
{
	struct pl_rcvq_terms how = terms(t, grant);
	uint32_t done = pl_seq_diff(c->rcv_nxt, seq);

	if (done >= text.len)
		return PL_RCVQ_STORED;
	return pl_rcvq_store(&t->core->mem, &pl_tcp_hot(t, c)->rcvq, &c->rcv_nxt, c->rcv_nxt, pl_text_skip(text, done),
	                     &how, pruned);
}

/*
 * The segment at RCV.NXT is paid for by the queue's own out-of-order tail first, then by compacting
 * somebody quiet, then by one eviction, then by the reserve; any other only if there is room.
 */
static enum pl_rcvq_verdict
store_or_make_room(struct pl_tcp *t, struct pl_tcp_conn *c, pl_seq seq, struct pl_text text, bool *pruned)
{
	struct pl_rcvq *q = &pl_tcp_hot(t, c)->rcvq;
	struct pl_rcvq_terms how = terms(t, PL_GRANT_NORMAL);
	bool is_next = seq == c->rcv_nxt;
	enum pl_rcvq_verdict v = pl_rcvq_store(&t->core->mem, q, &c->rcv_nxt, seq, text, &how, pruned);

	if (!is_next)
		return v;
	for (unsigned i = 0; v == PL_RCVQ_PARTLY && i < PL_COMPACT_MOST && pl_tcp_compact_quiet(t, c); i++)
		v = store_rest(t, c, seq, text, PL_GRANT_NORMAL, pruned);
	if (v == PL_RCVQ_PARTLY && pl_tcp_evict(t, c))
		v = store_rest(t, c, seq, text, PL_GRANT_NORMAL, pruned);
	return v == PL_RCVQ_PARTLY ? store_rest(t, c, seq, text, PL_GRANT_RESERVE, pruned) : v;
}

/*
 * Does pressure refuse this text? From level 3 what is out of order, and what is over the connection's limit; at level 4
 * what is in order too. The segment at RCV.NXT is always welcome where little waits to be read: no reader, no deadlock.
 */
static bool
is_refused(struct pl_tcp *t, const struct pl_tcp_conn *c, pl_seq seq, uint32_t len)
{
	const struct pl_rcvq *q = pl_tcp_rcvq(t, c);
	uint32_t held = q ? pl_rcvq_octets(&t->core->mem, q) : 0;
	enum plim_action action;

	if (pl_level(t->core) < PL_L3 || (seq == c->rcv_nxt && pl_tcp_unread(t, c) < 2u * c->smss))
		return false;
	if (seq != c->rcv_nxt && pl_level(t->core) < PL_L4 && c->flags & PL_CF_USEFUL &&
	    held + PL_MAX(len, pl_mem_block(&t->core->mem)) <= pl_tcp_rcv_kept(t, c))
		return false;
	if (seq != c->rcv_nxt)
		action = PLIM_ACTION_ooo_refused;
	else if (pl_level(t->core) >= PL_L4)
		action = PLIM_ACTION_next_refused;
	else if (held >= pl_tcp_rcv_limit(t, c))
		action = PLIM_ACTION_text_refused;
	else
		return false;
	pl_tcp_trace(t, c, action, len, pl_tcp_rcv_limit(t, c));
	return true;
}

static enum pl_step
refuse(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt)
{
	(void)PL_DROP(t->core, tcp_text_refused);
	pl_tcp_ack_now(t, c, pkt);
	return PL_STEP_CONTINUE;
}

static enum pl_step
store(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg, pl_seq seq,
      struct pl_text text)
{
	pl_seq nxt_before = c->rcv_nxt;
	enum pl_rcvq_verdict verdict;
	struct pl_tcp_hot *h;
	bool pruned = false;

	if (is_refused(t, c, seq, (uint32_t)text.len))
		return refuse(t, c, pkt);
	h = pl_tcp_inflate(t, c, seq == c->rcv_nxt ? PL_GRANT_RESERVE : PL_GRANT_NORMAL);
	if (!h)
		return refuse(t, c, pkt);
	estimate_rcv_mss(h, seg);
	if (seq == c->rcv_nxt)
		pl_tcp_round_text(t, c, seg);
	if (seq != c->rcv_nxt) {
		PL_TCP_COUNT(t->core, out_of_order);
		if (is_stored(t, h, seq, text))
			note_duplicate(t, c, seq, pl_seq_add(seq, (uint32_t)text.len));
	}
	if (h->rcvq.n > 0) /* it may fill a gap, in part or whole: RFC 5681 §4.2 */
		pl_tcp_want(t, c, PL_WANT_ACK_NOW);
	PL_WORK(t->core, h->rcvq.n);
	pl_tcp_credit_leave(t, c);
	verdict = store_or_make_room(t, c, seq, text, &pruned);
	pl_tcp_credit_enter(t, c);
	if (pruned)
		PL_ACTION(t->core, ooo_pruned);
	count_refusal(t, verdict);
	if (verdict != PL_RCVQ_STORED)
		pl_tcp_want(t, c, PL_WANT_ACK_NOW);
	return after_store(t, c, h, pkt, seg, nxt_before);
}

/* Nobody will read what comes now (SHLD-3). */
static enum pl_step
refuse_after_close(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	(void)PL_DROP(t->core, tcp_text_after_close);
	pl_tcp_send_rst(t, c);
	pl_tcp_conn_end(t, c, 0, 0);
	return PL_STEP_DROP;
}

enum pl_step
pl_tcp_step_text(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	pl_seq seq = seg->seq, text_end = pl_seq_add(seg->seq, (uint32_t)seg->text.len);
	struct pl_text text;

	if (seg->text.len == 0)
		return PL_STEP_CONTINUE;
	if (!pl_tcp_is_receiving(c->rec.state)) {
		pl_tcp_ack_now(t, c, pkt); /* after the peer's FIN: ignored, but a repeat must be answered */
		return PL_STEP_CONTINUE;
	}
	if (c->flags & PL_CF_ORPHAN && pl_seq_lt(c->rcv_nxt, text_end) && !PL_WITHOUT(t->core, rst_after_close))
		return refuse_after_close(t, c);
	if (pl_seq_lt(seq, c->rcv_nxt)) {
		note_duplicate(t, c, seq, pl_seq_min(text_end, c->rcv_nxt));
		pl_tcp_ack_now(t, c, pkt);
	}
	text = trim(t, c, &seq, seg->text);
	if (text.len > 0 && pl_seq_lt(pl_seq_add(seq, (uint32_t)text.len), text_end)) {
		(void)PL_DROP(t->core, tcp_text_refused); /* what lies beyond the furthest edge */
		pl_tcp_ack_now(t, c, pkt);
	}
	if (text.len > 0)
		return store(t, c, pkt, seg, seq, text);
	if (pl_seq_lt(c->rcv_nxt, text_end)) {
		(void)PL_DROP(t->core, tcp_text_refused); /* a probe of a shut window */
		pl_tcp_ack_now(t, c, pkt);
	}
	return PL_STEP_CONTINUE;
}

/* ---- FIN ---- */

/* It lies beyond a hole: remember where, as far as a window we gave reaches. */
static void
remember_fin(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, pl_seq fin_seq)
{
	struct pl_tcp_hot *h = pl_tcp_inflate(t, c, PL_GRANT_NORMAL);

	if (h && pl_seq_le(fin_seq, c->max_edge)) {
		h->rcvq.has_fin = true;
		h->rcvq.fin_seq = fin_seq;
	}
	pl_tcp_ack_now(t, c, pkt);
}

enum pl_step
pl_tcp_step_fin(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	pl_seq fin_seq = pl_seq_add(seg->seq, (uint32_t)seg->text.len);

	if (!(seg->flags & PL_TH_FIN))
		return PL_STEP_CONTINUE;
	if (!pl_tcp_is_receiving(c->rec.state) || pl_seq_lt(fin_seq, c->rcv_nxt)) {
		pl_tcp_ack_now(t, c, pkt); /* a FIN we took already */
		return PL_STEP_CONTINUE;
	}
	if (fin_seq != c->rcv_nxt) {
		remember_fin(t, c, pkt, fin_seq);
		return PL_STEP_CONTINUE;
	}
	return take_fin(t, c, pkt);
}
