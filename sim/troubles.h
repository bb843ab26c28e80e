/* SPDX-License-Identifier: ISC */
/*
 * Disturbances that more than one scenario makes: each alone in its own row, several at once in F07 and F15. They last
 * as long as the disturbance does. A slot is a place in r->service and r->group; a chance comes from the scenario.
 */
#ifndef SIM_TROUBLES_H
#define SIM_TROUBLES_H

#include "sim/habits.h"

/** SYNs from addresses all over, never acknowledged, to a listener that legit clients use. */
void sim_syn_flood(struct sim_run *r, uint32_t rate, struct sim_chance chance);

/** Connections from 4000 /24s that finish their handshake and never say anything; probes they may answer. */
void sim_idle_arrivals(struct sim_run *r, unsigned slot, uint16_t port, uint32_t rate, bool answers);

/** So many connections leave an octet at every stride-th place of their windows; turns a second, together. */
struct sim_holes *sim_hole_makers(struct sim_run *r, unsigned slot, uint16_t port, uint32_t peers, uint32_t stride,
                                  uint32_t turns);

/** Clients that ask for 1 MiB each, keep their window at zero and answer every probe. */
void sim_zero_window_readers(struct sim_run *r, unsigned slot, uint16_t port, uint32_t peers);

/* Short connections from 64 hosts that reuse their ports; we close first. */
struct sim_churn {
	struct sim_group *slow, *quick; /* 4-tuples come again after some 40 s, and after 1 s */
	uint64_t ended;                 /* with the peer's FIN */
};

/** A quarter of the rate is the quick ones'. Takes two slots' groups and one's service. */
struct sim_churn *sim_timewait_churn(struct sim_run *r, unsigned slot, uint16_t port, uint32_t rate);

/** First fragments of 256 octets without a second, each datagram new, from random sources. */
void sim_fragment_flood(struct sim_run *r, uint32_t rate, struct sim_chance chance);

/** A01, B02, B07, C01, D07 and E01, each at so many hundredths of its rate; slots and ports from these on, 6 of each. */
struct sim_mix {
	unsigned first_slot;
	struct sim_holes *holes;
	struct sim_churn *churn;
};
void sim_mix_begin(struct sim_run *r, struct sim_mix *m, unsigned percent, unsigned first_slot, uint16_t first_port);

/** Every part of it reached the stack. */
void sim_mix_check(struct sim_run *r, const struct sim_mix *m);

/** They end as in their own rows: the silent ones vanish, those that hold something reset. */
void sim_mix_end(struct sim_run *r, struct sim_mix *m);

#endif
