/* SPDX-License-Identifier: ISC */
/*
 * Two stacks in one process, frames handed over by reference: what a segment costs without system calls. One sends, the
 * other reads and forgets. The link neither loses nor delays; the virtual clock goes on by 10 us a round.
 */
#ifndef BENCH_DUO_H
#define BENCH_DUO_H

#include "drivers/driver.h"

enum duo_side { DUO_SENDER, DUO_RECEIVER, DUO_SIDES };

struct duo {
	plim *s[DUO_SIDES];
	void *region[DUO_SIDES];
	uint64_t ns[DUO_SIDES]; /* inside each stack */
	struct plim_frame frames[PL_DRIVER_BATCH];
	void *room; /* of the frames */
	int batch;
	pl_time now;   /* virtual */
	pl_time since; /* real */
	plim_h listener, out, in;
	uint64_t segments, received;
};

struct duo_config {
	bool super; /* frames of up to 64 KiB */
	bool governor;
	uint64_t buffer; /* octets; 0: the default */
};

/** False: no memory, or the stacks do not come up. */
bool duo_start(struct duo *b, const struct duo_config *c);
void duo_free(struct duo *b);

/** One connection for duo_transfer(). False: it does not open. */
bool duo_open(struct duo *b);

/** So many octets from one to the other, then counts and clocks go on from there. */
void duo_transfer(struct duo *b, uint64_t octets);

/** Clocks and counts at zero. */
void duo_reset(struct duo *b);

/** So many connections, at_once at a time: each is opened, accepted and reset by the client. How many came. */
uint64_t duo_connections(struct duo *b, uint64_t n, unsigned at_once);

#endif
