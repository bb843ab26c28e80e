/* SPDX-License-Identifier: ISC */
/* The send queue: see sndq.h. */
#include "tcp/sndq.h"

#include "base/checksum.h"

void
pl_sndq_init(struct pl_sndq *q, pl_seq una)
{
	memset(q, 0, sizeof *q);
	pl_bmap_init(&q->map, una);
	q->una = q->end = q->push = una;
}

void
pl_sndq_clear(struct pl_mem *m, struct pl_sndq *q)
{
	pl_bmap_clear(m, &q->map);
	q->end = q->una;
	q->lent = 0;
}

uint32_t
pl_sndq_append(struct pl_mem *m, struct pl_sndq *q, const uint8_t *data, uint32_t len)
{
	uint32_t done;

	if (q->una == q->end && q->lent == 0)
		pl_bmap_rebase(m, &q->map, q->end);
	done = pl_bmap_write(m, &q->map, q->end, pl_text_of(data, len), PL_GRANT_NORMAL);
	q->end = pl_seq_add(q->end, done);
	return done;
}

uint32_t
pl_sndq_lend(struct pl_mem *m, struct pl_sndq *q, uint32_t want, struct plim_span *spans, size_t *n)
{
	if (q->una == q->end)
		pl_bmap_rebase(m, &q->map, q->end);
	q->lent = pl_bmap_make(m, &q->map, q->end, want, spans, n, PL_GRANT_NORMAL);
	return q->lent;
}

void
pl_sndq_commit(struct pl_mem *m, struct pl_sndq *q, uint32_t len)
{
	q->end = pl_seq_add(q->end, PL_MIN(len, q->lent));
	q->lent = 0;
	pl_bmap_drop_from(m, &q->map, q->end);
}

void
pl_sndq_ack(struct pl_mem *m, struct pl_sndq *q, pl_seq ack)
{
	q->una = pl_seq_min(ack, q->end);
	if (pl_seq_lt(q->push, q->una))
		q->push = q->una;
	if (q->una == q->end && q->lent == 0)
		pl_bmap_rebase(m, &q->map, q->end);
	else
		pl_bmap_drop_below(m, &q->map, q->una);
}

void
pl_sndq_read(const struct pl_mem *m, const struct pl_sndq *q, pl_seq seq, uint8_t *to, uint32_t n)
{
	pl_bmap_read(m, &q->map, seq, to, n);
}

uint64_t
pl_sndq_read_sum(const struct pl_mem *m, const struct pl_sndq *q, const struct pl_csum *csum, pl_seq seq, uint8_t *to,
                 uint32_t n)
{
	uint64_t sum = 0;
	uint32_t done = 0;

	while (done < n) {
		uint32_t run;
		const uint8_t *from = pl_bmap_at(m, &q->map, pl_seq_add(seq, done), &run);
		uint64_t part;

		if (PL_NEVER(!from))
			return sum;
		run = PL_MIN(run, n - done);
		part = csum->copy(0, to + done, from, run);
		sum += pl_csum_fold(done & 1 ? pl_csum_shift(part) : part);
		done += run;
	}
	return sum;
}

uint32_t
pl_sndq_octets(const struct pl_mem *m, const struct pl_sndq *q)
{
	return pl_bmap_octets(m, &q->map);
}
