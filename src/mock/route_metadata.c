/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route_metadata.c - the paths of the task metadata endpoint, version 4
 *
 * Behind /v4/: "metadata" for the default task, a task's name or ID, or
 * ID-NUMBER, as ECS_CONTAINER_METADATA_URI_V4 of a Fargate container has it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "mock/metadata.h"
#include "mock/route.h"

/*
 * The task and the container that a key means; without a number, the task's
 * first container.  IDs of our own may hold a '-' themselves: the whole key
 * goes first.
 */
static const struct scenario_task *
find(const struct scenario_container **c, const struct scenario *s,
    struct str key)
{
	const struct scenario_task *t = str_is(key, "metadata")
					    ? s->default_task
					    : scenario_task_find(s, key);
	size_t cut = key.n;

	if (t != NULL) {
		*c = &t->definition->containers[0];
		return t;
	}
	while (cut > 0 && key.p[cut - 1] != '-')
		cut--;
	if (cut == 0)
		return NULL;
	t = scenario_task_find(s, str_sub(key, 0, cut - 1));
	if (t == NULL || !str_is_digits(str_sub(key, cut, key.n)))
		return NULL;
	*c = scenario_container_find(t, str_sub(key, cut, key.n));
	return *c == NULL ? NULL : t;
}

void
metadata_answer(struct answer *a, const struct mock *m, const struct request *q,
    struct str rest)
{
	const struct scenario_container *c = NULL;
	const struct scenario_task *t;
	struct str part, key = str_cut(&part, rest, '/');
	int r;

	t = find(&c, m->scenario, key);
	if (t == NULL) {
		answer_fail(a, 404,
		    "V4 metadata handler: the scenario has no task \"%s\"",
		    CLEAN(key));
		return;
	}
	if (part.p == NULL)
		r = metadata_container(&a->body, m->scenario, t, c, NULL);
	else if (str_is(part, "task") || str_is(part, "taskWithTags"))
		r = metadata_task(&a->body, m->scenario, t, q->now_us, NULL);
	else if (str_is(part, "stats"))
		r = stats_container(
		    &a->body, m->scenario, t, c, q->now_us, NULL);
	else if (str_is(part, "task/stats"))
		r = stats_task(&a->body, m->scenario, t, q->now_us, NULL);
	else {
		answer_fail(a, 404,
		    "V4 metadata handler: this mock serves no \"%s\" of a task",
		    CLEAN(part));
		return;
	}
	if (r != ERR_OK)
		answer_fail(a, 500, "V4 metadata handler: %s", err_text(r));
}
