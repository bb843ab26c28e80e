/* SPDX-License-Identifier: ISC */
/*
 * What every part of one stack shares: memory, configuration, chance, the latest
 * time, and the counters. No part keeps counters of its own.
 */
#ifndef PL_MEM_CORE_H
#define PL_MEM_CORE_H

#include "base/checksum.h"
#include "base/siphash.h"
#include "mem/mem.h"

#define PL_TRACE_RECORDS 96u
#define PL_TRACE_OFTEN 5u /* measures that pl_trace_often() is for */

struct pl_core {
	struct pl_mem mem;
	struct plim_config conf; /* as given, derived values filled in */
	struct pl_key hash_key;  /* tables */
	struct pl_key isn_key;   /* RFC 9293 §3.4.1 */
	struct pl_key port_key;  /* RFC 6056 */
	struct pl_key ts_key;    /* timestamp offsets */
	struct pl_key cookie_key;
	struct pl_rng rng;
	const struct pl_csum *csum; /* for text */
	pl_time now;                /* the latest time given */
	pl_time created;
	pl_time resumed; /* when the caller came back, having missed a deadline by a second or more; 0: never */
	pl_id ready_head, ready_tail; /* slots with events, see mem/slot.h */
	uint64_t slot_generation;
	uint32_t level_event; /* PLIM_EV_LEVEL waits to be told */
	uint8_t level;        /* pressure level in force: see mem/level.h */
	pl_time level_at;     /* when it changed */
	uint64_t level_used;  /* octets under the joint cap when it was looked at */
	uint64_t waterline;   /* as of then: see mem/governor.h */
	uint64_t drops[PLIM_N_DROPS];
	uint64_t actions[PLIM_N_ACTIONS];
	uint64_t tcp[PLIM_N_TCP_COUNTERS];
	uint64_t frames_in, frames_out, octets_in, octets_out;
	uint64_t udp_in, udp_out;
	uint64_t work;                        /* see struct plim_stats */
	uint64_t traced;                      /* measures ever recorded */
	pl_time traced_often[PL_TRACE_OFTEN]; /* when what strangers can bring about was, last */
	struct plim_trace_record trace[PL_TRACE_RECORDS];
};

/* Count a refusal and hand its reason on: `return PL_DROP(core, ip4_checksum);` */
#define PL_DROP(core, reason) ((core)->drops[PLIM_DROP_##reason]++, PLIM_DROP_##reason)
#define PL_ACTION(core, name) ((void)(core)->actions[PLIM_ACTION_##name]++)
#define PL_WORK(core, n) ((void)((core)->work += (n)))
#define PL_TCP_COUNT(core, name) ((void)(core)->tcp[PLIM_TCP_##name]++)
#define PL_TCP_COUNT_N(core, name, n) ((void)((core)->tcp[PLIM_TCP_##name] += (n)))

#endif
