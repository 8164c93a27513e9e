/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - GET over mutual TLS, and what is to be known of the connection
 *
 * Blocks, with a deadline: call it on a thread of its own.  A client keeps one
 * connection and takes a new one, with the newest SVID, when three quarters of
 * the time are over that the certificates of both ends had left.
 *
 * CLIENT_TLS asks https only and CLIENT_PLAIN http only.  There is no way from
 * one to the other: a handshake that fails is an answer, not a reason to go on
 * without it.  SIGPIPE has to be ignored.
 */
#ifndef PROGRAMS_CLIENT_H
#define PROGRAMS_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/err.h"
#include "workload/spiffe_id.h"

enum client_mode { CLIENT_TLS, CLIENT_PLAIN };

enum {
	CLIENT_HOST_SIZE = 256,
	CLIENT_TARGET_SIZE = 1024,
	CLIENT_HEAD_MAX = 16 * 1024,
	CLIENT_BODY_MAX = 1024 * 1024,
};

struct client_url {
	char host[CLIENT_HOST_SIZE]; /* without the brackets of IPv6 */
	char port[6];
	char target[CLIENT_TARGET_SIZE]; /* path and query, at least "/" */
};

/* ERR_CONFIG also for the scheme of the other mode. */
int client_url_parse(struct client_url *url, const char *text,
    enum client_mode mode, struct err *err) MUST_USE;

struct client;

/* ctx: tls_client_ctx()'s, which outlives the client; NULL in plain mode. */
int client_new(struct client **cp, enum client_mode mode, SSL_CTX *ctx,
    struct err *err) MUST_USE;
void client_free(struct client *c); /* takes NULL; hangs up */

/*
 * From any thread: what waits now ends with ERR_CANCELLED, and what would wait
 * later too.  Resolving a name is not ended.
 */
void client_interrupt(struct client *c);

/* Owns its body. */
struct client_answer {
	int status; /* 0: none came */
	char type[64];
	struct buf body;
	bool kept;            /* over a connection that stood before */
	struct spiffe_id peer; /* n 0: nobody was verified */
	char tls[16], cipher[64];
	int64_t peer_expires; /* seconds since 1970 */
	int64_t took_us;
};
void client_answer_init(struct client_answer *a);
void client_answer_release(struct client_answer *a);

/*
 * An answer of any status is ERR_OK.  Else the sentence says which step did
 * not work and why, and the answer holds what was known by then.
 */
int client_get(struct client_answer *a, struct client *c, const char *url,
    int64_t timeout_ms, struct err *err) MUST_USE;

/* When the first of the two certificates of a connection ends; 0: none. */
int64_t connection_expires(const SSL *ssl);

#endif
