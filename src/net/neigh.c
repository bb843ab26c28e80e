/* SPDX-License-Identifier: ISC */
/*
 * Neighbours: which MAC an address on the link has, for ARP and Neighbour Discovery alike
 * (RFC 826, RFC 1122 2.3.2, RFC 4861 §7.3).
 *
 * Bounds. Each family has at most half of what the class holds after the blocks for held
 * datagrams, so that neither starves the other. A new entry that finds its family full
 * takes the place of
 *   - if we ask: the entry asked longest without an answer, else one not used longest;
 *   - if somebody asked for us: one not used longest;
 * never of one that is reachable, delayed or probed. So a scan, from outside or by our own
 * users, displaces only what nobody answered or nobody needs.
 *
 * Timers. An entry is in one of three lists, each with one interval, so each is sorted:
 *   ASKING   1 s   INCOMPLETE, PROBE: ask again, at most PL_NEIGH_TRIES times; FAILED: forget
 *   DELAYED  5 s   DELAY: probe
 *   KNOWN  600 s   REACHABLE, STALE: forget, in order of use
 */
#include "mem/prove.h"
#include "net/net_state.h"

#define LOOK_FOR_VICTIM 8 /* entries looked at, at most */

static const pl_time interval_ns[PL_NEIGH_LISTS] = {PL_NEIGH_ASK_NS, PL_NEIGH_DELAY_NS, PL_NEIGH_UNUSED_NS};

static struct pl_neigh_cache *
cache_of(struct pl_net *n, uint8_t family)
{
	return &n->caches[family == 6];
}

static enum pl_obj
type_of(uint8_t family)
{
	return family == 4 ? PL_OBJ_neigh4 : PL_OBJ_neigh6;
}

/* The class holds so many slabs: a fifth for datagrams, the rest for the families. At least one each. */
void
pl_neigh_set_bounds(struct pl_net *n)
{
	const struct pl_mem *m = &n->core->mem;
	uint64_t slabs = m->cls_cap[PLIM_CLASS_neighbour] >> m->slab_shift;
	uint32_t each = (uint32_t)PL_MAX((slabs - slabs / 5) / 2, 1u);

	n->caches[0].most = each * m->types[PL_OBJ_neigh4].per_slab;
	n->caches[1].most = each * m->types[PL_OBJ_neigh6].per_slab;
	for (unsigned f = 0; f < PL_COUNT(n->caches); f++)
		n->caches[f].n_checked = PL_MAX(n->caches[f].n, n->caches[f].most);
	n->held.most_blocks = (uint32_t)PL_MAX(slabs / 5, 1u) * m->types[PL_OBJ_neighbuf].per_slab;
}

/* ---- lists and chains ---- */

static void
list_remove(struct pl_net *n, pl_id id)
{
	struct pl_neigh *e = pl_neigh_at(n, id);
	struct pl_neigh_cache *c = cache_of(n, e->family);

	if (e->prev)
		pl_neigh_at(n, e->prev)->next = e->next;
	else
		c->lists[e->list].head = e->next;
	if (e->next)
		pl_neigh_at(n, e->next)->prev = e->prev;
	else
		c->lists[e->list].tail = e->prev;
}

static void
list_append(struct pl_net *n, pl_id id, enum pl_neigh_list list)
{
	struct pl_neigh *e = pl_neigh_at(n, id);
	struct pl_neigh_cache *c = cache_of(n, e->family);

	e->list = (uint8_t)list;
	e->at = n->core->now;
	e->next = 0;
	e->prev = c->lists[list].tail;
	if (e->prev)
		pl_neigh_at(n, e->prev)->next = id;
	else
		c->lists[list].head = id;
	c->lists[list].tail = id;
}

static pl_id *
chain_of(const struct pl_net *n, uint8_t iface, uint8_t family, const uint8_t *addr)
{
	uint8_t key[18] = {iface, family};

	memcpy(&key[2], addr, family == 4 ? 4 : 16);
	return &n->heads[pl_siphash13(&n->core->hash_key, key, family == 4 ? 6 : 18) & n->head_mask];
}

pl_id
pl_neigh_find(const struct pl_net *n, uint8_t iface, const struct plim_addr *a)
{
	for (pl_id id = *chain_of(n, iface, a->family, a->octets); id;) {
		const struct pl_neigh *e = pl_neigh_at(n, id);

		if (e->iface == iface && e->family == a->family &&
		    memcmp(e->addr, a->octets, pl_addr_len(a->family)) == 0)
			return id;
		id = e->chain;
	}
	return 0;
}

static void
chain_remove(struct pl_net *n, pl_id id)
{
	struct pl_neigh *e = pl_neigh_at(n, id);
	pl_id *at = chain_of(n, e->iface, e->family, e->addr);

	while (*at != id)
		at = &pl_neigh_at(n, *at)->chain;
	*at = e->chain;
}

/* ---- states ---- */

static bool
is_usable(const struct pl_neigh *e)
{
	return e->state != PL_NEIGH_INCOMPLETE && e->state != PL_NEIGH_FAILED;
}

static bool
is_reachable(const struct pl_net *n, const struct pl_neigh *e)
{
	return e->state == PL_NEIGH_REACHABLE && n->core->now - e->confirmed < PL_NEIGH_REACHABLE_NS;
}

/* What others concluded from this entry no longer holds. */
static void
tell_change(struct pl_net *n)
{
	n->epoch++;
	n->memo.until = 0;
}

static void
enter(struct pl_net *n, pl_id id, enum pl_neigh_state state, enum pl_neigh_list list)
{
	struct pl_neigh *e = pl_neigh_at(n, id);

	if (e->state == PL_NEIGH_REACHABLE && state != PL_NEIGH_REACHABLE)
		n->memo.until = 0;
	e->state = (uint8_t)state;
	e->tries = 0;
	list_remove(n, id);
	list_append(n, id, list);
}

/* The entry leaves every structure but its object stays: it is freed or used again. */
static void
detach(struct pl_net *n, pl_id id)
{
	struct pl_neigh *e = pl_neigh_at(n, id);

	if (e->state != PL_NEIGH_INCOMPLETE)
		tell_change(n); /* its MAC is no longer known; or it failed, and may be asked for again */
	pl_held_drop(n, e);
	chain_remove(n, id);
	list_remove(n, id);
	cache_of(n, e->family)->n--;
}

static void
forget(struct pl_net *n, pl_id id)
{
	uint8_t family = pl_neigh_at(n, id)->family;

	detach(n, id);
	pl_mem_free(&n->core->mem, type_of(family), id);
}

/* ---- making entries ---- */

/* The entry not used longest that is not known to be reachable; 0: none near the head. */
static pl_id
least_used(const struct pl_net *n, const struct pl_neigh_cache *c)
{
	pl_id id = c->lists[PL_NEIGH_KNOWN].head;

	for (unsigned i = 0; id && i < LOOK_FOR_VICTIM; i++) {
		const struct pl_neigh *e = pl_neigh_at(n, id);

		if (!is_reachable(n, e))
			return id;
		id = e->next;
	}
	return 0;
}

static pl_id
longest_asked(const struct pl_net *n, const struct pl_neigh_cache *c)
{
	pl_id id = c->lists[PL_NEIGH_ASKING].head;

	for (unsigned i = 0; id && i < LOOK_FOR_VICTIM; i++) {
		const struct pl_neigh *e = pl_neigh_at(n, id);

		if (!is_usable(e))
			return id;
		id = e->next;
	}
	return 0;
}

static pl_id
take_object(struct pl_net *n, uint8_t family, bool we_ask)
{
	struct pl_neigh_cache *c = cache_of(n, family);
	pl_id id = c->n < c->most || PL_WITHOUT(n->core, class_cap)
	                   ? pl_mem_alloc(&n->core->mem, type_of(family), PL_GRANT_NORMAL)
	                   : 0;

	if (id)
		return id;
	if (we_ask)
		id = longest_asked(n, c);
	if (!id)
		id = least_used(n, c);
	if (id)
		detach(n, id);
	return id;
}

static pl_id
make(struct pl_net *n, uint8_t laddr, const struct plim_addr *a, enum pl_neigh_state state)
{
	bool we_ask = state == PL_NEIGH_INCOMPLETE;
	pl_id id = take_object(n, a->family, we_ask);
	struct pl_neigh *e;
	pl_id *chain;

	if (!id) {
		(void)PL_DROP(n->core, neighbour_full);
		n->retry_at = PL_MIN(n->retry_at, n->core->now + PL_NEIGH_ASK_NS);
		return 0;
	}
	e = pl_neigh_at(n, id);
	*e = (struct pl_neigh){
		.iface = n->laddrs[laddr].iface, .family = a->family, .state = (uint8_t)state, .laddr = laddr};
	memcpy(e->addr, a->octets, pl_addr_len(a->family));
	chain = chain_of(n, e->iface, e->family, e->addr);
	e->chain = *chain;
	*chain = id;
	list_append(n, id, we_ask ? PL_NEIGH_ASKING : PL_NEIGH_KNOWN);
	cache_of(n, a->family)->n++;
	return id;
}

/* ---- asking ---- */

static bool
put_request(struct pl_net *n, const struct pl_neigh *e, bool unicast)
{
	struct pl_reply *r = pl_reply_new(n, e->family == 4 ? PL_REPLY_ARP : PL_REPLY_ND, e->laddr);

	if (!r)
		return false;
	if (e->family == 4)
		r->u.arp.op = PL_ARP_REQUEST;
	else
		r->u.nd.type = PL_ICMP6_NS;
	r->has_mac = unicast;
	memcpy(r->mac, e->mac, PL_MAC_LEN);
	memcpy(r->raddr, e->addr, e->family == 4 ? 4 : 16);
	return true;
}

/*
 * One request, now. Probes go to the MAC that is known, the last one to everybody, and have a bucket of their own: a
 * scan that uses up the other does not make us forget a neighbour that would answer. A request that its bucket or a full ring holds back counts as sent: the next is due in a second.
 */
static void
ask(struct pl_net *n, pl_id id)
{
	struct pl_neigh *e = pl_neigh_at(n, id);
	struct pl_bucket *bucket = e->state == PL_NEIGH_PROBE ? &n->probe_bucket : &n->ask_bucket;

	e->tries++;
	list_remove(n, id);
	list_append(n, id, PL_NEIGH_ASKING);
	if (!pl_bucket_take(bucket, n->core->now) ||
	    !put_request(n, e, e->state == PL_NEIGH_PROBE && e->tries < PL_NEIGH_TRIES))
		(void)PL_DROP(n->core, neighbour_limited);
}

/* A use of an entry that has a MAC. Moves it in its list once a second at most. */
static void
use(struct pl_net *n, pl_id id)
{
	struct pl_neigh *e = pl_neigh_at(n, id);

	if (e->list != PL_NEIGH_KNOWN)
		return;
	if (!is_reachable(n, e))
		enter(n, id, PL_NEIGH_DELAY, PL_NEIGH_DELAYED);
	else if (n->core->now - e->at >= PL_SEC(1))
		enter(n, id, PL_NEIGH_REACHABLE, PL_NEIGH_KNOWN);
}

int
pl_neigh_use(struct pl_net *n, uint8_t laddr, const struct plim_addr *hop, pl_id *out)
{
	pl_id id = pl_neigh_find(n, n->laddrs[laddr].iface, hop);

	if (!id) {
		id = make(n, laddr, hop, PL_NEIGH_INCOMPLETE);
		if (!id)
			return PLIM_EHOSTUNREACH; /* not EAGAIN: it was not asked for */
		ask(n, id);
		return PLIM_EAGAIN;
	}
	if (!is_usable(pl_neigh_at(n, id)))
		return pl_neigh_at(n, id)->state == PL_NEIGH_FAILED ? PLIM_EHOSTUNREACH : PLIM_EAGAIN;
	use(n, id);
	*out = id;
	return 0;
}

/* ---- hearing ---- */

/* A MAC for an entry. True: it is another than before, or the first. */
static bool
set_mac(struct pl_net *n, struct pl_neigh *e, const uint8_t *mac)
{
	if (is_usable(e) && pl_mac_equal(e->mac, mac))
		return false;
	memcpy(e->mac, mac, PL_MAC_LEN);
	tell_change(n);
	return true;
}

static void
confirm(struct pl_net *n, pl_id id)
{
	enter(n, id, PL_NEIGH_REACHABLE, PL_NEIGH_KNOWN);
	pl_neigh_at(n, id)->confirmed = n->core->now;
}

static void
update_unverified(struct pl_net *n, pl_id id, const uint8_t *mac)
{
	struct pl_neigh *e = pl_neigh_at(n, id);

	if (!set_mac(n, e, mac))
		return;
	enter(n, id, PL_NEIGH_STALE, PL_NEIGH_KNOWN);
	pl_held_release(n, e);
}

void
pl_neigh_learn(struct pl_net *n, uint8_t laddr, const struct plim_addr *a, const uint8_t *mac)
{
	pl_id id = pl_neigh_find(n, n->laddrs[laddr].iface, a);

	if (!id) {
		id = make(n, laddr, a, PL_NEIGH_STALE);
		if (!id)
			return;
		memcpy(pl_neigh_at(n, id)->mac, mac, PL_MAC_LEN);
		tell_change(n);
		return;
	}
	update_unverified(n, id, mac);
}

void
pl_neigh_announced(struct pl_net *n, uint8_t iface, const struct plim_addr *a, const uint8_t *mac)
{
	pl_id id = pl_neigh_find(n, iface, a);

	if (id)
		update_unverified(n, id, mac);
}

bool
pl_neigh_is_asked(const struct pl_net *n, uint8_t iface, const struct plim_addr *a)
{
	pl_id id = pl_neigh_find(n, iface, a);

	return id && pl_neigh_at(n, id)->list == PL_NEIGH_ASKING;
}

/* RFC 4861 §7.2.5, an entry that had no MAC. */
static void
first_answer(struct pl_net *n, pl_id id, const struct pl_neigh_answer *a)
{
	if (!a->mac)
		return;
	if (a->solicited) {
		(void)set_mac(n, pl_neigh_at(n, id), a->mac);
		confirm(n, id);
		pl_held_release(n, pl_neigh_at(n, id));
	} else {
		update_unverified(n, id, a->mac);
	}
}

bool
pl_neigh_answered(struct pl_net *n, const struct pl_neigh_answer *a)
{
	pl_id id = pl_neigh_find(n, a->iface, &a->addr);
	struct pl_neigh *e;
	bool differs;

	if (!id)
		return false;
	e = pl_neigh_at(n, id);
	differs = a->mac && !pl_mac_equal(a->mac, e->mac);
	if (!is_usable(e)) {
		first_answer(n, id, a);
	} else if (differs && !a->override) { /* RFC 4861 §7.2.5, I: doubt, but do not follow */
		if (e->state == PL_NEIGH_REACHABLE)
			enter(n, id, PL_NEIGH_STALE, PL_NEIGH_KNOWN);
	} else if (a->solicited) {
		if (a->mac)
			(void)set_mac(n, e, a->mac);
		confirm(n, id);
	} else if (differs) {
		update_unverified(n, id, a->mac);
	}
	return true;
}

void
pl_net_confirm(struct pl_net *n, uint8_t laddr, const struct plim_addr *raddr)
{
	struct plim_addr hop;
	uint8_t ours;
	pl_id id;

	if (n->core->now < n->memo.until && n->memo.laddr == laddr && pl_addr_equal(&n->memo.raddr, raddr)) {
		pl_neigh_at(n, n->memo.neigh)->confirmed = n->core->now;
		return;
	}
	if (pl_net_find_laddr(n, raddr, &ours) || pl_route_next_hop(n, n->laddrs[laddr].iface, raddr, &hop) < 0)
		return;
	id = pl_neigh_find(n, n->laddrs[laddr].iface, &hop);
	if (id && is_usable(pl_neigh_at(n, id)))
		confirm(n, id);
}

/* ---- time ---- */

static void
fail(struct pl_net *n, pl_id id)
{
	pl_held_drop(n, pl_neigh_at(n, id));
	enter(n, id, PL_NEIGH_FAILED, PL_NEIGH_ASKING);
	tell_change(n);
}

static void
expire(struct pl_net *n, pl_id id)
{
	struct pl_neigh *e = pl_neigh_at(n, id);

	if (e->list == PL_NEIGH_KNOWN || e->state == PL_NEIGH_FAILED) {
		forget(n, id);
	} else if (e->state == PL_NEIGH_DELAY) {
		enter(n, id, PL_NEIGH_PROBE, PL_NEIGH_ASKING);
		ask(n, id);
	} else if (e->tries < PL_NEIGH_TRIES) {
		ask(n, id);
	} else {
		fail(n, id);
	}
}

static pl_time
head_due(const struct pl_net *n, const struct pl_neigh_cache *c, unsigned list)
{
	pl_id id = c->lists[list].head;

	return id ? pl_neigh_at(n, id)->at + interval_ns[list] : PL_TIME_NEVER;
}

/* An entry was refused a second ago: who waits for it may try again, for no other change need come. */
static void
retry_refused(struct pl_net *n, pl_time now)
{
	if (n->retry_at > now)
		return;
	n->retry_at = PL_TIME_NEVER;
	tell_change(n);
}

void
pl_net_poll(struct pl_net *n, pl_time now, unsigned *budget)
{
	retry_refused(n, now);
	pl_reasm_poll(n, now, budget);
	for (unsigned f = 0; f < PL_COUNT(n->caches); f++) {
		for (unsigned list = 0; list < PL_NEIGH_LISTS; list++) {
			while (*budget > 0 && head_due(n, &n->caches[f], list) <= now) {
				--*budget;
				expire(n, n->caches[f].lists[list].head);
			}
		}
	}
}

pl_time
pl_net_deadline(const struct pl_net *n)
{
	pl_time first = PL_MIN(n->retry_at, pl_reasm_deadline(n));

	for (unsigned f = 0; f < PL_COUNT(n->caches); f++)
		for (unsigned list = 0; list < PL_NEIGH_LISTS; list++)
			first = PL_MIN(first, head_due(n, &n->caches[f], list));
	return first;
}

/* ---- invariants ---- */

static const char *
check_entry(const struct pl_net *n, pl_id id, unsigned list, pl_time *at)
{
	const struct pl_neigh *e = pl_neigh_at(n, id);
	struct plim_addr a = pl_addr_from(e->family, e->addr);

	if (e->list != list || e->at < *at)
		return "neighbour: in the wrong list, or out of order";
	if (pl_neigh_find(n, e->iface, &a) != id)
		return "neighbour: not in its chain";
	if (e->held && e->state != PL_NEIGH_INCOMPLETE)
		return "neighbour: a datagram waits for a known MAC";
	if ((list == PL_NEIGH_ASKING) !=
	    (e->state == PL_NEIGH_INCOMPLETE || e->state == PL_NEIGH_FAILED || e->state == PL_NEIGH_PROBE))
		return "neighbour: state and list disagree";
	*at = e->at;
	return NULL;
}

const char *
pl_neigh_check(const struct pl_net *n)
{
	for (unsigned f = 0; f < PL_COUNT(n->caches); f++) {
		const struct pl_neigh_cache *c = &n->caches[f];
		uint32_t seen = 0;

		for (unsigned list = 0; list < PL_NEIGH_LISTS; list++) {
			pl_time at = 0;

			for (pl_id id = c->lists[list].head; id; id = pl_neigh_at(n, id)->next, seen++) {
				const char *fault = check_entry(n, id, list, &at);

				if (fault)
					return fault;
			}
		}
		if (seen != c->n || (c->n > c->n_checked && !PL_WITHOUT(n->core, class_cap)))
			return "neighbour: count wrong or over its bound";
	}
	return NULL;
}
