/* SPDX-License-Identifier: ISC */
/* The options of serve and connect: what is taken, and what a refusal says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "tools/netopts.h"

static struct netopts o;
static struct args args;
static struct tool_error e;

static int
start(void **state)
{
	(void)state;
	args = (struct args){.usage = "x", .about = "", .groups = {{netopts_options, &o}}};
	netopts_init(&o, &args);
	return 0;
}

static bool
set(const char *name, const char *value)
{
	e.text[0] = '\0';
	return args_set(&args, name, value, &e);
}

static void
options_are_taken(void **state)
{
	(void)state;
	assert_true(set("tap", "plA0") && set("addr", "10.77.0.2/24") && set("addr", "fd77::2/64"));
	assert_true(set("gateway", "fd77::1") && set("memory", "4MiB") && set("offload", "off") && set("mtu", "1400"));
	assert_int_equal(o.n_addrs, 2);
	assert_int_equal(o.gateways[1].family, 6);
	assert_int_equal(o.gateways[0].family, 0);
	assert_int_equal(o.memory, 4 << 20);
	assert_false(o.offload);
	assert_true(netopts_check(&o, &e));
}

static void
refusals_name_option_and_mend(void **state)
{
	static const char *const wrong[][3] = {
		{"addr", "10.77.0", "10.77.0.2/24"},
		{"gateway", "x", "10.77.0.1"},
		{"memory", "8MB", "8MiB"},
		{"memory", "5GiB", "4GiB"},
		{"mtu", "100", "576"},
		{"offload", "maybe", "on or off"},
		{"queue-limit", "lots", "256KiB"},
		{"log", "loud", "debug"},
		{"impair", "loss=1", "loss=1%"},
		{"set", "delayed_ack_ms", "="},
		{"set", "nonsense=1", "nonsense"},
		{"set", "delayed_ack_ms=9999", "499"},
		{"config", "/does/not/exist", "readable"},
	};

	(void)state;
	for (size_t i = 0; i < PL_COUNT(wrong); i++) {
		char option[32];
		snprintf(option, sizeof(option), "--%s", wrong[i][0]);
		assert_false(set(wrong[i][0], wrong[i][1]));
		if (strstr(e.text, option) == NULL || strstr(e.text, wrong[i][2]) == NULL ||
		    strchr(e.text, '\n') != NULL)
			fail_msg("%s %s: '%s'", option, wrong[i][1], e.text);
	}
}

static void
settings_reach_the_configuration(void **state)
{
	(void)state;
	assert_true(set("set", "delayed_ack_ms=17"));
	assert_int_equal(o.config.delayed_ack_ms, 17);
	assert_true(set("queue-limit", "64KiB"));
	assert_int_equal(o.config.rcv_buf_max, 65536);
	assert_int_equal(o.config.snd_buf_max, 65536);
}

static void
missing_interface_and_address_are_told(void **state)
{
	(void)state;
	assert_false(netopts_check(&o, &e));
	assert_non_null(strstr(e.text, "--tap"));
	assert_true(set("tap", "plA0"));
	assert_false(netopts_check(&o, &e));
	assert_non_null(strstr(e.text, "--addr"));
	assert_true(set("addr", "fd77::2/64") && set("mtu", "1000"));
	assert_false(netopts_check(&o, &e));
	assert_non_null(strstr(e.text, "--mtu"));
}

/* Read a file with this text; the error is left in e. */
static bool
read_file(const char *text)
{
	char path[] = "/tmp/plim-netopts-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	bool ok = netopts_read_file(&o, path, &e);
	unlink(path);
	return ok;
}

static void
file_holds_options_and_settings(void **state)
{
	(void)state;
	assert_true(read_file("# comment\ntap = plA7\naddr = 10.0.0.1/8\ndelayed_ack_ms = 9\n"));
	assert_string_equal(o.tap, "plA7");
	assert_int_equal(o.addrs[0].prefix_len, 8);
	assert_int_equal(o.config.delayed_ack_ms, 9);
}

static void
wrong_line_of_a_file_is_named(void **state)
{
	(void)state;
	assert_false(read_file("tap = a\nmemory = 8MB\n"));
	assert_non_null(strstr(e.text, "line 2"));
	assert_non_null(strstr(e.text, "8MiB"));
	assert_false(read_file("no equals sign\n"));
	assert_non_null(strstr(e.text, "line 1"));
	assert_false(read_file("config = x\n"));
	assert_false(read_file("frob = x\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(options_are_taken, start),
		cmocka_unit_test_setup(refusals_name_option_and_mend, start),
		cmocka_unit_test_setup(settings_reach_the_configuration, start),
		cmocka_unit_test_setup(missing_interface_and_address_are_told, start),
		cmocka_unit_test_setup(file_holds_options_and_settings, start),
		cmocka_unit_test_setup(wrong_line_of_a_file_is_named, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
