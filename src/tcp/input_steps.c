/* SPDX-License-Identifier: ISC */
/*
 * §3.10.7.4, in its order: PAWS, sequence, RST, SYN, ACK, URG, text, FIN. (Third,
 * security, is IPsec's.) Works on the idle form too; only text beyond what is
 * stored inflates it.
 */
#include "mem/prove.h"
#include "tcp/closing.h"
#include "tcp/form.h"
#include "tcp/reply.h"
#include "tcp/state.h"
#include "tcp/steps.h"
#include "tcp/timer.h"
#include "tcp/timewait.h"
#include "tcp/window.h"

static struct pl_rcv_view
rcv_view(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	pl_seq edge = PL_WITHOUT(t->core, max_edge) ? c->adv_edge : pl_tcp_furthest_edge(t, c);

	return (struct pl_rcv_view){c->rcv_nxt, edge, c->last_ack_sent};
}

static uint32_t
ts_age(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	return pl_tcp_ts_age_ms(t->core->now, c->ts_recent_at);
}

static bool
has_timestamp(const struct pl_tcp_conn *c, const struct pl_tcp_seg *seg)
{
	return c->flags & PL_CF_TS && seg->opt.has & PL_OPT_TS;
}

/* RFC 7323 §5.3 R1. */
static enum pl_step
step_paws(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	if (seg->flags & PL_TH_RST || !has_timestamp(c, seg))
		return PL_STEP_CONTINUE;
	if (!pl_tcp_is_old_timestamp(c->ts_recent, ts_age(t, c), seg->opt.tsval))
		return PL_STEP_CONTINUE;
	(void)PL_DROP(t->core, tcp_paws);
	if (seg->text.len > 0)
		pl_tcp_ack_now(t, c, pkt);
	else
		pl_tcp_challenge(t, c, pkt);
	return PL_STEP_DROP;
}

/* First: sequence number. */
static enum pl_step
step_sequence(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	struct pl_rcv_view v = rcv_view(t, c);

	if (pl_tcp_is_acceptable(&v, seg->seq, seg->len))
		return PL_STEP_CONTINUE;
	if (seg->flags & PL_TH_RST) {
		(void)PL_DROP(t->core, tcp_rst_outside);
		return PL_STEP_DROP;
	}
	(void)PL_DROP(t->core, tcp_outside_window);
	/* ACKs of segments with text are not rate-limited: they repair; others could loop. */
	if (seg->text.len > 0)
		pl_tcp_ack_now(t, c, pkt);
	else
		pl_tcp_challenge(t, c, pkt);
	return PL_STEP_DROP;
}

/* RFC 7323 §5.3 R3. */
static void
step_timestamp(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tcp_seg *seg)
{
	if (!has_timestamp(c, seg))
		return;
	if (!pl_tcp_may_take_timestamp(c->ts_recent, ts_age(t, c), seg->opt.tsval, seg->seq, c->last_ack_sent))
		return;
	c->ts_recent = seg->opt.tsval;
	c->ts_recent_at = pl_tcp_ts_clock(t->core->now);
}

/* Both FINs are acknowledged: CLOSED, but for text that the application has not read. */
static bool
is_only_read_from(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	return c->rec.state == PLIM_LAST_ACK && h && h->fin_sent && c->snd_una == c->snd_nxt;
}

/* Second: RST. */
static enum pl_step
step_rst(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	struct pl_rcv_view v = rcv_view(t, c);
	enum pl_step step;

	if (!(seg->flags & PL_TH_RST))
		return PL_STEP_CONTINUE;
	PL_TCP_COUNT(t->core, resets_in);
	step = pl_tcp_decide_rst(&v, seg->seq);
	switch (step == PL_STEP_CHALLENGE && PL_WITHOUT(t->core, rst_exact) ? PL_STEP_RESET : step) {
	case PL_STEP_RESET:
		if (c->rec.state == PLIM_TIME_WAIT) {
			(void)PL_DROP(t->core, tcp_timewait_rst); /* RFC 1337 */
			return PL_STEP_DROP;
		}
		if (is_only_read_from(t, c)) {
			(void)PL_DROP(t->core, tcp_no_connection); /* 9293:3.10.7.1 */
			return PL_STEP_DROP;
		}
		pl_tcp_conn_end(t, c, c->rec.state == PLIM_SYN_RECEIVED ? -PLIM_EREFUSED : -PLIM_ERESET, 0);
		return PL_STEP_DROP;
	case PL_STEP_CHALLENGE:
		(void)PL_DROP(t->core, tcp_rst_challenged);
		pl_tcp_challenge(t, c, pkt);
		return PL_STEP_DROP;
	default: (void)PL_DROP(t->core, tcp_rst_outside); return PL_STEP_DROP;
	}
}

/* Fourth: SYN (RFC 5961 §4). */
static enum pl_step
step_syn(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	if (!(seg->flags & PL_TH_SYN))
		return PL_STEP_CONTINUE;
	if (c->rec.state == PLIM_SYN_RECEIVED && pl_seq_add(seg->seq, 1) == c->rcv_nxt) {
		if (seg->flags & PL_TH_ACK)
			return PL_STEP_CONTINUE; /* the other half of a simultaneous open */
		pl_tcp_syn_push(t, c);
		return PL_STEP_DROP;
	}
	(void)PL_DROP(t->core, tcp_syn_challenged);
	pl_tcp_challenge(t, c, pkt);
	return PL_STEP_DROP;
}

/* Sixth: URG (§3.8.5). The pointer is one number; text stays in the stream. */
static void
step_urg(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tcp_seg *seg)
{
	pl_seq up = pl_seq_add(seg->seq, seg->urg);
	struct pl_tcp_hot *h;

	if (!(seg->flags & PL_TH_URG) || !pl_tcp_is_receiving(c->rec.state) || !pl_seq_lt(c->rcv_nxt, up))
		return;
	h = pl_tcp_inflate(t, c, PL_GRANT_NORMAL);
	if (!h || (h->urgent && pl_seq_le(up, h->rcv_up)))
		return;
	h->rcv_up = up;
	h->urgent = true;
	pl_tcp_tell(t, c, PLIM_EV_URGENT); /* MUST-32 */
}

void
pl_tcp_begin_timewait(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tcp_hot *h = NULL;

	pl_tcp_set_state(t, &c->rec, PLIM_TIME_WAIT);
	if (!(c->flags & PL_CF_ORPHAN))
		h = pl_tcp_inflate(t, c, PL_GRANT_RESERVE);
	if (!h) {
		pl_tcp_timewait_enter(t, c);
		return;
	}
	h->t.expire_at = t->core->now + PL_MS(2 * t->core->conf.msl_ms);
	h->t.stuck_since = t->core->now;
	h->t.rtx_kind = PL_RTX_OFF;
	h->t.rtx_at = PL_TIME_NEVER;
	pl_tcp_timer_arm(t, c);
}

/* A full record in TIME_WAIT, whose application has not let go yet. */
static void
in_timewait(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	pl_time two_msl = PL_MS(2 * t->core->conf.msl_ms);

	if (seg->len == 0)
		return;
	/* 9293:3.10.7.4/8, 4 MSL in all as in the small form; once it expired with text to read, it stays so. */
	if (h && seg->flags & PL_TH_FIN && t->core->now - h->t.stuck_since <= two_msl &&
	    h->t.expire_at != PL_TIME_NEVER) {
		h->t.expire_at = t->core->now + two_msl;
		pl_tcp_timer_arm(t, c);
	}
	pl_tcp_ack_now(t, c, pkt);
}

static enum pl_step
first_steps(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	enum pl_step s = step_paws(t, c, pkt, seg);

	if (s == PL_STEP_CONTINUE)
		s = step_sequence(t, c, pkt, seg);
	if (s != PL_STEP_CONTINUE)
		return s;
	step_timestamp(t, c, seg);
	s = step_rst(t, c, pkt, seg);
	return s == PL_STEP_CONTINUE ? step_syn(t, c, pkt, seg) : s;
}

bool
pl_tcp_settle(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	return pl_tcp_closing_can(t, c) && pl_tcp_closing_enter(t, c);
}

void
pl_tcp_steps(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, struct pl_tcp_seg *seg)
{
	if (!(seg->flags & PL_TH_SYN))
		seg->wnd <<= pl_conn_snd_shift(c); /* the field of a SYN is never scaled (RFC 7323 §2.2) */
	if (first_steps(t, c, pkt, seg) != PL_STEP_CONTINUE)
		return;
	if (seg->flags & PL_TH_SYN) /* of a simultaneous open: its text begins one further on */
		seg->seq = pl_seq_add(seg->seq, 1);
	c->heard_ms = pl_tcp_ms(t->core->now);
	c->probes = 0;
	pl_tcp_touch(t, c);
	if (c->rec.state == PLIM_TIME_WAIT) {
		in_timewait(t, c, pkt, seg);
		return;
	}
	if (pl_tcp_step_ack(t, c, pkt, seg) != PL_STEP_CONTINUE)
		return;
	step_urg(t, c, seg);
	if (pl_tcp_step_text(t, c, pkt, seg) != PL_STEP_CONTINUE)
		return;
	if (pl_tcp_step_fin(t, c, pkt, seg) != PL_STEP_CONTINUE)
		return;
	(void)pl_tcp_settle(t, c);
}
