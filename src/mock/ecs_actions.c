/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ecs_actions.c - what the mock's ECS can be asked
 */
#include <inttypes.h>
#include <stdio.h>

#include "mock/ecs.h"

#define INVALID "InvalidParameterException"

/*
 * DescribeTasks
 */

static bool
is_task_id(struct str s)
{
	return s.n <= 64 && str_is_alnum_or(s, "-");
}

/* arn:P:ecs:R:A:task/CLUSTER/ID; false: of another cluster, or no ARN. */
static bool
cut_arn(struct str *id, const struct scenario_cluster *k, struct str text)
{
	static const char own[] = "cluster/", task[] = "task/";
	size_t at = k->arn.n - k->name.n - (sizeof(own) - 1);
	struct str rest = str_sub(text, at, text.n), cluster;

	if (!str_eq(str_sub(text, 0, at), str_sub(k->arn, 0, at)) ||
	    !str_starts(rest, task))
		return false;
	cluster = str_cut(id, str_sub(rest, sizeof(task) - 1, rest.n), '/');
	return str_eq(cluster, k->name) && is_task_id(*id);
}

/* The ID of one in k, known or not; false has answered. */
static bool
read_task_id(struct ecs_call *c, const struct scenario_cluster *k,
    struct str *id, struct str text)
{
	*id = text;
	if (str_starts(text, "arn:") ? cut_arn(id, k, text) : is_task_id(text))
		return true;
	ECS_FAIL(c, INVALID,
	    "Invalid identifier: %s is not of a task in cluster %.*s",
	    CLEAN(text), STR_FMT(k->name));
	return false;
}

/* NULL: ECS knows no such task, or has forgotten it. */
static const struct scenario_task *
find_task(
    const struct ecs_call *c, const struct scenario_cluster *k, struct str id)
{
	const struct scenario_task *t = scenario_task_find(c->m->scenario, id);

	if (t == NULL || t->cluster != k || !str_eq(t->id, id) || t->forgotten)
		return NULL;
	return t;
}

static void
write_missing(struct writer *w, const struct scenario_cluster *k, struct str id)
{
	writer_open(w, NULL);
	writer_print(w, "arn", "arn:%.*s:ecs:%.*s:%.*s:task/%.*s/%.*s",
	    STR_FMT(k->account->partition), STR_FMT(k->region),
	    STR_FMT(k->account->id), STR_FMT(k->name), STR_FMT(id));
	writer_text(w, "reason", "MISSING");
	writer_close(w, NULL);
}

void
ecs_describe_tasks(struct ecs_call *c)
{
	const struct scenario_cluster *k = ecs_cluster(c);
	struct str ids[ECS_TASKS_MAX];
	struct json_object *list;
	struct writer w;
	bool ok, with_tags;
	size_t n;

	if (k == NULL || !ecs_strings(c, &list, "tasks"))
		return;
	with_tags = ecs_includes(c, "TAGS", &ok);
	if (!ok)
		return;
	n = list == NULL ? 0 : json_object_array_length(list);
	if (n == 0 || n > ECS_TASKS_MAX) {
		ECS_FAIL(c, INVALID,
		    "Tasks must have 1 to %d elements, not %zu", ECS_TASKS_MAX,
		    n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!read_task_id(c, k, &ids[i], ecs_item(list, i)))
			return;
	}
	ecs_begin(c, &w);
	writer_open_list(&w, "failures");
	for (size_t i = 0; i < n; i++) {
		if (find_task(c, k, ids[i]) == NULL)
			write_missing(&w, k, ids[i]);
	}
	writer_close_list(&w);
	writer_open_list(&w, "tasks");
	for (size_t i = 0; i < n; i++) {
		const struct scenario_task *t = find_task(c, k, ids[i]);

		if (t != NULL)
			ecs_write_task(&w, c->m->scenario, t, with_tags);
	}
	writer_close_list(&w);
	ecs_end(c, &w);
}

/*
 * DescribeTaskDefinition
 */

static const struct scenario_account *
home_of(const struct ecs_call *c)
{
	const struct scenario *s = c->m->scenario;

	for (size_t i = 0; i < s->account_count; i++) {
		if (str_eq(s->accounts[i].id, c->caller->account))
			return &s->accounts[i];
	}
	return NULL;
}

/* FAMILY:REVISION, or FAMILY for the newest. */
static const struct scenario_definition *
find_definition(const struct scenario *s, struct str text)
{
	const struct scenario_definition *newest = NULL;
	uint64_t revision, best = 0;

	for (size_t i = 0; i < s->definition_count; i++) {
		const struct scenario_definition *d = &s->definitions[i];

		if (str_eq(d->label, text))
			return d;
		if (str_eq(d->family, text) &&
		    str_to_u64(&revision, d->revision) && revision > best) {
			newest = d;
			best = revision;
		}
	}
	return newest;
}

void
ecs_describe_task_definition(struct ecs_call *c)
{
	const struct scenario_account *home = home_of(c);
	const struct scenario_definition *d = NULL;
	char prefix[256];
	struct str text;
	struct writer w;
	bool ok, with_tags;

	if (!ecs_string(c, &text, "taskDefinition"))
		return;
	with_tags = ecs_includes(c, "TAGS", &ok);
	if (!ok)
		return;
	if (text.n == 0) {
		ECS_FAIL(c, INVALID, "Task definition can not be blank.");
		return;
	}
	if (home != NULL) {
		snprintf(prefix, sizeof(prefix),
		    "arn:%.*s:ecs:%.*s:%.*s:task-definition/",
		    STR_FMT(home->partition), STR_FMT(c->region),
		    STR_FMT(home->id));
		if (str_starts(text, prefix))
			text = str_sub(text, str_of(prefix).n, text.n);
		d = find_definition(c->m->scenario, text);
	}
	if (d == NULL) {
		ECS_FAIL(c, "ClientException",
		    "Unable to describe task definition.");
		return;
	}
	ecs_begin(c, &w);
	ecs_write_definition(&w, d, home, c->region);
	if (with_tags) {
		writer_open_list(&w, "tags");
		writer_close_list(&w);
	}
	ecs_end(c, &w);
}

/*
 * ListTasks
 */

struct filter {
	const struct scenario_cluster *cluster;
	struct str family, service, started_by, launch_type;
	bool stopped; /* desired */
	size_t from, max;
};

static bool
is_listed(const struct filter *f, const struct scenario_task *t)
{
	return t->cluster == f->cluster && !t->forgotten &&
	       ecs_leaves(t) == f->stopped &&
	       (f->family.p == NULL ||
		   str_eq(t->definition->family, f->family)) &&
	       (f->service.p == NULL || str_eq(t->service, f->service)) &&
	       (f->started_by.p == NULL ||
		   str_eq(t->started_by, f->started_by)) &&
	       (f->launch_type.p == NULL ||
		   str_eq(t->launch_type, f->launch_type));
}

/* Whether ECS knows the service: it does while it knows a task of it. */
static bool
has_service(const struct scenario *s, const struct filter *f)
{
	for (size_t i = 0; i < s->task_count; i++) {
		if (s->tasks[i].cluster == f->cluster &&
		    str_eq(s->tasks[i].service, f->service))
			return true;
	}
	return false;
}

/* A page begins at a task's number, which the token spells. */
static bool
read_page(struct ecs_call *c, struct filter *f)
{
	struct json_object *max = NULL;
	struct str token;
	uint64_t from = 0;
	int64_t n = ECS_TASKS_MAX;

	if (!ecs_string(c, &token, "nextToken"))
		return false;
	if (token.p != NULL &&
	    (!str_starts(token, "page-") ||
		!str_to_u64(&from, str_sub(token, 5, token.n)) ||
		from > c->m->scenario->task_count)) {
		ECS_FAIL(c, INVALID, "Invalid token.");
		return false;
	}
	if (json_object_object_get_ex(c->body, "maxResults", &max) &&
	    max != NULL) {
		if (!json_object_is_type(max, json_type_int)) {
			ECS_FAIL(c, "SerializationException",
			    "maxResults is not a number");
			return false;
		}
		n = json_object_get_int64(max);
	}
	if (n < 1 || n > ECS_TASKS_MAX) {
		ECS_FAIL(c, INVALID, "maxResults must be from 1 to %d",
		    ECS_TASKS_MAX);
		return false;
	}
	f->from = (size_t)from;
	f->max = (size_t)n;
	return true;
}

static bool
read_filter(struct ecs_call *c, struct filter *f)
{
	struct str desired;

	*f = (struct filter){ .cluster = ecs_cluster(c) };
	if (f->cluster == NULL || !ecs_string(c, &f->family, "family") ||
	    !ecs_string(c, &f->service, "serviceName") ||
	    !ecs_string(c, &f->started_by, "startedBy") ||
	    !ecs_string(c, &f->launch_type, "launchType") ||
	    !ecs_string(c, &desired, "desiredStatus") || !read_page(c, f))
		return false;
	f->stopped = str_is(desired, "STOPPED");
	if (desired.p != NULL && !f->stopped && !str_is(desired, "RUNNING")) {
		ECS_FAIL(
		    c, INVALID, "Invalid desiredStatus: %s", CLEAN(desired));
		return false;
	}
	if (f->service.p != NULL && !has_service(c->m->scenario, f)) {
		ECS_FAIL(c, "ServiceNotFoundException", "Service not found.");
		return false;
	}
	return true;
}

void
ecs_list_tasks(struct ecs_call *c)
{
	const struct scenario *s = c->m->scenario;
	struct filter f;
	struct writer w;
	size_t i, n = 0;

	if (!read_filter(c, &f))
		return;
	ecs_begin(c, &w);
	writer_open_list(&w, "taskArns");
	for (i = f.from; i < s->task_count; i++) {
		if (!is_listed(&f, &s->tasks[i]))
			continue;
		if (n++ == f.max)
			break;
		writer_str(&w, NULL, s->tasks[i].arn);
	}
	writer_close_list(&w);
	if (i < s->task_count)
		writer_print(&w, "nextToken", "page-%zu", i);
	ecs_end(c, &w);
}
