/* SPDX-License-Identifier: ISC */
/*
 * Protections that a test build can take away by name (stack/prove.h), to show that the tests notice. In any other
 * build PL_WITHOUT() is false and nothing of this is compiled.
 *
 *     if (q->n >= PL_IVL_MAX && !PL_WITHOUT(core, interval_cap))
 */
#ifndef PL_MEM_PROVE_H
#define PL_MEM_PROVE_H

#include "mem/core.h"

/* X(name, what is missing without it): names as scenarios know them, with _ for - and for a dot. */
#define PL_PROTECTIONS(X)                                                                            \
	X(syn_cookies, "a handshake survives the loss of its half-open entry")                       \
	X(proven_places, "a flood takes no place of a prefix that is known")                         \
	X(idle_form, "who needs little holds little")                                                \
	X(liveness_probes, "silent peers are asked under pressure")                                  \
	X(eviction, "the worst go, and newcomers come in their place")                               \
	X(admission_pacing, "new connections wait for room")                                         \
	X(hysteresis, "a level falls half a second after its last change")                           \
	X(payload_accounting, "real octets are counted, not payload")                                \
	X(class_cap, "a class holds no more than its part of T")                                     \
	X(fragment_replacement, "the oldest datagram in parts gives way")                            \
	X(earned_limit, "a send queue grows as the peer acknowledges")                               \
	X(waterline, "a queue holds at most a part of what is free")                                 \
	X(kept_share, "who is served keeps what it takes as it comes")                               \
	X(credit_cap, "what peers may send at once is bounded")                                      \
	X(progress_fraction, "a drip does not reset the stall age")                                  \
	X(max_edge, "segments up to the furthest edge ever are acceptable")                          \
	X(absolute_edge, "the edge is kept as it was given, not as the last window field rounds it") \
	X(right_edge, "text beyond every edge is refused")                                           \
	X(window_updates, "a window that opens again is told")                                       \
	X(interval_cap, "at most 32 out-of-order intervals a connection")                            \
	X(ooo_evict, "what is out of order gives way to the segment at RCV.NXT")                     \
	X(range_cap, "at most 64 ranges in flight a connection")                                     \
	X(mss_floor, "a tiny segment size is not obeyed")                                            \
	X(probe_backoff, "window probes come less and less often")                                   \
	X(rst_after_close, "text that nobody will read is answered by RST")                          \
	X(rst_exact, "only a RST at RCV.NXT resets (RFC 5961)")                                      \
	X(challenge_limit, "challenge ACKs have a bucket")                                           \
	X(keyed_hash, "tables are keyed")                                                            \
	X(port_looks, "at most 64 looks for a port")                                                 \
	X(timewait_reuse, "a tuple in TIME_WAIT may begin again (RFC 6191)")                         \
	X(orphan_cap, "orphans hold at most a tenth")                                                \
	X(deadline_syn_received, "a handshake ends in time")                                         \
	X(deadline_r2, "octets that nobody acknowledges end a connection")                           \
	X(deadline_orphan, "an orphan with octets to send ends in time")                             \
	X(deadline_fin_wait_2, "orphaned FIN_WAIT_2 ends in time")                                   \
	X(deadline_closing, "CLOSING and LAST_ACK end in time")                                      \
	X(deadline_time_wait, "TIME_WAIT ends")

enum pl_protection {
#define PL_X(name, text) PL_PROTECTION_##name,
	PL_PROTECTIONS(PL_X)
#undef PL_X
		PL_N_PROTECTIONS
};

#ifdef PL_PROVE
#define PL_MEM_WITHOUT(mem, name) (((mem)->without >> PL_PROTECTION_##name & 1) != 0)
#else
#define PL_MEM_WITHOUT(mem, name) false
#endif
#define PL_WITHOUT(core, name) PL_MEM_WITHOUT(&(core)->mem, name)

#endif
