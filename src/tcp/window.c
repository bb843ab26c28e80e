/* SPDX-License-Identifier: ISC */
/* The receive window: see window.h. */
#include "tcp/window.h"

#include "mem/governor.h"
#include "tcp/state.h"

#define EARNED_SEGMENTS 16u
#define UNACCEPTED_SEGMENTS 4u
#define LEAST_RCV_MSS 536u

uint8_t
pl_tcp_window_shift(const struct plim_config *conf)
{
	uint8_t shift = 0;

	if (!conf->window_scaling)
		return 0;
	while (shift < 14 && (conf->rcv_buf_max >> shift) > 65535)
		shift++;
	return shift;
}

static uint32_t
rcv_mss(const struct pl_tcp_conn *c, const struct pl_tcp_hot *h)
{
	return PL_MAX(h && h->t.rcv_mss ? h->t.rcv_mss : c->smss, LEAST_RCV_MSS);
}

/* 2 x what the application took in this or the last round, + 16 MSS; at least the initial window. */
static uint64_t
earned(const struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_tcp_hot *h)
{
	uint64_t segments = t->core->conf.initial_window_segments, took;

	if (c->flags & PL_CF_UNACCEPTED)
		return PL_MIN(segments, UNACCEPTED_SEGMENTS) * c->smss;
	if (!h)
		return segments * c->smss;
	took = PL_MAX(h->consumed, h->consumed_before);
	if (took == 0)
		return segments * c->smss;
	return PL_MAX(segments * c->smss, 2 * took + EARNED_SEGMENTS * rcv_mss(c, h));
}

static uint64_t
configured_max(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_connopt *o = c->opt ? pl_mem_ptr(&t->core->mem, c->opt) : NULL;

	return o && o->rcv_buf_max ? o->rcv_buf_max : t->core->conf.rcv_buf_max;
}

uint32_t
pl_tcp_rcv_limit(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint64_t line = pl_waterline(&t->core->mem);
	uint64_t limit = PL_MIN(configured_max(t, c), line);

	limit = PL_MIN(limit, earned(t, c, h));
	/* One MSS may always be granted to a connection whose queue is empty. */
	if (pl_tcp_unread(t, c) == 0)
		limit = PL_MAX(limit, c->smss);
	return (uint32_t)PL_MIN(limit, 65535u << pl_conn_rcv_shift(c));
}

/* The edge that the limit allows, rounded down to the scale's unit. */
static pl_seq
edge_allowed(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	uint32_t limit = pl_tcp_rcv_limit(t, c), unread = pl_tcp_unread(t, c);
	uint32_t wnd = limit > unread ? limit - unread : 0;

	return pl_seq_add(c->rcv_nxt, wnd >> pl_conn_rcv_shift(c) << pl_conn_rcv_shift(c));
}

pl_seq
pl_tcp_window_edge(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	pl_seq edge = edge_allowed(t, c);
	uint32_t gain;

	if (pl_seq_le(edge, c->adv_edge))
		return c->adv_edge; /* SHLD-14 */
	gain = pl_seq_diff(edge, c->adv_edge);
	if (gain < PL_MIN(rcv_mss(c, pl_tcp_hot(t, c)), pl_tcp_rcv_limit(t, c) / 2))
		return c->adv_edge; /* MUST-39 */
	return edge;
}

bool
pl_tcp_must_update_window(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	pl_seq edge = pl_tcp_window_edge(t, c);
	uint32_t left = pl_seq_diff(c->adv_edge, c->rcv_nxt), gain = pl_seq_diff(edge, c->adv_edge);
	uint32_t mss = rcv_mss(c, pl_tcp_hot(t, c)), limit;

	if (gain == 0)
		return false;
	limit = pl_tcp_rcv_limit(t, c);
	return gain >= PL_MAX(2 * mss, limit / 4) || (left < mss && gain >= PL_MIN(mss, limit / 2));
}

uint16_t
pl_tcp_window_advertise(const struct pl_tcp *t, struct pl_tcp_conn *c)
{
	uint32_t wnd;

	c->adv_edge = pl_tcp_window_edge(t, c);
	c->max_edge = pl_seq_max(c->max_edge, c->adv_edge);
	wnd = pl_seq_lt(c->rcv_nxt, c->adv_edge) ? pl_seq_diff(c->adv_edge, c->rcv_nxt) : 0;
	return (uint16_t)PL_MIN(wnd >> pl_conn_rcv_shift(c), 65535u);
}

uint16_t
pl_tcp_window_syn(const struct pl_tcp *t, uint32_t smss, bool passive)
{
	uint64_t segments = t->core->conf.initial_window_segments;

	if (passive)
		segments = PL_MIN(segments, UNACCEPTED_SEGMENTS);
	return (uint16_t)PL_MIN(PL_MIN(segments * smss, t->core->conf.rcv_buf_max), 65535u);
}

void
pl_tcp_window_consumed(struct pl_tcp *t, struct pl_tcp_conn *c, uint32_t octets)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t now_ms = pl_tcp_ms(t->core->now), round_ms = PL_MAX(c->srtt_us / 1000, 10u);

	c->flags |= PL_CF_USEFUL;
	if (!h)
		return; /* parked: the round is long over */
	if (now_ms - h->round_ms >= round_ms) {
		h->consumed_before = h->consumed;
		h->consumed = 0;
		h->round_ms = now_ms;
	}
	h->consumed += octets;
}
