/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/tls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>

#include "workload/verify.h"
#include "workload/x509.h"

/*
 * Forward secrecy and authenticated encryption: all that TLS 1.3 has, and of
 * TLS 1.2 what suits a key that may only sign.
 */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
enum { SECURITY_LEVEL = 2 };

struct tls {
	struct source *source;
	struct id_matcher expected;
	char *hint;
	void (*refused)(void *arg, const struct err *err);
	void *arg;
};

/* An SSL's slot for the struct err of its refusal. */
static int error_slot = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
free_error(void *parent, void *ptr, CRYPTO_EX_DATA *data, int slot, long argl,
    void *argp)
{
	(void)parent;
	(void)data;
	(void)slot;
	(void)argl;
	(void)argp;
	free(ptr);
}

static void
make_slot(void)
{
	error_slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_error);
}

int
tls_new(struct tls **tlsp, const struct tls_config *config, struct err *err)
{
	struct tls *tls;
	int r;

	r = id_matcher_check(&config->expected, err);
	if (r != ERR_OK)
		return r;
	tls = calloc(1, sizeof(*tls));
	if (tls != NULL)
		tls->hint = strdup(config->hint == NULL ? "" : config->hint);
	(void)pthread_once(&once, make_slot);
	if (tls == NULL || tls->hint == NULL || error_slot < 0) {
		tls_free(tls);
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	tls->source = config->source;
	tls->expected = config->expected;
	tls->refused = config->refused;
	tls->arg = config->arg;
	*tlsp = tls;
	return ERR_OK;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	free(tls->hint);
	free(tls);
}

/* Keep the first reason with the connection, and tell who wants to hear. */
static void
note(const struct tls *tls, SSL *ssl, const struct err *err)
{
	struct err *kept;

	if (tls->refused != NULL)
		tls->refused(tls->arg, err);
	if (ssl == NULL || SSL_get_ex_data(ssl, error_slot) != NULL)
		return;
	kept = malloc(sizeof(*kept));
	if (kept == NULL)
		return;
	*kept = *err;
	if (SSL_set_ex_data(ssl, error_slot, kept) != 1)
		free(kept);
}

/* In place of X509_verify_cert(): 1 is yes. */
static int
on_verify(X509_STORE_CTX *ctx, void *arg)
{
	struct tls *tls = arg;
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct snapshot *s = source_get(tls->source);
	struct verify_peer peer = { X509_STORE_CTX_get0_cert(ctx),
		X509_STORE_CTX_get0_untrusted(ctx), (int64_t)time(NULL) };
	struct err err = { 0 };
	int reason;
	int r;

	r = verify_peer(NULL, &reason, &peer, s->bundles, &tls->expected, &err);
	snapshot_unref(s);
	X509_STORE_CTX_set_error(ctx, reason);
	if (r != ERR_OK)
		note(tls, ssl, &err);
	return r == ERR_OK ? 1 : 0;
}

static int
show(const struct tls *tls, SSL *ssl, const struct svid *svid, struct err *err)
{
	if (svid == NULL)
		return err_set(err, ERR_UNAVAILABLE,
		    "we hold no X.509-SVID%s%s to show",
		    tls->hint[0] == '\0' ? "" : " with the hint ", tls->hint);
	if (svid->expires <= (int64_t)time(NULL))
		return err_set(err, ERR_UNAVAILABLE,
		    "our X.509-SVID \"%s\" has expired and the Workload API"
		    " has given no other",
		    CLEAN(spiffe_id_text(&svid->id)));
	SSL_certs_clear(ssl);
	if (SSL_use_cert_and_key(
		ssl, svid->leaf, svid->key, svid->chain, 1) == 1)
		return ERR_OK;
	return err_set(err, ERR_INTERNAL,
	    "our X.509-SVID \"%s\" cannot be used: %s",
	    CLEAN(spiffe_id_text(&svid->id)), x509_reason());
}

/* A certificate is needed: 1 goes on, 0 ends the handshake. */
static int
on_cert(SSL *ssl, void *arg)
{
	struct tls *tls = arg;
	const struct snapshot *s = source_get(tls->source);
	struct err err = { 0 };
	int r;

	r = show(tls, ssl, svid_set_find(s->svids, tls->hint), &err);
	snapshot_unref(s);
	if (r != ERR_OK)
		note(tls, ssl, &err);
	return r == ERR_OK ? 1 : 0;
}

static int
set_up(SSL_CTX *ctx, struct tls *tls, int mode, struct err *err)
{
	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	(void)SSL_CTX_set_options(ctx,
	    SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, mode, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_verify, tls);
	SSL_CTX_set_cert_cb(ctx, on_cert, tls);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1)
		return err_set(
		    err, ERR_INTERNAL, "OpenSSL: %s", x509_reason());
	return ERR_OK;
}

int
tls_set_up_client(SSL_CTX *ctx, struct tls *tls, struct err *err)
{
	return set_up(ctx, tls, SSL_VERIFY_PEER, err);
}

static int
make_ctx(SSL_CTX **ctxp, const SSL_METHOD *method, int mode, struct tls *tls,
    struct err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(method);
	int r;

	if (ctx == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	r = set_up(ctx, tls, mode, err);
	if (r == ERR_OK)
		*ctxp = ctx;
	else
		SSL_CTX_free(ctx);
	return r;
}

int
tls_server_ctx(SSL_CTX **ctxp, struct tls *tls, struct err *err)
{
	return make_ctx(ctxp, TLS_server_method(),
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, tls, err);
}

int
tls_client_ctx(SSL_CTX **ctxp, struct tls *tls, struct err *err)
{
	return make_ctx(ctxp, TLS_client_method(), SSL_VERIFY_PEER, tls, err);
}

int
tls_peer_id(struct spiffe_id *id, const SSL *ssl, struct err *err)
{
	struct spiffe_id got;
	X509 *cert;
	int r;

	if (!SSL_is_init_finished(ssl))
		return err_set(
		    err, ERR_NOT_NOW, "the handshake is not done yet");
	cert = SSL_get_peer_certificate(ssl);
	if (cert == NULL || SSL_get_verify_result(ssl) != X509_V_OK) {
		X509_free(cert);
		return err_set(err, ERR_POLICY, "the peer was not verified");
	}
	r = x509_check_leaf(&got, cert, err);
	X509_free(cert);
	if (r == ERR_OK)
		*id = got;
	return r;
}

void
tls_error(struct err *err, const SSL *ssl)
{
	const struct err *kept = SSL_get_ex_data(ssl, error_slot);
	const char *why = x509_reason();

	if (kept != NULL)
		*err = *kept;
	else {
		memset(err, 0, sizeof(*err));
		(void)err_set(err, ERR_UPSTREAM, "TLS: %s", why);
	}
}
