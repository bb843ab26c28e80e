/* SPDX-License-Identifier: ISC */
/* How a command says that it cannot go on. */
#include <stdio.h>

#include "tools/tool.h"

bool
tool_fail(struct tool_error *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	return false;
}

int
tool_complain(const char *command, const struct tool_error *e, int status)
{
	fprintf(stderr, "plim %s: %s\n", command, e->text);
	return status;
}
