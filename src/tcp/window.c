/* SPDX-License-Identifier: ISC */
/* The receive window: see window.h. */
#include "tcp/window.h"

#include "mem/level.h"
#include "mem/prove.h"
#include "tcp/credit.h"
#include "tcp/debt.h"
#include "tcp/form.h"
#include "tcp/limit.h"
#include "tcp/state.h"

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

/*
 * The edge that the limit allows, rounded down to the scale's unit; under pressure a window is zero or at least one MSS.
 * With nothing unread it is one unit at least: at scale 14 that is more than an initial window, and 0 would be for ever.
 */
static pl_seq
edge_allowed(const struct pl_tcp *t, const struct pl_tcp_conn *c, uint32_t limit)
{
	uint32_t unread = pl_tcp_unread(t, c);
	uint32_t wnd = limit > unread ? limit - unread : 0;

	if (pl_level(t->core) > PL_L0 && wnd < PL_MIN(c->smss, limit))
		wnd = 0;
	if (unread == 0)
		wnd = PL_MAX(wnd, 1u << pl_conn_rcv_shift(c));
	return pl_seq_add(c->rcv_nxt, wnd >> pl_conn_rcv_shift(c) << pl_conn_rcv_shift(c));
}

/* The last edge as the scale lets us tell it now: less than a unit before it is no window to the peer. */
static pl_seq
edge_told(const struct pl_tcp_conn *c)
{
	bool is_shut =
		pl_seq_le(c->adv_edge, c->rcv_nxt) || pl_seq_diff(c->adv_edge, c->rcv_nxt) >> pl_conn_rcv_shift(c) == 0;

	return is_shut ? c->rcv_nxt : c->adv_edge;
}

uint32_t
pl_tcp_window_told(const struct pl_tcp_conn *c)
{
	return pl_seq_diff(edge_told(c), c->rcv_nxt);
}

/*
 * The limit allows less than was advertised. Without pressure the edge stays (SHLD-14). Levels 1 and 2 take back with
 * ACKs of new octets only, which a sender never ignores; level 3 with any ACK. What is in flight up to the furthest
 * edge is still acceptable.
 */
static pl_seq
edge_over_limit(const struct pl_tcp *t, const struct pl_tcp_conn *c, pl_seq allowed)
{
	bool is_new_ack = c->rcv_nxt != c->last_ack_sent;

	switch (pl_level(t->core)) {
	case PL_L0: return c->adv_edge;
	case PL_L1:
	case PL_L2: return is_new_ack ? allowed : c->adv_edge;
	default: return allowed;
	}
}

/* The edge to advertise with this limit. */
static pl_seq
edge_with(const struct pl_tcp *t, const struct pl_tcp_conn *c, uint32_t limit)
{
	pl_seq edge = edge_allowed(t, c, limit);
	uint32_t gain;

	if (pl_seq_lt(edge, c->adv_edge))
		return edge_over_limit(t, c, edge);
	edge = pl_tcp_credit_edge(t, c, edge);
	if (pl_seq_le(edge, c->adv_edge))
		return c->adv_edge;
	gain = pl_seq_diff(edge, edge_told(c));
	if (gain < PL_MIN(pl_tcp_rcv_mss(c, pl_tcp_hot(t, c)), limit / 2))
		return c->adv_edge; /* MUST-39 */
	return edge;
}

pl_seq
pl_tcp_window_edge(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	return edge_with(t, c, pl_tcp_rcv_limit(t, c));
}

bool
pl_tcp_must_update_window(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	uint32_t left = pl_tcp_window_told(c);
	uint32_t mss = pl_tcp_rcv_mss(c, pl_tcp_hot(t, c)), limit = pl_tcp_rcv_limit(t, c), gain;
	pl_seq edge = edge_with(t, c, limit);

	if (pl_seq_le(edge, c->adv_edge) || PL_WITHOUT(t->core, window_updates))
		return false;
	gain = pl_seq_diff(edge, edge_told(c));
	return gain >= PL_MAX(2 * mss, limit / 4) || (left < mss && gain >= PL_MIN(mss, limit / 2));
}

/* The measures of this ACK, if pressure has a part in its window. */
static void
trace_window(struct pl_tcp *t, const struct pl_tcp_conn *c, uint32_t limit, pl_seq edge)
{
	pl_seq allowed = edge_allowed(t, c, limit);

	if (pl_seq_lt(edge, c->adv_edge))
		pl_tcp_trace(t, c, pl_level(t->core) >= PL_L3 ? PLIM_ACTION_window_shrunk : PLIM_ACTION_give_back,
		             pl_seq_diff(c->adv_edge, edge), limit);
	else if (pl_seq_lt(edge, allowed) && pl_tcp_credit_edge(t, c, allowed) == edge)
		pl_tcp_trace(t, c, PLIM_ACTION_credit_limited, pl_seq_diff(allowed, edge),
		             t->credit_active + t->credit_idle);
	else if (edge == c->adv_edge && pl_level(t->core) >= PL_L2 && pl_seq_lt(allowed, edge))
		pl_tcp_trace(t, c, PLIM_ACTION_edge_held, pl_seq_diff(edge, c->rcv_nxt), limit);
}

uint16_t
pl_tcp_window_advertise(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	uint32_t limit = pl_tcp_rcv_limit(t, c), wnd;
	pl_seq edge = edge_with(t, c, limit);

	if (pl_level(t->core) > PL_L0)
		trace_window(t, c, limit, edge);
	if (edge != c->adv_edge) {
		pl_tcp_credit_leave(t, c);
		c->adv_edge = edge;
		c->max_edge = pl_seq_max(c->max_edge, edge);
		pl_tcp_credit_enter(t, c);
	}
	wnd = pl_seq_lt(c->rcv_nxt, edge) ? pl_seq_diff(edge, c->rcv_nxt) : 0;
	return (uint16_t)PL_MIN(wnd >> pl_conn_rcv_shift(c), 65535u);
}

uint16_t
pl_tcp_window_syn(const struct pl_tcp *t, uint32_t smss, uint32_t segments)
{
	return (uint16_t)PL_MIN(PL_MIN((uint64_t)segments * smss, t->core->conf.rcv_buf_max), 65535u);
}
