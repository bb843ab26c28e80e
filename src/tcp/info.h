/* SPDX-License-Identifier: ISC */
/* What is seen of records from outside: struct plim_conn_info, and the walk over all of them. */
#ifndef PL_TCP_INFO_H
#define PL_TCP_INFO_H

#include "tcp/tcp.h"

void pl_tcp_info_conn(const struct pl_tcp *t, const struct pl_tcp_conn *c, struct plim_conn_info *out);
void pl_tcp_info_listener(const struct pl_tcp *t, const struct pl_tcp_listener *l, struct plim_conn_info *out);

/** The next records after *cursor (0: the first). Returns how many. */
int pl_tcp_info_walk(const struct pl_tcp *t, uint64_t *cursor, struct plim_conn_info *out, size_t n);

/** Walk the invariants of every record; a text of the first fault, or NULL. */
const char *pl_tcp_check(const struct pl_tcp *t);

#endif
