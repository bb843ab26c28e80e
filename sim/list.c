/* SPDX-License-Identifier: ISC */
/* All scenarios, in the order of scenarios.md. */
#include "sim/run.h"

#include <strings.h>

/* clang-format off */
#define SIM_LIST(X) \
	X(a01) X(a02) X(a03) X(a06) X(a07) X(a09) X(a10) X(b01) X(b02) X(b03) X(b04) X(b05) X(b06) X(b07) X(b08) X(b11) X(b12) \
	X(b13) X(b14) X(b15) X(b17) X(b18) X(b19) X(c01) X(c02) X(c03) X(c06) X(c07) X(c09) X(c10) X(c11) X(d01) \
	X(d02) X(d03) X(d04) X(d07) X(d09) X(d10) X(e01) X(e04) X(e07) X(e09) X(f01) X(f02) X(f05) X(f06) \
	X(f07) X(f08) X(f10) X(f11) X(f12) X(f15)
/* clang-format on */

#define SIM_X(id) extern const struct sim_scenario sim_##id;
SIM_LIST(SIM_X)
#undef SIM_X

const struct sim_scenario *const sim_scenarios[] = {
#define SIM_X(id) &sim_##id,
	SIM_LIST(SIM_X)
#undef SIM_X
};

const unsigned sim_n_scenarios = PL_COUNT(sim_scenarios);

const struct sim_scenario *
sim_find(const char *id)
{
	for (unsigned i = 0; i < sim_n_scenarios; i++)
		if (strcasecmp(sim_scenarios[i]->id, id) == 0)
			return sim_scenarios[i];
	return NULL;
}
