/* SPDX-License-Identifier: Apache-2.0 */
#include "asking.h"

#include <json-c/json.h>

#include "mock/ecs.h"

#define SECRET(n) "not/a/secret/only/for/the/fargate/mock0" n
#define WEB_ID    "4f8e7d6c5b4a39281706f5e4d3c2b1a0"
#define PREFIX    "arn:aws:ecs:eu-west-1:111122223333:"
#define WEB_ARN   PREFIX "task/payments-prod/" WEB_ID
#define CLUSTER   "\"cluster\":\"payments-prod\""

static struct asker k;

static const struct signer user = { .service = "ecs",
	.region = "eu-west-1",
	.key_id = "AKIAEXAMPLEEXAMPLE01",
	.secret = SECRET("1") };
static const struct signer foreigner = { .service = "ecs",
	.region = "eu-west-1",
	.key_id = "ASIAEXAMPLEEXAMPLE02",
	.secret = SECRET("2"),
	.token = "token+of/a=session" };

static void
setup(void)
{
	asker_init(&k, FULL);
}

static void
teardown(void)
{
	asker_release(&k);
}

static const char *
call(const struct signer *by, const char *action, const char *body)
{
	char target[128];

	snprintf(target, sizeof(target), ECS_TARGET "%s", action);
	asker_header(&k, "X-Amz-Target", target);
	asker_header(&k, "Content-Type", ECS_JSON);
	return ask_signed(&k, by, body);
}

/* An answer, to be looked at by path and put. */
static struct json_object *
doc_of(const char *body)
{
	struct json_object *o;

	ck_assert_msg(k.a.status == 200, "%s", body);
	ck_assert_str_eq(k.a.type, ECS_JSON);
	ck_assert_str_eq(k.a.headers[0].name, "x-amzn-RequestId");
	o = json_tokener_parse(body);
	ck_assert_msg(o != NULL, "%s", body);
	return o;
}

/* "tasks/0/group" */
static struct json_object *
at(struct json_object *o, const char *path)
{
	struct str rest = str_of(path), part;
	char name[64];
	uint64_t n;

	while (rest.n > 0) {
		part = str_cut(&rest, rest, '/');
		snprintf(name, sizeof(name), "%.*s", STR_FMT(part));
		if (json_object_is_type(o, json_type_array)) {
			ck_assert(str_to_u64(&n, part));
			o = json_object_array_get_idx(o, (size_t)n);
		} else if (!json_object_object_get_ex(o, name, &o)) {
			return NULL;
		}
	}
	return o;
}

static void
ck_at(struct json_object *o, const char *path, const char *want)
{
	struct json_object *v = at(o, path);
	const char *got = v == NULL ? "nothing" : json_object_get_string(v);

	ck_assert_msg(
	    strcmp(got, want) == 0, "%s: got %s, want %s", path, got, want);
}

static struct json_object *
describe(const struct signer *by, const char *body)
{
	return doc_of(call(by, "DescribeTasks", body));
}

START_TEST(tells_all_of_a_task)
{
	struct json_object *o = describe(&user,
	    "{" CLUSTER ",\"tasks\":[\"" WEB_ARN "\"],\"include\":[\"TAGS\"]}");

	ck_at(o, "failures", "[ ]");
	ck_at(o, "tasks/0/attachments/0/type", "ElasticNetworkInterface");
	ck_at(o, "tasks/0/attachments/0/status", "ATTACHED");
	ck_at(o, "tasks/0/attachments/0/details/0/value",
	    "subnet-0a1b2c3d4e5f60718");
	ck_at(o, "tasks/0/attachments/0/details/2/value", "0a:58:0a:14:03:4d");
	ck_at(o, "tasks/0/attachments/0/details/3/value",
	    "ip-10-20-3-77.eu-west-1.compute.internal");
	ck_at(o, "tasks/0/attachments/0/details/4/name", "privateIPv4Address");
	ck_at(o, "tasks/0/attachments/0/details/4/value", "10.20.3.77");
	ck_at(o, "tasks/0/attachments/0/details/5/value", "2001:db8::77");
	ck_at(o, "tasks/0/availabilityZone", "eu-west-1b");
	ck_at(o, "tasks/0/capacityProviderName", "FARGATE_SPOT");
	ck_at(o, "tasks/0/clusterArn", PREFIX "cluster/payments-prod");
	ck_at(o, "tasks/0/containers/0/name", "spire-agent");
	ck_at(o, "tasks/0/containers/0/runtimeId", WEB_ID "-1829094452");
	ck_at(o, "tasks/0/containers/0/cpu", "64");
	ck_at(o, "tasks/0/containers/0/memory", "256");
	ck_at(o, "tasks/0/containers/0/networkInterfaces/0/privateIpv4Address",
	    "10.20.3.77");
	ck_at(o, "tasks/0/containers/0/networkInterfaces/0/ipv6Address",
	    "2001:db8::77");
	ck_at(o, "tasks/0/containers/0/managedAgents/0/name",
	    "ExecuteCommandAgent");
	ck_assert_ptr_eq(at(o, "tasks/0/containers/1/imageDigest"), NULL);
	ck_assert_ptr_eq(at(o, "tasks/0/containers/1/memory"), NULL);
	ck_at(o, "tasks/0/cpu", "512");
	ck_at(o, "tasks/0/memory", "1024");
	ck_at(o, "tasks/0/desiredStatus", "RUNNING");
	ck_at(o, "tasks/0/lastStatus", "RUNNING");
	ck_at(o, "tasks/0/enableExecuteCommand", "true");
	ck_at(o, "tasks/0/group", "service:checkout-svc");
	ck_at(o, "tasks/0/launchType", "FARGATE");
	ck_at(o, "tasks/0/overrides/containerOverrides/1/command/2", "id");
	ck_assert_ptr_eq(at(o, "tasks/0/overrides/taskRoleArn"), NULL);
	ck_at(o, "tasks/0/platformVersion", "1.4.0");
	ck_at(o, "tasks/0/platformFamily", "Linux");
	ck_at(o, "tasks/0/createdAt", "1768472301.903");
	ck_at(o, "tasks/0/startedAt", "1768472345.61");
	ck_at(o, "tasks/0/startedBy", "ecs-svc/1234567890123456789");
	ck_assert_ptr_eq(at(o, "tasks/0/stoppedAt"), NULL);
	ck_at(o, "tasks/0/tags/0/key", "Team");
	ck_at(o, "tasks/0/tags/1/value", "\" \\ ");
	ck_at(o, "tasks/0/taskArn", WEB_ARN);
	ck_at(o, "tasks/0/taskDefinitionArn",
	    PREFIX "task-definition/checkout:42");
	ck_assert_str_eq(k.a.operation, "DescribeTasks");
	json_object_put(o);
}
END_TEST

START_TEST(tells_of_a_task_that_starts)
{
	struct json_object *o;
	char body[256];

	snprintf(body, sizeof(body), "{" CLUSTER ",\"tasks\":[\"%.*s\"]}",
	    STR_FMT(scenario_task_find(k.m.scenario, STR("override"))->id));
	o = describe(&user, body);
	ck_at(o, "tasks/0/lastStatus", "PENDING");
	ck_at(o, "tasks/0/desiredStatus", "RUNNING");
	ck_at(o, "tasks/0/tags", "[ ]");
	ck_at(o, "tasks/0/overrides/taskRoleArn",
	    "arn:aws:iam::111122223333:role/services/checkout-task-override");
	ck_at(o, "tasks/0/group", "family:checkout");
	ck_assert_ptr_eq(at(o, "tasks/0/startedAt"), NULL);
	ck_assert_ptr_eq(at(o, "tasks/0/pullStoppedAt"), NULL);
	ck_assert_ptr_eq(at(o, "tasks/0/capacityProviderName"), NULL);
	ck_assert_ptr_eq(at(o, "tasks/0/containers/0/runtimeId"), NULL);
	ck_assert_ptr_eq(at(o, "tasks/0/containers/0/imageDigest"), NULL);
	ck_at(o, "tasks/0/containers/0/lastStatus", "PENDING");
	json_object_put(o);
}
END_TEST

#define ASK_WEB "{" CLUSTER ",\"tasks\":[\"" WEB_ID "\"]}"

START_TEST(tells_of_a_task_that_ends)
{
	struct scenario_task *t = &k.m.scenario->tasks[0];
	struct json_object *o;

	t->desired_status = STR("STOPPED");
	t->stopped_us = NOW_US;
	o = describe(&user, ASK_WEB);
	ck_at(o, "tasks/0/desiredStatus", "STOPPED");
	ck_at(o, "tasks/0/lastStatus", "RUNNING");
	ck_at(o, "tasks/0/stopCode", "UserInitiated");
	ck_assert_ptr_eq(at(o, "tasks/0/stoppedAt"), NULL);
	json_object_put(o);
	t->status = STR("STOPPED");
	o = describe(&user, ASK_WEB);
	ck_at(o, "tasks/0/lastStatus", "STOPPED");
	ck_at(o, "tasks/0/stoppedAt", "1768472430.0");
	ck_at(o, "tasks/0/stoppedReason", "Task stopped by user");
	ck_at(o, "tasks/0/attachments/0/status", "DELETED");
	ck_at(o, "tasks/0/containers/0/lastStatus", "STOPPED");
	ck_at(o, "tasks/0/containers/0/exitCode", "0");
	json_object_put(o);
	t->forgotten = true;
	o = describe(&user, ASK_WEB);
	ck_at(o, "tasks", "[ ]");
	ck_at(o, "failures/0/arn", WEB_ARN);
	ck_at(o, "failures/0/reason", "MISSING");
	json_object_put(o);
}
END_TEST

START_TEST(tells_of_an_interface_that_is_not_there_yet)
{
	struct scenario_task *t = &k.m.scenario->tasks[0];
	struct json_object *o;

	t->status = STR("PROVISIONING");
	o = describe(&user, ASK_WEB);
	ck_at(o, "tasks/0/attachments/0/status", "PRECREATED");
	ck_assert_ptr_eq(at(o, "tasks/0/attachments/0/details/1"), NULL);
	ck_at(o, "tasks/0/containers/0/networkInterfaces", "[ ]");
	ck_assert_ptr_eq(at(o, "tasks/0/pullStartedAt"), NULL);
	json_object_put(o);
}
END_TEST

START_TEST(tells_of_other_launch_types)
{
	struct scenario_task *t = &k.m.scenario->tasks[0];
	struct json_object *o;

	t->launch_type = STR("EC2");
	o = describe(&user, ASK_WEB);
	ck_at(o, "tasks/0/launchType", "EC2");
	ck_assert_ptr_nonnull(at(o, "tasks/0/containerInstanceArn"));
	ck_assert_ptr_eq(at(o, "tasks/0/ephemeralStorage"), NULL);
	json_object_put(o);
}
END_TEST

START_TEST(misses_what_is_not_in_the_cluster)
{
	struct json_object *o = describe(&user,
	    "{" CLUSTER ",\"tasks\":[\"" WEB_ID "\",\"web\","
	    "\"00000000000000000000000000000000\",\"" WEB_ARN "0\"]}");

	ck_assert_uint_eq(json_object_array_length(at(o, "tasks")), 1);
	ck_at(o, "failures/0/arn", PREFIX "task/payments-prod/web");
	ck_at(o, "failures/1/arn",
	    PREFIX "task/payments-prod/00000000000000000000000000000000");
	ck_at(o, "failures/2/arn", WEB_ARN "0");
	json_object_put(o);
}
END_TEST

/* The other account has a cluster of the same name. */
START_TEST(shows_each_account_its_own)
{
	struct json_object *o = describe(&foreigner, ASK_WEB);
	char body[256];

	ck_at(o, "failures/0/arn",
	    "arn:aws:ecs:eu-west-1:444455556666:task/payments-prod/" WEB_ID);
	json_object_put(o);
	snprintf(body, sizeof(body), "{" CLUSTER ",\"tasks\":[\"%.*s\"]}",
	    STR_FMT(scenario_task_find(k.m.scenario, STR("other"))->arn));
	o = describe(&foreigner, body);
	ck_at(o, "tasks/0/clusterArn",
	    "arn:aws:ecs:eu-west-1:444455556666:cluster/payments-prod");
	json_object_put(o);
	call(&user, "DescribeTasks", body);
	ck_assert_str_eq(k.a.code, "InvalidParameterException");
}
END_TEST

#define FOREIGN "arn:aws:ecs:eu-west-1:444455556666:cluster/payments-prod"
#define TD      PREFIX "task-definition/"

static const struct {
	const char *action, *body, *code;
} refused[] = {
	{ "DescribeTasks", "", "SerializationException" },
	{ "DescribeTasks", "[]", "SerializationException" },
	{ "DescribeTasks", "null", "SerializationException" },
	{ "DescribeTasks", "{}x", "SerializationException" },
	{ "DescribeTasks", "{'cluster':'a'}", "SerializationException" },
	{ "DescribeTasks", "{\"cluster\":1}", "SerializationException" },
	{ "DescribeTasks", "{" CLUSTER ",\"tasks\":\"x\"}",
	    "SerializationException" },
	{ "DescribeTasks", "{" CLUSTER ",\"tasks\":[1]}",
	    "SerializationException" },
	{ "DescribeTasks", "{" CLUSTER ",\"tasks\":[\"x\"],\"include\":1}",
	    "SerializationException" },
	{ "DescribeTasks",
	    "{" CLUSTER ",\"tasks\":[\"x\"],"
	    "\"include\":[\"tags\"]}",
	    "InvalidParameterException" },
	{ "DescribeTasks", "{" CLUSTER "}", "InvalidParameterException" },
	{ "DescribeTasks", "{" CLUSTER ",\"tasks\":[]}",
	    "InvalidParameterException" },
	{ "DescribeTasks", "{" CLUSTER ",\"tasks\":[\"a/b\"]}",
	    "InvalidParameterException" },
	{ "DescribeTasks", "{" CLUSTER ",\"tasks\":[\"\"]}",
	    "InvalidParameterException" },
	{ "DescribeTasks", "{" CLUSTER ",\"tasks\":[\"arn:aws\"]}",
	    "InvalidParameterException" },
	{ "DescribeTasks",
	    "{" CLUSTER ",\"tasks\":[\"" WEB_ID "\",\"" PREFIX
	    "task/other/" WEB_ID "\"]}",
	    "InvalidParameterException" },
	{ "DescribeTasks",
	    "{" CLUSTER ",\"tasks\":[\"" PREFIX "task/payments-prod\"]}",
	    "InvalidParameterException" },
	{ "DescribeTasks",
	    "{" CLUSTER ",\"tasks\":[\"" PREFIX "task/" WEB_ID "\"]}",
	    "InvalidParameterException" },
	{ "DescribeTasks", "{\"tasks\":[\"x\"]}", "ClusterNotFoundException" },
	{ "DescribeTasks", "{\"cluster\":\"Payments-prod\"}",
	    "ClusterNotFoundException" },
	{ "DescribeTasks", "{\"cluster\":\"" FOREIGN "\"}",
	    "ClusterNotFoundException" },
	{ "DescribeTaskDefinition", "{}", "InvalidParameterException" },
	{ "DescribeTaskDefinition", "{\"taskDefinition\":\"checkout:1\"}",
	    "ClientException" },
	{ "DescribeTaskDefinition",
	    "{\"taskDefinition\":\"arn:aws:ecs:"
	    "eu-west-2:111122223333:task-definition/checkout:42\"}",
	    "ClientException" },
	{ "ListTasks", "{}", "ClusterNotFoundException" },
	{ "ListTasks", "{" CLUSTER ",\"serviceName\":\"nope\"}",
	    "ServiceNotFoundException" },
	{ "ListTasks", "{" CLUSTER ",\"desiredStatus\":\"GONE\"}",
	    "InvalidParameterException" },
	{ "ListTasks", "{" CLUSTER ",\"maxResults\":0}",
	    "InvalidParameterException" },
	{ "ListTasks", "{" CLUSTER ",\"maxResults\":101}",
	    "InvalidParameterException" },
	{ "ListTasks", "{" CLUSTER ",\"maxResults\":\"1\"}",
	    "SerializationException" },
	{ "ListTasks", "{" CLUSTER ",\"nextToken\":\"page-x\"}",
	    "InvalidParameterException" },
	{ "ListTasks", "{" CLUSTER ",\"nextToken\":\"page-9\"}",
	    "InvalidParameterException" },
	{ "RunTask", "{}", "UnknownOperationException" },
	{ "", "{}", "UnknownOperationException" },
};

START_TEST(refuses)
{
	const char *body = call(&user, refused[_i].action, refused[_i].body);
	char start[128];

	ck_assert_msg(k.a.status == 400, "%s: %s", refused[_i].body, body);
	ck_assert_msg(strcmp(k.a.code, refused[_i].code) == 0, "%s: %s",
	    refused[_i].body, body);
	snprintf(start, sizeof(start), "{\"__type\":\"%s\",\"message\":\"",
	    refused[_i].code);
	ck_assert_msg(str_starts(str_of(body), start), "%s", body);
	ck_assert_str_eq(k.a.type, ECS_JSON);
	ck_assert_str_eq(k.a.headers[1].name, "x-amzn-ErrorType");
	ck_assert_str_eq(k.a.headers[1].value, refused[_i].code);
}
END_TEST

START_TEST(refuses_more_than_100)
{
	struct buf b;

	buf_init(&b, 100 * 1000);
	buf_add_text(&b, "{" CLUSTER ",\"tasks\":[\"x\"");
	for (int i = 0; i < ECS_TASKS_MAX; i++)
		buf_add_text(&b, ",\"x\"");
	buf_add_text(&b, "]}");
	call(&user, "DescribeTasks", buf_text(&b));
	ck_assert_str_eq(k.a.code, "InvalidParameterException");
	buf_release(&b);
}
END_TEST

static void
drop_authorization(struct sigv4_request *req)
{
	req->header_count--;
}

static void
change_body(struct sigv4_request *req)
{
	req->body = STR("{}");
}

static void
cut_authorization(struct sigv4_request *req)
{
	req->headers[req->header_count - 1].value.n -= 1;
}

#define MINUTE_US ((int64_t)60 * 1000 * 1000)
#define BY_USER                                  \
	.service = "ecs", .region = "eu-west-1", \
	.key_id = "AKIAEXAMPLEEXAMPLE01", .secret = SECRET("1")

static const struct {
	struct signer by;
	const char *code, *says;
} unproven[] = {
	{ { BY_USER, .spoil = drop_authorization },
	    "MissingAuthenticationTokenException", "missing" },
	{ { BY_USER, .spoil = cut_authorization },
	    "IncompleteSignatureException", "Signature" },
	{ { BY_USER, .spoil = change_body }, "InvalidSignatureException",
	    "does not match" },
	{ { BY_USER, .at_us = NOW_US - 5 * MINUTE_US - 1000 * 1000 },
	    "InvalidSignatureException", "- 5 min.)" },
	{ { BY_USER, .at_us = NOW_US + 5 * MINUTE_US + 1000 * 1000 },
	    "InvalidSignatureException", "+ 5 min.)" },
	{ { BY_USER, .host = "ecs.us-east-1.amazonaws.com" },
	    "InvalidSignatureException", "valid region" },
	{ { "sts", "eu-west-1", "AKIAEXAMPLEEXAMPLE01", SECRET("1"), NULL, NULL,
	      0, 0, NULL },
	    "InvalidSignatureException", "correct service: 'ecs'" },
	{ { "ecs", "eu-west-1", "AKIAEXAMPLEEXAMPLE98", SECRET("1"), NULL, NULL,
	      0, 0, NULL },
	    "UnrecognizedClientException", "is invalid" },
	{ { "ecs", "eu-west-1", "ASIAEXAMPLEEXAMPLE03", SECRET("3"),
	      "token+of/an=old/session", NULL, 0, 0, NULL },
	    "ExpiredTokenException", "is expired" },
};

START_TEST(refuses_what_is_not_proven)
{
	const char *body = call(&unproven[_i].by, "DescribeTasks", ASK_WEB);

	ck_assert_msg(k.a.status == 400, "%s", body);
	ck_assert_msg(strcmp(k.a.code, unproven[_i].code) == 0, "%s", body);
	ck_has(body, unproven[_i].says);
}
END_TEST

START_TEST(refuses_what_is_denied)
{
	const struct session *s = NULL;
	struct signer by;

	ck_assert_int_eq(
	    sessions_assume(&s, k.m.sessions, &k.m.scenario->roles[2],
		STR("me"), NOW_US + MINUTE_US, NULL),
	    ERR_OK);
	by = signer_of(s, "ecs", "eu-west-1");
	ck_has(call(&by, "DescribeTasks", ASK_WEB),
	    "User: arn:aws:sts::111122223333:assumed-role/blind/me is not "
	    "authorized to perform: ecs:DescribeTasks");
	ck_assert_str_eq(k.a.code, "AccessDeniedException");
	call(&by, "ListTasks", "{" CLUSTER "}");
	ck_assert_int_eq(k.a.status, 200);
}
END_TEST

START_TEST(wants_its_content_type)
{
	asker_header(&k, "X-Amz-Target", ECS_TARGET "ListTasks");
	asker_header(&k, "Content-Type", "application/json");
	ask_signed(&k, &user, "{" CLUSTER "}");
	ck_assert_str_eq(k.a.code, "UnknownOperationException");
}
END_TEST

/*
 * The other operations
 */

static const struct {
	const char *asked, *got;
} definitions[] = {
	{ "checkout:42", TD "checkout:42" },
	{ "checkout:9", TD "checkout:9" },
	{ "checkout", TD "checkout:42" },
	{ TD "checkout:42", TD "checkout:42" },
};

START_TEST(tells_of_a_task_definition)
{
	struct json_object *o;
	char body[256];

	snprintf(body, sizeof(body),
	    "{\"taskDefinition\":\"%s\",\"include\":[\"TAGS\"]}",
	    definitions[_i].asked);
	o = doc_of(call(&user, "DescribeTaskDefinition", body));
	ck_at(o, "taskDefinition/taskDefinitionArn", definitions[_i].got);
	ck_at(o, "taskDefinition/family", "checkout");
	ck_at(o, "taskDefinition/status", "ACTIVE");
	ck_at(o, "taskDefinition/executionRoleArn",
	    "arn:aws:iam::111122223333:role/ecsTaskExecutionRole");
	ck_at(o, "tags", "[ ]");
	if (str_ends(str_of(definitions[_i].got), ":42")) {
		ck_at(o, "taskDefinition/revision", "42");
		ck_at(o, "taskDefinition/taskRoleArn",
		    "arn:aws:iam::111122223333:role/services/checkout-task");
		ck_at(o, "taskDefinition/pidMode", "task");
		ck_at(o, "taskDefinition/cpu", "512");
		ck_at(o, "taskDefinition/containerDefinitions/1/image",
		    "checkout:1");
	} else {
		ck_assert_ptr_eq(at(o, "taskDefinition/taskRoleArn"), NULL);
		ck_assert_ptr_eq(at(o, "taskDefinition/pidMode"), NULL);
	}
	json_object_put(o);
}
END_TEST

START_TEST(tells_of_a_task_definition_in_each_account)
{
	struct json_object *o = doc_of(call(&foreigner,
	    "DescribeTaskDefinition", "{\"taskDefinition\":\"checkout:42\"}"));

	ck_at(o, "taskDefinition/taskRoleArn",
	    "arn:aws:iam::444455556666:role/services/checkout-task");
	ck_assert_ptr_eq(at(o, "tags"), NULL);
	json_object_put(o);
}
END_TEST

static const struct {
	const char *body;
	size_t count;
} lists[] = {
	{ "{" CLUSTER "}", 3 },
	{ "{\"cluster\":\"" PREFIX "cluster/payments-prod\"}", 3 },
	{ "{" CLUSTER ",\"family\":\"checkout\"}", 3 },
	{ "{" CLUSTER ",\"family\":\"check\"}", 0 },
	{ "{" CLUSTER ",\"serviceName\":\"checkout-svc\"}", 1 },
	{ "{" CLUSTER ",\"startedBy\":\"ecs-svc/1234567890123456789\"}", 1 },
	{ "{" CLUSTER ",\"launchType\":\"EC2\"}", 0 },
	{ "{" CLUSTER ",\"desiredStatus\":\"RUNNING\"}", 3 },
	{ "{" CLUSTER ",\"desiredStatus\":\"STOPPED\"}", 0 },
	{ "{" CLUSTER ",\"maxResults\":3}", 3 },
	{ "{" CLUSTER ",\"nextToken\":\"page-1\"}", 2 },
};

START_TEST(lists_tasks)
{
	struct json_object *o =
	    doc_of(call(&user, "ListTasks", lists[_i].body));

	ck_assert_uint_eq(
	    json_object_array_length(at(o, "taskArns")), lists[_i].count);
	ck_assert_ptr_eq(at(o, "nextToken"), NULL);
	json_object_put(o);
}
END_TEST

START_TEST(lists_tasks_by_pages)
{
	struct json_object *o =
	    doc_of(call(&user, "ListTasks", "{" CLUSTER ",\"maxResults\":2}"));
	char body[128];

	ck_assert_uint_eq(json_object_array_length(at(o, "taskArns")), 2);
	snprintf(body, sizeof(body), "{" CLUSTER ",\"nextToken\":\"%s\"}",
	    json_object_get_string(at(o, "nextToken")));
	json_object_put(o);
	o = doc_of(call(&user, "ListTasks", body));
	ck_assert_uint_eq(json_object_array_length(at(o, "taskArns")), 1);
	ck_assert_ptr_eq(at(o, "nextToken"), NULL);
	json_object_put(o);
}
END_TEST

START_TEST(tells_what_the_metadata_tells)
{
	struct json_object *o = describe(&user, ASK_WEB);
	struct json_object *m =
	    json_tokener_parse(ask(&k, METHOD_GET, "/v4/web/task", ""));

	ck_at(m, "TaskARN", WEB_ARN);
	ck_at(m, "Containers/0/ContainerARN",
	    json_object_get_string(at(o, "tasks/0/containers/0/containerArn")));
	ck_at(m, "Containers/0/DockerId",
	    json_object_get_string(at(o, "tasks/0/containers/0/runtimeId")));
	json_object_put(o);
	json_object_put(m);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ecs");
	TCase *tc = tcase_create("ecs");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, tells_all_of_a_task);
	tcase_add_test(tc, tells_of_a_task_that_starts);
	tcase_add_test(tc, tells_of_a_task_that_ends);
	tcase_add_test(tc, tells_of_an_interface_that_is_not_there_yet);
	tcase_add_test(tc, tells_of_other_launch_types);
	tcase_add_test(tc, misses_what_is_not_in_the_cluster);
	tcase_add_test(tc, shows_each_account_its_own);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, refuses_more_than_100);
	ck_table(tc, refuses_what_is_not_proven, unproven);
	tcase_add_test(tc, refuses_what_is_denied);
	tcase_add_test(tc, wants_its_content_type);
	ck_table(tc, tells_of_a_task_definition, definitions);
	tcase_add_test(tc, tells_of_a_task_definition_in_each_account);
	ck_table(tc, lists_tasks, lists);
	tcase_add_test(tc, lists_tasks_by_pages);
	tcase_add_test(tc, tells_what_the_metadata_tells);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
