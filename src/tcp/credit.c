/* SPDX-License-Identifier: ISC */
/* Credit: see credit.h. */
#include "tcp/credit.h"

#include "mem/level.h"
#include "mem/prove.h"
#include "tcp/limit.h"
#include "tcp/state.h"

#define GRANT_SHIFT 3u    /* of what is left */
#define UNPROVEN_SHIFT 3u /* of the joint cap */

uint32_t
pl_tcp_credit_of(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	uint32_t open;

	(void)t;
	if (!pl_tcp_is_receiving(c->rec.state) || pl_seq_le(c->max_edge, c->rcv_nxt))
		return 0;
	open = pl_seq_diff(c->max_edge, c->rcv_nxt);
	return open > c->smss ? open - c->smss : 0;
}

/* +1 or -1 times the connection's credit, in each sum it belongs to. */
static void
account(struct pl_tcp *t, const struct pl_tcp_conn *c, uint64_t sign)
{
	uint64_t octets = pl_tcp_credit_of(t, c) * sign;

	if (pl_tcp_hot(t, c))
		t->credit_active += octets;
	else
		t->credit_idle += octets;
	if (!(c->flags & PL_CF_USEFUL))
		t->credit_unproven += octets;
}

void
pl_tcp_credit_leave(struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	account(t, c, UINT64_MAX); /* modulo 2^64: less */
}

void
pl_tcp_credit_enter(struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	account(t, c, 1);
}

static uint64_t
left_of(uint64_t most, uint64_t taken)
{
	return most > taken ? most - taken : 0;
}

/* By how much may a window grow now? */
static uint64_t
room(const struct pl_tcp *t, bool is_useful)
{
	const struct pl_mem *m = &t->core->mem;
	bool is_idle_full = m->target < PL_CREDIT_SMALL_TARGET || pl_level(t->core) >= PL_L2;
	uint64_t idle = is_idle_full ? t->credit_idle : t->credit_idle / 2;
	uint64_t taken = pl_mem_conn_used(m) + t->credit_active + idle;
	uint64_t grant = left_of(m->cap_conn / 100 * t->core->conf.credit_pct, taken) >> GRANT_SHIFT;

	if (PL_WITHOUT(t->core, credit_cap))
		return UINT32_MAX;
	if (is_useful)
		return grant;
	return PL_MIN(grant, left_of(m->cap_conn >> UNPROVEN_SHIFT, t->credit_unproven));
}

uint32_t
pl_tcp_credit_synack(const struct pl_tcp *t, uint32_t smss)
{
	uint32_t segments = pl_tcp_initial_segments(t->core, false);

	if (!t->core->conf.governor)
		return segments;
	return (uint32_t)PL_MIN(segments, 1 + room(t, false) / PL_MAX(smss, 1u));
}

pl_seq
pl_tcp_credit_edge(const struct pl_tcp *t, const struct pl_tcp_conn *c, pl_seq wanted)
{
	uint32_t growth, kept;
	pl_seq edge;

	if (pl_seq_le(wanted, c->max_edge) || !t->core->conf.governor)
		return wanted;
	growth = pl_seq_diff(wanted, c->max_edge);
	edge = pl_seq_add(c->max_edge, (uint32_t)PL_MIN(growth, room(t, c->flags & PL_CF_USEFUL)));
	kept = pl_tcp_rcv_kept(t, c);
	if (pl_tcp_unread(t, c) == 0)
		kept = PL_MAX(kept, 1u << pl_conn_rcv_shift(c)); /* less cannot be told */
	return pl_seq_min(wanted, pl_seq_max(edge, pl_seq_add(c->rcv_nxt, kept)));
}
