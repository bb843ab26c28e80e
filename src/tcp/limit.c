/* SPDX-License-Identifier: ISC */
/* Limits of one connection: see limit.h. */
#include "tcp/limit.h"

#include "mem/level.h"
#include "mem/prove.h"
#include "tcp/credit.h"
#include "tcp/debt.h"
#include "tcp/state.h"

#define ANSWER_OCTETS 8192u /* what any peer may let wait while memory is plentiful */
#define LEAST_RCV_MSS 536u
#define KEPT_OCTETS 32768u      /* under pressure: 2 Mbit/s at 130 ms; less in the upper half of level 3 */
#define KEPT_FREE_OCTETS 49152u /* without: room to grow beside that */

uint32_t
pl_tcp_initial_segments(const struct pl_core *core, bool is_accepted)
{
	static const uint8_t most[2][PL_L4 + 1] = {{4, 2, 1, 1, 1}, {64, 4, 2, 1, 1}};

	return (uint32_t)PL_MIN(core->conf.initial_window_segments, most[is_accepted][pl_level(core)]);
}

uint32_t
pl_tcp_rcv_mss(const struct pl_tcp_conn *c, const struct pl_tcp_hot *h)
{
	return PL_MAX(h && h->t.rcv_mss ? h->t.rcv_mss : c->smss, LEAST_RCV_MSS);
}

/* The waterline for this connection, the configured limit where nothing governs. */
static uint64_t
share(const struct pl_tcp *t, const struct pl_tcp_conn *c, uint64_t configured)
{
	uint64_t line = t->core->waterline;

	if (!t->core->conf.governor || line >> PL_WEIGHT_SHIFT_MOST >= configured || PL_WITHOUT(t->core, waterline))
		return configured; /* whatever its weight is */
	return PL_MIN(configured, line >> pl_tcp_weight_shift(t, c));
}

/*
 * What a connection that is served keeps under pressure, at most. Where so many are served that level 4 comes near, all
 * keep less: an honest crowd shares what there is, and nobody is refused or ended.
 */
static uint32_t
kept_most(const struct pl_core *core)
{
	uint64_t one = core->mem.cap_conn / 100, end = one * core->conf.level_4_pct;
	uint64_t band = PL_MAX(one * (core->conf.level_4_pct - core->conf.level_3_pct) / 2, 1u);
	uint64_t used = pl_mem_conn_used(&core->mem), left = end > used ? end - used : 0;

	return (uint32_t)(KEPT_OCTETS * PL_MIN(left, band) / band);
}

/* ---- receiving ---- */

/* 2 x what the application took in this or the last round, and room to grow; at least the initial window. */
static uint64_t
rcv_earned(const struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_tcp_hot *h)
{
	static const uint8_t growth_segments[PL_L4 + 1] = {16, 4, 0, 0, 0};
	uint64_t initial = (uint64_t)pl_tcp_initial_segments(t->core, !(c->flags & PL_CF_UNACCEPTED)) * c->smss;
	uint64_t took = h ? PL_MAX(h->consumed, h->consumed_before) : 0;

	if (took == 0 || c->flags & PL_CF_UNACCEPTED)
		return initial;
	return PL_MAX(initial, 2 * took + (uint64_t)growth_segments[pl_level(t->core)] * pl_tcp_rcv_mss(c, h));
}

/* Credit of idle peers counts in full there (tcp/credit.h): what is in use may grow beside it. */
static bool
is_small(const struct pl_core *core)
{
	return core->mem.target < PL_CREDIT_SMALL_TARGET;
}

uint32_t
pl_tcp_rcv_kept(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	uint32_t took = h ? PL_MAX(h->consumed, h->consumed_before) : 0, kept = c->smss;

	if (pl_level(t->core) == PL_L0 && c->flags & PL_CF_USEFUL)
		return (uint32_t)PL_MIN(rcv_earned(t, c, h), is_small(t->core) ? UINT32_MAX : KEPT_FREE_OCTETS);
	if (took == 0 || pl_level(t->core) >= PL_L4 || pl_tcp_weight_shift(t, c) > 0 || PL_WITHOUT(t->core, kept_share))
		return kept;
	return PL_MAX(kept, PL_MIN(took + took / 4 + 2u * c->smss, kept_most(t->core)));
}

uint32_t
pl_tcp_rcv_limit(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_connopt *o = c->opt ? pl_mem_ptr(&t->core->mem, c->opt) : NULL;
	uint64_t most = o && o->rcv_buf_max ? o->rcv_buf_max : t->core->conf.rcv_buf_max, limit = share(t, c, most);

	uint64_t earned = rcv_earned(t, c, pl_tcp_hot(t, c));

	if (limit < earned)
		limit = PL_MAX(limit, PL_MIN(most, pl_tcp_rcv_kept(t, c)));
	limit = PL_MIN(limit, earned);
	/* One MSS may always be granted to a connection whose queue is empty. */
	if (pl_tcp_unread(t, c) == 0)
		limit = PL_MAX(limit, c->smss);
	return (uint32_t)PL_MIN(limit, 65535u << pl_conn_rcv_shift(c));
}

/* ---- sending ---- */

uint32_t
pl_tcp_snd_configured(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_connopt *o = c->opt ? pl_mem_ptr(&t->core->mem, c->opt) : NULL;

	return (uint32_t)(o && o->snd_buf_max ? o->snd_buf_max : t->core->conf.snd_buf_max);
}

/* Is less than a quarter of the joint cap in use? The waterline is half of what is free then. */
static bool
is_plentiful(const struct pl_core *core)
{
	return !core->conf.governor || core->waterline / 3 > core->mem.cap_conn / 8;
}

/*
 * 2 x cwnd once the peer acknowledged something; until then, and at least, the initial window. Without pressure a
 * peer whose window is open is trusted that far: limited transmit needs text beyond the first window (RFC 3042).
 * Never more than twice the largest window that the peer ever offered, beyond a short answer: who reads a few octets
 * at a time fills no queue.
 */
static uint64_t
snd_earned(const struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_tcp_hot *h)
{
	uint64_t initial = (uint64_t)pl_tcp_initial_segments(t->core, true) * c->smss;
	bool is_trusted = h && (h->has_acked || (pl_level(t->core) == PL_L0 && c->snd_wnd > 0));
	uint64_t earned = is_trusted ? PL_MAX(initial, 2ull * h->cc.cwnd) : initial;
	uint32_t answer = is_plentiful(t->core) ? ANSWER_OCTETS : 2u * c->smss;

	if (PL_WITHOUT(t->core, earned_limit))
		return UINT32_MAX;
	return PL_MIN(earned, PL_MAX(2ull * pl_conn_max_snd_wnd(c), answer));
}

/* What a connection whose peer acknowledges as it gets keeps below level 4 whatever the waterline says. */
static uint32_t
snd_kept(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (!h || !h->has_acked || pl_level(t->core) >= PL_L4 || pl_tcp_weight_shift(t, c) > 0 ||
	    PL_WITHOUT(t->core, kept_share))
		return 0;
	return PL_MAX(2u * c->smss, PL_MIN(h->cc.cwnd + 2u * c->smss, kept_most(t->core)));
}

uint32_t
pl_tcp_snd_limit(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	uint64_t most = pl_tcp_snd_configured(t, c), limit = share(t, c, most);

	uint64_t earned = snd_earned(t, c, pl_tcp_hot(t, c));

	if (limit < earned)
		limit = PL_MAX(limit, PL_MIN(most, snd_kept(t, c)));
	return (uint32_t)PL_MIN(limit, earned);
}
