/* SPDX-License-Identifier: ISC */
/* plim: one program, several commands. */
#include <stdio.h>
#include <string.h>

#include "tools/tool.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
} commands[] = {
	{"serve", tool_serve, "run services on our own TCP behind a TAP"},
	{"connect", tool_connect, "open a connection through our own TCP; send and receive a file"},
	{"demo", tool_demo, "the tour: kernel clients, trouble, and the memory line"},
	{"ss", tool_ss, "who holds what: every connection of a running plim serve"},
	{"stat", tool_stat, "memory, pressure, drops and counters of a running plim serve"},
	{"size", tool_size, "the least memory target for a number of connections"},
	{"sim", tool_sim, "scenarios of trouble in a simulated network"},
};

static void
print_help(FILE *to)
{
	fprintf(to,
	        "plim %s - a TCP/IP stack whose whole memory stays under one number\n\nusage: plim COMMAND "
	        "[OPTIONS]\n\n",
	        plim_version());
	for (size_t i = 0; i < PL_COUNT(commands); i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].text);
	fprintf(to, "\nplim COMMAND --help tells the options of a command; man plim tells more.\n");
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "plim: no command given; plim --help lists them\n");
		return TOOL_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return TOOL_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("plim %s\n", plim_version());
		return TOOL_OK;
	}
	for (size_t i = 0; i < PL_COUNT(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "plim: '%s' is no command; plim --help lists them\n", argv[1]);
	return TOOL_USAGE;
}
