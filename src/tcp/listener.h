/* SPDX-License-Identifier: ISC */
/* Listeners and the connections that wait to be accepted. A listener is an arena object; there are at most PL_TCP_MAX_LISTENERS. */
#ifndef PL_TCP_LISTENER_H
#define PL_TCP_LISTENER_H

#include "tcp/tcp.h"

/** Listen. laddr PL_LADDR_ANY: on every address; family 0: both. PLIM_EADDRINUSE, PLIM_ENOMEM. */
int pl_tcp_listener_open(struct pl_tcp *t, uint8_t laddr, uint8_t family, uint16_t port, pl_id *out);

/** Stop listening; connections nobody accepted are reset. */
void pl_tcp_listener_close(struct pl_tcp *t, struct pl_tcp_listener *l);

bool pl_tcp_listener_is_full(const struct pl_tcp_listener *l);

/** An established connection waits to be accepted. */
void pl_tcp_listener_queue(struct pl_tcp *t, struct pl_tcp_listener *l, struct pl_tcp_conn *c);

/** The one that waited longest, taken out; NULL. */
struct pl_tcp_conn *pl_tcp_listener_first(const struct pl_tcp *t, const struct pl_tcp_listener *l);
void pl_tcp_listener_unqueue(struct pl_tcp *t, struct pl_tcp_conn *c);

/** A connection that waits was copied to c: the queue follows. */
void pl_tcp_listener_moved(struct pl_tcp *t, struct pl_tcp_conn *c);

/** A connection that came from listener number - 1 ended. 0: it came from none. */
void pl_tcp_listener_leave(struct pl_tcp *t, uint16_t number);

#endif
