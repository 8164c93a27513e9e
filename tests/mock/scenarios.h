/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenarios.h - scenarios for the tests of the mock
 */
#ifndef TESTS_MOCK_SCENARIOS_H
#define TESTS_MOCK_SCENARIOS_H

#include <stdio.h>

#include "mock/scenario.h"
#include "testing.h"

/* The path of a file of the source tree; the caller frees it. */
static inline char *
source_path(const char *name)
{
	const char *top = getenv("abs_top_srcdir");
	size_t size;
	char *path;

	if (top == NULL)
		top = ".";
	size = strlen(top) + strlen(name) + 2;
	path = malloc(size);
	ck_assert_ptr_nonnull(path);
	snprintf(path, size, "%s/%s", top, name);
	return path;
}

/* The scenario in a file of the source tree; NULL: the built-in one. */
static inline struct scenario *
scenario_of(const char *name)
{
	char *path = name == NULL ? NULL : source_path(name);
	struct scenario *s = NULL;
	struct err err = { 0 };
	int r = scenario_read(&s, path, &err);

	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	free(path);
	return s;
}

#endif
