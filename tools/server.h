/* SPDX-License-Identifier: ISC */
/*
 * The services of plim serve, on one stack.
 *
 * A connection is known by its handle and a cookie of 32 bits: the service in the upper three, a number of the
 * service's in the others. An idle connection of any service holds no memory of the application.
 * After READY nothing here calls an allocator, but for the iperf3 control channel (a bounded pool).
 */
#ifndef PL_TOOLS_SERVER_H
#define PL_TOOLS_SERVER_H

#include "tools/netopts.h"

#ifdef __cplusplus
extern "C" {
#endif

enum service {
	SERVICE_LISTENER, /* the cookie's number is the service listened for */
	SERVICE_HTTP,
	SERVICE_ECHO,
	SERVICE_DISCARD,
	SERVICE_CHARGEN,
	SERVICE_HOLD,
	SERVICE_ONESHOT,
	SERVICE_IPERF3,
	N_SERVICES
};

#define COOKIE_BITS 29
#define COOKIE_NUMBER ((1u << COOKIE_BITS) - 1)

static inline uint32_t
cookie_of(enum service service, uint32_t number)
{
	return (uint32_t)service << COOKIE_BITS | number;
}

static inline enum service
cookie_service(uint32_t cookie)
{
	return (enum service)(cookie >> COOKIE_BITS);
}

#define SERVER_SPANS 288 /* 64 KiB in blocks of 256 octets, and two cut ones */

struct server {
	plim *stack;
	uint8_t *region;
	uint16_t port[N_SERVICES]; /* 0: not offered */
	plim_h listener[N_SERVICES];
	bool accept_again[N_SERVICES]; /* the last accept was refused for want of memory */
	int root;                      /* the served folder */
	int64_t epoch_offset;          /* to seconds since 1970 */
	pl_time now;
	bool stopping; /* whatever comes is discarded, whoever ends is closed */
	enum log_level log;
	uint64_t aborted_for_memory; /* connections this program ended because it got no memory */
	/* Spans of the call at hand: the stack lends them until the next call on that handle. */
	struct plim_span in[SERVER_SPANS], out[SERVER_SPANS];
};

/** One connection and what it is told. */
struct visit {
	struct server *server;
	plim_h h;
	uint32_t bits;   /* PLIM_EV_... */
	uint32_t number; /* the cookie's */
};

typedef void service_visit(const struct visit *v);

service_visit svc_http, svc_echo, svc_discard, svc_chargen, svc_hold, svc_oneshot, svc_iperf3;

/** Listen on every port that is set. */
bool server_listen(struct server *sv, struct tool_error *e);

/** Fetch and handle events. True: more may be waiting. */
bool server_turn(struct server *sv, pl_time now);

/** FIN to all, and no new ones. */
void server_stop(struct server *sv);

/** Is every connection gone, half-open, or only waiting out its TIME_WAIT? */
bool server_is_drained(const struct server *sv);

/* ---- for the services ---- */

/** The connection's cookie keeps this service's number from now on. */
void visit_keep(const struct visit *v, enum service service, uint32_t number);

/** Has the connection ended (also by what was done for another in the meantime)? */
bool visit_is_over(const struct visit *v);

/** Read and forget what came; FIN of the peer, or the end, closes the handle. True while it lives. */
bool visit_drain(const struct visit *v);

/** Give the handle back. */
void visit_close(const struct visit *v);

/** End it because there is no memory to serve it. */
void visit_abort_for_memory(const struct visit *v);

#ifdef __cplusplus
}
#endif

#endif
