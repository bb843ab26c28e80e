/* SPDX-License-Identifier: ISC */
/*
 * Many runs: each in a process of its own, so that a crash is one failed run, several at a time; baselines first, once
 * for each target and seed. Results are told in the order of the list, whoever ends first.
 */
#ifndef SIM_SUITE_H
#define SIM_SUITE_H

#include "sim/run.h"

struct sim_suite;

/** NULL: no memory. workers: processes at once; 0: none, all in this one. */
struct sim_suite *sim_suite_new(unsigned most, unsigned workers);
void sim_suite_free(struct sim_suite *s);

/** Add a run; returns its number. At most `most`. */
unsigned sim_suite_add(struct sim_suite *s, const struct sim_order *o);

/** Run all; done(ctx, number, result) in order. */
void sim_suite_run(struct sim_suite *s, void (*done)(void *ctx, unsigned number, const struct sim_result *r),
                   void *ctx);

const struct sim_result *sim_suite_result(const struct sim_suite *s, unsigned number);

/** The baseline a run was measured against; NULL: none. */
const struct sim_baseline *sim_suite_baseline(const struct sim_suite *s, unsigned number);

#endif
