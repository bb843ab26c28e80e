/* SPDX-License-Identifier: ISC */
/*
 * Goodput through random loss: 100 Mbit/s, RTT 40 ms, 2 % lost each way, RTO at least 200 ms.
 *
 * At this loss CUBIC is in its Reno-friendly region (RFC 9438 §5, table 1): 8.7 segments per RTT, 2.5 Mbit/s. The
 * median of five seeds with 100 MB each must reach 2.0 Mbit/s (make check-loss). A single short transfer varies more:
 * alone it must reach 1.5.
 *   LOSS_SEEDS=5 LOSS_OCTETS=100000000     default: one seed, 5 MB
 */
#include "pair.h"

#define SEEDS_MOST 64
#define KBITS_MEDIAN 2000
#define KBITS_ALONE 1500
#define SEEDS_FOR_MEDIAN 5

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void
lossy_path(struct pair_config *c, uint64_t seed)
{
	pair_defaults(c);
	c->link = (struct pl_impair_config){
		.seed = seed,
		.rate_bps = 100000000,
		.delay_ns = PL_MS(20),
		.loss_ppm = 20000,
		.queue_limit = 1024,
	};
	c->stack.rto_min_ms = 200;
}

/* kbit/s of one transfer; every octet is checked, and the invariants after every 16th event, every 320th of 100 MB. */
static uint64_t
kbits(uint64_t seed, uint64_t octets)
{
	struct pair_config c;
	struct transfer t;
	struct plim_stats st;
	struct pair p;
	uint64_t kbit_s;

	lossy_path(&c, seed);
	pair_start(&p, &c);
	p.check_every = (unsigned)PL_MAX(octets / 5000000, 1u) * 16;
	pair_transfer(&p, 4, octets, 0, PL_SEC(3600), &t);
	plim_stats(p.side[0].s, &st);
	kbit_s = octets * 8 * 1000000 / t.took;
	print_message(
		"# seed %llu: %llu.%03llu Mbit/s, %llu retransmitted, %llu recoveries, %llu timeouts, %llu spurious\n",
		(unsigned long long)seed, (unsigned long long)(kbit_s / 1000), (unsigned long long)(kbit_s % 1000),
		(unsigned long long)st.tcp[PLIM_TCP_retransmitted],
		(unsigned long long)st.tcp[PLIM_TCP_fast_recoveries], (unsigned long long)st.tcp[PLIM_TCP_timeouts],
		(unsigned long long)st.tcp[PLIM_TCP_spurious]);
	assert_true(st.tcp[PLIM_TCP_retransmitted] * 100 > octets / 1460); /* the link did lose something */
	pair_stop(&p);
	return kbit_s;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
two_per_cent_loss_leaves_two_megabits(void **state)
{
	uint64_t seeds = setting("LOSS_SEEDS", 1), octets = setting("LOSS_OCTETS", 5000000), got[SEEDS_MOST], median;

	(void)state;
	assert_in_range(seeds, 1, SEEDS_MOST);
	for (uint64_t i = 0; i < seeds; i++)
		got[i] = kbits(i + 1, octets);
	qsort(got, seeds, sizeof got[0], compare);
	median = got[seeds / 2];
	print_message("# median of %llu: %llu.%03llu Mbit/s\n", (unsigned long long)seeds,
	              (unsigned long long)(median / 1000), (unsigned long long)(median % 1000));
	assert_true(median >= (seeds >= SEEDS_FOR_MEDIAN ? KBITS_MEDIAN : KBITS_ALONE));
}

TESTS_MAIN(cmocka_unit_test(two_per_cent_loss_leaves_two_megabits))
