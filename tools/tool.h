/* SPDX-License-Identifier: ISC */
/* The subcommands of plim, and how they end. */
#ifndef PL_TOOLS_TOOL_H
#define PL_TOOLS_TOOL_H

#include <stdarg.h>

#include "base/def.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Exit statuses. */
#define TOOL_OK 0
#define TOOL_FAILED 1
#define TOOL_USAGE 2

/* One line saying what is wrong and how to mend it. */
struct tool_error {
	char text[400];
};

/** Write the line; returns false, so that a check can end with it. */
bool tool_fail(struct tool_error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Print "plim COMMAND: text" on standard error and return the status. */
int tool_complain(const char *command, const struct tool_error *e, int status);

int tool_serve(int argc, char **argv);
int tool_connect(int argc, char **argv);
int tool_demo(int argc, char **argv);
int tool_ss(int argc, char **argv);
int tool_stat(int argc, char **argv);
int tool_size(int argc, char **argv);
int tool_sim(int argc, char **argv);

#ifdef __cplusplus
}
#endif

#endif
