/* SPDX-License-Identifier: Apache-2.0 */
/*
 * httpd.h - an HTTP server on loopback that misbehaves as the path says
 *
 * It has a thread per connection.  The paths are the table in httpd.c.  All
 * functions may be called from any thread.
 */
#ifndef TESTS_LOOP_HTTPD_H
#define TESTS_LOOP_HTTPD_H

#include <stdbool.h>

#include "certs.h"

struct httpd;

struct httpd *httpd_start(void);

/* https, with a new certificate; the file gets what vouches for it. */
struct httpd *httpd_start_tls(const char *ca_path, enum cert cert);

/*
 * A proxy that takes CONNECT to anywhere, and is the https server there.  The
 * head of the last CONNECT is to be read when all is answered.
 */
struct httpd *httpd_start_proxy(const char *ca_path);
const char *httpd_connect_head(const struct httpd *h);

void httpd_stop(struct httpd *h); /* breaks connections; NULL is fine */

int httpd_port(const struct httpd *h);

/* What it has seen so far. */
unsigned httpd_accepted(struct httpd *h);
unsigned httpd_peak(struct httpd *h); /* connections at the same time */
unsigned httpd_requests(struct httpd *h);

/*
 * Requests for /gate are held until httpd_open_gate().  The wait is true once
 * n are held, false when that takes longer than ten seconds.
 */
bool httpd_wait_held(struct httpd *h, unsigned n);
void httpd_open_gate(struct httpd *h);

/* A loopback port nobody listens on, and one where connects hang. */
int port_refused(void);
int port_hanging(int fds[2]); /* close both afterwards */

#endif
