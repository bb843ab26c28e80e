/* SPDX-License-Identifier: ISC */
/* The bounded writer: JSON that parses, and nothing beyond the buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "tools/writer.h"

static void
report_of_counters_is_json_of_the_agreed_shape(void **state)
{
	static char text[16384];
	struct writer w = {text, 0, sizeof(text), false};
	static struct plim_stats st;

	(void)state;
	memset(&st, 0xff, sizeof(st)); /* the longest numbers there are */
	st.level = 3;
	report_stats(&w, &st);
	assert_false(w.is_short);
	json_t *root = json_loadb(text, w.len, JSON_DECODE_INT_AS_REAL, NULL);
	assert_non_null(root);
	json_t *memory = json_object_get(root, "memory");
	assert_non_null(json_object_get(memory, "target"));
	assert_int_equal(json_object_size(json_object_get(memory, "by_class")), PLIM_N_CLASSES);
	assert_int_equal((int)json_real_value(json_object_get(root, "level")), 3);
	assert_int_equal(json_object_size(json_object_get(json_object_get(root, "connections"), "by_state")),
	                 PLIM_N_STATES);
	assert_int_equal(json_object_size(json_object_get(root, "actions")), PLIM_N_ACTIONS);
	assert_int_equal(json_object_size(json_object_get(root, "drops")), PLIM_N_DROPS);
	assert_int_equal(json_object_size(json_object_get(root, "tcp")), PLIM_N_TCP_COUNTERS);
	json_decref(root);
}

static void
sixteen_connections_fit_the_control_buffer(void **state)
{
	static char text[16384];
	struct writer w = {text, 0, sizeof(text), false};
	struct plim_conn_info c;

	(void)state;
	memset(&c, 0xff, sizeof(c));
	c.state = PLIM_SYN_RECEIVED;
	c.local.addr.family = c.remote.addr.family = 6;
	c.idle_form = c.orphan = c.unaccepted = false;
	for (int i = 0; i < 16; i++) {
		report_conn(&w, &c);
		writer_add(&w, ",\n");
	}
	assert_false(w.is_short);
	w = (struct writer){text, 0, sizeof(text), false};
	report_conn(&w, &c);
	json_t *root = json_loadb(text, w.len, JSON_DECODE_INT_AS_REAL, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "state")), "SYN_RECEIVED");
	json_decref(root);
}

static void
what_does_not_fit_is_left_out_and_told(void **state)
{
	char *text = malloc(8);
	struct writer w = {text, 0, 8, false};

	(void)state;
	writer_add(&w, "%s", "1234");
	writer_add(&w, "%s", "5678");
	assert_true(w.is_short);
	assert_int_equal(w.len, 4);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(report_of_counters_is_json_of_the_agreed_shape),
		cmocka_unit_test(sixteen_connections_fit_the_control_buffer),
		cmocka_unit_test(what_does_not_fit_is_left_out_and_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
