/* SPDX-License-Identifier: ISC */
/*
 * The last measures taken to stay under the target, each with its reason: a ring, static, overwritten from the
 * oldest on. Measures are counted here too (core->actions).
 */
#ifndef PL_MEM_TRACE_H
#define PL_MEM_TRACE_H

#include "mem/core.h"

/** A measure that concerns no single connection. octets, reason: see struct plim_trace_record. */
void pl_trace(struct pl_core *c, enum plim_action action, uint64_t octets, uint64_t reason);

/** A measure on the connection with this peer. */
void pl_trace_peer(struct pl_core *c, enum plim_action action, uint64_t octets, uint64_t reason,
                   const struct plim_addr *raddr, uint16_t rport);

/**
 * A measure that strangers can bring about as often as they like: a record each 100 ms at most, so that a flood does not
 * overwrite what else was done. All are counted. raddr: NULL where it concerns no single connection.
 */
void pl_trace_often(struct pl_core *c, enum plim_action action, uint64_t octets, uint64_t reason,
                    const struct plim_addr *raddr, uint16_t rport);

/** See plim_trace(). */
size_t pl_trace_read(const struct pl_core *c, uint64_t *cursor, struct plim_trace_record *out, size_t n,
                     uint64_t *lost);

#endif
