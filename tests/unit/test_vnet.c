/* SPDX-License-Identifier: ISC */
/* The virtio header: fields that lie refuse the frame, true ones are taken over, ours are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/vnet.h"

#define NEEDS_CSUM 1
#define DATA_VALID 2
#define TCPV4 1
#define UDP 3
#define TCPV6 4
#define ECN 0x80

static uint8_t octets[4000];

static bool
reads(struct pl_vnet v, uint32_t len, struct plim_frame *f)
{
	*f = (struct plim_frame){.data = octets, .len = len, .flags = 255, .gso_size = 9, .csum_start = 9};
	return pl_vnet_read(&v, f);
}

static void
plain_frame_has_no_marks(void **state)
{
	struct plim_frame f;

	(void)state;
	assert_true(reads((struct pl_vnet){0}, 60, &f));
	assert_int_equal(f.flags, 0);
	assert_int_equal(f.gso_size, 0);
	assert_int_equal(f.csum_start, 0);
}

static void
verified_frame_is_marked(void **state)
{
	struct plim_frame f;

	(void)state;
	assert_true(reads((struct pl_vnet){.flags = DATA_VALID}, 60, &f));
	assert_int_equal(f.flags, PLIM_FRAME_CSUM_VALID);
}

static void
checksum_field_must_lie_inside_the_frame(void **state)
{
	struct plim_frame f;

	(void)state;
	for (uint32_t start = 0; start < 70; start++) {
		for (uint32_t offset = 0; offset < 70; offset++) {
			struct pl_vnet v = {
				.flags = NEEDS_CSUM, .csum_start = (uint16_t)start, .csum_offset = (uint16_t)offset};
			bool fits = start >= 34 && start + offset + 2 <= 60;
			assert_int_equal(reads(v, 60, &f), fits);
			if (fits)
				assert_int_equal(f.flags, PLIM_FRAME_NEEDS_CSUM);
		}
	}
	assert_false(reads((struct pl_vnet){.flags = NEEDS_CSUM, .csum_start = 65535, .csum_offset = 65535}, 60, &f));
}

static void
super_frame_is_taken_over(void **state)
{
	struct pl_vnet v = {NEEDS_CSUM, TCPV4 | ECN, 66, 1448, 34, 16};
	struct plim_frame f;

	(void)state;
	assert_true(reads(v, 4000, &f));
	assert_int_equal(f.gso_size, 1448);
	assert_int_equal(f.hdr_len, 66);
	v.gso_type = TCPV6;
	assert_true(reads(v, 4000, &f));
}

static void
lying_super_frame_is_refused(void **state)
{
	struct pl_vnet good = {NEEDS_CSUM, TCPV4, 66, 1448, 34, 16}, v;
	struct plim_frame f;

	(void)state;
	v = good, v.gso_size = 0;
	assert_false(reads(v, 4000, &f));
	v = good, v.gso_type = UDP;
	assert_false(reads(v, 4000, &f));
	v = good, v.flags = 0;
	assert_false(reads(v, 4000, &f));
	assert_false(reads(good, 54, &f));
	v = good, v.hdr_len = 65535;
	assert_true(reads(v, 4000, &f));
	assert_true(f.hdr_len <= 4000);
}

static void
our_marks_are_written(void **state)
{
	struct plim_frame f = {.data = octets,
	                       .len = 4000,
	                       .flags = PLIM_FRAME_NEEDS_CSUM,
	                       .gso_size = 1440,
	                       .csum_start = 54,
	                       .csum_offset = 16,
	                       .hdr_len = 86};

	(void)state;
	octets[12] = 0x86, octets[13] = 0xdd;
	struct pl_vnet v = pl_vnet_of(&f);
	assert_int_equal(v.flags, NEEDS_CSUM);
	assert_int_equal(v.gso_type, TCPV6);
	assert_int_equal(v.gso_size, 1440);
	assert_int_equal(v.csum_start, 54);
	assert_int_equal(v.hdr_len, 86);
	octets[12] = 8, octets[13] = 0;
	assert_int_equal(pl_vnet_of(&f).gso_type, TCPV4);
	f.flags = 0, f.gso_size = 0;
	v = pl_vnet_of(&f);
	assert_memory_equal(&v, &(struct pl_vnet){0}, sizeof(v));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_frame_has_no_marks),
		cmocka_unit_test(verified_frame_is_marked),
		cmocka_unit_test(checksum_field_must_lie_inside_the_frame),
		cmocka_unit_test(super_frame_is_taken_over),
		cmocka_unit_test(lying_super_frame_is_refused),
		cmocka_unit_test(our_marks_are_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
