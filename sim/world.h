/* SPDX-License-Identifier: ISC */
/*
 * The simulated world: one clock, one queue of events, the server under test with two ports, legit clients each behind
 * an access link of its own, and a network of raw peers behind the second port. The router between them answers ARP and
 * does nothing else.
 *
 *     client --- access link ---\
 *     client --- access link ---- router === port 0 === server === port 1 === raw peers
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/frames.h"
#include "sim/link.h"
#include "sim/queue.h"

#define SIM_BATCH 32u
#define SIM_COALESCE PL_US(50) /* a host looks at its card at multiples of this */
#define SIM_MAX_CLIENTS 1024u
#define SIM_MAX_BLOCKS 1200u
#define SIM_LINUX_SLOTS 8u

struct sim_world;
struct sim_host;

/* What runs on a host. */
struct sim_app {
	void (*event)(struct sim_host *h, const struct plim_event *ev);
	void (*wake)(struct sim_host *h); /* app_due has come */
};

/* A card: what is in the air towards it, and what its port's line has brought in. */
struct sim_nic {
	struct sim_inbox air, ready;
	struct sim_link *stage; /* the line between; NULL: none */
};

/* What a Linux sender remembers of a window (scenarios.md, window_rule). */
struct sim_linux_rule {
	uint32_t seq, ack;
	uint16_t port, wnd;
};

struct sim_host {
	struct sim_world *w;
	plim *s;
	uint8_t *region;
	size_t target;
	uint32_t owner;
	uint16_t number; /* of a client; the server is SIM_SERVER */
	uint8_t n_nics;
	bool linux_rule;
	struct sim_nic nic[2];
	struct sim_app app;
	void *ctx; /* the app's */
	pl_time app_due;
	struct sim_link up, down; /* a client's access link */
	struct sim_linux_rule rule[SIM_LINUX_SLOTS];
	bool frozen;      /* it does not run, frames pile up in its cards (F11) */
	uint32_t ring;    /* a card holds so many while it is frozen, what comes then is lost; 0: no limit */
	uint64_t dropped; /* by these */
};

#define SIM_SERVER UINT16_MAX

/* Owners of events that share a function. */
struct sim_block {
	uint32_t first, n;
	void (*run)(void *ctx, uint32_t index);
	void *ctx;
};

struct sim_counts {
	uint64_t frames; /* given to a link */
	uint64_t events; /* taken from the queue */
	uint64_t server_runs;
	uint64_t server_in; /* frames given to the server's stack */
	uint64_t attack_in; /* of these, by its second port */
	uint64_t misrouted;
};

struct sim_world {
	pl_time now;
	uint64_t seed;
	uint64_t trace;
	struct sim_queue queue;
	struct sim_pool pool;
	struct sim_block blocks[SIM_MAX_BLOCKS];
	unsigned n_blocks;
	struct sim_host server;
	struct sim_host *clients[SIM_MAX_CLIENTS];
	unsigned n_clients;
	struct sim_link port_in[2], port_out[2];
	uint32_t tx[SIM_BATCH]; /* slots for output */
	struct sim_counts counts;
	/* told of what the server does; NULL: nobody */
	void (*on_server_frames)(void *ctx, const struct plim_frame *frames, unsigned n); /* before plim_input() */
	void (*on_server_sent)(void *ctx, const struct sim_frame *f);
	void (*on_server_batch)(void *ctx, unsigned frames);
	void (*on_server_run)(void *ctx);
	void (*on_server_poll)(void *ctx); /* after each call of plim_poll() */
	void *watcher;
	/* sees what clients send, as somebody on the path would; NULL: nobody */
	void (*sniff)(void *ctx, struct sim_host *from, const struct sim_frame *f);
	void *sniffer;
	/* takes a frame of a client off the line, as a bad line would; NULL: none is lost so */
	bool (*lose)(void *ctx, struct sim_host *from, const struct sim_frame *f);
	void *loser;
	/* takes frames sent by the second port */
	void (*raw_in)(void *ctx, uint32_t frame, pl_time due);
	void *raw;
};

struct sim_world_config {
	uint64_t seed;
	size_t target;
	uint64_t port_bps[2];
	uint32_t pool_frames;
	struct plim_config stack; /* settings of the server; interfaces are filled in */
};

void sim_world_defaults(struct sim_world_config *c);

/** False: out of memory, or the stack refuses the configuration (*why is its code). */
bool sim_world_init(struct sim_world *w, const struct sim_world_config *c, int *why);
void sim_world_free(struct sim_world *w);

struct sim_access {
	uint64_t rate_bps, queue_octets;
	pl_time rtt;
	uint32_t loss_ppm, reorder_ppm;
	size_t target;      /* memory of its stack; 0: 1 MiB and what its configuration needs */
	size_t rcv_buf_max; /* 0: the stack's own */
};

/** A client with a stack behind an access link. NULL: no memory. */
struct sim_host *sim_world_add_client(struct sim_world *w, const struct sim_access *a, struct sim_app app, void *ctx);

/** Room for n owners of events whose events call run(ctx, index). Returns the first owner's number. */
uint32_t sim_world_add_owners(struct sim_world *w, uint32_t n, void (*run)(void *ctx, uint32_t index), void *ctx);

static inline void
sim_world_at(struct sim_world *w, uint32_t owner, pl_time at)
{
	sim_queue_set(&w->queue, owner, at == PL_TIME_NEVER ? at : PL_MAX(at, w->now));
}

/** Take events until a time, which becomes the present one; or until *stop. */
void sim_world_run(struct sim_world *w, pl_time until, const bool *stop);

/** Count a frame in the trace. */
void sim_world_note(struct sim_world *w, const struct sim_frame *f);

/* Addresses and link addresses. */
struct plim_addr sim_client_addr(unsigned number);
struct plim_addr sim_server_addr(unsigned port);
extern const uint8_t sim_router_mac[6];
void sim_server_mac(unsigned port, uint8_t mac[6]);

/* net.c: what stands between the hosts. */
/** A host sent a frame; the slot is the network's from now on. */
void sim_net_from_host(struct sim_world *w, struct sim_host *h, unsigned iface, uint32_t frame);
/** A frame for one of the server's ports, from the raw peers' side: their line is the second port's. */
void sim_net_from_raw(struct sim_world *w, uint32_t frame, unsigned port);

/* host.c */
bool sim_host_start(struct sim_host *h, const struct plim_config *config, uint32_t salt, int *why);
void sim_host_free(struct sim_host *h);
void sim_host_run(struct sim_host *h);
/** When it wants to run next has changed. */
void sim_host_schedule(struct sim_host *h);
/** A frame is due at one of its cards. */
void sim_host_arrival(struct sim_host *h, unsigned nic, uint32_t frame, pl_time due);
/** Stop it, as a virtual machine is stopped, or let it go on. */
void sim_host_freeze(struct sim_host *h, bool frozen);
/** Its application wants to be called at this time or earlier. */
void sim_host_wake_at(struct sim_host *h, pl_time at);
/** Octets around its region that must never change. */
bool sim_host_is_guarded(const struct sim_host *h);

#endif
