/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vector.h - a case of Signature Version 4 as AWS's public suite writes it
 *
 * request.txt: request line, headers, an empty line, the body; lines end in LF
 * or CRLF; the target may hold raw spaces and UTF-8.  A line that begins with
 * a blank is another value of the header before it: so AWS signed them.
 * context.json: credentials, region, service, timestamp, normalize, sign_body,
 * omit_session_token.
 */
#ifndef TESTS_AWS_VECTOR_H
#define TESTS_AWS_VECTOR_H

#include "aws/sigv4.h"

struct json_object;

/* Borrows from text; what breaks a grammar of sigv4.h is not refused here. */
int vector_request(
    struct sigv4_request *req, struct str text, struct err *err) MUST_USE;

struct vector_context {
	struct json_object *doc; /* what the rest borrows from */
	struct sigv4_credentials credentials;
	struct sigv4_scope scope;
	char amz_date[24];
	bool keep_path;
	unsigned flags; /* of enum sigv4_flags */
};

/* scope points into *context, so it stays where it is. */
int vector_context(
    struct vector_context *context, const char *json, struct err *err) MUST_USE;
void vector_context_release(struct vector_context *context);

#endif
