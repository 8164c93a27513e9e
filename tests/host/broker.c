/* SPDX-License-Identifier: Apache-2.0 */
#include "host/broker.h"

#include "config.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "host/fail.h"

#define AGENT_STORE "/spire.hostservice.server.agentstore.v1.AgentStore/"
#define METRICS     "/spire.hostservice.common.metrics.v1.Metrics/"

struct broker {
	struct client *client;
	grpc_server *server;
	char address[256];
	bool stopped;
	struct event on_stop;
	size_t live; /* served calls that are not freed */
	grpc_status_code agent_store, metrics_code;
	size_t metrics, lookups;
	bool holds;
	struct list held; /* calls of GetAgentInfo that wait */
	struct services *services;
};

/* One call from the plugin. */
struct served {
	struct event arrived, read, answered;
	struct list link; /* while it is held */
	struct broker *broker;
	grpc_call *call;
	grpc_call_details details;
	grpc_metadata_array headers;
	grpc_byte_buffer *request, *reply;
	int cancelled;
};

static void
served_free(struct served *s)
{
	s->broker->live--;
	grpc_call_details_destroy(&s->details);
	grpc_metadata_array_destroy(&s->headers);
	if (s->request != NULL)
		grpc_byte_buffer_destroy(s->request);
	if (s->reply != NULL)
		grpc_byte_buffer_destroy(s->reply);
	if (s->call != NULL)
		grpc_call_unref(s->call);
	free(s);
}

static void
on_answered(struct event *self, bool ok)
{
	(void)ok;
	served_free(container_of(self, struct served, answered));
}

static grpc_slice
request_bytes(struct served *s)
{
	grpc_byte_buffer_reader reader;
	grpc_slice all;

	NEED(grpc_byte_buffer_reader_init(&reader, s->request) != 0,
	    "unreadable request");
	all = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	return all;
}

static grpc_status_code
look_up(struct served *s)
{
	struct broker *b = s->broker;
	const grpc_slice all = request_bytes(s);
	char reply[1024];
	size_t n = sizeof(reply);
	const grpc_status_code code =
	    services_look_up(b->services, b->agent_store,
		GRPC_SLICE_START_PTR(all), GRPC_SLICE_LENGTH(all), reply, &n);
	grpc_slice slice = grpc_slice_from_copied_buffer(reply, n);

	s->reply = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	grpc_slice_unref(all);
	return code;
}

static grpc_status_code
record(struct served *s, const char *method)
{
	const grpc_slice all = request_bytes(s);
	const bool known = services_record(s->broker->services, method,
	    GRPC_SLICE_START_PTR(all), GRPC_SLICE_LENGTH(all));

	grpc_slice_unref(all);
	if (!known)
		return GRPC_STATUS_UNIMPLEMENTED;
	s->broker->metrics++;
	s->reply = grpc_raw_byte_buffer_create(NULL, 0);
	return s->broker->metrics_code;
}

/* What follows prefix in the call's path, or NULL. */
static const char *
method_of(const struct served *s, const char *prefix, char *out, size_t size)
{
	const size_t skip = strlen(prefix),
		     n = GRPC_SLICE_LENGTH(s->details.method);
	const unsigned char *path = GRPC_SLICE_START_PTR(s->details.method);

	if (n <= skip || n - skip >= size || memcmp(path, prefix, skip) != 0)
		return NULL;
	memcpy(out, path + skip, n - skip);
	out[n - skip] = '\0';
	return out;
}

static bool
is_lookup(const struct served *s)
{
	char name[64];

	return method_of(s, AGENT_STORE, name, sizeof(name)) != NULL &&
	       strcmp(name, "GetAgentInfo") == 0;
}

static grpc_status_code
serve(struct served *s)
{
	char name[64];

	if (s->request == NULL)
		return GRPC_STATUS_CANCELLED;
	if (is_lookup(s))
		return look_up(s);
	if (method_of(s, METRICS, name, sizeof(name)) != NULL)
		return record(s, name);
	return GRPC_STATUS_UNIMPLEMENTED;
}

static void
answer(struct served *s)
{
	grpc_slice text = grpc_slice_from_static_string("as the test says");
	grpc_op ops[4] = { { .op = GRPC_OP_SEND_INITIAL_METADATA },
		{ .op = GRPC_OP_RECV_CLOSE_ON_SERVER },
		{ .op = GRPC_OP_SEND_STATUS_FROM_SERVER },
		{ .op = GRPC_OP_SEND_MESSAGE } };
	const grpc_status_code code = serve(s);

	ops[1].data.recv_close_on_server.cancelled = &s->cancelled;
	ops[2].data.send_status_from_server.status = code;
	ops[2].data.send_status_from_server.status_details =
	    code == GRPC_STATUS_OK ? NULL : &text;
	ops[3].data.send_message.send_message = s->reply;
	NEED(grpc_call_start_batch(s->call, ops, code == GRPC_STATUS_OK ? 4 : 3,
		 &s->answered, NULL) == GRPC_CALL_OK,
	    "a batch was refused");
}

static void
on_request(struct event *self, bool ok)
{
	struct served *s = container_of(self, struct served, read);
	struct broker *b = s->broker;

	(void)ok;
	if (is_lookup(s) && s->request != NULL)
		b->lookups++;
	if (is_lookup(s) && b->holds)
		list_append(&b->held, &s->link);
	else
		answer(s);
}

static void accept_one(struct broker *b);

static void
on_arrived(struct event *self, bool ok)
{
	struct served *s = container_of(self, struct served, arrived);
	grpc_op op = { .op = GRPC_OP_RECV_MESSAGE };

	if (!ok) {
		served_free(s);
		return;
	}
	if (!s->broker->stopped)
		accept_one(s->broker);
	op.data.recv_message.recv_message = &s->request;
	NEED(grpc_call_start_batch(s->call, &op, 1, &s->read, NULL) ==
		 GRPC_CALL_OK,
	    "a batch was refused");
}

static void
accept_one(struct broker *b)
{
	struct served *s = need_alloc(sizeof(*s));

	s->broker = b;
	s->arrived.fn = on_arrived;
	s->read.fn = on_request;
	s->answered.fn = on_answered;
	grpc_call_details_init(&s->details);
	grpc_metadata_array_init(&s->headers);
	b->live++;
	NEED(grpc_server_request_call(b->server, &s->call, &s->details,
		 &s->headers, client_queue(b->client), client_queue(b->client),
		 &s->arrived) == GRPC_CALL_OK,
	    "no call can be asked for");
}

static void
on_stopped(struct event *self, bool ok)
{
	(void)ok;
	container_of(self, struct broker, on_stop)->stopped = true;
}

struct broker *
broker_new(struct client *cl, const char *dir)
{
	struct broker *b = need_alloc(sizeof(*b));
	char target[300];
	int port;

	b->client = cl;
	b->agent_store = GRPC_STATUS_NOT_FOUND;
	list_init(&b->held);
	b->services = services_new();
	b->on_stop.fn = on_stopped;
	snprintf(b->address, sizeof(b->address), "%s/broker", dir);
	snprintf(target, sizeof(target), "unix:%s", b->address);
	b->server = grpc_server_create(NULL, NULL);
	grpc_server_register_completion_queue(
	    b->server, client_queue(cl), NULL);
#ifdef HAVE_GRPC_SERVER_ADD_HTTP2_PORT
	grpc_server_credentials *creds =
	    grpc_insecure_server_credentials_create();

	port = grpc_server_add_http2_port(b->server, target, creds);
	grpc_server_credentials_release(creds);
#else
	port = grpc_server_add_insecure_http2_port(b->server, target);
#endif
	NEED(port != 0, "cannot listen on %s", target);
	grpc_server_start(b->server);
	accept_one(b);
	return b;
}

static bool
is_over(void *arg)
{
	const struct broker *b = arg;

	return b->stopped && b->live == 0;
}

void
broker_free(struct broker *b)
{
	if (b == NULL)
		return;
	broker_hold_agent_store(b, false);
	grpc_server_shutdown_and_notify(
	    b->server, client_queue(b->client), &b->on_stop);
	grpc_server_cancel_all_calls(b->server);
	NEED(client_until(b->client, is_over, b, patience(10000)),
	    "the host services do not stop");
	grpc_server_destroy(b->server);
	unlink(b->address);
	services_free(b->services);
	free(b);
}

const char *
broker_address(const struct broker *b)
{
	return b->address;
}

void
broker_set_agent_store(struct broker *b, grpc_status_code code)
{
	b->agent_store = code;
}

void
broker_set_metrics(struct broker *b, grpc_status_code code)
{
	b->metrics_code = code;
}

void
broker_hold_agent_store(struct broker *b, bool held)
{
	struct list *item;

	b->holds = held;
	while (!held && (item = list_first(&b->held)) != NULL) {
		list_remove(item);
		answer(container_of(item, struct served, link));
	}
}

struct services *
broker_services(const struct broker *b)
{
	return b->services;
}

size_t
broker_metrics(const struct broker *b)
{
	return b->metrics;
}

size_t
broker_lookups(const struct broker *b)
{
	return b->lookups;
}

const char *
broker_last_agent(const struct broker *b)
{
	return services_last_agent(b->services);
}
