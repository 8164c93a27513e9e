/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "certs.h"

enum {
	CONNS_MAX = 2048,
	IN_MAX = 16 * 1024,
	HEAD_MAX = 16 * 1024,
	BODY_MAX = 64 * 1024,
	DRIP_MS = 5,
	WAIT_S = 10,
};

struct conn {
	struct httpd *h;
	pthread_t thread;
	int fd;
	SSL *ssl; /* NULL: plain */
	char in[IN_MAX];
	size_t in_from, in_to;
	char head[HEAD_MAX];
	char body[BODY_MAX + 1];
	size_t body_size;
};

struct httpd {
	pthread_t thread;
	int fd, port;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned accepted, open, peak, requests, held;
	unsigned hits; /* of the paths that change their mind */
	bool gate_open, stopping;
	SSL_CTX *tls;                /* NULL: plain */
	bool is_proxy;               /* TLS begins after a CONNECT */
	char connect_head[HEAD_MAX]; /* the last one, under the lock */
	struct conn *conns[CONNS_MAX];
};

static bool
put(struct conn *c, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t did = c->ssl != NULL ? SSL_write(c->ssl, p, (int)n)
					     : send(c->fd, p, n, MSG_NOSIGNAL);

		if (did <= 0)
			return false;
		p += did;
		n -= (size_t)did;
	}
	return true;
}

/* The next byte, or -1. */
static int
get(struct conn *c)
{
	ssize_t n;

	if (c->in_from == c->in_to) {
		n = c->ssl != NULL ? SSL_read(c->ssl, c->in, IN_MAX)
				   : recv(c->fd, c->in, IN_MAX, 0);
		if (n <= 0)
			return -1;
		c->in_from = 0;
		c->in_to = (size_t)n;
	}
	return (unsigned char)c->in[c->in_from++];
}

static bool
say(struct conn *c, const char *text)
{
	return put(c, text, strlen(text));
}

#define CRLF  "\r\n"
#define OK    "HTTP/1.1 200 OK" CRLF
#define HELLO OK "Content-Length: 5" CRLF CRLF "hello"

static unsigned
hit(struct conn *c)
{
	unsigned n;

	pthread_mutex_lock(&c->h->lock);
	n = ++c->h->hits;
	pthread_mutex_unlock(&c->h->lock);
	return n;
}

/* Until the client or httpd_stop() ends the connection. */
static void
wait_for_end(struct conn *c)
{
	while (get(c) >= 0)
		;
}

/* A handler returns true if the connection stays. */

static bool
do_length(struct conn *c)
{
	return say(c, HELLO);
}

static bool
do_request(struct conn *c)
{
	char head[96];

	(void)snprintf(head, sizeof(head), OK "Content-Length: %zu" CRLF CRLF,
	    strlen(c->head) + c->body_size);
	return say(c, head) && say(c, c->head) && put(c, c->body, c->body_size);
}

static bool
start_chunks(struct conn *c)
{
	return say(c, OK "Transfer-Encoding: chunked" CRLF CRLF);
}

static bool
do_chunks(struct conn *c)
{
	return start_chunks(c) &&
	       say(c, "2" CRLF "he" CRLF "3;x=y" CRLF "llo" CRLF "0" CRLF CRLF);
}

static bool
do_chunks_junk(struct conn *c)
{
	(void)start_chunks(c);
	(void)say(c, "5" CRLF "hello" CRLF "0" CRLF CRLF "junk behind it");
	return true;
}

static bool
do_chunks_bad(struct conn *c)
{
	(void)start_chunks(c);
	(void)say(c, "zz" CRLF "hello" CRLF "0" CRLF CRLF);
	return false;
}

static bool
do_until_close(struct conn *c)
{
	(void)say(c, OK "Connection: close" CRLF CRLF "hello");
	return false;
}

static bool
do_404(struct conn *c)
{
	return say(c,
	    "HTTP/1.1 404 Not Found" CRLF "Content-Length: 4" CRLF CRLF "gone");
}

static bool
do_500(struct conn *c)
{
	return say(c,
	    "HTTP/1.1 500 Broken" CRLF "Content-Length: 6" CRLF CRLF "broken");
}

static bool
do_500_once(struct conn *c)
{
	return hit(c) == 1 ? do_500(c) : do_length(c);
}

static bool
do_429_once(struct conn *c)
{
	if (hit(c) > 1)
		return do_length(c);
	return say(
	    c, "HTTP/1.1 429 Slow Down" CRLF "Content-Length: 0" CRLF CRLF);
}

static bool
do_reset(struct conn *c)
{
	const struct linger at_once = { .l_onoff = 1 };

	(void)setsockopt(
	    c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return false;
}

static bool
do_empty(struct conn *c)
{
	(void)c;
	return false;
}

static bool
do_garbage(struct conn *c)
{
	(void)say(c, "SSH-2.0-OpenSSH_9.2\r\n\x01\x02\xff");
	return false;
}

static bool
do_silent(struct conn *c)
{
	wait_for_end(c);
	return false;
}

static bool
do_reset_twice_then_silent(struct conn *c)
{
	return hit(c) <= 2 ? do_reset(c) : do_silent(c);
}

static bool
do_drip(struct conn *c)
{
	struct pollfd end = { .fd = c->fd, .events = POLLIN };

	if (!say(c, OK "Content-Length: 4000" CRLF CRLF))
		return false;
	while (poll(&end, 1, DRIP_MS) == 0)
		if (!say(c, "x"))
			break;
	return false;
}

static bool
do_endless(struct conn *c)
{
	if (!say(c, OK CRLF))
		return false;
	while (say(c, "and another thing, "))
		;
	return false;
}

static bool
do_endless_headers(struct conn *c)
{
	if (!say(c, OK))
		return false;
	while (say(c, "X-Another: thing" CRLF))
		;
	return false;
}

/* One line that never ends. */
static bool
do_huge_header(struct conn *c)
{
	if (!say(c, OK "X-Huge: "))
		return false;
	while (say(c, "aaaaaaaaaaaaaaaa"))
		;
	return false;
}

static bool
do_announce(struct conn *c)
{
	(void)say(c, OK "Content-Length: 40000000" CRLF CRLF);
	wait_for_end(c);
	return false;
}

static bool
do_short(struct conn *c)
{
	(void)say(c, OK "Content-Length: 100" CRLF CRLF "hello");
	return false;
}

static bool
do_redirect(struct conn *c)
{
	return say(c,
	    "HTTP/1.1 302 Found" CRLF "Location: /length" CRLF
	    "Set-Cookie: a=b" CRLF "Content-Length: 5" CRLF CRLF "moved");
}

static bool
do_close_quietly(struct conn *c)
{
	(void)say(c, HELLO);
	return false;
}

static bool
do_gzip(struct conn *c)
{
	return say(c, OK "Content-Encoding: gzip" CRLF
			 "Content-Length: 5" CRLF CRLF "hello");
}

/* Unpacked it would be 10 GB; nobody may find out. */
static bool
do_gzip_bomb(struct conn *c)
{
	static const char start[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00";

	if (!say(c, OK "Content-Type: application/json" CRLF
		       "content-encoding:GZIP" CRLF
		       "Content-Length: 10000000" CRLF CRLF) ||
	    !put(c, start, sizeof(start)))
		return false;
	wait_for_end(c);
	return false;
}

static bool
do_gzip_transfer(struct conn *c)
{
	(void)say(c, OK "Transfer-Encoding: gzip, chunked" CRLF CRLF "2" CRLF
			"he" CRLF "0" CRLF CRLF);
	return false;
}

static bool
do_identity(struct conn *c)
{
	return say(c, OK "Content-Encoding: identity" CRLF
			 "Content-Length: 5" CRLF CRLF "hello");
}

static bool
do_headers(struct conn *c)
{
	return say(c,
	    "HTTP/1.1 103 Early Hints" CRLF "X-One: interim" CRLF CRLF OK
	    "X-One:  first \t" CRLF "x-ONE: second" CRLF "X-Empty:" CRLF
	    "X-OneMore: other" CRLF "Content-Length: 5" CRLF CRLF "hello");
}

static bool
do_gate(struct conn *c)
{
	struct httpd *h = c->h;

	pthread_mutex_lock(&h->lock);
	h->held++;
	pthread_cond_broadcast(&h->changed);
	while (!h->gate_open && !h->stopping)
		pthread_cond_wait(&h->changed, &h->lock);
	pthread_mutex_unlock(&h->lock);
	return do_length(c);
}

static const struct {
	const char *path;
	bool (*fn)(struct conn *c);
} paths[] = {
	{ "/404", do_404 },
	{ "/429-once", do_429_once },
	{ "/500", do_500 },
	{ "/500-once", do_500_once },
	{ "/announce", do_announce },
	{ "/chunks", do_chunks },
	{ "/chunks-bad", do_chunks_bad },
	{ "/chunks-junk", do_chunks_junk },
	{ "/close-quietly", do_close_quietly },
	{ "/drip", do_drip },
	{ "/empty", do_empty },
	{ "/endless", do_endless },
	{ "/endless-headers", do_endless_headers },
	{ "/garbage", do_garbage },
	{ "/gate", do_gate },
	{ "/gzip", do_gzip },
	{ "/gzip-bomb", do_gzip_bomb },
	{ "/gzip-transfer", do_gzip_transfer },
	{ "/headers", do_headers },
	{ "/huge-header", do_huge_header },
	{ "/identity", do_identity },
	{ "/length", do_length },
	{ "/redirect", do_redirect },
	{ "/request", do_request },
	{ "/reset", do_reset },
	{ "/reset-twice-then-silent", do_reset_twice_then_silent },
	{ "/short", do_short },
	{ "/silent", do_silent },
	{ "/until-close", do_until_close },
};

static bool
read_head(struct conn *c)
{
	size_t n = 0;

	while (n + 1 < HEAD_MAX) {
		int byte = get(c);

		if (byte < 0)
			return false;
		c->head[n++] = (char)byte;
		c->head[n] = '\0';
		if (n >= 4 && memcmp(c->head + n - 4, "\r\n\r\n", 4) == 0)
			return true;
	}
	return false;
}

static bool
read_body(struct conn *c)
{
	const char *length = strstr(c->head, "\r\nContent-Length: ");
	size_t i, n = length == NULL ? 0 : strtoul(length + 18, NULL, 10);

	c->body_size = 0;
	if (n > BODY_MAX)
		return false;
	for (i = 0; i < n; i++) {
		int byte = get(c);

		if (byte < 0)
			return false;
		c->body[i] = (char)byte;
	}
	c->body_size = n;
	return true;
}

static bool
serve(struct conn *c)
{
	const char *path = strchr(c->head, ' ');
	size_t i, n;

	pthread_mutex_lock(&c->h->lock);
	c->h->requests++;
	pthread_mutex_unlock(&c->h->lock);
	if (path == NULL || !read_body(c))
		return false;
	path++;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		n = strlen(paths[i].path);
		if (strncmp(path, paths[i].path, n) == 0 && path[n] == ' ')
			return paths[i].fn(c);
	}
	return do_404(c);
}

/* A proxy is also the server that it would connect to. */
static bool
be_proxy(struct conn *c)
{
	struct httpd *h = c->h;

	if (!read_head(c))
		return false;
	pthread_mutex_lock(&h->lock);
	memcpy(h->connect_head, c->head, sizeof(h->connect_head));
	pthread_mutex_unlock(&h->lock);
	return strncmp(c->head, "CONNECT ", 8) == 0 &&
	       say(c, "HTTP/1.1 200 Go on" CRLF "X-Proxy: yes" CRLF CRLF);
}

static bool
begin_tls(struct conn *c)
{
	SSL *ssl = SSL_new(c->h->tls);

	if (ssl == NULL || SSL_set_fd(ssl, c->fd) != 1 ||
	    SSL_accept(ssl) != 1) {
		SSL_free(ssl);
		return false;
	}
	c->ssl = ssl;
	return true;
}

static void *
run_conn(void *arg)
{
	struct conn *c = arg;
	bool ok = (!c->h->is_proxy || be_proxy(c)) &&
		  (c->h->tls == NULL || begin_tls(c));

	while (ok && read_head(c) && serve(c))
		;
	SSL_free(c->ssl);
	pthread_mutex_lock(&c->h->lock);
	c->h->open--;
	close(c->fd);
	c->fd = -1;
	pthread_mutex_unlock(&c->h->lock);
	return NULL;
}

static bool
take_conn(struct httpd *h, int fd)
{
	struct conn *c = NULL;
	bool ok = false;

	pthread_mutex_lock(&h->lock);
	if (!h->stopping && h->accepted < CONNS_MAX)
		c = calloc(1, sizeof(*c));
	if (c != NULL) {
		c->h = h;
		c->fd = fd;
		ok = pthread_create(&c->thread, NULL, run_conn, c) == 0;
	}
	if (ok) {
		h->conns[h->accepted++] = c;
		if (++h->open > h->peak)
			h->peak = h->open;
	} else {
		close(fd);
		free(c);
	}
	pthread_mutex_unlock(&h->lock);
	return ok;
}

static void *
run_listener(void *arg)
{
	struct httpd *h = arg;
	int fd;

	do {
		fd = accept(h->fd, NULL, NULL);
	} while (fd >= 0 && take_conn(h, fd));
	return NULL;
}

static int
listen_somewhere(int backlog, int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) != 0 ||
	    listen(fd, backlog) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
		perror("loopback socket");
		exit(EXIT_FAILURE);
	}
	*port = ntohs(a.sin_port);
	return fd;
}

static struct httpd *
start(SSL_CTX *tls, bool is_proxy)
{
	struct httpd *h = calloc(1, sizeof(*h));

	if (h == NULL)
		exit(EXIT_FAILURE);
	/* SSL_write() knows no MSG_NOSIGNAL */
	(void)signal(SIGPIPE, SIG_IGN);
	h->tls = tls;
	h->is_proxy = is_proxy;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	h->fd = listen_somewhere(512, &h->port);
	if (pthread_create(&h->thread, NULL, run_listener, h) != 0)
		exit(EXIT_FAILURE);
	return h;
}

struct httpd *
httpd_start(void)
{
	return start(NULL, false);
}

struct httpd *
httpd_start_tls(const char *ca_path, enum cert cert)
{
	return start(certs_make(ca_path, cert), false);
}

struct httpd *
httpd_start_proxy(const char *ca_path)
{
	return start(certs_make(ca_path, CERT_GOOD), true);
}

void
httpd_stop(struct httpd *h)
{
	unsigned i;

	if (h == NULL)
		return;
	pthread_mutex_lock(&h->lock);
	h->stopping = true;
	pthread_cond_broadcast(&h->changed);
	for (i = 0; i < h->accepted; i++)
		if (h->conns[i]->fd >= 0)
			(void)shutdown(h->conns[i]->fd, SHUT_RDWR);
	pthread_mutex_unlock(&h->lock);
	(void)shutdown(h->fd, SHUT_RDWR);
	pthread_join(h->thread, NULL);
	close(h->fd);
	for (i = 0; i < h->accepted; i++) {
		pthread_join(h->conns[i]->thread, NULL);
		free(h->conns[i]);
	}
	SSL_CTX_free(h->tls);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

int
httpd_port(const struct httpd *h)
{
	return h->port;
}

static unsigned
look(struct httpd *h, const unsigned *counter)
{
	unsigned n;

	pthread_mutex_lock(&h->lock);
	n = *counter;
	pthread_mutex_unlock(&h->lock);
	return n;
}

unsigned
httpd_accepted(struct httpd *h)
{
	return look(h, &h->accepted);
}

unsigned
httpd_peak(struct httpd *h)
{
	return look(h, &h->peak);
}

unsigned
httpd_requests(struct httpd *h)
{
	return look(h, &h->requests);
}

const char *
httpd_connect_head(const struct httpd *h)
{
	return h->connect_head;
}

bool
httpd_wait_held(struct httpd *h, unsigned n)
{
	struct timespec until;
	bool ok = true;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_S;
	pthread_mutex_lock(&h->lock);
	while (ok && h->held < n)
		ok = pthread_cond_timedwait(&h->changed, &h->lock, &until) == 0;
	pthread_mutex_unlock(&h->lock);
	return ok;
}

void
httpd_open_gate(struct httpd *h)
{
	pthread_mutex_lock(&h->lock);
	h->gate_open = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

int
port_refused(void)
{
	int port;

	close(listen_somewhere(0, &port));
	return port;
}

/* A backlog of 0 holds one connection; the next SYN is dropped. */
int
port_hanging(int fds[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int port;

	fds[0] = listen_somewhere(0, &port);
	fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((in_port_t)port);
	if (connect(fds[1], (struct sockaddr *)&a, sizeof(a)) != 0) {
		perror("connect");
		exit(EXIT_FAILURE);
	}
	return port;
}
