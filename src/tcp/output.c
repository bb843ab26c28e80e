/* SPDX-License-Identifier: ISC */
/*
 * The one producer of segments. Input leaves intents; here they, the windows and the
 * queues become a plan (decide, const), the plan one or more frames (build.c), and what
 * went out is recorded (apply).
 *
 * What may go, in this order: what is lost (RFC 6675 NextSeg), new text (Nagle, SWS
 * avoidance MUST-38), FIN, a probe, a bare ACK. Every segment carries the ACK.
 */
#include "tcp/build.h"
#include "tcp/form.h"
#include "tcp/limit.h"
#include "tcp/open.h"
#include "tcp/queue.h"
#include "tcp/recovery.h"
#include "tcp/reply.h"
#include "tcp/state.h"
#include "tcp/steps.h"
#include "tcp/table.h"
#include "tcp/tcp.h"
#include "tcp/timer.h"
#include "tcp/window.h"

#define BURST 32u /* segments of one connection in a row */

/* ---- deciding ---- */

static pl_seq
right_edge(const struct pl_tcp_conn *c)
{
	return pl_seq_add(c->snd_una, c->snd_wnd);
}

/* Text and FIN of [start, end) in the send queue. */
static void
cover(const struct pl_tcp_hot *h, pl_seq start, pl_seq end, uint32_t most, struct pl_plan *p)
{
	pl_seq text_end = pl_seq_min(end, h->sndq.end);
	uint32_t text = pl_seq_lt(start, text_end) ? pl_seq_diff(text_end, start) : 0;

	p->seq = start;
	p->len = PL_MIN(text, most);
	p->fin = h->fin_sent && pl_seq_lt(h->sndq.end, end) && p->len == text;
}

/* RFC 6675 NextSeg (1); what lies beyond a shrunk window waits (SHLD-16). */
static bool
plan_lost(const struct pl_tcp *t, const struct pl_tcp_conn *c, uint32_t quota, struct pl_plan *p)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t mss = pl_tcp_text_mss(c);
	pl_seq start, end;

	if (!pl_ledger_next_lost(&t->core->mem, &h->ledger, &start, &end))
		return false;
	if (quota < PL_MIN(mss, pl_seq_diff(end, start)) && !h->rec.force)
		return false;
	if (pl_sndq_len(&h->sndq) > 0 && !pl_seq_lt(start, right_edge(c)))
		return false;
	cover(h, start, end, mss, p);
	p->again = true;
	return p->len > 0 || p->fin;
}

/* Octets of one plan: a segment, a super-frame, or what n frames can carry of a stream. */
static uint32_t
most_per_plan(const struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_path *path, unsigned n)
{
	const struct plim_iface_config *i = &t->core->conf.ifaces[path->iface];
	uint32_t mss = pl_tcp_text_mss(c), room;

	if (path->loop)
		return mss;
	if (!(i->flags & PLIM_IF_TSO))
		return pl_tcp_may_cut(t, c) ? mss * PL_MIN(n, BURST - t->burst) : mss;
	room = i->gso_octets - (uint32_t)pl_net_header_len(c->rec.family) - PL_TCP_HEADER - PL_TCP_MAX_OPTIONS;
	return PL_MAX(room / mss * mss, mss);
}

/* RFC 9293 §3.8.6.2.1 with Nagle: may a segment shorter than the full size go? */
static bool
may_send_short(const struct pl_tcp_conn *c, const struct pl_tcp_hot *h, uint32_t len, bool is_all)
{
	bool idle = c->snd_una == c->snd_nxt;

	if (is_all && h->sndq.fin)
		return true;
	if (is_all && (idle || (c->flags & PL_CF_NODELAY && !h->sndq.more)))
		return true;
	if (pl_seq_lt(c->snd_nxt, h->snd_up))
		return true;
	return len > 0 && len >= pl_conn_max_snd_wnd(c) / 2;
}

/* The same for the short end of a plan of several segments: what goes before it is in flight by then. */
static bool
may_send_tail(const struct pl_tcp_conn *c, const struct pl_tcp_hot *h, uint32_t tail, bool is_all)
{
	if (is_all && (h->sndq.fin || (c->flags & PL_CF_NODELAY && !h->sndq.more)))
		return true;
	return pl_seq_lt(c->snd_nxt, h->snd_up) || tail >= pl_conn_max_snd_wnd(c) / 2;
}

static bool
plan_new(const struct pl_tcp *t, const struct pl_tcp_conn *c, uint32_t quota, uint32_t most, struct pl_plan *p)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t mss = pl_tcp_text_mss(c), unsent, usable, len;
	pl_seq edge = right_edge(c);
	bool is_all;

	if (!pl_tcp_is_sending(c->rec.state) || h->fin_sent)
		return false;
	unsent = pl_seq_diff(h->sndq.end, c->snd_nxt);
	usable = pl_seq_lt(c->snd_nxt, edge) ? pl_seq_diff(edge, c->snd_nxt) : 0;
	len = PL_MIN(PL_MIN(unsent, usable), PL_MIN(quota, most));
	is_all = len == unsent;
	p->seq = c->snd_nxt;
	if (len > mss && !may_send_tail(c, h, len % mss, is_all)) {
		is_all = is_all && len % mss == 0;
		len -= len % mss;
	}
	p->len = len;
	p->fin = is_all && h->sndq.fin;
	if (unsent == 0)
		return p->fin;
	if (len == 0)
		return false;
	return len >= mss || may_send_short(c, h, len, is_all);
}

/* MUST-36: at least one octet of new text; without any, below the window (as a keepalive). */
static bool
plan_probe(const struct pl_tcp *t, const struct pl_tcp_conn *c, struct pl_plan *p)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t len = pl_sndq_len(&h->sndq);

	if (!(h->want & PL_WANT_PROBE))
		return false;
	p->probe = true;
	p->seq = len > 0 ? c->snd_una : c->snd_nxt - 1;
	/* The window may be open but too small for a full segment: the override sends what fits. */
	p->len = PL_MIN(len, PL_CLAMP(c->snd_wnd, 1u, pl_tcp_text_mss(c)));
	p->again = p->len > 0 && c->snd_una != c->snd_nxt;
	if (p->again)
		p->len = 1;
	return true;
}

static bool
plan_segment(const struct pl_tcp *t, const struct pl_tcp_conn *c, uint32_t most, struct pl_plan *p)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t quota = pl_tcp_quota(t, c);

	*p = (struct pl_plan){.seq = c->snd_nxt};
	if (plan_lost(t, c, quota, p))
		return true;
	*p = (struct pl_plan){.seq = c->snd_nxt};
	if (!pl_ledger_has_lost(&t->core->mem, &h->ledger) || h->rec.phase != PL_LOSS)
		if (plan_new(t, c, quota, most, p))
			return true;
	*p = (struct pl_plan){.seq = c->snd_nxt};
	if (plan_probe(t, c, p))
		return true;
	*p = (struct pl_plan){.seq = c->snd_nxt};
	return h->want & PL_WANT_ACK_NOW;
}

/* ---- applying ---- */

static void
note_ack_sent(struct pl_tcp_conn *c, struct pl_tcp_hot *h)
{
	c->last_ack_sent = c->rcv_nxt;
	h->want &= ~(uint32_t)(PL_WANT_ACK_NOW | PL_WANT_ACK_LATER | PL_WANT_DSACK);
	h->t.ack_at = PL_TIME_NEVER;
	h->t.unacked_segs = 0;
}

static void
note_text_sent(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h, const struct pl_plan *p)
{
	struct pl_mem *m = &t->core->mem;
	pl_seq end = pl_seq_add(p->seq, p->len + p->fin);
	uint32_t now_us = pl_tcp_us(t->core->now), merge_us = pl_tcp_merge_us(c);

	h->rec.prr_out += p->len;
	h->rec.force = false;
	if (p->again) {
		pl_ledger_resent(m, &h->ledger, p->seq, end, now_us, merge_us);
		PL_TCP_COUNT(t->core, retransmitted);
	} else {
		pl_ledger_sent(m, &h->ledger, end, now_us, merge_us);
		c->snd_nxt = end;
		h->fin_sent = h->fin_sent || p->fin;
		PL_TCP_COUNT_N(t->core, octets_out, p->len);
	}
	pl_tcp_timer_ensure_rtx(t, c);
}

static void
note_sent(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_plan *p, unsigned frames)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	PL_TCP_COUNT_N(t->core, segments_out, frames);
	note_ack_sent(c, h);
	if (p->probe)
		h->want &= ~(uint32_t)PL_WANT_PROBE;
	if (p->len > 0 || p->fin)
		note_text_sent(t, c, h, p);
}

/* ---- SYNs ---- */

static struct pl_tcp_reply
syn_of(const struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_tuple *k)
{
	struct pl_tcp_reply r = {.lport = k->lport, .rport = k->rport, .flags = PL_TH_SYN, .seq = c->snd_una};
	bool is_answer = c->rec.state == PLIM_SYN_RECEIVED;
	uint8_t agreed = (c->flags & PL_CF_TS ? PL_OPT_TS : 0) | (c->flags & PL_CF_SACK ? PL_OPT_SACK_OK : 0) |
	                 (c->flags & PL_CF_WSCALE ? PL_OPT_WSCALE : 0);

	pl_tcp_syn_options(t, k, is_answer, agreed, &r);
	r.wnd = pl_tcp_window_syn(t, pl_tcp_our_mss(t, k), pl_tcp_initial_segments(t->core, true));
	if (is_answer) {
		r.flags |= PL_TH_ACK;
		r.ack = c->rcv_nxt;
		r.tsecr = c->ts_recent;
	}
	return r;
}

/* Hand SYNs whose neighbour is known to the ring. The rest wait for the neighbour, within their own deadline. */
static void
push_syns(struct pl_tcp *t)
{
	pl_id id = t->syns.head;

	for (unsigned look = BURST; id && look > 0; look--) {
		struct pl_tcp_conn *c = pl_tcp_conn(t, id);
		struct pl_tuple k = pl_tcp_rec_tuple(&c->rec);
		struct pl_tcp_reply r;
		struct pl_path path;

		id = c->syn.next;
		if (pl_net_resolve(t->net, k.laddr, &k.raddr, &path) != PLIM_OK)
			continue;
		r = syn_of(t, c, &k);
		if (!pl_tcp_reply_push(t, &k, NULL, &r))
			return;
		pl_tcp_syn_remove(t, c);
		c->probes++;
	}
}

/* ---- the queue ---- */

/* What the head sends next, in up to n frames. 0: it has nothing to send now and left the queue. */
static unsigned
output_head(struct pl_tcp *t, struct plim_frame *frames, unsigned n, bool *loop)
{
	struct pl_tcp_hot *h = pl_mem_ptr(&t->core->mem, t->tx.head);
	struct pl_tcp_conn *c = pl_tcp_conn(t, h->conn);
	struct plim_addr raddr = pl_tcp_rec_tuple(&c->rec).raddr;
	struct pl_path path;
	struct pl_plan p;

	if (pl_net_resolve(t->net, c->rec.laddr, &raddr, &path) != PLIM_OK) {
		pl_tcp_tx_block_head(t);
		return 0;
	}
	pl_tcp_restart_after_idle(t, c);
	if (!plan_segment(t, c, most_per_plan(t, c, &path, n), &p)) {
		pl_tcp_tx_drop_head(t);
		pl_tcp_timer_ensure_rtx(t, c);
		pl_tcp_timer_arm(t, c);
		return 0;
	}
	n = pl_tcp_build(t, c, &path, &p, frames);
	note_sent(t, c, &p, n);
	*loop = path.loop;
	if (pl_tcp_settle(t, c)) /* all that is left is a FIN in flight */
		return n;
	t->burst += n;
	if (t->burst >= BURST)
		pl_tcp_tx_rotate(t);
	return n;
}

unsigned
pl_tcp_output(struct pl_tcp *t, struct plim_frame *frames, unsigned n, bool *loop, pl_time now)
{
	unsigned built;

	(void)now;
	if (pl_net_epoch(t->net) != t->epoch) {
		t->epoch = pl_net_epoch(t->net);
		pl_tcp_tx_unblock_all(t);
	}
	if (t->syns.head)
		push_syns(t);
	while (t->tx.head) {
		built = output_head(t, frames, n, loop);
		if (built > 0)
			return built;
	}
	return 0;
}
