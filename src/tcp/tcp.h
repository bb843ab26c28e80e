/* SPDX-License-Identifier: ISC */
/*
 * One stack's TCP: the table of records, the queues and timers, and the functions
 * through which the other layers use it.
 *
 *   frames in   pl_tcp_input()   demultiplexes: input.c; rules of §3.10.7 in listen.c, syn_sent.c,
 *                                input_steps.c, timewait.c, closing.c; text to rcvq.c, ACKs to recovery.c
 *   frames out  pl_tcp_output()  output.c, the one producer of segments
 *   time        pl_tcp_poll()    timer.c
 *   calls       user.c           OPEN, SEND, RECEIVE, CLOSE, ABORT of §3.10.1 to §3.10.5
 */
#ifndef PL_TCP_TCP_H
#define PL_TCP_TCP_H

#include "tcp/challenge.h"
#include "tcp/conn.h"
#include "tcp/prefix.h"
#include "tcp/syncache.h"

#define PL_TCP_MAX_LISTENERS 256

/** A hand that sweeps small forms: their deadlines are in the records. */
struct pl_tcp_hand {
	pl_id cursor; /* where an unfinished sweep goes on; 0: at the start */
	uint8_t type; /* index into the types it visits */
	bool sweeping;
	pl_time next;  /* no deadline is earlier; the sweep is due then */
	pl_time found; /* earliest deadline seen in this sweep */
};

#define PL_EVICT_LIST 16u

/** Somebody who may go under pressure. */
struct pl_tcp_candidate {
	pl_id rec;
	uint8_t rank;   /* lower goes first */
	uint64_t score; /* within a rank, higher goes first */
};

/** See tcp/evict.h. */
struct pl_tcp_evictor {
	pl_id cursor; /* the hand */
	uint8_t type; /* index into the types it visits */
	uint8_t n;
	pl_time next; /* of its ticks */
	struct pl_tcp_candidate worst[PL_EVICT_LIST];
};

/** See tcp/reopen.h. */
struct pl_tcp_reopen {
	pl_id cursor;
	uint8_t type, pass;
	pl_time next; /* PL_TIME_NEVER: nothing to do */
};

/** See tcp/admit.h. */
struct pl_tcp_admission {
	pl_time at;            /* brought up to date then */
	uint64_t tokens_milli; /* thousandths of a new connection */
	uint64_t ended_octets; /* freed by connections that ended since */
	uint64_t ended_per_s;  /* a running mean of that */
};

struct pl_tcp {
	struct pl_core *core;
	struct pl_net *net;
	pl_id *heads; /* of hash chains */
	uint32_t head_mask;
	uint32_t n_listeners;
	struct pl_wheel wheel;   /* hot parts */
	struct pl_list tx;       /* hot parts with something to send */
	struct pl_list blocked;  /* hot parts that wait for a neighbour */
	uint32_t epoch;          /* pl_net_epoch() when the blocked ones were looked at */
	uint32_t burst;          /* segments the head of the queue sent in a row */
	struct pl_list quiet;    /* hot parts, quietest first */
	struct pl_list syns;     /* connections whose SYN waits to be sent */
	struct pl_list timewait; /* TIME_WAIT records, next to expire first */
	uint32_t n_hot, n_orphans, n_unaccepted, n_closing, n_timewait;
	uint64_t credit_active, credit_idle, credit_unproven; /* see tcp/credit.h */
	uint64_t orphan_octets;                               /* held by orphans, as of their last segment */
	uint64_t by_state[PLIM_N_STATES];
	struct pl_tcp_hand hand;
	struct pl_tcp_evictor evictor;
	struct pl_tcp_admission admission;
	struct pl_tcp_reopen reopen;
	uint8_t level_seen; /* deadlines were filed at that level */
	pl_time tidy_at;    /* records stand in sparse slabs: some move then; PL_TIME_NEVER: none do */
	struct pl_syncache syn;
	struct pl_bucket rst_bucket, cookie_bucket;
	struct pl_tcp_challenges challenges;
	struct pl_prefixes prefixes;
	pl_id listeners[PL_TCP_MAX_LISTENERS];
};

/** Static octets beyond sizeof(struct pl_tcp): hash heads and SYN cache buckets. */
size_t pl_tcp_static_octets(const struct plim_config *conf, size_t target);
void pl_tcp_init(struct pl_tcp *t, struct pl_core *c, struct pl_net *n, uint8_t *statics);

/* ---- frames and time ---- */

void pl_tcp_input(struct pl_tcp *t, const struct pl_pkt *pkt);

/** The same in two steps, for trains: parse and verify (false: dropped and counted), then take. */
bool pl_tcp_read(struct pl_tcp *t, const struct pl_pkt *pkt, struct pl_tcp_seg *seg);
void pl_tcp_take(struct pl_tcp *t, const struct pl_pkt *pkt, struct pl_tcp_seg *seg);

/** Does it acknowledge what its connection has outstanding? A guess before its SEQ was looked at. */
bool pl_tcp_is_new_ack(const struct pl_tcp *t, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg);
void pl_tcp_icmp_error(struct pl_tcp *t, const struct pl_icmp_error *err);

/** Build the next segment. False: nothing is due. *loop: it is for ourselves. */
unsigned pl_tcp_output(struct pl_tcp *t, struct plim_frame *frames, unsigned n, bool *loop, pl_time now);

void pl_tcp_poll(struct pl_tcp *t, pl_time now, unsigned *budget);
pl_time pl_tcp_deadline(const struct pl_tcp *t);

/* ---- time helpers ---- */

static inline uint32_t
pl_tcp_ms(pl_time now)
{
	return (uint32_t)(now / 1000000u);
}
static inline uint32_t
pl_tcp_us(pl_time now)
{
	return (uint32_t)(now / 1000u);
}

#define PL_TCP_CLOCK_MASK 0xffffffu /* both clocks below have 24 bits */
#define PL_TCP_TS_TICK_SHIFT 33     /* 2^33 ns: 8.6 s; modulo 2^24 that is four and a half years */
#define PL_TCP_AGE_TICK_SHIFT 28    /* 2^28 ns: 268 ms; modulo 2^24 that is 52 days */

/** The clock for the age of TS.Recent, which must not wrap while a connection lives. */
static inline uint32_t
pl_tcp_ts_clock(pl_time now)
{
	return (uint32_t)(now >> PL_TCP_TS_TICK_SHIFT) & PL_TCP_CLOCK_MASK;
}

/** Milliseconds since it showed `at`; those that a uint32_t cannot hold are its largest. */
static inline uint32_t
pl_tcp_ts_age_ms(pl_time now, uint32_t at)
{
	uint64_t ticks = (pl_tcp_ts_clock(now) - at) & PL_TCP_CLOCK_MASK;

	return (uint32_t)PL_MIN((ticks << PL_TCP_TS_TICK_SHIFT) / 1000000u, UINT32_MAX);
}

/** The clock of the stall age. */
static inline uint32_t
pl_tcp_age_clock(pl_time now)
{
	return (uint32_t)(now >> PL_TCP_AGE_TICK_SHIFT) & PL_TCP_CLOCK_MASK;
}

/* ---- access ---- */

static inline struct pl_tcp_rec *
pl_tcp_rec(const struct pl_tcp *t, pl_id id)
{
	return (struct pl_tcp_rec *)pl_mem_ptr(&t->core->mem, id);
}
static inline struct pl_tcp_conn *
pl_tcp_conn(const struct pl_tcp *t, pl_id id)
{
	return (struct pl_tcp_conn *)pl_mem_ptr(&t->core->mem, id);
}
static inline struct pl_tcp_hot *
pl_tcp_hot(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	return c->hot && !(c->flags & PL_CF_PARKED) ? pl_mem_ptr(&t->core->mem, c->hot) : NULL;
}

static inline struct pl_tcp_park *
pl_tcp_park(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	return c->flags & PL_CF_PARKED ? pl_mem_ptr(&t->core->mem, c->hot) : NULL;
}

/** The receive queue, wherever it is; NULL in the idle form: empty. */
static inline struct pl_rcvq *
pl_tcp_rcvq(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	struct pl_tcp_park *park = pl_tcp_park(t, c);
	struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	return park ? &park->rcvq : h ? &h->rcvq : NULL;
}

static inline pl_id
pl_tcp_id(const struct pl_tcp *t, const void *rec)
{
	return pl_mem_id(&t->core->mem, rec);
}

#endif
