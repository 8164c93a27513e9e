/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpd.h - an HTTP server on 127.0.0.1 that misbehaves as told
 *
 * A thread per connection runs the test's handler once per request, in
 * straight lines; whatever a broken server can do is a few httpd_write calls.
 */
#ifndef HOST_HTTPD_H
#define HOST_HTTPD_H

#include <stdbool.h>
#include <stddef.h>

struct httpd;

/* One request; belongs to its connection's thread. */
struct httpd_request {
	int fd;
	size_t number; /* of all requests, from 0 */
	char path[1024];
	char head[24 * 1024]; /* request line and headers, as they came */
	char body[64 * 1024]; /* as long as Content-Length says; a NUL behind */
	size_t body_n;
	struct httpd *server;
	void *arg;
	bool keep; /* the handler lets the connection live on */
};

typedef void httpd_fn(struct httpd_request *r);

/* port 0: a free one. */
struct httpd *httpd_start(int port, httpd_fn *handler, void *arg);
void httpd_stop(struct httpd *s); /* ends connections, joins threads */

int httpd_port(const struct httpd *s);
const char *httpd_url(const struct httpd *s);      /* "http://127.0.0.1:PORT" */
size_t httpd_requests(struct httpd *s);            /* so far */
bool httpd_saw(struct httpd *s, const char *path); /* asked for exactly this */

/* A socket that listens on 127.0.0.1; *port is set if it is 0. */
int httpd_listen(int *port);

/* A port of 127.0.0.1 that nothing listens on now. */
int httpd_unused_port(void);

/* For handlers.  All stop silently when the peer is gone. */
void httpd_reply(struct httpd_request *r, int status, const char *body);
void httpd_reply_bytes(
    struct httpd_request *r, int status, const void *body, size_t n);
void httpd_reply_chunked(
    struct httpd_request *r, int status, const char *body, size_t chunk);
bool httpd_write(struct httpd_request *r, const void *bytes, size_t n);
bool httpd_print(struct httpd_request *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Until the peer closes or the server stops: a server that hangs. */
void httpd_hang(struct httpd_request *r);
/* Wait, or return early (false) if the peer closes or the server stops. */
bool httpd_pause(struct httpd_request *r, int ms);

#endif
