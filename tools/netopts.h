/* SPDX-License-Identifier: ISC */
/* The options that every command with a stack has: interface, addresses, memory, settings. */
#ifndef PL_TOOLS_NETOPTS_H
#define PL_TOOLS_NETOPTS_H

#include "drivers/impair.h"
#include "tools/args.h"

#ifdef __cplusplus
extern "C" {
#endif

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct netopts {
	struct plim_config config; /* --set and --config go here */
	const char *tap;
	struct plim_ifaddr addrs[PLIM_MAX_ADDRS];
	unsigned n_addrs;
	struct plim_ifaddr host_addrs[PLIM_MAX_ADDRS];
	unsigned n_host_addrs;
	struct plim_addr gateways[2]; /* one for each family; family 0: none */
	uint64_t memory;
	uint16_t mtu; /* 0: not given */
	bool offload;
	bool is_impaired;
	struct pl_impair_config impair;
	enum log_level log;
	const char *pcap;
	const char *control;
	const struct args *args; /* for --config: options by name */
	char kept[8192];         /* values read from a file; strings above may point here */
	size_t kept_octets;
};

extern const struct args_option netopts_options[];

/** Fill in the defaults. args: where --config finds option names. */
void netopts_init(struct netopts *o, const struct args *args);

/** What can only be said once all options are known: is something missing? */
bool netopts_check(const struct netopts *o, struct tool_error *e);

/** Read `name = value` lines of a file: option names and configuration names. */
bool netopts_read_file(struct netopts *o, const char *path, struct tool_error *e);

#ifdef __cplusplus
}
#endif

#endif
