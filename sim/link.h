/* SPDX-License-Identifier: ISC */
/*
 * One direction of a link: a line with a rate and a tail-drop queue in octets before it, then a delay, loss and
 * reordering. A link is arithmetic only: it says when a frame that is given to it now arrives, or that it does not.
 * Frames must be given in order of time.
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "sim/chance.h"

struct sim_link_config {
	uint64_t rate_bps;     /* 0: no limit, and no queue */
	uint64_t queue_octets; /* what waits for the line, the frame on it included; 0: no limit */
	pl_time delay_ns;
	pl_time reorder_ns; /* a reordered frame takes this much longer */
	uint32_t loss_ppm, reorder_ppm;
};

struct sim_link {
	struct sim_link_config config;
	struct sim_chance chance;
	pl_time line_free;
	uint32_t lose_next; /* so many frames of over 1 000 octets are lost next */
	uint64_t in, out, dropped, lost, reordered;
};

void sim_link_init(struct sim_link *l, const struct sim_link_config *config, struct sim_chance chance);

/** When a frame of len octets given at this time arrives; PL_TIME_NEVER: dropped or lost. */
pl_time sim_link_pass(struct sim_link *l, uint32_t len, pl_time now);

#endif
