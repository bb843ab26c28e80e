/* SPDX-License-Identifier: ISC */
/*
 * An arena for unit tests, and a way to refuse the n-th grant: programs linked for
 * grant_wraps.h define MEM_FIXTURE_WRAPS first.
 */
#ifndef TESTS_MEM_FIXTURE_H
#define TESTS_MEM_FIXTURE_H

#include "unit.h"

#include "mem/core.h"
#include "stack/config.h"

struct arena {
	struct pl_core core;
	uint8_t *region;
	size_t size;
};

/* With the default shares of T; block 0: the default block. */
static inline struct arena *
arena_start(size_t size, uint32_t block)
{
	struct arena *a = calloc(1, sizeof *a);
	struct pl_mem_layout layout;

	assert_non_null(a);
	a->size = size;
	a->region = aligned_alloc(64, size);
	assert_non_null(a->region);
	memset(a->region, 0xa5, size);
	plim_config_default(&a->core.conf);
	a->core.conf.block_octets = block;
	pl_config_derive(&a->core.conf, size);
	layout = pl_config_layout(&a->core.conf);
	assert_true(pl_mem_init(&a->core.mem, a->region, 64, size, &layout));
	return a;
}

static inline void
arena_stop(struct arena *a)
{
	assert_null(pl_mem_check(&a->core.mem));
	free(a->region);
	free(a);
}

/* No object of any type is out. */
static inline void
assert_arena_is_empty(const struct pl_mem *m)
{
	for (unsigned t = 1; t < PL_N_OBJS; t++)
		assert_int_equal(m->types[t].live, 0);
	assert_int_equal(m->slabs_used, 0);
	assert_null(pl_mem_check(m));
}

#ifdef MEM_FIXTURE_WRAPS
#include "grant_wraps.h"

static unsigned refuse_at;         /* this grant from now is refused; 0: none */
static unsigned refuse_pct;        /* so many of a hundred are */
static uint64_t refuse_chance = 7; /* state of chance */

static bool
grant_is_refused(unsigned cls)
{
	(void)cls;
	if (refuse_at && --refuse_at == 0)
		return true;
	return refuse_pct && chance_below(&refuse_chance, 100) < refuse_pct;
}
#endif

#endif
