/* SPDX-License-Identifier: ISC */
/* Half-open connections: the segment that completes a handshake, by its entry or by its cookie. See syncache.h. */
#include "tcp/tcp.h"

#include "base/addr.h"
#include "mem/prove.h"
#include "tcp/admit.h"
#include "tcp/cookie.h"
#include "tcp/decide.h"
#include "tcp/form.h"
#include "tcp/isn.h"
#include "tcp/listener.h"
#include "tcp/open.h"
#include "tcp/reply.h"
#include "tcp/rtt.h"
#include "tcp/state.h"
#include "tcp/table.h"
#include "tcp/window.h"

static struct pl_tcp_conn *
establish(struct pl_tcp *t, struct pl_tcp_listener *l, const struct pl_tuple *k, const struct pl_handshake *hs,
          const struct pl_tcp_seg *seg)
{
	struct pl_tcp_conn *c;

	if (pl_tcp_listener_is_full(l)) {
		(void)PL_DROP(t->core, syn_backlog); /* the last ACK is ignored; the client's text repeats it */
		return NULL;
	}
	if (!pl_tcp_admit(t, &k->raddr, k->rport))
		return NULL; /* the same */
	c = pl_tcp_conn_new(t, k, PLIM_SYN_RECEIVED);
	if (!c) {
		(void)PL_DROP(t->core, syn_no_memory);
		return NULL;
	}
	pl_tcp_fill(t, c, k, hs);
	c->ts_recent = hs->tsval; /* the segment's own follows the rule of every segment (RFC 7323 §4.3) */
	c->ts_recent_at = pl_tcp_ts_clock(t->core->now);
	c->snd_wnd = seg->wnd << pl_conn_snd_shift(c);
	pl_conn_note_snd_wnd(c);
	c->snd_wl1 = seg->seq;
	c->snd_wl2 = seg->ack;
	pl_tcp_set_state(t, &c->rec, PLIM_ESTABLISHED);
	pl_tcp_listener_queue(t, l, c);
	pl_syn_proven(t, &k->raddr);
	PL_TCP_COUNT(t->core, passive_opens);
	if (PL_WITHOUT(t->core, idle_form))
		(void)pl_tcp_inflate(t, c, PL_GRANT_NORMAL);
	return c;
}

static enum pl_step
decide_half_open(const struct pl_syn *e, uint32_t rcv_wnd, const struct pl_tcp_seg *seg)
{
	struct pl_rcv_view v = pl_syn_rcv_view(e, rcv_wnd);

	if (seg->flags & PL_TH_RST)
		return pl_tcp_decide_rst(&v, seg->seq);
	if (e->opts & seg->opt.has & PL_OPT_TS && pl_tcp_is_old_timestamp(e->tsval, 0, seg->opt.tsval))
		return PL_STEP_ACK; /* RFC 7323 §5.3 R1 */
	if (!pl_tcp_is_acceptable(&v, seg->seq, seg->len))
		return PL_STEP_ACK;
	if (seg->flags & PL_TH_SYN)
		return PL_STEP_CHALLENGE; /* a SYN-ACK: no third step, and its window is not scaled */
	return seg->flags & PL_TH_ACK ? PL_STEP_CONTINUE : PL_STEP_DROP;
}

/* The echoed timestamp tells which SYN-ACK was answered; without one, only a single SYN-ACK does. */
static void
sample_handshake(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tuple *k, const struct pl_syn *e,
                 const struct pl_tcp_seg *seg)
{
	bool has_ts = c->flags & PL_CF_TS && seg->opt.has & PL_OPT_TS;
	uint32_t ms = has_ts ? pl_tcp_tsval(t, k) - seg->opt.tsecr : pl_tcp_ms(t->core->now) - e->born_ms;

	pl_tcp_rtt_handshake(c, &t->core->conf, e->tries == 1 || (has_ts && ms < 60000), PL_MIN(ms, 60000u));
}

struct pl_tcp_conn *
pl_syncache_input(struct pl_tcp *t, struct pl_syn *e, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	struct pl_tuple k = pl_syn_tuple(e);
	struct pl_tcp_listener *l = pl_tcp_table_listener(t, k.laddr, k.raddr.family, k.lport);
	struct pl_handshake hs = {.iss = e->iss, .irs = e->irs, .mss = e->mss, .opts = e->opts, .wscale = e->wscale};
	struct pl_tcp_conn *c;

	hs.rcv_wnd = pl_syn_rcv_wnd(t, e);
	hs.tsval = e->tsval;
	switch (decide_half_open(e, hs.rcv_wnd, seg)) {
	case PL_STEP_CONTINUE: break;
	case PL_STEP_RESET:
		PL_TCP_COUNT(t->core, resets_in);
		pl_syn_remove(t, e);
		return NULL;
	case PL_STEP_ACK:
	case PL_STEP_CHALLENGE:
		(void)PL_DROP(t->core, tcp_outside_window);
		if (pl_tcp_may_challenge(t, &k))
			pl_syn_send(t, pkt, e);
		return NULL;
	default: (void)PL_DROP(t->core, tcp_no_ack); return NULL;
	}
	if (seg->ack != pl_seq_add(e->iss, 1) || !l) {
		(void)PL_DROP(t->core, tcp_bad_ack);
		pl_tcp_reply_reset(t, pkt, seg);
		if (!l)
			pl_syn_remove(t, e);
		return NULL;
	}
	c = establish(t, l, &k, &hs, seg);
	if (!c)
		return NULL;
	sample_handshake(t, c, &k, e, seg);
	pl_syn_remove(t, e);
	return c;
}

bool
pl_syncache_cookie_ack(struct pl_tcp *t, struct pl_tcp_listener *l, const struct pl_pkt *pkt,
                       const struct pl_tcp_seg *seg, struct pl_tcp_conn **out)
{
	struct pl_tuple k = {.raddr = pkt->src, .lport = seg->dport, .rport = seg->sport, .laddr = pkt->laddr};
	struct pl_handshake hs = {.iss = seg->ack - 1, .irs = seg->seq - 1};

	*out = NULL;
	if (t->core->conf.syn_cookies == 0 || !pl_cookie_check(t, &k, hs.irs, hs.iss, &hs.mss))
		return false;
	if (seg->opt.has & PL_OPT_TS) {
		hs.opts = PL_OPT_TS;
		hs.tsval = seg->opt.tsval;
		pl_cookie_ts_read(seg->opt.tsecr, &hs.opts, &hs.wscale);
	}
	hs.rcv_wnd = pl_tcp_window_syn(t, pl_tcp_send_mss(t, &k, hs.mss), PL_COOKIE_SEGMENTS);
	*out = establish(t, l, &k, &hs, seg);
	if (*out)
		PL_ACTION(t->core, cookie_taken);
	return true;
}
