/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/operation.h"

#include <stddef.h>

#define FORM "application/x-www-form-urlencoded"

static const char *const names[OPERATION_COUNT] = {
	[OPERATION_METADATA] = "metadata",
	[OPERATION_STATS] = "stats",
	[OPERATION_CREDENTIALS] = "credentials",
	[OPERATION_IMDS] = "imds",
	[OPERATION_STS] = "STS",
	[OPERATION_GET_CALLER_IDENTITY] = "GetCallerIdentity",
	[OPERATION_ASSUME_ROLE] = "AssumeRole",
	[OPERATION_ASSUME_ROLE_WITH_WEB_IDENTITY] = "AssumeRoleWithWebIdentity",
	[OPERATION_ECS] = "ECS",
	[OPERATION_DESCRIBE_TASKS] = "DescribeTasks",
	[OPERATION_DESCRIBE_TASK_DEFINITION] = "DescribeTaskDefinition",
	[OPERATION_LIST_TASKS] = "ListTasks",
};

const char *
operation_name(enum operation operation)
{
	return names[operation];
}

bool
operation_parse(enum operation *out, struct str name)
{
	for (int i = OPERATION_NONE + 1; i < OPERATION_COUNT; i++) {
		if (str_is(name, names[i])) {
			*out = (enum operation)i;
			return true;
		}
	}
	return false;
}

bool
operation_is_sts(enum operation operation)
{
	return operation >= OPERATION_STS && operation < OPERATION_ECS;
}

bool
operation_is_ecs(enum operation operation)
{
	return operation >= OPERATION_ECS;
}

/* The operation of a service, or the service if it has no such one. */
static enum operation
one_of(enum operation service, struct str name)
{
	enum operation operation;

	if (operation_parse(&operation, name) &&
	    operation_is_ecs(operation) == operation_is_ecs(service) &&
	    operation_is_sts(operation) == operation_is_sts(service))
		return operation;
	return service;
}

static struct str
action_of(struct str form)
{
	struct str rest = form, field, value;

	while (rest.n > 0) {
		field = str_cut(&rest, rest, '&');
		if (str_is(str_cut(&value, field, '='), "Action"))
			return value;
	}
	return (struct str){ NULL, 0 };
}

/*
 * ECS has its target in a header, STS its action in a form.  Whatever else
 * comes is of the service that it was signed for.
 */
static enum operation
of_service(const struct request *q)
{
	struct str target = request_header(q, "X-Amz-Target"), rest;
	struct str type = request_header(q, "Content-Type");
	struct sigv4_authorization auth;

	if (target.n > 0) {
		(void)str_cut(&rest, target, '.');
		return one_of(OPERATION_ECS, rest);
	}
	if (!str_eq_nocase(str_trim(str_cut(&rest, type, ';')), STR(FORM)) &&
	    sigv4_authorization_parse(
		&auth, request_header(q, "Authorization"), NULL) == ERR_OK &&
	    str_is(auth.service, "ecs"))
		return OPERATION_ECS;
	return one_of(OPERATION_STS, action_of(q->body));
}

enum operation
operation_of(const struct request *q)
{
	if (str_starts(q->path, "/v4/"))
		return str_ends(q->path, "/stats") ? OPERATION_STATS
						   : OPERATION_METADATA;
	if (str_starts(q->path, "/v2/credentials/"))
		return OPERATION_CREDENTIALS;
	if (str_starts(q->path, "/latest/"))
		return OPERATION_IMDS;
	if (str_is(q->path, "/") && q->method == METHOD_POST)
		return of_service(q);
	return OPERATION_NONE;
}
