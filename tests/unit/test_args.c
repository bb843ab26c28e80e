/* SPDX-License-Identifier: ISC */
/* Reading options: every way to write them, and a line that names what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/args.h"

static const char *seen_name, *seen_flag;

static bool
set_name(void *ctx, const char *value, struct tool_error *e)
{
	*(int *)ctx += 1;
	if (strcmp(value, "wrong") == 0)
		return tool_fail(e, "--name %s: not that", value);
	seen_name = value;
	return true;
}

static bool
set_flag(void *ctx, const char *value, struct tool_error *e)
{
	(void)ctx;
	(void)e;
	assert_null(value);
	seen_flag = "yes";
	return true;
}

static const struct args_option options[] = {
	{"name", "NAME", "a name", set_name},
	{"flag", NULL, "a flag", set_flag},
	{NULL, NULL, NULL, NULL},
};

static int calls;

/* Read "x" and the given words; returns what is wrong, or NULL. */
static const char *
reading(struct args *a, int argc, const char **words)
{
	static struct tool_error e;
	char *argv[8] = {(char *)(uintptr_t) "x"};

	*a = (struct args){.usage = "x [A]", .about = "", .groups = {{options, &calls}}, .most_positionals = 1};
	seen_name = seen_flag = NULL;
	for (int i = 0; i < argc; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	return args_read(a, argc + 1, argv, &e) ? NULL : e.text;
}

#define READ(a, ...) \
	reading(&(a), (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__})

static void
value_may_follow_or_be_joined(void **state)
{
	struct args a;

	(void)state;
	assert_null(READ(a, "--name", "one"));
	assert_string_equal(seen_name, "one");
	assert_null(READ(a, "--name=two", "--flag"));
	assert_string_equal(seen_name, "two");
	assert_non_null(seen_flag);
	assert_null(READ(a, "--name="));
	assert_string_equal(seen_name, "");
}

static void
arguments_mix_with_options(void **state)
{
	struct args a;

	(void)state;
	assert_null(READ(a, "--flag", "place", "--name", "n"));
	assert_int_equal(a.n_positional, 1);
	assert_string_equal(a.positional[0], "place");
	assert_null(READ(a, "--", "--flag"));
	assert_string_equal(a.positional[0], "--flag");
	assert_null(seen_flag);
}

static void
wrong_words_are_named(void **state)
{
	struct args a;

	(void)state;
	assert_non_null(strstr(READ(a, "--nam", "x"), "--nam"));
	assert_non_null(strstr(READ(a, "-x"), "-x"));
	assert_non_null(strstr(READ(a, "--name"), "--name NAME"));
	assert_non_null(strstr(READ(a, "--flag=1"), "--flag"));
	assert_non_null(strstr(READ(a, "one", "two"), "two"));
	assert_string_equal(READ(a, "--name", "wrong"), "--name wrong: not that");
}

static void
file_sets_the_same_options(void **state)
{
	struct tool_error e;
	struct args a = {.groups = {{options, &calls}}};

	(void)state;
	assert_true(args_set(&a, "name", "from a file", &e));
	assert_string_equal(seen_name, "from a file");
	assert_false(args_set(&a, "nam", "x", &e));
	assert_non_null(strstr(e.text, "nam"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(value_may_follow_or_be_joined),
		cmocka_unit_test(arguments_mix_with_options),
		cmocka_unit_test(wrong_words_are_named),
		cmocka_unit_test(file_sets_the_same_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
