/* SPDX-License-Identifier: ISC */
/*
 * The accounting proof (plim size --accounting): what octets that wait cost in real ones stays under what the structures
 * allow (docs/memory.md), however small the pieces are, and nothing is left when all is closed.
 */
#include "tests/unit/unit.h"

#include "mem/objects.h"
#include "tools/accounting.h"

#define BLOCK 256u /* of a 4 MiB stack */

static struct accounting_row rows[ACCOUNTING_ROWS];

static int
measure(void **state)
{
	(void)state;
	return accounting_measure(rows) ? 0 : -1;
}

static uint64_t
blocks_for(uint64_t octets)
{
	return (octets + BLOCK - 1) / BLOCK;
}

/* DESIGN section 4: ceil(w / block) + 1 blocks and their index, whatever the sizes of segments. */
static uint64_t
most_for_segments(const struct accounting_row *r)
{
	return PL_CONN_OCTETS(4) + PL_OCTETS_hot + (blocks_for(r->payload) + 1) * BLOCK + PL_OCTETS_node +
	       PL_OCTETS_ivl32;
}

static uint64_t
most_for_datagrams(const struct accounting_row *r)
{
	return r->count * (PL_OCTETS_udpgram + blocks_for(r->octets) * BLOCK);
}

/* Octets of a datagram with a first part missing are stored where they belong: one block more, and one of index. */
static uint64_t
most_for_fragments(const struct accounting_row *r)
{
	return r->count * (PL_OCTETS_frag + (blocks_for(r->octets) + 2) * PL_OCTETS_fragblock);
}

static void
real_octets_stay_under_what_the_structures_allow(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ACCOUNTING_ROWS; i++) {
		const struct accounting_row *r = &rows[i];
		uint64_t most = strstr(r->way, "segments") ? most_for_segments(r)
		                : strstr(r->way, "UDP")    ? most_for_datagrams(r)
		                                           : most_for_fragments(r);

		print_message("%s of %u octets: %llu real for %llu, at most %llu\n", r->way, r->octets,
		              (unsigned long long)r->real, (unsigned long long)r->payload, (unsigned long long)most);
		assert_int_equal(r->payload, (uint64_t)r->count * r->octets); /* nothing was refused */
		assert_true(r->real > r->payload);                            /* real ones, not payload */
		assert_true(r->real <= most);
		assert_true(r->slabs >= r->real);
	}
}

/* A thousand segments of one octet cost what one of a thousand does. */
static void
the_size_of_segments_makes_no_difference(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 2; way++)
		for (unsigned i = 1; i < 5; i++) {
			const struct accounting_row *r = &rows[5 * way + i], *one = &rows[5 * way + 1];

			assert_in_range(blocks_for(r->payload), blocks_for(one->payload) - 6, blocks_for(one->payload));
			assert_true(r->real <= one->real);
		}
}

static void
nothing_is_left_when_all_is_closed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ACCOUNTING_ROWS; i++)
		assert_int_equal(rows[i].left, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_octets_stay_under_what_the_structures_allow),
		cmocka_unit_test(the_size_of_segments_makes_no_difference),
		cmocka_unit_test(nothing_is_left_when_all_is_closed),
	};

	return cmocka_run_group_tests(tests, measure, NULL);
}
