/* SPDX-License-Identifier: ISC */
/* Closing without data: see closing.h. */
#include "tcp/closing.h"

#include "base/addr.h"
#include "mem/level.h"
#include "mem/prove.h"
#include "tcp/decide.h"
#include "tcp/form.h"
#include "tcp/reply.h"
#include "tcp/rtt.h"
#include "tcp/state.h"
#include "tcp/table.h"
#include "tcp/tidy.h"
#include "tcp/timer.h"
#include "tcp/timewait.h"
#include "tcp/window.h"

static enum pl_obj
closing_type(uint8_t family)
{
	return family == 4 ? PL_OBJ_closing4 : PL_OBJ_closing6;
}

void
pl_tcp_closing_free(struct pl_tcp *t, struct pl_tcp_closing *cl)
{
	pl_tcp_table_remove(t, &cl->rec);
	pl_tcp_state_gone(t, &cl->rec);
	cl->rec.kind = PL_REC_FREE;
	t->n_closing--;
	pl_mem_free(&t->core->mem, closing_type(cl->rec.family), pl_tcp_id(t, cl));
	pl_tcp_tidy_note(t, closing_type(cl->rec.family));
}

static bool
is_closing_state(enum plim_state s)
{
	return s == PLIM_FIN_WAIT_1 || s == PLIM_FIN_WAIT_2 || s == PLIM_CLOSING || s == PLIM_LAST_ACK;
}

bool
pl_tcp_closing_can(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (!(c->flags & PL_CF_ORPHAN) || !is_closing_state(c->rec.state) || c->opt)
		return false;
	if (!h)
		return c->rec.state == PLIM_FIN_WAIT_2;
	return h->fin_sent && pl_sndq_len(&h->sndq) == 0 && h->rcvq.n == 0 && !(h->want & PL_WANT_ACK_NOW) &&
	       h->t.ack_at == PL_TIME_NEVER;
}

static uint64_t
whole_ms(const struct pl_tcp *t, enum plim_state s)
{
	return s == PLIM_FIN_WAIT_2 ? t->core->conf.fin_wait_2_timeout_ms : t->core->conf.orphan_timeout_ms;
}

/* The deadline in force: shorter under pressure, counted from the same start (DESIGN section 6). */
static uint32_t
expire_ms(const struct pl_tcp *t, const struct pl_tcp_closing *cl)
{
	const struct plim_config *conf = &t->core->conf;
	uint64_t full = whole_ms(t, cl->rec.state);
	uint64_t pressed = cl->rec.state == PLIM_FIN_WAIT_2 ? conf->fin_wait_2_pressed_ms : conf->orphan_pressed_ms;

	if (pl_level(t->core) < PL_L2 || full <= pressed)
		return cl->expire_ms;
	return cl->expire_ms - (uint32_t)(full - pressed);
}

bool
pl_tcp_closing_enter(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	pl_id id = pl_mem_calloc(&t->core->mem, closing_type(c->rec.family), PL_GRANT_NORMAL);
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	struct pl_tcp_closing *cl;
	int32_t ahead_ms;
	pl_time now = t->core->now, expire = now + PL_MS(whole_ms(t, c->rec.state));

	if (!id)
		return false;
	cl = pl_mem_ptr(&t->core->mem, id);
	cl->rec = c->rec;
	cl->rec.kind = PL_REC_CLOSING;
	memcpy(pl_tcp_rec_raddr_mut(&cl->rec), pl_tcp_rec_raddr(&c->rec), pl_addr_len(c->rec.family));
	cl->snd_nxt = c->snd_nxt;
	cl->rcv_nxt = c->rcv_nxt;
	cl->max_edge = c->max_edge;
	cl->ts_recent = c->ts_recent;
	cl->wscale = c->wscale;
	cl->wnd = pl_tcp_window_advertise(t, c);
	cl->bits = (c->flags & PL_CF_TS ? PL_CLOSING_TS : 0) | (c->snd_una == c->snd_nxt ? PL_CLOSING_FIN_ACKED : 0);
	if (pl_tcp_is_outdated(pl_tcp_ts_age_ms(now, c->ts_recent_at)))
		cl->bits |= PL_CLOSING_TS_OLD;
	cl->rto_ms = (uint32_t)(pl_tcp_rto(c, &t->core->conf, h ? h->t.backoff : 0) / 1000000);
	cl->resend_ms = pl_tcp_ms(now) + cl->rto_ms;
	if (h && h->t.expire_at != PL_TIME_NEVER)
		expire = h->t.expire_at;
	cl->expire_ms = pl_tcp_ms(expire);
	pl_tcp_conn_free(t, c);
	pl_tcp_state_born(t, &cl->rec, cl->rec.state);
	pl_tcp_table_insert(t, &cl->rec);
	t->n_closing++;
	ahead_ms = (int32_t)(expire_ms(t, cl) - pl_tcp_ms(now)); /* may have passed: it is shorter under pressure */
	expire = now + PL_MS(PL_MAX(ahead_ms, 0));
	pl_tcp_hand_note(t, cl->bits & PL_CLOSING_FIN_ACKED ? expire : PL_MIN(expire, now + PL_MS(cl->rto_ms)));
	return true;
}

static void
send_state(struct pl_tcp *t, const struct pl_tcp_closing *cl, const struct pl_pkt *pkt, bool fin)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&cl->rec);
	struct pl_tcp_reply r = pl_tcp_reply_for(t, &k, cl->bits & PL_CLOSING_TS, cl->ts_recent);

	r.flags = PL_TH_ACK | (fin ? PL_TH_FIN : 0);
	r.seq = fin ? cl->snd_nxt - 1 : cl->snd_nxt;
	r.ack = cl->rcv_nxt;
	r.wnd = cl->wnd;
	(void)pl_tcp_reply_push(t, &k, pkt, &r);
}

static void
challenge(struct pl_tcp *t, const struct pl_tcp_closing *cl, const struct pl_pkt *pkt)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&cl->rec);

	if (pl_tcp_may_challenge(t, &k))
		send_state(t, cl, pkt, false);
}

/* A segment that is dropped: one with text is always answered, which ends its repeats; others in measure. */
static void
answer(struct pl_tcp *t, const struct pl_tcp_closing *cl, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	if (seg->text.len > 0)
		send_state(t, cl, pkt, false);
	else
		challenge(t, cl, pkt);
}

/* RFC 7323 §5.3 R1. */
static bool
is_old_timestamp(const struct pl_tcp_closing *cl, const struct pl_tcp_seg *seg)
{
	return (cl->bits & (PL_CLOSING_TS | PL_CLOSING_TS_OLD)) == PL_CLOSING_TS && seg->opt.has & PL_OPT_TS &&
	       pl_tcp_is_old_timestamp(cl->ts_recent, 0, seg->opt.tsval);
}

/* Steps one to four of §3.10.7.4 on the small form. False: the segment is done with. */
static bool
may_go_on(struct pl_tcp *t, struct pl_tcp_closing *cl, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	struct pl_rcv_view v = {cl->rcv_nxt, cl->max_edge, cl->rcv_nxt};
	enum pl_step step;

	if (!(seg->flags & PL_TH_RST) && is_old_timestamp(cl, seg)) {
		(void)PL_DROP(t->core, tcp_paws);
		answer(t, cl, pkt, seg);
		return false;
	}
	if (!pl_tcp_is_acceptable(&v, seg->seq, seg->len)) {
		(void)PL_DROP(t->core, tcp_outside_window);
		if (!(seg->flags & PL_TH_RST))
			answer(t, cl, pkt, seg);
		return false;
	}
	if (seg->flags & PL_TH_RST) {
		step = pl_tcp_decide_rst(&v, seg->seq);
		PL_TCP_COUNT(t->core, resets_in);
		if (step == PL_STEP_RESET)
			pl_tcp_closing_free(t, cl);
		else if (step == PL_STEP_CHALLENGE)
			challenge(t, cl, pkt);
		return false;
	}
	if (seg->flags & PL_TH_SYN) {
		(void)PL_DROP(t->core, tcp_syn_challenged);
		challenge(t, cl, pkt);
		return false;
	}
	return seg->flags & PL_TH_ACK;
}

/* Fifth: our FIN was acknowledged. False: the record is gone. */
static bool
take_fin_ack(struct pl_tcp *t, struct pl_tcp_closing *cl)
{
	cl->bits |= PL_CLOSING_FIN_ACKED;
	switch (cl->rec.state) {
	case PLIM_LAST_ACK: pl_tcp_closing_free(t, cl); return false;
	case PLIM_CLOSING:
		pl_tcp_set_state(t, &cl->rec, PLIM_TIME_WAIT);
		pl_tcp_timewait_from_closing(t, cl);
		return false;
	case PLIM_FIN_WAIT_1:
		pl_tcp_set_state(t, &cl->rec, PLIM_FIN_WAIT_2);
		cl->expire_ms = pl_tcp_ms(t->core->now) + (uint32_t)whole_ms(t, PLIM_FIN_WAIT_2);
		pl_tcp_hand_note(t, t->core->now + PL_MS(whole_ms(t, PLIM_FIN_WAIT_2)));
		return true;
	default: return true;
	}
}

/* Eighth: the peer's FIN at RCV.NXT. */
static void
take_fin(struct pl_tcp *t, struct pl_tcp_closing *cl, const struct pl_pkt *pkt)
{
	cl->rcv_nxt = pl_seq_add(cl->rcv_nxt, 1);
	cl->max_edge = pl_seq_max(cl->max_edge, cl->rcv_nxt);
	send_state(t, cl, pkt, false);
	if (cl->rec.state == PLIM_FIN_WAIT_1) {
		pl_tcp_set_state(t, &cl->rec, PLIM_CLOSING);
	} else if (cl->rec.state == PLIM_FIN_WAIT_2) {
		pl_tcp_set_state(t, &cl->rec, PLIM_TIME_WAIT);
		pl_tcp_timewait_from_closing(t, cl);
	}
}

/* Nobody will read what comes now (SHLD-3). */
static void
refuse_text(struct pl_tcp *t, struct pl_tcp_closing *cl, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	(void)PL_DROP(t->core, tcp_text_after_close);
	pl_tcp_reply_reset(t, pkt, seg);
	pl_tcp_closing_free(t, cl);
}

void
pl_tcp_closing_input(struct pl_tcp *t, struct pl_tcp_closing *cl, const struct pl_pkt *pkt,
                     const struct pl_tcp_seg *seg)
{
	if (!may_go_on(t, cl, pkt, seg))
		return;
	if (seg->opt.has & PL_OPT_TS && pl_seq_le(seg->seq, cl->rcv_nxt)) {
		cl->ts_recent = seg->opt.tsval;
		cl->bits &= (uint8_t)~PL_CLOSING_TS_OLD;
	}
	if (pl_seq_lt(cl->snd_nxt, seg->ack)) {
		(void)PL_DROP(t->core, tcp_bad_ack);
		answer(t, cl, pkt, seg);
		return;
	}
	if (seg->ack == cl->snd_nxt && !(cl->bits & PL_CLOSING_FIN_ACKED) && !take_fin_ack(t, cl))
		return;
	if (cl->rec.state != PLIM_FIN_WAIT_1 && cl->rec.state != PLIM_FIN_WAIT_2) {
		if (seg->len > 0)
			send_state(t, cl, pkt, false);
		return;
	}
	if (seg->text.len > 0 && pl_seq_lt(cl->rcv_nxt, pl_seq_add(seg->seq, (uint32_t)seg->text.len)) &&
	    !PL_WITHOUT(t->core, rst_after_close))
		refuse_text(t, cl, pkt, seg);
	else if (seg->flags & PL_TH_FIN && pl_seq_add(seg->seq, (uint32_t)seg->text.len) == cl->rcv_nxt)
		take_fin(t, cl, pkt);
	else if (seg->len > 0)
		send_state(t, cl, pkt, false); /* text we had, or a FIN beyond a hole */
}

static bool
is_expired(const struct pl_tcp *t, const struct pl_tcp_closing *cl, uint32_t now_ms)
{
	bool is_fin_wait_2 = cl->rec.state == PLIM_FIN_WAIT_2;

	if ((PL_WITHOUT(t->core, deadline_fin_wait_2) && is_fin_wait_2) ||
	    (PL_WITHOUT(t->core, deadline_closing) && !is_fin_wait_2))
		return false;
	return (int32_t)(now_ms - expire_ms(t, cl)) >= 0;
}

pl_time
pl_tcp_closing_visit(struct pl_tcp *t, struct pl_tcp_closing *cl, pl_time now)
{
	uint32_t now_ms = pl_tcp_ms(now), until, resend;

	if (is_expired(t, cl, now_ms)) {
		pl_tcp_closing_free(t, cl);
		return PL_TIME_NEVER;
	}
	until = expire_ms(t, cl) - now_ms;
	if (cl->bits & PL_CLOSING_FIN_ACKED)
		return now + PL_MS(until);
	if ((int32_t)(now_ms - cl->resend_ms) >= 0) {
		send_state(t, cl, NULL, true);
		PL_TCP_COUNT(t->core, retransmitted);
		cl->rto_ms = (uint32_t)PL_MIN(2u * cl->rto_ms, t->core->conf.rto_max_ms);
		cl->resend_ms = now_ms + cl->rto_ms;
	}
	resend = cl->resend_ms - now_ms;
	return now + PL_MS(PL_MIN(until, resend));
}

bool
pl_tcp_closing_from_idle(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&c->rec);
	enum plim_state before = c->rec.state;
	struct pl_tcp_rec *r;

	pl_tcp_set_state(t, &c->rec, before == PLIM_CLOSE_WAIT ? PLIM_LAST_ACK : PLIM_FIN_WAIT_1);
	c->snd_nxt = pl_seq_add(c->snd_nxt, 1);
	if (!pl_tcp_closing_enter(t, c)) {
		c->snd_nxt = c->snd_una;
		pl_tcp_state_gone(t, &c->rec);
		pl_tcp_state_born(t, &c->rec, before);
		return false;
	}
	r = pl_tcp_table_find(t, &k);
	if (!PL_NEVER(!r))
		send_state(t, (struct pl_tcp_closing *)r, NULL, true);
	return true;
}
