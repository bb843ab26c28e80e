/* SPDX-License-Identifier: ISC */
/* Debt: see debt.h. */
#include "tcp/debt.h"

#include "mem/prove.h"
#include "tcp/credit.h"
#include "tcp/form.h"
#include "tcp/rtt.h"
#include "tcp/state.h"

#define SMALL_OCTETS 1024u /* held: with so little any useful octet takes half of the age */

static uint32_t
stall_ticks(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	return (pl_tcp_age_clock(t->core->now) - c->stall_since) & PL_TCP_CLOCK_MASK;
}

void
pl_tcp_debt_begin(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	c->stall_since = pl_tcp_age_clock(t->core->now);
}

uint64_t
pl_tcp_stall_ms(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	return ((uint64_t)stall_ticks(t, c) << PL_TCP_AGE_TICK_SHIFT) / 1000000u;
}

void
pl_tcp_debt_useful(struct pl_tcp *t, struct pl_tcp_conn *c, uint32_t octets)
{
	uint32_t ticks = stall_ticks(t, c), moved;
	uint64_t held;

	if (!(c->flags & PL_CF_USEFUL)) {
		pl_tcp_credit_leave(t, c);
		c->flags |= PL_CF_USEFUL;
		pl_tcp_credit_enter(t, c);
	}
	if (ticks == 0 || octets == 0)
		return;
	held = pl_tcp_held(t, c);
	moved = octets >= held ? ticks : (uint32_t)((uint64_t)ticks * octets / held);
	if (held <= SMALL_OCTETS)
		moved = PL_MAX(moved, (ticks + 1) / 2);
	if (PL_WITHOUT(t->core, progress_fraction))
		moved = ticks;
	c->stall_since = (c->stall_since + moved) & PL_TCP_CLOCK_MASK;
}

static bool
is_anything_queued(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	return pl_tcp_unread(t, c) > 0 || (h && (pl_sndq_len(&h->sndq) > 0 || h->rcvq.n > 0));
}

unsigned
pl_tcp_weight_shift(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	uint64_t age_ms = pl_tcp_stall_ms(t, c), unit_ms;
	unsigned shift = 0;

	if (age_ms < 1000 || !is_anything_queued(t, c))
		return 0;
	unit_ms = PL_MAX(1000u, 4 * (pl_tcp_rto(c, &t->core->conf, 0) / 1000000u));
	for (uint64_t x = 1 + age_ms / unit_ms; x > 1 && shift < PL_WEIGHT_SHIFT_MOST; x /= 2)
		shift++;
	return shift;
}

uint64_t
pl_tcp_debt(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	return pl_tcp_held(t, c) * (pl_tcp_stall_ms(t, c) + 1);
}
