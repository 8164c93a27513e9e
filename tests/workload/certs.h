/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certs.h - certificates of every kind, made for one test
 *
 * Nothing here can fail: a test without its certificate ends.
 */
#ifndef TESTS_WORKLOAD_CERTS_H
#define TESTS_WORKLOAD_CERTS_H

#include <openssl/x509.h>

#include "base/str.h"

enum { HOUR_S = 3600 };

/* Values as in openssl.cnf; NULL leaves the extension out. */
struct cert_spec {
	const char *subject; /* CN; NULL: an empty name */
	const char *names;
	const char *constraints;
	const char *usage;
	const char *extended;
	const char *name_constraints;
	const char *unknown; /* an extension nobody knows: "critical", "" */
	long from_s, to_s;   /* from now */
	const char *digest;  /* NULL: SHA256 */
	int rsa_bits;        /* 0: P-256 */
};
struct cert_spec cert_leaf(const char *uri_name); /* "URI:spiffe://d/a" */
struct cert_spec cert_authority(const char *domain);

struct cert {
	X509 *cert;
	EVP_PKEY *key;
};

/* issuer NULL: signed by itself. */
struct cert cert_make(const struct cert_spec *spec, const struct cert *issuer);
void cert_free(struct cert *c);

/* One more extension, signed anew. */
void cert_add(
    struct cert *c, int nid, const char *value, const struct cert *issuer);

/* An authority for "spiffe://domain", and a leaf "spiffe://..." by it. */
struct cert cert_make_authority(const char *domain);
struct cert cert_make_leaf(const char *id, const struct cert *issuer);

/* DER, malloc'ed: the certificates one behind the other, NULL ends. */
struct str cert_der(const struct cert *first, ...);
struct str cert_key_der(EVP_PKEY *key); /* PKCS#8 */

/* A revocation list by issuer, in DER; revoked may be NULL. */
struct str cert_crl_der(const struct cert *issuer, const struct cert *revoked);

void cert_der_free(struct str der);

#endif
