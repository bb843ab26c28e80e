/* SPDX-License-Identifier: ISC */
/*
 * One direction of a bad link: delay, rate, queue limit, loss, reorder, duplication, corruption.
 *
 * Deterministic: the same frames at the same times with the same seed come out the same. Time is the
 * caller's. All memory is given at the start; frames are copied in and lent out.
 *
 * Invariants: frames leave in order of (due time, arrival); a slot is free, queued or lent.
 */
#ifndef PL_DRIVERS_IMPAIR_H
#define PL_DRIVERS_IMPAIR_H

#include "base/def.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pl_impair_config {
	uint64_t seed;
	uint64_t rate_bps;  /* bits per second; 0: unlimited */
	pl_time delay_ns;   /* every frame takes this long */
	pl_time reorder_ns; /* a reordered frame takes this much longer; 0: 300 us */
	uint32_t loss_ppm;  /* of a million frames, this many are lost, ... */
	uint32_t reorder_ppm;
	uint32_t duplicate_ppm;
	uint32_t corrupt_ppm;  /* ... have one bit turned */
	uint32_t queue_limit;  /* frames held at once; beyond it they are dropped; 0: 256 */
	uint32_t frame_octets; /* longest frame */
};

struct pl_impair_counts {
	uint64_t in, out, lost, dropped, reordered, duplicated, corrupted;
};

struct pl_impair_entry {
	pl_time due;
	uint64_t order; /* arrival number: breaks ties */
	uint32_t slot;
	uint32_t len;
	uint16_t gso_size, csum_start, csum_offset, hdr_len;
	uint8_t flags;
};

struct pl_impair {
	struct pl_impair_config config;
	struct pl_impair_counts counts;
	uint64_t random; /* state of the generator */
	uint64_t order;
	pl_time line_free;            /* when the line has sent what it was given, with rate_bps */
	struct pl_impair_entry *heap; /* queued frames, the next one due first */
	uint32_t n_heap;
	uint32_t *free_slots; /* used last first: touched memory stays small */
	uint32_t n_free;
	uint32_t lent[32];
	uint32_t n_lent;
	uint8_t *slots;
};

/** Octets of memory that a direction with this configuration needs. */
size_t pl_impair_octets(const struct pl_impair_config *config);

/** Start with memory of that many octets, aligned to 8, which stays the caller's. */
void pl_impair_init(struct pl_impair *q, const struct pl_impair_config *config, void *memory);

/** Put a frame on the link. Copies. */
void pl_impair_put(struct pl_impair *q, const struct plim_frame *frame, pl_time now);

/** Take up to n (at most 32) frames that have arrived by now; lent until the next take. Returns how many. */
int pl_impair_take(struct pl_impair *q, struct plim_frame *frames, int n, pl_time now);

/** When the next frame arrives; PL_TIME_NEVER if none is under way. */
pl_time pl_impair_due(const struct pl_impair *q);

/**
 * Read "loss=1%,reorder=0.5%,duplicate=1%,corrupt=0.1%,delay=20ms,rate=10M,queue=100,seed=7" into *config, whose
 * other members stay. 0, or -1 with the part that is wrong in *bad (points into text).
 */
int pl_impair_parse(const char *text, struct pl_impair_config *config, const char **bad);

#ifdef __cplusplus
}
#endif

#endif
