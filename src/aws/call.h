/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - one call of AWS: admitted, signed, sent, understood, sent again
 *
 * A call waits for a token of its gate, is signed and sent, and its answer is
 * held against AWS's error model: throttling is HTTP 400 with a code, or 429,
 * or 503.  What may pass by itself is sent again with full jitter, inside the
 * deadline, at most `sends` times in all, each with a token of its own.
 *
 * start/done/cancel are loop/http.h's: what returned ERR_OK is answered once,
 * later, on the queue thread; a cancel is answered ERR_CANCELLED.
 */
#ifndef AWS_CALL_H
#define AWS_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/endpoint.h"
#include "aws/gate.h"
#include "aws/keys.h"
#include "aws/observe.h"
#include "base/err.h"
#include "base/str.h"
#include "loop/http.h"
#include "loop/loop.h"

/* What calls have in common; borrowed by each until it is answered. */
struct aws_caller {
	struct loop *loop;
	struct http *const *http; /* *http: NULL once it is gone */
	const char *ca_path;                 /* or NULL */
	const struct aws_observer *observer; /* or NULL */
};

struct aws_call;

struct aws_request {
	const char *operation; /* a constant: "DescribeTasks" */
	const char *service;   /* of the scope: "sts", "ecs" */
	struct str region;     /* of the scope */
	const struct endpoint *endpoint;
	const struct http_header
	    *headers; /* without Host and what SigV4 adds */
	size_t header_count;
	struct str body;       /* POST */
	struct aws_keys *keys; /* NULL: sent as it stands, Host apart */
	struct aws_gate *gate; /* NULL: none */
	bool is_anothers; /* signed by another: throttling is not ours */
	size_t body_max;
	int64_t deadline_ms; /* clock_ms() */
	int64_t send_ms;     /* one send at most */
	unsigned sends;      /* 3 */
};

/*
 * r: ERR_OK (200); ERR_POLICY (AWS has refused it: 4xx, not throttling);
 * ERR_UNAVAILABLE (throttled, 5xx, no connection, too slow, no token in time,
 * breaker open); ERR_TOOBIG and ERR_UPSTREAM (no answer of AWS's at all,
 * redirects included); ERR_CANCELLED; ERR_MEMORY.  err has a sentence for a
 * log or an agent: operation, status, error code; never a body.  Strings are
 * borrowed for the call only; code and request_id are short clean ASCII.
 */
struct aws_answer {
	long status; /* 0: none came */
	struct str body;
	struct str content_type;
	struct str code;       /* "ExpiredToken"; with an error */
	struct str request_id; /* AWS's, for its support and CloudTrail */
	unsigned sends;
	int64_t elapsed_ms;
};
typedef void aws_call_fn(
    void *arg, int r, const struct aws_answer *answer, const struct err *err);

/* All of request is copied or referenced, the gate and caller are borrowed. */
int aws_call_start(struct aws_call **callp, const struct aws_caller *caller,
    const struct aws_request *request, aws_call_fn *done, void *arg,
    struct err *err) MUST_USE;
void aws_call_cancel(struct aws_call *call);

#endif
