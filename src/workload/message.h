/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - what the Workload API says, on the wire
 *
 * Source: SPIFFE_Workload_API and its field numbers.  A message in which a
 * mandatory field is missing, or anything is malformed, is refused as a whole
 * and nothing of it is used (4.5).  Private keys are wiped behind the reader.
 * Any thread.
 */
#ifndef WORKLOAD_MESSAGE_H
#define WORKLOAD_MESSAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "workload/bundle.h"
#include "workload/jwks.h"
#include "workload/jwt.h"
#include "workload/svid.h"

enum {
	MESSAGE_MAX = 4 * 1024 * 1024,
	REQUEST_MAX = 64 * 1024,
	AUDIENCES_MAX = 16,
	AUDIENCE_MAX = 2048, /* bytes: a SPIFFE ID fits */
	CLAIMS_MAX = 64 * 1024, /* a good ceiling for claims as JSON */
};

#define WORKLOAD_SERVICE        "/SpiffeWorkloadAPI/"
#define WORKLOAD_FETCH_SVID     WORKLOAD_SERVICE "FetchX509SVID"
#define WORKLOAD_FETCH_BUNDLES  WORKLOAD_SERVICE "FetchX509Bundles"
#define WORKLOAD_FETCH_JWT      WORKLOAD_SERVICE "FetchJWTSVID"
#define WORKLOAD_FETCH_JWKS     WORKLOAD_SERVICE "FetchJWTBundles"
#define WORKLOAD_VALIDATE_JWT   WORKLOAD_SERVICE "ValidateJWTSVID"

/* The SVIDs, and the bundles of their own and of federated trust domains. */
int message_svids(struct svid_set **svids, struct bundle_set **bundles,
    struct str message, struct err *err) MUST_USE;

int message_bundles(struct bundle_set **bundles, struct str message,
    struct err *err) MUST_USE;

int message_jwks(
    struct jwks_set **jwks, struct str message, struct err *err) MUST_USE;

/* The tokens, in the server's order; the first is the default. */
struct jwt_list {
	size_t count;
	struct jwt_svid *at[SVIDS_MAX];
};
int message_jwts(
    struct jwt_list **list, struct str message, struct err *err) MUST_USE;
void jwt_list_free(struct jwt_list *list); /* takes NULL */

/* Append the claims to it as JSON, unless it is NULL. */
int message_validated(struct spiffe_id *id, struct buf *claims,
    struct str message, struct err *err) MUST_USE;

/* Requests, into an empty buffer.  audiences: NULL ends; id may be NULL. */
int message_ask_jwts(struct buf *out, const char *const *audiences,
    const char *id, struct err *err) MUST_USE;
int message_ask_validation(struct buf *out, struct str audience,
    struct str token, struct err *err) MUST_USE;

#endif
