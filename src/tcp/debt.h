/* SPDX-License-Identifier: ISC */
/*
 * What a connection costs the others: octets held times the time they have been of no use.
 *
 *   held       all real octets: record, blocks, index, charged (pl_tcp_held)
 *   stall age  now - t0. Useful octets (consumed by the application, or newly acknowledged by the peer) move t0
 *              forward by the part of `held` that they are: a drip does not reset it.
 *   debt       held x stall age: who goes first under pressure
 *   weight     2^-k: what is left of its share of memory while something is queued and nothing moves
 */
#ifndef PL_TCP_DEBT_H
#define PL_TCP_DEBT_H

#include "tcp/tcp.h"

/** A new connection: its age begins. */
void pl_tcp_debt_begin(struct pl_tcp *t, struct pl_tcp_conn *c);

/** So many octets were of use. */
void pl_tcp_debt_useful(struct pl_tcp *t, struct pl_tcp_conn *c, uint32_t octets);

/** Stall age, milliseconds. */
uint64_t pl_tcp_stall_ms(const struct pl_tcp *t, const struct pl_tcp_conn *c);

#define PL_WEIGHT_SHIFT_MOST 4u

/** k of the weight, 0 to 4; 0 while nothing is queued. */
unsigned pl_tcp_weight_shift(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** Octet-milliseconds. */
uint64_t pl_tcp_debt(const struct pl_tcp *t, const struct pl_tcp_conn *c);

#endif
