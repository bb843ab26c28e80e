/* SPDX-License-Identifier: ISC */
/* Buckets, entries and places of the SYN cache: see synstore.h. */
#include "tcp/tcp.h"

#include "base/addr.h"
#include "mem/prove.h"

#define HONEST_ANSWER_MS 1000u
#define PROVEN_MS 300000u /* a handshake that ended well speaks for its bucket so long */
#define HAND_LOOKS 8u     /* buckets looked at for a place */

struct pl_syn *
pl_syn_at(const struct pl_tcp *t, pl_id id)
{
	return pl_mem_ptr(&t->core->mem, id);
}

static enum pl_obj
syn_type(uint8_t family)
{
	return family == 4 ? PL_OBJ_syn4 : PL_OBJ_syn6;
}

static uint32_t
entries_in_cap(const struct plim_config *conf, size_t target)
{
	return (uint32_t)(target / 100 * conf->cap_syn_pct / 48);
}

uint32_t
pl_syncache_buckets(const struct plim_config *conf, size_t target)
{
	uint32_t n = 16;

	while (n * PL_SYN_BUCKET_DEPTH / 2 < entries_in_cap(conf, target))
		n *= 2;
	return n;
}

void
pl_syncache_init(struct pl_tcp *t, uint8_t *buckets, uint32_t n)
{
	memset(buckets, 0, n * sizeof(struct pl_syn_bucket));
	t->syn.buckets = (struct pl_syn_bucket *)(void *)buckets;
	t->syn.mask = n - 1;
	t->syn.next = PL_TIME_NEVER;
	pl_syncache_target(t);
}

void
pl_syncache_target(struct pl_tcp *t)
{
	t->syn.half = entries_in_cap(&t->core->conf, t->core->mem.target) / 2;
}

/* ---- buckets ---- */

/* Keyed by /24 or /64. */
struct pl_syn_bucket *
pl_syn_bucket_for(struct pl_tcp *t, const struct plim_addr *raddr)
{
	uint8_t prefix[9] = {raddr->family};

	memcpy(prefix + 1, raddr->octets, raddr->family == 4 ? 3 : 8);
	return &t->syn.buckets[pl_siphash13(&t->core->hash_key, prefix, sizeof prefix) & t->syn.mask];
}

struct pl_tuple
pl_syn_tuple(const struct pl_syn *e)
{
	return (struct pl_tuple){
		.raddr = pl_addr_from(e->family, e->raddr), .lport = e->lport, .rport = e->rport, .laddr = e->laddr};
}

void
pl_syn_free(struct pl_tcp *t, struct pl_syn_bucket *b, pl_id before, pl_id id)
{
	struct pl_syn *e = pl_syn_at(t, id);

	if (before)
		pl_syn_at(t, before)->next = e->next;
	else
		b->oldest = e->next;
	if (b->newest == id)
		b->newest = before;
	b->n--;
	t->syn.n--;
	t->by_state[PLIM_SYN_RECEIVED]--;
	e->live = 0;
	pl_mem_free(&t->core->mem, syn_type(e->family), id);
}

void
pl_syn_remove(struct pl_tcp *t, struct pl_syn *e)
{
	struct pl_tuple k = pl_syn_tuple(e);
	struct pl_syn_bucket *b = pl_syn_bucket_for(t, &k.raddr);
	pl_id before = 0, id = pl_mem_id(&t->core->mem, e);

	for (pl_id at = b->oldest; at && at != id; at = pl_syn_at(t, at)->next)
		before = at;
	pl_syn_free(t, b, before, id);
}

struct pl_syn *
pl_syncache_find(struct pl_tcp *t, const struct pl_tuple *k)
{
	struct pl_syn_bucket *b;

	if (t->syn.n == 0)
		return NULL;
	b = pl_syn_bucket_for(t, &k->raddr);
	for (pl_id id = b->oldest; id; id = pl_syn_at(t, id)->next) {
		struct pl_syn *e = pl_syn_at(t, id);

		PL_WORK(t->core, 1);
		if (e->lport == k->lport && e->rport == k->rport && e->laddr == k->laddr &&
		    e->family == k->raddr.family && memcmp(e->raddr, k->raddr.octets, pl_addr_len(e->family)) == 0)
			return e;
	}
	return NULL;
}

/*
 * May the oldest entry give its place? Its handshake completes without it when its ISS is a cookie;
 * else it must have waited for longer than any honest answer takes.
 */
static bool
may_replace(const struct pl_tcp *t, const struct pl_syn *e)
{
	return e->is_cookie || t->core->conf.syn_cookies == 0 ||
	       pl_tcp_ms(t->core->now) - e->born_ms >= HONEST_ANSWER_MS;
}

static bool
replace_oldest(struct pl_tcp *t, struct pl_syn_bucket *b)
{
	if (!b->oldest || !may_replace(t, pl_syn_at(t, b->oldest)))
		return false;
	pl_syn_free(t, b, 0, b->oldest);
	(void)PL_DROP(t->core, syn_replaced);
	return true;
}

/* Did a handshake from these prefixes end well of late? A flood of forged sources has none that does. */
static bool
is_proven(const struct pl_tcp *t, const struct pl_syn_bucket *b)
{
	return b->is_proven && !PL_WITHOUT(t->core, proven_places) &&
	       pl_tcp_ms(t->core->now) - b->proven_ms < PROVEN_MS;
}

/* A bucket at the moving hand gives a place: one that is not proven, or fuller than the one that asks. */
static bool
replace_at_hand(struct pl_tcp *t, const struct pl_syn_bucket *asking)
{
	for (unsigned i = 0; i < HAND_LOOKS; i++) {
		struct pl_syn_bucket *b = &t->syn.buckets[t->syn.hand++ & t->syn.mask];

		PL_WORK(t->core, 1);
		if ((!is_proven(t, b) || b->n > asking->n) && replace_oldest(t, b))
			return true;
	}
	return false;
}

/*
 * The class is full. A bucket that is proven, or empty, takes its place from another, so that its entries stay for long
 * enough to repeat their SYN-ACK; else its own oldest goes.
 */
static bool
make_place(struct pl_tcp *t, struct pl_syn_bucket *b)
{
	bool is_at_hand = b->n == 0 || is_proven(t, b);

	return (is_at_hand && replace_at_hand(t, b)) || replace_oldest(t, b);
}

/* A place in the bucket: a fresh entry, or that of an older one. NULL: refused. */
struct pl_syn *
pl_syn_new(struct pl_tcp *t, struct pl_syn_bucket *b, uint8_t family)
{
	pl_id id;

	if (b->n >= PL_SYN_BUCKET_DEPTH && !replace_oldest(t, b))
		return NULL;
	id = pl_mem_calloc(&t->core->mem, syn_type(family), PL_GRANT_NORMAL);
	if (!id && make_place(t, b))
		id = pl_mem_calloc(&t->core->mem, syn_type(family), PL_GRANT_NORMAL);
	if (!id)
		return NULL;
	if (b->newest)
		pl_syn_at(t, b->newest)->next = id;
	else
		b->oldest = id;
	b->newest = id;
	b->n++;
	t->syn.n++;
	t->by_state[PLIM_SYN_RECEIVED]++;
	return pl_syn_at(t, id);
}

void
pl_syn_proven(struct pl_tcp *t, const struct plim_addr *raddr)
{
	struct pl_syn_bucket *b = pl_syn_bucket_for(t, raddr);

	b->is_proven = true;
	b->proven_ms = pl_tcp_ms(t->core->now);
}
