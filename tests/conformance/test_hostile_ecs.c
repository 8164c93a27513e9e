/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ECS says of a task, odd or hostile, numbers 46 to 59 of the file
 * HOSTILE; the mock's answer is edited on its way.
 */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include "conformance/proof.h"

#define CLUSTER "arn:aws:ecs:us-east-1:" ACCOUNT ":cluster/my-cluster"
#define DEFINITION \
	"arn:aws:ecs:us-east-1:" ACCOUNT ":task-definition/web:7"
#define Q(text) "\"" text "\""

/* The least that a task is. */
#define TASK(arn)                                                     \
	"{\"taskArn\":" arn ",\"clusterArn\":" Q(CLUSTER)             \
	",\"taskDefinitionArn\":" Q(DEFINITION)                       \
	",\"lastStatus\":\"RUNNING\",\"desiredStatus\":\"RUNNING\","  \
	"\"launchType\":\"FARGATE\",\"createdAt\":1.7e9}"

static struct lab *lab;
static struct task_keys keys;

static void
set_up(void)
{
	lab = lab_plain();
	lab_task(lab, "honest", &keys);
}

static void
tear_down(void)
{
	lab_close(lab);
}

/* What a row changes of the mock's answer. */
struct row {
	const char *why;
	struct wire_edit edits[4];
	grpc_status_code code;
	const char *says;
};

static void
edit(const char *operation, const struct wire_edit *edits)
{
	wire_be_honest(lab->wire);
	wire_add(lab->wire,
	    &(struct wire_rule){ .operation = operation, .edits = edits });
}

static void
has_outcome(const char *why, grpc_status_code code, const char *says)
{
	struct proof *p = need_alloc(sizeof(*p));

	prove(p, lab, &keys);
	proof_end(p);
	if (code == GRPC_STATUS_OK)
		is_granted(p, why, HONEST_ID);
	else
		is_refused(p, why, code, says == NULL ? "" : says);
	free(p);
}

/* Caches go with each configuration. */
static void
try_rows(const char *operation, const struct row *rows, size_t n,
    const char *config)
{
	size_t i;

	for (i = 0; i < n; i++) {
		lab_configure(lab, config);
		edit(operation, rows[i].edits);
		has_outcome(rows[i].why, rows[i].code, rows[i].says);
	}
	lab_configure(lab, "");
}

#define TRY(operation, rows, config) \
	try_rows(operation, rows, COUNT_OF(rows), config)

#define PD GRPC_STATUS_PERMISSION_DENIED
#define UN GRPC_STATUS_UNAVAILABLE
#define OK GRPC_STATUS_OK

#define OTHER_ARN "arn:aws:ecs:us-east-1:" ACCOUNT ":task/my-cluster/" OTHER_ID
#define ALIEN_ARN \
	"arn:aws:ecs:us-east-1:" OTHER_ACCOUNT ":task/my-cluster/" TASK_ID

/* A task that is missing may be too young: asked for until time is up. */
START_TEST(e46_not_the_task)
{
	static const struct row rows[] = {
		{ "the least", { { "/tasks", "[" TASK(Q(TASK_ARN)) "]" } }, OK,
		    NULL },
		{ "none", { { "/tasks", "[]" } }, PD,
		    "does not know the task" },
		{ "MISSING",
		    { { "/tasks", "[]" },
			{ "/failures",
			    "[{\"arn\":" Q(
				TASK_ARN) ",\"reason\":\"MISSING\"}]" } },
		    PD, "does not know the task" },
		{ "twice",
		    { { "/tasks",
			"[" TASK(Q(TASK_ARN)) "," TASK(Q(TASK_ARN)) "]" } },
		    PD, "another task" },
		{ "with another",
		    { { "/tasks",
			"[" TASK(Q(TASK_ARN)) "," TASK(Q(OTHER_ARN)) "]" } },
		    PD, "another task" },
		{ "another", { { "/tasks/0/taskArn", Q(OTHER_ARN) } }, PD,
		    "another task" },
		{ "of another account",
		    { { "/tasks/0/taskArn", Q(ALIEN_ARN) } }, PD,
		    "another task" },
		{ "of another cluster",
		    { { "/tasks/0/clusterArn",
			Q("arn:aws:ecs:us-east-1:" ACCOUNT ":cluster/next") } },
		    PD, "another task or cluster" },
		{ "of a like cluster elsewhere",
		    { { "/tasks/0/clusterArn",
			Q("arn:aws:ecs:eu-west-1:" ACCOUNT
			  ":cluster/my-cluster") } },
		    PD, "another task or cluster" },
		{ "of a cluster without ARN",
		    { { "/tasks/0/clusterArn", Q("my-cluster") } }, PD,
		    "another task or cluster" },
		{ "no ARN", { { "/tasks/0/taskArn", NULL } }, UN, NULL },
		{ "ARN as a list", { { "/tasks/0/taskArn", "[]" } }, UN, NULL },
		{ "ARN twice",
		    { { "/tasks/0/taskArn",
			Q(TASK_ARN) ",\"taskArn\":" Q(TASK_ARN) } },
		    UN, NULL },
		{ "no list", { { "/tasks", NULL } }, UN, NULL },
		{ "a list of texts", { { "/tasks", "[" Q(TASK_ARN) "]" } }, UN,
		    NULL },
	};

	TRY("DescribeTasks", rows, "timeout = \"2s\"");
}
END_TEST

/* As the mock's ECS says it: forgotten, then known again. */
START_TEST(e46_forgotten_task)
{
	lab_configure(lab, "timeout = \"1s\"");
	lab_post(lab, "/mock/tasks/honest", "{\"missing\":true}");
	has_outcome("missing", PD, "does not know the task");
	lab_post(lab, "/mock/tasks/honest", "{\"missing\":false}");
	lab_configure(lab, "");
	has_outcome("known again", OK, NULL);
}
END_TEST

/* Its credentials live on, the task does not. */
START_TEST(e47_stopped_task)
{
	static const char *const states[] = { "\"status\":\"STOPPING\"",
		"\"desired_status\":\"STOPPED\"", "\"status\":\"DELETED\"" };
	struct task_keys other;
	size_t i;

	lab_task(lab, "other", &other);
	must_prove(lab, &other, NULL);
	for (i = 0; i < COUNT_OF(states); i++) {
		lab_post(lab, "/mock/tasks/other", print("{%s}", states[i]));
		must_fail_to_prove(lab, &other, states[i], PD, "does not run");
	}
	lab_post(lab, "/mock/tasks/other/stop", "");
	must_fail_to_prove(lab, &other, "stopped", PD, "does not run");
	must_prove(lab, &keys, HONEST_ID);
}
END_TEST

START_TEST(e47_ended)
{
	static const char *const statuses[] = { "STOPPED", "STOPPING",
		"DEACTIVATING", "DEPROVISIONING", "DELETED", "FOO", "",
		"running", "RUNNING " };
	static const struct row rows[] = {
		{ "is to stop", { { "/tasks/0/desiredStatus", Q("STOPPED") } },
		    PD, "does not run" },
		{ "may do anything", { { "/tasks/0/desiredStatus", Q("") } },
		    PD, "does not run" },
		{ "no status", { { "/tasks/0/lastStatus", NULL } }, UN, NULL },
		{ "a number", { { "/tasks/0/lastStatus", "7" } }, UN, NULL },
		{ "two statuses",
		    { { "/tasks/0/lastStatus",
			Q("STOPPED") ",\"lastStatus\":\"RUNNING\"" } },
		    UN, NULL },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(statuses); i++) {
		const struct wire_edit edits[] = {
			{ "/tasks/0/lastStatus", print(Q("%s"), statuses[i]) },
			{ NULL, NULL },
		};

		edit("DescribeTasks", edits);
		has_outcome(statuses[i], PD, "does not run");
		wire_be_honest(lab->wire);
	}
	TRY("DescribeTasks", rows, "");
}
END_TEST

START_TEST(e48_starting)
{
	static const struct row rows[] = {
		{ "PENDING", { { "/tasks/0/lastStatus", Q("PENDING") } }, OK,
		    NULL },
		{ "ACTIVATING", { { "/tasks/0/lastStatus", Q("ACTIVATING") } },
		    OK, NULL },
		{ "PROVISIONING",
		    { { "/tasks/0/lastStatus", Q("PROVISIONING") } }, UN,
		    "PROVISIONING" },
	};

	TRY("DescribeTasks", rows, "");
}
END_TEST

START_TEST(e49_stopped_but_running)
{
	static const struct row rows[] = {
		{ "stoppedAt", { { "/tasks/0/stoppedAt", "1.7e9" } }, PD,
		    "does not run" },
		{ "stoppingAt", { { "/tasks/0/stoppingAt", "1.7e9" } }, PD,
		    "does not run" },
		{ "executionStoppedAt",
		    { { "/tasks/0/executionStoppedAt", "1.7e9" } }, PD,
		    "does not run" },
		{ "stopCode", { { "/tasks/0/stopCode", Q("UserInitiated") } },
		    PD, "does not run" },
	};

	TRY("DescribeTasks", rows, "");
}
END_TEST

START_TEST(e50_not_on_fargate)
{
	static const struct row rows[] = {
		{ "EC2", { { "/tasks/0/launchType", Q("EC2") } }, PD,
		    "Fargate" },
		{ "EXTERNAL", { { "/tasks/0/launchType", Q("EXTERNAL") } }, PD,
		    "Fargate" },
		{ "MANAGED_INSTANCES",
		    { { "/tasks/0/launchType", Q("MANAGED_INSTANCES") } }, PD,
		    "Fargate" },
		{ "another case", { { "/tasks/0/launchType", Q("Fargate") } },
		    PD, "Fargate" },
		{ "EC2 with a provider of Fargate",
		    { { "/tasks/0/launchType", Q("EC2") },
			{ "/tasks/0/capacityProviderName", Q("FARGATE") } },
		    PD, "Fargate" },
		{ "none", { { "/tasks/0/launchType", NULL } }, PD, "Fargate" },
		{ "a provider of one's own",
		    { { "/tasks/0/launchType", NULL },
			{ "/tasks/0/capacityProviderName", Q("FARGATE2") } },
		    PD, "Fargate" },
		{ "spot",
		    { { "/tasks/0/launchType", NULL },
			{ "/tasks/0/capacityProviderName",
			    Q("FARGATE_SPOT") } },
		    OK, NULL },
	};

	TRY("DescribeTasks", rows, "");
}
END_TEST

#define AT_ROLE     "/taskDefinition/taskRoleArn"
#define AT_OVERRIDE "/tasks/0/overrides/taskRoleArn"
#define ROLE_OF(account, name) Q("arn:aws:iam::" account ":role/" name)

/* By the task definition, which a task may override. */
START_TEST(e51_role_of_the_definition)
{
	static const struct row rows[] = {
		{ "as it is", { { AT_ROLE, ROLE_OF(ACCOUNT, "team/" ROLE) } },
		    OK, NULL },
		{ "short", { { AT_ROLE, Q(ROLE) } }, OK, NULL },
		{ "another path",
		    { { AT_ROLE, ROLE_OF(ACCOUNT, "a/b/" ROLE) } }, OK, NULL },
		{ "another", { { AT_ROLE, ROLE_OF(ACCOUNT, "other") } }, PD,
		    "role" },
		{ "another, short", { { AT_ROLE, Q("other") } }, PD, "role" },
		{ "longer", { { AT_ROLE, ROLE_OF(ACCOUNT, ROLE "/x") } }, PD,
		    "role" },
		{ "of another account",
		    { { AT_ROLE, ROLE_OF(OTHER_ACCOUNT, ROLE) } }, PD, "role" },
		{ "of another partition",
		    { { AT_ROLE,
			Q("arn:aws-cn:iam::" ACCOUNT ":role/" ROLE) } },
		    PD, "role" },
		{ "no role's ARN",
		    { { AT_ROLE, Q("arn:aws:iam::" ACCOUNT ":user/" ROLE) } },
		    PD, "role" },
		{ "none", { { AT_ROLE, NULL } }, PD, "no role" },
		{ "empty", { { AT_ROLE, Q("") } }, PD, "no role" },
		{ "a list", { { AT_ROLE, "[" Q(ROLE) "]" } }, UN, NULL },
	};

	TRY("DescribeTaskDefinition", rows, "");
}
END_TEST

START_TEST(e51_role_of_the_override)
{
	static const struct row rows[] = {
		{ "the same", { { AT_OVERRIDE, ROLE_OF(ACCOUNT, ROLE) } }, OK,
		    NULL },
		{ "another", { { AT_OVERRIDE, ROLE_OF(ACCOUNT, "other") } }, PD,
		    "role" },
		{ "of another account",
		    { { AT_OVERRIDE, ROLE_OF(OTHER_ACCOUNT, ROLE) } }, PD,
		    "role" },
	};
	static const struct wire_edit same[] = {
		{ AT_OVERRIDE, ROLE_OF(ACCOUNT, ROLE) },
		{ NULL, NULL },
	};
	static const struct wire_edit differs[] = {
		{ AT_ROLE, ROLE_OF(ACCOUNT, "other") },
		{ NULL, NULL },
	};

	TRY("DescribeTasks", rows, "");
	edit("DescribeTaskDefinition", differs);
	wire_add(lab->wire,
	    &(struct wire_rule){ .operation = "DescribeTasks",
		.edits = same });
	has_outcome("the definition's differs", OK, NULL);
	wire_be_honest(lab->wire);
}
END_TEST

static void
definition_says(int status, const char *body)
{
	lab_configure(lab, "");
	wire_be_honest(lab->wire);
	wire_add(lab->wire,
	    &(struct wire_rule){ .operation = "DescribeTaskDefinition",
		.status = status,
		.type = "application/x-amz-json-1.1",
		.body = body });
}

START_TEST(e52_no_definition)
{
	static const struct row rows[] = {
		{ "another's",
		    { { "/taskDefinition/taskDefinitionArn",
			Q("arn:aws:ecs:us-east-1:" ACCOUNT
			  ":task-definition/web:8") } },
		    PD, "definition" },
		{ "none", { { "/taskDefinition", NULL } }, UN, NULL },
		{ "no ARN",
		    { { "/taskDefinition/taskDefinitionArn", NULL } }, UN,
		    NULL },
	};

	TRY("DescribeTaskDefinition", rows, "");
	definition_says(400, "{\"__type\":\"ClientException\",\"message\":"
			     "\"Unable to describe task definition.\"}");
	has_outcome("refused", PD, "definition");
	definition_says(400, "{\"__type\":\"ThrottlingException\"}");
	has_outcome("throttled", UN, NULL);
	definition_says(500, "");
	has_outcome("broken", UN, NULL);
	definition_says(200, "<html>");
	has_outcome("HTML", UN, NULL);
	lab_configure(lab, "");
}
END_TEST

static const char *
seconds_from_now(int64_t s)
{
	return print("%lld.5", (long long)time(NULL) + (long long)s);
}

/* What cannot be read is AWS's fault, what cannot be true is the task's. */
START_TEST(e53_times)
{
	static const struct row rows[] = {
		{ "none", { { "/tasks/0/createdAt", NULL } }, PD, "createdAt" },
		{ "text", { { "/tasks/0/createdAt", Q("1.7e9") } }, UN, NULL },
		{ "a date",
		    { { "/tasks/0/createdAt", Q("2026-01-15T10:00:00Z") } }, UN,
		    NULL },
		{ "NaN", { { "/tasks/0/createdAt", "NaN" } }, UN, NULL },
		{ "huge", { { "/tasks/0/createdAt", "1e400" } }, UN, NULL },
		{ "far", { { "/tasks/0/createdAt", "1e18" } }, UN, NULL },
		{ "negative", { { "/tasks/0/createdAt", "-1" } }, UN, NULL },
		{ "milliseconds", { { "/tasks/0/createdAt", "1700000000000" } },
		    UN, NULL },
		{ "started before",
		    { { "/tasks/0/createdAt", "1.7e9" },
			{ "/tasks/0/startedAt", "1.6e9" } },
		    PD, "startedAt" },
		{ "started, as text", { { "/tasks/0/startedAt", Q("0") } }, UN,
		    NULL },
		{ "stopped, as text", { { "/tasks/0/stoppedAt", Q("0") } }, UN,
		    NULL },
	};
	struct wire_edit edits[] = {
		{ "/tasks/0/createdAt", NULL },
		{ "/tasks/0/startedAt", NULL },
		{ NULL, NULL },
	};

	TRY("DescribeTasks", rows, "");
	edits[0].value = seconds_from_now(60);
	edit("DescribeTasks", edits);
	has_outcome("a minute ahead", OK, NULL);
	wire_be_honest(lab->wire);
	edits[0].value = seconds_from_now(3600);
	edit("DescribeTasks", edits);
	has_outcome("an hour ahead", PD, "createdAt");
	wire_be_honest(lab->wire);
}
END_TEST

#define IP_HEADER "x-forwarded-client-ip"

static void
calls_from(const char *a, const char *b, grpc_status_code code)
{
	const struct header headers[] = { { IP_HEADER, a }, { IP_HEADER, b } };
	struct proof *p = need_alloc(sizeof(*p));

	p->headers = headers;
	p->header_count = a == NULL ? 0 : b == NULL ? 1 : 2;
	prove(p, lab, &keys);
	if (code == OK) {
		is_granted(p, a, HONEST_ID);
		ck_assert_msg(has_line(p->out.selectors, "client_ip:verified"),
		    "%s", p->out.selectors);
	} else {
		is_refused(p, a == NULL ? "none" : a, code, "client_ip");
	}
	proof_end(p);
	free(p);
}

START_TEST(e54_client_ip)
{
	static const struct {
		const char *address;
		grpc_status_code code;
	} rows[] = {
		{ NULL, GRPC_STATUS_FAILED_PRECONDITION },
		{ "", GRPC_STATUS_FAILED_PRECONDITION },
		{ "10.0.0.5", OK },
		{ "::ffff:10.0.0.5", OK },
		{ "::ffff:a00:5", OK },
		{ "10.0.0.5, 10.0.0.6", PD },
		{ "10.0.0.5,10.0.0.5", PD },
		{ "10.0.0.6", PD },
		{ "10.0.0.55", PD },
		{ "010.0.0.5", PD },
		{ "10.5", PD },
		{ "167772165", PD },
		{ "0x0a.0.0.5", PD },
		{ "10.0.0.5:443", PD },
		{ "[::ffff:10.0.0.5]", PD },
		{ "::10.0.0.5", PD },
		{ "fe80::1%eth0", PD },
		{ "::ffff:10.0.0.5%eth0", PD },
		{ "10.0.0.5/32", PD },
		{ "localhost", PD },
		{ "192.0.2.1", PD },
	};
	size_t i;

	lab_configure(lab, "client_ip = \"required\"");
	for (i = 0; i < COUNT_OF(rows); i++)
		calls_from(rows[i].address, NULL, rows[i].code);
	calls_from("10.0.0.5", "10.0.0.6", PD);
	calls_from("10.0.0.5", "10.0.0.5", PD);
	lab_configure(lab, "");
	has_outcome("not required", OK, NULL);
}
END_TEST

START_TEST(e55_no_interface)
{
	static const char *const statuses[] = { "DETACHED", "FAILED",
		"DETACHING", "PRECREATED", "DELETED", "attached", "" };
	struct wire_edit edits[] = {
		{ "/tasks/0/attachments/0/status", NULL },
		{ NULL, NULL },
	};
	static const struct wire_edit none[] = {
		{ "/tasks/0/attachments", "[]" },
		{ NULL, NULL },
	};
	static const struct wire_edit another[] = {
		{ "/tasks/0/attachments/0/type", Q("Service Connect") },
		{ NULL, NULL },
	};
	size_t i;

	lab_configure(lab, "client_ip = \"required\"");
	for (i = 0; i < COUNT_OF(statuses); i++) {
		edits[0].value = print(Q("%s"), statuses[i]);
		edit("DescribeTasks", edits);
		calls_from("10.0.0.5", NULL, PD);
		wire_be_honest(lab->wire);
	}
	edit("DescribeTasks", none);
	calls_from("10.0.0.5", NULL, PD);
	edit("DescribeTasks", another);
	calls_from("10.0.0.5", NULL, PD);
	lab_configure(lab, "");
	edit("DescribeTasks", none);
	has_outcome("not required", OK, NULL);
	wire_be_honest(lab->wire);
}
END_TEST

/* There is no policy for overrides: they are told by a selector. */
START_TEST(e56_exec_and_overrides)
{
	static const struct row denied[] = {
		{ "enabled", { { "/tasks/0/enableExecuteCommand", "true" } },
		    PD, "ECS Exec" },
		{ "disabled", { { "/tasks/0/enableExecuteCommand", "false" } },
		    OK, NULL },
		{ "text", { { "/tasks/0/enableExecuteCommand", Q("false") } },
		    UN, NULL },
	};
	static const struct wire_edit edits[] = {
		{ "/tasks/0/enableExecuteCommand", "true" },
		{ "/tasks/0/overrides/containerOverrides",
		    "[{\"name\":\"app\",\"command\":[\"sh\"]}]" },
		{ NULL, NULL },
	};
	struct proof *p = need_alloc(sizeof(*p));

	TRY("DescribeTasks", denied, "exec_policy = \"deny\"");
	edit("DescribeTasks", edits);
	prove(p, lab, &keys);
	is_granted(p, "allowed", HONEST_ID);
	ck_assert(has_line(p->out.selectors, "exec:enabled"));
	ck_assert(has_line(p->out.selectors, "overrides:present"));
	ck_assert(!has_line(p->out.selectors, "overrides:none"));
	proof_end(p);
	wire_be_honest(lab->wire);
	free(p);
}
END_TEST

static void
tags_are(struct proof *p, const char *tags)
{
	const struct wire_edit edits[] = {
		{ "/tasks/0/tags", tags },
		{ NULL, NULL },
	};
	const char *line, *end;

	edit("DescribeTasks", edits);
	prove(p, lab, &keys);
	wire_be_honest(lab->wire);
	is_granted(p, tags, HONEST_ID);
	proof_end(p);
	for (line = p->out.selectors; *line != '\0'; line = end + 1) {
		end = line + strcspn(line, "\n");
		ck_assert_msg(end - line <= 255 && strchr(line, ':') < end,
		    "%.300s", line);
	}
	ck_assert(!has_line(p->out.selectors, "cluster:forged"));
	ck_assert_int_le((int)p->out.selector_count, 200);
}

static const char *
many_tags(size_t count, size_t length)
{
	const char *out = "[";
	size_t i;

	for (i = 0; i < count; i++)
		out = print("%s%s{\"key\":\"k%zu\",\"value\":\"%s\"}", out,
		    i == 0 ? "" : ",", i, run_of('v', length));
	return print("%s]", out);
}

START_TEST(e57_tags)
{
	struct proof *p = need_alloc(sizeof(*p));
	const char *all;

	tags_are(p, "[{\"key\":\"a:b\",\"value\":\"c:d\"},"
		    "{\"key\":\"%3A\",\"value\":\"e\"},"
		    "{\"key\":\"line\",\"value\":\"x\\ncluster:forged\"},"
		    "{\"key\":\"n\\nm\",\"value\":\"x\"},"
		    "{\"key\":\"nul\",\"value\":\"x\\u0000y\"},"
		    "{\"key\":\"umlaut\",\"value\":\"\\u00fc\"}]");
	all = p->out.selectors;
	ck_assert_msg(has_line(all, "tag:a%3Ab:c:d"), "%s", all);
	ck_assert_msg(has_line(all, "tag:%253A:e"), "%s", all);
	ck_assert_msg(has_line(all, "tag:umlaut:\xc3\xbc"), "%s", all);
	ck_assert_msg(strstr(all, "tag:line") == NULL, "%s", all);
	ck_assert_msg(strstr(all, "tag:n") == NULL, "%s", all);

	tags_are(p, many_tags(50, 256));
	ck_assert(strstr(p->out.selectors, "tag:k") == NULL);
	host_wait_line(lab->host, "warn", "selectors left out", 5000);
	tags_are(p, many_tags(50, 200));
	ck_assert(strstr(p->out.selectors, "tag:k49:") != NULL);

	lab_configure(lab, "tag_selectors = [\"Team\"]");
	tags_are(p, "[{\"key\":\"Team\",\"value\":\"a\"},"
		    "{\"key\":\"team\",\"value\":\"b\"},"
		    "{\"key\":\"Other\",\"value\":\"c\"}]");
	ck_assert(has_line(p->out.selectors, "tag:Team:a"));
	ck_assert(strstr(p->out.selectors, "tag:team") == NULL);
	ck_assert(strstr(p->out.selectors, "tag:Other") == NULL);
	lab_configure(lab, "");
	free(p);
}
END_TEST

/*
 * A batch
 */

enum { BATCH = 100, BAD_ARN = 0, MISSING = 1, CANCELLED = 2 };

#define GONE_KEY   "ASIAEXAMPLEEXAMPLE09"
#define GONE_TOKEN "tokenofatasklonggone0123456789"
#define GONE_ID    "ffffffffffffffffffffffffffffffff"

static const char batch_scenario[] =
    "cluster 'my-cluster' { }\n"
    "access_key '" SERVER_KEY "' {\n	secret = '" SERVER_SECRET "'\n}\n"
    "role '" ROLE "' { path = '/team/' }\n"
    "access_key '" GONE_KEY "' {\n	secret = '" SERVER_SECRET "'\n"
    "	token = '" GONE_TOKEN "'\n	role = '" ROLE "'\n"
    "	session = '" GONE_ID "'\n}\n"
    "task_definition 'web:7' {\n"
    "	task_role = 'team/" ROLE "'\n"
    "	container 'app' { image = 'example/app:1.0' }\n}\n"
    "task 'honest' { id = '" TASK_ID "' }\n"
    "task 'load' { count = 100 }\n";

static bool
is_held(void *arg)
{
	return wire_held(lab->wire) >= *(size_t *)arg;
}

static void
wait_held(size_t n)
{
	ck_assert_msg(client_until(lab->host->client, is_held, &n,
			  patience(20000)),
	    "not %zu but %zu are held", n, wire_held(lab->wire));
}

static void
ends_as_its_own(struct proof *p, const struct task_keys *k, size_t i)
{
	const char *id = strrchr(k->arn, '/');

	proof_outcome(p);
	if (i == MISSING)
		is_refused(p, "missing", PD, "does not know the task");
	else
		is_granted(p, k->arn,
		    print("spiffe://example.org/spire/agent/aws_fargate_task/"
			  ACCOUNT "/us-east-1/my-cluster%s",
			id));
	proof_end(p);
}

/* Its credentials are still good, but ECS knows it no more. */
static void
be_gone(struct task_keys *k)
{
	snprintf(k->arn, sizeof(k->arn),
	    "arn:aws:ecs:us-east-1:" ACCOUNT ":task/my-cluster/" GONE_ID);
	snprintf(k->access_key_id, sizeof(k->access_key_id), GONE_KEY);
	snprintf(k->secret, sizeof(k->secret), SERVER_SECRET);
	snprintf(k->token, sizeof(k->token), GONE_TOKEN);
}

/*
 * All of them prove themselves at once, while ECS is held up: what it says
 * then reaches each its own.
 */
static void
prove_at_once(struct proof *ps, struct task_keys *ks)
{
	size_t i;

	for (i = 0; i < BATCH; i++)
		proof_start(&ps[i], lab, &ks[i],
		    i == BAD_ARN ? claim_of("arn:aws:ecs:x") : NULL);
	is_refused(&ps[BAD_ARN], "bad ARN", GRPC_STATUS_INVALID_ARGUMENT, "");
	proof_end(&ps[BAD_ARN]);
	for (i = 1; i < BATCH; i++)
		proof_send(&ps[i], proof_response(&ps[i], NULL, NULL));
}

START_TEST(e59_batch)
{
	const struct lab_options o = { .scenario = batch_scenario,
		.config = "ecs_rate = 100" };
	struct task_keys *ks = need_alloc(BATCH * sizeof(*ks));
	struct proof *ps = need_alloc(BATCH * sizeof(*ps));
	size_t i;

	lab = lab_open(&o);
	for (i = 0; i < BATCH; i++)
		lab_task(lab, print("load-%zu", i + 1), &ks[i]);
	be_gone(&ks[MISSING]);
	wire_add(lab->wire,
	    &(struct wire_rule){ .operation = "DescribeTasks",
		.hold = true });
	prove_at_once(ps, ks);
	wait_held(1);
	call_cancel(ps[CANCELLED].call);
	proof_end(&ps[CANCELLED]);
	wire_let_go(lab->wire);
	for (i = 1; i < BATCH; i++)
		if (i != CANCELLED)
			ends_as_its_own(&ps[i], &ks[i], i);
	ck_assert_msg(wire_count(lab->wire, "DescribeTasks") <= 20,
	    "%zu calls for %d tasks",
	    wire_count(lab->wire, "DescribeTasks"), BATCH);
	lab_close(lab);
	free(ps);
	free(ks);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostile ECS");
	TCase *tc = new_case(s, "ecs", 120);
	TCase *batch = new_case(s, "batch", 120);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, e46_not_the_task);
	tcase_add_test(tc, e46_forgotten_task);
	tcase_add_test(tc, e47_stopped_task);
	tcase_add_test(tc, e47_ended);
	tcase_add_test(tc, e48_starting);
	tcase_add_test(tc, e49_stopped_but_running);
	tcase_add_test(tc, e50_not_on_fargate);
	tcase_add_test(tc, e51_role_of_the_definition);
	tcase_add_test(tc, e51_role_of_the_override);
	tcase_add_test(tc, e52_no_definition);
	tcase_add_test(tc, e53_times);
	tcase_add_test(tc, e54_client_ip);
	tcase_add_test(tc, e55_no_interface);
	tcase_add_test(tc, e56_exec_and_overrides);
	tcase_add_test(tc, e57_tags);
	tcase_add_test(batch, e59_batch);
	return run_tests(s);
}
