/* SPDX-License-Identifier: ISC */
/* Pages of freed slabs go back to the system: what is resident is counted page by page (mincore). */
#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>

#include "mem/mem.h"
#include "platform/posix/sys.h"
#include "sock/sock.h"

#define TARGET (16u << 20)

static uint8_t *region;
static plim *s;

static size_t
resident(void)
{
	static unsigned char pages[TARGET / 4096];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 0;

	assert_int_equal(mincore(region, TARGET, pages), 0);
	for (size_t i = 0; i < TARGET / page; i++)
		n += pages[i] & 1;
	return n * page;
}

static int
setup(void **state)
{
	static const uint8_t entropy[PLIM_ENTROPY_OCTETS] = {1};
	struct plim_config c;

	(void)state;
	plim_config_default(&c);
	region = pl_posix_region(TARGET);
	assert_non_null(region);
	return plim_create(&c, region, TARGET, entropy, 1, &s);
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(plim_check(s, NULL), 0);
	return munmap(region, TARGET);
}

/* n blocks, each written to, freed again but for every keep-th (0: all). */
static void
wave(unsigned n, unsigned keep)
{
	static pl_id ids[20000];
	struct pl_mem *m = &s->core.mem;

	for (unsigned i = 0; i < n; i++) {
		ids[i] = pl_mem_alloc(m, PL_OBJ_block, PL_GRANT_NORMAL);
		assert_int_not_equal(ids[i], 0);
		memset(pl_mem_ptr(m, ids[i]), 0xee, pl_mem_octets(m, PL_OBJ_block));
	}
	for (unsigned i = 0; i < n; i++)
		if (keep == 0 || i % keep != 0)
			pl_mem_free(m, PL_OBJ_block, ids[i]);
	for (unsigned i = 0; keep != 0 && i < n; i += keep)
		for (unsigned k = 0; k < pl_mem_octets(m, PL_OBJ_block); k++)
			assert_int_equal(((uint8_t *)pl_mem_ptr(m, ids[i]))[k], 0xee);
	assert_true(keep == 0 || pl_posix_give_back(s) > 0);
	for (unsigned i = 0; keep != 0 && i < n; i += keep) {
		for (unsigned k = 0; k < pl_mem_octets(m, PL_OBJ_block); k++)
			assert_int_equal(((uint8_t *)pl_mem_ptr(m, ids[i]))[k], 0xee); /* what is held stays */
		pl_mem_free(m, PL_OBJ_block, ids[i]);
	}
}

static void
resident_memory_falls_after_a_wave(void **state)
{
	size_t before = resident(), top;

	(void)state;
	wave(11000, 0);
	top = resident();
	assert_true(top > before + 10000u * 1024);
	assert_true(pl_posix_give_back(s) > 10000u * 1024);
	assert_in_range(resident(), 0, before + 64 * 1024);
	assert_int_equal(pl_posix_give_back(s), 0); /* told of once */
	wave(11000, 0);                             /* and it may be used again */
	assert_true(resident() > before + 10000u * 1024);
	assert_true(pl_posix_give_back(s) > 10000u * 1024);
}

static void
what_is_held_between_free_slabs_stays(void **state)
{
	(void)state;
	wave(8000, 61); /* some slabs keep an object */
	(void)pl_posix_give_back(s);
	assert_int_equal(s->core.mem.slabs_used, 0);
}

static void
nothing_is_told_of_that_was_never_used(void **state)
{
	struct plim_span span;
	uint32_t cursor = 0;

	(void)state;
	assert_int_equal(plim_free_spans(s, &cursor, &span, 1), 0);
	assert_int_equal(cursor, 0);
	assert_int_equal(pl_posix_give_back(s), 0);
}

/* One run at a time: together they are the freed slabs, none twice, none in use. */
static void
runs_are_told_one_by_one_and_once(void **state)
{
	static uint8_t seen[TARGET / 4096];
	struct pl_mem *m = &s->core.mem;
	static pl_id ids[3000];
	struct plim_span span;
	uint32_t cursor = 0;
	size_t total = 0;

	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		ids[i] = pl_mem_alloc(m, PL_OBJ_block, PL_GRANT_NORMAL);
	for (unsigned i = 0; i < 3000; i++)
		if (i % 128 < 112)
			pl_mem_free(m, PL_OBJ_block, ids[i]);
	do {
		while (plim_free_spans(s, &cursor, &span, 1) == 1) {
			size_t at = (size_t)(span.data - region - m->first_octet) >> m->slab_shift;

			for (size_t k = at; k < at + (span.len >> m->slab_shift); k++) {
				assert_int_equal(seen[k]++, 0);
				assert_int_equal(m->slabs[k].type, PL_OBJ_none);
			}
			total += span.len;
			memset(span.data, 0x5a, span.len); /* read as anything */
			if (cursor == 0)
				break;
		}
	} while (cursor != 0);
	assert_int_equal(total >> m->slab_shift, m->fresh_slabs - m->slabs_used);
	for (unsigned i = 0; i < 3000; i++)
		if (i % 128 >= 112)
			pl_mem_free(m, PL_OBJ_block, ids[i]);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TESTS_MAIN(T(resident_memory_falls_after_a_wave), T(what_is_held_between_free_slabs_stays),
           T(nothing_is_told_of_that_was_never_used), T(runs_are_told_one_by_one_and_once))
