/* SPDX-License-Identifier: ISC */
/* Fifth step of §3.10.7.4: the ACK field, the window, and what an acknowledged FIN moves. */
#include "tcp/debt.h"
#include "tcp/form.h"
#include "tcp/isn.h"
#include "tcp/open.h"
#include "tcp/orphan.h"
#include "tcp/recovery.h"
#include "tcp/reply.h"
#include "tcp/rtt.h"
#include "tcp/state.h"
#include "tcp/steps.h"
#include "tcp/table.h"
#include "tcp/timer.h"
#include "tcp/user.h"

/* ---- the window ---- */

/* 9293:3.10.7.4/5d. The right edge is kept absolute: SND.WND counts from SND.UNA. */
static void
take_window(struct pl_tcp_conn *c, const struct pl_tcp_seg *seg, pl_seq una_before)
{
	struct pl_wnd_view v = {una_before, c->snd_wl1, c->snd_wl2};
	uint32_t advance = pl_seq_diff(c->snd_una, una_before);
	pl_seq edge;

	if (!pl_tcp_is_fresh_window(&v, seg->seq, seg->ack)) {
		c->snd_wnd -= PL_MIN(c->snd_wnd, advance);
		return;
	}
	edge = pl_seq_add(seg->ack, seg->wnd);
	c->snd_wnd = pl_seq_lt(c->snd_una, edge) ? pl_seq_diff(edge, c->snd_una) : 0;
	pl_conn_note_snd_wnd(c);
	c->snd_wl1 = seg->seq;
	c->snd_wl2 = seg->ack;
}

/* ---- what it acknowledges ---- */

static bool
is_duplicate_ack(const struct pl_tcp_conn *c, const struct pl_tcp_seg *seg, uint32_t wnd_before)
{
	/* RFC 5681 §2. Into a shut window only probes go, and their answers tell of no loss. */
	return wnd_before > 0 && seg->ack == c->snd_una && c->snd_una != c->snd_nxt && seg->len == 0 &&
	       wnd_before == c->snd_wnd;
}

/* Nobody took frames for a while since this was sent (a machine that stood still): that is no time of the path. */
static bool
spans_pause(const struct pl_core *core, uint32_t since_sent_us)
{
	return core->resumed > 0 && PL_US(since_sent_us) > core->now - core->resumed;
}

/*
 * Timestamps tell which transmission was answered (RFC 7323 §4), but an echo older than our last
 * transmission may only mean that an earlier ACK was lost: then Karn's rule holds here too.
 */
static void
sample_rtt(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_ledger_acked *a, const struct pl_tcp_seg *seg)
{
	uint32_t since_sent_us = pl_tcp_us(t->core->now) - a->sent_us, ms;
	struct pl_tuple k;

	if (spans_pause(t->core, since_sent_us))
		return;
	if (a->has_sample) {
		pl_tcp_rtt_sample(c, since_sent_us);
		return;
	}
	if (!(c->flags & PL_CF_TS) || !(seg->opt.has & PL_OPT_TS) || seg->opt.tsecr == 0)
		return;
	k = pl_tcp_rec_tuple(&c->rec);
	ms = pl_tcp_tsval(t, &k) - seg->opt.tsecr;
	if (a->octets > a->were_sacked && ms <= since_sent_us / 1000 + 1)
		pl_tcp_rtt_sample(c, PL_MAX(ms, 1u) * 1000);
}

/* Octets leave the ledger and the send queue. */
static void
advance_una(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tcp_seg *seg, struct pl_ack_event *ev)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	struct pl_ledger_acked a;

	if (!pl_seq_lt(c->snd_una, seg->ack))
		return;
	ev->acked.octets = pl_seq_diff(seg->ack, c->snd_una);
	c->snd_una = seg->ack;
	pl_tcp_debt_useful(t, c, ev->acked.octets);
	if (!h)
		return;
	h->has_acked = true;
	PL_WORK(t->core, h->ledger.n);
	a = pl_ledger_ack(&t->core->mem, &h->ledger, seg->ack);
	ev->acked.octets = a.octets;
	ev->newly_sacked -= PL_MIN(ev->newly_sacked, a.were_sacked);
	sample_rtt(t, c, &a, seg);
	pl_sndq_ack(&t->core->mem, &h->sndq, seg->ack);
	if (pl_seq_lt(h->snd_up, c->snd_una))
		h->snd_up = c->snd_una;
	h->t.backoff = 0;
	h->t.stuck_since = c->snd_una == c->snd_nxt ? PL_TIME_NEVER : t->core->now;
	pl_tcp_timer_restart_rtx(t, c);
	pl_tcp_orphan_update(t, c);
	pl_tcp_tell_sent(t, c);
}

/*
 * May the octet of a probe be taken back, as if it had never been sent? Only if it goes again at once, with the text
 * behind it: else its ACK, which may be on its way, would acknowledge something not sent (9293:3.10.7.4/5).
 */
static bool
may_take_back(const struct pl_tcp_conn *c, const struct pl_tcp_hot *h)
{
	uint32_t queued = pl_sndq_len(&h->sndq);

	return pl_seq_diff(c->snd_nxt, c->snd_una) == 1 && !h->fin_sent &&
	       c->snd_wnd >= PL_MIN(queued, pl_tcp_text_mss(c));
}

/*
 * The window came back. One octet in flight is a probe that was refused: it goes again with the text behind it, and
 * Nagle holds nothing back. More than that was lost.
 */
static void
leave_persist(struct pl_tcp *t, struct pl_tcp_conn *c, uint32_t wnd_before)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (h->t.rtx_kind != PL_RTX_PERSIST)
		return;
	if (!(c->flags & PL_CF_ORPHAN))
		h->t.stuck_since =
			t->core->now; /* probes are answered (MUST-37); an orphan has its deadline all the same */
	if (c->snd_wnd == 0)
		return;
	if (wnd_before > 0 && c->snd_una == c->snd_nxt)
		return; /* it waits for the override (9293:3.8.6.2.1), which no ACK may put off */
	h->t.backoff = 0;
	if (may_take_back(c, h)) {
		pl_ledger_clear(&t->core->mem, &h->ledger, c->snd_una);
		c->snd_nxt = c->snd_una;
		h->rec.recover = pl_seq_min(h->rec.recover, c->snd_nxt);
	} else {
		pl_ledger_mark_all_lost(&t->core->mem, &h->ledger, false);
	}
	pl_tcp_timer_restart_rtx(t, c);
}

static void
take_ack(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tcp_seg *seg)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	struct pl_ack_event ev = {.acked.segments = seg->acks, .flight_before = pl_seq_diff(c->snd_nxt, c->snd_una)};
	pl_seq una_before = c->snd_una;
	uint32_t wnd_before = c->snd_wnd;

	if (h && c->flags & PL_CF_SACK)
		ev.newly_sacked = pl_tcp_recovery_sacks(t, c, seg);
	ev.has_tsecr = c->flags & PL_CF_TS && seg->opt.has & PL_OPT_TS && seg->opt.tsecr;
	ev.tsecr = seg->opt.tsecr;
	advance_una(t, c, seg, &ev);
	take_window(c, seg, una_before);
	if (!h)
		return;
	ev.is_dup = una_before == c->snd_una &&
	            (is_duplicate_ack(c, seg, wnd_before) || (ev.newly_sacked > 0 && seg->ack == c->snd_una));
	leave_persist(t, c, wnd_before);
	if (ev.flight_before > 0)
		pl_tcp_recovery_acked(t, c, &ev);
	if (pl_sndq_len(&h->sndq) > 0 || h->sndq.fin)
		pl_tcp_want(t, c, PL_WANT_OUTPUT);
}

/* ---- what that moves ---- */

static bool
is_our_fin_acked(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	return c->snd_una == c->snd_nxt && h && h->fin_sent;
}

static enum pl_step
after_fin_acked(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	switch (c->rec.state) {
	case PLIM_FIN_WAIT_1:
		pl_tcp_set_state(t, &c->rec, PLIM_FIN_WAIT_2);
		if (c->flags & PL_CF_ORPHAN)
			h->t.expire_at = t->core->now + PL_MS(t->core->conf.fin_wait_2_timeout_ms);
		pl_tcp_timer_arm(t, c);
		return PL_STEP_CONTINUE;
	case PLIM_CLOSING: pl_tcp_begin_timewait(t, c); return PL_STEP_DROP;
	case PLIM_LAST_ACK:
		if (pl_tcp_unread(t, c) == 0) /* else the application reads first: see user.c */
			pl_tcp_conn_end(t, c, 0, 0);
		return PL_STEP_DROP;
	default: return PL_STEP_CONTINUE;
	}
}

/* SYN_RECEIVED of a simultaneous open. */
static enum pl_step
complete_open(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	if (seg->ack != c->snd_nxt) {
		(void)PL_DROP(t->core, tcp_bad_ack);
		pl_tcp_reply_reset(t, pkt, seg);
		return PL_STEP_DROP;
	}
	pl_tcp_syn_remove(t, c);
	c->srtt_us = c->rttvar_us = 0;
	c->probes = 0;
	c->snd_una = seg->ack;
	c->snd_wnd = seg->wnd;
	pl_conn_note_snd_wnd(c);
	c->snd_wl1 = seg->seq;
	c->snd_wl2 = seg->ack;
	pl_tcp_set_state(t, &c->rec, PLIM_ESTABLISHED);
	pl_tcp_established(t, c);
	return PL_STEP_CONTINUE;
}

enum pl_step
pl_tcp_step_ack(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	struct pl_ack_view v = {c->snd_una, c->snd_nxt, pl_conn_max_snd_wnd(c)};

	if (!(seg->flags & PL_TH_ACK)) {
		(void)PL_DROP(t->core, tcp_no_ack);
		return PL_STEP_DROP;
	}
	if (c->rec.state == PLIM_SYN_RECEIVED && complete_open(t, c, pkt, seg) == PL_STEP_DROP)
		return PL_STEP_DROP;
	v.snd_una = c->snd_una;
	if (pl_tcp_decide_ack(&v, seg->ack) != PL_STEP_CONTINUE) {
		(void)PL_DROP(t->core, tcp_bad_ack);
		pl_tcp_challenge(t, c, pkt);
		return PL_STEP_DROP;
	}
	take_ack(t, c, seg);
	return is_our_fin_acked(t, c) ? after_fin_acked(t, c) : PL_STEP_CONTINUE;
}
