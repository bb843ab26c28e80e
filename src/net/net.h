/* SPDX-License-Identifier: ISC */
/*
 * The network layer: interfaces and their addresses, neighbours (ARP, ND), routes,
 * ICMP, and replies that belong to no connection. Knows no transport's state: what is
 * for one is handed up as a pl_pkt, and what a transport wants said without a
 * connection goes through the reply ring.
 *
 * Our addresses are numbered over all interfaces (`laddr`, one octet), so that a
 * record holds one octet for its local address.
 */
#ifndef PL_NET_NET_H
#define PL_NET_NET_H

#include "base/bucket.h"
#include "mem/core.h"
#include "wire/tcp.h"

#define PL_NET_MAX_LADDRS (PLIM_MAX_IFACES * PLIM_MAX_ADDRS)
#define PL_ETH_HEADER 14
#define PL_PROTO_ICMP 1
#define PL_PROTO_TCP 6
#define PL_PROTO_UDP 17
#define PL_PROTO_ICMP6 58

/** A datagram for a transport. Everything is borrowed from the frame. */
struct pl_pkt {
	struct plim_addr src, dst;
	struct pl_span ip; /* the whole datagram, for quotations */
	struct pl_span l4; /* transport header and text, without link padding */
	uint32_t rest;     /* octets behind l4 that are elsewhere, see pl_net_rest(); only of UDP, and seldom */
	uint16_t gso_size;
	uint8_t proto, ttl, tos;
	uint8_t iface;
	uint8_t laddr;    /* number of dst among our addresses */
	bool csum_ok;     /* the driver vouches for the transport checksum */
	bool reassembled; /* lent until pl_net_release(), not the frame's */
	bool not_unicast; /* to a broadcast or multicast address, of the link or of IP: nothing is answered */
	uint8_t src_mac[6];
	pl_time at;
};

/** An ICMP error about a datagram of ours, quotation parsed. */
struct pl_icmp_error {
	uint8_t proto; /* of the quoted datagram */
	uint8_t laddr; /* its source: ours */
	struct plim_addr raddr;
	uint16_t lport, rport;
	pl_seq seq;   /* TCP: quoted SEQ (RFC 5927 §4) */
	bool hard;    /* protocol or port unreachable (SHLD-26) */
	uint32_t mtu; /* packet too big: the MTU told, else 0 */
	int code;     /* PLIM_E... for the application */
};

enum pl_net_verdict {
	PL_NET_DONE,  /* handled or dropped (counted) */
	PL_NET_PKT,   /* *pkt is for TCP or UDP */
	PL_NET_ERROR, /* *err is about a datagram of ours */
};

/** Where a datagram goes. */
struct pl_path {
	uint8_t iface;
	uint8_t laddr;
	bool loop; /* to ourselves: never leaves the stack */
	uint8_t dst_mac[6];
	uint16_t mtu;
};

/** A TCP reply without a connection: SYN-ACK by cookie, RST, challenge ACK, ACK from an idle form. */
struct pl_tcp_reply {
	uint16_t lport, rport;
	pl_seq seq, ack;
	uint16_t wnd; /* as on the wire */
	uint8_t flags;
	uint8_t opt_has; /* PL_OPT_... ; SACK blocks are not carried but one DSACK */
	uint8_t wscale;
	uint8_t n_sacks; /* 0 or 1 */
	uint16_t mss;
	uint32_t tsval, tsecr;
	struct pl_sack sack;
};

struct pl_net; /* in net/net_state.h */

/** Static octets that the network layer takes beyond sizeof(struct pl_net): ring, echo buffers, neighbour heads. */
size_t pl_net_static_octets(const struct plim_config *conf, size_t target);

/** Start over `statics` (pl_net_static_octets() octets, aligned to 64). The core's memory, configuration, keys and time are there already. */
void pl_net_init(struct pl_net *n, struct pl_core *c, uint8_t *statics);

/** The target changed: bounds that follow from class caps do. Tables keep their size. */
void pl_net_set_bounds(struct pl_net *n);

/** Take one frame. */
enum pl_net_verdict pl_net_input(struct pl_net *n, const struct plim_frame *f, pl_time now, struct pl_pkt *pkt,
                                 struct pl_icmp_error *err);

/** Parse an IP datagram that came through the internal loop: `ip` starts at the IP header. */
enum pl_net_verdict pl_net_input_loop(struct pl_net *n, struct pl_span ip, pl_time now, struct pl_pkt *pkt,
                                      struct pl_icmp_error *err);

/** The next run of a datagram's octets behind pkt->l4, from octet `at` of them on; empty at the end. Lent as the packet is. */
struct pl_span pl_net_rest(const struct pl_net *n, const struct pl_pkt *pkt, size_t at);

/** A reassembled datagram was taken by its transport. */
void pl_net_release(struct pl_net *n);

/** Which of our addresses is this? False: none. */
bool pl_net_find_laddr(const struct pl_net *n, const struct plim_addr *a, uint8_t *laddr);
const struct plim_addr *pl_net_laddr(const struct pl_net *n, uint8_t laddr);

/** Is this a broadcast address of one of our links (or 255.255.255.255), or multicast? (MUST-46, MUST-57) */
bool pl_net_is_not_unicast(const struct pl_net *n, const struct plim_addr *a);

/** The source address that the route to raddr chooses (MUST-44). PLIM_ENETUNREACH. */
int pl_net_source_for(const struct pl_net *n, const struct plim_addr *raddr, uint8_t *laddr);

/** MTU on the way to raddr from laddr, without asking for a neighbour. PLIM_ENETUNREACH. */
int pl_net_mtu(const struct pl_net *n, uint8_t laddr, const struct plim_addr *raddr, uint16_t *mtu);

/**
 * The way to raddr, neighbour resolved. PLIM_EAGAIN: asked for, pl_net_epoch() changes when it is known;
 * PLIM_EHOSTUNREACH: the neighbour did not answer, or there is no room to ask for it; PLIM_ENETUNREACH.
 */
int pl_net_resolve(struct pl_net *n, uint8_t laddr, const struct plim_addr *raddr, struct pl_path *out);

/** Changes whenever a neighbour becomes reachable, fails, or may be asked for again: also a second after one was refused. */
uint32_t pl_net_epoch(const struct pl_net *n);

/** Forward progress with raddr was seen: its neighbour is reachable (RFC 4861 §7.3.1). */
void pl_net_confirm(struct pl_net *n, uint8_t laddr, const struct plim_addr *raddr);

/** Octets of link and IP header before the transport header of this family. */
size_t pl_net_header_len(uint8_t family);

/** Write link and IP header for l4_len octets of transport that follow at p + pl_net_header_len(). tos: DSCP and ECN. ttl 0: the default. */
void pl_net_put_header(struct pl_net *n, uint8_t *p, const struct pl_path *path, const struct plim_addr *raddr,
                       uint8_t proto, size_t l4_len, uint8_t tos, uint8_t ttl);

/**
 * Leave a TCP reply to the sender of a datagram. from_mac NULL: resolve when it is sent; it waits for its neighbour then.
 * False: the ring is full (counted by the caller under its own reason).
 */
bool pl_net_reply_tcp(struct pl_net *n, uint8_t laddr, const struct plim_addr *raddr, const uint8_t *from_mac,
                      const struct pl_tcp_reply *r);

/** ICMP port (UDP) unreachable about a datagram, within its rate limit. */
void pl_net_reply_unreachable(struct pl_net *n, const struct pl_pkt *pkt);

/**
 * The next frame of the network layer's own. False: none. f->data and f->cap are the caller's.
 * *loop: it is for ourselves: hand its IP datagram to pl_net_input_loop() instead of the driver.
 */
bool pl_net_output(struct pl_net *n, struct plim_frame *f, bool *loop, pl_time now);

/** Is there anything for pl_net_output()? */
bool pl_net_has_output(const struct pl_net *n);

/**
 * A datagram that pl_net_resolve() answered with PLIM_EAGAIN waits for its neighbour, copied into blocks of class
 * neighbour; one for each neighbour, a newer one takes its place. Counted as dropped where there is no room.
 */
void pl_net_hold(struct pl_net *n, uint8_t laddr, const struct plim_addr *raddr, struct pl_span ip);

/** Timers of neighbours and fragments; at most about *budget units, which it lowers. */
void pl_net_poll(struct pl_net *n, pl_time now, unsigned *budget);
pl_time pl_net_deadline(const struct pl_net *n);

#endif
