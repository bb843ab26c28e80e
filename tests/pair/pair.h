/* SPDX-License-Identifier: ISC */
/*
 * Two stacks on an impaired link in memory, on a virtual clock.
 *
 * Every event moves time to the next deadline of anybody, lets frames through, and
 * (by default) checks all invariants of both stacks. The hash of every frame with its
 * time is the trace: same seed, same trace.
 */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include "drivers/memlink.h"
#include "tests/unit/unit.h"

struct side {
	plim *s;
	uint8_t *region;
	size_t target;
	struct pl_driver *driver;
	struct plim_addr addr4, addr6;
};

struct pair {
	struct side side[2];
	struct pl_memlink link;
	void *link_memory;
	uint8_t *frames[PL_DRIVER_BATCH];
	plim_time now;
	uint64_t trace;
	uint64_t events;
	unsigned check_every; /* events between full walks; 0: never */
};

struct pair_config {
	size_t target;
	uint16_t mtu;
	uint32_t gso_octets;
	uint8_t fill; /* what the regions hold before: a region need not be zeroed */
	struct pl_impair_config link;
	struct plim_config stack; /* settings; interfaces are filled in */
};

/** Defaults: 4 MiB each, MTU 1500, 5 ms delay, no trouble. */
void pair_defaults(struct pair_config *c);
void pair_start(struct pair *p, const struct pair_config *c);
void pair_stop(struct pair *p);

/** Drain both outputs, deliver what is due, without moving time. */
void pair_settle(struct pair *p);

/** Deliver to one side what has arrived, and leave what it wants to send. Returns how many frames. */
int pair_take(struct pair *p, unsigned side);

/** Move to the next deadline, at most to `until`; false when nothing is left before it. */
bool pair_step(struct pair *p, plim_time until);

/** Run until a time. */
void pair_run_until(struct pair *p, plim_time until);

/** Fail unless every invariant of both stacks holds. */
void pair_check(struct pair *p);

struct plim_endpoint pair_endpoint(const struct pair *p, unsigned side, unsigned family, uint16_t port);

/* ---- a transfer ---- */

/** Octet i of stream n. */
static inline uint8_t
pattern(uint32_t n, uint64_t i)
{
	uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ n * UINT64_C(0xbf58476d1ce4e5b9);

	return (uint8_t)(x >> 56 ^ x >> 24);
}

/** One end of a connection that sends `to_send` octets and checks what it receives. */
struct end {
	plim_h h;
	bool open, fin_sent, got_eof, closed;
	uint64_t sent, to_send, received;
	uint32_t stream_out, stream_in;
	size_t piece; /* octets per send, 0: as many as fit */
	int error;    /* why it ended, if not normally */
};

/** Push and pull what goes. */
void end_pump(struct pair *p, unsigned side, struct end *e);

struct transfer {
	struct end client, server;
	plim_h listener;
	plim_time took;
};

/** Connect side 0 to side 1, send both ways, close; asserts that every octet came through. */
void pair_transfer(struct pair *p, unsigned family, uint64_t up, uint64_t down, plim_time limit, struct transfer *t);

#endif
