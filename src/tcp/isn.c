/* SPDX-License-Identifier: ISC */
/* Keyed numbers: see isn.h. */
#include "tcp/isn.h"

struct isn_key {
	uint8_t raddr[16];
	uint32_t a, b;
	uint16_t lport, rport;
	uint8_t laddr, family;
	uint8_t zero[2];
};

static uint64_t
keyed(const struct pl_key *key, const struct pl_tuple *k, uint32_t a, uint32_t b)
{
	struct isn_key in = {.a = pl_as_le32(a),
	                     .b = pl_as_le32(b),
	                     .lport = pl_as_le16(k->lport),
	                     .rport = pl_as_le16(k->rport),
	                     .laddr = k->laddr,
	                     .family = k->raddr.family};

	memcpy(in.raddr, k->raddr.octets, 16);
	return pl_siphash24(key, &in, sizeof in);
}

pl_seq
pl_tcp_isn(const struct pl_tcp *t, const struct pl_tuple *k)
{
	return (pl_seq)(t->core->now >> 12) + (pl_seq)keyed(&t->core->isn_key, k, 0, 0);
}

uint32_t
pl_tcp_tsval(const struct pl_tcp *t, const struct pl_tuple *k)
{
	return pl_tcp_ms(t->core->now) + (uint32_t)keyed(&t->core->ts_key, k, 0, 0);
}

uint32_t
pl_tcp_port_start(struct pl_tcp *t, const struct pl_tuple *k)
{
	struct pl_tuple remote = *k;

	remote.lport = 0;
	return (uint32_t)keyed(&t->core->port_key, &remote, 0, 0) + (uint32_t)pl_rng_next(&t->core->rng);
}

uint32_t
pl_tcp_cookie_hash(const struct pl_tcp *t, const struct pl_tuple *k, uint32_t a, uint32_t b)
{
	return (uint32_t)keyed(&t->core->cookie_key, k, a, b);
}
