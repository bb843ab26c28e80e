/* SPDX-License-Identifier: ISC */
/* Results as people and programs read them. */
#ifndef SIM_REPORT_H
#define SIM_REPORT_H

#include "sim/run.h"

#include <stdio.h>

/** One line; for a failed run one more for each check, and the command that repeats it. */
void sim_report_print(FILE *to, const struct sim_result *r, bool with_timing);

/** Write {"version":1,"runs":[...]}; reference (NULL, or n results) is the same with the governor off. False: not written. */
bool sim_report_json(const char *path, const struct sim_result *const *runs, const struct sim_result *const *reference,
                     unsigned n);

#endif
