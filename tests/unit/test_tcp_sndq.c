/* SPDX-License-Identifier: ISC */
/* The send queue against an array of octets. */
#define MEM_FIXTURE_WRAPS
#include "mem_fixture.h"

#include "base/checksum.h"
#include "tcp/sndq.h"

#define SPAN 400000u

static uint8_t
octet(uint32_t i)
{
	return (uint8_t)(i * 73 + (i >> 8) * 11);
}

static void
check_text(const struct pl_mem *m, const struct pl_sndq *q, pl_seq first, uint32_t from, uint32_t len)
{
	static uint8_t a[70000], b[70000];
	uint64_t sum;

	pl_sndq_read(m, q, first + from, a, len);
	sum = pl_sndq_read_sum(m, q, pl_csum_choose(), first + from, b, len);
	for (uint32_t i = 0; i < len; i++) {
		assert_int_equal(a[i], octet(from + i));
		assert_int_equal(b[i], a[i]);
	}
	assert_int_equal(pl_csum_fold(sum) % 0xffff, pl_csum_fold(pl_csum_add(0, a, len)) % 0xffff);
}

static void
random_life(struct pl_mem *m, pl_seq first, uint64_t seed)
{
	static uint8_t text[5000];
	struct pl_sndq q;
	uint32_t una = 0, end = 0;

	pl_sndq_init(&q, first);
	for (unsigned i = 0; i < 2000 && end + 20000 < SPAN; i++) {
		uint32_t len = chance_below(&seed, 3000), done;
		struct plim_span spans[6];
		size_t n = chance_below(&seed, 7);

		switch (chance_below(&seed, 6)) {
		case 0:
		case 1:
			if (end - una > 60000)
				break;
			for (uint32_t k = 0; k < len; k++)
				text[k] = octet(end + k);
			done = pl_sndq_append(m, &q, text, len);
			assert_true(done == len || (refuse_pct && done < len));
			end += done;
			break;
		case 2:
			done = pl_sndq_lend(m, &q, len, spans, &n);
			assert_true(done <= len && n <= 6);
			len = 0;
			for (size_t s = 0; s < n; s++)
				for (size_t k = 0; k < spans[s].len; k++)
					spans[s].data[k] = octet(end + len++);
			assert_int_equal(len, done);
			assert_int_equal(pl_sndq_len(&q), end - una); /* lent counts nowhere */
			len = done ? chance_below(&seed, done + 1) : 0;
			pl_sndq_commit(m, &q, len);
			end += len;
			break;
		case 3:
			una += end > una ? chance_below(&seed, end - una + 1) : 0;
			pl_sndq_ack(m, &q, first + una);
			break;
		default:
			if (end > una) {
				uint32_t at = una + chance_below(&seed, end - una);

				len = PL_MIN(end - at, len + 1);
				check_text(m, &q, first, at, len);
			}
			break;
		}
		assert_int_equal(pl_sndq_len(&q), end - una);
		assert_int_equal(q.una, first + una);
		assert_true(q.map.blocks <= (end - una + pl_mem_block(m) - 1) / pl_mem_block(m) + 1);
		assert_int_equal(pl_sndq_octets(m, &q), m->cls_live[PLIM_CLASS_stream] + m->cls_live[PLIM_CLASS_index]);
	}
	check_text(m, &q, first, una, end - una);
	pl_sndq_clear(m, &q);
	assert_arena_is_empty(m);
}

static void
random_lives_agree_with_an_array(void **state)
{
	static const pl_seq firsts[] = {0, 0xffff0000u, 0x7fff0000u, 4711};
	struct arena *a = arena_start(4u << 20, 0);

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		random_life(&a->core.mem, firsts[i % 4], 1 + i);
	arena_stop(a);
}

static void
refused_grants_lose_no_queued_octet(void **state)
{
	struct arena *a = arena_start(4u << 20, 0);

	(void)state;
	for (refuse_pct = 5; refuse_pct <= 65; refuse_pct += 12)
		random_life(&a->core.mem, 0xffff0000u, refuse_pct);
	refuse_pct = 0;
	arena_stop(a);
}

TESTS_MAIN(cmocka_unit_test(random_lives_agree_with_an_array), cmocka_unit_test(refused_grants_lose_no_queued_octet))
