/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "stage.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <grpc/status.h>
#include <openssl/err.h>

#include "base/clock.h"
#include "testing.h"
#include "workload/wire.h"

enum { CHILDREN_MAX = 8, AGENTS_MAX = 8, ANSWER_MAX = 8 * 1024 * 1024 };

struct cert stage_home;
char stage_folder[64];

static struct fake_agent *agents[AGENTS_MAX];
static struct child children[CHILDREN_MAX];

void
stage_setup(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	stage_home = cert_make_authority(HOME);
	(void)snprintf(
	    stage_folder, sizeof(stage_folder), "/tmp/test-programs-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(stage_folder));
}

/* A sanitizer that has found something says so in the exit status. */
static void
end_child(struct child *c)
{
	struct buf err;
	int status;

	if (c->pid == 0)
		return;
	buf_init(&err, ANSWER_MAX);
	(void)kill(c->pid, SIGTERM);
	status = stage_end(c, NULL, &err);
	ck_assert_msg(status == 0, "exit status %d: %s", status, buf_text(&err));
	buf_release(&err);
}

static void
remove_folder(void)
{
	DIR *d = opendir(stage_folder);
	const struct dirent *e;
	char path[400];

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(
		    path, sizeof(path), "%s/%s", stage_folder, e->d_name);
		if (e->d_name[0] != '.')
			(void)unlink(path);
	}
	(void)closedir(d);
	(void)rmdir(stage_folder);
}

static struct {
	int fd; /* 0: none */
	pthread_t thread;
	SSL_CTX *ctx;
	const char *answer;
	char url[96];
} server;

static void
serve_tls(int fd)
{
	SSL *ssl = SSL_new(server.ctx);
	char chunk[4096];

	if (SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1 &&
	    SSL_read(ssl, chunk, sizeof(chunk)) > 0) {
		(void)SSL_write(
		    ssl, server.answer, (int)strlen(server.answer));
		(void)SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	ERR_clear_error();
}

static void
serve_plain(int fd)
{
	char chunk[4096];

	if (read(fd, chunk, sizeof(chunk)) > 0)
		stage_send(fd, server.answer, strlen(server.answer));
	(void)shutdown(fd, SHUT_WR);
	while (read(fd, chunk, sizeof(chunk)) > 0)
		;
}

static void *
serve(void *arg)
{
	const struct timeval limit = { 5, 0 };
	int fd;

	(void)arg;
	while ((fd = accept(server.fd, NULL, NULL)) >= 0) {
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		if (server.ctx != NULL)
			serve_tls(fd);
		else
			serve_plain(fd);
		(void)close(fd);
	}
	return NULL;
}

static void
stop_server(void)
{
	if (server.fd == 0)
		return;
	(void)shutdown(server.fd, SHUT_RDWR);
	(void)pthread_join(server.thread, NULL);
	(void)close(server.fd);
	SSL_CTX_free(server.ctx);
	server.fd = 0;
	server.ctx = NULL;
}

const char *
stage_serve(const struct cert *leaf, const char *answer)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);

	stop_server();
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	server.answer = answer;
	ck_assert_int_eq(
	    bind(server.fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(server.fd, 16), 0);
	ck_assert_int_eq(
	    getsockname(server.fd, (struct sockaddr *)&a, &n), 0);
	if (leaf != NULL) {
		server.ctx = SSL_CTX_new(TLS_server_method());
		SSL_CTX_set_security_level(server.ctx, 0);
		ck_assert_int_eq(
		    SSL_CTX_use_certificate(server.ctx, leaf->cert), 1);
		ck_assert_int_eq(
		    SSL_CTX_use_PrivateKey(server.ctx, leaf->key), 1);
	}
	(void)snprintf(server.url, sizeof(server.url), "%s://127.0.0.1:%u",
	    leaf == NULL ? "http" : "https", ntohs(a.sin_port));
	ck_assert_int_eq(pthread_create(&server.thread, NULL, serve, NULL), 0);
	return server.url;
}

void
stage_teardown(void)
{
	size_t i;

	stop_server();
	for (i = 0; i < CHILDREN_MAX; i++)
		end_child(&children[i]);
	for (i = 0; i < AGENTS_MAX; i++) {
		if (agents[i] != NULL)
			fake_stop(agents[i]);
		agents[i] = NULL;
	}
	cert_free(&stage_home);
	remove_folder();
}

struct fake_agent *
stage_agent_at(const char *path)
{
	size_t i = 0;

	while (agents[i] != NULL)
		i++;
	ck_assert_uint_lt(i, AGENTS_MAX);
	agents[i] = fake_start(path);
	ck_assert_ptr_nonnull(agents[i]);
	/* a call that nobody answers would be waited for */
	fake_set(agents[i], FAKE_JWTS,
	    (struct fake_answer){ .ends = true,
		.status = GRPC_STATUS_PERMISSION_DENIED,
		.text = "no tokens here" });
	return agents[i];
}

void
stage_agent_stop(struct fake_agent *agent)
{
	size_t i;

	for (i = 0; i < AGENTS_MAX; i++)
		if (agents[i] == agent)
			agents[i] = NULL;
	fake_stop(agent);
}

void
stage_give(struct fake_agent *agent, const char *id, const struct cert *leaf,
    const struct cert *bundle, bool push)
{
	struct str der = cert_der(bundle, NULL);
	struct buf svids, bundles;

	buf_init(&svids, 1024 * 1024);
	buf_init(&bundles, 1024 * 1024);
	wire_put_leaf(&svids, id, leaf, bundle, "");
	wire_put_entry(&bundles, 2, STR("spiffe://" HOME), der);
	fake_set(agent, FAKE_SVIDS,
	    (struct fake_answer){ .message = buf_str(&svids) });
	fake_set(agent, FAKE_BUNDLES,
	    (struct fake_answer){ .message = buf_str(&bundles) });
	if (push) {
		(void)fake_push(agent, FAKE_BUNDLES, buf_str(&bundles));
		(void)fake_push(agent, FAKE_SVIDS, buf_str(&svids));
	}
	buf_release(&svids);
	buf_release(&bundles);
	cert_der_free(der);
}

void
stage_rotate(struct fake_agent *agent, const char *id)
{
	struct cert leaf = cert_make_leaf(id, &stage_home);

	stage_give(agent, id, &leaf, &stage_home, true);
	cert_free(&leaf);
}

struct fake_agent *
stage_agent(const char *id)
{
	struct fake_agent *agent = stage_agent_at(NULL);

	stage_rotate(agent, id);
	return agent;
}

const char *
stage_file(const char *name, const char *text)
{
	static char paths[STAGE_FILES_MAX][128];
	static unsigned next;
	char *path = paths[next++ % STAGE_FILES_MAX];
	FILE *f;

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", stage_folder, name);
	if (text == NULL)
		return path;
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

static void
run(const char *program, struct fake_agent *agent, const char *const *args,
    const int out[2], const int err[2])
{
	const char *top = getenv("abs_top_builddir");
	char path[4096], *argv[32];
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "%s/examples/programs/%s",
	    top == NULL ? "." : top, program);
	argv[n++] = path;
	for (; *args != NULL && n < 31; args++)
		argv[n++] = strdup(*args);
	argv[n] = NULL;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (agent != NULL)
		(void)setenv("SPIFFE_ENDPOINT_SOCKET", fake_endpoint(agent), 1);
	if (dup2(out[1], STDOUT_FILENO) < 0 || dup2(err[1], STDERR_FILENO) < 0)
		_exit(126);
	(void)execv(path, argv);
	_exit(127);
}

struct child *
stage_start(const char *program, struct fake_agent *agent,
    const char *const *args)
{
	struct child *c = children;
	int out[2], err[2];

	while (c->pid != 0)
		c++;
	ck_assert(c < children + CHILDREN_MAX);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	*c = (struct child){ .pid = fork(), .out = out[0], .err = err[0] };
	ck_assert_int_ge(c->pid, 0);
	if (c->pid == 0)
		run(program, agent, args, out, err);
	(void)close(out[1]);
	(void)close(err[1]);
	return c;
}

static void
wait_for(int fd, int64_t until_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left = until_ms - clock_ms();

	ck_assert_msg(left > 0 && poll(&p, 1, (int)left) == 1,
	    "nothing came for %d ms", STAGE_WAIT_MS);
}

static void
read_url(struct child *c, char url[96])
{
	int64_t until = clock_ms() + STAGE_WAIT_MS;
	char line[256];
	const char *at;
	size_t n = 0;

	do {
		wait_for(c->out, until);
		ck_assert_uint_lt(n, sizeof(line) - 1);
		ck_assert_msg(read(c->out, line + n, 1) == 1,
		    "it ended instead of saying where it listens");
	} while (line[n++] != '\n');
	line[n - 1] = '\0';
	at = strstr(line, ": listening on http");
	ck_assert_msg(at != NULL, "%s", line);
	(void)snprintf(url, 96, "%s", at + strlen(": listening on "));
}

void
stage_ready(struct child *c, bool has_health)
{
	read_url(c, c->url);
	if (has_health)
		read_url(c, c->health);
}

static void
read_rest(int fd, struct buf *b)
{
	int64_t until = clock_ms() + STAGE_WAIT_MS;
	char chunk[4096];
	ssize_t n;

	do {
		wait_for(fd, until);
		n = read(fd, chunk, sizeof(chunk));
		ck_assert_int_ge(n, 0);
		if (b != NULL)
			buf_add(b, (struct str){ chunk, (size_t)n });
	} while (n > 0);
	(void)close(fd);
}

int
stage_end(struct child *c, struct buf *out, struct buf *err)
{
	int status;

	read_rest(c->out, out);
	read_rest(c->err, err);
	ck_assert_int_eq(waitpid(c->pid, &status, 0), c->pid);
	c->pid = 0;
	ck_assert_msg(WIFEXITED(status), "ended by signal %d",
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return WEXITSTATUS(status);
}

void
stage_signal(struct child *c, int number)
{
	ck_assert_int_eq(kill(c->pid, number), 0);
}

long
stage_memory_kb(const struct child *c, const char *which)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)c->pid);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, which, strlen(which)) == 0)
			kb = strtol(line + strlen(which), NULL, 10);
	(void)fclose(f);
	return kb;
}

void
stage_is_small(const struct child *c, const char *name)
{
	long all = stage_memory_kb(c, "VmRSS:");
	long own = stage_memory_kb(c, "RssAnon:");
	long peak = stage_memory_kb(c, "VmHWM:");

	(void)printf("%s: %ld KB resident, %ld KB of it its own; %ld KB at most"
		     " so far\n",
	    name, all, own, peak);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	ck_assert_int_gt(all, 0);
	ck_assert_msg(peak * 1024 < 15 * 1000 * 1000, "%s: %ld KB", name, peak);
	ck_assert_msg(own < 3 * 1024, "%s: %ld KB its own", name, own);
#endif
}

struct child *
stage_api(struct fake_agent *agent)
{
	const char *path = stage_file("api.conf",
	    "listen = 127.0.0.1:0\nhealth_listen = \"127.0.0.1:0\"\n"
	    "allowed_ids = {\"" DEMO_ID "\", \"" CLI_ID "\"}\n");
	const char *args[] = { "-c", path, NULL };
	struct child *c = stage_start("api-service", agent, args);

	stage_ready(c, true);
	return c;
}

int
stage_connect(const char *url)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	to.sin_port = htons(
	    (uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_msg(
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0,
	    "connect: %s", strerror(errno));
	return fd;
}

/* A server may answer and hang up before it has read everything. */
void
stage_send(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

		if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
			return;
		ck_assert_int_gt(sent, 0);
		text += sent;
		n -= (size_t)sent;
	}
}

/* -1: the head is not whole, or not all of the body is there. */
static int
status_of(struct buf *b)
{
	const char *text = buf_text(b);
	const char *end = text == NULL ? NULL : strstr(text, "\r\n\r\n");
	const char *length;

	if (end == NULL)
		return -1;
	ck_assert_msg(strncmp(text, "HTTP/1.1 ", 9) == 0, "%.200s", text);
	length = strstr(text, "Content-Length: ");
	if (length != NULL && length < end &&
	    b->n < (size_t)(end + 4 - text) + strtoul(length + 16, NULL, 10))
		return -1;
	return length == NULL || length > end
		   ? -1
		   : (int)strtol(text + 9, NULL, 10);
}

int
stage_read_answer(int fd, struct buf *out)
{
	int64_t until = clock_ms() + STAGE_WAIT_MS;
	char chunk[16384];
	struct buf b;
	ssize_t n = 1;
	int status;

	buf_init(&b, ANSWER_MAX);
	while ((status = status_of(&b)) < 0 && n > 0) {
		wait_for(fd, until);
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			buf_add(&b, (struct str){ chunk, (size_t)n });
	}
	if (status < 0 && b.n > 0)
		status = (int)strtol(buf_text(&b) + 9, NULL, 10);
	if (out != NULL)
		buf_add(out, buf_str(&b));
	buf_release(&b);
	return status < 0 ? 0 : status;
}

bool
stage_is_hung_up(int fd)
{
	char c;

	wait_for(fd, clock_ms() + STAGE_WAIT_MS);
	return read(fd, &c, 1) <= 0;
}

int
stage_ask(const char *url, const char *request, struct buf *out)
{
	int fd = stage_connect(url);
	int status;

	stage_send(fd, request, strlen(request));
	status = stage_read_answer(fd, out);
	(void)close(fd);
	return status;
}

int
stage_get(const char *url, const char *path, struct buf *out)
{
	char request[512];

	(void)snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: here\r\n\r\n", path);
	return stage_ask(url, request, out);
}

static int
believe(X509_STORE_CTX *ctx, void *arg)
{
	(void)ctx;
	(void)arg;
	return 1;
}

static SSL_CTX *
ctx_of(const struct cert *leaf)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	ck_assert_ptr_nonnull(ctx);
	SSL_CTX_set_cert_verify_callback(ctx, believe, NULL);
	/* what a test shows may be too weak or too old for OpenSSL's taste */
	SSL_CTX_set_security_level(ctx, 0);
	if (leaf != NULL) {
		ck_assert_int_eq(SSL_CTX_use_certificate(ctx, leaf->cert), 1);
		ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, leaf->key), 1);
	}
	return ctx;
}

static void
read_tls(SSL *ssl, struct buf *b)
{
	char chunk[4096];
	int n;

	do {
		n = SSL_read(ssl, chunk, sizeof(chunk));
		if (n > 0)
			buf_add(b, (struct str){ chunk, (size_t)n });
	} while (n > 0);
}

int
stage_tls_get(const char *url, const char *path, const struct cert *leaf,
    struct buf *out, char why[128])
{
	const struct timeval limit = { STAGE_WAIT_MS / 1000, 0 };
	int fd = stage_connect(url);
	SSL_CTX *ctx = ctx_of(leaf);
	SSL *ssl = SSL_new(ctx);
	const char *reason;
	struct buf b;
	char request[512];
	int status = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	buf_init(&b, ANSWER_MAX);
	ERR_clear_error();
	ck_assert_int_eq(SSL_set_fd(ssl, fd), 1);
	(void)snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n", path);
	if (SSL_connect(ssl) == 1 &&
	    SSL_write(ssl, request, (int)strlen(request)) > 0)
		read_tls(ssl, &b);
	reason = ERR_reason_error_string(ERR_peek_error());
	(void)snprintf(why, 128, "%s", reason == NULL ? "" : reason);
	if (b.n > 12)
		status = (int)strtol(buf_text(&b) + 9, NULL, 10);
	if (out != NULL)
		buf_add(out, buf_str(&b));
	buf_release(&b);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	(void)close(fd);
	return status;
}
