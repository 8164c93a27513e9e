/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asking.h - requests as clients send them, to the mock without a socket
 */
#ifndef TESTS_MOCK_ASKING_H
#define TESTS_MOCK_ASKING_H

#include "aws/sigv4.h"
#include "mock/route.h"
#include "mock/sessions.h"
#include "scenarios.h"

/* 2026-01-15T10:20:30Z */
#define NOW_US ((int64_t)1768472430 * 1000 * 1000)

#define FULL       "tests/data/mock/full.conf"
#define STS_FORM   "application/x-www-form-urlencoded; charset=utf-8"
#define ECS_JSON   "application/x-amz-json-1.1"
#define ECS_TARGET "AmazonEC2ContainerServiceV20141113."

struct asker {
	struct mock m;
	struct answer a;
	int64_t now_us;
	struct sigv4_header
	    headers[SIGV4_HEADERS_MAX]; /* of the next request */
	size_t header_count;
	struct sigv4_signed out; /* what the last signature was made of */
};

/* A scenario of the source tree; NULL: the built-in one. */
void asker_init(struct asker *k, const char *scenario);
void asker_release(struct asker *k);

/* Headers last for one request. */
void asker_header(struct asker *k, const char *name, const char *value);

/* Unsigned.  The answer is in k->a; returns its body. */
const char *ask(
    struct asker *k, unsigned method, const char *target, const char *body);

/*
 * POST / with a signature, which a test may spoil: by another time, by what
 * spoil does to the signed request.
 */
struct signer {
	const char *service, *region, *key_id, *secret, *token; /* NULL: none */
	const char *host; /* NULL: 127.0.0.1:8090 */
	int64_t at_us;    /* 0: now */
	unsigned flags;   /* of sigv4_sign() */
	void (*spoil)(struct sigv4_request *req);
};
const char *ask_signed(
    struct asker *k, const struct signer *by, const char *body);

/* The signer that holds a session's keys. */
struct signer signer_of(
    const struct session *s, const char *service, const char *region);

/* The value of the first "name": "..." or <name>...</name> of a body. */
char *value_of(const char *body, const char *name);

#define ck_has(body, what) \
	ck_assert_msg(strstr(body, what) != NULL, "no %s in %s", what, body)
#define ck_lacks(body, what) \
	ck_assert_msg(strstr(body, what) == NULL, "%s in %s", what, body)

#endif
