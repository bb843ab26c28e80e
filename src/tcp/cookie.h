/* SPDX-License-Identifier: ISC */
/*
 * SYN cookies (RFC 4987 §3.6): the ISS carries a coarse clock, the peer's MSS class
 * and a keyed hash; window scale and SACK ride in the low bits of our timestamp.
 */
#ifndef PL_TCP_COOKIE_H
#define PL_TCP_COOKIE_H

#include "tcp/tcp.h"

/** ISS for a SYN that nothing is remembered of. */
pl_seq pl_cookie_make(const struct pl_tcp *t, const struct pl_tuple *k, pl_seq irs, uint16_t mss);

/** Is ack - 1 a cookie we gave for this SYN in the last two minutes? *mss is the class it carries. */
bool pl_cookie_check(const struct pl_tcp *t, const struct pl_tuple *k, pl_seq irs, pl_seq iss, uint16_t *mss);

/** Put the peer's options into the low bits of a timestamp (never later than tsval). */
uint32_t pl_cookie_ts(uint32_t tsval, uint8_t opts, uint8_t wscale);

/** Take them out of the echo: *opts gets PL_OPT_SACK_OK and PL_OPT_WSCALE. */
void pl_cookie_ts_read(uint32_t tsecr, uint8_t *opts, uint8_t *wscale);

#endif
