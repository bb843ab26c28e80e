/* SPDX-License-Identifier: ISC */
/* What every target has: its entry, and the way to say that a property does not hold. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"

#define MUST(cond) ((cond) ? (void)0 : broken(__FILE__, __LINE__, #cond))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A property does not hold: say which, and end. */
static inline void
broken(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

#endif
