/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - an https server that counts what it is told once TLS is up
 *
 * It answers each connection's first bytes with 503.
 */
#ifndef CONFORMANCE_TLS_H
#define CONFORMANCE_TLS_H

#include <stddef.h>

#include "loop/certs.h"

struct tls;

/* What vouches for the certificate goes into the file. */
struct tls *tls_start(const char *ca_path, enum cert cert);
void tls_stop(struct tls *t);

int tls_port(const struct tls *t);
size_t tls_connections(struct tls *t); /* that have ended */
size_t tls_told(struct tls *t);        /* bytes, without TLS's own */

#endif
