/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/call.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/error.h"
#include "aws/sigv4.h"
#include "base/clock.h"
#include "base/secret.h"

enum {
	CONNECT_MS = 3000,
	PAUSE_FIRST_MS = 200,
	PAUSE_MAX_MS = 5000,
	HEADERS_MAX = 8,
	ADDED_HEADERS = 4, /* Host and what signing adds */
	REQUEST_ID_SIZE = 65,
	DATE_SIZE = 17,
};

enum call_state {
	CALL_TOKEN, /* waits for its gate */
	CALL_SENT,  /* waits for an answer */
	CALL_PAUSE, /* waits to be sent again */
	CALL_OVER,  /* cancelled in a pause: waits to say so */
};

struct aws_call {
	const struct aws_caller *caller;
	struct aws_gate *gate;
	struct aws_keys *keys; /* or NULL */
	const char *url, *host; /* of the endpoint */
	const char *operation, *service;
	struct str region, body;
	struct http_header headers[HEADERS_MAX];
	size_t header_count, body_max;
	int64_t began_ms, deadline_ms, send_ms;
	unsigned sends_left, sends;
	aws_call_fn *done;
	void *arg;

	enum call_state state;
	struct gate_wait wait;
	struct loop_timer timer;
	struct http_call *http;
	bool cancelled, is_anothers;

	long status; /* of the last answer, with its words */
	char code[AWS_CODE_SIZE], request_id[REQUEST_ID_SIZE];
	bool throttled;

	size_t size; /* of all of it, for wiping */
	char bytes[];
};

static const char *
result_word(int r, bool throttled)
{
	switch (r) {
	case ERR_OK:
		return "ok";
	case ERR_POLICY:
		return "denied";
	case ERR_CANCELLED:
		return "cancelled";
	case ERR_UNAVAILABLE:
		return throttled ? "throttled" : "unavailable";
	default:
		return "unusable";
	}
}

/* The end: answers, and frees. */
static void
answer(struct aws_call *call, int r, const struct err *err, struct str body,
    struct str content_type)
{
	const struct aws_observer *observer = call->caller->observer;
	const struct aws_answer a = {
		.status = call->status,
		.body = body,
		.content_type = content_type,
		.code = str_of(call->code),
		.request_id = str_of(call->request_id),
		.sends = call->sends,
		.elapsed_ms = clock_ms() - call->began_ms,
	};

	if (observer != NULL && observer->called != NULL)
		observer->called(observer->arg, call->operation,
		    result_word(r, call->throttled), a.elapsed_ms);
	call->done(call->arg, r, &a, err);
	aws_keys_unref(call->keys);
	secret_wipe(call, call->size);
	free(call);
}

static void
answer_error(struct aws_call *call, int r, const struct err *err)
{
	struct err why = *err;

	if (why.code != r)
		why.code = r;
	(void)err_prefix(&why, "%s: ", call->operation);
	answer(call, r, &why, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
}

static void
answer_cancelled(struct aws_call *call)
{
	const struct err err = { ERR_CANCELLED, "cancelled" };

	answer_error(call, ERR_CANCELLED, &err);
}

static void
stamp(char out[DATE_SIZE])
{
	time_t now = (time_t)(clock_wall_us() / 1000000);
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	(void)gmtime_r(&now, &tm);
	(void)strftime(out, DATE_SIZE, "%Y%m%dT%H%M%SZ", &tm);
}

static int
fill_request(
    struct sigv4_request *req, const struct aws_call *call, struct err *err)
{
	size_t i;
	int r = sigv4_add_header(
	    req, STR("Host"), str_of(call->host), err);

	for (i = 0; r == ERR_OK && i < call->header_count; i++)
		r = sigv4_add_header(
		    req, call->headers[i].name, call->headers[i].value, err);
	return r;
}

static void on_answer(
    void *arg, int r, const struct http_answer *answer, const struct err *err);

static int
send_headers(struct aws_call *call, const struct http_header *headers,
    size_t count, struct err *err)
{
	int64_t left = call->deadline_ms - clock_ms();
	const struct http_request req = {
		.url = call->url,
		.method = "POST",
		.headers = headers,
		.header_count = count,
		.body = call->body,
		.ca_path = call->caller->ca_path,
		.body_max = call->body_max,
		.timeout_ms = left < 1               ? 1
			      : left < call->send_ms ? left
						     : call->send_ms,
		.connect_ms = CONNECT_MS,
		.flags = HTTP_ENV_PROXY,
	};
	int r;

	if (*call->caller->http == NULL)
		return err_set(err, ERR_CANCELLED, "the plugin is stopping");
	r = http_start(
	    &call->http, *call->caller->http, &req, on_answer, call, err);
	if (r != ERR_OK)
		return r;
	call->state = CALL_SENT;
	call->sends++;
	call->sends_left--;
	return ERR_OK;
}

static int
send_signed(struct aws_call *call, struct err *err)
{
	const struct sigv4_credentials cred = { call->keys->access_key_id,
		call->keys->secret, call->keys->token };
	struct http_header headers[HEADERS_MAX + ADDED_HEADERS];
	struct sigv4_request req = {
		.method = STR("POST"), .path = STR("/"), .body = call->body
	};
	struct sigv4_scope scope = { .region = call->region,
		.service = str_of(call->service) };
	struct sigv4_signed out;
	char date[DATE_SIZE];
	size_t i, n = 0;
	int r;

	stamp(date);
	scope.amz_date = str_of(date);
	sigv4_signed_init(&out);
	r = fill_request(&req, call, err);
	if (r == ERR_OK)
		r = sigv4_sign(&out, &req, &cred, &scope, 0, err);
	if (r != ERR_OK)
		goto out;
	/* the first is Host, which libcurl makes of the URL */
	for (i = 1; i < req.header_count; i++)
		headers[n++] = (struct http_header){ req.headers[i].name,
			req.headers[i].value };
	r = send_headers(call, headers, n, err);
out:
	sigv4_signed_release(&out);
	return r;
}

static int
send(struct aws_call *call, struct err *err)
{
	if (call->keys != NULL)
		return send_signed(call, err);
	return send_headers(call, call->headers, call->header_count, err);
}

/* Full jitter needs no secrecy. */
static int64_t
jitter(int64_t below)
{
	static uint64_t state;

	if (state == 0)
		state = (uint64_t)clock_wall_us() | 1;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (int64_t)(state % (uint64_t)(below + 1));
}

static void
report(struct aws_call *call, enum gate_outcome outcome)
{
	gate_report(call->gate, &call->wait, outcome);
}

static void
on_token(struct gate_wait *wait, int r, const struct err *err)
{
	struct aws_call *call = container_of(wait, struct aws_call, wait);
	struct err why = { 0 };

	if (r == ERR_OK) {
		r = send(call, &why);
		err = &why;
		if (r != ERR_OK)
			report(call, GATE_NOTHING_LEARNED);
	}
	if (r != ERR_OK)
		answer_error(call, r, err);
}

/* A token, or a place among those who wait for one. */
static int
enter(struct aws_call *call, struct err *err)
{
	int r = gate_enter(call->gate, &call->wait, err);

	if (r == ERR_BUSY) {
		call->state = CALL_TOKEN;
		return ERR_OK;
	}
	if (r != ERR_OK)
		return r;
	r = send(call, err);
	if (r != ERR_OK)
		report(call, GATE_NOTHING_LEARNED);
	return r;
}

static void
on_pause_over(struct loop_timer *timer)
{
	struct aws_call *call = container_of(timer, struct aws_call, timer);
	struct err err = { 0 };
	int r;

	if (call->cancelled) {
		answer_cancelled(call);
		return;
	}
	r = enter(call, &err);
	if (r != ERR_OK)
		answer_error(call, r, &err);
}

/* Send it again after a pause; false: there is no more time or try. */
static bool
try_again(struct aws_call *call)
{
	int64_t most = PAUSE_FIRST_MS << (call->sends - 1), pause;

	if (call->sends_left == 0)
		return false;
	pause = jitter(most > PAUSE_MAX_MS ? PAUSE_MAX_MS : most);
	if (clock_ms() + pause >= call->deadline_ms)
		return false;
	if (loop_timer_set(call->caller->loop, &call->timer, pause,
		on_pause_over) != ERR_OK)
		return false;
	call->state = CALL_PAUSE;
	return true;
}

static void
keep_words(struct aws_call *call, const struct http_answer *http)
{
	struct str value;

	call->status = http->status;
	call->request_id[0] = '\0';
	(void)http_answer_header(&value, http, "x-amzn-requestid");
	if (value.n > 0 && value.n < sizeof(call->request_id) &&
	    str_is_alnum_or(value, "-_"))
		(void)str_clean(
		    call->request_id, sizeof(call->request_id), value);
	call->code[0] = '\0';
	if (http->status == 200)
		return;
	(void)http_answer_header(&value, http, "x-amzn-errortype");
	aws_error_code(call->code, value, http->body);
}

static int
say(struct err *err, int code, const struct aws_call *call, const char *what)
{
	if (call->code[0] != '\0')
		return err_set(err, code, "%s: AWS %s (%s, status %ld)",
		    call->operation, what, call->code, call->status);
	return err_set(err, code, "%s: %s %s (status %ld)", call->operation,
	    call->host, what, call->status);
}

/* AWS counts a call on its signer: a stranger's limit is not ours */
static enum gate_outcome
outcome_of(const struct aws_call *call, enum aws_verdict verdict)
{
	switch (verdict) {
	case AWS_THROTTLED:
		return call->is_anothers ? GATE_NOTHING_LEARNED
					 : GATE_THROTTLED;
	case AWS_UNUSABLE:
		return GATE_NOTHING_LEARNED;
	case AWS_OK:
	case AWS_DENIED:
	case AWS_UNAVAILABLE:
		break;
	}
	return GATE_ANSWERED;
}

static void
on_status(struct aws_call *call, const struct http_answer *http)
{
	struct str type, none = { NULL, 0 };
	struct err err = { 0 };
	enum aws_verdict verdict;
	int r = ERR_OK;

	keep_words(call, http);
	verdict = aws_error_verdict(call->status, str_of(call->code));
	call->throttled = verdict == AWS_THROTTLED;
	report(call, outcome_of(call, verdict));
	if ((verdict == AWS_THROTTLED || verdict == AWS_UNAVAILABLE) &&
	    try_again(call))
		return;
	switch (verdict) {
	case AWS_OK:
		(void)http_answer_header(&type, http, "content-type");
		answer(call, ERR_OK, &err, http->body, type);
		return;
	case AWS_DENIED:
		r = say(&err, ERR_POLICY, call, "refuses");
		break;
	case AWS_THROTTLED:
		r = say(&err, ERR_UNAVAILABLE, call, "throttles");
		break;
	case AWS_UNAVAILABLE:
		r = say(&err, ERR_UNAVAILABLE, call, "is not available");
		break;
	case AWS_UNUSABLE:
		r = say(&err, ERR_UPSTREAM, call, "does not answer as AWS");
		break;
	}
	answer(call, r, &err, none, none);
}

static void
on_answer(
    void *arg, int r, const struct http_answer *http, const struct err *err)
{
	struct aws_call *call = arg;

	call->http = NULL;
	if (call->cancelled || r == ERR_CANCELLED) {
		report(call, GATE_NOTHING_LEARNED);
		answer_cancelled(call);
		return;
	}
	if (r == ERR_OK) {
		on_status(call, http);
		return;
	}
	call->throttled = false;
	report(call, GATE_NOTHING_LEARNED);
	if (r == ERR_TIMEOUT)
		r = ERR_UNAVAILABLE;
	if (r == ERR_UNAVAILABLE && try_again(call))
		return;
	answer_error(call, r, err);
}

static struct str
place(char **at, struct str s)
{
	struct str copy = { *at, s.n };

	if (s.n > 0)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return copy;
}

static size_t
bytes_of(const struct aws_request *req)
{
	size_t i, n = req->region.n + req->body.n;

	n += strlen(req->endpoint->url) + 1 + strlen(req->endpoint->host) + 1;
	for (i = 0; i < req->header_count; i++)
		n += req->headers[i].name.n + req->headers[i].value.n;
	return n;
}

static const char *
place_text(char **at, const char *text)
{
	return place(at, (struct str){ text, strlen(text) + 1 }).p;
}

static void
copy_request(struct aws_call *call, const struct aws_request *req)
{
	char *at = call->bytes;
	size_t i;

	call->url = place_text(&at, req->endpoint->url);
	call->host = place_text(&at, req->endpoint->host);
	call->region = place(&at, req->region);
	call->body = place(&at, req->body);
	for (i = 0; i < req->header_count; i++) {
		call->headers[i].name = place(&at, req->headers[i].name);
		call->headers[i].value = place(&at, req->headers[i].value);
	}
	call->header_count = req->header_count;
	call->operation = req->operation;
	call->service = req->service;
	call->gate = req->gate;
	call->body_max = req->body_max;
	call->deadline_ms = call->wait.deadline_ms = req->deadline_ms;
	call->send_ms = req->send_ms;
	call->sends_left = req->sends;
	call->is_anothers = req->is_anothers;
	if (req->keys != NULL)
		call->keys = aws_keys_ref(req->keys);
}

int
aws_call_start(struct aws_call **callp, const struct aws_caller *caller,
    const struct aws_request *req, aws_call_fn *done, void *arg,
    struct err *err)
{
	size_t size = sizeof(struct aws_call) + bytes_of(req);
	struct aws_call *call = calloc(1, size);
	int r;

	assert(req->header_count <= HEADERS_MAX && req->sends > 0);
	if (call == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	call->size = size;
	call->caller = caller;
	call->done = done;
	call->arg = arg;
	call->began_ms = clock_ms();
	call->wait.fn = on_token;
	list_init(&call->wait.link);
	copy_request(call, req);
	r = enter(call, err);
	if (r == ERR_OK) {
		*callp = call;
		return ERR_OK;
	}
	(void)err_prefix(err, "%s: ", req->operation);
	aws_keys_unref(call->keys);
	secret_wipe(call, size);
	free(call);
	return r;
}

void
aws_call_cancel(struct aws_call *call)
{
	if (call->cancelled)
		return;
	call->cancelled = true;
	switch (call->state) {
	case CALL_SENT:
		http_cancel(call->http);
		break;
	case CALL_TOKEN:
		gate_leave(call->gate, &call->wait);
		break;
	case CALL_PAUSE:
		call->state = CALL_OVER;
		loop_timer_move(call->caller->loop, &call->timer, 0);
		break;
	case CALL_OVER:
		break;
	}
}
