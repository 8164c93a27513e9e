/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "asking.h"
#include "mock/faults.h"
#include "mock/request_log.h"

#define DEMO "1234567890abcdef1234567890abcdef"
#define IDENTITY "Action=GetCallerIdentity&Version=2011-06-15"
#define BY_SERVER \
	.key_id = "AKIAFARGATEMOCKDEMO1", \
	.secret = "not/a/secret/only/for/the/fargate/mock01", \
	.region = "us-east-1"

static struct asker k;

static void
setup(void)
{
	asker_init(&k, NULL);
	ck_assert_int_eq(faults_new(&k.m.faults, NULL), ERR_OK);
	ck_assert_int_eq(request_log_new(&k.m.log, NULL), ERR_OK);
}

static void
teardown(void)
{
	request_log_free(k.m.log);
	faults_free(k.m.faults);
	asker_release(&k);
}

static const char *
control(unsigned method, const char *target, const char *body)
{
	asker_header(&k, "Host", "127.0.0.1:8090");
	return ask(&k, method, target, body);
}

/* Must be answered so. */
static const char *
must(int status, unsigned method, const char *target, const char *body)
{
	const char *text = control(method, target, body);

	ck_assert_msg(k.a.status == status, "%s %s: %d: %s", target,
	    body == NULL ? "" : body, k.a.status, text);
	return text;
}

static const char *
identity(void)
{
	const struct signer by = { .service = "sts", BY_SERVER };

	asker_header(&k, "Content-Type", STS_FORM);
	return ask_signed(&k, &by, IDENTITY);
}

static const char *
describe(const char *id)
{
	const struct signer by = { .service = "ecs", BY_SERVER };
	char body[256];

	snprintf(body, sizeof(body),
	    "{\"cluster\":\"test-cluster\",\"tasks\":[\"%s\"]}", id);
	asker_header(&k, "Content-Type", ECS_JSON);
	asker_header(&k, "X-Amz-Target", ECS_TARGET "DescribeTasks");
	return ask_signed(&k, &by, body);
}

/*
 * Tasks
 */

START_TEST(tells_its_tasks)
{
	const char *body = must(200, METHOD_GET, "/mock/tasks", NULL);

	ck_has(body, "[{\"id\":\"" DEMO "\",\"name\":\"demo\",\"taskArn\":"
		     "\"arn:aws:ecs:us-east-1:123456789012:task/test-cluster/"
		     DEMO "\",\"lastStatus\":\"RUNNING\",\"metadataPath\":"
		     "\"/v4/" DEMO "\",\"credentialsPath\":"
		     "\"/v2/credentials/");
	ck_has(body, "\"roleArn\":\"arn:aws:iam::123456789012:role/"
		     "fargate-demo-task-role\"}]");
	ck_has(must(200, METHOD_GET, "/mock/tasks/demo", NULL),
	    "{\"id\":\"" DEMO "\"");
	must(404, METHOD_GET, "/mock/tasks/nobody", NULL);
	must(404, METHOD_GET, "/mock/tasks/", NULL);
}
END_TEST

START_TEST(makes_tasks)
{
	char *id, *path;

	ck_has(must(201, METHOD_POST, "/mock/tasks",
		   "{\"name\":\"web\",\"tags\":{\"Te'am\":\"a\\\\b\"},"
		   "\"service\":\"shop\",\"task_role\":\"blue/web\"}"),
	    "\"roleArn\":\"arn:aws:iam::123456789012:role/blue/web\"}]");
	id = value_of(buf_text(&k.a.body), "id");
	path = value_of(buf_text(&k.a.body), "credentialsPath");
	ck_has(must(200, METHOD_GET, "/v4/web/task", NULL),
	    "\"TaskTags\":{\"Te'am\":\"a\\\\b\"}");
	ck_has(must(200, METHOD_GET, path, NULL), "role/blue/web");
	ck_has(describe(id), "\"lastStatus\":\"RUNNING\"");
	ck_has(buf_text(&k.a.body), "\"group\":\"service:shop\"");
	free(id);
	free(path);
	must(201, METHOD_POST, "/mock/tasks",
	    "{\"name\":\"plain\",\"tags\":[\"A=b\"]}");
	ck_has(must(200, METHOD_GET, "/v4/plain/task", NULL), "{\"A\":\"b\"}");
}
END_TEST

START_TEST(makes_very_many_tasks)
{
	char path[64];

	must(201, METHOD_POST, "/mock/tasks",
	    "{\"name\":\"load\",\"count\":10000}");
	must(201, METHOD_POST, "/mock/tasks",
	    "{\"name\":\"more\",\"count\":20000}");
	ck_assert_uint_eq(k.m.scenario->task_count, 30001);
	for (int i = 1; i <= 10000; i += 333) {
		snprintf(path, sizeof(path), "/v4/load-%d/task", i);
		must(200, METHOD_GET, path, NULL);
	}
	must(200, METHOD_GET, "/v4/more-20000/task", NULL);
	must(200, METHOD_GET, "/v4/demo/task", NULL);
	ck_assert_ptr_eq(
	    k.m.scenario->default_task, &k.m.scenario->tasks[0]);
	must(400, METHOD_POST, "/mock/tasks",
	    "{\"name\":\"too-many\",\"count\":70000}");
	ck_has(buf_text(&k.a.body), "over 100000 tasks");
	ck_assert_uint_eq(k.m.scenario->task_count, 30001);
}
END_TEST

static const struct {
	const char *body, *says;
} no_tasks[] = {
	{ "", "a task is a JSON object" },
	{ "[]", "a task is a JSON object" },
	{ "{", "not one JSON" },
	{ "{} {}", "not one JSON" },
	{ "null", "not one JSON" },
	{ "{\"name\":\"\xff\"}", "not one JSON" },
	{ "{}", "no text as its \\\"name\\\"" },
	{ "{\"name\":1}", "no text as its \\\"name\\\"" },
	{ "{\"name\":\"a\\u0000b\"}", "no text as its \\\"name\\\"" },
	{ "{\"name\":\"\"}", "is not 1 to 64 letters" },
	{ "{\"name\":\"a/b\"}", "is not 1 to 64 letters" },
	{ "{\"name\":\"metadata\"}", "is not 1 to 64 letters" },
	{ "{\"name\":\"x' { } task 'y\"}", "is not 1 to 64 letters" },
	{ "{\"name\":\"demo\"}", "is one of task 'demo' too" },
	{ "{\"name\":\"x\",\"id\":\"" DEMO "\"}", "of task 'demo' too" },
	{ "{\"name\":\"x\",\"id\":\"demo\"}", "of task 'demo' too" },
	{ "{\"name\":\"x\",\"adress\":\"1\"}", "no such option 'adress'" },
	{ "{\"name\":\"x\",\"a = b } #\":\"1\"}", "has no member" },
	{ "{\"name\":\"x\",\"\":\"1\"}", "has no member" },
	{ "{\"name\":\"x\",\"service\":true}", "\\\"service\\\" is not a" },
	{ "{\"name\":\"x\",\"service\":null}", "\\\"service\\\" is not a" },
	{ "{\"name\":\"x\",\"tags\":[1]}", "\\\"tags\\\" is not a" },
	{ "{\"name\":\"x\",\"tags\":{\"a\":1}}", "\\\"tags\\\" is not a" },
	{ "{\"name\":\"x\",\"tags\":{\"a=b\":\"\"}}", "\\\"tags\\\" is not" },
	{ "{\"name\":\"x\",\"count\":0}", "count" },
	{ "{\"name\":\"x\",\"count\":-1}", "count" },
	{ "{\"name\":\"x\",\"count\":100001}", "count" },
	{ "{\"name\":\"x\",\"count\":1.5}", "\\\"count\\\" is not" },
	{ "{\"name\":\"x\",\"count\":2,\"id\":\"y\"}", "is of one task" },
	{ "{\"name\":\"x\",\"cluster\":\"other\"}", "other" },
	{ "{\"name\":\"x\",\"service\":\"it's\"}", "service" },
	{ "{\"name\":\"x\",\"service\":\"${HOME}\"}", "${HOME}" },
};

START_TEST(makes_no_task_of)
{
	must(400, METHOD_POST, "/mock/tasks", no_tasks[_i].body);
	ck_has(buf_text(&k.a.body), no_tasks[_i].says);
	ck_assert_uint_eq(k.m.scenario->task_count, 1);
	must(404, METHOD_GET, "/v4/x", NULL);
	must(201, METHOD_POST, "/mock/tasks", "{\"name\":\"x\"}");
}
END_TEST

/* Half of them would be new. */
START_TEST(makes_all_tasks_or_none)
{
	must(201, METHOD_POST, "/mock/tasks", "{\"name\":\"x-3\"}");
	must(400, METHOD_POST, "/mock/tasks", "{\"name\":\"x\",\"count\":5}");
	must(404, METHOD_GET, "/v4/x-1", NULL);
	ck_assert_uint_eq(k.m.scenario->task_count, 2);
	must(201, METHOD_POST, "/mock/tasks", "{\"name\":\"y\",\"count\":5}");
	must(200, METHOD_GET, "/v4/y-5", NULL);
}
END_TEST

START_TEST(stops_a_task)
{
	must(200, METHOD_POST, "/mock/tasks/demo/stop", NULL);
	ck_has(describe(DEMO), "\"lastStatus\":\"STOPPED\"");
	ck_has(buf_text(&k.a.body), "\"desiredStatus\":\"STOPPED\"");
	ck_has(buf_text(&k.a.body), "\"stoppedAt\":1768472430");
	k.now_us += 60 * 1000 * 1000;
	must(200, METHOD_POST, "/mock/tasks/" DEMO "/stop", "{}");
	ck_has(describe(DEMO), "\"stoppedAt\":1768472430");
	must(405, METHOD_GET, "/mock/tasks/demo/stop", NULL);
	ck_assert_str_eq(k.a.allow, "POST");
	must(404, METHOD_POST, "/mock/tasks/demo/start", NULL);
	must(404, METHOD_POST, "/mock/tasks/demo/stop/", NULL);
	must(404, METHOD_POST, "/mock/tasks/nobody/stop", NULL);
}
END_TEST

START_TEST(changes_a_task)
{
	must(200, METHOD_POST, "/mock/tasks/demo", "{\"status\":\"FOO\"}");
	ck_has(describe(DEMO), "\"lastStatus\":\"FOO\"");
	must(200, METHOD_POST, "/mock/tasks/demo",
	    "{\"status\":\"RUNNING\",\"desired_status\":\"STOPPED\"}");
	ck_has(describe(DEMO), "\"lastStatus\":\"RUNNING\"");
	ck_has(buf_text(&k.a.body), "\"desiredStatus\":\"STOPPED\"");
	must(200, METHOD_POST, "/mock/tasks/demo", "{\"missing\":true}");
	ck_has(describe(DEMO), "\"reason\":\"MISSING\"");
	must(200, METHOD_POST, "/mock/tasks/demo", "{\"missing\":false}");
	ck_lacks(describe(DEMO), "MISSING");
}
END_TEST

START_TEST(changes_nothing_by)
{
	static const char *const bodies[] = { "", "[]", "{\"status\":1}",
		"{\"status\":\"\"}", "{\"status\":\"running\"}",
		"{\"lastStatus\":\"RUNNING\"}", "{\"missing\":1}",
		"{\"credentials\":\"lost\"}", "{\"credentials\":null}",
		"{\"missing\":true,\"x\":1}" };

	for (size_t i = 0; i < COUNT_OF(bodies); i++)
		must(400, METHOD_POST, "/mock/tasks/demo", bodies[i]);
	ck_has(describe(DEMO), "\"lastStatus\":\"RUNNING\"");
}
END_TEST

static char *
key_of_demo(void)
{
	char *path = value_of(
	    must(200, METHOD_GET, "/mock/tasks/demo", NULL), "credentialsPath");
	char *key =
	    value_of(must(200, METHOD_GET, path, NULL), "AccessKeyId");

	free(path);
	return key;
}

START_TEST(rotates_and_ends_keys)
{
	const struct session *s;
	char *first = key_of_demo(), *second, *third;

	must(200, METHOD_POST, "/mock/tasks/demo",
	    "{\"credentials\":\"rotate\"}");
	second = key_of_demo();
	ck_assert_str_ne(first, second);
	s = sessions_find(k.m.sessions, str_of(first));
	ck_assert_ptr_nonnull(s);
	ck_assert_int_gt(s->expires_us, k.now_us);
	must(200, METHOD_POST, "/mock/tasks/demo",
	    "{\"credentials\":\"expire\"}");
	s = sessions_find(k.m.sessions, str_of(second));
	ck_assert_int_le(s->expires_us, k.now_us);
	third = key_of_demo();
	ck_assert_str_ne(second, third);
	free(first);
	free(second);
	free(third);
}
END_TEST

/*
 * Who may not
 */

static const struct {
	const char *name, *value; /* besides Host, unless it is that */
	bool is_far;
} strangers[] = {
	{ "X", "y", true },
	{ "Host", "", false },
	{ "Host", "mock:8090", false },
	{ "Host", "10.0.0.1", false },
	{ "Host", "127.evil.example", false },
	{ "Host", "127.0.0.1.evil.example", false },
	{ "Host", "localhost.evil.example", false },
	{ "Host", "[::1].evil.example", false },
	{ "Host", "[::2]", false },
	{ "Origin", "http://evil.example", false },
	{ "Origin", "http://127.0.0.1:8090", false },
	{ "Origin", "null", false },
	{ "Sec-Fetch-Site", "cross-site", false },
	{ "Sec-Fetch-Site", "same-site", false },
};

START_TEST(refuses_control_to)
{
	static const char *const paths[] = { "/mock/tasks", "/mock/faults",
		"/mock/requests", "/mock/counts", "/mock/", "/mock/nothing" };

	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		struct request q = { .method = METHOD_POST,
			.method_name = STR("POST"),
			.path = str_of(paths[i]),
			.body = STR("{\"drop\":true}"),
			.from_loopback = !strangers[_i].is_far };
		struct sigv4_header h[2] = { { str_of(strangers[_i].name),
						 str_of(strangers[_i].value) },
			{ STR("Host"), STR("localhost") } };

		q.headers = h;
		q.header_count =
		    strcmp(strangers[_i].name, "Host") == 0 ? 1 : 2;
		answer_release(&k.a);
		answer_init(&k.a);
		route_answer(&k.a, &k.m, &q);
		ck_assert_int_eq(k.a.status, 403);
	}
	ck_assert_str_eq(must(200, METHOD_GET, "/mock/faults", NULL), "[]");
}
END_TEST

START_TEST(lets_programs_control)
{
	static const char *const hosts[] = { "127.0.0.1", "127.9.8.7:1",
		"localhost", "LOCALHOST:8090", "[::1]", "[::1]:8090" };

	for (size_t i = 0; i < COUNT_OF(hosts); i++) {
		asker_header(&k, "host", hosts[i]);
		asker_header(&k, "Sec-Fetch-Site", "none");
		ask(&k, METHOD_GET, "/mock/tasks", NULL);
		ck_assert_int_eq(k.a.status, 200);
	}
	must(404, METHOD_GET, "/mock/", NULL);
	must(404, METHOD_GET, "/mock/faults/", NULL);
	must(404, METHOD_GET, "/mock/Tasks", NULL);
	must(405, METHOD_POST, "/mock/counts", NULL);
	must(405, METHOD_DELETE, "/mock/tasks", NULL);
	must(405, METHOD_POST, "/mock/requests", NULL);
	must(405, METHOD_PUT, "/mock/faults", NULL);
}
END_TEST

/*
 * Faults
 */

static const struct {
	const char *fault;
	int sts, ecs, keys; /* what the three then get */
	const char *code;   /* in each that is not 200 */
} faulty[] = {
	{ "{\"status\":500}", 500, 500, 500, NULL },
	{ "{\"operation\":\"GetCallerIdentity\",\"status\":503}", 503, 200,
	    200, "ServiceUnavailable" },
	{ "{\"operation\":\"STS\",\"status\":403}", 403, 200, 200,
	    "AccessDenied" },
	{ "{\"operation\":\"ECS\",\"status\":403}", 200, 403, 200,
	    "AccessDeniedException" },
	{ "{\"operation\":\"STS\",\"throttle\":true}", 400, 200, 200,
	    "<Code>Throttling</Code>" },
	{ "{\"operation\":\"DescribeTasks\",\"throttle\":true}", 200, 400, 200,
	    "\"__type\":\"ThrottlingException\"" },
	{ "{\"operation\":\"credentials\",\"throttle\":true}", 200, 200, 429,
	    "Rate exceeded" },
	{ "{\"operation\":\"DescribeTasks\",\"status\":400,"
	  "\"code\":\"ClusterNotFoundException\"}",
	    200, 400, 200, "\"__type\":\"ClusterNotFoundException\"" },
	{ "{\"operation\":\"ListTasks\",\"status\":500}", 200, 200, 200, NULL },
	{ "{\"operation\":\"AssumeRole\",\"drop\":true}", 200, 200, 200,
	    NULL },
	{ "[{\"status\":500},{\"operation\":\"STS\",\"status\":403}]", 403,
	    500, 500, NULL },
	{ "{\"operation\":\"STS\",\"status\":302,"
	  "\"location\":\"http://other.example/\"}",
	    302, 200, 200, NULL },
	{ "{\"operation\":\"STS\",\"location\":\"http://other.example/\"}", 302,
	    200, 200, NULL },
};

static void
check_fault(int status, const char *body, int want, const char *code)
{
	ck_assert_msg(status == want, "%d: %s", status, body);
	ck_assert_int_eq(k.a.is_faulty, want != 200);
	if (want != 200 && code != NULL)
		ck_has(body, code);
}

START_TEST(has_the_fault)
{
	char *path;

	path = value_of(must(200, METHOD_GET, "/mock/tasks", NULL),
	    "credentialsPath");
	must(201, METHOD_POST, "/mock/faults", faulty[_i].fault);
	for (int i = 0; i < 3; i++) {
		const char *body = identity();

		check_fault(
		    k.a.status, body, faulty[_i].sts, faulty[_i].code);
		body = describe(DEMO);
		check_fault(
		    k.a.status, body, faulty[_i].ecs, faulty[_i].code);
		body = control(METHOD_GET, path, NULL);
		check_fault(
		    k.a.status, body, faulty[_i].keys, faulty[_i].code);
	}
	must(200, METHOD_GET, "/health", NULL);
	must(200, METHOD_DELETE, "/mock/faults", NULL);
	identity();
	ck_assert_int_eq(k.a.status, 200);
	ck_assert(!k.a.is_faulty);
	free(path);
}
END_TEST

START_TEST(has_faults_on_the_way)
{
	must(201, METHOD_POST, "/mock/faults",
	    "[{\"latency_ms\":20},{\"operation\":\"STS\",\"truncate\":true,"
	    "\"drip_ms\":3},{\"operation\":\"STS\",\"latency_ms\":30,"
	    "\"flood\":5000000000}]");
	ck_has(identity(), "<Arn>");
	ck_assert_int_eq(k.a.delivery.delay_ms, 30);
	ck_assert_int_eq(k.a.delivery.drip_ms, 3);
	ck_assert(k.a.delivery.truncate);
	ck_assert(!k.a.delivery.drop);
	ck_assert_uint_eq(k.a.delivery.flood, 5000000000);
	describe(DEMO);
	ck_assert_int_eq(k.a.delivery.delay_ms, 20);
	ck_assert_int_eq(k.a.delivery.drip_ms, 0);
	must(200, METHOD_GET, "/health", NULL);
	ck_assert_int_eq(k.a.delivery.delay_ms, 0);
	must(200, METHOD_GET, "/mock/tasks", NULL);
	ck_assert_int_eq(k.a.delivery.delay_ms, 0);
}
END_TEST

START_TEST(has_faults_so_often)
{
	int failed = 0;

	must(201, METHOD_POST, "/mock/faults",
	    "{\"operation\":\"STS\",\"status\":500,\"count\":2,\"every\":3}");
	for (int i = 1; i <= 12; i++) {
		identity();
		ck_assert_int_eq(k.a.status, i == 3 || i == 6 ? 500 : 200);
		failed += k.a.status == 500;
	}
	ck_assert_int_eq(failed, 2);
	ck_has(must(200, METHOD_GET, "/mock/faults", NULL),
	    "[{\"operation\":\"STS\",\"status\":500,\"count\":2,\"every\":3,"
	    "\"seen\":12,\"acted\":2}]");
}
END_TEST

START_TEST(answers_what_it_is_told)
{
	must(201, METHOD_POST, "/mock/faults",
	    "{\"operation\":\"STS\",\"body\":\"<html>\\n\",\"content_type\":"
	    "\"text/html\"}");
	ck_assert_str_eq(identity(), "<html>\n");
	ck_assert_int_eq(k.a.status, 200);
	ck_assert_str_eq(k.a.type, "text/html");
	must(201, METHOD_POST, "/mock/faults",
	    "{\"operation\":\"STS\",\"body\":\"\",\"content_type\":\"\"}");
	ck_assert_str_eq(identity(), "");
	ck_assert_ptr_null(k.a.type);
	must(201, METHOD_POST, "/mock/faults",
	    "{\"operation\":\"STS\",\"garbage\":true}");
	ck_assert_uint_eq(strlen(identity()) <= k.a.body.n, 1);
	ck_assert_uint_eq(k.a.body.n, 512);
	must(201, METHOD_POST, "/mock/faults",
	    "{\"operation\":\"STS\",\"location\":\"http://x/\"}");
	identity();
	ck_assert_int_eq(k.a.status, 302);
	ck_assert_str_eq(k.a.headers[0].name, "Location");
	ck_assert_str_eq(k.a.headers[0].value, "http://x/");
}
END_TEST

/* One that is throttled has not happened. */
START_TEST(does_not_do_what_it_faults)
{
	must(201, METHOD_POST, "/mock/faults", "{\"drop\":true}");
	ck_assert_str_eq(identity(), "");
	ck_assert(k.a.delivery.drop);
	ck_has(must(200, METHOD_GET, "/mock/requests", NULL), "\"status\":0,");
}
END_TEST

static const struct {
	const char *body, *says;
} no_faults[] = {
	{ "", "a fault is a JSON object" },
	{ "1", "not one JSON" },
	{ "[1]", "a fault is a JSON object" },
	{ "{}", "does nothing" },
	{ "{\"operation\":\"STS\"}", "does nothing" },
	{ "{\"count\":1}", "does nothing" },
	{ "{\"drop\":false}", "does nothing" },
	{ "{\"drop\":1}", "\\\"drop\\\" is true or false" },
	{ "{\"code\":\"x\",\"drop\":true}", "needs a \\\"status\\\"" },
	{ "{\"status\":199}", "from 200 to 599" },
	{ "{\"status\":600}", "from 200 to 599" },
	{ "{\"status\":\"500\"}", "from 200 to 599" },
	{ "{\"status\":500.0}", "from 200 to 599" },
	{ "{\"latency_ms\":-1}", "from 1 to 600000" },
	{ "{\"latency_ms\":600001}", "from 1 to 600000" },
	{ "{\"operation\":\"Describe\",\"drop\":true}", "no operation" },
	{ "{\"operation\":null,\"drop\":true}", "no operation" },
	{ "{\"latency\":1}", "no member \\\"latency\\\"" },
	{ "{\"location\":\"a\\r\\nX: y\"}", "\\\"location\\\" is a text" },
	{ "{\"body\":\"\",\"content_type\":\"\\n\"}", "\\\"content_type\\\"" },
	{ "{\"body\":\"a\\u0000\"}", "\\\"body\\\" is a text" },
	{ "[{\"drop\":true},{\"drop\":2}]", "\\\"drop\\\" is true" },
};

START_TEST(takes_no_fault_of)
{
	must(400, METHOD_POST, "/mock/faults", no_faults[_i].body);
	ck_has(buf_text(&k.a.body), no_faults[_i].says);
	ck_assert_str_eq(must(200, METHOD_GET, "/mock/faults", NULL), "[]");
}
END_TEST

START_TEST(takes_so_many_faults)
{
	for (int i = 0; i < FAULTS_MAX; i++)
		must(201, METHOD_POST, "/mock/faults", "{\"drop\":true}");
	must(400, METHOD_POST, "/mock/faults", "{\"drop\":true}");
	must(200, METHOD_DELETE, "/mock/faults", NULL);
	must(201, METHOD_POST, "/mock/faults", "{\"drop\":true}");
}
END_TEST

/*
 * Requests
 */

/* How many entries the answer has. */
static int
entries(void)
{
	static const char of[] = "\"number\":";
	struct str rest = buf_str(&k.a.body);
	const char *p;
	int n = 0;

	while ((p = memmem(rest.p, rest.n, of, sizeof(of) - 1)) != NULL) {
		rest.n -= (size_t)(p + 1 - rest.p);
		rest.p = p + 1;
		n++;
	}
	return n;
}

START_TEST(tells_who_asked)
{
	must(404, METHOD_GET, "/v4/\xff\"x", NULL);
	describe(DEMO);
	identity();
	must(200, METHOD_GET, "/mock/requests", NULL);
	ck_assert_int_eq(entries(), 3);
	ck_has(buf_text(&k.a.body),
	    "[{\"number\":1,\"time\":\"2026-01-15T10:20:30.000000Z\","
	    "\"operation\":\"metadata\",\"method\":\"GET\","
	    "\"path\":\"/v4/?\\\"x\",\"status\":404}");
	ck_has(buf_text(&k.a.body),
	    "\"operation\":\"DescribeTasks\",\"method\":\"POST\",\"path\":\"/\""
	    ",\"status\":200,\"accessKeyId\":\"AKIAFARGATEMOCKDEMO1\",\"body\":"
	    "\"{\\\"cluster\\\":\\\"test-cluster\\\"");
	ck_has(must(200, METHOD_GET,
		   "/mock/requests?operation=GetCallerIdentity", NULL),
	    "\"body\":\"Action=GetCallerIdentity");
	ck_lacks(buf_text(&k.a.body), "DescribeTasks");
	must(200, METHOD_GET, "/mock/requests?operation=ECS", NULL);
	ck_assert_int_eq(entries(), 1);
	must(200, METHOD_GET, "/mock/requests?limit=2", NULL);
	ck_assert_int_eq(entries(), 2);
	ck_has(buf_text(&k.a.body), "\"number\":3");
	must(200, METHOD_GET, "/mock/requests?after=2", NULL);
	ck_assert_int_eq(entries(), 1);
	ck_assert_str_eq(must(200, METHOD_GET,
			     "/mock/requests?operation=ListTasks", NULL),
	    "[]");
	ck_has(must(200, METHOD_GET, "/mock/counts", NULL),
	    "{\"metadata\":{\"requests\":1,\"errors\":1,\"faults\":0},");
	must(200, METHOD_DELETE, "/mock/requests", NULL);
	ck_assert_str_eq(buf_text(&k.a.body), "[]");
	ck_lacks(must(200, METHOD_GET, "/mock/counts", NULL), ":1");
	identity();
	ck_has(must(200, METHOD_GET, "/mock/requests", NULL),
	    "[{\"number\":4,");
}
END_TEST

START_TEST(understands_no_query)
{
	static const char *const queries[] = { "operation=Describe",
		"operation=", "limit=0", "limit=-1", "after=x", "x=1",
		"operation=STS&operation=ECS", "limit", "limit=%zz" };
	char target[128];

	for (size_t i = 0; i < COUNT_OF(queries); i++) {
		snprintf(
		    target, sizeof(target), "/mock/requests?%s", queries[i]);
		must(400, METHOD_GET, target, NULL);
	}
}
END_TEST

/* The oldest go, the count stays. */
START_TEST(keeps_the_newest_requests)
{
	enum { MORE = 100 };
	char path[4096 + 8] = "/v4/";

	memset(path + 4, '"', sizeof(path) - 5);
	for (int i = 0; i < REQUEST_LOG_MAX + MORE; i++)
		must(404, METHOD_GET, path, NULL);
	must(200, METHOD_GET, "/mock/requests", NULL);
	ck_assert_uint_lt(k.a.body.n, 20 * 1024 * 1024);
	ck_assert_int_eq(entries(), REQUEST_LOG_MAX);
	ck_has(buf_text(&k.a.body), "[{\"number\":101,");
	must(200, METHOD_GET, "/mock/counts", NULL);
	ck_has(buf_text(&k.a.body), "\"metadata\":{\"requests\":20100,");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("control of the mock");
	TCase *tc = tcase_create("control");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, tells_its_tasks);
	tcase_add_test(tc, makes_tasks);
	tcase_add_test(tc, makes_very_many_tasks);
	ck_table(tc, makes_no_task_of, no_tasks);
	tcase_add_test(tc, makes_all_tasks_or_none);
	tcase_add_test(tc, stops_a_task);
	tcase_add_test(tc, changes_a_task);
	tcase_add_test(tc, changes_nothing_by);
	tcase_add_test(tc, rotates_and_ends_keys);
	ck_table(tc, refuses_control_to, strangers);
	tcase_add_test(tc, lets_programs_control);
	ck_table(tc, has_the_fault, faulty);
	tcase_add_test(tc, has_faults_on_the_way);
	tcase_add_test(tc, has_faults_so_often);
	tcase_add_test(tc, answers_what_it_is_told);
	tcase_add_test(tc, does_not_do_what_it_faults);
	ck_table(tc, takes_no_fault_of, no_faults);
	tcase_add_test(tc, takes_so_many_faults);
	tcase_add_test(tc, tells_who_asked);
	tcase_add_test(tc, understands_no_query);
	tcase_add_test(tc, keeps_the_newest_requests);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
