/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.h - is a peer who its X.509-SVID says, and is it expected?
 *
 * In order: the leaf's form (x509_check_leaf), a bundle for the trust domain
 * of its ID, a chain to an authority of that bundle only, time, authorities on
 * the way, revocation lists, the matcher.  Any thread.
 */
#ifndef WORKLOAD_VERIFY_H
#define WORKLOAD_VERIFY_H

#include <stdint.h>

#include <openssl/x509.h>

#include "base/err.h"
#include "workload/bundle.h"
#include "workload/spiffe_id.h"

enum { VERIFY_DEPTH_MAX = 8 };

struct verify_peer {
	X509 *leaf;
	STACK_OF(X509) *chain; /* what came with it; may be NULL */
	int64_t now;           /* seconds since 1970 */
};

/*
 * ERR_OK, and *id is the peer's.  Otherwise *id (optional) is untouched, the
 * sentence says the rule and, where it could be read, the ID refused; *reason
 * (optional) is OpenSSL's X509_V_ERR_ code, which becomes the TLS alert.
 * ERR_POLICY: refused; ERR_UNAVAILABLE: we hold no bundles at all; ERR_MEMORY.
 */
int verify_peer(struct spiffe_id *id, int *reason,
    const struct verify_peer *peer, const struct bundle_set *bundles,
    const struct id_matcher *expected, struct err *err) MUST_USE;

#endif
