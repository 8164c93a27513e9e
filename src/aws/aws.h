/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aws.h - AWS as one configuration of the server sees it
 *
 * Holds the credentials, and for each (account, region) the keys, the gates,
 * the batches under way and the cache of task definitions; nothing is shared
 * between two accounts or two configurations.  STS and DescribeTasks answers
 * are never kept.  Counted; everything belongs to the queue thread.
 *
 * Starts that return ERR_OK are answered once, later; a cancel is answered
 * ERR_CANCELLED.  Strings given are copied; those in answers are borrowed for
 * the call only.
 */
#ifndef AWS_AWS_H
#define AWS_AWS_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/ecs.h"
#include "aws/observe.h"
#include "aws/sts.h"
#include "base/err.h"
#include "base/str.h"
#include "loop/http.h"
#include "loop/loop.h"

/* Strings are copied.  Empty: not set. */
struct aws_settings {
	struct str partition;
	struct str access_key_id, secret_access_key;
	struct str assume_role, external_id; /* a role's name */
	struct str sts_region, sts_endpoint, ecs_endpoint;
	bool allow_insecure_endpoints;
	struct str ca_bundle_path;  /* else AWS_CA_BUNDLE, else a known one */
	int64_t ecs_rate, sts_rate; /* calls a second */
	bool tags;                  /* ask for them */
};

struct aws;
struct aws_op;

/*
 * Checks endpoints and the CA bundle; asks nothing.  ERR_CONFIG names setting
 * or variable.  http and observer are borrowed until the last reference is
 * gone; once *http is NULL, nothing is asked any more.  *awsp has one.
 */
int aws_new(struct aws **awsp, struct loop *loop, struct http *const *http,
    const struct aws_settings *settings, const struct aws_observer *observer,
    struct err *err) MUST_USE;
struct aws *aws_ref(struct aws *aws);
void aws_unref(struct aws *aws); /* takes NULL; each op has one of its own */

/*
 * The end has begun: what is under way on behalf of nobody in particular, such
 * as keys that are being fetched, is given up.  Ops are cancelled by their
 * owners, before or after.
 */
void aws_stop(struct aws *aws);

/* Where STS is for tasks of this region, and the region to sign for. */
int aws_sts_endpoint(struct endpoint *e, struct str *sts_region,
    const struct aws *aws, struct str task_region, struct err *err) MUST_USE;

/* sts_identify_start() through the gate of that account and region. */
int aws_identify(struct aws_op **opp, struct aws *aws, struct str account,
    const struct sts_proof *proof, int64_t deadline_ms, sts_identity_fn *done,
    void *arg, struct err *err) MUST_USE;

/*
 * One task, in a batch with others of its account, region and cluster that is
 * sent at most 50 ms later and not before.  The keys are those of exactly this
 * account: its assumed role, or ours if the account is ours.
 *
 * ERR_OK: json is the element whose taskArn is task_arn, cluster_arn is not
 * yet compared.  ERR_MISSING: AWS does not know it (asked again up to 3 times
 * inside the deadline).  ERR_POLICY: AWS answered with a task that nobody
 * asked for, or twice with this one.  ERR_NOT_NOW: there are no keys for that
 * account, or they may not do it, and the sentence says what to change.
 * ERR_UNAVAILABLE, ERR_UPSTREAM, ERR_CANCELLED, ERR_MEMORY.
 */
struct aws_place {
	struct str account, region, cluster_arn;
};
typedef void aws_task_fn(void *arg, int r, struct json json,
    struct str request_id, const struct err *err);
int aws_describe_task(struct aws_op **opp, struct aws *aws,
    const struct aws_place *place, struct str task_arn, int64_t deadline_ms,
    aws_task_fn *done, void *arg, struct err *err) MUST_USE;

/*
 * A task definition by its full ARN with revision.  It is kept: its content
 * never changes.  Errors as above; ERR_POLICY also if AWS names another.
 */
typedef void aws_definition_fn(void *arg, int r,
    const struct ecs_definition *definition, const struct err *err);
int aws_describe_definition(struct aws_op **opp, struct aws *aws,
    struct str account, struct str region, struct str definition_arn,
    int64_t deadline_ms, aws_definition_fn *done, void *arg,
    struct err *err) MUST_USE;

void aws_op_cancel(struct aws_op *op);

/* AWS_ENDPOINT_URL and its kin are set: logs one WARN that they are ignored. */
void aws_warn_of_environment(void);

#endif
