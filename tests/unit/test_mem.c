/* SPDX-License-Identifier: ISC */
/* The arena: objects do not overlap, caps hold for whole slabs, the reserve, and pages that stay untouched. */
#include "mem_fixture.h"

#define MOST 20000

struct object {
	enum pl_obj type;
	pl_id id;
	uint8_t fill;
};

static struct object objects[MOST];

static void
fill_object(const struct pl_mem *m, struct object *o, uint8_t fill)
{
	o->fill = fill;
	memset(pl_mem_ptr(m, o->id), fill, pl_mem_octets(m, o->type));
}

static void
assert_untouched(const struct pl_mem *m, const struct object *o)
{
	const uint8_t *p = pl_mem_ptr(m, o->id);

	for (uint32_t i = 0; i < pl_mem_octets(m, o->type); i++)
		assert_int_equal(p[i], o->fill);
}

static void
assert_caps_hold(const struct pl_mem *m)
{
	assert_true(pl_mem_used(m) <= m->target);
	assert_true(m->peak <= m->target);
	assert_true(pl_mem_conn_used(m) <= m->cap_conn);
	for (unsigned c = 1; c < PLIM_N_CLASSES; c++)
		assert_true(m->cls_octets[c] <= m->cls_cap[c]);
}

static void
random_objects_never_overlap_and_are_all_accounted(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	uint64_t seed = 1, live[PL_N_OBJS] = {0};
	unsigned n = 0, most = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		/* Waves: mostly up, then mostly down. */
		bool up = chance_below(&seed, 100) < (i / 10000 % 2 ? 30 : 70);

		if (up && n < MOST) {
			struct object *o = &objects[n];

			o->type = (enum pl_obj)(1 + chance_below(&seed, PL_N_OBJS - 1));
			o->id = pl_mem_alloc(m, o->type, PL_GRANT_NORMAL);
			if (!o->id)
				continue;
			assert_true(pl_mem_is_object(m, o->type, o->id));
			assert_true((size_t)o->id * PL_ID_OCTETS + pl_mem_octets(m, o->type) <= m->target);
			fill_object(m, o, (uint8_t)chance(&seed));
			live[o->type]++;
			n++;
		} else if (n > 0) {
			unsigned k = chance_below(&seed, n);

			assert_untouched(m, &objects[k]);
			pl_mem_free(m, objects[k].type, objects[k].id);
			live[objects[k].type]--;
			objects[k] = objects[--n];
		}
		most = PL_MAX(most, n);
		assert_caps_hold(m);
		if (i % 997 == 0)
			assert_null(pl_mem_check(m));
	}
	assert_true(most > 1000);
	for (unsigned t = 1; t < PL_N_OBJS; t++)
		assert_int_equal(m->types[t].live, live[t]);
	while (n > 0) {
		assert_untouched(m, &objects[--n]);
		pl_mem_free(m, objects[n].type, objects[n].id);
	}
	assert_arena_is_empty(m);
	assert_int_equal(pl_mem_used(m), m->static_octets);
	arena_stop(a);
}

/* Objects of one type until it is refused. */
static unsigned
fill_up(struct pl_mem *m, enum pl_obj type, enum pl_grant grant)
{
	unsigned n = 0;

	while (pl_mem_alloc(m, type, grant))
		n++;
	return n;
}

static void
a_class_at_its_cap_takes_nothing_of_another(void **state)
{
	static const enum pl_obj first[] = {PL_OBJ_syn4,     PL_OBJ_tw4,   PL_OBJ_neigh4,
	                                    PL_OBJ_udpblock, PL_OBJ_conn4, PL_OBJ_block};
	static const size_t targets[] = {1u << 20, (1u << 20) + 77777, 4u << 20};

	(void)state;
	for (unsigned k = 0; k < PL_COUNT(targets); k++) {
		for (unsigned i = 0; i < PL_COUNT(first); i++) {
			struct arena *a = arena_start(targets[k] / 64 * 64, 0);
			struct pl_mem *m = &a->core.mem;
			unsigned cls = m->types[first[i]].cls;
			unsigned full;

			/* All others first, then each still gets its share to within one slab. */
			for (unsigned j = 0; j < PL_COUNT(first); j++) {
				unsigned other = m->types[first[j]].cls;

				if (j == i || (cls == PLIM_CLASS_record && other == PLIM_CLASS_stream) ||
				    (cls == PLIM_CLASS_stream && other == PLIM_CLASS_record))
					continue;
				assert_true(fill_up(m, first[j], PL_GRANT_NORMAL) > 0);
				assert_caps_hold(m);
			}
			full = fill_up(m, first[i], PL_GRANT_NORMAL);
			assert_true(full > 0);
			assert_true(m->cls_octets[cls] + m->slab_octets > m->cls_cap[cls] ||
			            pl_mem_conn_used(m) + m->slab_octets > m->cap_conn);
			assert_caps_hold(m);
			arena_stop(a);
		}
	}
}

static void
records_stream_index_and_application_share_one_cap(void **state)
{
	struct arena *a = arena_start(4u << 20, 0);
	struct pl_mem *m = &a->core.mem;

	(void)state;
	(void)fill_up(m, PL_OBJ_conn4, PL_GRANT_NORMAL);
	assert_true(m->cls_octets[PLIM_CLASS_record] + m->slab_octets > m->cls_cap[PLIM_CLASS_record]);
	(void)fill_up(m, PL_OBJ_appblock, PL_GRANT_NORMAL);
	(void)fill_up(m, PL_OBJ_block, PL_GRANT_NORMAL);
	assert_int_equal(fill_up(m, PL_OBJ_node, PL_GRANT_NORMAL), 0);
	assert_true(pl_mem_conn_used(m) + m->slab_octets > m->cap_conn);
	assert_true(m->refused >= 4);
	assert_caps_hold(m);
	arena_stop(a);
}

static void
the_reserve_serves_only_who_may_use_it(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	uint64_t joint;
	pl_id id;

	(void)state;
	assert_true(fill_up(m, PL_OBJ_block, PL_GRANT_NORMAL) > 0);
	assert_int_equal(pl_mem_alloc(m, PL_OBJ_block, PL_GRANT_NORMAL), 0);
	joint = pl_mem_conn_used(m);
	id = pl_mem_alloc(m, PL_OBJ_block, PL_GRANT_RESERVE);
	assert_true(id != 0);
	/* The rest of the slab that the reserve opened is the reserve's stock too. */
	assert_int_equal(pl_mem_alloc(m, PL_OBJ_block, PL_GRANT_NORMAL), 0);
	(void)fill_up(m, PL_OBJ_hot, PL_GRANT_RESERVE);
	assert_true(pl_mem_conn_used(m) <= m->cap_conn + m->reserve_left);
	assert_true(pl_mem_conn_used(m) > joint);
	assert_true(pl_mem_used(m) <= m->target);
	/* Other classes have their own all the same. */
	assert_true(fill_up(m, PL_OBJ_syn4, PL_GRANT_NORMAL) > 0);
	assert_true(fill_up(m, PL_OBJ_udpblock, PL_GRANT_NORMAL) > 0);
	assert_true(pl_mem_used(m) <= m->target);
	arena_stop(a);
}

static void
what_is_not_handed_out_is_not_touched(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	static bool ours[1u << 20];
	unsigned n = 0;

	(void)state;
	memset(ours, 0, sizeof ours);
	for (size_t i = 0; i < m->first_octet; i++)
		ours[i] = true;
	for (unsigned t = 1; t < PL_N_OBJS; t++) {
		for (unsigned k = 0; k < 3; k++) {
			objects[n] = (struct object){.type = (enum pl_obj)t,
			                             .id = pl_mem_calloc(m, (enum pl_obj)t, PL_GRANT_NORMAL)};
			if (!objects[n].id)
				break;
			memset(ours + (size_t)objects[n].id * PL_ID_OCTETS, 1, pl_mem_octets(m, (enum pl_obj)t));
			n++;
		}
	}
	for (unsigned i = 0; i < n; i += 2) { /* freed and taken again: no fresh object is begun */
		pl_mem_free(m, objects[i].type, objects[i].id);
		assert_int_equal(pl_mem_alloc(m, objects[i].type, PL_GRANT_NORMAL), objects[i].id);
	}
	for (size_t i = 0; i < a->size; i++)
		if (!ours[i])
			assert_int_equal(a->region[i], 0xa5);
	arena_stop(a);
}

static void
freed_slabs_serve_other_types_before_fresh_ones(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	uint32_t touched;
	unsigned n = 0;

	(void)state;
	while (n < 2000 && (objects[n].id = pl_mem_alloc(m, PL_OBJ_conn4, PL_GRANT_NORMAL)) != 0)
		n++;
	touched = m->fresh_slabs;
	while (n > 0)
		pl_mem_free(m, PL_OBJ_conn4, objects[--n].id);
	assert_arena_is_empty(m);
	for (unsigned i = 0; i < touched; i++)
		while (m->slabs_used <= i)
			assert_true(pl_mem_alloc(m, PL_OBJ_block, PL_GRANT_NORMAL) != 0);
	assert_int_equal(m->fresh_slabs, touched);
	arena_stop(a);
}

/* "Fullest first": what is freed at random empties slabs again while half of the objects live on. */
static void
part_used_slabs_empty_again_after_a_wave(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	uint64_t seed = 5;
	unsigned n = 0;

	(void)state;
	while (n < 3000)
		objects[n++].id = pl_mem_alloc(m, PL_OBJ_conn4, PL_GRANT_NORMAL);
	/* Each round ends one connection in ten at random and starts one in twenty. */
	for (unsigned round = 0; round < 200 && n > 100; round++) {
		for (unsigned k = n / 10; k > 0; k--) {
			unsigned i = chance_below(&seed, n);

			pl_mem_free(m, PL_OBJ_conn4, objects[i].id);
			objects[i] = objects[--n];
		}
		for (unsigned k = n / 20; k > 0; k--)
			objects[n++].id = pl_mem_alloc(m, PL_OBJ_conn4, PL_GRANT_NORMAL);
	}
	assert_true(m->types[PL_OBJ_conn4].slabs < n / 2 + 10);
	arena_stop(a);
}

static void
wild_numbers_are_no_objects(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	pl_id id = pl_mem_alloc(m, PL_OBJ_slot, PL_GRANT_NORMAL);
	unsigned found = 0;

	(void)state;
	for (pl_id i = 0; i < (2u << 20) / PL_ID_OCTETS; i++)
		found += pl_mem_is_object(m, PL_OBJ_slot, i);
	assert_int_equal(found, 1);
	for (unsigned shift = 18; shift < 32; shift++)
		assert_false(pl_mem_is_object(m, PL_OBJ_slot, id + (1u << shift)));
	assert_false(pl_mem_is_object(m, PL_OBJ_slot, UINT32_MAX));
	assert_false(pl_mem_is_object(m, PL_OBJ_conn4, id));
	arena_stop(a);
}

static void
a_walk_meets_every_object_once(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	static bool met[(1u << 20) / PL_ID_OCTETS];
	unsigned n = 0, seen = 0;

	(void)state;
	memset(met, 0, sizeof met);
	while (n < 500) {
		objects[n++].id = pl_mem_alloc(m, PL_OBJ_tw4, PL_GRANT_NORMAL);
		(void)pl_mem_alloc(m, PL_OBJ_conn4, PL_GRANT_NORMAL);
	}
	for (pl_id id = pl_mem_walk(m, PL_OBJ_tw4, 0); id; id = pl_mem_walk(m, PL_OBJ_tw4, id)) {
		assert_false(met[id]);
		met[id] = true;
		seen++;
	}
	assert_int_equal(seen, 500);
	for (unsigned i = 0; i < n; i++)
		assert_true(met[objects[i].id]);
	arena_stop(a);
}

static void
a_charge_lowers_what_may_be_granted_by_as_much(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	uint64_t cap = m->cls_cap[PLIM_CLASS_app];
	unsigned with, without;

	(void)state;
	assert_false(pl_mem_charge(m, cap + 1));
	assert_true(pl_mem_charge(m, cap));
	assert_false(pl_mem_charge(m, 1));
	assert_false(pl_mem_charge(m, UINT64_MAX));
	with = fill_up(m, PL_OBJ_block, PL_GRANT_NORMAL);
	assert_caps_hold(m);
	assert_int_equal(pl_mem_alloc(m, PL_OBJ_appmem64, PL_GRANT_NORMAL), 0);
	pl_mem_uncharge(m, cap);
	without = with + fill_up(m, PL_OBJ_block, PL_GRANT_NORMAL);
	assert_in_range((without - with) * (uint64_t)pl_mem_block(m), cap - m->slab_octets, cap + m->slab_octets);
	assert_false(pl_mem_charge(m, cap)); /* the blocks hold it now */
	arena_stop(a);
}

static void
a_region_too_small_is_refused(void **state)
{
	struct pl_mem m;
	struct pl_mem_layout layout = {.conn_pct = 75};
	static _Alignas(64) uint8_t region[65536];

	(void)state;
	assert_false(pl_mem_init(&m, region, 65536, 65536, &layout));
	assert_false(pl_mem_init(&m, region, 65000, 65536, &layout));
	assert_true(pl_mem_init(&m, region, 64, 65536, &layout));
	assert_int_equal(pl_mem_block_for(1u << 20), 256);
	assert_int_equal(pl_mem_block_for(8u << 20), 512);
	assert_int_equal(pl_mem_block_for(1u << 30), 1024);
}

/* ---- another target ---- */

static unsigned
fill_class(struct pl_mem *m, enum pl_obj type, unsigned n)
{
	while (n < MOST && (objects[n].id = pl_mem_alloc(m, type, PL_GRANT_NORMAL)) != 0)
		objects[n++].type = type;
	return n;
}

static void
caps_follow_a_lower_target_and_nothing_is_granted_beyond(void **state)
{
	struct arena *a = arena_start(4u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	unsigned n = fill_class(m, PL_OBJ_block, 0), tw;
	uint64_t used, cap_tw = m->cls_cap[PLIM_CLASS_timewait];

	(void)state;
	tw = fill_class(m, PL_OBJ_tw4, n);
	used = pl_mem_used(m);
	assert_true(pl_mem_set_target(m, 2u << 20));
	assert_int_equal(m->target, 2u << 20);
	assert_in_range(m->cls_cap[PLIM_CLASS_timewait], cap_tw / 2 - 3, cap_tw / 2);
	assert_int_equal(pl_mem_used(m), used); /* what is held stays */
	assert_null(pl_mem_check(m));
	for (uint64_t seed = 3, last = used; n > 0; n--) {
		unsigned k = chance_below(&seed, n);

		pl_mem_free(m, PL_OBJ_block, objects[k].id);
		objects[k] = objects[n - 1];
		assert_true(pl_mem_used(m) <= last); /* it only falls, whatever is asked for in between */
		last = pl_mem_used(m);
		if (pl_mem_used(m) > m->target)
			assert_int_equal(pl_mem_alloc(m, PL_OBJ_hot, PL_GRANT_NORMAL), 0);
		assert_null(pl_mem_check(m));
	}
	for (; tw > 0 && objects[tw - 1].type == PL_OBJ_tw4; tw--)
		pl_mem_free(m, PL_OBJ_tw4, objects[tw - 1].id);
	n = fill_class(m, PL_OBJ_block, 0);
	assert_true(pl_mem_conn_used(m) <= m->cap_conn && m->cap_conn <= (2u << 20) / 100 * 75);
	assert_true(pl_mem_used(m) <= m->target);
	assert_false(pl_mem_charge(m, m->slab_octets));
	while (n > 0)
		pl_mem_free(m, PL_OBJ_block, objects[--n].id);
	assert_arena_is_empty(m);
	arena_stop(a);
}

static void
a_raised_target_gives_back_what_a_lower_one_took(void **state)
{
	struct arena *a = arena_start(4u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	struct pl_mem before;
	unsigned n;

	(void)state;
	pl_mem_charge_reserve(m, 20000);
	before = *m;
	assert_true(pl_mem_set_target(m, 1u << 20));
	assert_true(m->cap_conn < before.cap_conn / 3 && m->reserve_left < before.reserve_left / 2);
	assert_true(pl_mem_set_target(m, 4u << 20));
	assert_memory_equal(m->cls_cap, before.cls_cap, sizeof m->cls_cap);
	assert_int_equal(m->cap_conn, before.cap_conn);
	assert_int_equal(m->reserve_left, before.reserve_left);
	n = fill_class(m, PL_OBJ_block, 0);
	assert_true((uint64_t)n * 256 > (4u << 20) / 100 * 74);
	while (n > 0)
		pl_mem_free(m, PL_OBJ_block, objects[--n].id);
	arena_stop(a);
}

static void
a_target_out_of_range_changes_nothing(void **state)
{
	struct arena *a = arena_start(4u << 20, 0);
	struct pl_mem *m = &a->core.mem, before = *m;

	(void)state;
	assert_false(pl_mem_set_target(m, (1u << 20) - 1)); /* a quarter is the least */
	assert_false(pl_mem_set_target(m, (4u << 20) + 1));
	assert_false(pl_mem_set_target(m, 0));
	assert_memory_equal(m, &before, sizeof before);
	arena_stop(a);
}

/* Every class keeps three slabs, so that each of its types finds one at the least target too. */
static void
small_classes_work_at_the_least_target(void **state)
{
	static const enum pl_obj types[] = {PL_OBJ_neigh4,  PL_OBJ_neigh6,   PL_OBJ_neighbuf, PL_OBJ_udpsock,
	                                    PL_OBJ_udpgram, PL_OBJ_udpblock, PL_OBJ_frag,     PL_OBJ_fragblock,
	                                    PL_OBJ_syn4,    PL_OBJ_syn6,     PL_OBJ_tw4,      PL_OBJ_tw6};
	pl_id ids[PL_COUNT(types)];
	struct arena *a = arena_start(64u << 20, 0);
	struct pl_mem *m = &a->core.mem;

	(void)state;
	assert_true(pl_mem_set_target(m, pl_mem_least_target(m)));
	for (unsigned i = 0; i < PL_COUNT(types); i++) {
		ids[i] = pl_mem_alloc(m, types[i], PL_GRANT_NORMAL);
		assert_int_not_equal(ids[i], 0);
	}
	for (unsigned i = 0; i < PL_COUNT(types); i++)
		pl_mem_free(m, types[i], ids[i]);
	assert_arena_is_empty(m);
	arena_stop(a);
}

/* In one grant or one by one: the same objects, the same accounts, the same end. */
static void
some_at_once_are_what_one_by_one_would_be(void **state)
{
	static pl_id ids[MOST];
	struct arena *one = arena_start(1u << 20, 0), *some = arena_start(1u << 20, 0);
	uint32_t n = pl_mem_alloc_some(&some->core.mem, PL_OBJ_block, PL_GRANT_NORMAL, ids, MOST);

	(void)state;
	assert_true(n > some->core.mem.types[PL_OBJ_block].per_slab && n < MOST);
	assert_int_equal(some->core.mem.refused, 1);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(pl_mem_alloc(&one->core.mem, PL_OBJ_block, PL_GRANT_NORMAL), ids[i]);
	assert_int_equal(pl_mem_alloc(&one->core.mem, PL_OBJ_block, PL_GRANT_NORMAL), 0);
	assert_int_equal(pl_mem_conn_live(&one->core.mem), pl_mem_conn_live(&some->core.mem));
	assert_int_equal(pl_mem_conn_used(&one->core.mem), pl_mem_conn_used(&some->core.mem));
	assert_null(pl_mem_check(&some->core.mem));
	pl_mem_free_some(&some->core.mem, PL_OBJ_block, ids, n);
	for (uint32_t i = 0; i < n; i++)
		pl_mem_free(&one->core.mem, PL_OBJ_block, ids[i]);
	assert_arena_is_empty(&one->core.mem);
	assert_arena_is_empty(&some->core.mem);
	arena_stop(one);
	arena_stop(some);
}

/* In the reserve each is asked for: the stock that it leaves does not shrink by a batch. */
static void
some_at_once_stop_where_the_reserve_would(void **state)
{
	static pl_id ids[MOST];
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;

	(void)state;
	(void)pl_mem_alloc_some(m, PL_OBJ_block, PL_GRANT_NORMAL, ids, MOST);
	assert_true(pl_mem_alloc_some(m, PL_OBJ_block, PL_GRANT_RESERVE, ids, 1) == 1);
	assert_int_equal(pl_mem_alloc_some(m, PL_OBJ_block, PL_GRANT_NORMAL, ids, 4), 0);
	assert_null(pl_mem_check(m));
	arena_stop(a);
}

TESTS_MAIN(cmocka_unit_test(some_at_once_are_what_one_by_one_would_be),
           cmocka_unit_test(some_at_once_stop_where_the_reserve_would),
           cmocka_unit_test(caps_follow_a_lower_target_and_nothing_is_granted_beyond),
           cmocka_unit_test(a_raised_target_gives_back_what_a_lower_one_took),
           cmocka_unit_test(a_target_out_of_range_changes_nothing),
           cmocka_unit_test(small_classes_work_at_the_least_target),
           cmocka_unit_test(random_objects_never_overlap_and_are_all_accounted),
           cmocka_unit_test(a_class_at_its_cap_takes_nothing_of_another),
           cmocka_unit_test(records_stream_index_and_application_share_one_cap),
           cmocka_unit_test(the_reserve_serves_only_who_may_use_it),
           cmocka_unit_test(what_is_not_handed_out_is_not_touched),
           cmocka_unit_test(freed_slabs_serve_other_types_before_fresh_ones),
           cmocka_unit_test(part_used_slabs_empty_again_after_a_wave), cmocka_unit_test(wild_numbers_are_no_objects),
           cmocka_unit_test(a_walk_meets_every_object_once),
           cmocka_unit_test(a_charge_lowers_what_may_be_granted_by_as_much),
           cmocka_unit_test(a_region_too_small_is_refused))
