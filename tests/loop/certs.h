/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certs.h - an authority and a server certificate, made for one test
 */
#ifndef TESTS_LOOP_CERTS_H
#define TESTS_LOOP_CERTS_H

#include <openssl/ossl_typ.h>

/* Good ones are for 127.0.0.1 and sts.test, valid for an hour. */
enum cert {
	CERT_GOOD,
	CERT_OLD_TLS, /* good, but the server speaks no TLS after 1.1 */
	CERT_EXPIRED,
	CERT_EARLY, /* not valid yet */
	CERT_OTHER_NAME,
	CERT_SELF_SIGNED,
};

/* The authority's certificate goes into the file.  Never NULL. */
SSL_CTX *certs_make(const char *ca_path, enum cert cert);

#endif
