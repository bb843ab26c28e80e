/* SPDX-License-Identifier: ISC */
/*
 * What a TCP connection is made of.
 *
 * Every record that the demultiplexer finds begins with struct pl_tcp_rec. A
 * connection is struct pl_tcp_conn, its idle form, for its whole life; while octets
 * are queued or in flight it has a hot part beside it, struct pl_tcp_hot, made of
 * parts that know nothing of each other. Compaction frees the hot part, inflation
 * makes one: no record moves and no rule has two homes.
 *
 *   form                      record              octets (IPv4 / IPv6)
 *   half-open                 tcp/syncache.h      48 / 64
 *   SYN_SENT, idle            pl_tcp_conn         104 / 120, + 16 handle slot
 *   parked (unread text)      + pl_tcp_park       + 96 (index), + blocks
 *   active                    + pl_tcp_hot        + 368
 *   closing without data      tcp/closing.h       56 / 72
 *   TIME_WAIT                 tcp/timewait.h      44 / 56
 */
#ifndef PL_TCP_CONN_H
#define PL_TCP_CONN_H

#include "base/wheel.h"
#include "mem/list.h"
#include "mem/slot.h"
#include "net/net.h"
#include "tcp/ledger.h"
#include "tcp/rcvq.h"
#include "tcp/sndq.h"

enum pl_rec_kind {
	PL_REC_FREE,
	PL_REC_CONN,
	PL_REC_CLOSING,
	PL_REC_TIMEWAIT,
	PL_REC_LISTENER,
};

#define PL_LADDR_ANY 255

/** The start of every record in the table. */
struct pl_tcp_rec {
	pl_id next;     /* in the hash chain */
	uint8_t kind;   /* enum pl_rec_kind */
	uint8_t state;  /* enum plim_state; written in tcp/state.c only */
	uint8_t laddr;  /* number of our address, PL_LADDR_ANY for a listener on all */
	uint8_t family; /* 4 or 6; 0 for a listener on both */
	uint16_t lport, rport;
};

/** Who talks to whom. */
struct pl_tuple {
	struct plim_addr raddr;
	uint16_t lport, rport;
	uint8_t laddr;
};

enum pl_conn_flag {
	PL_CF_TS = 1,          /* timestamps agreed */
	PL_CF_SACK = 2,        /* SACK agreed */
	PL_CF_WSCALE = 4,      /* window scaling agreed */
	PL_CF_PASSIVE = 8,     /* came from a listener (MUST-11) */
	PL_CF_UNACCEPTED = 16, /* established, waits in its listener's queue */
	PL_CF_ORPHAN = 32,     /* the application gave the handle back */
	PL_CF_NODELAY = 64,    /* no Nagle */
	PL_CF_KEEPALIVE = 128,
	PL_CF_NO_PROBE = 256, /* no liveness probes under pressure */
	PL_CF_NEWRENO = 512,
	PL_CF_QUIET_SOFT = 1024, /* soft errors are not reported (SHLD-20) */
	PL_CF_WANT_WRITE = 2048, /* the application met EAGAIN: tell it */
	PL_CF_USEFUL = 4096,     /* moved useful octets once */
	PL_CF_SYN_QUEUED = 8192, /* SYN or SYN-ACK waits to be sent: in the SYN list */
	PL_CF_SHUT = 16384,      /* the application sends no more */
	PL_CF_PARKED = 32768,    /* unread text, and nothing else to remember */
};

/** The idle form: all that the rules need while nothing is queued and nothing in flight. */
struct pl_tcp_conn {
	struct pl_tcp_rec rec;
	pl_id hot; /* the hot part, 0 in the idle form; PL_CF_PARKED: the parked queue */
	union {
		struct {
			pl_id slot; /* handle slot, 0 for an orphan */
			union {
				uint32_t cookie;      /* the application's number */
				uint32_t orphan_held; /* PL_CF_ORPHAN: octets in the account of orphans */
			};
		};
		struct pl_link accept; /* PL_CF_UNACCEPTED: in the listener's queue */
	};
	union {
		struct {
			uint32_t srtt_us;   /* 0: no sample yet (RFC 6298) */
			uint32_t rttvar_us; /* without a sample: the RTO to begin with, 0: the configured one */
		};
		pl_time syn_at; /* SYN_SENT, SYN_RECEIVED: when the SYN is due again */
	};
	uint64_t stall_since : 24;   /* t0 of the stall age, pl_tcp_age_clock(): see tcp/debt.h */
	uint64_t ts_recent_at : 24;  /* when TS.Recent came, pl_tcp_ts_clock(): after a year its age is still right */
	uint64_t max_snd_units : 16; /* MAX.SND.WND (RFC 5961 §5), in units of the peer's scale, rounded up */
	pl_seq snd_una, snd_nxt;
	uint32_t snd_wnd; /* octets, from snd_una of the segment that brought it: see tcp/input_steps.c */
	union {
		struct {
			pl_seq snd_wl1, snd_wl2;
		};
		struct pl_link syn; /* PL_CF_SYN_QUEUED */
	};
	pl_seq rcv_nxt;
	pl_seq adv_edge;      /* right edge last advertised */
	pl_seq max_edge;      /* right edge furthest ever */
	pl_seq last_ack_sent; /* RFC 7323 §4.3 */
	uint32_t ts_recent;
	uint32_t heard_ms; /* last acceptable segment, or our last probe since */
	uint32_t born_ms;  /* SYN_SENT: first SYN */
	pl_id opt;         /* options that differ from the stack's, struct pl_tcp_connopt, or 0 */
	uint16_t smss;     /* octets of text and options per segment: min(peer's MSS, path) (MUST-16) */
	uint16_t listener; /* number of the listener it came from + 1, 0: active open */
	uint16_t flags;    /* PL_CF_... */
	uint8_t wscale;    /* low 4 bits: peer's shift, high 4 bits: ours */
	uint8_t probes;    /* keepalive probes, or SYNs sent without answer */
	uint8_t raddr[4];  /* IPv6: 12 more octets follow */
};

_Static_assert(offsetof(struct pl_tcp_conn, raddr) == 100, "conn4 is 104 octets, conn6 116");

/** Options of one connection that differ from the stack's. 0: the stack's. */
struct pl_tcp_connopt {
	uint32_t keepalive_idle_ms, keepalive_interval_ms, user_timeout_ms;
	uint32_t rcv_buf_max, snd_buf_max;
	uint32_t charged; /* plim_charge() */
	pl_id app;        /* list of plim_alloc() pieces */
	uint32_t app_octets;
	uint32_t cookie; /* of a tombstone */
	uint8_t keepalive_probes, dscp, ttl, spare;
};

_Static_assert(sizeof(struct pl_tcp_connopt) <= 48, "see mem/objects.h");

/** Congestion control (tcp/cc.c). */
struct pl_tcp_cc {
	uint32_t cwnd, ssthresh; /* octets */
	uint32_t acked;          /* octets counted towards the next step */
	uint32_t w_max;          /* CUBIC: window before the last reduction */
	uint32_t w_est;          /* CUBIC: what Reno would have */
	uint32_t cwnd_prior;     /* CUBIC: window at the last reduction */
	uint32_t k_ms;           /* CUBIC: time to come back to w_max */
	uint32_t epoch_ms;       /* CUBIC: start of this growth, 0: none */
	bool newreno;
};

enum pl_recovery_phase {
	PL_OPEN,     /* nothing lost that we know of */
	PL_RECOVERY, /* fast recovery until `recover` */
	PL_LOSS,     /* after an RTO until `recover` */
};

/** Loss recovery (tcp/recovery.c). */
struct pl_tcp_recovery {
	pl_seq recover;                              /* SND.NXT when it began */
	uint32_t prr_delivered, prr_out, recover_fs; /* RFC 9937 */
	uint32_t prior_cwnd, prior_ssthresh;         /* to undo one reduction */
	uint32_t undo_tsval;                         /* our timestamp on the first retransmission (RFC 3522) */
	uint8_t phase;                               /* enum pl_recovery_phase */
	uint8_t dupacks;
	bool may_undo;
	bool force; /* one retransmission goes whatever the window */
};

enum pl_want {
	PL_WANT_ACK_NOW = 1,
	PL_WANT_ACK_LATER = 2,
	PL_WANT_PROBE = 4,   /* zero-window probe or keepalive */
	PL_WANT_DSACK = 8,   /* `dsack` goes with the next ACK (RFC 2883) */
	PL_WANT_OUTPUT = 16, /* something may be sendable: look */
};

enum pl_rtx_timer {
	PL_RTX_OFF,
	PL_RTX_RTO,
	PL_RTX_PERSIST,
};

/** All timers of a connection; tcp/timer.c says when each fires. */
struct pl_tcp_timers {
	pl_time rtx_at;      /* RTO or persist, by rtx_kind */
	pl_time ack_at;      /* delayed ACK */
	pl_time expire_at;   /* TIME_WAIT, FIN_WAIT_2, orphan */
	pl_time stuck_since; /* SND.UNA has not moved, or the window is shut, since; PL_TIME_NEVER: nothing outstanding;
	                        TIME_WAIT: it began then */
	uint8_t rtx_kind;    /* enum pl_rtx_timer */
	uint8_t backoff;     /* times the RTO was doubled */
	uint16_t rcv_mss;    /* delayed ACK: estimate of the peer's segment size */
	uint32_t unacked_segs; /* delayed ACK: full segments since our last one */
};

/** The hot part. */
struct pl_tcp_hot {
	struct pl_wnode tmr;
	pl_id conn;
	struct pl_link tx;    /* in the output queue, or the one of those that wait for a neighbour */
	struct pl_link quiet; /* in the order of quiet */
	uint8_t want;         /* PL_WANT_... */
	bool urgent : 1;      /* urgent text is ahead of the application */
	bool fin_sent : 1;    /* SND.NXT is beyond our FIN */
	bool is_queued : 1;   /* `tx` is in a queue */
	bool has_acked : 1;   /* the peer acknowledged text since this part was made */
	pl_seq snd_up;        /* end of our urgent data; == snd_una: none */
	struct pl_tcp_timers t;
	struct pl_ledger ledger;
	struct pl_rcvq rcvq;
	struct pl_sndq sndq;
	struct pl_tcp_cc cc;
	struct pl_tcp_recovery rec;
	struct pl_sack dsack;
	pl_seq rcv_up;                      /* the peer's urgent pointer; == rcvq.read: none */
	uint32_t consumed, consumed_before; /* octets the application took in this and the last round */
	uint32_t round_ms;                  /* start of the round */
};

_Static_assert(sizeof(struct pl_tcp_hot) <= 368, "see mem/objects.h");

/** Beside the idle form while the application leaves text unread and nothing else goes on. */
struct pl_tcp_park {
	struct pl_rcvq rcvq;
	pl_seq rcv_up;
	bool urgent;
};

_Static_assert(sizeof(struct pl_tcp_park) <= 96, "see mem/objects.h");

/** What belongs to a listener. */
struct pl_tcp_listener {
	struct pl_tcp_rec rec;
	pl_id slot;
	uint32_t cookie;
	struct pl_list queue; /* established, not accepted */
	uint32_t queued, backlog;
	uint32_t connections; /* alive, accepted or not */
	uint16_t number;
};

_Static_assert(sizeof(struct pl_tcp_listener) <= 80, "see mem/objects.h");

static inline uint8_t
pl_conn_snd_shift(const struct pl_tcp_conn *c)
{
	return c->wscale & 15;
}
static inline uint32_t
pl_conn_max_snd_wnd(const struct pl_tcp_conn *c)
{
	return (uint32_t)c->max_snd_units << pl_conn_snd_shift(c);
}
/** SND.WND is known: MAX.SND.WND follows. */
static inline void
pl_conn_note_snd_wnd(struct pl_tcp_conn *c)
{
	uint32_t unit = 1u << pl_conn_snd_shift(c), units = PL_MIN((c->snd_wnd + unit - 1) / unit, 65535u);

	c->max_snd_units = PL_MAX((uint32_t)c->max_snd_units, units);
}
static inline uint8_t
pl_conn_rcv_shift(const struct pl_tcp_conn *c)
{
	return c->wscale >> 4;
}

#endif
