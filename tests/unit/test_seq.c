/* SPDX-License-Identifier: ISC */
/* Sequence arithmetic, six bits wide, every value against a slow oracle that walks the circle. */
#define PL_SEQ_BITS 6
#include "unit.h"

#include "base/seq.h"

#define SPACE 64u

/* Steps from a forward to b. */
static unsigned
walk(unsigned a, unsigned b)
{
	unsigned steps = 0;

	for (; a != b; a = (a + 1) % SPACE)
		steps++;
	return steps;
}

static void
less_than_means_at_most_half_the_circle_ahead(void **state)
{
	(void)state;
	for (unsigned a = 0; a < SPACE; a++) {
		for (unsigned b = 0; b < SPACE; b++) {
			unsigned d = walk(a, b);

			/* Exactly half a circle apart, each is less than the other; RFC 9293 §3.4 leaves that open. */
			assert_int_equal(pl_seq_lt(a, b), d != 0 && walk(b, a) >= SPACE / 2);
			assert_int_equal(pl_seq_le(a, b), !(walk(a, b) >= SPACE / 2 && d != 0));
			assert_int_equal(pl_seq_diff(b, a), d);
			assert_int_equal(pl_seq_add(a, d), b);
			if (d != SPACE / 2) {
				assert_int_equal(pl_seq_max(a, b), d < SPACE / 2 ? b : a);
				assert_int_equal(pl_seq_min(a, b), d < SPACE / 2 ? a : b);
				assert_int_equal(pl_seq_lt(a, b), d != 0 && d < SPACE / 2);
				assert_int_equal(pl_seq_le(a, b), d < SPACE / 2);
			}
		}
	}
}

static void
between_walks_from_low_to_high(void **state)
{
	(void)state;
	for (unsigned lo = 0; lo < SPACE; lo++) {
		for (unsigned hi = 0; hi < SPACE; hi++) {
			for (unsigned x = 0; x < SPACE; x++) {
				bool met = x == lo;

				for (unsigned at = lo; at != hi && !met;) {
					at = (at + 1) % SPACE;
					met = at == x;
				}
				assert_int_equal(pl_seq_between(lo, x, hi), met);
			}
		}
	}
}

TESTS_MAIN(cmocka_unit_test(less_than_means_at_most_half_the_circle_ahead),
           cmocka_unit_test(between_walks_from_low_to_high))
