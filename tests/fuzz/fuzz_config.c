/* SPDX-License-Identifier: ISC */
/* A configuration file: what is taken is in range, and what is refused says why. The file is in memory. */
#include "options_check.h"

#include <sys/mman.h>
#include <unistd.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	static char path[32];
	struct netopts o;
	struct args a = {.usage = "", .about = "", .groups = {{netopts_options, &o}}};
	struct tool_error e = {""};

	if (file < 0) {
		file = memfd_create("config", 0);
		snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	}
	MUST(file >= 0 && ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
	netopts_init(&o, &a);
	MUST(netopts_read_file(&o, path, &e) == (e.text[0] == '\0'));
	check_options(&o);
	return 0;
}
