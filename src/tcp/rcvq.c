/* SPDX-License-Identifier: ISC */
/* The receive queue: see rcvq.h. */
#include "tcp/rcvq.h"

static enum pl_obj
ivl_type(unsigned cap)
{
#ifdef PL_PROVE
	if (cap == PL_IVL_ROOM)
		return PL_OBJ_ivl240;
#endif
	(void)cap;
	return PL_OBJ_ivl32;
}

static struct pl_sack *
intervals(const struct pl_mem *m, const struct pl_rcvq *q)
{
	return q->more ? pl_mem_ptr(m, q->more) : (struct pl_sack *)q->in;
}

void
pl_rcvq_init(struct pl_rcvq *q, pl_seq rcv_nxt)
{
	memset(q, 0, sizeof *q);
	pl_bmap_init(&q->map, rcv_nxt);
	q->read = rcv_nxt;
	q->cap = PL_IVL_INLINE;
}

static void
drop_intervals(struct pl_mem *m, struct pl_rcvq *q)
{
	if (q->more)
		pl_mem_free(m, ivl_type(q->cap), q->more);
	q->more = 0;
	q->cap = PL_IVL_INLINE;
	q->n = 0;
	q->n_recent = 0;
}

void
pl_rcvq_clear(struct pl_mem *m, struct pl_rcvq *q)
{
	drop_intervals(m, q);
	pl_bmap_clear(m, &q->map);
}

uint32_t
pl_rcvq_out_of_order(const struct pl_mem *m, const struct pl_rcvq *q)
{
	const struct pl_sack *v = intervals(m, q);
	uint32_t sum = 0;

	for (unsigned i = 0; i < q->n; i++)
		sum += pl_seq_diff(v[i].end, v[i].start);
	return sum;
}

/* ---- intervals ---- */

/* Does [start, end) touch an interval? */
static bool
touches(const struct pl_mem *m, const struct pl_rcvq *q, pl_seq start, pl_seq end)
{
	const struct pl_sack *v = intervals(m, q);

	for (unsigned i = 0; i < q->n; i++)
		if (pl_seq_le(v[i].start, end) && pl_seq_le(start, v[i].end))
			return true;
	return false;
}

/* Does [start, end) fit: it touches an interval, or there is a place for one more? */
static bool
may_add(struct pl_mem *m, struct pl_rcvq *q, pl_seq start, pl_seq end, unsigned most)
{
	unsigned cap = q->cap < PL_IVL_MAX ? PL_IVL_MAX : PL_IVL_ROOM;
	pl_id id;

	if ((q->n < q->cap && q->n < most) || touches(m, q, start, end))
		return true;
	if (q->cap == cap || q->n >= most)
		return false;
	id = pl_mem_alloc(m, ivl_type(cap), PL_GRANT_NORMAL);
	if (!id)
		return false;
	memcpy(pl_mem_ptr(m, id), intervals(m, q), q->n * sizeof(struct pl_sack));
	if (q->more)
		pl_mem_free(m, ivl_type(q->cap), q->more);
	q->more = id;
	q->cap = (uint8_t)cap;
	return true;
}

/* The interval that begins at start changed last; what it swallowed is not told any more. */
static void
note_recent(struct pl_rcvq *q, pl_seq start, pl_seq end)
{
	pl_seq keep[PL_TCP_MAX_SACKS] = {start};
	unsigned n = 1;

	for (unsigned i = 0; i < q->n_recent && n < PL_TCP_MAX_SACKS; i++)
		if (!pl_seq_between(start, q->recent[i], end))
			keep[n++] = q->recent[i];
	memcpy(q->recent, keep, sizeof keep);
	q->n_recent = (uint8_t)n;
}

/* Insert [start, end), joining what it touches. may_add() said yes. */
static void
add(struct pl_mem *m, struct pl_rcvq *q, pl_seq start, pl_seq end)
{
	struct pl_sack *v = intervals(m, q);
	unsigned i = 0, j;

	while (i < q->n && pl_seq_lt(v[i].end, start))
		i++;
	for (j = i; j < q->n && pl_seq_le(v[j].start, end); j++) {
		start = pl_seq_min(start, v[j].start);
		end = pl_seq_max(end, v[j].end);
	}
	memmove(&v[i + 1], &v[j], (size_t)(q->n - j) * sizeof *v);
	q->n = (uint8_t)(q->n - (j - i) + 1);
	v[i] = (struct pl_sack){start, end};
	note_recent(q, start, end);
}

/* RCV.NXT moved: intervals it reached become in-order text. */
static void
take_in_order(struct pl_mem *m, struct pl_rcvq *q, pl_seq *rcv_nxt)
{
	struct pl_sack *v = intervals(m, q);
	unsigned gone = 0;

	while (gone < q->n && pl_seq_le(v[gone].start, *rcv_nxt)) {
		*rcv_nxt = pl_seq_max(*rcv_nxt, v[gone].end);
		gone++;
	}
	memmove(&v[0], &v[gone], (size_t)(q->n - gone) * sizeof *v);
	q->n -= (uint8_t)gone;
	if (q->n == 0)
		drop_intervals(m, q);
}

void
pl_rcvq_prune(struct pl_mem *m, struct pl_rcvq *q, pl_seq rcv_nxt)
{
	drop_intervals(m, q);
	pl_bmap_drop_from(m, &q->map, rcv_nxt);
}

/* ---- storing ---- */

static enum pl_rcvq_verdict
store_out_of_order(struct pl_mem *m, struct pl_rcvq *q, pl_seq seq, struct pl_text text, unsigned most)
{
	uint32_t done;

	if (!may_add(m, q, seq, pl_seq_add(seq, (uint32_t)text.len), most))
		return PL_RCVQ_INTERVALS;
	done = pl_bmap_write(m, &q->map, seq, text, PL_GRANT_NORMAL);
	/* Memory cut it short: what is left may not reach the interval whose place it was to share. */
	if (done > 0 && (q->n < q->cap || touches(m, q, seq, pl_seq_add(seq, done))))
		add(m, q, seq, pl_seq_add(seq, done));
	return done == text.len ? PL_RCVQ_STORED : PL_RCVQ_PARTLY;
}

/* The segment at RCV.NXT: paid for by the queue's own out-of-order tail first. */
static uint32_t
write_in_order(struct pl_mem *m, struct pl_rcvq *q, pl_seq seq, struct pl_text text, bool *pruned)
{
	uint32_t done = pl_bmap_write(m, &q->map, seq, text, PL_GRANT_NORMAL);

	if (done < text.len && q->n > 0 && !PL_MEM_WITHOUT(m, ooo_evict)) {
		pl_rcvq_prune(m, q, pl_seq_add(seq, done));
		*pruned = true;
		text = pl_text_skip(text, done);
		done += pl_bmap_write(m, &q->map, pl_seq_add(seq, done), text, PL_GRANT_NORMAL);
	}
	return done;
}

enum pl_rcvq_verdict
pl_rcvq_store(struct pl_mem *m, struct pl_rcvq *q, pl_seq *rcv_nxt, pl_seq seq, struct pl_text text,
              const struct pl_rcvq_terms *terms, bool *pruned)
{
	uint32_t done;

	if (seq != *rcv_nxt)
		return store_out_of_order(m, q, seq, text, terms->intervals);
	if (pl_bmap_is_empty(&q->map) && q->read == seq)
		pl_bmap_rebase(m, &q->map, seq);
	done = write_in_order(m, q, seq, text, pruned);
	if (done == 0 && terms->grant == PL_GRANT_RESERVE && pl_rcvq_unread(q, *rcv_nxt) < 2 * pl_mem_block(m)) {
		/* The reserve keeps a connection with little unread text going. */
		struct pl_span rest = pl_text_run(&text);

		rest.len = PL_MIN(rest.len, pl_mem_block(m));
		done = pl_bmap_write(m, &q->map, seq, pl_text_of(rest.p, rest.len), PL_GRANT_RESERVE);
	}
	*rcv_nxt = pl_seq_add(*rcv_nxt, done);
	take_in_order(m, q, rcv_nxt);
	return done == text.len ? PL_RCVQ_STORED : PL_RCVQ_PARTLY;
}

bool
pl_rcvq_find(const struct pl_mem *m, const struct pl_rcvq *q, pl_seq seq, struct pl_sack *out)
{
	const struct pl_sack *v = intervals(m, q);

	for (unsigned i = 0; i < q->n; i++) {
		if (pl_seq_le(v[i].start, seq) && pl_seq_lt(seq, v[i].end)) {
			*out = v[i];
			return true;
		}
	}
	return false;
}

static bool
is_among(const struct pl_sack *blocks, unsigned n, pl_seq start)
{
	while (n > 0)
		if (blocks[--n].start == start)
			return true;
	return false;
}

unsigned
pl_rcvq_sacks(const struct pl_mem *m, const struct pl_rcvq *q, struct pl_sack *out, unsigned max)
{
	const struct pl_sack *v = intervals(m, q);
	unsigned n = 0;

	for (unsigned i = 0; i < q->n_recent && n < max; i++)
		if (pl_rcvq_find(m, q, q->recent[i], &out[n]))
			n++;
	/* The last ones that changed may be in order by now: then others, as many as there is room for. */
	for (unsigned i = 0; i < q->n && n < max; i++)
		if (!is_among(out, n, v[i].start))
			out[n++] = v[i];
	return n;
}

/* ---- reading ---- */

uint32_t
pl_rcvq_peek(const struct pl_mem *m, const struct pl_rcvq *q, pl_seq rcv_nxt, uint32_t limit, struct plim_span *spans,
             size_t *n)
{
	return pl_bmap_spans(m, &q->map, q->read, PL_MIN(pl_rcvq_unread(q, rcv_nxt), limit), spans, n);
}

void
pl_rcvq_consume(struct pl_mem *m, struct pl_rcvq *q, pl_seq rcv_nxt, uint32_t len)
{
	q->read = pl_seq_add(q->read, len);
	if (q->read == rcv_nxt && q->n == 0)
		pl_bmap_rebase(m, &q->map, rcv_nxt);
	else
		pl_bmap_drop_below(m, &q->map, q->read);
}

uint32_t
pl_rcvq_octets(const struct pl_mem *m, const struct pl_rcvq *q)
{
	return pl_bmap_octets(m, &q->map) + (q->more ? pl_mem_octets(m, ivl_type(q->cap)) : 0);
}

const char *
pl_rcvq_check(const struct pl_mem *m, const struct pl_rcvq *q, pl_seq rcv_nxt)
{
	const struct pl_sack *v = intervals(m, q);
	pl_seq before = rcv_nxt;

	if (q->n > q->cap)
		return "rcvq: places";
	if (pl_seq_lt(rcv_nxt, q->read))
		return "rcvq: read beyond RCV.NXT";
	for (unsigned i = 0; i < q->n; i++) {
		if (pl_seq_le(v[i].start, before) || pl_seq_le(v[i].end, v[i].start))
			return "rcvq: intervals not sorted or touching";
		before = v[i].end;
	}
	return NULL;
}
