/* SPDX-License-Identifier: ISC */
/* What streams carry: see pattern.h. */
#include "sim/pattern.h"

#include "sim/chance.h"

static uint8_t table[SIM_PATTERN_PERIOD + SIM_PATTERN_RUN];

void
sim_pattern_init(void)
{
	struct sim_chance c = sim_chance_of(0, 0, 0);

	for (uint32_t i = 0; i < SIM_PATTERN_PERIOD; i++)
		table[i] = (uint8_t)(sim_chance_next(&c) >> 56);
	for (uint32_t i = 0; i < SIM_PATTERN_RUN; i++)
		table[SIM_PATTERN_PERIOD + i] = table[i % SIM_PATTERN_PERIOD];
}

const uint8_t *
sim_pattern(uint32_t stream, uint64_t at)
{
	return table + (stream % SIM_PATTERN_PERIOD + at) % SIM_PATTERN_PERIOD;
}

uint32_t
sim_stream(const struct plim_addr *client, uint16_t port, bool is_down)
{
	uint32_t a;

	memcpy(&a, client->octets, 4);
	return (uint32_t)sim_mix((uint64_t)a << 20 ^ (uint64_t)port << 1 ^ is_down);
}
