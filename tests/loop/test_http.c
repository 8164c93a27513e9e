/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/http.h"

#include <dirent.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/secret.h"
#include "httpd.h"
#include "testing.h"

enum { CALLS_MAX = 1000, BODY_MAX = 4096, PATIENCE_MS = 30 * 1000 };

/* One call and what became of it. */
struct ask {
	const char *path;
	int port; /* 0: the faulty server's */
	const char *host;
	bool is_tls, system_ca;
	const char *method, *ca_path;
	const struct http_header *headers;
	size_t header_count;
	struct str sent;
	size_t body_max;
	int64_t timeout_ms, connect_ms;
	unsigned retries, flags;

	struct http_call *call;
	unsigned answers;
	int r;
	long status;
	char body[BODY_MAX + 1];
	char headers_got[BODY_MAX];
	unsigned attempts;
	int64_t elapsed_ms;
	struct err err;
};

static struct loop *loop;
static struct http *http;
static struct httpd *server;

/* The tests of TLS have a server of their own, and what vouches for it. */
static struct httpd *secure;
static char ca_path[64], other_ca_path[64];
static struct loop_timer next_step, patience;
static struct ask asks[CALLS_MAX];
static unsigned asked, answered, parallel;
static void (*then)(void); /* when all is answered; NULL: the end */

static void
end_now(void)
{
	http_free(http);
	http = NULL;
	loop_timer_stop(loop, &patience);
	loop_quit(loop);
}

static void
on_step(struct loop_timer *timer)
{
	void (*fn)(void) = then;

	(void)timer;
	then = NULL;
	if (fn != NULL)
		fn();
	else
		end_now();
}

static void
on_impatience(struct loop_timer *timer)
{
	(void)timer;
	ck_abort_msg("%u of %u calls answered", answered, asked);
}

static void
on_answer(
    void *arg, int r, const struct http_answer *answer, const struct err *err)
{
	struct ask *a = arg;

	ck_assert(loop_is_here(loop));
	a->answers++;
	a->r = r;
	a->status = answer->status;
	ck_assert_uint_le(answer->body.n, BODY_MAX);
	if (answer->body.n > 0)
		memcpy(a->body, answer->body.p, answer->body.n);
	a->body[answer->body.n] = '\0';
	(void)snprintf(a->headers_got, sizeof(a->headers_got), "%.*s",
	    STR_FMT(answer->headers));
	a->attempts = answer->attempts;
	a->elapsed_ms = answer->elapsed_ms;
	a->err = *err;
	ck_assert_int_eq(err->code, r);
	if (++answered == asked && http != NULL)
		ck_assert_int_eq(
		    loop_timer_set(loop, &next_step, 0, on_step), ERR_OK);
}

static void
default_to_secure(struct ask *a)
{
	if (a->port == 0)
		a->port = httpd_port(secure);
	if (a->path == NULL)
		a->path = "/length";
	if (a->ca_path == NULL && !a->system_ca)
		a->ca_path = ca_path;
}

static struct ask *
ask_for(struct ask like)
{
	struct ask *a = &asks[asked++];
	struct err err = { 0 };
	char url[256];
	int n, r;

	*a = like;
	if (a->is_tls)
		default_to_secure(a);
	n = snprintf(url, sizeof(url), "%s://%s:%d%s",
	    a->is_tls ? "https" : "http",
	    a->host == NULL ? "127.0.0.1" : a->host,
	    a->port == 0 ? httpd_port(server) : a->port, a->path);
	ck_assert_int_lt(n, (int)sizeof(url));
	r = http_start(&a->call, http,
	    &(struct http_request){
		.url = url,
		.method = a->method,
		.headers = a->headers,
		.header_count = a->header_count,
		.body = a->sent,
		.ca_path = a->ca_path,
		.body_max = a->body_max == 0 ? BODY_MAX : a->body_max,
		.timeout_ms = a->timeout_ms == 0 ? 20000 : a->timeout_ms,
		.connect_ms = a->connect_ms,
		.retries = a->retries,
		.flags = a->flags,
	    },
	    on_answer, a, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(a->answers, 0);
	return a;
}

#define ASK(...) ask_for((struct ask){ __VA_ARGS__ })

static void
open_http(unsigned n)
{
	struct err err = { 0 };

	parallel = n;
	ck_assert_msg(http_new(&http, loop, n, &err) == ERR_OK, "%s", err.msg);
}

static const char *const distractions[] = { "http_proxy", "HTTP_PROXY",
	"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "SSL_CERT_FILE",
	"SSL_CERT_DIR", "CURL_CA_BUNDLE" };

static void
set_up(void)
{
	struct err err = { 0 };
	size_t i;

	/* These must be of no consequence, but for a test that asks for it. */
	for (i = 0; i < COUNT_OF(distractions); i++)
		(void)setenv(distractions[i], "http://127.0.0.1:1", 1);
	next_step = patience = (struct loop_timer){ 0 };
	asked = answered = 0;
	then = NULL;
	memset(asks, 0, sizeof(asks));
	ck_assert_msg(loop_new(&loop, &err) == ERR_OK, "%s", err.msg);
	server = httpd_start();
	open_http(HTTP_METADATA_PARALLEL);
}

static void
tear_down(void)
{
	httpd_stop(server);
	loop_free(loop);
}

static void
run(void)
{
	unsigned i;

	ck_assert_int_eq(
	    loop_timer_set(loop, &patience, PATIENCE_MS, on_impatience),
	    ERR_OK);
	loop_run(loop);
	for (i = 0; i < asked; i++)
		ck_assert_uint_eq(asks[i].answers, 1);
}

static void
expect_hello(const struct ask *a)
{
	ck_assert_msg(a->r == ERR_OK, "%s: %s", a->path, a->err.msg);
	ck_assert_int_eq(a->status, 200);
	ck_assert_str_eq(a->body, "hello");
}

/* The server's name, as sentences have it. */
static const char *
name(int port)
{
	static char text[32];

	(void)snprintf(text, sizeof(text), "127.0.0.1:%d",
	    port == 0 ? httpd_port(server) : port);
	return text;
}

static void
expect_sentence(const struct ask *a, const char *before, const char *after)
{
	char want[ERR_MSG_MAX];

	(void)snprintf(
	    want, sizeof(want), "%s%s%s", before, name(a->port), after);
	ck_assert_str_eq(a->err.msg, want);
}

static void
expect_prefix(const struct ask *a, const char *before)
{
	char want[ERR_MSG_MAX];

	(void)snprintf(want, sizeof(want), "%s%s: ", before, name(a->port));
	ck_assert_msg(
	    strncmp(a->err.msg, want, strlen(want)) == 0, "%s", a->err.msg);
}

static const struct {
	const char *path;
	long status;
	const char *body;
} answers[] = {
	{ "/length", 200, "hello" },
	{ "/chunks", 200, "hello" },
	{ "/chunks-junk", 200, "hello" },
	{ "/until-close", 200, "hello" },
	{ "/404", 404, "gone" },
	{ "/500", 500, "broken" },
	{ "/redirect", 302, "moved" },
	{ "/identity", 200, "hello" },
};

START_TEST(gives_status_and_body)
{
	struct ask *a = ASK(.path = answers[_i].path);

	run();
	ck_assert_msg(a->r == ERR_OK, "%s: %s", a->path, a->err.msg);
	ck_assert_int_eq(a->status, answers[_i].status);
	ck_assert_str_eq(a->body, answers[_i].body);
	ck_assert_uint_eq(a->attempts, 1);
	ck_assert_uint_eq(httpd_requests(server), 1);
}
END_TEST

START_TEST(asks_plainly)
{
	struct ask *a = ASK(.path = "/request");

	run();
	ck_assert_int_eq(a->r, ERR_OK);
	ck_assert_ptr_eq(strstr(a->body, "GET /request HTTP/1.1\r\n"), a->body);
	ck_assert_ptr_nonnull(
	    strstr(a->body, "User-Agent: spire-aws-fargate/"));
	ck_assert_ptr_null(strstr(a->body, "Cookie"));
	ck_assert_ptr_null(strstr(a->body, "Authorization"));
	ck_assert_ptr_null(strstr(a->body, "Encoding"));
	ck_assert_ptr_null(strstr(a->body, "Upgrade"));
}
END_TEST

static const struct {
	const char *path, *before, *after;
	int want;
} failures[] = {
	{ "/reset", "broken connection to ",
	    ": Recv failure: Connection reset by peer", ERR_UNAVAILABLE },
	{ "/empty", "no answer from ", ": the connection was closed",
	    ERR_UNAVAILABLE },
	{ "/short", "incomplete answer from ", ": the connection was closed",
	    ERR_UNAVAILABLE },
	{ "/garbage", "no HTTP answer from ", ": not HTTP/1", ERR_UPSTREAM },
	{ "/endless", "answer of ", " has more than 4096 bytes", ERR_TOOBIG },
	{ "/announce", "answer of ", " has more than 4096 bytes", ERR_TOOBIG },
	{ "/endless-headers", "answer of ",
	    " has more than 16384 bytes of headers", ERR_TOOBIG },
	{ "/gzip", "answer of ", " is encoded, which nobody asked for",
	    ERR_UPSTREAM },
	{ "/gzip-bomb", "answer of ", " is encoded, which nobody asked for",
	    ERR_UPSTREAM },
	{ "/gzip-transfer", "answer of ", " is encoded, which nobody asked for",
	    ERR_UPSTREAM },
};

START_TEST(explains_failures)
{
	struct ask *a = ASK(.path = failures[_i].path);

	run();
	ck_assert_int_eq(a->r, failures[_i].want);
	ck_assert_int_eq(a->status, 0);
	ck_assert_str_eq(a->body, "");
	expect_sentence(a, failures[_i].before, failures[_i].after);
}
END_TEST

/* libcurl's own limits and words, which differ by version. */
static const char *const nonsense[] = { "/huge-header", "/chunks-bad" };

START_TEST(survives_nonsense)
{
	struct ask *a = ASK(.path = nonsense[_i]);

	run();
	ck_assert_int_ne(a->r, ERR_OK);
	ck_assert_int_ne(a->r, ERR_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(a->err.msg, name(0)));
}
END_TEST

START_TEST(caps_the_body)
{
	struct ask *fits = ASK(.path = "/length", .body_max = 5);
	struct ask *chunks = ASK(.path = "/chunks", .body_max = 5);
	struct ask *announced = ASK(.path = "/length", .body_max = 4);
	struct ask *grown = ASK(.path = "/chunks", .body_max = 4);

	run();
	expect_hello(fits);
	expect_hello(chunks);
	ck_assert_int_eq(announced->r, ERR_TOOBIG);
	expect_sentence(announced, "answer of ", " has more than 4 bytes");
	ck_assert_int_eq(grown->r, ERR_TOOBIG);
	expect_sentence(grown, "answer of ", " has more than 4 bytes");
}
END_TEST

START_TEST(names_a_refused_connection)
{
	int port = port_refused();
	struct ask *once = ASK(.path = "/", .port = port);
	struct ask *often = ASK(.path = "/", .port = port, .retries = 2);

	run();
	ck_assert_int_eq(once->r, ERR_UNAVAILABLE);
	expect_sentence(once, "no connection to ", ": Connection refused");
	ck_assert_uint_eq(often->attempts, 3);
	expect_sentence(
	    often, "no connection to ", ": Connection refused (3 attempts)");
}
END_TEST

static const struct {
	const char *url, *says;
	int want;
} refused[] = {
	{ "", "\"\" is no http or https URL", ERR_FORMAT },
	{ "/v4/x", "\"/v4/x\" is no http or https URL", ERR_FORMAT },
	{ "ftp://127.0.0.1/", "\"ftp://127.0.0.1/\" is no http or https URL",
	    ERR_FORMAT },
	{ "file:///etc/passwd",
	    "\"file:///etc/passwd\" is no http or https URL", ERR_FORMAT },
	{ "http://", "\"http://\" is no http or https URL", ERR_FORMAT },
	{ "http://a\nb/", "\"http://a?b/\" is no http or https URL",
	    ERR_FORMAT },
	{ "http://user:secret@127.0.0.1/", "URL holds a user name",
	    ERR_FORMAT },
};

START_TEST(refuses_urls)
{
	struct http_call *call = NULL;
	struct err err = { 0 };
	int r;

	r = http_start(&call, http,
	    &(struct http_request){
		.url = refused[_i].url, .body_max = 1, .timeout_ms = 1000 },
	    on_answer, NULL, &err);
	ck_assert_int_eq(r, refused[_i].want);
	ck_assert_str_eq(err.msg, refused[_i].says);
	ck_assert_ptr_null(call);
	end_now();
	run();
	ck_assert_uint_eq(answered, 0);
}
END_TEST

/* The last good URL is known; no other one is. */
START_TEST(refuses_urls_between_good_ones)
{
	const struct ask *first = ASK(.path = "/length"), *second;
	struct http_call *call = NULL;
	struct err err = { 0 };
	int r;

	r = http_start(&call, http,
	    &(struct http_request){
		.url = refused[_i].url, .body_max = 1, .timeout_ms = 1000 },
	    on_answer, NULL, &err);
	ck_assert_int_eq(r, refused[_i].want);
	second = ASK(.path = "/length");
	run();
	ck_assert_int_eq((int)first->status, 200);
	ck_assert_int_eq((int)second->status, 200);
	ck_assert_str_eq(second->body, first->body);
}
END_TEST

static const struct {
	const char *path;
	unsigned retries, attempts;
	long status;
} retried[] = {
	{ "/500-once", 0, 1, 500 },
	{ "/500-once", 3, 2, 200 },
	{ "/429-once", 3, 2, 200 },
	{ "/500", 2, 3, 500 },
	{ "/404", 3, 1, 404 },
	{ "/redirect", 3, 1, 302 },
};

START_TEST(retries_what_may_pass)
{
	struct ask *a =
	    ASK(.path = retried[_i].path, .retries = retried[_i].retries);

	run();
	ck_assert_int_eq(a->r, ERR_OK);
	ck_assert_int_eq(a->status, retried[_i].status);
	ck_assert_uint_eq(a->attempts, retried[_i].attempts);
	ck_assert_uint_eq(httpd_requests(server), retried[_i].attempts);
}
END_TEST

/* Not HTTP, too big: the next answer would be no better. */
START_TEST(does_not_retry_what_will_stay)
{
	struct ask *garbage = ASK(.path = "/garbage", .retries = 5);
	struct ask *big = ASK(.path = "/announce", .retries = 5);

	run();
	ck_assert_uint_eq(garbage->attempts, 1);
	ck_assert_uint_eq(big->attempts, 1);
}
END_TEST

START_TEST(keeps_retries_within_the_deadline)
{
	struct ask *a = ASK(.path = "/500", .retries = 1000, .timeout_ms = 300);

	run();
	ck_assert_int_ge(a->attempts, 1);
	ck_assert_int_lt(a->attempts, 1000);
	ck_assert_int_lt(a->elapsed_ms, 5000);
	if (a->r != ERR_TIMEOUT)
		ck_assert_int_eq(a->status, 500);
}
END_TEST

static const char *const slow[] = { "/silent", "/drip" };

START_TEST(times_out)
{
	struct ask *a = ASK(.path = slow[_i], .timeout_ms = 150);

	run();
	ck_assert_int_eq(a->r, ERR_TIMEOUT);
	ck_assert_int_ge(a->elapsed_ms, 149);
	ck_assert_int_lt(a->elapsed_ms, 5000);
	expect_sentence(a, "no answer from ", " within 150 ms (1 attempt)");
}
END_TEST

START_TEST(counts_attempts_when_time_is_up)
{
	struct ask *a = ASK(.path = "/reset-twice-then-silent", .retries = 5,
	    .timeout_ms = 2500);

	run();
	ck_assert_int_eq(a->r, ERR_TIMEOUT);
	expect_sentence(a, "no answer from ", " within 2500 ms (3 attempts)");
}
END_TEST

START_TEST(times_out_while_connecting)
{
	int fds[2], port = port_hanging(fds);
	struct ask *a = ASK(.path = "/", .port = port, .timeout_ms = 150);

	run();
	ck_assert_int_eq(a->r, ERR_TIMEOUT);
	expect_sentence(a, "no answer from ", " within 150 ms (1 attempt)");
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(times_out_while_queued)
{
	struct ask *a;
	unsigned i;

	for (i = 0; i < parallel; i++)
		(void)ASK(.path = "/silent", .timeout_ms = 2000);
	a = ASK(.path = "/length", .timeout_ms = 150);
	run();
	ck_assert_int_eq(a->r, ERR_TIMEOUT);
	ck_assert_uint_eq(a->attempts, 0);
	ck_assert_int_lt(a->elapsed_ms, 1990);
	expect_sentence(a, "no answer from ",
	    " within 150 ms (not asked: 16 other requests at a time)");
}
END_TEST

static void
ask_again(void)
{
	(void)ASK(.path = "/chunks");
}

START_TEST(reuses_the_connection)
{
	struct ask *first = ASK(.path = "/length");

	then = ask_again;
	run();
	expect_hello(first);
	expect_hello(&asks[1]);
	ck_assert_uint_eq(httpd_requests(server), 2);
	ck_assert_uint_eq(httpd_accepted(server), 1);
}
END_TEST

/*
 * For wipes_what_was_asked: counts the wiped pieces that hold a whole request.
 * With its URL, since new memory may have been libcurl's, which knows no such.
 */
static const char mark[] = "SECRET-MARK";
static unsigned requests_wiped;

static unsigned
count_of(const char *what, const char *p, size_t n)
{
	size_t i, size = strlen(what);
	unsigned count = 0;

	for (i = 0; i + size <= n; i++)
		if (memcmp(p + i, what, size) == 0)
			count++;
	return count;
}

__attribute__((visibility("default"))) void
secret_wipe(void *p, size_t n)
{
	if (count_of("http://", p, n) == 1 && count_of(mark, p, n) == 2)
		requests_wiped++;
	memset(p, 0, n);
}

START_TEST(sends_what_it_is_given)
{
	static const struct http_header headers[] = {
		{ { "Content-Type", 12 },
		    { "application/x; charset=utf-8", 28 } },
		{ { "X-Amz-Date", 10 }, { "  20260102T030405Z ", 19 } },
		{ { "x-empty", 7 }, { "", 0 } },
		{ { "Host", 4 }, { "sts.test", 8 } },
		{ { "User-Agent", 10 }, { "me", 2 } },
		{ { "x-bytes", 7 }, { "a:b;\t\"\xc3\xa9", 8 } },
	};
	struct ask *post = ASK(.path = "/request", .method = "POST",
	    .headers = headers, .header_count = COUNT_OF(headers),
	    .sent = STR("a=1&b=\0\r\n\r\n\xff"));
	struct ask *put = ASK(.path = "/request", .method = "PUT");
	char port_line[64];

	run();
	ck_assert_int_eq(post->r, ERR_OK);
	ck_assert_str_eq(post->body,
	    "POST /request HTTP/1.1\r\n"
	    "Host: sts.test\r\n"
	    "Accept: */*\r\n"
	    "Content-Type: application/x; charset=utf-8\r\n"
	    "X-Amz-Date: 20260102T030405Z\r\n"
	    "x-empty:\r\n"
	    "User-Agent: me\r\n"
	    "x-bytes: a:b;\t\"\xc3\xa9\r\n"
	    "Content-Length: 12\r\n"
	    "\r\n"
	    "a=1&b=");
	ck_assert_mem_eq(post->body + strlen(post->body), "\0\r\n\r\n\xff", 6);
	(void)snprintf(
	    port_line, sizeof(port_line), "\r\nHost: %s\r\n", name(0));
	ck_assert_int_eq(put->r, ERR_OK);
	ck_assert_ptr_eq(
	    strstr(put->body, "PUT /request HTTP/1.1\r\n"), put->body);
	ck_assert_ptr_nonnull(strstr(put->body, port_line));
	ck_assert_ptr_nonnull(strstr(put->body, "\r\nContent-Length: 0\r\n"));
	ck_assert_ptr_null(strstr(put->body, "Content-Type"));
}
END_TEST

static char large[HTTP_REQUEST_BODY_MAX + 1];

START_TEST(sends_large_bodies_at_once)
{
	struct ask *a;

	memset(large, 'x', sizeof(large));
	a = ASK(.path = "/request", .method = "POST", .body_max = BODY_MAX,
	    .sent = { large, HTTP_REQUEST_BODY_MAX - 1 });
	run();
	/* It came whole, and is too big to come back. */
	ck_assert_int_eq(a->r, ERR_TOOBIG);
	ck_assert_ptr_null(strstr(a->err.msg, "Expect"));
}
END_TEST

/* An easy handle serves one after the other. */
static void
ask_plainly_after(void)
{
	(void)ASK(.path = "/request");
}

START_TEST(leaves_nothing_for_the_next_request)
{
	static const struct http_header headers[] = {
		{ { "Authorization", 13 }, { "me", 2 } },
	};

	http_free(http);
	open_http(1);
	(void)ASK(.path = "/request", .method = "PUT", .headers = headers,
	    .header_count = 1, .sent = STR("body"));
	then = ask_plainly_after;
	run();
	ck_assert_ptr_nonnull(strstr(asks[0].body, "Authorization: me\r\n"));
	ck_assert_ptr_eq(
	    strstr(asks[1].body, "GET /request HTTP/1.1\r\n"), asks[1].body);
	ck_assert_ptr_null(strstr(asks[1].body, "Authorization"));
	ck_assert_ptr_null(strstr(asks[1].body, "Content-Length"));
	ck_assert_uint_eq(httpd_accepted(server), 1);
}
END_TEST

#define H(name, value)                          \
	{                                       \
		STR_INIT(name), STR_INIT(value) \
	}
#define STR_INIT(lit)                  \
	{                              \
		(lit), sizeof(lit) - 1 \
	}

static const struct {
	struct http_header header;
	const char *says;
} injections[] = {
	{ H("", "x"), "header \"\" holds a byte that no header may have" },
	{ H("a b", "x"),
	    "header \"a b\" holds a byte that no header may have" },
	{ H("a:b", "x"),
	    "header \"a:b\" holds a byte that no header may have" },
	{ H("a\r\nEvil", "x"),
	    "header \"a??Evil\" holds a byte that no header may have" },
	{ H("a\0b", "x"),
	    "header \"a?b\" holds a byte that no header may have" },
	{ H("\xc3\xa9", "x"),
	    "header \"??\" holds a byte that no header may have" },
	{ H("a", "x\r\nEvil: 1"),
	    "header \"a\" holds a byte that no header may have" },
	{ H("a", "x\nEvil: 1"),
	    "header \"a\" holds a byte that no header may have" },
	{ H("a", "x\r"), "header \"a\" holds a byte that no header may have" },
	{ H("a", "x\0"), "header \"a\" holds a byte that no header may have" },
	{ H("a", "\x7f"), "header \"a\" holds a byte that no header may have" },
};

static void
refuse(const struct http_request *req, int want, const char *says)
{
	struct http_call *call = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(
	    http_start(&call, http, req, on_answer, NULL, &err), want);
	ck_assert_str_eq(err.msg, says);
	ck_assert_ptr_null(call);
}

START_TEST(refuses_headers)
{
	refuse(&(struct http_request){ .url = "http://127.0.0.1/",
		   .headers = &injections[_i].header,
		   .header_count = 1,
		   .timeout_ms = 1000 },
	    ERR_FORMAT, injections[_i].says);
	end_now();
	run();
}
END_TEST

START_TEST(refuses_too_much)
{
	struct http_header many[HTTP_HEADERS_MAX + 1];
	size_t i;

	for (i = 0; i < COUNT_OF(many); i++)
		many[i] = (struct http_header)H("a", "x");
	refuse(&(struct http_request){ .url = "http://127.0.0.1/",
		   .headers = many,
		   .header_count = COUNT_OF(many),
		   .timeout_ms = 1000 },
	    ERR_FORMAT, "request has 17 headers, more than 16");
	refuse(&(struct http_request){ .url = "http://127.0.0.1/",
		   .method = "POST",
		   .body = { large, sizeof(large) },
		   .timeout_ms = 1000 },
	    ERR_TOOBIG, "request has a body of 65537 bytes, more than 65536");
	end_now();
	run();
}
END_TEST

START_TEST(gives_the_last_headers)
{
	struct ask *a = ASK(.path = "/headers");
	struct http_answer got = { 0 };
	struct str value;

	run();
	expect_hello(a);
	got.headers = str_of(a->headers_got);
	ck_assert_ptr_null(strstr(a->headers_got, "interim"));
	ck_assert_ptr_null(strstr(a->headers_got, "HTTP/"));
	ck_assert_uint_eq(http_answer_header(&value, &got, "X-one"), 2);
	ck_str(value, "first");
	ck_assert_uint_eq(http_answer_header(&value, &got, "x-empty"), 1);
	ck_str(value, "");
	ck_assert_uint_eq(
	    http_answer_header(&value, &got, "content-length"), 1);
	ck_str(value, "5");
	ck_assert_uint_eq(http_answer_header(&value, &got, "X-On"), 0);
	ck_str(value, "");
	ck_assert_uint_eq(http_answer_header(&value, &got, "first"), 0);
}
END_TEST

START_TEST(wipes_what_was_asked)
{
	static const struct http_header headers[] = {
		{ { "Authorization", 13 }, { mark, sizeof(mark) - 1 } },
	};
	struct ask *a =
	    ASK(.path = "/length", .method = "POST", .headers = headers,
		.header_count = 1, .sent = { mark, sizeof(mark) - 1 });

	requests_wiped = 0;
	run();
	ck_assert_int_eq(a->r, ERR_OK);
	ck_assert_uint_eq(requests_wiped, 1);
}
END_TEST

START_TEST(keeps_to_the_time_for_a_connection)
{
	int fds[2], port = port_hanging(fds);
	struct ask *a = ASK(.path = "/", .port = port, .connect_ms = 100);

	run();
	ck_assert_int_eq(a->r, ERR_UNAVAILABLE);
	ck_assert_int_lt(a->elapsed_ms, 4500);
	expect_sentence(a, "no connection to ", ": Connection timed out");
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* 10,000 at once, as many bytes as an agent's proof has. */
enum { BURST = 10000, PROOF_BYTES = 2300 };
static unsigned burst_answers;

static void
on_burst(
    void *arg, int r, const struct http_answer *answer, const struct err *err)
{
	(void)arg;
	ck_assert_msg(r == ERR_OK, "%s", err->msg);
	ck_assert_int_eq(answer->status, 200);
	if (++burst_answers == BURST)
		ck_assert_int_eq(
		    loop_timer_set(loop, &next_step, 0, on_step), ERR_OK);
}

START_TEST(queues_a_burst)
{
	struct http_request req = {
		.method = "POST",
		.headers = (const struct http_header[]){ {
		    STR("X-Amz-Security-Token"),
		    { large, PROOF_BYTES },
		} },
		.header_count = 1,
		.body = STR("Action=GetCallerIdentity&Version=2011-06-15"),
		.body_max = 100,
		.timeout_ms = PATIENCE_MS,
	};
	struct http_call *call;
	struct err err = { 0 };
	char url[64];
	unsigned i;

	memset(large, 'x', sizeof(large));
	(void)snprintf(url, sizeof(url), "http://%s/length", name(0));
	req.url = url;
	burst_answers = 0;
	http_free(http);
	open_http(HTTP_AWS_PARALLEL);
	for (i = 0; i < BURST; i++)
		ck_assert_int_eq(
		    http_start(&call, http, &req, on_burst, NULL, &err),
		    ERR_OK);
	run();
	ck_assert_uint_eq(httpd_requests(server), BURST);
	ck_assert_uint_le(httpd_accepted(server), HTTP_AWS_PARALLEL);
}
END_TEST

static const char *const closed[] = { "/close-quietly", "/chunks-junk",
	"/reset", "/garbage", "/short", "/announce", "/endless" };

START_TEST(is_well_after_a_bad_connection)
{
	(void)ASK(.path = closed[_i]);
	then = ask_again;
	run();
	expect_hello(&asks[1]);
	/* libcurl may have read the junk away with the chunks. */
	if (strcmp(closed[_i], "/chunks-junk") != 0)
		ck_assert_uint_eq(httpd_accepted(server), 2);
}
END_TEST

START_TEST(holds_no_more_than_its_share)
{
	unsigned i;

	while (asked < CALLS_MAX)
		(void)ASK(.path = "/gate");
	ck_assert(httpd_wait_held(server, parallel));
	ck_assert_uint_eq(httpd_requests(server), parallel);
	httpd_open_gate(server);
	run();
	for (i = 0; i < asked; i++)
		expect_hello(&asks[i]);
	ck_assert_uint_eq(httpd_requests(server), CALLS_MAX);
	ck_assert_uint_eq(httpd_peak(server), parallel);
	ck_assert_uint_eq(httpd_accepted(server), parallel);
}
END_TEST

START_TEST(cancels_before_it_is_sent)
{
	struct ask *a = ASK(.path = "/silent");

	http_cancel(a->call);
	http_cancel(a->call);
	ck_assert_uint_eq(a->answers, 0);
	run();
	ck_assert_int_eq(a->r, ERR_CANCELLED);
	ck_assert_str_eq(a->err.msg, "the request was cancelled");
}
END_TEST

START_TEST(cancels_in_flight_and_in_the_queue)
{
	struct ask *held, *queued, *rest;
	unsigned i;

	for (i = 0; i + 1 < parallel; i++)
		(void)ASK(.path = "/gate");
	held = ASK(.path = "/gate");
	ck_assert(httpd_wait_held(server, parallel));
	queued = ASK(.path = "/length");
	rest = ASK(.path = "/length");
	/* The other way round, it could be sent in the place of the held one. */
	http_cancel(queued->call);
	http_cancel(held->call);
	httpd_open_gate(server);
	run();
	ck_assert_int_eq(held->r, ERR_CANCELLED);
	ck_assert_int_eq(queued->r, ERR_CANCELLED);
	ck_assert_uint_eq(queued->attempts, 0);
	expect_hello(rest);
}
END_TEST

/* Done on the HTTP thread, but not delivered yet: cancelled all the same. */
static void
cancel_the_other(
    void *arg, int r, const struct http_answer *answer, const struct err *err)
{
	unsigned i;

	for (i = 0; i < asked; i++)
		if (asks[i].answers == 0 && &asks[i] != arg)
			http_cancel(asks[i].call);
	on_answer(arg, r, answer, err);
}

START_TEST(cancels_what_is_done_but_not_delivered)
{
	char url[64];
	unsigned i;

	(void)snprintf(url, sizeof(url), "http://%s/length", name(0));
	for (i = 0; i < 20; i++) {
		struct ask *a = &asks[asked++];
		struct err err = { 0 };

		ck_assert_int_eq(
		    http_start(&a->call, http,
			&(struct http_request){
			    .url = url, .body_max = 100, .timeout_ms = 20000 },
			cancel_the_other, a, &err),
		    ERR_OK);
	}
	run();
	for (i = 0; i < asked; i++)
		if (asks[i].r != ERR_OK)
			ck_assert_int_eq(asks[i].r, ERR_CANCELLED);
	ck_assert_int_eq(asks[asked - 1].r, ERR_CANCELLED);
}
END_TEST

static void
expect_quick_free(void)
{
	int64_t start = clock_ms();
	unsigned i;

	end_now();
	ck_assert_int_lt(clock_ms() - start, 3000);
	ck_assert_uint_eq(answered, asked);
	for (i = 0; i < asked; i++)
		ck_assert_int_eq(asks[i].r, ERR_CANCELLED);
	run();
}

START_TEST(frees_with_calls_out)
{
	while (asked < 100)
		(void)ASK(.path = "/gate");
	ck_assert(httpd_wait_held(server, parallel));
	(void)ASK(.path = "/length");
	expect_quick_free();
}
END_TEST

START_TEST(frees_while_connecting)
{
	int fds[2], port = port_hanging(fds);

	(void)ASK(.path = "/", .port = port);
	expect_quick_free();
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(frees_before_anything_began)
{
	(void)ASK(.path = "/length");
	expect_quick_free();
}
END_TEST

/*
 * The resolver of this program: libcurl finds it before the C library's.  It
 * knows no name, and slow.test takes until the test is over.
 */
static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t names_changed = PTHREAD_COND_INITIALIZER;
static bool name_asked, names_open;

__attribute__((visibility("default"))) int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **res)
{
	(void)service;
	(void)hints;
	*res = NULL;
	if (strcmp(node, "slow.test") != 0)
		return EAI_NONAME;
	pthread_mutex_lock(&names_lock);
	name_asked = true;
	pthread_cond_broadcast(&names_changed);
	while (!names_open)
		pthread_cond_wait(&names_changed, &names_lock);
	pthread_mutex_unlock(&names_lock);
	return EAI_AGAIN;
}

static void
set_names(bool open)
{
	pthread_mutex_lock(&names_lock);
	names_open = open;
	name_asked = false;
	pthread_cond_broadcast(&names_changed);
	pthread_mutex_unlock(&names_lock);
}

static void
wait_for_name(void)
{
	pthread_mutex_lock(&names_lock);
	while (!name_asked)
		pthread_cond_wait(&names_changed, &names_lock);
	pthread_mutex_unlock(&names_lock);
}

START_TEST(says_that_a_name_does_not_resolve)
{
	struct ask *a = ASK(.host = "missing.test", .port = 80, .path = "/");

	run();
	ck_assert_int_eq(a->r, ERR_UNAVAILABLE);
	ck_assert_str_eq(a->err.msg,
	    "no connection to missing.test:80: the name does not resolve");
}
END_TEST

START_TEST(frees_while_a_name_is_resolved)
{
	set_names(false);
	(void)ASK(.host = "slow.test", .port = 80, .path = "/");
	wait_for_name();
	expect_quick_free();
	set_names(true);
}
END_TEST

START_TEST(serves_others_while_a_name_is_resolved)
{
	struct ask *late, *good;

	set_names(false);
	/* Time enough that the name is asked for before it is over. */
	late = ASK(.host = "slow.test", .port = 80, .path = "/",
	    .timeout_ms = 1500);
	wait_for_name();
	good = ASK(.path = "/length");
	run();
	set_names(true);
	ck_assert_int_eq(late->r, ERR_TIMEOUT);
	ck_assert_int_lt(late->elapsed_ms, 5000);
	expect_hello(good);
	ck_assert_int_lt(good->elapsed_ms, 5000);
}
END_TEST

static void
open_secure(struct httpd *httpd)
{
	httpd_stop(secure);
	secure = httpd;
}

static void
set_up_tls(void)
{
	struct httpd *other;
	int pid = (int)getpid();

	(void)snprintf(ca_path, sizeof(ca_path), "test-http-%d.pem", pid);
	(void)snprintf(
	    other_ca_path, sizeof(other_ca_path), "test-http-%d-2.pem", pid);
	set_up();
	other = httpd_start_tls(other_ca_path, CERT_GOOD);
	httpd_stop(other);
	open_secure(httpd_start_tls(ca_path, CERT_GOOD));
}

static void
tear_down_tls(void)
{
	open_secure(NULL);
	tear_down();
	(void)unlink(ca_path);
	(void)unlink(other_ca_path);
}

/* https, of the secure server and with its bundle if no other is named. */
#define ASK_TLS(...) ASK(.is_tls = true, __VA_ARGS__)

START_TEST(trusts_whom_the_bundle_vouches_for)
{
	struct ask *a = ASK_TLS(.retries = 1);

	run();
	expect_hello(a);
}
END_TEST

static const struct {
	enum cert cert;
	const char *says;
} untrusted[] = {
	{ CERT_EXPIRED, "its certificate has expired" },
	{ CERT_EARLY, "its certificate is not yet valid" },
	{ CERT_OTHER_NAME, "its certificate is for another name" },
	{ CERT_SELF_SIGNED, "its certificate is self-signed" },
};

START_TEST(trusts_nobody_else)
{
	char says[160];
	struct ask *a;

	open_secure(httpd_start_tls(ca_path, untrusted[_i].cert));
	a = ASK_TLS(.retries = 5);
	run();
	ck_assert_int_eq(a->r, ERR_UNAVAILABLE);
	ck_assert_uint_eq(a->attempts, 1);
	ck_assert_uint_eq(httpd_requests(secure), 0);
	(void)snprintf(says, sizeof(says), ": %s (CA bundle: %s)",
	    untrusted[_i].says, ca_path);
	expect_sentence(a, "no TLS connection to ", says);
}
END_TEST

START_TEST(does_not_trust_another_issuer)
{
	struct ask *other = ASK_TLS(.ca_path = other_ca_path);
	struct ask *system = ASK_TLS(.system_ca = true);
	char says[160];

	run();
	(void)snprintf(says, sizeof(says),
	    ": the issuer of its certificate is unknown (CA bundle: %s)",
	    other_ca_path);
	ck_assert_int_eq(other->r, ERR_UNAVAILABLE);
	expect_sentence(other, "no TLS connection to ", says);
	ck_assert_int_eq(system->r, ERR_UNAVAILABLE);
	expect_sentence(system, "no TLS connection to ",
	    ": the issuer of its certificate is unknown (CA bundle: the "
	    "system's)");
	ck_assert_uint_eq(httpd_requests(secure), 0);
}
END_TEST

START_TEST(names_a_bundle_that_is_none)
{
	struct ask *a = ASK_TLS(.ca_path = "/dev/null", .retries = 5);
	struct ask *missing = ASK_TLS(.ca_path = "/nonexistent.pem");

	run();
	ck_assert_int_eq(a->r, ERR_UNAVAILABLE);
	ck_assert_uint_eq(a->attempts, 1);
	expect_sentence(a, "no TLS connection to ",
	    ": the CA bundle cannot be used (CA bundle: /dev/null)");
	expect_sentence(missing, "no TLS connection to ",
	    ": the CA bundle cannot be used (CA bundle: /nonexistent.pem)");
}
END_TEST

START_TEST(speaks_no_old_tls)
{
	struct ask *a;

	open_secure(httpd_start_tls(ca_path, CERT_OLD_TLS));
	a = ASK_TLS(.retries = 5);
	run();
	ck_assert_int_eq(a->r, ERR_UNAVAILABLE);
	ck_assert_uint_eq(a->attempts, 1);
	expect_prefix(a, "no TLS connection to ");
	ck_assert_uint_eq(httpd_requests(secure), 0);
}
END_TEST

static void
ask_with_own_bundle(void)
{
	(void)ASK_TLS(.retries = 0);
}

static void
ask_with_system_bundle(void)
{
	(void)ASK_TLS(.system_ca = true);
	then = ask_with_own_bundle;
}

static void
ask_with_other_bundle(void)
{
	(void)ASK_TLS(.ca_path = other_ca_path);
	then = ask_with_system_bundle;
}

START_TEST(keeps_connections_to_their_bundle)
{
	http_free(http);
	open_http(1);
	(void)ASK_TLS(.retries = 0);
	then = ask_with_other_bundle;
	run();
	expect_hello(&asks[0]);
	ck_assert_int_eq(asks[1].r, ERR_UNAVAILABLE);
	ck_assert_int_eq(asks[2].r, ERR_UNAVAILABLE);
	expect_hello(&asks[3]);
	ck_assert_uint_eq(httpd_requests(secure), 2);
}
END_TEST

START_TEST(reuses_a_connection_of_the_same_bundle)
{
	(void)ASK_TLS(.retries = 0);
	then = ask_with_own_bundle;
	run();
	expect_hello(&asks[0]);
	expect_hello(&asks[1]);
	ck_assert_uint_eq(httpd_accepted(secure), 1);
}
END_TEST

/* The environment is read when the requests' thread begins. */
static void
set_proxies(int port, const char *variable, const char *no_proxy)
{
	char url[64];

	(void)unsetenv("HTTPS_PROXY");
	(void)unsetenv("https_proxy");
	(void)unsetenv("NO_PROXY");
	(void)unsetenv("no_proxy");
	(void)snprintf(url, sizeof(url), "http://me:word@127.0.0.1:%d", port);
	(void)setenv(variable, url, 1);
	if (no_proxy != NULL)
		(void)setenv("no_proxy", no_proxy, 1);
	http_free(http);
	open_http(HTTP_METADATA_PARALLEL);
}

static const char *const proxy_names[] = { "HTTPS_PROXY", "https_proxy" };

START_TEST(goes_through_a_proxy_when_told)
{
	static const struct http_header headers[] = {
		H("Authorization", "secret"),
	};
	struct ask *a;
	const char *head;

	open_secure(httpd_start_proxy(ca_path));
	set_proxies(httpd_port(secure), proxy_names[_i], "other.test");
	a = ASK_TLS(.host = "sts.test", .port = 443, .flags = HTTP_ENV_PROXY,
	    .headers = headers, .header_count = 1, .path = "/request");
	run();
	ck_assert_msg(a->r == ERR_OK, "%s", a->err.msg);
	ck_assert_ptr_nonnull(strstr(a->body, "\r\nAuthorization: secret\r\n"));
	ck_assert_ptr_null(strstr(a->body, "Proxy-"));
	ck_assert_ptr_null(strstr(a->headers_got, "X-Proxy"));
	head = httpd_connect_head(secure);
	ck_assert_ptr_eq(
	    strstr(head, "CONNECT sts.test:443 HTTP/1.1\r\n"), head);
	ck_assert_ptr_nonnull(strstr(head, "\r\nProxy-Authorization: Basic "));
	ck_assert_ptr_null(strstr(head, "secret"));
}
END_TEST

START_TEST(goes_through_no_proxy_untold)
{
	struct ask *untold, *excepted, *plain;

	open_secure(httpd_start_proxy(ca_path));
	set_proxies(httpd_port(secure), "https_proxy", "a.test,sts.test");
	untold = ASK_TLS(.host = "sts2.test", .port = 443);
	excepted =
	    ASK_TLS(.host = "sts.test", .port = 443, .flags = HTTP_ENV_PROXY);
	plain = ASK(.path = "/length", .flags = HTTP_ENV_PROXY);
	run();
	ck_assert_str_eq(untold->err.msg,
	    "no connection to sts2.test:443: the name does not resolve");
	ck_assert_str_eq(excepted->err.msg,
	    "no connection to sts.test:443: the name does not resolve "
	    "(HTTPS_PROXY is set)");
	expect_hello(plain);
	ck_assert_uint_eq(httpd_accepted(secure), 0);
}
END_TEST

START_TEST(says_that_a_proxy_is_set)
{
	struct ask *a;

	set_proxies(port_refused(), "HTTPS_PROXY", NULL);
	a = ASK_TLS(.flags = HTTP_ENV_PROXY, .host = "sts.test", .port = 443);
	run();
	ck_assert_int_eq(a->r, ERR_UNAVAILABLE);
	ck_assert_str_eq(a->err.msg,
	    "no connection to sts.test:443: Connection refused (HTTPS_PROXY is "
	    "set)");
}
END_TEST

/* ALL_PROXY is set by set_up(). */
START_TEST(knows_no_proxy_for_all)
{
	struct ask *a;

	(void)unsetenv("HTTPS_PROXY");
	(void)unsetenv("https_proxy");
	http_free(http);
	open_http(1);
	a = ASK_TLS(.flags = HTTP_ENV_PROXY);
	run();
	expect_hello(a);
}
END_TEST

/* SigBlk of the thread with this name; 0 if there is none. */
static unsigned long long
blocked_signals(const char *thread)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned long long blocked = 0;
	char path[512], line[128];
	struct dirent *e;

	ck_assert_ptr_nonnull(dir);
	for (e = readdir(dir); e != NULL; e = readdir(dir)) {
		bool found = false;
		FILE *f;

		(void)snprintf(
		    path, sizeof(path), "/proc/self/task/%s/status", e->d_name);
		f = e->d_name[0] == '.' ? NULL : fopen(path, "re");
		while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
			if (strncmp(line, "Name:\t", 6) == 0)
				found = strncmp(line + 6, thread,
					    strlen(thread)) == 0;
			if (found && strncmp(line, "SigBlk:\t", 8) == 0)
				blocked = strtoull(line + 8, NULL, 16);
		}
		if (f != NULL)
			(void)fclose(f);
	}
	(void)closedir(dir);
	return blocked;
}

START_TEST(takes_no_signals)
{
	unsigned long long blocked;

	(void)ASK(.path = "/gate");
	ck_assert(httpd_wait_held(server, 1));
	blocked = blocked_signals("http\n");
	ck_assert(blocked >> (SIGTERM - 1) & 1);
	ck_assert(blocked >> (SIGUSR1 - 1) & 1);
	httpd_open_gate(server);
	run();
}
END_TEST

static TCase *
tls_cases(void)
{
	TCase *tc = tcase_create("tls");

	tcase_add_checked_fixture(tc, set_up_tls, tear_down_tls);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, trusts_whom_the_bundle_vouches_for);
	ck_table(tc, trusts_nobody_else, untrusted);
	tcase_add_test(tc, does_not_trust_another_issuer);
	tcase_add_test(tc, names_a_bundle_that_is_none);
	tcase_add_test(tc, speaks_no_old_tls);
	tcase_add_test(tc, keeps_connections_to_their_bundle);
	tcase_add_test(tc, reuses_a_connection_of_the_same_bundle);
	ck_table(tc, goes_through_a_proxy_when_told, proxy_names);
	tcase_add_test(tc, goes_through_no_proxy_untold);
	tcase_add_test(tc, says_that_a_proxy_is_set);
	tcase_add_test(tc, knows_no_proxy_for_all);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("http");
	TCase *tc = tcase_create("http");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	ck_table(tc, gives_status_and_body, answers);
	tcase_add_test(tc, asks_plainly);
	ck_table(tc, explains_failures, failures);
	ck_table(tc, survives_nonsense, nonsense);
	tcase_add_test(tc, caps_the_body);
	tcase_add_test(tc, names_a_refused_connection);
	ck_table(tc, refuses_urls, refused);
	ck_table(tc, refuses_urls_between_good_ones, refused);
	ck_table(tc, retries_what_may_pass, retried);
	tcase_add_test(tc, does_not_retry_what_will_stay);
	tcase_add_test(tc, keeps_retries_within_the_deadline);
	ck_table(tc, times_out, slow);
	tcase_add_test(tc, counts_attempts_when_time_is_up);
	tcase_add_test(tc, times_out_while_connecting);
	tcase_add_test(tc, times_out_while_queued);
	tcase_add_test(tc, reuses_the_connection);
	ck_table(tc, is_well_after_a_bad_connection, closed);
	tcase_add_test(tc, holds_no_more_than_its_share);
	tcase_add_test(tc, cancels_before_it_is_sent);
	tcase_add_test(tc, cancels_in_flight_and_in_the_queue);
	tcase_add_test(tc, cancels_what_is_done_but_not_delivered);
	tcase_add_test(tc, frees_with_calls_out);
	tcase_add_test(tc, frees_while_connecting);
	tcase_add_test(tc, frees_before_anything_began);
	tcase_add_test(tc, says_that_a_name_does_not_resolve);
	/* c-ares asks without getaddrinfo(), so it cannot be held up there */
	if (curl_version_info(CURLVERSION_NOW)->ares == NULL) {
		tcase_add_test(tc, frees_while_a_name_is_resolved);
		tcase_add_test(tc, serves_others_while_a_name_is_resolved);
	}
	tcase_add_test(tc, takes_no_signals);
	tcase_add_test(tc, sends_what_it_is_given);
	tcase_add_test(tc, sends_large_bodies_at_once);
	tcase_add_test(tc, leaves_nothing_for_the_next_request);
	ck_table(tc, refuses_headers, injections);
	tcase_add_test(tc, refuses_too_much);
	tcase_add_test(tc, gives_the_last_headers);
	tcase_add_test(tc, wipes_what_was_asked);
	tcase_add_test(tc, keeps_to_the_time_for_a_connection);
	tcase_add_test(tc, queues_a_burst);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, tls_cases());
	return run_suite(suite);
}
