/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation.h - what a request asks for, as can be told before it is answered
 *
 * AWS's operations have AWS's names; the endpoints of a task have names of
 * our own.  The log of requests and the faults go by them.
 */
#ifndef MOCK_OPERATION_H
#define MOCK_OPERATION_H

#include <stdbool.h>

#include "base/str.h"
#include "mock/route.h"

enum operation {
	OPERATION_NONE, /* control, health, and what is not here */
	OPERATION_METADATA,
	OPERATION_STATS,
	OPERATION_CREDENTIALS,
	OPERATION_IMDS,
	OPERATION_STS, /* another action, or none */
	OPERATION_GET_CALLER_IDENTITY,
	OPERATION_ASSUME_ROLE,
	OPERATION_ASSUME_ROLE_WITH_WEB_IDENTITY,
	OPERATION_ECS,
	OPERATION_DESCRIBE_TASKS,
	OPERATION_DESCRIBE_TASK_DEFINITION,
	OPERATION_LIST_TASKS,
	OPERATION_COUNT,
};

enum operation operation_of(const struct request *q);

/* NULL for OPERATION_NONE. */
const char *operation_name(enum operation operation);

/* By its name; false: none has it. */
bool operation_parse(enum operation *out, struct str name);

/* One of the services. */
bool operation_is_sts(enum operation operation);
bool operation_is_ecs(enum operation operation);

#endif
