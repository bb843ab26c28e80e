/* SPDX-License-Identifier: ISC */
/* RFC 6298 with values computed by hand. */
#include "unit.h"

#include "tcp/rtt.h"

static struct plim_config conf;

static int
setup(void **state)
{
	(void)state;
	plim_config_default(&conf);
	return 0;
}

static uint64_t
rto_us(const struct pl_tcp_conn *c, unsigned backoff)
{
	return pl_tcp_rto(c, &conf, backoff) / 1000;
}

/* 2.1: 1 s before any sample; 5.5: doubled; 2.5: at most 60 s. */
static void
without_a_sample_the_rto_is_one_second_and_doubles_to_sixty(void **state)
{
	static const uint64_t s[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	struct pl_tcp_conn c = {0};

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(s); i++)
		assert_int_equal(rto_us(&c, i), s[i] * 1000000);
	assert_int_equal(rto_us(&c, 255), 60000000);
}

/* 2.2: SRTT = R, RTTVAR = R / 2. 2.3: RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R'|, then SRTT = 7/8 SRTT + 1/8 R'. */
static void
samples_move_srtt_and_rttvar_as_the_rfc_says(void **state)
{
	static const struct {
		uint32_t sample, srtt, var;
	} steps[] = {
		{800000, 800000, 400000}, {800000, 800000, 300000}, {1600000, 900000, 425000},
		{100000, 800000, 518750}, {800000, 800000, 389063},
	};
	struct pl_tcp_conn c = {0};

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(steps); i++) {
		pl_tcp_rtt_sample(&c, steps[i].sample);
		assert_int_equal(c.srtt_us, steps[i].srtt);
		assert_int_equal(c.rttvar_us, steps[i].var);
		assert_int_equal(rto_us(&c, 0), PL_MAX(steps[i].srtt + 4 * (uint64_t)steps[i].var, 1000000));
	}
}

/* 2.4 with the two configured floors. */
static void
the_rto_has_a_floor_that_depends_on_timestamps(void **state)
{
	struct pl_tcp_conn c = {0};

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		pl_tcp_rtt_sample(&c, 10000);
	assert_in_range(c.srtt_us, 9990, 10010);
	assert_int_equal(rto_us(&c, 0), 1000000);
	c.flags = PL_CF_TS;
	assert_in_range(rto_us(&c, 0), 200000, 220000); /* SRTT + the variance term's floor */
	conf.rto_min_ms = 50;
	assert_in_range(rto_us(&c, 0), 50000, 70000);
}

static void
a_syn_sent_twice_begins_at_three_seconds(void **state)
{
	struct pl_tcp_conn c = {0};

	(void)state;
	pl_tcp_rtt_handshake(&c, &conf, false, 0); /* 5.7 */
	assert_int_equal(c.srtt_us, 0);
	assert_int_equal(rto_us(&c, 0), 3000000);
	pl_tcp_rtt_sample(&c, 100000); /* the first sample ends that */
	assert_int_equal(c.srtt_us, 100000);
	assert_int_equal(c.rttvar_us, 50000);
	pl_tcp_rtt_handshake(&c, &conf, true, 0);
	assert_int_equal(c.srtt_us, 1000); /* never nothing */
}

static void
absurd_samples_are_cut(void **state)
{
	struct pl_tcp_conn c = {0};

	(void)state;
	pl_tcp_rtt_sample(&c, UINT32_MAX);
	assert_int_equal(c.srtt_us, 60000000);
	assert_int_equal(rto_us(&c, 0), 60000000);
	for (unsigned i = 0; i < 500; i++)
		pl_tcp_rtt_sample(&c, 0);
	assert_true(c.srtt_us >= 1);
}

#define T(name) cmocka_unit_test_setup(name, setup)

TESTS_MAIN(T(without_a_sample_the_rto_is_one_second_and_doubles_to_sixty),
           T(samples_move_srtt_and_rttvar_as_the_rfc_says), T(the_rto_has_a_floor_that_depends_on_timestamps),
           T(a_syn_sent_twice_begins_at_three_seconds), T(absurd_samples_are_cut))
