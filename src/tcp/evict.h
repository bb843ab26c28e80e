/* SPDX-License-Identifier: ISC */
/*
 * Who goes first when memory is needed, in O(1).
 *
 * A hand goes round the records; each one it looks at that may go is offered to a short list of the worst. The list,
 * not the whole table, is asked who goes: worst rank first, within it the largest debt, weighted by how many
 * connections its prefix has (at most x4: many honest users share an address). What it names is judged again then.
 *
 *   rank      who                                                       from age, level 3 / 4
 *   orphan    no handle, stalled (tcp/orphan.h); closing forms          -
 *   vanished  liveness probes unanswered                                -
 *   useless   never moved a useful octet                                20 s / 5 s
 *   useful    did                                                       six times that
 *
 * On its way the hand shrinks windows that are over their limit (from level 3) and prunes out-of-order text that waits
 * for a hole that does not close.
 */
#ifndef PL_TCP_EVICT_H
#define PL_TCP_EVICT_H

#include "tcp/tcp.h"

/** End the worst connection that may go, but not `keep` (or NULL). False: nobody may. Bounded look. */
bool pl_tcp_evict(struct pl_tcp *t, const struct pl_tcp_conn *keep);

/** Is there anybody who may go? Bounded look. */
bool pl_tcp_can_evict(struct pl_tcp *t);

/** What is due under pressure: a few evictions each tick while the level asks for them. */
void pl_tcp_evict_poll(struct pl_tcp *t, pl_time now, unsigned *budget);
pl_time pl_tcp_evict_deadline(const struct pl_tcp *t);

#endif
