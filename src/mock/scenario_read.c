/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_read.c - what the sections and values of a scenario may be
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "mock/scenario.h"
#include "mock/scenario_reader.h"
#include "mock/scenario_text.h"
#include "task/arn.h"

enum {
	ARENA_MAX = 256 * 1024 * 1024,
	TASK_NAME_MAX = 64, /* it is part of a path */
	TAG_KEY_MAX = 128,  /* characters, AWS's limits */
	TAG_VALUE_MAX = 256,
	CPU_MAX = 192 * 1024, /* units and MiB, beyond what AWS offers */
	MEMORY_MAX = 1024 * 1024,
};

static bool
is_plain_name(struct str s)
{
	return s.n <= 255 && str_is_alnum_or(s, "-_");
}

static bool
is_task_name(struct str s)
{
	return s.n <= TASK_NAME_MAX && str_is_alnum_or(s, "-_.") &&
	       !str_is(s, ".") && !str_is(s, "..") && !str_is(s, "metadata");
}

static bool
is_task_id(struct str s)
{
	return s.n <= 64 && str_is_alnum_or(s, "-") && !str_is(s, "metadata");
}

static bool
is_image(struct str s)
{
	return s.n <= 255 && str_is_alnum_or(s, "-_./:@");
}

static bool
is_image_id(struct str s)
{
	return s.n == 71 && str_starts(s, "sha256:") &&
	       str_is_lower_hex(str_sub(s, 7, 64));
}

static bool
is_launch_type(struct str s)
{
	static const char *const words[] = { "FARGATE", "EC2", "EXTERNAL",
		"MANAGED_INSTANCES", NULL };

	return is_one_of(s, words);
}

static bool
is_status(struct str s)
{
	static const char *const words[] = { "PROVISIONING", "PENDING",
		"ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING",
		"DEPROVISIONING", "STOPPED", NULL };

	return is_one_of(s, words);
}

static bool
is_attachment_status(struct str s)
{
	static const char *const words[] = { "PRECREATED", "CREATED",
		"ATTACHING", "ATTACHED", "DETACHING", "DETACHED", "DELETED",
		NULL };

	return is_one_of(s, words);
}

static bool
is_switch(struct str s)
{
	return str_is(s, "enabled") || str_is(s, "disabled");
}

static bool
is_pid_mode(struct str s)
{
	return str_is(s, "task") || str_is(s, "host");
}

static bool
is_ipv6(struct str s)
{
	struct in6_addr a;
	char text[INET6_ADDRSTRLEN];

	if (s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(AF_INET6, text, &a) == 1;
}

static bool
is_resource_id(struct str s)
{
	return s.n <= 64 && str_is_alnum_or(s, "-");
}

static bool
is_platform(struct str s)
{
	return s.n <= 64 && str_is_alnum_or(s, "._-");
}

/* service:NAME, family:NAME or the user's own word */
static bool
is_group(struct str s)
{
	return s.n <= 255 && str_is_alnum_or(s, "-_:./");
}

static bool
is_started_by(struct str s)
{
	return s.n <= 128 && str_is_alnum_or(s, "-_/");
}

static bool
is_digest(struct str s)
{
	return str_is(s, "none") || is_image_id(s);
}

static const struct grammar account_id = { is_account, "12 digits" };
static const struct grammar attachment_status = { is_attachment_status,
	"the status of a network interface, such as ATTACHED" };
static const struct grammar cluster_name = { is_cluster_name,
	"a cluster name: 1 to 255 letters, digits, '-' or '_'" };
static const struct grammar image_ref = { is_image, "an image reference" };
static const struct grammar image_id = { is_image_id,
	"sha256: and 64 lower-case hex digits" };
static const struct grammar image_digest = { is_digest,
	"none, or sha256: and 64 lower-case hex digits" };
static const struct grammar group_name = { is_group,
	"a group, such as service:web" };
static const struct grammar ipv6 = { is_ipv6, "an IPv6 address" };
static const struct grammar launch_type = { is_launch_type,
	"FARGATE, EC2, EXTERNAL or MANAGED_INSTANCES" };
static const struct grammar plain_name = { is_plain_name,
	"1 to 255 letters, digits, '-' or '_'" };
static const struct grammar pid_mode = { is_pid_mode, "task or host" };
static const struct grammar platform = { is_platform,
	"1 to 64 letters, digits or ._-" };
static const struct grammar partition_name = { is_partition,
	"a partition, such as aws or aws-cn" };
static const struct grammar region_name = { is_region,
	"a region: a-z, 0-9 and '-', such as us-east-1" };
static const struct grammar resource_id = { is_resource_id,
	"1 to 64 letters, digits or '-'" };
static const struct grammar started_by = { is_started_by,
	"1 to 128 letters, digits or -_/" };
static const struct grammar on_or_off = { is_switch, "enabled or disabled" };
static const struct grammar task_status = { is_status,
	"a task status of ECS, such as RUNNING, PENDING or STOPPED" };
static const struct grammar task_id = { is_task_id,
	"a task ID: 1 to 64 letters, digits or '-' (AWS: 32 hex digits)" };
static const struct grammar task_name = { is_task_name,
	"1 to 64 letters, digits, '-', '_' or '.', and not \"metadata\"" };
static const struct grammar zone_name = { is_region,
	"an availability zone: a-z, 0-9 and '-', such as us-east-1a" };

static int
read_account(struct reader *rd, cfg_t *sec, struct scenario_account *a)
{
	int r;

	a->partition = STR("aws");
	r = reader_keep(rd, &a->id, str_of(cfg_title(sec)));
	if (r == ERR_OK)
		r = reader_name(rd, sec, a->id, &account_id);
	if (r == ERR_OK)
		r = reader_text(
		    rd, &a->partition, sec, "partition", &partition_name);
	return r;
}

static int
read_cluster(struct reader *rd, cfg_t *sec, struct scenario_cluster *c)
{
	const void *account = NULL;
	int r;

	c->region = STR("us-east-1");
	r = reader_keep(rd, &c->label, str_of(cfg_title(sec)));
	c->name = c->label;
	if (r == ERR_OK)
		r = reader_text(rd, &c->name, sec, "name", &cluster_name);
	if (r == ERR_OK)
		r = reader_name(rd, sec, c->name, &cluster_name);
	if (r == ERR_OK)
		r = reader_text(rd, &c->region, sec, "region", &region_name);
	if (r == ERR_OK)
		r = reader_reference(rd, &account, sec, "account",
		    rd->s->accounts, rd->s->account_count,
		    sizeof(*rd->s->accounts));
	if (r != ERR_OK)
		return r;
	c->account = account;
	c->arn =
	    arena_printf(&rd->s->arena, "arn:%.*s:ecs:%.*s:%.*s:cluster/%.*s",
		STR_FMT(c->account->partition), STR_FMT(c->region),
		STR_FMT(c->account->id), STR_FMT(c->name));
	if (c->arn.p == NULL)
		return reader_no_memory(rd);
	for (const struct scenario_cluster *o = rd->s->clusters; o != c; o++) {
		if (str_eq(o->arn, c->arn))
			return scenario_bad(sec, rd->file, sec->line, rd->err,
			    "clusters '%s' and '%s' are both %s",
			    CLEAN(o->label), CLEAN(c->label), CLEAN(c->arn));
	}
	return ERR_OK;
}

static int
read_container(struct reader *rd, cfg_t *sec, struct scenario_container *c)
{
	char hex[65];
	int r;

	r = reader_keep(rd, &c->name, str_of(cfg_title(sec)));
	if (r == ERR_OK)
		r = reader_name(rd, sec, c->name, &plain_name);
	if (r == ERR_OK && scenario_value(sec, "image") == NULL)
		r = scenario_bad(
		    sec, rd->file, sec->line, rd->err, "\"image\" is missing");
	if (r == ERR_OK)
		r = reader_text(rd, &c->image, sec, "image", &image_ref);
	if (r == ERR_OK)
		r = reader_number(rd, &c->cpu, sec, "cpu", CPU_MAX);
	if (r == ERR_OK)
		r = reader_number(rd, &c->memory, sec, "memory", MEMORY_MAX);
	if (r != ERR_OK)
		return r;
	c->number = scenario_number(c->name);
	scenario_hex(hex, 4, c->image, "image");
	c->image_id = arena_printf(&rd->s->arena, "sha256:%s", hex);
	scenario_hex(hex, 4, c->image, "digest");
	c->image_digest = arena_printf(&rd->s->arena, "sha256:%s", hex);
	if (c->image_id.p == NULL || c->image_digest.p == NULL)
		return reader_no_memory(rd);
	r = reader_text(rd, &c->image_id, sec, "image_id", &image_id);
	if (r == ERR_OK)
		r = reader_text(
		    rd, &c->image_digest, sec, "image_digest", &image_digest);
	if (r == ERR_OK && str_is(c->image_digest, "none"))
		c->image_digest = STR("");
	return r;
}

static int
read_containers(struct reader *rd, cfg_t *sec, struct scenario_definition *d)
{
	size_t n = cfg_size(sec, "container");
	struct scenario_container *c;
	int r = ERR_OK;

	if (n == 0 || n > SCENARIO_CONTAINERS_MAX)
		return scenario_bad(sec, rd->file, sec->line, rd->err,
		    "it has %zu containers, it takes 1 to %d", n,
		    SCENARIO_CONTAINERS_MAX);
	c = arena_calloc(&rd->s->arena, n, sizeof(*c));
	if (c == NULL)
		return reader_no_memory(rd);
	for (size_t i = 0; i < n && r == ERR_OK; i++)
		r = read_container(
		    rd, cfg_getnsec(sec, "container", (unsigned)i), &c[i]);
	d->containers = c;
	d->container_count = n;
	return r;
}

static int
read_definition(struct reader *rd, cfg_t *sec, struct scenario_definition *d)
{
	uint64_t revision = 0;
	int r;

	d->cpu = 256;
	d->memory = 512;
	r = reader_keep(rd, &d->label, str_of(cfg_title(sec)));
	if (r != ERR_OK)
		return r;
	d->family = str_cut(&d->revision, d->label, ':');
	if (!is_plain_name(d->family) || !str_to_u64(&revision, d->revision) ||
	    revision == 0 || revision > INT32_MAX || d->revision.p[0] == '0')
		return scenario_bad(sec, rd->file, sec->line, rd->err,
		    "the name is not FAMILY:REVISION, such as web:1");
	d->task_role = (struct scenario_role_ref){ .path = STR("/"),
		.name = STR("fargate-demo-task-role") };
	d->execution_role = (struct scenario_role_ref){ .path = STR("/"),
		.name = STR("ecsTaskExecutionRole") };
	r = reader_number(rd, &d->cpu, sec, "cpu", CPU_MAX);
	if (r == ERR_OK)
		r = reader_number(rd, &d->memory, sec, "memory", MEMORY_MAX);
	if (r == ERR_OK)
		r = reader_role_ref(rd, &d->task_role, sec, "task_role");
	if (r == ERR_OK)
		r = reader_role_ref(
		    rd, &d->execution_role, sec, "execution_role");
	if (r == ERR_OK)
		r = reader_text(rd, &d->pid_mode, sec, "pid_mode", &pid_mode);
	if (r == ERR_OK)
		r = read_containers(rd, sec, d);
	return r;
}

static size_t
characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static int
read_tag(struct reader *rd, struct task_tag *tag, cfg_t *sec,
    const struct scenario_value *v, const struct task_tag *others)
{
	struct str text = { 0 };
	int r = reader_keep(rd, &text, v->text);

	if (r != ERR_OK)
		return r;
	tag->key = str_cut(&tag->value, text, '=');
	if (tag->value.p == NULL || tag->key.n == 0)
		return scenario_bad(sec, rd->file, v->line, rd->err,
		    "tag \"%s\" is not 'Key=Value'", CLEAN(text));
	if (!str_is_printable(tag->key) ||
	    (tag->value.n > 0 && !str_is_printable(tag->value)))
		return scenario_bad(sec, rd->file, v->line, rd->err,
		    "tag \"%s\" holds control characters or is not UTF-8",
		    CLEAN(text));
	if (characters(tag->key) > TAG_KEY_MAX ||
	    characters(tag->value) > TAG_VALUE_MAX)
		return scenario_bad(sec, rd->file, v->line, rd->err,
		    "tag \"%s\" is too long: a key has at most %d "
		    "characters, a value %d",
		    CLEAN(text), TAG_KEY_MAX, TAG_VALUE_MAX);
	for (; others != tag; others++) {
		if (str_eq(others->key, tag->key))
			return scenario_bad(sec, rd->file, v->line, rd->err,
			    "tag \"%s\" is there twice", CLEAN(tag->key));
	}
	return ERR_OK;
}

static int
read_tags(struct reader *rd, cfg_t *sec, struct scenario_task *t)
{
	size_t n = cfg_size(sec, "tags");
	struct task_tag *tags;
	int r = ERR_OK;

	if (n > SCENARIO_TAGS_MAX)
		return scenario_bad(sec, rd->file, sec->line, rd->err,
		    "it has %zu tags, AWS takes %d", n, SCENARIO_TAGS_MAX);
	tags = arena_calloc(&rd->s->arena, n + 1, sizeof(*tags));
	if (tags == NULL)
		return reader_no_memory(rd);
	for (size_t i = 0; i < n && r == ERR_OK; i++)
		r = read_tag(
		    rd, &tags[i], sec, scenario_value_at(sec, "tags", i), tags);
	t->tags = tags;
	t->tag_count = n;
	return r;
}

/* The first tasks have 10.0.0.4 and up; AWS keeps the lower ones. */
static struct in_addr
address_of(size_t i)
{
	return (struct in_addr){ htonl(
	    (uint32_t)(0x0a000004 + i / 250 * 256 + i % 250)) };
}

static int
read_address(struct reader *rd, cfg_t *sec, struct in_addr *out)
{
	const struct scenario_value *v = scenario_value(sec, "address");

	if (v != NULL && inet_pton(AF_INET, v->bytes, out) != 1)
		return scenario_bad(sec, rd->file, v->line, rd->err,
		    "address \"%s\" is not an IPv4 address", CLEAN(v->text));
	return ERR_OK;
}

/* 'CONTAINER=COMMAND', each container once. */
static int
read_override(struct reader *rd, cfg_t *sec, const struct scenario_value *v,
    const struct scenario_task *t, struct task_tag *out,
    const struct task_tag *others)
{
	struct str text = { 0 };
	size_t i = 0;
	int r = reader_keep(rd, &text, v->text);

	if (r != ERR_OK)
		return r;
	out->key = str_cut(&out->value, text, '=');
	if (out->value.n == 0 || !str_is_printable(out->value))
		return scenario_bad(sec, rd->file, v->line, rd->err,
		    "override \"%s\" is not 'CONTAINER=COMMAND'", CLEAN(text));
	while (i < t->definition->container_count &&
	       !str_eq(t->definition->containers[i].name, out->key))
		i++;
	if (i == t->definition->container_count)
		return scenario_bad(sec, rd->file, v->line, rd->err,
		    "the task has no container \"%s\"", CLEAN(out->key));
	for (; others != out; others++) {
		if (str_eq(others->key, out->key))
			return scenario_bad(sec, rd->file, v->line, rd->err,
			    "container \"%s\" is there twice", CLEAN(out->key));
	}
	return ERR_OK;
}

static int
read_overrides(struct reader *rd, cfg_t *sec, struct scenario_task *t)
{
	size_t n = cfg_size(sec, "overrides");
	struct task_tag *all;
	int r;

	r = reader_role_ref(rd, &t->role, sec, "task_role");
	if (r != ERR_OK || n == 0)
		return r;
	if (n > SCENARIO_CONTAINERS_MAX)
		return scenario_bad(sec, rd->file, sec->line, rd->err,
		    "it has %zu overrides, it takes %d", n,
		    SCENARIO_CONTAINERS_MAX);
	all = arena_calloc(&rd->s->arena, n, sizeof(*all));
	if (all == NULL)
		return reader_no_memory(rd);
	for (size_t i = 0; i < n && r == ERR_OK; i++)
		r = read_override(rd, sec,
		    scenario_value_at(sec, "overrides", i), t, &all[i], all);
	t->overrides = all;
	t->override_count = n;
	return r;
}

/* By whom and on what ECS runs it. */
static int
read_placement(struct reader *rd, cfg_t *sec, struct scenario_task *t)
{
	bool fargate = str_is(t->launch_type, "FARGATE");
	struct str exec = STR("disabled");
	int r;

	t->platform_version = fargate ? STR("1.4.0") : STR("");
	t->platform_family = fargate ? STR("Linux") : STR("");
	t->group = t->service.n > 0 ? arena_printf(&rd->s->arena,
					  "service:%.*s", STR_FMT(t->service))
				    : arena_printf(&rd->s->arena, "family:%.*s",
					  STR_FMT(t->definition->family));
	if (t->group.p == NULL)
		return reader_no_memory(rd);
	r = reader_text(
	    rd, &t->platform_version, sec, "platform_version", &platform);
	if (r == ERR_OK)
		r = reader_text(
		    rd, &t->platform_family, sec, "platform_family", &platform);
	if (r == ERR_OK)
		r = reader_text(rd, &t->capacity_provider, sec,
		    "capacity_provider", &plain_name);
	if (r == ERR_OK)
		r = reader_text(rd, &t->group, sec, "group", &group_name);
	if (r == ERR_OK)
		r = reader_text(
		    rd, &t->started_by, sec, "started_by", &started_by);
	if (r == ERR_OK)
		r = reader_text(rd, &exec, sec, "exec", &on_or_off);
	t->exec = str_is(exec, "enabled");
	if (r == ERR_OK)
		r = reader_time(rd, &t->created_us, sec, "created_at");
	if (r == ERR_OK)
		r = reader_time(rd, &t->started_us, sec, "started_at");
	return r;
}

/* One subnet for each cluster, unless told otherwise. */
static int
read_network(struct reader *rd, cfg_t *sec, struct scenario_task *t)
{
	char hex[33];
	int r;

	scenario_hex(hex, 2, t->cluster->arn, "subnet");
	t->subnet = arena_printf(&rd->s->arena, "subnet-0%.16s", hex);
	if (t->subnet.p == NULL)
		return reader_no_memory(rd);
	t->attachment_status = STR("ATTACHED");
	r = reader_text(rd, &t->subnet, sec, "subnet", &resource_id);
	if (r == ERR_OK)
		r = reader_text(rd, &t->attachment_status, sec,
		    "attachment_status", &attachment_status);
	if (r == ERR_OK)
		r = reader_text(
		    rd, &t->ipv6_address, sec, "ipv6_address", &ipv6);
	return r;
}

/* All of a task but what tells several of one section apart. */
static int
read_common(struct reader *rd, cfg_t *sec, struct scenario_task *t)
{
	const struct scenario *s = rd->s;
	const void *cluster = NULL, *definition = NULL;
	int r;

	t->launch_type = STR("FARGATE");
	t->status = STR("RUNNING");
	r = reader_reference(rd, &cluster, sec, "cluster", s->clusters,
	    s->cluster_count, sizeof(*s->clusters));
	if (r == ERR_OK)
		r = reader_reference(rd, &definition, sec, "task_definition",
		    s->definitions, s->definition_count,
		    sizeof(*s->definitions));
	if (r != ERR_OK)
		return r;
	t->cluster = cluster;
	t->definition = definition;
	t->availability_zone =
	    arena_printf(&rd->s->arena, "%.*sa", STR_FMT(t->cluster->region));
	if (t->availability_zone.p == NULL)
		return reader_no_memory(rd);
	r = reader_text(
	    rd, &t->availability_zone, sec, "availability_zone", &zone_name);
	if (r == ERR_OK)
		r = reader_text(rd, &t->service, sec, "service", &plain_name);
	if (r == ERR_OK)
		r = reader_text(
		    rd, &t->launch_type, sec, "launch_type", &launch_type);
	if (r == ERR_OK)
		r = reader_text(rd, &t->status, sec, "status", &task_status);
	if (r == ERR_OK)
		r = read_overrides(rd, sec, t);
	if (r == ERR_OK)
		r = read_placement(rd, sec, t);
	if (r == ERR_OK)
		r = read_network(rd, sec, t);
	if (r == ERR_OK)
		r = read_tags(rd, sec, t);
	return r;
}

/* Name, ID and address of the i-th of several. */
static int
number_task(struct reader *rd, cfg_t *sec, struct scenario_task *t, uint64_t i,
    bool several)
{
	struct arena *a = &rd->s->arena;
	const struct scenario_cluster *c = t->cluster;
	char hex[33];
	int r;

	t->name = several ? arena_printf(a, "%s-%llu", cfg_title(sec),
				(unsigned long long)i + 1)
			  : arena_dup(a, str_of(cfg_title(sec)));
	if (t->name.p == NULL)
		return reader_no_memory(rd);
	r = reader_name(rd, sec, t->name, &task_name);
	if (r != ERR_OK)
		return r;
	scenario_hex(hex, 2, t->name, "task");
	t->id = arena_dup(a, str_of(hex));
	t->address = address_of((size_t)(t - rd->s->tasks));
	if (t->id.p == NULL)
		return reader_no_memory(rd);
	r = reader_text(rd, &t->id, sec, "id", &task_id);
	if (r == ERR_OK)
		r = read_address(rd, sec, &t->address);
	if (r != ERR_OK)
		return r;
	t->arn = arena_printf(a, "arn:%.*s:ecs:%.*s:%.*s:task/%.*s/%.*s",
	    STR_FMT(c->account->partition), STR_FMT(c->region),
	    STR_FMT(c->account->id), STR_FMT(c->name), STR_FMT(t->id));
	if (t->arn.p == NULL)
		return reader_no_memory(rd);
	return scenario_task_derive(rd->s, t, rd->err);
}

/* How many tasks a section stands for. */
static int
read_count(struct reader *rd, uint64_t *out, cfg_t *sec)
{
	const char *const own[] = { "id", "address", "ipv6_address" };
	int r;

	*out = 1;
	r = reader_number(rd, out, sec, "count", SCENARIO_TASKS_MAX);
	for (size_t i = 0; i < 3 && r == ERR_OK; i++) {
		const struct scenario_value *v = scenario_value(sec, own[i]);

		if (v != NULL && *out > 1)
			r = scenario_bad(sec, rd->file, v->line, rd->err,
			    "\"%s\" is of one task, but \"count\" makes %llu",
			    own[i], (unsigned long long)*out);
	}
	return r;
}

/* Nobody may have its name or its ID. */
static int
check_free(struct reader *rd, cfg_t *sec, const struct scenario_task *t)
{
	const struct scenario_task *other = scenario_task_find(rd->s, t->name);

	if (other == NULL)
		other = scenario_task_find(rd->s, t->id);
	if (other == NULL)
		return ERR_OK;
	return scenario_bad(sec, rd->file, sec->line, rd->err,
	    "its name \"%s\" or ID \"%s\" is one of task '%s' too",
	    CLEAN(t->name), CLEAN(t->id), CLEAN(other->name));
}

/* Those of a section come together or not at all; there is room for them. */
static int
read_task(struct reader *rd, cfg_t *sec)
{
	struct scenario_task *first = &rd->s->tasks[rd->s->task_count];
	struct scenario_task common = { 0 };
	bool several = scenario_value(sec, "count") != NULL;
	uint64_t count = 1;
	int r;

	r = read_count(rd, &count, sec);
	if (r == ERR_OK)
		r = read_common(rd, sec, &common);
	for (uint64_t i = 0; i < count && r == ERR_OK; i++) {
		first[i] = common;
		r = number_task(rd, sec, &first[i], i, several);
		if (r == ERR_OK)
			r = check_free(rd, sec, &first[i]);
	}
	for (uint64_t i = 0; i < count && r == ERR_OK; i++) {
		if (scenario_index_add(rd->s, &first[i]) == NULL)
			rd->s->task_count++;
		else
			r = err_set(rd->err, ERR_INTERNAL,
			    "two tasks of one section have the same ID");
	}
	return r;
}

/* Room for the tasks of all sections together. */
static int
make_room(struct reader *rd, cfg_t *cfg)
{
	unsigned n = cfg_size(cfg, "task");
	uint64_t count, total = rd->s->task_count;
	int r;

	for (unsigned i = 0; i < n; i++) {
		cfg_t *sec = cfg_getnsec(cfg, "task", i);

		r = read_count(rd, &count, sec);
		if (r != ERR_OK)
			return r;
		total += count;
		if (total > SCENARIO_TASKS_MAX)
			return scenario_bad(sec, rd->file, sec->line, rd->err,
			    "that is over %d tasks", SCENARIO_TASKS_MAX);
	}
	/* Never moved, and without memory until a task is there. */
	if (rd->s->tasks == NULL)
		rd->s->tasks =
		    calloc(SCENARIO_TASKS_MAX, sizeof(*rd->s->tasks));
	if (rd->s->tasks == NULL)
		return reader_no_memory(rd);
	return scenario_index_reserve(rd->s, (size_t)total, rd->err);
}

static int
read_accounts(struct reader *rd, const struct source src[2])
{
	cfg_t *cfg = reader_choose(rd, src, "account");
	unsigned n = cfg_size(cfg, "account");
	struct scenario_account *all;
	int r = ERR_OK;

	all = reader_sections_new(rd, "account", n, sizeof(*all));
	if (all == NULL)
		return rd->err->code;
	rd->s->accounts = all;
	rd->s->account_count = n;
	for (unsigned i = 0; i < n && r == ERR_OK; i++)
		r = read_account(rd, cfg_getnsec(cfg, "account", i), &all[i]);
	return r;
}

static int
read_clusters(struct reader *rd, const struct source src[2])
{
	cfg_t *cfg = reader_choose(rd, src, "cluster");
	unsigned n = cfg_size(cfg, "cluster");
	struct scenario_cluster *all;
	int r = ERR_OK;

	all = reader_sections_new(rd, "cluster", n, sizeof(*all));
	if (all == NULL)
		return rd->err->code;
	rd->s->clusters = all;
	rd->s->cluster_count = n;
	for (unsigned i = 0; i < n && r == ERR_OK; i++)
		r = read_cluster(rd, cfg_getnsec(cfg, "cluster", i), &all[i]);
	return r;
}

static int
read_definitions(struct reader *rd, const struct source src[2])
{
	cfg_t *cfg = reader_choose(rd, src, "task_definition");
	unsigned n = cfg_size(cfg, "task_definition");
	struct scenario_definition *all;
	int r = ERR_OK;

	all = reader_sections_new(rd, "task_definition", n, sizeof(*all));
	if (all == NULL)
		return rd->err->code;
	rd->s->definitions = all;
	rd->s->definition_count = n;
	for (unsigned i = 0; i < n && r == ERR_OK; i++)
		r = read_definition(
		    rd, cfg_getnsec(cfg, "task_definition", i), &all[i]);
	return r;
}

static int
read_tasks(struct reader *rd, const struct source src[2])
{
	cfg_t *cfg = reader_choose(rd, src, "task");
	unsigned n = cfg_size(cfg, "task");
	int r;

	r = make_room(rd, cfg);
	for (unsigned i = 0; i < n && r == ERR_OK; i++)
		r = read_task(rd, cfg_getnsec(cfg, "task", i));
	return r;
}

static int
read_default_task(struct reader *rd, const struct source *src)
{
	const struct scenario_value *v =
	    scenario_value(src->cfg, "default_task");

	rd->s->default_task = &rd->s->tasks[0];
	if (v == NULL)
		return ERR_OK;
	rd->s->default_task = scenario_task_find(rd->s, v->text);
	if (rd->s->default_task == NULL)
		return scenario_bad(src->cfg, src->file, v->line, rd->err,
		    "default_task \"%s\" is not a task's name or ID",
		    CLEAN(v->text));
	return ERR_OK;
}

static int
read_sections(struct reader *rd, const struct source src[2])
{
	int r;

	r = read_accounts(rd, src);
	if (r == ERR_OK)
		r = read_clusters(rd, src);
	if (r == ERR_OK)
		r = read_roles(rd, src);
	if (r == ERR_OK)
		r = read_access_keys(rd, src);
	if (r == ERR_OK)
		r = read_definitions(rd, src);
	if (r == ERR_OK)
		r = read_tasks(rd, src);
	if (r == ERR_OK)
		r = read_default_task(rd, &src[0]);
	return r;
}

int
scenario_parse(
    struct scenario **sp, struct str text, const char *file, struct err *err)
{
	struct source src[2] = { { file, NULL },
		{ "built-in scenario", NULL } };
	struct err first = { 0 };
	struct reader rd = { calloc(1, sizeof(*rd.s)), NULL, &first };
	int r;

	if (rd.s == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	arena_init(&rd.s->arena, ARENA_MAX);
	rd.s->born_us = clock_wall_us();
	r = scenario_text_parse(&src[0].cfg, text, src[0].file, &first);
	if (r == ERR_OK)
		r = scenario_text_parse(
		    &src[1].cfg, str_of(scenario_builtin), src[1].file, &first);
	if (r == ERR_OK)
		r = read_sections(&rd, src);
	for (size_t i = 0; i < 2; i++) {
		if (src[i].cfg != NULL)
			cfg_free(src[i].cfg);
	}
	if (r == ERR_OK) {
		*sp = rd.s;
		return r;
	}
	scenario_free(rd.s);
	return err_set(err, r, "%s", first.msg);
}

/* So that all come or none, there is one section. */
static int
check_one_task(cfg_t *cfg, const char *file, struct err *err)
{
	static const char *const others[] = { "account", "cluster", "role",
		"access_key", "task_definition", "default_task",
		"instance_role" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (cfg_size(cfg, others[i]) > 0)
			return err_set(err, ERR_CONFIG,
			    "%s: only a task can be added, no \"%s\"", file,
			    others[i]);
	}
	if (cfg_size(cfg, "task") != 1)
		return err_set(err, ERR_CONFIG,
		    "%s: it has %u sections \"task\", it takes one", file,
		    cfg_size(cfg, "task"));
	return ERR_OK;
}

int
scenario_extend(
    struct scenario *s, struct str text, const char *file, struct err *err)
{
	struct err first = { 0 };
	struct reader rd = { s, file, &first };
	cfg_t *cfg = NULL;
	int r;

	r = scenario_text_parse(&cfg, text, file, &first);
	if (r == ERR_OK)
		r = check_one_task(cfg, file, &first);
	if (r == ERR_OK)
		r = make_room(&rd, cfg);
	if (r == ERR_OK)
		r = read_task(&rd, cfg_getnsec(cfg, "task", 0));
	if (cfg != NULL)
		cfg_free(cfg);
	return r == ERR_OK ? ERR_OK : err_set(err, r, "%s", first.msg);
}

static int
read_file(struct buf *b, const char *path, struct err *err)
{
	FILE *f = fopen(path, "r");
	char chunk[4096];
	size_t n;
	int r;

	if (f == NULL)
		return err_set(err, ERR_SYSTEM, "cannot open scenario %s: %s",
		    CLEAN(str_of(path)), strerror(errno));
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(b, (struct str){ chunk, n });
	r = buf_check(b, err);
	if (r == ERR_OK && ferror(f))
		r = err_set(err, ERR_SYSTEM, "cannot read scenario %s: %s",
		    CLEAN(str_of(path)), strerror(errno));
	fclose(f);
	return r;
}

/* A long path keeps its end, which tells more, and leaves room for words. */
static const char *
label_of(char *out, size_t size, const char *path)
{
	size_t n = strlen(path);

	return str_clean(
	    out, size, str_of(n < size ? path : path + n + 1 - size));
}

int
scenario_read(struct scenario **sp, const char *path, struct err *err)
{
	struct buf b;
	char label[80];
	int r;

	if (path == NULL)
		return scenario_parse(sp, STR(""), "built-in scenario", err);
	buf_init(&b, SCENARIO_BYTES_MAX);
	r = read_file(&b, path, err);
	if (r == ERR_OK)
		r = scenario_parse(
		    sp, buf_str(&b), label_of(label, sizeof(label), path), err);
	buf_release(&b);
	return r;
}
