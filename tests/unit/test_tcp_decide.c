/* SPDX-License-Identifier: ISC */
/* The rules of §3.10.7.4 in a sequence space of six bits, every case, against the text of the RFCs in slow integers. */
#define PL_SEQ_BITS 6
#include "unit.h"

#include "tcp/decide.h"

#include "src/tcp/decide.c"

#define SPACE 64
#define HALF 32

/* How far b lies ahead of a, -32..31. */
static int
ahead(unsigned a, unsigned b)
{
	int d = (int)((b - a) & (SPACE - 1));

	return d < HALF ? d : d - SPACE;
}

/* RFC 9293 §3.10.7.4, first: the table of four cases, octet by octet. */
static bool
rfc_is_acceptable(int seq, int len, int wnd)
{
	bool first = 0 <= seq && seq < wnd, last = 0 <= seq + len - 1 && seq + len - 1 < wnd;

	if (len == 0)
		return wnd == 0 ? seq == 0 : first;
	return wnd > 0 && (first || last);
}

static void
every_segment_the_rfc_accepts_is_accepted(void **state)
{
	unsigned n = 0;

	(void)state;
	for (unsigned nxt = 0; nxt < SPACE; nxt++)
		for (unsigned wnd = 0; wnd < HALF; wnd++)
			for (unsigned seq = 0; seq < SPACE; seq++)
				for (unsigned len = 0; len < HALF - wnd; len++) {
					struct pl_rcv_view v = {nxt, (nxt + wnd) % SPACE, nxt};

					if (!rfc_is_acceptable(ahead(nxt, seq), (int)len, (int)wnd))
						continue;
					assert_true(pl_tcp_is_acceptable(&v, seq, len));
					n++;
				}
	assert_true(n > 100000);
}

/* The design's rule: begins at or before the furthest edge, does not end before the last ACK sent. */
static void
a_segment_is_accepted_between_the_last_ack_and_the_furthest_edge(void **state)
{
	(void)state;
	for (unsigned nxt = 0; nxt < SPACE; nxt++)
		for (int edge = 0; edge < HALF; edge++)
			for (int last = -8; last <= 0; last++)
				for (unsigned seq = 0; seq < SPACE; seq++)
					for (int len = 0; len < 16; len++) {
						struct pl_rcv_view v = {nxt, (nxt + (unsigned)edge) % SPACE,
						                        (nxt + (unsigned)(last + SPACE)) % SPACE};
						int at = ahead(nxt, seq);

						if (edge - at >= HALF || at - edge >= HALF ||
						    last - (at + len) >= HALF || at + len - last >= HALF)
							continue; /* half of the space away: before and behind are one */
						assert_int_equal(pl_tcp_is_acceptable(&v, seq, (uint32_t)len),
						                 at <= edge && at + len >= last);
					}
}

static void
a_reset_acts_at_rcv_nxt_and_is_challenged_in_the_window(void **state)
{
	(void)state;
	for (unsigned nxt = 0; nxt < SPACE; nxt++)
		for (unsigned wnd = 0; wnd < HALF; wnd++)
			for (unsigned seq = 0; seq < SPACE; seq++) {
				struct pl_rcv_view v = {nxt, (nxt + wnd) % SPACE, nxt};
				unsigned d = (seq - nxt) % SPACE;
				/* RFC 5961 §3.2: 1) outside: drop; 2) exact: reset; 3) otherwise: challenge */
				enum pl_step want = d > wnd ? PL_STEP_DROP : d == 0 ? PL_STEP_RESET : PL_STEP_CHALLENGE;

				assert_int_equal(pl_tcp_decide_rst(&v, seq), want);
			}
}

static void
an_ack_counts_from_max_snd_wnd_below_una_up_to_snd_nxt(void **state)
{
	(void)state;
	for (unsigned una = 0; una < SPACE; una++)
		for (int flight = 0; flight < HALF; flight++)
			for (int wnd = 0; wnd + flight < HALF; wnd++)
				for (unsigned ack = 0; ack < SPACE; ack++) {
					struct pl_ack_view v = {una, (una + (unsigned)flight) % SPACE, (uint32_t)wnd};
					int beyond = ahead(v.snd_nxt, ack);
					/* RFC 5961 §5.2; half of the space away counts as beyond */
					enum pl_step want = beyond > 0 || beyond == -HALF ? PL_STEP_ACK
					                    : flight + beyond < -wnd      ? PL_STEP_CHALLENGE
					                                                  : PL_STEP_CONTINUE;

					assert_int_equal(pl_tcp_decide_ack(&v, ack), want);
				}
}

static void
a_window_counts_if_it_is_newer(void **state)
{
	(void)state;
	for (unsigned wl1 = 0; wl1 < SPACE; wl1++)
		for (unsigned seq = 0; seq < SPACE; seq++)
			for (unsigned wl2 = 0; wl2 < SPACE; wl2++)
				for (unsigned ack = 0; ack < SPACE; ack++)
					for (unsigned una = 0; una < SPACE; una += 21) {
						struct pl_wnd_view v = {una, wl1, wl2};
						/* half of the space ahead counts as behind, both ways */
						bool newer = ahead(ack, una) < 0 || ahead(seq, wl1) < 0 ||
						             (seq == wl1 && (ahead(wl2, ack) >= 0 || ack == wl2));
						bool want = newer && ahead(ack, una) <= 0;

						if (ahead(una, ack) == -HALF || ahead(wl1, seq) == -HALF ||
						    ahead(wl2, ack) == -HALF)
							continue;
						assert_int_equal(pl_tcp_is_fresh_window(&v, seq, ack), want);
					}
}

static void
an_old_timestamp_is_refused_for_24_days(void **state)
{
	static const uint32_t recents[] = {0, 1, 1000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};
	const uint32_t days_24 = 24u * 24 * 3600 * 1000;

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(recents); i++) {
		uint32_t r = recents[i];

		assert_false(pl_tcp_is_old_timestamp(r, 0, r));
		assert_false(pl_tcp_is_old_timestamp(r, 0, r + 1));
		assert_false(pl_tcp_is_old_timestamp(r, 0, r + 0x7fffffff));
		assert_true(pl_tcp_is_old_timestamp(r, 0, r - 1));
		assert_true(pl_tcp_is_old_timestamp(r, days_24 - 1, r - 1));
		assert_true(pl_tcp_is_old_timestamp(r, 0, r - 0x7fffffff));
		assert_false(pl_tcp_is_old_timestamp(r, days_24, r - 1));
	}
}

/* RFC 7323 §4.3 (2): SEG.TSval >= TS.Recent and SEG.SEQ <= Last.ACK.sent. */
static void
a_timestamp_is_taken_up_to_the_last_ack_sent(void **state)
{
	(void)state;
	for (unsigned last = 0; last < SPACE; last++)
		for (unsigned seq = 0; seq < SPACE; seq++) {
			bool at_or_before = ahead(last, seq) <= 0 && ahead(last, seq) != -HALF;

			if (ahead(last, seq) == -HALF)
				continue;
			assert_int_equal(pl_tcp_may_take_timestamp(100, 0, 100, seq, last), at_or_before);
			assert_int_equal(pl_tcp_may_take_timestamp(100, 0, 101, seq, last), at_or_before);
			assert_false(pl_tcp_may_take_timestamp(100, 0, 99, seq, last));
		}
}

/* RFC 6191 §2. */
static void
a_syn_takes_over_time_wait_by_timestamp_else_by_sequence(void **state)
{
	(void)state;
	for (unsigned nxt = 0; nxt < SPACE; nxt++)
		for (unsigned seq = 0; seq < SPACE; seq++) {
			bool by_seq = ahead(seq, nxt) < 0;

			assert_true(pl_tcp_may_take_over(true, 100, true, 101, nxt, seq));
			assert_false(pl_tcp_may_take_over(true, 100, true, 99, nxt, seq));
			assert_int_equal(pl_tcp_may_take_over(true, 100, true, 100, nxt, seq), by_seq);
			assert_int_equal(pl_tcp_may_take_over(true, 100, false, 0, nxt, seq), by_seq);
			assert_int_equal(pl_tcp_may_take_over(false, 0, true, 5, nxt, seq), by_seq);
		}
}

TESTS_MAIN(cmocka_unit_test(every_segment_the_rfc_accepts_is_accepted),
           cmocka_unit_test(a_segment_is_accepted_between_the_last_ack_and_the_furthest_edge),
           cmocka_unit_test(a_reset_acts_at_rcv_nxt_and_is_challenged_in_the_window),
           cmocka_unit_test(an_ack_counts_from_max_snd_wnd_below_una_up_to_snd_nxt),
           cmocka_unit_test(a_window_counts_if_it_is_newer), cmocka_unit_test(an_old_timestamp_is_refused_for_24_days),
           cmocka_unit_test(a_timestamp_is_taken_up_to_the_last_ack_sent),
           cmocka_unit_test(a_syn_takes_over_time_wait_by_timestamp_else_by_sequence))
