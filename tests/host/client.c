/* SPDX-License-Identifier: Apache-2.0 */
#include "host/client.h"

#include "config.h"

#include <ctype.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "host/fail.h"

struct client {
	grpc_completion_queue *queue;
	struct list calls;
};

struct call {
	struct event send, recv, status; /* one outstanding batch each */
	struct list link;
	struct client *client;
	grpc_call *call;
	struct call_options options;
	bool sending, reading, ended, started;
	bool asked_for_headers;
	grpc_metadata_array headers, trailers;
	grpc_byte_buffer *outgoing, *incoming;
	char *message; /* the last that call_next gave */
	grpc_status_code code;
	grpc_slice details;
	char *text;
};

struct client *
client_new(void)
{
	struct client *cl = need_alloc(sizeof(*cl));

	grpc_init();
	cl->queue = grpc_completion_queue_create_for_next(NULL);
	list_init(&cl->calls);
	return cl;
}

grpc_completion_queue *
client_queue(struct client *cl)
{
	return cl->queue;
}

bool
client_pump(struct client *cl, int ms)
{
	const gpr_timespec until = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
	    gpr_time_from_millis(ms, GPR_TIMESPAN));
	const grpc_event ev =
	    grpc_completion_queue_next(cl->queue, until, NULL);
	struct event *event = ev.tag;

	if (ev.type != GRPC_OP_COMPLETE)
		return false;
	event->fn(event, ev.success != 0);
	return true;
}

bool
client_until(struct client *cl, condition_fn *condition, void *arg, int ms)
{
	const int64_t until = now_ms() + ms;

	while (!condition(arg)) {
		if (now_ms() >= until)
			return false;
		client_pump(cl, 10);
	}
	return true;
}

void
client_free(struct client *cl)
{
	const gpr_timespec never = gpr_inf_future(GPR_CLOCK_MONOTONIC);
	grpc_event ev;

	if (cl == NULL)
		return;
	while (!list_is_empty(&cl->calls))
		call_free(
		    container_of(list_first(&cl->calls), struct call, link));
	grpc_completion_queue_shutdown(cl->queue);
	do {
		ev = grpc_completion_queue_next(cl->queue, never, NULL);
	} while (ev.type != GRPC_QUEUE_SHUTDOWN);
	grpc_completion_queue_destroy(cl->queue);
	grpc_shutdown();
	free(cl);
}

/* The path of a URI: gRPC decodes it. */
static void
encode_path(char *out, size_t size, const char *path)
{
	size_t n = 0;

	for (; *path != '\0'; path++) {
		NEED(n + 4 < size, "long address");
		if (isalnum((unsigned char)*path) ||
		    strchr("/._-", *path) != NULL)
			out[n++] = *path;
		else
			n += (size_t)snprintf(out + n, size - n, "%%%02X",
			    (unsigned)(unsigned char)*path);
	}
	out[n] = '\0';
}

grpc_channel *
client_dial(const char *address)
{
	char authority[] = "unused", authority_key[] = "grpc.default_authority";
	char pool_key[] = "grpc.use_local_subchannel_pool";
	char receive_key[] = GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH;
	char send_key[] = GRPC_ARG_MAX_SEND_MESSAGE_LENGTH;
	char headers_key[] = GRPC_ARG_MAX_METADATA_SIZE;
	char backoff_key[] = GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS;
	char path[512], target[600];
	grpc_arg args[] = {
		{ .type = GRPC_ARG_STRING,
		    .key = authority_key,
		    .value.string = authority },
		{ .type = GRPC_ARG_INTEGER,
		    .key = pool_key,
		    .value.integer = 1 },
		{ .type = GRPC_ARG_INTEGER,
		    .key = receive_key,
		    .value.integer = -1 },
		{ .type = GRPC_ARG_INTEGER,
		    .key = send_key,
		    .value.integer = -1 },
		{ .type = GRPC_ARG_INTEGER,
		    .key = headers_key,
		    .value.integer = 16 * 1024 * 1024 },
		{ .type = GRPC_ARG_INTEGER,
		    .key = backoff_key,
		    .value.integer = 100 },
	};
	const grpc_channel_args all = { sizeof(args) / sizeof(args[0]), args };
	grpc_channel *channel;

	encode_path(path, sizeof(path), address);
	snprintf(target, sizeof(target), "unix:%s", path);
#ifdef HAVE_GRPC_SERVER_ADD_HTTP2_PORT
	grpc_channel_credentials *creds = grpc_insecure_credentials_create();

	channel = grpc_channel_create(target, creds, &all);
	grpc_channel_credentials_release(creds);
#else
	channel = grpc_insecure_channel_create(target, &all, NULL);
#endif
	return channel;
}

static void
start_batch(struct call *c, const grpc_op *ops, size_t n, struct event *event)
{
	const grpc_call_error r =
	    grpc_call_start_batch(c->call, ops, n, event, NULL);

	NEED(r == GRPC_CALL_OK, "a batch was refused: %s",
	    grpc_call_error_to_string(r));
}

static void
on_sent(struct event *self, bool ok)
{
	struct call *c = container_of(self, struct call, send);

	(void)ok; /* the status says why */
	c->sending = false;
	if (c->outgoing != NULL)
		grpc_byte_buffer_destroy(c->outgoing);
	c->outgoing = NULL;
}

static void
on_read(struct event *self, bool ok)
{
	struct call *c = container_of(self, struct call, recv);

	(void)ok;
	c->reading = false;
	c->started = true;
}

static void
on_status(struct event *self, bool ok)
{
	struct call *c = container_of(self, struct call, status);
	const size_t n = GRPC_SLICE_LENGTH(c->details);

	(void)ok;
	c->text = need_alloc(n + 1);
	memcpy(c->text, GRPC_SLICE_START_PTR(c->details), n);
	c->ended = true;
	if (c->options.on_end != NULL)
		c->options.on_end(c, c->options.arg);
}

static void
open_call(struct call *c)
{
	grpc_metadata headers[16];
	grpc_op op = { .op = GRPC_OP_SEND_INITIAL_METADATA };
	const struct call_options *o = &c->options;
	size_t i;

	NEED(o->header_count <= 16, "too many headers");
	for (i = 0; i < o->header_count; i++) {
		memset(&headers[i], 0, sizeof(headers[i]));
		headers[i].key =
		    grpc_slice_from_copied_string(o->headers[i].name);
		headers[i].value =
		    grpc_slice_from_copied_string(o->headers[i].value);
	}
	op.data.send_initial_metadata.count = o->header_count;
	op.data.send_initial_metadata.metadata = headers;
	c->sending = true;
	start_batch(c, &op, 1, &c->send);
	for (i = 0; i < o->header_count; i++) {
		grpc_slice_unref(headers[i].key);
		grpc_slice_unref(headers[i].value);
	}
}

static void
want_status(struct call *c)
{
	grpc_op op = { .op = GRPC_OP_RECV_STATUS_ON_CLIENT };

	op.data.recv_status_on_client.trailing_metadata = &c->trailers;
	op.data.recv_status_on_client.status = &c->code;
	op.data.recv_status_on_client.status_details = &c->details;
	start_batch(c, &op, 1, &c->status);
}

struct call *
call_start(struct client *cl, grpc_channel *channel, const char *method,
    const struct call_options *o)
{
	struct call *c = need_alloc(sizeof(*c));
	const grpc_slice path = grpc_slice_from_copied_string(method);
	gpr_timespec until = gpr_inf_future(GPR_CLOCK_MONOTONIC);

	c->client = cl;
	c->send.fn = on_sent;
	c->recv.fn = on_read;
	c->status.fn = on_status;
	if (o != NULL)
		c->options = *o;
	if (c->options.deadline_ms > 0)
		until = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
		    gpr_time_from_millis(c->options.deadline_ms, GPR_TIMESPAN));
	grpc_metadata_array_init(&c->headers);
	grpc_metadata_array_init(&c->trailers);
	c->details = grpc_empty_slice();
	c->call = grpc_channel_create_call(channel, NULL,
	    GRPC_PROPAGATE_DEFAULTS, cl->queue, path, NULL, until, NULL);
	grpc_slice_unref(path);
	NEED(c->call != NULL, "no call");
	list_append(&cl->calls, &c->link);
	want_status(c);
	open_call(c);
	return c;
}

void
call_free(struct call *c)
{
	const int64_t until = now_ms() + 30000;

	if (c == NULL)
		return;
	c->options.on_end = NULL;
	if (!c->ended)
		grpc_call_cancel(c->call, NULL);
	while (!c->ended || c->sending || c->reading) {
		NEED(now_ms() < until, "a cancelled call does not end");
		client_pump(c->client, 100);
	}
	list_remove(&c->link);
	grpc_metadata_array_destroy(&c->headers);
	grpc_metadata_array_destroy(&c->trailers);
	if (c->incoming != NULL)
		grpc_byte_buffer_destroy(c->incoming);
	grpc_slice_unref(c->details);
	grpc_call_unref(c->call);
	free(c->message);
	free(c->text);
	free(c);
}

static bool
is_not_sending(void *arg)
{
	const struct call *c = arg;

	return !c->sending;
}

static void
wait_sent(struct call *c)
{
	NEED(client_until(c->client, is_not_sending, c, patience(30000)),
	    "a message is not taken");
}

static void
send_ops(struct call *c, const void *bytes, size_t n, bool close)
{
	grpc_op ops[2] = { { .op = GRPC_OP_SEND_MESSAGE },
		{ .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT } };
	grpc_slice slice = grpc_slice_from_copied_buffer(bytes, n);

	wait_sent(c);
	c->outgoing = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	ops[0].data.send_message.send_message = c->outgoing;
	c->sending = true;
	start_batch(c, ops, close ? 2 : 1, &c->send);
}

void
call_send(struct call *c, const void *bytes, size_t n)
{
	send_ops(c, bytes, n, false);
}

void
call_send_last(struct call *c, const void *bytes, size_t n)
{
	send_ops(c, bytes, n, true);
}

void
call_half_close(struct call *c)
{
	const grpc_op op = { .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT };

	wait_sent(c);
	c->sending = true;
	start_batch(c, &op, 1, &c->send);
}

void
call_cancel(struct call *c)
{
	grpc_call_cancel(c->call, NULL);
}

void
call_read(struct call *c)
{
	grpc_op ops[2] = { { .op = GRPC_OP_RECV_MESSAGE },
		{ .op = GRPC_OP_RECV_INITIAL_METADATA } };

	if (c->reading || c->incoming != NULL)
		return;
	ops[0].data.recv_message.recv_message = &c->incoming;
	ops[1].data.recv_initial_metadata.recv_initial_metadata = &c->headers;
	c->reading = true;
	start_batch(c, ops, c->asked_for_headers ? 1 : 2, &c->recv);
	c->asked_for_headers = true;
}

static bool
is_not_reading(void *arg)
{
	const struct call *c = arg;

	return !c->reading;
}

bool
call_next(struct call *c, const void **bytes, size_t *n, int ms)
{
	grpc_byte_buffer_reader reader;
	grpc_slice all;

	call_read(c);
	NEED(client_until(c->client, is_not_reading, c, patience(ms)),
	    "neither a message nor the end came in %d ms", ms);
	if (c->incoming == NULL)
		return false;
	NEED(grpc_byte_buffer_reader_init(&reader, c->incoming) != 0,
	    "an unreadable message");
	all = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	grpc_byte_buffer_destroy(c->incoming);
	c->incoming = NULL;
	*n = GRPC_SLICE_LENGTH(all);
	free(c->message);
	c->message = need_alloc(*n + 1);
	memcpy(c->message, GRPC_SLICE_START_PTR(all), *n);
	grpc_slice_unref(all);
	*bytes = c->message;
	return true;
}

bool
call_has_started(const struct call *c)
{
	return c->started;
}

bool
call_has_message(const struct call *c)
{
	return c->incoming != NULL && !c->reading;
}

bool
call_has_ended(const struct call *c)
{
	return c->ended;
}

/* The status waits behind messages that nobody reads. */
grpc_status_code
call_wait(struct call *c, int ms)
{
	const int64_t until = now_ms() + patience(ms);

	while (!c->ended) {
		NEED(now_ms() < until, "no status came in %d ms", ms);
		if (call_has_message(c)) {
			grpc_byte_buffer_destroy(c->incoming);
			c->incoming = NULL;
		}
		call_read(c);
		client_pump(c->client, 10);
	}
	return c->code;
}

grpc_status_code
call_code(const struct call *c)
{
	NEED(c->ended, "not ended");
	return c->code;
}

const char *
call_text(const struct call *c)
{
	NEED(c->ended, "not ended");
	return c->text;
}

grpc_status_code
call_unary(struct call *c, const void *request, size_t request_n,
    const void **reply, size_t *reply_n, int ms)
{
	call_send_last(c, request, request_n);
	if (!call_next(c, reply, reply_n, ms)) {
		*reply = NULL;
		*reply_n = 0;
	}
	return call_wait(c, ms);
}
