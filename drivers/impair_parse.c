/* SPDX-License-Identifier: ISC */
/* Reading the text of an impairment: NAME=VALUE, separated by commas. */
#include "drivers/impair.h"

#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	double factor;
};

static const struct unit percent[] = {{"%", 1e4}, {NULL, 0}};
static const struct unit times[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {NULL, 0}};
static const struct unit rates[] = {{"G", 1e9}, {"M", 1e6}, {"k", 1e3}, {"", 1}, {NULL, 0}};
static const struct unit counts[] = {{"", 1}, {NULL, 0}};

static const struct key {
	const char *name;
	const struct unit *units;
	double most;
	size_t offset;
	size_t octets; /* of the member */
} keys[] = {
#define KEY(text, units, most, member)                                        \
	{                                                                     \
		text, units, most, offsetof(struct pl_impair_config, member), \
			sizeof(((struct pl_impair_config *)0)->member)        \
	}
	KEY("loss", percent, 1e6, loss_ppm),
	KEY("reorder", percent, 1e6, reorder_ppm),
	KEY("duplicate", percent, 1e6, duplicate_ppm),
	KEY("corrupt", percent, 1e6, corrupt_ppm),
	KEY("delay", times, 1e11, delay_ns),
	KEY("reorder-delay", times, 1e11, reorder_ns),
	KEY("rate", rates, 1e12, rate_bps),
	KEY("queue", counts, 1e5, queue_limit),
	KEY("seed", counts, 9e15, seed),
#undef KEY
};

static const struct key *
find_key(const char *name, size_t len)
{
	for (size_t i = 0; i < PL_COUNT(keys); i++)
		if (strlen(keys[i].name) == len && memcmp(keys[i].name, name, len) == 0)
			return &keys[i];
	return NULL;
}

/* The number with its unit, up to the comma or the end; negative if it is not one. */
static double
read_value(const char *text, size_t len, const struct unit *units)
{
	char *end;
	double x = strtod(text, &end);

	if (end == text || end > text + len || !(x >= 0))
		return -1;
	size_t rest = (size_t)(text + len - end);
	for (const struct unit *u = units; u->name != NULL; u++)
		if (strlen(u->name) == rest && memcmp(u->name, end, rest) == 0)
			return x * u->factor;
	return -1;
}

static void
store(struct pl_impair_config *config, const struct key *k, double value)
{
	uint8_t *at = (uint8_t *)config + k->offset;
	uint64_t wide = (uint64_t)(value + 0.5);
	uint32_t narrow = (uint32_t)wide;

	if (k->octets == sizeof(wide))
		memcpy(at, &wide, sizeof(wide));
	else
		memcpy(at, &narrow, sizeof(narrow));
}

static bool
parse_item(const char *item, size_t len, struct pl_impair_config *config)
{
	const char *equals = memchr(item, '=', len);

	if (equals == NULL)
		return false;
	const struct key *k = find_key(item, (size_t)(equals - item));
	if (k == NULL)
		return false;
	double value = read_value(equals + 1, len - (size_t)(equals + 1 - item), k->units);
	if (value < 0 || value > k->most)
		return false;
	store(config, k, value);
	return true;
}

int
pl_impair_parse(const char *text, struct pl_impair_config *config, const char **bad)
{
	while (*text != '\0') {
		size_t len = strcspn(text, ",");
		if (!parse_item(text, len, config)) {
			*bad = text;
			return -1;
		}
		text += len;
		if (*text == ',')
			text++;
	}
	return 0;
}
