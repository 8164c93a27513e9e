/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container.h - credentials of an ECS container or an EKS pod
 *
 * Both plugins use it: the agent's keys are the task's.  The answer is read
 * strictly in what we need, at most 64 KiB; it goes through no proxy and
 * follows no redirect.  Everything belongs to the queue thread.
 */
#ifndef AWS_CONTAINER_H
#define AWS_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/keys.h"
#include "base/err.h"
#include "base/str.h"
#include "loop/http.h"

enum { CONTAINER_URL_SIZE = 2048, CONTAINER_TOKEN_MAX = 16 * 1024 };

struct container_source {
	char url[CONTAINER_URL_SIZE];
	bool sends_token; /* of FULL_URI: the authorization token goes along */
};

/*
 * Where the keys are: configured, if not empty; else
 * AWS_CONTAINER_CREDENTIALS_RELATIVE_URI on 169.254.170.2; else
 * AWS_CONTAINER_CREDENTIALS_FULL_URI: https anywhere, http to loopback,
 * 169.254.170.2, 169.254.170.23 and [fd00:ec2::23] only.  ERR_MISSING: none
 * of them is set; ERR_CONFIG: not such a URL.
 */
int container_source_find(struct container_source *source,
    struct str configured, struct err *err) MUST_USE;

/*
 * Fetch.  The authorization token (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE,
 * read anew, else AWS_CONTAINER_AUTHORIZATION_TOKEN) goes along for a FULL_URI
 * only.  done: ERR_OK with borrowed keys that have a token and an expiry in
 * the future; ERR_UNAVAILABLE (may pass), ERR_UPSTREAM (unusable answer),
 * ERR_CONFIG, ERR_CANCELLED, ERR_MEMORY.
 */
struct container_fetch;
typedef void container_fn(
    void *arg, int r, struct aws_keys *keys, const struct err *err);
int container_fetch_start(struct container_fetch **fetchp, struct loop *loop,
    struct http *http, const struct container_source *source,
    int64_t timeout_ms, container_fn *done, void *arg,
    struct err *err) MUST_USE;
void container_fetch_cancel(struct container_fetch *fetch);

#endif
