/* SPDX-License-Identifier: ISC */
/*
 * What one connection may queue, in each direction:
 *
 *   limit = min(configured, waterline x weight, earned)
 *
 * The waterline is a share of what is free (Choudhury-Hahne), the weight falls while nothing moves (tcp/debt.h),
 * and what is earned follows what the application consumed, or what the peer acknowledged.
 */
#ifndef PL_TCP_LIMIT_H
#define PL_TCP_LIMIT_H

#include "tcp/tcp.h"

/** Segments of an initial window at the present level: RFC 6928's, then 4, 2, 1; less before the application accepted. */
uint32_t pl_tcp_initial_segments(const struct pl_core *core, bool is_accepted);

/**
 * The receive window that a connection keeps below level 4 whatever waterline and credit say: its first segment; what
 * its application keeps up with, up to 32 KiB, for octets that are taken as they come hold no memory; and without
 * pressure, once it was useful, what it earned, up to 48 KiB (all of it below 8 MiB).
 */
uint32_t pl_tcp_rcv_kept(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** Octets it may queue for receiving. */
uint32_t pl_tcp_rcv_limit(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** Octets it may queue for sending. */
uint32_t pl_tcp_snd_limit(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** The same as if nothing pressed: what is beyond is refused because of pressure. */
uint32_t pl_tcp_snd_configured(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** The estimate of the peer's segment size. */
uint32_t pl_tcp_rcv_mss(const struct pl_tcp_conn *c, const struct pl_tcp_hot *h);

#endif
