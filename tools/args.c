/* SPDX-License-Identifier: ISC */
/* Reading options from a table. */
#include "tools/args.h"

#include <stdio.h>
#include <string.h>

static const struct args_option *
find(const struct args *a, const char *name, size_t len, void **ctx)
{
	for (size_t g = 0; g < PL_COUNT(a->groups) && a->groups[g].options != NULL; g++) {
		for (const struct args_option *o = a->groups[g].options; o->name != NULL; o++) {
			if (strlen(o->name) == len && memcmp(o->name, name, len) == 0) {
				*ctx = a->groups[g].ctx;
				return o;
			}
		}
	}
	return NULL;
}

static void
print_help(const struct args *a)
{
	printf("usage: plim %s\n\n%s\n\noptions\n", a->usage, a->about);
	for (size_t g = 0; g < PL_COUNT(a->groups) && a->groups[g].options != NULL; g++) {
		for (const struct args_option *o = a->groups[g].options; o->name != NULL; o++) {
			char left[64];
			snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value != NULL ? " " : "",
			         o->value != NULL ? o->value : "");
			printf("  %-26s %s\n", left, o->help);
		}
	}
	printf("  %-26s %s\n", "--help", "this text");
}

/* The option's value: behind '=', or the next argument. */
static bool
value_of(const struct args_option *o, const char *equals, int *i, int argc, char **argv, const char **value,
         struct tool_error *e)
{
	*value = NULL;
	if (o->value == NULL)
		return equals == NULL || tool_fail(e, "--%s takes no value; leave '%s' away", o->name, equals);
	if (equals != NULL)
		*value = equals + 1;
	else if (*i + 1 < argc)
		*value = argv[++*i];
	else
		return tool_fail(e, "--%s needs a value: --%s %s", o->name, o->name, o->value);
	return true;
}

static bool
read_option(struct args *a, int *i, int argc, char **argv, struct tool_error *e)
{
	const char *name = argv[*i] + 2, *equals = strchr(name, '='), *value;
	void *ctx;
	const struct args_option *o = find(a, name, equals != NULL ? (size_t)(equals - name) : strlen(name), &ctx);

	if (o == NULL)
		return tool_fail(e, "%s is no option; --help lists them", argv[*i]);
	return value_of(o, equals, i, argc, argv, &value, e) && o->set(ctx, value, e);
}

static bool
take_positional(struct args *a, const char *text, struct tool_error *e)
{
	if (a->n_positional >= a->most_positionals)
		return tool_fail(e, "'%s' is one argument too many; usage: plim %s", text, a->usage);
	a->positional[a->n_positional++] = text;
	return true;
}

bool
args_read(struct args *a, int argc, char **argv, struct tool_error *e)
{
	bool are_over = false;

	for (int i = 1; i < argc; i++) {
		if (!are_over && strcmp(argv[i], "--") == 0) {
			are_over = true;
		} else if (!are_over && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
			print_help(a);
			a->help = true;
			return true;
		} else if (are_over || argv[i][0] != '-') {
			if (!take_positional(a, argv[i], e))
				return false;
		} else if (argv[i][1] != '-') {
			return tool_fail(e, "%s is no option; --help lists them", argv[i]);
		} else if (!read_option(a, &i, argc, argv, e)) {
			return false;
		}
	}
	return true;
}

bool
args_set(const struct args *a, const char *name, const char *value, struct tool_error *e)
{
	void *ctx;
	const struct args_option *o = find(a, name, strlen(name), &ctx);

	if (o == NULL)
		return tool_fail(e, "%s is no option; --help lists them", name);
	return o->set(ctx, value, e);
}
