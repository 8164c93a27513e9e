/* SPDX-License-Identifier: Apache-2.0 */
#include "programs/client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/clock.h"
#include "workload/tls.h"
#include "workload/x509.h"

struct client {
	enum client_mode mode;
	SSL_CTX *ctx;
	int fd;   /* -1: no connection */
	int bell; /* readable: interrupted */
	SSL *ssl;
	char host[CLIENT_HOST_SIZE], port[6];
	int64_t renew; /* seconds since 1970; 0: never */
	int64_t until_ms;
	struct buf in; /* what has come and was not used */
	bool is_begun; /* the head of the answer is read */
};

static bool
is_host(struct str s)
{
	return s.n > 0 && s.n < CLIENT_HOST_SIZE &&
	       str_is_alnum_or(s, "-._:%");
}

static bool
is_target(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '#')
			return false;
	return s.n < CLIENT_TARGET_SIZE - 1;
}

static bool
split_host(struct str *host, struct str *port, struct str authority)
{
	struct str rest;

	if (authority.n > 0 && authority.p[0] == '[') {
		*host = str_cut(&rest, str_sub(authority, 1, authority.n), ']');
		if (rest.p == NULL || (rest.n > 0 && rest.p[0] != ':'))
			return false;
		*port = str_sub(rest, 1, rest.n);
		return rest.n != 1;
	}
	*host = str_cut(port, authority, ':');
	return port->p == NULL || port->n > 0;
}

int
client_url_parse(struct client_url *url, const char *text,
    enum client_mode mode, struct err *err)
{
	const char *scheme = mode == CLIENT_TLS ? "https://" : "http://";
	struct str s = str_of(text), authority, host, port = STR("");
	uint64_t n = mode == CLIENT_TLS ? 443 : 80;
	size_t at = 0;

	if (!str_starts(s, scheme))
		return err_set(err, ERR_CONFIG, "\"%s\" does not begin with %s",
		    CLEAN(s), scheme);
	s = str_sub(s, strlen(scheme), s.n);
	while (at < s.n && s.p[at] != '/' && s.p[at] != '?')
		at++;
	authority = str_sub(s, 0, at);
	s = str_sub(s, at, s.n);
	if (!split_host(&host, &port, authority) || !is_host(host) ||
	    (port.n > 0 && (!str_to_u64(&n, port) || n == 0 ||
			       n > UINT16_MAX)) ||
	    !is_target(s))
		return err_set(err, ERR_CONFIG,
		    "\"%s\" is no URL such as %sHOST:PORT/PATH",
		    CLEAN(str_of(text)), scheme);
	(void)snprintf(
	    url->host, sizeof(url->host), "%.*s", STR_FMT(host));
	(void)snprintf(url->port, sizeof(url->port), "%u", (unsigned)n);
	(void)snprintf(url->target, sizeof(url->target), "%s%.*s",
	    s.n > 0 && s.p[0] == '/' ? "" : "/", STR_FMT(s));
	return ERR_OK;
}

int
client_new(struct client **cp, enum client_mode mode, SSL_CTX *ctx,
    struct err *err)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	c->mode = mode;
	c->ctx = ctx;
	c->fd = -1;
	c->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->bell < 0) {
		free(c);
		return err_set(err, ERR_SYSTEM, "no descriptor left");
	}
	buf_init(&c->in, CLIENT_HEAD_MAX + CLIENT_BODY_MAX);
	*cp = c;
	return ERR_OK;
}

static void
hang_up(struct client *c)
{
	if (c->ssl != NULL && SSL_is_init_finished(c->ssl))
		(void)SSL_shutdown(c->ssl);
	if (c->ssl != NULL) {
		SSL_free(c->ssl);
		ERR_clear_error();
	}
	if (c->fd >= 0)
		(void)close(c->fd);
	c->ssl = NULL;
	c->fd = -1;
	buf_clear(&c->in);
}

void
client_free(struct client *c)
{
	if (c == NULL)
		return;
	hang_up(c);
	(void)close(c->bell);
	buf_release(&c->in);
	free(c);
}

void
client_interrupt(struct client *c)
{
	(void)eventfd_write(c->bell, 1);
}

void
client_answer_init(struct client_answer *a)
{
	memset(a, 0, sizeof(*a));
	buf_init(&a->body, CLIENT_BODY_MAX);
}

void
client_answer_release(struct client_answer *a)
{
	buf_release(&a->body);
}

static int
wait_for(const struct client *c, short events, struct err *err)
{
	struct pollfd p[] = { { .fd = c->fd, .events = events },
		{ .fd = c->bell, .events = POLLIN } };
	int64_t left;
	int n;

	do {
		left = c->until_ms - clock_ms();
		n = left <= 0 ? 0 : poll(p, 2, (int)left);
	} while (n < 0 && errno == EINTR);
	if (n > 0 && p[1].revents != 0)
		return err_set(err, ERR_CANCELLED, "interrupted");
	if (n > 0)
		return ERR_OK;
	return err_set(err, ERR_TIMEOUT, "%s port %s did not answer in time",
	    CLEAN(str_of(c->host)), c->port);
}

/* One address of the host. */
static int
connect_to(struct client *c, const struct addrinfo *a, struct err *err)
{
	int on = 1, error = 0;
	socklen_t n = sizeof(error);
	int r = ERR_OK;

	c->fd = socket(a->ai_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return err_set(err, ERR_SYSTEM, "socket: %s", strerror(errno));
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(c->fd, a->ai_addr, a->ai_addrlen) == 0)
		return ERR_OK;
	if (errno != EINPROGRESS)
		error = errno;
	else {
		r = wait_for(c, POLLOUT, err);
		if (r == ERR_OK)
			(void)getsockopt(
			    c->fd, SOL_SOCKET, SO_ERROR, &error, &n);
	}
	if (r == ERR_OK && error != 0)
		r = err_set(err, ERR_UNAVAILABLE,
		    "cannot connect to %s port %s: %s",
		    CLEAN(str_of(c->host)), c->port, strerror(error));
	if (r != ERR_OK)
		hang_up(c);
	return r;
}

static int
open_socket(struct client *c, struct err *err)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV };
	struct addrinfo *all = NULL;
	const struct addrinfo *a;
	struct err last = { 0 };
	int r = getaddrinfo(c->host, c->port, &want, &all);

	if (r != 0)
		return err_set(err, ERR_UNAVAILABLE, "cannot resolve %s: %s",
		    CLEAN(str_of(c->host)), gai_strerror(r));
	r = ERR_UNAVAILABLE;
	for (a = all; a != NULL && r != ERR_OK; a = a->ai_next) {
		last = (struct err){ 0 };
		r = connect_to(c, a, &last);
	}
	freeaddrinfo(all);
	return r == ERR_OK ? ERR_OK : err_set(err, r, "%s", last.msg);
}

/* ERR_OK: try again.  step: what was under way. */
static int
tls_wait(struct client *c, int result, const char *step, struct err *err)
{
	int saved = errno;
	int why = SSL_get_error(c->ssl, result);
	struct err said;

	if (why == SSL_ERROR_WANT_READ)
		return wait_for(c, POLLIN, err);
	if (why == SSL_ERROR_WANT_WRITE)
		return wait_for(c, POLLOUT, err);
	if (why == SSL_ERROR_ZERO_RETURN ||
	    (why == SSL_ERROR_SYSCALL && ERR_peek_error() == 0 && saved == 0))
		return err_set(err, ERR_UPSTREAM,
		    "%s: the peer closed the connection", step);
	if (why == SSL_ERROR_SYSCALL && ERR_peek_error() == 0)
		return err_set(
		    err, ERR_UPSTREAM, "%s: %s", step, strerror(saved));
	tls_error(&said, c->ssl);
	return err_set(err, said.code, "%s: %s", step, said.msg);
}

static int
handshake(struct client *c, struct err *err)
{
	int r = ERR_OK;
	int n;

	c->ssl = SSL_new(c->ctx);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	do {
		ERR_clear_error();
		errno = 0;
		n = SSL_connect(c->ssl);
		if (n != 1)
			r = tls_wait(
			    c, n, "the TLS handshake failed", err);
	} while (n != 1 && r == ERR_OK);
	return r;
}

int64_t
connection_expires(const SSL *ssl)
{
	X509 *peer = SSL_get_peer_certificate(ssl);
	X509 *own = SSL_get_certificate(ssl);
	int64_t a = peer == NULL ? 0 : x509_expires(peer);
	int64_t b = own == NULL ? 0 : x509_expires(own);

	X509_free(peer);
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

static int
open_connection(
    struct client *c, const struct client_url *url, struct err *err)
{
	int64_t now = (int64_t)time(NULL);
	int r;

	hang_up(c);
	memcpy(c->host, url->host, sizeof(c->host));
	memcpy(c->port, url->port, sizeof(c->port));
	r = open_socket(c, err);
	if (r != ERR_OK || c->mode == CLIENT_PLAIN)
		return r;
	r = handshake(c, err);
	if (r == ERR_OK)
		c->renew = now + (connection_expires(c->ssl) - now) * 3 / 4;
	return r;
}

/* Idle, to the same place, nothing has come meanwhile, and not too old. */
static bool
is_of_use(const struct client *c, const struct client_url *url)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	return c->fd >= 0 && c->in.n == 0 && strcmp(c->host, url->host) == 0 &&
	       strcmp(c->port, url->port) == 0 && poll(&p, 1, 0) == 0 &&
	       (c->mode == CLIENT_PLAIN || (int64_t)time(NULL) < c->renew);
}

static void
describe(struct client_answer *a, const struct client *c)
{
	X509 *cert;

	a->peer.n = 0;
	a->tls[0] = a->cipher[0] = '\0';
	a->peer_expires = 0;
	if (c->ssl == NULL || !SSL_is_init_finished(c->ssl))
		return;
	(void)snprintf(a->tls, sizeof(a->tls), "%s", SSL_get_version(c->ssl));
	(void)snprintf(
	    a->cipher, sizeof(a->cipher), "%s", SSL_get_cipher_name(c->ssl));
	if (tls_peer_id(&a->peer, c->ssl, NULL) != ERR_OK)
		return;
	cert = SSL_get_peer_certificate(c->ssl);
	a->peer_expires = x509_expires(cert);
	X509_free(cert);
}

static int
send_bytes(struct client *c, struct str s, struct err *err)
{
	static const char step[] = "the request could not be sent";
	int r = ERR_OK;

	while (s.n > 0 && r == ERR_OK) {
		ssize_t n;

		if (c->ssl != NULL)
			ERR_clear_error();
		errno = 0;
		n = c->ssl != NULL ? SSL_write(c->ssl, s.p, (int)s.n)
				   : send(c->fd, s.p, s.n, MSG_NOSIGNAL);
		if (n > 0)
			s = str_sub(s, (size_t)n, s.n);
		else if (c->ssl != NULL)
			r = tls_wait(c, (int)n, step, err);
		else if (errno == EAGAIN)
			r = wait_for(c, POLLOUT, err);
		else
			r = err_set(err, ERR_UPSTREAM, "%s: %s", step,
			    strerror(errno));
	}
	return r;
}

/* Some more bytes into c->in; *ended: there will be no more. */
static int
fill(struct client *c, bool *ended, struct err *err)
{
	static const char step[] = "no answer came";
	char chunk[4096];
	ssize_t n;
	int r = ERR_OK;

	do {
		if (c->ssl != NULL)
			ERR_clear_error();
		errno = 0;
		n = c->ssl != NULL
			? SSL_read(c->ssl, chunk, (int)sizeof(chunk))
			: recv(c->fd, chunk, sizeof(chunk), 0);
		if (n > 0)
			break;
		*ended = c->ssl != NULL
			     ? SSL_get_error(c->ssl, (int)n) ==
				   SSL_ERROR_ZERO_RETURN
			     : n == 0;
		if (*ended)
			return ERR_OK;
		if (c->ssl != NULL)
			r = tls_wait(c, (int)n, step, err);
		else if (errno == EAGAIN)
			r = wait_for(c, POLLIN, err);
		else
			r = err_set(err, ERR_UPSTREAM, "%s: %s", step,
			    strerror(errno));
	} while (r == ERR_OK);
	if (n > 0)
		buf_add(&c->in, (struct str){ chunk, (size_t)n });
	return r == ERR_OK ? buf_check(&c->in, err) : r;
}

/* Until there are n bytes. */
static int
need(struct client *c, size_t n, struct err *err)
{
	bool is_begun = c->is_begun || c->in.n > 0;
	bool ended = false;
	int r = ERR_OK;

	while (r == ERR_OK && c->in.n < n) {
		r = fill(c, &ended, err);
		if (r == ERR_OK && ended)
			r = err_set(err, ERR_UPSTREAM, "%s",
			    is_begun ? "the answer ends before its end"
				     : "no answer came: the peer closed the"
				       " connection");
	}
	return r;
}

static void
used(struct client *c, size_t n)
{
	memmove(c->in.p, c->in.p + n, c->in.n - n);
	c->in.n -= n;
}

/* *n: the length of what ends in mark, with it. */
static int
need_mark(struct client *c, size_t *n, const char *mark, struct err *err)
{
	size_t m = strlen(mark), at = 0;
	int r;

	for (;;) {
		for (; at + m <= c->in.n; at++) {
			if (memcmp(c->in.p + at, mark, m) == 0) {
				*n = at + m;
				return ERR_OK;
			}
		}
		if (c->in.n > CLIENT_HEAD_MAX)
			return err_set(err, ERR_TOOBIG,
			    "the answer's head has no end");
		r = need(c, c->in.n + 1, err);
		if (r != ERR_OK)
			return r;
	}
}

struct head {
	bool has_length, is_chunked, closes;
	uint64_t length;
};

static int
read_header(struct client_answer *a, struct head *h, struct str line,
    struct err *err)
{
	struct str value, name = str_cut(&value, line, ':');

	value = str_trim(value);
	if (str_eq_nocase(name, STR("Content-Type")) &&
	    str_is_printable(value))
		(void)snprintf(
		    a->type, sizeof(a->type), "%.*s", STR_FMT(value));
	else if (str_eq_nocase(name, STR("Connection")))
		h->closes = str_eq_nocase(value, STR("close"));
	else if (str_eq_nocase(name, STR("Transfer-Encoding")))
		h->is_chunked = str_eq_nocase(value, STR("chunked"));
	else if (str_eq_nocase(name, STR("Content-Length"))) {
		if (h->has_length || !str_to_u64(&h->length, value))
			return err_set(err, ERR_FORMAT,
			    "the answer's length is not a number");
		h->has_length = true;
	}
	return ERR_OK;
}

static int
read_head(struct client_answer *a, struct head *h, struct client *c,
    struct err *err)
{
	struct str rest, line;
	uint64_t status;
	size_t n = 0;
	int r;

	r = need_mark(c, &n, "\r\n\r\n", err);
	if (r != ERR_OK)
		return r;
	line = str_cut(&rest, (struct str){ c->in.p, n }, '\n');
	if (!str_starts(line, "HTTP/1.") || line.n < 12 ||
	    !str_to_u64(&status, str_sub(line, 9, 3)) || status < 100)
		return err_set(err, ERR_FORMAT, "the answer is not HTTP: %s",
		    CLEAN(str_trim(line)));
	h->closes = !str_starts(line, "HTTP/1.1");
	while (r == ERR_OK && rest.n > 0) {
		line = str_cut(&rest, rest, '\n');
		r = read_header(a, h, line, err);
	}
	if (r == ERR_OK)
		a->status = (int)status;
	c->is_begun = true;
	used(c, n);
	return r;
}

static int
read_plain_body(
    struct client_answer *a, struct client *c, size_t n, struct err *err)
{
	int r = need(c, n, err);

	if (r != ERR_OK)
		return r;
	buf_add(&a->body, (struct str){ c->in.p, n });
	used(c, n);
	return buf_check(&a->body, err);
}

static bool
hex_of(uint64_t *n, struct str s)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	size_t i;

	*n = 0;
	for (i = 0; i < s.n; i++) {
		const char *d = s.p[i] == '\0' ? NULL : strchr(digits, s.p[i]);

		if (d == NULL || *n > CLIENT_BODY_MAX)
			return false;
		*n = *n * 16 + (uint64_t)((d - digits) % 16);
	}
	return s.n > 0 && *n <= CLIENT_BODY_MAX;
}

static int
read_chunks(struct client_answer *a, struct client *c, struct err *err)
{
	uint64_t size = 1;
	struct str rest;
	size_t n = 0;
	int r = ERR_OK;

	while (r == ERR_OK && size > 0) {
		r = need_mark(c, &n, "\r\n", err);
		if (r != ERR_OK)
			return r;
		if (!hex_of(&size, str_trim(str_cut(&rest,
				       (struct str){ c->in.p, n }, ';'))))
			return err_set(err, ERR_FORMAT,
			    "the answer's chunk has no length");
		used(c, n);
		if (size > 0)
			r = read_plain_body(a, c, (size_t)size, err);
		if (r == ERR_OK && size > 0)
			r = need_mark(c, &n, "\r\n", err);
		if (r == ERR_OK && size > 0)
			used(c, n);
	}
	/* trailers, or the empty line at once */
	do {
		r = r == ERR_OK ? need_mark(c, &n, "\r\n", err) : r;
		if (r == ERR_OK)
			used(c, n);
	} while (r == ERR_OK && n > 2);
	return r;
}

static int
read_to_end(struct client_answer *a, struct client *c, struct err *err)
{
	bool ended = false;
	int r = ERR_OK;

	while (r == ERR_OK && !ended)
		r = fill(c, &ended, err);
	if (r == ERR_OK) {
		buf_add(&a->body, buf_str(&c->in));
		r = buf_check(&a->body, err);
	}
	return r;
}

static int
read_answer(struct client_answer *a, struct client *c, struct err *err)
{
	struct head h;
	int r;

	do {
		memset(&h, 0, sizeof(h));
		r = read_head(a, &h, c, err);
	} while (r == ERR_OK && a->status < 200);
	if (r != ERR_OK)
		return r;
	if (a->status == 204 || a->status == 304)
		r = ERR_OK;
	else if (h.is_chunked)
		r = read_chunks(a, c, err);
	else if (h.has_length && h.length > CLIENT_BODY_MAX)
		r = err_set(err, ERR_TOOBIG, "the answer has over %d bytes",
		    CLIENT_BODY_MAX);
	else if (h.has_length)
		r = read_plain_body(a, c, (size_t)h.length, err);
	else {
		h.closes = true;
		r = read_to_end(a, c, err);
	}
	if (r == ERR_OK && h.closes)
		hang_up(c);
	return r;
}

static int
ask(struct client_answer *a, struct client *c, const struct client_url *url,
    struct err *err)
{
	bool is_v6 = strchr(url->host, ':') != NULL;
	struct buf b;
	int r;

	c->is_begun = false;
	buf_init(&b, 4096);
	buf_addf(&b,
	    "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\n"
	    "Accept: application/json\r\n\r\n",
	    url->target, is_v6 ? "[" : "", url->host, is_v6 ? "]" : "",
	    url->port);
	r = buf_check(&b, err);
	if (r == ERR_OK)
		r = send_bytes(c, buf_str(&b), err);
	if (r == ERR_OK)
		r = read_answer(a, c, err);
	buf_release(&b);
	return r;
}

static int64_t
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int
client_get(struct client_answer *a, struct client *c, const char *text,
    int64_t timeout_ms, struct err *err)
{
	int64_t begin_us = now_us();
	struct client_url url;
	struct err first = { 0 };
	int r;

	r = client_url_parse(&url, text, c->mode, err);
	if (r != ERR_OK)
		return r;
	c->until_ms = clock_ms() + timeout_ms;
	a->kept = is_of_use(c, &url);
	if (!a->kept)
		r = open_connection(c, &url, &first);
	describe(a, c);
	if (r == ERR_OK)
		r = ask(a, c, &url, &first);
	/* Its end may have crossed our request: no answer began, so again. */
	if (r == ERR_UPSTREAM && a->kept && a->status == 0 && c->in.n == 0) {
		first = (struct err){ 0 };
		a->kept = false;
		r = open_connection(c, &url, &first);
		describe(a, c);
		if (r == ERR_OK)
			r = ask(a, c, &url, &first);
	}
	if (r != ERR_OK)
		hang_up(c);
	a->took_us = now_us() - begin_us;
	return r == ERR_OK ? ERR_OK : err_set(err, r, "%s", first.msg);
}
