/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arn.h - ARNs of ECS tasks and clusters, and the grammar of their parts
 *
 * Grammar: the Service Authorization Reference of Amazon ECS.  Every part ends
 * up in a SPIFFE ID, a selector or a host name, so nothing outside its grammar
 * passes.  Pure; borrows from its input.
 */
#ifndef TASK_ARN_H
#define TASK_ARN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct task_arn {
	struct str text; /* the whole */
	struct str partition, region, account, cluster, task_id;
};

enum task_id_form {
	TASK_ID_AWS, /* 32 lower-case hex digits */
	TASK_ID_ANY, /* [A-Za-z0-9-]{1,64}: mocks */
};

/* arn:P:ecs:R:A:task/CLUSTER/ID; ERR_FORMAT names the part and its value. */
int task_arn_parse(struct task_arn *arn, struct str text,
    enum task_id_form form, struct err *err) MUST_USE;

/* A cluster as users and the metadata endpoint write it. */
struct cluster_ref {
	struct str partition, region, account; /* of an ARN; else n == 0 */
	struct str name;
};

/* "NAME" or "arn:P:ecs:R:A:cluster/NAME". */
int cluster_ref_parse(
    struct cluster_ref *ref, struct str text, struct err *err) MUST_USE;

/* The same, when only NAME matters. */
int cluster_name_parse(
    struct str *name, struct str text, struct err *err) MUST_USE;

/* The ARN of the cluster that a task is in; p is NULL without memory. */
struct str cluster_arn_of(struct arena *a, const struct task_arn *arn);

bool is_account(struct str s);      /* 12 digits */
bool is_region(struct str s);       /* a DNS label of [a-z0-9-], <= 63 */
bool is_partition(struct str s);    /* a DNS label too: aws or aws-* */
bool is_cluster_name(struct str s); /* 1-255 of [A-Za-z0-9_-] */

#endif
