/* SPDX-License-Identifier: ISC */
/* The ring of measures: see trace.h. */
#include "mem/trace.h"

#include "mem/governor.h"

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

	r->remote = (struct plim_endpoint){*raddr, rport};
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
