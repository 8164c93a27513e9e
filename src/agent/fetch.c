/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "task/metadata.h"

enum {
	RETRIES = 5, /* about 3 s of waits: SPIRE tries again itself */
	STATUS_OK = 200,
	STATUS_NOT_FOUND = 404,
};

static http_done_fn on_answer;

int
fetch_find(struct fetch *fetch, struct str configured, struct err *err)
{
	struct str url = configured;

	if (url.n == 0)
		url = str_of(getenv("ECS_CONTAINER_METADATA_URI_V4"));
	while (url.n > 0 && url.p[url.n - 1] == '/')
		url.n--;
	if (url.n == 0)
		return err_set(err, ERR_UPSTREAM,
		    FETCH_FAILED "no metadata endpoint configured and "
				 "ECS_CONTAINER_METADATA_URI_V4 not set");
	if (url.n >= sizeof(fetch->endpoint) - sizeof("/task"))
		return err_set(err, ERR_UPSTREAM,
		    FETCH_FAILED "the endpoint's URL is longer than %d bytes",
		    FETCH_URL_MAX);
	memcpy(fetch->endpoint, url.p, url.n);
	fetch->endpoint[url.n] = '\0';
	return ERR_OK;
}

static int
ask(struct fetch *fetch, int64_t timeout_ms, struct err *err)
{
	char url[FETCH_URL_MAX + sizeof("/task")];
	struct http_request req = {
		.url = url,
		.body_max = METADATA_BYTES_MAX,
		.timeout_ms = timeout_ms < 1 ? 1 : timeout_ms,
		.retries = RETRIES,
	};
	int r;

	(void)snprintf(url, sizeof(url), "%s%s", fetch->endpoint,
	    fetch->base ? "" : "/task");
	r = http_start(&fetch->call, fetch->http, &req, on_answer, fetch, err);
	if (r == ERR_OK)
		return ERR_OK;
	fetch->call = NULL;
	(void)err_prefix(err, FETCH_FAILED);
	if (r == ERR_FORMAT) {
		/* of the endpoint, which is not the caller's */
		err->code = ERR_UPSTREAM;
		return ERR_UPSTREAM;
	}
	return r;
}

int
fetch_start(struct fetch *fetch, struct http *http, int64_t timeout_ms,
    fetch_fn *done, void *arg, struct err *err)
{
	fetch->http = http;
	fetch->base = false;
	fetch->deadline_ms = clock_ms() + timeout_ms;
	fetch->done = done;
	fetch->arg = arg;
	return ask(fetch, timeout_ms, err);
}

void
fetch_cancel(struct fetch *fetch)
{
	if (fetch->call != NULL)
		http_cancel(fetch->call);
}

static void
answer_status(struct fetch *fetch, long status)
{
	struct err err = { 0 };

	if (status == STATUS_NOT_FOUND && !fetch->base) {
		fetch->base = true;
		if (ask(fetch, fetch->deadline_ms - clock_ms(), &err) == ERR_OK)
			return;
	}
	(void)err_set(&err, ERR_UPSTREAM,
	    FETCH_FAILED "metadata endpoint returned status %ld", status);
	fetch->done(fetch->arg, err.code, (struct str){ NULL, 0 }, &err);
}

static void
on_answer(
    void *arg, int r, const struct http_answer *answer, const struct err *err)
{
	struct fetch *fetch = arg;
	struct err why = { 0 };

	fetch->call = NULL;
	if (r == ERR_OK && answer->status == STATUS_OK) {
		fetch->done(fetch->arg, ERR_OK, answer->body, &why);
	} else if (r == ERR_OK) {
		answer_status(fetch, answer->status);
	} else if (r == ERR_CANCELLED) {
		fetch->done(fetch->arg, r, (struct str){ NULL, 0 }, err);
	} else {
		(void)err_set(&why, ERR_UPSTREAM, FETCH_FAILED "%s", err->msg);
		fetch->done(
		    fetch->arg, why.code, (struct str){ NULL, 0 }, &why);
	}
}
