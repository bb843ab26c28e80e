/* SPDX-License-Identifier: ISC */
/* Rounds of the receiver: see round.h. */
#include "tcp/round.h"

#include "tcp/debt.h"
#include "tcp/form.h"
#include "tcp/isn.h"
#include "tcp/table.h"

#define LEAST_MS 10u
#define LEAST_MOST_MS 10000u /* SRTT comes from the peer's echoes: it may say anything */
#define MOST_MS 100u /* or four times SRTT: queues on the way may hold as much; an echo older than that says nothing */

static void
begin(struct pl_tcp *t, struct pl_tcp_hot *h)
{
	h->consumed_before = h->consumed;
	h->consumed = 0;
	h->round_ms = pl_tcp_ms(t->core->now);
}

static uint32_t
least_ms(const struct pl_tcp_conn *c)
{
	return PL_CLAMP(c->srtt_us / 1000, LEAST_MS, LEAST_MOST_MS);
}

static uint32_t
most_ms(const struct pl_tcp_conn *c)
{
	return c->flags & PL_CF_TS ? PL_MAX(4 * least_ms(c), MOST_MS) : least_ms(c);
}

uint32_t
pl_tcp_round_age_ms(const struct pl_tcp *t, const struct pl_tcp_hot *h)
{
	return pl_tcp_ms(t->core->now) - h->round_ms;
}

/* Did the peer hear of us in this round, before it sent this? */
static bool
is_echo_of_round(const struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_tcp_hot *h,
                 const struct pl_tcp_seg *seg)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&c->rec);

	return pl_tcp_tsval(t, &k) - seg->opt.tsecr <= pl_tcp_round_age_ms(t, h);
}

void
pl_tcp_round_text(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tcp_seg *seg)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	if (!h || !(c->flags & PL_CF_TS) || pl_tcp_round_age_ms(t, h) < least_ms(c))
		return;
	if (pl_tcp_round_age_ms(t, h) >= most_ms(c) || (seg->opt.has & PL_OPT_TS && is_echo_of_round(t, c, h, seg)))
		begin(t, h);
}

void
pl_tcp_round_took(struct pl_tcp *t, struct pl_tcp_conn *c, uint32_t octets)
{
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	pl_tcp_debt_useful(t, c, octets);
	if (!h)
		return; /* parked: the round is long over */
	if (pl_tcp_round_age_ms(t, h) >= most_ms(c))
		begin(t, h);
	h->consumed += octets;
}
