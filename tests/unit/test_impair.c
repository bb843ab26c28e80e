/* SPDX-License-Identifier: ISC */
/* The bad link: order, odds, rate, limits, determinism; and reading its description. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/impair.h"

#define FRAME_OCTETS 1514

struct link {
	struct pl_impair q;
	void *memory;
};

static struct link
open_link(struct pl_impair_config c)
{
	struct link l;

	c.frame_octets = FRAME_OCTETS;
	l.memory = malloc(pl_impair_octets(&c));
	assert_non_null(l.memory);
	pl_impair_init(&l.q, &c, l.memory);
	return l;
}

/* A frame of 60 octets that carries a number. */
static void
put_number(struct link *l, uint32_t number, pl_time now)
{
	uint8_t octets[60] = {0};
	struct plim_frame f = {.data = octets, .len = sizeof(octets)};

	memcpy(octets, &number, sizeof(number));
	pl_impair_put(&l->q, &f, now);
}

/* Take everything that arrived; returns how many, numbers in *out. */
static size_t
take_numbers(struct link *l, pl_time now, uint32_t *out, size_t room)
{
	struct plim_frame f[8];
	size_t got = 0;
	int n;

	while ((n = pl_impair_take(&l->q, f, 8, now)) > 0) {
		for (int i = 0; i < n; i++) {
			assert_true(got < room);
			memcpy(&out[got++], f[i].data, sizeof(*out));
		}
	}
	return got;
}

static void
frames_arrive_in_order_after_the_delay(void **state)
{
	struct link l = open_link((struct pl_impair_config){.delay_ns = PL_MS(10)});
	uint32_t got[100];

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		put_number(&l, i, PL_MS(i));
	assert_int_equal(pl_impair_due(&l.q), PL_MS(10));
	assert_int_equal(take_numbers(&l, PL_MS(10) - 1, got, 100), 0);
	assert_int_equal(take_numbers(&l, PL_MS(59), got, 100), 50);
	assert_int_equal(take_numbers(&l, PL_MS(109), got + 50, 50), 50);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(got[i], i);
	assert_int_equal(pl_impair_due(&l.q), PL_TIME_NEVER);
	free(l.memory);
}

static void
rate_spaces_frames(void **state)
{
	struct link l = open_link((struct pl_impair_config){.rate_bps = 480000}); /* 60 octets each millisecond */
	uint32_t got[10];

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		put_number(&l, i, 0);
	for (unsigned ms = 1; ms <= 10; ms++) {
		assert_int_equal(take_numbers(&l, PL_MS(ms) - 1, got, 10), 0);
		assert_int_equal(take_numbers(&l, PL_MS(ms), got, 10), 1);
	}
	free(l.memory);
}

static void
full_queue_drops(void **state)
{
	struct link l = open_link((struct pl_impair_config){.delay_ns = 1, .queue_limit = 5});
	uint32_t got[10];

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 9; i++)
			put_number(&l, i, round * 10);
		assert_int_equal(take_numbers(&l, round * 10 + 1, got, 10), 5);
		assert_int_equal(got[4], 4);
	}
	assert_int_equal(l.q.counts.dropped, 12);
	assert_int_equal(l.q.counts.in, l.q.counts.out + l.q.counts.dropped);
	free(l.memory);
}

static void
too_long_frame_is_dropped(void **state)
{
	struct link l = open_link((struct pl_impair_config){0});
	static uint8_t octets[FRAME_OCTETS + 1];
	struct plim_frame f = {.data = octets, .len = FRAME_OCTETS + 1}, got;

	(void)state;
	pl_impair_put(&l.q, &f, 0);
	assert_int_equal(pl_impair_take(&l.q, &got, 1, 0), 0);
	f.len = FRAME_OCTETS;
	pl_impair_put(&l.q, &f, 0);
	assert_int_equal(pl_impair_take(&l.q, &got, 1, 0), 1);
	assert_int_equal(got.len, FRAME_OCTETS);
	free(l.memory);
}

static void
odds_are_met(void **state)
{
	struct link l = open_link(
		(struct pl_impair_config){.loss_ppm = 100000, .reorder_ppm = 50000, .duplicate_ppm = 20000, .seed = 3});
	enum { N = 100000 };
	uint32_t got[64];

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		put_number(&l, i, PL_US(i));
		take_numbers(&l, PL_US(i), got, 64);
	}
	assert_in_range(l.q.counts.lost, N / 10 * 95 / 100, N / 10 * 105 / 100);
	assert_in_range(l.q.counts.reordered, N / 20 * 8 / 10, N / 20);
	assert_in_range(l.q.counts.duplicated, N / 50 * 8 / 10, N / 50);
	free(l.memory);
}

static void
reordered_frame_is_overtaken(void **state)
{
	struct link l = open_link((struct pl_impair_config){.reorder_ppm = 1000000, .reorder_ns = PL_MS(2)});
	uint32_t got[4];

	(void)state;
	put_number(&l, 1, 0);
	l.q.config.reorder_ppm = 0;
	put_number(&l, 2, PL_MS(1));
	assert_int_equal(take_numbers(&l, PL_MS(1), got, 4), 1);
	assert_int_equal(got[0], 2);
	assert_int_equal(take_numbers(&l, PL_MS(2), got, 4), 1);
	assert_int_equal(got[0], 1);
	free(l.memory);
}

static void
corruption_turns_one_bit(void **state)
{
	struct link l = open_link((struct pl_impair_config){.corrupt_ppm = 1000000});
	struct plim_frame got;
	unsigned turned = 0;

	(void)state;
	put_number(&l, 0, 0);
	assert_int_equal(pl_impair_take(&l.q, &got, 1, 0), 1);
	for (uint32_t i = 0; i < got.len; i++)
		turned += (unsigned)__builtin_popcount(got.data[i]);
	assert_int_equal(turned, 1);
	free(l.memory);
}

/* A fingerprint of what comes out of a bad link with this seed. */
static uint64_t
fingerprint(uint64_t seed)
{
	struct link l = open_link((struct pl_impair_config){.seed = seed,
	                                                    .loss_ppm = 100000,
	                                                    .reorder_ppm = 100000,
	                                                    .duplicate_ppm = 100000,
	                                                    .delay_ns = PL_US(50)});
	uint32_t got[64];
	uint64_t hash = 0;

	for (uint32_t i = 0; i < 2000; i++) {
		put_number(&l, i, PL_US(i) * 10);
		size_t n = take_numbers(&l, PL_US(i) * 10, got, 64);
		for (size_t k = 0; k < n; k++)
			hash = (hash ^ got[k] ^ (uint64_t)i << 32) * 0x100000001b3u;
	}
	free(l.memory);
	return hash;
}

static void
same_seed_gives_the_same_frames(void **state)
{
	(void)state;
	assert_true(fingerprint(1) == fingerprint(1));
	assert_true(fingerprint(1) != fingerprint(2));
}

static void
frame_marks_pass_through(void **state)
{
	struct link l = open_link((struct pl_impair_config){0});
	uint8_t octets[100] = {0};
	struct plim_frame got, f = {.data = octets,
	                            .len = 100,
	                            .flags = PLIM_FRAME_NEEDS_CSUM,
	                            .gso_size = 40,
	                            .csum_start = 34,
	                            .csum_offset = 16,
	                            .hdr_len = 54};

	(void)state;
	pl_impair_put(&l.q, &f, 0);
	assert_int_equal(pl_impair_take(&l.q, &got, 1, 0), 1);
	assert_int_equal(got.flags, f.flags);
	assert_int_equal(got.gso_size, 40);
	assert_int_equal(got.csum_start, 34);
	assert_int_equal(got.csum_offset, 16);
	assert_int_equal(got.hdr_len, 54);
	free(l.memory);
}

static void
description_is_read(void **state)
{
	struct pl_impair_config c = {.seed = 9};
	const char *bad = NULL;

	(void)state;
	assert_int_equal(pl_impair_parse("loss=1%,reorder=0.5%,delay=20ms,rate=10M,queue=100", &c, &bad), 0);
	assert_int_equal(c.loss_ppm, 10000);
	assert_int_equal(c.reorder_ppm, 5000);
	assert_int_equal(c.delay_ns, PL_MS(20));
	assert_int_equal(c.rate_bps, 10000000);
	assert_int_equal(c.queue_limit, 100);
	assert_int_equal(c.seed, 9);
}

static void
wrong_description_names_its_part(void **state)
{
	static const char *const wrong[] = {"loss",    "loss=",      "loss=1",  "loss=-1%", "loss=101%", "lost=1%",
	                                    "delay=5", "delay=5 ms", "rate=1X", "loss=1%%", "queue=1k",  "=1%"};
	const char *bad;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct pl_impair_config c = {0};
		char text[64] = "seed=1,";
		bad = NULL;
		strcat(text, wrong[i]);
		assert_int_equal(pl_impair_parse(text, &c, &bad), -1);
		assert_string_equal(bad, wrong[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_arrive_in_order_after_the_delay),
		cmocka_unit_test(rate_spaces_frames),
		cmocka_unit_test(full_queue_drops),
		cmocka_unit_test(too_long_frame_is_dropped),
		cmocka_unit_test(odds_are_met),
		cmocka_unit_test(reordered_frame_is_overtaken),
		cmocka_unit_test(corruption_turns_one_bit),
		cmocka_unit_test(same_seed_gives_the_same_frames),
		cmocka_unit_test(frame_marks_pass_through),
		cmocka_unit_test(description_is_read),
		cmocka_unit_test(wrong_description_names_its_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
