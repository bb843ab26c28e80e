/* SPDX-License-Identifier: ISC */
/*
 * Feed a parser every truncation of a sample and many damaged copies, each in a heap
 * block of exactly its size, so that the sanitizer sees a read beyond it.
 */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include "unit.h"

typedef void (*parser)(const uint8_t *p, size_t n, void *arg);

static inline void
feed_exact(parser parse, const uint8_t *p, size_t n, void *arg)
{
	uint8_t *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	memcpy(copy, p, n);
	parse(copy, n, arg);
	free(copy);
}

static inline void
every_truncation(parser parse, const uint8_t *sample, size_t n, void *arg)
{
	for (size_t i = 0; i <= n; i++)
		feed_exact(parse, sample, i, arg);
}

static inline void
many_mutations(parser parse, const uint8_t *sample, size_t n, void *arg, unsigned rounds)
{
	uint64_t seed = n * 2654435761u + 1;
	uint8_t work[2048];

	for (size_t at = 0; at < n; at++) { /* every octet, telling values */
		static const uint8_t values[] = {0, 1, 2, 0x7f, 0x80, 0xff};

		for (unsigned v = 0; v < sizeof values; v++) {
			memcpy(work, sample, n);
			work[at] = values[v];
			feed_exact(parse, work, n, arg);
		}
	}
	for (unsigned r = 0; r < rounds; r++) {
		memcpy(work, sample, n);
		for (unsigned k = 1 + chance_below(&seed, 6); k > 0; k--)
			work[chance_below(&seed, (unsigned)n)] = (uint8_t)chance(&seed);
		feed_exact(parse, work, chance_below(&seed, 4) ? n : chance_below(&seed, (unsigned)n + 1), arg);
	}
}

#endif
