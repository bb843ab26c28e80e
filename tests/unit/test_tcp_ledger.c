/* SPDX-License-Identifier: ISC */
/* The transmission ledger against one flag set per octet. */
#define MEM_FIXTURE_WRAPS
#include "mem_fixture.h"

#include "tcp/ledger.h"

#define SPAN 40000
#define SMSS 100u

/* What is known of octet i, which is at first + i. */
static struct {
	pl_seq first;
	uint32_t una, end;
	uint8_t flags[SPAN];
	uint32_t sent_us[SPAN];
	bool exact; /* nothing was forgotten */
} slow;

static void
slow_start(pl_seq first)
{
	memset(&slow, 0, sizeof slow);
	slow.first = first;
	slow.exact = true;
}

static void
compare(const struct pl_mem *m, const struct pl_ledger *l)
{
	const struct pl_range *r = pl_ledger_ranges(m, l);
	uint32_t i = slow.una, sacked = 0;

	assert_null(pl_ledger_check(m, l));
	assert_int_equal(l->una, slow.first + slow.una);
	assert_int_equal(pl_ledger_end(m, l), slow.first + slow.end);
	for (unsigned k = 0; k < l->n; k++) {
		for (; slow.first + i != r[k].end; i++) {
			assert_true(i < slow.end);
			sacked += (slow.flags[i] & PL_RANGE_SACKED) != 0;
			/* An octet is never taken for delivered that was not. */
			if (r[k].flags & PL_RANGE_SACKED)
				assert_true(slow.flags[i] & PL_RANGE_SACKED);
			if (slow.exact)
				assert_int_equal(r[k].flags, slow.flags[i]);
		}
	}
	assert_int_equal(i, slow.end);
	if (slow.exact)
		assert_int_equal(pl_ledger_sacked(m, l), sacked);
	assert_true(pl_ledger_sacked(m, l) <= sacked);
	assert_true(l->n <= PL_LEDGER_MAX);
}

static void
op_sent(struct pl_mem *m, struct pl_ledger *l, uint32_t len, uint32_t now_us)
{
	pl_ledger_sent(m, l, slow.first + slow.end + len, now_us, 1000);
	for (uint32_t i = 0; i < len; i++, slow.end++) {
		slow.flags[slow.end] = 0;
		slow.sent_us[slow.end] = now_us;
	}
}

static void
op_sack(struct pl_mem *m, struct pl_ledger *l, uint32_t from, uint32_t to)
{
	uint32_t newly = pl_ledger_sack(m, l, slow.first + from, slow.first + to), want = 0;

	for (uint32_t i = PL_MAX(from, slow.una); i < PL_MIN(to, slow.end); i++) {
		want += !(slow.flags[i] & PL_RANGE_SACKED);
		slow.flags[i] = PL_RANGE_SACKED;
	}
	if (slow.exact)
		assert_int_equal(newly, want);
}

static void
op_ack(struct pl_mem *m, struct pl_ledger *l, uint32_t to)
{
	struct pl_ledger_acked out = pl_ledger_ack(m, l, slow.first + to);
	uint32_t sacked = 0, latest = 0;
	bool spoiled = false, any = false;

	assert_int_equal(out.octets, to - slow.una);
	for (; slow.una < to; slow.una++) {
		uint8_t flags = slow.flags[slow.una];

		sacked += (flags & PL_RANGE_SACKED) != 0;
		if (flags & PL_RANGE_SACKED)
			continue;
		spoiled = spoiled || flags & PL_RANGE_EVER;
		latest = PL_MAX(latest, slow.sent_us[slow.una]);
		any = true;
	}
	if (!slow.exact)
		return;
	assert_int_equal(out.were_sacked, sacked);
	assert_int_equal(out.spoiled, spoiled);
	assert_int_equal(out.has_sample, any && !spoiled);
	if (out.has_sample) /* merging keeps the later of times less than 1 ms apart, again and again */
		assert_in_range(out.sent_us, latest, latest + 64000);
}

/* RFC 6675 §4, IsLost: DupThresh discontiguous SACKed runs above, or more than (DupThresh - 1) x SMSS octets. */
static void
op_mark_lost(struct pl_mem *m, struct pl_ledger *l)
{
	uint32_t newly = pl_ledger_mark_lost(m, l, SMSS, 3), want = 0, above = 0, runs = 0;

	for (uint32_t i = slow.end; i-- > slow.una;) {
		if (slow.flags[i] & PL_RANGE_SACKED) {
			above++;
			runs += i == slow.una || !(slow.flags[i - 1] & PL_RANGE_SACKED);
		} else if (!(slow.flags[i] & PL_RANGE_LOST) && (above > 2 * SMSS || runs >= 3)) {
			slow.flags[i] |= PL_RANGE_LOST;
			want++;
		}
	}
	if (slow.exact)
		assert_int_equal(newly, want);
}

static void
op_resend(struct pl_mem *m, struct pl_ledger *l, uint32_t now_us)
{
	pl_seq start, end;
	bool any = pl_ledger_next_lost(m, l, &start, &end);
	uint32_t i = slow.una, from, to;

	while (i < slow.end && (slow.flags[i] & (PL_RANGE_LOST | PL_RANGE_RETX)) != PL_RANGE_LOST)
		i++;
	if (slow.exact) {
		assert_int_equal(any, i < slow.end);
		assert_true(!any || start == slow.first + i);
	}
	if (!any)
		return;
	from = pl_seq_diff(start, slow.first);
	to = PL_MIN(pl_seq_diff(end, slow.first), from + SMSS);
	pl_ledger_resent(m, l, start, slow.first + to, now_us, 1000);
	for (i = from; i < to; i++) {
		slow.flags[i] |= PL_RANGE_EVER | (slow.flags[i] & PL_RANGE_LOST ? PL_RANGE_RETX : 0);
		slow.sent_us[i] = now_us;
	}
}

static void
op_all_lost(struct pl_mem *m, struct pl_ledger *l, bool reneged)
{
	pl_ledger_mark_all_lost(m, l, reneged);
	for (uint32_t i = slow.una; i < slow.end; i++) {
		if (reneged)
			slow.flags[i] &= (uint8_t)~PL_RANGE_SACKED;
		if (!(slow.flags[i] & PL_RANGE_SACKED))
			slow.flags[i] = (uint8_t)((slow.flags[i] | PL_RANGE_LOST) & ~PL_RANGE_RETX);
	}
}

static void
op_unmark(struct pl_mem *m, struct pl_ledger *l)
{
	pl_ledger_unmark_lost(m, l);
	for (uint32_t i = slow.una; i < slow.end; i++)
		slow.flags[i] &= (uint8_t) ~(PL_RANGE_LOST | PL_RANGE_RETX);
}

static uint32_t
slow_pipe(void)
{
	uint32_t pipe = 0;

	for (uint32_t i = slow.una; i < slow.end; i++) {
		uint8_t f = slow.flags[i];

		pipe += !(f & PL_RANGE_SACKED) && (!(f & PL_RANGE_LOST) || f & PL_RANGE_RETX);
	}
	return pipe;
}

/* many: SACKs are short, so that ranges run out. */
static void
random_life(struct pl_mem *m, pl_seq first, uint64_t seed, bool many)
{
	struct pl_ledger l;
	uint32_t now_us = 5;

	pl_ledger_init(&l, first);
	slow_start(first);
	for (unsigned i = 0; i < 3000 && slow.end + 2000 < SPAN; i++) {
		uint32_t flight = slow.end - slow.una, at = slow.una + (flight ? chance_below(&seed, flight) : 0);
		uint32_t len = 1 + chance_below(&seed, many ? 20 : 400);

		now_us += chance_below(&seed, 700);
		switch (chance_below(&seed, many ? 14 : 10)) {
		case 0:
		case 1:
			if (flight < 8000)
				op_sent(m, &l, 1 + chance_below(&seed, 1500), now_us);
			break;
		case 2: op_ack(m, &l, chance_below(&seed, 3) ? at : slow.end); break;
		case 3: op_mark_lost(m, &l); break;
		case 4:
		case 5: op_resend(m, &l, now_us); break;
		case 6:
			if (chance_below(&seed, 8) == 0)
				op_all_lost(m, &l, chance_below(&seed, 4) == 0);
			break;
		case 7:
			if (chance_below(&seed, 8) == 0)
				op_unmark(m, &l);
			break;
		default: op_sack(m, &l, at, at + len); break;
		}
		if (l.n + 2u >= PL_LEDGER_MAX || refuse_pct)
			slow.exact = false;
		if (slow.una == slow.end)
			slow.exact = refuse_pct == 0;
		compare(m, &l);
		if (slow.exact)
			assert_int_equal(pl_ledger_pipe(m, &l, SMSS), slow_pipe());
	}
	pl_ledger_clear(m, &l, first);
	assert_arena_is_empty(m);
}

static void
random_lives_agree_with_flags_per_octet(void **state)
{
	static const pl_seq firsts[] = {0, 0xffffff00u, 0x7fffff00u, 12345};
	struct arena *a = arena_start(1u << 20, 0);

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		random_life(&a->core.mem, firsts[i % 4], 1 + i, false);
	arena_stop(a);
}

static void
a_full_ledger_forgets_sacks_but_never_octets(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		random_life(&a->core.mem, 0u - 3000 * (i % 3), 100 + i, true);
	arena_stop(a);
}

static void
refused_grants_forget_sacks_but_never_octets(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);

	(void)state;
	for (refuse_pct = 10; refuse_pct <= 100; refuse_pct += 30)
		for (unsigned i = 0; i < 10; i++)
			random_life(&a->core.mem, 77, refuse_pct * 10 + i, i & 1);
	refuse_pct = 0;
	arena_stop(a);
}

static void
the_sacked_range_nearest_snd_nxt_is_forgotten_first(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	struct pl_ledger l;

	(void)state;
	pl_ledger_init(&l, 0);
	pl_ledger_sent(m, &l, 20000, 1, 1000);
	for (uint32_t i = 0; i < 31; i++)
		assert_int_equal(pl_ledger_sack(m, &l, 100 + i * 200, 200 + i * 200), 100);
	assert_int_equal(l.n, 63);
	assert_int_equal(pl_ledger_sacked(m, &l), 3100);
	(void)pl_ledger_sack(m, &l, 10000, 10100);
	assert_null(pl_ledger_check(m, &l));
	assert_true(pl_ledger_sacked(m, &l) >= 3000);
	assert_int_equal(pl_ledger_ranges(m, &l)[1].flags, PL_RANGE_SACKED); /* the first is still known */
	assert_int_equal(pl_ledger_ranges(m, &l)[1].end, 200);
	pl_ledger_clear(m, &l, 0);
	arena_stop(a);
}

static void
sending_sacked_octets_again_leaves_them_sacked(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	struct pl_ledger l;

	(void)state; /* a window probe repeats the octet at SND.UNA, whatever is known of it */
	pl_ledger_init(&l, 0);
	pl_ledger_sent(m, &l, 3000, 1, 1000);
	assert_int_equal(pl_ledger_sack(m, &l, 0, 1000), 1000);
	pl_ledger_resent(m, &l, 0, 1, 5000, 1000);
	assert_null(pl_ledger_check(m, &l));
	assert_int_equal(pl_ledger_sacked(m, &l), 1000);
	assert_int_equal(pl_ledger_pipe(m, &l, 1000), 2000);
	pl_ledger_clear(m, &l, 0);
	arena_stop(a);
}

TESTS_MAIN(cmocka_unit_test(sending_sacked_octets_again_leaves_them_sacked),
           cmocka_unit_test(random_lives_agree_with_flags_per_octet),
           cmocka_unit_test(a_full_ledger_forgets_sacks_but_never_octets),
           cmocka_unit_test(refused_grants_forget_sacks_but_never_octets),
           cmocka_unit_test(the_sacked_range_nearest_snd_nxt_is_forgotten_first))
