/* SPDX-License-Identifier: ISC */
/*
 * SEGMENT ARRIVES (RFC 9293 §3.10.7), one function per step and state group. Each
 * step looks at the state again, because a step before it may have moved it.
 * A step that ends the connection returns PL_STEP_DROP: c is gone then.
 */
#ifndef PL_TCP_STEPS_H
#define PL_TCP_STEPS_H

#include "tcp/decide.h"
#include "tcp/tcp.h"

/** §3.10.7.4: every state from SYN_RECEIVED on. seg->wnd is as in the header. */
void pl_tcp_steps(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, struct pl_tcp_seg *seg);

/** §3.10.7.3: SYN_SENT. */
void pl_tcp_syn_sent(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, struct pl_tcp_seg *seg);

/** Fifth: ACK. */
enum pl_step pl_tcp_step_ack(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt,
                             const struct pl_tcp_seg *seg);

/** Seventh: text. Eighth: FIN. */
enum pl_step pl_tcp_step_text(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt,
                              const struct pl_tcp_seg *seg);
enum pl_step pl_tcp_step_fin(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt,
                             const struct pl_tcp_seg *seg);

/** The connection reached TIME_WAIT: in its small form, or, while the application holds it, as it is. */
void pl_tcp_begin_timewait(struct pl_tcp *t, struct pl_tcp_conn *c);

/** An orphan that needs no more than a small form gets one. True: c is gone. */
bool pl_tcp_settle(struct pl_tcp *t, struct pl_tcp_conn *c);

#endif
