/* SPDX-License-Identifier: ISC */
/**
 * Plimsoll: a TCP/IP stack whose whole memory stays under one number.
 *
 * Conventions that hold for every function here
 *
 *  - sans-IO: you bring frames, time and one region of memory; the stack never
 *    calls you, the operating system, an allocator or a clock.
 *  - One thread per stack. Two stacks in one process do not know of each other.
 *  - Results: >= 0 on success, a negative PLIM_E... code on failure. Out-parameters
 *    are untouched on failure, unless a comment says otherwise.
 *  - Time is plim_time: nanoseconds that never go back, from any origin. Calls
 *    without a time happen at the latest time the stack was given. After a long silence call
 *    plim_poll() first: deadlines count from that time.
 *  - Sizes are octets. Addresses are in network order, ports in host order.
 *  - Handles are {index, generation}. A stale one gives PLIM_ESTALE, never a crash.
 *  - Ownership words: `borrows` = used during the call only; `takes` = the stack's
 *    from now on; `lends until X` = yours to read (or fill) until X happens.
 *  - Every call does a bounded amount of work.
 *
 * After any call drain in this order: plim_output(), plim_events(), plim_next_deadline().
 */
#ifndef PLIM_PLIM_H
#define PLIM_PLIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PLIM_VERSION_MAJOR 0
#define PLIM_VERSION_MINOR 1
#define PLIM_VERSION_PATCH 0

#if defined(__GNUC__)
#define PLIM_API __attribute__((visibility("default")))
#else
#define PLIM_API
#endif

/* ---- results ------------------------------------------------------------------ */

/** Error codes: X(name, number, text). */
#define PLIM_ERRORS(X)                                                               \
	X(EINVAL, 1, "an argument is not valid")                                     \
	X(ENOMEM, 2, "the memory target, a class cap or a limit refuses this")       \
	X(EAGAIN, 3, "nothing to do now; an event will tell")                        \
	X(ESTALE, 4, "the handle is stale")                                          \
	X(ENOTCONN, 5, "the connection is not (or no longer) open that way")         \
	X(EADDRINUSE, 6, "address and port are in use")                              \
	X(EADDRNOTAVAIL, 7, "not an address of this stack, or no free port")         \
	X(ENETUNREACH, 8, "no route")                                                \
	X(EHOSTUNREACH, 9, "the host or port did not answer (ICMP or no neighbour)") \
	X(ERESET, 10, "the peer reset the connection")                               \
	X(EREFUSED, 11, "the peer refused the connection")                           \
	X(ETIMEDOUT, 12, "no answer in time")                                        \
	X(EPIPE, 13, "sending was shut down")                                        \
	X(EMSGSIZE, 14, "the datagram is too long")                                  \
	X(ETOOSMALL, 15, "the region is smaller than this configuration needs")      \
	X(ENOENTROPY, 16, "no entropy was given")                                    \
	X(EEVICTED, 17, "the stack ended this connection to stay under its target")  \
	X(ENOTSUP, 18, "not supported")                                              \
	X(EABORTED, 19, "aborted by this side")

enum plim_error {
	PLIM_OK = 0,
#define PLIM_X(name, number, text) PLIM_##name = -(number),
	PLIM_ERRORS(PLIM_X)
#undef PLIM_X
};

/** A one-line text for a result code; never NULL. Static storage. */
PLIM_API const char *plim_strerror(int code);

/** The library's version, "major.minor.patch". Static storage. */
PLIM_API const char *plim_version(void);

/* ---- basic types ---------------------------------------------------------------- */

/** One stack. It lives at the start of the region given to plim_create(). */
typedef struct plim plim;

/** Nanoseconds, never going back. */
typedef uint64_t plim_time;
#define PLIM_NEVER UINT64_MAX

/** A listener, connection or UDP socket. All zero names nothing. */
typedef struct plim_h {
	uint32_t index;
	uint32_t generation;
} plim_h;

/** An IP address. family is 4 or 6 (0: any address of any family). */
struct plim_addr {
	uint8_t octets[16]; /* network order; IPv4 uses the first four */
	uint8_t family;
};

struct plim_endpoint {
	struct plim_addr addr;
	uint16_t port; /* host order */
};

/** A run of octets. */
struct plim_span {
	uint8_t *data;
	size_t len;
};

/* ---- configuration ---------------------------------------------------------------- */

/**
 * Numeric settings: X(name, default, least, most, what it means).
 * The suffix gives the unit: _ms milliseconds, _pct per cent of the target, _octets octets.
 * 0 as a default means "derived", as the text says.
 */
/* clang-format off */
#define PLIM_SETTINGS(X) \
	X(block_octets, 0, 0, 4096, "octets in a storage block, a power of two; 0: T/16Ki within 256..1024") \
	X(cap_syn_pct, 2, 1, 20, "class cap: SYN cache") \
	X(cap_timewait_pct, 3, 1, 20, "class cap: TIME_WAIT records") \
	X(cap_neighbour_pct, 1, 1, 20, "class cap: neighbours and path MTU") \
	X(cap_fragment_pct, 3, 1, 20, "class cap: reassembly") \
	X(cap_udp_pct, 6, 1, 40, "class cap: UDP sockets and queues") \
	X(cap_reserve_pct, 5, 1, 20, "reserve: replies, one inflation, segments at RCV.NXT") \
	X(cap_slack_pct, 5, 1, 20, "static tables and part-used slabs") \
	X(cap_record_pct, 60, 1, 75, "connection records, within the joint cap") \
	X(cap_app_pct, 25, 0, 75, "octets charged by the application, within the joint cap") \
	X(cap_orphan_pct, 10, 0, 75, "connections without a handle, within the joint cap") \
	X(backlog, 0, 0, 1048576, "connections not yet accepted, per listener; 0: T/1Ki") \
	X(ip_ttl, 64, 1, 255, "TTL and hop limit of what we send") \
	X(rto_initial_ms, 1000, 100, 60000, "RTO before a sample (RFC 6298 2.1)") \
	X(rto_syn_lost_ms, 3000, 100, 60000, "RTO after a lost SYN (RFC 6298 5.7)") \
	X(rto_min_ms, 200, 1, 60000, "least RTO with timestamps") \
	X(rto_min_nots_ms, 1000, 1, 60000, "least RTO without timestamps (RFC 6298 2.4)") \
	X(rto_max_ms, 60000, 1000, 240000, "largest RTO (RFC 6298 2.5)") \
	X(syn_timeout_ms, 180000, 1000, 3600000, "SYN_SENT ends after (MUST-23)") \
	X(syn_retries, 7, 0, 30, "retransmissions of an active SYN") \
	X(synack_retries, 5, 0, 30, "retransmissions of a SYN-ACK") \
	X(synack_timeout_ms, 63000, 1000, 3600000, "passive SYN_RECEIVED ends after") \
	X(user_timeout_ms, 100000, 1000, 86400000, "R2: unacknowledged data may wait so long (SHLD-11)") \
	X(orphan_timeout_ms, 60000, 100, 3600000, "closing states without a handle end after") \
	X(fin_wait_2_timeout_ms, 60000, 100, 3600000, "orphaned FIN_WAIT_2 ends after, absolute") \
	X(accept_timeout_ms, 300000, 1000, 3600000, "a connection nobody accepts ends after") \
	X(msl_ms, 30000, 100, 240000, "MSL; TIME_WAIT lasts twice as long") \
	X(keepalive_idle_ms, 7200000, 1000, 604800000, "idle time before the first probe (MUST-28)") \
	X(keepalive_interval_ms, 75000, 100, 3600000, "time between probes") \
	X(keepalive_probes, 9, 1, 255, "probes without an answer that end the connection") \
	X(delayed_ack_ms, 40, 0, 499, "longest wait of an ACK (MUST-40)") \
	X(congestion_control, 1, 0, 1, "0 NewReno, 1 CUBIC") \
	X(initial_window_segments, 10, 1, 64, "initial window (RFC 6928)") \
	X(mss_floor, 216, 64, 1460, "least segment size that a peer can force on us") \
	X(rcv_buf_max, 0, 0, 1073725440, "largest receive window; 0: T/8 within 64 KiB..4 MiB") \
	X(snd_buf_max, 0, 0, 1073725440, "most unacknowledged and unsent octets; 0: as rcv_buf_max") \
	X(timestamps, 1, 0, 1, "offer RFC 7323 timestamps") \
	X(window_scaling, 1, 0, 1, "offer RFC 7323 window scaling") \
	X(sack, 1, 0, 1, "offer SACK") \
	X(syn_cookies, 1, 0, 2, "0 never, 1 for the excess, 2 always") \
	X(compact_ms, 1000, 10, 60000, "quiet time before a connection shrinks to its idle form") \
	X(port_first, 49152, 1024, 65535, "first ephemeral port (RFC 6056)") \
	X(port_last, 65535, 1024, 65535, "last ephemeral port") \
	X(icmp_rate, 1000, 0, 1000000, "ICMP errors per second") \
	X(icmp_burst, 50, 1, 10000, "ICMP errors at once") \
	X(rst_rate, 1000, 0, 1000000, "RSTs that belong to no connection, per second") \
	X(challenge_rate, 1000, 0, 1000000, "challenge ACKs per second, one or two taken for each at random (RFC 5961 7)") \
	X(challenge_spacing_ms, 500, 0, 60000, "between challenge ACKs of one connection") \
	X(echo_rate, 10000, 0, 10000000, "ICMP echo replies per second") \
	X(neighbour_rate, 1000, 0, 1000000, "ARP and neighbour replies per second") \
	X(cookie_rate, 100000, 0, 10000000, "SYN-ACKs by cookie per second") \
	X(fragment_timeout_ms, 30000, 1000, 120000, "a datagram in fragments ends so long after the first of them") \
	X(udp_queue_octets, 0, 0, 1073741824, "most that a UDP socket queues each way, real octets; 0: a quarter of the class; never over half of what the class has left") \
	X(governor, 1, 0, 1, "0: no measures under pressure, the hard limits alone") \
	X(level_1_pct, 50, 1, 100, "pressure level 1 from so much of the joint cap") \
	X(level_2_pct, 70, 1, 100, "level 2; not under level 1") \
	X(level_3_pct, 85, 1, 100, "level 3; not under level 2") \
	X(level_4_pct, 95, 1, 100, "level 4; not under level 3") \
	X(level_down_pct, 5, 1, 50, "a level falls so many points under its start") \
	X(level_down_ms, 500, 1, 60000, "and so long after the last change") \
	X(probe_idle_ms, 30000, 100, 86400000, "level 1: idle time before a peer that was never useful is probed") \
	X(probe_interval_ms, 10000, 100, 3600000, "level 1: time between such probes") \
	X(probe_pressed_idle_ms, 10000, 100, 86400000, "from level 2: idle time before such a probe") \
	X(probe_pressed_interval_ms, 5000, 100, 3600000, "from level 2: time between such probes") \
	X(probe_useful_idle_ms, 900000, 100, 86400000, "level 1: idle time before a peer with a useful history is probed") \
	X(probe_useful_pressed_idle_ms, 60000, 100, 86400000, "the same from level 2") \
	X(probe_count, 3, 1, 200, "liveness probes without an answer that settle it") \
	X(orphan_pressed_ms, 5000, 100, 3600000, "from level 2: closing states without a handle end after") \
	X(fin_wait_2_pressed_ms, 10000, 100, 3600000, "from level 2: orphaned FIN_WAIT_2 ends after") \
	X(accept_level_2_ms, 60000, 100, 3600000, "level 2: a connection nobody accepts ends after") \
	X(accept_level_3_ms, 10000, 100, 3600000, "the same from level 3") \
	X(evict_level_3_ms, 20000, 100, 3600000, "level 3: stall age from which a connection may be evicted") \
	X(evict_level_4_ms, 5000, 100, 3600000, "the same at level 4") \
	X(evict_useful_times, 6, 1, 1000, "so many times that age for a connection with a useful history") \
	X(intervals_pressed, 8, 1, 32, "from level 2: out-of-order intervals a connection may begin") \
	X(credit_pct, 85, 10, 100, "held octets and advertised windows together, of the joint cap")
/* clang-format on */

#define PLIM_MAX_IFACES 4
#define PLIM_MAX_ADDRS 8 /* per interface */
#define PLIM_MAX_ROUTES 16

/** An address of ours and the prefix that is on its link. */
struct plim_ifaddr {
	struct plim_addr addr;
	uint8_t prefix_len;
};

/** Abilities of the driver behind an interface. */
enum plim_iface_flag {
	PLIM_IF_CSUM_OUT = 1, /* finishes checksums of frames marked PLIM_FRAME_NEEDS_CSUM */
	PLIM_IF_TSO = 2,      /* cuts frames with gso_size into segments; implies PLIM_IF_CSUM_OUT */
};

struct plim_iface_config {
	uint8_t mac[6];
	uint16_t mtu;        /* octets of IP, 576 (1280 with IPv6) .. 65535 */
	uint32_t flags;      /* PLIM_IF_... */
	uint32_t gso_octets; /* longest super-frame with PLIM_IF_TSO, at most 65535 */
	struct plim_ifaddr addrs[PLIM_MAX_ADDRS];
	uint8_t n_addrs;
};

struct plim_route_config {
	struct plim_addr dst; /* octets beyond prefix_len are ignored */
	uint8_t prefix_len;
	struct plim_addr via; /* gateway, on the link of iface */
	uint8_t iface;
};

/** Everything a stack is told at its creation. Fill it with plim_config_default(). */
struct plim_config {
	uint32_t size;          /* sizeof(struct plim_config), set by plim_config_default() */
	uint32_t memory_target; /* reserved, 0; the target is the size given to plim_create() */
#define PLIM_X(name, dflt, least, most, text) uint64_t name;
	PLIM_SETTINGS(PLIM_X)
#undef PLIM_X
	struct plim_iface_config ifaces[PLIM_MAX_IFACES];
	struct plim_route_config routes[PLIM_MAX_ROUTES];
	uint8_t n_ifaces, n_routes;
};

/** Fill *config with the defaults, no interface and no route. */
PLIM_API void plim_config_default(struct plim_config *config);

/** Set one numeric setting by name. PLIM_EINVAL: no such name, or out of its range. */
PLIM_API int plim_config_set(struct plim_config *config, const char *name, uint64_t value);

/** What is known of a setting, by number from 0; false beyond the last. Out-parameters may be NULL. */
PLIM_API bool plim_config_describe(unsigned i, const char **name, uint64_t *dflt, uint64_t *least, uint64_t *most,
                                   const char **text);

/* ---- life ---------------------------------------------------------------- */

#define PLIM_ENTROPY_OCTETS 32

/** The least region, in octets, that plim_create() takes for this configuration; 0 if the configuration is not valid. */
PLIM_API size_t plim_size_min(const struct plim_config *config);

/**
 * Make a stack in a region of memory.
 *
 * @config   borrowed
 * @region   taken until the caller ends the stack by forgetting it; aligned to 64. All state of the
 *           stack stays inside. Need not be zeroed; pages are not touched before they are used.
 * @size     the memory target T, octets
 * @entropy  borrowed, PLIM_ENTROPY_OCTETS unpredictable octets; all zero is refused
 * @now      the present time
 * @out      the stack
 *
 * PLIM_EINVAL, PLIM_ETOOSMALL (see plim_size_min), PLIM_ENOENTROPY.
 */
PLIM_API int plim_create(const struct plim_config *config, void *region, size_t size, const uint8_t *entropy,
                         plim_time now, plim **out);

/* ---- frames ---------------------------------------------------------------- */

enum plim_frame_flag {
	PLIM_FRAME_CSUM_VALID = 1, /* in: the driver verified the transport checksum */
	PLIM_FRAME_NEEDS_CSUM =
		2, /* the field holds the pseudo-header sum only; in: take as verified; out: driver finishes */
};

/** An Ethernet frame (no FCS). */
struct plim_frame {
	uint8_t *data;        /* in: borrowed, not changed; out: the caller's buffer, filled */
	uint32_t len;         /* octets in data */
	uint32_t cap;         /* out: room in data; at least 14 + MTU of the largest interface */
	uint8_t iface;        /* interface number, as in the configuration */
	uint8_t flags;        /* PLIM_FRAME_... */
	uint16_t gso_size;    /* payload octets per segment of a super-frame; 0: an ordinary frame */
	uint16_t csum_start;  /* out, with NEEDS_CSUM: where the sum starts */
	uint16_t csum_offset; /* out, with NEEDS_CSUM: where the field is, from csum_start */
	uint16_t hdr_len;     /* out, with gso_size: octets of Ethernet, IP and TCP header */
};

/**
 * Hand received frames to the stack, in order of arrival. Borrows.
 * Whatever is wrong with a frame is counted under its drop reason; nothing is reported here.
 * Returns n.
 */
PLIM_API int plim_input(plim *s, const struct plim_frame *frames, size_t n, plim_time now);

/**
 * Do what is due: timers, sweeps, compaction. At most about `budget` units (objects visited, timers fired).
 * Returns 1 if more was due than the budget allowed, else 0.
 */
PLIM_API int plim_poll(plim *s, plim_time now, unsigned budget);

/**
 * Take frames to send: fills up to n of the caller's buffers. Needs no memory of the stack's.
 * Returns how many were filled; fewer than n: nothing more is due now. PLIM_EINVAL: a buffer is too small.
 */
PLIM_API int plim_output(plim *s, struct plim_frame *frames, size_t n, plim_time now);

/** When plim_poll() is due next; PLIM_NEVER if nothing waits for time. May be in the past: poll at once. */
PLIM_API plim_time plim_next_deadline(const plim *s);

/* ---- events ---------------------------------------------------------------- */

enum plim_event_bit {
	PLIM_EV_ACCEPT = 1,       /* listener: a connection waits to be accepted */
	PLIM_EV_CONNECTED = 2,    /* active open succeeded */
	PLIM_EV_READABLE = 4,     /* octets, a datagram or the end of the stream came */
	PLIM_EV_WRITABLE = 8,     /* room for sending came back after PLIM_EAGAIN */
	PLIM_EV_PEER_FIN = 16,    /* the peer will send no more */
	PLIM_EV_CLOSED = 32,      /* ended: plim_get(PLIM_O_ERROR) says why; only plim_close() is left to do */
	PLIM_EV_URGENT = 64,      /* the urgent pointer appeared or advanced (MUST-32) */
	PLIM_EV_SOFT_ERROR = 128, /* ICMP trouble or R1 passed (SHLD-9, SHLD-25) */
	PLIM_EV_EVICTED = 256,    /* with CLOSED: ended to stay under the target */
	PLIM_EV_LEVEL = 512,      /* no handle: the pressure level changed */
	PLIM_EV_SENT_ALL = 1024,  /* everything sent was acknowledged */
};

struct plim_event {
	plim_h h;
	uint32_t bits;   /* PLIM_EV_... that became true since the last event on h */
	uint32_t cookie; /* the caller's own number for h */
};

/**
 * Fetch up to n events. They are edges; each handle is in the queue at most once, so it cannot overflow. Returns how many.
 * A closed handle keeps its 16 octets until the queue has passed it: fetch events even if you do not need them.
 */
PLIM_API int plim_events(plim *s, struct plim_event *ev, size_t n);

/* ---- TCP ---------------------------------------------------------------- */

/**
 * Listen (passive OPEN).
 * @local   family 0 listens on every address of ours
 * PLIM_EADDRINUSE, PLIM_EADDRNOTAVAIL, PLIM_EINVAL (port 0), PLIM_ENOMEM.
 */
PLIM_API int plim_tcp_listen(plim *s, const struct plim_endpoint *local, uint32_t cookie, plim_h *out);

/**
 * Open actively. The SYN goes out with the next plim_output(); PLIM_EV_CONNECTED or PLIM_EV_CLOSED tells the result.
 * @local   may be NULL; family 0 lets the route choose (MUST-44), port 0 a random port (RFC 6056)
 * PLIM_EINVAL (broadcast, multicast: MUST-46), PLIM_ENETUNREACH, PLIM_EADDRNOTAVAIL, PLIM_EADDRINUSE, PLIM_ENOMEM.
 */
PLIM_API int plim_tcp_connect(plim *s, const struct plim_endpoint *remote, const struct plim_endpoint *local,
                              uint32_t cookie, plim_h *out);

/** Take the connection that waited longest. @peer may be NULL. PLIM_EAGAIN: none waits. PLIM_ENOMEM: no room for its handle; it goes on waiting. */
PLIM_API int plim_tcp_accept(plim *s, plim_h listener, uint32_t cookie, plim_h *out, struct plim_endpoint *peer);

/** Send FIN after what was queued (half-close). PLIM_ENOTCONN if not open; PLIM_EAGAIN: no memory for it now, ask again. */
PLIM_API int plim_tcp_shutdown(plim *s, plim_h h);

/**
 * Give the handle back. A listener ends, and connections nobody accepted are reset. A connection closes in
 * the background: queued octets are sent, then FIN; with unread octets it is reset (SHLD-3).
 */
PLIM_API int plim_tcp_close(plim *s, plim_h h);

/** Give the handle back and reset the connection at once. Queued octets are lost. */
PLIM_API int plim_tcp_abort(plim *s, plim_h h);

enum plim_send_flag {
	PLIM_SEND_MORE = 1,   /* more follows at once: hold back a partial segment */
	PLIM_SEND_URGENT = 2, /* the last octet ends urgent data (RFC 9293 3.8.5) */
};

/**
 * Queue octets for sending, copied. Returns how many were taken (> 0), or
 * PLIM_EAGAIN (no room: PLIM_EV_WRITABLE follows), PLIM_EPIPE after shutdown, PLIM_ENOTCONN,
 * PLIM_ERESET, PLIM_ETIMEDOUT, PLIM_EEVICTED.
 */
PLIM_API int64_t plim_send(plim *s, plim_h h, const void *data, size_t len, unsigned flags);

/**
 * Take received octets, copied. Returns how many; 0 at the end of the stream;
 * PLIM_EAGAIN nothing yet; else why the connection ended (told once all octets are read).
 */
PLIM_API int64_t plim_recv(plim *s, plim_h h, void *data, size_t len);

/**
 * Room in the send queue, to be filled in place.
 * @spans, @n  out: up to n runs in order, lent until the next call on that handle, plim_input() or plim_poll()
 * @want       octets wished for; at most 64 KiB are lent
 * Returns the runs' length in octets (> 0), or as plim_send().
 */
PLIM_API int64_t plim_tx_reserve(plim *s, plim_h h, size_t want, struct plim_span *spans, size_t n);

/** Queue the first len octets of what plim_tx_reserve() lent; the rest is given back. Flags as plim_send(). */
PLIM_API int plim_tx_commit(plim *s, plim_h h, size_t len, unsigned flags);

/**
 * Look at received octets without copying.
 * @spans, @n  out: up to n runs in order, at most 64 KiB, lent until plim_rx_consume(), plim_recv(), plim_tcp_close()
 *             or plim_tcp_abort() on that handle, or the next plim_input() or plim_poll(); so plim_tx_reserve() and
 *             plim_tx_commit() in between may copy from one connection, or from itself, to another
 * Returns the runs' length in octets; else as plim_recv(). Does not send anything.
 */
PLIM_API int64_t plim_rx_peek(plim *s, plim_h h, struct plim_span *spans, size_t n);

/** Take the first len octets that plim_rx_peek() showed. PLIM_EINVAL: more than there are. */
PLIM_API int plim_rx_consume(plim *s, plim_h h, size_t len);

/* ---- UDP ---------------------------------------------------------------- */

/** Open a UDP socket. Family 0 receives on every address; port 0 takes a random port. */
PLIM_API int plim_udp_open(plim *s, const struct plim_endpoint *local, uint32_t cookie, plim_h *out);

/** Queue one datagram. PLIM_EAGAIN: the queue is full. PLIM_EMSGSIZE, PLIM_ENETUNREACH, PLIM_ENOMEM. Returns len. */
PLIM_API int64_t plim_udp_sendto(plim *s, plim_h h, const struct plim_endpoint *to, const void *data, size_t len);

/** Take one datagram, cut to len. Returns its length as sent; PLIM_EAGAIN. @from may be NULL. */
PLIM_API int64_t plim_udp_recvfrom(plim *s, plim_h h, void *data, size_t len, struct plim_endpoint *from);

/** Give the socket back; datagrams not yet sent or read are dropped. PLIM_ESTALE: not (or no longer) a UDP socket. */
PLIM_API int plim_udp_close(plim *s, plim_h h);

/* ---- the application's memory ------------------------------------------------- */

/**
 * A piece of the arena for the application, charged to connection h. Freed with the connection's record at the latest:
 * when h is closed or ended, everything is given back by plim_free() or by the close itself.
 * At most one storage block (see plim_get(PLIM_O_BLOCK_OCTETS)). NULL if refused.
 */
PLIM_API void *plim_alloc(plim *s, plim_h h, size_t octets);

/** Give a piece back. p may be NULL. A pointer that plim_alloc() did not give, or gave to another handle, is PLIM_EINVAL. */
PLIM_API int plim_free(plim *s, plim_h h, void *p);

/** Charge octets held elsewhere for h: what the arena may hand out falls by as much. PLIM_ENOMEM: refused, nothing charged. */
PLIM_API int plim_charge(plim *s, plim_h h, size_t octets);

/** Take back a charge. PLIM_EINVAL: more than h is charged. */
PLIM_API int plim_uncharge(plim *s, plim_h h, size_t octets);

/* ---- options ---------------------------------------------------------------- */

/** Options of a connection, or with a handle of all zero of the stack. */
enum plim_option {
	PLIM_O_NODELAY = 1, /* 1: no Nagle (MUST-17) */
	PLIM_O_KEEPALIVE,   /* 1: on (MUST-24) */
	PLIM_O_KEEPALIVE_IDLE_MS,
	PLIM_O_KEEPALIVE_INTERVAL_MS,
	PLIM_O_KEEPALIVE_PROBES,
	PLIM_O_USER_TIMEOUT_MS, /* R2 of this connection (MUST-21); also limits SYN_SENT; 0: the stack's */
	PLIM_O_DSCP,            /* 0..63 (MUST-48) */
	PLIM_O_TTL,             /* (MUST-49) */
	PLIM_O_RCV_BUF_MAX,
	PLIM_O_SND_BUF_MAX,
	PLIM_O_CONGESTION_CONTROL, /* 0 NewReno, 1 CUBIC */
	PLIM_O_NO_PROBE,           /* 1: no liveness probes under pressure */
	PLIM_O_COOKIE,             /* the number that events carry */
	PLIM_O_SOFT_ERRORS,        /* 0: do not report soft errors (SHLD-20) */
	PLIM_O_UDP_DROP_OLDEST, /* UDP socket, 1: a datagram that finds the queue full takes the place of the oldest; 0: it is dropped */
	PLIM_O_MEMORY_TARGET, /* stack: the target T, octets; see plim_set() */
	/* read only */
	PLIM_O_ERROR = 256,  /* why it ended: a PLIM_E... code, 0 while it lives */
	PLIM_O_SOFT_ERROR,   /* the last soft error, cleared by reading (MUST-47) */
	PLIM_O_STATE,        /* enum plim_state */
	PLIM_O_READABLE,     /* octets to read */
	PLIM_O_WRITABLE,     /* octets that plim_send() would take */
	PLIM_O_UNACKED,      /* octets sent or queued, not acknowledged */
	PLIM_O_URGENT,       /* octets up to the urgent mark, 0: none (MUST-33) */
	PLIM_O_BLOCK_OCTETS, /* stack: size of a storage block */
	PLIM_O_LEVEL,        /* stack: pressure level 0..4 */
	PLIM_O_LOCAL_PORT,
};

/** Read an option. PLIM_EINVAL: no such option here. */
PLIM_API int plim_get(plim *s, plim_h h, enum plim_option opt, int64_t *value);

/**
 * Set an option. PLIM_EINVAL: no such option, or out of range. PLIM_ENOMEM.
 *
 * PLIM_O_MEMORY_TARGET, of a running stack, lowers T and raises it again. PLIM_EINVAL: below plim_size_min(), below a quarter
 * of the region (its tables and slabs were made for all of it), or above the region. What T means follows at once: the caps
 * of the classes, the joint cap and with it pressure, levels and windows' limits, the reserve, the bounds of neighbours,
 * fragments, UDP queues and orphans, and when cookies begin. Nothing is granted beyond them. What is held stays until it
 * is freed (plim_stats.used may be above plim_stats.target until then, and only falls); the measures under pressure see to that.
 * What was fixed at creation stays: the size of tables, slabs and blocks, and the settings derived from T then (backlog,
 * rcv_buf_max, snd_buf_max: the window scale that peers know depends on them; the limit by free memory does the work).
 */
PLIM_API int plim_set(plim *s, plim_h h, enum plim_option opt, int64_t value);

/* ---- what is seen from outside ------------------------------------------------- */

/** Memory classes: X(name, what it holds). */
#define PLIM_CLASSES(X)                                         \
	X(static, "the stack, hash heads, slab descriptors")    \
	X(record, "connections, listeners, handles")            \
	X(stream, "received and unacknowledged octets")         \
	X(index, "block maps, intervals, transmission ledgers") \
	X(app, "charged by the application")                    \
	X(syn, "half-open connections")                         \
	X(timewait, "TIME_WAIT")                                \
	X(neighbour, "neighbours and path MTU")                 \
	X(fragment, "reassembly")                               \
	X(udp, "UDP sockets and datagrams")                     \
	X(reserve, "replies without a connection, one inflation")

enum plim_class {
#define PLIM_X(name, text) PLIM_CLASS_##name,
	PLIM_CLASSES(PLIM_X)
#undef PLIM_X
		PLIM_N_CLASSES
};

/** Connection states (RFC 9293 3.3.2). */
/* It does not settle on a form for lists of several X() a line. */
/* clang-format off */
#define PLIM_STATES(X) \
	X(CLOSED) X(LISTEN) X(SYN_SENT) X(SYN_RECEIVED) X(ESTABLISHED) X(FIN_WAIT_1) X(FIN_WAIT_2) X(CLOSE_WAIT) \
	X(CLOSING) X(LAST_ACK) X(TIME_WAIT)
/* clang-format on */

enum plim_state {
#define PLIM_X(name) PLIM_##name,
	PLIM_STATES(PLIM_X)
#undef PLIM_X
		PLIM_N_STATES
};

/** Reasons for refusing a frame: X(name, text with the rule behind it). */
/* clang-format off */
#define PLIM_DROPS(X) \
	X(eth_truncated, "shorter than an Ethernet header") \
	X(eth_not_for_us, "another destination MAC") \
	X(eth_source, "source MAC is a group address") \
	X(eth_type, "EtherType not handled") \
	X(frame_too_long, "longer than the MTU and not a super-frame") \
	X(iface_unknown, "no such interface") \
	X(arp_malformed, "ARP: bad length, type or address (RFC 826)") \
	X(arp_not_for_us, "ARP for an address that is not ours") \
	X(arp_unsolicited, "ARP reply nobody asked for") \
	X(nd_malformed, "ND: bad length, code, hop limit or address (RFC 4861 7.1)") \
	X(nd_not_for_us, "neighbour solicitation for an address that is not ours") \
	X(nd_unsolicited, "neighbour advertisement nobody asked for") \
	X(neighbour_limited, "neighbour replies: rate limit") \
	X(neighbour_full, "neighbour class at its cap") \
	X(neighbour_pending, "a datagram waiting for a neighbour was replaced or timed out") \
	X(ip4_truncated, "shorter than its IPv4 header says") \
	X(ip4_version, "version is not 4 (RFC 1122 3.2.1.1)") \
	X(ip4_header_length, "IHL under 5 or beyond the packet") \
	X(ip4_checksum, "header checksum (RFC 1122 3.2.1.2)") \
	X(ip4_source, "source is broadcast, multicast, loopback, 0/8 or our own") \
	X(ip4_not_for_us, "another destination (we do not forward)") \
	X(ip4_options, "malformed IP options or a source route") \
	X(ip6_truncated, "shorter than its IPv6 header says") \
	X(ip6_version, "version is not 6") \
	X(ip6_source, "source is multicast, loopback, unspecified or our own") \
	X(ip6_not_for_us, "another destination") \
	X(ip6_extension, "malformed or too many extension headers (RFC 8200)") \
	X(ip_fragment, "an IPv6 fragment: those are not reassembled") \
	X(fragment_malformed, "fragment lengths or ECN fields that cannot be (RFC 791 3.2, RFC 3168 5.3)") \
	X(fragment_tiny, "first fragment without its whole transport header, or another inside it (RFC 1858, RFC 3128)") \
	X(fragment_overlap, "fragments overlap: the whole datagram is refused (as RFC 5722)") \
	X(fragment_duplicate, "the same fragment again") \
	X(fragment_holes, "one hole more than a datagram may have") \
	X(fragment_full, "fragment class at its cap, and nothing to replace") \
	X(fragment_long, "reassembled TCP or ICMP longer than the MTU") \
	X(ip_protocol, "protocol not handled") \
	X(icmp_malformed, "ICMP: truncated, checksum or quotation") \
	X(icmp_ignored, "ICMP type that needs no action (RFC 1122 3.2.2)") \
	X(icmp_limited, "ICMP error not sent: rate limit") \
	X(icmp_echo_limited, "echo not answered: rate limit, size or reserve in use") \
	X(icmp_no_match, "ICMP error matches no connection or lies outside the window (RFC 5927)") \
	X(udp_malformed, "UDP: truncated or bad length") \
	X(udp_checksum, "UDP checksum") \
	X(udp_no_port, "no UDP socket") \
	X(udp_queue_full, "UDP socket queue at its limit") \
	X(udp_replaced, "oldest datagram of a UDP socket gave way to a newer one (PLIM_O_UDP_DROP_OLDEST)") \
	X(udp_class_full, "UDP class at its cap") \
	X(tcp_malformed, "TCP: truncated or bad data offset") \
	X(tcp_checksum, "TCP checksum (MUST-3)") \
	X(tcp_address, "SYN from or to broadcast, multicast, or LAND (MUST-57, MUST-63)") \
	X(tcp_no_connection, "no connection and no listener: answered with RST") \
	X(tcp_rst_limited, "RST or reply not sent: rate limit or ring full") \
	X(tcp_paws, "old timestamp (RFC 7323 5)") \
	X(tcp_outside_window, "not acceptable (RFC 9293 3.10.7.4 first)") \
	X(tcp_rst_outside, "RST outside the window (RFC 5961 3)") \
	X(tcp_rst_challenged, "RST in the window, not at RCV.NXT: challenge ACK (RFC 5961 3)") \
	X(tcp_syn_challenged, "SYN on a synchronized connection (RFC 5961 4)") \
	X(tcp_no_ack, "neither ACK nor anything else a synchronized state takes") \
	X(tcp_bad_ack, "unacceptable ACK (RFC 5961 5)") \
	X(tcp_challenge_limited, "challenge ACK not sent: rate limit") \
	X(tcp_text_refused, "text beyond the limit, or no memory; not acknowledged") \
	X(tcp_text_after_close, "text after CLOSE: answered with RST (SHLD-3)") \
	X(tcp_intervals_full, "out-of-order text beyond the interval cap") \
	X(tcp_timewait_rst, "RST in TIME_WAIT (RFC 1337)") \
	X(syn_backlog, "listener's backlog is full") \
	X(syn_cache_full, "no SYN cache entry and no cookie") \
	X(syn_replaced, "half-open connection replaced by a newer one") \
	X(syn_cookie_bad, "ACK without a connection and without a valid cookie") \
	X(syn_no_memory, "no record for a completed handshake") \
	X(syn_limited, "SYN-ACK by cookie: rate limit or ring full") \
	X(syn_pressure, "SYN or last ACK of a handshake: the pressure level refuses it for now")
/* clang-format on */

enum plim_drop {
#define PLIM_X(name, text) PLIM_DROP_##name,
	PLIM_DROPS(PLIM_X)
#undef PLIM_X
		PLIM_N_DROPS
};

/** Measures taken to stay under the target: X(name, text). */
/* clang-format off */
#define PLIM_ACTIONS(X) \
	X(level_up, "the pressure level rose (reason: to which)") \
	X(level_down, "the pressure level fell (reason: to which)") \
	X(credit_limited, "a window grew by less: advertised windows are at their limit") \
	X(give_back, "level 1: an ACK of new octets carried a smaller window") \
	X(probe_sent, "level 1: liveness probe") \
	X(probe_unanswered, "level 1: a peer that was never useful did not answer them: ended") \
	X(edge_held, "level 2: an ACK left the right edge where it was, over the limit") \
	X(send_limited, "level 2: EAGAIN on send before the configured limit") \
	X(syn_paced, "level 2: SYN without a token dropped") \
	X(intervals_limited, "level 2: text beyond a further hole refused") \
	X(window_shrunk, "level 3: an ACK carried a smaller window") \
	X(text_refused, "level 3: text over the connection's limit refused") \
	X(ooo_refused, "level 3: out-of-order text refused") \
	X(orphan_shed, "level 3: connection without a handle ended") \
	X(vanished_evicted, "level 3: connection whose peer did not answer probes ended") \
	X(useless_evicted, "level 3: stalled connection that was never useful ended") \
	X(useful_evicted, "level 3: stalled connection ended") \
	X(newcomer_refused, "level 3: no connection worse than a new one") \
	X(syn_refused, "level 4: SYN dropped") \
	X(next_refused, "level 4: in-order text refused") \
	X(window_reopened, "a window that pressure had shut opened again") \
	X(compact, "a quiet connection shrank to its idle form") \
	X(compact_forced, "the same, early, because a grant was refused") \
	X(inflate, "an idle connection became active") \
	X(inflate_reserve, "the same, from the reserve") \
	X(grant_refused, "an allocation met a cap or the end of the arena") \
	X(ooo_pruned, "out-of-order text given up: for the segment at RCV.NXT, or behind a hole that nobody fills") \
	X(timewait_replaced, "oldest TIME_WAIT record replaced") \
	X(orphan_evicted, "connection without a handle ended over its cap") \
	X(cookie_sent, "SYN-ACK by cookie") \
	X(cookie_taken, "connection made from a cookie") \
	X(charge_refused, "application charge refused") \
	X(fragment_replaced, "a datagram in fragments gave way to a newer one") \
	X(fragment_expired, "a datagram in fragments was not whole in time")
/* clang-format on */

enum plim_action {
#define PLIM_X(name, text) PLIM_ACTION_##name,
	PLIM_ACTIONS(PLIM_X)
#undef PLIM_X
		PLIM_N_ACTIONS
};

/** TCP counters: X(name). */
/* It does not settle on a form for lists of several X() a line. */
/* clang-format off */
#define PLIM_TCP_COUNTERS(X)                                                                                    \
	X(segments_in) X(segments_out) X(octets_in) X(octets_out) X(retransmitted) X(resets_in) X(resets_out)     \
	X(fast_recoveries) X(timeouts) X(spurious) X(challenge_acks) X(window_probes)              \
	X(keepalive_probes) X(active_opens) X(passive_opens) X(failed_opens) X(accepted) X(delayed_acks) X(dsacks) \
	X(out_of_order) X(duplicates) X(timewait_reused)
/* clang-format on */

enum plim_tcp_counter {
#define PLIM_X(name) PLIM_TCP_##name,
	PLIM_TCP_COUNTERS(PLIM_X)
#undef PLIM_X
		PLIM_N_TCP_COUNTERS
};

/** A snapshot of everything that is counted. All octets are real ones. */
struct plim_stats {
	uint64_t target, used, peak;        /* octets of the region: whole, now held, most ever held */
	uint64_t by_class[PLIM_N_CLASSES];  /* octets in slabs of that class, slack included */
	uint64_t class_cap[PLIM_N_CLASSES]; /* octets that class may hold (joint classes show their own part) */
	uint64_t slack;                     /* octets in part-used slabs, included in by_class */
	unsigned level;                     /* pressure level, 0..4 */
	unsigned pressure_permille;         /* P, in thousandths */
	uint64_t by_state[PLIM_N_STATES];   /* connections; LISTEN counts listeners */
	uint64_t idle_form;                 /* connections in their idle form */
	uint64_t orphans;                   /* connections without a handle */
	uint64_t unaccepted;                /* established, not yet accepted */
	uint64_t drops[PLIM_N_DROPS];
	uint64_t actions[PLIM_N_ACTIONS];
	uint64_t tcp[PLIM_N_TCP_COUNTERS];
	uint64_t frames_in, frames_out, octets_in, octets_out;
	uint64_t udp_in, udp_out;
	uint64_t work; /* links followed, intervals passed, records and timers visited: what bounds a packet's time */
};

/** Fill *out with the present numbers. Bounded; changes nothing. */
PLIM_API void plim_stats(const plim *s, struct plim_stats *out);

/** One measure taken, and why. */
struct plim_trace_record {
	plim_time at;
	enum plim_action action;
	unsigned level;              /* pressure level then */
	unsigned pressure_permille;  /* P then */
	uint64_t octets;             /* what it concerned: octets freed, refused or granted */
	uint64_t reason;             /* by action: the debt, the age in ms, the limit that stood in the way */
	struct plim_endpoint remote; /* the connection's peer; family 0: no single connection */
};

/**
 * Fetch up to n records of measures, oldest first, beginning with number *cursor; *cursor moves behind the last.
 * The stack keeps the last 96: *lost (may be NULL) tells how many from *cursor on were overwritten. Returns how many.
 * Refused SYNs and fragments, which strangers can bring about at will, leave a record each 100 ms at most.
 */
PLIM_API size_t plim_trace(const plim *s, uint64_t *cursor, struct plim_trace_record *out, size_t n, uint64_t *lost);

/**
 * Runs of the region that were used and hold nothing now, so that the caller may give their whole pages back to the system
 * (madvise and the like). Start with *cursor = 0 and go on until it is 0 again; each call looks at a bounded number of slabs.
 * A run is told of once until it is used again, then again when it is freed again; short free neighbours of one come with it.
 * What was never used is not told of: its pages were not touched. The contents need not survive: the stack takes the octets
 * again when it needs them, and reads nothing there that it did not write before. @spans lent until the next call of any
 * kind. Returns how many were filled.
 */
PLIM_API size_t plim_free_spans(plim *s, uint32_t *cursor, struct plim_span *spans, size_t n);

/** Names for the numbers above; NULL beyond the last. Static storage. */
PLIM_API const char *plim_class_name(unsigned cls);
PLIM_API const char *plim_state_name(unsigned state);
PLIM_API const char *plim_drop_name(unsigned drop);
PLIM_API const char *plim_action_name(unsigned action);
PLIM_API const char *plim_tcp_counter_name(unsigned counter);

/** One connection, listener, half-open or TIME_WAIT record. */
struct plim_conn_info {
	plim_h h; /* all zero: no handle (half-open, not accepted, orphan, TIME_WAIT) */
	enum plim_state state;
	struct plim_endpoint local, remote;
	uint64_t rcv_queued, snd_queued; /* octets unread; octets not acknowledged */
	uint64_t out_of_order;           /* octets beyond a hole */
	uint32_t rcv_wnd, snd_wnd;       /* windows, octets */
	uint32_t cwnd, ssthresh, mss;    /* octets; 0 in small forms */
	uint32_t srtt_us, rto_ms;
	uint64_t held;    /* real octets: record, handle, blocks, index, charged */
	uint64_t charged; /* of these, charged by the application */
	uint64_t limit;   /* octets this connection may queue for receiving now */
	uint64_t age_ms;  /* since it was made */
	uint64_t idle_ms; /* since the last segment */
	bool idle_form, orphan, unaccepted;
};

/** What is known of one handle. */
PLIM_API int plim_conn_info(plim *s, plim_h h, struct plim_conn_info *out);

/**
 * Who holds what: walks every record of the arena. Start with *cursor = 0 and go on until it returns 0.
 * What is made or ended during the walk may be missed or seen twice. Returns how many were filled.
 */
PLIM_API int plim_memory_map(const plim *s, uint64_t *cursor, struct plim_conn_info *out, size_t n);

/**
 * Walk every invariant of the stack (debugging; takes time in proportion to T).
 * Returns 0, or the number of faults; why receives a text of the first (may be NULL).
 */
PLIM_API int plim_check(const plim *s, const char **why);

#ifdef __cplusplus
}
#endif

#endif
