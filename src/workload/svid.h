/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svid.h - our own X.509-SVIDs: certificate, chain and private key
 *
 * Everything is immutable once made; any thread may read it while it holds a
 * reference to the set.
 */
#ifndef WORKLOAD_SVID_H
#define WORKLOAD_SVID_H

#include <openssl/x509.h>

#include "base/err.h"
#include "base/str.h"
#include "workload/spiffe_id.h"

enum {
	SVIDS_MAX = 64,
	SVID_CHAIN_MAX = 16,
	HINT_MAX = 1024, /* Workload API, 5.3 */
};

struct svid {
	struct spiffe_id id;
	char *hint; /* "" if the server gave none */
	X509 *leaf;
	STACK_OF(X509) *chain; /* what is between leaf and bundle */
	EVP_PKEY *key;         /* OpenSSL wipes it when it is freed */
	int64_t expires;       /* seconds since 1970 */
};

/*
 * chain: DER certificates, the leaf first; key: DER PKCS#8, not encrypted; id:
 * what the server calls it.  ERR_FORMAT, ERR_TOOBIG or ERR_POLICY if it is no
 * X.509-SVID, or if ID, leaf and key do not belong together.  An expired one
 * is read all the same.
 */
int svid_new(struct svid **svidp, struct str id, struct str chain,
    struct str key, struct str hint, struct err *err) MUST_USE;
void svid_free(struct svid *svid); /* takes NULL */

/* In the server's order; the first is the default identity. */
struct svid_set;
int svid_set_new(struct svid_set **setp, struct err *err) MUST_USE;

/* While the maker has the only reference.  The set takes the SVID. */
int svid_set_add(
    struct svid_set *set, struct svid *svid, struct err *err) MUST_USE;

struct svid_set *svid_set_ref(struct svid_set *set);
void svid_set_unref(struct svid_set *set); /* takes NULL */

size_t svid_set_count(const struct svid_set *set); /* NULL: 0 */
const struct svid *svid_set_at(const struct svid_set *set, size_t i);

/*
 * By hint: the first that has it.  A NULL or empty hint asks for the default.
 * NULL if there is none.
 */
const struct svid *svid_set_find(
    const struct svid_set *set, const char *hint);

#endif
