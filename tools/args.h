/* SPDX-License-Identifier: ISC */
/*
 * Options of a command: a table of names, each with a function that takes the value.
 *
 * `--name value`, `--name=value` and bare `--name` are understood; `--` ends the options. Tables can be chained, so
 * that commands share groups.
 */
#ifndef PL_TOOLS_ARGS_H
#define PL_TOOLS_ARGS_H

#include "tools/tool.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ARGS_POSITIONALS 4

struct args_option {
	const char *name;  /* without the dashes; NULL ends the table */
	const char *value; /* what stands for the value in the help; NULL: a bare option */
	const char *help;
	bool (*set)(void *ctx, const char *value, struct tool_error *e);
};

struct args_group {
	const struct args_option *options;
	void *ctx;
};

struct args {
	const char *usage; /* "serve [DIR] --tap NAME ..." */
	const char *about;
	struct args_group groups[3];
	unsigned most_positionals;
	const char *positional[ARGS_POSITIONALS];
	unsigned n_positional;
	bool help; /* --help was given and answered: the command ends with status 0 */
};

/** Read all arguments. False: the line that says why is in *e (usage). */
bool args_read(struct args *a, int argc, char **argv, struct tool_error *e);

/** Set one option by name, as a configuration file does. */
bool args_set(const struct args *a, const char *name, const char *value, struct tool_error *e);

#ifdef __cplusplus
}
#endif

#endif
