/* SPDX-License-Identifier: ISC */
/* CUBIC against RFC 9438's formulas in floating point, NewReno by hand, the cube root. */
#include "unit.h"

#include <math.h>

#include "tcp/cc.h"

#define SMSS 1460u
#define C 0.4
#define BETA 0.7

static struct pl_acked
by_one(uint32_t octets)
{
	return (struct pl_acked){octets, 1};
}

/* RFC 5681 §3.1: above ssthresh it grows by a segment a round trip, also if many ACKs come as one. */
static void
a_train_of_acks_does_not_jump_over_ssthresh(void **state)
{
	struct pl_tcp_cc joined, apart;

	(void)state;
	for (int newreno = 0; newreno < 2; newreno++) {
		pl_tcp_cc_init(&joined, SMSS, 10, newreno);
		joined.ssthresh = 70 * SMSS;
		joined.cwnd = 69 * SMSS;
		apart = joined;
		pl_tcp_cc_acked(&joined, (struct pl_acked){68 * SMSS, 34}, SMSS, 1000, 50000);
		for (int i = 0; i < 34; i++)
			pl_tcp_cc_acked(&apart, by_one(2 * SMSS), SMSS, 1000, 50000);
		assert_in_range(joined.cwnd, apart.cwnd - 2 * SMSS, apart.cwnd + SMSS);
	}
}

static void
the_cube_root_is_exact(void **state)
{
	uint64_t seed = 9;

	(void)state;
	for (uint64_t r = 0; r < 70000; r++) {
		assert_int_equal(pl_cbrt(r * r * r), r);
		if (r > 0)
			assert_int_equal(pl_cbrt(r * r * r - 1), r - 1);
	}
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t x = chance(&seed) >> chance_below(&seed, 60) >> 1, r = pl_cbrt(x);

		assert_true(r * r * r <= x);
		assert_true(r >= 2097151 || (r + 1) * (r + 1) * (r + 1) > x);
	}
}

static void
the_initial_window_is_rfc_6928s(void **state)
{
	(void)state;
	assert_int_equal(pl_tcp_initial_window(1460, 10), 14600);
	assert_int_equal(pl_tcp_initial_window(536, 10), 5360);
	assert_int_equal(pl_tcp_initial_window(8960, 10), 17920); /* 2 segments */
	assert_int_equal(pl_tcp_initial_window(2000, 10), 14600);
}

static void
slow_start_counts_octets_up_to_two_segments_an_ack(void **state)
{
	struct pl_tcp_cc cc;

	(void)state;
	pl_tcp_cc_init(&cc, SMSS, 10, false);
	pl_tcp_cc_acked(&cc, by_one(SMSS), SMSS, 0, 1000);
	assert_int_equal(cc.cwnd, 14600 + SMSS);
	pl_tcp_cc_acked(&cc, by_one(8 * SMSS), SMSS, 0, 1000); /* RFC 3465, L = 2 */
	assert_int_equal(cc.cwnd, 14600 + 3 * SMSS);
	pl_tcp_cc_acked(&cc, by_one(100), SMSS, 0, 1000);
	assert_int_equal(cc.cwnd, 14600 + 3 * SMSS + 100);
}

static void
newreno_grows_one_segment_a_window_and_halves(void **state)
{
	struct pl_tcp_cc cc;

	(void)state;
	pl_tcp_cc_init(&cc, SMSS, 10, true);
	cc.ssthresh = cc.cwnd = 20 * SMSS;
	for (unsigned i = 0; i < 20; i++)
		pl_tcp_cc_acked(&cc, by_one(SMSS), SMSS, i, 1000);
	assert_int_equal(cc.cwnd, 21 * SMSS);
	for (unsigned i = 0; i < 21; i++)
		pl_tcp_cc_acked(&cc, by_one(SMSS), SMSS, i, 1000);
	assert_int_equal(cc.cwnd, 22 * SMSS);
	pl_tcp_cc_congestion(&cc, 22 * SMSS, SMSS);
	assert_int_equal(cc.ssthresh, 11 * SMSS);
	pl_tcp_cc_congestion(&cc, 3 * SMSS, SMSS);
	assert_int_equal(cc.ssthresh, 2 * SMSS); /* RFC 5681 (4) */
	pl_tcp_cc_timeout(&cc, SMSS);
	assert_int_equal(cc.cwnd, SMSS);
}

/* ---- CUBIC, windows in segments, time in seconds ---- */

struct model {
	double cwnd, w_max, k, w_est, prior;
};

static void
model_begin(struct model *m)
{
	m->w_max = fmax(m->w_max, m->cwnd);
	m->k = cbrt((m->w_max - m->cwnd) / C); /* §4.2 */
	m->w_est = m->cwnd;
}

static double
w_cubic(const struct model *m, double t)
{
	return C * pow(t - m->k, 3) + m->w_max;
}

static void
model_acked(struct model *m, double t, double rtt, double acked)
{
	double alpha = m->w_est < m->prior ? 3 * (1 - BETA) / (1 + BETA) : 1; /* §4.3 */
	double target = fmin(fmax(w_cubic(m, t + rtt), m->cwnd), 1.5 * m->cwnd);

	m->w_est += alpha * acked / m->cwnd;
	m->cwnd += (target - m->cwnd) / m->cwnd * acked;
	m->cwnd = fmax(m->cwnd, m->w_est);
}

/* Follow both for so long after a reduction; a whole window is acknowledged each round trip. */
static void
follow(struct pl_tcp_cc *cc, struct model *m, uint32_t rtt_ms, uint32_t until_ms, uint32_t from_ms)
{
	model_begin(m);
	for (uint32_t t = 0; t < until_ms; t += rtt_ms) {
		unsigned acks = (unsigned)m->cwnd;

		for (unsigned i = 0; i < acks; i++) {
			uint32_t at = t + rtt_ms * i / acks;

			model_acked(m, at / 1000.0, rtt_ms / 1000.0, 1);
			pl_tcp_cc_acked(cc, by_one(SMSS), SMSS, from_ms + at, rtt_ms * 1000);
		}
		if (fabs(cc->cwnd / (double)SMSS - m->cwnd) >= 0.02 * m->cwnd + 1)
			fail_msg("round trip %u ms, at %u ms: %.2f segments, %.2f by the RFC", rtt_ms, t,
			         cc->cwnd / (double)SMSS, m->cwnd);
	}
}

static void
cubic_follows_rfc_9438_after_a_loss(void **state)
{
	static const uint32_t rtts[] = {5, 20, 50, 100, 200};
	static const uint32_t windows[] = {10, 40, 200, 1000};

	(void)state;
	for (unsigned r = 0; r < PL_COUNT(rtts); r++)
		for (unsigned w = 0; w < PL_COUNT(windows); w++) {
			struct pl_tcp_cc cc;
			struct model m = {.prior = windows[w], .w_max = windows[w], .cwnd = windows[w] * BETA};

			pl_tcp_cc_init(&cc, SMSS, 10, false);
			cc.cwnd = windows[w] * SMSS;
			pl_tcp_cc_congestion(&cc, cc.cwnd, SMSS);
			assert_int_equal(cc.ssthresh, (uint64_t)windows[w] * SMSS * 7 / 10); /* §4.6 */
			cc.cwnd = cc.ssthresh;
			follow(&cc, &m, rtts[r], 15000, 1000);
			assert_true(cc.cwnd > windows[w] * SMSS); /* past the old window by then */
		}
}

static void
fast_convergence_gives_room_to_a_newcomer(void **state)
{
	struct pl_tcp_cc cc;

	(void)state;
	pl_tcp_cc_init(&cc, SMSS, 10, false);
	cc.cwnd = 1000000;
	pl_tcp_cc_congestion(&cc, 1000000, SMSS);
	assert_int_equal(cc.w_max, 1000000);
	cc.cwnd = 800000; /* not back at w_max: §4.7 */
	pl_tcp_cc_congestion(&cc, 800000, SMSS);
	assert_int_equal(cc.w_max, 680000);
	assert_int_equal(cc.ssthresh, 560000);
}

/* §4.8: after a timeout K is 0 and W_max the window at the start of congestion avoidance. */
static void
after_a_timeout_cubic_starts_from_its_own_window(void **state)
{
	struct pl_tcp_cc cc;
	struct model m = {0};

	(void)state;
	pl_tcp_cc_init(&cc, SMSS, 10, false);
	cc.cwnd = 200 * SMSS;
	pl_tcp_cc_congestion(&cc, cc.cwnd, SMSS);
	pl_tcp_cc_timeout(&cc, SMSS);
	assert_int_equal(cc.cwnd, SMSS);
	while (cc.cwnd < cc.ssthresh)
		pl_tcp_cc_acked(&cc, by_one(SMSS), SMSS, 5000, 100000);
	m.cwnd = cc.cwnd / (double)SMSS;
	m.prior = 200;
	follow(&cc, &m, 100, 8000, 6000);
}

static void
nothing_overflows_at_the_largest_windows(void **state)
{
	struct pl_tcp_cc cc;

	(void)state;
	pl_tcp_cc_init(&cc, SMSS, 10, false);
	for (unsigned i = 0; i < 3000000 && cc.cwnd < UINT32_MAX / 4; i++) {
		uint32_t before = cc.cwnd;

		cc.ssthresh = i > 100 ? SMSS : UINT32_MAX;
		pl_tcp_cc_acked(&cc, by_one(cc.cwnd / 2), SMSS, i * 1000, 60000000);
		assert_true(cc.cwnd >= before);
	}
	assert_true(cc.cwnd <= UINT32_MAX / 2);
	pl_tcp_cc_congestion(&cc, UINT32_MAX, SMSS);
	assert_true(cc.ssthresh < cc.cwnd);
}

static void
a_pause_leaves_the_initial_window(void **state)
{
	struct pl_tcp_cc cc;

	(void)state;
	pl_tcp_cc_init(&cc, SMSS, 10, false);
	cc.cwnd = 100 * SMSS;
	pl_tcp_cc_restart(&cc, SMSS, 10);
	assert_int_equal(cc.cwnd, 14600);
	cc.cwnd = 3 * SMSS;
	pl_tcp_cc_restart(&cc, SMSS, 10);
	assert_int_equal(cc.cwnd, 3 * SMSS);
}

TESTS_MAIN(cmocka_unit_test(a_train_of_acks_does_not_jump_over_ssthresh), cmocka_unit_test(the_cube_root_is_exact),
           cmocka_unit_test(the_initial_window_is_rfc_6928s),
           cmocka_unit_test(slow_start_counts_octets_up_to_two_segments_an_ack),
           cmocka_unit_test(newreno_grows_one_segment_a_window_and_halves),
           cmocka_unit_test(cubic_follows_rfc_9438_after_a_loss),
           cmocka_unit_test(fast_convergence_gives_room_to_a_newcomer),
           cmocka_unit_test(after_a_timeout_cubic_starts_from_its_own_window),
           cmocka_unit_test(nothing_overflows_at_the_largest_windows),
           cmocka_unit_test(a_pause_leaves_the_initial_window))
