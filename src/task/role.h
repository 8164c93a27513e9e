/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.h - IAM roles and their sessions, as STS and ECS spell them
 *
 * Grammar: the IAM reference of identifiers, STS's of session names.  A
 * session's ARN drops the path of its role, and role names are unique in an
 * account whatever their case, so account and name identify a role.  Pure;
 * borrows from its input.
 */
#ifndef TASK_ROLE_H
#define TASK_ROLE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* arn:P:sts::ACCOUNT:assumed-role/NAME/SESSION */
struct role_session {
	struct str partition, account, role, session;
};
int role_session_parse(
    struct role_session *s, struct str arn, struct err *err) MUST_USE;

/* arn:P:iam::ACCOUNT:role/PATH/NAME, or NAME alone: partition, account empty. */
struct role_ref {
	struct str partition, account, name;
};
int role_ref_parse(
    struct role_ref *ref, struct str text, struct err *err) MUST_USE;

/* 1-64 of letters, digits and _+=,.@- */
bool is_role_name(struct str s);

#endif
