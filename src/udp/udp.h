/* SPDX-License-Identifier: ISC */
/*
 * UDP sockets (RFC 768, RFC 1122 4.1): bounded queues in real octets, class `udp`.
 *
 * A socket is an arena object named by pl_id. Events go to its handle slot.
 */
#ifndef PL_UDP_UDP_H
#define PL_UDP_UDP_H

#include "mem/slot.h"
#include "net/net.h"

#define PL_UDP_HEADS 64 /* chains of sockets, by the low bits of the port: nobody outside chooses our ports */
#define PL_UDP_ANY_LADDR 255

struct pl_udp {
	struct pl_core *core;
	struct pl_net *net;
	pl_id heads[PL_UDP_HEADS];
	pl_id tx_head, tx_tail; /* sockets with datagrams to send, each at most once */
};

void pl_udp_init(struct pl_udp *u, struct pl_core *c, struct pl_net *n);

/** laddr 255: every address of the family, family 0: of both. port 0: random. PLIM_EADDRINUSE, PLIM_EADDRNOTAVAIL (no free port), PLIM_ENOMEM. */
int pl_udp_open(struct pl_udp *u, uint8_t laddr, uint8_t family, uint16_t port, uint32_t cookie, pl_id *out);
void pl_udp_set_slot(struct pl_udp *u, pl_id sock, pl_id slot);
void pl_udp_close(struct pl_udp *u, pl_id sock);
uint32_t pl_udp_cookie(const struct pl_udp *u, pl_id sock);
void pl_udp_set_cookie(struct pl_udp *u, pl_id sock, uint32_t cookie);
bool pl_udp_drop_oldest(const struct pl_udp *u, pl_id sock);
void pl_udp_set_drop_oldest(struct pl_udp *u, pl_id sock, bool on);

/** What a socket may queue now in one direction, real octets. */
uint64_t pl_udp_queue_limit(const struct pl_udp *u);
uint16_t pl_udp_port(const struct pl_udp *u, pl_id sock);

/** Take a datagram from the network layer. */
void pl_udp_input(struct pl_udp *u, const struct pl_pkt *pkt);
void pl_udp_icmp_error(struct pl_udp *u, const struct pl_icmp_error *err);

int64_t pl_udp_send(struct pl_udp *u, pl_id sock, const struct plim_endpoint *to, const uint8_t *data, size_t len);
int64_t pl_udp_recv(struct pl_udp *u, pl_id sock, uint8_t *data, size_t len, struct plim_endpoint *from);

/** The last ICMP or neighbour error, forgotten by asking; 0: none. */
int pl_udp_soft_error(struct pl_udp *u, pl_id sock);

/** Is there anything for pl_udp_output()? */
bool pl_udp_has_output(const struct pl_udp *u);

/** Octets of the next datagram, 0 if none. */
uint32_t pl_udp_readable(const struct pl_udp *u, pl_id sock);

/**
 * Build the next datagram to send as a frame. False: none. *loop: it is for ourselves: hand its IP
 * datagram to the stack's input instead of the driver.
 */
bool pl_udp_output(struct pl_udp *u, struct plim_frame *f, bool *loop, pl_time now);

#endif
