/* SPDX-License-Identifier: ISC */
/* The pressure level: see level.h. */
#include "mem/level.h"

#include "mem/governor.h"
#include "mem/prove.h"
#include "mem/trace.h"

/* Where a level (1 to 4) starts, in thousandths. */
static unsigned
threshold(const struct pl_core *c, unsigned level)
{
	const uint64_t pct[] = {0, c->conf.level_1_pct, c->conf.level_2_pct, c->conf.level_3_pct, c->conf.level_4_pct};

	return (unsigned)pct[level] * 10;
}

static void
change(struct pl_core *c, unsigned to)
{
	enum plim_action action = to > c->level ? PLIM_ACTION_level_up : PLIM_ACTION_level_down;

	c->level = (uint8_t)to;
	c->level_at = c->now;
	c->level_event = 1;
	pl_trace(c, action, pl_mem_conn_used(&c->mem), to);
}

static bool
may_fall(const struct pl_core *c, unsigned permille)
{
	unsigned under = PL_WITHOUT(c, hysteresis) ? 0 : (unsigned)c->conf.level_down_pct * 10;

	return c->level > 0 && permille + under <= threshold(c, c->level);
}

void
pl_level_look(struct pl_core *c)
{
	unsigned permille = pl_pressure(&c->mem);

	c->level_used = c->mem.conn_used;
	c->waterline = pl_waterline(&c->mem);
	if (!c->conf.governor)
		return;
	while (c->level < PL_L4 && permille >= threshold(c, c->level + 1u))
		change(c, c->level + 1u);
	if (may_fall(c, permille) &&
	    (c->now - c->level_at >= PL_MS(c->conf.level_down_ms) || PL_WITHOUT(c, hysteresis)))
		change(c, c->level - 1u);
}

pl_time
pl_level_deadline(const struct pl_core *c)
{
	if (PL_LIKELY(c->level == PL_L0) || !may_fall(c, pl_pressure(&c->mem)))
		return PL_TIME_NEVER;
	return c->level_at + PL_MS(c->conf.level_down_ms);
}
