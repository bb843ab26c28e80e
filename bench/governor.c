/* SPDX-License-Identifier: ISC */
/*
 * What the governor costs while memory is plentiful: in, out and new connections with it and without, in turns.
 *
 *   governor PAIRS
 *
 * In one process (bench/duo.h), where nothing but the stacks does any work: over a TAP one run differs from the next by
 * more than the few per cent that are looked for, and so do whole runs here, with where their memory happens to lie and
 * what else the machine does. So both kinds of stacks stand beside each other and take slices of a millisecond in turns,
 * in changing order, and now and then all are made anew. A pair's ratio is speed with by speed without, by time inside
 * the stack; the median of the ratios is judged: `ok|short NAME RATIO LIMIT`. Status 1 if one is short.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/duo.h"

#define OCTETS (4u << 20) /* of a slice */
#define CONNECTIONS 512u  /* the same */
#define AT_ONCE 32u
#define ANEW 25u /* pairs until the stacks are made anew */
#define LEAST 0.97
#define MOST_PAIRS 5000u

enum line { IN, OUT, NEW, LINES };

static const char *const names[LINES] = {"governor-in", "governor-out", "governor-connections"};

/* Nanoseconds of each line, for one slice. */
struct cost {
	double ns[LINES];
};

/* The same work for both kinds. */
static bool
slice(struct duo *b, struct cost *out)
{
	bool ok;

	duo_reset(b);
	duo_transfer(b, OCTETS);
	out->ns[IN] = (double)b->ns[DUO_RECEIVER] / (double)b->received;
	out->ns[OUT] = (double)b->ns[DUO_SENDER] / (double)b->received;
	ok = b->received >= OCTETS;
	duo_reset(b);
	ok = ok && duo_connections(b, CONNECTIONS, AT_ONCE) == CONNECTIONS;
	out->ns[NEW] = (double)b->ns[DUO_RECEIVER];
	return ok;
}

/* [0] without, [1] with; the first slice is slow start, and pages touched for the first time. */
static bool
make(struct duo b[2], bool first)
{
	struct cost none;

	for (unsigned i = 0; i < 2; i++) {
		bool governor = i == 0 ? first : !first;

		if (!duo_start(&b[governor], &(struct duo_config){.governor = governor}) || !duo_open(&b[governor]) ||
		    !slice(&b[governor], &none))
			return false;
	}
	return true;
}

static bool
measure(unsigned pairs, double ratio[LINES][MOST_PAIRS])
{
	struct duo b[2];
	struct cost cost[2];

	for (unsigned i = 0; i < pairs; i++) {
		bool first = i % 2;

		if (i % ANEW == 0 && !make(b, i / ANEW % 2))
			return false;
		if (!slice(&b[first], &cost[first]) || !slice(&b[!first], &cost[!first]))
			return false;
		for (unsigned k = 0; k < LINES; k++)
			ratio[k][i] = cost[0].ns[k] / cost[1].ns[k];
		for (unsigned k = 0; k < 2 && (i % ANEW == ANEW - 1 || i + 1 == pairs); k++)
			duo_free(&b[k]);
	}
	return true;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	static double ratio[LINES][MOST_PAIRS];
	unsigned pairs = argc == 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0, shorts = 0;

	if (pairs == 0 || pairs > MOST_PAIRS) {
		fprintf(stderr, "usage: governor PAIRS (1 to %u)\n", MOST_PAIRS);
		return 2;
	}
	if (!measure(pairs, ratio)) {
		fprintf(stderr, "governor: not everything came across\n");
		return 1;
	}
	for (unsigned k = 0; k < LINES; k++) {
		double median;

		qsort(ratio[k], pairs, sizeof ratio[k][0], compare);
		median = ratio[k][pairs / 2];
		shorts += median < LEAST;
		printf("%s %s %.3f %.2f\n", median < LEAST ? "short" : "ok", names[k], median, LEAST);
	}
	return shorts > 0;
}
