/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - HTTP requests on a thread of their own
 *
 * One thread runs one curl_multi and knows no domain object.  It is handed
 * requests and cancels by a mutexed list and hands finished transfers back by
 * a second list and a doorbell.  At most `parallel` transfers are with libcurl
 * at a time; the rest wait in a FIFO with their deadlines.
 *
 * Every http_start() that returns ERR_OK is answered exactly once, later, on
 * the queue thread.  All functions belong to the queue thread.
 */
#ifndef LOOP_HTTP_H
#define LOOP_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "loop/loop.h"

struct http;
struct http_call;

enum { HTTP_METADATA_PARALLEL = 16, HTTP_AWS_PARALLEL = 64 };

/* Starts the thread and libcurl.  Call it after the handshake line. */
int http_new(struct http **httpp, struct loop *loop, unsigned parallel,
    struct err *err) MUST_USE;

/*
 * Ends the thread; calls that are still out are answered first, from here,
 * with ERR_CANCELLED.  NULL is fine.  Not from inside a done function, and
 * before loop_quit().
 */
void http_free(struct http *http);

struct http_header {
	struct str name, value;
};

enum http_flags {
	/*
	 * https only: HTTPS_PROXY and NO_PROXY of the environment (or in lower
	 * case) hold.  Without it nothing goes through a proxy, ever.
	 */
	HTTP_ENV_PROXY = 1,
};

enum { HTTP_HEADERS_MAX = 16, HTTP_REQUEST_BODY_MAX = 64 * 1024 };

/*
 * One request by HTTP/1.1, without redirects, http and https only, plain
 * encodings only; TLS from 1.2 on, peer and name verified in any case.  All is
 * copied, and wiped when the call is over.  libcurl adds Host, User-Agent and
 * Accept unless a header says them, and nothing else.  ERR_FORMAT: a header
 * with a byte that no header may have, or too many.  A body over body_max ends
 * it with ERR_TOOBIG.  retry: attempts after the first, on connection errors,
 * 408, 429 and 5xx, with full jitter from 100 ms doubling to 2 s, never past
 * the deadline.
 */
struct http_request {
	const char *url;
	const char *method; /* NULL: GET; else "POST", "PUT" */
	const struct http_header *headers;
	size_t header_count;
	struct str body;     /* with POST and PUT */
	const char *ca_path; /* PEM, for https; NULL: libcurl's own default */
	size_t body_max;     /* of the answer */
	int64_t timeout_ms;  /* all attempts and waits together */
	int64_t connect_ms;  /* of one attempt; 0: 5 s */
	unsigned retries;
	unsigned flags; /* of enum http_flags */
};

/*
 * r is ERR_OK with the last attempt's status (any), headers and body;
 * ERR_TIMEOUT, ERR_UNAVAILABLE (no connection, or nobody there who can be
 * trusted: TLS), ERR_TOOBIG, ERR_UPSTREAM (not HTTP), ERR_CANCELLED,
 * ERR_MEMORY with err saying more.  headers and body are borrowed for the call
 * only.
 */
struct http_answer {
	long status;
	struct str body;
	struct str headers; /* of the last response, as sent, CR LF */
	unsigned attempts;
	int64_t elapsed_ms;
};
typedef void http_done_fn(void *arg, int r, const struct http_answer *answer,
    const struct err *err);

/*
 * The value of a header, trimmed; how many of that name there are.  *value is
 * the first one's, and empty if there is none.
 */
size_t http_answer_header(
    struct str *value, const struct http_answer *answer, const char *name);

/*
 * An error (ERR_FORMAT: no http or https URL, or one with a user name;
 * ERR_TOOBIG, ERR_MEMORY, ERR_NOT_NOW) means that done will not run.
 */
int http_start(struct http_call **callp, struct http *http,
    const struct http_request *req, http_done_fn *done, void *arg,
    struct err *err) MUST_USE;

/*
 * Lose interest: done still runs once, with ERR_CANCELLED.  Good until done
 * has run.
 */
void http_cancel(struct http_call *call);

#endif
