/* SPDX-License-Identifier: ISC */
/* Deadlines of connections: see timer.c for all timers and when each fires. */
#ifndef PL_TCP_TIMER_H
#define PL_TCP_TIMER_H

#include "tcp/tcp.h"

/** File the earliest deadline of a hot part in the wheel. It may fire early, never late. */
void pl_tcp_timer_arm(struct pl_tcp *t, struct pl_tcp_conn *c);

/** Start, restart or stop the retransmission (or persist) timer as RFC 6298 §5 says, by what is outstanding now. */
void pl_tcp_timer_restart_rtx(struct pl_tcp *t, struct pl_tcp_conn *c);
void pl_tcp_timer_ensure_rtx(struct pl_tcp *t, struct pl_tcp_conn *c);

/** The next deadline of an idle form (keepalive, SYN, acceptance). */
pl_time pl_tcp_idle_deadline(const struct pl_tcp *t, const struct pl_tcp_conn *c);

/** A small form has a deadline: the hand will be there. */
void pl_tcp_hand_note(struct pl_tcp *t, pl_time at);

/** R2 of a connection, nanoseconds. */
pl_time pl_tcp_user_timeout(const struct pl_tcp *t, const struct pl_tcp_conn *c);

#endif
