/* SPDX-License-Identifier: ISC */
/* What the demo's clients check with: streams named by a seed, responses read in any pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/demo.h"

static void
stream_is_the_same_from_any_position(void **state)
{
	uint8_t whole[100], part[100];

	(void)state;
	demo_fill(7, 0, whole, sizeof(whole));
	for (size_t at = 0; at < sizeof(whole); at++) {
		demo_fill(7, at, part, sizeof(whole) - at);
		assert_memory_equal(part, whole + at, sizeof(whole) - at);
	}
	demo_fill(8, 0, part, sizeof(part));
	assert_memory_not_equal(part, whole, sizeof(whole));
}

/* Read a response in pieces of `step` octets; true if it was taken whole, its hash in *hash. */
static bool
read_in_steps(const char *text, size_t len, size_t step, bool drops, char *hash)
{
	static struct demo_reader r;

	demo_reader_init(&r, drops);
	for (size_t at = 0; at < len; at += step)
		if (!demo_reader_take(&r, (const uint8_t *)text + at, PL_MIN(step, len - at)))
			return false;
	SHA256End(&r.sha, hash);
	return demo_reader_is_done(&r);
}

static const char response[] = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello";

static void
response_is_read_in_any_pieces(void **state)
{
	char hash[SHA256_DIGEST_STRING_LENGTH];

	(void)state;
	for (size_t step = 1; step < sizeof(response); step++) {
		assert_true(read_in_steps(response, sizeof(response) - 1, step, false, hash));
		assert_string_equal(hash, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
	}
}

static void
dropped_octet_changes_the_hash(void **state)
{
	char hash[SHA256_DIGEST_STRING_LENGTH];

	(void)state;
	assert_true(read_in_steps(response, sizeof(response) - 1, 7, true, hash));
	assert_string_not_equal(hash, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
}

static void
other_responses_are_refused(void **state)
{
	static const char missing[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello";
	static const char longer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!";
	char hash[SHA256_DIGEST_STRING_LENGTH];

	(void)state;
	assert_false(read_in_steps(missing, sizeof(missing) - 1, 9, false, hash));
	assert_false(read_in_steps(longer, sizeof(longer) - 1, 9, false, hash));
	assert_false(read_in_steps(response, sizeof(response) - 2, 9, false, hash));
}

static void
job_with_another_hash_has_failed(void **state)
{
	struct demo_job job = {.expected = "aa", .result = {.ok = true, .hash = "ab"}};

	(void)state;
	demo_job_finish(&job, NULL);
	assert_false(job.result.ok);
	job = (struct demo_job){.expected = "aa", .result = {.ok = true, .hash = "aa"}};
	demo_job_finish(&job, NULL);
	assert_true(job.result.ok && job.is_done);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stream_is_the_same_from_any_position),
		cmocka_unit_test(response_is_read_in_any_pieces),
		cmocka_unit_test(dropped_octet_changes_the_hash),
		cmocka_unit_test(other_responses_are_refused),
		cmocka_unit_test(job_with_another_hash_has_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
