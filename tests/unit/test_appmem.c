/* SPDX-License-Identifier: ISC */
/* The application's pieces: each has one owner, and nothing else can be given back. */
#include "mem_fixture.h"

#include "mem/appmem.h"

static void
pieces_hold_what_was_asked_and_are_accounted(void **state)
{
	struct arena *a = arena_start(4u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	void *p[300];
	size_t len[300];
	pl_id list = 0;
	uint32_t held = 0;
	uint64_t seed = 2;

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		len[i] = chance_below(&seed, (unsigned)pl_appmem_most(m) + 1);
		p[i] = pl_appmem_alloc(m, &list, 9, len[i], &held);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % 8, 0);
		memset(p[i], (int)i, len[i]);
		assert_int_equal(held, m->cls_live[PLIM_CLASS_app]);
	}
	for (unsigned i = 0; i < 300; i++)
		for (size_t k = 0; k < len[i]; k++)
			assert_int_equal(((uint8_t *)p[i])[k], (uint8_t)i);
	for (unsigned i = 0; i < 300; i += 2)
		assert_true(pl_appmem_free(m, &list, 9, p[i], &held));
	assert_int_equal(held, m->cls_live[PLIM_CLASS_app]);
	pl_appmem_free_all(m, &list);
	assert_int_equal(list, 0);
	assert_arena_is_empty(m);
	arena_stop(a);
}

static void
more_than_a_block_is_refused(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	pl_id list = 0;
	uint32_t held = 0;

	(void)state;
	assert_null(pl_appmem_alloc(m, &list, 1, pl_appmem_most(m) + 1, &held));
	assert_null(pl_appmem_alloc(m, &list, 1, SIZE_MAX, &held));
	assert_null(pl_appmem_alloc(m, &list, 1, SIZE_MAX - 15, &held));
	assert_int_equal(held, 0);
	arena_stop(a);
}

static void
foreign_pointers_are_found_out(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	pl_id mine = 0, yours = 0;
	uint32_t held = 0, held2 = 0, before;
	uint8_t *p = pl_appmem_alloc(m, &mine, 1, 20, &held), *q = pl_appmem_alloc(m, &yours, 2, 20, &held2);
	uint8_t outside[64];
	pl_id conn = pl_mem_alloc(m, PL_OBJ_conn4, PL_GRANT_NORMAL);

	(void)state;
	before = held;
	assert_false(pl_appmem_free(m, &mine, 1, q, &held)); /* another's */
	assert_false(pl_appmem_free(m, &mine, 1, outside, &held));
	assert_false(pl_appmem_free(m, &mine, 1, (void *)8, &held));
	assert_false(pl_appmem_free(m, &mine, 1, pl_mem_ptr(m, conn), &held));
	assert_false(pl_appmem_free(m, &mine, 1, m, &held));
	assert_false(pl_appmem_free(m, &mine, 1, a->region + a->size, &held));
	assert_false(pl_appmem_free(m, &mine, 1, a->region, &held));
	for (unsigned i = 1; i < 48; i++)
		assert_false(pl_appmem_free(m, &mine, 1, p + i, &held)); /* inside a piece */
	assert_int_equal(held, before);
	assert_true(pl_appmem_free(m, &mine, 1, p, &held));
	assert_false(pl_appmem_free(m, &mine, 1, p, &held)); /* twice */
	assert_int_equal(held, 0);
	assert_true(pl_appmem_free(m, &yours, 2, q, &held2));
	pl_mem_free(m, PL_OBJ_conn4, conn);
	assert_arena_is_empty(m);
	arena_stop(a);
}

static void
the_class_cap_ends_it(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	pl_id list = 0;
	uint32_t held = 0;

	(void)state;
	while (pl_appmem_alloc(m, &list, 3, 200, &held))
		;
	assert_in_range(m->cls_octets[PLIM_CLASS_app], m->cls_cap[PLIM_CLASS_app] - m->slab_octets,
	                m->cls_cap[PLIM_CLASS_app]);
	pl_appmem_free_all(m, &list);
	assert_arena_is_empty(m);
	arena_stop(a);
}

TESTS_MAIN(cmocka_unit_test(pieces_hold_what_was_asked_and_are_accounted),
           cmocka_unit_test(more_than_a_block_is_refused), cmocka_unit_test(foreign_pointers_are_found_out),
           cmocka_unit_test(the_class_cap_ends_it))
