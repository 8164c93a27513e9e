/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "goplugin/server.h"

#include <assert.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>

#include "base/list.h"
#include "base/secret.h"

enum {
	/* a long :authority of an agent must not cost the whole connection */
	HEADERS_MAX = 128 * 1024,
	UNKNOWN_POSTED = 2,
	/* a burst's memory is given back when this much of it is left... */
	BURST = 256,
	BURST_OVER = 16,
	/* ...a few times, since gRPC lets go of its calls later than we do */
	TRIM_MS = 200, /* the first wait; each is four times the last */
	TRIMS = 3,
};

struct slot {
	struct gp_server *server;
	const struct gp_method *method;
	void *registered; /* gRPC's handle */
	unsigned waiting; /* posted calls that have not come */
	struct gp_call *first; /* to be posted when gRPC has started */
};

struct gp_server {
	struct loop *loop;
	grpc_server *server;
	struct slot *slots;
	size_t slot_count;
	unsigned unknown_waiting;
	struct unknown *first_unknown;
	size_t live, peak; /* calls between begin and end */
	bool stopping, shut;
	struct loop_tag shutdown;
	struct loop_timer trim;
	unsigned trims; /* since the last burst */
	void (*on_stopped)(void *arg);
	void *arg;
};

struct gp_call {
	struct slot *slot;
	grpc_call *call;
	grpc_metadata_array metadata;
	gpr_timespec deadline;
	grpc_byte_buffer *in, *out;
	struct loop_tag requested, received, closed, sent, finished;
	int close_cancelled;
	unsigned pending; /* tags under way, and callbacks being run */
	bool headers_sent, watched, sending, finishing, done, cancelled;
	enum gp_status status;
	grpc_slice text;
	void *state;
};

/* A call of a method that is not in the table. */
struct unknown {
	struct loop_tag requested, finished;
	struct gp_server *server;
	grpc_call *call;
	grpc_call_details details;
	grpc_metadata_array metadata;
	int cancelled;
};

static void fill(struct slot *slot);
static void post_again(struct slot *slot, struct gp_call *call);
static void post_unknown(struct gp_server *server);
static void request_unknown(struct gp_server *server, struct unknown *u);

static void
check_stopped(struct gp_server *server)
{
	if (!server->shut || server->live > 0 || server->on_stopped == NULL)
		return;
	server->on_stopped(server->arg);
	server->on_stopped = NULL;
}

static void
live_more(struct gp_server *server)
{
	if (++server->live > server->peak)
		server->peak = server->live;
}

static void trim(struct loop_timer *timer);

static bool
trim_later(struct gp_server *server)
{
	return loop_timer_set(server->loop, &server->trim,
		   TRIM_MS << 2 * server->trims, trim) == ERR_OK;
}

static void
trim(struct loop_timer *timer)
{
	struct gp_server *server = container_of(timer, struct gp_server, trim);

#ifdef HAVE_MALLOC_TRIM
	(void)malloc_trim(0);
#endif
	if (++server->trims < TRIMS)
		(void)trim_later(server);
}

static void
live_less(struct gp_server *server)
{
	server->live--;
	if (server->peak >= BURST && server->live <= BURST_OVER &&
	    !server->stopping) {
		server->trims = 0;
		/* without memory for a timer there is none to give back */
		if (trim_later(server))
			server->peak = 0;
	}
	check_stopped(server);
}

/* All but the memory of the call itself. */
static void
call_clear(struct gp_call *call)
{
	if (call->in != NULL)
		grpc_byte_buffer_destroy(call->in);
	if (call->out != NULL)
		grpc_byte_buffer_destroy(call->out);
	grpc_metadata_array_destroy(&call->metadata);
	grpc_slice_unref(call->text);
	if (call->call != NULL)
		grpc_call_unref(call->call);
}

static void
call_free(struct gp_call *call)
{
	call_clear(call);
	free(call);
}

static void
hold(struct gp_call *call)
{
	call->pending++;
}

/* The counterpart of hold(): the call may be gone afterwards. */
static void
let_go(struct gp_call *call)
{
	struct slot *slot = call->slot;

	assert(call->pending > 0);
	if (--call->pending > 0 || !call->done)
		return;
	if (slot->method->handler->end != NULL)
		slot->method->handler->end(call);
	call_clear(call);
	post_again(slot, call);
	live_less(slot->server);
}

/*
 * A batch is refused only when we break gRPC's rules for batches; the call
 * could never end, so neither may the process go on.
 */
static void
start_batch(struct gp_call *call, const grpc_op *ops, size_t count,
    struct loop_tag *tag)
{
	hold(call);
	if (grpc_call_start_batch(call->call, ops, count, tag, NULL) !=
	    GRPC_CALL_OK)
		abort();
}

/* A message's bytes, without a copy where they lie in one piece. */
static struct str
message_bytes(grpc_slice *copy, grpc_byte_buffer *bytes)
{
	grpc_byte_buffer_reader reader;

	*copy = grpc_empty_slice();
	if (bytes->data.raw.compression == GRPC_COMPRESS_NONE &&
	    bytes->data.raw.slice_buffer.count == 1) {
		grpc_slice *s = &bytes->data.raw.slice_buffer.slices[0];

		return (struct str){ (const char *)GRPC_SLICE_START_PTR(*s),
			GRPC_SLICE_LENGTH(*s) };
	}
	if (!grpc_byte_buffer_reader_init(&reader, bytes))
		return STR("");
	*copy = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	return (struct str){ (const char *)GRPC_SLICE_START_PTR(*copy),
		GRPC_SLICE_LENGTH(*copy) };
}

static grpc_byte_buffer *
to_buffer(struct str bytes)
{
	grpc_slice slice =
	    grpc_slice_from_copied_buffer(bytes.n == 0 ? "" : bytes.p, bytes.n);
	grpc_byte_buffer *out = grpc_raw_byte_buffer_create(&slice, 1);

	grpc_slice_unref(slice);
	return out;
}

/*
 * The bytes behind it, which gRPC gives back by this pointer, on any thread:
 * n is written last and read first.
 */
struct secret {
	atomic_size_t n;
	char bytes[];
};

static void
forget(void *arg)
{
	struct secret *secret = arg;

	secret_wipe(secret->bytes,
	    atomic_load_explicit(&secret->n, memory_order_acquire));
	free(secret);
}

/* NULL without memory. */
static grpc_byte_buffer *
to_secret_buffer(struct str bytes)
{
	struct secret *secret = malloc(sizeof(*secret) + bytes.n);
	grpc_byte_buffer *out;
	grpc_slice slice;

	if (secret == NULL)
		return NULL;
	memcpy(secret->bytes, bytes.p, bytes.n);
	atomic_store_explicit(&secret->n, bytes.n, memory_order_release);
	slice = grpc_slice_new_with_user_data(
	    secret->bytes, bytes.n, forget, secret);
	out = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	return out;
}

static size_t
add_headers(struct gp_call *call, grpc_op *op)
{
	if (call->headers_sent)
		return 0;
	call->headers_sent = true;
	*op = (grpc_op){ .op = GRPC_OP_SEND_INITIAL_METADATA };
	return 1;
}

static size_t
add_message(struct gp_call *call, grpc_op *op)
{
	if (call->out == NULL)
		return 0;
	*op = (grpc_op){ .op = GRPC_OP_SEND_MESSAGE };
	op->data.send_message.send_message = call->out;
	return 1;
}

static void
start_finish(struct gp_call *call)
{
	grpc_op ops[4];
	size_t n = 0;

	call->done = true;
	if (call->cancelled)
		return;
	n += add_headers(call, &ops[n]);
	n += add_message(call, &ops[n]);
	ops[n] = (grpc_op){ .op = GRPC_OP_SEND_STATUS_FROM_SERVER };
	ops[n].data.send_status_from_server.status =
	    (grpc_status_code)call->status;
	ops[n].data.send_status_from_server.status_details = &call->text;
	n++;
	if (!call->watched) {
		ops[n] = (grpc_op){ .op = GRPC_OP_RECV_CLOSE_ON_SERVER };
		ops[n].data.recv_close_on_server.cancelled =
		    &call->close_cancelled;
		n++;
	}
	start_batch(call, ops, n, &call->finished);
}

static void
on_finished(struct loop_tag *tag, bool ok)
{
	(void)ok;
	let_go(container_of(tag, struct gp_call, finished));
}

void
gp_finish(struct gp_call *call, enum gp_status status, const char *text,
    const struct str *last)
{
	char cut[GP_TEXT_MAX];

	assert(loop_is_here(call->slot->server->loop));
	assert(!call->finishing && (last == NULL || !call->sending));
	call->finishing = true;
	call->status = status;
	if (status != GP_OK)
		call->text = grpc_slice_from_copied_string(
		    str_clean(cut, sizeof(cut), str_of(text)));
	if (call->sending)
		return;
	if (last != NULL && !call->cancelled)
		call->out = to_buffer(*last);
	hold(call);
	start_finish(call);
	let_go(call);
}

static void
on_sent(struct loop_tag *tag, bool ok)
{
	struct gp_call *call = container_of(tag, struct gp_call, sent);

	(void)ok;
	call->sending = false;
	grpc_byte_buffer_destroy(call->out);
	call->out = NULL;
	if (call->finishing)
		start_finish(call);
	let_go(call);
}

static void
start_send(struct gp_call *call, grpc_byte_buffer *out)
{
	grpc_op ops[2];
	size_t n = 0;

	call->out = out;
	call->sending = true;
	n += add_headers(call, &ops[n]);
	n += add_message(call, &ops[n]);
	start_batch(call, ops, n, &call->sent);
}

void
gp_send(struct gp_call *call, struct str message)
{
	assert(!call->sending && !call->finishing);
	if (!call->cancelled)
		start_send(call, to_buffer(message));
}

bool
gp_send_secret(struct gp_call *call, struct str message)
{
	grpc_byte_buffer *out;

	assert(!call->sending && !call->finishing);
	if (call->cancelled)
		return true;
	out = to_secret_buffer(message);
	if (out == NULL)
		return false;
	start_send(call, out);
	return true;
}

static void
on_received(struct loop_tag *tag, bool ok)
{
	struct gp_call *call = container_of(tag, struct gp_call, received);
	const struct gp_handler *handler = call->slot->method->handler;
	grpc_byte_buffer *in = call->in;
	struct str bytes;
	grpc_slice copy;

	call->in = NULL;
	if (call->finishing || handler->message == NULL) {
		if (in != NULL)
			grpc_byte_buffer_destroy(in);
	} else if (!ok || in == NULL) {
		handler->message(call, NULL);
	} else {
		bytes = message_bytes(&copy, in);
		handler->message(call, &bytes);
		grpc_slice_unref(copy);
		grpc_byte_buffer_destroy(in);
	}
	let_go(call);
}

void
gp_read(struct gp_call *call)
{
	grpc_op op = { .op = GRPC_OP_RECV_MESSAGE };

	op.data.recv_message.recv_message = &call->in;
	start_batch(call, &op, 1, &call->received);
}

static void
on_closed(struct loop_tag *tag, bool ok)
{
	struct gp_call *call = container_of(tag, struct gp_call, closed);
	const struct gp_handler *handler = call->slot->method->handler;

	if (!ok || call->close_cancelled != 0) {
		call->cancelled = true;
		if (!call->finishing)
			handler->cancelled(call);
	}
	let_go(call);
}

void
gp_watch(struct gp_call *call)
{
	grpc_op op = { .op = GRPC_OP_RECV_CLOSE_ON_SERVER };

	assert(!call->watched && !call->finishing);
	call->watched = true;
	op.data.recv_close_on_server.cancelled = &call->close_cancelled;
	start_batch(call, &op, 1, &call->closed);
}

static void
begin_unary(struct gp_call *call)
{
	grpc_byte_buffer *in = call->in;
	struct str bytes = { NULL, 0 };
	grpc_slice copy = grpc_empty_slice();

	call->in = NULL;
	if (in != NULL)
		bytes = message_bytes(&copy, in);
	call->slot->method->handler->begin(
	    call, call->slot->method->arg, bytes);
	grpc_slice_unref(copy);
	if (in != NULL)
		grpc_byte_buffer_destroy(in);
}

static void
on_requested(struct loop_tag *tag, bool ok)
{
	struct gp_call *call = container_of(tag, struct gp_call, requested);

	call->slot->waiting--;
	if (!ok) {
		call_free(call);
		return;
	}
	live_more(call->slot->server);
	fill(call->slot);
	hold(call);
	if (call->slot->method->kind == GP_UNARY)
		begin_unary(call);
	else
		call->slot->method->handler->begin(
		    call, call->slot->method->arg, (struct str){ NULL, 0 });
	let_go(call);
}

/* Wait for a call in this memory, which nothing else lies in. */
static void
request(struct slot *slot, struct gp_call *call)
{
	struct gp_server *server = slot->server;
	grpc_call_error e;

	*call = (struct gp_call){ .slot = slot, .text = grpc_empty_slice() };
	call->requested.fn = on_requested;
	call->received.fn = on_received;
	call->closed.fn = on_closed;
	call->sent.fn = on_sent;
	call->finished.fn = on_finished;
	grpc_metadata_array_init(&call->metadata);
	e = grpc_server_request_registered_call(server->server,
	    slot->registered, &call->call, &call->deadline, &call->metadata,
	    slot->method->kind == GP_UNARY ? &call->in : NULL,
	    loop_queue(server->loop), loop_queue(server->loop),
	    &call->requested);
	if (e == GRPC_CALL_OK)
		slot->waiting++;
	else
		call_free(call);
}

static bool
wants_more(const struct slot *slot)
{
	return !slot->server->stopping && slot->waiting < slot->method->posted;
}

/* Wait for more calls of a method; what memory denies post_again() gives. */
static void
fill(struct slot *slot)
{
	while (wants_more(slot)) {
		const unsigned before = slot->waiting;
		struct gp_call *call = calloc(1, sizeof(*call));

		if (call == NULL)
			return;
		request(slot, call);
		if (slot->waiting == before)
			return;
	}
}

/* No method goes deaf: a call that has ended makes room for the next. */
static void
post_again(struct slot *slot, struct gp_call *call)
{
	if (wants_more(slot))
		request(slot, call);
	else
		free(call);
}

static void
unknown_clear(struct unknown *u)
{
	grpc_call_details_destroy(&u->details);
	grpc_metadata_array_destroy(&u->metadata);
	if (u->call != NULL)
		grpc_call_unref(u->call);
}

static void
unknown_free(struct unknown *u)
{
	unknown_clear(u);
	free(u);
}

static bool
wants_more_unknown(const struct gp_server *server)
{
	return !server->stopping && server->unknown_waiting < UNKNOWN_POSTED;
}

static void
on_unknown_finished(struct loop_tag *tag, bool ok)
{
	struct unknown *u = container_of(tag, struct unknown, finished);
	struct gp_server *server = u->server;

	(void)ok;
	unknown_clear(u);
	if (wants_more_unknown(server))
		request_unknown(server, u);
	else
		free(u);
	live_less(server);
}

static void
on_unknown(struct loop_tag *tag, bool ok)
{
	struct unknown *u = container_of(tag, struct unknown, requested);
	grpc_slice text = grpc_slice_from_static_string("unknown method");
	grpc_op ops[3] = { { .op = GRPC_OP_SEND_INITIAL_METADATA },
		{ .op = GRPC_OP_SEND_STATUS_FROM_SERVER },
		{ .op = GRPC_OP_RECV_CLOSE_ON_SERVER } };

	u->server->unknown_waiting--;
	if (!ok) {
		unknown_free(u);
		return;
	}
	live_more(u->server);
	post_unknown(u->server);
	ops[1].data.send_status_from_server.status = GRPC_STATUS_UNIMPLEMENTED;
	ops[1].data.send_status_from_server.status_details = &text;
	ops[2].data.recv_close_on_server.cancelled = &u->cancelled;
	if (grpc_call_start_batch(u->call, ops, 3, &u->finished, NULL) !=
	    GRPC_CALL_OK)
		abort();
}

static void
request_unknown(struct gp_server *server, struct unknown *u)
{
	*u = (struct unknown){ .server = server };
	u->requested.fn = on_unknown;
	u->finished.fn = on_unknown_finished;
	grpc_call_details_init(&u->details);
	grpc_metadata_array_init(&u->metadata);
	if (grpc_server_request_call(server->server, &u->call, &u->details,
		&u->metadata, loop_queue(server->loop),
		loop_queue(server->loop), &u->requested) == GRPC_CALL_OK)
		server->unknown_waiting++;
	else
		unknown_free(u);
}

static void
post_unknown(struct gp_server *server)
{
	struct unknown *u;

	if (!wants_more_unknown(server))
		return;
	u = calloc(1, sizeof(*u));
	if (u != NULL)
		request_unknown(server, u);
}

static int
bind_target(struct gp_server *server, const char *target, struct err *err)
{
	int bound;

#ifdef HAVE_GRPC_SERVER_ADD_HTTP2_PORT
	grpc_server_credentials *plain =
	    grpc_insecure_server_credentials_create();

	bound = grpc_server_add_http2_port(server->server, target, plain);
	grpc_server_credentials_release(plain);
#else
	bound = grpc_server_add_insecure_http2_port(server->server, target);
#endif
	if (bound == 0)
		return err_set(err, ERR_SYSTEM, "cannot listen on %s", target);
	return ERR_OK;
}

static void
create(struct gp_server *server)
{
	static char *const keys[] = {
		(char *)(uintptr_t) "grpc.max_metadata_size",
		(char *)(uintptr_t) "grpc.absolute_max_metadata_size"
	};
	grpc_arg list[2];
	grpc_channel_args args = { 2, list };
	size_t i;

	for (i = 0; i < 2; i++) {
		list[i].type = GRPC_ARG_INTEGER;
		list[i].key = keys[i];
		list[i].value.integer = HEADERS_MAX;
	}
	server->server = grpc_server_create(&args, NULL);
	grpc_server_register_completion_queue(
	    server->server, loop_queue(server->loop), NULL);
}

static void
register_methods(
    struct gp_server *server, const struct gp_method *const *methods)
{
	size_t i;

	for (i = 0; i < server->slot_count; i++) {
		struct slot *slot = &server->slots[i];

		slot->server = server;
		slot->method = methods[i];
		slot->registered = grpc_server_register_method(server->server,
		    methods[i]->path, NULL,
		    methods[i]->kind == GP_UNARY
			? GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER
			: GRPC_SRM_PAYLOAD_NONE,
		    0);
	}
}

/* One call of each method, before gRPC starts and can no more be undone. */
static bool
prepare(struct gp_server *server)
{
	size_t i;

	for (i = 0; i < server->slot_count; i++) {
		server->slots[i].first = calloc(1, sizeof(struct gp_call));
		if (server->slots[i].first == NULL)
			return false;
	}
	server->first_unknown = calloc(1, sizeof(*server->first_unknown));
	return server->first_unknown != NULL;
}

static void
start(struct gp_server *server)
{
	size_t i;
	unsigned k;

	grpc_server_start(server->server);
	for (i = 0; i < server->slot_count; i++) {
		request(&server->slots[i], server->slots[i].first);
		server->slots[i].first = NULL;
		fill(&server->slots[i]);
	}
	request_unknown(server, server->first_unknown);
	server->first_unknown = NULL;
	for (k = 1; k < UNKNOWN_POSTED; k++)
		post_unknown(server);
}

int
gp_server_new(struct gp_server **serverp, struct loop *loop, const char *target,
    const struct gp_method *const *methods, size_t count, struct err *err)
{
	struct gp_server *server = calloc(1, sizeof(*server));
	int r;

	if (server == NULL)
		return err_set(err, ERR_MEMORY, "no memory for the server");
	server->loop = loop;
	server->slots = calloc(count, sizeof(*server->slots));
	if (server->slots != NULL)
		server->slot_count = count;
	if (server->slots == NULL || !prepare(server)) {
		gp_server_free(server);
		return err_set(err, ERR_MEMORY, "no memory for the server");
	}
	create(server);
	register_methods(server, methods);
	r = bind_target(server, target, err);
	if (r != ERR_OK) {
		gp_server_free(server);
		return r;
	}
	start(server);
	*serverp = server;
	return ERR_OK;
}

void
gp_server_free(struct gp_server *server)
{
	size_t i;

	if (server == NULL)
		return;
	if (server->server != NULL)
		grpc_server_destroy(server->server);
	for (i = 0; i < server->slot_count; i++)
		free(server->slots[i].first);
	free(server->slots);
	free(server->first_unknown);
	free(server);
}

static void
on_shutdown(struct loop_tag *tag, bool ok)
{
	struct gp_server *server =
	    container_of(tag, struct gp_server, shutdown);

	(void)ok;
	server->shut = true;
	check_stopped(server);
}

void
gp_server_stop(
    struct gp_server *server, void (*on_stopped)(void *arg), void *arg)
{
	assert(loop_is_here(server->loop));
	if (server->stopping)
		return;
	server->stopping = true;
	loop_timer_stop(server->loop, &server->trim);
	server->on_stopped = on_stopped;
	server->arg = arg;
	server->shutdown.fn = on_shutdown;
	grpc_server_shutdown_and_notify(
	    server->server, loop_queue(server->loop), &server->shutdown);
	grpc_server_cancel_all_calls(server->server);
}

void
gp_set_state(struct gp_call *call, void *state)
{
	call->state = state;
}

void *
gp_state(const struct gp_call *call)
{
	return call->state;
}

size_t
gp_metadata(struct str *value, const struct gp_call *call, const char *name)
{
	size_t i, count = 0;

	*value = (struct str){ NULL, 0 };
	for (i = 0; i < call->metadata.count; i++) {
		const grpc_metadata *m = &call->metadata.metadata[i];

		if (grpc_slice_str_cmp(m->key, name) != 0)
			continue;
		if (count++ == 0)
			*value = (struct str){
				(const char *)GRPC_SLICE_START_PTR(m->value),
				GRPC_SLICE_LENGTH(m->value)
			};
	}
	return count;
}

void *
gp_arg(const struct gp_call *call)
{
	return call->slot->method->arg;
}

bool
gp_is_cancelled(const struct gp_call *call)
{
	return call->cancelled;
}
