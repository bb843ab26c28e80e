/* SPDX-License-Identifier: ISC */
/*
 * The queues that connections stand in: hot parts with something to send, hot parts
 * that wait for a neighbour, hot parts by how long they are quiet, and idle forms whose
 * SYN waits. A hot part is in the first or the second, or in neither, and always in
 * the third.
 */
#ifndef PL_TCP_QUEUE_H
#define PL_TCP_QUEUE_H

#include "tcp/tcp.h"

void pl_tcp_queues_init(struct pl_tcp *t);

/** A hot part comes to life, or goes: it enters or leaves every queue. */
void pl_tcp_queues_enter(struct pl_tcp *t, pl_id hot);
void pl_tcp_queues_leave(struct pl_tcp *t, pl_id hot);

/** It was heard of, or used: last in the order of quiet. */
void pl_tcp_touch(struct pl_tcp *t, struct pl_tcp_conn *c);

/** Leave an intent and stand in the output queue. */
void pl_tcp_want(struct pl_tcp *t, struct pl_tcp_conn *c, uint32_t want);

/** The head of the output queue: has had its burst, has nothing to send now, or waits for a neighbour. */
void pl_tcp_tx_rotate(struct pl_tcp *t);
void pl_tcp_tx_drop_head(struct pl_tcp *t);
void pl_tcp_tx_block_head(struct pl_tcp *t);

/** A neighbour resolved or failed: all that wait stand in the output queue again. */
void pl_tcp_tx_unblock_all(struct pl_tcp *t);

/** Connections whose SYN or SYN-ACK waits. */
void pl_tcp_syn_push(struct pl_tcp *t, struct pl_tcp_conn *c);
void pl_tcp_syn_remove(struct pl_tcp *t, struct pl_tcp_conn *c);

#endif
