/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/ecs.h"

#include <stdio.h>

#include "testing.h"

#define HERE    "ap-southeast-2:021436587009:"
#define CLUSTER "arn:aws:ecs:" HERE "cluster/night-batch"
#define TASK \
	"arn:aws:ecs:" HERE "task/night-batch/0f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define DEFINITION "arn:aws:ecs:" HERE "task-definition/night-sum:12"

static struct arena arena;
static struct buf text;

static void
set_up(void)
{
	arena_init(&arena, ECS_ANSWER_MAX);
	buf_init(&text, ECS_ANSWER_MAX);
}

static void
tear_down(void)
{
	arena_release(&arena);
	buf_release(&text);
}

static void
read_data(const char *file)
{
	const char *top = getenv("abs_top_srcdir");
	char path[4096], part[4096];
	size_t n;
	FILE *f;

	ck_assert_ptr_nonnull(top);
	(void)snprintf(path, sizeof(path), "%s/tests/data/aws/%s", top, file);
	f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "no %s", path);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&text, (struct str){ part, n });
	(void)fclose(f);
	ck_assert_ptr_nonnull(buf_text(&text));
}

/*
 * Requests
 */

START_TEST(asks_for_tasks)
{
	static const struct str arns[] = { { TASK, sizeof(TASK) - 1 },
		{ "b", 1 } };

	ck_assert_int_eq(ecs_tasks_request(
			     &text, STR(CLUSTER), arns, 2, true, NULL),
	    ERR_OK);
	ck_str(buf_str(&text),
	    "{\"cluster\":\"" CLUSTER "\",\"tasks\":[\"" TASK
	    "\",\"b\"],\"include\":[\"TAGS\"]}");
	buf_clear(&text);
	ck_assert_int_eq(ecs_tasks_request(
			     &text, STR(CLUSTER), arns, 1, false, NULL),
	    ERR_OK);
	ck_str(buf_str(&text),
	    "{\"cluster\":\"" CLUSTER "\",\"tasks\":[\"" TASK "\"]}");
}
END_TEST

START_TEST(asks_for_a_full_batch)
{
	struct str arns[ECS_BATCH_MAX];
	struct json root;
	size_t i;

	for (i = 0; i < ECS_BATCH_MAX; i++)
		arns[i] = STR(TASK);
	ck_assert_int_eq(ecs_tasks_request(&text, STR(CLUSTER), arns,
			     ECS_BATCH_MAX, true, NULL),
	    ERR_OK);
	ck_assert_int_eq(json_open(&root, buf_str(&text), NULL), ERR_OK);
}
END_TEST

START_TEST(asks_for_a_definition)
{
	ck_assert_int_eq(
	    ecs_definition_request(&text, STR(DEFINITION), NULL), ERR_OK);
	ck_str(buf_str(&text), "{\"taskDefinition\":\"" DEFINITION "\"}");
}
END_TEST

START_TEST(says_when_a_request_does_not_fit)
{
	static const struct str arn = { TASK, sizeof(TASK) - 1 };
	struct err err = { 0 };
	struct buf small;

	buf_init(&small, 32);
	ck_assert_int_eq(
	    ecs_tasks_request(&small, STR(CLUSTER), &arn, 1, true, &err),
	    ERR_TOOBIG);
	ck_assert_int_eq(err.code, ERR_TOOBIG);
	buf_clear(&small);
	ck_assert_int_eq(
	    ecs_definition_request(&small, STR(DEFINITION), NULL),
	    ERR_TOOBIG);
	buf_release(&small);
}
END_TEST

/*
 * Tasks
 */

/* The first of an answer's tasks. */
static void
read_first(struct ecs_task *task, const char *file)
{
	struct json root, list, key, first;
	const struct json_want want[] = { { "tasks", JSON_ARRAY, true, &list } };
	struct json_iter it;
	struct err err = { 0 };
	int r;

	read_data(file);
	ck_assert_int_eq(json_open(&root, buf_str(&text), NULL), ERR_OK);
	ck_assert_int_eq(json_members(root, want, 1, 0, NULL), ERR_OK);
	json_iter_init(&it, list);
	ck_assert(json_iter_next(&it, &key, &first));
	r = ecs_task_read(task, &arena, first, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
}

START_TEST(reads_a_task_that_runs)
{
	struct ecs_task t;

	read_first(&t, "describe-tasks.json");
	ck_str(t.task_arn, TASK);
	ck_str(t.cluster_arn, CLUSTER);
	ck_str(t.task_definition_arn, DEFINITION);
	ck_str(t.last_status, "RUNNING");
	ck_str(t.desired_status, "RUNNING");
	ck_str(t.launch_type, "FARGATE");
	ck_str(t.capacity_provider, "FARGATE_SPOT");
	ck_str(t.platform_version, "1.4.0");
	ck_str(t.availability_zone, "ap-southeast-2c");
	ck_str(t.group, "service:night-sum");
	ck_str(t.started_by, "ecs-svc/9182736450918273645");
	ck_str(t.subnet, "subnet-0f0e0d0c0b0a09080");
	ck_assert(t.exec_enabled);
	ck_assert(t.times.has_created && t.times.has_started);
	ck_assert_int_eq(t.times.created_us, 1795402800250000);
	ck_assert_int_eq(t.times.started_us, 1795402833500000);
	ck_assert(!t.times.has_ended);
	ck_assert(!t.has_overrides);
	ck_assert_uint_eq(t.override_role_arn.n, 0);
}
END_TEST

START_TEST(reads_lists_of_a_task)
{
	struct ecs_task t;

	read_first(&t, "describe-tasks.json");
	ck_assert(t.has_eni);
	/* not the one that Service Connect has */
	ck_assert_uint_eq(t.address_count, 2);
	ck_str(t.addresses[0], "10.9.8.7");
	ck_str(t.addresses[1], "2001:db8:9:8::7");
	ck_assert_uint_eq(t.tag_count, 3);
	ck_str(t.tags[0].key, "aws:ecs:serviceName");
	ck_str(t.tags[0].value, "night-sum");
	ck_str(t.tags[1].value, "S\xc3\xa4tze & \xc3\x9c" "bertr\xc3\xa4ge");
	ck_str(t.tags[2].key, "empty");
	ck_assert_uint_eq(t.tags[2].value.n, 0);
	ck_assert_uint_eq(t.container_count, 2);
	ck_str(t.containers[0].name, "agent");
	ck_assert(str_ends(t.containers[0].image, "/spire-agent:1.15.3"));
	ck_assert(str_starts(t.containers[0].image_digest, "sha256:0a1b2c3d"));
	ck_str(t.containers[1].name, "sum");
}
END_TEST

START_TEST(reads_a_task_that_does_not_run_yet)
{
	struct ecs_task t;

	read_first(&t, "describe-tasks-pending.json");
	ck_str(t.last_status, "PENDING");
	ck_str(t.group, "family:night-sum");
	ck_assert_uint_eq(t.capacity_provider.n, 0);
	ck_assert_uint_eq(t.started_by.n, 0);
	ck_assert(!t.exec_enabled);
	ck_assert(t.times.has_created && !t.times.has_started);
	ck_assert(t.has_overrides);
	ck_str(t.override_role_arn,
	    "arn:aws:iam::021436587009:role/jobs/night-sum-again");
	ck_assert_uint_eq(t.tag_count, 0);
	ck_assert_ptr_null(t.tags);
	ck_assert_uint_eq(t.containers[0].image_digest.n, 0);
	ck_assert_uint_eq(t.address_count, 1);
	ck_str(t.addresses[0], "10.9.8.7");
}
END_TEST

#define REQUIRED                                                        \
	"\"taskArn\":\"t\",\"clusterArn\":\"c\",\"taskDefinitionArn\":\"d\"," \
	"\"lastStatus\":\"RUNNING\",\"desiredStatus\":\"RUNNING\""

/* A task with the members that it must have, and these. */
static int
read_with(struct ecs_task *task, const char *members, struct err *err)
{
	struct json json;
	int r;

	buf_addf(&text, "{" REQUIRED "%s%s}", members[0] == '\0' ? "" : ",",
	    members);
	ck_assert_int_eq(buf_check(&text, NULL), ERR_OK);
	r = json_open(&json, buf_str(&text), err);
	if (r == ERR_OK)
		r = ecs_task_read(task, &arena, json, err);
	return r;
}

START_TEST(reads_the_least_of_a_task)
{
	struct ecs_task t;

	ck_assert_int_eq(read_with(&t, "", NULL), ERR_OK);
	ck_str(t.task_arn, "t");
	ck_str(t.cluster_arn, "c");
	ck_str(t.task_definition_arn, "d");
	ck_assert_uint_eq(t.launch_type.n, 0);
	ck_assert(!t.has_eni && !t.has_overrides && !t.exec_enabled);
	ck_assert(!t.times.has_created && !t.times.has_ended);
	ck_assert_uint_eq(t.container_count, 0);
	ck_assert_uint_eq(t.tag_count, 0);
}
END_TEST

static const struct {
	const char *members;
	int64_t created_us;
} created[] = {
	{ "\"createdAt\":1736936311.059", 1736936311059000 },
	{ "\"createdAt\":1.736936311059E9", 1736936311059000 },
	{ "\"createdAt\":1.736936311059e+9", 1736936311059000 },
	{ "\"createdAt\":1736936311", 1736936311000000 },
	{ "\"createdAt\":0", 0 },
	{ "\"createdAt\":0.000001", 1 },
	{ "\"createdAt\":253402300799", 253402300799000000 },
};

START_TEST(reads_a_time)
{
	struct ecs_task t;

	ck_assert_int_eq(read_with(&t, created[_i].members, NULL), ERR_OK);
	ck_assert(t.times.has_created);
	ck_assert_int_eq(t.times.created_us, created[_i].created_us);
}
END_TEST

static const char *const ended[] = {
	"\"stoppingAt\":1736936311.059",
	"\"stoppedAt\":1736936311",
	"\"executionStoppedAt\":1.7e9",
	"\"stoppedAt\":0",
	"\"stopCode\":\"UserInitiated\"",
	"\"stopCode\":\"\"",
};

START_TEST(notices_an_end)
{
	struct ecs_task t;

	ck_assert_int_eq(read_with(&t, ended[_i], NULL), ERR_OK);
	ck_assert(t.times.has_ended);
}
END_TEST

START_TEST(takes_null_for_absent)
{
	struct ecs_task t;

	ck_assert_int_eq(
	    read_with(&t,
		"\"stoppedAt\":null,\"stopCode\":null,\"tags\":null,"
		"\"overrides\":null,\"attachments\":null,\"containers\":null,"
		"\"launchType\":null,\"enableExecuteCommand\":null",
		NULL),
	    ERR_OK);
	ck_assert(!t.times.has_ended && !t.has_overrides && !t.exec_enabled);
	ck_assert_uint_eq(t.launch_type.n, 0);
}
END_TEST

static const struct {
	const char *overrides;
	bool present;
	const char *role;
} overrides[] = {
	{ "{}", false, "" },
	{ "{\"containerOverrides\":[]}", false, "" },
	{ "{\"containerOverrides\":null}", false, "" },
	{ "{\"containerOverrides\":[],\"inferenceAcceleratorOverrides\":[]}",
	    false, "" },
	{ "{\"containerOverrides\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
	    false, "" },
	{ "{\"containerOverrides\":[{}]}", false, "" },
	{ "{\"containerOverrides\":[{\"name\":\"a\",\"command\":[],"
	  "\"environment\":[],\"cpu\":null}]}",
	    false, "" },
	{ "{\"container\\u004fverrides\":[{\"n\\u0061me\":\"a\"}]}", false,
	    "" },
	{ "{\"cpu\":null,\"memory\":null,\"taskRoleArn\":null}", false, "" },
	{ "{\"containerOverrides\":[{\"name\":\"a\"},"
	  "{\"name\":\"b\",\"command\":[\"sh\"]}]}",
	    true, "" },
	{ "{\"containerOverrides\":[{\"name\":\"a\","
	  "\"environment\":[{\"name\":\"X\",\"value\":\"y\"}]}]}",
	    true, "" },
	{ "{\"containerOverrides\":[{\"name\":\"a\",\"cpu\":0}]}", true, "" },
	{ "{\"containerOverrides\":[{\"name\":\"a\",\"command\":\"\"}]}",
	    true, "" },
	{ "{\"containerOverrides\":[{\"name\":\"a\",\"new\":{}}]}", true, "" },
	{ "{\"containerOverrides\":[{\"Name\":\"a\"}]}", true, "" },
	{ "{\"containerOverrides\":[null]}", true, "" },
	{ "{\"containerOverrides\":[\"a\"]}", true, "" },
	{ "{\"containerOverrides\":[[]]}", true, "" },
	{ "{\"cpu\":\"512\"}", true, "" },
	{ "{\"executionRoleArn\":\"r\"}", true, "" },
	{ "{\"ephemeralStorage\":{\"sizeInGiB\":30}}", true, "" },
	{ "{\"inferenceAcceleratorOverrides\":[{}]}", true, "" },
	{ "{\"somethingNew\":false}", true, "" },
	{ "{\"taskRoleArn\":\"arn:aws:iam::1:role\\/a\"}", true,
	    "arn:aws:iam::1:role/a" },
};

START_TEST(tells_overrides_from_names)
{
	char members[512];
	struct ecs_task t;
	struct err err = { 0 };
	int r;

	(void)snprintf(members, sizeof(members), "\"overrides\":%s",
	    overrides[_i].overrides);
	r = read_with(&t, members, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(t.has_overrides, overrides[_i].present);
	ck_str(t.override_role_arn, overrides[_i].role);
}
END_TEST

#define ENI(id, status, ip)                                                  \
	"{\"id\":\"" id "\",\"type\":\"ElasticNetworkInterface\","               \
	"\"status\":\"" status "\",\"details\":[{\"name\":\"subnetId\",\"value\":" \
	"\"subnet-" id "\"},{\"name\":\"privateIPv4Address\",\"value\":\"" ip     \
	"\"}]}"
#define INTERFACE(id, ip) \
	"{\"attachmentId\":\"" id "\",\"privateIpv4Address\":\"" ip "\"}"
#define WITH_INTERFACES(list) \
	"\"containers\":[{\"name\":\"a\",\"networkInterfaces\":[" list "]}]"

static const struct {
	const char *members;
	bool has_eni;
	const char *subnet, *addresses; /* joined by blanks */
} interfaces[] = {
	{ "\"attachments\":[]", false, "", "" },
	{ "\"attachments\":[" ENI("a", "ATTACHED", "10.0.0.1") "]", true,
	    "subnet-a", "10.0.0.1" },
	{ "\"attachments\":[" ENI("a", "ATTACHING", "10.0.0.1") "]", false, "",
	    "" },
	{ "\"attachments\":[" ENI("a", "DETACHED", "10.0.0.1") "]", false, "",
	    "" },
	{ "\"attachments\":[" ENI("a", "FAILED", "10.0.0.1") "]", false, "",
	    "" },
	{ "\"attachments\":[" ENI("a", "attached", "10.0.0.1") "]", false, "",
	    "" },
	{ "\"attachments\":[" ENI("a", "DELETED", "10.0.0.1") "," ENI(
	      "b", "ATTACHED", "10.0.0.2") "]",
	    true, "subnet-b", "10.0.0.2" },
	{ "\"attachments\":[" ENI("a", "ATTACHED", "10.0.0.1") "," ENI(
	      "b", "ATTACHED", "10.0.0.2") "]",
	    true, "subnet-a", "10.0.0.1 10.0.0.2" },
	{ "\"attachments\":[{\"type\":\"ElasticNetworkInterface\","
	  "\"details\":[{\"name\":\"privateIPv4Address\",\"value\":\"10.0.0.1\"}"
	  "]}]",
	    false, "", "" },
	{ "\"attachments\":[{\"type\":\"eni\",\"status\":\"ATTACHED\","
	  "\"details\":[{\"name\":\"privateIPv4Address\",\"value\":\"10.0.0.1\"}"
	  "]}]",
	    false, "", "" },
	{ "\"attachments\":[{\"type\":\"Service Connect\",\"status\":"
	  "\"ATTACHED\",\"details\":[{\"name\":\"privateIPv4Address\","
	  "\"value\":\"10.0.0.1\"}]}]",
	    false, "", "" },
	{ "\"attachments\":[{\"type\":\"AmazonElasticBlockStorage\","
	  "\"details\":[7]}]",
	    false, "", "" },
	{ "\"attachments\":[{\"type\":\"ElasticNetworkInterface\",\"status\":"
	  "\"ATTACHED\"}]",
	    true, "", "" },
	{ "\"attachments\":[{\"type\":\"ElasticNetworkInterface\",\"status\":"
	  "\"ATTACHED\",\"details\":[{\"name\":\"privateIPv4Address\"},"
	  "{\"name\":\"privateIPv4Address\",\"value\":\"\"},"
	  "{\"name\":\"privateIpv4Address\",\"value\":\"10.0.0.1\"}]}]",
	    true, "", "" },
	/* a container's interfaces count by their attachment */
	{ WITH_INTERFACES(INTERFACE("a", "10.0.0.1")), false, "", "" },
	{ "\"attachments\":[" ENI("a", "ATTACHED", "10.0.0.1") "],"
	  WITH_INTERFACES(INTERFACE("a", "10.0.0.1") ","
	      INTERFACE("a", "10.0.0.3") "," INTERFACE("b", "10.0.0.4")),
	    true, "subnet-a", "10.0.0.1 10.0.0.3" },
	{ "\"attachments\":[" ENI("a", "DETACHED", "10.0.0.1") "],"
	  WITH_INTERFACES(INTERFACE("a", "10.0.0.1")),
	    false, "", "" },
	{ "\"attachments\":[" ENI("a", "ATTACHED", "10.0.0.1") "],"
	  WITH_INTERFACES("{\"privateIpv4Address\":\"10.0.0.4\"}"),
	    true, "subnet-a", "10.0.0.1" },
	{ "\"attachments\":[" ENI("a", "ATTACHED", "10.0.0.1") "],"
	  WITH_INTERFACES("{\"attachmentId\":\"a\",\"ipv6Address\":"
			  "\"2001:db8::1\"}"),
	    true, "subnet-a", "10.0.0.1 2001:db8::1" },
};

START_TEST(counts_interfaces_that_are_attached)
{
	struct ecs_task t;
	struct err err = { 0 };
	struct buf joined;
	size_t i;
	int r = read_with(&t, interfaces[_i].members, &err);

	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(t.has_eni, interfaces[_i].has_eni);
	ck_str(t.subnet, interfaces[_i].subnet);
	buf_init(&joined, 4096);
	for (i = 0; i < t.address_count; i++) {
		buf_add_text(&joined, i > 0 ? " " : "");
		buf_add(&joined, t.addresses[i]);
	}
	ck_str(buf_str(&joined), interfaces[_i].addresses);
	buf_release(&joined);
}
END_TEST

/* The attachment's ID is compared as text, not as it is spelt. */
START_TEST(knows_an_attachment_by_its_text)
{
	struct ecs_task t;

	ck_assert_int_eq(
	    read_with(&t,
		"\"attachments\":[" ENI("\\u0061", "ATTACHED", "10.0.0.1") "],"
		WITH_INTERFACES(INTERFACE("a", "10.0.0.3")),
		NULL),
	    ERR_OK);
	ck_assert_uint_eq(t.address_count, 2);
}
END_TEST

START_TEST(keeps_as_many_addresses_as_fit)
{
	struct buf members;
	struct ecs_task t;
	int i;

	buf_init(&members, 8192);
	buf_add_text(&members,
	    "\"attachments\":[{\"type\":\"ElasticNetworkInterface\","
	    "\"status\":\"ATTACHED\",\"details\":[");
	for (i = 0; i < ECS_ADDRESSES_MAX + 3; i++)
		buf_addf(&members,
		    "%s{\"name\":\"privateIPv4Address\",\"value\":\"10.0.0.%d\"}",
		    i > 0 ? "," : "", i);
	buf_add_text(&members, "]}]");
	ck_assert_int_eq(read_with(&t, buf_text(&members), NULL), ERR_OK);
	ck_assert_uint_eq(t.address_count, ECS_ADDRESSES_MAX);
	buf_release(&members);
}
END_TEST

static const char *const refused[] = {
	/* repeated, in another case */
	"\"taskArn\":\"u\"",
	"\"TaskArn\":\"u\"",
	"\"lastStatus\":\"STOPPED\"",
	"\"launchType\":\"EC2\",\"launchType\":\"FARGATE\"",
	"\"launchtype\":\"FARGATE\"",
	"\"overrides\":{},\"overrides\":{}",
	"\"Overrides\":{\"taskRoleArn\":\"hush\"}",
	"\"stoppedat\":1",
	"\"overrides\":{\"taskRoleArn\":\"a\",\"taskRoleArn\":\"b\"}",
	"\"overrides\":{\"TaskRoleArn\":\"a\"}",
	"\"overrides\":{\"ContainerOverrides\":[]}",
	/* of another type */
	"\"launchType\":7",
	"\"group\":[\"hush\"]",
	"\"enableExecuteCommand\":\"false\"",
	"\"enableExecuteCommand\":0",
	"\"stopCode\":1",
	"\"overrides\":[]",
	"\"overrides\":{\"taskRoleArn\":[\"hush\"]}",
	"\"overrides\":{\"containerOverrides\":{}}",
	"\"attachments\":{}",
	"\"attachments\":[7]",
	"\"attachments\":[null]",
	"\"attachments\":[{\"status\":\"ATTACHED\"}]",
	"\"attachments\":[{\"type\":7}]",
	"\"attachments\":[{\"type\":\"a\",\"type\":\"b\"}]",
	"\"attachments\":[{\"type\":\"ElasticNetworkInterface\",\"status\":"
	"\"ATTACHED\",\"details\":[7]}]",
	"\"attachments\":[{\"type\":\"ElasticNetworkInterface\",\"status\":"
	"\"ATTACHED\",\"details\":[{\"value\":\"10.0.0.1\"}]}]",
	"\"attachments\":[{\"type\":\"ElasticNetworkInterface\",\"status\":"
	"\"ATTACHED\",\"details\":[{\"name\":\"privateIPv4Address\","
	"\"value\":7}]}]",
	"\"containers\":{}",
	"\"containers\":[7]",
	"\"containers\":[{\"name\":7}]",
	"\"containers\":[{\"image\":\"a\",\"image\":\"b\"}]",
	"\"containers\":[{\"networkInterfaces\":{}}]",
	"\"containers\":[{\"networkInterfaces\":[7]}]",
	"\"containers\":[{\"networkInterfaces\":[{\"attachmentId\":7}]}]",
	"\"tags\":{}",
	"\"tags\":[7]",
	"\"tags\":[{}]",
	"\"tags\":[{\"key\":\"a\",\"value\":7}]",
	"\"tags\":[{\"key\":\"a\",\"key\":\"b\",\"value\":\"c\"}]",
	"\"tags\":[{\"Key\":\"a\",\"Value\":\"b\"}]",
	/* times that are none */
	"\"createdAt\":\"2026-11-22T03:04:05Z\"",
	"\"createdAt\":\"1736936311\"",
	"\"createdAt\":1e400",
	"\"createdAt\":-1",
	"\"createdAt\":253402300801",
	"\"createdAt\":1736936311.0000000000000000000000000000000",
	"\"createdAt\":true",
	"\"startedAt\":\"now\"",
	"\"startedAt\":-1e400",
	"\"stoppingAt\":\"\"",
	"\"stoppedAt\":1e999",
	"\"stoppedAt\":false",
	"\"executionStoppedAt\":{}",
};

START_TEST(refuses_a_task)
{
	struct ecs_task t = { .group = STR("untouched") };
	struct err err = { 0 };

	ck_assert_int_eq(read_with(&t, refused[_i], &err), ERR_UPSTREAM);
	ck_assert_int_eq(err.code, ERR_UPSTREAM);
	ck_assert(str_starts(str_of(err.msg), "DescribeTasks: "));
	ck_assert_ptr_null(strstr(err.msg, "hush"));
	ck_str(t.group, "untouched");
}
END_TEST

static const char *const no_json[] = {
	"\"createdAt\":NaN",
	"\"createdAt\":Infinity",
	"\"createdAt\":+1",
	"\"createdAt\":01",
	"\"createdAt\":0x10",
	"\"group\":\"\\ud800\"",
};

START_TEST(reads_what_is_json_only)
{
	struct ecs_task t;

	ck_assert_int_eq(read_with(&t, no_json[_i], NULL), ERR_FORMAT);
}
END_TEST

static const char *const kinds[] = { "null", "7", "\"task\"", "[]", "{}",
	"{\"taskArn\":\"t\",\"clusterArn\":\"c\",\"taskDefinitionArn\":\"d\","
	"\"lastStatus\":\"RUNNING\"}",
	"{\"taskArn\":\"t\",\"clusterArn\":null,\"taskDefinitionArn\":\"d\","
	"\"lastStatus\":\"RUNNING\",\"desiredStatus\":\"RUNNING\"}" };

START_TEST(refuses_what_is_no_task)
{
	struct ecs_task t;
	struct json json;

	ck_assert_int_eq(json_open(&json, str_of(kinds[_i]), NULL), ERR_OK);
	ck_assert_int_eq(
	    ecs_task_read(&t, &arena, json, NULL), ERR_UPSTREAM);
}
END_TEST

static void
add_many(struct buf *b, const char *name, const char *element, size_t n)
{
	buf_addf(b, "\"%s\":[", name);
	while (n-- > 0)
		buf_addf(b, "%s%s", element, n > 0 ? "," : "");
	buf_add_char(b, ']');
	ck_assert_int_eq(buf_check(b, NULL), ERR_OK);
}

static const struct {
	const char *name, *element, *says;
	size_t max;
} lists[] = {
	{ "containers", "{\"name\":\"a\"}", "too many containers",
	    ECS_CONTAINERS_MAX },
	{ "tags", "{\"key\":\"a\",\"value\":\"b\"}", "too many tags",
	    ECS_TAGS_MAX },
};

START_TEST(bounds_a_list)
{
	struct buf members;
	struct ecs_task t;
	struct err err = { 0 };

	buf_init(&members, 64 * 1024);
	add_many(&members, lists[_i].name, lists[_i].element, lists[_i].max);
	ck_assert_int_eq(read_with(&t, buf_text(&members), NULL), ERR_OK);
	ck_assert_uint_eq(
	    t.container_count + t.tag_count, lists[_i].max);
	buf_clear(&members);
	buf_clear(&text);
	add_many(
	    &members, lists[_i].name, lists[_i].element, lists[_i].max + 1);
	ck_assert_int_eq(
	    read_with(&t, buf_text(&members), &err), ERR_UPSTREAM);
	ck_assert_msg(strstr(err.msg, lists[_i].says) != NULL, "%s", err.msg);
	buf_release(&members);
}
END_TEST

START_TEST(bounds_a_task)
{
	static char filler[ECS_TASK_MAX];
	struct buf members;
	struct ecs_task t;
	struct err err = { 0 };
	size_t n = sizeof(filler) - sizeof("{" REQUIRED ",\"x\":\"\"}") + 1;

	memset(filler, 'x', sizeof(filler));
	buf_init(&members, sizeof(filler) + 64);
	buf_add_text(&members, "\"x\":\"");
	buf_add(&members, (struct str){ filler, n });
	buf_add_text(&members, "\"");
	ck_assert_int_eq(read_with(&t, buf_text(&members), NULL), ERR_OK);
	ck_assert_uint_eq(text.n, ECS_TASK_MAX);
	buf_clear(&text);
	buf_add_text(&members, " ");
	ck_assert_int_eq(
	    read_with(&t, buf_text(&members), &err), ERR_UPSTREAM);
	ck_assert_msg(strstr(err.msg, "too long") != NULL, "%s", err.msg);
	buf_release(&members);
}
END_TEST

/*
 * Definitions
 */

START_TEST(reads_a_definition)
{
	struct ecs_definition d;
	struct err err = { 0 };
	int r;

	read_data("describe-task-definition.json");
	r = ecs_definition_read(&d, &arena, buf_str(&text), &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(d.arn, DEFINITION);
	ck_str(d.family, "night-sum");
	ck_str(d.revision, "12");
	ck_str(d.task_role_arn, "arn:aws:iam::021436587009:role/jobs/night-sum");
	ck_str(d.pid_mode, "task");
}
END_TEST

START_TEST(reads_the_least_of_a_definition)
{
	struct ecs_definition d;

	ck_assert_int_eq(
	    ecs_definition_read(&d, &arena,
		STR("{\"taskDefinition\":{\"taskDefinitionArn\":\"d\","
		    "\"taskRoleArn\":null},\"tags\":7}"),
		NULL),
	    ERR_OK);
	ck_str(d.arn, "d");
	ck_assert_uint_eq(d.task_role_arn.n, 0);
	ck_assert_uint_eq(d.revision.n, 0);
	ck_assert_uint_eq(d.family.n, 0);
}
END_TEST

#define DEFINITION_WITH(members) \
	"{\"taskDefinition\":{\"taskDefinitionArn\":\"d\"," members "}}"

static const char *const no_definitions[] = {
	"",
	"null",
	"{}",
	"[{\"taskDefinition\":{\"taskDefinitionArn\":\"d\"}}]",
	"{\"taskDefinition\":null}",
	"{\"taskDefinition\":[]}",
	"{\"taskDefinition\":{}}",
	"{\"taskDefinition\":{\"taskDefinitionArn\":7}}",
	"{\"taskDefinition\":{\"taskDefinitionArn\":\"d\"}} x",
	"{\"taskDefinition\":{\"taskDefinitionArn\":\"d\"}",
	"{\"TaskDefinition\":{\"taskDefinitionArn\":\"d\"}}",
	"{\"taskDefinition\":{\"taskDefinitionArn\":\"d\"},"
	"\"taskDefinition\":{\"taskDefinitionArn\":\"e\"}}",
	DEFINITION_WITH("\"taskDefinitionArn\":\"e\""),
	DEFINITION_WITH("\"taskRoleArn\":\"hush\",\"taskRoleArn\":\"b\""),
	DEFINITION_WITH("\"TaskRoleArn\":\"hush\""),
	DEFINITION_WITH("\"taskRoleArn\":[\"hush\"]"),
	DEFINITION_WITH("\"taskRoleArn\":7"),
	DEFINITION_WITH("\"family\":7"),
	DEFINITION_WITH("\"revision\":\"12\""),
	DEFINITION_WITH("\"revision\":-1"),
	DEFINITION_WITH("\"revision\":1.0"),
	DEFINITION_WITH("\"revision\":1e1"),
	DEFINITION_WITH("\"revision\":99999999999999999999"),
	DEFINITION_WITH("\"pidMode\":true"),
};

START_TEST(refuses_a_definition)
{
	struct ecs_definition d = { .family = STR("untouched") };
	struct err err = { 0 };

	ck_assert_int_eq(ecs_definition_read(
			     &d, &arena, str_of(no_definitions[_i]), &err),
	    ERR_UPSTREAM);
	ck_assert_int_eq(err.code, ERR_UPSTREAM);
	ck_assert(str_starts(str_of(err.msg), "DescribeTaskDefinition: "));
	ck_assert_ptr_null(strstr(err.msg, "hush"));
	ck_str(d.family, "untouched");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ecs");
	TCase *tc = tcase_create("ecs");

	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, asks_for_tasks);
	tcase_add_test(tc, asks_for_a_full_batch);
	tcase_add_test(tc, asks_for_a_definition);
	tcase_add_test(tc, says_when_a_request_does_not_fit);
	tcase_add_test(tc, reads_a_task_that_runs);
	tcase_add_test(tc, reads_lists_of_a_task);
	tcase_add_test(tc, reads_a_task_that_does_not_run_yet);
	tcase_add_test(tc, reads_the_least_of_a_task);
	ck_table(tc, reads_a_time, created);
	ck_table(tc, notices_an_end, ended);
	tcase_add_test(tc, takes_null_for_absent);
	ck_table(tc, tells_overrides_from_names, overrides);
	ck_table(tc, counts_interfaces_that_are_attached, interfaces);
	tcase_add_test(tc, knows_an_attachment_by_its_text);
	tcase_add_test(tc, keeps_as_many_addresses_as_fit);
	ck_table(tc, refuses_a_task, refused);
	ck_table(tc, reads_what_is_json_only, no_json);
	ck_table(tc, refuses_what_is_no_task, kinds);
	ck_table(tc, bounds_a_list, lists);
	tcase_add_test(tc, bounds_a_task);
	tcase_add_test(tc, reads_a_definition);
	tcase_add_test(tc, reads_the_least_of_a_definition);
	ck_table(tc, refuses_a_definition, no_definitions);
	return run_suite(s);
}
