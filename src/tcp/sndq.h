/* SPDX-License-Identifier: ISC */
/*
 * The send queue: octets from SND.UNA on that were queued and are not acknowledged,
 * as a byte stream in a block map. What of it was sent, the ledger knows.
 *
 * [una, end) is queued; `lent` octets behind end are lent to the application
 * (plim_tx_reserve) and count nowhere until they are committed.
 */
#ifndef PL_TCP_SNDQ_H
#define PL_TCP_SNDQ_H

#include "base/checksum.h"
#include "mem/bmap.h"

struct pl_sndq {
	struct pl_bmap map;
	pl_seq una, end;    /* queued octets */
	pl_seq push;        /* end of the last write that was not MORE: PSH when it is sent (MUST-61) */
	uint32_t lent : 30; /* octets lent behind end */
	uint32_t fin : 1;   /* CLOSE was called: a FIN follows end */
	uint32_t more : 1;  /* the last write said more follows */
};

void pl_sndq_init(struct pl_sndq *q, pl_seq una);
void pl_sndq_clear(struct pl_mem *m, struct pl_sndq *q);

static inline uint32_t
pl_sndq_len(const struct pl_sndq *q)
{
	return pl_seq_diff(q->end, q->una);
}

/** Queue octets, at most `room`. Returns how many memory allowed. */
uint32_t pl_sndq_append(struct pl_mem *m, struct pl_sndq *q, const uint8_t *data, uint32_t len);

/** Lend room behind end: up to *n spans, `want` octets. Returns octets; *n spans. */
uint32_t pl_sndq_lend(struct pl_mem *m, struct pl_sndq *q, uint32_t want, struct plim_span *spans, size_t *n);

/** Queue the first len lent octets and give the rest back. */
void pl_sndq_commit(struct pl_mem *m, struct pl_sndq *q, uint32_t len);

/** Octets below ack are acknowledged. */
void pl_sndq_ack(struct pl_mem *m, struct pl_sndq *q, pl_seq ack);

/** Copy n queued octets at seq. */
void pl_sndq_read(const struct pl_mem *m, const struct pl_sndq *q, pl_seq seq, uint8_t *to, uint32_t n);

/** The same, adding them to a checksum that stands at an even offset. */
uint64_t pl_sndq_read_sum(const struct pl_mem *m, const struct pl_sndq *q, const struct pl_csum *csum, pl_seq seq,
                          uint8_t *to, uint32_t n);

uint32_t pl_sndq_octets(const struct pl_mem *m, const struct pl_sndq *q);

#endif
