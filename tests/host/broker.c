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
	grpc_status_code agent_store;
	size_t metrics, lookups;
	char last_agent[512];
};

/* One call from the plugin. */
struct served {
	struct event arrived, read, answered;
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

/* GetAgentInfoRequest{agent_id = 1}; GetAgentInfoResponse{info{agent_id}} */
static grpc_status_code
look_up(struct served *s)
{
	struct broker *b = s->broker;
	unsigned char reply[sizeof(b->last_agent) + 8];
	grpc_byte_buffer_reader reader;
	const unsigned char *p;
	grpc_slice all, slice;
	size_t n;

	b->lookups++;
	NEED(grpc_byte_buffer_reader_init(&reader, s->request) != 0,
	    "unreadable GetAgentInfoRequest");
	all = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	p = GRPC_SLICE_START_PTR(all);
	n = GRPC_SLICE_LENGTH(all);
	NEED(n > 2 && n < 120 && p[0] == 0x0a && p[1] == n - 2,
	    "not a GetAgentInfoRequest of this size");
	memcpy(b->last_agent, p + 2, n - 2);
	b->last_agent[n - 2] = '\0';
	reply[0] = 0x0a;
	reply[1] = (unsigned char)n;
	memcpy(reply + 2, p, n);
	slice = grpc_slice_from_copied_buffer((const char *)reply, n + 2);
	s->reply = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	grpc_slice_unref(all);
	return b->agent_store;
}

static grpc_status_code
serve(struct served *s)
{
	const grpc_slice m = s->details.method;
	const char *path = (const char *)GRPC_SLICE_START_PTR(m);
	const size_t n = GRPC_SLICE_LENGTH(m);

	if (s->request == NULL)
		return GRPC_STATUS_CANCELLED;
	if (n == strlen(AGENT_STORE "GetAgentInfo") &&
	    memcmp(path, AGENT_STORE "GetAgentInfo", n) == 0)
		return look_up(s);
	if (n > strlen(METRICS) &&
	    memcmp(path, METRICS, strlen(METRICS)) == 0) {
		s->broker->metrics++;
		s->reply = grpc_raw_byte_buffer_create(NULL, 0);
		return GRPC_STATUS_OK;
	}
	return GRPC_STATUS_UNIMPLEMENTED;
}

static void
on_request(struct event *self, bool ok)
{
	struct served *s = container_of(self, struct served, read);
	grpc_slice text = grpc_slice_from_static_string("as the test says");
	grpc_op ops[4] = { { .op = GRPC_OP_SEND_INITIAL_METADATA },
		{ .op = GRPC_OP_RECV_CLOSE_ON_SERVER },
		{ .op = GRPC_OP_SEND_STATUS_FROM_SERVER },
		{ .op = GRPC_OP_SEND_MESSAGE } };
	const grpc_status_code code = serve(s);

	(void)ok;
	ops[1].data.recv_close_on_server.cancelled = &s->cancelled;
	ops[2].data.send_status_from_server.status = code;
	ops[2].data.send_status_from_server.status_details =
	    code == GRPC_STATUS_OK ? NULL : &text;
	ops[3].data.send_message.send_message = s->reply;
	NEED(grpc_call_start_batch(s->call, ops, code == GRPC_STATUS_OK ? 4 : 3,
		 &s->answered, NULL) == GRPC_CALL_OK,
	    "a batch was refused");
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
	grpc_server_shutdown_and_notify(
	    b->server, client_queue(b->client), &b->on_stop);
	grpc_server_cancel_all_calls(b->server);
	NEED(client_until(b->client, is_over, b, patience(10000)),
	    "the host services do not stop");
	grpc_server_destroy(b->server);
	unlink(b->address);
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
	return b->last_agent;
}
