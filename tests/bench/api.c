/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.c - what a request over mutual TLS costs api-service, beside nginx
 *
 * bench-api API_SERVICE NGINX FOLDER.  Both have one core and the same
 * certificate, key and bundle, speak TLS 1.3, ask for the client's certificate
 * and give the same JSON to kept connections: api-service, who makes it anew
 * each time, looks at who asks, and follows rotation; nginx, by one worker, as
 * a constant.  This process is the client, on another core, and the agent.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "host/fail.h"
#include "host/process.h"
#include "measure.h"
#include "workload/certs.h"
#include "workload/fake_agent.h"
#include "workload/wire.h"

enum {
	CONNECTIONS = 16,
	WARM = 2000,
	ROUNDS = 7, /* in turns; the median counts */
	REQUESTS = 10000, /* of each, in a round */
	WAIT_MS = 20 * 1000,
	BODY_MAX = 4096,
	CONF_MAX = 16 * 1024,
	GOAL = 1000, /* requests a second, on one core */
};

#define API_ID "spiffe://home.test/api-service"
#define CLI_ID "spiffe://home.test/cli-client"
#define REQUEST "GET /attestation HTTP/1.1\r\nHost: api.home.test\r\n\r\n"

struct server {
	const char *name;
	struct process *process;
	unsigned port;
	SSL *connections[CONNECTIONS];
	double us[ROUNDS], rate[ROUNDS];
};

static struct cert home, leaf, own;
static const char *folder;
static struct server api = { .name = "api-service" };
static struct server nginx = { .name = "nginx" };
static char answer[BODY_MAX]; /* the body of the last one */

/*
 * Cores
 */

/* The nth of those that we may use, if there are that many. */
static void
use_core(const cpu_set_t *all, int nth)
{
	cpu_set_t one;
	size_t cpu, last = 0;

	for (cpu = 0; cpu < CPU_SETSIZE && nth >= 0; cpu++) {
		if (CPU_ISSET(cpu, all)) {
			last = cpu;
			nth--;
		}
	}
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	NEED(sched_setaffinity(0, sizeof(one), &one) == 0, "core %zu: %s", last,
	    strerror(errno));
}

/* It inherits the core. */
static struct process *
start_on(const cpu_set_t *all, int nth, const char *program,
    const char *const *args, const char *const *env)
{
	struct process_options o = { .program = program,
		.args = args,
		.env = env,
		.raw_lines = true };
	struct process *p;

	use_core(all, nth);
	p = process_start(&o);
	use_core(all, 0);
	return p;
}

/*
 * Files
 */

static FILE *
open_file(char path[256], const char *name)
{
	FILE *f;

	(void)snprintf(path, 256, "%s/%s", folder, name);
	f = fopen(path, "w");
	NEED(f != NULL, "%s: %s", path, strerror(errno));
	return f;
}

static void
close_file(FILE *f, const char *path)
{
	NEED(fclose(f) == 0, "%s: %s", path, strerror(errno));
}

static void
write_certificates(void)
{
	char path[256];
	FILE *f = open_file(path, "leaf.pem");

	NEED(PEM_write_X509(f, leaf.cert) == 1, "%s", path);
	close_file(f, path);
	f = open_file(path, "leaf.key");
	NEED(PEM_write_PrivateKey(f, leaf.key, NULL, NULL, 0, NULL, NULL) == 1,
	    "%s", path);
	close_file(f, path);
	f = open_file(path, "bundle.pem");
	NEED(PEM_write_X509(f, home.cert) == 1, "%s", path);
	close_file(f, path);
}

/*
 * The client
 */

static SSL_CTX *
client_ctx(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	NEED(ctx != NULL &&
		 SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
		 SSL_CTX_use_certificate(ctx, own.cert) == 1 &&
		 SSL_CTX_use_PrivateKey(ctx, own.key) == 1 &&
		 X509_STORE_add_cert(
		     SSL_CTX_get_cert_store(ctx), home.cert) == 1,
	    "no TLS context");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return ctx;
}

static int
connect_port(unsigned port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	NEED(fd >= 0, "socket: %s", strerror(errno));
	at.sin_port = htons((uint16_t)port);
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
		(void)close(fd);
		return -1;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* NULL if the server does not take it. */
static SSL *
connect_tls(const struct server *s, SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);
	int fd = connect_port(s->port);

	NEED(ssl != NULL && fd >= 0 && SSL_set_fd(ssl, fd) == 1,
	    "%s: no connection", s->name);
	if (SSL_connect(ssl) == 1)
		return ssl;
	SSL_free(ssl);
	(void)close(fd);
	return NULL;
}

/* api-service listens before it has its identity. */
static void
connect_all(struct server *s, SSL_CTX *ctx)
{
	int64_t until = now_ms() + WAIT_MS;
	size_t i = 0;

	while (i < CONNECTIONS) {
		s->connections[i] = connect_tls(s, ctx);
		if (s->connections[i] != NULL)
			i++;
		else
			NEED(now_ms() < until && usleep(10000) == 0,
			    "%s: no TLS", s->name);
	}
}

static void
ask(const struct server *s, SSL *ssl)
{
	NEED(SSL_write(ssl, REQUEST, sizeof(REQUEST) - 1) ==
		 (int)sizeof(REQUEST) - 1,
	    "%s hangs up", s->name);
}

/* The whole answer, which must be good. */
static void
hear(const struct server *s, SSL *ssl)
{
	static const char length[] = "Content-Length: ";
	char text[BODY_MAX];
	const char *end = NULL, *at;
	size_t n = 0, whole = sizeof(text);

	while (n < whole) {
		int got = SSL_read(ssl, text + n, (int)(sizeof(text) - 1 - n));

		NEED(got > 0, "%s hangs up", s->name);
		n += (size_t)got;
		text[n] = '\0';
		if (end != NULL || (end = strstr(text, "\r\n\r\n")) == NULL)
			continue;
		at = strstr(text, length);
		NEED(strncmp(text, "HTTP/1.1 200", 12) == 0 && at != NULL &&
			 at < end,
		    "%s: %s", s->name, text);
		end += 4;
		whole = (size_t)(end - text) +
			strtoul(at + sizeof(length) - 1, NULL, 10);
		NEED(whole < sizeof(text), "%s says too much", s->name);
	}
	memcpy(answer, end, n - (size_t)(end - text) + 1);
}

/* Each connection asks again when it has been answered. */
static void
ask_many(const struct server *s, size_t total)
{
	size_t i;

	for (i = 0; i < total + CONNECTIONS; i++) {
		SSL *ssl = s->connections[i % CONNECTIONS];

		if (i >= CONNECTIONS)
			hear(s, ssl);
		if (i < total)
			ask(s, ssl);
	}
}

/*
 * The servers
 */

static struct fake_agent *
start_agent(void)
{
	struct fake_agent *agent = fake_start(NULL);
	struct buf b;

	NEED(agent != NULL, "no agent");
	buf_init(&b, 64 * 1024);
	wire_put_leaf(&b, API_ID, &leaf, &home, "");
	fake_set(agent, FAKE_SVIDS,
	    (struct fake_answer){ .message = buf_str(&b) });
	buf_release(&b);
	return agent;
}

static void
start_api(const char *program, const cpu_set_t *all, struct fake_agent *agent)
{
	char path[256], endpoint[256];
	const char *args[] = { "-c", path, NULL };
	const char *env[] = { endpoint, NULL };
	const char *line, *colon;
	FILE *f = open_file(path, "api.conf");

	(void)fprintf(f,
	    "listen = \"127.0.0.1:0\"\nallowed_ids = {\"" CLI_ID "\"}\n");
	close_file(f, path);
	(void)snprintf(endpoint, sizeof(endpoint), "SPIFFE_ENDPOINT_SOCKET=%s",
	    fake_endpoint(agent));
	api.process = start_on(all, 1, program, args, env);
	line = process_first_line(api.process, WAIT_MS);
	colon = line == NULL ? NULL : strrchr(line, ':');
	NEED(colon != NULL, "api-service does not start: %s",
	    process_stderr(api.process));
	api.port = (unsigned)strtoul(colon + 1, NULL, 10);
}

/* Free when we looked. */
static unsigned
free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	NEED(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		 getsockname(fd, (struct sockaddr *)&at, &n) == 0,
	    "no port: %s", strerror(errno));
	(void)close(fd);
	return ntohs(at.sin_port);
}

static void
write_nginx_conf(FILE *f, const char *body)
{
	static const char *const temps[] = { "client_body", "proxy", "fastcgi",
		"uwsgi", "scgi" };
	size_t i;

	NEED(strpbrk(body, "'$\\") == NULL, "no constant for nginx: %s", body);
	(void)fprintf(f,
	    "daemon off;\nmaster_process off;\nerror_log stderr;\n"
	    "pid %s/nginx.pid;\nevents { }\nhttp {\n\taccess_log off;\n",
	    folder);
	for (i = 0; i < sizeof(temps) / sizeof(temps[0]); i++)
		(void)fprintf(
		    f, "\t%s_temp_path %s/temp;\n", temps[i], folder);
	(void)fprintf(f,
	    "\tkeepalive_requests 1000000000;\n\tkeepalive_timeout 1h;\n"
	    "\tserver {\n\t\tlisten 127.0.0.1:%u ssl;\n"
	    "\t\tssl_protocols TLSv1.3;\n"
	    "\t\tssl_certificate %s/leaf.pem;\n"
	    "\t\tssl_certificate_key %s/leaf.key;\n"
	    "\t\tssl_client_certificate %s/bundle.pem;\n"
	    "\t\tssl_verify_client on;\n"
	    "\t\tlocation = /attestation {\n"
	    "\t\t\tdefault_type application/json;\n"
	    "\t\t\treturn 200 '%s';\n\t\t}\n\t}\n}\n",
	    nginx.port, folder, folder, folder, body);
}

static void
start_nginx(const char *program, const cpu_set_t *all, const char *body)
{
	char path[256];
	const char *args[] = { "-p", folder, "-e", "stderr", "-c", path,
		NULL };
	int64_t until = now_ms() + WAIT_MS;
	int fd, status;
	FILE *f = open_file(path, "nginx.conf");

	nginx.port = free_port();
	write_nginx_conf(f, body);
	close_file(f, path);
	nginx.process = start_on(all, 1, program, args, NULL);
	while ((fd = connect_port(nginx.port)) < 0) {
		NEED(!process_exited(nginx.process, &status, 5) &&
			 now_ms() < until,
		    "nginx does not start: %s", process_stderr(nginx.process));
	}
	(void)close(fd);
}

/*
 * The figures
 */

static void
run_round(struct server *s, size_t k)
{
	pid_t pid = process_pid(s->process);
	double cpu = cpu_us(pid), began = bench_now();

	ask_many(s, REQUESTS);
	s->rate[k] = REQUESTS / (bench_now() - began) * 1e3;
	s->us[k] = (cpu_us(pid) - cpu) / REQUESTS;
}

static void
print_figures(size_t bytes)
{
	double own_us = median(api.us, ROUNDS), us = median(nginx.us, ROUNDS);
	double own_rate = median(api.rate, ROUNDS);
	double rate = median(nginx.rate, ROUNDS);

	(void)printf("\nGET /attestation over %d kept connections, mutual %s, "
		     "%zu bytes of JSON: CPU of a request, us\n"
		     "  %-14s %10.3f %6.2fx\n  %-14s %10.3f\n",
	    CONNECTIONS, SSL_get_version(api.connections[0]), bytes, api.name,
	    own_us, own_us / us, nginx.name, us);
	(void)printf("\nthese a second, the server on one core\n"
		     "  %-14s %10.0f %6.2fx   at least %d%s\n"
		     "  %-14s %10.0f\n",
	    api.name, own_rate, own_rate / rate, GOAL,
	    own_rate >= GOAL ? "" : "   MISSED", nginx.name, rate);
}

static void
measure(void)
{
	size_t bytes = strlen(answer), k;

	ask_many(&api, WARM);
	ask_many(&nginx, WARM);
	for (k = 0; k < ROUNDS; k++) {
		run_round(&api, k);
		run_round(&nginx, k);
	}
	print_figures(bytes);
}

static void
hang_up(struct server *s)
{
	size_t i;

	for (i = 0; i < CONNECTIONS; i++) {
		(void)close(SSL_get_fd(s->connections[i]));
		SSL_free(s->connections[i]);
	}
	process_free(s->process);
}

int
main(int argc, char **argv)
{
	struct fake_agent *agent;
	SSL_CTX *ctx;
	cpu_set_t all;

	NEED(argc == 4, "usage: bench-api API_SERVICE NGINX FOLDER");
	(void)signal(SIGPIPE, SIG_IGN);
	NEED(sched_getaffinity(0, sizeof(all), &all) == 0, "no cores");
	use_core(&all, 0);
	folder = argv[3];
	home = cert_make_authority("home.test");
	leaf = cert_make_leaf(API_ID, &home);
	own = cert_make_leaf(CLI_ID, &home);
	write_certificates();
	agent = start_agent();
	start_api(argv[1], &all, agent);
	ctx = client_ctx();
	connect_all(&api, ctx);
	ask_many(&api, CONNECTIONS);
	start_nginx(argv[2], &all, answer);
	connect_all(&nginx, ctx);
	measure();
	hang_up(&api);
	hang_up(&nginx);
	SSL_CTX_free(ctx);
	fake_stop(agent);
	cert_free(&own);
	cert_free(&leaf);
	cert_free(&home);
	return EXIT_SUCCESS;
}
