/* SPDX-License-Identifier: ISC */
/*
 * The network layer's state and what its files ask of each other. Everything of a fixed
 * size is here or in `statics`; neighbours and held datagrams are arena objects of class
 * neighbour, bounded by counts that pl_neigh_set_bounds() derives from the class cap.
 */
#ifndef PL_NET_NET_STATE_H
#define PL_NET_NET_STATE_H

#include "mem/trace.h"
#include "net/net.h"
#include "net/reassembly.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define PL_NET_RING 256
#define PL_NET_BUFFERS 8
#define PL_NET_BUFFER_LEAST 1536u
#define PL_NET_TOLD_SLOTS 1024

/** One of our addresses, and the prefix that is on its link. */
struct pl_laddr {
	struct plim_addr addr;
	uint8_t prefix_len;
	uint8_t iface;
};

/* ---- neighbours ---- */

enum pl_neigh_state {
	PL_NEIGH_INCOMPLETE, /* asked, no answer yet */
	PL_NEIGH_FAILED,     /* no answer to PL_NEIGH_TRIES requests; forgotten a second later */
	PL_NEIGH_REACHABLE,  /* confirmed within PL_NEIGH_REACHABLE_NS (looked at when used: no timer) */
	PL_NEIGH_STALE,      /* usable; to be verified when used */
	PL_NEIGH_DELAY,      /* used while stale: a transport may confirm it in time */
	PL_NEIGH_PROBE,      /* usable; asked again */
};

#define PL_NEIGH_TRIES 3
#define PL_NEIGH_ASK_NS PL_SEC(1)        /* RFC 1122 2.3.2.1: one request a second; RFC 4861 RETRANS_TIMER */
#define PL_NEIGH_DELAY_NS PL_SEC(5)      /* RFC 4861 DELAY_FIRST_PROBE_TIME */
#define PL_NEIGH_REACHABLE_NS PL_SEC(30) /* RFC 4861 REACHABLE_TIME */
#define PL_NEIGH_UNUSED_NS PL_SEC(600)   /* forgotten when not used for so long (RFC 1122 2.3.2.1) */

/* Every entry stands in exactly one list. A list has one interval, so it is sorted by time and its head is due first. */
enum pl_neigh_list { PL_NEIGH_ASKING, PL_NEIGH_DELAYED, PL_NEIGH_KNOWN, PL_NEIGH_LISTS };

struct pl_neigh {
	pl_id chain;       /* next in its hash chain */
	pl_id next, prev;  /* in its list */
	pl_id held;        /* first block of the datagram that waits, or 0 */
	pl_time at;        /* when it came into its list: asked, delayed or used */
	pl_time confirmed; /* REACHABLE: when */
	uint8_t mac[PL_MAC_LEN];
	uint8_t iface;
	uint8_t family;
	uint8_t state;  /* enum pl_neigh_state */
	uint8_t list;   /* enum pl_neigh_list */
	uint8_t laddr;  /* our address that asks */
	uint8_t tries;  /* requests sent in this state */
	uint8_t addr[]; /* 4 or 16 octets */
};

_Static_assert(offsetof(struct pl_neigh, addr) + 4 <= 48, "neigh4 in objects.h");
_Static_assert(offsetof(struct pl_neigh, addr) + 16 <= 64, "neigh6 in objects.h");

struct pl_neigh_cache {
	struct {
		pl_id head, tail;
	} lists[PL_NEIGH_LISTS];
	uint32_t n, most;
	uint32_t n_checked; /* n may be so much: most, or what there was when the target was lowered */
};

/* A block of a held datagram. The chain's first block has the fields that are of the whole. */
struct pl_neighbuf {
	pl_id next;                   /* next block of the same datagram */
	pl_id next_chain, prev_chain; /* datagrams that wait, or are ready to go */
	pl_id neigh;                  /* whom it waits for */
	uint16_t len;                 /* of the datagram: an IP datagram without link header */
	uint8_t mac[PL_MAC_LEN];
	uint8_t iface;
	uint8_t family;
	uint8_t octets[];
};

struct pl_chains {
	pl_id head, tail; /* first blocks, oldest first */
};

struct pl_held {
	struct pl_chains waiting; /* for their neighbours */
	struct pl_chains ready;   /* their neighbours were found */
	uint32_t blocks, most_blocks;
};

/* ---- replies ---- */

enum pl_reply_kind {
	PL_REPLY_TCP, /* built when it is sent */
	PL_REPLY_ARP,
	PL_REPLY_ND,
	PL_REPLY_BUFFER, /* an ICMP message in one of the buffers */
};

struct pl_reply {
	uint8_t kind;
	uint8_t laddr;
	bool has_mac;
	bool loop; /* to ourselves */
	uint8_t mac[PL_MAC_LEN];
	uint8_t spare[2];
	uint8_t raddr[16];
	union {
		struct pl_tcp_reply tcp;
		struct {
			uint16_t op;
		} arp;
		struct {
			uint8_t type;
			uint32_t flags;
		} nd;
		struct {
			uint8_t index;
			uint8_t proto;
			uint8_t tos;
			uint16_t len;
		} buffer;
	} u;
};

_Static_assert(sizeof(struct pl_reply) == 64, "a ring entry is 64 octets");

/* The last way that was asked for; good while its neighbour is surely reachable. */
struct pl_net_memo {
	struct plim_addr raddr;
	struct pl_path path;
	uint8_t laddr;
	pl_id neigh;
	pl_time until; /* 0: nothing remembered */
};

struct pl_net {
	struct pl_core *core;
	struct pl_laddr laddrs[PL_NET_MAX_LADDRS];
	uint8_t n_laddrs;
	uint8_t buffers_used; /* bits */
	uint32_t buffer_octets;
	uint32_t head_mask;
	uint32_t ring_first, ring_n;
	uint32_t epoch;
	pl_time retry_at; /* a neighbour's entry was refused: then it may be tried again; PL_TIME_NEVER: none was */
	struct pl_reply *ring; /* in statics, as the next two */
	pl_id *heads;
	uint8_t *buffers;
	struct pl_neigh_cache caches[2]; /* IPv4, IPv6 */
	struct pl_held held;
	struct pl_bucket echo_bucket, icmp_bucket;
	struct pl_bucket neigh_bucket; /* answers to ARP and ND */
	struct pl_bucket ask_bucket;   /* our own requests for what is not known */
	struct pl_bucket probe_bucket; /* and of known ones: a scan cannot use these up */
	uint32_t
		told_ms[PL_NET_TOLD_SLOTS]; /* by keyed hash of the destination: when its errors of late are paid for */
	struct pl_net_memo memo;
	struct pl_reasm reasm;
};

/** What is known of a datagram before it is parsed. */
struct pl_rx {
	const struct plim_frame *f; /* NULL: through the loop */
	uint8_t src_mac[PL_MAC_LEN];
	uint8_t iface;
	bool group_mac; /* the frame was to a broadcast or multicast MAC */
	pl_time now;
};

static inline const struct plim_iface_config *
pl_net_iface(const struct pl_net *n, uint8_t iface)
{
	return &n->core->conf.ifaces[iface];
}

static inline enum pl_net_verdict
pl_net_drop(struct pl_net *n, enum plim_drop why)
{
	n->core->drops[why]++;
	return PL_NET_DONE;
}

#define PL_NET_DROP(n, reason) ((void)PL_DROP((n)->core, reason), PL_NET_DONE)

/* ---- iface.c ---- */

/** Does the interface take a frame to this MAC? Its own, broadcast, and the IPv6 groups its addresses are in. */
bool pl_iface_takes_mac(const struct pl_net *n, uint8_t iface, const uint8_t *mac);

/** As pl_net_find_laddr(), for the addresses of one interface (RFC 1122 3.3.4.2: the strong model). */
bool pl_iface_find_laddr(const struct pl_net *n, uint8_t iface, const struct plim_addr *a, uint8_t *laddr);

/** The first address of a family on an interface. */
bool pl_iface_first_laddr(const struct pl_net *n, uint8_t iface, uint8_t family, uint8_t *laddr);

/** Is a in the prefix of an address of that interface? */
bool pl_iface_is_on_link(const struct pl_net *n, uint8_t iface, const struct plim_addr *a);

/** Is it an IPv4 broadcast address there, all ones or (old hosts) all zeros behind the prefix? */
bool pl_iface_is_broadcast(const struct pl_net *n, uint8_t iface, const struct plim_addr *a);

/** The IPv6 groups: all nodes, and the solicited-node groups of its addresses. */
bool pl_iface_is_in_group(const struct pl_net *n, uint8_t iface, const struct plim_addr *group);

/* ---- input4.c, input6.c, arp.c, nd.c ---- */

enum pl_net_verdict pl_input4(struct pl_net *n, const struct pl_rx *rx, struct pl_span ip, struct pl_pkt *pkt,
                              struct pl_icmp_error *err);
enum pl_net_verdict pl_input6(struct pl_net *n, const struct pl_rx *rx, struct pl_span ip, struct pl_pkt *pkt,
                              struct pl_icmp_error *err);
enum pl_net_verdict pl_arp_input(struct pl_net *n, const struct pl_rx *rx, struct pl_cur c);
enum pl_net_verdict pl_nd_input(struct pl_net *n, const struct pl_rx *rx, const struct pl_pkt *pkt,
                                const struct pl_icmp *m);

/* ---- route.c ---- */

/** The next hop from laddr's interface. PLIM_ENETUNREACH. */
int pl_route_next_hop(const struct pl_net *n, uint8_t iface, const struct plim_addr *raddr, struct plim_addr *hop);

/* ---- neigh.c ---- */

/** How many entries and held blocks there may be: at the start, and again after the class's cap changed. */
void pl_neigh_set_bounds(struct pl_net *n);

/** The MAC of an address on the link, asking if need be. 0 with *id set; PLIM_EAGAIN; PLIM_EHOSTUNREACH. */
int pl_neigh_use(struct pl_net *n, uint8_t laddr, const struct plim_addr *hop, pl_id *id);

/** An address that asked for one of ours: make or update its entry. */
void pl_neigh_learn(struct pl_net *n, uint8_t laddr, const struct plim_addr *a, const uint8_t *mac);

/** It announced itself: update its entry, if there is one. */
void pl_neigh_announced(struct pl_net *n, uint8_t iface, const struct plim_addr *a, const uint8_t *mac);

struct pl_neigh_answer {
	struct plim_addr addr;
	const uint8_t *mac; /* NULL: not told */
	uint8_t iface;
	bool solicited, override; /* RFC 4861 §4.4; of ARP: were we asking; true */
};

/** An answer. False: nobody asked (no entry). */
bool pl_neigh_answered(struct pl_net *n, const struct pl_neigh_answer *a);

/** Are we asking for it now? */
bool pl_neigh_is_asked(const struct pl_net *n, uint8_t iface, const struct plim_addr *a);

pl_id pl_neigh_find(const struct pl_net *n, uint8_t iface, const struct plim_addr *a);

static inline struct pl_neigh *
pl_neigh_at(const struct pl_net *n, pl_id id)
{
	return (struct pl_neigh *)pl_mem_ptr(&n->core->mem, id);
}

/** Walk lists and chains; a text of the first fault, or NULL. */
const char *pl_neigh_check(const struct pl_net *n);

/* ---- held.c ---- */

/** Forget what waits for a neighbour. */
void pl_held_drop(struct pl_net *n, struct pl_neigh *e);

/** The neighbour was found: what waits may go. */
void pl_held_release(struct pl_net *n, struct pl_neigh *e);

/** The next released datagram as a frame. False: none. */
bool pl_held_output(struct pl_net *n, struct plim_frame *f);

/* ---- reassembly.c ---- */

size_t pl_reasm_static_octets(const struct plim_config *conf, size_t target, uint32_t scratch);
void pl_reasm_init(struct pl_net *n, struct pl_put *statics);

/** How many datagrams and blocks there may be: again after the class's cap changed. */
void pl_reasm_set_bounds(struct pl_net *n);

/** A fragment; pkt as its header tells. True: it made a datagram whole, and that is what *pkt is now, until pl_net_release(). */
bool pl_reasm_input(struct pl_net *n, const struct pl_ip4 *ip, struct pl_pkt *pkt);

void pl_reasm_poll(struct pl_net *n, pl_time now, unsigned *budget);
pl_time pl_reasm_deadline(const struct pl_net *n);

/** Walk every list; a text of the first fault, or NULL. */
const char *pl_reasm_check(const struct pl_net *n);

/* ---- reply.c ---- */

/** A fresh entry at the ring's end, zeroed but for kind and laddr; NULL: the ring is full. */
struct pl_reply *pl_reply_new(struct pl_net *n, enum pl_reply_kind kind, uint8_t laddr);

/** A buffer for an ICMP message: its number, or -1. */
int pl_reply_buffer(struct pl_net *n);
uint8_t *pl_reply_buffer_at(const struct pl_net *n, int index);

/** Send a buffer's len octets to the sender of a datagram; gives the buffer back if the ring is full. */
bool pl_reply_send_buffer(struct pl_net *n, const struct pl_pkt *to, int index, uint8_t proto, uint8_t tos, size_t len);

/* ---- icmp.c, icmp_error.c ---- */

enum pl_net_verdict pl_icmp_input(struct pl_net *n, const struct pl_rx *rx, const struct pl_pkt *pkt,
                                  struct pl_icmp_error *err);

/** Parse an error's quotation. False: malformed, or not about a datagram of ours. */
bool pl_icmp_parse_error(struct pl_net *n, const struct pl_pkt *pkt, const struct pl_icmp *m,
                         struct pl_icmp_error *err);

/** Tell the sender of a datagram of an error, if RFC 1122 3.2.2 and RFC 4443 §2.4 allow it and within the rate limit. */
void pl_icmp_send_error(struct pl_net *n, const struct pl_pkt *about, uint8_t type, uint8_t code, uint32_t rest);

#endif
