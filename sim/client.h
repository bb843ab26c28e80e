/* SPDX-License-Identifier: ISC */
/*
 * Legit clients: applications on stacks of their own that do what clients do. What they get is counted: octets, request
 * times, handshakes, connections that ended against their will. Every octet received is compared.
 */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "sim/world.h"

/* Ports of the server that legit clients use. */
#define SIM_PORT_DOWNLOAD 80
#define SIM_PORT_UPLOAD 81
#define SIM_PORT_REQUEST 82
#define SIM_PORT_IDLE 83
#define SIM_PORT_GREETING 84
#define SIM_PORT_CROWD 85

#define SIM_DOWNLOAD_REQUEST 64u
#define SIM_DOWNLOAD_OBJECT (1u << 20)
#define SIM_REQUEST_UP 1024u
#define SIM_REQUEST_DOWN 8192u
#define SIM_HEARTBEAT 64u
#define SIM_GREETING_OCTETS 1024u
#define SIM_CROWD_OBJECT (256u << 10)

/* X(name, what it does) */
#define SIM_CLIENT_KINDS(X)                                                 \
	X(download, "one object after the other")                           \
	X(upload, "octets without end")                                     \
	X(request, "1 KiB up, 8 KiB down, every 200 ms")                    \
	X(brief, "a new connection each second, one request each")          \
	X(idle, "64 octets every 30 s")                                     \
	X(slow, "downloads, reading 256 kbit/s")                            \
	X(greeted, "a new connection each second, the server speaks first") \
	X(crowd, "16 downloads of 256 KiB at once, again and again")

enum sim_client_kind {
#define SIM_X(name, text) SIM_CLIENT_##name,
	SIM_CLIENT_KINDS(SIM_X)
#undef SIM_X
		SIM_N_CLIENT_KINDS
};

/* Something that took time: begun, and how long; took = PL_TIME_NEVER while it lasts. */
struct sim_span {
	pl_time at, took;
};

struct sim_spans {
	struct sim_span *span;
	uint32_t n, room;
};

#define SIM_MAX_ENDED 16u

/* A connection that ended against its client's will. */
struct sim_ended {
	pl_time at;
	uint16_t client;
	uint8_t kind;
	int error;
};

/* What clients get, together. */
struct sim_tally {
	uint64_t good; /* octets received */
	uint64_t corrupt;
	uint64_t ended;
	struct sim_ended first_ended[SIM_MAX_ENDED];
	uint64_t refused; /* ended before they were open */
	struct sim_spans requests, handshakes;
	struct sim_spans exchanges[SIM_N_CLIENT_KINDS]; /* whole connections of brief, greeted and crowd clients */
};

#define SIM_CLIENT_CONNS 8u /* of most kinds */
#define SIM_CLIENT_MOST 16u

struct sim_cconn {
	plim_h h;
	bool in_use, is_open;
	pl_time began;
	uint32_t stream[2];
	uint64_t tx, rx, tx_want, rx_want;
	uint32_t span; /* of its request or handshake, index + 1 */
	uint32_t handshake;
	uint32_t exchange;
};

struct sim_client {
	struct sim_host *host;
	enum sim_client_kind kind;
	struct sim_tally *tally;
	struct sim_cconn conn[SIM_CLIENT_MOST];
	unsigned n_conns;
	pl_time next;   /* next request, heartbeat, connection or share of reading */
	pl_time period; /* of these */
	pl_time until;  /* begins nothing from then on */
	uint16_t port;
	uint64_t rx, tx_acked;
};

/** A client of some kind behind its own access link, which begins at a time. NULL: no memory. */
struct sim_client *sim_client_add(struct sim_world *w, const struct sim_access *a, enum sim_client_kind kind,
                                  struct sim_tally *tally, pl_time begin);

/** It aborts what it has open and begins nothing more. */
void sim_client_leave(struct sim_client *c);
void sim_client_free(struct sim_client *c);

uint32_t sim_spans_add(struct sim_spans *s, pl_time at);

const char *sim_client_kind_name(unsigned kind);

#endif
