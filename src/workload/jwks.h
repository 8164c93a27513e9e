/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwks.h - the JWT authorities of trust domains: JWK Sets (RFC 7517)
 *
 * Sources: JWT-SVID section 6, SPIFFE Trust Domain and Bundle section 4.
 * Immutable once made; any thread may read it while it holds a reference.
 */
#ifndef WORKLOAD_JWKS_H
#define WORKLOAD_JWKS_H

#include <openssl/evp.h>

#include "base/err.h"
#include "base/str.h"
#include "workload/spiffe_id.h"

enum { JWKS_MAX = 256, JWKS_KEYS_MAX = 256, JWKS_BYTES_MAX = 1024 * 1024 };

struct jwk {
	char *kid;
	EVP_PKEY *key; /* RSA of 2048 bits and more, P-256, P-384, P-521 */
};

struct jwks {
	char domain[TRUST_DOMAIN_MAX + 1];
	struct jwk *keys;
	size_t count; /* 0: nobody is believed */
};

struct jwks_set;
int jwks_set_new(struct jwks_set **setp, struct err *err) MUST_USE;

/*
 * While the maker has the only reference.  domain as in bundle.h; json: a JWK
 * Set.  Of it a key that is not for JWT-SVIDs, has no "kid", or cannot be used
 * is ignored.  A missing "use" is taken for "jwt-svid": the Workload API sends
 * plain JWK Sets that may hold no other keys.  The first set of a trust domain
 * stays.
 */
int jwks_set_add(struct jwks_set *set, struct str domain, struct str json,
    struct err *err) MUST_USE;

struct jwks_set *jwks_set_ref(struct jwks_set *set);
void jwks_set_unref(struct jwks_set *set); /* takes NULL */

size_t jwks_set_count(const struct jwks_set *set); /* NULL: 0 */
const struct jwks *jwks_set_at(const struct jwks_set *set, size_t i);
const struct jwks *jwks_set_find(
    const struct jwks_set *set, struct str domain);

#endif
