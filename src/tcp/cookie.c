/* SPDX-License-Identifier: ISC */
/* SYN cookies: see cookie.h. ISS = 5 bits of a 64 s clock, 3 bits of MSS class, 24 bits of hash. */
#include "tcp/cookie.h"

#include "tcp/isn.h"

#define CLOCK_SHIFT 36 /* 2^36 ns = 68.7 s */
#define NO_WSCALE 15u

static const uint16_t mss_classes[8] = {216, 536, 1220, 1300, 1380, 1440, 1460, 8960};

static uint32_t
clock_now(const struct pl_tcp *t)
{
	return (uint32_t)(t->core->now >> CLOCK_SHIFT);
}

static uint32_t
class_of(uint16_t mss)
{
	uint32_t i = PL_COUNT(mss_classes) - 1;

	while (i > 0 && mss_classes[i] > mss)
		i--;
	return i;
}

static pl_seq
compose(const struct pl_tcp *t, const struct pl_tuple *k, pl_seq irs, uint32_t clock, uint32_t cls)
{
	uint32_t hash = pl_tcp_cookie_hash(t, k, irs, clock << 3 | cls);

	return (clock & 31) << 27 | cls << 24 | (hash & 0xffffff);
}

pl_seq
pl_cookie_make(const struct pl_tcp *t, const struct pl_tuple *k, pl_seq irs, uint16_t mss)
{
	return compose(t, k, irs, clock_now(t), class_of(mss));
}

bool
pl_cookie_check(const struct pl_tcp *t, const struct pl_tuple *k, pl_seq irs, pl_seq iss, uint16_t *mss)
{
	uint32_t cls = iss >> 24 & 7;

	for (uint32_t age = 0; age < 2; age++) {
		if (compose(t, k, irs, clock_now(t) - age, cls) == iss) {
			*mss = mss_classes[cls];
			return true;
		}
	}
	return false;
}

uint32_t
pl_cookie_ts(uint32_t tsval, uint8_t opts, uint8_t wscale)
{
	uint32_t bits = (opts & PL_OPT_WSCALE ? wscale & 15u : NO_WSCALE) | (opts & PL_OPT_SACK_OK ? 16u : 0);
	uint32_t ts = (tsval & ~31u) | bits;

	return ts > tsval ? ts - 32 : ts;
}

void
pl_cookie_ts_read(uint32_t tsecr, uint8_t *opts, uint8_t *wscale)
{
	uint8_t shift = tsecr & 15;

	if (tsecr & 16)
		*opts |= PL_OPT_SACK_OK;
	if (shift != NO_WSCALE) {
		*opts |= PL_OPT_WSCALE;
		*wscale = shift;
	}
}
