/* SPDX-License-Identifier: ISC */
/*
 * Definitions everybody needs: assertions, attributes, small helpers.
 *
 * PL_ASSERT is for our own bugs only. Nothing that arrives in a packet or as an
 * argument may trip one. PL_NEVER(x) marks a branch we think impossible yet want
 * to survive: it is x, and traps in debug builds.
 */
#ifndef PL_BASE_DEF_H
#define PL_BASE_DEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plim/plim.h>

#ifdef PL_DEBUG
#define PL_ASSERT(x) ((x) ? (void)0 : __builtin_trap())
#define PL_NEVER(x) (__builtin_expect(!!(x), 0) ? (__builtin_trap(), true) : false)
#else
#define PL_ASSERT(x) ((void)sizeof(!(x)))
#define PL_NEVER(x) __builtin_expect(!!(x), 0)
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PL_LITTLE_ENDIAN 1
#else
#define PL_LITTLE_ENDIAN 0
#endif

#define PL_LIKELY(x) __builtin_expect(!!(x), 1)
#define PL_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define PL_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PL_MIN(a, b) ((a) < (b) ? (a) : (b))
#define PL_MAX(a, b) ((a) > (b) ? (a) : (b))
#define PL_CLAMP(x, lo, hi) PL_MIN(PL_MAX(x, lo), hi)
#define PL_ALIGN_UP(x, a) (((x) + ((a)-1)) / (a) * (a))

#ifdef __cplusplus
#define _Static_assert static_assert
extern "C" {
#endif
/* Freestanding: the four functions a compiler may call anyway. */
void *memcpy(void *__restrict to, const void *__restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *p, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
#ifdef __cplusplus
}
#endif
#if !__STDC_HOSTED__ /* there a compiler would call them even for four octets */
#define memcpy(to, from, n) __builtin_memcpy(to, from, n)
#define memmove(to, from, n) __builtin_memmove(to, from, n)
#define memset(p, c, n) __builtin_memset(p, c, n)
#define memcmp(a, b, n) __builtin_memcmp(a, b, n)
#endif

/* What one family of processors has and the code may use after asking. */
#if defined(__x86_64__)
#include <cpuid.h>
#define PL_TARGET_AVX2 __attribute__((target("avx2")))
static inline bool
pl_cpu_has_avx2(void)
{
	uint32_t a, b, c, d, state, high;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX))
		return false;
	__asm__("xgetbv" : "=a"(state), "=d"(high) : "c"(0));
	return (state & 6) == 6 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_AVX2;
}
#else
#define PL_TARGET_AVX2
static inline bool
pl_cpu_has_avx2(void)
{
	return false;
}
#endif

/** Nanoseconds. */
typedef plim_time pl_time;
#define PL_TIME_NEVER PLIM_NEVER
#define PL_US(n) ((pl_time)(n)*1000u)
#define PL_MS(n) ((pl_time)(n)*1000000u)
#define PL_SEC(n) ((pl_time)(n)*1000000000u)

/** The object's number in the arena: its offset / PL_ID_OCTETS. 0 is nobody. */
typedef uint32_t pl_id;
#define PL_ID_OCTETS 4u

/** A run of octets that is only read. */
struct pl_span {
	const uint8_t *p;
	size_t len;
};

#endif
