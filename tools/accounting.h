/* SPDX-License-Identifier: ISC */
/* What octets that wait cost in real ones, measured in a stack that is made for it: plim size --accounting. */
#ifndef PL_TOOLS_ACCOUNTING_H
#define PL_TOOLS_ACCOUNTING_H

#include "base/def.h"

#define ACCOUNTING_ROWS 20 /* four ways, five sizes */

struct accounting_row {
	const char *way;
	unsigned octets;  /* of a segment, datagram or fragment */
	unsigned count;   /* how many of them */
	uint64_t payload; /* octets that wait */
	uint64_t real;    /* what is held for them, objects */
	uint64_t slabs;   /* the same in whole slabs */
	uint64_t left;    /* held when all was closed */
};

/** Measure all of them. False: a frame was refused that should not be, or there is no memory for it. */
bool accounting_measure(struct accounting_row rows[ACCOUNTING_ROWS]);

#endif
