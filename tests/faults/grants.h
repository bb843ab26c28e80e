/* SPDX-License-Identifier: ISC */
/*
 * Every grant of the arena passes here (the program is linked with --wrap for those of
 * grant_wraps.h and pl_mem_charge), is counted by class, and may be refused.
 *
 * These are all there is: slabs are taken inside pl_mem_alloc_some(), and plim_alloc()
 * and plim_charge() end there too.
 */
#ifndef TESTS_FAULTS_GRANTS_H
#define TESTS_FAULTS_GRANTS_H

#include "tests/unit/unit.h"

#include "mem/mem.h"

/* Which grants are refused: those with number [from, to), from 1, among all or those of one class. */
struct grant_plan {
	uint64_t from, to; /* from 0: none */
	bool one_class;
	enum plim_class cls;
};

struct grant_counts {
	uint64_t asked, refused;
	uint64_t asked_of[PLIM_N_CLASSES], refused_of[PLIM_N_CLASSES];
};

extern struct grant_counts grants;

/* Count from zero and refuse as planned; NULL: nothing. */
void grants_start(const struct grant_plan *plan);

/* Refuse and count nothing from here; what was counted stays. */
void grants_stop(void);

#endif
