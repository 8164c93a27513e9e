/* SPDX-License-Identifier: Apache-2.0 */
#include "certs.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum { HOUR_S = 3600 };

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "no test certificate: %s\n", what);
	exit(EXIT_FAILURE);
}

static EVP_PKEY *
make_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	must(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
		 EVP_PKEY_CTX_set_ec_paramgen_curve_nid(
		     ctx, NID_X9_62_prime256v1) == 1 &&
		 EVP_PKEY_keygen(ctx, &key) == 1,
	    "key");
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(e != NULL && X509_add_ext(cert, e, -1) == 1, "extension");
	X509_EXTENSION_free(e);
}

/* issuer NULL: signed by itself; names NULL: an authority. */
static X509 *
make_cert(EVP_PKEY *key, const char *name, const char *names, X509 *issuer,
    EVP_PKEY *issuer_key, long from_s)
{
	X509 *cert = X509_new();
	X509_NAME *subject;

	must(cert != NULL, "memory");
	subject = X509_get_subject_name(cert);
	must(X509_set_version(cert, 2) == 1 &&
		 ASN1_INTEGER_set(X509_get_serialNumber(cert),
		     issuer == NULL ? 1 : 2) == 1 &&
		 X509_gmtime_adj(X509_getm_notBefore(cert), from_s) != NULL &&
		 X509_gmtime_adj(
		     X509_getm_notAfter(cert), from_s + 2L * HOUR_S) != NULL &&
		 X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
		     (const unsigned char *)name, -1, -1, 0) == 1 &&
		 X509_set_issuer_name(cert,
		     issuer == NULL ? subject
				    : X509_get_subject_name(issuer)) == 1 &&
		 X509_set_pubkey(cert, key) == 1,
	    name);
	if (names == NULL)
		add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
	else
		add_extension(cert, NID_subject_alt_name, names);
	must(X509_sign(cert, issuer_key, EVP_sha256()) > 0, "signature");
	return cert;
}

static void
write_cert(const char *path, X509 *cert)
{
	FILE *f = fopen(path, "we");

	must(f != NULL && PEM_write_X509(f, cert) == 1, path);
	must(fclose(f) == 0, path);
}

SSL_CTX *
certs_make(const char *ca_path, enum cert kind)
{
	const char *names = kind == CERT_OTHER_NAME
				? "DNS:other.test"
				: "IP:127.0.0.1,DNS:sts.test";
	long from_s = kind == CERT_EXPIRED ? -3L * HOUR_S
		      : kind == CERT_EARLY ? HOUR_S
					   : -HOUR_S;
	EVP_PKEY *ca_key = make_key(), *key = make_key();
	X509 *ca;
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	X509 *cert;
	char name[64];

	/* A name of its own: else another one's is taken for it. */
	(void)snprintf(name, sizeof(name), "Test CA of %s", ca_path);
	ca = make_cert(ca_key, name, NULL, NULL, ca_key, -HOUR_S);
	cert = kind == CERT_SELF_SIGNED
		   ? make_cert(key, "Test server", names, NULL, key, from_s)
		   : make_cert(key, "Test server", names, ca, ca_key, from_s);
	must(ctx != NULL && SSL_CTX_use_certificate(ctx, cert) == 1 &&
		 SSL_CTX_use_PrivateKey(ctx, key) == 1,
	    "TLS");
	if (kind == CERT_OLD_TLS)
		must(
		    SSL_CTX_set_cipher_list(ctx, "DEFAULT:@SECLEVEL=0") == 1 &&
			SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION) == 1,
		    "old TLS");
	write_cert(ca_path, ca);
	X509_free(cert);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return ctx;
}
