/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web.h - a small HTTP/1.1 server on libevent's bufferevents
 *
 * evhttp has no end for a request that drips in byte by byte, no ceiling for
 * connections, and tells nobody why a handshake failed.  Here a whole request
 * has to be there WEB_REQUEST_S after the connection, or the answer before it;
 * at WEB_CONNECTIONS_MAX the connection that waits longest makes room; and a
 * connection over TLS ends before a certificate of it does.
 *
 * Requests are answered one at a time and in order.  A body is read and thrown
 * away: no route here wants one.  All on the thread of the event loop; SIGPIPE
 * has to be ignored.
 */
#ifndef PROGRAMS_WEB_H
#define PROGRAMS_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	WEB_HEAD_MAX = 8 * 1024,
	WEB_BODY_MAX = 4 * 1024,
	WEB_REQUEST_S = 20,
	WEB_WRITE_S = 20, /* without a byte that a reader takes */
	WEB_CONNECTIONS_MAX = 4096,
	WEB_STREAMS_MAX = 256,
	WEB_BACKLOG_MAX = 64 * 1024, /* of a stream: what is not read yet */
	WEB_BEAT_S = 15,             /* streams: a sign of life */
	WEB_URL_SIZE = 96,
};

enum { WEB_GET = 1, WEB_POST = 2 }; /* HEAD comes with GET */

/* One request, until it is answered or gone. */
struct web_call;

struct web_route {
	const char *path;
	unsigned methods;
	void (*answer)(struct web_call *call, void *arg);
};

struct web_config {
	const char *listen; /* "ADDRESS:PORT", see settings.h */
	SSL_CTX *ctx;       /* tls_server_ctx()'s; NULL: plain HTTP */
	const struct web_route *routes;
	size_t count;
	void *arg;           /* of the routes */
	const char *headers; /* further ones of every answer, or "" */
};

struct web;
int web_new(struct web **wp, struct event_base *base,
    const struct web_config *config, struct err *err) MUST_USE;
void web_free(struct web *w); /* ends its connections; takes NULL */
const char *web_url(const struct web *w); /* "http://127.0.0.1:8080" */

/*
 * While the route's answer() runs: how many lines "x-forwarded-client-cert"
 * came, and the last, borrowed.
 */
unsigned web_client_cert(const struct web_call *call, struct str *value);

const SSL *web_ssl(const struct web_call *call); /* NULL: plain HTTP */
bool web_wants_html(const struct web_call *call);

/* Each ends the call.  The body is copied. */
void web_answer(
    struct web_call *call, int status, const char *type, struct str body);
void web_error(struct web_call *call, int status, const char *sentence);

/*
 * Answer later: gone(arg) is called instead if the connection ends before, and
 * the call is then no more.
 */
void web_later(struct web_call *call, void (*gone)(void *arg), void *arg);

/* Server-sent events: the call stays open, and hears what all are told. */
void web_stream(struct web_call *call, struct str first);
void web_tell(struct web *w, struct str event);

/* As many descriptors as the limit and WEB_CONNECTIONS_MAX allow. */
void web_raise_descriptors(void);

#endif
