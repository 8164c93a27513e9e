/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/metadata.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum { SECOND_US = 1000 * 1000 };

/* What all parts of one document need. */
struct doc {
	const struct scenario *s;
	const struct scenario_task *t;
	bool failed; /* out of memory */
};

/* Takes value, also on failure; NULL is one. */
static void
add(struct doc *d, struct json_object *object, const char *key,
    struct json_object *value)
{
	if (value != NULL && object != NULL &&
	    json_object_object_add(object, key, value) == 0)
		return;
	json_object_put(value);
	d->failed = true;
}

static void
append(struct doc *d, struct json_object *array, struct json_object *value)
{
	if (value != NULL && array != NULL &&
	    json_object_array_add(array, value) == 0)
		return;
	json_object_put(value);
	d->failed = true;
}

static void
add_str(
    struct doc *d, struct json_object *object, const char *key, struct str s)
{
	add(d, object, key, json_object_new_string_len(s.p, (int)s.n));
}

static void
add_text(struct doc *d, struct json_object *object, const char *key,
    const char *text)
{
	add_str(d, object, key, str_of(text));
}

static void add_print(struct doc *d, struct json_object *object,
    const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* For what is short by its grammar: all names have at most 255 bytes. */
static void
add_print(struct doc *d, struct json_object *object, const char *key,
    const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add_text(d, object, key, text);
}

static void
add_time(struct doc *d, struct json_object *object, const char *key, int64_t us)
{
	char stamp[CLOCK_STAMP_SIZE];

	clock_stamp(stamp, us);
	add_text(d, object, key, stamp);
}

static void
add_int(struct doc *d, struct json_object *object, const char *key, uint64_t n)
{
	add(d, object, key, json_object_new_int64((int64_t)n));
}

/*
 * ECS knows a task's lastStatus; the endpoint has the agent's words: where it
 * is meant to go, and where its slowest container is.
 */
static bool
is_running(const struct scenario_task *t)
{
	return str_is(t->status, "RUNNING") || str_is(t->status, "ACTIVATING");
}

static bool
is_ending(const struct scenario_task *t)
{
	return str_is(t->status, "DEACTIVATING") ||
	       str_is(t->status, "STOPPING");
}

static bool
is_stopped(const struct scenario_task *t)
{
	return str_is(t->status, "STOPPED") ||
	       str_is(t->status, "DEPROVISIONING");
}

static void
add_statuses(struct doc *d, struct json_object *object)
{
	bool leaves = is_ending(d->t) || is_stopped(d->t);

	add_text(d, object, "DesiredStatus", leaves ? "STOPPED" : "RUNNING");
	add_text(d, object, "KnownStatus",
	    is_stopped(d->t)                      ? "STOPPED"
	    : is_running(d->t) || is_ending(d->t) ? "RUNNING"
						  : "PENDING");
}

static int64_t
started_us(const struct doc *d)
{
	return scenario_started_us(d->s, d->t);
}

static void
add_limits(struct doc *d, struct json_object *object, struct json_object *cpu,
    uint64_t memory)
{
	struct json_object *limits = json_object_new_object();

	if (cpu != NULL)
		add(d, limits, "CPU", cpu);
	if (memory != 0)
		add_int(d, limits, "Memory", memory);
	add(d, object, "Limits", limits);
}

static struct json_object *
labels_new(struct doc *d, const struct scenario_container *c)
{
	const struct scenario_task *t = d->t;
	struct json_object *o = json_object_new_object();

	add_str(d, o, "com.amazonaws.ecs.cluster", t->cluster->arn);
	add_str(d, o, "com.amazonaws.ecs.container-name", c->name);
	add_str(d, o, "com.amazonaws.ecs.task-arn", t->arn);
	add_str(d, o, "com.amazonaws.ecs.task-definition-family",
	    t->definition->family);
	add_str(d, o, "com.amazonaws.ecs.task-definition-version",
	    t->definition->revision);
	return o;
}

static struct json_object *
list_of(struct doc *d, const char *text)
{
	struct json_object *list = json_object_new_array();

	append(d, list, json_object_new_string(text));
	return list;
}

/* One elastic network interface in 10.x.y.0/24, shared by all containers. */
static struct json_object *
networks_new(struct doc *d)
{
	const struct scenario_task *t = d->t;
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	unsigned char ip[4];
	char text[128];

	memcpy(ip, &t->address, sizeof(ip));
	add_text(d, o, "NetworkMode", "awsvpc");
	snprintf(text, sizeof(text), "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
	add(d, o, "IPv4Addresses", list_of(d, text));
	add_int(d, o, "AttachmentIndex", 0);
	add_print(d, o, "MACAddress", "0a:58:%02x:%02x:%02x:%02x", ip[0], ip[1],
	    ip[2], ip[3]);
	add_print(
	    d, o, "IPv4SubnetCIDRBlock", "%u.%u.%u.0/24", ip[0], ip[1], ip[2]);
	snprintf(text, sizeof(text), "%u.%u.0.2", ip[0], ip[1]);
	add(d, o, "DomainNameServers", list_of(d, text));
	snprintf(text, sizeof(text), "%.*s.compute.internal",
	    STR_FMT(t->cluster->region));
	add(d, o, "DomainNameSearchList", list_of(d, text));
	add_print(d, o, "PrivateDNSName", "ip-%u-%u-%u-%u.%s", ip[0], ip[1],
	    ip[2], ip[3], text);
	add_print(d, o, "SubnetGatewayIpv4Address", "%u.%u.%u.1/24", ip[0],
	    ip[1], ip[2]);
	append(d, list, o);
	return list;
}

static void
add_container_arn(struct doc *d, struct json_object *object,
    const struct scenario_container *c)
{
	const struct scenario_cluster *k = d->t->cluster;
	char salt[256], hex[33];

	snprintf(salt, sizeof(salt), "%.*s", STR_FMT(c->name));
	scenario_hex(hex, 2, d->t->arn, salt);
	add_print(d, object, "ContainerARN",
	    "arn:%.*s:ecs:%.*s:%.*s:container/%.*s/%.*s/"
	    "%.8s-%.4s-4%.3s-a%.3s-%.12s",
	    STR_FMT(k->account->partition), STR_FMT(k->region),
	    STR_FMT(k->account->id), STR_FMT(k->name), STR_FMT(d->t->id), hex,
	    hex + 8, hex + 12, hex + 15, hex + 18);
}

static struct json_object *
container_new(struct doc *d, const struct scenario_container *c)
{
	const struct scenario_task *t = d->t;
	struct json_object *o = json_object_new_object();
	bool started = is_running(t) || is_ending(t) || is_stopped(t);

	add_print(d, o, "DockerId", "%.*s-%" PRIu32, STR_FMT(t->id), c->number);
	add_str(d, o, "Name", c->name);
	add_str(d, o, "DockerName", c->name);
	add_str(d, o, "Image", c->image);
	add_str(d, o, "ImageID", started ? c->image_id : STR(""));
	add(d, o, "Labels", labels_new(d, c));
	add_statuses(d, o);
	if (c->cpu != 0 || c->memory != 0)
		add_limits(
		    d, o, json_object_new_int64((int64_t)c->cpu), c->memory);
	if (started) {
		add_time(d, o, "CreatedAt", started_us(d) - SECOND_US);
		add_time(d, o, "StartedAt", started_us(d));
	}
	if (is_stopped(t))
		add_time(d, o, "FinishedAt", started_us(d) + SECOND_US);
	add_text(d, o, "Type", "NORMAL");
	add_container_arn(d, o, c);
	if (started)
		add(d, o, "Networks", networks_new(d));
	add_text(d, o, "Snapshotter", "overlayfs");
	return o;
}

static void
add_tags(struct doc *d, struct json_object *object)
{
	struct json_object *tags;
	char key[4 * 128 + 1]; /* AWS's limit in characters */

	if (d->t->tag_count == 0)
		return;
	tags = json_object_new_object();
	for (size_t i = 0; i < d->t->tag_count; i++) {
		const struct task_tag *tag = &d->t->tags[i];

		snprintf(key, sizeof(key), "%.*s", STR_FMT(tag->key));
		add_str(d, tags, key, tag->value);
	}
	add(d, object, "TaskTags", tags);
}

/* What only Fargate has. */
static void
add_fargate(struct doc *d, struct json_object *object, int64_t now_us)
{
	struct json_object *drift = json_object_new_object();
	struct json_object *storage = json_object_new_object();

	add(d, drift, "ClockErrorBound", json_object_new_double(0.573));
	add_time(d, drift, "ReferenceTimestamp", now_us);
	add_text(d, drift, "ClockSynchronizationStatus", "SYNCHRONIZED");
	add(d, object, "ClockDrift", drift);
	add_int(d, storage, "Utilized", 298);
	add_int(d, storage, "Reserved", 20496);
	add(d, object, "EphemeralStorageMetrics", storage);
}

static struct json_object *
task_new(struct doc *d, int64_t now_us)
{
	const struct scenario_task *t = d->t;
	const struct scenario_definition *def = t->definition;
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();

	add_str(d, o, "Cluster", t->cluster->arn);
	add_str(d, o, "TaskARN", t->arn);
	add_str(d, o, "Family", def->family);
	add_str(d, o, "Revision", def->revision);
	if (t->service.n > 0)
		add_str(d, o, "ServiceName", t->service);
	add_statuses(d, o);
	add_limits(
	    d, o, json_object_new_double((double)def->cpu / 1024), def->memory);
	add_time(d, o, "PullStartedAt", started_us(d) - 15 * SECOND_US);
	if (is_running(t) || is_ending(t) || is_stopped(t))
		add_time(d, o, "PullStoppedAt", started_us(d) - 2 * SECOND_US);
	if (is_stopped(t))
		add_time(d, o, "ExecutionStoppedAt", started_us(d) + SECOND_US);
	add_str(d, o, "AvailabilityZone", t->availability_zone);
	add_str(d, o, "LaunchType", t->launch_type);
	for (size_t i = 0; i < def->container_count; i++)
		append(d, list, container_new(d, &def->containers[i]));
	add(d, o, "Containers", list);
	if (str_is(t->launch_type, "FARGATE"))
		add_fargate(d, o, now_us);
	add(d, o, "FaultInjectionEnabled", json_object_new_boolean(0));
	add_tags(d, o);
	return o;
}

/* Takes the object. */
static int
write_out(struct buf *out, const struct doc *d, struct json_object *object,
    struct err *err)
{
	const char *text = NULL;

	if (object != NULL && !d->failed)
		text = json_object_to_json_string_ext(object,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text != NULL)
		buf_add_text(out, text);
	json_object_put(object);
	if (text == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	return buf_check(out, err);
}

int
metadata_task(struct buf *out, const struct scenario *s,
    const struct scenario_task *t, int64_t now_us, struct err *err)
{
	struct doc d = { s, t, false };
	struct json_object *o = task_new(&d, now_us);

	return write_out(out, &d, o, err);
}

int
metadata_container(struct buf *out, const struct scenario *s,
    const struct scenario_task *t, const struct scenario_container *c,
    struct err *err)
{
	struct doc d = { s, t, false };
	struct json_object *o = container_new(&d, c);

	return write_out(out, &d, o, err);
}
