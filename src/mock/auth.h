/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h - who signed a request, and is it well signed
 *
 * All of Signature Version 4 is checked, in this order: there is one
 * Authorization header that can be read; the key is known; the session token
 * is there and is the key's, or there is none and the key has none; the
 * session has not ended; X-Amz-Date is within the window of the service, 15
 * minutes for STS and 5 for ECS; the scope has that day, the service, and a
 * region as below; host and every x-amz-* header are signed; the signature,
 * made of the method, path, query, signed headers and body as they came; and
 * X-Amz-Content-Sha256, if sent.
 *
 * Which region: a Host of AWS's, such as sts.eu-west-1.amazonaws.com, has to
 * be of the service and of the scope's region.  Under any other Host the mock
 * is the service in all regions that the scenario has a cluster in, and in
 * us-east-1.
 *
 * Presigned requests, signed in the query, are not taken.
 */
#ifndef MOCK_AUTH_H
#define MOCK_AUTH_H

#include <stdbool.h>

#include "mock/route.h"
#include "mock/sessions.h"

enum auth_problem {
	AUTH_FINE,
	AUTH_MISSING,       /* no Authorization */
	AUTH_INCOMPLETE,    /* or one that cannot be read */
	AUTH_UNKNOWN_KEY,   /* or not its token */
	AUTH_EXPIRED,       /* the session */
	AUTH_BAD_SIGNATURE, /* the time and the scope included */
	AUTH_BROKEN,        /* a fault of ours */
};

struct auth {
	const struct session *session; /* who, if it is fine */
	struct str region; /* of the scope; borrows from the request */
	char text[512];    /* a problem in AWS's words */
};

/* Also notes in the answer whose key it is, as far as that can be read. */
enum auth_problem auth_check(struct auth *out, struct answer *a,
    const struct mock *m, const struct request *q, const char *service);

/* May the session do this?  "ecs", "DescribeTasks" */
bool auth_may(const struct session *s, const char *service, const char *action);

#endif
