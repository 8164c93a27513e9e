/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/tls.h"

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "base/str.h"

struct tls {
	SSL_CTX *ctx;
};

static int
fail(const char *what, const char *path, struct err *err)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	return err_set(err, ERR_CONFIG, "%s %s: %s", what,
	    CLEAN(str_of(path)), why == NULL ? "cannot be read" : why);
}

static int
setup(struct tls *t, const char *cert_path, const char *key_path,
    struct err *err)
{
	t->ctx = SSL_CTX_new(TLS_server_method());
	if (t->ctx == NULL ||
	    SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) != 1)
		return err_set(err, ERR_MEMORY, "OpenSSL: out of memory");
	if (SSL_CTX_use_certificate_chain_file(t->ctx, cert_path) != 1)
		return fail("certificate", cert_path, err);
	if (SSL_CTX_use_PrivateKey_file(t->ctx, key_path, SSL_FILETYPE_PEM) !=
	    1)
		return fail("key", key_path, err);
	if (SSL_CTX_check_private_key(t->ctx) != 1)
		return fail("key", key_path, err);
	return ERR_OK;
}

int
tls_new(struct tls **tp, const char *cert_path, const char *key_path,
    struct err *err)
{
	struct tls *t = calloc(1, sizeof(*t));
	int r;

	if (t == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	ERR_clear_error();
	r = setup(t, cert_path, key_path, err);
	if (r == ERR_OK)
		*tp = t;
	else
		tls_free(t);
	return r;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

struct bufferevent *
tls_connection(struct event_base *base, void *arg)
{
	struct tls *t = arg;
	SSL *ssl = SSL_new(t->ctx);
	struct bufferevent *b;

	if (ssl == NULL)
		return NULL;
	b = bufferevent_openssl_socket_new(
	    base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (b == NULL)
		SSL_free(ssl);
	else
		bufferevent_openssl_set_allow_dirty_shutdown(b, 1);
	return b;
}
