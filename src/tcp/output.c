/* SPDX-License-Identifier: ISC */
/*
 * The one producer of segments. Input leaves intents; here they, the windows and the
 * queues become a plan (decide, const), the plan a frame (build), and what went out
 * is recorded (apply).
 *
 * What may go, in this order: what is lost (RFC 6675 NextSeg), new text (Nagle, SWS
 * avoidance MUST-38), FIN, a probe, a bare ACK. Every segment carries the ACK.
 */
#include "base/checksum.h"
#include "tcp/form.h"
#include "tcp/isn.h"
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

#define BURST 32u       /* segments of one connection in a row */
#define CSUM_OFFSET 16u /* of the checksum field in the TCP header */

/* What to send next. */
struct plan {
	pl_seq seq;
	uint32_t len; /* text */
	bool fin;
	bool again; /* retransmission */
	bool probe;
};

/* ---- deciding ---- */

static pl_seq
right_edge(const struct pl_tcp_conn *c)
{
	return pl_seq_add(c->snd_una, c->snd_wnd);
}

/* Text and FIN of [start, end) in the send queue. */
static void
cover(const struct pl_tcp_hot *h, pl_seq start, pl_seq end, uint32_t most, struct plan *p)
{
	pl_seq text_end = pl_seq_min(end, h->sndq.end);
	uint32_t text = pl_seq_lt(start, text_end) ? pl_seq_diff(text_end, start) : 0;

	p->seq = start;
	p->len = PL_MIN(text, most);
	p->fin = h->fin_sent && pl_seq_lt(h->sndq.end, end) && p->len == text;
}

/* RFC 6675 NextSeg (1); what lies beyond a shrunk window waits (SHLD-16). */
static bool
plan_lost(const struct pl_tcp *t, const struct pl_tcp_conn *c, uint32_t quota, struct plan *p)
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

/* Octets of one segment or super-frame. */
static uint32_t
most_per_segment(const struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_path *path)
{
	const struct plim_iface_config *i = &t->core->conf.ifaces[path->iface];
	uint32_t mss = pl_tcp_text_mss(c), room;

	if (path->loop || !(i->flags & PLIM_IF_TSO))
		return mss;
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
	return len > 0 && len >= c->max_snd_wnd / 2;
}

static bool
plan_new(const struct pl_tcp *t, const struct pl_tcp_conn *c, uint32_t quota, uint32_t most, struct plan *p)
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
	if (len > mss && !is_all)
		len -= len % mss;
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
plan_probe(const struct pl_tcp *t, const struct pl_tcp_conn *c, struct plan *p)
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
plan_segment(const struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_path *path, struct plan *p)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t quota = pl_tcp_quota(t, c);

	*p = (struct plan){.seq = c->snd_nxt};
	if (plan_lost(t, c, quota, p))
		return true;
	*p = (struct plan){.seq = c->snd_nxt};
	if (!pl_ledger_has_lost(&t->core->mem, &h->ledger) || h->rec.phase != PL_LOSS)
		if (plan_new(t, c, quota, most_per_segment(t, c, path), p))
			return true;
	*p = (struct plan){.seq = c->snd_nxt};
	if (plan_probe(t, c, p))
		return true;
	*p = (struct plan){.seq = c->snd_nxt};
	return h->want & PL_WANT_ACK_NOW;
}

/* ---- building ---- */

static void
put_sacks(const struct pl_tcp *t, const struct pl_tcp_conn *c, struct pl_tcp_opts *o)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	unsigned most = c->flags & PL_CF_TS ? 3 : 4;

	if (!(c->flags & PL_CF_SACK))
		return;
	if (h->want & PL_WANT_DSACK)
		o->sacks[o->n_sacks++] = h->dsack;
	o->n_sacks += (uint8_t)pl_rcvq_sacks(&t->core->mem, &h->rcvq, o->sacks + o->n_sacks, most - o->n_sacks);
}

static uint16_t
urgent_pointer(const struct pl_tcp_hot *h, const struct plan *p)
{
	return (uint16_t)PL_MIN(pl_seq_diff(h->snd_up, p->seq), 65535u);
}

static bool
is_pushed(const struct pl_tcp_hot *h, const struct plan *p)
{
	pl_seq end = pl_seq_add(p->seq, p->len);

	return p->len > 0 && (end == h->sndq.end || (pl_seq_lt(p->seq, h->sndq.push) && pl_seq_le(h->sndq.push, end)));
}

static struct pl_tcp_seg
header_of(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tuple *k, const struct plan *p)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	struct pl_tcp_seg s = {.sport = k->lport, .dport = k->rport, .seq = p->seq, .ack = c->rcv_nxt};

	s.flags = PL_TH_ACK | (p->fin ? PL_TH_FIN : 0) | (is_pushed(h, p) ? PL_TH_PSH : 0);
	if (pl_seq_lt(p->seq, h->snd_up)) {
		s.flags |= PL_TH_URG;
		s.urg = urgent_pointer(h, p);
	}
	s.wnd = pl_tcp_window_advertise(t, c);
	if (c->flags & PL_CF_TS) {
		s.opt.has = PL_OPT_TS;
		s.opt.tsval = pl_tcp_tsval(t, k);
		s.opt.tsecr = c->ts_recent;
	}
	put_sacks(t, c, &s.opt);
	return s;
}

/* Checksum in one pass with the copy, or left to the driver. */
static void
put_text(const struct pl_tcp *t, const struct pl_tcp_hot *h, struct plim_frame *f, const struct pl_tuple *k,
         const struct plan *p, size_t at, size_t header, bool offload)
{
	uint8_t *l4 = f->data + at;
	const struct plim_addr *laddr = pl_net_laddr(t->net, k->laddr);
	uint64_t sum = pl_csum_pseudo(laddr, &k->raddr, PL_PROTO_TCP, (uint32_t)(header + p->len));

	if (offload) {
		pl_sndq_read(&t->core->mem, &h->sndq, p->seq, l4 + header, p->len);
		f->flags |= PLIM_FRAME_NEEDS_CSUM;
		f->csum_start = (uint16_t)at;
		f->csum_offset = CSUM_OFFSET;
		sum = ~(uint64_t)pl_csum_fold(sum) & 0xffff; /* the pseudo-header's sum, not complemented */
		pl_csum_store(l4 + CSUM_OFFSET, sum);
		return;
	}
	sum = pl_csum_add(sum, l4, header);
	if (p->len > 0)
		sum += pl_csum_fold(pl_sndq_read_sum(&t->core->mem, &h->sndq, p->seq, l4 + header, p->len));
	pl_csum_store(l4 + CSUM_OFFSET, sum);
}

/* DSCP and TTL as the application set them (MUST-48, MUST-49). */
static void
put_ip(struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_path *path, const struct pl_tuple *k,
       size_t l4_len, uint8_t *frame)
{
	const struct pl_tcp_connopt *o = c->opt ? pl_mem_ptr(&t->core->mem, c->opt) : NULL;

	pl_net_put_header(t->net, frame, path, &k->raddr, PL_PROTO_TCP, l4_len, o ? (uint8_t)(o->dscp << 2) : 0,
	                  o ? o->ttl : 0);
}

static void
build(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_path *path, struct plan *p, struct plim_frame *f)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&c->rec);
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	struct pl_tcp_seg s = header_of(t, c, &k, p);
	size_t at = pl_net_header_len(c->rec.family), header = PL_TCP_HEADER + pl_tcp_opts_len(&s.opt);
	uint32_t room = c->smss - (uint32_t)(header - PL_TCP_HEADER);
	bool offload = !path->loop && t->core->conf.ifaces[path->iface].flags & (PLIM_IF_CSUM_OUT | PLIM_IF_TSO);

	if (p->len > room && (s.opt.n_sacks > 0)) { /* SACK blocks take the place of text */
		p->len = room;
		p->fin = false;
		s.flags &= (uint8_t) ~(PL_TH_FIN | PL_TH_PSH);
	}
	f->flags = 0;
	f->gso_size = p->len > room ? (uint16_t)room : 0;
	f->hdr_len = (uint16_t)(at + header);
	f->iface = path->iface;
	f->len = (uint32_t)(at + header + p->len);
	(void)pl_tcp_put(f->data + at, f->cap - at, &s);
	put_text(t, h, f, &k, p, at, header, offload);
	put_ip(t, c, path, &k, header + p->len, f->data);
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
note_text_sent(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h, const struct plan *p)
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
note_sent(struct pl_tcp *t, struct pl_tcp_conn *c, const struct plan *p)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	PL_TCP_COUNT(t->core, segments_out);
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
	r.wnd = pl_tcp_window_syn(t, pl_tcp_our_mss(t, k), false);
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

/* The head's next segment in f. False: it has nothing to send now and left the queue. */
static bool
output_head(struct pl_tcp *t, struct plim_frame *f, bool *loop)
{
	struct pl_tcp_hot *h = pl_mem_ptr(&t->core->mem, t->tx.head);
	struct pl_tcp_conn *c = pl_tcp_conn(t, h->conn);
	struct plim_addr raddr = pl_tcp_rec_tuple(&c->rec).raddr;
	struct pl_path path;
	struct plan p;

	if (pl_net_resolve(t->net, c->rec.laddr, &raddr, &path) != PLIM_OK) {
		pl_tcp_tx_block_head(t);
		return false;
	}
	pl_tcp_restart_after_idle(t, c);
	if (!plan_segment(t, c, &path, &p)) {
		pl_tcp_tx_drop_head(t);
		pl_tcp_timer_ensure_rtx(t, c);
		pl_tcp_timer_arm(t, c);
		return false;
	}
	build(t, c, &path, &p, f);
	note_sent(t, c, &p);
	*loop = path.loop;
	if (pl_tcp_settle(t, c)) /* all that is left is a FIN in flight */
		return true;
	if (++t->burst >= BURST)
		pl_tcp_tx_rotate(t);
	return true;
}

bool
pl_tcp_output(struct pl_tcp *t, struct plim_frame *f, bool *loop, pl_time now)
{
	(void)now;
	if (pl_net_epoch(t->net) != t->epoch) {
		t->epoch = pl_net_epoch(t->net);
		pl_tcp_tx_unblock_all(t);
	}
	if (t->syns.head)
		push_syns(t);
	while (t->tx.head)
		if (output_head(t, f, loop))
			return true;
	return false;
}
