/* SPDX-License-Identifier: ISC */
/*
 * Raw peers behind the server's second port: frames built and read one by one, and peers of a few octets each, by the
 * thousand. A group of peers has a network of its own (100+g.0.0.0/8), spread over as many /24 as it wants, and habits.
 *
 * What a peer does of itself: it opens when told, takes what is in order if its habits say so, acknowledges, answers
 * probes. All else is in the group's functions, called when a peer is open, when a segment came, when its time has come.
 */
#ifndef SIM_RAW_H
#define SIM_RAW_H

#include "sim/pattern.h"
#include "sim/world.h"

#include "base/bytes.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

#define SIM_MAX_GROUPS 24u
#define SIM_MAX_PACERS 32u

enum sim_peer_state {
	SIM_PEER_NONE,
	SIM_PEER_SYN_SENT,
	SIM_PEER_OPEN,
	SIM_PEER_RESET,   /* by the server */
	SIM_PEER_ENDED,   /* both sides have finished */
	SIM_PEER_VANISHED /* answers nothing any more */
};

struct sim_peer {
	pl_seq snd_nxt, snd_una, rcv_nxt;
	pl_seq edge;           /* right edge that the server has advertised */
	uint16_t wnd;          /* as it goes into the header */
	uint8_t state, wscale; /* of the server */
	bool fin_in;           /* the server's FIN was taken */
	uint8_t flags;         /* the group's own */
	uint16_t times;        /* of SYNs; once open the group's own */
	uint32_t ts_recent;
	uint32_t mark; /* the group's own */
};

struct sim_group;

struct sim_habits {
	uint16_t port;    /* of the server */
	uint16_t mss;     /* 0: no option */
	uint16_t wnd;     /* window from the first ACK on, until the group changes it */
	uint16_t syn_wnd; /* of the SYN; 0: wnd */
	uint8_t wscale;   /* offered if has_wscale */
	bool has_wscale, has_sack, has_ts;
	bool comes_again;          /* after the last peer the first begins once more */
	bool takes;                /* accepts text and acknowledges it */
	bool answers;              /* probes */
	bool is_silent_on_syn_ack; /* never completes the handshake */
	uint32_t in_flight;        /* of uploaders (habits.h): octets under way */
	uint8_t syn_tries;         /* SYNs again after 1, 2, 4 s; 0: one SYN only */
	void (*on_open)(struct sim_group *g, struct sim_peer *p);
	void (*on_segment)(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg);
	void (*on_timer)(struct sim_group *g, struct sim_peer *p);
};

struct sim_group {
	struct sim_raw *raw;
	struct sim_habits habits;
	uint8_t net; /* first octet of its addresses */
	uint16_t n_prefixes;
	uint32_t n, begun;
	struct sim_peer *peer;
	uint32_t owner; /* of the first peer's timer */
	struct sim_chance chance;
	void *ctx;
	/* what became of them */
	uint64_t tries, opened, resets, segments_in, octets_in, syn_acks;
};

/* Something done so many times a second. */
struct sim_pacer {
	struct sim_raw *raw;
	uint32_t owner;
	uint32_t rate; /* per second */
	uint32_t burst;
	pl_time begin, end;
	uint64_t done, planned;
	void (*fire)(void *ctx);
	void *ctx;
};

struct sim_raw {
	struct sim_world *w;
	struct sim_inbox inbox;
	uint32_t owner;
	struct sim_group *group[SIM_MAX_GROUPS];
	unsigned n_groups;
	struct sim_pacer *pacer[SIM_MAX_PACERS];
	unsigned n_pacers;
	uint16_t ip_id;
	uint64_t sent, received, stray, udp_in, icmp_in, rst_in, arp_in;
	void (*on_udp)(void *ctx, struct pl_span text);
	void *udp_ctx;
	/* takes segments for addresses that are in no group; NULL: nobody */
	void (*on_tcp)(void *ctx, const struct pl_ip4 *ip, const struct pl_tcp_seg *seg);
	void *tcp_ctx;
};

void sim_raw_init(struct sim_raw *r, struct sim_world *w);
void sim_raw_free(struct sim_raw *r);

/** A group of n peers, none of them begun. It lives as long as the raw world. */
struct sim_group *sim_group_add(struct sim_raw *r, uint32_t n, uint16_t n_prefixes, const struct sim_habits *habits,
                                void *ctx);

/** Send the SYN of the next peer that has not begun; false: none is left. */
bool sim_group_begin(struct sim_group *g);

/** The same for a pacer. */
void sim_group_begin_one(void *group);

struct sim_peer *sim_group_peer(struct sim_group *g, uint32_t i);

/** From rate and time: calls fire(ctx) that often from begin to end. */
struct sim_pacer *sim_pacer_add(struct sim_raw *r, uint32_t rate, pl_time begin, pl_time end, void (*fire)(void *ctx),
                                void *ctx);

/* ---- what a peer can do ---- */

static inline uint32_t
sim_peer_index(const struct sim_group *g, const struct sim_peer *p)
{
	return (uint32_t)(p - g->peer);
}

/** Where it comes from, host order. */
uint32_t sim_peer_addr(const struct sim_group *g, uint32_t i);
uint16_t sim_peer_port(const struct sim_group *g, uint32_t i);

static inline bool
sim_addr_is(const struct plim_addr *a, uint32_t addr)
{
	return a->family == 4 && pl_load32(a->octets) == addr;
}

void sim_peer_at(struct sim_group *g, struct sim_peer *p, pl_time at);
void sim_peer_after(struct sim_group *g, struct sim_peer *p, pl_time wait);

/** A bare ACK with the peer's present numbers. */
void sim_peer_ack(struct sim_group *g, struct sim_peer *p);

/** Text of len octets from SEQ on; moves snd_nxt if it goes beyond. flags besides ACK. */
void sim_peer_text(struct sim_group *g, struct sim_peer *p, pl_seq seq, uint32_t len, uint8_t flags);

/** Anything at all: fields that are zero in *seg stay so; ports and addresses are the peer's. */
void sim_peer_send(struct sim_group *g, struct sim_peer *p, struct pl_tcp_seg *seg);

/** Octets the server's window still lets the peer send. */
static inline uint32_t
sim_peer_room(const struct sim_peer *p)
{
	int32_t room = (int32_t)(p->edge - p->snd_nxt);

	return room > 0 ? (uint32_t)room : 0;
}

/** Send what the window lets it, at most `most` octets beyond what is acknowledged, in segments of mss. Returns octets. */
uint32_t sim_peer_pump(struct sim_group *g, struct sim_peer *p, uint32_t most, uint32_t mss);

/** Forget what was sent and not acknowledged: it goes again with the next pump. */
void sim_peer_go_back(struct sim_peer *p);

/** One octet beyond the window. */
void sim_peer_probe(struct sim_group *g, struct sim_peer *p);

/** Every open peer resets its connection at RCV.NXT, and is gone. */
void sim_group_reset(struct sim_group *g);

/** How many have an open connection now. */
uint32_t sim_group_open(const struct sim_group *g);

/** From now on no peer of the group does or answers anything. */
void sim_group_vanish(struct sim_group *g);

/** The TCP segment in a frame; false: none. */
bool sim_frame_tcp(const uint8_t *frame, uint32_t len, struct pl_ip4 *ip, struct pl_tcp_seg *seg);

/* ---- frames of nobody in particular ---- */

struct sim_from {
	uint32_t src;       /* address, host order */
	const uint8_t *mac; /* NULL: the router's */
	bool to_first;      /* to the server's first address, which legit clients use */
};

void sim_raw_tcp(struct sim_raw *r, const struct sim_from *from, struct pl_tcp_seg *seg);
void sim_raw_udp(struct sim_raw *r, const struct sim_from *from, uint16_t sport, uint16_t dport, uint32_t len);

struct sim_fragment {
	uint16_t id, offset; /* in octets, a multiple of 8 */
	uint32_t len;
	bool more;
	uint8_t proto;
};
void sim_raw_fragment(struct sim_raw *r, const struct sim_from *from, const struct sim_fragment *fr);

/** A datagram of two fragments with half octets of IP payload each (a multiple of 8), back to back. */
void sim_raw_udp_pair(struct sim_raw *r, const struct sim_from *from, uint16_t sport, uint16_t dport, uint16_t id,
                      uint32_t half);

/** An Ethernet frame as it is. */
void sim_raw_frame(struct sim_raw *r, const uint8_t *data, uint32_t len);

#endif
