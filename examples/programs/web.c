/* SPDX-License-Identifier: Apache-2.0 */
#include "programs/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <openssl/err.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "json/json.h"
#include "programs/client.h"
#include "programs/request.h"
#include "programs/settings.h"
#include "workload/tls.h"

enum {
	SWEEP_MS = 500,
	LINGER_MS = 2000,
	ACCEPT_PAUSE_MS = 100,
	INPUT_MAX = 16 * 1024, /* unread bytes of one connection */
	ERROR_MAX = 2048,
	REFUSALS_A_SECOND = 50,
};

enum conn_state {
	CONN_WAITING, /* for a request, or the handshake */
	CONN_BUSY,    /* with one, until the answer is out */
	CONN_STREAM,
	CONN_LINGERING, /* our last byte is out, theirs may come */
};

struct web_call {
	const struct request *request; /* NULL once answer() is back */
	bool is_head, keep, wants_html;
	void (*gone)(void *arg);
	void *arg;
};

struct conn {
	struct list in_list; /* of the server's, by state */
	struct web *web;
	struct bufferevent *bev;
	SSL *ssl; /* bev's; NULL: plain HTTP */
	bool shaken;
	bool answered, closing;
	enum conn_state state;
	int64_t since_ms; /* in this state */
	int64_t renew;    /* seconds since 1970; 0: never */
	size_t body_left; /* of the request's, to be thrown away */
	struct web_call call;
};

struct web {
	struct event_base *base;
	struct web_config config;
	struct evconnlistener *listener;
	struct event *sweep;
	struct list lists[CONN_LINGERING + 1]; /* the oldest first */
	size_t conns, streams;
	int64_t beat_ms;
	struct log_gate refusals;
	char url[WEB_URL_SIZE];
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

static struct conn *
conn_of(const struct web_call *call)
{
	return container_of((uintptr_t)call, struct conn, call);
}

static void
enter(struct conn *c, enum conn_state state)
{
	if (state == CONN_STREAM)
		c->web->streams++;
	c->state = state;
	c->since_ms = clock_ms();
	list_remove(&c->in_list);
	list_append(&c->web->lists[state], &c->in_list);
}

static void
conn_free(struct conn *c)
{
	if (c->state == CONN_BUSY && !c->answered && c->call.gone != NULL)
		c->call.gone(c->call.arg);
	if (c->state == CONN_STREAM)
		c->web->streams--;
	c->web->conns--;
	list_remove(&c->in_list);
	if (c->shaken)
		(void)SSL_shutdown(c->ssl);
	if (c->ssl != NULL)
		ERR_clear_error();
	bufferevent_free(c->bev);
	free(c);
}

/*
 * To close while their bytes lie unread would reset the connection, and our
 * answer with it.
 */
static void
linger(struct conn *c)
{
	if (c->shaken)
		(void)SSL_shutdown(c->ssl);
	if (c->ssl != NULL)
		ERR_clear_error();
	(void)shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	enter(c, CONN_LINGERING);
}

static const char *
words_of(int status)
{
	static const struct {
		int status;
		const char *words;
	} known[] = { { 200, "OK" }, { 400, "Bad Request" },
		{ 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 408, "Request Timeout" },
		{ 413, "Content Too Large" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" } };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].status == status)
			return known[i].words;
	return "Unknown";
}

/* more: header lines, or ""; length < 0: until the connection ends */
static void
add_head(struct conn *c, int status, const char *type, long length,
    const char *more)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	time_t now = time(NULL);
	struct tm tm;
	char date[40] = "";

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(
		    date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	(void)evbuffer_add_printf(out,
	    "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\n"
	    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
	    "%s%s",
	    status, words_of(status), date, type, c->web->config.headers,
	    more);
	if (length >= 0)
		(void)evbuffer_add_printf(
		    out, "Content-Length: %ld\r\n", length);
	(void)evbuffer_add_printf(
	    out, "%s\r\n", c->call.keep ? "" : "Connection: close\r\n");
}

static void
answer(struct conn *c, int status, const char *type, struct str body,
    const char *more)
{
	if (c->renew != 0 && (int64_t)time(NULL) >= c->renew)
		c->call.keep = false;
	add_head(c, status, type, (long)body.n, more);
	if (!c->call.is_head)
		(void)bufferevent_write(c->bev, body.p, body.n);
	c->answered = true;
	c->closing = !c->call.keep;
}

void
web_answer(struct web_call *call, int status, const char *type, struct str body)
{
	answer(conn_of(call), status, type, body, "");
}

static void
answer_error(
    struct conn *c, int status, const char *sentence, const char *more)
{
	struct buf b;

	buf_init(&b, ERROR_MAX);
	buf_add_char(&b, '{');
	json_write_member(&b, "error", str_of(sentence));
	buf_add_text(&b, "}\n");
	answer(c, status, "application/json", buf_str(&b), more);
	buf_release(&b);
}

void
web_error(struct web_call *call, int status, const char *sentence)
{
	answer_error(conn_of(call), status, sentence, "");
}

void
web_later(struct web_call *call, void (*gone)(void *arg), void *arg)
{
	call->gone = gone;
	call->arg = arg;
}

const SSL *
web_ssl(const struct web_call *call)
{
	return conn_of(call)->ssl;
}

unsigned
web_client_cert(const struct web_call *call, struct str *value)
{
	*value = call->request->client_cert;
	return call->request->client_certs;
}

bool
web_wants_html(const struct web_call *call)
{
	return call->wants_html;
}

void
web_stream(struct web_call *call, struct str first)
{
	struct conn *c = conn_of(call);

	if (c->web->streams >= WEB_STREAMS_MAX) {
		web_error(call, 503, "too many readers of events");
		return;
	}
	call->keep = false;
	add_head(c, 200, "text/event-stream", -1, "");
	if (call->is_head) {
		c->answered = c->closing = true;
		return;
	}
	(void)bufferevent_write(c->bev, first.p, first.n);
	enter(c, CONN_STREAM);
}

void
web_tell(struct web *w, struct str event)
{
	struct list *l = w->lists[CONN_STREAM].next, *next;

	for (; l != &w->lists[CONN_STREAM]; l = next) {
		struct conn *c = container_of(l, struct conn, in_list);

		next = l->next;
		if (evbuffer_get_length(bufferevent_get_output(c->bev)) >
		    WEB_BACKLOG_MAX)
			conn_free(c);
		else
			(void)bufferevent_write(c->bev, event.p, event.n);
	}
}

static void
allow_text(char *out, size_t size, unsigned methods)
{
	(void)snprintf(out, size, "Allow: %s%s%s\r\n",
	    methods & WEB_GET ? "GET, HEAD" : "",
	    (methods & WEB_GET) && (methods & WEB_POST) ? ", " : "",
	    methods & WEB_POST ? "POST" : "");
}

static void
dispatch(struct conn *c, const struct request *q)
{
	const struct web_config *config = &c->web->config;
	unsigned method = str_is(q->method, "POST") ? WEB_POST
			  : str_is(q->method, "GET") || c->call.is_head
			      ? WEB_GET
			      : 0;
	char allow[64];
	size_t i;

	for (i = 0; i < config->count; i++) {
		if (!str_is(q->path, config->routes[i].path))
			continue;
		if (config->routes[i].methods & method) {
			c->call.request = q;
			config->routes[i].answer(&c->call, config->arg);
			c->call.request = NULL;
			return;
		}
		allow_text(allow, sizeof(allow), config->routes[i].methods);
		answer_error(c, 405, "this method is not for this path", allow);
		return;
	}
	answer_error(c, 404, "there is nothing at this path", "");
}

static void
refuse(struct conn *c, int status, const char *sentence)
{
	c->call.keep = false;
	answer_error(c, status, sentence, "");
}

/* Take the request that begins in the input, if its head is whole. */
static void
take_request(struct conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t n = evbuffer_get_length(in);
	struct request q;
	const char *p, *why = NULL;
	size_t used = 0;
	int status;

	n = n < WEB_HEAD_MAX ? n : WEB_HEAD_MAX;
	p = n == 0 ? NULL : (const char *)evbuffer_pullup(in, (ev_ssize_t)n);
	if (p == NULL)
		return;
	status = request_parse(&q, &used, &why, (struct str){ p, n });
	if (status == REQUEST_NOT_YET && n < WEB_HEAD_MAX)
		return;
	enter(c, CONN_BUSY);
	c->answered = c->closing = false;
	c->call = (struct web_call){ .keep = status == REQUEST_WHOLE };
	if (status == REQUEST_NOT_YET)
		refuse(c, 431, "the head of the request is over 8192 bytes");
	else if (status != REQUEST_WHOLE)
		refuse(c, status, why);
	else if (q.body > WEB_BODY_MAX)
		refuse(c, 413, "the body of the request is over 4096 bytes");
	else {
		c->call.is_head = str_is(q.method, "HEAD");
		c->call.keep = q.keep;
		c->call.wants_html = q.wants_html;
		c->body_left = (size_t)q.body;
		dispatch(c, &q);
		(void)evbuffer_drain(in, used);
	}
}

static void
throw_body(struct conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t n = evbuffer_get_length(in);

	n = n < c->body_left ? n : c->body_left;
	(void)evbuffer_drain(in, n);
	c->body_left -= n;
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	if (c->state == CONN_STREAM || c->state == CONN_LINGERING)
		(void)evbuffer_drain(in, evbuffer_get_length(in));
	else {
		throw_body(c);
		if (c->state == CONN_WAITING && c->body_left == 0)
			take_request(c);
	}
}

/* All that we wrote is out: the next request, or the end. */
static void
on_drained(struct bufferevent *bev, void *arg)
{
	struct conn *c = arg;

	if (c->state != CONN_BUSY || !c->answered)
		return;
	if (c->closing) {
		linger(c);
		return;
	}
	enter(c, CONN_WAITING);
	on_read(bev, arg);
}

/* Who was refused is for the log: over TLS an alert has no room for it. */
static void
log_refusal(struct conn *c)
{
	unsigned long code = bufferevent_get_openssl_error(c->bev);
	const char *why = ERR_reason_error_string(code);
	struct err err;
	uint64_t held;

	tls_error(&err, c->ssl);
	if (err.code == ERR_UPSTREAM && code == 0)
		return; /* hung up: a probe of the port, or a change of mind */
	if (log_gate_open_for(&c->web->refusals, REFUSALS_A_SECOND,
		clock_ms(), 1000, &held))
		log_warn("TLS handshake failed",
		    F_TEXT("error", err.code != ERR_UPSTREAM || why == NULL
					? err.msg
					: why),
		    F_INT("held_back", held));
}

static void on_read(struct bufferevent *bev, void *arg);
static void on_event(struct bufferevent *bev, short what, void *arg);

/*
 * Our alert is out, but what they have sent already would make a reset of our
 * close, and that can overtake the alert.  The rest goes on without TLS.
 */
static void
linger_unshaken(struct conn *c)
{
	evutil_socket_t fd =
	    fcntl(bufferevent_getfd(c->bev), F_DUPFD_CLOEXEC, 0);
	struct bufferevent *bev = NULL;

	if (fd >= 0)
		bev = bufferevent_socket_new(
		    c->web->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL) {
		if (fd >= 0)
			(void)evutil_closesocket(fd);
		conn_free(c);
		return;
	}
	bufferevent_free(c->bev);
	c->bev = bev;
	c->ssl = NULL;
	bufferevent_setcb(bev, on_read, NULL, on_event, c);
	linger(c);
	(void)bufferevent_enable(bev, EV_READ);
}

static void
on_shaken(struct conn *c)
{
	int64_t now = (int64_t)time(NULL);
	int64_t ends = connection_expires(c->ssl);

	c->shaken = true;
	/* later than our own client, who takes three quarters */
	c->renew = now + (ends - now) * 7 / 8;
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct conn *c = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		on_shaken(c);
		return;
	}
	if (c->ssl != NULL && !c->shaken) {
		log_refusal(c);
		if (!(what & BEV_EVENT_EOF)) {
			linger_unshaken(c);
			return;
		}
	}
	/* a client may end its side when it has asked, and still listen */
	if ((what & BEV_EVENT_EOF) && c->state == CONN_BUSY) {
		c->call.keep = false;
		c->closing = true;
	} else
		conn_free(c);
}

/* The one that has waited longest goes, if one waits at all. */
static bool
make_room(struct web *w)
{
	struct list *l = list_first(&w->lists[CONN_LINGERING]);

	if (w->conns < WEB_CONNECTIONS_MAX)
		return true;
	if (l == NULL)
		l = list_first(&w->lists[CONN_WAITING]);
	if (l == NULL)
		return false;
	conn_free(container_of(l, struct conn, in_list));
	return true;
}

static struct bufferevent *
bev_new(SSL **ssl, struct web *w, evutil_socket_t fd)
{
	struct bufferevent *bev;

	if (w->config.ctx == NULL)
		return bufferevent_socket_new(
		    w->base, fd, BEV_OPT_CLOSE_ON_FREE);
	*ssl = SSL_new(w->config.ctx);
	if (*ssl == NULL)
		return NULL;
	bev = bufferevent_openssl_socket_new(w->base, fd, *ssl,
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		SSL_free(*ssl);
	else
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *a, int n, void *arg)
{
	const struct timeval write_timeout = { WEB_WRITE_S, 0 };
	struct web *w = arg;
	struct conn *c;
	int on = 1;

	(void)listener;
	(void)a;
	(void)n;
	c = make_room(w) ? calloc(1, sizeof(*c)) : NULL;
	if (c != NULL)
		c->bev = bev_new(&c->ssl, w, fd);
	if (c == NULL || c->bev == NULL) {
		free(c);
		(void)evutil_closesocket(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->web = w;
	w->conns++;
	list_init(&c->in_list);
	enter(c, CONN_WAITING);
	bufferevent_setcb(c->bev, on_read, on_drained, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, INPUT_MAX);
	(void)bufferevent_set_timeouts(c->bev, NULL, &write_timeout);
	(void)bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)evconnlistener_enable(arg);
}

/* Out of descriptors: libevent would call again at once, for ever. */
static void
on_accept_error(struct evconnlistener *listener, void *arg)
{
	const struct timeval pause = { 0, ACCEPT_PAUSE_MS * 1000 };
	struct web *w = arg;

	if (event_base_once(
		w->base, -1, EV_TIMEOUT, on_resume, listener, &pause) == 0)
		(void)evconnlistener_disable(listener);
}

/* A request that does not come, or not to its end. */
static void
give_up(struct conn *c)
{
	if (evbuffer_get_length(bufferevent_get_input(c->bev)) == 0 ||
	    (c->ssl != NULL && !c->shaken)) {
		conn_free(c);
		return;
	}
	enter(c, CONN_BUSY);
	c->call = (struct web_call){ 0 };
	refuse(c, 408, "the request did not come to its end in 20 seconds");
}

static void
sweep_list(struct web *w, enum conn_state state, int64_t age_ms)
{
	int64_t now = (int64_t)time(NULL), now_ms = clock_ms();
	struct list *l = w->lists[state].next, *next;

	for (; l != &w->lists[state]; l = next) {
		struct conn *c = container_of(l, struct conn, in_list);

		next = l->next;
		if (now_ms - c->since_ms < age_ms &&
		    (c->renew == 0 || now < c->renew))
			continue;
		if (state == CONN_WAITING)
			give_up(c);
		else
			conn_free(c);
	}
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct web *w = arg;

	(void)fd;
	(void)what;
	sweep_list(w, CONN_WAITING, (int64_t)WEB_REQUEST_S * 1000);
	sweep_list(w, CONN_LINGERING, LINGER_MS);
	if (clock_ms() >= w->beat_ms) {
		w->beat_ms = clock_ms() + (int64_t)WEB_BEAT_S * 1000;
		web_tell(w, STR(":\n\n"));
	}
}

static void
take_url(struct web *w)
{
	const char *scheme = w->config.ctx != NULL ? "https" : "http";
	char host[INET6_ADDRSTRLEN] = "";
	union address a;
	socklen_t n = sizeof(a);

	memset(&a, 0, sizeof(a));
	(void)getsockname(evconnlistener_get_fd(w->listener), &a.any, &n);
	if (a.any.sa_family == AF_INET6) {
		if (IN6_IS_ADDR_UNSPECIFIED(&a.v6.sin6_addr))
			a.v6.sin6_addr = in6addr_loopback;
		(void)inet_ntop(
		    AF_INET6, &a.v6.sin6_addr, host, sizeof(host));
		(void)snprintf(w->url, sizeof(w->url), "%s://[%s]:%u", scheme,
		    host, ntohs(a.v6.sin6_port));
		return;
	}
	if (a.v4.sin_addr.s_addr == htonl(INADDR_ANY))
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof(host));
	(void)snprintf(w->url, sizeof(w->url), "%s://%s:%u", scheme, host,
	    ntohs(a.v4.sin_port));
}

static int
listen_on(struct web *w, struct err *err)
{
	union address a;
	int r = address_parse(&a.room, w->config.listen, err);

	if (r != ERR_OK)
		return r;
	w->listener = evconnlistener_new_bind(w->base, on_accept, w,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
	    SOMAXCONN, &a.any,
	    a.any.sa_family == AF_INET6 ? (int)sizeof(a.v6)
					: (int)sizeof(a.v4));
	if (w->listener == NULL)
		return err_set(err, ERR_SYSTEM,
		    "cannot listen on %s: %s: choose another with"
		    " --listen ADDRESS:PORT, port 0 for a free one",
		    CLEAN(str_of(w->config.listen)), strerror(errno));
	evconnlistener_set_error_cb(w->listener, on_accept_error);
	take_url(w);
	return ERR_OK;
}

int
web_new(struct web **wp, struct event_base *base,
    const struct web_config *config, struct err *err)
{
	const struct timeval often = { 0, SWEEP_MS * 1000 };
	struct web *w = calloc(1, sizeof(*w));
	size_t i;
	int r;

	if (w == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	w->base = base;
	w->config = *config;
	for (i = 0; i <= CONN_LINGERING; i++)
		list_init(&w->lists[i]);
	if (config->ctx != NULL)
		(void)SSL_CTX_set_mode(config->ctx, SSL_MODE_RELEASE_BUFFERS);
	w->sweep = event_new(base, -1, EV_PERSIST, on_sweep, w);
	if (w->sweep == NULL || event_add(w->sweep, &often) != 0)
		r = err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	else
		r = listen_on(w, err);
	if (r == ERR_OK)
		*wp = w;
	else
		web_free(w);
	return r;
}

void
web_free(struct web *w)
{
	struct list *l;
	size_t i;

	if (w == NULL)
		return;
	if (w->listener != NULL)
		evconnlistener_free(w->listener);
	for (i = 0; i <= CONN_LINGERING; i++)
		while ((l = list_first(&w->lists[i])) != NULL)
			conn_free(container_of(l, struct conn, in_list));
	if (w->sweep != NULL)
		event_free(w->sweep);
	free(w);
}

const char *
web_url(const struct web *w)
{
	return w->url;
}

void
web_raise_descriptors(void)
{
	const rlim_t want = WEB_CONNECTIONS_MAX + 64;
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= want)
		return;
	l.rlim_cur = l.rlim_max < want ? l.rlim_max : want;
	(void)setrlimit(RLIMIT_NOFILE, &l);
}
