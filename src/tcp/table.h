/* SPDX-License-Identifier: ISC */
/*
 * The demultiplexer: a keyed hash (SipHash-1-3) of all records, chained by id.
 * Heads are static, 4 octets x T/256. A look-up costs the chain's length.
 */
#ifndef PL_TCP_TABLE_H
#define PL_TCP_TABLE_H

#include "tcp/tcp.h"

/** Heads for a target: a power of two. */
uint32_t pl_tcp_table_heads(size_t target);

/** The remote address of a record, in network order; NULL for a listener. */
const uint8_t *pl_tcp_rec_raddr(const struct pl_tcp_rec *r);
uint8_t *pl_tcp_rec_raddr_mut(struct pl_tcp_rec *r);

struct pl_tuple pl_tcp_rec_tuple(const struct pl_tcp_rec *r);

/** Keyed. */
uint64_t pl_tcp_table_hash(const struct pl_tcp *t, const struct pl_tuple *k);

/** The record of a tuple, or NULL. Listeners are found by pl_tcp_table_listener(). */
struct pl_tcp_rec *pl_tcp_table_find(const struct pl_tcp *t, const struct pl_tuple *k);

/** The listener for a local address and port: the exact one before the one on all addresses. */
struct pl_tcp_listener *pl_tcp_table_listener(const struct pl_tcp *t, uint8_t laddr, uint8_t family, uint16_t lport);

void pl_tcp_table_insert(struct pl_tcp *t, struct pl_tcp_rec *r);
void pl_tcp_table_remove(struct pl_tcp *t, struct pl_tcp_rec *r);

/** The record `from` was copied to `to`: its chain follows. */
void pl_tcp_table_moved(struct pl_tcp *t, pl_id from, struct pl_tcp_rec *to);

#endif
