/* SPDX-License-Identifier: ISC */
/*
 * The socket layer: handles over records, events over slots. One stack is struct plim,
 * which lives at the start of its region.
 */
#ifndef PL_SOCK_SOCK_H
#define PL_SOCK_SOCK_H

#include "net/net_state.h"
#include "tcp/tcp.h"
#include "udp/udp.h"

struct plim {
	struct pl_core core;
	struct pl_net net;
	struct pl_tcp tcp;
	struct pl_udp udp;
	bool udp_turn; /* which transport is asked first for the next frame */
};

/** The connection behind a handle, its lent room taken back; NULL and *rc: stale, ended, or not a connection. */
struct pl_tcp_conn *pl_sock_conn(plim *s, plim_h h, int *rc);

/** Which of our addresses an endpoint names: PL_LADDR_ANY for family 0 or the any-address. */
int pl_sock_local(plim *s, const struct plim_endpoint *local, uint8_t *laddr, uint8_t *family);

#endif
