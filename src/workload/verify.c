/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/verify.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "workload/x509.h"

/* SHA-1 and RSA below 2048 bits are too weak: OpenSSL's level of 112 bits. */
enum { AUTH_LEVEL = 2 };

static int
refuse(int *reason, int why)
{
	*reason = why;
	return ERR_POLICY;
}

/* A list that its issuer did not sign is nobody's. */
static bool
is_revoked(X509 *cert, X509 *issuer, const STACK_OF(X509_CRL) *crls)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	int i;

	for (i = 0; i < sk_X509_CRL_num(crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(crls, i);
		X509_REVOKED *entry;

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl),
			X509_get_issuer_name(cert)) != 0 ||
		    X509_CRL_verify(crl, key) != 1)
			continue;
		/* 2: on the list to be taken off again */
		if (X509_CRL_get0_by_cert(crl, &entry, cert) == 1)
			return true;
	}
	ERR_clear_error();
	return false;
}

/* What OpenSSL's path validation lets pass and SPIFFE does not. */
static int
check_chain(int *reason, X509_STORE_CTX *ctx, const struct bundle_set *bundles,
    struct err *err)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int n = sk_X509_num(chain);
	int i;

	for (i = 1; i < n; i++) {
		X509 *issuer = sk_X509_value(chain, i);

		if (x509_check_authority(issuer, err) != ERR_OK)
			return refuse(reason, X509_V_ERR_INVALID_CA);
		if (!is_revoked(sk_X509_value(chain, i - 1), issuer,
			bundle_set_crls(bundles)))
			continue;
		(void)err_set(err, ERR_POLICY, "%s is revoked",
		    i == 1 ? "the certificate" : "an authority of its chain");
		return refuse(reason, X509_V_ERR_CERT_REVOKED);
	}
	return ERR_OK;
}

static int
build_chain(int *reason, const struct verify_peer *peer,
    const struct bundle *bundle, const struct bundle_set *bundles,
    struct err *err)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int r;

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, bundle->store, peer->leaf, peer->chain) !=
		1) {
		X509_STORE_CTX_free(ctx);
		*reason = X509_V_ERR_OUT_OF_MEM;
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)peer->now);
	X509_VERIFY_PARAM_set_depth(param, VERIFY_DEPTH_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	/* An authority of a bundle is one even if another has signed it. */
	(void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	if (X509_verify_cert(ctx) == 1)
		r = check_chain(reason, ctx, bundles, err);
	else {
		*reason = X509_STORE_CTX_get_error(ctx);
		r = err_set(err, ERR_POLICY,
		    "not proven by the bundle of \"%s\": %s", bundle->domain,
		    X509_verify_cert_error_string(*reason));
	}
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return r;
}

static int
check_peer(struct spiffe_id *id, int *reason, const struct verify_peer *peer,
    const struct bundle_set *bundles, const struct id_matcher *expected,
    struct err *err)
{
	const struct bundle *bundle;
	int r;

	if (x509_check_leaf(id, peer->leaf, err) != ERR_OK)
		return refuse(reason, X509_V_ERR_CERT_REJECTED);
	if (bundle_set_count(bundles) == 0) {
		*reason = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
		return err_set(err, ERR_UNAVAILABLE,
		    "we hold no bundles: the Workload API has given none yet");
	}
	bundle = bundle_set_find(bundles, spiffe_id_domain(id));
	if (bundle == NULL) {
		(void)err_set(err, ERR_POLICY,
		    "there is no bundle for its trust domain");
		return refuse(
		    reason, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	}
	r = build_chain(reason, peer, bundle, bundles, err);
	if (r != ERR_OK)
		return r;
	if (!id_matches(expected, id)) {
		(void)err_set(err, ERR_POLICY, "it is not expected here");
		return refuse(reason, X509_V_ERR_APPLICATION_VERIFICATION);
	}
	return ERR_OK;
}

int
verify_peer(struct spiffe_id *id, int *reason, const struct verify_peer *peer,
    const struct bundle_set *bundles, const struct id_matcher *expected,
    struct err *err)
{
	struct spiffe_id got;
	int why = X509_V_OK;
	int r;

	r = check_peer(&got, &why, peer, bundles, expected, err);
	if (r == ERR_OK && id != NULL)
		*id = got;
	if (reason != NULL)
		*reason = why;
	if (r == ERR_OK)
		return ERR_OK;
	if (got.n > 0)
		(void)err_prefix(err, "peer \"%s\" refused: ",
		    CLEAN(spiffe_id_text(&got)));
	else
		(void)err_prefix(err, "peer without a SPIFFE ID refused: ");
	return r;
}
