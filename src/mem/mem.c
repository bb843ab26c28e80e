/* SPDX-License-Identifier: ISC */
/*
 * The arena. See mem.h for what it promises.
 *
 * Invariants: a slab is free, part-used (in exactly one list of its type, by
 * fullness) or full (in none). cls_octets[c] is slab_octets x slabs of c's types.
 * Freed objects form a LIFO list inside their slab; objects at or beyond `fresh`
 * were never handed out, so their pages may still be untouched.
 *
 * Allocation prefers the fullest slabs, so that others empty again after a wave.
 */
#include "mem/prove.h"
#include "mem/refuse.h"
#include "mem/slab.h"

#define PL_SLAB_LEAST 2048u
#define PL_SLAB_MOST (512u * 1024u)
#define PL_MAX_SLABS 65534u

static const struct {
	uint8_t cls;
	uint32_t octets;
} object_types[PL_N_OBJS] = {{PLIM_CLASS_static, 0},
#define PL_X(name, cls, octets) {PLIM_CLASS_##cls, octets},
                             PL_OBJECTS(PL_X)
#undef PL_X
};

static uint32_t
pow2_at_most(size_t x)
{
	uint32_t p = 1;

	while (p <= x / 2)
		p *= 2;
	return p;
}

static uint8_t
log2_of(uint32_t pow2)
{
	uint8_t n = 0;

	while ((1u << n) < pow2)
		n++;
	return n;
}

uint32_t
pl_mem_block_for(size_t target)
{
	return PL_CLAMP(pow2_at_most(target / 16384), 256u, 1024u);
}

static uint32_t
inverse(uint32_t d)
{
	return (uint32_t)((((uint64_t)1 << 32) + d - 1) / d);
}

/* x / d for 1 < d and x * d < 2^32: exact, and a multiplication instead of a division. */
static inline uint32_t
divide(uint32_t x, uint32_t inverse_of_d)
{
	return (uint32_t)(((uint64_t)x * inverse_of_d) >> 32);
}

static void
init_types(struct pl_mem *m, uint32_t block)
{
	for (unsigned t = 1; t < PL_N_OBJS; t++) {
		struct pl_mem_type *ty = &m->types[t];

		ty->octets = object_types[t].octets ? object_types[t].octets : block;
		ty->per_slab = (uint32_t)(m->slab_octets / ty->octets);
		ty->inv_octets = inverse(ty->octets);
		while (ty->per_slab >> ty->band_shift >= PL_SLAB_BANDS)
			ty->band_shift++;
		ty->cls = object_types[t].cls;
		ty->is_joint = pl_is_joint(ty->cls);
	}
}

bool
pl_mem_init(struct pl_mem *m, uint8_t *region, size_t taken, size_t size, const struct pl_mem_layout *layout)
{
	uint32_t block = layout->block_octets ? layout->block_octets : pl_mem_block_for(size);
	size_t descs, first;

	memset(m, 0, sizeof *m);
	m->region = region;
	m->size = m->target = size;
	m->may_use = size;
	m->layout = *layout;
	m->block_shift = log2_of(block);
	m->slab_octets = PL_CLAMP(pow2_at_most(size / 1024), PL_MAX(PL_SLAB_LEAST, block), PL_SLAB_MOST);
	m->slab_shift = log2_of((uint32_t)m->slab_octets);
	taken = PL_ALIGN_UP(taken, 64);
	if (taken >= size)
		return false;
	m->n_slabs = (uint32_t)PL_MIN((size - taken) / (m->slab_octets + sizeof(struct pl_slab)), PL_MAX_SLABS);
	descs = (size_t)m->n_slabs * sizeof(struct pl_slab);
	first = PL_ALIGN_UP(taken + descs, 64);
	while (m->n_slabs > 0 && first + m->n_slabs * m->slab_octets > size)
		m->n_slabs--;
	if (m->n_slabs < PL_N_OBJS)
		return false;
	m->slabs = (struct pl_slab *)(void *)(region + taken);
	memset(m->slabs, 0, descs);
	m->first_octet = (uint32_t)first;
	m->static_octets = first;
	m->cls_octets[PLIM_CLASS_static] = first;
	m->cls_live[PLIM_CLASS_static] = first;
	m->peak = first;
	init_types(m, block);
	pl_mem_set_caps(m);
	return true;
}

static uint32_t *
link_of(const struct pl_mem *m, uint32_t slab, uint32_t object)
{
	return (uint32_t *)(void *)(pl_slab_base(m, slab) + (size_t)object * m->types[m->slabs[slab].type].octets);
}

/* ---- lists of part-used slabs ---- */

static void
band_insert(struct pl_mem *m, uint32_t slab, uint8_t band)
{
	struct pl_mem_type *ty = &m->types[m->slabs[slab].type];
	struct pl_slab *s = &m->slabs[slab];

	s->band = band;
	s->prev = 0;
	s->next = ty->part[band];
	if (s->next)
		m->slabs[s->next - 1].prev = (uint16_t)(slab + 1);
	ty->part[band] = (uint16_t)(slab + 1);
}

static void
band_remove(struct pl_mem *m, uint32_t slab)
{
	struct pl_slab *s = &m->slabs[slab];

	if (s->prev)
		m->slabs[s->prev - 1].next = s->next;
	else
		m->types[s->type].part[s->band] = s->next;
	if (s->next)
		m->slabs[s->next - 1].prev = s->prev;
}

static inline uint8_t
band_for(const struct pl_mem_type *ty, uint32_t used)
{
	return (uint8_t)(used >> ty->band_shift);
}

/* A part-used slab whose fullness changed moves to the list it now belongs to. */
static inline void
band_update(struct pl_mem *m, uint32_t slab)
{
	struct pl_slab *s = &m->slabs[slab];
	uint8_t band = band_for(&m->types[s->type], s->used);

	if (band == s->band)
		return;
	band_remove(m, slab);
	band_insert(m, slab, band);
}

/* ---- slabs ---- */

static void
note_peak(struct pl_mem *m)
{
	uint64_t used = pl_mem_used(m);

	if (used > m->peak)
		m->peak = used;
}

/* Less is held: after T was lowered it does not come back. */
static void
note_less(struct pl_mem *m)
{
	if (PL_UNLIKELY(m->may_use > m->target))
		m->may_use = PL_MAX((uint64_t)m->target, PL_MIN(m->may_use, pl_mem_used(m)));
}

uint64_t
pl_mem_used(const struct pl_mem *m)
{
	return m->static_octets + ((uint64_t)m->slabs_used << m->slab_shift) + m->charged;
}

/* Caps hold for whole slabs, so that every class can be full at once and T still holds. */
static bool
may_take_slab(const struct pl_mem *m, unsigned cls, enum pl_grant grant)
{
	uint64_t joint = m->cap_conn + (grant == PL_GRANT_RESERVE ? m->reserve_left : 0);

	if (pl_mem_used(m) + m->slab_octets > m->target)
		return false;
	if (pl_is_joint(cls) && pl_mem_conn_used(m) + m->slab_octets > joint)
		return false;
	if (grant == PL_GRANT_RESERVE && pl_is_joint(cls))
		return true;
	return m->cls_octets[cls] + (cls == PLIM_CLASS_app ? m->charged : 0) + m->slab_octets <= m->cls_cap[cls] ||
	       (PL_MEM_WITHOUT(m, class_cap) && !pl_is_joint(cls));
}

/* While the reserve is in use, free objects of part-used slabs are its stock: leave that much of them. */
static bool
may_take_object(const struct pl_mem *m, const struct pl_mem_type *ty, enum pl_grant grant)
{
	if (PL_LIKELY(m->conn_used <= m->cap_conn) || grant == PL_GRANT_RESERVE || !ty->is_joint)
		return true;
	return pl_mem_conn_live(m) + ty->octets + m->reserve_left <= m->cap_conn;
}

/* A slab for a type: an emptied one first, its pages are there already. n_slabs if none. */
static uint32_t
take_slab(struct pl_mem *m, enum pl_obj type)
{
	bool slab_is_to_offer = false;
	uint32_t slab;

	if (m->free_slab) {
		slab = m->free_slab - 1u;
		slab_is_to_offer = !m->slabs[slab].is_offered;
		m->free_slab = m->slabs[slab].next;
	} else if (m->fresh_slabs < m->n_slabs) {
		slab = m->fresh_slabs++;
	} else {
		return m->n_slabs;
	}
	m->slabs_to_offer -= slab_is_to_offer;
	m->slabs[slab] = (struct pl_slab){.type = (uint8_t)type};
	m->slabs_used++;
	m->types[type].slabs++;
	m->cls_octets[m->types[type].cls] += m->slab_octets;
	m->conn_used += m->types[type].is_joint ? m->slab_octets : 0;
	band_insert(m, slab, 0);
	note_peak(m);
	return slab;
}

static void
give_slab(struct pl_mem *m, uint32_t slab)
{
	struct pl_slab *s = &m->slabs[slab];
	struct pl_mem_type *ty = &m->types[s->type];

	band_remove(m, slab);
	ty->slabs--;
	m->cls_octets[ty->cls] -= m->slab_octets;
	m->conn_used -= ty->is_joint ? m->slab_octets : 0;
	m->slabs_used--;
	*s = (struct pl_slab){.next = m->free_slab};
	m->free_slab = (uint16_t)(slab + 1);
	m->slabs_to_offer++;
	note_less(m);
}

/* ---- objects ---- */

/* One of the slab's free objects, the last freed first. */
static inline pl_id
take_object(struct pl_mem *m, const struct pl_mem_type *ty, uint32_t slab)
{
	struct pl_slab *s = &m->slabs[slab];
	uint32_t object;

	if (s->free) {
		object = s->free - 1;
		s->free = *link_of(m, slab, object);
		if (s->free)
			__builtin_prefetch(link_of(m, slab, s->free - 1), 1); /* the next one to be taken */
	} else {
		object = s->fresh++;
	}
	return pl_mem_id(m, pl_slab_base(m, slab) + (size_t)object * ty->octets);
}

/* Up to n objects of one slab. How many. */
static inline uint32_t
take_objects(struct pl_mem *m, struct pl_mem_type *ty, uint32_t slab, pl_id *ids, uint32_t n)
{
	struct pl_slab *s = &m->slabs[slab];

	n = PL_MIN(n, ty->per_slab - s->used);
	for (uint32_t i = 0; i < n; i++)
		ids[i] = take_object(m, ty, slab);
	s->used = (uint16_t)(s->used + n);
	if (s->used == ty->per_slab)
		band_remove(m, slab);
	else
		band_update(m, slab);
	ty->live += n;
	m->cls_live[ty->cls] += (uint64_t)n * ty->octets;
	return n;
}

/* A slab that has an object of this type to give. n_slabs: refused. */
static inline uint32_t
slab_with_object(struct pl_mem *m, enum pl_obj type, enum pl_grant grant)
{
	struct pl_mem_type *ty = &m->types[type];
	uint32_t slab = pl_fullest_part_slab(m, ty);

	if (slab != m->n_slabs)
		return may_take_object(m, ty, grant) ? slab : m->n_slabs;
	return may_take_slab(m, ty->cls, grant) ? take_slab(m, type) : m->n_slabs;
}

uint32_t
pl_mem_alloc_some(struct pl_mem *m, enum pl_obj type, enum pl_grant grant, pl_id *ids, uint32_t n)
{
	uint32_t done = 0;

	while (done < n) {
		uint32_t slab = PL_MEM_REFUSES(m) ? m->n_slabs : slab_with_object(m, type, grant);
		uint32_t most = m->conn_used <= m->cap_conn ? n - done : 1; /* in the reserve: asked for each */

		if (slab == m->n_slabs) {
			m->refused++;
			break;
		}
		done += take_objects(m, &m->types[type], slab, ids + done, most);
	}
	return done;
}

pl_id
pl_mem_alloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant)
{
	pl_id id;

	return pl_mem_alloc_some(m, type, grant, &id, 1) ? id : 0;
}

pl_id
pl_mem_calloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant)
{
	pl_id id = pl_mem_alloc(m, type, grant);

	if (id)
		memset(pl_mem_ptr(m, id), 0, m->types[type].octets);
	return id;
}

/* Which object of this type id names. False: none that was ever handed out. */
static inline bool
find_object(const struct pl_mem *m, enum pl_obj type, pl_id id, uint32_t *slab, uint32_t *object)
{
	const struct pl_mem_type *ty = &m->types[type];
	size_t at = (size_t)id * PL_ID_OCTETS; /* wraps where a size_t has 32 bits: ids beyond the region go first */
	uint32_t in_slab;

	if (id >= m->size / PL_ID_OCTETS || at < m->first_octet)
		return false;
	*slab = pl_slab_of(m, id);
	if (*slab >= m->fresh_slabs || m->slabs[*slab].type != type)
		return false;
	in_slab = (uint32_t)(at - m->first_octet - ((size_t)*slab << m->slab_shift));
	*object = divide(in_slab, ty->inv_octets);
	return *object * ty->octets == in_slab && *object < m->slabs[*slab].fresh;
}

/* So many objects of a slab were put on its list. */
static inline void
note_freed(struct pl_mem *m, struct pl_mem_type *ty, uint32_t slab, uint32_t n)
{
	struct pl_slab *s = &m->slabs[slab];
	bool was_full = s->used == ty->per_slab;

	s->used = (uint16_t)(s->used - n);
	ty->live -= n;
	m->cls_live[ty->cls] -= (uint64_t)n * ty->octets;
	if (was_full)
		band_insert(m, slab, band_for(ty, s->used));
	else
		band_update(m, slab);
	if (s->used == 0)
		give_slab(m, slab);
}

/* The objects at the head of ids that stand in one slab. How many; 0: the first is no object. */
static inline uint32_t
free_of_one_slab(struct pl_mem *m, enum pl_obj type, const pl_id *ids, uint32_t n)
{
	uint32_t slab, object, first, i = 0;

	if (PL_NEVER(!find_object(m, type, ids[0], &first, &object)))
		return 0;
	do {
		*link_of(m, first, object) = m->slabs[first].free;
		m->slabs[first].free = object + 1;
		i++;
	} while (i < n && find_object(m, type, ids[i], &slab, &object) && slab == first);
	note_freed(m, &m->types[type], first, i);
	return i;
}

void
pl_mem_free_some(struct pl_mem *m, enum pl_obj type, const pl_id *ids, uint32_t n)
{
	uint32_t i = 0, done;

	while (i < n) {
		done = free_of_one_slab(m, type, ids + i, n - i);
		i += PL_MAX(done, 1u);
	}
}

void
pl_mem_free(struct pl_mem *m, enum pl_obj type, pl_id id)
{
	(void)free_of_one_slab(m, type, &id, 1);
}

bool
pl_mem_charge(struct pl_mem *m, uint64_t octets)
{
	uint64_t joint = pl_mem_conn_used(m);

	if (PL_MEM_REFUSES(m))
		return false;
	if (octets > m->target || joint + octets > m->cap_conn || pl_mem_used(m) + octets > m->target)
		return false;
	if (m->cls_octets[PLIM_CLASS_app] + m->charged + octets > m->cls_cap[PLIM_CLASS_app])
		return false;
	m->charged += octets;
	m->conn_used += octets;
	note_peak(m);
	return true;
}

void
pl_mem_uncharge(struct pl_mem *m, uint64_t octets)
{
	if (PL_NEVER(octets > m->charged))
		octets = m->charged;
	m->charged -= octets;
	m->conn_used -= octets;
	note_less(m);
}

bool
pl_mem_is_object(const struct pl_mem *m, enum pl_obj type, pl_id id)
{
	uint32_t slab, object;

	return find_object(m, type, id, &slab, &object);
}
