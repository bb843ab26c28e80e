/* SPDX-License-Identifier: ISC */
/* The ring of measures: see trace.h. */
#include "mem/trace.h"

#include "mem/governor.h"

#define OFTEN_MS 100u

static const enum plim_action often[] = {PLIM_ACTION_syn_refused, PLIM_ACTION_syn_paced, PLIM_ACTION_newcomer_refused,
                                         PLIM_ACTION_fragment_replaced, PLIM_ACTION_fragment_expired};

_Static_assert(PL_COUNT(often) == PL_TRACE_OFTEN, "a place for each");

static struct plim_trace_record *
next_record(struct pl_core *c, enum plim_action action, uint64_t octets, uint64_t reason)
{
	struct plim_trace_record *r = &c->trace[c->traced++ % PL_TRACE_RECORDS];

	c->actions[action]++;
	*r = (struct plim_trace_record){.at = c->now, .action = action, .octets = octets, .reason = reason};
	r->pressure_permille = pl_pressure(&c->mem);
	r->level = c->level;
	return r;
}

void
pl_trace(struct pl_core *c, enum plim_action action, uint64_t octets, uint64_t reason)
{
	(void)next_record(c, action, octets, reason);
}

void
pl_trace_peer(struct pl_core *c, enum plim_action action, uint64_t octets, uint64_t reason,
              const struct plim_addr *raddr, uint16_t rport)
{
	struct plim_trace_record *r = next_record(c, action, octets, reason);

	if (raddr)
		r->remote = (struct plim_endpoint){*raddr, rport};
}

static pl_time *
last_time_of(struct pl_core *c, enum plim_action action)
{
	for (unsigned i = 0; i < PL_COUNT(often); i++)
		if (often[i] == action)
			return &c->traced_often[i];
	return NULL;
}

void
pl_trace_often(struct pl_core *c, enum plim_action action, uint64_t octets, uint64_t reason,
               const struct plim_addr *raddr, uint16_t rport)
{
	pl_time *last = last_time_of(c, action);

	if (PL_NEVER(!last))
		return;
	if (c->actions[action] > 0 && c->now - *last < PL_MS(OFTEN_MS)) {
		c->actions[action]++;
		return;
	}
	*last = c->now;
	pl_trace_peer(c, action, octets, reason, raddr, rport);
}

size_t
pl_trace_read(const struct pl_core *c, uint64_t *cursor, struct plim_trace_record *out, size_t n, uint64_t *lost)
{
	uint64_t oldest = c->traced > PL_TRACE_RECORDS ? c->traced - PL_TRACE_RECORDS : 0;
	uint64_t gone = *cursor < oldest ? oldest - *cursor : 0;
	size_t done = 0;

	*cursor += gone;
	if (lost)
		*lost = gone;
	while (done < n && *cursor < c->traced)
		out[done++] = c->trace[(*cursor)++ % PL_TRACE_RECORDS];
	return done;
}
