/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - the newest identities and bundles, for whoever needs them
 *
 * A snapshot is immutable.  A source holds the newest one and swaps it whole,
 * so that a reader never sees the key of one rotation with the certificate of
 * another.  workload.c puts them in; tls.c and programs take them out.  Any
 * thread may call anything here.
 */
#ifndef WORKLOAD_SOURCE_H
#define WORKLOAD_SOURCE_H

#include <stdint.h>

#include "base/err.h"
#include "workload/bundle.h"
#include "workload/jwks.h"
#include "workload/svid.h"

/* What there is; NULL: nothing (now, yet, or not asked for). */
struct snapshot {
	struct svid_set *svids;
	struct bundle_set *bundles;
	struct jwks_set *jwks;
};

struct source;
int source_new(struct source **sourcep, struct err *err) MUST_USE;
void source_free(struct source *source); /* its snapshots may live on */

/* The newest one: a reference, for snapshot_unref().  Never NULL. */
const struct snapshot *source_get(struct source *source);
void snapshot_unref(const struct snapshot *snapshot); /* takes NULL */

/* When the first of its SVIDs expires, seconds since 1970; 0 without any. */
int64_t snapshot_expires(const struct snapshot *snapshot);

/* The source takes the references in s, also when it fails (ERR_MEMORY). */
int source_put(
    struct source *source, struct snapshot s, struct err *err) MUST_USE;

/* Nothing will be put in any more, for this reason: waiting is in vain. */
void source_fail(struct source *source, const struct err *err);

/*
 * For event loops: readable after each source_put() and source_fail(), until
 * source_heed().  Belongs to the source.
 */
int source_fd(const struct source *source);
void source_heed(struct source *source);

/* What to wait for, or-ed. */
enum { SOURCE_SVIDS = 1, SOURCE_BUNDLES = 2, SOURCE_JWKS = 4 };

/*
 * Block until all of it is there.  ERR_TIMEOUT; or the code of source_fail().
 */
int source_wait(struct source *source, unsigned what, int64_t timeout_ms,
    struct err *err) MUST_USE;

#endif
