/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "host/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/fail.h"

enum { CONNECTIONS_MAX = 4096, PATHS_MAX = 64 };

struct connection {
	pthread_t thread;
	struct httpd *server;
	int fd;
};

struct httpd {
	httpd_fn *handler;
	void *arg;
	int fd, port;
	int stop_fd[2]; /* readable: stop */
	char url[64];
	pthread_t acceptor;
	struct connection connections[CONNECTIONS_MAX]; /* the acceptor's */
	size_t connection_count;

	pthread_mutex_t lock; /* guards what follows */
	size_t requests;
	char paths[PATHS_MAX][256]; /* the first ones */
};

bool
httpd_write(struct httpd_request *r, const void *bytes, size_t n)
{
	const char *p = bytes;
	ssize_t sent;
	struct pollfd fds[2] = { { .fd = r->fd, .events = POLLOUT },
		{ .fd = r->server->stop_fd[0], .events = POLLIN } };

	while (n > 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return false;
		if (fds[1].revents != 0)
			return false;
		sent = send(r->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
		}
	}
	return true;
}

bool
httpd_print(struct httpd_request *r, const char *fmt, ...)
{
	char text[8192];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	NEED(n >= 0 && (size_t)n < sizeof(text), "too long to print");
	return httpd_write(r, text, (size_t)n);
}

void
httpd_reply_bytes(
    struct httpd_request *r, int status, const void *body, size_t n)
{
	if (httpd_print(r,
		"HTTP/1.1 %d Said\r\nContent-Type: application/json\r\n"
		"Content-Length: %zu\r\n\r\n",
		status, n) &&
	    httpd_write(r, body, n))
		r->keep = true;
}

void
httpd_reply(struct httpd_request *r, int status, const char *body)
{
	httpd_reply_bytes(r, status, body, strlen(body));
}

void
httpd_reply_chunked(
    struct httpd_request *r, int status, const char *body, size_t chunk)
{
	size_t left = strlen(body), n;
	bool ok = httpd_print(r,
	    "HTTP/1.1 %d Said\r\nTransfer-Encoding: chunked\r\n\r\n", status);

	for (; ok && left > 0; body += n, left -= n) {
		n = left < chunk ? left : chunk;
		ok = httpd_print(r, "%zx\r\n", n) && httpd_write(r, body, n) &&
		     httpd_print(r, "\r\n");
	}
	if (ok && httpd_print(r, "0\r\n\r\n"))
		r->keep = true;
}

bool
httpd_pause(struct httpd_request *r, int ms)
{
	struct pollfd fds[2] = { { .fd = r->fd, .events = POLLIN | POLLRDHUP },
		{ .fd = r->server->stop_fd[0], .events = POLLIN } };

	return poll(fds, 2, ms) == 0;
}

void
httpd_hang(struct httpd_request *r)
{
	httpd_pause(r, -1);
}

/* More bytes into p; 0 when the connection is over. */
static size_t
receive(struct httpd_request *r, char *p, size_t n)
{
	struct pollfd fds[2] = { { .fd = r->fd, .events = POLLIN },
		{ .fd = r->server->stop_fd[0], .events = POLLIN } };
	ssize_t got;

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return 0;
	if (fds[1].revents != 0)
		return 0;
	got = recv(r->fd, p, n, 0);
	return got < 0 ? 0 : (size_t)got;
}

/* rest[0..n) came with the head; false when the connection is over. */
static bool
read_body(struct httpd_request *r, const char *rest, size_t n)
{
	const char *field = strcasestr(r->head, "\r\nContent-Length:");
	size_t want = 0, got;

	if (field != NULL)
		want = strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
	if (want >= sizeof(r->body) || n > want)
		return false;
	memcpy(r->body, rest, n);
	for (r->body_n = n; r->body_n < want; r->body_n += got) {
		got = receive(r, r->body + r->body_n, want - r->body_n);
		if (got == 0)
			return false;
	}
	r->body[want] = '\0';
	return true;
}

/* One request in r; false when the connection is over. */
static bool
read_request(struct httpd_request *r)
{
	size_t used = 0, got;
	const char *from, *to;
	char *end = NULL;

	while (end == NULL) {
		if (used + 1 >= sizeof(r->head))
			return false;
		got = receive(r, r->head + used, sizeof(r->head) - 1 - used);
		if (got == 0)
			return false;
		used += got;
		r->head[used] = '\0';
		end = strstr(r->head, "\r\n\r\n");
	}
	end += strlen("\r\n\r\n");
	if (!read_body(r, end, used - (size_t)(end - r->head)))
		return false;
	*end = '\0';
	from = strchr(r->head, ' ');
	to = from == NULL ? NULL : strchr(from + 1, ' ');
	if (to == NULL)
		return false;
	snprintf(
	    r->path, sizeof(r->path), "%.*s", (int)(to - from - 1), from + 1);
	return true;
}

static void
count(struct httpd *s, struct httpd_request *r)
{
	pthread_mutex_lock(&s->lock);
	r->number = s->requests++;
	if (r->number < PATHS_MAX)
		snprintf(s->paths[r->number], sizeof(s->paths[0]), "%.255s",
		    r->path);
	pthread_mutex_unlock(&s->lock);
}

static void *
serve(void *arg)
{
	struct connection *c = arg;
	struct httpd_request *r = need_alloc(sizeof(*r));

	r->fd = c->fd;
	r->server = c->server;
	r->arg = c->server->arg;
	do {
		r->keep = false;
		if (!read_request(r))
			break;
		count(c->server, r);
		c->server->handler(r);
	} while (r->keep);
	shutdown(c->fd, SHUT_RDWR);
	close(c->fd);
	free(r);
	return NULL;
}

static void *
accept_all(void *arg)
{
	struct httpd *s = arg;
	struct pollfd fds[2] = { { .fd = s->fd, .events = POLLIN },
		{ .fd = s->stop_fd[0], .events = POLLIN } };
	struct connection *c;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents != 0)
			return NULL;
		NEED(s->connection_count < CONNECTIONS_MAX,
		    "too many connections for this server");
		c = &s->connections[s->connection_count];
		c->server = s;
		c->fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
		if (c->fd < 0)
			continue;
		NEED(pthread_create(&c->thread, NULL, serve, c) == 0,
		    "pthread_create");
		s->connection_count++;
	}
}

int
httpd_listen(int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)*port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	union {
		struct sockaddr_in *in;
		struct sockaddr *any;
	} u = { &a };
	socklen_t n = sizeof(a);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	NEED(fd >= 0, "socket: %m");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	NEED(bind(fd, u.any, n) == 0, "bind port %d: %m", *port);
	NEED(listen(fd, 1024) == 0, "listen: %m");
	NEED(getsockname(fd, u.any, &n) == 0, "getsockname: %m");
	*port = ntohs(a.sin_port);
	return fd;
}

struct httpd *
httpd_start(int port, httpd_fn *handler, void *arg)
{
	struct httpd *s = need_alloc(sizeof(*s));

	s->handler = handler;
	s->arg = arg;
	s->port = port;
	s->fd = httpd_listen(&s->port);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d", s->port);
	NEED(pipe2(s->stop_fd, O_CLOEXEC) == 0, "pipe: %m");
	pthread_mutex_init(&s->lock, NULL);
	NEED(pthread_create(&s->acceptor, NULL, accept_all, s) == 0,
	    "pthread_create");
	return s;
}

void
httpd_stop(struct httpd *s)
{
	size_t i;

	if (s == NULL)
		return;
	close(s->stop_fd[1]);
	pthread_join(s->acceptor, NULL);
	for (i = 0; i < s->connection_count; i++)
		pthread_join(s->connections[i].thread, NULL);
	close(s->stop_fd[0]);
	close(s->fd);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int
httpd_port(const struct httpd *s)
{
	return s->port;
}

const char *
httpd_url(const struct httpd *s)
{
	return s->url;
}

size_t
httpd_requests(struct httpd *s)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->requests;
	pthread_mutex_unlock(&s->lock);
	return n;
}

bool
httpd_saw(struct httpd *s, const char *path)
{
	bool seen = false;
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->requests && i < PATHS_MAX; i++)
		seen |= strcmp(s->paths[i], path) == 0;
	pthread_mutex_unlock(&s->lock);
	return seen;
}

int
httpd_unused_port(void)
{
	int port = 0;

	close(httpd_listen(&port));
	return port;
}
