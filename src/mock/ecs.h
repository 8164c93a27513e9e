/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ecs.h - DescribeTasks, DescribeTaskDefinition, ListTasks
 *
 * AWS JSON 1.1.  A caller sees the clusters of its own account in the region
 * it signed for.  Members that AWS does not have are not read; those that it
 * has are held to its types.
 */
#ifndef MOCK_ECS_H
#define MOCK_ECS_H

#include <json-c/json.h>

#include "mock/auth.h"
#include "mock/error.h"
#include "mock/route.h"
#include "mock/writer.h"

/* m has sessions. */
void ecs_answer(
    struct answer *a, const struct mock *m, const struct request *q);

/*
 * For the files of the service
 */

enum { ECS_TASKS_MAX = 100 };

/* One request. */
struct ecs_call {
	struct answer *a;
	const struct mock *m;
	const struct request *q;
	const struct session *caller;
	struct str region;
	const struct scenario_account *account; /* the caller's; or NULL */
	struct json_object *body;               /* an object */
};

#define ECS_FAIL(c, ...) ecs_error((c)->a, (c)->m, (c)->q, 400, __VA_ARGS__)

/* Members of the body.  False has answered: they are of another type. */
bool ecs_string(struct ecs_call *c, struct str *out, const char *name);
bool ecs_strings(struct ecs_call *c, struct json_object **out,
    const char *name); /* an array; NULL: absent */
struct str ecs_item(struct json_object *strings, size_t i);

/* Does "include" have this word?  False in *ok has answered. */
bool ecs_includes(struct ecs_call *c, const char *word, bool *ok);

/* The one that "cluster" names, else "default".  NULL has answered. */
const struct scenario_cluster *ecs_cluster(struct ecs_call *c);

/* Begin an answer, and end it. */
void ecs_begin(struct ecs_call *c, struct writer *w);
void ecs_end(struct ecs_call *c, struct writer *w);

/* ecs_document.c */
bool ecs_leaves(const struct scenario_task *t); /* desired: STOPPED */
void ecs_write_task(struct writer *w, const struct scenario *s,
    const struct scenario_task *t, bool with_tags);
void ecs_write_definition(struct writer *w, const struct scenario_definition *d,
    const struct scenario_account *home, struct str region);

/* ecs_actions.c */
typedef void ecs_action_fn(struct ecs_call *c);
ecs_action_fn ecs_describe_tasks, ecs_describe_task_definition, ecs_list_tasks;

#endif
