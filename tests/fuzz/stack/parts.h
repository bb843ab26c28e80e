/* SPDX-License-Identifier: ISC */
/* The whole-stack target's operations, and what it asks after each. */
#ifndef FUZZ_STACK_PARTS_H
#define FUZZ_STACK_PARTS_H

#include "world.h"

/* ---- frames.c: frames as the peers make them ---- */

struct plim_addr us(unsigned flow);
struct plim_addr them(unsigned flow);

/** From now on so many frames arrive in one call; what waits arrives now. */
void together(unsigned most);

/** Hand a frame to the stack. */
void give(const uint8_t *p, size_t n, uint8_t flags, uint16_t gso_size);

/** A transport datagram with its checksum at csum_at (none if beyond n). */
void give_l4(struct plim_addr src, struct plim_addr dst, uint8_t proto, uint8_t *l4, size_t n, size_t csum_at);

/** A segment of a flow's peer, with len octets of text. */
void give_segment(unsigned flow, struct pl_tcp_seg *s, uint32_t len);

void add_timestamp(const struct flow *fl, struct pl_tcp_seg *s);

/* ---- segments.c ---- */
void op_segment(void);
void op_handshake(void);
void op_stream(void);
void op_together(void);
void op_flood(void);

/* ---- datagrams.c ---- */
void op_raw(void);
void op_arp(void);
void op_icmp(void);
void op_udp(void);

/* ---- calls.c ---- */
void op_listen(void);
void op_connect(void);
void op_accept(void);
void op_close(void);
void op_memory(void);
void op_option(void);
void op_udp_call(void);
void op_look(void);

/** Give a handle back. */
void let_go(struct held *h, bool abort_it);

/* ---- streams.c ---- */
void op_send(void);
void op_reserve(void);
void op_commit(void);
void op_recv(void);
void op_peek(void);

/* ---- watch.c ---- */
void op_time(void);

/** Take every frame that the stack has to send, and look at each. */
void drain(void);

/** Does every invariant hold? */
void check(void);

/** Everything closed: the stack comes to rest, and holds nothing any more. */
void finish(void);

#endif
