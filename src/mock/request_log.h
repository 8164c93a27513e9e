/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_log.h - who asked for what, for a test to look at
 *
 * The newest requests, at most REQUEST_LOG_MAX of them, and a count of all.
 */
#ifndef MOCK_REQUEST_LOG_H
#define MOCK_REQUEST_LOG_H

#include <stdint.h>

#include "base/err.h"
#include "mock/operation.h"
#include "mock/route.h"

enum {
	REQUEST_LOG_MAX = 20 * 1000,
	REQUEST_LOG_BODY_MAX = 256, /* of a request's body, and of its path */
};

struct request_log;

int request_log_new(struct request_log **logp, struct err *err) MUST_USE;
void request_log_free(struct request_log *log); /* NULL is fine */

/* Without memory, the request is only counted. */
void request_log_add(struct request_log *log, enum operation operation,
    const struct request *q, const struct answer *a);
void request_log_clear(struct request_log *log); /* numbers go on */

/* Which are meant. */
struct request_log_filter {
	enum operation operation; /* NONE: all; STS, ECS: all of these */
	uint64_t after;           /* a number */
	uint64_t limit;           /* only the newest so many; 0: no limit */
};

/* Append them as a JSON array, the oldest first. */
void request_log_format(const struct request_log *log, struct buf *out,
    const struct request_log_filter *filter);

/* Append all counts as a JSON object. */
void request_log_format_counts(
    const struct request_log *log, struct buf *out);

#endif
