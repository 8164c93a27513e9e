/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - TLS between workloads, by X.509-SVIDs that rotate
 *
 * Each handshake shows the newest SVID of a source and judges the peer by its
 * newest bundles (verify.h); connections that stand are left alone.  TLS 1.2
 * is the least.  Nothing is ever resumed, since a resumed session would not be
 * judged anew: no tickets, no session cache.  A host name proves nothing here
 * and is not looked at; the SPIFFE ID is.
 *
 * A server on libevent:
 *
 *	r = tls_new(&tls, &config, &err);
 *	r = tls_server_ctx(&ctx, tls, &err);
 *	bev = bufferevent_openssl_socket_new(base, fd, SSL_new(ctx), ...);
 *	... in the event callback, on BEV_EVENT_CONNECTED
 *	r = tls_peer_id(&id, bufferevent_openssl_get_ssl(bev), &err);
 *	... on BEV_EVENT_ERROR
 *	tls_error(&err, bufferevent_openssl_get_ssl(bev));
 *
 * A client on libcurl; the host's name is not in an SVID, hence VERIFYHOST, and
 * no other authorities than ours are looked for, hence CAINFO and CAPATH:
 *
 *	static CURLcode on_ctx(CURL *curl, void *ctx, void *tls)
 *	{
 *		return tls_set_up_client(ctx, tls, NULL) == ERR_OK
 *			   ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
 *	}
 *	curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_ctx);
 *	curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, tls);
 *	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
 *	curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
 *	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
 */
#ifndef WORKLOAD_TLS_H
#define WORKLOAD_TLS_H

#include <openssl/ssl.h>

#include "base/err.h"
#include "workload/source.h"
#include "workload/spiffe_id.h"

struct tls_config {
	struct source *source; /* outlives the struct tls */
	/* Who may be at the other end; its texts outlive the struct tls. */
	struct id_matcher expected;
	const char *hint; /* our SVID, if not the default; copied */
	/*
	 * Optional: hears why a handshake was refused, in the thread of the
	 * handshake, since libcurl does not tell.
	 */
	void (*refused)(void *arg, const struct err *err);
	void *arg;
};

/* It outlives every SSL_CTX and SSL that was set up with it. */
struct tls;
int tls_new(struct tls **tlsp, const struct tls_config *config,
    struct err *err) MUST_USE;
void tls_free(struct tls *tls); /* takes NULL */

/* The caller's, for SSL_CTX_free().  A server asks each client for an SVID. */
int tls_server_ctx(SSL_CTX **ctxp, struct tls *tls, struct err *err) MUST_USE;
int tls_client_ctx(SSL_CTX **ctxp, struct tls *tls, struct err *err) MUST_USE;

/* Make a client of an SSL_CTX that somebody else has made. */
int tls_set_up_client(SSL_CTX *ctx, struct tls *tls, struct err *err) MUST_USE;

/*
 * Who is at the other end, once the handshake is done.  ERR_NOT_NOW before;
 * ERR_POLICY if the peer was not verified.
 */
int tls_peer_id(
    struct spiffe_id *id, const SSL *ssl, struct err *err) MUST_USE;

/*
 * Why its handshake was refused by us; what OpenSSL says if the peer or the
 * network ended it.  Empties OpenSSL's queue of errors.
 */
void tls_error(struct err *err, const SSL *ssl);

#endif
