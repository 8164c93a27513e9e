/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - the head of an HTTP/1.1 request, read strictly
 *
 * RFC 9112.  What two readers could understand differently is refused: folded
 * lines, a blank before the colon, bytes that are no text, two lengths, any
 * transfer coding.  Pure.
 */
#ifndef PROGRAMS_REQUEST_H
#define PROGRAMS_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { REQUEST_NOT_YET = 0, REQUEST_WHOLE = 1, REQUEST_HEADERS_MAX = 64 };

/* Borrows from the input. */
struct request {
	struct str method, path, query;
	uint64_t body; /* bytes that follow the head */
	bool keep;     /* the connection, after the answer */
	bool wants_html;
	unsigned client_certs;  /* lines x-forwarded-client-cert: xfcc.h */
	struct str client_cert; /* the last of them */
};

/*
 * REQUEST_WHOLE: *used bytes of the input were its head.  REQUEST_NOT_YET: more
 * has to come.  Else the status of a refusal, and *why is a constant sentence.
 */
int request_parse(
    struct request *q, size_t *used, const char **why, struct str input);

#endif
