/* SPDX-License-Identifier: ISC */
/*
 * One run: a scenario at a target with a seed. What a scenario file fills in, what it may use, and what comes out.
 *
 *     0 s          warm-up       20 s        disturbance        + duration          recovery, at most 120 s
 *     legit load begins          begin                          end                 ends early when all is well
 */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include "sim/client.h"
#include "sim/raw.h"
#include "sim/service.h"

#define SIM_WARM_UP PL_SEC(20)
#define SIM_SETTLE PL_SEC(5)
#define SIM_WATCH PL_SEC(120)
#define SIM_SAMPLE PL_MS(500)
#define SIM_MAX_SAMPLES 16384u
#define SIM_MAX_FAILED 24u
#define SIM_MAX_LEGIT 320u
#define SIM_MAX_PROOFS 8u
#define SIM_MAX_MORE 16u
#define SIM_NONE (-1.0) /* a figure that was not asked for */

struct sim_run;

/* Without this protection the scenario must fail on this check. */
struct sim_proof {
	const char *protection, *check;
};

struct sim_scenario {
	const char *id, *name, *pattern;
	uint16_t targets[3]; /* MiB; 0: no more */
	pl_time duration;    /* of the disturbance; 0: 60 s */
	struct sim_proof proves[SIM_MAX_PROOFS];
	const char *unproved; /* why no single protection decides it */
	bool is_core;         /* the others are further ones: plim sim run --further */
	bool needs_prove;     /* runs only in a build that can take protections away */
	bool any_order;       /* I4 is not looked at: grants are refused without pressure */
	bool no_load;         /* without the legit load */
	bool peers_stay;      /* they go on after the end: the level need not be 0 again */
	bool no_recovery;     /* T_rec is not watched */
	pl_time linger;       /* go on at least so long after the end */
	pl_time watch;        /* T_rec is watched so long; 0: SIM_WATCH */
	void (*configure)(struct sim_run *r, struct sim_world_config *c);
	void (*prepare)(struct sim_run *r); /* the world stands, time is 0 s */
	void (*sample)(struct sim_run *r);  /* every 500 ms */
	void (*end)(struct sim_run *r);     /* the disturbance has ended */
	double (*applied)(
		struct sim_run *r);       /* part of the pattern that took place; NULL: what was sent and delivered */
	void (*check)(struct sim_run *r); /* what must hold, besides the invariants */
};

struct sim_failed {
	char check[32];
	char text[160];
	double value, limit;
};

/* What a run without disturbance showed. */
struct sim_baseline {
	bool is_there;
	double good_per_s;
	double p95_ms;
	double handshakes;              /* completed within 3 s / attempted */
	uint64_t used;                  /* real octets, the most after warm-up */
	uint32_t window[SIM_MAX_LEGIT]; /* mean receive window of an upload, by client; 0: none */
};

struct sim_result {
	char id[8], name[40];
	uint64_t target, seed;
	bool governor, pass, at_law;
	char without[64];
	unsigned n_failed;
	struct sim_failed failed[SIM_MAX_FAILED];
	double law; /* the figure that stands instead of the one asked for */
	double applied, G, H, P95, T_rec, W;
	uint64_t R, peak, trace;
	uint64_t actions[PLIM_N_ACTIONS];
	unsigned most_level;
	/* not part of the result: how it was got */
	uint64_t frames, events, walks;
	double cpu_s, sim_s;
};

struct sim_sample {
	pl_time at;
	uint64_t good, used;
	uint64_t up; /* of good: what the server's applications received */
	uint16_t permille;
	uint8_t level;
};

/* Receive windows of legit uploads, by client. */
struct sim_windows {
	uint64_t sum[SIM_MAX_LEGIT], n;
	uint32_t recent[SIM_MAX_LEGIT]; /* averaged over some seconds */
};

/* A connection that frames of this batch were for (segments.c). */
struct sim_look {
	uint32_t conn; /* of the services */
	struct plim_conn_info before;
	uint32_t next, ack, fin_at; /* RCV.NXT if all is taken, highest ACK of new octets, where the FIN stands */
	unsigned texts, fins;
	bool has_next, has_bare_fin, has_rst, is_void;
};

/* I5 and I8, and how often they were looked at. */
struct sim_segments {
	struct sim_look look[SIM_BATCH];
	unsigned n;
	uint64_t nexts, acks, fins, rsts;
};

/* Watching one run: invariants and their account. */
struct sim_watch {
	struct plim_stats st; /* after the server's last run */
	unsigned level, most_level;
	uint64_t cursor, lost, records; /* of plim_trace() */
	uint64_t walks, next_walk;
	uint64_t work_before, work_worst, work_poll, work_frames; /* by one frame, by one call of plim_poll() */
	double work_limit;                                        /* sum over frames of log2(connections) */
	uint64_t level_changes, level_downs, level_downs_close;   /* the falls as plim_trace() tells them */
	pl_time last_down;
	pl_time first_at[PLIM_N_ACTIONS]; /* of each measure, by its record; 0: none */
	pl_time lowered_until;            /* T was lowered: what is held may be over the new caps until then */
	unsigned most_permille;           /* of pressure, since a scenario set it to 0 */
	uint64_t most_by_class[PLIM_N_CLASSES], most_app, most_orphans;
	unsigned announced; /* level, as level_up and level_down say */
};

struct sim_run {
	const struct sim_scenario *scenario;
	struct sim_world world;
	struct sim_services services;
	struct sim_raw raw;
	struct sim_tally tally;
	struct sim_client *legit[SIM_MAX_LEGIT];
	unsigned n_legit;
	struct sim_service *download, *upload, *request, *idle;
	uint64_t target, seed;
	bool governor;
	const char *without;
	pl_time start, begin, end; /* times of the world */
	const struct sim_baseline *base;
	struct sim_baseline *make_base; /* this run is the baseline */
	struct sim_sample *sample;
	unsigned n_samples;
	uint32_t sampler;
	bool stop, has_ended, shows_samples;
	struct sim_windows windows;
	pl_time recovered; /* when, PL_TIME_NEVER: not yet */
	struct sim_watch watch;
	struct sim_segments segments;
	struct sim_result *out;
	plim_h ballast;
	uint64_t ballast_octets;
	/* the scenario's own */
	struct sim_group *group[16];
	struct sim_service *service[16];
	struct sim_pacer *pacer[16];
	uint64_t number[32];
	double figure[16];
	void *ctx;
	void *more[SIM_MAX_MORE];
	unsigned n_more;
};

/* ---- for scenarios ---- */

static inline bool
sim_is_4m(const struct sim_run *r)
{
	return r->target <= 4u << 20;
}

/** One of three by target: 4, 16, 64 MiB. */
static inline uint64_t
sim_by_target(const struct sim_run *r, uint64_t at_4m, uint64_t at_16m, uint64_t at_64m)
{
	return r->target <= 4u << 20 ? at_4m : r->target <= 16u << 20 ? at_16m : at_64m;
}

void sim_at_least(struct sim_run *r, const char *check, double value, double limit);
void sim_at_most(struct sim_run *r, const char *check, double value, double limit);
void sim_fail(struct sim_run *r, const char *check, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** value >= asked, or where the feasibility law gives less than asked >= 95 % of what it gives (then at_law). */
void sim_at_least_law(struct sim_run *r, const char *check, double value, double asked, double law);

/** Memory of the scenario's own (r->ctx), zeroed, given back at the end; once a run. */
void *sim_keep(struct sim_run *r, size_t octets);
/** Further memory for a run, zeroed, given back at its end. */
void *sim_more(struct sim_run *r, size_t octets);
struct sim_service *sim_service(struct sim_run *r, const struct sim_service *habits);
struct sim_group *sim_peers(struct sim_run *r, uint32_t n, uint16_t n_prefixes, const struct sim_habits *habits);
/** The same, and within so many seconds from the beginning all of them come. */
struct sim_group *sim_arrivals(struct sim_run *r, uint32_t n, uint16_t n_prefixes, const struct sim_habits *habits,
                               uint32_t seconds);
struct sim_pacer *sim_pace(struct sim_run *r, uint32_t rate, void (*fire)(void *ctx), void *ctx);

/* How disturbances end: every peer resets its connection; or answers nothing any more; or that, while the application of
 * the first service reads everything. */
void sim_end_reset(struct sim_run *r);
void sim_end_vanish(struct sim_run *r);
void sim_end_read(struct sim_run *r);

/* ---- measures (measure.c); the window is the disturbance after 5 s ---- */
double sim_measure_G(const struct sim_run *r);
double sim_measure_H(const struct sim_run *r);
double sim_measure_P95(const struct sim_run *r);
double sim_measure_W(const struct sim_run *r);
uint64_t sim_measure_R(const struct sim_run *r);
double sim_measure_T_rec(const struct sim_run *r);                          /* seconds; SIM_NONE: not recovered */
double sim_rate_between(const struct sim_run *r, pl_time from, pl_time to); /* legit octets per second */
void sim_measure_begin(struct sim_run *r);
void sim_measure_baseline(struct sim_run *r, struct sim_baseline *b);

/* ---- who holds what (holders.c) ---- */
/** The most out-of-order intervals that any connection has. */
unsigned sim_most_intervals(struct sim_run *r);

/** configure: the application may charge as much as the joint cap. */
void sim_with_ballast(struct sim_run *r, struct sim_world_config *c);
/** Charge to a legit idle client's connection until P is so many thousandths; needs sim_with_ballast(). 0: take it back. */
void sim_ballast(struct sim_run *r, unsigned permille);

struct sim_holders {
	uint64_t n; /* connections of raw peers, half-open ones and TIME_WAIT included */
	uint64_t by_state[PLIM_N_STATES];
	uint64_t held, most_held; /* octets: together, by one */
	uint64_t most_queued[2];  /* received, to send: by one */
	uint64_t orphans, orphan_held;
};
/** Walk the stack's memory map; only connections whose remote is in a group's network, of these only `port` (0: all). */
void sim_holders(struct sim_run *r, uint16_t port, struct sim_holders *out);

/** Is any connection of that service over its bound: window, one block more, index and record? How much by most. */
uint64_t sim_over_window(struct sim_run *r, const struct sim_service *sv);

/** The same for what is queued to be sent, and the ledger of what was. */
uint64_t sim_over_queued(struct sim_run *r, const struct sim_service *sv);

/** The longest time in which a connection of a legit service got nothing; what lasts is included. */
double sim_most_stall(const struct sim_run *r, const struct sim_service *sv);

/* ---- the legit load (load.c) ---- */
bool sim_load_add(struct sim_run *r);
/** A client more, of a kind, with an RTT of its own. NULL: no room. */
struct sim_client *sim_load_client(struct sim_run *r, enum sim_client_kind kind, pl_time begin);
/** A counter of the clients' stacks, of one kind of client or, SIM_N_CLIENT_KINDS, of all. */
uint64_t sim_load_sum(const struct sim_run *r, unsigned kind, enum plim_tcp_counter which);
/** The receive window of a legit upload, by client number; 0: no such connection. */
void sim_load_windows(struct sim_run *r, uint32_t window[SIM_MAX_LEGIT]);

/* ---- invariants (watch.c, order.c) ---- */
void sim_watch_begin(struct sim_run *r);
void sim_watch_end(struct sim_run *r);
void sim_order_check(struct sim_run *r, const struct plim_trace_record *rec);
void sim_segments_begin(struct sim_run *r);
void sim_segments_after(struct sim_run *r);

/* ---- running (run.c, list.c) ---- */
struct sim_order {
	const struct sim_scenario *scenario; /* NULL: the baseline */
	uint64_t target, seed;
	bool governor;
	const char *without; /* a protection to take away; NULL: none */
};

/** False: it could not even begin; the result says why. */
bool sim_run(const struct sim_order *o, const struct sim_baseline *base, struct sim_baseline *make,
             struct sim_result *out);

extern const struct sim_scenario *const sim_scenarios[];
extern const unsigned sim_n_scenarios;
const struct sim_scenario *sim_find(const char *id);

#endif
