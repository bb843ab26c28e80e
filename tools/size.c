/* SPDX-License-Identifier: ISC */
/*
 * plim size: the least memory target for a number of connections with a window each, and what each form costs.
 *
 * The costs are those of the arena's object list, so they cannot drift from it. The result is an upper estimate:
 * every connection active, with its window full in one direction.
 */
#include <stdio.h>
#include <string.h>

#include "mem/mem.h"
#include "mem/objects.h"
#include "tools/accounting.h"
#include "tools/args.h"
#include "tools/units.h"

#define CAP_CONN_PCT 75 /* records, stream, index and application's share of the target (DESIGN section 4) */
#define RECORD_PCT 60
#define NODE_IDS 64 /* storage blocks that one index node names */

struct question {
	uint64_t connections, window;
	bool has_connections, has_window, table, settings, accounting;
};

static const uint32_t octets_of[PL_N_OBJS] = {[PL_OBJ_none] = 0,
#define PL_X(name, cls, octets) [PL_OBJ_##name] = (octets),
                                              PL_OBJECTS(PL_X)
#undef PL_X
};

static bool
set_connections(void *ctx, const char *value, struct tool_error *e)
{
	struct question *q = ctx;

	q->has_connections = true;
	return units_number(value, 0, 100000000, &q->connections) ||
	       tool_fail(e, "--connections %s: use a number up to 100000000", value);
}

static bool
set_window(void *ctx, const char *value, struct tool_error *e)
{
	struct question *q = ctx;

	q->has_window = true;
	return (units_size(value, &q->window) && q->window <= 1u << 30) ||
	       tool_fail(e, "--window %s: not a size up to 1GiB; write it like 64KiB", value);
}

static bool
set_table(void *ctx, const char *value, struct tool_error *e)
{
	(void)value;
	(void)e;
	((struct question *)ctx)->table = true;
	return true;
}

static bool
set_settings(void *ctx, const char *value, struct tool_error *e)
{
	(void)value;
	(void)e;
	((struct question *)ctx)->settings = true;
	return true;
}

static bool
set_accounting(void *ctx, const char *value, struct tool_error *e)
{
	(void)value;
	(void)e;
	((struct question *)ctx)->accounting = true;
	return true;
}

static const struct args_option options[] = {
	{"connections", "N", "connections at once", set_connections},
	{"window", "W", "octets each may have waiting (0: all idle)", set_window},
	{"table", NULL, "what each form costs, and a table of targets", set_table},
	{"settings", NULL, "the settings of --set: range, default, meaning", set_settings},
	{"accounting", NULL, "what octets that wait cost in real ones, measured", set_accounting},
	{NULL, NULL, NULL, NULL},
};

/* Octets of one connection: idle, or active with a full window in blocks of this size. */
static uint64_t
connection_octets(uint64_t window, uint32_t block)
{
	uint64_t record = octets_of[PL_OBJ_conn6] + octets_of[PL_OBJ_slot] + PL_HASH_OCTETS;
	uint64_t blocks = window > 0 ? (window + block - 1) / block + 1 : 0;

	if (window == 0)
		return record;
	return record + octets_of[PL_OBJ_hot] + octets_of[PL_OBJ_ledger16] + blocks * block +
	       (blocks + NODE_IDS - 1) / NODE_IDS * octets_of[PL_OBJ_node];
}

static bool
is_enough(uint64_t target, const struct question *q)
{
	uint64_t records = q->connections * connection_octets(0, 0);
	uint64_t all = q->connections * connection_octets(q->window, pl_mem_block_for((size_t)target));

	return records <= target / 100 * RECORD_PCT && all <= target / 100 * CAP_CONN_PCT;
}

static uint64_t
least_target(const struct question *q)
{
	struct plim_config config;
	uint64_t step = 64u << 10, target;

	plim_config_default(&config);
	target = PL_ALIGN_UP((uint64_t)plim_size_min(&config), step);
	while (!is_enough(target, q)) {
		target += step;
		step = PL_MAX(step, PL_ALIGN_UP(target / 256, 64u << 10));
	}
	return target;
}

static void
print_form(const char *text, enum pl_obj v4, enum pl_obj v6, bool has_slot)
{
	uint32_t more = has_slot ? octets_of[PL_OBJ_slot] + PL_HASH_OCTETS : PL_HASH_OCTETS;

	printf("  %-36s %6u %6u\n", text, octets_of[v4] + more, octets_of[v6] + more);
}

static void
print_forms(void)
{
	uint32_t more = octets_of[PL_OBJ_slot] + octets_of[PL_OBJ_hot] + PL_HASH_OCTETS;

	printf("octets of a connection, all in%17s %6s\n", "IPv4", "IPv6");
	print_form("half-open (none with cookies)", PL_OBJ_syn4, PL_OBJ_syn6, false);
	print_form("established, idle", PL_OBJ_conn4, PL_OBJ_conn6, true);
	print_form("closing, nothing to send", PL_OBJ_closing4, PL_OBJ_closing6, false);
	print_form("TIME_WAIT", PL_OBJ_tw4, PL_OBJ_tw6, false);
	printf("  %-36s %6u %6u\n", "active, without blocks", octets_of[PL_OBJ_conn4] + more,
	       octets_of[PL_OBJ_conn6] + more);
}

static void
print_table(void)
{
	static const uint64_t counts[] = {100, 1000, 10000, 100000}, windows[] = {0, 4096, 65536, 1u << 20};
	char size[UNITS_SIZE_OCTETS];

	print_forms();
	printf("\nleast target for N connections at once (rows) with W octets waiting in each (columns)\n%12s", "");
	for (size_t w = 0; w < PL_COUNT(windows); w++)
		printf("%12s", units_print_size(size, windows[w]));
	printf("\n");
	for (size_t n = 0; n < PL_COUNT(counts); n++) {
		printf("%12llu", (unsigned long long)counts[n]);
		for (size_t w = 0; w < PL_COUNT(windows); w++) {
			struct question q = {.connections = counts[n], .window = windows[w]};
			printf("%12s", units_print_size(size, least_target(&q)));
		}
		printf("\n");
	}
}

static void
print_settings(void)
{
	const char *name, *text;
	uint64_t dflt, least, most;

	for (unsigned i = 0; plim_config_describe(i, &name, &dflt, &least, &most, &text); i++)
		printf("%-26s %llu..%llu (%llu)\n    %s\n", name, (unsigned long long)least, (unsigned long long)most,
		       (unsigned long long)dflt, text);
}

/* Real octets are objects; whole slabs beside them, for one connection and a few datagrams mostly empty ones. */
static bool
print_accounting(void)
{
	struct accounting_row rows[ACCOUNTING_ROWS];
	bool is_good = accounting_measure(rows);

	printf("%-24s %7s %7s %9s %9s %15s %9s %6s\n", "what waits", "octets", "count", "payload", "real",
	       "real/payload", "in slabs", "left");
	for (unsigned i = 0; i < ACCOUNTING_ROWS; i++) {
		const struct accounting_row *r = &rows[i];

		printf("%-24s %7u %7u %9llu %9llu %15.2f %9llu %6llu\n", r->way, r->octets, r->count,
		       (unsigned long long)r->payload, (unsigned long long)r->real,
		       (double)r->real / (double)PL_MAX(r->payload, 1u), (unsigned long long)r->slabs,
		       (unsigned long long)r->left);
	}
	return is_good;
}

static void
print_answer(const struct question *q)
{
	char size[UNITS_SIZE_OCTETS];
	uint64_t target = least_target(q);

	printf("--memory %lluKiB (%s): %llu connections at once with %llu octets waiting in each\n",
	       (unsigned long long)(target >> 10), units_print_size(size, target), (unsigned long long)q->connections,
	       (unsigned long long)q->window);
}

int
tool_size(int argc, char **argv)
{
	struct question q = {0};
	struct tool_error e;
	struct args a = {
		.usage = "size --connections N --window W | --table | --settings | --accounting",
		.about = "The least memory target; what each form of a connection costs; every setting.",
		.groups = {{options, &q}},
	};

	if (!args_read(&a, argc, argv, &e))
		return tool_complain("size", &e, TOOL_USAGE);
	if (a.help)
		return TOOL_OK;
	if (!q.table && !q.settings && !q.accounting && !(q.has_connections && q.has_window)) {
		tool_fail(&e, "give --connections N and --window W, or --table");
		return tool_complain("size", &e, TOOL_USAGE);
	}
	if (q.settings)
		print_settings();
	if (q.table)
		print_table();
	if (q.accounting && !print_accounting()) {
		tool_fail(&e, "--accounting: a measurement failed");
		return tool_complain("size", &e, TOOL_FAILED);
	}
	if (q.has_connections && q.has_window)
		print_answer(&q);
	return TOOL_OK;
}
