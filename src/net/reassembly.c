/* SPDX-License-Identifier: ISC */
/*
 * IPv4 reassembly (RFC 791 §3.2, RFC 1122 3.3.2), class `fragment`.
 *
 * A datagram is a descriptor and blocks by offset (frag_store.h), found by a keyed hash of source, destination,
 * protocol, identification and interface. Descriptors may take two fifths of the class's slabs, blocks the rest.
 *
 * Overlaps. A fragment that is there already, octet for octet, is ignored. Any other overlap ends the datagram, as RFC 5722
 * asks for IPv6 (so do lengths that contradict each other): its blocks go, its descriptor stays and refuses the rest until
 * its deadline. A first fragment that lacks part of its transport header, and one that begins inside it, are refused
 * (RFC 1858, RFC 3128).
 *
 * Deadline. fragment_timeout_ms after the first fragment that came, never later. DEVIATES RFC 1122 3.3.2 (60 to 120 s), as
 * Linux: 30 s; memory held for fragments that are lost serves nobody.
 *
 * At the cap an older datagram goes. A source (/24) beyond a quarter of the class loses its own oldest. Else the oldest
 * goes of the sources that did not complete a datagram in the last five minutes; of those that did only when they hold more
 * than half of the class, or nothing else is there. See docs/adr/0008-which-fragments-go-first.md for the figures.
 *
 * Hand-over. Transports read one run of octets. The descriptor's blocks are many, so the beginning is copied to a static
 * buffer of one MTU (in the region): all of what TCP and ICMP may get, since a longer segment of theirs cannot come by
 * honest means (our MSS is under the MTU; a longer echo is not answered). UDP takes the rest from the blocks
 * (pl_net_rest()), straight into its own; so no datagram is held a third time. Checksums are verified over all of it.
 *
 * Left out: IPv6 (dropped as ip_fragment), reassembly for others (we do not forward).
 */
#include "mem/prove.h"
#include "net/net_state.h"

#define PROBES 32u         /* datagrams of one chain looked at; beyond it the last one goes */
#define VICTIMS_MORE 8u    /* datagrams that may go for one fragment beyond the blocks it needs */
#define SOURCE_LEAST 8192u /* a source may always hold so much */
#define PROVEN_MS 300000u
#define TCP_DOFF_AT 12

enum { DATAGRAM_DEAD = 1, DATAGRAM_PROVEN = 2, DATAGRAM_NOT_UNICAST = 4 };

struct fragment {
	const struct pl_ip4 *ip;
	size_t at; /* octets */
	struct pl_frag_run units;
};

static struct pl_reasm_datagram *
datagram_at(const struct pl_net *n, pl_id id)
{
	return pl_mem_ptr(&n->core->mem, id);
}

static uint32_t
octets_of(const struct pl_reasm_datagram *d)
{
	return PL_OCTETS_frag + d->store.blocks * PL_FRAG_BLOCK;
}

/* ---- beginning ---- */

static uint32_t
pow2_within(uint64_t x, uint32_t least, uint32_t most)
{
	uint32_t p = least;

	while (p < x && p < most)
		p *= 2;
	return p;
}

static uint32_t
n_heads(const struct plim_config *conf, size_t target)
{
	return pow2_within(target / 100 * conf->cap_fragment_pct / 512, 64, 8192);
}

static uint32_t
n_sources(size_t target)
{
	return pow2_within(target / 16384, 64, 1024);
}

size_t
pl_reasm_static_octets(const struct plim_config *conf, size_t target, uint32_t scratch)
{
	return n_heads(conf, target) * sizeof(pl_id) + n_sources(target) * sizeof(struct pl_reasm_source) + scratch;
}

void
pl_reasm_set_bounds(struct pl_net *n)
{
	const struct pl_mem *m = &n->core->mem;
	uint64_t slabs = m->cls_cap[PLIM_CLASS_fragment] >> m->slab_shift;
	uint32_t for_descriptors = (uint32_t)PL_MAX(slabs * 2 / 5, 1u);

	n->reasm.most = for_descriptors * m->types[PL_OBJ_frag].per_slab;
	n->reasm.most_blocks =
		(uint32_t)(slabs > for_descriptors ? slabs - for_descriptors : 0) * m->types[PL_OBJ_fragblock].per_slab;
}

void
pl_reasm_init(struct pl_net *n, struct pl_put *statics)
{
	const struct plim_config *conf = &n->core->conf;
	uint32_t heads = n_heads(conf, n->core->mem.target), sources = n_sources(n->core->mem.target);
	struct pl_reasm *r = &n->reasm;

	r->scratch_octets = n->buffer_octets;
	r->scratch = pl_put_room(statics, r->scratch_octets);
	r->sources = (struct pl_reasm_source *)(void *)pl_put_room(statics, sources * sizeof *r->sources);
	r->heads = (pl_id *)(void *)pl_put_room(statics, heads * sizeof(pl_id));
	memset(r->sources, 0, sources * sizeof *r->sources);
	memset(r->heads, 0, heads * sizeof(pl_id));
	r->head_mask = heads - 1;
	r->source_mask = sources - 1;
	for (uint32_t i = 0; i < sources; i++)
		pl_list_init(&r->sources[i].all, offsetof(struct pl_reasm_datagram, sibling));
	for (unsigned i = 0; i < PL_COUNT(r->by_age); i++)
		pl_list_init(&r->by_age[i], offsetof(struct pl_reasm_datagram, age));
	pl_reasm_set_bounds(n);
}

/* ---- sources ---- */

static uint16_t
source_of(const struct pl_net *n, const uint8_t *src)
{
	uint8_t key[4] = {'f', src[0], src[1], src[2]};

	return (uint16_t)(pl_siphash13(&n->core->hash_key, key, sizeof key) & n->reasm.source_mask);
}

/* Since creation, and never 0. */
static uint32_t
now_ms(const struct pl_net *n)
{
	return (uint32_t)((n->core->now - n->core->created) / PL_MS(1)) + 1;
}

static bool
is_proven(const struct pl_net *n, const uint8_t *src)
{
	const struct pl_reasm_source *s = &n->reasm.sources[source_of(n, src)];

	return s->proven_until_ms != 0 && s->proven_prefix == pl_load32(src) >> 8 &&
	       (int32_t)(s->proven_until_ms - now_ms(n)) > 0;
}

static void
prove(struct pl_net *n, const struct pl_reasm_datagram *d)
{
	struct pl_reasm_source *s = &n->reasm.sources[d->source];
	uint32_t until = now_ms(n) + PROVEN_MS;

	s->proven_prefix = pl_load32(d->src) >> 8;
	s->proven_until_ms = until ? until : 1;
}

/* ---- the table ---- */

static pl_id *
chain_of(const struct pl_net *n, const uint8_t *src, const uint8_t *dst, uint16_t id, uint8_t proto, uint8_t iface)
{
	uint8_t key[12] = {proto, iface};

	memcpy(&key[2], src, 4);
	memcpy(&key[6], dst, 4);
	pl_store16(&key[10], id);
	return &n->reasm.heads[pl_siphash13(&n->core->hash_key, key, sizeof key) & n->reasm.head_mask];
}

static bool
is_of(const struct pl_reasm_datagram *d, const struct pl_ip4 *ip, uint8_t iface)
{
	return d->id == ip->id && d->proto == ip->proto && d->iface == iface &&
	       memcmp(d->src, ip->src.octets, 4) == 0 && memcmp(d->dst, ip->dst.octets, 4) == 0;
}

static struct pl_list *
age_list(struct pl_net *n, const struct pl_reasm_datagram *d)
{
	return &n->reasm.by_age[(d->flags & DATAGRAM_PROVEN) != 0];
}

/* Blocks more (or fewer) than `before`: the accounts follow. */
static void
account(struct pl_net *n, const struct pl_reasm_datagram *d, uint32_t before)
{
	uint32_t now = octets_of(d), blocks_before = (before - PL_OCTETS_frag) / PL_FRAG_BLOCK;

	n->reasm.held[(d->flags & DATAGRAM_PROVEN) != 0] += (uint64_t)now - before;
	n->reasm.sources[d->source].held += now - before;
	n->reasm.blocks += d->store.blocks - blocks_before;
}

/* Out of every list; the object and its blocks stay and no longer count for its source. */
static void
unlink_datagram(struct pl_net *n, pl_id id)
{
	struct pl_reasm_datagram *d = datagram_at(n, id);
	pl_id *at = chain_of(n, d->src, d->dst, d->id, d->proto, d->iface);

	while (*at != id)
		at = &datagram_at(n, *at)->chain;
	*at = d->chain;
	pl_list_remove(&n->core->mem, age_list(n, d), id);
	pl_list_remove(&n->core->mem, &n->reasm.sources[d->source].all, id);
	n->reasm.held[(d->flags & DATAGRAM_PROVEN) != 0] -= octets_of(d);
	n->reasm.sources[d->source].held -= octets_of(d);
}

static void
free_datagram(struct pl_net *n, pl_id id)
{
	struct pl_reasm_datagram *d = datagram_at(n, id);

	n->reasm.blocks -= d->store.blocks;
	n->reasm.n--;
	pl_frag_clear(&n->core->mem, &d->store);
	pl_mem_free(&n->core->mem, PL_OBJ_frag, id);
}

static void
drop_datagram(struct pl_net *n, pl_id id)
{
	unlink_datagram(n, id);
	free_datagram(n, id);
}

/* ---- room ---- */

static void
replace(struct pl_net *n, pl_id id)
{
	const struct pl_reasm_datagram *d = datagram_at(n, id);

	pl_trace_often(n->core, PLIM_ACTION_fragment_replaced, octets_of(d), (n->core->now - d->at) / PL_MS(1), NULL,
	               0);
	drop_datagram(n, id);
}

static pl_id
oldest_but(const struct pl_net *n, const struct pl_list *l, pl_id keep)
{
	return l->head && l->head == keep ? pl_list_next(&n->core->mem, l, keep) : l->head;
}

/* Who goes for want of room; 0: nobody but `keep` is there. */
static pl_id
choose_victim(const struct pl_net *n, pl_id keep)
{
	const struct pl_reasm *r = &n->reasm;
	unsigned first = r->held[1] > n->core->mem.cls_cap[PLIM_CLASS_fragment] / 2;
	pl_id id = oldest_but(n, &r->by_age[first], keep);

	return id ? id : oldest_but(n, &r->by_age[!first], keep);
}

static bool
is_over_quota(const struct pl_net *n, const struct pl_reasm_source *s, uint32_t more)
{
	uint64_t quota = PL_MAX(n->core->mem.cls_cap[PLIM_CLASS_fragment] / 4, SOURCE_LEAST);

	return s->held + (uint64_t)more > quota;
}

/* A source's other datagrams go, oldest first, for what it wants more. The one it has left may be of any length. */
static void
keep_quota(struct pl_net *n, uint16_t source, pl_id keep, uint32_t more)
{
	struct pl_reasm_source *s = &n->reasm.sources[source];
	unsigned most = more / PL_FRAG_BLOCK + VICTIMS_MORE;

	for (pl_id id; most-- > 0 && is_over_quota(n, s, more) && (id = oldest_but(n, &s->all, keep)) != 0;)
		replace(n, id);
}

static bool
make_room_for_blocks(struct pl_net *n, pl_id keep, unsigned blocks)
{
	unsigned most = blocks + VICTIMS_MORE;

	if (PL_WITHOUT(n->core, class_cap))
		return true;
	for (pl_id id; n->reasm.blocks + blocks > n->reasm.most_blocks; replace(n, id))
		if (most-- == 0 || PL_WITHOUT(n->core, fragment_replacement) || (id = choose_victim(n, keep)) == 0)
			return false;
	return true;
}

static pl_id
take_descriptor(struct pl_net *n)
{
	pl_id id = 0;

	for (unsigned i = 0; i < VICTIMS_MORE && !id; i++) {
		if (n->reasm.n < n->reasm.most || PL_WITHOUT(n->core, class_cap))
			id = pl_mem_calloc(&n->core->mem, PL_OBJ_frag, PL_GRANT_NORMAL);
		if (!id && n->reasm.n > 0 && !PL_WITHOUT(n->core, fragment_replacement))
			replace(n, choose_victim(n, 0));
	}
	return id;
}

/* ---- finding and making ---- */

static pl_id
find(struct pl_net *n, const struct pl_ip4 *ip, uint8_t iface)
{
	pl_id id = *chain_of(n, ip->src.octets, ip->dst.octets, ip->id, ip->proto, iface);
	unsigned probes = 0;

	for (; id; id = datagram_at(n, id)->chain) {
		PL_WORK(n->core, 1);
		if (is_of(datagram_at(n, id), ip, iface))
			return id;
		if (++probes == PROBES) {
			replace(n, id);
			return 0;
		}
	}
	return 0;
}

static pl_id
make(struct pl_net *n, const struct pl_ip4 *ip, const struct pl_pkt *pkt)
{
	uint16_t source = source_of(n, ip->src.octets);
	struct pl_reasm_datagram *d;
	pl_id id, *chain;

	keep_quota(n, source, 0, PL_OCTETS_frag);
	id = take_descriptor(n);
	if (!id)
		return 0;
	d = datagram_at(n, id);
	d->at = n->core->now;
	d->source = source;
	d->id = ip->id;
	d->proto = ip->proto;
	d->iface = pkt->iface;
	d->laddr = pkt->laddr;
	d->flags = is_proven(n, ip->src.octets) ? DATAGRAM_PROVEN : 0;
	memcpy(d->src, ip->src.octets, 4);
	memcpy(d->dst, ip->dst.octets, 4);
	chain = chain_of(n, d->src, d->dst, d->id, d->proto, d->iface);
	d->chain = *chain;
	*chain = id;
	pl_list_push(&n->core->mem, age_list(n, d), id);
	pl_list_push(&n->core->mem, &n->reasm.sources[source].all, id);
	n->reasm.held[(d->flags & DATAGRAM_PROVEN) != 0] += PL_OCTETS_frag;
	n->reasm.sources[source].held += PL_OCTETS_frag;
	n->reasm.n++;
	return id;
}

/* ---- judging one fragment ---- */

static size_t
least_header(const struct pl_ip4 *ip)
{
	switch (ip->proto) {
	case PL_PROTO_TCP: return 20;
	case PL_PROTO_UDP:
	case PL_PROTO_ICMP: return 8;
	default: return 0;
	}
}

/* Of TCP the options too: what filters look at comes in one piece. */
static bool
is_header_whole(const struct pl_ip4 *ip)
{
	size_t least = least_header(ip);
	struct pl_cur c = pl_cur_of(ip->payload.p, ip->payload.len);
	uint8_t doff;

	if (ip->payload.len < least)
		return false;
	if (ip->proto != PL_PROTO_TCP)
		return true;
	return pl_cur_skip(&c, TCP_DOFF_AT) && pl_cur_u8(&c, &doff) && (doff >> 4) * 4u <= ip->payload.len;
}

/* PL_PARSED, or why it is refused by itself. */
static enum plim_drop
judge(const struct fragment *f, const struct pl_pkt *pkt)
{
	const struct pl_ip4 *ip = f->ip;

	if (ip->payload.len == 0 || pkt->gso_size != 0 || (ip->mf && ip->payload.len % PL_FRAG_UNIT != 0))
		return PLIM_DROP_fragment_malformed;
	if (f->at + ip->payload.len + ip->header_len > 65535)
		return PLIM_DROP_fragment_malformed;
	if (f->at == 0 ? !is_header_whole(ip) : f->at < least_header(ip))
		return PLIM_DROP_fragment_tiny;
	return PL_PARSED;
}

/* Does its end contradict what is known of the datagram's? */
static bool
is_end_wrong(const struct pl_reasm_datagram *d, const struct fragment *f)
{
	size_t end = f->at + f->ip->payload.len;

	if (f->ip->mf)
		return d->total != 0 && end > d->total;
	return d->total != 0 ? end != d->total : pl_frag_end(&d->store) > f->units.to;
}

/* Its blocks go; its key stays blocked until its deadline. */
static enum plim_drop
poison(struct pl_net *n, struct pl_reasm_datagram *d, enum plim_drop why)
{
	uint32_t before = octets_of(d);

	pl_frag_clear(&n->core->mem, &d->store);
	d->flags |= DATAGRAM_DEAD;
	account(n, d, before);
	return why;
}

static enum plim_drop
store(struct pl_net *n, pl_id id, const struct fragment *f)
{
	struct pl_reasm_datagram *d = datagram_at(n, id);
	unsigned need = pl_frag_blocks_needed(&n->core->mem, &d->store, f->at, f->ip->payload.len);
	uint32_t before = octets_of(d);
	bool stored;

	keep_quota(n, d->source, id, need * PL_FRAG_BLOCK);
	stored = make_room_for_blocks(n, id, need) && pl_frag_write(&n->core->mem, &d->store, f->at, f->ip->payload);
	account(n, d, before);
	if (stored)
		return PL_PARSED;
	replace(n, id); /* it is longer than what the class has */
	return PLIM_DROP_fragment_full;
}

static void
note(struct pl_reasm_datagram *d, const struct fragment *f, const struct pl_pkt *pkt)
{
	d->ecn |= (uint8_t)(1u << (f->ip->tos & 3u));
	if (pkt->not_unicast)
		d->flags |= DATAGRAM_NOT_UNICAST;
	if (!f->ip->mf)
		d->total = (uint16_t)(f->at + f->ip->payload.len);
	if (f->at == 0) {
		d->tos = f->ip->tos;
		d->ttl = f->ip->ttl;
	}
	memcpy(d->src_mac, pkt->src_mac, PL_MAC_LEN);
}

/* One fragment of a datagram. PL_PARSED: it was stored. */
static enum plim_drop
take(struct pl_net *n, pl_id id, const struct fragment *f, const struct pl_pkt *pkt)
{
	struct pl_reasm_datagram *d = datagram_at(n, id);
	enum plim_drop why;

	if (d->flags & DATAGRAM_DEAD)
		return PLIM_DROP_fragment_overlap;
	if (is_end_wrong(d, f))
		return poison(n, d, PLIM_DROP_fragment_malformed);
	switch (pl_frag_fit(&d->store, f->units)) {
	case PL_FRAG_OVERLAP: return poison(n, d, PLIM_DROP_fragment_overlap);
	case PL_FRAG_INSIDE:
		if (pl_frag_is_same(&n->core->mem, &d->store, f->at, f->ip->payload))
			return PLIM_DROP_fragment_duplicate;
		return poison(n, d, PLIM_DROP_fragment_overlap);
	default: break;
	}
	if (pl_frag_is_hole_too_many(&d->store, f->units))
		return PLIM_DROP_fragment_holes;
	why = store(n, id, f);
	if (why == PL_PARSED)
		note(d, f, pkt);
	return why;
}

/* ---- handing over ---- */

static bool
is_complete(const struct pl_reasm_datagram *d)
{
	return d->total != 0 && d->store.n_runs == 1 && d->store.runs[0].from == 0 &&
	       d->store.runs[0].to == pl_frag_units(0, d->total).to;
}

/* RFC 3168 §5.3: CE of any fragment is kept, and CE together with not-ECT is nothing that a router makes. */
static bool
combine_ecn(struct pl_reasm_datagram *d)
{
	enum { NOT_ECT = 1, CE = 8 };

	if ((d->ecn & CE) && (d->ecn & NOT_ECT))
		return false;
	if (d->ecn & CE)
		d->tos |= 3;
	return true;
}

/* The beginning of the datagram behind a header into the buffer: total_len and mf are the header's. */
static void
gather(struct pl_net *n, const struct pl_reasm_datagram *d, uint16_t len, bool mf, struct pl_pkt *pkt)
{
	size_t room = (n->reasm.scratch_octets - PL_IP4_HEADER) / PL_FRAG_UNIT * PL_FRAG_UNIT, head = PL_MIN(len, room);
	struct pl_put w = pl_put_to(n->reasm.scratch, n->reasm.scratch_octets);
	struct pl_ip4 ip = {.src = pl_addr_from(4, d->src),
	                    .dst = pl_addr_from(4, d->dst),
	                    .tos = d->tos,
	                    .ttl = d->ttl,
	                    .proto = d->proto,
	                    .len = (uint16_t)(PL_IP4_HEADER + len),
	                    .id = d->id,
	                    .mf = mf};

	pl_ip4_put(&w, &ip);
	pkt->l4 = (struct pl_span){w.p, head};
	for (size_t at = 0; at < head;) {
		struct pl_span run = pl_frag_span(&n->core->mem, &d->store, at, head - at);

		if (PL_NEVER(run.len == 0))
			break;
		pl_put_bytes(&w, run.p, run.len);
		at += run.len;
	}
	PL_ASSERT(!w.short_of);
	pkt->ip = (struct pl_span){n->reasm.scratch, PL_IP4_HEADER + head};
	pkt->rest = (uint32_t)(len - head);
	pkt->src = ip.src;
	pkt->dst = ip.dst;
	pkt->proto = d->proto;
	pkt->ttl = d->ttl;
	pkt->tos = d->tos;
	pkt->iface = d->iface;
	pkt->laddr = d->laddr;
	pkt->not_unicast = (d->flags & DATAGRAM_NOT_UNICAST) != 0;
	memcpy(pkt->src_mac, d->src_mac, PL_MAC_LEN);
}

/* The whole datagram is lent until pl_net_release(). */
static bool
hand_over(struct pl_net *n, pl_id id, struct pl_pkt *pkt)
{
	struct pl_reasm_datagram *d = datagram_at(n, id);

	if (!combine_ecn(d)) {
		drop_datagram(n, id);
		(void)PL_DROP(n->core, fragment_malformed);
		return false;
	}
	gather(n, d, d->total, false, pkt);
	pkt->csum_ok = false;
	pkt->reassembled = true;
	if (pkt->rest > 0 && pkt->proto != PL_PROTO_UDP) {
		drop_datagram(n, id);
		(void)PL_DROP(n->core, fragment_long);
		return false;
	}
	prove(n, d);
	unlink_datagram(n, id);
	n->reasm.lent = id;
	return true;
}

bool
pl_reasm_input(struct pl_net *n, const struct pl_ip4 *ip, struct pl_pkt *pkt)
{
	struct fragment f = {.ip = ip, .at = (size_t)ip->frag_offset * PL_FRAG_UNIT};
	enum plim_drop why;
	pl_id id;

	pl_net_release(n);
	why = judge(&f, pkt);
	if (why == PL_PARSED) {
		f.units = pl_frag_units(f.at, ip->payload.len);
		id = find(n, ip, pkt->iface);
		if (!id)
			id = make(n, ip, pkt);
		why = id ? take(n, id, &f, pkt) : PLIM_DROP_fragment_full;
	}
	if (why != PL_PARSED) {
		n->core->drops[why]++;
		return false;
	}
	return is_complete(datagram_at(n, id)) && hand_over(n, id, pkt);
}

struct pl_span
pl_net_rest(const struct pl_net *n, const struct pl_pkt *pkt, size_t at)
{
	if (PL_NEVER(!n->reasm.lent) || at >= pkt->rest)
		return (struct pl_span){NULL, 0};
	return pl_frag_span(&n->core->mem, &datagram_at(n, n->reasm.lent)->store, pkt->l4.len + at, pkt->rest - at);
}

void
pl_net_release(struct pl_net *n)
{
	pl_id id = n->reasm.lent;

	n->reasm.lent = 0;
	if (id)
		free_datagram(n, id);
}

/* ---- time ---- */

static pl_time
due(const struct pl_net *n, unsigned list)
{
	pl_id id = n->reasm.by_age[list].head;

	return id ? datagram_at(n, id)->at + PL_MS(n->core->conf.fragment_timeout_ms) : PL_TIME_NEVER;
}

/* RFC 1122 3.3.2: the sender is told if the first fragment came. */
static void
expire(struct pl_net *n, pl_id id)
{
	const struct pl_reasm_datagram *d = datagram_at(n, id);
	struct pl_pkt pkt = {0};

	pl_trace_often(n->core, PLIM_ACTION_fragment_expired, octets_of(d), (n->core->now - d->at) / PL_MS(1), NULL, 0);
	if (d->store.n_runs > 0 && d->store.runs[0].from == 0) {
		gather(n, d, (uint16_t)PL_MIN(d->store.runs[0].to * PL_FRAG_UNIT, 65535u - PL_IP4_HEADER), true, &pkt);
		pl_icmp_send_error(n, &pkt, PL_ICMP4_TIME_EXCEEDED, 1, 0);
	}
	drop_datagram(n, id);
}

void
pl_reasm_poll(struct pl_net *n, pl_time now, unsigned *budget)
{
	for (unsigned list = 0; list < PL_COUNT(n->reasm.by_age); list++) {
		while (*budget > 0 && due(n, list) <= now) {
			--*budget;
			expire(n, n->reasm.by_age[list].head);
		}
	}
}

pl_time
pl_reasm_deadline(const struct pl_net *n)
{
	return PL_MIN(due(n, 0), due(n, 1));
}

/* ---- invariants ---- */

static const char *
check_store(const struct pl_net *n, const struct pl_reasm_datagram *d)
{
	const struct pl_frag_store *s = &d->store;

	for (unsigned i = 0; i < s->n_runs; i++) {
		if (s->runs[i].from >= s->runs[i].to || (i > 0 && s->runs[i].from <= s->runs[i - 1].to))
			return "fragments: runs touch or are out of order";
		if (!pl_frag_span(&n->core->mem, s, (size_t)s->runs[i].from * PL_FRAG_UNIT, 1).p)
			return "fragments: a run without its block";
	}
	return s->n_runs == 0 && !(d->flags & DATAGRAM_DEAD) ? "fragments: a datagram without any" : NULL;
}

const char *
pl_reasm_check(const struct pl_net *n)
{
	const struct pl_reasm *r = &n->reasm;
	uint32_t seen = r->lent != 0, blocks = r->lent ? datagram_at(n, r->lent)->store.blocks : 0;

	for (unsigned list = 0; list < PL_COUNT(r->by_age); list++) {
		uint64_t held = 0;
		pl_time at = 0;

		for (pl_id id = r->by_age[list].head; id; id = pl_list_next(&n->core->mem, &r->by_age[list], id)) {
			const struct pl_reasm_datagram *d = datagram_at(n, id);
			const char *fault = check_store(n, d);

			if (fault)
				return fault;
			if (d->at < at)
				return "fragments: out of order by age";
			at = d->at;
			held += octets_of(d);
			blocks += d->store.blocks;
			seen++;
		}
		if (held != r->held[list])
			return "fragments: the account differs from the walk";
	}
	return seen != r->n || blocks != r->blocks ? "fragments: counts differ from the walk" : NULL;
}
