/* SPDX-License-Identifier: ISC */
/* §3.10.7.3: a segment in SYN-SENT, and the simultaneous open. No hot part is needed. */
#include "tcp/form.h"
#include "tcp/isn.h"
#include "tcp/limit.h"
#include "tcp/open.h"
#include "tcp/reply.h"
#include "tcp/rtt.h"
#include "tcp/state.h"
#include "tcp/steps.h"
#include "tcp/table.h"
#include "tcp/timer.h"
#include "tcp/user.h"
#include "tcp/window.h"

/* First: is the ACK for our SYN? */
static bool
is_ack_acceptable(const struct pl_tcp_conn *c, const struct pl_tcp_seg *seg)
{
	return pl_seq_lt(c->snd_una, seg->ack) && pl_seq_le(seg->ack, c->snd_nxt);
}

/* Take over what the peer's SYN says. */
static void
take_syn(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tcp_seg *seg)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&c->rec);
	struct pl_handshake hs = {.iss = c->snd_una, .irs = seg->seq, .wscale = seg->opt.wscale};
	pl_seq snd_una = c->snd_una, snd_nxt = c->snd_nxt;

	hs.mss = seg->opt.has & PL_OPT_MSS ? seg->opt.mss : 0;
	hs.opts = pl_tcp_agreed(t, &seg->opt);
	hs.rcv_wnd = pl_tcp_window_syn(t, pl_tcp_our_mss(t, &k), pl_tcp_initial_segments(t->core, true));
	pl_tcp_fill(t, c, &k, &hs);
	/* The SYN may have announced more than the present level would. */
	c->max_edge = pl_seq_add(c->rcv_nxt, pl_tcp_window_syn(t, pl_tcp_our_mss(t, &k),
	                                                       (uint32_t)t->core->conf.initial_window_segments));
	c->snd_una = snd_una;
	c->snd_nxt = snd_nxt;
	c->ts_recent = seg->opt.tsval;
	c->ts_recent_at = pl_tcp_ts_clock(t->core->now);
	c->heard_ms = pl_tcp_ms(t->core->now);
}

/* The SYN's own round trip: by the echoed timestamp, or by the only SYN that was sent. */
static void
sample_handshake(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tcp_seg *seg)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&c->rec);
	bool has_ts = c->flags & PL_CF_TS && seg->opt.tsecr != 0;
	uint32_t ms = has_ts ? pl_tcp_tsval(t, &k) - seg->opt.tsecr : pl_tcp_ms(t->core->now) - c->born_ms;

	pl_tcp_rtt_handshake(c, &t->core->conf, c->probes <= 1 || (has_ts && ms < 60000), PL_MIN(ms, 60000u));
	c->probes = 0;
}

static void
become_established(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	pl_tcp_syn_remove(t, c);
	sample_handshake(t, c, seg);
	c->snd_una = seg->ack;
	c->snd_wnd = seg->wnd; /* never scaled on a SYN */
	pl_conn_note_snd_wnd(c);
	c->snd_wl1 = seg->seq;
	c->snd_wl2 = seg->ack;
	pl_tcp_set_state(t, &c->rec, PLIM_ESTABLISHED);
	pl_tcp_ack_now(t, c, pkt);
	pl_tcp_established(t, c);
}

/* RFC 9293 §3.5, MUST-10: both sides sent a SYN. */
static void
become_syn_received(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	pl_tcp_set_state(t, &c->rec, PLIM_SYN_RECEIVED);
	c->syn_at = t->core->now + PL_MS(t->core->conf.rto_initial_ms);
	pl_tcp_hand_note(t, c->syn_at);
	pl_tcp_syn_push(t, c);
}

void
pl_tcp_syn_sent(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, struct pl_tcp_seg *seg)
{
	bool has_ack = seg->flags & PL_TH_ACK;

	if (has_ack && !is_ack_acceptable(c, seg)) {
		(void)PL_DROP(t->core, tcp_bad_ack);
		pl_tcp_reply_reset(t, pkt, seg);
		return;
	}
	if (seg->flags & PL_TH_RST) {
		PL_TCP_COUNT(t->core, resets_in);
		if (!has_ack) {
			(void)PL_DROP(t->core, tcp_rst_outside);
			return;
		}
		PL_TCP_COUNT(t->core, failed_opens);
		pl_tcp_conn_end(t, c, -PLIM_EREFUSED, 0);
		return;
	}
	if (!(seg->flags & PL_TH_SYN)) {
		(void)PL_DROP(t->core, tcp_no_ack);
		return;
	}
	take_syn(t, c, seg);
	if (!has_ack) {
		become_syn_received(t, c); /* text with it is not taken: the peer sends it again */
		return;
	}
	become_established(t, c, pkt, seg);
	seg->seq = pl_seq_add(seg->seq, 1);
	if (pl_tcp_step_text(t, c, pkt, seg) == PL_STEP_CONTINUE)
		(void)pl_tcp_step_fin(t, c, pkt, seg);
}
