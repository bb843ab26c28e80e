/* SPDX-License-Identifier: ISC */
/*
 * New connections under pressure. At level 2 they are paced: one token each, refilled by what connections that
 * ended gave back and by an eighth of the room below level 3 per second, over the mean cost of a connection; at most
 * a second's worth is saved up. From level 3 on one comes only in place of a worse one, at level 4 no handshake begins.
 *
 * A SYN for which there is no token is dropped before any state or cookie: the client's retry takes the next. The
 * token is taken when the handshake completes, so that SYNs of nobody use none up. Never is anything reset.
 */
#ifndef PL_TCP_ADMIT_H
#define PL_TCP_ADMIT_H

#include "tcp/tcp.h"

/** May a handshake begin? Counts and traces a refusal. */
bool pl_tcp_may_begin(struct pl_tcp *t, const struct plim_addr *raddr, uint16_t rport);

/** A handshake is complete: may the connection be made? Takes its token; from level 3 on a worse one goes for it. */
bool pl_tcp_admit(struct pl_tcp *t, const struct plim_addr *raddr, uint16_t rport);

/** A connection ended and gave so many octets back. */
void pl_tcp_admit_ended(struct pl_tcp *t, uint64_t octets);

#endif
