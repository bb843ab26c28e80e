/* SPDX-License-Identifier: ISC */
/* Habits that raw peers of several scenarios share: uploading without end, asking for an object, leaving holes. */
#ifndef SIM_HABITS_H
#define SIM_HABITS_H

#include "sim/run.h"

#define SIM_SEGMENT 1460u

/** A peer with a large scaled window that takes what comes and answers probes; its functions are still to be filled in. */
struct sim_habits sim_open_peer(uint16_t port);

/** The same, uploading without end with so many octets under way; a shut window is probed each second. Uses mark. */
struct sim_habits sim_uploader(uint16_t port, uint32_t in_flight);

/** A timeout: what was not acknowledged since the last one goes again. Uses mark. */
void sim_peer_timeout(struct sim_peer *p);

/** on_open: the octets that ask a service for one reply. */
void sim_ask(struct sim_group *g, struct sim_peer *p);

/** The application of a service begins to read in another way, if it does not yet. */
void sim_read_so(struct sim_run *r, struct sim_service *sv, enum sim_read read);

/* Segments of one octet at every stride-th place of the window; the octet at RCV.NXT never comes. Uses mark. */
struct sim_holes {
	struct sim_group *group;
	uint32_t stride;
	uint64_t turns, segments;
};

/** The next peer sends its next few of them; for a pacer, ctx is a struct sim_holes. */
void sim_holes_fire(void *ctx);

#define SIM_HOLES_AT_ONCE 8u

/* A remote host that keeps nothing: each answer is made from what came. It takes connections and ends them. */
struct sim_answerer {
	uint32_t addr; /* in no group's network */
	uint16_t port;
	bool has_ts;
	uint64_t opened, ended; /* SYNs answered, FINs answered */
};

/** Answer a segment that is for it. */
void sim_answer(struct sim_run *r, struct sim_answerer *a, struct sim_chance *c, const struct pl_ip4 *ip,
                const struct pl_tcp_seg *seg);

#endif
