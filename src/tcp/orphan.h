/* SPDX-License-Identifier: ISC */
/*
 * Orphans: connections whose handle was given back and that still have something to
 * send. What they hold is accounted together and capped (cap_orphan_pct); each has an
 * absolute or a progress deadline (timer.c, closing.c).
 */
#ifndef PL_TCP_ORPHAN_H
#define PL_TCP_ORPHAN_H

#include "tcp/tcp.h"

/** c loses its handle; orphans that stall go if all hold more than the cap. False: no room under pressure; c is to be given up. */
bool pl_tcp_orphan_enter(struct pl_tcp *t, struct pl_tcp_conn *c);

/** An orphan whose peer takes nothing: its window takes no segment (nor half of the largest it ever offered) and it acknowledged nothing yet, or next to nothing for half a second; or next to nothing for a second whatever its window. That it answers probes does not count. */
bool pl_tcp_orphan_is_stalled(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** Octets left c's queue: bring the account up to date. */
void pl_tcp_orphan_update(struct pl_tcp *t, struct pl_tcp_conn *c);

/** c ends. */
void pl_tcp_orphan_leave(struct pl_tcp *t, struct pl_tcp_conn *c);

/** Its look of each second: over the cap a stalled orphan goes. True: c is gone. */
bool pl_tcp_orphan_shed(struct pl_tcp *t, struct pl_tcp_conn *c);

#endif
