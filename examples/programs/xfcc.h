/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xfcc.h - x-forwarded-client-cert, by which a sidecar says who the caller is
 *
 * Envoy with forward_client_cert_details SANITIZE_SET takes away what the
 * caller has sent under this name and writes what it has verified itself:
 *
 *   By=spiffe://a/api;Hash=64 hex digits;Subject="";URI=spiffe://a/web
 *
 * Only that makes the header worth anything: whoever reaches a program by
 * another way than its sidecar can write it too.
 *
 * What two readers could understand differently is refused: more than one
 * element, a key that is not Envoy's or stands there twice, blanks, a quote
 * that opens or ends in the middle.  Pure.
 */
#ifndef PROGRAMS_XFCC_H
#define PROGRAMS_XFCC_H

#include "base/err.h"
#include "base/str.h"
#include "workload/spiffe_id.h"

enum { XFCC_MAX = 8 * 1024, XFCC_PARTS_MAX = 32, XFCC_HASH_DIGITS = 64 };

#define XFCC_NAME "x-forwarded-client-cert"

struct xfcc {
	struct spiffe_id uri;            /* the caller */
	struct spiffe_id by;             /* we, as its peer saw us; n 0: unsaid */
	char hash[XFCC_HASH_DIGITS + 1]; /* SHA-256 of its certificate, or "" */
};

/* ERR_FORMAT, and *x is untouched, without exactly one caller. */
int xfcc_parse(struct xfcc *x, struct str header, struct err *err) MUST_USE;

#endif
