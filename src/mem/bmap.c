/* SPDX-License-Identifier: ISC */
/* The block map: see bmap.h. What was made before a refusal stays. */
#include "mem/bmap.h"

#define RUNS_AT_ONCE 32

static uint32_t
number_mask(const struct pl_mem *m)
{
	return 0xffffffffu >> m->block_shift;
}

static uint32_t
number_of(const struct pl_mem *m, const struct pl_bmap *b, pl_seq seq)
{
	return (seq - b->base) >> m->block_shift;
}

static pl_id *
node_at(const struct pl_mem *m, pl_id id)
{
	return pl_mem_ptr(m, id);
}

void
pl_bmap_init(struct pl_bmap *b, pl_seq base)
{
	memset(b, 0, sizeof *b);
	b->base = base;
}

/* How many children of the root a span of blocks touches at this depth. */
static bool
is_deep_enough(const struct pl_mem *m, uint32_t depth, uint32_t lo, uint32_t hi)
{
	uint32_t shift = 6 * (depth ? depth - 1 : 0);
	uint32_t mask = number_mask(m) >> shift;
	uint32_t first = lo >> shift, last = ((hi - 1) & number_mask(m)) >> shift;

	return ((last - first) & mask) < (depth ? PL_BMAP_FAN : PL_BMAP_INLINE);
}

/* How many ids from block n's on stand together in memory. */
static inline uint32_t
together(const struct pl_bmap *b, uint32_t n)
{
	return b->depth == 0 ? PL_BMAP_INLINE - n % PL_BMAP_INLINE : PL_BMAP_FAN - n % PL_BMAP_FAN;
}

/* The place of block n's id; NULL if a node on the way is missing. */
static pl_id *
find_ref(const struct pl_mem *m, const struct pl_bmap *b, uint32_t n)
{
	pl_id node;

	if (b->depth == 0)
		return (pl_id *)&b->in[n % PL_BMAP_INLINE];
	node = b->root;
	for (uint32_t level = b->depth - 1u; level > 0; level--) {
		node = node_at(m, node)[n >> (6 * level) & 63];
		if (!node)
			return NULL;
	}
	return &node_at(m, node)[n & 63];
}

static pl_id
new_node(struct pl_mem *m, struct pl_bmap *b, enum pl_grant grant)
{
	pl_id id = pl_mem_calloc(m, PL_OBJ_node, grant);

	if (id)
		b->nodes++;
	return id;
}

static void
free_node(struct pl_mem *m, struct pl_bmap *b, pl_id id)
{
	pl_mem_free(m, PL_OBJ_node, id);
	b->nodes--;
}

static bool
grow_from_inline(struct pl_mem *m, struct pl_bmap *b, enum pl_grant grant)
{
	pl_id root = new_node(m, b, grant);

	if (!root)
		return false;
	for (uint32_t n = b->lo; n != b->hi; n = (n + 1) & number_mask(m))
		node_at(m, root)[n & 63] = b->in[n % PL_BMAP_INLINE];
	b->root = root;
	b->depth = 1;
	return true;
}

/* One level more: the old root's ring of children may belong to two new parents. */
static bool
grow_root(struct pl_mem *m, struct pl_bmap *b, enum pl_grant grant)
{
	uint32_t shift = 6 * (b->depth - 1u), mask = number_mask(m) >> shift;
	uint32_t first = b->lo >> shift;
	uint32_t last = b->hi == b->lo ? first : ((b->hi - 1) & number_mask(m)) >> shift;
	pl_id root = new_node(m, b, grant), second;

	if (!root)
		return false;
	node_at(m, root)[first >> 6 & 63] = b->root;
	if (first >> 6 != last >> 6) {
		second = new_node(m, b, grant);
		if (!second) {
			free_node(m, b, root);
			return false;
		}
		node_at(m, root)[last >> 6 & 63] = second;
		for (uint32_t c = last & ~63u; c != ((last + 1) & mask); c = (c + 1) & mask) {
			node_at(m, second)[c & 63] = node_at(m, b->root)[c & 63];
			node_at(m, b->root)[c & 63] = 0;
		}
	}
	b->root = root;
	b->depth++;
	return true;
}

/* An empty map grew and then met a refusal: give its nodes, all over block lo, back. */
static void
free_empty_chain(struct pl_mem *m, struct pl_bmap *b)
{
	uint32_t lo = b->lo;

	b->hi = (lo + 1) & number_mask(m);
	pl_bmap_clear(m, b);
	b->lo = b->hi = lo; /* what may be written is what it was */
}

/* Make [lo, hi) reach n, growing the tree as needed. */
static bool
extend(struct pl_mem *m, struct pl_bmap *b, uint32_t n, enum pl_grant grant)
{
	uint32_t mask = number_mask(m), hi = (n + 1) & mask;

	if (b->hi != b->lo && ((n - b->lo) & mask) < ((b->hi - b->lo) & mask))
		return true;
	while (!is_deep_enough(m, b->depth, b->lo, hi)) {
		if (b->depth == 3 || !(b->depth ? grow_root(m, b, grant) : grow_from_inline(m, b, grant))) {
			if (b->lo == b->hi)
				free_empty_chain(m, b);
			return false;
		}
	}
	b->hi = hi;
	return true;
}

/* The place of block n's id, nodes made. */
static pl_id *
make_ref(struct pl_mem *m, struct pl_bmap *b, uint32_t n, enum pl_grant grant)
{
	pl_id node;

	if (b->depth == 0)
		return &b->in[n % PL_BMAP_INLINE];
	node = b->root;
	for (uint32_t level = b->depth - 1u; level > 0; level--) {
		uint32_t i = n >> (6 * level) & 63;
		pl_id child = node_at(m, node)[i];

		if (!child) {
			child = new_node(m, b, grant);
			if (!child)
				return NULL;
			node_at(m, node)[i] = child;
		}
		node = child;
	}
	return &node_at(m, node)[n & 63];
}

static uint8_t *
octet_in_block(const struct pl_mem *m, const struct pl_bmap *b, pl_id block, pl_seq seq, uint32_t *run)
{
	uint32_t at = (seq - b->base) & (pl_mem_block(m) - 1);

	*run = pl_mem_block(m) - at;
	return (uint8_t *)pl_mem_ptr(m, block) + at;
}

uint8_t *
pl_bmap_at(const struct pl_mem *m, const struct pl_bmap *b, pl_seq seq, uint32_t *run)
{
	uint32_t n = number_of(m, b, seq), mask = number_mask(m);
	pl_id *ref;

	if (((n - b->lo) & mask) >= ((b->hi - b->lo) & mask))
		return NULL;
	ref = find_ref(m, b, n);
	return ref && *ref ? octet_in_block(m, b, *ref, seq, run) : NULL;
}

/* How many blocks from n on the map can hold as it is, their ids together. */
static inline uint32_t
room_from(const struct pl_mem *m, const struct pl_bmap *b, uint32_t n)
{
	uint32_t held = (n - b->lo) & number_mask(m), ring = b->depth ? PL_BMAP_FAN : PL_BMAP_INLINE;

	return b->depth > 1 ? together(b, n) : PL_MIN(together(b, n), ring - held);
}

/* Fill up to n places from ref on, which stand together. How many hold a block now: fewer where one is refused. */
static uint32_t
fill_refs(struct pl_mem *m, struct pl_bmap *b, pl_id *ref, uint32_t n, enum pl_grant grant)
{
	uint32_t i = 0;

	while (i < n) {
		uint32_t missing = 0, got;

		while (i < n && ref[i])
			i++;
		while (i + missing < n && !ref[i + missing])
			missing++;
		got = missing ? pl_mem_alloc_some(m, PL_OBJ_block, grant, ref + i, missing) : 0;
		b->blocks += got;
		i += got;
		if (got < missing)
			break;
	}
	return i;
}

/* Make room from seq on as far as the ids of the blocks stand together, and list its runs. Octets; 0: refused. */
static uint32_t
make_together(struct pl_mem *m, struct pl_bmap *b, pl_seq seq, uint32_t len, struct plim_span *spans, size_t *n,
              enum pl_grant grant)
{
	uint32_t number = number_of(m, b, seq), mask = number_mask(m), block = pl_mem_block(m);
	uint32_t at = (seq - b->base) & (block - 1), count = (at + len + block - 1) >> m->block_shift, total = 0;
	size_t most = *n;
	pl_id *ref;

	*n = 0;
	if (!extend(m, b, number, grant))
		return 0;
	ref = make_ref(m, b, number, grant);
	count = PL_MIN(count, (uint32_t)most);
	count = ref ? fill_refs(m, b, ref, PL_MIN(room_from(m, b, number), count), grant) : 0;
	for (; *n < count; at = 0, total += (uint32_t)spans[(*n)++].len)
		spans[*n] = (struct plim_span){(uint8_t *)pl_mem_ptr(m, ref[*n]) + at, PL_MIN(block - at, len - total)};
	if (((number + count - b->lo) & mask) > ((b->hi - b->lo) & mask))
		b->hi = (number + count) & mask;
	return total;
}

uint32_t
pl_bmap_make(struct pl_mem *m, struct pl_bmap *b, pl_seq seq, uint32_t len, struct plim_span *spans, size_t *n,
             enum pl_grant grant)
{
	uint32_t total = 0, octets;
	size_t used = 0, k;

	while (total < len && used < *n) {
		k = *n - used;
		octets = make_together(m, b, pl_seq_add(seq, total), len - total, spans + used, &k, grant);
		if (octets == 0)
			break;
		total += octets;
		used += k;
	}
	*n = used;
	return total;
}

uint32_t
pl_bmap_write(struct pl_mem *m, struct pl_bmap *b, pl_seq seq, struct pl_text text, enum pl_grant grant)
{
	struct plim_span spans[RUNS_AT_ONCE];
	uint32_t done = 0, octets;
	size_t n;

	do {
		n = RUNS_AT_ONCE;
		octets = pl_bmap_make(m, b, pl_seq_add(seq, done), (uint32_t)text.len, spans, &n, grant);
		for (size_t i = 0; i < n; i++)
			pl_text_take(&text, spans[i].data, spans[i].len);
		done += octets;
	} while (octets > 0 && text.len > 0);
	return done;
}

void
pl_bmap_read(const struct pl_mem *m, const struct pl_bmap *b, pl_seq seq, uint8_t *to, uint32_t n)
{
	while (n > 0) {
		uint32_t run;
		const uint8_t *from = pl_bmap_at(m, b, seq, &run);

		if (PL_NEVER(!from))
			return;
		run = PL_MIN(run, n);
		memcpy(to, from, run);
		to += run;
		n -= run;
		seq = pl_seq_add(seq, run);
	}
}

/* Runs from seq on, as far as the ids of the blocks stand together. Octets; 0: nothing is there. */
static uint32_t
spans_together(const struct pl_mem *m, const struct pl_bmap *b, pl_seq seq, uint32_t len, struct plim_span *spans,
               size_t *n)
{
	uint32_t number = number_of(m, b, seq), mask = number_mask(m), block = pl_mem_block(m);
	uint32_t at = (seq - b->base) & (block - 1), more = PL_MIN(together(b, number), (b->hi - number) & mask),
		 total = 0;
	bool is_inside = ((number - b->lo) & mask) < ((b->hi - b->lo) & mask);
	const pl_id *ref = is_inside ? find_ref(m, b, number) : NULL;
	size_t most = *n;

	for (*n = 0; ref && *ref && more > 0 && total < len && *n < most; more--, ref++) {
		uint32_t run = PL_MIN(block - at, len - total);

		spans[(*n)++] = (struct plim_span){(uint8_t *)pl_mem_ptr(m, *ref) + at, run};
		total += run;
		at = 0;
	}
	return total;
}

uint32_t
pl_bmap_spans(const struct pl_mem *m, const struct pl_bmap *b, pl_seq seq, uint32_t len, struct plim_span *spans,
              size_t *n)
{
	uint32_t total = 0;
	size_t used = 0;

	while (total < len && used < *n) {
		size_t k = *n - used;
		uint32_t octets = spans_together(m, b, pl_seq_add(seq, total), len - total, spans + used, &k);

		if (PL_NEVER(octets == 0))
			break;
		total += octets;
		used += k;
	}
	*n = used;
	return total;
}

/* Free up to `most` blocks from n on whose ids stand together. Returns how many there may have been. */
static uint32_t
free_blocks(struct pl_mem *m, struct pl_bmap *b, uint32_t n, uint32_t most)
{
	uint32_t count = PL_MIN(together(b, n), most), held;
	pl_id *ref = find_ref(m, b, n);

	for (uint32_t i = 0; ref && i < count; i += held + 1) {
		held = 0;
		while (i + held < count && ref[i + held])
			held++;
		pl_mem_free_some(m, PL_OBJ_block, ref + i, held);
		memset(ref + i, 0, held * sizeof *ref);
		b->blocks -= held;
	}
	return count;
}

/* Free the node of this level (1 or more, below the root) over block n. */
static void
free_node_over(struct pl_mem *m, struct pl_bmap *b, uint32_t n, uint32_t level)
{
	uint32_t l = b->depth - 1u;
	pl_id *ref = &node_at(m, b->root)[n >> (6 * l) & 63];

	while (*ref && l > level) {
		l--;
		ref = &node_at(m, *ref)[n >> (6 * l) & 63];
	}
	if (!*ref)
		return;
	free_node(m, b, *ref);
	*ref = 0;
}

/* Nothing is left between lo and hi: nodes too. */
static void
settle_empty(struct pl_mem *m, struct pl_bmap *b)
{
	if (b->lo != b->hi)
		return;
	if (b->depth > 0)
		free_node(m, b, b->root);
	memset(b->in, 0, sizeof b->in);
	b->depth = 0;
}

void
pl_bmap_drop_below(struct pl_mem *m, struct pl_bmap *b, pl_seq seq)
{
	uint32_t mask = number_mask(m), to = number_of(m, b, seq);

	if (((to - b->lo) & mask) > mask / 2)
		return; /* below what is left */
	if (((to - b->lo) & mask) > ((b->hi - b->lo) & mask))
		to = b->hi;
	while (b->lo != to) {
		uint32_t next = (b->lo + free_blocks(m, b, b->lo, (to - b->lo) & mask)) & mask;

		for (uint32_t k = 1; k < b->depth; k++)
			if ((next & ((1u << (6 * k)) - 1)) == 0 || next == b->hi)
				free_node_over(m, b, (next - 1) & mask, k);
		b->lo = next;
	}
	settle_empty(m, b);
}

void
pl_bmap_drop_from(struct pl_mem *m, struct pl_bmap *b, pl_seq seq)
{
	uint32_t mask = number_mask(m), to = (number_of(m, b, seq - 1) + 1) & mask;

	if (((to - b->lo) & mask) > ((b->hi - b->lo) & mask)) {
		if (((to - b->lo) & mask) < mask / 2)
			return; /* beyond the end */
		to = b->lo;
	}
	while (b->hi != to) {
		uint32_t last = (b->hi - 1) & mask;

		(void)free_blocks(m, b, last, 1);
		for (uint32_t k = 1; k < b->depth; k++)
			if ((last & ((1u << (6 * k)) - 1)) == 0 || last == b->lo)
				free_node_over(m, b, last, k);
		b->hi = last;
	}
	settle_empty(m, b);
}

void
pl_bmap_clear(struct pl_mem *m, struct pl_bmap *b)
{
	pl_bmap_drop_below(m, b, b->base + (b->hi << m->block_shift));
}

void
pl_bmap_rebase(struct pl_mem *m, struct pl_bmap *b, pl_seq base)
{
	pl_bmap_clear(m, b);
	b->base = base;
	b->lo = b->hi = 0;
}

uint32_t
pl_bmap_octets(const struct pl_mem *m, const struct pl_bmap *b)
{
	return b->blocks * pl_mem_block(m) + b->nodes * pl_mem_octets(m, PL_OBJ_node);
}
