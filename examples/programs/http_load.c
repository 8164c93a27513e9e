/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_load.c - http-load: how long an answer takes, and how many there are
 *
 * One request at a time on each of some connections, as fast as answers come,
 * over plain HTTP or mutual TLS by SPIFFE: the same code, so that the figures
 * compare.  What is timed is from the first byte of a request to the last of
 * its answer; with -close each has a connection of its own, whose making
 * counts.  Prints one line of NAME=VALUE, times in microseconds.
 *
 * Exit status: 0 done; 1 an answer was not 200, or there was none; 2 the
 * command line is wrong.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/buf.h"
#include "programs/client.h"
#include "workload/source.h"
#include "workload/tls.h"
#include "workload/workload.h"

enum {
	EXIT_USAGE = 2,
	CONNECTIONS_MAX = 1024,
	SECONDS_MAX = 3600,
	ANSWER_MAX = 64 * 1024,
	IDENTITY_MS = 30 * 1000,
	STALL_MS = 10 * 1000,
	EVENTS = 64,
	/* below FINE each microsecond counts, above one part in FINE / 2 */
	FINE = 2048,
	STEPS = 20,
	BUCKETS = FINE + STEPS * FINE / 2,
};

struct options {
	const char *url, *id;
	uint64_t connections, seconds;
	bool close;
	struct buf headers;
};

struct conn {
	int fd; /* -1: none */
	SSL *ssl;
	bool is_shaken;
	size_t sent, got;
	int64_t begun_us;
	char in[ANSWER_MAX];
};

struct load {
	struct options o;
	struct client_url url;
	struct addrinfo *to;
	SSL_CTX *ctx; /* NULL: plain HTTP */
	int epoll;
	struct buf request;
	struct conn *conns;
	bool counts; /* the warm-up is over */
	uint64_t all, requests, reconnects;
	int64_t sum_us, max_us;
	uint64_t buckets[BUCKETS];
	struct err err; /* the first, and the end */
};

static int64_t
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t
cpu_us(void)
{
	struct rusage r;

	(void)getrusage(RUSAGE_SELF, &r);
	return ((int64_t)r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 +
	       r.ru_utime.tv_usec + r.ru_stime.tv_usec;
}

static size_t
bucket_of(int64_t us)
{
	uint64_t v = us < 0 ? 0 : (uint64_t)us;
	size_t step = 0;

	while (v >= FINE && step < STEPS) {
		v >>= 1;
		step++;
	}
	if (v >= FINE)
		v = FINE - 1;
	return step * (FINE / 2) + (size_t)v;
}

/* The middle of a bucket. */
static int64_t
us_of(size_t bucket)
{
	size_t step = bucket < FINE ? 0 : bucket / (FINE / 2) - 1;
	int64_t v = (int64_t)(bucket - step * (FINE / 2));

	return (v << step) + ((int64_t)1 << step) / 2;
}

static int64_t
percentile(const struct load *l, unsigned percent)
{
	uint64_t seen = 0, want = (l->requests * percent + 99) / 100;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		seen += l->buckets[i];
		if (seen >= want)
			return us_of(i);
	}
	return l->max_us;
}

static void
count(struct load *l, int64_t us)
{
	l->all++;
	if (!l->counts)
		return;
	l->requests++;
	l->sum_us += us;
	if (us > l->max_us)
		l->max_us = us;
	l->buckets[bucket_of(us)]++;
}

static void
hang_up(struct conn *c)
{
	if (c->ssl != NULL) {
		if (c->is_shaken)
			(void)SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
		ERR_clear_error();
	}
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	c->ssl = NULL;
	c->is_shaken = false;
}

static int
open_conn(struct load *l, struct conn *c)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int on = 1;

	event.data.ptr = c;
	c->fd = socket(l->to->ai_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		return err_set(
		    &l->err, ERR_SYSTEM, "socket: %s", strerror(errno));
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(c->fd, l->to->ai_addr, l->to->ai_addrlen) != 0 &&
	    errno != EINPROGRESS)
		return err_set(
		    &l->err, ERR_UNAVAILABLE, "connect: %s", strerror(errno));
	if (l->ctx == NULL)
		return ERR_OK;
	c->ssl = SSL_new(l->ctx);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1)
		return err_set(
		    &l->err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	SSL_set_connect_state(c->ssl);
	return ERR_OK;
}

/* The next request; its time begins now. */
static int
begin(struct load *l, struct conn *c)
{
	c->begun_us = now_us();
	c->sent = c->got = 0;
	return c->fd >= 0 ? ERR_OK : open_conn(l, c);
}

/* > 0 bytes, 0 the end, -1 not yet, -2 failed. */
static ssize_t
transfer(struct load *l, struct conn *c, bool sends)
{
	char *to = c->in + c->got;
	const char *from = l->request.p + c->sent;
	size_t room = sizeof(c->in) - c->got, left = l->request.n - c->sent;
	struct err why;
	ssize_t n;
	int code;

	if (c->ssl == NULL) {
		n = sends ? send(c->fd, from, left, MSG_NOSIGNAL)
			  : recv(c->fd, to, room, 0);
		if (n >= 0 || errno == EAGAIN ||
		    (sends && errno == ENOTCONN))
			return n;
		(void)err_set(&l->err, ERR_UPSTREAM, "%s", strerror(errno));
		return -2;
	}
	ERR_clear_error();
	n = sends ? SSL_write(c->ssl, from, (int)left)
		  : SSL_read(c->ssl, to, (int)room);
	c->is_shaken = SSL_is_init_finished(c->ssl);
	if (n > 0)
		return n;
	code = SSL_get_error(c->ssl, (int)n);
	if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE)
		return -1;
	if (code == SSL_ERROR_ZERO_RETURN)
		return 0;
	tls_error(&why, c->ssl);
	(void)err_set(&l->err, ERR_UPSTREAM, "TLS: %s", why.msg);
	return -2;
}

/* The length of head and body; 0: not known yet. */
static size_t
length_of(struct load *l, const struct conn *c, bool *closes)
{
	struct str in = { c->in, c->got }, rest, line, value, name;
	bool is_known = false;
	uint64_t n = 0;
	const char *end = memmem(in.p, in.n, "\r\n\r\n", 4);

	if (end == NULL)
		return 0;
	line = str_cut(&rest, str_sub(in, 0, (size_t)(end - in.p) + 2), '\n');
	if (!str_starts(line, "HTTP/1.1 200 "))
		(void)err_set(&l->err, ERR_UPSTREAM, "the answer is \"%s\"",
		    CLEAN(str_trim(line)));
	while (rest.n > 0) {
		line = str_cut(&rest, rest, '\n');
		name = str_cut(&value, line, ':');
		value = str_trim(value);
		if (str_eq_nocase(name, STR("Content-Length")))
			is_known = str_to_u64(&n, value);
		else if (str_eq_nocase(name, STR("Connection")))
			*closes = str_eq_nocase(value, STR("close"));
	}
	if (!is_known || n > ANSWER_MAX)
		(void)err_set(&l->err, ERR_FORMAT,
		    "the answer does not say its length, or is too long");
	return (size_t)(end - in.p) + 4 + (size_t)n;
}

/* True: the answer is whole, or the connection has to begin anew. */
static bool
receive(struct load *l, struct conn *c, bool *closes)
{
	size_t want;
	ssize_t n = transfer(l, c, false);

	if (n == -1 || n == -2)
		return false;
	if (n == 0 && c->got > 0)
		(void)err_set(&l->err, ERR_UPSTREAM,
		    "the answer ends before its end");
	if (n == 0) {
		/* it was kept, and its end has crossed our request */
		l->reconnects++;
		hang_up(c);
		return true;
	}
	c->got += (size_t)n;
	want = length_of(l, c, closes);
	if (want == 0 || c->got < want)
		return receive(l, c, closes);
	count(l, now_us() - c->begun_us);
	return true;
}

/* As far as it goes without waiting. */
static void
advance(struct load *l, struct conn *c)
{
	bool closes = false;
	ssize_t n;

	while (l->err.code == ERR_OK) {
		closes = l->o.close;
		while (c->sent < l->request.n) {
			n = transfer(l, c, true);
			if (n <= 0)
				return;
			c->sent += (size_t)n;
		}
		if (!receive(l, c, &closes))
			return;
		if (closes)
			hang_up(c);
		if (begin(l, c) != ERR_OK)
			return;
	}
}

static void
run_until(struct load *l, int64_t end_us)
{
	struct epoll_event events[EVENTS];
	int i, n;
	int64_t left;

	while (l->err.code == ERR_OK && (left = end_us - now_us()) > 0) {
		left = left / 1000 + 1;
		n = epoll_wait(l->epoll, events, EVENTS,
		    (int)(left < STALL_MS ? left : STALL_MS));
		if (n == 0 && left > STALL_MS)
			(void)err_set(&l->err, ERR_TIMEOUT,
			    "no answer came for 10 seconds");
		for (i = 0; i < n; i++)
			advance(l, events[i].data.ptr);
	}
}

static void
run(struct load *l)
{
	int64_t seconds_us = (int64_t)l->o.seconds * 1000000;
	int64_t cpu = cpu_us(), begin_us;
	size_t i;

	for (i = 0; i < l->o.connections; i++) {
		l->conns[i].fd = -1;
		if (begin(l, &l->conns[i]) != ERR_OK)
			return;
	}
	run_until(l, now_us() + seconds_us / 10);
	l->counts = true;
	begin_us = now_us();
	run_until(l, begin_us + seconds_us);
	seconds_us = now_us() - begin_us;
	if (l->err.code == ERR_OK && l->requests == 0)
		(void)err_set(&l->err, ERR_TIMEOUT, "no answer came");
	if (l->err.code != ERR_OK)
		return;
	(void)printf("requests=%llu seconds=%.3f rate=%.1f mean=%lld p50=%lld"
		     " p99=%lld max=%lld reconnects=%llu all=%llu cpu=%lld\n",
	    (unsigned long long)l->requests, (double)seconds_us / 1e6,
	    (double)l->requests * 1e6 / (double)seconds_us,
	    (long long)(l->sum_us / (int64_t)l->requests),
	    (long long)percentile(l, 50), (long long)percentile(l, 99),
	    (long long)l->max_us, (unsigned long long)l->reconnects,
	    (unsigned long long)l->all, (long long)(cpu_us() - cpu));
}

static int
prepare(struct load *l)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM };
	bool is_tls = str_starts(str_of(l->o.url), "https:");
	int r = client_url_parse(&l->url, l->o.url,
	    is_tls ? CLIENT_TLS : CLIENT_PLAIN, &l->err);

	if (r != ERR_OK)
		return r;
	if (getaddrinfo(l->url.host, l->url.port, &want, &l->to) != 0)
		return err_set(&l->err, ERR_UNAVAILABLE, "cannot resolve %s",
		    CLEAN(str_of(l->url.host)));
	buf_addf(&l->request,
	    "GET %s HTTP/1.1\r\nHost: %s:%s\r\nAccept: application/json\r\n",
	    l->url.target, l->url.host, l->url.port);
	buf_add(&l->request, buf_str(&l->o.headers));
	buf_add_text(&l->request,
	    l->o.close ? "Connection: close\r\n\r\n" : "\r\n");
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->conns = calloc(l->o.connections, sizeof(*l->conns));
	if (l->epoll < 0 || l->conns == NULL)
		return err_set(
		    &l->err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	return buf_check(&l->request, &l->err);
}

static void
load(struct load *l)
{
	size_t i;

	if (prepare(l) == ERR_OK)
		run(l);
	for (i = 0; l->conns != NULL && i < l->o.connections; i++)
		hang_up(&l->conns[i]);
	free(l->conns);
	if (l->to != NULL)
		freeaddrinfo(l->to);
	buf_release(&l->request);
}

static void
load_by_tls(struct load *l)
{
	struct workload_options options = { 0 };
	const char *ids[] = { l->o.id, NULL };
	struct tls_config config = {
		.expected = { .kind = MATCH_IDS, .ids = ids },
	};
	struct workload *w = NULL;
	struct tls *tls = NULL;
	int r = workload_open(&w, &options, &l->err);

	if (r == ERR_OK)
		r = source_wait(
		    workload_source(w), SOURCE_SVIDS, IDENTITY_MS, &l->err);
	if (r == ERR_OK) {
		config.source = workload_source(w);
		r = tls_new(&tls, &config, &l->err);
	}
	if (r == ERR_OK)
		r = tls_client_ctx(&l->ctx, tls, &l->err);
	if (r == ERR_OK)
		load(l);
	SSL_CTX_free(l->ctx);
	tls_free(tls);
	workload_close(w);
}

static void
usage(void)
{
	(void)fputs("Usage: http-load [-connections N] [-seconds N] [-close]"
		    " [-header \"NAME: VALUE\"]...\n"
		    "                 [-id SPIFFE_ID] URL\n"
		    "An https URL wants -id, who has to answer there, and an"
		    " agent at\nSPIFFE_ENDPOINT_SOCKET.\n",
	    stderr);
	exit(EXIT_USAGE);
}

static uint64_t
number(const char *text, uint64_t max)
{
	uint64_t n;

	if (!str_to_u64(&n, str_of(text)) || n == 0 || n > max)
		usage();
	return n;
}

static void
parse(struct options *o, int argc, char **argv)
{
	static const struct option all[] = {
		{ "close", no_argument, NULL, 'x' },
		{ "connections", required_argument, NULL, 'c' },
		{ "header", required_argument, NULL, 'H' },
		{ "id", required_argument, NULL, 'i' },
		{ "seconds", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long_only(argc, argv, "", all, NULL)) != -1) {
		if (c == 'x')
			o->close = true;
		else if (c == 'c')
			o->connections = number(optarg, CONNECTIONS_MAX);
		else if (c == 'H')
			buf_addf(&o->headers, "%s\r\n", optarg);
		else if (c == 'i')
			o->id = optarg;
		else if (c == 's')
			o->seconds = number(optarg, SECONDS_MAX);
		else
			usage();
	}
	if (optind + 1 != argc)
		usage();
	o->url = argv[optind];
	if (str_starts(str_of(o->url), "https:") != (o->id != NULL))
		usage();
}

int
main(int argc, char **argv)
{
	static struct load l;

	l.o.connections = 1;
	l.o.seconds = 2;
	buf_init(&l.o.headers, CLIENT_HEAD_MAX);
	buf_init(&l.request, 2 * CLIENT_HEAD_MAX);
	(void)signal(SIGPIPE, SIG_IGN);
	parse(&l.o, argc, argv);
	if (l.o.id != NULL)
		load_by_tls(&l);
	else
		load(&l);
	buf_release(&l.o.headers);
	if (l.err.code == ERR_OK)
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	(void)fprintf(stderr, "http-load: %s\n", l.err.msg);
	return EXIT_FAILURE;
}
