/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.h - the task metadata, from where ECS serves them
 *
 * <endpoint>/task is asked; where that is not found, <endpoint> itself, which
 * must then hold a task.  No proxy, no redirect.  Everything belongs to the
 * queue thread.
 */
#ifndef AGENT_FETCH_H
#define AGENT_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "loop/http.h"

enum { FETCH_URL_MAX = 2048 };

#define FETCH_FAILED "failed to fetch task metadata: "

/*
 * r is ERR_OK with the document; ERR_UPSTREAM with a sentence that begins with
 * FETCH_FAILED; ERR_CANCELLED.  Document and err are borrowed for the call.
 */
typedef void fetch_fn(
    void *arg, int r, struct str document, const struct err *err);

/* Zero it before use; it lives in its owner until it is answered. */
struct fetch {
	char endpoint[FETCH_URL_MAX]; /* no slash at its end */
	struct http *http;
	struct http_call *call; /* NULL: none is under way */
	bool base;              /* <endpoint> itself is asked */
	int64_t deadline_ms;    /* clock_ms() */
	fetch_fn *done;
	void *arg;
};

/*
 * Where to ask: configured, if not empty; else ECS_CONTAINER_METADATA_URI_V4.
 * ERR_UPSTREAM: nowhere.
 */
int fetch_find(
    struct fetch *fetch, struct str configured, struct err *err) MUST_USE;

/* After fetch_find().  Answered once, later, if it returns ERR_OK. */
int fetch_start(struct fetch *fetch, struct http *http, int64_t timeout_ms,
    fetch_fn *done, void *arg, struct err *err) MUST_USE;

/* Lose interest, if it is under way: answered all the same. */
void fetch_cancel(struct fetch *fetch);

#endif
