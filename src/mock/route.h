/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.h - from a request to its answer, without a socket
 *
 * One table in route.c says which handler answers which path with which
 * methods.  A new part of the mock is a file with handlers and its rows there.
 */
#ifndef MOCK_ROUTE_H
#define MOCK_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/sigv4.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "mock/scenario.h"

struct sessions;    /* sessions.h: keys and tokens that the mock gave out */
struct faults;      /* faults.h: what goes wrong next */
struct request_log; /* request_log.h: for assertions */

/* What all handlers work on; all but scenario may be NULL in a test. */
struct mock {
	struct scenario *scenario;
	struct sessions *sessions;
	struct faults *faults;
	struct request_log *log;
};

enum {
	METHOD_GET = 1 << 0,
	METHOD_HEAD = 1 << 1,
	METHOD_POST = 1 << 2,
	METHOD_PUT = 1 << 3,
	METHOD_DELETE = 1 << 4,
	METHOD_OTHER = 1 << 5,
};

enum { ANSWER_MAX = 64 * 1024 * 1024, ANSWER_HEADERS_MAX = 8 };

/* Borrowed from the front. */
struct request {
	unsigned method;         /* one METHOD_ */
	struct str method_name;
	struct str path;         /* as spelt, without the query */
	struct str query;        /* behind the '?' */
	const struct sigv4_header *headers; /* in the order they came */
	size_t header_count;
	struct str body;
	bool from_loopback;      /* the peer is on this host */
	int64_t now_us;          /* time of day */
};

/* What a fault does to an answer on its way out; see faults.h. */
struct delivery {
	int64_t delay_ms;        /* before the first byte */
	bool drop;               /* hang up instead */
	bool truncate;           /* hang up after half of the body */
	int64_t drip_ms;         /* a byte each; 0: at once */
	uint64_t flood;          /* so many bytes of body more */
};

struct answer {
	int status;
	const char *type; /* Content-Type; NULL: none */
	char type_bytes[96]; /* for a type that is no constant */
	char allow[32];   /* with 405; else empty */
	struct {
		char name[32], value[128];
	} headers[ANSWER_HEADERS_MAX];
	size_t header_count;
	struct buf body;
	struct delivery delivery;

	/* For the request log; constants and cleaned text. */
	const char *operation;   /* "DescribeTasks"; NULL: not logged */
	bool is_faulty;          /* a fault acted on it */
	char code[64];           /* the error's; else empty */
	char access_key_id[130]; /* who signed; else empty */
};

void answer_header(struct answer *a, const char *name, const char *value);

/* The value of a header, name in any case; n == 0 if there is none. */
struct str request_header(const struct request *q, const char *name);

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

route_fn metadata_answer;    /* route_metadata.c: behind /v4/ */
route_fn credentials_answer; /* route_credentials.c: behind /v2/credentials/ */
route_fn imds_answer;        /* route_imds.c: behind /latest/ */
route_fn service_answer;     /* route_service.c: POST /, STS and ECS */
route_fn control_answer;     /* route_control.c: behind /mock/ */

#endif
