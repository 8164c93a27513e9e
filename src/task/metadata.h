/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metadata.h - the document of the ECS task metadata endpoint v4
 *
 * Read by the agent from the endpoint and, in metadata mode, by the server
 * from the agent's payload.  Unknown members are ignored, null is absent,
 * containers may be missing or half there while a task starts; those that ECS
 * adds on its own (Type other than NORMAL) are left out.  Members and types:
 * the ECS agent's tmds/handlers/v4/state/response.go.  Nothing in it is
 * signed.  Pure.
 */
#ifndef TASK_METADATA_H
#define TASK_METADATA_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "task/arn.h"

enum {
	METADATA_BYTES_MAX = 1024 * 1024, /* from the endpoint */
	METADATA_REDUCED_MAX = 56 * 1024, /* quoted, in a payload of 64 KiB */
	METADATA_CONTAINERS_MAX = 64,
	METADATA_TAGS_MAX = 64, /* AWS allows 50 */
};

struct task_tag {
	struct str key, value;
};

struct task_container {
	struct str name, image, image_id;
	struct str image_digest; /* that ECS pulled; not in the document */
};

/* Strings that are absent have n == 0. */
struct task_metadata {
	struct task_arn arn; /* TaskARN, taken apart */
	struct str cluster; /* short name, from Cluster; must match the ARN's */
	struct str family, revision, service, availability_zone, launch_type;
	struct str platform_version, desired_status, known_status;
	struct str task_definition_arn; /* composed when absent and possible */
	struct task_tag *tags;
	size_t tag_count;
	struct task_container *containers;
	size_t container_count;
};

/*
 * Read a document.  ERR_FORMAT's sentence says what is missing or malformed.
 * Strings live in the arena or borrow from json.
 */
int task_metadata_parse(struct task_metadata *m, struct arena *a,
    struct str json, enum task_id_form form, struct err *err) MUST_USE;

/*
 * The three steps of task_metadata_parse(), for one who has to tell their
 * failures apart.  read: the members, of arn only the text, cluster as spelt.
 * take_arn: the ARN.  settle: Cluster must be the ARN's, given as a name or an
 * ARN, or is taken from it; the task definition's ARN.
 */
int task_metadata_read(struct task_metadata *m, struct arena *a,
    struct str json, struct err *err) MUST_USE;
int task_metadata_take_arn(
    struct task_metadata *m, enum task_id_form form, struct err *err) MUST_USE;
int task_metadata_settle(
    struct task_metadata *m, struct arena *a, struct err *err) MUST_USE;

/*
 * Append the reduced document: only the members above, so that an agent sends
 * no labels, addresses or volumes.  Containers, then tags, are left out from
 * the end if it would pass METADATA_REDUCED_MAX when it stands as a string in
 * a payload; ERR_TOOBIG if the rest alone does.
 */
int task_metadata_format(
    struct buf *out, const struct task_metadata *m, struct err *err) MUST_USE;

#endif
