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
#define PL_PROTECTIONS(X)                                                   \
	X(interval_cap, "at most 32 out-of-order intervals a connection")   \
	X(max_edge, "segments up to the furthest edge ever are acceptable") \
	X(payload_accounting, "real octets are counted, not payload")       \
	X(keyed_hash, "tables are keyed")                                   \
	X(earned_limit, "windows grow as the application reads")            \
	X(progress_fraction, "a drip does not reset the stall age")         \
	X(deadline_fin_wait_2, "orphaned FIN_WAIT_2 ends in time")

enum pl_protection {
#define PL_X(name, text) PL_PROTECTION_##name,
	PL_PROTECTIONS(PL_X)
#undef PL_X
		PL_N_PROTECTIONS
};

#ifdef PL_PROVE
#define PL_WITHOUT(core, name) (((core)->without >> PL_PROTECTION_##name & 1) != 0)
#else
#define PL_WITHOUT(core, name) false
#endif

#endif
