/* SPDX-License-Identifier: ISC */
/*
 * I5 and I8 in every run, seen from outside: what came in at the server's cards, what plim_conn_info() said of the
 * connection before and after, and what went out. Between the two looks the application has not run, so what changed
 * was the frames' doing. RCV.NXT is followed: it is what an ACK of ours said last, and all that became readable since.
 *
 * I5   text at RCV.NXT inside the window is taken where under two segments wait to be read
 * I8   an ACK of new octets counts in every segment whose SEQ lies up to the furthest edge ever told, whether or not its
 *      text is taken; an RST at RCV.NXT ends the connection; a bare FIN at RCV.NXT is taken; a FIN beyond it is not yet
 *
 * Only accepted connections are looked at: of others the application has no handle. What only seems to break a rule (an
 * old timestamp, an ACK of what was never sent, several control bits in one batch) is left out.
 */
#include "sim/run.h"

/* ---- before ---- */

/* The entry of a connection in this batch; NULL: nothing is known of it. */
static struct sim_look *
look_of(struct sim_run *r, struct sim_sconn *c)
{
	struct sim_segments *x = &r->segments;
	uint32_t me = (uint32_t)(c - r->services.conn);
	struct sim_look *k;

	for (unsigned i = 0; i < x->n; i++)
		if (x->look[i].conn == me)
			return &x->look[i];
	if (x->n == SIM_BATCH)
		return NULL;
	k = &x->look[x->n];
	*k = (struct sim_look){.conn = me, .next = c->seen.nxt, .ack = c->seen.una};
	if (plim_conn_info(r->world.server.s, c->h, &k->before) != PLIM_OK)
		return NULL;
	c->seen.edge = pl_seq_max(c->seen.edge, c->seen.nxt + k->before.rcv_wnd);
	x->n++;
	return k;
}

/* RFC 7323 5.3: an old timestamp makes a segment unacceptable. */
static bool
is_old(struct sim_seen *v, const struct pl_tcp_seg *seg)
{
	if (!(seg->opt.has & PL_OPT_TS))
		return false;
	if (v->has_ts && pl_seq_lt(seg->opt.tsval, v->tsval))
		return true;
	v->has_ts = true;
	v->tsval = seg->opt.tsval;
	return false;
}

static bool
is_receiving(enum plim_state s)
{
	return s == PLIM_ESTABLISHED || s == PLIM_FIN_WAIT_1 || s == PLIM_FIN_WAIT_2;
}

static void
note_text(struct sim_look *k, const struct sim_seen *v, const struct pl_tcp_seg *seg)
{
	pl_seq end = pl_seq_min(seg->seq + (uint32_t)seg->text.len, v->edge);

	if (seg->text.len == 0)
		return;
	k->texts++;
	if (!is_receiving(k->before.state) || !pl_seq_le(seg->seq, k->next) || !pl_seq_lt(k->next, end))
		return;
	k->has_next = true;
	k->next = end;
}

static void
note_fin(struct sim_look *k, const struct pl_tcp_seg *seg)
{
	pl_seq at = seg->seq + (uint32_t)seg->text.len;

	if (!(seg->flags & PL_TH_FIN))
		return;
	k->fins++;
	k->fin_at = at;
	k->has_bare_fin = seg->text.len == 0 && at == k->next && k->texts == 0 && k->before.out_of_order == 0;
}

/* RFC 5961 5, RFC 7323 2.4: is this ACK one that must count? */
static void
note_ack(struct sim_look *k, const struct sim_seen *v, const struct pl_tcp_seg *seg)
{
	bool is_acceptable = pl_seq_le(seg->seq, v->edge) && pl_seq_le(v->told, seg->seq + seg->len);

	if (is_acceptable && seg->flags & PL_TH_ACK && pl_seq_lt(k->ack, seg->ack) && pl_seq_le(seg->ack, v->snd_nxt))
		k->ack = seg->ack;
}

static void
take(struct sim_run *r, const struct plim_frame *f)
{
	struct pl_ip4 ip;
	struct pl_tcp_seg seg;
	struct sim_sconn *c;
	struct sim_look *k;

	if (!sim_frame_tcp(f->data, f->len, &ip, &seg))
		return;
	c = sim_services_find(&r->services, pl_load32(ip.src.octets), seg.sport, seg.dport);
	k = c != NULL && c->seen.has_nxt ? look_of(r, c) : NULL;
	if (k == NULL)
		return;
	k->has_rst |= (seg.flags & PL_TH_RST) && seg.seq == k->next && k->texts == 0;
	k->is_void |= (seg.flags & (PL_TH_SYN | PL_TH_RST)) != 0;
	if (k->is_void || is_old(&c->seen, &seg))
		return;
	note_ack(k, &c->seen, &seg);
	note_fin(k, &seg);
	note_text(k, &c->seen, &seg);
}

static void
on_frames(void *ctx, const struct plim_frame *frames, unsigned n)
{
	struct sim_run *r = ctx;

	r->segments.n = 0;
	for (unsigned i = 0; i < n; i++)
		take(r, &frames[i]);
}

/* ---- after ---- */

static void
check_next(struct sim_run *r, const struct sim_look *k, const struct plim_conn_info *after)
{
	const struct plim_conn_info *before = &k->before;
	uint64_t few = before->mss > 0 ? 2ull * before->mss : 1;

	if (!k->has_next || before->rcv_queued >= few)
		return;
	r->segments.nexts++;
	if (after->rcv_queued <= before->rcv_queued)
		sim_fail(r, "I5-next", "the segment at RCV.NXT of port %u was not taken, %llu octets unread, level %u",
		         before->remote.port, (unsigned long long)before->rcv_queued, r->watch.st.level);
}

static void
check_ack(struct sim_run *r, struct sim_seen *v, const struct sim_look *k, const struct plim_conn_info *after)
{
	uint64_t acked = k->ack - v->una;

	if (v->has_una && acked > 0) {
		r->segments.acks++;
		if (after->snd_queued + acked > k->before.snd_queued + 1) /* 1: our FIN */
			sim_fail(r, "I8-ack", "an ACK of %llu octets on port %u left %llu of %llu queued",
			         (unsigned long long)acked, after->remote.port, (unsigned long long)after->snd_queued,
			         (unsigned long long)k->before.snd_queued);
	}
	v->has_una |= acked > 0;
	v->una = k->ack;
}

static void
check_fin(struct sim_run *r, const struct sim_look *k, const struct plim_conn_info *after, pl_seq nxt)
{
	if (k->fins == 0)
		return;
	r->segments.fins++;
	if (k->has_bare_fin && is_receiving(k->before.state) && is_receiving(after->state))
		sim_fail(r, "I8-fin", "a bare FIN at RCV.NXT of port %u was not taken", after->remote.port);
	if (k->fins == 1 && is_receiving(k->before.state) && !is_receiving(after->state) && pl_seq_lt(nxt, k->fin_at))
		sim_fail(r, "I8-fin-early", "a FIN of port %u was taken %u octets before its turn", after->remote.port,
		         pl_seq_diff(k->fin_at, nxt));
}

static void
settle(struct sim_run *r, struct sim_look *k)
{
	struct sim_sconn *c = &r->services.conn[k->conn];
	struct plim_conn_info after;
	bool is_there = plim_conn_info(r->world.server.s, c->h, &after) == PLIM_OK;

	if (k->has_rst) {
		r->segments.rsts++;
		if (is_there)
			sim_fail(r, "I8-rst", "an RST at RCV.NXT of port %u was not taken", after.remote.port);
	}
	if (!is_there)
		return;
	c->seen.nxt += (uint32_t)(after.rcv_queued - k->before.rcv_queued);
	if (k->is_void) {
		c->seen.has_una = false;
		return;
	}
	check_next(r, k, &after);
	check_ack(r, &c->seen, k, &after);
	check_fin(r, k, &after, c->seen.nxt);
}

void
sim_segments_after(struct sim_run *r)
{
	for (unsigned i = 0; i < r->segments.n; i++)
		settle(r, &r->segments.look[i]);
	r->segments.n = 0;
}

/* ---- what went out ---- */

static void
on_sent(void *ctx, const struct sim_frame *f)
{
	struct sim_run *r = ctx;
	struct pl_ip4 ip;
	struct pl_tcp_seg seg;
	struct sim_sconn *c;

	if (!sim_frame_tcp(f->data, f->len, &ip, &seg) ||
	    (seg.flags & (PL_TH_ACK | PL_TH_RST | PL_TH_SYN)) != PL_TH_ACK)
		return;
	c = sim_services_find(&r->services, pl_load32(ip.dst.octets), seg.dport, seg.sport);
	if (c == NULL)
		return;
	if (!c->seen.has_nxt)
		c->seen = (struct sim_seen){.has_nxt = true, .edge = seg.ack, .una = seg.seq, .snd_nxt = seg.seq};
	c->seen.nxt = c->seen.told = seg.ack;
	c->seen.snd_nxt = pl_seq_max(c->seen.snd_nxt, seg.seq + seg.len);
}

void
sim_segments_begin(struct sim_run *r)
{
	r->world.on_server_frames = on_frames;
	r->world.on_server_sent = on_sent;
}
