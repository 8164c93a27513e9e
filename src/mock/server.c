/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "mock/delivery.h"
#include "mock/tls.h"

enum { ALL_METHODS = 0x1ff }; /* libevent would answer 501, we say 405 */

struct server {
	const struct mock *mock;
	struct event_base *base;
	struct evhttp *http;
	struct evconnlistener *listener; /* http owns it */
	struct event *term, *interrupt;
	struct deliveries deliveries;
	uint16_t port;
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Length of the address, 0 if the text is none. */
static socklen_t
address_parse(union address *a, const char *text, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		return sizeof(a->v4);
	}
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons(port);
		return sizeof(a->v6);
	}
	return 0;
}

static int
bad_address(const char *text, struct err *err)
{
	return err_set(err, ERR_CONFIG,
	    "\"%s\" is not an IPv4 or IPv6 address, such as 127.0.0.1 or ::1",
	    CLEAN(str_of(text)));
}

int
server_url_format(char url[SERVER_URL_MAX], bool tls, const char *address,
    uint16_t port, struct err *err)
{
	const char *scheme = tls ? "https" : "http";
	char host[INET6_ADDRSTRLEN];
	union address a;

	if (address_parse(&a, address, port) == 0)
		return bad_address(address, err);
	if (a.any.sa_family == AF_INET) {
		if (a.v4.sin_addr.s_addr == htonl(INADDR_ANY))
			a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof(host));
		snprintf(
		    url, SERVER_URL_MAX, "%s://%s:%u", scheme, host, port);
	} else {
		if (IN6_IS_ADDR_UNSPECIFIED(&a.v6.sin6_addr))
			a.v6.sin6_addr = in6addr_loopback;
		inet_ntop(AF_INET6, &a.v6.sin6_addr, host, sizeof(host));
		snprintf(url, SERVER_URL_MAX, "%s://[%s]:%u", scheme, host,
		    port);
	}
	return ERR_OK;
}

static const struct {
	enum evhttp_cmd_type type;
	unsigned method;
	const char *name;
} methods[] = {
	{ EVHTTP_REQ_GET, METHOD_GET, "GET" },
	{ EVHTTP_REQ_HEAD, METHOD_HEAD, "HEAD" },
	{ EVHTTP_REQ_POST, METHOD_POST, "POST" },
	{ EVHTTP_REQ_PUT, METHOD_PUT, "PUT" },
	{ EVHTTP_REQ_DELETE, METHOD_DELETE, "DELETE" },
};

static void
take_method(struct request *q, struct evhttp_request *req)
{
	enum evhttp_cmd_type type = evhttp_request_get_command(req);

	q->method = METHOD_OTHER;
	q->method_name = STR("OTHER");
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (methods[i].type == type) {
			q->method = methods[i].method;
			q->method_name = str_of(methods[i].name);
		}
	}
}

/* False: there are too many. */
static bool
take_headers(struct request *q, struct sigv4_header out[SIGV4_HEADERS_MAX],
    struct evhttp_request *req)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(req);
	struct evkeyval *h;

	for (h = headers->tqh_first; h != NULL; h = h->next.tqe_next) {
		if (q->header_count == SIGV4_HEADERS_MAX)
			return false;
		out[q->header_count++] =
		    (struct sigv4_header){ str_of(h->key), str_of(h->value) };
	}
	q->headers = out;
	return true;
}

/* False: no memory. */
static bool
take_body(struct request *q, struct evhttp_request *req)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(req);

	q->body.n = evbuffer_get_length(in);
	if (q->body.n == 0)
		return true;
	q->body.p = (const char *)evbuffer_pullup(in, -1);
	return q->body.p != NULL;
}

/* A listener on "::" may see IPv4 as "::ffff:127.0.0.1". */
static bool
is_from_loopback(struct evhttp_request *req)
{
	char *address = NULL;
	ev_uint16_t port;
	struct str s;

	evhttp_connection_get_peer(
	    evhttp_request_get_connection(req), &address, &port);
	s = str_of(address);
	if (str_starts(s, "::ffff:"))
		s = str_sub(s, 7, s.n);
	return str_starts(s, "127.") || str_is(s, "::1");
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	struct server *s = arg;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	struct request q = { .from_loopback = is_from_loopback(req),
		.now_us = clock_wall_us() };
	struct sigv4_header headers[SIGV4_HEADERS_MAX];
	struct answer a;

	if (uri == NULL || !take_headers(&q, headers, req) ||
	    !take_body(&q, req)) {
		evhttp_send_error(req, HTTP_BADREQUEST, NULL);
		return;
	}
	take_method(&q, req);
	q.path = str_of(evhttp_uri_get_path(uri));
	q.query = str_of(evhttp_uri_get_query(uri));
	answer_init(&a);
	route_answer(&a, s->mock, &q);
	deliver(&s->deliveries, req, &a, q.method == METHOD_HEAD);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct server *s = arg;

	(void)number;
	(void)what;
	event_base_loopbreak(s->base);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	evconnlistener_enable(arg);
}

/*
 * Out of descriptors: libevent would call again at once, for ever.  arg is
 * evhttp's, as the listener's callback is.
 */
static void
on_accept_error(struct evconnlistener *listener, void *arg)
{
	const struct timeval pause = { 0, 100 * 1000 };

	(void)arg;
	if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT,
		on_resume, listener, &pause) == 0)
		evconnlistener_disable(listener);
}

static uint16_t
port_of(evutil_socket_t fd)
{
	union address a;
	socklen_t n = sizeof(a);

	memset(&a, 0, sizeof(a));
	if (getsockname(fd, &a.any, &n) != 0)
		return 0;
	return ntohs(
	    a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

static int
no_memory(struct err *err)
{
	return err_set(err, ERR_MEMORY, "libevent: out of memory");
}

/* The listener is bound last: from then on somebody may connect. */
static int
listen_on(struct server *s, const char *address, uint16_t port, struct err *err)
{
	union address a;
	socklen_t n = address_parse(&a, address, port);

	if (n == 0)
		return bad_address(address, err);
	s->listener = evconnlistener_new_bind(s->base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
	    SOMAXCONN, &a.any, (int)n);
	if (s->listener == NULL)
		return err_set(err, ERR_SYSTEM,
		    "cannot listen on %s port %u: %s: choose another port "
		    "with --port N, or --port 0 for a free one",
		    address, port, strerror(errno));
	s->port = port_of(evconnlistener_get_fd(s->listener));
	if (evhttp_bind_listener(s->http, s->listener) == NULL) {
		evconnlistener_free(s->listener);
		return no_memory(err);
	}
	evconnlistener_set_error_cb(s->listener, on_accept_error);
	return ERR_OK;
}

static int
setup(struct server *s, struct tls *tls, struct err *err)
{
	s->base = event_base_new();
	if (s->base == NULL)
		return no_memory(err);
	deliveries_init(&s->deliveries, s->base);
	s->http = evhttp_new(s->base);
	s->term = evsignal_new(s->base, SIGTERM, on_signal, s);
	s->interrupt = evsignal_new(s->base, SIGINT, on_signal, s);
	if (s->http == NULL || s->term == NULL || s->interrupt == NULL ||
	    event_add(s->term, NULL) != 0 || event_add(s->interrupt, NULL) != 0)
		return no_memory(err);
	evhttp_set_allowed_methods(s->http, ALL_METHODS);
	evhttp_set_max_headers_size(s->http, SERVER_HEADERS_MAX);
	evhttp_set_max_body_size(s->http, SERVER_BODY_MAX);
	evhttp_set_timeout(s->http, SERVER_TIMEOUT_S);
	evhttp_set_gencb(s->http, on_request, s);
	if (tls != NULL)
		evhttp_set_bevcb(s->http, tls_connection, tls);
	return ERR_OK;
}

int
server_new(struct server **sp, const struct mock *m, struct tls *tls,
    const char *address, uint16_t port, struct err *err)
{
	struct server *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	s->mock = m;
	r = setup(s, tls, err);
	if (r == ERR_OK)
		r = listen_on(s, address, port, err);
	if (r == ERR_OK)
		*sp = s;
	else
		server_free(s);
	return r;
}

void
server_free(struct server *s)
{
	if (s == NULL)
		return;
	if (s->base != NULL)
		deliveries_release(&s->deliveries);
	if (s->http != NULL)
		evhttp_free(s->http);
	if (s->term != NULL)
		event_free(s->term);
	if (s->interrupt != NULL)
		event_free(s->interrupt);
	if (s->base != NULL)
		event_base_free(s->base);
	free(s);
}

uint16_t
server_port(const struct server *s)
{
	return s->port;
}

int
server_run(struct server *s, struct err *err)
{
	if (event_base_dispatch(s->base) < 0)
		return err_set(err, ERR_SYSTEM, "the event loop failed");
	return ERR_OK;
}
