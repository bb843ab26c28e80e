/* SPDX-License-Identifier: ISC */
/* The checksum's loops for x86-64 with AVX2; used only where pl_cpu_has_avx2() says so. */
#include "base/checksum.h"

#define VEC_OCTETS 32
#define LOOP PL_TARGET_AVX2
#include "base/checksum_loops.h"

PL_TARGET_AVX2 static uint64_t
add(uint64_t sum, const void *p, size_t n)
{
	return loop_sum(sum, NULL, p, n);
}

PL_TARGET_AVX2 static uint64_t
copy(uint64_t sum, void *__restrict to, const void *__restrict from, size_t n)
{
	return loop_sum(sum, to, from, n);
}

const struct pl_csum pl_csum_avx2 = {add, copy};
