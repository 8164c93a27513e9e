/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - TLS in front of the mock, by OpenSSL
 *
 * TLS 1.2 and later; clients show no certificate.
 */
#ifndef MOCK_TLS_H
#define MOCK_TLS_H

#include "base/err.h"

struct bufferevent;
struct event_base;
struct tls;

/* PEM files: the certificate with its chain, and its key. */
int tls_new(struct tls **tp, const char *cert_path, const char *key_path,
    struct err *err) MUST_USE;
void tls_free(struct tls *t); /* NULL is fine */

/* For evhttp_set_bevcb(): a connection of t; NULL: no memory. */
struct bufferevent *tls_connection(struct event_base *base, void *t);

#endif
