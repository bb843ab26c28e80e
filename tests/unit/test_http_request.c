/* SPDX-License-Identifier: ISC */
/* Request heads: what is taken, what is refused and how, ranges, decoding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/http_request.h"

static struct http_request rq;

static int
reads(const char *head)
{
	return http_request_read(head, strlen(head), &rq);
}

static void
whole_head_is_read_up_to_its_end(void **state)
{
	static const char head[] = "GET /a/b.txt?x=1 HTTP/1.1\r\nHost: h\r\n\r\n";

	(void)state;
	assert_int_equal(http_request_read(head, strlen(head), &rq), sizeof(head) - 1);
	assert_string_equal(rq.path, "a/b.txt");
	assert_true(rq.keep_alive && rq.is_http11 && !rq.is_head && !rq.has_body && !rq.ends_in_slash);
	assert_false(rq.range.is_given);
}

static void
next_request_is_left_where_it_is(void **state)
{
	static const char two[] = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
	int n = reads(two);

	(void)state;
	assert_int_equal(n, 28);
	assert_string_equal(rq.path, "1");
	assert_int_equal(http_request_read(two + n, strlen(two) - (size_t)n, &rq), 28);
	assert_string_equal(rq.path, "2");
}

static void
every_cut_of_a_head_waits_for_more(void **state)
{
	static const char head[] = "HEAD /x HTTP/1.1\r\nHost: h\r\nRange: bytes=1-2\r\n\r\n";

	(void)state;
	for (size_t len = 0; len + 1 < sizeof(head); len++)
		assert_int_equal(http_request_read(head, len, &rq), 0);
	assert_int_equal(reads(head), sizeof(head) - 1);
	assert_true(rq.is_head);
}

static void
refusals_have_their_status(void **state)
{
	static char longest[HTTP_HEAD_MOST + 1];
	static const struct {
		const char *head;
		int status;
	} cases[] = {
		{"GET / HTTP/1.1\r\n\r\n", 400}, /* no Host */
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n", 405},
		{"DELETE /x HTTP/1.0\r\n\r\n", 405},
		{"FROB / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
		{"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
		{"GET nonsense HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"GET /a%00b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"GET /a%2fb HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"\x16\x03\x01\x02", 501}, /* TLS: no method that there is */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (reads(cases[i].head) != -cases[i].status)
			fail_msg("case %zu: %d, not %d", i, reads(cases[i].head), -cases[i].status);
	memset(longest, 'a', HTTP_HEAD_MOST);
	memcpy(longest, "GET /", 5);
	assert_int_equal(http_request_read(longest, HTTP_HEAD_MOST, &rq), -414);
	memcpy(longest, "GET / HTTP/1.1\r\nX: ", 19);
	assert_int_equal(http_request_read(longest, HTTP_HEAD_MOST, &rq), -431);
}

static void
long_target_in_a_short_head_is_414(void **state)
{
	static char head[HTTP_PATH_MOST + 100];
	size_t n = HTTP_PATH_MOST + 10;

	(void)state;
	memset(head, 'a', n);
	memcpy(head, "GET /", 5);
	strcpy(head + n, " HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(reads(head), -414);
}

static void
connection_is_kept_as_the_version_says(void **state)
{
	(void)state;
	assert_true(reads("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n") > 0);
	assert_false(rq.keep_alive);
	assert_true(reads("GET / HTTP/1.0\r\n\r\n") > 0);
	assert_false(rq.keep_alive);
	assert_true(reads("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") > 0);
	assert_true(rq.keep_alive && !rq.is_http11);
}

static void
absolute_form_is_understood(void **state)
{
	(void)state;
	assert_true(reads("GET http://host:80/x/ HTTP/1.1\r\nHost: h\r\n\r\n") > 0);
	assert_string_equal(rq.path, "x/");
	assert_true(rq.ends_in_slash);
	assert_true(reads("GET http://host HTTP/1.1\r\nHost: h\r\n\r\n") > 0);
	assert_string_equal(rq.path, "");
	assert_true(rq.ends_in_slash);
}

static void
body_is_noticed(void **state)
{
	(void)state;
	assert_true(reads("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello") > 0);
	assert_true(rq.has_body);
	assert_true(reads("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n") > 0);
	assert_true(rq.has_body);
	assert_true(reads("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n") > 0);
	assert_false(rq.has_body);
}

static void
one_octet_wrong_never_reads_beyond(void **state)
{
	static const char good[] = "GET /a%20b HTTP/1.1\r\nHost: h\r\nRange: bytes=0-9\r\nIf-Range: x\r\n\r\n";

	(void)state;
	for (size_t at = 0; at + 1 < sizeof(good); at++) {
		for (int c = 0; c < 256; c++) {
			char *head = malloc(sizeof(good) - 1); /* exactly as long: a sanitizer sees any step beyond */
			memcpy(head, good, sizeof(good) - 1);
			head[at] = (char)c;
			int n = http_request_read(head, sizeof(good) - 1, &rq);
			assert_true(n <= (int)sizeof(good) - 1);
			free(head);
		}
	}
}

/* What RFC 9110 14.1.2 says, slowly: the octets of a range are those that a list of all of them holds. */
static void
ranges_select_what_the_rfc_says(void **state)
{
	char text[64];
	uint64_t first, last;

	(void)state;
	for (uint64_t size = 0; size < 6; size++) {
		for (uint64_t a = 0; a < 8; a++) {
			for (uint64_t b = a; b < 8; b++) {
				snprintf(text, sizeof(text), "bytes=%u-%u", (unsigned)a, (unsigned)b);
				struct http_range r = http_range_read(text, strlen(text));
				assert_true(r.is_given);
				assert_int_equal(http_range_apply(&r, size, &first, &last), a < size ? 206 : 416);
				if (a < size) {
					assert_int_equal(first, a);
					assert_int_equal(last, b < size ? b : size - 1);
				}
			}
			snprintf(text, sizeof(text), "bytes=-%u", (unsigned)a);
			struct http_range r = http_range_read(text, strlen(text));
			assert_int_equal(http_range_apply(&r, size, &first, &last), a > 0 && size > 0 ? 206 : 416);
			if (a > 0 && size > 0) {
				assert_int_equal(last, size - 1);
				assert_int_equal(last - first + 1, a < size ? a : size);
			}
		}
	}
}

static void
odd_ranges_are_as_if_not_there(void **state)
{
	static const char *const odd[] = {"",           "bytes",         "bytes=",     "bytes=-",
	                                  "bytes=5-4",  "bytes=0-1,3-4", "octets=0-1", "bytes=a-b",
	                                  "bytes=0-1x", "bytes= 0-1",    "bytes=0",    "bytes=99999999999999999999-",
	                                  "bytes=--1"};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_false(http_range_read(odd[i], strlen(odd[i])).is_given);
	assert_true(http_range_read("bytes=3-", 8).is_given);
}

static void
decoding_takes_hex_and_refuses_the_rest(void **state)
{
	char to[8];
	size_t n;

	(void)state;
	assert_true(http_decode("a%41%7e", 7, to, sizeof(to), &n));
	assert_string_equal(to, "aA~");
	assert_int_equal(n, 3);
	assert_false(http_decode("%4", 2, to, sizeof(to), &n));
	assert_false(http_decode("%", 1, to, sizeof(to), &n));
	assert_false(http_decode("%g1", 3, to, sizeof(to), &n));
	assert_true(http_decode("1234567", 7, to, sizeof(to), &n));
	assert_false(http_decode("12345678", 8, to, sizeof(to), &n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_head_is_read_up_to_its_end),
		cmocka_unit_test(next_request_is_left_where_it_is),
		cmocka_unit_test(every_cut_of_a_head_waits_for_more),
		cmocka_unit_test(refusals_have_their_status),
		cmocka_unit_test(long_target_in_a_short_head_is_414),
		cmocka_unit_test(connection_is_kept_as_the_version_says),
		cmocka_unit_test(absolute_form_is_understood),
		cmocka_unit_test(body_is_noticed),
		cmocka_unit_test(one_octet_wrong_never_reads_beyond),
		cmocka_unit_test(ranges_select_what_the_rfc_says),
		cmocka_unit_test(odd_ranges_are_as_if_not_there),
		cmocka_unit_test(decoding_takes_hex_and_refuses_the_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
