/* SPDX-License-Identifier: ISC */
/* Response heads: fields of each kind of answer, dates, types, escapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include "tools/http_reply.h"

static char text[HTTP_REPLY_MOST + 1];

static void
writes(const struct http_reply *r)
{
	size_t n = http_reply_write(text, HTTP_REPLY_MOST, r, 784111777);

	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
}

static bool
has(const char *line)
{
	return strstr(text, line) != NULL;
}

static void
whole_file_has_length_and_type(void **state)
{
	struct http_reply r = {.status = 200, .keep_alive = true, .size = 12345, .type = "text/css"};

	(void)state;
	writes(&r);
	assert_true(has("HTTP/1.1 200 OK\r\n") && has("Content-Length: 12345\r\n") &&
	            has("Content-Type: text/css\r\n"));
	assert_true(has("Accept-Ranges: bytes\r\n") && has("Connection: keep-alive\r\n"));
	assert_true(has("Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
	assert_int_equal(http_reply_body(&r), 12345);
	r.is_head = true;
	assert_int_equal(http_reply_body(&r), 0);
	assert_string_equal(text + strlen(text) - 4, "\r\n\r\n");
}

static void
part_of_a_file_says_which(void **state)
{
	struct http_reply r = {.status = 206, .size = 100, .first = 10, .last = 19, .type = "x/y"};

	(void)state;
	writes(&r);
	assert_true(has("206 Partial Content") && has("Content-Range: bytes 10-19/100\r\n"));
	assert_true(has("Content-Length: 10\r\n") && has("Connection: close\r\n"));
	assert_int_equal(http_reply_body(&r), 10);
}

static void
refusals_carry_their_fields_and_a_small_body(void **state)
{
	struct http_reply r = {.status = 405};

	(void)state;
	writes(&r);
	assert_true(has("Allow: GET, HEAD\r\n") && has("Content-Length: 23\r\n"));
	assert_true(has("\r\n\r\n405 Method Not Allowed\n"));
	r = (struct http_reply){.status = 416, .size = 77};
	writes(&r);
	assert_true(has("Content-Range: bytes */77\r\n"));
	r = (struct http_reply){.status = 404, .is_head = true};
	writes(&r);
	assert_string_equal(text + strlen(text) - 4, "\r\n\r\n");
	r = (struct http_reply){.status = 301, .location = "folder"};
	writes(&r);
	assert_true(has("Location: folder/\r\n"));
}

static void
not_modified_has_no_length(void **state)
{
	struct http_reply r = {.status = 304, .size = 5, .type = "x/y"};

	(void)state;
	writes(&r);
	assert_false(has("Content-Length"));
	assert_int_equal(http_reply_body(&r), 0);
}

static void
head_that_does_not_fit_is_not_written(void **state)
{
	struct http_reply r = {.status = 200, .size = 1, .type = "x/y"};

	(void)state;
	size_t n = http_reply_write(text, HTTP_REPLY_MOST, &r, 0);
	for (size_t room = 1; room <= n; room++) {
		char *tight = malloc(room);
		assert_int_equal(http_reply_write(tight, room, &r, 0), 0);
		free(tight);
	}
	assert_int_equal(http_reply_write(text, n + 1, &r, 0), n);
}

static void
dates_agree_with_the_library(void **state)
{
	char ours[HTTP_DATE_OCTETS], theirs[64];

	(void)state;
	for (int64_t t = 0; t < 253402300800; t += 86400 * 13 + 12345) {
		struct tm tm;
		time_t seconds = (time_t)t;
		gmtime_r(&seconds, &tm);
		strftime(theirs, sizeof(theirs), "%a, %d %b %Y %H:%M:%S GMT", &tm);
		http_date(ours, t);
		assert_string_equal(ours, theirs);
	}
}

static void
types_go_by_the_ending(void **state)
{
	(void)state;
	assert_string_equal(http_type("index.HTML"), "text/html; charset=utf-8");
	assert_string_equal(http_type("a.b.png"), "image/png");
	assert_string_equal(http_type("none"), "application/octet-stream");
	assert_string_equal(http_type("x.unknown"), "application/octet-stream");
}

static void
names_are_escaped(void **state)
{
	char to[32];

	(void)state;
	assert_int_equal(http_encode_url(to, sizeof(to), "a b/%\xff"), 14);
	assert_string_equal(to, "a%20b%2F%25%FF");
	assert_true(http_escape_html(to, sizeof(to), "<a&\">") > 0);
	assert_string_equal(to, "&lt;a&amp;&quot;&gt;");
	assert_int_equal(http_encode_url(to, 6, "   "), 0);
	assert_int_equal(http_escape_html(to, 5, "&&"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_file_has_length_and_type),
		cmocka_unit_test(part_of_a_file_says_which),
		cmocka_unit_test(refusals_carry_their_fields_and_a_small_body),
		cmocka_unit_test(not_modified_has_no_length),
		cmocka_unit_test(head_that_does_not_fit_is_not_written),
		cmocka_unit_test(dates_agree_with_the_library),
		cmocka_unit_test(types_go_by_the_ending),
		cmocka_unit_test(names_are_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
