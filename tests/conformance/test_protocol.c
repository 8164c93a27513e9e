/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What go-plugin and SPIRE may call, in which order and on which connections,
 * for both plugins.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conformance/fixture.h"
#include "goplugin/goplugin.pb-c.h"
#include "host/raw.h"

#define PLUGIN (&plugins[_i])

static const char *
attest_method(const struct plugin *p)
{
	return p->is_server ? METHOD_ATTEST : METHOD_AID;
}

/* The status of a call that sends n bytes (NULL: nothing) and half-closes. */
static grpc_status_code
status_of(struct host *h, const char *method, const void *bytes, size_t n)
{
	struct call *c = call_start(h->client, h->channel, method, NULL);
	grpc_status_code code;

	if (bytes != NULL)
		call_send(c, bytes, n);
	call_half_close(c);
	code = call_wait(c, 5000);
	call_free(c);
	return code;
}

START_TEST(answers_all_ten_methods)
{
	const struct process_options o = plugin_options(PLUGIN);
	struct host *h = host_open(&o); /* StartStream, StreamStdio */
	static struct validated v;
	int status;

	host_init(h, PLUGIN->is_server);
	must_configure(h, PLUGIN->config);
	host_validate(h, "example.org", PLUGIN->config, &v);
	ck_assert_int_eq((int)v.answer.code, GRPC_STATUS_OK);
	ck_assert_int_eq(
	    (int)host_health(h, "plugin", &status).code, GRPC_STATUS_OK);
	attests(h, PLUGIN);
	ck_assert(!call_has_ended(h->start_stream));
	ck_assert(!call_has_ended(h->stdio));
	ck_assert_int_eq((int)host_deinit(h).code, GRPC_STATUS_OK);
	host_shut_down(h); /* Shutdown */
	host_free(h);
}
END_TEST

static const char *const unknown[] = {
	"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
	"/plugin.GRPCBroker/startstream",
	"/plugin.GRPCController/Shutdown/",
	"/plugin.GRPCController/shutdown",
	"/spire.service.common.config.v1.Config/Reconfigure",
	"/spire.service.private.init.v2.Init/Init",
	"/",
	"/x",
	"/a/b/c",
};

START_TEST(answers_unknown_methods_at_once)
{
	struct host *h = load(PLUGIN);
	size_t i;

	for (i = 0; i < COUNT_OF(unknown); i++) {
		ck_assert_msg(status_of(h, unknown[i], "", 0) ==
				  GRPC_STATUS_UNIMPLEMENTED,
		    "%s", unknown[i]);
		ck_assert_msg(status_of(h, unknown[i], NULL, 0) ==
				  GRPC_STATUS_UNIMPLEMENTED,
		    "%s without a message", unknown[i]);
	}
	ck_assert(status_of(h, attest_method(&plugins[1 - _i]), "", 0) ==
		  GRPC_STATUS_UNIMPLEMENTED);
	ck_assert(status_of(h, print("/%s", run_of('m', 4000)), "", 0) ==
		  GRPC_STATUS_UNIMPLEMENTED);
	host_unload(h);
}
END_TEST

/* An unknown stream that neither sends nor ends must not hang either. */
START_TEST(answers_an_unknown_open_stream_at_once)
{
	struct host *h = load(PLUGIN);
	struct call *open[64];
	size_t i;

	for (i = 0; i < COUNT_OF(open); i++)
		open[i] = call_start(h->client, h->channel, unknown[0], NULL);
	for (i = 0; i < COUNT_OF(open); i++) {
		ck_assert_int_eq(
		    (int)call_wait(open[i], 5000), GRPC_STATUS_UNIMPLEMENTED);
		call_free(open[i]);
	}
	host_unload(h);
}
END_TEST

START_TEST(is_healthy)
{
	struct host *h = load(PLUGIN);
	int status;

	ck_assert_int_eq(
	    (int)host_health(h, "plugin", &status).code, GRPC_STATUS_OK);
	ck_assert_int_eq(status, 1);
	ck_assert_int_eq((int)host_health(h, "", &status).code, GRPC_STATUS_OK);
	ck_assert_int_eq(status, 1);
	ck_assert_int_eq(
	    (int)host_health(h, "other", &status).code, GRPC_STATUS_NOT_FOUND);
	ck_assert_int_eq((int)host_health(h, run_of('s', 100000), &status).code,
	    GRPC_STATUS_NOT_FOUND);
	host_unload(h);
}
END_TEST

START_TEST(lets_its_health_be_watched)
{
	struct host *h = load(PLUGIN);
	struct call *c = call_start(h->client, h->channel, METHOD_WATCH, NULL);
	Goplugin__HealthCheckResponse *response;
	const void *bytes;
	size_t n;

	call_send(c, "\x0a\x06plugin", 8);
	call_half_close(c);
	ck_assert(call_next(c, &bytes, &n, 5000));
	response = goplugin__health_check_response__unpack(NULL, n, bytes);
	ck_assert_ptr_nonnull(response);
	ck_assert_int_eq((int)response->status, 1);
	goplugin__health_check_response__free_unpacked(response, NULL);
	host_is_alive(h);
	ck_assert(!call_has_ended(c));
	call_free(c);
	host_unload(h);
}
END_TEST

static void
announce(struct call *c, uint32_t id, const char *network, const char *address)
{
	Goplugin__ConnInfo info;
	unsigned char bytes[1024];
	char net[64], addr[512];

	snprintf(net, sizeof(net), "%s", network);
	snprintf(addr, sizeof(addr), "%s", address);
	goplugin__conn_info__init(&info);
	info.service_id = id;
	info.network = net;
	info.address = addr;
	call_send(c, bytes, goplugin__conn_info__pack(&info, bytes));
}

START_TEST(keeps_the_broker_stream_open_whatever_comes)
{
	struct host *h = load(PLUGIN);
	struct call *c = h->start_stream;

	announce(c, 2, "unix", "/nonexistent");
	announce(c, 0, "", "");
	announce(c, 1, "tcp", "127.0.0.1:1");
	announce(c, 1, "unix", "");
	announce(c, 1, "unix", run_of('/', 500));
	call_send(c, "\x22\x02\x08\x01", 4); /* a knock */
	call_send(c, "\xff\xff\xff", 3);
	call_send(c, run_of('\xff', 100000), 100000);
	call_send(c, "", 0);
	host_is_alive(h);
	ck_assert(!call_has_ended(c));
	attests(h, PLUGIN);
	host_unload(h);
}
END_TEST

START_TEST(needs_no_broker_stream)
{
	const struct process_options o = plugin_options(PLUGIN);
	struct host *h = host_launch(&o);

	h->channel = client_dial(h->address);
	host_init(h, PLUGIN->is_server);
	must_configure(h, PLUGIN->config);
	attests(h, PLUGIN);
	host_unload(h);
}
END_TEST

/* After a loss SPIRE dials again but does not open the streams anew. */
START_TEST(serves_one_connection_after_another)
{
	struct host *h = load(PLUGIN);
	int i;

	for (i = 0; i < 20; i++) {
		host_disconnect(h);
		if (i % 2 == 0)
			host_connect(h);
		else
			h->channel = client_dial(h->address);
		attests(h, PLUGIN);
		host_is_alive(h);
	}
	host_unload(h);
}
END_TEST

START_TEST(lives_on_without_any_connection)
{
	struct host *h = load(PLUGIN);
	int status, i;

	host_disconnect(h);
	/* longer than any check of its parent or of its streams */
	for (i = 0; i < 4; i++)
		ck_assert(!process_exited(h->process, &status, 500));
	host_connect(h);
	attests(h, PLUGIN);
	host_unload(h);
}
END_TEST

START_TEST(serves_many_connections_at_once)
{
	struct host *h = load(PLUGIN);
	grpc_channel *first = h->channel, *more[20];
	size_t i, round;

	for (i = 0; i < COUNT_OF(more); i++)
		more[i] = client_dial(h->address);
	for (round = 0; round < 2; round++)
		for (i = 0; i < COUNT_OF(more); i++) {
			h->channel = more[i];
			attests(h, PLUGIN);
		}
	for (i = 0; i < COUNT_OF(more); i++)
		grpc_channel_destroy(more[i]);
	h->channel = first;
	host_is_alive(h);
	host_unload(h);
}
END_TEST

/* INVALID_ARGUMENT or INTERNAL, and nothing else changes. */
static void
is_refused(struct host *h, const char *method, const void *bytes, size_t n)
{
	const grpc_status_code code = status_of(h, method, bytes, n);

	ck_assert_msg(code == GRPC_STATUS_INVALID_ARGUMENT ||
			  code == GRPC_STATUS_INTERNAL ||
			  code == GRPC_STATUS_UNIMPLEMENTED,
	    "%s: %d", method, (int)code);
	host_is_alive(h);
}

START_TEST(refuses_messages_that_are_none)
{
	struct host *h = load(PLUGIN);

	is_refused(h, METHOD_CONFIGURE, "\xff\xff\xff\xff", 4);
	is_refused(h, METHOD_CONFIGURE, "\x0a\x7fshort", 7);
	is_refused(h, METHOD_CONFIGURE, NULL, 0);
	is_refused(h, METHOD_CONFIGURE, run_of('\x0a', 50000), 50000);
	/* Validate says so in notes; what Init asks is of no use to us */
	status_of(h, METHOD_VALIDATE, "\xff\xff\xff\xff", 4);
	status_of(h, METHOD_VALIDATE, NULL, 0);
	status_of(h, METHOD_INIT, "\xff\xff\xff\xff", 4);
	status_of(h, METHOD_INIT, NULL, 0);
	attests(h, PLUGIN);
	host_unload(h);
}
END_TEST

/* More than gRPC's default of 8 KiB, which would end the connection. */
static const size_t header_sizes[] = { 7000, 9000, 20000, 60000 };

START_TEST(accepts_long_headers)
{
	struct host *h = load(PLUGIN);
	size_t i;

	for (i = 0; i < COUNT_OF(header_sizes); i++) {
		const struct header long_one = { "x-untrusted-forwarded-host",
			run_of('h', header_sizes[i]) };
		static struct attested out;
		static struct aided aided;
		struct call *c;
		const struct call_options o = { .headers = &long_one,
			.header_count = 1 };

		c = call_start(
		    h->client, h->channel, attest_method(PLUGIN), &o);
		if (PLUGIN->is_server) {
			attest_payload(
			    c, good_payload(), strlen(good_payload()));
			attest_outcome(c, &out, CALL_MS);
			ck_assert_msg(out.answer.code == GRPC_STATUS_OK,
			    "%zu: %s", header_sizes[i], out.answer.text);
		} else {
			aid_outcome(c, &aided, CALL_MS);
			ck_assert_msg(aided.answer.code == GRPC_STATUS_INTERNAL,
			    "%zu: %s", header_sizes[i], aided.answer.text);
		}
		call_free(c);
	}
	ck_assert(!call_has_ended(h->start_stream));
	host_unload(h);
}
END_TEST

/* A second connection pays for it; SPIRE's own does not. */
START_TEST(too_long_headers_hurt_nobody_else)
{
	struct host *h = load(PLUGIN);
	int i, fd;

	for (i = 0; i < 5; i++) {
		fd = raw_connect(h->address);
		ck_assert_int_ge(fd, 0);
		(void)(raw_preface(fd) && raw_open(fd, 1, attest_method(PLUGIN),
					      "x-forwarded", 300000));
		host_is_alive(h);
		close(fd);
	}
	ck_assert(!call_has_ended(h->start_stream));
	attests(h, PLUGIN);
	host_unload(h);
}
END_TEST

START_TEST(refuses_a_message_over_4_MiB)
{
	enum { HUGE = 5 * 1024 * 1024 };
	struct host *h = load(PLUGIN);
	char *bytes = need_alloc(HUGE);
	const char *methods[] = { METHOD_INIT, METHOD_CONFIGURE,
		METHOD_VALIDATE, attest_method(PLUGIN) };
	size_t i;

	memset(bytes, 'x', HUGE);
	for (i = 0; i < COUNT_OF(methods); i++) {
		struct call *c =
		    call_start(h->client, h->channel, methods[i], NULL);
		grpc_status_code code;

		call_send(c, bytes, HUGE);
		code = call_wait(c, CALL_MS);
		/* an agent's stream may have ended before the message came */
		ck_assert_msg(code == GRPC_STATUS_RESOURCE_EXHAUSTED ||
				  (!PLUGIN->is_server && i == 3 &&
				      code == GRPC_STATUS_INTERNAL),
		    "%s: %d %s", methods[i], (int)code, call_text(c));
		call_free(c);
		host_is_alive(h);
	}
	free(bytes);
	attests(h, PLUGIN);
	host_unload(h);
}
END_TEST

START_TEST(init_may_be_repeated)
{
	struct host *h = load(PLUGIN);
	int i;

	for (i = 0; i < 10; i++)
		host_init(h, PLUGIN->is_server);
	attests(h, PLUGIN);
	host_unload(h);
}
END_TEST

START_TEST(forgets_calls_whose_deadline_passed)
{
	const struct call_options soon = { .deadline_ms = 20 };
	struct host *h = load(PLUGIN);
	struct call *c;
	int i;

	for (i = 0; i < 50; i++) {
		c = call_start(
		    h->client, h->channel, METHOD_START_STREAM, &soon);
		ck_assert_int_eq(
		    (int)call_wait(c, 5000), GRPC_STATUS_DEADLINE_EXCEEDED);
		call_free(c);
	}
	host_is_alive(h);
	host_unload(h);
}
END_TEST

/* Bytes that are no HTTP/2 at all, or stop being it. */
static void
garbage(int fd, const struct plugin *p)
{
	(void)p;
	raw_send(fd, "\0\1\2\3garbage garbage garbage garbage", 35);
}

static void
http1(int fd, const struct plugin *p)
{
	(void)p;
	raw_send(fd, "POST / HTTP/1.1\r\nHost: x\r\n\r\n", 28);
}

static void
half_a_preface(int fd, const struct plugin *p)
{
	(void)p;
	raw_send(fd, "PRI * HTTP/2.0\r\n", 16);
}

static void
only_a_preface(int fd, const struct plugin *p)
{
	(void)p;
	raw_preface(fd);
}

static void
huge_frame(int fd, const struct plugin *p)
{
	(void)p;
	raw_preface(fd);
	raw_send(fd, "\xff\xff\xff\x00\x00\x00\x00\x00\x01xxxx", 13);
}

static void
half_a_frame(int fd, const struct plugin *p)
{
	(void)p;
	raw_preface(fd);
	raw_send(fd, "\x00\x40\x00\x01\x04\x00\x00\x00\x01xxxx", 13);
}

static void
data_on_no_stream(int fd, const struct plugin *p)
{
	(void)p;
	raw_preface(fd);
	raw_frame(fd, 0, 1, 7, "xxxx", 4);
}

static void
bad_hpack(int fd, const struct plugin *p)
{
	(void)p;
	raw_preface(fd);
	raw_frame(fd, 1, 5, 1, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
}

static void
even_stream(int fd, const struct plugin *p)
{
	raw_preface(fd);
	raw_open(fd, 2, p->is_server ? METHOD_ATTEST : METHOD_AID, NULL, 0);
}

static void
bad_grpc_frame(int fd, const struct plugin *p)
{
	raw_preface(fd);
	raw_open(fd, 1, p->is_server ? METHOD_ATTEST : METHOD_AID, NULL, 0);
	raw_frame(fd, 0, 0, 1, "\x07\xff\xff\xff\xff", 5);
}

/* CVE-2023-44487: streams opened and reset at once. */
static void
rapid_resets(int fd, const struct plugin *p)
{
	unsigned i;

	raw_preface(fd);
	for (i = 1; i < 2000; i += 2)
		if (!raw_open(fd, i, p->is_server ? METHOD_ATTEST : METHOD_AID,
			NULL, 0) ||
		    !raw_frame(fd, 3, 0, i, "\0\0\0\x08", 4))
			return;
}

static void
many_settings(int fd, const struct plugin *p)
{
	int i;

	(void)p;
	raw_preface(fd);
	for (i = 0; i < 1000; i++)
		if (!raw_frame(fd, 4, 0, 0, "\0\3\0\0\0\1", 6))
			return;
}

static void
many_pings(int fd, const struct plugin *p)
{
	int i;

	(void)p;
	raw_preface(fd);
	for (i = 0; i < 1000; i++)
		if (!raw_frame(fd, 6, 0, 0, "pingpong", 8))
			return;
}

/* CVE-2024-24549 and its kin: headers that never end. */
static void
endless_continuation(int fd, const struct plugin *p)
{
	const char *part = run_of('\0', 8000);
	int i;

	(void)p;
	raw_preface(fd);
	raw_frame(fd, 1, 0, 1, "\x00\x01x\x01y", 5);
	for (i = 0; i < 200; i++)
		if (!raw_frame(fd, 9, 0, 1, part, 8000))
			return;
}

static void
window_overflow(int fd, const struct plugin *p)
{
	(void)p;
	raw_preface(fd);
	raw_frame(fd, 8, 0, 0, "\x7f\xff\xff\xff", 4);
	raw_frame(fd, 8, 0, 0, "\x7f\xff\xff\xff", 4);
}

static void (*const abuses[])(int fd, const struct plugin *p) = { garbage,
	http1, half_a_preface, only_a_preface, huge_frame, half_a_frame,
	data_on_no_stream, bad_hpack, even_stream, bad_grpc_frame, rapid_resets,
	many_settings, many_pings, endless_continuation, window_overflow };

START_TEST(survives_abuse_of_the_protocol)
{
	const struct plugin *p = &plugins[(size_t)_i / COUNT_OF(abuses)];
	struct host *h = load(p);
	int fds[10];
	size_t i;

	for (i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = raw_connect(h->address);
		ck_assert_int_ge(fds[i], 0);
		abuses[(size_t)_i % COUNT_OF(abuses)](fds[i], p);
		host_is_alive(h);
	}
	attests(h, p);
	for (i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	attests(h, p);
	ck_assert(!call_has_ended(h->start_stream));
	host_unload(h);
}
END_TEST

START_TEST(shuts_down_under_abuse)
{
	struct host *h = load(PLUGIN);
	int fds[100];
	size_t i;

	for (i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = raw_connect(h->address);
		ck_assert_int_ge(fds[i], 0);
		if (i % 2 == 0)
			half_a_preface(fds[i], PLUGIN);
		else
			half_a_frame(fds[i], PLUGIN);
	}
	host_unload(h);
	for (i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
}
END_TEST

/*
 * Out of descriptors: who is served goes on being served.  Newcomers are not
 * asked about: gRPC's core 1.51 never accepts again after EMFILE.
 */
START_TEST(lives_with_few_descriptors)
{
	struct process_options o = plugin_options(PLUGIN);
	struct host *h;
	int fds[100];
	size_t i;

	o.files = 64;
	h = host_load(&o, PLUGIN->is_server, PLUGIN->config);
	for (i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = raw_connect(h->address);
		if (fds[i] >= 0)
			raw_preface(fds[i]);
		host_is_alive(h);
	}
	attests(h, PLUGIN);
	for (i = 0; i < COUNT_OF(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	attests(h, PLUGIN);
	host_unload(h);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("protocol");
	TCase *tc = new_case(s, "calls", 60);
	const int both = COUNT_OF(plugins);

	tcase_add_loop_test(tc, answers_all_ten_methods, 0, both);
	tcase_add_loop_test(tc, answers_unknown_methods_at_once, 0, both);
	tcase_add_loop_test(
	    tc, answers_an_unknown_open_stream_at_once, 0, both);
	tcase_add_loop_test(tc, is_healthy, 0, both);
	tcase_add_loop_test(tc, lets_its_health_be_watched, 0, both);
	tcase_add_loop_test(
	    tc, keeps_the_broker_stream_open_whatever_comes, 0, both);
	tcase_add_loop_test(tc, needs_no_broker_stream, 0, both);
	tcase_add_loop_test(tc, refuses_messages_that_are_none, 0, both);
	tcase_add_loop_test(tc, accepts_long_headers, 0, both);
	tcase_add_loop_test(tc, refuses_a_message_over_4_MiB, 0, both);
	tcase_add_loop_test(tc, init_may_be_repeated, 0, both);
	tcase_add_loop_test(tc, forgets_calls_whose_deadline_passed, 0, both);

	tc = new_case(s, "connections", 60);
	tcase_add_loop_test(tc, serves_one_connection_after_another, 0, both);
	tcase_add_loop_test(tc, lives_on_without_any_connection, 0, both);
	tcase_add_loop_test(tc, serves_many_connections_at_once, 0, both);
	tcase_add_loop_test(tc, too_long_headers_hurt_nobody_else, 0, both);
	tcase_add_loop_test(tc, survives_abuse_of_the_protocol, 0,
	    both * (int)COUNT_OF(abuses));
	tcase_add_loop_test(tc, shuts_down_under_abuse, 0, both);
	tcase_add_loop_test(tc, lives_with_few_descriptors, 0, both);
	return run_tests(s);
}
