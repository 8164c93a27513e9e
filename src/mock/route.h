/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.h - from a request to its answer, without a socket
 *
 * One table in route.c says which handler answers which path with which
 * methods.  A new part of the mock is a file with handlers and its rows there.
 */
#ifndef MOCK_ROUTE_H
#define MOCK_ROUTE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "mock/scenario.h"

/* What all handlers work on. */
struct mock {
	const struct scenario *scenario;
};

enum {
	METHOD_GET = 1 << 0,
	METHOD_HEAD = 1 << 1,
	METHOD_OTHER = 1 << 2,
};

enum { ANSWER_MAX = 1024 * 1024 };

struct request {
	unsigned method; /* one METHOD_ */
	struct str path; /* as spelt, without the query */
	int64_t now_us;  /* time of day */
};

struct answer {
	int status;
	const char *type; /* Content-Type */
	char allow[32];   /* with 405; else empty */
	struct buf body;
};

/*
 * Answer a request; never fails, a fault of ours is a 500.  The answer to
 * HEAD has the body of GET: the front leaves it out.
 */
void route_answer(
    struct answer *a, const struct mock *m, const struct request *q);
void answer_init(struct answer *a); /* 200, JSON, empty */
void answer_release(struct answer *a);

/* A status with a JSON string as body, as the metadata endpoint has it. */
void answer_fail(struct answer *a, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* rest is what follows the path of the row. */
typedef void route_fn(struct answer *a, const struct mock *m,
    const struct request *q, struct str rest);

route_fn metadata_answer; /* route_metadata.c: behind /v4/ */

#endif
