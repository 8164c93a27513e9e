/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_client.c - unary calls to a host that answers as the method's name says
 */
#include "config.h"

#include "goplugin/client.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "testing.h"

enum { GENEROUS_MS = 20 * 1000, MANY = 500 };

/*
 * The host: a thread that serves one call after the other, but for those that
 * are never answered.
 */

struct peer {
	grpc_server *server;
	grpc_completion_queue *queue;
	pthread_t thread;
	char target[64];
};

struct served {
	grpc_call *call;
	grpc_call_details details;
	grpc_metadata_array headers;
	grpc_byte_buffer *request, *reply;
	int cancelled;
	enum { ARRIVED, READ, ANSWERED } state;
	grpc_slice text;
};

static struct peer peer;

static void
accept_one(void)
{
	struct served *s = calloc(1, sizeof(*s));

	grpc_call_details_init(&s->details);
	grpc_metadata_array_init(&s->headers);
	s->text = grpc_empty_slice();
	(void)grpc_server_request_call(peer.server, &s->call, &s->details,
	    &s->headers, peer.queue, peer.queue, s);
}

static void
served_free(struct served *s)
{
	grpc_call_details_destroy(&s->details);
	grpc_metadata_array_destroy(&s->headers);
	grpc_slice_unref(s->text);
	if (s->request != NULL)
		grpc_byte_buffer_destroy(s->request);
	if (s->reply != NULL)
		grpc_byte_buffer_destroy(s->reply);
	if (s->call != NULL)
		grpc_call_unref(s->call);
	free(s);
}

static bool
is_method(const struct served *s, const char *name)
{
	return grpc_slice_str_cmp(s->details.method, name) == 0;
}

static grpc_byte_buffer *
bytes_of(size_t n)
{
	grpc_slice slice = grpc_slice_malloc(n);
	grpc_byte_buffer *b;

	memset(GRPC_SLICE_START_PTR(slice), 'x', n);
	b = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	return b;
}

static void
answer(struct served *s)
{
	grpc_op ops[4] = { { .op = GRPC_OP_SEND_INITIAL_METADATA },
		{ .op = GRPC_OP_RECV_CLOSE_ON_SERVER },
		{ .op = GRPC_OP_SEND_STATUS_FROM_SERVER },
		{ .op = GRPC_OP_SEND_MESSAGE } };
	size_t n = 3;

	s->state = ANSWERED;
	ops[1].data.recv_close_on_server.cancelled = &s->cancelled;
	if (is_method(s, "/t.T/Echo"))
		s->reply = grpc_byte_buffer_copy(s->request);
	else if (is_method(s, "/t.T/Full"))
		s->reply = bytes_of(GP_REPLY_MAX);
	else if (is_method(s, "/t.T/TooMuch"))
		s->reply = bytes_of(GP_REPLY_MAX + 1);
	else if (is_method(s, "/t.T/Refuse")) {
		s->text = grpc_slice_from_static_string("no\nway \xc3\xa4");
		ops[2].data.send_status_from_server.status =
		    GRPC_STATUS_PERMISSION_DENIED;
		ops[2].data.send_status_from_server.status_details = &s->text;
	}
	if (s->reply != NULL) {
		ops[3].data.send_message.send_message = s->reply;
		n = 4;
	}
	/* Silent: only its end is waited for. */
	if (is_method(s, "/t.T/Silent"))
		(void)grpc_call_start_batch(s->call, ops + 1, 1, s, NULL);
	else
		(void)grpc_call_start_batch(s->call, ops, n, s, NULL);
}

static void *
serve(void *arg)
{
	grpc_op op = { .op = GRPC_OP_RECV_MESSAGE };
	grpc_event e;

	(void)arg;
	for (;;) {
		struct served *s;

		e = grpc_completion_queue_next(
		    peer.queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
		if (e.type == GRPC_QUEUE_SHUTDOWN)
			return NULL;
		s = e.tag;
		if (s == NULL)
			grpc_completion_queue_shutdown(peer.queue);
		else if (s->state == ARRIVED && e.success) {
			accept_one();
			s->state = READ;
			op.data.recv_message.recv_message = &s->request;
			(void)grpc_call_start_batch(s->call, &op, 1, s, NULL);
		} else if (s->state == READ && s->request != NULL)
			answer(s);
		else
			served_free(s);
	}
}

static void
peer_start(void)
{
	int port;

	(void)snprintf(peer.target, sizeof(peer.target),
	    "unix:/tmp/test-client-%d", (int)getpid());
	peer.queue = grpc_completion_queue_create_for_next(NULL);
	peer.server = grpc_server_create(NULL, NULL);
	grpc_server_register_completion_queue(peer.server, peer.queue, NULL);
#ifdef HAVE_GRPC_SERVER_ADD_HTTP2_PORT
	grpc_server_credentials *plain =
	    grpc_insecure_server_credentials_create();

	port = grpc_server_add_http2_port(peer.server, peer.target, plain);
	grpc_server_credentials_release(plain);
#else
	port = grpc_server_add_insecure_http2_port(peer.server, peer.target);
#endif
	ck_assert_int_ne(port, 0);
	grpc_server_start(peer.server);
	accept_one();
	ck_assert_int_eq(pthread_create(&peer.thread, NULL, serve, NULL), 0);
}

static void
peer_stop(void)
{
	grpc_server_shutdown_and_notify(peer.server, peer.queue, NULL);
	grpc_server_cancel_all_calls(peer.server);
	ck_assert_int_eq(pthread_join(peer.thread, NULL), 0);
	grpc_server_destroy(peer.server);
	grpc_completion_queue_destroy(peer.queue);
	(void)unlink(peer.target + strlen("unix:"));
}

/*
 * The plugin
 */

struct call {
	struct gp_client_call *call;
	bool is_done;
	int status;
	char reply[64], text[200];
	size_t n;
};

static struct loop *loop;
static struct gp_client *client;
static size_t waiting;
static struct loop_timer timer;
static struct call *to_cancel;

static void
on_done(void *arg, int status, struct str reply, const char *text)
{
	struct call *c = arg;

	ck_assert(!c->is_done);
	c->is_done = true;
	c->status = status;
	c->n = reply.n;
	if (reply.n > 0)
		memcpy(c->reply, reply.p,
		    reply.n < sizeof(c->reply) ? reply.n : sizeof(c->reply));
	(void)snprintf(c->text, sizeof(c->text), "%s", text);
	if (--waiting == 0) {
		gp_client_free(client);
		loop_quit(loop);
	}
}

static void
start(struct call *c, const char *method, struct str request, int64_t ms)
{
	struct err err = { 0 };

	waiting++;
	ck_assert_msg(gp_client_call(&c->call, client, method, request, ms,
			  on_done, c, &err) == ERR_OK,
	    "%s", err.msg);
	ck_assert(!c->is_done);
}

static void
setup(void)
{
	ck_assert_int_eq(loop_new(&loop, NULL), ERR_OK);
	peer_start();
	ck_assert_int_eq(
	    gp_client_new(&client, loop, peer.target, NULL), ERR_OK);
	waiting = 0;
}

static void
run(void)
{
	loop_run(loop);
	ck_assert_uint_eq(waiting, 0);
	peer_stop();
	loop_free(loop);
}

static const struct {
	const char *method, *request, *reply, *text;
	int64_t ms;
	int status;
	size_t n;
} cases[] = {
	{ "/t.T/Echo", "hello", "hello", "", GENEROUS_MS, GP_OK, 5 },
	{ "/t.T/Echo", "", "", "", GENEROUS_MS, GP_OK, 0 },
	{ "/t.T/Full", "x", "xxx", "", GENEROUS_MS, GP_OK, GP_REPLY_MAX },
	{ "/t.T/TooMuch", "x", "", "larger", GENEROUS_MS,
	    GP_RESOURCE_EXHAUSTED, 0 },
	{ "/t.T/Refuse", "x", "", "no?way ??", GENEROUS_MS,
	    GP_PERMISSION_DENIED, 0 },
	{ "/t.T/Nothing", "x", "", "no readable", GENEROUS_MS, GP_INTERNAL, 0 },
	{ "/t.T/Silent", "x", "", "", 100, GP_DEADLINE_EXCEEDED, 0 },
	{ "/t.T/Silent", "x", "", "", 0, GP_DEADLINE_EXCEEDED, 0 },
};

START_TEST(answers_once)
{
	struct call c = { .is_done = false };

	start(&c, cases[_i].method, str_of(cases[_i].request), cases[_i].ms);
	run();
	ck_assert_msg(c.status == cases[_i].status, "%d: %s", c.status, c.text);
	ck_assert_uint_eq(c.n, cases[_i].n);
	ck_assert_int_eq(
	    memcmp(c.reply, cases[_i].reply, strlen(cases[_i].reply)), 0);
	ck_assert_msg(
	    strstr(c.text, cases[_i].text) != NULL, "%s", c.text);
}
END_TEST

START_TEST(has_many_calls_under_way)
{
	static struct call all[MANY];
	char text[16];

	for (int i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		start(&all[i], "/t.T/Echo", str_of(text), GENEROUS_MS);
	}
	run();
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		ck_assert_int_eq(all[i].status, GP_OK);
		ck_assert_uint_eq(all[i].n, strlen(text));
		ck_assert_int_eq(memcmp(all[i].reply, text, all[i].n), 0);
	}
}
END_TEST

static void
on_timer(struct loop_timer *t)
{
	(void)t;
	gp_client_cancel(to_cancel->call);
}

static const int64_t moments[] = { 0, 50 };

START_TEST(answers_when_it_is_cancelled)
{
	struct call c = { .is_done = false };
	int64_t began = clock_ms();

	start(&c, "/t.T/Silent", STR("x"), GENEROUS_MS);
	to_cancel = &c;
	if (moments[_i] == 0)
		gp_client_cancel(c.call);
	else
		ck_assert_int_eq(
		    loop_timer_set(loop, &timer, moments[_i], on_timer),
		    ERR_OK);
	run();
	ck_assert_int_eq(c.status, GP_CANCELLED);
	ck_assert_int_lt(clock_ms() - began, GENEROUS_MS / 2);
}
END_TEST

START_TEST(says_that_nobody_is_there)
{
	struct call c = { .is_done = false };
	struct gp_client *nobody = NULL;

	gp_client_free(client);
	gp_client_free(NULL);
	ck_assert_int_eq(
	    gp_client_new(&nobody, loop, "unix:/nonexistent/x", NULL), ERR_OK);
	client = nobody;
	start(&c, "/t.T/Echo", STR("x"), GENEROUS_MS);
	run();
	ck_assert_int_eq(c.status, GP_UNAVAILABLE);
	ck_assert_str_ne(c.text, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("client of the host");
	TCase *tc = tcase_create("client");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	ck_table(tc, answers_once, cases);
	tcase_add_test(tc, has_many_calls_under_way);
	ck_table(tc, answers_when_it_is_cancelled, moments);
	tcase_add_test(tc, says_that_nobody_is_there);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
