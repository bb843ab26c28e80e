/* SPDX-License-Identifier: ISC */
/*
 * After a wave the records that stay are spread over many slabs. Records may move (handles
 * are slots, slots are not records), so a few at a time go to fuller slabs, until no type
 * stands in more than twice the slabs it needs. Bounded work, on a deadline of its own.
 */
#ifndef PL_TCP_TIDY_H
#define PL_TCP_TIDY_H

#include "tcp/tcp.h"

/** A record of this type went. */
void pl_tcp_tidy_note(struct pl_tcp *t, enum pl_obj type);

void pl_tcp_tidy_poll(struct pl_tcp *t, pl_time now, unsigned *budget);

#endif
