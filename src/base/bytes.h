/* SPDX-License-Identifier: ISC */
/*
 * Octets of the wire: big-endian loads and stores, a reading cursor that fails
 * softly and a writing cursor that stops at its end. Pointer arithmetic on packet
 * octets happens here and nowhere else.
 */
#ifndef PL_BASE_BYTES_H
#define PL_BASE_BYTES_H

#include "base/def.h"

static inline uint16_t
pl_load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint32_t
pl_load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void
pl_store16(uint8_t *p, uint16_t x)
{
	p[0] = (uint8_t)(x >> 8);
	p[1] = (uint8_t)x;
}

static inline void
pl_store32(uint8_t *p, uint32_t x)
{
	p[0] = (uint8_t)(x >> 24);
	p[1] = (uint8_t)(x >> 16);
	p[2] = (uint8_t)(x >> 8);
	p[3] = (uint8_t)x;
}

/** A bounded reader. A read that does not fit returns false and moves nothing. */
struct pl_cur {
	const uint8_t *p;
	const uint8_t *end;
};

static inline struct pl_cur
pl_cur_of(const uint8_t *p, size_t n)
{
	return (struct pl_cur){p, p + n};
}
static inline size_t
pl_cur_left(const struct pl_cur *c)
{
	return (size_t)(c->end - c->p);
}

static inline bool
pl_cur_u8(struct pl_cur *c, uint8_t *x)
{
	if (pl_cur_left(c) < 1)
		return false;
	*x = *c->p++;
	return true;
}

static inline bool
pl_cur_be16(struct pl_cur *c, uint16_t *x)
{
	if (pl_cur_left(c) < 2)
		return false;
	*x = pl_load16(c->p);
	c->p += 2;
	return true;
}

static inline bool
pl_cur_be32(struct pl_cur *c, uint32_t *x)
{
	if (pl_cur_left(c) < 4)
		return false;
	*x = pl_load32(c->p);
	c->p += 4;
	return true;
}

static inline bool
pl_cur_bytes(struct pl_cur *c, void *to, size_t n)
{
	if (pl_cur_left(c) < n)
		return false;
	if (n > 0) /* of nothing, to may be NULL */
		memcpy(to, c->p, n);
	c->p += n;
	return true;
}

static inline bool
pl_cur_skip(struct pl_cur *c, size_t n)
{
	if (pl_cur_left(c) < n)
		return false;
	c->p += n;
	return true;
}

/* The next n octets as a cursor of their own; c moves past them. */
static inline bool
pl_cur_take(struct pl_cur *c, size_t n, struct pl_cur *sub)
{
	if (pl_cur_left(c) < n)
		return false;
	*sub = pl_cur_of(c->p, n);
	c->p += n;
	return true;
}

/** A bounded writer. What does not fit is not written, and `short_of` tells. */
struct pl_put {
	uint8_t *p;
	uint8_t *end;
	bool short_of; /* something did not fit */
};

static inline struct pl_put
pl_put_to(uint8_t *p, size_t n)
{
	return (struct pl_put){p, p + n, false};
}

static inline uint8_t *
pl_put_room(struct pl_put *w, size_t n)
{
	uint8_t *at = w->p;

	if ((size_t)(w->end - w->p) < n) {
		w->short_of = true;
		return NULL;
	}
	w->p += n;
	return at;
}

static inline void
pl_put_u8(struct pl_put *w, uint8_t x)
{
	if (w->p && w->p < w->end)
		*w->p++ = x;
	else
		w->short_of = true;
}

static inline void
pl_put_be16(struct pl_put *w, uint16_t x)
{
	uint8_t *at = pl_put_room(w, 2);

	if (at)
		pl_store16(at, x);
}

static inline void
pl_put_be32(struct pl_put *w, uint32_t x)
{
	uint8_t *at = pl_put_room(w, 4);

	if (at)
		pl_store32(at, x);
}

static inline void
pl_put_bytes(struct pl_put *w, const void *from, size_t n)
{
	uint8_t *at = pl_put_room(w, n);

	if (at && n > 0) /* of nothing, from may be NULL */
		memcpy(at, from, n);
}

#endif
