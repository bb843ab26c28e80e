/* SPDX-License-Identifier: ISC */
/*
 * Many peers on one small stack (1 MiB), made with raw frames. Include it last: its names are short.
 */
#ifndef TESTS_API_CROWD_H
#define TESTS_API_CROWD_H

#include "sock/sock.h"
#include "tests/unit/unit.h"
#include "wire/tcp.h"

#define TARGET (1u << 20)

extern plim *s;
extern uint8_t *region;
extern plim_time now;
extern plim_h listener;        /* on port 80, every address */
extern struct pl_tcp_seg last; /* the stack's last segment, without its text */
extern unsigned n_out, n_synack;
extern uint32_t synack_seq; /* of the last SYN-ACK */
extern const struct plim_addr us4_addr;

#define SAY_WINDOW 60000
extern uint16_t say_window, say_port; /* of what peers say: the window, and the port of ours it goes to */

void start(void (*change)(struct plim_config *c));
void stop(void);

/** One frame to the stack. */
void give(const uint8_t *frame, size_t n);

/** Take what the stack has to send. */
void drain(void);

/** Output, events and deadlines for so long. */
void go(plim_time ahead);

/** A segment from a peer; its text is zeros. */
void say(struct plim_addr src, uint16_t port, uint8_t flags, uint32_t seq, uint32_t ack, size_t len);

struct plim_addr peer4(unsigned i);
struct plim_stats stats(void);

/** SYN (100), and the ACK of its SYN-ACK. Returns our first SEQ. */
uint32_t shake(struct plim_addr src, uint16_t port);

plim_h accept_one(void);

#endif
