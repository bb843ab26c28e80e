/* SPDX-License-Identifier: ISC */
/*
 * Memory whose end is the end of what may be touched: the page behind it faults, in every
 * build. With ASan what stands before the octets in use faults too.
 */
#ifndef FUZZ_GUARD_H
#define FUZZ_GUARD_H

#include <stddef.h>
#include <stdint.h>

struct guarded {
	uint8_t *start, *end;
};

/** Room for cap octets. Ends the program where there is none. */
struct guarded guarded_room(size_t cap);

/** The last n octets of the room (n at most its cap); what stands before must not be touched. */
uint8_t *guarded_last(const struct guarded *g, size_t n);

/** A copy of n octets there. */
uint8_t *guarded_copy(const struct guarded *g, const void *data, size_t n);

#define FUZZ_INPUT_MOST 65536

/** The input, cut after FUZZ_INPUT_MOST octets, in a room of its own that is made once. */
const uint8_t *guarded_input(const void *data, size_t *size);

/** The same with a NUL behind it; *size does not count it. */
const char *guarded_text(const void *data, size_t *size);

#endif
