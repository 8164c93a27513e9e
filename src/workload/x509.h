/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509.h - what X.509-SVIDs, bundles and peers have in common
 *
 * Source: the X509-SVID specification.  Pure; any thread.
 */
#ifndef WORKLOAD_X509_H
#define WORKLOAD_X509_H

#include <openssl/x509.h>

#include "base/err.h"
#include "base/str.h"
#include "workload/spiffe_id.h"

/*
 * DER certificates one behind the other, as the Workload API has them: at most
 * max, the last one ending where der ends.  Empty der gives an empty stack.
 * *certs is the caller's: sk_X509_pop_free(certs, X509_free).
 */
int x509_parse_list(STACK_OF(X509) **certs, struct str der, int max,
    struct err *err) MUST_USE;

/*
 * May this certificate identify a workload?  Exactly one URI SAN and that a
 * SPIFFE ID with a path, no authority, key usage critical with
 * digitalSignature and without keyCertSign and cRLSign, both extended usages
 * or none.  ERR_POLICY says the rule.  *id (optional) is set when the ID could
 * be read, also on failure, so that a refusal can say whose it was; its n is 0
 * when it could not.  Says nothing of signatures and time.
 */
int x509_check_leaf(
    struct spiffe_id *id, X509 *cert, struct err *err) MUST_USE;

/*
 * May this certificate sign others?  cA set, keyCertSign set, no SPIFFE ID
 * with a path.
 */
int x509_check_authority(X509 *cert, struct err *err) MUST_USE;

/* notAfter in seconds since 1970; 0 if it cannot be told. */
int64_t x509_expires(const X509 *cert);

/* The newest reason in OpenSSL's queue, which is then empty; never NULL. */
const char *x509_reason(void);

#endif
