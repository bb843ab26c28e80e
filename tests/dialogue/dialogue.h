/* SPDX-License-Identifier: ISC */
/*
 * Dialogues: a whole stack, driven with raw frames on a virtual clock.
 *
 *     at(0);   peer(SYN, .seq = 100, .mss = 1460);
 *     at(0);   we(SYN | ACK, .seq = ISS, .ack = 101);
 *     at(20);  peer(ACK, .seq = 101, .ack = ISS + 1);
 *     at(20);  nothing();
 *
 * at(ms) moves the clock, following plim_next_deadline(), and collects what the stack
 * sends. we() takes the next segment: it must have been sent at that time (TOLERANCE_MS
 * later at most, the wheel's tick) and have what is named; text must have the length
 * named, none by default. peer() sends one. Every dialogue ends in silence.
 *
 * Octet i of either stream is pattern(i), so text is checked without being written down.
 * Every segment of the stack is checked for what must always hold: checksums, TTL,
 * options where they may stand, an ACK that never goes back, a right edge that never
 * does unless may_shrink is set, no text beyond the peer's MSS or window.
 *
 * Each dialogue runs over IPv4 and over IPv6. ARP and neighbour discovery are answered
 * here and not shown.
 */
#ifndef TESTS_DIALOGUE_H
#define TESTS_DIALOGUE_H

#include "../unit/unit.h"

#include "wire/tcp.h"

#define TOLERANCE_MS 3

#define FIN PL_TH_FIN
#define SYN PL_TH_SYN
#define RST PL_TH_RST
#define PSH PL_TH_PSH
#define ACK PL_TH_ACK
#define URG PL_TH_URG

/* A segment as a dialogue writes it. */
struct line {
	uint8_t flags;
	uint32_t seq, ack;
	uint32_t len; /* octets of text */
	uint32_t wnd; /* in the header; peer: 0 means 65535 unless no_wnd; we: 0 means any */
	bool no_wnd;  /* the window is 0 */
	uint16_t mss; /* 0: no option / any */
	bool ws_on;
	uint8_t ws;
	bool sack_ok;
	uint32_t ts, ecr; /* ts 0: no option / any */
	bool no_ts;       /* peer: none although agreed; we: must have none */
	struct pl_sack sack[4];
	unsigned n_sack; /* we: checked if not 0 */
	bool no_sack;
	uint16_t urg;
	uint16_t lport, rport; /* the stack's and the peer's; 0: the usual */
	bool bad_checksum;
	const uint8_t *options; /* peer: raw options instead */
	size_t n_options;
	const uint8_t *text; /* peer: this instead of the pattern */
	bool to_broadcast, from_self, from_broadcast;
};

struct dialogue {
	plim *s;
	uint8_t *region;
	struct plim_config conf;
	uint8_t family;
	plim_time now, origin;
	unsigned tolerance_ms; /* more where each of many timers starts from the last one's tick */
	uint32_t iss;          /* the stack's, from its last SYN */
	uint32_t irs;          /* the peer's */
	uint32_t fin;          /* what acknowledges the peer's FIN; then the window says nothing any more */
	uint16_t lport, rport;
	bool peer_ts;        /* both SYNs had timestamps: peer() adds them by itself */
	uint32_t last_tsval; /* of the stack */
	uint8_t last_tos, last_ttl;
	bool may_shrink;
	bool mute;         /* do not check what must always hold (two connections in one dialogue) */
	uint8_t our_shift; /* window scale that the stack announced, used once agreed */
	bool scaled;
	uint16_t peer_mss;
	uint8_t peer_shift;
	uint8_t in_flags; /* PLIM_FRAME_... of the peer's frames, and their gso_size */
	uint16_t in_gso_size;
	uint16_t out_gso_size; /* of the stack's last frame */
	bool batching;
	plim_h listener, h;
	uint64_t sent, received; /* octets of the application's streams */
};

extern struct dialogue d;

#define ISS (d.iss)
#define PEER_PORT 4000
#define OUR_PORT 80
#define MSS (d.family == 4 ? 1460u : 1440u)
#define DEFAULT_MSS (d.family == 4 ? 536u : 1220u)
#define MS(n) ((plim_time)(n)*1000000u)

/* A stack of `target` octets whose configuration the dialogue may have changed before (d.conf). */
void start(size_t target);
#define begin() start(4u << 20)

void go_to(uint64_t ms, const char *file, int line);
#define at(ms) go_to((ms), __FILE__, __LINE__)

void say(const struct line *l);
#define peer(fl, ...) say(&(struct line){.flags = (fl), __VA_ARGS__})

/* What the peer says in between comes in one plim_input(). */
void batch_begin(void);
void batch_end(void);

/* ICMP destination unreachable (or packet too big) about our segment with that SEQ. */
void peer_icmp(uint8_t type, uint8_t code, uint32_t rest, uint32_t seq);

void hear(const struct line *l, const char *file, int line);
#define we(fl, ...) hear(&(struct line){.flags = (fl), __VA_ARGS__}, __FILE__, __LINE__)

/* The stack has said nothing but what we() took. */
void hear_nothing(const char *file, int line);
#define nothing() hear_nothing(__FILE__, __LINE__)

/* Drop what the stack said and was not taken; returns how many segments. */
unsigned ignore_rest(void);

/* The next segment the stack said, without rules; false: none. */
bool next_segment(struct pl_tcp_seg *seg, plim_time *when);

/* ---- the application ---- */

void app_listen(void);
void app_accept(void);
void app_connect(void);     /* from OUR_PORT to the peer's PEER_PORT */
int64_t app_send(size_t n); /* the next n octets of the pattern */
int64_t app_send_flags(size_t n, unsigned flags);
int64_t app_read(size_t n); /* at most n octets, checked against the pattern */
void app_shutdown(void);
void app_close(void);
void app_abort(void);
void app_set(enum plim_option o, int64_t value);
int64_t app_get(enum plim_option o);
uint32_t app_events(void); /* bits told about d.h and d.listener since the last call */
enum plim_state app_state(void);

uint64_t count_drop(enum plim_drop reason);
uint64_t count_tcp(enum plim_tcp_counter c);
uint64_t count_state(enum plim_state s);

uint8_t pattern(uint64_t i);

/* A connection opened from outside at time 0, without options but MSS: SYN 0 -> ISS; SEQ are 1 and ISS + 1. */
void established(void);
/* The same with window scale, SACK and timestamps. */
void established_with_options(void);
/* The same with SACK only. */
void established_with_sack(void);

#ifdef DIALOGUE_FAULTS
#include "tests/faults/lenient.h"
#endif

/* ---- registration: each runs over both families ---- */

int dialogue_setup4(void **state);
int dialogue_setup6(void **state);
int dialogue_teardown(void **state);

#define D(name)                                                              \
	{#name, name, dialogue_setup4, dialogue_teardown, NULL},             \
	{                                                                    \
#name "_ip6", name, dialogue_setup6, dialogue_teardown, NULL \
	}

#endif
