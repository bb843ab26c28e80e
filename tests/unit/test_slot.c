/* SPDX-License-Identifier: ISC */
/* Handle slots: generations, and a ready list in which each stands once. */
#include "mem_fixture.h"

#include "mem/slot.h"

static void
an_old_handle_never_answers_again(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_core *c = &a->core;
	plim_h old[2000];

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(old); i++) {
		pl_id id = pl_slot_open(c, PL_SLOT_CONN, i + 1);

		old[i] = pl_slot_handle(c, id);
		assert_int_equal(pl_slot_find(c, old[i])->rec, i + 1);
		pl_slot_close(c, id);
		for (unsigned k = 0; k <= i; k += 1 + i / 50)
			assert_null(pl_slot_find(c, old[k]));
	}
	assert_null(pl_slot_find(c, (plim_h){0, 0}));
	assert_null(pl_slot_find(c, (plim_h){old[0].index, 0}));
	assert_null(pl_slot_find(c, (plim_h){UINT32_MAX, 1}));
	assert_arena_is_empty(&c->mem);
	arena_stop(a);
}

static void
generations_skip_zero_when_they_wrap(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	pl_id id;

	(void)state;
	a->core.slot_generation = UINT32_MAX;
	id = pl_slot_open(&a->core, PL_SLOT_CONN, 1);
	assert_int_equal(pl_slot_handle(&a->core, id).generation, 1);
	assert_non_null(pl_slot_find(&a->core, pl_slot_handle(&a->core, id)));
	arena_stop(a);
}

static void
a_slot_is_told_once_with_all_its_bits_in_order(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_core *c = &a->core;
	pl_id id[3];
	uint32_t bits = 0;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		id[i] = pl_slot_open(c, PL_SLOT_CONN, 1);
	pl_slot_raise(c, id[1], 1);
	pl_slot_raise(c, id[0], 2);
	pl_slot_raise(c, id[1], 4);
	pl_slot_raise(c, 0, 8);
	assert_int_equal(pl_slot_next_ready(c, &bits), id[1]);
	assert_int_equal(bits, 5);
	pl_slot_raise(c, id[1], 16); /* again, behind the other */
	assert_int_equal(pl_slot_next_ready(c, &bits), id[0]);
	assert_int_equal(bits, 2);
	assert_int_equal(pl_slot_next_ready(c, &bits), id[1]);
	assert_int_equal(bits, 16);
	assert_int_equal(pl_slot_next_ready(c, &bits), 0);
	arena_stop(a);
}

static void
a_slot_closed_while_ready_is_not_told_and_not_lost(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_core *c = &a->core;
	pl_id id[3], again;
	uint32_t bits = 0;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		id[i] = pl_slot_open(c, PL_SLOT_CONN, 1);
		pl_slot_raise(c, id[i], 1);
	}
	pl_slot_close(c, id[1]);
	again = pl_slot_open(c, PL_SLOT_CONN, 2); /* the place in the list is still taken: another slot */
	assert_int_not_equal(again, id[1]);
	assert_int_equal(pl_slot_next_ready(c, &bits), id[0]);
	assert_int_equal(pl_slot_next_ready(c, &bits), id[2]);
	assert_int_equal(pl_slot_next_ready(c, &bits), 0);
	assert_int_equal(c->mem.types[PL_OBJ_slot].live, 3);
	pl_slot_close(c, id[0]);
	pl_slot_close(c, id[2]);
	pl_slot_close(c, again);
	pl_slot_close(c, 0);
	assert_arena_is_empty(&c->mem);
	arena_stop(a);
}

/* Random opens, raises, closes and fetches against flags in an array. */
static void
random_slots_agree_with_flags(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_core *c = &a->core;
	plim_h h[64] = {{0}};
	uint32_t want[64] = {0}, bits = 0;
	uint64_t seed = 17;
	pl_id id;

	(void)state;
	for (unsigned i = 0; i < 50000; i++) {
		unsigned k = chance_below(&seed, 64);

		switch (chance_below(&seed, 4)) {
		case 0:
			if (!h[k].generation)
				h[k] = pl_slot_handle(c, pl_slot_open(c, PL_SLOT_CONN, k + 1));
			break;
		case 1:
			if (h[k].generation)
				pl_slot_close(c, h[k].index);
			h[k] = (plim_h){0, 0};
			want[k] = 0;
			break;
		case 2:
			if (h[k].generation) {
				uint32_t bit = 1u << chance_below(&seed, 10);

				pl_slot_raise(c, h[k].index, bit);
				want[k] |= bit;
			}
			break;
		default:
			id = pl_slot_next_ready(c, &bits);
			if (!id)
				break;
			k = pl_slot_at(c, id)->rec - 1;
			assert_int_equal(h[k].index, id);
			assert_int_equal(bits, want[k]);
			want[k] = 0;
			break;
		}
	}
	while ((id = pl_slot_next_ready(c, &bits)) != 0)
		want[pl_slot_at(c, id)->rec - 1] &= ~bits;
	for (unsigned k = 0; k < 64; k++) {
		assert_int_equal(want[k], 0);
		if (h[k].generation)
			pl_slot_close(c, h[k].index);
	}
	assert_arena_is_empty(&c->mem);
	arena_stop(a);
}

TESTS_MAIN(cmocka_unit_test(an_old_handle_never_answers_again), cmocka_unit_test(generations_skip_zero_when_they_wrap),
           cmocka_unit_test(a_slot_is_told_once_with_all_its_bits_in_order),
           cmocka_unit_test(a_slot_closed_while_ready_is_not_told_and_not_lost),
           cmocka_unit_test(random_slots_agree_with_flags))
