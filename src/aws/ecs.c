/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/ecs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TIME_TEXT_MAX = 40, WANTS_MAX = 32 };

#define YEAR_9999_S 253402300800.0

static int
malformed(struct err *err, const char *what)
{
	return err_set(
	    err, ERR_UPSTREAM, "DescribeTasks: AWS's answer has %s", what);
}

static int
no_memory(struct err *err)
{
	return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
}

/*
 * Requests
 */

int
ecs_tasks_request(struct buf *out, struct str cluster_arn,
    const struct str *task_arns, size_t count, bool tags, struct err *err)
{
	size_t i;

	buf_add_char(out, '{');
	json_write_member(out, "cluster", cluster_arn);
	buf_add_text(out, ",\"tasks\":[");
	for (i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_write_string(out, task_arns[i]);
	}
	buf_add_char(out, ']');
	if (tags)
		buf_add_text(out, ",\"include\":[\"TAGS\"]");
	buf_add_char(out, '}');
	return buf_check(out, err);
}

int
ecs_definition_request(
    struct buf *out, struct str definition_arn, struct err *err)
{
	buf_add_char(out, '{');
	json_write_member(out, "taskDefinition", definition_arn);
	buf_add_char(out, '}');
	return buf_check(out, err);
}

/*
 * A task
 */

static int
take_text(struct str *out, struct json v, struct arena *a)
{
	return v.type == 0 ? ERR_OK : json_string(out, v, a, NULL);
}

/* Seconds since 1970 with a fraction, also as 1.7e9. */
static int
take_time(bool *has, int64_t *us, struct json v, struct err *err)
{
	char text[TIME_TEXT_MAX + 1];
	double seconds;

	*has = v.type != 0;
	if (v.type == 0)
		return ERR_OK;
	if (v.raw.n > TIME_TEXT_MAX)
		return malformed(err, "a time that is too long");
	memcpy(text, v.raw.p, v.raw.n);
	text[v.raw.n] = '\0';
	seconds = strtod(text, NULL);
	if (!isfinite(seconds) || seconds < 0 || seconds > YEAR_9999_S)
		return malformed(err, "a time outside of the calendar");
	*us = (int64_t)(seconds * 1e6);
	return ERR_OK;
}

static size_t
count_of(struct json array)
{
	struct json_iter it;
	struct json key, value;
	size_t n = 0;

	if (array.type == 0)
		return 0;
	json_iter_init(&it, array);
	while (json_iter_next(&it, &key, &value))
		n++;
	return n;
}

/* Room for the elements of a list; NULL for none. */
static int
make_room(void **items, size_t *count, struct json array, size_t size,
    size_t max, const char *what, struct arena *a, struct err *err)
{
	*items = NULL;
	*count = count_of(array);
	if (*count > max)
		return malformed(err, what);
	if (*count == 0)
		return ERR_OK;
	*items = arena_calloc(a, *count, size);
	return *items == NULL ? no_memory(err) : ERR_OK;
}

static int
read_tag(struct ecs_tag *tag, struct json v, struct arena *a, struct err *err)
{
	struct json key, value = { .type = 0 };
	const struct json_want want[] = {
		{ "key", JSON_STRING, true, &key },
		{ "value", JSON_STRING, false, &value },
	};

	if (json_members(v, want, 2, 0, NULL) != ERR_OK)
		return malformed(err, "a tag of another shape");
	if (take_text(&tag->key, key, a) != ERR_OK ||
	    take_text(&tag->value, value, a) != ERR_OK)
		return no_memory(err);
	return ERR_OK;
}

static int
read_tags(
    struct ecs_task *task, struct json tags, struct arena *a, struct err *err)
{
	struct json_iter it;
	struct json key, value;
	void *items;
	size_t i = 0;
	int r = make_room(&items, &task->tag_count, tags,
	    sizeof(struct ecs_tag), ECS_TAGS_MAX, "too many tags", a, err);

	task->tags = items;
	if (r != ERR_OK || task->tag_count == 0)
		return r;
	json_iter_init(&it, tags);
	while (r == ERR_OK && json_iter_next(&it, &key, &value))
		r = read_tag(&task->tags[i++], value, a, err);
	return r;
}

static bool
has_address(const struct ecs_task *task, struct str address)
{
	size_t i;

	for (i = 0; i < task->address_count; i++)
		if (str_eq(task->addresses[i], address))
			return true;
	return false;
}

/* More than fit are no task's; what is left out is not the caller's. */
static void
add_address(struct ecs_task *task, struct str address)
{
	if (address.n > 0 && !has_address(task, address) &&
	    task->address_count < ECS_ADDRESSES_MAX)
		task->addresses[task->address_count++] = address;
}

static int
read_detail(
    struct ecs_task *task, struct json v, struct arena *a, struct err *err)
{
	struct json name, value = { .type = 0 };
	const struct json_want want[] = {
		{ "name", JSON_STRING, true, &name },
		{ "value", JSON_STRING, false, &value },
	};
	struct str text = { NULL, 0 };

	if (json_members(v, want, 2, 0, NULL) != ERR_OK)
		return malformed(err, "an attachment of another shape");
	if (take_text(&text, value, a) != ERR_OK)
		return no_memory(err);
	if (json_string_is(name, "privateIPv4Address"))
		add_address(task, text);
	else if (json_string_is(name, "subnetId") && task->subnet.n == 0)
		task->subnet = text;
	return ERR_OK;
}

/* The elastic network interfaces that are attached, by their IDs. */
struct interfaces {
	struct str ids[ECS_ADDRESSES_MAX];
	size_t count;
};

static int
add_interface(
    struct interfaces *found, struct json id, struct arena *a, struct err *err)
{
	if (id.type == 0 || found->count == ECS_ADDRESSES_MAX)
		return ERR_OK;
	if (take_text(&found->ids[found->count], id, a) != ERR_OK)
		return no_memory(err);
	found->count++;
	return ERR_OK;
}

static int
read_attachment(struct ecs_task *task, struct interfaces *found, struct json v,
    struct arena *a, struct err *err)
{
	struct json id = { .type = 0 }, type, status = { .type = 0 },
		    details = { .type = 0 }, key, value;
	const struct json_want want[] = {
		{ "id", JSON_STRING, false, &id },
		{ "type", JSON_STRING, true, &type },
		{ "status", JSON_STRING, false, &status },
		{ "details", JSON_ARRAY, false, &details },
	};
	struct json_iter it;
	int r;

	if (json_members(v, want, 4, 0, NULL) != ERR_OK)
		return malformed(err, "an attachment of another shape");
	if (!json_string_is(type, "ElasticNetworkInterface") ||
	    status.type == 0 || !json_string_is(status, "ATTACHED"))
		return ERR_OK;
	task->has_eni = true;
	r = add_interface(found, id, a, err);
	if (r != ERR_OK || details.type == 0)
		return r;
	json_iter_init(&it, details);
	while (r == ERR_OK && json_iter_next(&it, &key, &value))
		r = read_detail(task, value, a, err);
	return r;
}

static int
read_attachments(struct ecs_task *task, struct interfaces *found,
    struct json list, struct arena *a, struct err *err)
{
	struct json_iter it;
	struct json key, value;
	int r = ERR_OK;

	if (list.type == 0)
		return ERR_OK;
	json_iter_init(&it, list);
	while (r == ERR_OK && json_iter_next(&it, &key, &value))
		r = read_attachment(task, found, value, a, err);
	return r;
}

static bool
is_attached(const struct interfaces *found, struct str id)
{
	size_t i;

	for (i = 0; i < found->count; i++)
		if (str_eq(found->ids[i], id))
			return true;
	return false;
}

static int
read_interface(struct ecs_task *task, const struct interfaces *found,
    struct json v, struct arena *a, struct err *err)
{
	struct json id = { .type = 0 }, v4 = { .type = 0 }, v6 = { .type = 0 };
	const struct json_want want[] = {
		{ "attachmentId", JSON_STRING, false, &id },
		{ "privateIpv4Address", JSON_STRING, false, &v4 },
		{ "ipv6Address", JSON_STRING, false, &v6 },
	};
	struct str text, text4 = { NULL, 0 }, text6 = { NULL, 0 };

	if (json_members(v, want, 3, 0, NULL) != ERR_OK)
		return malformed(err, "a network interface of another shape");
	if (id.type == 0)
		return ERR_OK;
	if (take_text(&text, id, a) != ERR_OK ||
	    take_text(&text4, v4, a) != ERR_OK ||
	    take_text(&text6, v6, a) != ERR_OK)
		return no_memory(err);
	if (!is_attached(found, text))
		return ERR_OK;
	add_address(task, text4);
	add_address(task, text6);
	return ERR_OK;
}

static int
read_container(struct ecs_task *task, struct ecs_container *c,
    const struct interfaces *found, struct json v, struct arena *a,
    struct err *err)
{
	struct json name = { .type = 0 }, image = { .type = 0 },
		    digest = { .type = 0 }, list = { .type = 0 }, key, value;
	const struct json_want want[] = {
		{ "name", JSON_STRING, false, &name },
		{ "image", JSON_STRING, false, &image },
		{ "imageDigest", JSON_STRING, false, &digest },
		{ "networkInterfaces", JSON_ARRAY, false, &list },
	};
	struct json_iter it;
	int r = ERR_OK;

	if (json_members(v, want, 4, 0, NULL) != ERR_OK)
		return malformed(err, "a container of another shape");
	if (take_text(&c->name, name, a) != ERR_OK ||
	    take_text(&c->image, image, a) != ERR_OK ||
	    take_text(&c->image_digest, digest, a) != ERR_OK)
		return no_memory(err);
	if (list.type == 0)
		return ERR_OK;
	json_iter_init(&it, list);
	while (r == ERR_OK && json_iter_next(&it, &key, &value))
		r = read_interface(task, found, value, a, err);
	return r;
}

static int
read_containers(struct ecs_task *task, const struct interfaces *found,
    struct json list, struct arena *a, struct err *err)
{
	struct json_iter it;
	struct json key, value;
	void *items;
	size_t i = 0;
	int r = make_room(&items, &task->container_count, list,
	    sizeof(struct ecs_container), ECS_CONTAINERS_MAX,
	    "too many containers", a, err);

	task->containers = items;
	if (r != ERR_OK || task->container_count == 0)
		return r;
	json_iter_init(&it, list);
	while (r == ERR_OK && json_iter_next(&it, &key, &value))
		r = read_container(
		    task, &task->containers[i++], found, value, a, err);
	return r;
}

/* Anything in it but a name changes what the definition says. */
static bool
is_override(struct json container)
{
	struct json_iter it;
	struct json key, value;

	if (container.type != JSON_OBJECT)
		return true;
	json_iter_init(&it, container);
	while (json_iter_next(&it, &key, &value))
		if (!json_string_is(key, "name") && value.type != JSON_NULL &&
		    !(value.type == JSON_ARRAY && count_of(value) == 0))
			return true;
	return false;
}

static bool
has_container_override(struct json list)
{
	struct json_iter it;
	struct json key, value;

	json_iter_init(&it, list);
	while (json_iter_next(&it, &key, &value))
		if (is_override(value))
			return true;
	return false;
}

static int
read_overrides(
    struct ecs_task *task, struct json v, struct arena *a, struct err *err)
{
	struct json role = { .type = 0 }, key, value;
	const struct json_want want[] = {
		{ "taskRoleArn", JSON_STRING, false, &role },
		{ "containerOverrides", JSON_ARRAY, false, &value },
	};
	struct json_iter it;

	if (v.type == 0)
		return ERR_OK;
	if (json_members(v, want, 2, 0, NULL) != ERR_OK)
		return malformed(err, "overrides of another shape");
	if (take_text(&task->override_role_arn, role, a) != ERR_OK)
		return no_memory(err);
	json_iter_init(&it, v);
	while (json_iter_next(&it, &key, &value)) {
		if (value.type == JSON_NULL ||
		    (value.type == JSON_ARRAY && count_of(value) == 0))
			continue;
		if (!json_string_is(key, "containerOverrides") ||
		    has_container_override(value))
			task->has_overrides = true;
	}
	return ERR_OK;
}

/* The members of a task that we look at. */
struct task_members {
	struct json task_arn, cluster_arn, definition_arn, last, desired,
	    launch, provider, platform, zone, group, started_by, exec, created,
	    started, stopping, stopped, execution_stopped, stop_code, overrides,
	    attachments, containers, tags;
};

static int
open_task(struct task_members *m, struct json json, struct err *err)
{
	const unsigned text = JSON_STRING, list = JSON_ARRAY,
		       number = JSON_NUMBER;
	const struct json_want want[] = {
		{ "taskArn", text, true, &m->task_arn },
		{ "clusterArn", text, true, &m->cluster_arn },
		{ "taskDefinitionArn", text, true, &m->definition_arn },
		{ "lastStatus", text, true, &m->last },
		{ "desiredStatus", text, true, &m->desired },
		{ "launchType", text, false, &m->launch },
		{ "capacityProviderName", text, false, &m->provider },
		{ "platformVersion", text, false, &m->platform },
		{ "availabilityZone", text, false, &m->zone },
		{ "group", text, false, &m->group },
		{ "startedBy", text, false, &m->started_by },
		{ "enableExecuteCommand", JSON_BOOL, false, &m->exec },
		{ "createdAt", number, false, &m->created },
		{ "startedAt", number, false, &m->started },
		{ "stoppingAt", number, false, &m->stopping },
		{ "stoppedAt", number, false, &m->stopped },
		{ "executionStoppedAt", number, false, &m->execution_stopped },
		{ "stopCode", text, false, &m->stop_code },
		{ "overrides", JSON_OBJECT, false, &m->overrides },
		{ "attachments", list, false, &m->attachments },
		{ "containers", list, false, &m->containers },
		{ "tags", list, false, &m->tags },
	};

	_Static_assert(sizeof(want) / sizeof(want[0]) <= WANTS_MAX, "");
	if (json.raw.n > ECS_TASK_MAX)
		return malformed(err, "a task that is too long");
	if (json.type != JSON_OBJECT)
		return malformed(err, "a task of another shape");
	if (json_members(json, want, sizeof(want) / sizeof(want[0]), 0, NULL) !=
	    ERR_OK)
		return malformed(err, "a task of another shape");
	return ERR_OK;
}

static int
take_texts(struct ecs_task *task, const struct task_members *m, struct arena *a,
    struct err *err)
{
	const struct {
		struct str *out;
		const struct json *v;
	} texts[] = {
		{ &task->task_arn, &m->task_arn },
		{ &task->cluster_arn, &m->cluster_arn },
		{ &task->task_definition_arn, &m->definition_arn },
		{ &task->last_status, &m->last },
		{ &task->desired_status, &m->desired },
		{ &task->launch_type, &m->launch },
		{ &task->capacity_provider, &m->provider },
		{ &task->platform_version, &m->platform },
		{ &task->availability_zone, &m->zone },
		{ &task->group, &m->group },
		{ &task->started_by, &m->started_by },
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (take_text(texts[i].out, *texts[i].v, a) != ERR_OK)
			return no_memory(err);
	task->exec_enabled = m->exec.type != 0 && str_is(m->exec.raw, "true");
	return ERR_OK;
}

static int
take_times(struct ecs_times *t, const struct task_members *m, struct err *err)
{
	bool stopping, stopped, execution;
	int64_t us;
	int r = take_time(&t->has_created, &t->created_us, m->created, err);

	if (r == ERR_OK)
		r = take_time(&t->has_started, &t->started_us, m->started, err);
	if (r == ERR_OK)
		r = take_time(&stopping, &us, m->stopping, err);
	if (r == ERR_OK)
		r = take_time(&stopped, &us, m->stopped, err);
	if (r == ERR_OK)
		r = take_time(&execution, &us, m->execution_stopped, err);
	if (r == ERR_OK)
		t->has_ended =
		    stopping || stopped || execution || m->stop_code.type != 0;
	return r;
}

int
ecs_task_read(
    struct ecs_task *out, struct arena *a, struct json json, struct err *err)
{
	struct ecs_task task = { .task_arn = { NULL, 0 } };
	struct interfaces found = { .count = 0 };
	struct task_members m = { .task_arn = { .type = 0 } };
	int r = open_task(&m, json, err);

	if (r == ERR_OK)
		r = take_texts(&task, &m, a, err);
	if (r == ERR_OK)
		r = take_times(&task.times, &m, err);
	if (r == ERR_OK)
		r = read_overrides(&task, m.overrides, a, err);
	if (r == ERR_OK)
		r = read_attachments(&task, &found, m.attachments, a, err);
	if (r == ERR_OK)
		r = read_containers(&task, &found, m.containers, a, err);
	if (r == ERR_OK)
		r = read_tags(&task, m.tags, a, err);
	if (r == ERR_OK)
		*out = task;
	return r;
}

/*
 * A task definition
 */

static int
bad_definition(struct err *err)
{
	return err_set(err, ERR_UPSTREAM,
	    "DescribeTaskDefinition: AWS's answer has another shape");
}

static int
read_definition(struct ecs_definition *got, struct arena *a,
    struct json definition, struct err *err)
{
	struct json arn, family = { .type = 0 }, revision = { .type = 0 },
			 role = { .type = 0 }, pid = { .type = 0 };
	const struct json_want want[] = {
		{ "taskDefinitionArn", JSON_STRING, true, &arn },
		{ "family", JSON_STRING, false, &family },
		{ "revision", JSON_NUMBER, false, &revision },
		{ "taskRoleArn", JSON_STRING, false, &role },
		{ "pidMode", JSON_STRING, false, &pid },
	};
	uint64_t number;

	if (json_members(definition, want, 5, 0, NULL) != ERR_OK ||
	    (revision.type != 0 && !json_u64(&number, revision)))
		return bad_definition(err);
	if (take_text(&got->arn, arn, a) != ERR_OK ||
	    take_text(&got->family, family, a) != ERR_OK ||
	    take_text(&got->task_role_arn, role, a) != ERR_OK ||
	    take_text(&got->pid_mode, pid, a) != ERR_OK)
		return no_memory(err);
	if (revision.type != 0)
		got->revision = revision.raw;
	return ERR_OK;
}

int
ecs_definition_read(struct ecs_definition *out, struct arena *a,
    struct str body, struct err *err)
{
	struct ecs_definition got = { .arn = { NULL, 0 } };
	struct json root, definition;
	const struct json_want want[] = { { "taskDefinition", JSON_OBJECT, true,
	    &definition } };
	int r;

	if (json_open(&root, body, NULL) != ERR_OK ||
	    root.type != JSON_OBJECT ||
	    json_members(root, want, 1, 0, NULL) != ERR_OK)
		return bad_definition(err);
	r = read_definition(&got, a, definition, err);
	if (r == ERR_OK)
		*out = got;
	return r;
}
