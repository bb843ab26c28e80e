/* SPDX-License-Identifier: ISC */
/*
 * The arena: one region of T octets, cut into slabs of one object type each.
 *
 * Real octets are counted: a class holds its slabs, slack included. An allocation
 * names its type (and so its class); the caller accounts it to its owner. Objects
 * are named by pl_id (offset / 4), so records may be looked at from anywhere and a
 * wild number is found out (pl_mem_is_live).
 *
 * Bounds: a class never holds more than its cap; record + stream + index + app are
 * capped jointly (cap_conn); only PL_GRANT_RESERVE may go into the reserve. All
 * operations are O(1).
 */
#ifndef PL_MEM_MEM_H
#define PL_MEM_MEM_H

#include "base/def.h"
#include "mem/objects.h"

#define PL_MEM_MAX_SLABS 4096
#define PL_SLAB_BANDS 4

/* What is known of a slab; never inside it. */
struct pl_slab {
	uint32_t free;       /* first freed object's index + 1, LIFO; 0: none */
	uint16_t used;       /* objects handed out */
	uint16_t fresh;      /* objects from this index on were never handed out (their pages are untouched) */
	uint16_t next, prev; /* in its list, slab number + 1 */
	uint8_t type;        /* enum pl_obj; 0: free slab */
	uint8_t band;        /* which list of its type: by fullness */
	bool is_offered;     /* a free slab: pl_mem_free_runs() told of it */
};

_Static_assert(sizeof(struct pl_slab) == 16, "a slab descriptor is 16 octets");

struct pl_mem_type {
	uint32_t octets; /* of an object */
	uint32_t per_slab;
	uint32_t inv_octets; /* 2^32 / octets, rounded up: see divide() */
	uint32_t live;       /* objects handed out */
	uint16_t slabs;      /* slabs held */
	uint8_t cls;
	bool is_joint;                /* its class is one of those under the joint cap */
	uint8_t band_shift;           /* a slab's band is the number it has handed out, shifted */
	uint16_t part[PL_SLAB_BANDS]; /* part-used slabs by fullness, fullest band first; number + 1 */
};

struct pl_mem_layout {
	uint64_t cap_pct[PLIM_N_CLASSES]; /* of T; 0: within the joint cap only */
	uint64_t conn_pct;                /* joint cap */
	uint32_t block_octets;            /* 0: derived from T */
};

struct pl_mem {
	uint8_t *region;
	size_t size;      /* of the region */
	size_t target;    /* T: the size, or less (pl_mem_set_target) */
	uint64_t may_use; /* T, or what was held when T was lowered, following it down */
	size_t slab_octets;
	uint8_t slab_shift;
	uint8_t block_shift;
	uint32_t first_octet; /* offset of slab 0 */
	uint32_t n_slabs;
	uint32_t fresh_slabs; /* slabs from this number on were never used */
	uint16_t free_slab;   /* list of emptied slabs, number + 1 */
	uint32_t slabs_used;
	uint32_t slabs_to_offer; /* freed, and not told of yet */
	struct pl_slab *slabs;
	struct pl_mem_type types[PL_N_OBJS];
	uint64_t cls_octets[PLIM_N_CLASSES]; /* slabs held, whole */
	uint64_t cls_live[PLIM_N_CLASSES];   /* objects held */
	uint64_t cls_cap[PLIM_N_CLASSES];
	uint64_t cap_conn;     /* joint cap of record, stream, index, app */
	uint64_t reserve_left; /* of the reserve, for PL_GRANT_RESERVE */
	uint64_t conn_used;    /* octets of slabs under the joint cap, and what is charged */
	uint64_t charged;      /* octets charged by the application for memory elsewhere */
	uint64_t static_octets;
	uint64_t reserve_static; /* of them paid by the reserve */
	struct pl_mem_layout layout;
	uint64_t peak;
	uint64_t refused;
	uint64_t without;            /* test builds: protections taken away, see mem/prove.h */
	uint64_t asked, refuse_each; /* test builds: grants counted, each so-many-th refused; see refuse.h */
};

enum pl_grant {
	PL_GRANT_NORMAL,
	PL_GRANT_RESERVE, /* a segment at RCV.NXT, one inflation: may use the reserve */
};

/** The block size for a target: clamp(T/16Ki, 256, 1024), a power of two. */
uint32_t pl_mem_block_for(size_t target);

/** Lay the arena over region[taken, size): slab descriptors, then slabs. False: too small. */
bool pl_mem_init(struct pl_mem *m, uint8_t *region, size_t taken, size_t size, const struct pl_mem_layout *layout);

/** So many static octets, already counted, stand for part of the reserve (at most half of it). */
void pl_mem_charge_reserve(struct pl_mem *m, uint64_t octets);

/** The least T that the region's slabs and static part allow. */
size_t pl_mem_least_target(const struct pl_mem *m);

/**
 * Another T, of pl_mem_least_target() to the region's size. Caps follow at once and nothing is granted beyond them; what is
 * held stays until it is freed, and what is freed above T is not granted again. False: out of range, nothing changed.
 */
bool pl_mem_set_target(struct pl_mem *m, size_t target);

/** An object, its octets undefined. 0: refused (a cap, or no slab). */
pl_id pl_mem_alloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant);

/** Up to n of them, ids[0] on. How many: fewer where the next is refused. */
uint32_t pl_mem_alloc_some(struct pl_mem *m, enum pl_obj type, enum pl_grant grant, pl_id *ids, uint32_t n);

/** As pl_mem_alloc(), zeroed. */
pl_id pl_mem_calloc(struct pl_mem *m, enum pl_obj type, enum pl_grant grant);

void pl_mem_free(struct pl_mem *m, enum pl_obj type, pl_id id);
void pl_mem_free_some(struct pl_mem *m, enum pl_obj type, const pl_id *ids, uint32_t n);

/** Charge octets held elsewhere (class app). False: refused. */
bool pl_mem_charge(struct pl_mem *m, uint64_t octets);
void pl_mem_uncharge(struct pl_mem *m, uint64_t octets);

static inline void *
pl_mem_ptr(const struct pl_mem *m, pl_id id)
{
	return m->region + (size_t)id * PL_ID_OCTETS;
}
static inline pl_id
pl_mem_id(const struct pl_mem *m, const void *p)
{
	return (pl_id)((size_t)((const uint8_t *)p - m->region) / PL_ID_OCTETS);
}
static inline uint32_t
pl_mem_octets(const struct pl_mem *m, enum pl_obj type)
{
	return m->types[type].octets;
}
static inline uint32_t
pl_mem_block(const struct pl_mem *m)
{
	return 1u << m->block_shift;
}

/** Could id name an object of this type that was handed out at some time? (Of freed ones the caller's generation tells.) */
bool pl_mem_is_object(const struct pl_mem *m, enum pl_obj type, pl_id id);

/** Go through the objects of a type, freed ones included: the next id after `after` (0: the first), 0 at the end. Skips slabs of other types in O(slabs). */
pl_id pl_mem_walk(const struct pl_mem *m, enum pl_obj type, pl_id after);

/** Is less than half of a type's slabs in use (two slabs aside)? Moving its objects would empty some. */
bool pl_mem_is_sparse(const struct pl_mem *m, enum pl_obj type);

/** The object after `after` (0: the first) in a slab that is worth emptying, freed ones included; 0: none. */
pl_id pl_mem_sparse_object(const struct pl_mem *m, enum pl_obj type, pl_id after);

/**
 * Runs of slabs that were used and are free now, from slab *cursor on; each is told of once until it is used again (free
 * neighbours within 64 KiB again with it, so that whole pages come together). Looks at a bounded number of slabs; *cursor is
 * 0 at the end. Returns how many runs.
 */
size_t pl_mem_free_runs(struct pl_mem *m, uint32_t *cursor, struct plim_span *runs, size_t n);

/** Octets of the region that are held now: static part, slabs in use, charges. */
uint64_t pl_mem_used(const struct pl_mem *m);

/** Octets held by record + stream + index + app. */
static inline uint64_t
pl_mem_conn_used(const struct pl_mem *m)
{
	return m->conn_used;
}

/** The same without the slack of part-used slabs. */
static inline uint64_t
pl_mem_conn_live(const struct pl_mem *m)
{
	return m->cls_live[PLIM_CLASS_record] + m->cls_live[PLIM_CLASS_stream] + m->cls_live[PLIM_CLASS_index] +
	       m->cls_live[PLIM_CLASS_app] + m->charged;
}

/** Walk every slab and free list; a text of the first fault, or NULL. */
const char *pl_mem_check(const struct pl_mem *m);

#endif
