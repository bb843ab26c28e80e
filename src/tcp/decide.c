/* SPDX-License-Identifier: ISC */
/* Pure rules: see decide.h. */
#include "tcp/decide.h"

#define PAWS_IDLE_MS (24u * 24u * 3600u * 1000u) /* RFC 7323 §5.5: 24 days */

bool
pl_tcp_is_acceptable(const struct pl_rcv_view *v, pl_seq seg_seq, uint32_t seg_len)
{
	/*
	 * 9293:3.10.7.4/1 gives four cases by the window. With the right edge held apart they are one:
	 * the segment begins at or before any edge we ever gave and does not end before the last ACK.
	 * An ACK sent while the window was wider is so never out of window (RFC 7323 §2.4).
	 */
	return pl_seq_le(seg_seq, v->max_edge) && pl_seq_le(v->last_ack_sent, pl_seq_add(seg_seq, seg_len));
}

enum pl_step
pl_tcp_decide_rst(const struct pl_rcv_view *v, pl_seq seg_seq)
{
	/* RFC 5961 §3, taken up by RFC 9293 §3.10.7.4 step 2. */
	if (pl_seq_lt(seg_seq, v->rcv_nxt) || pl_seq_lt(v->max_edge, seg_seq))
		return PL_STEP_DROP;
	return seg_seq == v->rcv_nxt ? PL_STEP_RESET : PL_STEP_CHALLENGE;
}

enum pl_step
pl_tcp_decide_ack(const struct pl_ack_view *v, pl_seq seg_ack)
{
	if (pl_seq_lt(v->snd_nxt, seg_ack))
		return PL_STEP_ACK; /* acks something not yet sent */
	/* RFC 5961 §5, MAY-12: SND.UNA - MAX.SND.WND <= SEG.ACK */
	if (pl_seq_lt(seg_ack, pl_seq_add(v->snd_una, 0u - v->max_snd_wnd)))
		return PL_STEP_CHALLENGE;
	return PL_STEP_CONTINUE;
}

bool
pl_tcp_is_fresh_window(const struct pl_wnd_view *v, pl_seq seg_seq, pl_seq seg_ack)
{
	if (pl_seq_lt(seg_ack, v->snd_una))
		return false;
	if (pl_seq_lt(v->snd_una, seg_ack)) /* DEVIATES, as Linux: new ACKs always bring their window */
		return true;
	if (pl_seq_lt(v->snd_wl1, seg_seq))
		return true;
	return v->snd_wl1 == seg_seq && pl_seq_le(v->snd_wl2, seg_ack);
}

bool
pl_tcp_is_outdated(uint32_t age_ms)
{
	return age_ms >= PAWS_IDLE_MS;
}

bool
pl_tcp_is_old_timestamp(uint32_t ts_recent, uint32_t age_ms, uint32_t seg_tsval)
{
	return (int32_t)(seg_tsval - ts_recent) < 0 && !pl_tcp_is_outdated(age_ms);
}

bool
pl_tcp_may_take_timestamp(uint32_t ts_recent, uint32_t age_ms, uint32_t seg_tsval, pl_seq seg_seq, pl_seq last_ack_sent)
{
	return pl_seq_le(seg_seq, last_ack_sent) && !pl_tcp_is_old_timestamp(ts_recent, age_ms, seg_tsval);
}

bool
pl_tcp_may_take_over(bool has_ts, uint32_t ts_recent, bool seg_has_ts, uint32_t seg_tsval, pl_seq rcv_nxt,
                     pl_seq seg_seq)
{
	/* RFC 6191 §2: the timestamp decides where both have one and it moved; else the ISN (RFC 1122 4.2.2.13). */
	if (has_ts && seg_has_ts && seg_tsval != ts_recent)
		return (int32_t)(seg_tsval - ts_recent) > 0;
	return pl_seq_lt(rcv_nxt, seg_seq);
}
