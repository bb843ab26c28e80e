/* SPDX-License-Identifier: ISC */
/* The Internet checksum: see checksum.h. The loops are in checksum_loops.h. */
#include "base/checksum.h"

#define VEC_OCTETS 16
#define LOOP
#include "base/checksum_loops.h"

uint64_t
pl_csum_add(uint64_t sum, const void *p, size_t n)
{
	return loop_sum(sum, NULL, p, n);
}

uint64_t
pl_csum_copy(uint64_t sum, void *__restrict to, const void *__restrict from, size_t n)
{
	return loop_sum(sum, to, from, n);
}

static const struct pl_csum portable = {pl_csum_add, pl_csum_copy};

const struct pl_csum *
pl_csum_choose(void)
{
	return pl_cpu_has_avx2() ? &pl_csum_avx2 : &portable;
}

uint64_t
pl_csum_shift(uint64_t sum)
{
	uint16_t s = pl_csum_fold(sum);

	return (uint16_t)(s << 8 | s >> 8);
}

uint64_t
pl_csum_pseudo(const struct plim_addr *src, const struct plim_addr *dst, uint8_t proto, uint32_t len)
{
	/* Both families sum to the same: addresses, protocol, length; the padding adds nothing. */
	uint8_t rest[8] = {
		(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, proto,
	};
	size_t n = src->family == 4 ? 4 : 16;
	uint64_t sum = add_tail(0, src->octets, n);

	return add_tail(add_tail(sum, dst->octets, n), rest, sizeof rest);
}
