/* SPDX-License-Identifier: ISC */
/*
 * A stack with everything around it: TAP, impairment, capture, region, loop.
 *
 * All memory outside the target is static here (frame buffers) or comes before READY (impairment).
 */
#ifndef PL_TOOLS_WORLD_H
#define PL_TOOLS_WORLD_H

#include "drivers/memlink.h"
#include "drivers/pcapng.h"
#include "drivers/tap.h"
#include "platform/posix/loop.h"
#include "tools/netopts.h"

#ifdef __cplusplus
extern "C" {
#endif

struct world {
	const struct netopts *opts;
	struct pl_tap tap;
	struct pl_wrap wrap;
	struct pl_pcapng pcap;
	struct pl_driver *driver; /* the outermost */
	struct plim_config config;
	uint8_t *region;
	plim *stack;
	struct pl_loop loop;
};

/** Fill the stack's configuration for this driver: interface, addresses, gateways. */
void world_config(struct plim_config *config, const struct netopts *o, const struct pl_driver *d);

/** Make a stack in a region of its own. False with the reason in *e. */
bool world_make_stack(const struct plim_config *config, uint64_t memory, uint8_t **region, plim **out,
                      struct tool_error *e);

/** Open the TAP and make everything. False with the reason in *e; *status is the exit status then. */
bool world_open(struct world *w, const struct netopts *o, struct tool_error *e, int *status);

/** Print the READY line. */
void world_ready(const struct world *w);

void world_close(struct world *w);

/** Let SIGTERM and SIGINT come only while the loop sleeps. Call before the loop is made. */
void world_catch_signals(void);
bool world_is_stopping(void);

#ifdef __cplusplus
}
#endif

#endif
