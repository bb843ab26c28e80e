/* SPDX-License-Identifier: ISC */
/* The demultiplexer: see table.h. */
#include "tcp/table.h"

#include "base/addr.h"
#include "mem/prove.h"
#include "tcp/closing.h"
#include "tcp/timewait.h"

struct table_key {
	uint8_t raddr[16];
	uint16_t lport, rport;
	uint8_t laddr, family;
	uint8_t zero[2];
};

uint32_t
pl_tcp_table_heads(size_t target)
{
	uint32_t n = 1024;

	while (n < target / 256 && n < 1u << 27)
		n *= 2;
	return n > target / 256 && n > 1024 ? n / 2 : n;
}

uint8_t *
pl_tcp_rec_raddr_mut(struct pl_tcp_rec *r)
{
	switch (r->kind) {
	case PL_REC_CONN: return (uint8_t *)r + offsetof(struct pl_tcp_conn, raddr);
	case PL_REC_CLOSING: return (uint8_t *)r + offsetof(struct pl_tcp_closing, raddr);
	case PL_REC_TIMEWAIT: return (uint8_t *)r + offsetof(struct pl_tcp_timewait, raddr);
	default: return NULL;
	}
}

const uint8_t *
pl_tcp_rec_raddr(const struct pl_tcp_rec *r)
{
	return pl_tcp_rec_raddr_mut((struct pl_tcp_rec *)r);
}

struct pl_tuple
pl_tcp_rec_tuple(const struct pl_tcp_rec *r)
{
	struct pl_tuple k = {.lport = r->lport, .rport = r->rport, .laddr = r->laddr};
	const uint8_t *raddr = pl_tcp_rec_raddr(r);

	if (raddr)
		k.raddr = pl_addr_from(r->family, raddr);
	return k;
}

static uint64_t
hash_of(const struct pl_tcp *t, const struct table_key *key)
{
	struct table_key hashed = *key; /* the same octets on every host */

	hashed.lport = pl_as_le16(key->lport);
	hashed.rport = pl_as_le16(key->rport);
	return pl_siphash13(&t->core->hash_key, &hashed, sizeof hashed);
}

static pl_id *
head_for(const struct pl_tcp *t, const struct table_key *key)
{
	if (PL_WITHOUT(t->core, keyed_hash)) /* what anybody can compute */
		return &t->heads[(pl_load32(key->raddr) + key->rport * 31u + key->lport) & t->head_mask];
	return &t->heads[hash_of(t, key) & t->head_mask];
}

static struct table_key
key_of(const struct pl_tcp_rec *r)
{
	struct table_key key = {.lport = r->lport, .rport = r->rport, .laddr = r->laddr, .family = r->family};
	const uint8_t *raddr = pl_tcp_rec_raddr(r);

	if (raddr)
		memcpy(key.raddr, raddr, pl_addr_len(r->family));
	return key;
}

static bool
is_match(const struct pl_tcp_rec *r, const struct table_key *key)
{
	const uint8_t *raddr;

	if (r->lport != key->lport || r->rport != key->rport || r->laddr != key->laddr || r->family != key->family)
		return false;
	raddr = pl_tcp_rec_raddr(r);
	return !raddr || memcmp(raddr, key->raddr, pl_addr_len(r->family)) == 0;
}

static struct pl_tcp_rec *
find(const struct pl_tcp *t, const struct table_key *key)
{
	for (pl_id id = *head_for(t, key); id; id = pl_tcp_rec(t, id)->next) {
		PL_WORK(t->core, 1);
		if (is_match(pl_tcp_rec(t, id), key))
			return pl_tcp_rec(t, id);
	}
	return NULL;
}

static struct table_key
key_of_tuple(const struct pl_tuple *k)
{
	struct table_key key = {.lport = k->lport, .rport = k->rport, .laddr = k->laddr, .family = k->raddr.family};

	memcpy(key.raddr, k->raddr.octets, 16);
	return key;
}

uint64_t
pl_tcp_table_hash(const struct pl_tcp *t, const struct pl_tuple *k)
{
	struct table_key key = key_of_tuple(k);

	return hash_of(t, &key);
}

struct pl_tcp_rec *
pl_tcp_table_find(const struct pl_tcp *t, const struct pl_tuple *k)
{
	struct table_key key = key_of_tuple(k);

	return find(t, &key);
}

static struct pl_tcp_listener *
find_listener(const struct pl_tcp *t, uint8_t laddr, uint8_t family, uint16_t lport)
{
	struct table_key key = {.lport = lport, .laddr = laddr, .family = family};
	struct pl_tcp_rec *r = find(t, &key);

	return r && r->kind == PL_REC_LISTENER ? (struct pl_tcp_listener *)r : NULL;
}

struct pl_tcp_listener *
pl_tcp_table_listener(const struct pl_tcp *t, uint8_t laddr, uint8_t family, uint16_t lport)
{
	struct pl_tcp_listener *l = find_listener(t, laddr, family, lport);

	if (!l)
		l = find_listener(t, PL_LADDR_ANY, family, lport);
	return l ? l : find_listener(t, PL_LADDR_ANY, 0, lport);
}

void
pl_tcp_table_insert(struct pl_tcp *t, struct pl_tcp_rec *r)
{
	struct table_key key = key_of(r);
	pl_id *head = head_for(t, &key);

	r->next = *head;
	*head = pl_tcp_id(t, r);
}

void
pl_tcp_table_remove(struct pl_tcp *t, struct pl_tcp_rec *r)
{
	struct table_key key = key_of(r);
	pl_id *ref = head_for(t, &key), id = pl_tcp_id(t, r);

	while (*ref && *ref != id)
		ref = &pl_tcp_rec(t, *ref)->next;
	if (!PL_NEVER(!*ref))
		*ref = r->next;
	r->next = 0;
}

void
pl_tcp_table_moved(struct pl_tcp *t, pl_id from, struct pl_tcp_rec *to)
{
	struct table_key key = key_of(to);
	pl_id *ref = head_for(t, &key);

	while (*ref && *ref != from)
		ref = &pl_tcp_rec(t, *ref)->next;
	if (!PL_NEVER(!*ref))
		*ref = pl_tcp_id(t, to);
}
