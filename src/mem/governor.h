/* SPDX-License-Identifier: ISC */
/*
 * Pressure, and the limit it sets for a single connection. The levels and their
 * measures stand on these two numbers.
 */
#ifndef PL_MEM_GOVERNOR_H
#define PL_MEM_GOVERNOR_H

#include "mem/mem.h"

/** P in thousandths: (records + stream + index + application) / cap_conn. */
unsigned pl_pressure(const struct pl_mem *m);

/** Level 0..4: from P = 50, 70, 85, 95 %. */
unsigned pl_pressure_level(unsigned permille);

/**
 * What one connection may queue in one direction (Choudhury-Hahne): alpha x free, with
 * alpha 1/2 up to P = 35 %, 1/32 at 85 %, 1/512 from 95 %, smooth between: a threshold of 1/32 alone lets a thousand
 * honest connections fill 97 %.
 */
uint64_t pl_waterline(const struct pl_mem *m);

#endif
