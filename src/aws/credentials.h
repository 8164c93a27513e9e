/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials.h - the server's own keys: the chain, the cache, the refresh
 *
 * First that exists: plugin_data's keys; the environment's; web identity; the
 * shared files; container credentials; IMDSv2.  Which one it is is found at
 * the first use and kept.  Keys are fetched once for all who wait, 5 minutes
 * before they expire; a refresh that fails leaves unexpired ones in use, and
 * is tried again no sooner than 10 s later.  Half a pair, credential_process
 * and SSO are errors.  Everything belongs to the queue thread.
 */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include "aws/call.h"
#include "aws/keys.h"
#include "base/err.h"
#include "base/str.h"

struct credentials;
struct credentials_wait;

typedef void credentials_fn(
    void *arg, int r, struct aws_keys *keys, const struct err *err);

/* Strings are borrowed as long as the object lives. */
struct credentials_settings {
	struct str access_key_id, secret_access_key; /* plugin_data; or empty */
	struct str partition;
	struct str sts_region;   /* or empty: the environment's, the files' */
	struct str sts_endpoint; /* URL; or empty */
	bool allow_insecure_endpoints;
};

/* The chain.  Nothing is read or asked before the first get. */
int credentials_new(struct credentials **credp, const struct aws_caller *caller,
    const struct credentials_settings *settings, struct err *err) MUST_USE;

/* A role assumed with the keys of base, which must outlive it. */
int credentials_new_role(struct credentials **credp,
    const struct aws_caller *caller, struct credentials *base,
    struct str role_arn, struct str external_id, struct str region,
    const struct endpoint *sts, struct err *err) MUST_USE;

/*
 * Waiters are answered ERR_CANCELLED first, from here.  From inside an answer
 * too; what caller points to is not used any more, but for loop and http.
 */
void credentials_free(struct credentials *cred);

/* Keys good for now; NULL: credentials_get() them.  Borrowed. */
struct aws_keys *credentials_now(struct credentials *cred);

/*
 * done: ERR_OK with borrowed keys; ERR_CONFIG (the sentence names file or
 * variable and the cure), ERR_UNAVAILABLE, ERR_POLICY (AWS refuses the role),
 * ERR_MISSING (no source at all), ERR_CANCELLED, ERR_MEMORY.
 */
int credentials_get(struct credentials_wait **waitp, struct credentials *cred,
    int64_t deadline_ms, credentials_fn *done, void *arg,
    struct err *err) MUST_USE;
void credentials_cancel(struct credentials_wait *wait);

#endif
