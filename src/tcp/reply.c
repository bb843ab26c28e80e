/* SPDX-License-Identifier: ISC */
/* Segments without text: see reply.h. */
#include "tcp/reply.h"

#include "mem/prove.h"
#include "tcp/form.h"
#include "tcp/isn.h"
#include "tcp/table.h"
#include "tcp/window.h"

struct pl_tcp_reply
pl_tcp_reply_for(const struct pl_tcp *t, const struct pl_tuple *k, bool ts, uint32_t ts_recent)
{
	struct pl_tcp_reply r = {.lport = k->lport, .rport = k->rport};

	if (ts) {
		r.opt_has = PL_OPT_TS;
		r.tsval = pl_tcp_tsval(t, k);
		r.tsecr = ts_recent;
	}
	return r;
}

bool
pl_tcp_reply_push(struct pl_tcp *t, const struct pl_tuple *k, const struct pl_pkt *pkt, const struct pl_tcp_reply *r)
{
	if (!pl_net_reply_tcp(t->net, k->laddr, &k->raddr, pkt ? pkt->src_mac : NULL, r)) {
		(void)PL_DROP(t->core, tcp_rst_limited);
		return false;
	}
	PL_TCP_COUNT(t->core, segments_out);
	return true;
}

void
pl_tcp_reply_reset(struct pl_tcp *t, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	struct pl_tuple k = {.raddr = pkt->src, .lport = seg->dport, .rport = seg->sport, .laddr = pkt->laddr};
	struct pl_tcp_reply r = {.lport = k.lport, .rport = k.rport, .flags = PL_TH_RST};

	if (seg->flags & PL_TH_RST)
		return;
	if (!pl_bucket_take(&t->rst_bucket, t->core->now)) {
		(void)PL_DROP(t->core, tcp_rst_limited);
		return;
	}
	if (seg->flags & PL_TH_ACK) {
		r.seq = seg->ack;
	} else {
		r.flags |= PL_TH_ACK;
		r.ack = pl_seq_add(seg->seq, seg->len);
	}
	if (pl_tcp_reply_push(t, &k, pkt, &r))
		PL_TCP_COUNT(t->core, resets_out);
}

void
pl_tcp_send_rst(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&c->rec);
	struct pl_tcp_reply r = pl_tcp_reply_for(t, &k, c->flags & PL_CF_TS, c->ts_recent);

	if (c->rec.state == PLIM_SYN_SENT)
		return;
	r.flags = PL_TH_RST | PL_TH_ACK;
	r.seq = c->snd_nxt;
	r.ack = c->rcv_nxt;
	if (pl_tcp_reply_push(t, &k, NULL, &r))
		PL_TCP_COUNT(t->core, resets_out);
}

/* False: the ring is full. */
static bool
push_ack(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, pl_seq seq)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&c->rec);
	struct pl_tcp_reply r = pl_tcp_reply_for(t, &k, c->flags & PL_CF_TS, c->ts_recent);

	r.flags = PL_TH_ACK;
	r.seq = seq;
	r.ack = c->rcv_nxt;
	r.wnd = pl_tcp_window_advertise(t, c);
	if (!pl_tcp_reply_push(t, &k, pkt, &r))
		return false;
	c->last_ack_sent = c->rcv_nxt;
	return true;
}

void
pl_tcp_ack_now(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt)
{
	if (pl_tcp_hot(t, c))
		pl_tcp_want(t, c, PL_WANT_ACK_NOW);
	else
		(void)push_ack(t, c, pkt, c->snd_nxt);
}

void
pl_tcp_challenge(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt)
{
	if (!pl_bucket_take(&t->challenge_bucket, t->core->now) && !PL_WITHOUT(t->core, challenge_limit)) {
		(void)PL_DROP(t->core, tcp_challenge_limited);
		return;
	}
	PL_TCP_COUNT(t->core, challenge_acks);
	pl_tcp_ack_now(t, c, pkt);
}

bool
pl_tcp_send_keepalive(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	if (!push_ack(t, c, NULL, c->snd_nxt - 1))
		return false;
	PL_TCP_COUNT(t->core, keepalive_probes);
	return true;
}

void
pl_tcp_ack_through_ring(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	(void)push_ack(t, c, NULL, c->snd_nxt);
}
