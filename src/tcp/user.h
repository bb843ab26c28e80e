/* SPDX-License-Identifier: ISC */
/*
 * The user's calls (RFC 9293 §3.10.1 to §3.10.6) on connections, and what they are
 * told. Handles are the socket layer's business: here a connection is its record.
 */
#ifndef PL_TCP_USER_H
#define PL_TCP_USER_H

#include "tcp/tcp.h"

/** OPEN, active. The caller chose laddr; lport 0: a random one. */
int pl_tcp_open(struct pl_tcp *t, const struct pl_tuple *k, pl_id *out);

/** SEND. Returns octets taken, PLIM_EAGAIN, PLIM_EPIPE, PLIM_ENOTCONN. */
int64_t pl_tcp_send(struct pl_tcp *t, struct pl_tcp_conn *c, const uint8_t *data, size_t len, unsigned flags);

/** The same in place. */
int64_t pl_tcp_tx_reserve(struct pl_tcp *t, struct pl_tcp_conn *c, size_t want, struct plim_span *spans, size_t n);
int pl_tcp_tx_commit(struct pl_tcp *t, struct pl_tcp_conn *c, size_t len, unsigned flags);

/** What was lent and not committed is taken back. */
void pl_tcp_tx_cancel(struct pl_tcp *t, struct pl_tcp_conn *c);

/** RECEIVE: runs of unread octets; 0 at the end of the stream; PLIM_EAGAIN. */
int64_t pl_tcp_rx_peek(struct pl_tcp *t, struct pl_tcp_conn *c, struct plim_span *spans, size_t *n);

/** The application took len of them. True: c ended by that. */
int pl_tcp_rx_consume(struct pl_tcp *t, struct pl_tcp_conn *c, size_t len);

/** CLOSE: no more SENDs. */
int pl_tcp_shutdown(struct pl_tcp *t, struct pl_tcp_conn *c);

/** CLOSE, and the handle is given back: c is an orphan, or gone. */
void pl_tcp_release(struct pl_tcp *t, struct pl_tcp_conn *c);

/** ABORT, and the handle is given back: c is gone. */
void pl_tcp_abort(struct pl_tcp *t, struct pl_tcp_conn *c);

/** Octets that SEND would take now. */
uint32_t pl_tcp_writable(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/* ---- what is told ---- */

void pl_tcp_established(struct pl_tcp *t, struct pl_tcp_conn *c);

/** Octets left the send queue. */
void pl_tcp_tell_sent(struct pl_tcp *t, struct pl_tcp_conn *c);

/** MUST-47; reason is a positive error number. */
void pl_tcp_soft_error(struct pl_tcp *t, struct pl_tcp_conn *c, unsigned reason);

#endif
