/* SPDX-License-Identifier: ISC */
/* The capture file: block structure, direction, finished checksums, and an end on a failed write. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "drivers/pcapng.h"

static uint8_t file[4096];

/* Write with `fill`, then read everything back; returns the length. */
static size_t
capture(void (*fill)(struct pl_pcapng *p))
{
	struct pl_pcapng p;
	FILE *f = tmpfile();

	assert_non_null(f);
	assert_int_equal(pl_pcapng_open(&p, dup(fileno(f)), 1000), 0);
	fill(&p);
	pl_pcapng_close(&p);
	rewind(f);
	size_t n = fread(file, 1, sizeof(file), f);
	fclose(f);
	return n;
}

static uint32_t
word(size_t at)
{
	uint32_t x;

	memcpy(&x, file + at, 4);
	return x;
}

/* Offset of the n-th block; checks that each length stands at both ends. */
static size_t
block(size_t n, size_t octets)
{
	size_t at = 0;

	while (n-- > 0) {
		uint32_t length = word(at + 4);
		assert_true(length % 4 == 0 && at + length <= octets);
		assert_int_equal(word(at + length - 4), length);
		at += length;
	}
	return at;
}

static void
fill_two(struct pl_pcapng *p)
{
	uint8_t octets[61];
	struct plim_frame f = {.data = octets, .len = sizeof(octets)};

	memset(octets, 0xab, sizeof(octets));
	pl_pcapng_write(p, &f, PL_PCAPNG_IN, PL_SEC(5));
	f.len = 60;
	pl_pcapng_write(p, &f, PL_PCAPNG_OUT, PL_SEC(6));
}

static void
file_is_a_chain_of_blocks(void **state)
{
	size_t n = capture(fill_two);

	(void)state;
	assert_int_equal(word(0), 0x0a0d0d0a);
	assert_int_equal(word(8), 0x1a2b3c4d);
	assert_int_equal(word(block(1, n)), 1);
	size_t first = block(2, n), second = block(3, n);
	assert_int_equal(word(first), 6);
	assert_int_equal((uint64_t)word(first + 12) << 32 | word(first + 16), PL_SEC(5) + 1000);
	assert_int_equal(word(first + 20), 61);
	assert_int_equal(file[first + 28 + 60], 0xab);
	assert_int_equal(word(first + 28 + 64 + 4), PL_PCAPNG_IN);
	assert_int_equal(word(second + 28 + 60 + 4), PL_PCAPNG_OUT);
	assert_int_equal(block(4, n), n);
}

static uint8_t datagram[60];
static const struct plim_frame unfinished = {
	.data = datagram, .len = 60, .flags = PLIM_FRAME_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16};

static void
fill_unfinished(struct pl_pcapng *p)
{
	for (unsigned i = 0; i < 60; i++)
		datagram[i] = (uint8_t)(i * 7);
	pl_pcapng_write(p, &unfinished, PL_PCAPNG_OUT, 0);
}

static void
left_out_checksum_is_finished_in_the_copy(void **state)
{
	size_t n = capture(fill_unfinished), data = block(2, n) + 28;
	uint32_t sum = 0;

	(void)state;
	for (unsigned i = 34; i < 60; i += 2)
		sum += (uint32_t)(datagram[i] << 8 | datagram[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	assert_int_equal(file[data + 50] << 8 | file[data + 51], sum);
	assert_memory_equal(file + data, datagram, 50);
	assert_memory_equal(file + data + 52, datagram + 52, 8);
	assert_int_equal(datagram[50], (uint8_t)(50 * 7)); /* the frame itself is only borrowed */
}

static void
failed_write_ends_the_capture(void **state)
{
	struct pl_pcapng p;
	int full = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(full >= 0);
	assert_int_equal(pl_pcapng_open(&p, full, 0), -ENOSPC);
	assert_int_equal(p.fd, -1);
	pl_pcapng_write(&p, &unfinished, PL_PCAPNG_OUT, 0);
	assert_int_equal(p.frames, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_is_a_chain_of_blocks),
		cmocka_unit_test(left_out_checksum_is_finished_in_the_copy),
		cmocka_unit_test(failed_write_ends_the_capture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
