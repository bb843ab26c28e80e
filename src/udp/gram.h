/* SPDX-License-Identifier: ISC */
/*
 * Queues of datagrams: a descriptor of 48 octets and a chain of blocks each, all of class
 * udp. A queue counts the real octets it holds and refuses beyond its limit.
 */
#ifndef PL_UDP_GRAM_H
#define PL_UDP_GRAM_H

#include "base/bytes.h"
#include "mem/core.h"

/** One datagram. */
struct pl_gram {
	pl_id next;                /* in its queue */
	pl_id block;               /* first of its blocks, 0: no octets */
	struct plim_endpoint peer; /* from or to */
	uint16_t len;
	uint8_t laddr; /* our address */
};

_Static_assert(sizeof(struct pl_gram) <= 48, "udpgram in objects.h");

struct pl_gramq {
	pl_id head, tail;
	uint32_t held; /* real octets */
};

enum pl_gram_result { PL_GRAM_OK, PL_GRAM_OVER_LIMIT, PL_GRAM_NO_MEMORY };

/** Real octets of a datagram of len octets: descriptor and blocks. */
uint32_t pl_gram_octets(const struct pl_core *c, size_t len);

/** A datagram that is being filled. */
struct pl_gram_fill {
	pl_id gram, block;
	uint32_t at; /* in the block */
};

/** Take what a datagram needs; peer, len and laddr of `as` count. limit: real octets the queue may hold. */
enum pl_gram_result pl_gram_begin(struct pl_core *c, const struct pl_gramq *q, uint64_t limit, const struct pl_gram *as,
                                  struct pl_gram_fill *fill);

/** The next of its octets: as->len in all, before pl_gram_end(). */
void pl_gram_fill(const struct pl_core *c, struct pl_gram_fill *fill, struct pl_span octets);

/** Put it at the queue's end. Between begin and end nothing else happens to the arena. */
void pl_gram_end(struct pl_core *c, struct pl_gramq *q, const struct pl_gram_fill *fill);

/** The first datagram, NULL if none. */
struct pl_gram *pl_gram_first(const struct pl_core *c, const struct pl_gramq *q);

/** Copy up to room octets of a datagram, adding them to a running sum (checksum.h). */
uint64_t pl_gram_copy(const struct pl_core *c, const struct pl_gram *g, uint8_t *to, size_t room, uint64_t sum);

/** Free the first datagram. */
void pl_gram_pop(struct pl_core *c, struct pl_gramq *q);

void pl_gram_clear(struct pl_core *c, struct pl_gramq *q);

#endif
