/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h - the X.509 authorities of trust domains, each for itself
 *
 * An authority proves members of its own trust domain and nobody else, so
 * bundles are never put together.  Immutable once made; any thread may read it
 * while it holds a reference.
 */
#ifndef WORKLOAD_BUNDLE_H
#define WORKLOAD_BUNDLE_H

#include <openssl/x509.h>

#include "base/err.h"
#include "base/str.h"
#include "workload/spiffe_id.h"

enum { BUNDLES_MAX = 256, AUTHORITIES_MAX = 256, CRLS_MAX = 256 };

struct bundle {
	char domain[TRUST_DOMAIN_MAX + 1];
	STACK_OF(X509) *authorities; /* may be empty: nobody is believed */
	X509_STORE *store;           /* of the same, for verify.c */
};

struct bundle_set;
int bundle_set_new(struct bundle_set **setp, struct err *err) MUST_USE;

/*
 * While the maker has the only reference.  domain: "example.org" or
 * "spiffe://example.org"; der: certificates one behind the other, each an
 * authority's.  The first bundle of a trust domain stays.
 */
int bundle_set_add(struct bundle_set *set, struct str domain, struct str der,
    struct err *err) MUST_USE;

/* A revocation list in DER; it counts for whoever its issuer has signed. */
int bundle_set_add_crl(
    struct bundle_set *set, struct str der, struct err *err) MUST_USE;

struct bundle_set *bundle_set_ref(struct bundle_set *set);
void bundle_set_unref(struct bundle_set *set); /* takes NULL */

size_t bundle_set_count(const struct bundle_set *set); /* NULL: 0 */
const struct bundle *bundle_set_at(const struct bundle_set *set, size_t i);

/* By name of the trust domain; NULL if there is none. */
const struct bundle *bundle_set_find(
    const struct bundle_set *set, struct str domain);

const STACK_OF(X509_CRL) *bundle_set_crls(const struct bundle_set *set);

#endif
