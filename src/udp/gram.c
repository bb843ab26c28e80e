/* SPDX-License-Identifier: ISC */
#include "udp/gram.h"

#include "base/bytes.h"
#include "base/checksum.h"

struct gram_block {
	pl_id next;
	uint32_t spare; /* keeps the octets at an even offset of an even size: sums continue over blocks */
	uint8_t octets[];
};

static struct gram_block *
block_at(const struct pl_core *c, pl_id id)
{
	return pl_mem_ptr(&c->mem, id);
}

static size_t
room_in_block(const struct pl_core *c)
{
	return PL_MAX(pl_mem_octets(&c->mem, PL_OBJ_udpblock), 2 * sizeof(struct gram_block)) -
	       sizeof(struct gram_block);
}

uint32_t
pl_gram_octets(const struct pl_core *c, size_t len)
{
	size_t blocks = (len + room_in_block(c) - 1) / room_in_block(c);

	return (uint32_t)(pl_mem_octets(&c->mem, PL_OBJ_udpgram) + blocks * pl_mem_octets(&c->mem, PL_OBJ_udpblock));
}

static void
free_blocks(struct pl_core *c, pl_id id)
{
	while (id) {
		pl_id next = block_at(c, id)->next;

		pl_mem_free(&c->mem, PL_OBJ_udpblock, id);
		id = next;
	}
}

/* False: refused; nothing is left behind. */
static bool
take_blocks(struct pl_core *c, size_t len, pl_id *first)
{
	pl_id *link = first;

	*first = 0;
	for (size_t got = 0; got < len; got += room_in_block(c)) {
		pl_id id = pl_mem_alloc(&c->mem, PL_OBJ_udpblock, PL_GRANT_NORMAL);

		if (!id) {
			free_blocks(c, *first);
			return false;
		}
		*link = id;
		link = &block_at(c, id)->next;
		*link = 0;
	}
	return true;
}

enum pl_gram_result
pl_gram_begin(struct pl_core *c, const struct pl_gramq *q, uint64_t limit, const struct pl_gram *as,
              struct pl_gram_fill *fill)
{
	struct pl_gram *g;
	pl_id id;

	if (q->held + pl_gram_octets(c, as->len) > limit)
		return PL_GRAM_OVER_LIMIT;
	id = pl_mem_alloc(&c->mem, PL_OBJ_udpgram, PL_GRANT_NORMAL);
	if (!id)
		return PL_GRAM_NO_MEMORY;
	g = pl_mem_ptr(&c->mem, id);
	*g = *as;
	g->next = 0;
	if (!take_blocks(c, as->len, &g->block)) {
		pl_mem_free(&c->mem, PL_OBJ_udpgram, id);
		return PL_GRAM_NO_MEMORY;
	}
	*fill = (struct pl_gram_fill){.gram = id, .block = g->block};
	return PL_GRAM_OK;
}

void
pl_gram_fill(const struct pl_core *c, struct pl_gram_fill *fill, struct pl_span octets)
{
	struct pl_cur from = pl_cur_of(octets.p, octets.len);

	while (pl_cur_left(&from) > 0 && fill->block) {
		size_t n = PL_MIN(pl_cur_left(&from), room_in_block(c) - fill->at);

		(void)pl_cur_bytes(&from, block_at(c, fill->block)->octets + fill->at, n); /* n is left */
		fill->at += (uint32_t)n;
		if (fill->at == room_in_block(c)) {
			fill->block = block_at(c, fill->block)->next;
			fill->at = 0;
		}
	}
	PL_ASSERT(pl_cur_left(&from) == 0);
}

void
pl_gram_end(struct pl_core *c, struct pl_gramq *q, const struct pl_gram_fill *fill)
{
	const struct pl_gram *g = pl_mem_ptr(&c->mem, fill->gram);

	if (q->tail)
		((struct pl_gram *)pl_mem_ptr(&c->mem, q->tail))->next = fill->gram;
	else
		q->head = fill->gram;
	q->tail = fill->gram;
	q->held += pl_gram_octets(c, g->len);
}

struct pl_gram *
pl_gram_first(const struct pl_core *c, const struct pl_gramq *q)
{
	return q->head ? pl_mem_ptr(&c->mem, q->head) : NULL;
}

uint64_t
pl_gram_copy(const struct pl_core *c, const struct pl_gram *g, uint8_t *to, size_t room, uint64_t sum)
{
	size_t left = PL_MIN(g->len, room);
	struct pl_put w = pl_put_to(to, left);

	for (pl_id id = g->block; left > 0; id = block_at(c, id)->next) {
		size_t n = PL_MIN(left, room_in_block(c));

		sum = pl_csum_copy(sum, pl_put_room(&w, n), block_at(c, id)->octets, n);
		left -= n;
	}
	return sum;
}

void
pl_gram_pop(struct pl_core *c, struct pl_gramq *q)
{
	pl_id id = q->head;
	struct pl_gram *g = pl_gram_first(c, q);

	if (!g)
		return;
	q->head = g->next;
	if (!q->head)
		q->tail = 0;
	q->held -= pl_gram_octets(c, g->len);
	free_blocks(c, g->block);
	pl_mem_free(&c->mem, PL_OBJ_udpgram, id);
}

void
pl_gram_clear(struct pl_core *c, struct pl_gramq *q)
{
	while (q->head)
		pl_gram_pop(c, q);
}
