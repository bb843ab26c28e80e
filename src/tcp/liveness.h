/* SPDX-License-Identifier: ISC */
/*
 * Is the peer still there? Keepalive on request (MUST-24 to MUST-29), and under pressure liveness probes, unless
 * forbidden for the connection (DEVIATES MUST-25, MUST-28 from level 1 on):
 *
 *                          level 1              from level 2
 *   never useful           30 s, 3 x 10 s       10 s, 3 x 5 s       no answer: ended
 *   with a useful history  15 min, 3 x 10 s     60 s, 3 x 5 s       no answer: first to go at level 3
 *
 * Connections that nobody accepted yet have a deadline of their own and are not probed.
 */
#ifndef PL_TCP_LIVENESS_H
#define PL_TCP_LIVENESS_H

#include "tcp/tcp.h"

/** When the next probe, or the end, is due; PL_TIME_NEVER: not as things are. */
pl_time pl_tcp_liveness_deadline(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** Do what is due. True: c is gone. */
bool pl_tcp_liveness_fire(struct pl_tcp *t, struct pl_tcp_conn *c);

/** Did the peer leave its liveness probes unanswered? */
bool pl_tcp_is_vanished(const struct pl_tcp *t, const struct pl_tcp_conn *c);

#endif
