/* SPDX-License-Identifier: ISC */
/* `--set NAME=VALUE` and every other option, one argument a line: what is taken is in range, what is refused says why. */
#include "options_check.h"

#define MOST_ARGS 32

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[4096], *argv[MOST_ARGS + 1] = {(char *)(uintptr_t) "plim"};
	struct netopts o;
	struct args a = {.usage = "", .about = "", .groups = {{netopts_options, &o}}, .most_positionals = 1};
	struct tool_error e = {""};
	int argc = 1;

	size = PL_MIN(size, sizeof text - 1);
	memcpy(text, data, size);
	text[size] = '\0';
	for (char *p = text, *line; argc < MOST_ARGS && (line = strsep(&p, "\n")) != NULL;)
		if (strncmp(line, "--config", 8) != 0 && strcmp(line, "--help") != 0 && strcmp(line, "-h") != 0)
			argv[argc++] = line; /* files are fuzz_config's part */
	netopts_init(&o, &a);
	MUST(args_read(&a, argc, argv, &e) == (e.text[0] == '\0'));
	check_options(&o);
	MUST(check_settings(&o.config) <= 2 * (unsigned)argc); /* a queue limit is two */
	return 0;
}
