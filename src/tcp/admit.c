/* SPDX-License-Identifier: ISC */
/* New connections under pressure: see admit.h. */
#include "tcp/admit.h"

#include "mem/level.h"
#include "mem/prove.h"
#include "mem/trace.h"
#include "tcp/evict.h"
#include "tcp/limit.h"

#define REFILL_MS 10u
#define ROOM_SECONDS 8u
#define LEAST_COST 256u     /* octets of a connection: what it holds, its share of slack */
#define RECORD_OCTETS 1024u /* both parts of one in use */
#define PL_NEWCOMER_MSS 1460u
#define TOKEN 1000u /* in thousandths */

static uint64_t
n_connections(const struct pl_mem *m)
{
	return m->types[PL_OBJ_conn4].live + m->types[PL_OBJ_conn6].live;
}

/* Octets of a newcomer, all in: what a connection holds on the average, but no more than a newcomer may hold. */
static uint64_t
newcomer_cost(const struct pl_core *c)
{
	uint64_t mean = pl_mem_conn_live(&c->mem) / PL_MAX(n_connections(&c->mem), 1u);
	uint64_t most = 2u * PL_NEWCOMER_MSS * pl_tcp_initial_segments(c, true) + RECORD_OCTETS;

	return PL_CLAMP(mean, LEAST_COST, most);
}

static uint64_t
room_below_level_3(const struct pl_core *c)
{
	uint64_t start = c->mem.cap_conn / 100 * c->conf.level_3_pct, used = pl_mem_conn_used(&c->mem);

	return start > used ? start - used : 0;
}

/* Thousandths of a token per second. */
static uint64_t
rate_milli(const struct pl_tcp *t)
{
	uint64_t octets = t->admission.ended_per_s + room_below_level_3(t->core) / ROOM_SECONDS;

	return octets * TOKEN / newcomer_cost(t->core);
}

static void
refill(struct pl_tcp *t)
{
	struct pl_tcp_admission *a = &t->admission;
	uint64_t ms = (t->core->now - a->at) / PL_MS(1), rate, most;

	if (ms < REFILL_MS)
		return;
	a->ended_per_s +=
		(a->ended_octets * 1000 / ms) / 16; /* over all of it: what ended before level 2 was long ago */
	ms = PL_MIN(ms, 1000u);
	a->ended_per_s -= a->ended_per_s / 16;
	a->ended_octets = 0;
	a->at = t->core->now;
	rate = rate_milli(t);
	most = PL_MAX(rate, TOKEN);
	a->tokens_milli = PL_MIN(a->tokens_milli + rate * ms / 1000, most);
}

static bool
refuse(struct pl_tcp *t, enum plim_action action, const struct plim_addr *raddr, uint16_t rport)
{
	pl_trace_often(t->core, action, pl_mem_conn_used(&t->core->mem), t->admission.tokens_milli, raddr, rport);
	(void)PL_DROP(t->core, syn_pressure);
	return false;
}

/* Is there a token (level 2), or a worse connection (level 3)? */
static bool
has_place(struct pl_tcp *t, const struct plim_addr *raddr, uint16_t rport)
{
	if (pl_level(t->core) >= PL_L3)
		return pl_tcp_can_evict(t) || refuse(t, PLIM_ACTION_newcomer_refused, raddr, rport);
	refill(t);
	return t->admission.tokens_milli >= TOKEN || refuse(t, PLIM_ACTION_syn_paced, raddr, rport);
}

bool
pl_tcp_may_begin(struct pl_tcp *t, const struct plim_addr *raddr, uint16_t rport)
{
	if (pl_level(t->core) < PL_L2 || PL_WITHOUT(t->core, admission_pacing))
		return true;
	if (pl_level(t->core) >= PL_L4)
		return refuse(t, PLIM_ACTION_syn_refused, raddr, rport);
	return has_place(t, raddr, rport);
}

/*
 * Its SYN was let in, and the peer believes it is connected: refused now, it would be reset in the end. So it comes in,
 * and those after it wait the longer; only at level 4 is the ACK ignored.
 */
bool
pl_tcp_admit(struct pl_tcp *t, const struct plim_addr *raddr, uint16_t rport)
{
	switch (pl_level(t->core)) {
	case PL_L0:
	case PL_L1: return true;
	case PL_L2:
		refill(t);
		t->admission.tokens_milli -= PL_MIN(t->admission.tokens_milli, TOKEN);
		return true;
	case PL_L3: (void)pl_tcp_evict(t, NULL); return true;
	default: return pl_tcp_evict(t, NULL) || refuse(t, PLIM_ACTION_newcomer_refused, raddr, rport);
	}
}

void
pl_tcp_admit_ended(struct pl_tcp *t, uint64_t octets)
{
	t->admission.ended_octets += octets;
}
