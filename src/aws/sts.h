/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sts.h - what is asked of the Security Token Service
 *
 * Requests are bodies and headers; answers are read strictly: status, content
 * type and shape must be the one that AWS gives, JSON for all that we ask,
 * without repeated members, at most 8 KiB.  Pure but for the starts at the
 * end, which belong to the queue thread.
 */
#ifndef AWS_STS_H
#define AWS_STS_H

#include "aws/call.h"
#include "aws/endpoint.h"
#include "aws/keys.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define STS_IDENTITY_BODY "Action=GetCallerIdentity&Version=2011-06-15"
#define STS_CONTENT_TYPE  "application/x-www-form-urlencoded; charset=utf-8"
#define STS_PROOF_SIGNED                                     \
	"content-type;host;x-amz-date;x-amz-security-token;" \
	"x-spire-fargate-binding"

enum { STS_ANSWER_MAX = 8 * 1024, STS_SEND_MS = 10 * 1000 };

/* Whom AWS says the signer is.  Shapes are not checked here but by a judge. */
struct sts_identity {
	struct str account, arn, user_id;
	struct str request_id; /* clean; may be empty */
};

/* An agent's signature of the one request that a server rebuilds. */
struct sts_proof {
	struct str access_key_id, amz_date, session_token, signature;
	struct str binding; /* the server's own value of the header */
	struct str region;
	const struct endpoint *endpoint;
};

/*
 * The agent's half: sign that request with keys, amz_date as now_s says.
 * signature has 65 bytes, amz_date 17.  ERR_MISSING: keys have no token.
 */
int sts_proof_sign(char signature[65], char amz_date[17],
    const struct aws_keys *keys, const struct endpoint *endpoint,
    struct str region, struct str binding, int64_t now_s,
    struct err *err) MUST_USE;

/*
 * Read the answer of GetCallerIdentity.  Strings live in the arena or borrow
 * from the body.  ERR_UPSTREAM says what is wrong, without quoting it.
 */
int sts_identity_read(struct sts_identity *out, struct arena *a,
    struct str content_type, struct str body, struct err *err) MUST_USE;

/* Credentials of AssumeRole and AssumeRoleWithWebIdentity, to be unref'ed. */
int sts_keys_read(struct aws_keys **keysp, const char *operation,
    const char *source, struct str content_type, struct str body,
    struct err *err) MUST_USE;

/*
 * GetCallerIdentity with an agent's proof, rebuilt and sent as it was signed.
 * done: ERR_OK, ERR_POLICY (AWS does not know the signature: 403 and the like),
 * ERR_UNAVAILABLE (also when the session of the signer has ended),
 * ERR_UPSTREAM, ERR_CANCELLED, ERR_MEMORY; identity with
 * ERR_OK only, except request_id, which may come with ERR_POLICY too.
 */
typedef void sts_identity_fn(void *arg, int r,
    const struct sts_identity *identity, const struct err *err);
struct sts_identify;
int sts_identify_start(struct sts_identify **callp,
    const struct aws_caller *caller, const struct sts_proof *proof,
    struct aws_gate *gate, int64_t deadline_ms, sts_identity_fn *done,
    void *arg, struct err *err) MUST_USE;

/* The same for keys of our own: whose are they? */
int sts_whoami_start(struct sts_identify **callp,
    const struct aws_caller *caller, struct aws_keys *keys,
    const struct endpoint *endpoint, struct str region, int64_t deadline_ms,
    sts_identity_fn *done, void *arg, struct err *err) MUST_USE;
void sts_identify_cancel(struct sts_identify *call);

/* AssumeRole, signed by keys; or with a web identity's token, unsigned. */
struct sts_role {
	struct str role_arn, session_name;
	struct str external_id; /* or empty */
	struct str web_token;   /* n > 0: AssumeRoleWithWebIdentity */
	unsigned duration_s;    /* 0: AWS's default */
	struct aws_keys *keys;  /* without web_token */
	const struct endpoint *endpoint;
	struct str region;
	const char *source; /* for the new keys */
};
typedef void sts_keys_fn(
    void *arg, int r, struct aws_keys *keys, const struct err *err);
struct sts_assume; /* keys are borrowed: ref to keep */
int sts_assume_start(struct sts_assume **callp, const struct aws_caller *caller,
    const struct sts_role *role, int64_t deadline_ms, sts_keys_fn *done,
    void *arg, struct err *err) MUST_USE;
void sts_assume_cancel(struct sts_assume *call);

#endif
