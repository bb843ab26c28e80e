/* SPDX-License-Identifier: ISC */
/* The transmission ledger: see ledger.h. */
#include "tcp/ledger.h"

#include "mem/prove.h"

static bool
is_near(uint32_t a_us, uint32_t b_us, uint32_t merge_us)
{
	uint32_t d = a_us - b_us;

	return d < merge_us || 0u - d < merge_us;
}

static uint32_t
later(uint32_t a_us, uint32_t b_us)
{
	return (int32_t)(a_us - b_us) > 0 ? a_us : b_us;
}

void
pl_ledger_init(struct pl_ledger *l, pl_seq una)
{
	memset(l, 0, sizeof *l);
	l->una = una;
	l->cap = PL_LEDGER_INLINE;
}

static enum pl_obj
type_of(unsigned cap)
{
#ifdef PL_PROVE
	if (cap == PL_LEDGER_ROOM)
		return PL_OBJ_ledger240;
#endif
	return cap == 16 ? PL_OBJ_ledger16 : PL_OBJ_ledger64;
}

static void
release(struct pl_mem *m, struct pl_ledger *l)
{
	if (l->more)
		pl_mem_free(m, type_of(l->cap), l->more);
	l->more = 0;
	l->cap = PL_LEDGER_INLINE;
}

void
pl_ledger_clear(struct pl_mem *m, struct pl_ledger *l, pl_seq una)
{
	release(m, l);
	l->n = 0;
	l->una = una;
	l->dup_acks = 0;
}

struct pl_range *
pl_ledger_ranges(const struct pl_mem *m, const struct pl_ledger *l)
{
	return l->more ? pl_mem_ptr(m, l->more) : (struct pl_range *)l->in;
}

pl_seq
pl_ledger_start(const struct pl_mem *m, const struct pl_ledger *l, unsigned i)
{
	return i == 0 ? l->una : pl_ledger_ranges(m, l)[i - 1].end;
}

pl_seq
pl_ledger_end(const struct pl_mem *m, const struct pl_ledger *l)
{
	return pl_ledger_start(m, l, l->n);
}

static uint32_t
len_of(const struct pl_mem *m, const struct pl_ledger *l, unsigned i)
{
	return pl_seq_diff(pl_ledger_ranges(m, l)[i].end, pl_ledger_start(m, l, i));
}

/* Remove the boundary between range i and i + 1; i + 1's flags stay, the later time is kept. */
static void
join(const struct pl_mem *m, struct pl_ledger *l, unsigned i)
{
	struct pl_range *r = pl_ledger_ranges(m, l);

	r[i + 1].sent_us = later(r[i].sent_us, r[i + 1].sent_us);
	memmove(&r[i], &r[i + 1], (size_t)(l->n - i - 1u) * sizeof *r);
	l->n--;
}

static bool
grow(struct pl_mem *m, struct pl_ledger *l)
{
	unsigned most = PL_MEM_WITHOUT(m, range_cap) ? PL_LEDGER_ROOM : PL_LEDGER_MAX;
	unsigned cap = l->cap == PL_LEDGER_INLINE ? 16 : l->cap == PL_LEDGER_MAX ? most : PL_LEDGER_MAX;
	pl_id id;

	if (l->cap == most)
		return false;
	id = pl_mem_alloc(m, type_of(cap), PL_GRANT_NORMAL);
	if (!id)
		return false;
	memcpy(pl_mem_ptr(m, id), pl_ledger_ranges(m, l), l->n * sizeof(struct pl_range));
	release(m, l);
	l->more = id;
	l->cap = (uint8_t)cap;
	return true;
}

/*
 * One place must come free: forget the SACKed range nearest SND.NXT (it will be sent
 * again), else join the two neighbours nearest SND.NXT as not SACKed and not lost.
 */
static void
forget_one(const struct pl_mem *m, struct pl_ledger *l)
{
	struct pl_range *r = pl_ledger_ranges(m, l);
	unsigned i = l->n - 1u;

	while (i > 0 && !(r[i].flags & PL_RANGE_SACKED))
		i--;
	if (i == 0)
		i = l->n - 1u;
	r[i].flags = (r[i - 1].flags & ~(uint32_t)PL_RANGE_SACKED) | PL_RANGE_EVER;
	join(m, l, i - 1);
}

static void
insert(struct pl_mem *m, struct pl_ledger *l, unsigned i, struct pl_range range)
{
	struct pl_range *r = pl_ledger_ranges(m, l);

	memmove(&r[i + 1], &r[i], (size_t)(l->n - i) * sizeof *r);
	r[i] = range;
	l->n++;
}

static unsigned
find(const struct pl_mem *m, const struct pl_ledger *l, pl_seq seq)
{
	struct pl_range *r = pl_ledger_ranges(m, l);
	unsigned i = 0;

	while (i < l->n && pl_seq_le(r[i].end, seq))
		i++;
	return i;
}

/* Make a boundary at seq (inside the ledger). It may fail to hold when the ledger is full: then a whole range is meant. */
static void
split(struct pl_mem *m, struct pl_ledger *l, pl_seq seq)
{
	unsigned i;
	struct pl_range range;

	i = find(m, l, seq);
	if (i == l->n || pl_ledger_start(m, l, i) == seq)
		return;
	if (l->n == l->cap && !grow(m, l)) {
		forget_one(m, l);
		i = find(m, l, seq);
	}
	range = pl_ledger_ranges(m, l)[i];
	range.end = seq;
	insert(m, l, i, range);
}

/* Join equal neighbours. */
static void
tidy(struct pl_mem *m, struct pl_ledger *l, uint32_t merge_us)
{
	struct pl_range *r = pl_ledger_ranges(m, l);

	for (unsigned i = 0; i + 1u < l->n;) {
		bool timeless = (r[i].flags & PL_RANGE_SACKED) != 0;

		if (r[i].flags == r[i + 1].flags && (timeless || is_near(r[i].sent_us, r[i + 1].sent_us, merge_us)))
			join(m, l, i);
		else
			i++;
	}
}

void
pl_ledger_sent(struct pl_mem *m, struct pl_ledger *l, pl_seq end, uint32_t now_us, uint32_t merge_us)
{
	struct pl_range *r = pl_ledger_ranges(m, l);

	if (l->n > 0 && r[l->n - 1].flags == 0 && is_near(r[l->n - 1].sent_us, now_us, merge_us)) {
		r[l->n - 1].end = end;
		r[l->n - 1].sent_us = now_us;
		return;
	}
	if (l->n == l->cap && !grow(m, l))
		forget_one(m, l);
	insert(m, l, l->n, (struct pl_range){.end = end, .sent_us = now_us});
}

/* Boundaries at both ends, clipped to the ledger; the ranges of [start, end) are [*first, *last). */
static bool
isolate(struct pl_mem *m, struct pl_ledger *l, pl_seq start, pl_seq end, unsigned *first, unsigned *last)
{
	start = pl_seq_max(start, l->una);
	end = pl_seq_min(end, pl_ledger_end(m, l));
	if (l->n == 0 || pl_seq_le(end, start))
		return false;
	split(m, l, start);
	split(m, l, end);
	*first = find(m, l, start);
	if (pl_ledger_start(m, l, *first) != start)
		++*first; /* the boundary did not hold: what begins before start stays as it is */
	*last = *first;
	while (*last < l->n && pl_seq_le(pl_ledger_ranges(m, l)[*last].end, end))
		++*last;
	return *first < *last;
}

void
pl_ledger_resent(struct pl_mem *m, struct pl_ledger *l, pl_seq start, pl_seq end, uint32_t now_us, uint32_t merge_us)
{
	unsigned first, last;

	if (!isolate(m, l, start, end, &first, &last)) {
		/* No boundary could be kept: the whole range counts as sent again. */
		first = find(m, l, start);
		last = PL_MIN(first + 1u, l->n);
	}
	for (unsigned i = first; i < last; i++) {
		struct pl_range *r = &pl_ledger_ranges(m, l)[i];

		if (r->flags & PL_RANGE_SACKED)
			continue; /* a window probe of what the peer already has: it is not in flight again */
		r->flags |= PL_RANGE_EVER | (r->flags & PL_RANGE_LOST ? PL_RANGE_RETX : 0);
		r->sent_us = now_us;
	}
	tidy(m, l, merge_us);
}

/* The part of range i below ack leaves. */
static void
note_acked(const struct pl_range *r, uint32_t octets, struct pl_ledger_acked *out)
{
	out->octets += octets;
	if (r->flags & PL_RANGE_SACKED) {
		out->were_sacked += octets;
		return;
	}
	/* Karn: an ACK that covers something sent twice says nothing of what waited behind it either. */
	out->spoiled = out->spoiled || r->flags & PL_RANGE_EVER;
	out->sent_us = out->has_sample ? later(out->sent_us, r->sent_us) : r->sent_us;
	out->has_sample = true;
}

struct pl_ledger_acked
pl_ledger_ack(struct pl_mem *m, struct pl_ledger *l, pl_seq ack)
{
	struct pl_ledger_acked out = {0};
	struct pl_range *r = pl_ledger_ranges(m, l);
	unsigned gone = 0;

	ack = pl_seq_min(ack, pl_ledger_end(m, l));
	if (pl_seq_le(ack, l->una))
		return out;
	while (gone < l->n && pl_seq_lt(l->una, ack)) {
		pl_seq end = pl_seq_min(r[gone].end, ack);

		note_acked(&r[gone], pl_seq_diff(end, l->una), &out);
		l->una = end;
		if (end != r[gone].end)
			break;
		gone++;
	}
	out.has_sample = out.has_sample && !out.spoiled;
	memmove(&r[0], &r[gone], (size_t)(l->n - gone) * sizeof *r);
	l->n -= (uint8_t)gone;
	if (l->n == 0)
		release(m, l);
	return out;
}

uint32_t
pl_ledger_sack(struct pl_mem *m, struct pl_ledger *l, pl_seq start, pl_seq end)
{
	unsigned first, last;
	uint32_t newly = 0;

	if (!isolate(m, l, start, end, &first, &last))
		return 0;
	for (unsigned i = first; i < last; i++) {
		struct pl_range *r = &pl_ledger_ranges(m, l)[i];

		if (!(r->flags & PL_RANGE_SACKED))
			newly += len_of(m, l, i);
		r->flags = PL_RANGE_SACKED;
	}
	tidy(m, l, 1);
	return newly;
}

uint32_t
pl_ledger_mark_lost(struct pl_mem *m, struct pl_ledger *l, uint32_t smss, unsigned dup_thresh)
{
	struct pl_range *r = pl_ledger_ranges(m, l);
	uint32_t above = 0, newly = 0;
	unsigned runs = 0;

	for (unsigned i = l->n; i-- > 0;) {
		if (r[i].flags & PL_RANGE_SACKED) {
			above += len_of(m, l, i);
			runs++;
		} else if (!(r[i].flags & PL_RANGE_LOST) && (above > (dup_thresh - 1) * smss || runs >= dup_thresh)) {
			r[i].flags |= PL_RANGE_LOST;
			newly += len_of(m, l, i);
		}
	}
	return newly;
}

void
pl_ledger_mark_head_lost(struct pl_mem *m, struct pl_ledger *l, uint32_t len)
{
	unsigned first, last;

	if (!isolate(m, l, l->una, pl_seq_add(l->una, len), &first, &last)) {
		first = 0;
		last = PL_MIN(1u, l->n);
	}
	for (unsigned i = first; i < last; i++) {
		struct pl_range *r = &pl_ledger_ranges(m, l)[i];

		if (!(r->flags & PL_RANGE_SACKED))
			r->flags = (r->flags | PL_RANGE_LOST) & ~(uint32_t)PL_RANGE_RETX;
	}
}

void
pl_ledger_mark_all_lost(struct pl_mem *m, struct pl_ledger *l, bool forget_sacks)
{
	struct pl_range *r = pl_ledger_ranges(m, l);

	for (unsigned i = 0; i < l->n; i++) {
		if (forget_sacks)
			r[i].flags &= ~(uint32_t)PL_RANGE_SACKED;
		if (!(r[i].flags & PL_RANGE_SACKED))
			r[i].flags = (r[i].flags | PL_RANGE_LOST) & ~(uint32_t)PL_RANGE_RETX;
	}
	l->dup_acks = 0;
	tidy(m, l, UINT32_MAX / 2);
}

void
pl_ledger_unmark_lost(struct pl_mem *m, struct pl_ledger *l)
{
	struct pl_range *r = pl_ledger_ranges(m, l);

	for (unsigned i = 0; i < l->n; i++)
		r[i].flags &= ~(uint32_t)(PL_RANGE_LOST | PL_RANGE_RETX);
	tidy(m, l, 1000);
}

bool
pl_ledger_next_lost(const struct pl_mem *m, const struct pl_ledger *l, pl_seq *start, pl_seq *end)
{
	struct pl_range *r = pl_ledger_ranges(m, l);

	for (unsigned i = 0; i < l->n; i++) {
		if ((r[i].flags & (PL_RANGE_LOST | PL_RANGE_RETX)) != PL_RANGE_LOST)
			continue;
		*start = pl_ledger_start(m, l, i);
		*end = r[i].end;
		return true;
	}
	return false;
}

uint32_t
pl_ledger_pipe(const struct pl_mem *m, const struct pl_ledger *l, uint32_t smss)
{
	struct pl_range *r = pl_ledger_ranges(m, l);
	uint32_t pipe = 0, left = l->dup_acks * smss;

	for (unsigned i = 0; i < l->n; i++) {
		uint32_t state = r[i].flags & (PL_RANGE_SACKED | PL_RANGE_LOST | PL_RANGE_RETX);

		if (state == 0 || state & PL_RANGE_RETX)
			pipe += len_of(m, l, i);
	}
	return pipe > left ? pipe - left : 0;
}

uint32_t
pl_ledger_sacked(const struct pl_mem *m, const struct pl_ledger *l)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < l->n; i++)
		if (pl_ledger_ranges(m, l)[i].flags & PL_RANGE_SACKED)
			sum += len_of(m, l, i);
	return sum;
}

bool
pl_ledger_has_lost(const struct pl_mem *m, const struct pl_ledger *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (pl_ledger_ranges(m, l)[i].flags & PL_RANGE_LOST)
			return true;
	return false;
}

uint32_t
pl_ledger_octets(const struct pl_mem *m, const struct pl_ledger *l)
{
	return l->more ? pl_mem_octets(m, type_of(l->cap)) : 0;
}

const char *
pl_ledger_check(const struct pl_mem *m, const struct pl_ledger *l)
{
	if (l->n > l->cap || (l->more == 0) != (l->cap == PL_LEDGER_INLINE))
		return "ledger: places";
	for (unsigned i = 0; i < l->n; i++) {
		const struct pl_range *r = &pl_ledger_ranges(m, l)[i];

		if (pl_seq_le(r->end, pl_ledger_start(m, l, i)))
			return "ledger: empty or backward range";
		if ((r->flags & PL_RANGE_SACKED) && r->flags != PL_RANGE_SACKED)
			return "ledger: a SACKed range that is lost or sent again";
	}
	return NULL;
}
