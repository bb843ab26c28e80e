/* SPDX-License-Identifier: ISC */
/* Blocks by offset and runs of what has come: see frag_store.h. */
#include "net/frag_store.h"

#define NOT_THERE 0u

static uint32_t *
ids_at(const struct pl_mem *m, pl_id index)
{
	return pl_mem_ptr(m, index);
}

static pl_id
block_id(const struct pl_mem *m, const struct pl_frag_store *s, size_t block)
{
	if (!s->is_indexed)
		return block < PL_FRAG_INLINE ? s->in[block] : NOT_THERE;
	if (block / PL_FRAG_FAN >= PL_FRAG_INLINE || !s->in[block / PL_FRAG_FAN])
		return NOT_THERE;
	return ids_at(m, s->in[block / PL_FRAG_FAN])[block % PL_FRAG_FAN];
}

/* ---- runs ---- */

enum pl_frag_fit
pl_frag_fit(const struct pl_frag_store *s, struct pl_frag_run units)
{
	for (unsigned i = 0; i < s->n_runs; i++) {
		const struct pl_frag_run *r = &s->runs[i];

		if (units.from >= r->from && units.to <= r->to)
			return PL_FRAG_INSIDE;
		if (units.from < r->to && r->from < units.to)
			return PL_FRAG_OVERLAP;
	}
	return PL_FRAG_NEW;
}

bool
pl_frag_is_hole_too_many(const struct pl_frag_store *s, struct pl_frag_run units)
{
	if (s->n_runs < PL_FRAG_RUNS)
		return false;
	for (unsigned i = 0; i < s->n_runs; i++)
		if (s->runs[i].to == units.from || units.to == s->runs[i].from)
			return false;
	return true;
}

static void
remove_run(struct pl_frag_store *s, unsigned i)
{
	memmove(&s->runs[i], &s->runs[i + 1], (s->n_runs - i - 1u) * sizeof s->runs[0]);
	s->n_runs--;
}

/* The run joins its neighbours where it touches them. */
static void
add_run(struct pl_frag_store *s, struct pl_frag_run units)
{
	unsigned i = 0;

	while (i < s->n_runs && s->runs[i].to < units.from)
		i++;
	if (i < s->n_runs && s->runs[i].to == units.from) {
		s->runs[i].to = units.to;
		if (i + 1u < s->n_runs && s->runs[i + 1].from == units.to) {
			s->runs[i].to = s->runs[i + 1].to;
			remove_run(s, i + 1);
		}
	} else if (i < s->n_runs && s->runs[i].from == units.to) {
		s->runs[i].from = units.from;
	} else {
		PL_ASSERT(s->n_runs < PL_FRAG_RUNS);
		memmove(&s->runs[i + 1], &s->runs[i], (s->n_runs - i) * sizeof s->runs[0]);
		s->runs[i] = units;
		s->n_runs++;
	}
}

/* ---- blocks ---- */

unsigned
pl_frag_blocks_needed(const struct pl_mem *m, const struct pl_frag_store *s, size_t at, size_t len)
{
	size_t first = at / PL_FRAG_BLOCK, last = (at + len - 1) / PL_FRAG_BLOCK;
	unsigned need = 0;
	bool indexed = s->is_indexed || last >= PL_FRAG_INLINE;

	for (size_t b = first; b <= last; b++)
		need += !block_id(m, s, b);
	if (!indexed)
		return need;
	need += !s->is_indexed && s->blocks > 0; /* what is inline moves to an index block */
	for (size_t i = first / PL_FRAG_FAN; i <= last / PL_FRAG_FAN; i++)
		need += s->is_indexed ? !s->in[i] : i > 0 || s->blocks == 0;
	return need;
}

static pl_id
take_block(struct pl_mem *m, struct pl_frag_store *s)
{
	pl_id id = pl_mem_alloc(m, PL_OBJ_fragblock, PL_GRANT_NORMAL);

	s->blocks = (uint16_t)(s->blocks + (id != 0));
	return id;
}

static pl_id
take_index(struct pl_mem *m, struct pl_frag_store *s)
{
	pl_id id = take_block(m, s);

	if (id)
		memset(ids_at(m, id), 0, PL_FRAG_BLOCK);
	return id;
}

/* From twelve blocks to twelve blocks of ids. */
static bool
make_indexed(struct pl_mem *m, struct pl_frag_store *s)
{
	pl_id index = 0;

	if (s->blocks > 0) {
		index = take_index(m, s);
		if (!index)
			return false;
		memcpy(ids_at(m, index), s->in, sizeof s->in);
	}
	memset(s->in, 0, sizeof s->in);
	s->in[0] = index;
	s->is_indexed = true;
	return true;
}

/* Where the id of a block stands; NULL: an index block was refused. */
static pl_id *
place_of(struct pl_mem *m, struct pl_frag_store *s, size_t block)
{
	pl_id *index;

	if (!s->is_indexed && block >= PL_FRAG_INLINE && !make_indexed(m, s))
		return NULL;
	if (!s->is_indexed)
		return &s->in[block];
	index = &s->in[block / PL_FRAG_FAN];
	if (!*index && !(*index = take_index(m, s)))
		return NULL;
	return &ids_at(m, *index)[block % PL_FRAG_FAN];
}

bool
pl_frag_write(struct pl_mem *m, struct pl_frag_store *s, size_t at, struct pl_span text)
{
	struct pl_cur c = pl_cur_of(text.p, text.len);
	struct pl_frag_run units = pl_frag_units(at, text.len);

	while (pl_cur_left(&c) > 0) {
		size_t in_block = at % PL_FRAG_BLOCK, n = PL_MIN(pl_cur_left(&c), PL_FRAG_BLOCK - in_block);
		pl_id *id = place_of(m, s, at / PL_FRAG_BLOCK);

		if (!id || (!*id && !(*id = take_block(m, s))))
			return false;
		(void)pl_cur_bytes(&c, (uint8_t *)pl_mem_ptr(m, *id) + in_block, n); /* n is left */
		at += n;
	}
	add_run(s, units);
	return true;
}

struct pl_span
pl_frag_span(const struct pl_mem *m, const struct pl_frag_store *s, size_t at, size_t len)
{
	pl_id id = block_id(m, s, at / PL_FRAG_BLOCK);
	size_t in_block = at % PL_FRAG_BLOCK;

	if (!id)
		return (struct pl_span){NULL, 0};
	return (struct pl_span){(const uint8_t *)pl_mem_ptr(m, id) + in_block, PL_MIN(len, PL_FRAG_BLOCK - in_block)};
}

bool
pl_frag_is_same(const struct pl_mem *m, const struct pl_frag_store *s, size_t at, struct pl_span text)
{
	struct pl_cur c = pl_cur_of(text.p, text.len);

	while (pl_cur_left(&c) > 0) {
		struct pl_span there = pl_frag_span(m, s, at, pl_cur_left(&c));

		if (there.len == 0 || memcmp(there.p, c.p, there.len) != 0)
			return false;
		(void)pl_cur_skip(&c, there.len); /* at most what is left */
		at += there.len;
	}
	return true;
}

static void
free_ids(struct pl_mem *m, const pl_id *ids, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (ids[i])
			pl_mem_free(m, PL_OBJ_fragblock, ids[i]);
}

void
pl_frag_clear(struct pl_mem *m, struct pl_frag_store *s)
{
	for (unsigned i = 0; s->is_indexed && i < PL_FRAG_INLINE; i++)
		if (s->in[i])
			free_ids(m, ids_at(m, s->in[i]), PL_FRAG_FAN);
	free_ids(m, s->in, PL_FRAG_INLINE);
	memset(s, 0, sizeof *s);
}
