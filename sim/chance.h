/* SPDX-License-Identifier: ISC */
/*
 * Chance in the simulator: a stream of its own for each link, host and peer group, made from the run's seed and the
 * stream's name. So one more of them changes no other's numbers.
 */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include "base/def.h"

struct sim_chance {
	uint64_t state;
};

static inline uint64_t
sim_mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static inline struct sim_chance
sim_chance_of(uint64_t seed, uint32_t kind, uint32_t number)
{
	return (struct sim_chance){sim_mix(sim_mix(seed + 1) ^ sim_mix((uint64_t)kind << 32 | (number + UINT64_C(1))))};
}

/* splitmix64. */
static inline uint64_t
sim_chance_next(struct sim_chance *c)
{
	return sim_mix(c->state += UINT64_C(0x9e3779b97f4a7c15));
}

/** Even over [0, n), n > 0. */
static inline uint32_t
sim_chance_below(struct sim_chance *c, uint32_t n)
{
	return (uint32_t)((sim_chance_next(c) >> 32) * n >> 32);
}

static inline bool
sim_chance_ppm(struct sim_chance *c, uint32_t ppm)
{
	return ppm > 0 && sim_chance_below(c, 1000000) < ppm;
}

#endif
