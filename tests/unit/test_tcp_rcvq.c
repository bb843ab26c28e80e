/* SPDX-License-Identifier: ISC */
/* The receive queue against an array of octets, and the order of SACK blocks. */
#define MEM_FIXTURE_WRAPS
#include "mem_fixture.h"

#include "tcp/rcvq.h"

/* All 32 intervals, and the reserve for the segment at RCV.NXT. */
static const struct pl_rcvq_terms freely = {.grant = PL_GRANT_RESERVE, .intervals = PL_IVL_MAX};

#define SPAN 300000u

/* Octet i is at first + i. */
static struct {
	pl_seq first, rcv_nxt;
	uint32_t read;
	bool has[SPAN];
} slow;

static uint8_t
octet(uint32_t i)
{
	return (uint8_t)(i * 151 + (i >> 8) * 7);
}

static uint32_t
slow_nxt(void)
{
	uint32_t i = slow.read;

	while (slow.has[i])
		i++;
	return i;
}

static unsigned
slow_runs(uint32_t from, uint32_t to)
{
	unsigned n = 0;

	for (uint32_t i = from + 1; i < to; i++)
		n += slow.has[i] && !slow.has[i - 1];
	return n;
}

/* Take over what the queue says it holds; nothing that was there may be lost unless pruned. */
static void
learn(const struct pl_mem *m, const struct pl_rcvq *q, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		struct pl_sack ivl;

		slow.has[i] = pl_seq_lt(slow.first + i, slow.rcv_nxt) || pl_rcvq_find(m, q, slow.first + i, &ivl);
	}
}

static void
compare(const struct pl_mem *m, const struct pl_rcvq *q, uint32_t to)
{
	uint32_t nxt = slow_nxt(), ooo = 0;

	assert_null(pl_rcvq_check(m, q, slow.rcv_nxt));
	assert_int_equal(slow.rcv_nxt, slow.first + nxt);
	assert_int_equal(pl_rcvq_unread(q, slow.rcv_nxt), nxt - slow.read);
	assert_int_equal(q->n, slow_runs(nxt, to));
	for (uint32_t i = nxt; i < to; i++) {
		struct pl_sack ivl;

		assert_int_equal(pl_rcvq_find(m, q, slow.first + i, &ivl), slow.has[i]);
		ooo += slow.has[i];
	}
	assert_int_equal(pl_rcvq_out_of_order(m, q), ooo);
}

static void
store(struct pl_mem *m, struct pl_rcvq *q, uint32_t at, uint32_t len)
{
	static uint8_t text[3000];
	uint32_t before = slow_nxt();
	bool pruned = false, was_full = q->n == PL_IVL_MAX;
	enum pl_rcvq_verdict v;
	struct pl_sack blocks[4];
	unsigned n;

	for (uint32_t i = 0; i < len; i++)
		text[i] = octet(at + i);
	v = pl_rcvq_store(m, q, &slow.rcv_nxt, slow.first + at, pl_text_of(text, len), &freely, &pruned);
	if (v == PL_RCVQ_STORED && !pruned)
		memset(&slow.has[at], 1, len);
	else if (refuse_pct || pruned)
		learn(m, q, before, before + 60000);
	else
		assert_true(v == PL_RCVQ_INTERVALS && was_full);
	n = pl_rcvq_sacks(m, q, blocks, 4);
	assert_true(n <= q->n);
	assert_int_equal(n, PL_MIN(q->n, 4));                       /* as many as fit */
	if (v == PL_RCVQ_STORED && at != before && slow_nxt() < at) /* RFC 2018 §4: the newest first */
		assert_true(n > 0 && pl_seq_le(blocks[0].start, slow.first + at) &&
		            pl_seq_le(slow.first + at + len, blocks[0].end));
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(blocks[i].start, blocks[k].start);
}

static void
read_some(struct pl_mem *m, struct pl_rcvq *q, uint32_t most)
{
	struct plim_span spans[5];
	size_t n = 5;
	uint32_t got = pl_rcvq_peek(m, q, slow.rcv_nxt, most, spans, &n), at = slow.read;

	assert_true(got <= most && got <= slow_nxt() - slow.read);
	assert_true(got > 0 || most == 0 || slow_nxt() == slow.read);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < spans[i].len; k++)
			assert_int_equal(spans[i].data[k], octet(at++));
	assert_int_equal(at - slow.read, got);
	pl_rcvq_consume(m, q, slow.rcv_nxt, got);
	slow.read += got;
}

static void
random_life(struct pl_mem *m, pl_seq first, uint32_t window, uint64_t seed)
{
	struct pl_rcvq q;

	memset(&slow, 0, sizeof slow);
	slow.first = slow.rcv_nxt = first;
	pl_rcvq_init(&q, first);
	for (unsigned i = 0; i < 1500 && slow.read + 2 * window + 70000 < SPAN; i++) {
		uint32_t nxt = slow_nxt(), room = slow.read + window - nxt;
		uint32_t at = nxt + (chance_below(&seed, 3) ? chance_below(&seed, window) : 0);

		switch (chance_below(&seed, 8)) {
		case 0: read_some(m, &q, chance_below(&seed, window)); break;
		case 1:
			if (chance_below(&seed, 40) == 0) {
				pl_rcvq_prune(m, &q, slow.rcv_nxt);
				memset(&slow.has[nxt], 0, 60000);
			}
			break;
		default:
			if (room > 0 && at < slow.read + window)
				store(m, &q, at, 1 + chance_below(&seed, PL_MIN(slow.read + window - at, 1460u)));
			break;
		}
		compare(m, &q, slow.read + window + 2000);
	}
	pl_rcvq_clear(m, &q);
	assert_arena_is_empty(m);
}

static void
random_segments_agree_with_an_array(void **state)
{
	static const pl_seq firsts[] = {1, 0xffff8000u, 0x7fff8000u};
	static const uint32_t windows[] = {1000, 8000, 40000};
	struct arena *a = arena_start(4u << 20, 0);

	(void)state;
	for (unsigned i = 0; i < 9; i++)
		random_life(&a->core.mem, firsts[i % 3], windows[i / 3], 31 + i);
	arena_stop(a);
}

static void
refused_grants_keep_what_was_acknowledged(void **state)
{
	struct arena *a = arena_start(4u << 20, 0);

	(void)state;
	for (refuse_pct = 5; refuse_pct < 60; refuse_pct += 13)
		for (unsigned i = 0; i < 3; i++)
			random_life(&a->core.mem, 0xffff8000u, 8000u << i, refuse_pct + i);
	refuse_pct = 0;
	arena_stop(a);
}

static void
the_33rd_interval_is_refused_and_costs_nothing(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	struct pl_rcvq q;
	pl_seq nxt = 0;
	bool pruned = false;
	uint64_t live;

	(void)state;
	pl_rcvq_init(&q, 0);
	for (uint32_t i = 0; i < 32; i++)
		assert_int_equal(
			pl_rcvq_store(m, &q, &nxt, 10 + i * 20, pl_text_of((const uint8_t *)"ab", 2), &freely, &pruned),
			PL_RCVQ_STORED);
	live = m->cls_live[PLIM_CLASS_stream];
	assert_int_equal(pl_rcvq_store(m, &q, &nxt, 5000, pl_text_of((const uint8_t *)"ab", 2), &freely, &pruned),
	                 PL_RCVQ_INTERVALS);
	assert_int_equal(m->cls_live[PLIM_CLASS_stream], live);
	/* What joins two of them is welcome. */
	assert_int_equal(
		pl_rcvq_store(m, &q, &nxt, 12, pl_text_of((const uint8_t *)"0123456789abcdefgh", 18), &freely, &pruned),
		PL_RCVQ_STORED);
	assert_int_equal(q.n, 31);
	assert_int_equal(pl_rcvq_octets(m, &q), m->cls_live[PLIM_CLASS_stream] + m->cls_live[PLIM_CLASS_index]);
	pl_rcvq_clear(m, &q);
	assert_arena_is_empty(m);
	arena_stop(a);
}

static void
sack_blocks_come_newest_first(void **state)
{
	static const pl_seq order[] = {500, 100, 900, 300, 700};
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	struct pl_sack b[4];
	struct pl_rcvq q;
	pl_seq nxt = 0;
	bool pruned = false;

	(void)state;
	pl_rcvq_init(&q, 0);
	for (unsigned i = 0; i < 5; i++)
		(void)pl_rcvq_store(m, &q, &nxt, order[i], pl_text_of((const uint8_t *)"0123456789", 10), &freely,
		                    &pruned);
	assert_int_equal(pl_rcvq_sacks(m, &q, b, 4), 4);
	assert_int_equal(b[0].start, 700);
	assert_int_equal(b[1].start, 300);
	assert_int_equal(b[2].start, 900);
	assert_int_equal(b[3].start, 100);
	/* A block that grows comes first again, once. */
	(void)pl_rcvq_store(m, &q, &nxt, 895, pl_text_of((const uint8_t *)"01234", 5), &freely, &pruned);
	assert_int_equal(pl_rcvq_sacks(m, &q, b, 3), 3);
	assert_int_equal(b[0].start, 895);
	assert_int_equal(b[0].end, 910);
	assert_int_equal(b[1].start, 700);
	assert_int_equal(b[2].start, 300);
	pl_rcvq_clear(m, &q);
	arena_stop(a);
}

/* Text at RCV.NXT is paid for by the out-of-order tail. */
static void
memory_for_the_next_octet_comes_from_the_tail(void **state)
{
	struct arena *a = arena_start(1u << 20, 0);
	struct pl_mem *m = &a->core.mem;
	static const uint8_t text[256];
	struct pl_rcvq q;
	pl_seq nxt = 0;
	bool pruned = false;
	uint32_t at = 1024;

	(void)state;
	pl_rcvq_init(&q, 0);
	while (pl_rcvq_store(m, &q, &nxt, at, pl_text_of(text, 256), &freely, &pruned) == PL_RCVQ_STORED)
		at += 256;
	assert_false(pruned);
	assert_int_equal(pl_rcvq_store(m, &q, &nxt, 0, pl_text_of(text, 256), &freely, &pruned), PL_RCVQ_STORED);
	assert_true(pruned);
	assert_int_equal(nxt, 256);
	assert_int_equal(q.n, 0);
	assert_null(pl_rcvq_check(m, &q, nxt));
	pl_rcvq_clear(m, &q);
	assert_arena_is_empty(m);
	arena_stop(a);
}

TESTS_MAIN(cmocka_unit_test(random_segments_agree_with_an_array),
           cmocka_unit_test(refused_grants_keep_what_was_acknowledged),
           cmocka_unit_test(the_33rd_interval_is_refused_and_costs_nothing),
           cmocka_unit_test(sack_blocks_come_newest_first),
           cmocka_unit_test(memory_for_the_next_octet_comes_from_the_tail))
