/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_call.h - one request under way, for the files of http.c only
 *
 * What was asked lies behind the struct, in one piece, in the form in which
 * libcurl borrows it, and is wiped with it.
 */
#ifndef LOOP_HTTP_CALL_H
#define LOOP_HTTP_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/list.h"
#include "loop/http.h"

enum {
	HTTP_ANSWER_HEADERS_MAX = 16 * 1024, /* AWS sends a few hundred bytes */
	HTTP_CONNECT_MS = 5000,
};

/* An easy handle, made when first needed and kept. */
struct http_slot {
	CURL *easy;
	bool has_ca;            /* a CA bundle of a call's was set */
	struct http_call *call; /* NULL: free */
	struct http_slot *next_free;
	char error[CURL_ERROR_SIZE];
};

struct http_call {
	struct list link;   /* in the one list it waits in, if any */
	struct list cancel; /* in http->cancels; under the lock */
	bool finished;      /* under the lock: it has left the HTTP thread */
	bool cancelled;     /* the queue thread's */

	/* Set at the start. */
	struct http *http;
	http_done_fn *done;
	void *arg;
	size_t size; /* of all, to be wiped */
	size_t body_max;
	int64_t start_ms, deadline_ms, connect_ms;
	unsigned retries, parallel;
	const char *url;
	const char *method;           /* "POST", "PUT"; NULL: GET */
	const char *ca_path;          /* or NULL */
	const char *proxy, *no_proxy; /* the http's; NULL: none */
	struct str sent;              /* the body */
	struct curl_slist *headers;

	/* The HTTP thread's until it is finished, then the queue thread's. */
	struct http_slot *slot; /* while libcurl has it */
	int64_t due_ms;         /* end of the rest between two attempts */
	size_t header_bytes;
	bool encoded; /* the answer is not plain */
	struct buf body, header_lines;
	struct http_answer answer;
	struct err err;
	int r;

	struct curl_slist lines[];
};

/* The URL is checked; the rest of the request is checked and copied here. */
int http_call_new(struct http_call **callp, const struct http_request *req,
    struct err *err) MUST_USE;
void http_call_free(struct http_call *call); /* wipes */

/* A new attempt: nothing of the last one's answer stays. */
void http_call_renew(struct http_call *call);

/* One line that came; false: no more is wanted, the call says why. */
bool http_call_take_header(struct http_call *call, struct str line);

/* Sets the call's sentence, returns its code. */
int http_explain_timeout(struct http_call *call);

/* The same; *retry says whether another attempt may help. */
int http_explain(struct http_call *call, CURLcode code, bool *retry);

#endif
