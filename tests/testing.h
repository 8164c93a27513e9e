/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testing.h - what every Check program of ours needs
 */
#ifndef TESTS_TESTING_H
#define TESTS_TESTING_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* Compare a struct str with a text. */
#define ck_str(got, want) \
	do { \
		struct str got_ = (got); \
		const char *want_ = (want); \
		ck_assert_msg(str_is(got_, want_), "got \"%.*s\", want \"%s\"", \
		    STR_FMT(got_), want_); \
	} while (0)

/* A loop test over a table: ck_table(tc, refuses, refused). */
#define ck_table(tc, test, table) \
	tcase_add_loop_test(tc, test, 0, (int)COUNT_OF(table))

static inline int
run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
