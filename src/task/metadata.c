/* SPDX-License-Identifier: Apache-2.0 */
#include "task/metadata.h"

#include <string.h>

#include "json/json.h"

enum { REVISION_DIGITS_MAX = 20 };

static int
no_memory(struct err *err)
{
	return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
}

/* The members that are texts, as they are read and written. */
static const struct member {
	const char *name;
	size_t offset;
	unsigned types;
} members[] = {
	{ "Cluster", offsetof(struct task_metadata, cluster), JSON_STRING },
	{ "TaskARN", offsetof(struct task_metadata, arn.text), JSON_STRING },
	{ "Family", offsetof(struct task_metadata, family), JSON_STRING },
	/* a string here, a number in the ECS API: both are read */
	{ "Revision", offsetof(struct task_metadata, revision),
	    JSON_STRING | JSON_NUMBER },
	{ "ServiceName", offsetof(struct task_metadata, service), JSON_STRING },
	{ "AvailabilityZone", offsetof(struct task_metadata, availability_zone),
	    JSON_STRING },
	{ "LaunchType", offsetof(struct task_metadata, launch_type),
	    JSON_STRING },
	{ "PlatformVersion", offsetof(struct task_metadata, platform_version),
	    JSON_STRING },
	{ "DesiredStatus", offsetof(struct task_metadata, desired_status),
	    JSON_STRING },
	{ "KnownStatus", offsetof(struct task_metadata, known_status),
	    JSON_STRING },
	{ "TaskDefinitionArn",
	    offsetof(struct task_metadata, task_definition_arn), JSON_STRING },
};

enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

static struct str
member_get(const struct task_metadata *m, const struct member *member)
{
	struct str s;

	memcpy(&s, (const char *)m + member->offset, sizeof(s));
	return s;
}

static void
member_set(struct task_metadata *m, const struct member *member, struct str s)
{
	memcpy((char *)m + member->offset, &s, sizeof(s));
}

/* A string or a whole number; an absent member is an empty string. */
static int
take_text(struct str *out, struct json v, struct arena *a, struct err *err)
{
	uint64_t n;

	*out = (struct str){ NULL, 0 };
	if (v.type == JSON_STRING)
		return json_string(out, v, a, err);
	if (v.type != JSON_NUMBER)
		return ERR_OK;
	if (!json_u64(&n, v))
		return err_set(
		    err, ERR_FORMAT, "%s is not a whole number", CLEAN(v.raw));
	*out = v.raw;
	return ERR_OK;
}

static bool
has_tag(const struct task_tag *tags, size_t n, struct str key)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_eq(tags[i].key, key))
			return true;
	return false;
}

static int
take_tag(struct task_tag *tags, size_t n, struct json key, struct json value,
    struct arena *a, struct err *err)
{
	struct task_tag tag;
	int r;

	r = json_string(&tag.key, key, a, err);
	if (r != ERR_OK)
		return r;
	if (tag.key.n == 0)
		return err_set(
		    err, ERR_FORMAT, "TaskTags has a tag without a key");
	if (value.type != JSON_STRING)
		return err_set(err, ERR_FORMAT,
		    "TaskTags: the value of \"%s\" is not a string",
		    CLEAN(tag.key));
	if (has_tag(tags, n, tag.key))
		return err_set(err, ERR_FORMAT,
		    "TaskTags has the key \"%s\" twice", CLEAN(tag.key));
	r = json_string(&tag.value, value, a, err);
	if (r == ERR_OK)
		tags[n] = tag;
	return r;
}

static int
take_tags(
    struct task_metadata *m, struct json v, struct arena *a, struct err *err)
{
	struct task_tag tags[METADATA_TAGS_MAX];
	struct json_iter it;
	struct json key, value;
	size_t n = 0;
	int r;

	if (v.type != JSON_OBJECT)
		return ERR_OK;
	json_iter_init(&it, v);
	while (json_iter_next(&it, &key, &value)) {
		if (value.type == JSON_NULL)
			continue;
		if (n == METADATA_TAGS_MAX)
			return err_set(err, ERR_FORMAT,
			    "TaskTags has more than %d tags",
			    METADATA_TAGS_MAX);
		r = take_tag(tags, n, key, value, a, err);
		if (r != ERR_OK)
			return r;
		n++;
	}
	if (n == 0)
		return ERR_OK;
	m->tags = arena_calloc(a, n, sizeof(tags[0]));
	if (m->tags == NULL)
		return no_memory(err);
	memcpy(m->tags, tags, n * sizeof(tags[0]));
	m->tag_count = n;
	return ERR_OK;
}

/* *keep: the container is the user's own and has a name already. */
static int
take_container(struct task_container *c, bool *keep, struct json v,
    struct arena *a, struct err *err)
{
	struct json name = { 0 }, image = { 0 }, image_id = { 0 }, type = { 0 };
	const struct json_want want[] = {
		{ "Name", JSON_STRING, false, &name },
		{ "Image", JSON_STRING, false, &image },
		{ "ImageID", JSON_STRING, false, &image_id },
		{ "Type", JSON_STRING, false, &type },
	};
	int r;

	r = json_members(v, want, sizeof(want) / sizeof(want[0]), 0, err);
	if (r == ERR_OK)
		r = take_text(&c->name, name, a, err);
	if (r == ERR_OK)
		r = take_text(&c->image, image, a, err);
	if (r == ERR_OK)
		r = take_text(&c->image_id, image_id, a, err);
	if (r != ERR_OK)
		return r;
	/* a container's name has the grammar of a cluster's */
	*keep = is_cluster_name(c->name) &&
		(type.type != JSON_STRING || json_string_is(type, "NORMAL"));
	return ERR_OK;
}

static int
take_containers(
    struct task_metadata *m, struct json v, struct arena *a, struct err *err)
{
	struct task_container list[METADATA_CONTAINERS_MAX];
	struct json_iter it;
	struct json key, value;
	size_t n = 0;
	bool keep;
	int r;

	if (v.type != JSON_ARRAY)
		return ERR_OK;
	json_iter_init(&it, v);
	while (json_iter_next(&it, &key, &value)) {
		struct task_container c = { .name = { NULL, 0 } };

		if (value.type == JSON_NULL)
			continue;
		r = take_container(&c, &keep, value, a, err);
		if (r != ERR_OK) {
			err_prefix(err, "Containers: ");
			return r;
		}
		if (!keep)
			continue;
		if (n == METADATA_CONTAINERS_MAX)
			return err_set(err, ERR_FORMAT,
			    "more than %d containers", METADATA_CONTAINERS_MAX);
		list[n++] = c;
	}
	if (n == 0)
		return ERR_OK;
	m->containers = arena_calloc(a, n, sizeof(list[0]));
	if (m->containers == NULL)
		return no_memory(err);
	memcpy(m->containers, list, n * sizeof(list[0]));
	m->container_count = n;
	return ERR_OK;
}

static int
take_members(struct task_metadata *m, const struct json texts[MEMBERS],
    struct arena *a, struct err *err)
{
	struct str s;
	size_t i;
	int r;

	for (i = 0; i < MEMBERS; i++) {
		r = take_text(&s, texts[i], a, err);
		if (r != ERR_OK) {
			err_prefix(err, "%s: ", members[i].name);
			return r;
		}
		member_set(m, &members[i], s);
	}
	return ERR_OK;
}

int
task_metadata_read(
    struct task_metadata *m, struct arena *a, struct str json, struct err *err)
{
	struct task_metadata got = { 0 };
	struct json_want want[MEMBERS + 2];
	struct json root, texts[MEMBERS] = { { 0 } };
	struct json tags = { 0 }, containers = { 0 };
	size_t i;
	int r;

	if (json.n > METADATA_BYTES_MAX)
		return err_set(err, ERR_TOOBIG,
		    "the document has %zu bytes, more than %d", json.n,
		    METADATA_BYTES_MAX);
	for (i = 0; i < MEMBERS; i++)
		want[i] = (struct json_want){ members[i].name, members[i].types,
			false, &texts[i] };
	want[i++] = (struct json_want){ "TaskTags", JSON_OBJECT, false, &tags };
	want[i++] =
	    (struct json_want){ "Containers", JSON_ARRAY, false, &containers };
	r = json_open(&root, json, err);
	if (r == ERR_OK)
		r = json_members(root, want, i, 0, err);
	if (r == ERR_OK)
		r = take_members(&got, texts, a, err);
	if (r == ERR_OK)
		r = take_tags(&got, tags, a, err);
	if (r == ERR_OK)
		r = take_containers(&got, containers, a, err);
	if (r == ERR_OK)
		*m = got;
	return r;
}

int
task_metadata_take_arn(
    struct task_metadata *m, enum task_id_form form, struct err *err)
{
	if (m->arn.text.n == 0)
		return err_set(err, ERR_FORMAT, "TaskARN is missing");
	return task_arn_parse(&m->arn, m->arn.text, form, err);
}

static bool
is_same_cluster(const struct cluster_ref *ref, const struct task_arn *arn)
{
	if (!str_eq(ref->name, arn->cluster))
		return false;
	return ref->account.n == 0 || (str_eq(ref->partition, arn->partition) &&
					  str_eq(ref->region, arn->region) &&
					  str_eq(ref->account, arn->account));
}

/* The endpoint does not tell it, but all of its parts. */
static int
compose_definition(struct task_metadata *m, struct arena *a, struct err *err)
{
	const struct task_arn *arn = &m->arn;

	if (m->task_definition_arn.n > 0 || !is_cluster_name(m->family) ||
	    !str_is_digits(m->revision) || m->revision.n > REVISION_DIGITS_MAX)
		return ERR_OK;
	m->task_definition_arn = arena_printf(a,
	    "arn:%.*s:ecs:%.*s:%.*s:task-definition/%.*s:%.*s",
	    STR_FMT(arn->partition), STR_FMT(arn->region),
	    STR_FMT(arn->account), STR_FMT(m->family), STR_FMT(m->revision));
	return m->task_definition_arn.p == NULL ? no_memory(err) : ERR_OK;
}

int
task_metadata_settle(struct task_metadata *m, struct arena *a, struct err *err)
{
	struct cluster_ref ref;
	int r;

	if (m->cluster.n > 0) {
		r = cluster_ref_parse(&ref, m->cluster, err);
		if (r != ERR_OK) {
			err_prefix(err, "Cluster: ");
			return r;
		}
		if (!is_same_cluster(&ref, &m->arn))
			return err_set(err, ERR_FORMAT,
			    "Cluster \"%s\" is not the cluster of TaskARN "
			    "\"%s\"",
			    CLEAN(m->cluster), CLEAN(m->arn.text));
	}
	r = compose_definition(m, a, err);
	if (r == ERR_OK)
		m->cluster = m->arn.cluster;
	return r;
}

int
task_metadata_parse(struct task_metadata *m, struct arena *a, struct str json,
    enum task_id_form form, struct err *err)
{
	struct task_metadata got;
	int r;

	r = task_metadata_read(&got, a, json, err);
	if (r != ERR_OK)
		return r;
	r = task_metadata_take_arn(&got, form, err);
	if (r != ERR_OK) {
		err_prefix(err, "TaskARN: ");
		return r;
	}
	r = task_metadata_settle(&got, a, err);
	if (r == ERR_OK)
		*m = got;
	return r;
}

/*
 * How long s is at most after it was quoted twice: here, and with the whole
 * document in the payload.
 */
static size_t
quoted_twice(struct str s)
{
	size_t i, n = s.n;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			n += sizeof("\\\\\\\"") - 2;
		else if (c < 0x20)
			n += sizeof("\\\\u0000") - 2;
	}
	return n;
}

/* A member with both its names quoted, a colon and a comma. */
static size_t
member_cost(const char *key, struct str value)
{
	return strlen(key) + quoted_twice(value) +
	       sizeof("\\\"\\\":\\\"\\\",") - 1;
}

static size_t
tag_cost(const struct task_tag *t)
{
	return quoted_twice(t->key) + member_cost("", t->value);
}

static size_t
container_cost(const struct task_container *c)
{
	return member_cost("Name", c->name) + member_cost("Image", c->image) +
	       member_cost("ImageID", c->image_id) + sizeof("{},") - 1;
}

static void
write_member(struct buf *out, const char *key, struct str value)
{
	if (value.n > 0)
		json_write_member(out, key, value);
}

static void
write_tags(struct buf *out, const struct task_tag *tags, size_t n)
{
	size_t i;

	if (n == 0)
		return;
	buf_add(out, STR(",\"TaskTags\":{"));
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_write_string(out, tags[i].key);
		buf_add_char(out, ':');
		json_write_string(out, tags[i].value);
	}
	buf_add_char(out, '}');
}

static void
write_containers(struct buf *out, const struct task_container *list, size_t n)
{
	size_t i;

	if (n == 0)
		return;
	buf_add(out, STR(",\"Containers\":["));
	for (i = 0; i < n; i++) {
		buf_add(out, i > 0 ? STR(",{") : STR("{"));
		write_member(out, "Name", list[i].name);
		write_member(out, "Image", list[i].image);
		write_member(out, "ImageID", list[i].image_id);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

/* How many of the tags and containers fit. */
static int
fit(size_t *tags, size_t *containers, const struct task_metadata *m,
    struct err *err)
{
	size_t cost =
	    sizeof("{,\\\"TaskTags\\\":{},\\\"Containers\\\":[]}") - 1;
	size_t i;

	for (i = 0; i < MEMBERS; i++)
		cost +=
		    member_cost(members[i].name, member_get(m, &members[i]));
	if (cost > METADATA_REDUCED_MAX)
		return err_set(err, ERR_TOOBIG,
		    "the task's names alone need %zu bytes, more than %d", cost,
		    METADATA_REDUCED_MAX);
	for (i = 0; i < m->tag_count; i++) {
		cost += tag_cost(&m->tags[i]);
		if (cost > METADATA_REDUCED_MAX)
			break;
	}
	*tags = i;
	for (i = 0; i < m->container_count; i++) {
		cost += container_cost(&m->containers[i]);
		if (cost > METADATA_REDUCED_MAX)
			break;
	}
	*containers = i;
	return ERR_OK;
}

int
task_metadata_format(
    struct buf *out, const struct task_metadata *m, struct err *err)
{
	size_t i, tags = 0, containers = 0;
	int r;

	r = fit(&tags, &containers, m, err);
	if (r != ERR_OK)
		return r;
	buf_add_char(out, '{');
	for (i = 0; i < MEMBERS; i++)
		write_member(out, members[i].name, member_get(m, &members[i]));
	write_tags(out, m->tags, tags);
	write_containers(out, m->containers, containers);
	buf_add_char(out, '}');
	return buf_check(out, err);
}
