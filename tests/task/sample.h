/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.h - the documents of tests/data/metadata, and what must come of them
 */
#ifndef TESTS_TASK_SAMPLE_H
#define TESTS_TASK_SAMPLE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/str.h"

/* The whole file, in the arena. */
static inline struct str
sample_read(struct arena *a, const char *name)
{
	const char *top = getenv("abs_top_srcdir");
	char path[4096];
	struct str s;
	FILE *f;
	char *p;
	long n;

	(void)snprintf(path, sizeof(path), "%s/tests/data/metadata/%s",
	    top == NULL ? "." : top, name);
	f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "cannot open %s", path);
	ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
	n = ftell(f);
	ck_assert_int_ge(n, 0);
	rewind(f);
	p = arena_alloc(a, (size_t)n + 1);
	ck_assert_ptr_nonnull(p);
	s = (struct str){ p, fread(p, 1, (size_t)n, f) };
	ck_assert_uint_eq(s.n, (size_t)n);
	(void)fclose(f);
	return s;
}

#endif
