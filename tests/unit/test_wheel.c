/* SPDX-License-Identifier: ISC */
/* The wheel against an oracle that keeps plain deadlines, over random operations and all time scales. */
#include "unit.h"

#include "base/wheel.h"

#define NODES 200
#define TICK ((pl_time)1 << PL_WHEEL_TICK_SHIFT)

struct thing {
	_Alignas(8) uint64_t other; /* on i386 its alignment would be 4 */
	struct pl_wnode node;
};

struct bench {
	struct pl_wheel w;
	struct thing things[NODES + 1]; /* thing i has id i * sizeof / 8 */
	uint64_t fires_at[NODES + 1];   /* tick, 0: not set */
	pl_time now;
	uint64_t seed;
};

static pl_id
id_of(unsigned i)
{
	return (pl_id)(i * sizeof(struct thing) / 8);
}

static unsigned
index_of(pl_id id)
{
	return (unsigned)(id * 8 / sizeof(struct thing));
}

static void
start(struct bench *b, pl_time now, uint64_t seed)
{
	memset(b, 0, sizeof *b);
	b->now = now;
	b->seed = seed;
	pl_wheel_init(&b->w, (uint8_t *)b->things, offsetof(struct thing, node), now);
}

static void
set(struct bench *b, unsigned i, pl_time at)
{
	uint64_t tick = (at + TICK - 1) / TICK, least = b->now / TICK + 1;

	pl_wheel_set(&b->w, id_of(i), at);
	b->fires_at[i] = tick < least ? least : tick;
	assert_true(pl_wheel_is_set(&b->w, id_of(i)));
}

static void
cancel(struct bench *b, unsigned i)
{
	pl_wheel_cancel(&b->w, id_of(i));
	b->fires_at[i] = 0;
	assert_false(pl_wheel_is_set(&b->w, id_of(i)));
}

static uint64_t
earliest(const struct bench *b)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 1; i <= NODES; i++)
		if (b->fires_at[i] && b->fires_at[i] < best)
			best = b->fires_at[i];
	return best;
}

/* Everything due fires, in order of ticks, nothing else does; then the wheel names a time in the future. */
static void
advance(struct bench *b, pl_time to, unsigned budget_each)
{
	uint64_t last = 0;
	unsigned dry = 0;

	b->now = to;
	while (!dry) {
		unsigned budget = budget_each;
		pl_id id = pl_wheel_expire(&b->w, to, &budget);

		if (id == 0) {
			dry = budget > 0;
			continue;
		}
		unsigned i = index_of(id);
		assert_int_not_equal(b->fires_at[i], 0);
		assert_true(b->fires_at[i] <= to / TICK);
		assert_true(b->fires_at[i] >= last);
		assert_true(b->fires_at[i] <= earliest(b));
		last = b->fires_at[i];
		b->fires_at[i] = 0;
		assert_false(pl_wheel_is_set(&b->w, id));
		if (chance_below(&b->seed, 4) == 0) /* a handler sets its node again, for a time that has passed */
			set(b, i, to - chance_below(&b->seed, 1000));
	}
	assert_true(earliest(b) > to / TICK);
	assert_true(pl_wheel_next(&b->w) > to);
	if (earliest(b) == UINT64_MAX)
		assert_true(pl_wheel_next(&b->w) == PL_TIME_NEVER);
	else
		assert_true(pl_wheel_next(&b->w) <= earliest(b) * TICK);
}

static pl_time
random_ahead(struct bench *b)
{
	return (chance(&b->seed) >> 1) >> (18 + chance_below(&b->seed, 44)); /* up to 2^45 ns = 9.8 h */
}

static void
random_run(pl_time origin, uint64_t seed)
{
	static struct bench b;

	start(&b, origin, seed);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = 1 + chance_below(&b.seed, NODES);

		switch (chance_below(&b.seed, 8)) {
		case 0: cancel(&b, i); break;
		case 1: advance(&b, b.now + random_ahead(&b) / 8, 1 + chance_below(&b.seed, 3)); break;
		case 2: /* as a driver does: sleep until it says */
			if (pl_wheel_next(&b.w) != PL_TIME_NEVER)
				advance(&b, pl_wheel_next(&b.w), 1000);
			break;
		case 3: advance(&b, b.now, 10); break;
		default: set(&b, i, b.now + random_ahead(&b));
		}
	}
}

static void
fires_like_a_sorted_list(void **state)
{
	(void)state;
	random_run(0, 1);
	random_run(PL_SEC(12345), 2);
	random_run(((pl_time)1 << 52) - PL_SEC(100), 3); /* the 32-bit tick goes round */
	random_run(((pl_time)1700000000) * 1000000000u, 4);
}

static void
sleeping_until_next_always_moves_something(void **state)
{
	static struct bench b;

	(void)state;
	for (unsigned bits = 1; bits < 46; bits++) {
		unsigned wakes = 0;

		start(&b, PL_SEC(77) + bits, bits);
		set(&b, 1, b.now + ((pl_time)1 << bits) + 12345);
		while (b.fires_at[1]) {
			unsigned budget = 8;
			pl_id id;

			assert_true(++wakes < 40);
			b.now = pl_wheel_next(&b.w);
			id = pl_wheel_expire(&b.w, b.now, &budget);
			if (id)
				b.fires_at[1] = 0;
			else
				assert_true(pl_wheel_next(&b.w) > b.now);
		}
		assert_true(pl_wheel_next(&b.w) == PL_TIME_NEVER);
	}
}

static void
a_budget_that_ends_loses_nothing(void **state)
{
	static struct bench b;
	unsigned fired = 0, calls = 0, budget;
	pl_time at = 4096 * TICK * 3;

	(void)state;
	start(&b, 0, 1);
	for (unsigned i = 1; i <= NODES; i++)
		set(&b, i, at);
	while (fired < NODES) {
		budget = 7;
		assert_true(++calls < 1000);
		if (pl_wheel_expire(&b.w, at, &budget))
			fired++;
		else
			assert_true(pl_wheel_next(&b.w) <= at); /* more is due: poll at once */
	}
	budget = 1;
	assert_int_equal(pl_wheel_expire(&b.w, at, &budget), 0);
	assert_true(pl_wheel_next(&b.w) == PL_TIME_NEVER);
}

static void
due_nodes_can_be_cancelled_and_moved(void **state)
{
	static struct bench b;
	unsigned budget = 100;

	(void)state;
	start(&b, 0, 1);
	for (unsigned i = 1; i <= 5; i++)
		set(&b, i, 10 * TICK);
	pl_id first = pl_wheel_expire(&b.w, 10 * TICK, &budget);
	assert_int_not_equal(first, 0);
	assert_true(pl_wheel_next(&b.w) <= 10 * TICK);
	for (unsigned i = 1; i <= 5; i++) {
		if (id_of(i) == first)
			continue;
		if (i % 2)
			pl_wheel_cancel(&b.w, id_of(i));
		else
			pl_wheel_set(&b.w, id_of(i), PL_TIME_NEVER);
	}
	assert_int_equal(pl_wheel_expire(&b.w, 10 * TICK, &budget), 0);
	assert_true(pl_wheel_next(&b.w) == PL_TIME_NEVER);
	pl_wheel_set(&b.w, id_of(1), PL_TIME_NEVER - 1); /* beyond what a tick can say: early, not never, not at once */
	assert_true(pl_wheel_next(&b.w) > PL_SEC(3600));
	assert_true(pl_wheel_next(&b.w) != PL_TIME_NEVER);
}

TESTS_MAIN(cmocka_unit_test(fires_like_a_sorted_list), cmocka_unit_test(sleeping_until_next_always_moves_something),
           cmocka_unit_test(a_budget_that_ends_loses_nothing), cmocka_unit_test(due_nodes_can_be_cancelled_and_moved))
