/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ecs_document.c - tasks and task definitions as ECS tells of them
 *
 * Members and their order as in answers of DescribeTasks for Fargate platform
 * version 1.4.0.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mock/ecs.h"

#define SECOND_US ((int64_t)1000 * 1000)

/* What all parts of a task's document need. */
struct doc {
	struct writer *w;
	const struct scenario *s;
	const struct scenario_task *t;
	char attachment[SCENARIO_UUID_SIZE];
	char address[INET_ADDRSTRLEN];
	bool has_address;
	int64_t started_us, stopped_us;
};

static bool
is_any(struct str s, const char *a, const char *b, const char *c)
{
	return str_is(s, a) || str_is(s, b) || str_is(s, c);
}

/* The containers of such a task have not started. */
static bool
is_early(const struct scenario_task *t)
{
	return is_any(t->status, "PROVISIONING", "PENDING", "PENDING");
}

static bool
is_stopped(const struct scenario_task *t)
{
	return is_any(t->status, "STOPPED", "DEPROVISIONING", "DELETED");
}

bool
ecs_leaves(const struct scenario_task *t)
{
	if (t->desired_status.n > 0)
		return str_is(t->desired_status, "STOPPED");
	return is_stopped(t) ||
	       is_any(t->status, "DEACTIVATING", "STOPPING", "STOPPING");
}

static bool
is_fargate(const struct scenario_task *t)
{
	return str_is(t->launch_type, "FARGATE");
}

static struct str
attachment_status(const struct scenario_task *t)
{
	if (is_stopped(t))
		return STR("DELETED");
	if (str_is(t->status, "PROVISIONING") &&
	    str_is(t->attachment_status, "ATTACHED"))
		return STR("PRECREATED");
	return t->attachment_status;
}

static void
doc_init(struct doc *d, struct writer *w, const struct scenario *s,
    const struct scenario_task *t)
{
	struct str status = attachment_status(t);

	*d = (struct doc){ .w = w, .s = s, .t = t };
	scenario_uuid(d->attachment, t->arn, "attachment");
	if (inet_ntop(AF_INET, &t->address, d->address, sizeof(d->address)) ==
	    NULL)
		d->address[0] = '\0';
	d->has_address = str_is(status, "ATTACHED") ||
			 is_any(status, "DETACHING", "DETACHED", "DELETED");
	d->started_us = scenario_started_us(s, t);
	d->stopped_us =
	    t->stopped_us != 0 ? t->stopped_us : d->started_us + SECOND_US;
}

static void
write_pair(struct writer *w, const char *name, const char *value)
{
	writer_open(w, NULL);
	writer_text(w, "name", name);
	writer_text(w, "value", value);
	writer_close(w, NULL);
}

static void
write_details(struct doc *d)
{
	const struct scenario_task *t = d->t;
	unsigned char ip[4];
	char text[128];

	memcpy(ip, &t->address, sizeof(ip));
	snprintf(text, sizeof(text), "%.*s", STR_FMT(t->subnet));
	write_pair(d->w, "subnetId", text);
	if (!d->has_address)
		return;
	snprintf(text, sizeof(text), "%.*s", STR_FMT(t->network_interface));
	write_pair(d->w, "networkInterfaceId", text);
	snprintf(text, sizeof(text), "0a:58:%02x:%02x:%02x:%02x", ip[0], ip[1],
	    ip[2], ip[3]);
	write_pair(d->w, "macAddress", text);
	snprintf(text, sizeof(text), "ip-%u-%u-%u-%u.%.*s.compute.internal",
	    ip[0], ip[1], ip[2], ip[3], STR_FMT(t->cluster->region));
	write_pair(d->w, "privateDnsName", text);
	write_pair(d->w, "privateIPv4Address", d->address);
	if (t->ipv6_address.n > 0) {
		snprintf(text, sizeof(text), "%.*s", STR_FMT(t->ipv6_address));
		write_pair(d->w, "ipv6Address", text);
	}
}

static void
write_attachments(struct doc *d)
{
	struct writer *w = d->w;

	writer_open_list(w, "attachments");
	writer_open(w, NULL);
	writer_text(w, "id", d->attachment);
	writer_text(w, "type", "ElasticNetworkInterface");
	writer_str(w, "status", attachment_status(d->t));
	writer_open_list(w, "details");
	write_details(d);
	writer_close_list(w);
	writer_close(w, NULL);
	writer_close_list(w);
	writer_open_list(w, "attributes");
	write_pair(w, "ecs.cpu-architecture", "x86_64");
	writer_close_list(w);
}

static void
write_interfaces(struct doc *d)
{
	struct writer *w = d->w;

	writer_open_list(w, "networkBindings");
	writer_close_list(w);
	writer_open_list(w, "networkInterfaces");
	if (d->has_address) {
		writer_open(w, NULL);
		writer_text(w, "attachmentId", d->attachment);
		writer_text(w, "privateIpv4Address", d->address);
		if (d->t->ipv6_address.n > 0)
			writer_str(w, "ipv6Address", d->t->ipv6_address);
		writer_close(w, NULL);
	}
	writer_close_list(w);
}

static void
write_agents(struct doc *d)
{
	struct writer *w = d->w;

	if (!d->t->exec)
		return;
	writer_open_list(w, "managedAgents");
	writer_open(w, NULL);
	if (!is_early(d->t))
		writer_time(w, "lastStartedAt", d->started_us);
	writer_text(w, "name", "ExecuteCommandAgent");
	writer_text(w, "lastStatus",
	    is_early(d->t)     ? "PENDING"
	    : is_stopped(d->t) ? "STOPPED"
			       : "RUNNING");
	writer_close(w, NULL);
	writer_close_list(w);
}

/* The metadata endpoint has the same ARN. */
static void
write_container_arn(struct doc *d, const struct scenario_container *c)
{
	const struct scenario_cluster *k = d->t->cluster;
	char salt[256], uuid[SCENARIO_UUID_SIZE];

	snprintf(salt, sizeof(salt), "%.*s", STR_FMT(c->name));
	scenario_uuid(uuid, d->t->arn, salt);
	writer_print(d->w, "containerArn",
	    "arn:%.*s:ecs:%.*s:%.*s:container/%.*s/%.*s/%s",
	    STR_FMT(k->account->partition), STR_FMT(k->region),
	    STR_FMT(k->account->id), STR_FMT(k->name), STR_FMT(d->t->id), uuid);
}

static void
write_container(struct doc *d, const struct scenario_container *c)
{
	const struct scenario_task *t = d->t;
	struct writer *w = d->w;
	bool early = is_early(t), stopped = is_stopped(t);

	writer_open(w, NULL);
	write_container_arn(d, c);
	writer_str(w, "taskArn", t->arn);
	writer_str(w, "name", c->name);
	writer_str(w, "image", c->image);
	if (!early && c->image_digest.n > 0)
		writer_str(w, "imageDigest", c->image_digest);
	if (!early)
		writer_print(
		    w, "runtimeId", "%.*s-%" PRIu32, STR_FMT(t->id), c->number);
	writer_text(w, "lastStatus",
	    early     ? "PENDING"
	    : stopped ? "STOPPED"
		      : "RUNNING");
	if (stopped)
		writer_int(w, "exitCode", 0);
	write_interfaces(d);
	writer_text(w, "healthStatus", "UNKNOWN");
	write_agents(d);
	writer_print(w, "cpu", "%" PRIu64, c->cpu);
	if (c->memory > 0)
		writer_print(w, "memory", "%" PRIu64, c->memory);
	writer_close(w, NULL);
}

/* A command's words, between blanks. */
static void
write_command(struct writer *w, struct str command)
{
	struct str rest = command, word;

	writer_open_list(w, "command");
	while (rest.n > 0) {
		word = str_cut(&rest, rest, ' ');
		if (word.n > 0)
			writer_str(w, NULL, word);
	}
	writer_close_list(w);
}

static void
write_overrides(struct doc *d)
{
	const struct scenario_definition *def = d->t->definition;
	char arn[SCENARIO_ROLE_ARN_SIZE];
	struct writer *w = d->w;

	writer_open(w, "overrides");
	writer_open_list(w, "containerOverrides");
	for (size_t i = 0; i < def->container_count; i++) {
		writer_open(w, NULL);
		writer_str(w, "name", def->containers[i].name);
		for (size_t k = 0; k < d->t->override_count; k++) {
			if (str_eq(d->t->overrides[k].key,
				def->containers[i].name))
				write_command(w, d->t->overrides[k].value);
		}
		writer_close(w, NULL);
	}
	writer_close_list(w);
	writer_open_list(w, "inferenceAcceleratorOverrides");
	writer_close_list(w);
	if (d->t->role.name.n > 0) {
		scenario_role_arn(arn, &d->t->role, d->t->cluster->account);
		writer_text(w, "taskRoleArn", arn);
	}
	writer_close(w, "overrides");
}

static void
write_tags(struct doc *d, bool with_tags)
{
	writer_open_list(d->w, "tags");
	for (size_t i = 0; with_tags && i < d->t->tag_count; i++) {
		writer_open(d->w, NULL);
		writer_str(d->w, "key", d->t->tags[i].key);
		writer_str(d->w, "value", d->t->tags[i].value);
		writer_close(d->w, NULL);
	}
	writer_close_list(d->w);
}

/* When things happened, as far as they did. */
static void
write_times(struct doc *d)
{
	const struct scenario_task *t = d->t;
	struct writer *w = d->w;

	if (!str_is(t->status, "PROVISIONING"))
		writer_time(w, "pullStartedAt", d->started_us - 15 * SECOND_US);
	if (!is_early(t)) {
		writer_time(w, "pullStoppedAt", d->started_us - 2 * SECOND_US);
		writer_time(w, "startedAt", d->started_us);
	}
	if (t->started_by.n > 0)
		writer_str(w, "startedBy", t->started_by);
	if (!ecs_leaves(t))
		return;
	writer_text(w, "stopCode",
	    t->stopped_us != 0 ? "UserInitiated" : "EssentialContainerExited");
	if (is_stopped(t)) {
		writer_time(w, "executionStoppedAt", d->stopped_us);
		writer_time(w, "stoppedAt", d->stopped_us);
	}
	writer_text(w, "stoppedReason",
	    t->stopped_us != 0 ? "Task stopped by user"
			       : "Essential container in task exited");
	writer_time(w, "stoppingAt", d->stopped_us - SECOND_US);
}

static void
write_storage(struct writer *w, const char *key)
{
	writer_open(w, key);
	writer_int(w, "sizeInGiB", 20);
	writer_close(w, key);
}

static void
write_definition_arn(struct writer *w, const struct scenario_definition *d,
    const struct scenario_account *home, struct str region)
{
	writer_print(w, "taskDefinitionArn",
	    "arn:%.*s:ecs:%.*s:%.*s:task-definition/%.*s",
	    STR_FMT(home->partition), STR_FMT(region), STR_FMT(home->id),
	    STR_FMT(d->label));
}

/* What says where it runs, and how far it is. */
static void
write_state(struct doc *d)
{
	const struct scenario_task *t = d->t;
	struct writer *w = d->w;

	writer_str(w, "availabilityZone", t->availability_zone);
	if (t->capacity_provider.n > 0)
		writer_str(w, "capacityProviderName", t->capacity_provider);
	writer_str(w, "clusterArn", t->cluster->arn);
	writer_text(w, "connectivity", "CONNECTED");
	writer_time(
	    w, "connectivityAt", scenario_created_us(d->s, t) + 5 * SECOND_US);
	if (!is_fargate(t))
		writer_print(w, "containerInstanceArn",
		    "arn:%.*s:ecs:%.*s:%.*s:container-instance/%.*s/%032d",
		    STR_FMT(t->cluster->account->partition),
		    STR_FMT(t->cluster->region),
		    STR_FMT(t->cluster->account->id), STR_FMT(t->cluster->name),
		    1);
}

void
ecs_write_task(struct writer *w, const struct scenario *s,
    const struct scenario_task *t, bool with_tags)
{
	const struct scenario_definition *def = t->definition;
	struct doc d;

	doc_init(&d, w, s, t);
	writer_open(w, NULL);
	write_attachments(&d);
	write_state(&d);
	writer_open_list(w, "containers");
	for (size_t i = 0; i < def->container_count; i++)
		write_container(&d, &def->containers[i]);
	writer_close_list(w);
	writer_print(w, "cpu", "%" PRIu64, def->cpu);
	writer_time(w, "createdAt", scenario_created_us(s, t));
	writer_text(w, "desiredStatus", ecs_leaves(t) ? "STOPPED" : "RUNNING");
	writer_bool(w, "enableExecuteCommand", t->exec);
	if (is_fargate(t)) {
		write_storage(w, "ephemeralStorage");
		write_storage(w, "fargateEphemeralStorage");
	}
	writer_str(w, "group", t->group);
	writer_text(w, "healthStatus", "UNKNOWN");
	writer_open_list(w, "inferenceAccelerators");
	writer_close_list(w);
	writer_str(w, "lastStatus", t->status);
	writer_str(w, "launchType", t->launch_type);
	writer_print(w, "memory", "%" PRIu64, def->memory);
	write_overrides(&d);
	if (t->platform_family.n > 0)
		writer_str(w, "platformFamily", t->platform_family);
	if (t->platform_version.n > 0)
		writer_str(w, "platformVersion", t->platform_version);
	write_times(&d);
	write_tags(&d, with_tags);
	writer_str(w, "taskArn", t->arn);
	write_definition_arn(w, def, t->cluster->account, t->cluster->region);
	writer_int(w, "version", is_early(t) ? 2 : is_stopped(t) ? 7 : 5);
	writer_close(w, NULL);
}

static void
write_list(struct writer *w, const char *key)
{
	writer_open_list(w, key);
	writer_close_list(w);
}

static void
write_container_definition(struct writer *w, const struct scenario_container *c)
{
	writer_open(w, NULL);
	writer_str(w, "name", c->name);
	writer_str(w, "image", c->image);
	writer_int(w, "cpu", (int64_t)c->cpu);
	if (c->memory > 0)
		writer_int(w, "memory", (int64_t)c->memory);
	write_list(w, "portMappings");
	writer_bool(w, "essential", true);
	write_list(w, "environment");
	write_list(w, "mountPoints");
	write_list(w, "volumesFrom");
	writer_close(w, NULL);
}

static void
write_role(struct writer *w, const char *key,
    const struct scenario_role_ref *ref, const struct scenario_account *home)
{
	char arn[SCENARIO_ROLE_ARN_SIZE];

	if (ref->name.n == 0)
		return;
	scenario_role_arn(arn, ref, home);
	writer_text(w, key, arn);
}

void
ecs_write_definition(struct writer *w, const struct scenario_definition *d,
    const struct scenario_account *home, struct str region)
{
	uint64_t revision = 0;

	(void)str_to_u64(&revision, d->revision);
	writer_open(w, "taskDefinition");
	write_definition_arn(w, d, home, region);
	writer_open_list(w, "containerDefinitions");
	for (size_t i = 0; i < d->container_count; i++)
		write_container_definition(w, &d->containers[i]);
	writer_close_list(w);
	writer_str(w, "family", d->family);
	write_role(w, "taskRoleArn", &d->task_role, home);
	write_role(w, "executionRoleArn", &d->execution_role, home);
	writer_text(w, "networkMode", "awsvpc");
	writer_int(w, "revision", (int64_t)revision);
	write_list(w, "volumes");
	writer_text(w, "status", "ACTIVE");
	write_list(w, "requiresAttributes");
	write_list(w, "placementConstraints");
	writer_open_list(w, "compatibilities");
	writer_text(w, NULL, "EC2");
	writer_text(w, NULL, "FARGATE");
	writer_close_list(w);
	writer_open_list(w, "requiresCompatibilities");
	writer_text(w, NULL, "FARGATE");
	writer_close_list(w);
	writer_print(w, "cpu", "%" PRIu64, d->cpu);
	writer_print(w, "memory", "%" PRIu64, d->memory);
	if (d->pid_mode.n > 0)
		writer_str(w, "pidMode", d->pid_mode);
	writer_print(w, "registeredBy", "arn:%.*s:iam::%.*s:root",
	    STR_FMT(home->partition), STR_FMT(home->id));
	writer_close(w, "taskDefinition");
}
