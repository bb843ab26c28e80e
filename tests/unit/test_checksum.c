/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/bytes.h"
#include "base/checksum.h"

#define MOST 600

/* RFC 1071 §1, word by big-endian word. */
static uint16_t
oracle(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

static uint16_t
stored(uint64_t sum)
{
	uint8_t b[2];

	pl_csum_store(b, sum);
	return pl_load16(b);
}

static void
fill(uint8_t *p, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(chance(&seed) >> 40);
}

static void
sums_agree_at_every_length_and_alignment(void **state)
{
	const struct pl_csum *best = pl_csum_choose();

	(void)state;
	for (unsigned align = 0; align < 33; align++) {
		for (size_t n = 0; n < MOST; n++) {
			uint8_t *buf = malloc(align + n + 1),
				*copy = malloc(n + 1); /* exact: the sanitizer sees an overrun */

			assert_true(buf && copy);
			fill(buf, align + n, n * 40 + align + 1);
			assert_int_equal(stored(pl_csum_add(0, buf + align, n)), oracle(buf + align, n));
			assert_int_equal(stored(pl_csum_copy(0, copy, buf + align, n)), oracle(buf + align, n));
			assert_memory_equal(copy, buf + align, n);
			memset(copy, 0, n);
			assert_int_equal(stored(best->add(0, buf + align, n)), oracle(buf + align, n));
			assert_int_equal(stored(best->copy(0, copy, buf + align, n)), oracle(buf + align, n));
			assert_memory_equal(copy, buf + align, n);
			free(buf);
			free(copy);
		}
	}
}

static void
a_sum_can_be_continued_at_any_split(void **state)
{
	uint8_t buf[257];

	(void)state;
	fill(buf, sizeof buf, 7);
	for (size_t cut = 0; cut <= sizeof buf; cut++) {
		uint64_t head = pl_csum_add(0, buf, cut), tail = pl_csum_add(0, buf + cut, sizeof buf - cut);

		assert_int_equal(stored(head + (cut % 2 ? pl_csum_shift(tail) : tail)), oracle(buf, sizeof buf));
		if (cut % 2 == 0)
			assert_int_equal(stored(pl_csum_add(head, buf + cut, sizeof buf - cut)),
			                 oracle(buf, sizeof buf));
	}
}

static void
all_ones_do_not_overflow(void **state)
{
	static uint8_t ones[70000];
	uint64_t sum = 0;

	(void)state;
	memset(ones, 0xff, sizeof ones);
	assert_int_equal(stored(pl_csum_add(UINT64_MAX, ones, sizeof ones)), 0);
	for (unsigned i = 0; i < 1000; i++)
		sum = pl_csum_add(sum, ones, sizeof ones);
	assert_int_equal(pl_csum_fold(sum), 0xffff);
	assert_int_equal(pl_csum_fold(UINT64_MAX), 0xffff);
	assert_int_equal(pl_csum_fold(UINT64_C(0xffffffff00000000)), 0xffff);
	assert_int_equal(pl_csum_fold(0), 0);
}

static void
what_is_stored_verifies_and_a_flipped_bit_does_not(void **state)
{
	uint8_t buf[64];

	(void)state;
	fill(buf, sizeof buf, 3);
	memset(buf + 10, 0, 2);
	pl_csum_store(buf + 10, pl_csum_add(0, buf, sizeof buf));
	assert_true(pl_csum_is_valid(pl_csum_add(0, buf, sizeof buf)));
	for (unsigned bit = 0; bit < 8 * sizeof buf; bit++) {
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(pl_csum_is_valid(pl_csum_add(0, buf, sizeof buf)));
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void
pseudo_header_is_that_of_the_rfcs(void **state)
{
	struct plim_addr a = {.family = 4}, b = {.family = 4};
	uint8_t ph4[12], ph6[40];

	(void)state;
	fill(a.octets, 16, 5);
	fill(b.octets, 16, 6);
	/* RFC 9293 §3.1: source, destination, zero, protocol, 16-bit length */
	memcpy(ph4, a.octets, 4);
	memcpy(ph4 + 4, b.octets, 4);
	ph4[8] = 0;
	ph4[9] = 6;
	pl_store16(ph4 + 10, 54321);
	assert_int_equal(stored(pl_csum_pseudo(&a, &b, 6, 54321)), oracle(ph4, 12));
	/* RFC 8200 §8.1: source, destination, 32-bit length, 3 zeros, next header */
	a.family = b.family = 6;
	memcpy(ph6, a.octets, 16);
	memcpy(ph6 + 16, b.octets, 16);
	pl_store32(ph6 + 32, 65559);
	pl_store32(ph6 + 36, 58);
	assert_int_equal(stored(pl_csum_pseudo(&a, &b, 58, 65559)), oracle(ph6, 40));
}

TESTS_MAIN(cmocka_unit_test(sums_agree_at_every_length_and_alignment),
           cmocka_unit_test(a_sum_can_be_continued_at_any_split), cmocka_unit_test(all_ones_do_not_overflow),
           cmocka_unit_test(what_is_stored_verifies_and_a_flipped_bit_does_not),
           cmocka_unit_test(pseudo_header_is_that_of_the_rfcs))
