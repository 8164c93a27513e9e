/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "fake_agent.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>

#include "base/list.h"

static const char *const paths[FAKE_METHODS] = {
	"/SpiffeWorkloadAPI/FetchX509SVID",
	"/SpiffeWorkloadAPI/FetchX509Bundles",
	"/SpiffeWorkloadAPI/FetchJWTSVID",
	"/SpiffeWorkloadAPI/FetchJWTBundles",
	"/SpiffeWorkloadAPI/ValidateJWTSVID",
};

struct call;

enum what { ARRIVED, READ, SENT, CLOSED, FINISHED, STOPPED };
struct tag {
	enum what what;
	struct call *call;
};

struct call {
	struct list link;
	grpc_call *call;
	grpc_call_details details;
	grpc_metadata_array headers;
	grpc_byte_buffer *request, *out;
	grpc_slice text;
	int cancelled;
	enum fake_method method;
	bool open, sending, begun;
	unsigned under_way;
	struct tag arrived, read, sent, closed, finished;
};

struct fake_agent {
	grpc_server *server;
	grpc_completion_queue *queue;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct list calls;
	struct tag stopped;
	struct {
		struct fake_answer answer;
		char *message;
		unsigned calls;
		struct buf request;
	} methods[FAKE_METHODS];
	unsigned without_header;
	char endpoint[160], path[128];
	bool stopping;
};

static void
start(struct call *c, const grpc_op *ops, size_t n, struct tag *tag)
{
	c->under_way++;
	if (grpc_call_start_batch(c->call, ops, n, tag, NULL) != GRPC_CALL_OK)
		abort();
}

static void
accept_one(struct fake_agent *a)
{
	struct call *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort();
	grpc_call_details_init(&c->details);
	grpc_metadata_array_init(&c->headers);
	c->text = grpc_empty_slice();
	c->arrived = (struct tag){ ARRIVED, c };
	c->read = (struct tag){ READ, c };
	c->sent = (struct tag){ SENT, c };
	c->closed = (struct tag){ CLOSED, c };
	c->finished = (struct tag){ FINISHED, c };
	list_append(&a->calls, &c->link);
	c->under_way++;
	(void)grpc_server_request_call(a->server, &c->call, &c->details,
	    &c->headers, a->queue, a->queue, &c->arrived);
}

static void
call_free(struct call *c)
{
	list_remove(&c->link);
	grpc_call_details_destroy(&c->details);
	grpc_metadata_array_destroy(&c->headers);
	grpc_slice_unref(c->text);
	if (c->request != NULL)
		grpc_byte_buffer_destroy(c->request);
	if (c->out != NULL)
		grpc_byte_buffer_destroy(c->out);
	if (c->call != NULL)
		grpc_call_unref(c->call);
	free(c);
}

static bool
has_header(const struct call *c)
{
	size_t i;

	for (i = 0; i < c->headers.count; i++)
		if (grpc_slice_str_cmp(c->headers.metadata[i].key,
			"workload.spiffe.io") == 0)
			return grpc_slice_str_cmp(
				   c->headers.metadata[i].value, "true") == 0;
	return false;
}

static grpc_byte_buffer *
buffer_of(struct str s)
{
	grpc_slice slice =
	    grpc_slice_from_copied_buffer(s.n == 0 ? "" : s.p, s.n);
	grpc_byte_buffer *b = grpc_raw_byte_buffer_create(&slice, 1);

	grpc_slice_unref(slice);
	return b;
}

/* Under the lock; waits for the last message to have left. */
static void
send_message(struct fake_agent *a, struct call *c, struct str message)
{
	grpc_op ops[2] = { { .op = GRPC_OP_SEND_MESSAGE },
		{ .op = GRPC_OP_SEND_INITIAL_METADATA } };
	size_t n = c->begun ? 1 : 2;

	while (c->sending && c->open)
		(void)pthread_cond_wait(&a->changed, &a->lock);
	if (!c->open)
		return;
	c->begun = true;
	c->sending = true;
	c->out = buffer_of(message);
	ops[0].data.send_message.send_message = c->out;
	start(c, ops, n, &c->sent);
}

static void
finish(struct call *c, int status, const char *text)
{
	grpc_op ops[2] = { { .op = GRPC_OP_SEND_STATUS_FROM_SERVER },
		{ .op = GRPC_OP_SEND_INITIAL_METADATA } };
	size_t n = c->begun ? 1 : 2;

	c->begun = true;
	c->open = false;
	c->text = grpc_slice_from_static_string(text == NULL ? "" : text);
	ops[0].data.send_status_from_server.status = (grpc_status_code)status;
	ops[0].data.send_status_from_server.status_details = &c->text;
	start(c, ops, n, &c->finished);
}

static void
on_arrived(struct fake_agent *a, struct call *c)
{
	grpc_op read = { .op = GRPC_OP_RECV_MESSAGE };
	grpc_op closed = { .op = GRPC_OP_RECV_CLOSE_ON_SERVER };
	size_t i;

	accept_one(a);
	for (i = 0; i < FAKE_METHODS; i++)
		if (grpc_slice_str_cmp(c->details.method, paths[i]) == 0)
			break;
	c->method = (enum fake_method)i;
	closed.data.recv_close_on_server.cancelled = &c->cancelled;
	start(c, &closed, 1, &c->closed);
	c->open = true;
	if (i == FAKE_METHODS) {
		finish(c, GRPC_STATUS_UNIMPLEMENTED, "no such method");
		return;
	}
	a->methods[i].calls++;
	if (!has_header(c)) {
		a->without_header++;
		finish(c, GRPC_STATUS_INVALID_ARGUMENT, "no security header");
		return;
	}
	read.data.recv_message.recv_message = &c->request;
	start(c, &read, 1, &c->read);
}

static void
on_read(struct fake_agent *a, struct call *c)
{
	const struct fake_answer *answer = &a->methods[c->method].answer;
	struct buf *request = &a->methods[c->method].request;
	grpc_byte_buffer_reader reader;
	grpc_slice slice;

	if (!c->open || c->request == NULL ||
	    grpc_byte_buffer_reader_init(&reader, c->request) == 0)
		return;
	buf_clear(request);
	while (grpc_byte_buffer_reader_next(&reader, &slice) != 0) {
		buf_add(request,
		    (struct str){ (const char *)GRPC_SLICE_START_PTR(slice),
			GRPC_SLICE_LENGTH(slice) });
		grpc_slice_unref(slice);
	}
	grpc_byte_buffer_reader_destroy(&reader);
	if (answer->message.p != NULL)
		send_message(a, c, answer->message);
	if (answer->ends)
		finish(c, answer->status, answer->text);
}

static void
handle(struct fake_agent *a, struct tag *tag, bool ok)
{
	struct call *c = tag->call;

	c->under_way--;
	switch (tag->what) {
	case ARRIVED:
		if (ok)
			on_arrived(a, c);
		break;
	case READ:
		if (ok)
			on_read(a, c);
		break;
	case SENT:
		c->sending = false;
		grpc_byte_buffer_destroy(c->out);
		c->out = NULL;
		break;
	case CLOSED:
	case FINISHED:
	case STOPPED:
		c->open = false;
		break;
	}
	if (c->under_way == 0 && !c->open)
		call_free(c);
}

static void *
serve(void *arg)
{
	struct fake_agent *a = arg;

	for (;;) {
		grpc_event e = grpc_completion_queue_next(
		    a->queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
		struct tag *tag = e.tag;

		if (e.type == GRPC_QUEUE_SHUTDOWN)
			return NULL;
		(void)pthread_mutex_lock(&a->lock);
		if (tag->what == STOPPED)
			grpc_completion_queue_shutdown(a->queue);
		else if (a->stopping && tag->what == ARRIVED) {
			tag->call->under_way--;
			call_free(tag->call);
		} else
			handle(a, tag, e.success != 0);
		(void)pthread_cond_broadcast(&a->changed);
		(void)pthread_mutex_unlock(&a->lock);
	}
}

static int
listen_on(struct fake_agent *a, const char *target)
{
#ifdef HAVE_GRPC_SERVER_ADD_HTTP2_PORT
	grpc_server_credentials *plain =
	    grpc_insecure_server_credentials_create();
	int port = grpc_server_add_http2_port(a->server, target, plain);

	grpc_server_credentials_release(plain);
	return port;
#else
	return grpc_server_add_insecure_http2_port(a->server, target);
#endif
}

struct fake_agent *
fake_start(const char *path)
{
	static const char key[] = "grpc.max_send_message_length";
	grpc_arg arg = { .type = GRPC_ARG_INTEGER,
		.key = (char *)(uintptr_t)key,
		.value.integer = -1 };
	grpc_channel_args args = { 1, &arg };
	struct fake_agent *a = calloc(1, sizeof(*a));
	char target[160];
	size_t i;
	int port;

	if (a == NULL)
		abort();
	grpc_init();
	list_init(&a->calls);
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_cond_init(&a->changed, NULL);
	a->stopped = (struct tag){ STOPPED, NULL };
	for (i = 0; i < FAKE_METHODS; i++)
		buf_init(&a->methods[i].request, 1024 * 1024);
	a->queue = grpc_completion_queue_create_for_next(NULL);
	a->server = grpc_server_create(&args, NULL);
	grpc_server_register_completion_queue(a->server, a->queue, NULL);
	(void)snprintf(target, sizeof(target), "%s%s",
	    path == NULL ? "127.0.0.1:0" : "unix:",
	    path == NULL ? "" : path);
	port = listen_on(a, target);
	if (port == 0) {
		(void)fprintf(stderr, "cannot listen on %s\n", target);
		abort();
	}
	if (path == NULL)
		(void)snprintf(a->endpoint, sizeof(a->endpoint),
		    "tcp://127.0.0.1:%d", port);
	else {
		(void)snprintf(a->endpoint, sizeof(a->endpoint), "unix://%s",
		    path);
		(void)snprintf(a->path, sizeof(a->path), "%s", path);
	}
	grpc_server_start(a->server);
	accept_one(a);
	if (pthread_create(&a->thread, NULL, serve, a) != 0)
		abort();
	return a;
}

void
fake_stop(struct fake_agent *a)
{
	size_t i;

	(void)pthread_mutex_lock(&a->lock);
	a->stopping = true;
	grpc_server_shutdown_and_notify(a->server, a->queue, &a->stopped);
	grpc_server_cancel_all_calls(a->server);
	(void)pthread_mutex_unlock(&a->lock);
	(void)pthread_join(a->thread, NULL);
	grpc_server_destroy(a->server);
	grpc_completion_queue_destroy(a->queue);
	if (a->path[0] != '\0')
		(void)unlink(a->path);
	for (i = 0; i < FAKE_METHODS; i++) {
		free(a->methods[i].message);
		buf_release(&a->methods[i].request);
	}
	(void)pthread_mutex_destroy(&a->lock);
	(void)pthread_cond_destroy(&a->changed);
	free(a);
	grpc_shutdown_blocking();
}

const char *
fake_endpoint(const struct fake_agent *a)
{
	return a->endpoint;
}

void
fake_set(struct fake_agent *a, enum fake_method method,
    struct fake_answer answer)
{
	char *copy = NULL;

	if (answer.message.p != NULL) {
		copy = malloc(answer.message.n + 1);
		if (copy == NULL)
			abort();
		memcpy(copy, answer.message.p, answer.message.n);
		answer.message.p = copy;
	}
	(void)pthread_mutex_lock(&a->lock);
	free(a->methods[method].message);
	a->methods[method].message = copy;
	a->methods[method].answer = answer;
	(void)pthread_mutex_unlock(&a->lock);
}

unsigned
fake_push(struct fake_agent *a, enum fake_method method, struct str message)
{
	struct list *l, *next;
	unsigned n = 0;

	(void)pthread_mutex_lock(&a->lock);
	for (l = a->calls.next; l != &a->calls; l = next) {
		struct call *c = container_of(l, struct call, link);

		next = l->next;
		if (c->open && c->method == method) {
			send_message(a, c, message);
			n++;
		}
	}
	(void)pthread_mutex_unlock(&a->lock);
	return n;
}

unsigned
fake_end(struct fake_agent *a, enum fake_method method, int status)
{
	struct list *l;
	unsigned n = 0;

	(void)pthread_mutex_lock(&a->lock);
	for (l = a->calls.next; l != &a->calls; l = l->next) {
		struct call *c = container_of(l, struct call, link);

		if (c->open && c->method == method) {
			finish(c, status, "ended by the test");
			n++;
		}
	}
	(void)pthread_mutex_unlock(&a->lock);
	return n;
}

unsigned
fake_calls(struct fake_agent *a, enum fake_method method)
{
	unsigned n;

	(void)pthread_mutex_lock(&a->lock);
	n = a->methods[method].calls;
	(void)pthread_mutex_unlock(&a->lock);
	return n;
}

unsigned
fake_open(struct fake_agent *a, enum fake_method method)
{
	struct list *l;
	unsigned n = 0;

	(void)pthread_mutex_lock(&a->lock);
	for (l = a->calls.next; l != &a->calls; l = l->next) {
		struct call *c = container_of(l, struct call, link);

		n += c->open && c->method == method;
	}
	(void)pthread_mutex_unlock(&a->lock);
	return n;
}

unsigned
fake_without_header(struct fake_agent *a)
{
	unsigned n;

	(void)pthread_mutex_lock(&a->lock);
	n = a->without_header;
	(void)pthread_mutex_unlock(&a->lock);
	return n;
}

void
fake_request(struct fake_agent *a, enum fake_method method, struct buf *out)
{
	(void)pthread_mutex_lock(&a->lock);
	buf_add(out, buf_str(&a->methods[method].request));
	(void)pthread_mutex_unlock(&a->lock);
}
