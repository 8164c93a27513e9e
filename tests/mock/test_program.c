/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "program.h"
#include "scenarios.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: mock\r\n\r\n"

static struct program mock;

static void
setup(void)
{
	program_start(&mock, (const char *const[]){ "--port=0", NULL });
	program_ready(&mock);
}

static void
setup_none(void)
{
	mock = (struct program){ 0 };
}

static void
teardown(void)
{
	program_kill(&mock);
}

static void
send_text(int fd, const char *text)
{
	send_all(fd, text, strlen(text));
}

static void
check_health(void)
{
	struct buf b;
	int fd = program_connect(&mock);

	buf_init(&b, 4096);
	send_text(fd, GET("/health"));
	ck_assert_int_eq(read_response(fd, &b, 0), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&b), "\"status\":\"healthy\""));
	close(fd);
	buf_release(&b);
}

static void
check_ends(int number)
{
	struct buf out, err;

	buf_init(&out, 4096);
	buf_init(&err, 4096);
	ck_assert_int_eq(kill(mock.pid, number), 0);
	ck_assert_int_eq(program_end(&mock, &out, &err), 0);
	ck_assert_uint_eq(out.n, 0);
	ck_assert_msg(err.n == 0, "%s", buf_text(&err));
	buf_release(&out);
	buf_release(&err);
}

START_TEST(answers_on_a_connection_that_is_kept)
{
	int fd = program_connect(&mock);
	struct buf b;

	buf_init(&b, 64 * 1024);
	for (int i = 0; i < 20; i++) {
		buf_clear(&b);
		send_text(fd, GET("/v4/demo/task"));
		ck_assert_int_eq(read_response(fd, &b, 0), 200);
		ck_assert_ptr_nonnull(strstr(
		    buf_text(&b), "\r\nContent-Type: application/json\r\n"));
		ck_assert_ptr_nonnull(
		    strstr(buf_text(&b), "\"Family\":\"fargate-spire-demo\""));
	}
	close(fd);
	buf_release(&b);
	check_ends(SIGTERM);
}
END_TEST

START_TEST(answers_requests_in_one_piece)
{
	int fd = program_connect(&mock);
	struct buf b;

	buf_init(&b, 64 * 1024);
	for (int i = 0; i < 50; i++)
		buf_add_text(&b, i % 2 == 0 ? GET("/health") : GET("/v4/none"));
	send_all(fd, b.p, b.n);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(
		    read_response(fd, NULL, 0), i % 2 == 0 ? 200 : 404);
	close(fd);
	buf_release(&b);
	check_ends(SIGTERM);
}
END_TEST

START_TEST(answers_a_request_in_single_bytes)
{
	static const char text[] = GET("/v4/metadata");
	int fd = program_connect(&mock);

	for (size_t i = 0; i + 1 < sizeof(text); i++)
		send_all(fd, text + i, 1);
	ck_assert_int_eq(read_response(fd, NULL, 0), 200);
	close(fd);
	check_ends(SIGTERM);
}
END_TEST

START_TEST(sends_no_body_with_head)
{
	int fd = program_connect(&mock);
	struct buf head, whole;
	const char *length;

	buf_init(&head, 4096);
	buf_init(&whole, 64 * 1024);
	send_text(fd, "HEAD /v4/demo HTTP/1.1\r\nHost: mock\r\n\r\n");
	ck_assert_int_eq(read_response(fd, &head, 1), 200);
	send_text(fd, GET("/v4/demo"));
	ck_assert_int_eq(read_response(fd, &whole, 0), 200);
	length = strstr(buf_text(&whole), "Content-Length: ");
	ck_assert_ptr_nonnull(length);
	*strchr((char *)(uintptr_t)length, '\r') = '\0';
	ck_assert_ptr_nonnull(strstr(buf_text(&head), length));
	close(fd);
	buf_release(&head);
	buf_release(&whole);
}
END_TEST

START_TEST(hangs_up_when_it_is_asked_to)
{
	int fd = program_connect(&mock);

	send_text(fd, "GET /health HTTP/1.1\r\nHost: mock\r\n"
		      "Connection: close\r\n\r\n");
	ck_assert_int_eq(read_response(fd, NULL, 0), 200);
	ck_assert(is_hung_up(fd));
	close(fd);
	fd = program_connect(&mock);
	send_text(fd, "GET /health HTTP/1.0\r\n\r\n");
	ck_assert_int_eq(read_response(fd, NULL, 0), 200);
	ck_assert(is_hung_up(fd));
	close(fd);
}
END_TEST

/*
 * '@' stands for fill bytes of 'a'.  Status 0: whatever it does; below 0: it may
 * hang up too, since what it left unread can undo its answer.
 */
static const struct {
	const char *what, *request;
	size_t fill;
	int status;
} strange[] = {
	{ "no HTTP", "\x16\x03\x01\x02\x01\xfc\x03\x03\r\n\r\n", 0, 400 },
	{ "a blank line", "\r\n\r\n", 0, 400 },
	{ "no version", "GET /health\r\n\r\n", 0, 400 },
	{ "a version to come", "GET /health HTTP/9.9\r\n\r\n", 0, 0 },
	{ "a bad header", "GET /health HTTP/1.1\r\nno colon\r\n\r\n", 0, 400 },
	{ "bytes", "@", 200 * 1024, -400 },
	{ "a long path", "GET /@ HTTP/1.1\r\n\r\n", 32 * 1024, -400 },
	{ "a path that fits", "GET /@ HTTP/1.1\r\n\r\n", 12 * 1024, 404 },
	{ "a long header", "GET /health HTTP/1.1\r\nX: @\r\n\r\n", 32 * 1024,
	    -400 },
	{ "a header that fits", "GET /health HTTP/1.1\r\nX: @\r\n\r\n",
	    12 * 1024, 200 },
	{ "a long body",
	    "POST /health HTTP/1.1\r\nContent-Length: 65537\r\n"
	    "\r\n@",
	    65537, -413 },
	{ "a body that fits",
	    "POST /health HTTP/1.1\r\n"
	    "Content-Length: 65536\r\n\r\n@",
	    65536, 405 },
	{ "no end of a body",
	    "POST /health HTTP/1.1\r\n"
	    "Content-Length: 99999999999999999999\r\n\r\n",
	    0, 0 },
	{ "a negative body",
	    "POST /health HTTP/1.1\r\n"
	    "Content-Length: -1\r\n\r\n",
	    0, 400 },
	{ "a chunk of nothing",
	    "POST /health HTTP/1.1\r\n"
	    "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
	    0, 0 },
	{ "a chunked body",
	    "POST /health HTTP/1.1\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n"
	    "1\r\na\r\n0\r\n\r\n",
	    0, 405 },
	{ "PUT", "PUT /v4/demo HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 0, 405 },
	{ "DELETE", "DELETE /v4/demo HTTP/1.1\r\n\r\n", 0, 405 },
	{ "OPTIONS", "OPTIONS /v4/demo HTTP/1.1\r\n\r\n", 0, 405 },
	{ "no method", "FROB /v4/demo HTTP/1.1\r\n\r\n", 0, 501 },
	{ "a whole URL", "GET http://other/health HTTP/1.1\r\n\r\n", 0, 200 },
	{ "a query", "GET /health?x=/../y#z HTTP/1.1\r\n\r\n", 0, 200 },
	{ "two slashes", "GET //health HTTP/1.1\r\n\r\n", 0, 404 },
	{ "a star", "OPTIONS * HTTP/1.1\r\n\r\n", 0, 0 },
	{ "a tunnel", "CONNECT mock:80 HTTP/1.1\r\n\r\n", 0, 0 },
};

START_TEST(survives)
{
	int fd = program_connect(&mock);
	struct str rest;
	struct str start = str_cut(&rest, str_of(strange[_i].request), '@');
	struct buf b;
	int want = strange[_i].status, status;

	buf_init(&b, 1024 * 1024);
	buf_add(&b, start);
	for (size_t i = 0; i < strange[_i].fill; i++)
		buf_add_char(&b, 'a');
	buf_add(&b, rest);
	ck_assert_int_eq(buf_check(&b, NULL), ERR_OK);
	send_all(fd, b.p, b.n);
	shutdown(fd, SHUT_WR);
	status = read_response(fd, NULL, 0);
	ck_assert_msg(
	    want == 0 || status == abs(want) || (want < 0 && status == 0),
	    "%s: %d", strange[_i].what, status);
	close(fd);
	buf_release(&b);
	check_health();
	check_ends(SIGTERM);
}
END_TEST

static int
open_files(pid_t pid)
{
	char path[64];
	DIR *dir;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

START_TEST(holds_many_connections_and_lets_them_go)
{
	enum { MANY = 200 };
	int64_t until = clock_ms() + PROGRAM_WAIT_MS;
	int fd[MANY], files;

	check_health();
	files = open_files(mock.pid);
	for (int i = 0; i < MANY; i++) {
		fd[i] = program_connect(&mock);
		send_text(fd[i], "GET /v4/demo/task HTTP/1.1\r\nHost:");
	}
	check_health();
	for (int i = 0; i < MANY; i++)
		send_text(fd[i], " mock\r\n\r\n");
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(read_response(fd[i], NULL, 0), 200);
	for (int i = 0; i < MANY; i++)
		close(fd[i]);
	while (open_files(mock.pid) > files + 1) {
		ck_assert_int_lt(clock_ms(), until);
		check_health();
	}
	check_ends(SIGTERM);
}
END_TEST

START_TEST(waits_when_it_has_no_descriptor_left)
{
	enum { MANY = 60, FILES = 30 };
	int fd[MANY];

	program_files_max = FILES;
	program_start(&mock, (const char *const[]){ "--port=0", NULL });
	program_files_max = 0;
	program_ready(&mock);
	for (int i = 0; i < MANY; i++) {
		fd[i] = program_connect(&mock);
		send_text(fd[i], GET("/health"));
	}
	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(read_response(fd[i], NULL, 0), 200);
		close(fd[i]);
	}
	check_health();
	check_ends(SIGTERM);
}
END_TEST

static const int signals[] = { SIGTERM, SIGINT };

START_TEST(ends_in_the_middle_of_requests)
{
	int idle = program_connect(&mock), half = program_connect(&mock);

	send_text(half, "GET /health HT");
	check_health();
	check_ends(signals[_i]);
	ck_assert(is_hung_up(idle));
	ck_assert(is_hung_up(half));
	close(idle);
	close(half);
}
END_TEST

START_TEST(says_which_port_is_taken)
{
	struct program second;
	struct buf out, err;
	char port[16], want[64];

	buf_init(&out, 4096);
	buf_init(&err, 4096);
	snprintf(port, sizeof(port), "%u", mock.port);
	snprintf(
	    want, sizeof(want), "port %u: Address already in use", mock.port);
	program_start(&second, (const char *const[]){ "--port", port, NULL });
	ck_assert_int_eq(program_end(&second, &out, &err), 1);
	ck_assert_uint_eq(out.n, 0);
	ck_assert_msg(strstr(buf_text(&err), want) != NULL &&
			  strstr(buf_text(&err), "--port 0") != NULL,
	    "%s", buf_text(&err));
	buf_release(&out);
	buf_release(&err);
	check_health();
}
END_TEST

/* Where the system has no IPv6, the mock has to say so. */
START_TEST(is_controlled_by_either_family)
{
	const struct in6_addr any = IN6ADDR_ANY_INIT;
	const struct sockaddr_in6 a = { .sin6_family = AF_INET6,
		.sin6_addr = any };
	int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	bool has_ipv6 = probe >= 0 &&
			bind(probe, (const struct sockaddr *)&a, sizeof(a)) == 0;
	struct buf err;

	close(probe);
	program_start(
	    &mock, (const char *const[]){ "--port=0", "--listen=::", NULL });
	if (!has_ipv6) {
		buf_init(&err, 4096);
		ck_assert_int_eq(program_end(&mock, NULL, &err), 1);
		ck_assert_ptr_nonnull(strstr(buf_text(&err), "cannot listen"));
		buf_release(&err);
		return;
	}
	program_ready(&mock);
	fd = program_connect(&mock); /* by IPv4 */
	send_text(fd, "GET /mock/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
	ck_assert_int_eq(read_response(fd, NULL, 0), 200);
	close(fd);
}
END_TEST

START_TEST(plays_the_scenario_it_is_given)
{
	char *path = source_path("tests/data/mock/two-accounts.conf");
	struct buf b;
	int fd;

	buf_init(&b, 64 * 1024);
	program_start(
	    &mock, (const char *const[]){ "-p0", "--scenario", path, NULL });
	program_ready(&mock);
	fd = program_connect(&mock);
	send_text(fd, GET("/v4/web/task"));
	ck_assert_int_eq(read_response(fd, &b, 0), 200);
	ck_assert_ptr_nonnull(
	    strstr(buf_text(&b), "\"ServiceName\":\"web-svc\""));
	close(fd);
	check_ends(SIGTERM);
	buf_release(&b);
	free(path);
}
END_TEST

/* '%' stands for the top of the source tree. */
static const struct {
	const char *args[4];
	int status;
	const char *out, *err;
} calls[] = {
	{ { "--version" }, 0, "fargate-mock ", "" },
	{ { "-V" }, 0, "fargate-mock ", "" },
	{ { "--help" }, 0, "--scenario=FILE", "" },
	{ { "--check" }, 0, "built-in scenario: ok: accounts 1, ", "" },
	{ { "-k", "-c", "/dev/null" }, 0, "/dev/null: ok: accounts 1, ", "" },
	{ { "-k", "-c", "%conf/fargate-mock.conf" }, 0, ": ok: ", "" },
	{ { "-k", "-c", "%tests/data/mock/two-accounts.conf" }, 0,
	    "accounts 2, clusters 2, task definitions 2, tasks 6\n", "" },
	{ { "-k", "-c", "%tests/data/mock/misspelt.conf" }, 1, "",
	    "misspelt.conf:5: task 'web': no such option 'adress'\n" },
	{ { "-c", "%tests/data/mock/misspelt.conf", "-p0" }, 1, "",
	    "misspelt.conf:5: " },
	{ { "-c", "/nonexistent/x", "-p0" }, 1, "",
	    "cannot open scenario /nonexistent/x: No such file" },
	{ { "--env", "demo" }, 0,
	    "ECS_CONTAINER_METADATA_URI_V4=http://127.0.0.1:8090/v4/"
	    "1234567890abcdef1234567890abcdef-1829094452\n",
	    "" },
	{ { "--env=demo/demo-app", "-p", "9", "-l::" }, 0,
	    "http://[::1]:9/v4/1234567890abcdef1234567890abcdef-2274949120\n",
	    "" },
	{ { "--env=demo", "-l0.0.0.0" }, 0, "http://127.0.0.1:8090/v4/", "" },
	{ { "--env", "nobody" }, 1, "", "no task \"nobody\"" },
	{ { "--env", "demo/x" }, 1, "", "no container \"x\"" },
	{ { "--env", "demo", "--port=0" }, 2, "", "--port N" },
	{ { "--listen", "localhost", "-p0" }, 1, "",
	    "\"localhost\" is not an IPv4 or IPv6 address" },
	{ { "--listen", "192.0.2.1", "-p0" }, 1, "",
	    "cannot listen on 192.0.2.1" },
	{ { "--port", "65536" }, 2, "", "\"65536\" is not a port" },
	{ { "--port", "" }, 2, "", "is not a port" },
	{ { "--port", "-1" }, 2, "", "is not a port" },
	{ { "--colour" }, 2, "", "--help" },
	{ { "--port" }, 2, "", "--help" },
	{ { "--tls-cert=x" }, 2, "", "--tls-cert and --tls-key need each" },
	{ { "--tls-key=x" }, 2, "", "--tls-cert and --tls-key need each" },
	{ { "--tls-cert=/nonexistent/x", "--tls-key=y", "-p0" }, 1, "",
	    "certificate /nonexistent/x: " },
	{ { "--env=demo", "--tls-cert=x", "--tls-key=y" }, 0,
	    "ECS_CONTAINER_METADATA_URI_V4=https://127.0.0.1:8090/v4/", "" },
	{ { "demo" }, 2, "", "\"demo\" is one word too many" },
};

START_TEST(does_as_the_command_line_says)
{
	const char *args[COUNT_OF(calls[0].args) + 1] = { NULL };
	struct buf out, err;
	char *path = NULL;

	buf_init(&out, 64 * 1024);
	buf_init(&err, 64 * 1024);
	for (size_t i = 0; i < COUNT_OF(calls[_i].args); i++) {
		args[i] = calls[_i].args[i];
		if (args[i] != NULL && args[i][0] == '%')
			args[i] = path = source_path(args[i] + 1);
	}
	program_start(&mock, args);
	ck_assert_int_eq(program_end(&mock, &out, &err), calls[_i].status);
	buf_add_char(&out, '\0');
	buf_add_char(&err, '\0');
	ck_assert_msg(strstr(buf_text(&out), calls[_i].out) != NULL, "%s",
	    buf_text(&out));
	ck_assert_msg(strstr(buf_text(&err), calls[_i].err) != NULL, "%s",
	    buf_text(&err));
	ck_assert_int_eq(out.n > 1, calls[_i].out[0] != '\0');
	ck_assert_int_eq(err.n > 1, calls[_i].err[0] != '\0');
	buf_release(&out);
	buf_release(&err);
	free(path);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fargate-mock");
	TCase *running = tcase_create("running");
	TCase *called = tcase_create("called");

	tcase_set_timeout(running, 60);
	tcase_add_checked_fixture(running, setup, teardown);
	tcase_add_test(running, answers_on_a_connection_that_is_kept);
	tcase_add_test(running, answers_requests_in_one_piece);
	tcase_add_test(running, answers_a_request_in_single_bytes);
	tcase_add_test(running, sends_no_body_with_head);
	tcase_add_test(running, hangs_up_when_it_is_asked_to);
	ck_table(running, survives, strange);
	tcase_add_test(running, holds_many_connections_and_lets_them_go);
	ck_table(running, ends_in_the_middle_of_requests, signals);
	tcase_add_test(running, says_which_port_is_taken);
	suite_add_tcase(suite, running);

	tcase_set_timeout(called, 60);
	tcase_add_checked_fixture(called, setup_none, teardown);
	tcase_add_test(called, waits_when_it_has_no_descriptor_left);
	tcase_add_test(called, is_controlled_by_either_family);
	tcase_add_test(called, plays_the_scenario_it_is_given);
	ck_table(called, does_as_the_command_line_says, calls);
	suite_add_tcase(suite, called);
	return run_suite(suite);
}
