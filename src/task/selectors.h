/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selectors.h - what the server tells SPIRE about a task
 *
 * Values without the type, as SPIRE stores them: "account:123456789012".
 * Sorted, unique, non-empty, printable UTF-8, at most 255 bytes each (MySQL's
 * column) and at most 200.  Pure.
 */
#ifndef TASK_SELECTORS_H
#define TASK_SELECTORS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "task/metadata.h"

enum { SELECTOR_MAX = 255, SELECTORS_MAX = 200 };

struct selectors {
	struct str *values;
	size_t count;
	struct str dropped; /* key of the first that did not fit, for a WARN */
	size_t dropped_count;
};

/*
 * From metadata, as DESIGN 3.4 lists them.  tag_keys: which tags become
 * selectors; the single key "*" means all.
 */
int selectors_from_metadata(struct selectors *out, struct arena *a,
    const struct task_metadata *m, const struct str *tag_keys,
    size_t tag_key_count, struct err *err) MUST_USE;

/* What a task's metadata does not tell, and AWS does. */
struct task_proof {
	struct str account, role; /* of the task's session */
	struct str subnet, capacity_provider;
	bool exec_enabled, has_overrides;
	bool client_ip_verified;
};

/* The same of a task that AWS has described. */
int selectors_from_proof(struct selectors *out, struct arena *a,
    const struct task_metadata *m, const struct task_proof *proof,
    const struct str *tag_keys, size_t tag_key_count, struct err *err) MUST_USE;

/* Of a session alone: account, partition, task_id, task_role. */
int selectors_from_session(struct selectors *out, struct arena *a,
    struct str partition, struct str account, struct str role,
    struct str task_id, struct err *err) MUST_USE;

/*
 * The agent's own list for the payload, with the prefix of the original
 * plugin: "aws_fargate:cluster:NAME" and so on.  Same bounds.
 */
int selectors_for_payload(struct selectors *out, struct arena *a,
    const struct task_metadata *m, struct err *err) MUST_USE;

#endif
