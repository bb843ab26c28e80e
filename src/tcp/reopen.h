/* SPDX-License-Identifier: ISC */
/*
 * Windows that pressure shut open again when the level falls: paced, and those with the least left first, so that
 * senders do not come back all at once. Windows of a segment or more need no help: the next ACK tells.
 */
#ifndef PL_TCP_REOPEN_H
#define PL_TCP_REOPEN_H

#include "tcp/tcp.h"

/** The level fell: go round. */
void pl_tcp_reopen_begin(struct pl_tcp *t);

void pl_tcp_reopen_poll(struct pl_tcp *t, pl_time now, unsigned *budget);

static inline pl_time
pl_tcp_reopen_deadline(const struct pl_tcp *t)
{
	return t->reopen.next;
}

#endif
