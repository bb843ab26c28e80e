/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the whole-stack target share: the stack under test, the time, the
 * input that is left, and the peers as they know themselves.
 *
 * The peer of flow n sends octet text_at(seq) at each SEQ, so overlapping segments agree;
 * the application sends text_at(n) as its n-th octet.
 */
#ifndef FUZZ_STACK_WORLD_H
#define FUZZ_STACK_WORLD_H

#include "../fuzz.h"
#include "base/addr.h"
#include "sock/sock.h"
#include "wire/tcp.h"

#define FLOWS 8
#define HANDLES 16
#define FRAME_CAP 65600
#define MOST_TEXT 66000
#define MS(n) ((plim_time)(n)*1000000u)

/* One connection as its peer sees it. */
struct flow {
	uint32_t irs;      /* the peer's ISN; the same for the flow's whole life */
	uint32_t iss;      /* the stack's, from its last SYN */
	uint32_t snd, rcv; /* next octet of the peer's; next octet expected from the stack */
	uint32_t edge;     /* how far the stack's window reaches */
	uint32_t tsval;    /* the stack's last */
	uint8_t shift;     /* scale of the stack's window */
	bool ts, known;    /* iss is known */
	uint64_t queued;   /* octets the application gave since that SYN */
};

struct held {
	plim_h h;
	bool is_udp;
	struct flow *flow; /* of a connection */
	uint64_t read;
	struct plim_span lent[4];
	int64_t n_lent;
	void *piece;
	size_t charged;
};

struct world {
	plim *s;
	plim_time now;
	const uint8_t *p, *end; /* what is left of the input */
	struct flow flows[FLOWS];
	struct held held[HANDLES];
	bool tainted;     /* a frame of free octets may have said anything */
	uint32_t out_cap; /* the longest frame the stack may send */
	uint8_t last_out[128];
	uint32_t last_out_len;
};

extern struct world f;

extern const uint8_t our_mac[6], peer_mac[6];
extern const struct plim_addr us4, peer4, us6, peer6;

/* ---- life ---- */

/** A stack as the first octets of the input want it, in a region filled with 0xa5. */
void world_begin(const uint8_t *data, size_t size);

/** From now on no grant is refused. */
void world_grant_all(void);

/** Fill again what of the region was used. */
void world_end(void);

/* ---- the input ---- */

uint8_t u8(void);
uint32_t u16(void);

/** A length: small ones in detail, large ones in steps. */
uint32_t length(void);

/** A distance from a sequence number: mostly none, else small, large or near half of the space. */
uint32_t distance(void);

/* ---- text ---- */

/** The octets of a stream from number seq on: at least MOST_TEXT of them. */
const uint8_t *text_from(uint32_t seq);

static inline struct held *
any_handle(void)
{
	return &f.held[u8() % HANDLES];
}

#endif
