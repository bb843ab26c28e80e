/* SPDX-License-Identifier: ISC */
/* SYN cookies: what they carry, how long they hold, and that they cannot be made up. */
#include "unit.h"

#include "sock/sock.h"
#include "tcp/cookie.h"

static plim *s;
static uint8_t *region;

static int
setup(void **state)
{
	static const uint8_t entropy[PLIM_ENTROPY_OCTETS] = {9, 8, 7};
	struct plim_config conf;

	(void)state;
	plim_config_default(&conf);
	region = aligned_alloc(64, 1u << 20);
	return plim_create(&conf, region, 1u << 20, entropy, PL_SEC(1000), &s);
}

static int
teardown(void **state)
{
	(void)state;
	free(region);
	return 0;
}

static struct pl_tuple
tuple(unsigned i)
{
	return (struct pl_tuple){.raddr = {{10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}, 4},
	                         .lport = 80,
	                         .rport = (uint16_t)(1024 + i)};
}

static void
a_cookie_carries_the_largest_class_below_the_mss(void **state)
{
	static const uint16_t classes[] = {216, 536, 1220, 1300, 1380, 1440, 1460, 8960};
	struct pl_tuple k = tuple(5);

	(void)state;
	for (unsigned mss = 216; mss < 65536; mss += mss < 1500 ? 1 : 97) {
		uint16_t got = 0, want = 216;

		for (unsigned i = 0; i < 8; i++)
			want = classes[i] <= mss ? classes[i] : want;
		assert_true(pl_cookie_check(&s->tcp, &k, 77, pl_cookie_make(&s->tcp, &k, 77, (uint16_t)mss), &got));
		assert_int_equal(got, want);
	}
}

static void
a_cookie_holds_for_at_least_a_minute_and_at_most_two_and_a_half(void **state)
{
	struct pl_tuple k = tuple(1);

	(void)state;
	for (unsigned start = 0; start < 70; start += 7) {
		pl_time made = PL_SEC(5000 + start);
		uint16_t mss;
		pl_seq iss;

		s->core.now = made;
		iss = pl_cookie_make(&s->tcp, &k, 1, 1460);
		s->core.now = made + PL_SEC(63);
		assert_true(pl_cookie_check(&s->tcp, &k, 1, iss, &mss));
		s->core.now = made + PL_SEC(150);
		assert_false(pl_cookie_check(&s->tcp, &k, 1, iss, &mss));
		s->core.now = made + ((pl_time)32 << 36); /* the clock's five bits are round: the hash is not */
		assert_false(pl_cookie_check(&s->tcp, &k, 1, iss, &mss));
	}
}

static void
a_cookie_is_good_for_one_tuple_and_one_isn(void **state)
{
	struct pl_tuple k = tuple(1), other = k;
	pl_seq iss = pl_cookie_make(&s->tcp, &k, 1000, 1460);
	uint16_t mss;

	(void)state;
	assert_true(pl_cookie_check(&s->tcp, &k, 1000, iss, &mss));
	assert_false(pl_cookie_check(&s->tcp, &k, 1001, iss, &mss));
	other.rport++;
	assert_false(pl_cookie_check(&s->tcp, &other, 1000, iss, &mss));
	other = k;
	other.lport++;
	assert_false(pl_cookie_check(&s->tcp, &other, 1000, iss, &mss));
	other = k;
	other.raddr.octets[3]++;
	assert_false(pl_cookie_check(&s->tcp, &other, 1000, iss, &mss));
	other = k;
	other.laddr++;
	assert_false(pl_cookie_check(&s->tcp, &other, 1000, iss, &mss));
}

/* 24 bits of hash, two clocks: one guess in 2^23 x 16 would do. */
static void
forged_cookies_fail(void **state)
{
	uint64_t seed = 4;
	unsigned hits = 0;
	uint16_t mss;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		struct pl_tuple k = tuple(i);

		hits += pl_cookie_check(&s->tcp, &k, (pl_seq)chance(&seed), (pl_seq)chance(&seed), &mss);
	}
	assert_true(hits <= 2);
	for (unsigned bit = 0; bit < 32; bit++) {
		struct pl_tuple k = tuple(bit);

		assert_false(pl_cookie_check(&s->tcp, &k, 1, pl_cookie_make(&s->tcp, &k, 1, 1460) ^ 1u << bit, &mss));
	}
}

static void
options_ride_in_the_timestamp_which_never_runs_ahead(void **state)
{
	static const uint32_t clocks[] = {0, 1, 31, 32, 1000000, 0x7fffffff, 0x80000000, 0xffffffff};

	(void)state;
	for (unsigned c = 0; c < PL_COUNT(clocks); c++)
		for (unsigned sack = 0; sack < 2; sack++)
			for (unsigned ws = 0; ws < 16; ws++) {
				uint8_t opts = (uint8_t)((sack ? PL_OPT_SACK_OK : 0) | (ws < 15 ? PL_OPT_WSCALE : 0));
				uint32_t ts = pl_cookie_ts(clocks[c], opts, (uint8_t)ws);
				uint8_t got = 0, shift = 0;

				assert_in_range(clocks[c] - ts, 0, 63);
				pl_cookie_ts_read(ts, &got, &shift);
				assert_int_equal(got, opts);
				assert_int_equal(shift, ws < 15 ? ws : 0);
			}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TESTS_MAIN(T(a_cookie_carries_the_largest_class_below_the_mss),
           T(a_cookie_holds_for_at_least_a_minute_and_at_most_two_and_a_half),
           T(a_cookie_is_good_for_one_tuple_and_one_isn), T(forged_cookies_fail),
           T(options_ride_in_the_timestamp_which_never_runs_ahead))
