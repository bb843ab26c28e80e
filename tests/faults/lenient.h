/* SPDX-License-Identifier: ISC */
/*
 * A dialogue's script in a faulted run: an assertion of the script that does not hold ends
 * the script, not the test; and its programs run every dialogue with refused grants.
 * The harness itself is compiled without this: what must always hold stays an assertion.
 */
#ifndef TESTS_FAULTS_LENIENT_H
#define TESTS_FAULTS_LENIENT_H

/* The script does not get what it expects: goes on with the end of the run. */
_Noreturn void script_stops(const char *file, int line);

#define LENIENT(cond) ((cond) ? (void)0 : script_stops(__FILE__, __LINE__))

#undef assert_true
#undef assert_false
#undef assert_non_null
#undef assert_int_equal
#undef assert_int_not_equal
#undef assert_in_range
#undef assert_memory_equal
#undef fail
#define assert_true(c) LENIENT(c)
#define assert_false(c) LENIENT(!(c))
#define assert_non_null(p) LENIENT((p) != NULL)
#define assert_int_equal(a, b) LENIENT((uint64_t)(a) == (uint64_t)(b))
#define assert_int_not_equal(a, b) LENIENT((uint64_t)(a) != (uint64_t)(b))
#define assert_in_range(v, least, most) LENIENT(is_in_range((uint64_t)(v), (uint64_t)(least), (uint64_t)(most)))
#define assert_memory_equal(a, b, n) LENIENT(memcmp((a), (b), (n)) == 0)
#define fail() LENIENT(false)

static inline bool
is_in_range(uint64_t v, uint64_t least, uint64_t most)
{
	return least <= v && v <= most;
}

int run_faulted(const struct CMUnitTest *tests, size_t n);

#undef cmocka_run_group_tests
#define cmocka_run_group_tests(tests, up, down) run_faulted((tests), sizeof(tests) / sizeof((tests)[0]))

#endif
