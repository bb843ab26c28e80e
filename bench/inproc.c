/* SPDX-License-Identifier: ISC */
/*
 * Cost of a segment without system calls: two stacks in one process (bench/duo.h).
 *
 *   inproc plain|super OCTETS [BUFFER]
 *
 * Prints nanoseconds per KiB inside each stack, and how many segments carried the octets. Under callgrind the same
 * program gives instructions: nothing but the stacks does any work here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/duo.h"

static void
print(const struct duo *b, const char *mode)
{
	double kib = (double)b->received / 1024;

	printf("{\"what\":\"inproc\",\"mode\":\"%s\",\"octets\":%llu,\"segments\":%llu,\"out_ns_kb\":%.1f,"
	       "\"in_ns_kb\":%.1f,\"out_ns_segment\":%.1f,\"in_ns_segment\":%.1f}\n",
	       mode, (unsigned long long)b->received, (unsigned long long)b->segments, (double)b->ns[DUO_SENDER] / kib,
	       (double)b->ns[DUO_RECEIVER] / kib, (double)b->ns[DUO_SENDER] / (double)b->segments,
	       (double)b->ns[DUO_RECEIVER] / (double)b->segments);
}

int
main(int argc, char **argv)
{
	struct duo_config c = {.super = argc >= 3 && strcmp(argv[1], "super") == 0,
	                       .governor = true,
	                       .buffer = argc == 4 ? strtoull(argv[3], NULL, 10) : 0};
	struct duo b;

	if (argc < 3 || argc > 4 || (!c.super && strcmp(argv[1], "plain") != 0)) {
		fprintf(stderr, "usage: inproc plain|super OCTETS [BUFFER]\n");
		return 2;
	}
	if (!duo_start(&b, &c) || !duo_open(&b)) {
		fprintf(stderr, "inproc: the stacks do not come up\n");
		return 1;
	}
	duo_transfer(&b, 4u << 20); /* slow start, and pages touched for the first time */
	duo_reset(&b);
	duo_transfer(&b, strtoull(argv[2], NULL, 10));
	print(&b, argv[1]);
	duo_free(&b);
	return 0;
}
