/* SPDX-License-Identifier: ISC */
/* plim stat: the counters of a running plim serve, as text or as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "tools/args.h"
#include "tools/control.h"
#include "tools/units.h"

struct asking {
	const char *control;
	bool json;
};

static bool
set_control(void *ctx, const char *value, struct tool_error *e)
{
	(void)e;
	((struct asking *)ctx)->control = value;
	return true;
}

static bool
set_json(void *ctx, const char *value, struct tool_error *e)
{
	(void)value;
	(void)e;
	((struct asking *)ctx)->json = true;
	return true;
}

static const struct args_option options[] = {
	{"control", "PATH", "control socket (the only one in /run/plim)", set_control},
	{"json", NULL, "as JSON", set_json},
	{NULL, NULL, NULL, NULL},
};

static uint64_t
number(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* The members that are not 0, "  name  value", largest tables included. */
static void
print_counts(const char *title, json_t *object)
{
	const char *key;
	json_t *value;

	printf("%s\n", title);
	json_object_foreach(object, key, value) if (json_is_integer(value) && json_integer_value(value) != 0)
		printf("  %-20s %lld\n", key, (long long)json_integer_value(value));
}

static void
print_memory(const json_t *memory)
{
	char a[UNITS_SIZE_OCTETS], b[UNITS_SIZE_OCTETS], c[UNITS_SIZE_OCTETS];
	const char *key;
	json_t *value;

	printf("memory  used %s of %s, peak %s\n", units_print_size(a, number(memory, "used")),
	       units_print_size(b, number(memory, "target")), units_print_size(c, number(memory, "peak")));
	json_object_foreach(json_object_get(memory, "by_class"), key, value) if (json_integer_value(value) != 0)
		printf("  %-20s %s\n", key, units_print_size(a, (uint64_t)json_integer_value(value)));
}

static void
print_text(const json_t *root)
{
	print_memory(json_object_get(root, "memory"));
	printf("level   %llu (pressure %llu per mille)\n", (unsigned long long)number(root, "level"),
	       (unsigned long long)number(root, "pressure_permille"));
	print_counts("connections", json_object_get(json_object_get(root, "connections"), "by_state"));
	print_counts("actions", json_object_get(root, "actions"));
	print_counts("drops", json_object_get(root, "drops"));
	print_counts("tcp", json_object_get(root, "tcp"));
}

static int
show(const struct asking *ask)
{
	struct tool_error e;
	json_error_t why;
	int status;
	char *text = control_ask(ask->control, "stat\n", &e, &status);

	if (text == NULL)
		return tool_complain("stat", &e, status);
	json_t *root = json_loads(text, 0, &why);
	if (root == NULL) {
		tool_fail(&e, "the answer is not JSON: %s", why.text);
		status = tool_complain("stat", &e, TOOL_FAILED);
	} else {
		status = TOOL_OK;
		if (ask->json)
			fputs(text, stdout);
		else
			print_text(root);
	}
	json_decref(root);
	free(text);
	return status;
}

int
tool_stat(int argc, char **argv)
{
	struct asking ask = {0};
	struct tool_error e;
	struct args a = {
		.usage = "stat [--control PATH] [--json]",
		.about = "Memory, pressure, drops and counters of a running plim serve.",
		.groups = {{options, &ask}},
	};

	if (!args_read(&a, argc, argv, &e))
		return tool_complain("stat", &e, TOOL_USAGE);
	return a.help ? TOOL_OK : show(&ask);
}
