/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_aws.h - an HTTP server on loopback that answers as a test has said
 *
 * It has a thread per connection, keeps all that it is asked, and answers each
 * operation with the first reply for it that is not used up.  An operation is
 * the word behind the dot of X-Amz-Target, else a form's Action, else the
 * method with the path: "GET /latest/api/token".  All functions may be called
 * from any thread.
 */
#ifndef TESTS_AWS_FAKE_AWS_H
#define TESTS_AWS_FAKE_AWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

struct fake_aws;

/* One that came; kept to the end. */
struct fake_request {
	char op[256];
	unsigned nth;    /* of its operation, from 1 */
	struct str head; /* with the empty line */
	struct str body;
};

enum fake_how {
	FAKE_ANSWERS,
	FAKE_HOLDS,   /* it answers once fake_aws_open() was called */
	FAKE_DROPS,   /* the connection ends without an answer */
	FAKE_ENDLESS, /* headers, then a body without an end */
};

struct fake_reply {
	const char *op;
	unsigned times;      /* it is used up after so many; 0: never */
	int status;          /* 0: 200 */
	const char *headers; /* lines, each with its CR LF; or NULL */
	const char *body;
	/* instead of body; runs on the connection's thread */
	void (*write)(struct buf *body, const struct fake_request *request);
	enum fake_how how;
};

struct fake_aws *fake_aws_start(void);
void fake_aws_stop(struct fake_aws *fake); /* NULL is fine */
int fake_aws_port(const struct fake_aws *fake);

/* "http://127.0.0.1:PORT"; kept as long as the server. */
const char *fake_aws_url(const struct fake_aws *fake);

/* Its strings are borrowed. */
void fake_aws_reply(struct fake_aws *fake, const struct fake_reply *reply);
#define FAKE_REPLY(fake, ...) \
	fake_aws_reply(fake, &(struct fake_reply){ __VA_ARGS__ })

void fake_aws_open(struct fake_aws *fake);

/* How many have come; op NULL: of any. */
unsigned fake_aws_count(struct fake_aws *fake, const char *op);
unsigned fake_aws_connections(struct fake_aws *fake);

/* The nth of its operation, from 1; it has come. */
const struct fake_request *fake_aws_request(
    struct fake_aws *fake, const char *op, unsigned nth);

/* The value of a header; {NULL, 0} without it. */
struct str fake_header(const struct fake_request *request, const char *name);

/* Runs the loop until so many have come. */
void fake_aws_until(struct fake_aws *fake, const char *op, unsigned n);

#endif
