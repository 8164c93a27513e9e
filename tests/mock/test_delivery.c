/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_delivery.c - faults on the wire, TLS, and clients that mean ill
 */
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "program.h"
#include "scenarios.h"
#include "tls_files.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

enum { BODY_MAX = 16 * 1024 * 1024 };

static struct program mock;

static void
setup(void)
{
	program_start(&mock, (const char *const[]){ "--port=0", NULL });
	program_ready(&mock);
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

static int
ask(const char *method, const char *path, const char *body, struct buf *out)
{
	int fd = program_connect(&mock), status;
	char text[1024];

	snprintf(text, sizeof(text),
	    "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n"
	    "%s",
	    method, path, strlen(body), body);
	send_text(fd, text);
	status = read_response(fd, out, 0);
	close(fd);
	return status;
}

static void
fault(const char *json)
{
	ck_assert_int_eq(ask("POST", "/mock/faults", json, NULL), 201);
}

static void
check_ends(void)
{
	struct buf out, err;

	buf_init(&out, 4096);
	buf_init(&err, 64 * 1024);
	ck_assert_int_eq(ask("GET", "/health", "", NULL), 200);
	ck_assert_int_eq(kill(mock.pid, SIGTERM), 0);
	ck_assert_int_eq(program_end(&mock, &out, &err), 0);
	ck_assert_uint_eq(out.n, 0);
	ck_assert_msg(err.n == 0, "%s", buf_text(&err));
	buf_release(&out);
	buf_release(&err);
}

/* All that comes until the end of the connection. */
static void
read_to_end(int fd, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, (struct str){ chunk, (size_t)n });
	ck_assert_int_eq(buf_check(out, NULL), ERR_OK);
}

static long
memory_kib(void)
{
	char path[64], line[256];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)mock.pid);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	}
	fclose(f);
	ck_assert_int_gt(kib, 0);
	return kib;
}

/*
 * Faults
 */

START_TEST(waits_as_long_as_told)
{
	int64_t began;
	int fd;

	fault("{\"operation\":\"metadata\",\"latency_ms\":150}");
	began = clock_ms();
	fd = program_connect(&mock);
	send_text(fd, GET("/v4/demo") GET("/v4/demo") GET("/v4/none"));
	ck_assert_int_eq(ask("GET", "/health", "", NULL), 200);
	ck_assert_int_eq(read_response(fd, NULL, 0), 200);
	ck_assert_int_ge(clock_ms() - began, 145);
	ck_assert_int_eq(read_response(fd, NULL, 0), 200);
	ck_assert_int_eq(read_response(fd, NULL, 0), 404);
	ck_assert_int_ge(clock_ms() - began, 440);
	close(fd);
	check_ends();
}
END_TEST

/* More of a request comes while the answer to the last one waits. */
START_TEST(waits_while_the_client_talks)
{
	int fd = program_connect(&mock);

	fault("{\"operation\":\"metadata\",\"latency_ms\":100}");
	send_text(fd, GET("/v4/demo"));
	for (int i = 0; i < 50; i++) {
		send_text(fd, "GET /v4/demo HTTP/1.1\r\nHo");
		ck_assert_int_eq(ask("GET", "/health", "", NULL), 200);
		send_text(fd, "st: mock\r\n\r\n");
	}
	ck_assert_int_eq(ask("DELETE", "/mock/faults", "", NULL), 200);
	for (int i = 0; i < 51; i++)
		ck_assert_int_eq(read_response(fd, NULL, 0), 200);
	close(fd);
	check_ends();
}
END_TEST

START_TEST(hangs_up)
{
	fault("{\"operation\":\"metadata\",\"drop\":true}");
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(ask("GET", "/v4/demo", "", NULL), 0);
	check_ends();
}
END_TEST

START_TEST(ends_in_the_middle)
{
	struct buf whole, half;
	int fd;

	buf_init(&whole, BODY_MAX);
	buf_init(&half, BODY_MAX);
	ck_assert_int_eq(ask("GET", "/v4/demo/task", "", &whole), 200);
	fault("{\"operation\":\"metadata\",\"truncate\":true}");
	fd = program_connect(&mock);
	send_text(fd, GET("/v4/demo/task"));
	read_to_end(fd, &half);
	close(fd);
	ck_assert_ptr_nonnull(strstr(buf_text(&half), "Content-Length: "));
	ck_assert_uint_lt(half.n, whole.n);
	ck_assert_uint_gt(half.n, whole.n / 2);
	buf_release(&whole);
	buf_release(&half);
	check_ends();
}
END_TEST

START_TEST(drips)
{
	struct buf whole, drops;

	buf_init(&whole, BODY_MAX);
	buf_init(&drops, BODY_MAX);
	ck_assert_int_eq(ask("GET", "/v4/none", "", &whole), 404);
	fault("{\"operation\":\"metadata\",\"drip_ms\":1}");
	ck_assert_int_eq(ask("GET", "/v4/none", "", &drops), 404);
	ck_assert_uint_eq(whole.n, drops.n);
	ck_assert(
	    strcmp(strstr(buf_text(&whole), "\r\n\r\n"),
		strstr(buf_text(&drops), "\r\n\r\n")) == 0);
	buf_release(&whole);
	buf_release(&drops);
	check_ends();
}
END_TEST

START_TEST(floods)
{
	struct buf b;
	int fd;

	buf_init(&b, BODY_MAX);
	fault("{\"operation\":\"metadata\",\"flood\":3000000}");
	fd = program_connect(&mock);
	send_text(fd, "GET /v4/demo HTTP/1.1\r\nConnection: close\r\n\r\n");
	read_to_end(fd, &b);
	ck_assert_uint_gt(b.n, 3000000);
	ck_assert_uint_lt(b.n, 3004096);
	close(fd);
	buf_release(&b);
	check_ends();
}
END_TEST

/* Nobody reads: the flood stays where it is. */
START_TEST(floods_without_memory)
{
	enum { MANY = 50 };
	int fd[MANY];
	char c;
	long before;

	fault("{\"operation\":\"metadata\",\"flood\":10000000000}");
	before = memory_kib();
	for (int i = 0; i < MANY; i++) {
		fd[i] = program_connect(&mock);
		send_text(fd[i], GET("/v4/demo"));
		ck_assert_int_eq(read(fd[i], &c, 1), 1);
	}
	ck_assert_int_eq(ask("GET", "/health", "", NULL), 200);
	ck_assert_int_lt(memory_kib() - before, 64 * 1024);
	for (int i = 0; i < MANY; i += 2)
		close(fd[i]);
	check_ends();
	for (int i = 1; i < MANY; i += 2)
		close(fd[i]);
}
END_TEST

static const char *const slow[] = {
	"{\"operation\":\"metadata\",\"latency_ms\":5}",
	"{\"operation\":\"metadata\",\"latency_ms\":5,\"drop\":true}",
	"{\"operation\":\"metadata\",\"drip_ms\":1}",
	"{\"operation\":\"metadata\",\"drip_ms\":1,\"truncate\":true}",
	"{\"operation\":\"metadata\",\"flood\":100000000}",
	"{\"operation\":\"metadata\",\"latency_ms\":600000}",
};

/* Half of the clients leave before the answer is there. */
START_TEST(forgets_who_left)
{
	enum { MANY = 100 };
	int fd[MANY];

	fault(slow[_i]);
	for (int i = 0; i < MANY; i++) {
		fd[i] = program_connect(&mock);
		send_text(fd[i], GET("/v4/demo/task"));
		if (i % 2 == 0) {
			const struct linger hard = { 1, 0 };

			if (i % 4 == 0)
				setsockopt(fd[i], SOL_SOCKET, SO_LINGER, &hard,
				    sizeof(hard));
			close(fd[i]);
		}
	}
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(ask("GET", "/health", "", NULL), 200);
	check_ends();
	for (int i = 1; i < MANY; i += 2)
		close(fd[i]);
}
END_TEST

START_TEST(has_very_many_in_flight)
{
	enum { MANY = 2000 };
	struct rlimit l = { 0, 0 };
	static int fd[MANY];
	int many = MANY;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &l), 0);
	l.rlim_cur = l.rlim_max < 2 * MANY ? l.rlim_max : 2 * MANY;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &l), 0);
	if (l.rlim_cur < MANY + 100)
		many = (int)l.rlim_cur / 2;
	fault("{\"operation\":\"credentials\",\"latency_ms\":100}");
	for (int i = 0; i < many; i++) {
		fd[i] = program_connect(&mock);
		send_text(fd[i], GET("/v2/credentials/x"));
	}
	for (int i = 0; i < many; i++)
		ck_assert_int_eq(read_response(fd[i], NULL, 0), 400);
	for (int i = 0; i < many; i++)
		close(fd[i]);
	check_ends();
}
END_TEST

/* Open, and silent, or in the middle of a request. */
START_TEST(serves_beside_idle_connections)
{
	enum { MANY = 800 };
	static int fd[MANY];
	long before = memory_kib();

	for (int i = 0; i < MANY; i++) {
		fd[i] = program_connect(&mock);
		if (i % 2 == 0)
			send_text(fd[i], "POST / HTTP/1.1\r\nContent-Length: "
					 "65536\r\n\r\nxxxx");
	}
	ck_assert_int_eq(ask("GET", "/v4/demo", "", NULL), 200);
	ck_assert_int_lt(memory_kib() - before, 32 * 1024);
	check_ends();
	for (int i = 0; i < MANY; i++)
		close(fd[i]);
}
END_TEST

/*
 * TLS
 */

static struct tls_files files;

static void
setup_tls(void)
{
	tls_files_make(&files);
	program_start(&mock, (const char *const[]){ "--port=0",
				 files.cert_option, files.key_option, NULL });
	program_ready(&mock);
}

static void
teardown_tls(void)
{
	program_kill(&mock);
	tls_files_remove(&files);
}

static SSL *
tls_connect(int *fd)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	ck_assert_int_eq(
	    SSL_CTX_load_verify_locations(ctx, files.ca, NULL), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	*fd = program_connect(&mock);
	ck_assert_int_eq(SSL_set_fd(ssl, *fd), 1);
	ck_assert_int_eq(SSL_connect(ssl), 1);
	return ssl;
}

static void
tls_ask(const char *request, const char *want)
{
	struct buf b;
	char chunk[4096];
	int fd, n;
	SSL *ssl = tls_connect(&fd);

	buf_init(&b, BODY_MAX);
	ck_assert_int_eq(SSL_write(ssl, request, (int)strlen(request)),
	    (int)strlen(request));
	while ((n = SSL_read(ssl, chunk, sizeof(chunk))) > 0)
		buf_add(&b, (struct str){ chunk, (size_t)n });
	ck_assert_msg(strstr(buf_text(&b), want) != NULL, "%s", buf_text(&b));
	SSL_free(ssl);
	close(fd);
	buf_release(&b);
}

#define CLOSE(path) \
	"GET " path " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
#define POST_FAULT(json, length)                                           \
	"POST /mock/faults HTTP/1.1\r\nHost: localhost\r\nConnection: "     \
	"close\r\nContent-Length: " length "\r\n\r\n" json

static void
check_ends_tls(void)
{
	struct buf out, err;

	buf_init(&out, 4096);
	buf_init(&err, 64 * 1024);
	tls_ask(CLOSE("/health"), "\"status\":\"healthy\"");
	ck_assert_int_eq(kill(mock.pid, SIGTERM), 0);
	ck_assert_int_eq(program_end(&mock, &out, &err), 0);
	ck_assert_msg(err.n == 0, "%s", buf_text(&err));
	buf_release(&out);
	buf_release(&err);
}

START_TEST(speaks_tls)
{
	tls_ask(CLOSE("/health"), "\"status\":\"healthy\"");
	tls_ask(CLOSE("/mock/tasks"), "\"name\":\"demo\"");
	tls_ask(GET("/v4/demo") GET("/v4/demo") CLOSE("/v4/demo/task"),
	    "\"Family\":\"fargate-spire-demo\"");
	check_ends_tls();
}
END_TEST

START_TEST(has_faults_under_tls)
{
	tls_ask(POST_FAULT("{\"latency_ms\":20}", "17"), " 201 ");
	tls_ask(GET("/v4/demo") GET("/v4/demo") CLOSE("/v4/demo/task"),
	    "\"Family\":\"fargate-spire-demo\"");
	tls_ask(POST_FAULT("{\"flood\":500000}", "16"), " 201 ");
	tls_ask(CLOSE("/v4/demo/task"), "\"Family\":\"fargate-spire-demo\"");
	tls_ask(POST_FAULT("{\"truncate\":true}", "17"), " 201 ");
	tls_ask(CLOSE("/v4/demo/task"), "\"Cluster\":");
	tls_ask(POST_FAULT("{\"drop\":true}", "13"), " 201 ");
	tls_ask(CLOSE("/v4/demo/task"), "");
	check_ends_tls();
}
END_TEST

START_TEST(survives_what_is_no_tls)
{
	enum { MANY = 100 };
	int fd[MANY];
	struct buf b;

	buf_init(&b, BODY_MAX);
	for (int i = 0; i < MANY; i++) {
		fd[i] = program_connect(&mock);
		if (i % 3 == 0)
			send_text(fd[i], GET("/health"));
		else if (i % 3 == 1)
			send_all(fd[i], "\x16\x03\x01\x02", 4);
	}
	read_to_end(fd[0], &b);
	ck_assert_ptr_null(strstr(buf_text(&b), "healthy"));
	tls_ask(CLOSE("/health"), "\"status\":\"healthy\"");
	for (int i = 0; i < MANY; i += 2)
		close(fd[i]);
	check_ends_tls();
	for (int i = 1; i < MANY; i += 2)
		close(fd[i]);
	buf_release(&b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("delivery of the mock");
	TCase *plain = tcase_create("plain");
	TCase *tls = tcase_create("tls");

	signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(plain, 120);
	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_test(plain, waits_as_long_as_told);
	tcase_add_test(plain, waits_while_the_client_talks);
	tcase_add_test(plain, hangs_up);
	tcase_add_test(plain, ends_in_the_middle);
	tcase_add_test(plain, drips);
	tcase_add_test(plain, floods);
	tcase_add_test(plain, floods_without_memory);
	ck_table(plain, forgets_who_left, slow);
	tcase_add_test(plain, has_very_many_in_flight);
	tcase_add_test(plain, serves_beside_idle_connections);
	suite_add_tcase(suite, plain);
	tcase_set_timeout(tls, 120);
	tcase_add_checked_fixture(tls, setup_tls, teardown_tls);
	tcase_add_test(tls, speaks_tls);
	tcase_add_test(tls, has_faults_under_tls);
	tcase_add_test(tls, survives_what_is_no_tls);
	suite_add_tcase(suite, tls);
	return run_suite(suite);
}
