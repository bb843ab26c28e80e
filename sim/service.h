/* SPDX-License-Identifier: ISC */
/*
 * The server's application: services on ports, each put together from a few habits: when it accepts, how it reads, what
 * it answers, when it closes, what memory it charges. A service may change its habits during a run.
 */
#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include "sim/world.h"

#define SIM_MAX_SERVICES 16u
#define SIM_HOSTILE UINT16_MAX
#define SIM_MAX_UDP 80u

enum sim_read {
	SIM_READ_ALL,   /* at once */
	SIM_READ_NEVER, /* */
	SIM_READ_PACED, /* read_rate octets per second and connection */
	SIM_READ_FIRST, /* the first read_most octets, at once */
	SIM_READ_LATE,  /* everything, late_min to twice that after the first octet came */
};

struct sim_service {
	uint16_t port;
	bool is_legit; /* octets count as goodput and are compared */
	bool never_accepts;
	uint32_t accept_per_s; /* 0: at once */
	enum sim_read read;
	uint64_t read_most;
	uint32_t read_rate;
	pl_time late_min;
	uint32_t request;  /* octets that ask for one reply; 0: nothing is answered */
	uint64_t reply;    /* octets of a reply */
	uint64_t greeting; /* octets sent when accepted */
	bool closes_early; /* with what the first attempt at writing could queue */
	bool closes_after; /* once everything asked for is written */
	bool shuts_after;  /* the same, but goes on reading */
	bool keeps_open;   /* does not close when the peer does */
	uint32_t charge;   /* octets of the application's own, charged for each connection */
	uint32_t keepalive_ms, keepalive_interval_ms, keepalive_probes; /* 0: not asked for */
	/* what became of it */
	plim_h listener;
	uint32_t first; /* open connections, index + 1 */
	uint32_t open, most_open;
	pl_time most_stall; /* longest time a legit connection got nothing, between stall_from and stall_to */
	pl_time stall_from, stall_to;
	uint64_t accepted, rx, tx, told_evicted, told_error, charge_refused, closed;
	pl_time next_accept, next_read;
};

/* What was seen of a connection's segments (segments.c). */
struct sim_seen {
	bool has_nxt, has_una, has_ts;
	uint32_t nxt, told, edge; /* RCV.NXT, the last ACK, the furthest edge */
	uint32_t una, snd_nxt;
	uint32_t tsval; /* of the peer, the newest */
};

/* One accepted connection. */
struct sim_sconn {
	plim_h h;
	uint64_t rx, tx, tx_want, asked; /* octets read, queued, to be queued; replies asked for */
	uint32_t next, prev;             /* of its service, index + 1 */
	uint32_t chain;                  /* of its place in the index, index + 1 */
	struct sim_seen seen;
	uint32_t stream[2]; /* up, down */
	uint32_t charged;
	pl_time last_rx, read_at;
	uint8_t least_level; /* of pressure, since it was accepted; kept by scenarios that need it */
	uint16_t client;     /* number, or SIM_HOSTILE */
	uint16_t peer_port;
	uint8_t service;
	bool is_live, is_indexed, got_fin, was_shut;
	struct plim_addr peer;
};

struct sim_services {
	struct sim_host *host;
	struct sim_service service[SIM_MAX_SERVICES];
	unsigned n;
	struct sim_sconn *conn;
	uint32_t n_conn, room, free; /* index + 1 */
	uint64_t good;               /* octets read from legit clients */
	uint64_t legit_ended;        /* legit connections that ended with an error */
	uint64_t corrupt;            /* octets that were not the stream's */
	uint64_t udp_in, udp_out;
	plim_h udp[SIM_MAX_UDP];
	uint64_t udp_read[SIM_MAX_UDP]; /* datagrams */
	unsigned n_udp;
	uint64_t udp_rate; /* datagrams read per second and socket; 0: at once */
	pl_time next_udp;
	uint64_t levels_told;
	uint32_t *index; /* of accepted connections, by both ends: index + 1 */
};

void sim_services_init(struct sim_services *a, struct sim_host *host);
void sim_services_free(struct sim_services *a);

/** Start a service. Returns it; NULL: it cannot listen. */
struct sim_service *sim_services_add(struct sim_services *a, const struct sim_service *habits);

/** A service's habits have changed: look at all its connections again. */
void sim_services_kick(struct sim_services *a, struct sim_service *sv);

/** Connect actively, as a connection of that service. PLIM_OK, or why the stack refuses. */
int sim_services_connect(struct sim_services *a, struct sim_service *sv, const struct plim_endpoint *to);

/** End a connection of the application's own will. */
void sim_services_close(struct sim_services *a, struct sim_sconn *c, bool abort);

/** The accepted connection of a remote address (host order) and port to a local port; NULL: none. */
struct sim_sconn *sim_services_find(const struct sim_services *a, uint32_t addr, uint16_t port, uint16_t local);

/** Open a socket of the UDP echo service (reads at once unless udp_rate says otherwise). */
bool sim_services_udp(struct sim_services *a, uint16_t port);

/** Is every connection that was not told of its end still there? Otherwise its index + 1. */
uint32_t sim_services_untold(const struct sim_services *a);

#endif
