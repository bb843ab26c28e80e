/* SPDX-License-Identifier: ISC */
/* Whether a configuration is valid, and what follows from it and the target. */
#ifndef PL_STACK_CONFIG_H
#define PL_STACK_CONFIG_H

#include "mem/mem.h"

bool pl_config_is_valid(const struct plim_config *config);

/** Fill in settings that are 0: derived from the target. */
void pl_config_derive(struct plim_config *config, size_t target);

/** The joint cap of records, stream, index and application: what the other classes leave. */
uint64_t pl_config_conn_pct(const struct plim_config *config);

struct pl_mem_layout pl_config_layout(const struct plim_config *config);

#endif
