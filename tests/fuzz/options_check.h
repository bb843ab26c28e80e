/* SPDX-License-Identifier: ISC */
/* For the targets that read options: is everything that was taken within its documented range? */
#ifndef FUZZ_OPTIONS_CHECK_H
#define FUZZ_OPTIONS_CHECK_H

#include "fuzz.h"
#include "tools/netopts.h"

/** The value of the i-th setting of plim_config_describe(). */
static inline uint64_t
setting_value(const struct plim_config *config, unsigned i)
{
	const uint64_t values[] = {
#define PLIM_X(name, dflt, least, most, text) config->name,
		PLIM_SETTINGS(PLIM_X)
#undef PLIM_X
	};

	MUST(i < PL_COUNT(values));
	return values[i];
}

/** Every setting within its range; how many differ from their defaults. */
static inline unsigned
check_settings(const struct plim_config *config)
{
	uint64_t dflt, least, most;
	unsigned changed = 0;

	for (unsigned i = 0; plim_config_describe(i, NULL, &dflt, &least, &most, NULL); i++) {
		uint64_t value = setting_value(config, i);

		MUST(value == dflt || (value >= least && value <= most));
		changed += value != dflt;
	}
	return changed;
}

static inline void
check_impair(const struct pl_impair_config *c)
{
	MUST(c->loss_ppm <= 1000000 && c->reorder_ppm <= 1000000 && c->duplicate_ppm <= 1000000);
	MUST(c->corrupt_ppm <= 1000000 && c->queue_limit <= 100000);
	MUST(c->delay_ns <= 100000000000u && c->reorder_ns <= 100000000000u && c->rate_bps <= 1000000000000u);
}

static inline void
check_options(const struct netopts *o)
{
	(void)check_settings(&o->config);
	check_impair(&o->impair);
	MUST(o->n_addrs <= PLIM_MAX_ADDRS && o->n_host_addrs <= PLIM_MAX_ADDRS);
	for (unsigned i = 0; i < o->n_addrs; i++)
		MUST(o->addrs[i].prefix_len <= (o->addrs[i].addr.family == 4 ? 32 : 128));
	MUST(o->memory > 0 && o->memory <= (uint64_t)4 << 30);
	MUST(o->mtu == 0 || o->mtu >= 576);
	MUST(o->log <= LOG_DEBUG);
}

#endif
