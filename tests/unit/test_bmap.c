/* SPDX-License-Identifier: ISC */
/* Block maps against a slow map: one flag per block and all octets in a plain array. */
#define MEM_FIXTURE_WRAPS
#include "mem_fixture.h"

#include "mem/bmap.h"

#define BLOCK 128u
#define SPAN (1u << 20) /* octets that the slow map knows, from `zero` on */
#define BLOCKS (SPAN / BLOCK)

static struct {
	pl_seq zero; /* sequence number of octet 0; the start of a block */
	bool has[BLOCKS];
	bool known[SPAN]; /* written since the block was made */
	uint8_t octets[SPAN];
	uint32_t floor; /* dropped below it */
} slow;

static void
slow_start(pl_seq zero)
{
	memset(&slow, 0, sizeof slow);
	slow.zero = zero;
}

static uint32_t
slow_blocks(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < BLOCKS; i++)
		n += slow.has[i];
	return n;
}

static void
slow_make(uint32_t b)
{
	if (!slow.has[b])
		memset(&slow.known[b * BLOCK], 0, BLOCK);
	slow.has[b] = true;
}

static void
write_both(struct pl_mem *m, struct pl_bmap *b, uint32_t at, uint32_t len, uint64_t *seed)
{
	uint8_t text[4096];
	uint32_t done, blocks = b->blocks;

	for (uint32_t i = 0; i < len; i++)
		text[i] = (uint8_t)chance(seed);
	done = pl_bmap_write(m, b, slow.zero + at, pl_text_of(text, len), PL_GRANT_NORMAL);
	assert_true(done <= len);
	assert_true(done == len || (at + done) % BLOCK == 0 || done == 0);
	for (uint32_t i = 0; i < done; i++) {
		slow_make((at + i) / BLOCK);
		slow.octets[at + i] = text[i];
		slow.known[at + i] = true;
	}
	assert_true(b->blocks >= blocks);
}

static void
compare(const struct pl_mem *m, const struct pl_bmap *b)
{
	assert_int_equal(b->blocks, slow_blocks());
	assert_int_equal(m->types[PL_OBJ_block].live, b->blocks);
	assert_int_equal(m->types[PL_OBJ_node].live, b->nodes);
	for (uint32_t i = 0; i < BLOCKS; i++) {
		uint32_t run;
		const uint8_t *p = pl_bmap_at(m, b, slow.zero + i * BLOCK + i % BLOCK, &run);

		assert_int_equal(p != NULL, slow.has[i]);
		if (!p)
			continue;
		assert_int_equal(run, BLOCK - i % BLOCK);
		p -= i % BLOCK;
		for (uint32_t k = 0; k < BLOCK; k++)
			if (slow.known[i * BLOCK + k])
				assert_int_equal(p[k], slow.octets[i * BLOCK + k]);
	}
}

static void
drop_below_both(struct pl_mem *m, struct pl_bmap *b, uint32_t at)
{
	pl_bmap_drop_below(m, b, slow.zero + at);
	for (uint32_t i = 0; i < at / BLOCK; i++)
		slow.has[i] = false;
	slow.floor = PL_MAX(slow.floor, at);
}

static void
drop_from_both(struct pl_mem *m, struct pl_bmap *b, uint32_t at)
{
	pl_bmap_drop_from(m, b, slow.zero + at);
	for (uint32_t i = (at + BLOCK - 1) / BLOCK; i < BLOCKS; i++)
		slow.has[i] = false;
}

/* One life of a map: window octets ahead of a floor that rises. */
static void
random_life(struct pl_mem *m, pl_seq base, uint32_t first, uint32_t window, uint64_t seed, unsigned ops)
{
	struct pl_bmap b;
	uint32_t deepest = 0;

	pl_bmap_init(&b, base);
	b.lo = b.hi = first & (0xffffffffu >> m->block_shift);
	slow_start(base + (first << m->block_shift));
	for (unsigned i = 0; i < ops && slow.floor + window + 4096 < SPAN; i++) {
		uint32_t at = slow.floor + chance_below(&seed, window);

		switch (chance_below(&seed, 12)) {
		case 0: drop_below_both(m, &b, slow.floor + chance_below(&seed, window / 8 + 1)); break;
		case 1: drop_from_both(m, &b, PL_MAX(at, slow.floor + 1)); break;
		case 2:
			if (chance_below(&seed, 20) == 0)
				drop_from_both(m, &b, slow.floor + 1);
			break;
		default: write_both(m, &b, at, 1 + chance_below(&seed, 1500), &seed); break;
		}
		deepest = PL_MAX(deepest, b.depth);
		if (i % 16 == 0)
			compare(m, &b);
	}
	compare(m, &b);
	if (refuse_pct == 0)
		assert_int_equal(deepest, window <= 3 * BLOCK      ? 1
		                          : window <= 60 * BLOCK   ? 1
		                          : window <= 4000 * BLOCK ? 2
		                                                   : 3);
	pl_bmap_clear(m, &b);
	assert_arena_is_empty(m);
	assert_int_equal(b.nodes, 0);
}

static void
random_lives_agree_with_a_slow_map(void **state)
{
	static const uint32_t windows[] = {300, 5000, 30000, 200000, 700000};
	static const pl_seq bases[] = {0, 12345, 0xfffff000u, 0x7fffff80u};
	struct arena *a = arena_start(4u << 20, BLOCK);

	(void)state;
	for (unsigned w = 0; w < PL_COUNT(windows); w++)
		for (unsigned i = 0; i < PL_COUNT(bases); i++)
			random_life(&a->core.mem, bases[i], 0, windows[w], 1 + w * 10 + i, 600);
	arena_stop(a);
}

/* Block numbers are 2^(32 - shift) long: a stream of more than 4 GiB crosses their end. */
static void
block_numbers_go_round_after_4_gib(void **state)
{
	static const uint32_t before_end[] = {1, 3, 40, 64, 65, 1000, 4096, 5000};
	struct arena *a = arena_start(4u << 20, BLOCK);

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(before_end); i++) {
		random_life(&a->core.mem, 777, 0u - before_end[i], 5000, 90 + i, 400);
		random_life(&a->core.mem, 0xffffff00u, 0u - before_end[i], 300000, 190 + i, 400);
		random_life(&a->core.mem, 5, 0u - before_end[i], 700000, 290 + i, 400);
	}
	arena_stop(a);
}

static void
refused_grants_lose_nothing_and_leak_nothing(void **state)
{
	struct arena *a = arena_start(4u << 20, BLOCK);

	(void)state;
	for (refuse_pct = 1; refuse_pct < 60; refuse_pct += 7) {
		random_life(&a->core.mem, 99, 0, 5000, refuse_pct, 300);
		random_life(&a->core.mem, 99, 0u - 30, 60000, 100 + refuse_pct, 300);
		random_life(&a->core.mem, 99, 0u - 900, 700000, 200 + refuse_pct, 300);
	}
	refuse_pct = 0;
	arena_stop(a);
}

/* The same two writes, with the n-th grant refused, for every n. */
static void
every_single_grant_may_be_refused(void **state)
{
	static const uint32_t far[] = {2 * BLOCK, 10 * BLOCK, 70 * BLOCK, 4200 * BLOCK, 8000 * BLOCK};
	struct arena *a = arena_start(4u << 20, BLOCK);
	struct pl_mem *m = &a->core.mem;
	uint64_t seed = 3;

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(far); i++) {
		for (unsigned n = 1, left = 1; left; n++) {
			struct pl_bmap b;

			pl_bmap_init(&b, 4242);
			slow_start(4242);
			refuse_at = n;
			write_both(m, &b, 3, 1000, &seed);
			write_both(m, &b, far[i], 3000, &seed);
			write_both(m, &b, far[i] / 2, 500, &seed);
			left = refuse_at == 0;
			refuse_at = 0;
			compare(m, &b);
			write_both(m, &b, far[i], 3000, &seed); /* it goes on afterwards */
			write_both(m, &b, 3, 1000, &seed);
			compare(m, &b);
			pl_bmap_clear(m, &b);
			assert_arena_is_empty(m);
		}
	}
	arena_stop(a);
}

static void
a_window_costs_its_blocks_and_one_more(void **state)
{
	struct arena *a = arena_start(4u << 20, BLOCK);
	struct pl_mem *m = &a->core.mem;
	uint64_t seed = 11;

	(void)state;
	for (uint32_t offset = 0; offset < BLOCK; offset += 13) {
		const uint32_t window = 65536;
		struct pl_bmap b;

		pl_bmap_init(&b, 0);
		slow_start(0);
		for (uint32_t k = 0; k < 3000; k++) { /* segments of any size, with holes and overlaps */
			uint32_t at = chance_below(&seed, window), len = 1 + chance_below(&seed, 700);

			write_both(m, &b, offset + at, PL_MIN(len, window - at), &seed);
		}
		assert_true(b.blocks <= window / BLOCK + 1);
		assert_true(b.nodes <= b.blocks / PL_BMAP_FAN + 3);
		assert_int_equal(pl_bmap_octets(m, &b), b.blocks * BLOCK + b.nodes * 256u);
		pl_bmap_clear(m, &b);
	}
	assert_arena_is_empty(m);
	arena_stop(a);
}

static void
reading_gives_what_was_written(void **state)
{
	struct arena *a = arena_start(4u << 20, BLOCK);
	struct pl_mem *m = &a->core.mem;
	uint8_t text[4000], got[4000];
	struct pl_bmap b;

	(void)state;
	for (unsigned i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
	pl_bmap_init(&b, 0xfffffe00u);
	assert_int_equal(pl_bmap_write(m, &b, 0xfffffe11u, pl_text_of(text, sizeof text), PL_GRANT_NORMAL), 4000);
	for (uint32_t from = 0; from < 3900; from += 37) {
		pl_bmap_read(m, &b, 0xfffffe11u + from, got, sizeof text - from);
		assert_memory_equal(got, text + from, sizeof text - from);
	}
	pl_bmap_rebase(m, &b, 50);
	assert_true(pl_bmap_is_empty(&b));
	assert_arena_is_empty(m);
	arena_stop(a);
}

TESTS_MAIN(cmocka_unit_test(random_lives_agree_with_a_slow_map), cmocka_unit_test(block_numbers_go_round_after_4_gib),
           cmocka_unit_test(refused_grants_lose_nothing_and_leak_nothing),
           cmocka_unit_test(every_single_grant_may_be_refused),
           cmocka_unit_test(a_window_costs_its_blocks_and_one_more), cmocka_unit_test(reading_gives_what_was_written))
