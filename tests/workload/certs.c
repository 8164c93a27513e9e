/* SPDX-License-Identifier: Apache-2.0 */
#include "certs.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "no test certificate: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(EXIT_FAILURE);
}

struct cert_spec
cert_leaf(const char *uri_name)
{
	return (struct cert_spec){ .subject = "leaf",
		.names = uri_name,
		.constraints = "critical,CA:FALSE",
		.usage = "critical,digitalSignature",
		.extended = "serverAuth,clientAuth",
		.from_s = -HOUR_S,
		.to_s = HOUR_S };
}

struct cert_spec
cert_authority(const char *domain)
{
	return (struct cert_spec){ .subject = domain,
		.constraints = "critical,CA:TRUE",
		.usage = "critical,keyCertSign,cRLSign",
		.from_s = -HOUR_S,
		.to_s = 2L * HOUR_S };
}

static EVP_PKEY *
make_key(int rsa_bits)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(
	    rsa_bits > 0 ? EVP_PKEY_RSA : EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	must(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1, "key");
	if (rsa_bits > 0)
		must(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, rsa_bits) == 1,
		    "RSA");
	else
		must(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(
			 ctx, NID_X9_62_prime256v1) == 1,
		    "P-256");
	must(EVP_PKEY_keygen(ctx, &key) == 1, "key");
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e;

	if (value == NULL)
		return;
	e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	must(e != NULL && X509_add_ext(cert, e, -1) == 1, value);
	X509_EXTENSION_free(e);
}

static void
add_unknown(X509 *cert, const char *how)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
	X509_EXTENSION *e;

	must(ASN1_OCTET_STRING_set(
		 value, (const unsigned char *)"\x05", 2) == 1,
	    "value");
	e = X509_EXTENSION_create_by_OBJ(
	    NULL, object, strcmp(how, "critical") == 0, value);
	must(e != NULL && X509_add_ext(cert, e, -1) == 1, "unknown");
	X509_EXTENSION_free(e);
	ASN1_OBJECT_free(object);
	ASN1_OCTET_STRING_free(value);
}

static void
set_body(X509 *cert, const struct cert_spec *spec, EVP_PKEY *key, X509 *issuer)
{
	static long serial;
	X509_NAME *subject = X509_get_subject_name(cert);

	if (spec->subject != NULL)
		must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
			 (const unsigned char *)spec->subject, -1, -1, 0) == 1,
		    "subject");
	must(X509_set_version(cert, 2) == 1 &&
		 ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial) == 1 &&
		 X509_gmtime_adj(
		     X509_getm_notBefore(cert), spec->from_s) != NULL &&
		 X509_gmtime_adj(
		     X509_getm_notAfter(cert), spec->to_s) != NULL &&
		 X509_set_issuer_name(cert,
		     issuer == NULL ? subject
				    : X509_get_subject_name(issuer)) == 1 &&
		 X509_set_pubkey(cert, key) == 1,
	    "body");
	add_extension(cert, NID_subject_alt_name, spec->names);
	add_extension(cert, NID_basic_constraints, spec->constraints);
	add_extension(cert, NID_key_usage, spec->usage);
	add_extension(cert, NID_ext_key_usage, spec->extended);
	add_extension(cert, NID_name_constraints, spec->name_constraints);
	if (spec->unknown != NULL)
		add_unknown(cert, spec->unknown);
}

struct cert
cert_make(const struct cert_spec *spec, const struct cert *issuer)
{
	struct cert c = { X509_new(), make_key(spec->rsa_bits) };
	const char *digest = spec->digest == NULL ? "SHA256" : spec->digest;

	must(c.cert != NULL, "memory");
	set_body(c.cert, spec, c.key, issuer == NULL ? NULL : issuer->cert);
	must(X509_sign(c.cert, issuer == NULL ? c.key : issuer->key,
		 EVP_get_digestbyname(digest)) > 0,
	    "signature");
	return c;
}

void
cert_add(struct cert *c, int nid, const char *value, const struct cert *issuer)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	int len;

	add_extension(c->cert, nid, value);
	must(X509_sign(c->cert, issuer->key, EVP_sha256()) > 0, "signature");
	/* OpenSSL remembers what it has read of the old one */
	len = i2d_X509(c->cert, &der);
	p = der;
	X509_free(c->cert);
	c->cert = d2i_X509(NULL, &p, len);
	must(c->cert != NULL, "DER");
	OPENSSL_free(der);
}

void
cert_free(struct cert *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
	*c = (struct cert){ NULL, NULL };
}

struct cert
cert_make_authority(const char *domain)
{
	struct cert_spec spec = cert_authority(domain);
	char names[300];

	(void)snprintf(names, sizeof(names), "URI:spiffe://%s", domain);
	spec.names = names;
	return cert_make(&spec, NULL);
}

struct cert
cert_make_leaf(const char *id, const struct cert *issuer)
{
	struct cert_spec spec;
	char names[2100];

	(void)snprintf(names, sizeof(names), "URI:%s", id);
	spec = cert_leaf(names);
	return cert_make(&spec, issuer);
}

struct str
cert_der(const struct cert *first, ...)
{
	unsigned char *der = NULL;
	size_t n = 0;
	va_list ap;
	const struct cert *c;

	va_start(ap, first);
	for (c = first; c != NULL; c = va_arg(ap, const struct cert *)) {
		unsigned char *one = NULL;
		int len = i2d_X509(c->cert, &one);

		must(len > 0, "DER");
		der = realloc(der, n + (size_t)len);
		must(der != NULL, "memory");
		memcpy(der + n, one, (size_t)len);
		n += (size_t)len;
		OPENSSL_free(one);
	}
	va_end(ap);
	return (struct str){ (char *)der, n };
}

static struct str
keep(unsigned char *made, int len)
{
	char *copy = malloc((size_t)len);

	must(len > 0 && copy != NULL, "DER");
	memcpy(copy, made, (size_t)len);
	OPENSSL_free(made);
	return (struct str){ copy, (size_t)len };
}

struct str
cert_key_der(EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);

	PKCS8_PRIV_KEY_INFO_free(info);
	return keep(der, len);
}

struct str
cert_crl_der(const struct cert *issuer, const struct cert *revoked)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, -1);
	unsigned char *der = NULL;
	int len;

	must(crl != NULL && now != NULL && X509_CRL_set_version(crl, 1) == 1 &&
		 X509_CRL_set_issuer_name(
		     crl, X509_get_subject_name(issuer->cert)) == 1 &&
		 X509_CRL_set1_lastUpdate(crl, now) == 1,
	    "revocation list");
	if (revoked != NULL) {
		X509_REVOKED *entry = X509_REVOKED_new();

		must(entry != NULL &&
			 X509_REVOKED_set_serialNumber(entry,
			     X509_get_serialNumber(revoked->cert)) == 1 &&
			 X509_REVOKED_set_revocationDate(entry, now) == 1 &&
			 X509_CRL_add0_revoked(crl, entry) == 1,
		    "revocation");
	}
	must(X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0, "signature");
	len = i2d_X509_CRL(crl, &der);
	X509_CRL_free(crl);
	ASN1_TIME_free(now);
	return keep(der, len);
}

void
cert_der_free(struct str der)
{
	free((void *)(uintptr_t)der.p);
}
