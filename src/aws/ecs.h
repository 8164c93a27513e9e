/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ecs.h - requests to and answers of the Elastic Container Service
 *
 * JSON 1.1.  Answers are read strictly where we decide by them; members that
 * nobody wants are ignored.  Pure.  Source: botocore's model of ECS,
 * 2014-11-13.
 */
#ifndef AWS_ECS_H
#define AWS_ECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "json/json.h"

enum {
	ECS_BATCH_MAX = 100,              /* tasks of a DescribeTasks */
	ECS_TASK_MAX = 256 * 1024,        /* bytes of one task's JSON */
	ECS_ANSWER_MAX = 8 * 1024 * 1024, /* of 100 tasks with tags */
	ECS_DEFINITION_ANSWER_MAX = 1024 * 1024,
	ECS_CONTAINERS_MAX = 64,
	ECS_TAGS_MAX = 64,
	ECS_ADDRESSES_MAX = 16,
};

/* Which of the members that time a task are there; all in microseconds. */
struct ecs_times {
	bool has_created, has_started;
	int64_t created_us, started_us;
	bool
	    has_ended; /* stoppingAt, stoppedAt, executionStoppedAt, stopCode */
};

struct ecs_tag {
	struct str key, value;
};

struct ecs_container {
	struct str name, image, image_digest;
};

/* Strings that are absent have n == 0. */
struct ecs_task {
	struct str task_arn, cluster_arn, task_definition_arn;
	struct str last_status, desired_status;
	struct str launch_type, capacity_provider, platform_version;
	struct str availability_zone, group, started_by;
	struct str subnet;
	bool exec_enabled;
	struct ecs_times times;

	bool has_overrides;           /* more than names of containers */
	struct str override_role_arn; /* overrides.taskRoleArn */

	bool has_eni;                            /* one that is ATTACHED */
	struct str addresses[ECS_ADDRESSES_MAX]; /* of those, as spelt */
	size_t address_count;

	struct ecs_tag *tags;
	size_t tag_count;
	struct ecs_container *containers;
	size_t container_count;
};

struct ecs_definition {
	struct str arn, family, task_role_arn; /* a short name, or an ARN */
	struct str revision;                   /* digits */
	struct str pid_mode;
};

/* Bodies.  task_arns and the cluster's ARN are of our own making. */
int ecs_tasks_request(struct buf *out, struct str cluster_arn,
    const struct str *task_arns, size_t count, bool tags,
    struct err *err) MUST_USE;
int ecs_definition_request(
    struct buf *out, struct str definition_arn, struct err *err) MUST_USE;

/*
 * One element of a DescribeTasks answer.  Strings live in the arena or borrow
 * from json.  ERR_UPSTREAM: a member of a wrong type, repeated, or out of
 * bounds; times that are no finite numbers.
 */
int ecs_task_read(struct ecs_task *out, struct arena *a, struct json json,
    struct err *err) MUST_USE;

/* A DescribeTaskDefinition answer. */
int ecs_definition_read(struct ecs_definition *out, struct arena *a,
    struct str body, struct err *err) MUST_USE;

#endif
