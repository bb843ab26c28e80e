/* SPDX-License-Identifier: ISC */
/* Counters of remote prefixes: see prefix.h. */
#include "tcp/prefix.h"

static uint32_t
index_of(const struct pl_core *c, const struct plim_addr *raddr)
{
	uint8_t prefix[9] = {raddr->family};

	memcpy(prefix + 1, raddr->octets, raddr->family == 4 ? 3 : 8);
	return (uint32_t)(pl_siphash13(&c->hash_key, prefix, sizeof prefix) >> 32) % PL_PREFIX_COUNTERS;
}

void
pl_prefix_enter(struct pl_prefixes *p, const struct pl_core *c, const struct plim_addr *raddr)
{
	uint16_t *n = &p->n[index_of(c, raddr)];

	if (*n < UINT16_MAX)
		++*n;
}

void
pl_prefix_leave(struct pl_prefixes *p, const struct pl_core *c, const struct plim_addr *raddr)
{
	uint16_t *n = &p->n[index_of(c, raddr)];

	/* A counter that reached its top cannot be trusted to count down: it stays there. */
	if (*n > 0 && *n < UINT16_MAX)
		--*n;
}

unsigned
pl_prefix_count(const struct pl_prefixes *p, const struct pl_core *c, const struct plim_addr *raddr)
{
	return p->n[index_of(c, raddr)];
}
