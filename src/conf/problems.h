/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problems.h - everything that is wrong with a configuration, at once
 *
 * Foreign bytes in the arguments must have passed str_clean() or be ASCII.
 */
#ifndef CONF_PROBLEMS_H
#define CONF_PROBLEMS_H

#include <stddef.h>

#include "base/buf.h"
#include "conf/hcl.h"

enum { PROBLEMS_MAX = 32, PROBLEM_MAX = 480 };

/* Zero it before use.  Beyond PROBLEMS_MAX they are only counted. */
struct problems {
	char text[PROBLEMS_MAX][PROBLEM_MAX];
	size_t count; /* all of them, kept or not */
};

void problems_add(struct problems *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The same; the sentence ends in "(line 3, column 12)", never cut off. */
void problems_add_at(struct problems *p, struct hcl_pos pos, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* How many are kept: the loop's bound over text. */
size_t problems_kept(const struct problems *p);

/* All of them as one sentence, joined by "; ", for a gRPC status text. */
void problems_join(struct buf *out, const struct problems *p);

#endif
