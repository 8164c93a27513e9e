/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/client.h"
#include "base/clock.h"

struct ecs_call {
	struct client *client; /* a use */
	struct aws *aws;       /* a reference */
	const char *operation;
	struct keys_wait wait;
	struct loop_timer timer; /* set while it waits for keys */
	struct aws_call *call;   /* NULL while it waits for keys */
	bool cancelled;
	size_t body_max;
	int64_t deadline_ms;
	aws_call_fn *done;
	void *arg;
	size_t body_n;
	char body[];
};

static void
finish(struct ecs_call *call, int r, const struct aws_answer *answer,
    const struct err *err)
{
	static const struct aws_answer none;

	loop_timer_stop(call->client->caller->loop, &call->timer);
	account_leave(&call->wait);
	call->client->users--;
	call->done(call->arg, r, answer == NULL ? &none : answer, err);
	aws_unref(call->aws);
	free(call);
}

/* What AWS says of our keys or rights is for the server's operator. */
static bool
is_of_request(struct str code)
{
	return str_is(code, "ClusterNotFoundException") ||
	       str_is(code, "InvalidParameterException") ||
	       str_is(code, "ClientException");
}

static void
on_answer(
    void *arg, int r, const struct aws_answer *answer, const struct err *err)
{
	struct ecs_call *call = arg;
	struct err why;

	call->call = NULL;
	if (r == ERR_POLICY && !is_of_request(answer->code))
		r = ERR_NOT_NOW;
	else if (r == ERR_TOOBIG)
		r = ERR_UPSTREAM;
	why = *err;
	why.code = r;
	finish(call, r, answer, &why);
}

static int
send(struct ecs_call *call, struct aws_keys *keys, struct err *err)
{
	char target[80];
	const struct str name = { target,
		(size_t)snprintf(target, sizeof(target),
		    "AmazonEC2ContainerServiceV20141113.%s",
		    call->operation) };
	const struct http_header headers[] = {
		{ STR("Content-Type"), STR("application/x-amz-json-1.1") },
		{ STR("X-Amz-Target"), name },
	};
	const struct aws_request req = {
		.operation = call->operation,
		.service = "ecs",
		.region = call->client->region,
		.endpoint = &call->client->ecs,
		.headers = headers,
		.header_count = 2,
		.body = { call->body, call->body_n },
		.keys = keys,
		.gate = call->client->gate,
		.body_max = call->body_max,
		.deadline_ms = call->deadline_ms,
		.send_ms = ECS_SEND_MS,
		.sends = ECS_SENDS,
	};

	return aws_call_start(
	    &call->call, call->client->caller, &req, on_answer, call, err);
}

static void
on_keys(
    struct keys_wait *wait, int r, struct aws_keys *keys, const struct err *err)
{
	struct ecs_call *call = container_of(wait, struct ecs_call, wait);
	struct err why = { 0 };

	loop_timer_stop(call->client->caller->loop, &call->timer);
	if (r == ERR_OK) {
		r = send(call, keys, &why);
		err = &why;
	}
	if (r != ERR_OK)
		finish(call, r, NULL, err);
}

static void
on_time(struct loop_timer *timer)
{
	struct ecs_call *call = container_of(timer, struct ecs_call, timer);
	struct err err = { 0 };
	int r;

	if (call->cancelled)
		r = err_set(&err, ERR_CANCELLED, "cancelled");
	else
		r = err_set(&err, ERR_UNAVAILABLE,
		    "%s: no credentials came in time", call->operation);
	finish(call, r, NULL, &err);
}

/* With keys that are there it goes at once; else they are waited for. */
static int
begin(struct ecs_call *call, struct err *err)
{
	struct aws_keys *keys = account_now(call->client->account);
	int64_t left = call->deadline_ms - clock_ms();
	int r;

	if (keys != NULL)
		return send(call, keys, err);
	r = loop_timer_set(call->client->caller->loop, &call->timer,
	    left < 0 ? 0 : left, on_time);
	if (r != ERR_OK)
		return err_set(err, r, "%s", err_text(r));
	r = account_wait(call->client->account, &call->wait, err);
	if (r != ERR_OK)
		loop_timer_stop(call->client->caller->loop, &call->timer);
	return r;
}

int
ecs_call_start(struct ecs_call **callp, struct client *client,
    const char *operation, struct str body, size_t body_max,
    int64_t deadline_ms, aws_call_fn *done, void *arg, struct err *err)
{
	struct ecs_call *call = calloc(1, sizeof(*call) + body.n);
	int r;

	if (call == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	call->client = client;
	call->aws = client->aws;
	call->operation = operation;
	call->wait.fn = on_keys;
	list_init(&call->wait.link);
	call->body_max = body_max;
	call->deadline_ms = deadline_ms;
	call->done = done;
	call->arg = arg;
	call->body_n = body.n;
	memcpy(call->body, body.p, body.n);
	r = begin(call, err);
	if (r != ERR_OK) {
		free(call);
		return r;
	}
	client->users++;
	(void)aws_ref(call->aws);
	*callp = call;
	return ERR_OK;
}

void
ecs_call_cancel(struct ecs_call *call)
{
	call->cancelled = true;
	if (call->call != NULL) {
		aws_call_cancel(call->call);
		return;
	}
	loop_timer_move(call->client->caller->loop, &call->timer, 0);
}
