/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - the HTTP front: sockets and limits, by libevent
 *
 * One thread.  Requests are bounded in headers, body and time; what is not
 * HTTP gets 400 and is hung up on.
 */
#ifndef MOCK_SERVER_H
#define MOCK_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mock/route.h"

enum {
	SERVER_HEADERS_MAX = 16 * 1024,
	SERVER_BODY_MAX = 64 * 1024,
	SERVER_TIMEOUT_S = 60, /* without a byte in either direction */
	SERVER_URL_MAX = 80,
};

struct server;
struct tls; /* tls.h */

/* "http://ADDRESS:PORT" that a client on this host uses; IPv6 in brackets. */
int server_url_format(char url[SERVER_URL_MAX], bool tls, const char *address,
    uint16_t port, struct err *err) MUST_USE;

/*
 * Listens; port 0 takes a free one.  m and tls, which is NULL for plain HTTP,
 * are borrowed until server_free().
 */
int server_new(struct server **sp, const struct mock *m, struct tls *tls,
    const char *address, uint16_t port, struct err *err) MUST_USE;
void server_free(struct server *s); /* NULL is fine */

uint16_t server_port(const struct server *s);

/* Serve until SIGTERM or SIGINT. */
int server_run(struct server *s, struct err *err) MUST_USE;

#endif
