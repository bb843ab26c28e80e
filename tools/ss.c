/* SPDX-License-Identifier: ISC */
/* plim ss: who holds what in a running plim serve, as text (largest holder first) or as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "tools/args.h"
#include "tools/control.h"

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
	{"json", NULL, "as JSON: a list of objects", set_json},
	{NULL, NULL, NULL, NULL},
};

static long long
number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static const char *
text_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s != NULL ? s : "?";
}

static int
compare_held(const void *a, const void *b)
{
	long long x = number(*(json_t *const *)a, "held"), y = number(*(json_t *const *)b, "held");

	return x < y ? 1 : x > y ? -1 : 0;
}

static void
print_row(const json_t *c)
{
	printf("%-12s %-28s %-28s %8lld %8lld %8lld %8lld %6lld%s%s\n", text_of(c, "state"), text_of(c, "local"),
	       text_of(c, "remote"), number(c, "held"), number(c, "rcv_queued"), number(c, "snd_queued"),
	       number(c, "rcv_wnd"), number(c, "idle_ms") / 1000,
	       json_is_true(json_object_get(c, "idle_form")) ? " idle" : "",
	       json_is_true(json_object_get(c, "orphan")) ? " orphan" : "");
}

static bool
print_text(json_t *root)
{
	size_t n = json_array_size(root);
	const json_t **rows = calloc(n + 1, sizeof(*rows));

	if (rows == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		rows[i] = json_array_get(root, i);
	qsort(rows, n, sizeof(*rows), compare_held);
	printf("%-12s %-28s %-28s %8s %8s %8s %8s %6s\n", "STATE", "LOCAL", "REMOTE", "HELD", "RECV-Q", "SEND-Q",
	       "WINDOW", "IDLE s");
	for (size_t i = 0; i < n; i++)
		print_row(rows[i]);
	free(rows);
	return true;
}

static int
show(const struct asking *ask)
{
	struct tool_error e;
	json_error_t why;
	int status;
	char *text = control_ask(ask->control, "ss\n", &e, &status);

	if (text == NULL)
		return tool_complain("ss", &e, status);
	json_t *root = json_loads(text, 0, &why);
	free(text);
	if (!json_is_array(root) || json_array_size(root) == 0) {
		json_decref(root);
		tool_fail(&e, "the answer is not a list");
		return tool_complain("ss", &e, TOOL_FAILED);
	}
	json_array_remove(root, json_array_size(root) - 1); /* the null that ends the list */
	status = TOOL_OK;
	if (ask->json)
		status = json_dumpf(root, stdout, JSON_INDENT(1)) == 0 && puts("") >= 0 ? TOOL_OK : TOOL_FAILED;
	else if (!print_text(root))
		status = TOOL_FAILED;
	json_decref(root);
	return status;
}

int
tool_ss(int argc, char **argv)
{
	struct asking ask = {0};
	struct tool_error e;
	struct args a = {
		.usage = "ss [--control PATH] [--json]",
		.about = "Every connection of a running plim serve and what it holds, largest first.",
		.groups = {{options, &ask}},
	};

	if (!args_read(&a, argc, argv, &e))
		return tool_complain("ss", &e, TOOL_USAGE);
	return a.help ? TOOL_OK : show(&ask);
}
