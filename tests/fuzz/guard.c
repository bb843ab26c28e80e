/* SPDX-License-Identifier: ISC */
/*
 * Guarded memory: see guard.h.
 *
 * Leaves out: giving room back. A fuzz target keeps its few rooms for its whole life.
 */
#include "guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

#ifdef HAS_ASAN
void __asan_poison_memory_region(void const volatile *p, size_t n);
void __asan_unpoison_memory_region(void const volatile *p, size_t n);
#else
static void
__asan_poison_memory_region(void const volatile *p, size_t n)
{
	(void)p;
	(void)n;
}

static void
__asan_unpoison_memory_region(void const volatile *p, size_t n)
{
	(void)p;
	(void)n;
}
#endif

struct guarded
guarded_room(size_t cap)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), octets = (cap + page - 1) / page * page;
	uint8_t *p = mmap(NULL, octets + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + page, octets, PROT_READ | PROT_WRITE) != 0) {
		perror("guarded_room");
		exit(EXIT_FAILURE);
	}
	return (struct guarded){p + page, p + page + octets};
}

uint8_t *
guarded_last(const struct guarded *g, size_t n)
{
	uint8_t *p = g->end - n;

	__asan_unpoison_memory_region(g->start, (size_t)(g->end - g->start));
	__asan_poison_memory_region(g->start, (size_t)(p - g->start));
	return p;
}

uint8_t *
guarded_copy(const struct guarded *g, const void *data, size_t n)
{
	uint8_t *p = guarded_last(g, n);

	if (n)
		memcpy(p, data, n);
	return p;
}

static uint8_t *
input_room(size_t n)
{
	static struct guarded room;

	if (!room.start)
		room = guarded_room(FUZZ_INPUT_MOST + 1);
	return guarded_last(&room, n);
}

const uint8_t *
guarded_input(const void *data, size_t *size)
{
	uint8_t *p;

	if (*size > FUZZ_INPUT_MOST)
		*size = FUZZ_INPUT_MOST;
	p = input_room(*size);
	if (*size)
		memcpy(p, data, *size);
	return p;
}

const char *
guarded_text(const void *data, size_t *size)
{
	uint8_t *p;

	if (*size > FUZZ_INPUT_MOST)
		*size = FUZZ_INPUT_MOST;
	p = input_room(*size + 1);
	if (*size)
		memcpy(p, data, *size);
	p[*size] = 0;
	return (const char *)p;
}
