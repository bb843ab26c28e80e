/* SPDX-License-Identifier: ISC */
/* Loss recovery: see recovery.h. */
#include "tcp/recovery.h"

#include "tcp/cc.h"
#include "tcp/form.h"
#include "tcp/isn.h"
#include "tcp/open.h"
#include "tcp/rtt.h"
#include "tcp/table.h"

#define DUP_THRESH 3u

uint32_t
pl_tcp_merge_us(const struct pl_tcp_conn *c)
{
	return PL_MAX(1000u, c->srtt_us / 32);
}

uint32_t
pl_tcp_quota(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t pipe = pl_ledger_pipe(&t->core->mem, &h->ledger, pl_tcp_text_mss(c));

	return h->cc.cwnd > pipe ? h->cc.cwnd - pipe : 0;
}

void
pl_tcp_restart_after_idle(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	uint32_t quiet_ms = pl_tcp_ms(t->core->now) - c->heard_ms;

	if (c->snd_una == c->snd_nxt && quiet_ms > pl_tcp_rto(c, &t->core->conf, 0) / 1000000)
		pl_tcp_cc_restart(&pl_tcp_hot(t, c)->cc, pl_tcp_text_mss(c),
		                  (uint32_t)t->core->conf.initial_window_segments);
}

/* ---- SACK ---- */

static bool
is_dsack(const struct pl_tcp_conn *c, const struct pl_tcp_seg *seg)
{
	const struct pl_sack *s = seg->opt.sacks;

	if (seg->opt.n_sacks == 0)
		return false;
	if (pl_seq_lt(s[0].start, pl_seq_max(seg->ack, c->snd_una)))
		return true;
	return seg->opt.n_sacks > 1 && pl_seq_le(s[1].start, s[0].start) && pl_seq_le(s[0].end, s[1].end);
}

uint32_t
pl_tcp_recovery_sacks(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tcp_seg *seg)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t newly = 0;
	unsigned first = is_dsack(c, seg);

	if (first)
		PL_TCP_COUNT(t->core, dsacks);
	for (unsigned i = first; i < seg->opt.n_sacks; i++) {
		const struct pl_sack *s = &seg->opt.sacks[i];

		/* Only what we sent and what is above SEG.ACK (RFC 2018 §4). */
		if (pl_seq_lt(s->start, s->end) && pl_seq_lt(seg->ack, s->end) && pl_seq_le(s->end, c->snd_nxt) &&
		    pl_seq_lt(c->snd_una, s->end))
			newly += pl_ledger_sack(&t->core->mem, &h->ledger, s->start, s->end);
	}
	return newly;
}

/* ---- entering, leaving, undoing ---- */

static void
remember_for_undo(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&c->rec);

	h->rec.prior_cwnd = h->cc.cwnd;
	h->rec.prior_ssthresh = h->cc.ssthresh;
	h->rec.undo_tsval = pl_tcp_tsval(t, &k);
	h->rec.may_undo = (c->flags & PL_CF_TS) != 0;
}

/* RFC 6675 §5 step 4, RFC 6582 §3.2 step 2. */
static void
enter_recovery(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h)
{
	uint32_t flight = pl_seq_diff(c->snd_nxt, c->snd_una), smss = pl_tcp_text_mss(c);

	remember_for_undo(t, c, h);
	pl_tcp_cc_congestion(&h->cc, flight, smss);
	h->rec.phase = PL_RECOVERY;
	h->rec.recover = c->snd_nxt;
	h->rec.recover_fs = PL_MAX(flight, 1u);
	h->rec.prr_delivered = h->rec.prr_out = 0;
	h->rec.force = true;
	PL_TCP_COUNT(t->core, fast_recoveries);
}

static void
leave_recovery(struct pl_tcp_hot *h)
{
	if (h->rec.phase == PL_RECOVERY)
		h->cc.cwnd = h->cc.ssthresh;
	h->rec.phase = PL_OPEN;
	h->rec.dupacks = 0;
	h->rec.may_undo = h->rec.force = false;
	h->ledger.dup_acks = 0;
}

/* RFC 3522: the ACK echoes a timestamp from before our first retransmission. */
static bool
is_spurious(const struct pl_tcp_hot *h, const struct pl_ack_event *ev)
{
	return h->rec.may_undo && ev->acked.octets > 0 && ev->has_tsecr && (int32_t)(ev->tsecr - h->rec.undo_tsval) < 0;
}

static void
undo(struct pl_tcp *t, struct pl_tcp_hot *h)
{
	h->cc.cwnd = PL_MAX(h->cc.cwnd, h->rec.prior_cwnd);
	h->cc.ssthresh = PL_MAX(h->cc.ssthresh, h->rec.prior_ssthresh);
	pl_ledger_unmark_lost(&t->core->mem, &h->ledger);
	h->rec.phase = PL_OPEN;
	h->rec.dupacks = 0;
	h->rec.may_undo = h->rec.force = false;
	h->ledger.dup_acks = 0;
	PL_TCP_COUNT(t->core, spurious);
}

/* ---- per phase ---- */

/* RFC 9937 §5: how much may go out for this ACK. */
static void
proportional_rate(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h, uint32_t delivered, bool safe)
{
	uint32_t smss = pl_tcp_text_mss(c), pipe = pl_ledger_pipe(&t->core->mem, &h->ledger, smss);
	struct pl_tcp_recovery *r = &h->rec;
	int64_t count;

	r->prr_delivered += delivered;
	if (pipe > h->cc.ssthresh) {
		uint64_t share = ((uint64_t)r->prr_delivered * h->cc.ssthresh + r->recover_fs - 1) / r->recover_fs;

		count = (int64_t)share - r->prr_out;
	} else {
		count = PL_MAX((int64_t)r->prr_delivered - r->prr_out, (int64_t)delivered);
		if (safe)
			count += smss;
		count = PL_MIN((int64_t)h->cc.ssthresh - pipe, count);
	}
	if (count <= 0 && (r->prr_out == 0 || pipe == 0))
		count = smss; /* with nothing in flight no ACK would come */
	h->cc.cwnd = pipe + (uint32_t)PL_MAX(count, 0);
}

/* NewReno: a partial ACK means that the next segment is lost too (RFC 6582 §3.2 step 5). */
static void
partial_ack(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h, uint32_t acked)
{
	uint32_t smss = pl_tcp_text_mss(c), gone = acked / smss;

	h->ledger.dup_acks = (uint16_t)(h->ledger.dup_acks > gone ? h->ledger.dup_acks - gone : 0);
	pl_ledger_mark_head_lost(&t->core->mem, &h->ledger, smss);
	h->rec.force = true;
}

static void
in_recovery(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h, const struct pl_ack_event *ev)
{
	uint32_t smss = pl_tcp_text_mss(c), lost = 0;
	uint32_t delivered = ev->newly_sacked + (c->flags & PL_CF_SACK ? ev->acked.octets : 0);

	if (pl_seq_le(h->rec.recover, c->snd_una)) {
		leave_recovery(h);
		return;
	}
	if (c->flags & PL_CF_SACK) {
		lost = pl_ledger_mark_lost(&t->core->mem, &h->ledger, smss, DUP_THRESH);
	} else if (ev->acked.octets > 0) {
		partial_ack(t, c, h, ev->acked.octets);
		delivered = smss * ev->acked.segments;
	} else if (ev->is_dup) {
		h->ledger.dup_acks++;
		delivered = smss;
	}
	proportional_rate(t, c, h, delivered, ev->acked.octets > 0 && lost == 0);
}

/* Was the window in use before this ACK? (RFC 7661: an unused window does not grow.) */
static bool
was_window_limited(const struct pl_tcp_hot *h, uint32_t flight_before, uint32_t smss)
{
	if (h->cc.cwnd < h->cc.ssthresh)
		return h->cc.cwnd < 2 * flight_before;
	return flight_before + 2 * smss >= h->cc.cwnd;
}

static void
grow(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h, const struct pl_ack_event *ev)
{
	uint32_t smss = pl_tcp_text_mss(c);

	if (ev->acked.octets > 0 && was_window_limited(h, ev->flight_before, smss))
		pl_tcp_cc_acked(&h->cc, ev->acked, smss, pl_tcp_ms(t->core->now), c->srtt_us);
}

static void
in_open(struct pl_tcp *t, struct pl_tcp_conn *c, struct pl_tcp_hot *h, const struct pl_ack_event *ev)
{
	struct pl_mem *m = &t->core->mem;
	uint32_t smss = pl_tcp_text_mss(c);

	if (ev->acked.octets > 0) {
		h->rec.dupacks = 0;
		h->ledger.dup_acks = 0;
		grow(t, c, h, ev);
	}
	if (ev->is_dup && h->rec.dupacks < 255)
		h->rec.dupacks++;
	if (c->flags & PL_CF_SACK) {
		(void)pl_ledger_mark_lost(m, &h->ledger, smss, DUP_THRESH);
		if (h->rec.dupacks >= DUP_THRESH && !pl_ledger_has_lost(m, &h->ledger))
			pl_ledger_mark_head_lost(m, &h->ledger, smss);
	} else if (ev->is_dup) {
		h->ledger.dup_acks = h->rec.dupacks;
		/* RFC 6582 §3.2 step 1: not again for the window that a timeout already repaired. */
		if (h->rec.dupacks == DUP_THRESH && pl_seq_le(h->rec.recover, c->snd_una))
			pl_ledger_mark_head_lost(m, &h->ledger, smss);
	}
	if (pl_ledger_has_lost(m, &h->ledger))
		enter_recovery(t, c, h);
}

void
pl_tcp_recovery_acked(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_ack_event *ev)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (is_spurious(h, ev))
		undo(t, h);
	else if (ev->acked.octets > 0)
		h->rec.may_undo = false;
	switch (h->rec.phase) {
	case PL_OPEN: in_open(t, c, h, ev); break;
	case PL_RECOVERY: in_recovery(t, c, h, ev); break;
	case PL_LOSS:
		if (ev->acked.octets > 0 && h->cc.cwnd < UINT32_MAX / 4)
			pl_tcp_cc_acked(&h->cc, ev->acked, pl_tcp_text_mss(c), pl_tcp_ms(t->core->now), c->srtt_us);
		if (pl_seq_le(h->rec.recover, c->snd_una))
			leave_recovery(h);
		break;
	}
}

void
pl_tcp_recovery_timeout(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct pl_mem *m = &t->core->mem;
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t smss = pl_tcp_text_mss(c);
	bool reneged = h->ledger.n > 0 && pl_ledger_ranges(m, &h->ledger)[0].flags & PL_RANGE_SACKED;

	if (h->rec.phase != PL_LOSS) {
		if (h->rec.phase == PL_OPEN)
			remember_for_undo(t, c, h);
		pl_tcp_cc_congestion(&h->cc, pl_seq_diff(c->snd_nxt, c->snd_una), smss);
	}
	if (reneged)
		h->rec.may_undo = false; /* RFC 2018 §8 */
	pl_tcp_cc_timeout(&h->cc, smss);
	h->rec.phase = PL_LOSS;
	h->rec.recover = c->snd_nxt;
	h->rec.dupacks = 0;
	h->rec.force = true;
	pl_ledger_mark_all_lost(m, &h->ledger, reneged);
	PL_TCP_COUNT(t->core, timeouts);
}
