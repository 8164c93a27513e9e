/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_web.c - what strangers send to an HTTP port, and how many they are
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "stage.h"
#include "testing.h"

enum { IDLE = 1000, QUICK_MS = 5000 };

static struct child *demo;
static struct buf out;

static void
setup(void)
{
	const char *args[] = { "--listen", "127.0.0.1:0", NULL };

	stage_setup();
	buf_init(&out, 8 * 1024 * 1024);
	demo = stage_start("demo-app", stage_agent(DEMO_ID), args);
	stage_ready(demo, false);
	UNTIL(stage_get(demo->url, "/health", NULL) == 200);
}

static void
teardown(void)
{
	stage_teardown();
	buf_release(&out);
}

#define H " HTTP/1.1\r\nHost: a\r\n"

static const struct {
	const char *request;
	int status;
} requests[] = {
	{ "GET /health" H "\r\n", 200 },
	{ "GET /health?x=<y>" H "\r\n", 200 },
	{ "GET http://a/health" H "\r\n", 200 },
	{ "GET http://a" H "\r\n", 200 },
	{ "\r\nGET /health" H "\r\n", 200 },
	{ "GET /health HTTP/1.0\r\n\r\n", 200 },
	{ "POST /api-call" H "Content-Length: 4096\r\n\r\n", 502 },
	{ "GET /nothing" H "\r\n", 404 },
	{ "GET /health/" H "\r\n", 404 },
	{ "GET //health" H "\r\n", 404 },
	{ "GET /../health" H "\r\n", 404 },
	{ "GET /%68ealth" H "\r\n", 404 },
	{ "POST /" H "\r\n", 405 },
	{ "PUT /" H "\r\n", 405 },
	{ "DELETE /json" H "\r\n", 405 },
	{ "OPTIONS /" H "\r\n", 405 },
	{ "TRACE /" H "\r\n", 405 },
	{ "get /" H "\r\n", 405 },
	{ "FROBNICATE /" H "\r\n", 405 },
	{ "OPTIONS *" H "\r\n", 400 },
	{ "CONNECT a:1" H "\r\n", 400 },
	{ "GET" H "\r\n", 400 },
	{ "GET  /" H "\r\n", 400 },
	{ "GET / x" H "\r\n", 400 },
	{ "GET /\x01" H "\r\n", 400 },
	{ "GET /\xc3\xa4" H "\r\n", 400 },
	{ "GET /\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
	{ "GET / HTTP/1.x\r\nHost: a\r\n\r\n", 505 },
	{ "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505 },
	{ "GET / JUNK/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET /" H "no colon\r\n\r\n", 400 },
	{ "GET /" H ": no name\r\n\r\n", 400 },
	{ "GET /" H "a b: c\r\n\r\n", 400 },
	{ "GET /" H "a : c\r\n\r\n", 400 },
	{ "GET /" H "a: b\r\n folded\r\n\r\n", 400 },
	{ "GET /" H "a: b\x01\r\n\r\n", 400 },
	{ "GET /" H "a: b\rc\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\nHost: a\n\n", 400 },
	{ "GET /" H "Content-Length: 1x\r\n\r\n", 400 },
	{ "GET /" H "Content-Length: -1\r\n\r\n", 400 },
	{ "GET /" H "Content-Length: 18446744073709551616\r\n\r\n", 400 },
	{ "GET /" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400 },
	{ "GET /" H "Content-Length: 4097\r\n\r\n", 413 },
	{ "GET /" H "Content-Length: 18446744073709551615\r\n\r\n", 413 },
	{ "POST /api-call" H "Transfer-Encoding: chunked\r\n\r\n", 501 },
	{ "\x16\x03\x01\x02", 400 },
	{ "{\"json\":true}", 400 },
};

START_TEST(answers)
{
	int status = stage_ask(demo->url, requests[_i].request, &out);

	ck_assert_msg(status == requests[_i].status, "%s: %d: %s",
	    requests[_i].request, status, buf_text(&out));
	/* a refusal says why */
	if (status >= 400 && status != 502)
		ck_assert_ptr_nonnull(
		    strstr(buf_text(&out), "{\"error\":\""));
	if (status == 405)
		ck_assert_ptr_nonnull(strstr(buf_text(&out), "Allow: "));
	ck_assert_int_eq(stage_get(demo->url, "/health", NULL), 200);
}
END_TEST

START_TEST(refuses_a_nul)
{
	static const char request[] = "GET /" H "a: \0b\r\n\r\n";
	int fd = stage_connect(demo->url);

	stage_send(fd, request, sizeof(request) - 1);
	ck_assert_int_eq(stage_read_answer(fd, NULL), 400);
	ck_assert(stage_is_hung_up(fd));
	(void)close(fd);
}
END_TEST

START_TEST(holds_the_head_to_its_limit)
{
	struct buf b;
	int i;

	buf_init(&b, 64 * 1024);
	buf_add_text(&b, "GET /health" H "a: ");
	for (i = 0; i < 20000; i++)
		buf_add_char(&b, 'x');
	ck_assert_int_eq(stage_ask(demo->url, buf_text(&b), &out), 431);
	buf_clear(&b);
	buf_add_text(&b, "GET /health" H);
	for (i = 0; i < 64; i++)
		buf_add_text(&b, "a: b\r\n");
	buf_add_text(&b, "\r\n");
	ck_assert_int_eq(stage_ask(demo->url, buf_text(&b), &out), 431);
	ck_assert_int_eq(stage_get(demo->url, "/health", NULL), 200);
	buf_release(&b);
}
END_TEST

static void
send_text(int fd, const char *text)
{
	stage_send(fd, text, strlen(text));
}

START_TEST(answers_one_after_the_other)
{
	int fd = stage_connect(demo->url);
	const char *second;
	char c;

	send_text(fd, "HEAD /" H "\r\nGET /health" H
		      "Connection: close\r\n\r\n");
	while (read(fd, &c, 1) == 1)
		buf_add_char(&out, c);
	(void)close(fd);
	/* a head without a body, and right behind it the other answer */
	second = strstr(buf_text(&out), "\r\n\r\n");
	ck_assert_ptr_nonnull(second);
	ck_assert_int_eq(strncmp(second, "\r\n\r\nHTTP/1.1 200 ", 17), 0);
}
END_TEST

START_TEST(takes_no_body_for_a_request)
{
	int fd = stage_connect(demo->url);

	send_text(fd, "POST /no" H "Content-Length: 6\r\n\r\nGET / ");
	ck_assert_int_eq(stage_read_answer(fd, NULL), 404);
	send_text(fd, "GET /health" H "\r\n");
	ck_assert_int_eq(stage_read_answer(fd, NULL), 200);
	(void)close(fd);
}
END_TEST

START_TEST(answers_who_has_ended_its_side)
{
	static const char request[] = "GET /" H "\r\n";
	int fd = stage_connect(demo->url);

	stage_send(fd, request, strlen(request));
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	ck_assert_int_eq(stage_read_answer(fd, &out), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&out), "</html>"));
	(void)close(fd);
}
END_TEST

START_TEST(answers_byte_by_byte)
{
	static const char request[] = "GET /health" H "\r\n";
	int fd = stage_connect(demo->url);
	size_t i;

	for (i = 0; request[i] != '\0'; i++)
		stage_send(fd, request + i, 1);
	ck_assert_int_eq(stage_read_answer(fd, NULL), 200);
	(void)close(fd);
}
END_TEST

/* However it drips: no byte starts the time anew. */
START_TEST(gives_up_a_request_that_has_no_end)
{
	int64_t begin = clock_ms();
	int silent = stage_connect(demo->url);
	int fd = stage_connect(demo->url);
	struct timeval limit = { 1, 0 };
	char c;

	stage_send(fd, "GET /", 5);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	while (recv(fd, &c, 1, MSG_PEEK) < 0)
		stage_send(fd, "x", 1);
	ck_assert_int_eq(stage_read_answer(fd, NULL), 408);
	ck_assert_int_ge(clock_ms() - begin, 19 * 1000);
	ck_assert(stage_is_hung_up(silent));
	(void)close(fd);
	(void)close(silent);
}
END_TEST

START_TEST(serves_beside_a_thousand_idle_connections)
{
	static int fds[IDLE];
	struct rlimit limit = { 4096, 4096 };
	int64_t begin;
	int i;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (i = 0; i < IDLE; i++)
		fds[i] = stage_connect(demo->url);
	begin = clock_ms();
	ck_assert_int_eq(stage_get(demo->url, "/health", NULL), 200);
	ck_assert_int_eq(stage_get(demo->url, "/", NULL), 200);
	ck_assert_int_lt(clock_ms() - begin, QUICK_MS);
	for (i = 0; i < IDLE; i++)
		(void)close(fds[i]);
	ck_assert_int_eq(stage_get(demo->url, "/health", NULL), 200);
}
END_TEST

/* Few descriptors: accept fails, and nothing spins or ends. */
START_TEST(outlives_a_lack_of_descriptors)
{
	struct rlimit limit = { 64, 64 };
	int fds[80], i;

	ck_assert_int_eq(
	    prlimit(demo->pid, RLIMIT_NOFILE, &limit, NULL), 0);
	for (i = 0; i < 80; i++)
		fds[i] = stage_connect(demo->url);
	for (i = 0; i < 80; i++)
		(void)close(fds[i]);
	ck_assert_int_eq(stage_get(demo->url, "/health", NULL), 200);
}
END_TEST

START_TEST(forgets_readers_of_events_that_go)
{
	int fds[32], i;

	for (i = 0; i < 32; i++) {
		fds[i] = stage_connect(demo->url);
		send_text(fds[i], "GET /events" H "\r\n");
	}
	for (i = 0; i < 32; i++)
		ck_assert(!stage_is_hung_up(fds[i]));
	for (i = 0; i < 32; i++)
		(void)close(fds[i]);
	ck_assert_int_eq(stage_get(demo->url, "/health", NULL), 200);
}
END_TEST

START_TEST(ends_when_told_with_all_that_is_open)
{
	int idle = stage_connect(demo->url);
	int events = stage_connect(demo->url);

	send_text(events, "GET /events" H "\r\n");
	ck_assert(!stage_is_hung_up(events));
	stage_signal(demo, SIGTERM);
	ck_assert_int_eq(stage_end(demo, NULL, NULL), 0);
	(void)close(idle);
	(void)close(events);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("programs/web");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	ck_table(tc, answers, requests);
	tcase_add_test(tc, refuses_a_nul);
	tcase_add_test(tc, holds_the_head_to_its_limit);
	tcase_add_test(tc, answers_one_after_the_other);
	tcase_add_test(tc, takes_no_body_for_a_request);
	tcase_add_test(tc, answers_who_has_ended_its_side);
	tcase_add_test(tc, answers_byte_by_byte);
	tcase_add_test(tc, gives_up_a_request_that_has_no_end);
	tcase_add_test(tc, serves_beside_a_thousand_idle_connections);
	tcase_add_test(tc, outlives_a_lack_of_descriptors);
	tcase_add_test(tc, forgets_readers_of_events_that_go);
	tcase_add_test(tc, ends_when_told_with_all_that_is_open);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
