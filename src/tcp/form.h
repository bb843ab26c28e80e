/* SPDX-License-Identifier: ISC */
/* The forms of a connection: birth, inflation, compaction, end. */
#ifndef PL_TCP_FORM_H
#define PL_TCP_FORM_H

#include "tcp/queue.h"
#include "tcp/tcp.h"

/** A connection in its idle form, in the table, no state yet. NULL: refused. */
struct pl_tcp_conn *pl_tcp_conn_new(struct pl_tcp *t, const struct pl_tuple *k, enum plim_state state);

/** Free everything a connection holds. Its slot and what the application holds stay (see pl_tcp_conn_end). */
void pl_tcp_conn_free(struct pl_tcp *t, struct pl_tcp_conn *c);

/**
 * The connection is over, for a reason (a positive error number, 0: closed normally). Frees it; its slot
 * becomes a tombstone, and the application is told.
 */
void pl_tcp_conn_end(struct pl_tcp *t, struct pl_tcp_conn *c, unsigned reason, uint32_t event_bits);

/** The hot part, made if there is none. NULL: refused, even after others were compacted. */
struct pl_tcp_hot *pl_tcp_inflate(struct pl_tcp *t, struct pl_tcp_conn *c, enum pl_grant grant);

/** Nothing queued, nothing in flight, nothing to say, and a state that the idle form can carry? */
bool pl_tcp_can_compact(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** The same, but for text that the application leaves unread? */
bool pl_tcp_can_park(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** Give the hot part up: to the idle form, or, with unread text, to the parked one (which may be refused). */
void pl_tcp_compact(struct pl_tcp *t, struct pl_tcp_conn *c);

/** All was read: the parked form becomes the idle one. */
void pl_tcp_leave_park(struct pl_tcp *t, struct pl_tcp_conn *c);

#define PL_COMPACT_MOST 32u /* connections compacted for one grant of another type: about a slab of them */

/** Compact the connection that is quiet longest and can be, but not `keep` (or NULL). Bounded look. False: none. */
bool pl_tcp_compact_quiet(struct pl_tcp *t, const struct pl_tcp_conn *keep);

/** Real octets held: record, slot, hot part, blocks, index, charges. */
uint64_t pl_tcp_held(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** A measure on this connection: counted, and kept with its reason. */
void pl_tcp_trace(struct pl_tcp *t, const struct pl_tcp_conn *c, enum plim_action action, uint64_t octets,
                  uint64_t reason);

/** Events for the application; nothing for orphans and the unaccepted. */
void pl_tcp_tell(struct pl_tcp *t, struct pl_tcp_conn *c, uint32_t bits);

/** The slot, 0 for orphans and the unaccepted. */
static inline pl_id
pl_tcp_slot(const struct pl_tcp_conn *c)
{
	return c->flags & (PL_CF_ORPHAN | PL_CF_UNACCEPTED) ? 0 : c->slot;
}

/** What the application holds through a connection's options: freed. */
void pl_tcp_connopt_free(struct pl_core *core, pl_id opt);

/** The options of a connection, made if there are none. NULL: refused. */
struct pl_tcp_connopt *pl_tcp_connopt_make(struct pl_tcp *t, struct pl_tcp_conn *c);

#endif
