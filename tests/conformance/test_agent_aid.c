/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AidAttestation of the agent plugin before a metadata endpoint that works,
 * and before all kinds that do not.
 */
#include "config.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conformance/fixture.h"
#include "host/fail.h"
#include "host/httpd.h"

/* A sanitizer has to read its own memory at the end. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TRACED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TRACED true
#endif
#endif
#ifndef TRACED
#define TRACED false
#endif

#define FETCH "failed to fetch task metadata: "

static struct aided out;

/* A plugin that asks s under /v4/metadata, with more settings. */
static struct host *
load_with(const struct httpd *s, const char *more)
{
	return load_agent(print("metadata_endpoint = \"%s/v4/metadata\"\n%s\n",
	    httpd_url(s), more));
}

static void
aids(struct host *h)
{
	host_aid(h, &out);
	ck_assert_msg(out.answer.code == GRPC_STATUS_OK, "%d %s",
	    (int)out.answer.code, out.answer.text);
	ck_assert_msg(strstr(out.payload, TASK_ARN) != NULL, "%s", out.payload);
}

static void
fails(struct host *h, grpc_status_code code, const char *text)
{
	host_aid(h, &out);
	ck_assert_msg(out.answer.code == code && begins(out.answer.text, text),
	    "got %d \"%s\", want %d \"%s...\"", (int)out.answer.code,
	    out.answer.text, (int)code, text);
}

/* The whole of a test: one server, one attestation, one outcome. */
static void
aids_before(httpd_fn *handler, void *arg)
{
	struct httpd *s = httpd_start(0, handler, arg);
	struct host *h = load_with(s, "");

	aids(h);
	host_unload(h);
	httpd_stop(s);
}

static void
fails_before(httpd_fn *handler, void *arg, const char *more, const char *text)
{
	struct httpd *s = httpd_start(0, handler, arg);
	struct host *h = load_with(s, more);

	fails(h, GRPC_STATUS_INTERNAL, text);
	host_is_alive(h);
	host_unload(h);
	httpd_stop(s);
}

/* arg: the document; only where ECS serves it. */
static void
serve_task(struct httpd_request *r)
{
	const bool here = strcmp(r->path, "/v4/metadata/task") == 0;

	httpd_reply(r, here ? 200 : 404, here ? r->arg : "{}");
}

/* The pool is not for other threads: the document must be the test's own. */
static char *
document(const char *text)
{
	static char kept[1024 * 1024];

	snprintf(kept, sizeof(kept), "%s", text);
	return kept;
}

static char *
plain(void)
{
	return document(metadata(NULL, NULL));
}

static struct json_object *
member(struct json_object *doc, const char *name, enum json_type type)
{
	struct json_object *value = NULL;

	ck_assert_msg(
	    json_object_object_get_ex(doc, name, &value), "no %s", name);
	ck_assert_msg(
	    json_object_is_type(value, type), "%s has a wrong type", name);
	return value;
}

START_TEST(sends_its_payload_unasked)
{
	struct httpd *s = httpd_start(0, serve_task, plain());
	struct host *h = load_with(s, "");
	struct json_object *doc, *task;
	const char *nonce;

	aids(h);
	doc = json_tokener_parse(out.payload);
	ck_assert_ptr_nonnull(doc);
	ck_assert_int_eq(json_object_object_length(doc), 5);
	member(doc, "selectors", json_type_array);
	ck_assert_int_eq(
	    json_object_get_int(member(doc, "version", json_type_int)), 1);
	ck_assert_str_eq(
	    json_object_get_string(member(doc, "task_arn", json_type_string)),
	    TASK_ARN);
	nonce = json_object_get_string(
	    member(doc, "agent_nonce", json_type_string));
	ck_assert_msg(
	    strlen(nonce) == 43 &&
		strspn(nonce,
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		    "0123456789-_") == 43,
	    "%s", nonce);
	task = json_tokener_parse(json_object_get_string(
	    member(doc, "task_metadata", json_type_string)));
	ck_assert_ptr_nonnull(task);
	ck_assert_str_eq(
	    json_object_get_string(member(task, "TaskARN", json_type_string)),
	    TASK_ARN);
	json_object_put(task);
	json_object_put(doc);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

/* No label, address, volume or environment leaves the task. */
START_TEST(sends_no_more_than_it_says)
{
	static const char *const allowed[] = { "Cluster", "TaskARN", "Family",
		"Revision", "ServiceName", "AvailabilityZone", "LaunchType",
		"PlatformVersion", "DesiredStatus", "KnownStatus", "TaskTags",
		"TaskDefinitionArn", "Containers", "Name", "Image", "ImageID" };
	const char *text = metadata("Containers",
	    "[{\"Name\":\"a\",\"Image\":\"i\",\"ImageID\":\"sha256:0\","
	    "\"Labels\":{\"secret-label\":\"hidden\"},"
	    "\"Networks\":[{\"IPv4Addresses\":[\"10.9.8.7\"]}],"
	    "\"Type\":\"NORMAL\"}]",
	    "ClockDrift", "{\"ClockErrorBound\":0.5}", "VPCID", "\"vpc-123\"",
	    NULL);
	struct httpd *s = httpd_start(0, serve_task, document(text));
	struct host *h = load_with(s, "");
	struct json_object *doc, *task, *list;
	size_t i;

	aids(h);
	ck_assert(strstr(out.payload, "hidden") == NULL);
	ck_assert(strstr(out.payload, "10.9.8.7") == NULL);
	ck_assert(strstr(out.payload, "vpc-123") == NULL);
	doc = json_tokener_parse(out.payload);
	task = json_tokener_parse(json_object_get_string(
	    member(doc, "task_metadata", json_type_string)));
	list = member(task, "Containers", json_type_array);
	json_object_object_foreach(task, name, value)
	{
		(void)value;
		for (i = 0; i < COUNT_OF(allowed); i++)
			if (strcmp(name, allowed[i]) == 0)
				break;
		ck_assert_msg(i < COUNT_OF(allowed), "%s", name);
	}
	ck_assert_int_eq(
	    json_object_object_length(json_object_array_get_idx(list, 0)), 3);
	json_object_put(task);
	json_object_put(doc);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(sends_a_new_nonce_each_time)
{
	struct httpd *s = httpd_start(0, serve_task, plain());
	struct host *h = load_with(s, "");
	char first[sizeof(out.payload)];

	aids(h);
	snprintf(first, sizeof(first), "%s", out.payload);
	aids(h);
	ck_assert_str_ne(first, out.payload);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(takes_the_endpoint_of_the_environment)
{
	struct httpd *s = httpd_start(0, serve_task, plain());
	struct process_options o = plugin_options(&plugins[1]);
	const char *env[2] = {
		print("ECS_CONTAINER_METADATA_URI_V4=%s/v4/metadata",
		    httpd_url(s)),
		NULL
	};
	struct host *h;

	o.env = env;
	h = host_load(&o, false, "");
	aids(h);
	ck_assert(httpd_saw(s, "/v4/metadata/task"));
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(prefers_the_configured_endpoint)
{
	static const char *const env[] = {
		"ECS_CONTAINER_METADATA_URI_V4=http://127.0.0.1:1/v4/x", NULL
	};
	struct httpd *s = httpd_start(0, serve_task, plain());
	struct process_options o = plugin_options(&plugins[1]);
	struct host *h;

	o.env = env;
	h = host_load(&o, false,
	    print("metadata_endpoint = \"%s/v4/metadata///\"", httpd_url(s)));
	aids(h);
	ck_assert(httpd_saw(s, "/v4/metadata/task"));
	ck_assert_int_eq((int)httpd_requests(s), 1);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(needs_an_endpoint)
{
	struct host *h = load_agent("");

	fails(h, GRPC_STATUS_INTERNAL,
	    FETCH "no metadata endpoint configured and "
		  "ECS_CONTAINER_METADATA_URI_V4 not set");
	host_unload(h);
}
END_TEST

static const char *const bad_env[] = { "nonsense", "ftp://127.0.0.1/x",
	"http://", "http://user:pw@127.0.0.1:1/x", "file:///etc/passwd",
	"http://127.0.0.1:99999/x", "http://[::1", "http://a b/",
	"gopher://127.0.0.1:1/", "/var/run/docker.sock" };

START_TEST(refuses_an_endpoint_that_is_no_url)
{
	struct process_options o = plugin_options(&plugins[1]);
	const char *env[2] = {
		print("ECS_CONTAINER_METADATA_URI_V4=%s", bad_env[_i]), NULL
	};
	struct host *h;

	o.env = env;
	h = host_load(&o, false, "timeout = \"500ms\"");
	fails(h, GRPC_STATUS_INTERNAL, FETCH);
	ck_assert(strstr(out.answer.text, "pw") == NULL);
	host_is_alive(h);
	host_unload(h);
}
END_TEST

START_TEST(is_not_configured_at_first)
{
	const struct process_options o = plugin_options(&plugins[1]);
	struct host *h = host_open(&o);

	host_init(h, false);
	fails(h, GRPC_STATUS_FAILED_PRECONDITION, "plugin not configured");
	host_unload(h);
}
END_TEST

/* Where only the base URL answers, and holds a task. */
static void
serve_base(struct httpd_request *r)
{
	const bool here = strcmp(r->path, "/v4/metadata") == 0;

	httpd_reply(r, here ? 200 : 404, here ? r->arg : "not found");
}

START_TEST(asks_the_base_when_there_is_no_task)
{
	aids_before(serve_base, plain());
}
END_TEST

START_TEST(refuses_a_base_without_a_task)
{
	fails_before(serve_base,
	    document("{\"DockerId\":\"x\",\"Name\":\"app\"}"), "", FETCH);
}
END_TEST

static void
serve_status(struct httpd_request *r)
{
	const int *status = r->arg;

	httpd_reply(r, *status, "{}");
}

static const int bad_status[] = { 204, 301, 302, 307, 400, 401, 403, 404, 410,
	418, 429, 500, 502, 503 };

START_TEST(names_the_status)
{
	int status = bad_status[_i];

	fails_before(serve_status, &status, "timeout = \"400ms\"", FETCH "");
	ck_assert_msg(strstr(out.answer.text,
			  print("metadata endpoint returned status %d",
			      status)) != NULL ||
			  status == 204 || status == 429 || status >= 500,
	    "%s", out.answer.text);
}
END_TEST

static void
fail_twice(struct httpd_request *r)
{
	httpd_reply(r, r->number < 2 ? 500 + (int)r->number * 3 : 200,
	    r->number < 2 ? "wait" : r->arg);
}

START_TEST(tries_again_after_a_server_error)
{
	aids_before(fail_twice, plain());
}
END_TEST

static void
close_twice(struct httpd_request *r)
{
	if (r->number >= 2)
		httpd_reply(r, 200, r->arg);
}

START_TEST(tries_again_after_a_lost_connection)
{
	aids_before(close_twice, plain());
}
END_TEST

START_TEST(waits_for_an_endpoint_that_comes_up_later)
{
	const int port = httpd_unused_port();
	struct host *h = load_agent(print(
	    "metadata_endpoint = \"http://127.0.0.1:%d/v4/metadata\"", port));
	struct call *c = aid_start(h);
	const int64_t until = now_ms() + 200;
	struct httpd *s;

	call_read(c);
	while (now_ms() < until)
		client_pump(h->client, 20);
	ck_assert(!call_has_ended(c));
	s = httpd_start(port, serve_task, plain());
	aid_outcome(c, &out, CALL_MS);
	ck_assert_msg(out.answer.code == GRPC_STATUS_OK, "%s", out.answer.text);
	call_free(c);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(gives_up_on_an_endpoint_that_is_not_there)
{
	struct host *h = load_agent(print(
	    "metadata_endpoint = \"http://127.0.0.1:%d/v4\"\ntimeout = \"1s\"",
	    httpd_unused_port()));

	fails(h, GRPC_STATUS_INTERNAL, FETCH);
	host_unload(h);
}
END_TEST

static void
hang(struct httpd_request *r)
{
	httpd_hang(r);
}

static void
hang_in_head(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.1 200 OK\r\nContent-");
	httpd_hang(r);
}

static void
hang_in_body(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{");
	httpd_hang(r);
}

static void
drip(struct httpd_request *r)
{
	const char *text = r->arg;

	httpd_print(
	    r, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(text));
	while (*text != '\0' && httpd_pause(r, 20))
		if (!httpd_write(r, text++, 1))
			break;
}

static void
drip_head(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.1 200 OK\r\n");
	while (httpd_pause(r, 20))
		if (!httpd_print(r, "X-Drip: drop\r\n"))
			break;
}

static httpd_fn *const slow[] = { hang, hang_in_head, hang_in_body, drip,
	drip_head };

START_TEST(is_bounded_by_its_timeout)
{
	struct httpd *s = httpd_start(0, slow[_i], plain());
	struct host *h = load_with(s, "timeout = \"400ms\"");
	const int64_t from = now_ms();

	fails(h, GRPC_STATUS_INTERNAL, FETCH);
	ck_assert_int_ge((int)(now_ms() - from), 350);
	ck_assert_int_le((int)(now_ms() - from), patience(4000));
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(stops_asking_when_cancelled)
{
	struct httpd *s = httpd_start(0, hang, NULL);
	struct host *h = load_with(s, "");
	struct call *c;
	int i;

	for (i = 0; i < 40; i++) {
		c = aid_start(h);
		call_read(c);
		if (i % 2 == 0)
			client_pump(h->client, 5);
		call_cancel(c);
		call_free(c);
	}
	host_is_alive(h);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(unloads_in_the_middle_of_a_fetch)
{
	struct httpd *s = httpd_start(0, hang, NULL);
	struct host *h = load_with(s, "");
	struct call *calls[40];
	size_t i;

	for (i = 0; i < COUNT_OF(calls); i++) {
		calls[i] = aid_start(h);
		call_read(calls[i]);
	}
	host_is_alive(h);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

static void
chunked(struct httpd_request *r)
{
	httpd_reply_chunked(r, 200, r->arg, 100);
}

static void
tiny_chunks(struct httpd_request *r)
{
	httpd_reply_chunked(r, 200, r->arg, 1);
}

static void
until_close(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	httpd_write(r, r->arg, strlen(r->arg));
}

static void
http10(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.0 200 OK\r\n\r\n");
	httpd_write(r, r->arg, strlen(r->arg));
}

static void
continued(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.1 100 Continue\r\n\r\n");
	httpd_reply(r, 200, r->arg);
}

static void
says_keep_and_closes(struct httpd_request *r)
{
	httpd_reply(r, 200, r->arg);
	r->keep = false;
}

static httpd_fn *const good[] = { chunked, tiny_chunks, until_close, http10,
	continued, says_keep_and_closes };

START_TEST(reads_every_form_of_answer)
{
	struct httpd *s = httpd_start(0, good[_i], plain());
	struct host *h = load_with(s, "");
	int i;

	for (i = 0; i < 5; i++)
		aids(h);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

static void
big(struct httpd_request *r)
{
	char *body = need_alloc(1024 * 1024 + 64);

	memset(body, ' ', 1024 * 1024 + 1);
	memcpy(body, r->arg, strlen(r->arg));
	httpd_reply_bytes(r, 200, body, 1024 * 1024 + 1);
	free(body);
}

static void
endless(struct httpd_request *r)
{
	char part[8192];

	memset(part, ' ', sizeof(part));
	httpd_print(r, "HTTP/1.1 200 OK\r\n\r\n");
	while (httpd_write(r, part, sizeof(part)))
		;
}

static void
endless_chunks(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	while (httpd_print(r, "4\r\n    \r\n"))
		;
}

static void
lying_length(struct httpd_request *r)
{
	httpd_print(
	    r, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
	httpd_write(r, r->arg, strlen(r->arg));
	httpd_hang(r);
}

static void
bad_length(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}");
}

static void
short_body(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
	httpd_write(r, r->arg, strlen(r->arg));
}

static void
bad_chunk(struct httpd_request *r)
{
	httpd_print(
	    r, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}");
}

static void
long_head(struct httpd_request *r)
{
	int i;

	httpd_print(r, "HTTP/1.1 200 OK\r\n");
	for (i = 0; i < 100000; i++)
		if (!httpd_print(r, "X-Long-%d: 0123456789\r\n", i))
			return;
	httpd_reply(r, 200, r->arg);
}

static void
long_line(struct httpd_request *r)
{
	char part[8192];

	memset(part, 'x', sizeof(part));
	httpd_print(r, "HTTP/1.1 200 OK\r\nX-Long: ");
	while (httpd_write(r, part, sizeof(part)))
		;
}

static void
no_http(struct httpd_request *r)
{
	httpd_print(r, "220 mail.example.org ESMTP\r\n");
}

static void
not_a_byte(struct httpd_request *r)
{
	(void)r;
}

static void
gzipped(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
		       "Content-Length: 4\r\n\r\n\x1f\x8b\x08");
}

static httpd_fn *const bad[] = { big, endless, endless_chunks, lying_length,
	bad_length, short_body, bad_chunk, long_head, long_line, no_http,
	not_a_byte, gzipped };

START_TEST(refuses_every_broken_answer)
{
	struct httpd *s = httpd_start(0, bad[_i], plain());
	struct host *h = load_with(s, "timeout = \"400ms\"");
	size_t before = process_rss(h->process);
	int i;

	for (i = 0; i < 2; i++)
		fails(h, GRPC_STATUS_INTERNAL, FETCH);
	host_is_alive(h);
	ck_assert_msg(patience(1) > 1 ||
			  process_rss(h->process) < before + 16 * 1024 * 1024,
	    "%zu bytes, then %zu", before, process_rss(h->process));
	host_unload(h);
	httpd_stop(s);
}
END_TEST

static void
redirect(struct httpd_request *r)
{
	httpd_print(r,
	    "HTTP/1.1 302 Found\r\nLocation: %s/v4/metadata/task\r\n"
	    "Content-Length: 0\r\n\r\n",
	    httpd_url(r->arg));
}

START_TEST(follows_no_redirect)
{
	struct httpd *other = httpd_start(0, serve_task, plain());
	struct httpd *s = httpd_start(0, redirect, other);
	struct host *h = load_with(s, "");

	fails(h, GRPC_STATUS_INTERNAL,
	    FETCH "metadata endpoint returned status 302");
	ck_assert_int_eq((int)httpd_requests(other), 0);
	host_unload(h);
	httpd_stop(s);
	httpd_stop(other);
}
END_TEST

START_TEST(uses_no_proxy)
{
	struct httpd *proxy = httpd_start(0, serve_task, plain());
	struct httpd *s = httpd_start(0, serve_task, plain());
	struct process_options o = plugin_options(&plugins[1]);
	const char *env[] = { print("http_proxy=%s", httpd_url(proxy)),
		print("HTTP_PROXY=%s", httpd_url(proxy)),
		print("ALL_PROXY=%s", httpd_url(proxy)),
		print("all_proxy=%s", httpd_url(proxy)), "NO_PROXY", "no_proxy",
		NULL };
	struct host *h;

	o.env = env;
	h = host_load(&o, false,
	    print("metadata_endpoint = \"%s/v4/metadata\"", httpd_url(s)));
	aids(h);
	ck_assert_int_eq((int)httpd_requests(proxy), 0);
	host_unload(h);
	httpd_stop(s);
	httpd_stop(proxy);
}
END_TEST

/* No netrc, no credentials of any kind, no body. */
static void
check_head(struct httpd_request *r)
{
	const bool good_head =
	    begins(r->head, "GET /v4/metadata/task HTTP/1.1") &&
	    strstr(r->head, "\r\nHost: 127.0.0.1:") != NULL &&
	    strstr(r->head, "Authorization") == NULL &&
	    strstr(r->head, "Cookie") == NULL &&
	    strstr(r->head, "Content-Length") == NULL;

	httpd_reply(r, good_head ? 200 : 418, r->arg);
}

START_TEST(asks_plainly)
{
	aids_before(check_head, plain());
}
END_TEST

static const char *const bad_documents[] = {
	"",
	"{",
	"[]",
	"null",
	"\"text\"",
	"7",
	"not json",
	"<html></html>",
	"{}",
	"{\"TaskARN\":null}",
	"{\"TaskARN\":7}",
	"{\"TaskARN\":\"\"}",
	"{\"TaskARN\":\"arn:aws:ecs:us-east-1:123456789012:task/my-cluster\"}",
	"{\"TaskARN\":\"arn:aws:ecs:us-east-1:12345:task/c/" TASK_ID "\"}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"TaskARN\":\"" TASK_ARN "\"}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Cluster\":\"other\"}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Cluster\":"
	"\"arn:aws:ecs:us-east-1:210987654321:cluster/my-cluster\"}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Family\":\"\\ud800\"}",
	"{\"TaskARN\":\"" TASK_ARN "\"} trailing",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Containers\":7}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"TaskTags\":[]}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"x\":\"\xff\"}",
};

START_TEST(refuses_every_broken_document)
{
	fails_before(serve_task, document(bad_documents[_i]), "", FETCH);
}
END_TEST

START_TEST(refuses_a_deep_document)
{
	fails_before(serve_task,
	    document(print(
		"{\"TaskARN\":\"" TASK_ARN "\",\"x\":%s", run_of('[', 200000))),
	    "", FETCH);
}
END_TEST

START_TEST(reads_a_document_of_an_early_start)
{
	aids_before(serve_task,
	    document(metadata("KnownStatus", "\"CREATED\"", "ServiceName", NULL,
		"PullStoppedAt", NULL, "Containers",
		"[{\"Name\":\"api\",\"DockerName\":\"api\",\"Image\":\"x\","
		"\"DesiredStatus\":\"RUNNING\",\"Type\":\"NORMAL\","
		"\"DockerId\":\"\",\"ImageID\":\"\","
		"\"KnownStatus\":\"PULLED\"}]",
		NULL)));
}
END_TEST

START_TEST(reads_a_document_without_containers)
{
	aids_before(serve_task, document(metadata("Containers", NULL,
				    "TaskTags", NULL, "Family", "null", NULL)));
}
END_TEST

START_TEST(reads_a_document_that_names_its_cluster_shortly)
{
	aids_before(
	    serve_task, document(metadata("Cluster", "\"my-cluster\"", NULL)));
}
END_TEST

/* 50 tags of the largest size and many containers: still one payload. */
START_TEST(keeps_its_payload_in_bounds)
{
	static char text[900 * 1024];
	size_t n = 0;
	int i;

	n += (size_t)snprintf(text + n, sizeof(text) - n,
	    "{\"TaskARN\":\"" TASK_ARN "\",\"Family\":\"f\","
	    "\"TaskTags\":{");
	for (i = 0; i < 50; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s\"key%d%s\":\"%s\"", i > 0 ? "," : "", i,
		    run_of('k', 120), run_of('"' + 1, 256));
	n += (size_t)snprintf(text + n, sizeof(text) - n, "},\"Containers\":[");
	for (i = 0; i < 60; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s{\"Name\":\"c%d\",\"Image\":\"%s\",\"Labels\":"
		    "{\"l\":\"%s\"}}",
		    i > 0 ? "," : "", i, run_of('i', 2000), run_of('l', 5000));
	snprintf(text + n, sizeof(text) - n, "]}");
	aids_before(serve_task, text);
	ck_assert_int_le((int)out.n, 64 * 1024);
}
END_TEST

START_TEST(expects_its_cluster)
{
	struct httpd *s = httpd_start(0, serve_task, plain());
	struct host *h = load_with(s, "cluster = \"other-cluster\"");

	fails(h, GRPC_STATUS_FAILED_PRECONDITION, "");
	ck_assert_msg(strstr(out.answer.text, "my-cluster") != NULL &&
			  strstr(out.answer.text, "other-cluster") != NULL,
	    "%s", out.answer.text);
	host_unload(h);
	h = load_with(s, "cluster = \"my-cluster\"\nregion = \"us-east-1\"");
	aids(h);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(expects_its_region)
{
	struct httpd *s = httpd_start(0, serve_task, plain());
	struct host *h = load_with(s, "region = \"eu-west-1\"");

	fails(h, GRPC_STATUS_FAILED_PRECONDITION, "");
	ck_assert_msg(strstr(out.answer.text, "us-east-1") != NULL &&
			  strstr(out.answer.text, "eu-west-1") != NULL,
	    "%s", out.answer.text);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

static void
serve_slowly(struct httpd_request *r)
{
	httpd_pause(r, 30);
	httpd_reply(r, 200, r->arg);
}

START_TEST(aids_many_at_once)
{
	enum { MANY = 200 };
	struct httpd *s = httpd_start(0, serve_slowly, plain());
	struct host *h = load_with(s, "");
	struct call *calls[MANY];
	size_t i;

	for (i = 0; i < MANY; i++) {
		calls[i] = aid_start(h);
		call_read(calls[i]);
	}
	for (i = 0; i < MANY; i++) {
		aid_outcome(calls[i], &out, CALL_MS);
		ck_assert_msg(out.answer.code == GRPC_STATUS_OK, "%zu: %s", i,
		    out.answer.text);
		call_free(calls[i]);
	}
	host_unload(h);
	httpd_stop(s);
}
END_TEST

/* A challenge ends the stream, with words, and no payload is sent twice. */
static void
refuses_challenge(const void *challenge, size_t n)
{
	struct httpd *s = httpd_start(0, serve_task, plain());
	struct host *h = load_with(s, "");
	struct call *c = aid_start(h);

	aid_outcome(c, &out, CALL_MS);
	ck_assert_int_eq((int)out.answer.code, GRPC_STATUS_OK);
	aid_challenge(c, challenge, n);
	aid_outcome(c, &out, CALL_MS);
	ck_assert_msg(out.answer.code == GRPC_STATUS_FAILED_PRECONDITION &&
			  strstr(out.answer.text, "challenge") != NULL,
	    "%d %s", (int)out.answer.code, out.answer.text);
	call_free(c);
	aids(h);
	host_unload(h);
	httpd_stop(s);
}

START_TEST(refuses_a_challenge)
{
	static const char text[] = "{\"version\":1,\"nonce\":\"" NONCE "\"}";

	refuses_challenge(text, sizeof(text) - 1);
}
END_TEST

START_TEST(refuses_an_empty_challenge)
{
	refuses_challenge("", 0);
}
END_TEST

START_TEST(refuses_a_huge_challenge)
{
	refuses_challenge(run_of('c', 200000), 200000);
}
END_TEST

START_TEST(ends_when_the_host_half_closes)
{
	struct httpd *s = httpd_start(0, serve_task, plain());
	struct host *h = load_with(s, "");
	struct call *c = aid_start(h);

	aid_outcome(c, &out, CALL_MS);
	call_half_close(c);
	ck_assert_int_eq((int)call_wait(c, 5000), GRPC_STATUS_OK);
	call_free(c);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(waits_quietly_after_its_payload)
{
	struct httpd *s = httpd_start(0, serve_task, plain());
	struct host *h = load_with(s, "timeout = \"200ms\"");
	struct call *c = aid_start(h);
	int i;

	aid_outcome(c, &out, CALL_MS);
	call_read(c);
	/* well past its timeout: the server may take its time */
	for (i = 0; i < 10; i++) {
		client_pump(h->client, 100);
		host_is_alive(h);
	}
	ck_assert(!call_has_ended(c));
	call_free(c);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(a_fetch_keeps_the_configuration_it_began_with)
{
	struct httpd *s = httpd_start(0, serve_slowly, plain());
	struct host *h = load_with(s, "");
	struct call *c = aid_start(h);
	int i;

	call_read(c);
	for (i = 0; i < 500 && httpd_requests(s) == 0; i++)
		client_pump(h->client, 10);
	must_configure(h, "cluster = \"other\"\ntimeout = \"1s\"\n"
			  "metadata_endpoint = \"http://127.0.0.1:1/v4\"");
	aid_outcome(c, &out, CALL_MS);
	ck_assert_msg(out.answer.code == GRPC_STATUS_OK, "%s", out.answer.text);
	call_free(c);
	fails(h, GRPC_STATUS_INTERNAL, FETCH);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

static void
add_answers(Suite *s)
{
	TCase *tc = new_case(s, "answers", 40);

	ck_table(tc, names_the_status, bad_status);
	tcase_add_test(tc, tries_again_after_a_server_error);
	tcase_add_test(tc, tries_again_after_a_lost_connection);
	tcase_add_test(tc, waits_for_an_endpoint_that_comes_up_later);
	tcase_add_test(tc, gives_up_on_an_endpoint_that_is_not_there);
	ck_table(tc, is_bounded_by_its_timeout, slow);
	tcase_add_test(tc, stops_asking_when_cancelled);
	tcase_add_test(tc, unloads_in_the_middle_of_a_fetch);
	ck_table(tc, reads_every_form_of_answer, good);
	ck_table(tc, refuses_every_broken_answer, bad);
	tcase_add_test(tc, follows_no_redirect);
	tcase_add_test(tc, uses_no_proxy);
	tcase_add_test(tc, asks_plainly);
	tcase_add_test(tc, aids_many_at_once);
}

/* As whoever runs the tests or, of root, as nobody: root sees all. */
static const char *
program_of_its_own(const char *dir, const char *from)
{
	const char *to = print("%s/plugin", dir);
	const int in = open(from, O_RDONLY | O_CLOEXEC);
	const int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	struct stat st;

	ck_assert_int_eq(chmod(dir, 0755), 0);
	NEED(in >= 0 && fd >= 0 && fstat(in, &st) == 0, "%s: %m", from);
	while (lseek(in, 0, SEEK_CUR) < st.st_size)
		NEED(sendfile(fd, in, NULL, (size_t)st.st_size) > 0, "%m");
	NEED(fchmod(fd, 0755) == 0, "%m");
	close(in);
	close(fd);
	return to;
}

static bool
has_no_core(pid_t pid)
{
	FILE *f = fopen(print("/proc/%d/limits", (int)pid), "re");
	char line[256];
	bool none = false;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "Max core file size", 18) == 0)
			none = strspn(line + 18, " 0") >= 40;
	}
	ck_assert_int_eq(fclose(f), 0);
	return none;
}

/* The keys of the task's role pass through it. */
START_TEST(hides_its_memory)
{
	struct process_options o = plugin_options(&plugins[1]);
	char dir[] = "/tmp/program-XXXXXX";
	struct stat st;
	struct host *h;
	pid_t pid;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	o.program = program_of_its_own(dir, o.program);
	if (geteuid() == 0)
		o.as_user = "65534";
	h = host_load(&o, false, "");
	pid = process_pid(h->process);
	ck_assert(has_no_core(pid));
	ck_assert_int_eq(stat(print("/proc/%d/mem", (int)pid), &st), 0);
	ck_assert_msg(TRACED || st.st_uid == 0, "its memory is user %d's",
	    (int)st.st_uid);
	ck_assert_int_eq(unlink(o.program), 0);
	host_unload(h);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

static void
add_documents(Suite *s)
{
	TCase *tc = new_case(s, "documents", 40);

	ck_table(tc, refuses_every_broken_document, bad_documents);
	tcase_add_test(tc, refuses_a_deep_document);
	tcase_add_test(tc, reads_a_document_of_an_early_start);
	tcase_add_test(tc, reads_a_document_without_containers);
	tcase_add_test(tc, reads_a_document_that_names_its_cluster_shortly);
	tcase_add_test(tc, keeps_its_payload_in_bounds);
	tcase_add_test(tc, expects_its_cluster);
	tcase_add_test(tc, expects_its_region);
}

int
main(void)
{
	Suite *s = suite_create("agent_aid");
	TCase *tc = new_case(s, "stream", 40);

	tcase_add_test(tc, sends_its_payload_unasked);
	tcase_add_test(tc, sends_no_more_than_it_says);
	tcase_add_test(tc, sends_a_new_nonce_each_time);
	tcase_add_test(tc, takes_the_endpoint_of_the_environment);
	tcase_add_test(tc, prefers_the_configured_endpoint);
	tcase_add_test(tc, needs_an_endpoint);
	ck_table(tc, refuses_an_endpoint_that_is_no_url, bad_env);
	tcase_add_test(tc, is_not_configured_at_first);
	tcase_add_test(tc, asks_the_base_when_there_is_no_task);
	tcase_add_test(tc, refuses_a_base_without_a_task);
	tcase_add_test(tc, refuses_a_challenge);
	tcase_add_test(tc, refuses_an_empty_challenge);
	tcase_add_test(tc, refuses_a_huge_challenge);
	tcase_add_test(tc, ends_when_the_host_half_closes);
	tcase_add_test(tc, waits_quietly_after_its_payload);
	tcase_add_test(tc, a_fetch_keeps_the_configuration_it_began_with);
	tcase_add_test(tc, hides_its_memory);
	add_answers(s);
	add_documents(s);
	return run_tests(s);
}
