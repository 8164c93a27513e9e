/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwt.h - JWT-SVIDs: read one's own, verify another's
 *
 * Source: the JWT-SVID specification.  Only JWS compact serialisation, RS, ES
 * and PS of 256, 384 and 512, and no header parameter but alg, kid and typ.
 * Any thread.
 */
#ifndef WORKLOAD_JWT_H
#define WORKLOAD_JWT_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "workload/jwks.h"
#include "workload/spiffe_id.h"

enum {
	JWT_MAX = 16 * 1024, /* what HTTP servers take as a header, at most */
	JWT_LEEWAY_S = 60,   /* for "nbf": clocks differ; none for "exp" */
};

struct jwt_svid {
	struct spiffe_id id;
	char *hint;   /* "" if there is none */
	char *token;  /* a bearer's secret: never log it */
	char *claims; /* the payload: a JSON object */
	int64_t expires; /* seconds since 1970 */
};

/*
 * Read a token without believing it: form, algorithm, sub, aud and exp are
 * there and well-formed.  For what came from the Workload API itself; a token
 * that came from anybody else goes through jwt_verify() or
 * workload_validate_jwt().
 */
int jwt_read(struct jwt_svid **jwtp, struct str token, struct str hint,
    struct err *err) MUST_USE;

/*
 * The same, and believe it: signed by the JWT bundle of the trust domain of
 * its subject, for this audience, at the time now (seconds since 1970).
 * ERR_FORMAT: no JWT-SVID; ERR_POLICY: refused, the sentence says the rule and
 * whose token it claims to be; ERR_UNAVAILABLE: we hold no JWT bundles.
 */
int jwt_verify(struct jwt_svid **jwtp, struct str token, const char *audience,
    const struct jwks_set *bundles, int64_t now, struct err *err) MUST_USE;

/* Is this one of the audiences of the token? */
bool jwt_has_audience(const struct jwt_svid *jwt, const char *audience);

void jwt_free(struct jwt_svid *jwt); /* wipes the token; takes NULL */

#endif
