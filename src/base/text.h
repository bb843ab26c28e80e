/* SPDX-License-Identifier: ISC */
/* Text of a segment: mostly one run of octets, several where frames of one stream came as a train. Borrows all of it. */
#ifndef PL_BASE_TEXT_H
#define PL_BASE_TEXT_H

#include "base/def.h"

struct pl_text {
	const uint8_t *p;           /* the first run */
	size_t first;               /* octets at p */
	size_t len;                 /* octets in all; may end inside the last run */
	const struct pl_span *more; /* the other runs */
};

static inline struct pl_text
pl_text_of(const uint8_t *p, size_t len)
{
	return (struct pl_text){p, len, len, NULL};
}

/** A run at the front, as far as the text goes. */
static inline struct pl_span
pl_text_run(const struct pl_text *t)
{
	return (struct pl_span){t->p, PL_MIN(t->first, t->len)};
}

/** Without its first n octets; n <= len. */
static inline struct pl_text
pl_text_skip(struct pl_text t, size_t n)
{
	while (n >= t.first && t.len > t.first) {
		n -= t.first;
		t.len -= t.first;
		t.p = t.more->p;
		t.first = t.more->len;
		t.more++;
	}
	t.p += n;
	t.first -= n;
	t.len -= n;
	return t;
}

/** Copy its first n octets out and go on behind them; n <= len. */
static inline void
pl_text_take(struct pl_text *t, uint8_t *to, size_t n)
{
	while (n > 0) {
		size_t run = PL_MIN(n, pl_text_run(t).len);

		memcpy(to, t->p, run);
		*t = pl_text_skip(*t, run);
		to += run;
		n -= run;
	}
}

#endif
