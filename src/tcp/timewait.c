/* SPDX-License-Identifier: ISC */
/* TIME_WAIT in its small form: see timewait.h. */
#include "tcp/timewait.h"

#include "base/addr.h"
#include "mem/prove.h"
#include "tcp/closing.h"
#include "tcp/decide.h"
#include "tcp/form.h"
#include "tcp/reply.h"
#include "tcp/state.h"
#include "tcp/table.h"
#include "tcp/tidy.h"
#include "tcp/window.h"

#define AGE_UNITS 64u     /* of 2 MSL */
#define ISS_STEP 0x10000u /* a taken-over tuple begins so far above the old SND.NXT */

static struct pl_tcp_timewait *
tw_at(const struct pl_tcp *t, pl_id id)
{
	return pl_mem_ptr(&t->core->mem, id);
}

static enum pl_obj
tw_type(uint8_t family)
{
	return family == 4 ? PL_OBJ_tw4 : PL_OBJ_tw6;
}

void
pl_tcp_timewait_free(struct pl_tcp *t, struct pl_tcp_timewait *w)
{
	pl_list_remove(&t->core->mem, &t->timewait, pl_tcp_id(t, w));
	pl_tcp_table_remove(t, &w->rec);
	pl_tcp_state_gone(t, &w->rec);
	w->rec.kind = PL_REC_FREE;
	t->n_timewait--;
	pl_mem_free(&t->core->mem, tw_type(w->rec.family), pl_tcp_id(t, w));
	pl_tcp_tidy_note(t, tw_type(w->rec.family));
}

/* ---- entering ---- */

static uint32_t
two_msl_ms(const struct pl_tcp *t)
{
	return (uint32_t)(2 * t->core->conf.msl_ms);
}

/* A record: fresh, or in place of the oldest of its size. */
static struct pl_tcp_timewait *
new_record(struct pl_tcp *t, uint8_t family)
{
	pl_id id = pl_mem_calloc(&t->core->mem, tw_type(family), PL_GRANT_NORMAL);

	for (pl_id at = t->timewait.head; !id && at; at = tw_at(t, at)->order.next) {
		if (tw_at(t, at)->rec.family != family)
			continue;
		pl_tcp_timewait_free(t, tw_at(t, at));
		PL_ACTION(t->core, timewait_replaced);
		id = pl_mem_calloc(&t->core->mem, tw_type(family), PL_GRANT_NORMAL);
		break;
	}
	return id ? tw_at(t, id) : NULL;
}

static void
adopt(struct pl_tcp *t, struct pl_tcp_timewait *w, const struct pl_tcp_rec *old)
{
	const uint8_t *raddr = pl_tcp_rec_raddr(old);

	w->rec = (struct pl_tcp_rec){.kind = PL_REC_TIMEWAIT,
	                             .laddr = old->laddr,
	                             .family = old->family,
	                             .lport = old->lport,
	                             .rport = old->rport};
	memcpy(pl_tcp_rec_raddr_mut(&w->rec), raddr, pl_addr_len(old->family));
	w->expire_ms = pl_tcp_ms(t->core->now) + two_msl_ms(t);
	pl_tcp_state_born(t, &w->rec, PLIM_TIME_WAIT);
	pl_list_push(&t->core->mem, &t->timewait, pl_tcp_id(t, w));
	t->n_timewait++;
}

void
pl_tcp_timewait_enter(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	struct pl_tcp_timewait *w = new_record(t, c->rec.family);

	if (h && h->want & PL_WANT_ACK_NOW) /* the ACK of the peer's FIN must not go with the hot part */
		pl_tcp_ack_through_ring(t, c);
	if (w) {
		w->snd_nxt = c->snd_nxt;
		w->rcv_nxt = c->rcv_nxt;
		w->ts_recent = c->ts_recent;
		w->has_ts = (c->flags & PL_CF_TS) != 0;
		w->wnd = pl_tcp_window_advertise(t, c);
		adopt(t, w, &c->rec);
	}
	pl_tcp_conn_end(t, c, 0, 0);
	if (w)
		pl_tcp_table_insert(t, &w->rec);
}

void
pl_tcp_timewait_from_closing(struct pl_tcp *t, struct pl_tcp_closing *cl)
{
	struct pl_tcp_timewait *w = new_record(t, cl->rec.family);

	if (w) {
		w->snd_nxt = cl->snd_nxt;
		w->rcv_nxt = cl->rcv_nxt;
		w->ts_recent = cl->ts_recent;
		w->has_ts = cl->bits & PL_CLOSING_TS;
		w->wnd = cl->wnd;
		adopt(t, w, &cl->rec);
	}
	pl_tcp_closing_free(t, cl);
	if (w)
		pl_tcp_table_insert(t, &w->rec);
}

/* ---- segments ---- */

static void
send_ack(struct pl_tcp *t, const struct pl_tcp_timewait *w, const struct pl_pkt *pkt)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&w->rec);
	struct pl_tcp_reply r = pl_tcp_reply_for(t, &k, w->has_ts, w->ts_recent);

	r.flags = PL_TH_ACK;
	r.seq = w->snd_nxt;
	r.ack = w->rcv_nxt;
	r.wnd = w->wnd;
	(void)pl_tcp_reply_push(t, &k, pkt, &r);
}

/* 9293:3.10.7.4/8: a repeated FIN restarts the 2 MSL timer; 4 MSL in all. */
static void
restart(struct pl_tcp *t, struct pl_tcp_timewait *w)
{
	int32_t due = (int32_t)(w->expire_ms - pl_tcp_ms(t->core->now)); /* overdue: below 0 */
	uint32_t all = PL_MAX(two_msl_ms(t), 1u), ran = all - PL_MIN((uint32_t)PL_MAX(due, 0), all);
	uint32_t age = w->age + (uint32_t)((uint64_t)ran * AGE_UNITS / all) + 1;

	if (age > AGE_UNITS)
		return;
	w->age = (uint8_t)age;
	w->expire_ms = pl_tcp_ms(t->core->now) + two_msl_ms(t);
	pl_list_remove(&t->core->mem, &t->timewait, pl_tcp_id(t, w));
	pl_list_push(&t->core->mem, &t->timewait, pl_tcp_id(t, w));
}

void
pl_tcp_timewait_input(struct pl_tcp *t, struct pl_tcp_timewait *w, const struct pl_pkt *pkt,
                      const struct pl_tcp_seg *seg)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&w->rec);
	bool repairs; /* text and FIN: an ACK ends their repeats */

	if (seg->flags & PL_TH_RST) { /* RFC 1337 */
		(void)PL_DROP(t->core, tcp_timewait_rst);
		return;
	}
	if (seg->flags & PL_TH_FIN && pl_seq_add(seg->seq, seg->len) == w->rcv_nxt)
		restart(t, w);
	repairs = seg->len > 0 && !(seg->flags & PL_TH_SYN);
	if (repairs || seg->flags & PL_TH_SYN || seg->seq != w->rcv_nxt) {
		(void)PL_DROP(t->core, tcp_outside_window);
		if (repairs || pl_tcp_may_challenge(t, &k))
			send_ack(t, w, pkt);
	}
}

/* ---- taking a tuple over ---- */

/* What the rule looks at, in either form. */
struct tw_view {
	pl_seq snd_nxt, rcv_nxt;
	uint32_t ts_recent;
	bool has_ts;
};

static bool
may_take_over(const struct tw_view *v, const struct pl_tcp_seg *seg)
{
	return (seg->flags & (PL_TH_SYN | PL_TH_ACK | PL_TH_RST | PL_TH_FIN)) == PL_TH_SYN &&
	       pl_tcp_may_take_over(v->has_ts, v->ts_recent, seg->opt.has & PL_OPT_TS, seg->opt.tsval, v->rcv_nxt,
	                            seg->seq);
}

/* A full record, whose application has not let go yet, gives way too, unless there is text to read. */
static bool
end_record(struct pl_tcp *t, struct pl_tcp_rec *r)
{
	if (r->kind == PL_REC_TIMEWAIT) {
		pl_tcp_timewait_free(t, (struct pl_tcp_timewait *)r);
		return true;
	}
	if (pl_tcp_unread(t, (struct pl_tcp_conn *)r) > 0)
		return false;
	pl_tcp_conn_end(t, (struct pl_tcp_conn *)r, 0, 0);
	return true;
}

bool
pl_tcp_timewait_take_over(struct pl_tcp *t, struct pl_tcp_rec *r, const struct pl_tcp_seg *seg, pl_seq *iss_floor)
{
	const struct pl_tcp_timewait *w = (const struct pl_tcp_timewait *)r;
	const struct pl_tcp_conn *c = (const struct pl_tcp_conn *)r;
	struct tw_view v;

	if (r->kind == PL_REC_TIMEWAIT)
		v = (struct tw_view){w->snd_nxt, w->rcv_nxt, w->ts_recent, w->has_ts};
	else
		v = (struct tw_view){c->snd_nxt, c->rcv_nxt, c->ts_recent, c->flags & PL_CF_TS};
	if (PL_WITHOUT(t->core, timewait_reuse) || !may_take_over(&v, seg) ||
	    !pl_tcp_table_listener(t, r->laddr, r->family, r->lport) || !end_record(t, r))
		return false;
	*iss_floor = pl_seq_add(v.snd_nxt, ISS_STEP) | 1;
	PL_TCP_COUNT(t->core, timewait_reused);
	return true;
}

bool
pl_tcp_timewait_may_reuse(struct pl_tcp *t, struct pl_tcp_timewait *w, pl_seq *iss_floor)
{
	uint32_t ran = two_msl_ms(t) - (w->expire_ms - pl_tcp_ms(t->core->now));

	/* Our own timestamp clock has moved on by at least one tick: the peer can tell old from new. */
	if (!w->has_ts || ran < 1000 || PL_WITHOUT(t->core, timewait_reuse))
		return false;
	*iss_floor = pl_seq_add(w->snd_nxt, ISS_STEP) | 1;
	PL_TCP_COUNT(t->core, timewait_reused);
	pl_tcp_timewait_free(t, w);
	return true;
}

/* ---- time ---- */

static bool
is_over(const struct pl_tcp_timewait *w, pl_time now)
{
	return (int32_t)(pl_tcp_ms(now) - w->expire_ms) >= 0;
}

void
pl_tcp_timewait_poll(struct pl_tcp *t, pl_time now, unsigned *budget)
{
	while (t->timewait.head && *budget > 0 && is_over(tw_at(t, t->timewait.head), now) &&
	       !PL_WITHOUT(t->core, deadline_time_wait)) {
		pl_tcp_timewait_free(t, tw_at(t, t->timewait.head));
		*budget -= 1;
	}
}

pl_time
pl_tcp_timewait_deadline(const struct pl_tcp *t)
{
	uint32_t left;

	if (!t->timewait.head || PL_WITHOUT(t->core, deadline_time_wait))
		return PL_TIME_NEVER;
	left = tw_at(t, t->timewait.head)->expire_ms - pl_tcp_ms(t->core->now);
	return (int32_t)left <= 0 ? t->core->now : t->core->now + PL_MS(left);
}
