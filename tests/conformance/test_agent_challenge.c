/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AidAttestation of the agent plugin once the server asks for a proof: what it
 * signs, what it refuses to sign, and where it gets its keys from.
 */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <time.h>

#include "aws/sigv4.h"
#include "base/enc.h"
#include "conformance/fixture.h"
#include "evidence/binding.h"
#include "evidence/response.h"
#include "host/httpd.h"

#define ROLE_ARN   "arn:aws:iam::" ACCOUNT ":role/team/my-task-role"
#define KEY_ID     "ASIAEXAMPLEEXAMPLE01"
#define SECRET     "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TOKEN      "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCWV1LXdlc3QtMSJGMEQC="
#define STS_HOST   "sts.us-east-1.amazonaws.com"
#define SRV_NONCE  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define CREDENTIAL "failed to get the task's credentials: "

#define CHALLENGE(nonce, domain, id, host, region)                          \
	"{\"version\":1,\"nonce\":\"" nonce "\",\"trust_domain\":\"" domain \
	"\",\"server_id\":\"" id "\",\"sts_host\":\"" host                  \
	"\",\"region\":\"" region "\",\"ttl\":30}"
#define GOOD       \
	CHALLENGE( \
	    SRV_NONCE, "example.org", "example.org", STS_HOST, "us-east-1")

/* What the task's two endpoints say; one per test, made before the server. */
struct task {
	char document[8192];
	httpd_fn *keys;        /* serves /creds */
	char answers[2][1024]; /* of /creds: the first, then the second */
	int status;
};
static struct task task;

static struct aided payload_out, out;

/* The time in that many seconds, as ECS writes it. */
static const char *
stamp(int64_t in_s)
{
	time_t at = time(NULL) + (time_t)in_s;
	struct tm tm;
	char text[32];

	gmtime_r(&at, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return print("%s", text);
}

static const char *
keys_text(const char *token, const char *expiration)
{
	return print("{\"RoleArn\":\"" ROLE_ARN "\",\"AccessKeyId\":\"" KEY_ID
		     "\",\"SecretAccessKey\":\"" SECRET "\",%s"
		     "\"Expiration\":\"%s\"}",
	    token, expiration);
}

#define TOKEN_MEMBER "\"Token\":\"" TOKEN "\","

static void
answer_keys(struct httpd_request *r)
{
	struct task *t = r->arg;
	httpd_reply(r, t->status,
	    t->answers[r->number <= 1 || t->answers[1][0] == '\0' ? 0 : 1]);
}

static void
serve(struct httpd_request *r)
{
	struct task *t = r->arg;

	if (strcmp(r->path, "/v4/metadata/task") == 0)
		httpd_reply(r, 200, t->document);
	else if (begins(r->path, "/creds"))
		t->keys(r);
	else
		httpd_reply(r, 404, "{}");
}

static void
set_up(void)
{
	memset(&task, 0, sizeof(task));
	snprintf(
	    task.document, sizeof(task.document), "%s", metadata(NULL, NULL));
	snprintf(task.answers[0], sizeof(task.answers[0]), "%s",
	    keys_text(TOKEN_MEMBER, stamp(3600)));
	task.status = 200;
	task.keys = answer_keys;
}

/* Neither the variables of whoever runs the test, nor a proxy. */
static const char *const clean_env[] = {
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	/* and these are not the task's */
	"AWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE02",
	"AWS_SECRET_ACCESS_KEY=other",
	"AWS_SESSION_TOKEN=other",
	NULL,
};

static struct host *
load_env(const struct httpd *s, const char *const *env, const char *more)
{
	struct process_options o = plugin_options(&plugins[1]);

	o.env = env;
	return host_load(&o, false,
	    print("metadata_endpoint = \"%s/v4/metadata\"\n%s\n", httpd_url(s),
		more));
}

static struct host *
load_with(const struct httpd *s, const char *more)
{
	return load_env(s, clean_env,
	    print(
		"credentials_endpoint = \"%s/creds\"\n%s", httpd_url(s), more));
}

/* A stream whose payload has come. */
static struct call *
start(struct host *h)
{
	struct call *c = aid_start(h);

	aid_outcome(c, &payload_out, CALL_MS);
	ck_assert_msg(payload_out.answer.code == GRPC_STATUS_OK, "%s",
	    payload_out.answer.text);
	return c;
}

static void
send_challenge(struct call *c, const char *text)
{
	aid_challenge(c, text, strlen(text));
}

/* No secret, in what SPIRE gets to see. */
static void
keeps_quiet(struct host *h)
{
	const char *log = process_stderr(h->process);

	ck_assert(strstr(log, SECRET) == NULL);
	ck_assert(strstr(log, TOKEN) == NULL);
	ck_assert(strstr(out.answer.text, SECRET) == NULL);
	ck_assert(strstr(out.answer.text, TOKEN) == NULL);
}

static void
expect_refusal(grpc_status_code code, const char *says)
{
	ck_assert_msg(
	    out.answer.code == code && strstr(out.answer.text, says) != NULL,
	    "got %d \"%s\", want %d \"...%s...\"", (int)out.answer.code,
	    out.answer.text, (int)code, says);
}

/* One challenge, and a refusal; whether keys were fetched. */
static void
refuses(struct httpd *s, struct host *h, const char *text,
    grpc_status_code code, const char *says, bool fetched)
{
	struct call *c = start(h);

	send_challenge(c, text);
	aid_answer(c, &out, CALL_MS);
	expect_refusal(code, says);
	ck_assert_msg(httpd_saw(s, "/creds") == fetched,
	    fetched ? "no keys were fetched" : "keys were fetched");
	keeps_quiet(h);
	call_free(c);
	host_is_alive(h);
	host_unload(h);
	httpd_stop(s);
}

static const char *
text_of(struct json_object *doc, const char *name)
{
	struct json_object *value = NULL;

	ck_assert(json_object_object_get_ex(doc, name, &value));
	return json_object_get_string(value);
}

/* The binding header's value, from what the server knows. */
static const char *
binding_for(const char *id, const char *host)
{
	struct json_object *doc = json_tokener_parse(payload_out.payload);
	struct binding b = {
		.trust_domain = STR("example.org"),
		.plugin_name = STR("aws_fargate_task"),
		.server_id = str_of(id),
		.task_arn = STR(TASK_ARN),
		.sts_host = str_of(host),
	};
	char value[BINDING_SIZE];

	ck_assert(base64url_decode(b.server_nonce, 32, STR(SRV_NONCE)));
	ck_assert(base64url_decode(
	    b.agent_nonce, 32, str_of(text_of(doc, "agent_nonce"))));
	ck_assert_int_eq(binding_value(value, &b, NULL), ERR_OK);
	json_object_put(doc);
	return print("%s", value);
}

static void
add(struct sigv4_request *req, const char *name, struct str value)
{
	ck_assert_int_eq(
	    sigv4_add_header(req, str_of(name), value, NULL), ERR_OK);
}

/* As the server, and as AWS: the request is made anew, and the key is known. */
static void
verifies(const char *host, const char *region, const char *binding)
{
	struct sigv4_request req = {
		.method = STR("POST"),
		.path = STR("/"),
		.body = STR("Action=GetCallerIdentity&Version=2011-06-15"),
	};
	struct sigv4_authorization auth;
	struct response response;
	struct err err = { 0 };
	struct arena arena;
	int64_t date;
	int r;

	ck_assert_msg(out.answer.code == GRPC_STATUS_OK, "%d %s",
	    (int)out.answer.code, out.answer.text);
	arena_init(&arena, 64 * 1024);
	r = response_decode(
	    &response, &arena, (struct str){ out.payload, out.n }, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(response.access_key_id, KEY_ID);
	ck_str(response.session_token, TOKEN);
	ck_assert(amz_date_seconds(&date, response.amz_date));
	ck_assert_int_le(llabs((long long)date - time(NULL)), patience(10));
	add(&req, "Content-Type",
	    STR("application/x-www-form-urlencoded; charset=utf-8"));
	add(&req, "Host", str_of(host));
	add(&req, "X-Amz-Date", response.amz_date);
	add(&req, "X-Amz-Security-Token", response.session_token);
	add(&req, "x-spire-fargate-binding", str_of(binding));
	auth = (struct sigv4_authorization){
		.access_key_id = response.access_key_id,
		.day = str_sub(response.amz_date, 0, 8),
		.region = str_of(region),
		.service = STR("sts"),
		.signed_headers =
		    STR("content-type;host;x-amz-date;x-amz-security-token;"
			"x-spire-fargate-binding"),
		.signature = response.signature,
	};
	r = sigv4_verify(&req, &auth, STR(SECRET), &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	arena_release(&arena);
}

static void
answers(struct host *h, const char *text, const char *id, const char *host,
    const char *region)
{
	struct call *c = start(h);

	send_challenge(c, text);
	aid_answer(c, &out, CALL_MS);
	verifies(host, region, binding_for(id, host));
	keeps_quiet(h);
	call_free(c);
}

START_TEST(signs_what_the_server_can_check)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h = load_with(s, "");

	answers(h, GOOD, "example.org", STS_HOST, "us-east-1");
	host_wait_line(h, "info", "challenge answered", CALL_MS);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

/* Any of the names that AWS itself has for it. */
static const char *const sts_names[] = { STS_HOST,
	"sts-fips.us-east-1.amazonaws.com", "sts.us-east-1.api.aws",
	"sts-fips.us-east-1.api.aws" };

START_TEST(takes_any_name_of_the_region)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h = load_with(s, "");

	answers(h,
	    print("{\"version\":1,\"nonce\":\"" SRV_NONCE
		  "\",\"trust_domain\":\"example.org\",\"server_id\":"
		  "\"example.org\",\"sts_host\":\"%s\",\"region\":"
		  "\"us-east-1\",\"ttl\":30}",
		sts_names[_i]),
	    "example.org", sts_names[_i], "us-east-1");
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(takes_what_is_configured)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h =
	    load_with(s, "sts_endpoint = \"http://127.0.0.1:8090/\"\n"
			 "sts_region = \"eu-west-1\"\nserver_id = \"blue/1\"");

	answers(h,
	    CHALLENGE(SRV_NONCE, "example.org", "blue/1", "127.0.0.1:8090",
		"eu-west-1"),
	    "blue/1", "127.0.0.1:8090", "eu-west-1");
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(answers_stream_after_stream)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h = load_with(s, "");
	int i;

	for (i = 0; i < 5; i++)
		answers(h, GOOD, "example.org", STS_HOST, "us-east-1");
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(answers_many_at_once)
{
	enum { MANY = 50 };
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h = load_with(s, "");
	struct call *calls[MANY];
	size_t i;

	for (i = 0; i < MANY; i++)
		calls[i] = start(h);
	for (i = 0; i < MANY; i++)
		send_challenge(calls[i], GOOD);
	for (i = 0; i < MANY; i++) {
		aid_answer(calls[i], &out, CALL_MS);
		ck_assert_msg(
		    out.answer.code == GRPC_STATUS_OK, "%s", out.answer.text);
		call_free(calls[i]);
	}
	host_unload(h);
	httpd_stop(s);
}
END_TEST

/* Refused before any key is fetched. */
static const struct {
	const char *challenge, *says;
} challenges[] = {
	{ CHALLENGE(SRV_NONCE, "example.org", "example.org", STS_HOST ".evil",
	      "us-east-1"),
	    "sts_host \"" STS_HOST ".evil\" is not \"" STS_HOST "\"" },
	{ CHALLENGE(SRV_NONCE, "example.org", "example.org", STS_HOST ":8443",
	      "us-east-1"),
	    "sts_host" },
	{ CHALLENGE(SRV_NONCE, "example.org", "example.org",
	      "sts.amazonaws.com", "us-east-1"),
	    "sts_host" },
	{ CHALLENGE(SRV_NONCE, "example.org", "example.org",
	      "sts.eu-west-1.amazonaws.com", "us-east-1"),
	    "sts_host" },
	{ CHALLENGE(SRV_NONCE, "example.org", "example.org",
	      "ecs.us-east-1.amazonaws.com", "us-east-1"),
	    "sts_host" },
	{ CHALLENGE(SRV_NONCE, "example.org", "example.org", "127.0.0.1:8090",
	      "us-east-1"),
	    "sts_host" },
	{ CHALLENGE(SRV_NONCE, "example.org", "example.org",
	      "sts.us-east-1.amazonaws.com.cn", "us-east-1"),
	    "sts_host" },
	{ CHALLENGE(SRV_NONCE, "example.org", "example.org",
	      "STS.us-east-1.amazonaws.com", "us-east-1"),
	    "sts_host" },
	{ CHALLENGE(SRV_NONCE, "example.org", "example.org", "x@" STS_HOST,
	      "us-east-1"),
	    "sts_host" },
	{ CHALLENGE(SRV_NONCE, "example.org", "example.org",
	      "sts.eu-west-1.amazonaws.com", "eu-west-1"),
	    "region \"eu-west-1\" is not \"us-east-1\"" },
	{ CHALLENGE(
	      SRV_NONCE, "example.com", "example.org", STS_HOST, "us-east-1"),
	    "trust_domain \"example.com\" is not \"example.org\"" },
	{ CHALLENGE(SRV_NONCE, "", "example.org", STS_HOST, "us-east-1"),
	    "trust_domain" },
	{ CHALLENGE(SRV_NONCE, "example.org", "blue", STS_HOST, "us-east-1"),
	    "server_id \"blue\" is not \"example.org\"" },
	{ CHALLENGE("AAECAwQFBgcICQoLDA0ODw", "example.org", "example.org",
	      STS_HOST, "us-east-1"),
	    "nonce" },
	{ CHALLENGE("", "example.org", "example.org", STS_HOST, "us-east-1"),
	    "nonce" },
	{ CHALLENGE(SRV_NONCE "=", "example.org", "example.org", STS_HOST,
	      "us-east-1"),
	    "nonce" },
	{ "", "challenge" },
	{ "{}", "challenge" },
	{ "[]", "challenge" },
	{ GOOD GOOD, "challenge" },
	{ "{\"version\":2,\"nonce\":\"" SRV_NONCE
	  "\",\"trust_domain\":\"example.org\",\"server_id\":\"example.org\","
	  "\"sts_host\":\"" STS_HOST "\",\"region\":\"us-east-1\",\"ttl\":30}",
	    "version" },
	{ "{\"version\":1,\"nonce\":\"" SRV_NONCE
	  "\",\"trust_domain\":\"example.org\",\"server_id\":\"example.org\","
	  "\"sts_host\":\"" STS_HOST "\",\"region\":\"us-east-1\",\"ttl\":30,"
	  "\"action\":\"AssumeRole\"}",
	    "action" },
	{ "{\"version\":1,\"nonce\":\"" SRV_NONCE
	  "\",\"trust_domain\":\"example.org\",\"server_id\":\"example.org\","
	  "\"sts_host\":\"" STS_HOST "\",\"region\":\"us-east-1\",\"ttl\":30,"
	  "\"sts_host\":\"" STS_HOST "\"}",
	    "sts_host" },
	{ "{\"version\":1,\"nonce\":\"" SRV_NONCE
	  "\",\"trust_domain\":\"example.org\",\"server_id\":\"example.org\","
	  "\"STS_host\":\"" STS_HOST "\",\"sts_host\":\"" STS_HOST
	  "\",\"region\":\"us-east-1\",\"ttl\":30}",
	    "STS_host" },
	{ "{\"version\":1,\"nonce\":\"" SRV_NONCE
	  "\",\"trust_domain\":\"example.org\",\"server_id\":\"example.org\","
	  "\"sts_host\":\"" STS_HOST "\",\"region\":\"us-east-1\",\"ttl\":0}",
	    "ttl" },
	{ "{\"version\":1,\"nonce\":\"" SRV_NONCE
	  "\",\"trust_domain\":\"example.org\",\"server_id\":\"example.org\","
	  "\"sts_host\":\"" STS_HOST "\",\"region\":\"us-east-1\"}",
	    "ttl" },
};

START_TEST(signs_nothing_for)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h = load_with(s, "");

	refuses(s, h, challenges[_i].challenge, GRPC_STATUS_FAILED_PRECONDITION,
	    challenges[_i].says, false);
}
END_TEST

START_TEST(signs_nothing_for_a_huge_challenge)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h = load_with(s, "");

	refuses(s, h, run_of('c', 200000), GRPC_STATUS_FAILED_PRECONDITION,
	    "challenge", false);
}
END_TEST

/* A server that asks for AWS's STS although another one is configured here. */
START_TEST(signs_for_no_other_sts_than_configured)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h =
	    load_with(s, "sts_endpoint = \"http://127.0.0.1:8090\"");

	refuses(s, h, GOOD, GRPC_STATUS_FAILED_PRECONDITION,
	    "sts_host \"" STS_HOST "\" is not \"127.0.0.1:8090\"", false);
}
END_TEST

START_TEST(signs_for_no_unknown_partition)
{
	struct httpd *s;
	struct host *h;

	snprintf(task.document, sizeof(task.document), "%s",
	    metadata("TaskARN",
		"\"arn:aws-mars:ecs:mars-1:" ACCOUNT ":task/my-cluster/" TASK_ID
		"\"",
		"Cluster", "\"my-cluster\"", NULL));
	s = httpd_start(0, serve, &task);
	h = load_with(s, "");
	refuses(s, h,
	    CHALLENGE(SRV_NONCE, "example.org", "example.org",
		"sts.mars-1.amazonaws.com", "mars-1"),
	    GRPC_STATUS_FAILED_PRECONDITION, "partition", false);
}
END_TEST

START_TEST(answers_one_challenge_only)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h = load_with(s, "");
	struct call *c = start(h);

	send_challenge(c, GOOD);
	aid_answer(c, &out, CALL_MS);
	ck_assert_int_eq((int)out.answer.code, GRPC_STATUS_OK);
	send_challenge(c, GOOD);
	aid_answer(c, &out, CALL_MS);
	expect_refusal(GRPC_STATUS_FAILED_PRECONDITION, "second challenge");
	ck_assert_int_eq((int)httpd_requests(s), 2);
	call_free(c);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

/* Both at once: the second waits for the answer to the first. */
START_TEST(answers_one_of_two_challenges)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h = load_with(s, "");
	struct call *c = start(h);

	send_challenge(c, GOOD);
	send_challenge(c, GOOD);
	aid_answer(c, &out, CALL_MS);
	ck_assert_int_eq((int)out.answer.code, GRPC_STATUS_OK);
	aid_answer(c, &out, CALL_MS);
	expect_refusal(GRPC_STATUS_FAILED_PRECONDITION, "second challenge");
	call_free(c);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

/* No server does that, since it has not seen the payload. */
START_TEST(answers_a_challenge_that_was_there_before_its_payload)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h = load_with(s, "");
	struct call *c = aid_start(h);

	send_challenge(c, GOOD);
	aid_outcome(c, &payload_out, CALL_MS);
	ck_assert_int_eq((int)payload_out.answer.code, GRPC_STATUS_OK);
	aid_answer(c, &out, CALL_MS);
	verifies(STS_HOST, "us-east-1", binding_for("example.org", STS_HOST));
	call_free(c);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(ends_well_when_the_server_is_content)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h = load_with(s, "");
	struct call *c = start(h);

	send_challenge(c, GOOD);
	aid_answer(c, &out, CALL_MS);
	ck_assert_int_eq((int)out.answer.code, GRPC_STATUS_OK);
	call_half_close(c);
	ck_assert_int_eq((int)call_wait(c, CALL_MS), GRPC_STATUS_OK);
	call_free(c);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

/*
 * Keys
 */

static void
hundred_mib(struct httpd_request *r)
{
	static char part[64 * 1024];
	int i;

	memset(part, ' ', sizeof(part));
	httpd_print(r, "HTTP/1.1 200 OK\r\n\r\n");
	for (i = 0; i < 1600; i++)
		if (!httpd_write(r, part, sizeof(part)))
			return;
}

static void
redirect(struct httpd_request *r)
{
	if (strcmp(r->path, "/creds") == 0)
		httpd_print(r, "HTTP/1.1 307 Go\r\nLocation: /creds2\r\n"
			       "Content-Length: 0\r\n\r\n");
	else
		answer_keys(r);
}

static void
unpacked(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
		       "Content-Length: 4\r\n\r\n\x1f\x8b\x08");
}

static const struct {
	const char *name, *answer; /* NULL: as the handler says */
	int status;
	httpd_fn *keys;
} bad_keys[] = {
	{ "no Token",
	    "{\"RoleArn\":\"" ROLE_ARN "\",\"AccessKeyId\":\"" KEY_ID
	    "\",\"SecretAccessKey\":\"" SECRET
	    "\",\"Expiration\":\"2099-01-01T00:00:00Z\"}",
	    200, answer_keys },
	{ "no expiry",
	    "{\"RoleArn\":\"" ROLE_ARN "\",\"AccessKeyId\":\"" KEY_ID
	    "\",\"SecretAccessKey\":\"" SECRET "\"," TOKEN_MEMBER "\"x\":1}",
	    200, answer_keys },
	{ "expired",
	    "{\"RoleArn\":\"" ROLE_ARN "\",\"AccessKeyId\":\"" KEY_ID
	    "\",\"SecretAccessKey\":\"" SECRET "\"," TOKEN_MEMBER
	    "\"Expiration\":\"2020-01-01T00:00:00Z\"}",
	    200, answer_keys },
	{ "a Token with a line's end",
	    "{\"RoleArn\":\"" ROLE_ARN "\",\"AccessKeyId\":\"" KEY_ID
	    "\",\"SecretAccessKey\":\"" SECRET "\",\"Token\":\"" TOKEN
	    "\\r\\nX: y\","
	    "\"Expiration\":\"2099-01-01T00:00:00Z\"}",
	    200, answer_keys },
	{ "no JSON", "<html></html>", 200, answer_keys },
	{ "404", "{\"code\":\"InvalidIdInRequest\"}", 404, answer_keys },
	{ "100 MiB", NULL, 200, hundred_mib },
	{ "a redirect", NULL, 200, redirect },
	{ "packed", NULL, 200, unpacked },
};

START_TEST(signs_nothing_with_keys_that_are)
{
	struct httpd *s;
	struct host *h;

	if (bad_keys[_i].answer != NULL)
		snprintf(task.answers[0], sizeof(task.answers[0]), "%s",
		    bad_keys[_i].answer);
	task.status = bad_keys[_i].status;
	task.keys = bad_keys[_i].keys;
	s = httpd_start(0, serve, &task);
	h = load_with(s, "timeout = \"5s\"");
	refuses(s, h, GOOD, GRPC_STATUS_UNAVAILABLE, CREDENTIAL, true);
}
END_TEST

/* Long-term keys name nobody's task. */
START_TEST(signs_nothing_with_keys_of_a_user)
{
	struct httpd *s;
	struct host *h;

	snprintf(task.answers[0], sizeof(task.answers[0]),
	    "{\"RoleArn\":\"" ROLE_ARN
	    "\",\"AccessKeyId\":\"AKIAEXAMPLEEXAMPLE01\","
	    "\"SecretAccessKey\":\"" SECRET "\"," TOKEN_MEMBER
	    "\"Expiration\":\"%s\"}",
	    stamp(3600));
	s = httpd_start(0, serve, &task);
	h = load_with(s, "");
	refuses(
	    s, h, GOOD, GRPC_STATUS_FAILED_PRECONDITION, "access_key_id", true);
}
END_TEST

static void
hang(struct httpd_request *r)
{
	httpd_hang(r);
}

/* The server waits no longer than it says, and then the agent need not. */
START_TEST(waits_for_keys_as_long_as_the_server_does)
{
	struct httpd *s;
	struct host *h;
	int64_t from;

	task.keys = hang;
	s = httpd_start(0, serve, &task);
	h = load_with(s, "");
	from = now_ms();
	refuses(s, h,
	    "{\"version\":1,\"nonce\":\"" SRV_NONCE
	    "\",\"trust_domain\":\"example.org\",\"server_id\":"
	    "\"example.org\",\"sts_host\":\"" STS_HOST
	    "\",\"region\":\"us-east-1\",\"ttl\":1}",
	    GRPC_STATUS_UNAVAILABLE, CREDENTIAL, true);
	ck_assert_int_le((int)(now_ms() - from), patience(4000));
}
END_TEST

static void
fail_once(struct httpd_request *r)
{
	if (r->number == 1)
		httpd_reply(r, 503, "{\"code\":\"CredentialsUninitialized\"}");
	else
		answer_keys(r);
}

START_TEST(asks_again_for_keys_that_are_not_ready)
{
	struct httpd *s;
	struct host *h;

	task.keys = fail_once;
	s = httpd_start(0, serve, &task);
	h = load_with(s, "");
	answers(h, GOOD, "example.org", STS_HOST, "us-east-1");
	host_unload(h);
	httpd_stop(s);
}
END_TEST

/* Two minutes left: new ones, if there are any. */
enum { FRESH, AS_OLD, BROKEN, SECOND_KEYS };

START_TEST(asks_again_for_keys_that_end_soon)
{
	struct httpd *s;
	struct host *h;

	snprintf(task.answers[0], sizeof(task.answers[0]), "%s",
	    keys_text(TOKEN_MEMBER, stamp(120)));
	snprintf(task.answers[1], sizeof(task.answers[1]), "%s",
	    _i == BROKEN ? "{}"
			 : keys_text(TOKEN_MEMBER,
			       stamp(_i == FRESH ? 3600 : 120)));
	s = httpd_start(0, serve, &task);
	h = load_with(s, "timeout = \"5s\"");
	answers(h, GOOD, "example.org", STS_HOST, "us-east-1");
	ck_assert_int_ge((int)httpd_requests(s), 3);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(says_that_a_task_needs_a_role)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h = load_env(s, clean_env, "");

	refuses(
	    s, h, GOOD, GRPC_STATUS_FAILED_PRECONDITION, "taskRoleArn", false);
}
END_TEST

/* The address of ECS is not this host's, and no proxy leads there. */
START_TEST(takes_no_keys_of_a_role_without_a_name)
{
	struct httpd *s = httpd_start(0, serve, &task);
	const char *env[] = {
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/creds",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI",
		print("http_proxy=%s", httpd_url(s)),
		print("ALL_PROXY=%s", httpd_url(s)),
		NULL,
	};
	struct host *h = load_env(s, env, "timeout = \"1s\"");

	refuses(s, h, GOOD, GRPC_STATUS_UNAVAILABLE, CREDENTIAL, false);
}
END_TEST

static void
authorized(struct httpd_request *r)
{
	if (strstr(r->head, "\r\nAuthorization: pod-token\r\n") != NULL)
		answer_keys(r);
	else
		httpd_reply(r, 401, "{}");
}

START_TEST(takes_the_full_url_with_its_token)
{
	struct httpd *s;
	const char *env[] = {
		"AWS_CONTAINER_AUTHORIZATION_TOKEN=pod-token",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		NULL, /* the full one */
		NULL,
	};
	struct host *h;

	task.keys = authorized;
	s = httpd_start(0, serve, &task);
	env[3] = print(
	    "AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/creds", httpd_url(s));
	h = load_env(s, env, "");
	answers(h, GOOD, "example.org", STS_HOST, "us-east-1");
	ck_assert(strstr(process_stderr(h->process), "pod-token") == NULL);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

static const char *const far_urls[] = { "http://192.0.2.1/creds",
	"http://169.254.169.254/latest", "http://example.org/creds",
	"file:///etc/passwd", "http://127.0.0.1.example.org/creds",
	"http://user:pw@127.0.0.1/creds", "http://127.1/creds",
	"http://2130706433/creds", "http://0x7f.0.0.1/creds",
	"http://127.0.0.256/creds", "http://[::2]/creds",
	"http://localhost.example.org/creds",
	"http://169.254.170.2.example.org/creds",
	"http://169.254.170.2@example.org/creds",
	"http://169.254.170.2:80@example.org/creds",
	"http://169.254.170.23\\.example.org/creds", "ftp://127.0.0.1/creds",
	"http://", "http:///creds", "//127.0.0.1/creds" };

START_TEST(asks_no_far_url_for_keys)
{
	struct httpd *s = httpd_start(0, serve, &task);
	const char *env[] = {
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		print("AWS_CONTAINER_CREDENTIALS_FULL_URI=%s", far_urls[_i]),
		NULL,
	};
	struct host *h = load_env(s, env, "timeout = \"2s\"");

	refuses(s, h, GOOD, GRPC_STATUS_FAILED_PRECONDITION, CREDENTIAL, false);
}
END_TEST

/* A mock has a name of its own; here it does not resolve. */
START_TEST(asks_any_url_that_is_configured)
{
	struct httpd *s = httpd_start(0, serve, &task);
	struct host *h = load_env(s, clean_env,
	    "credentials_endpoint = \"http://mock.invalid:8090/creds\"\n"
	    "timeout = \"1s\"");

	refuses(s, h, GOOD, GRPC_STATUS_UNAVAILABLE, CREDENTIAL, false);
}
END_TEST

START_TEST(says_that_the_clock_is_off)
{
	struct httpd *s;
	struct host *h;
	struct call *c;

	snprintf(task.document, sizeof(task.document), "%s",
	    metadata("ClockDrift",
		"{\"ClockErrorBound\":0.5,\"ReferenceTimestamp\":"
		"\"2026-01-15T10:15:40Z\",\"ClockSynchronizationStatus\":"
		"\"NOT_SYNCHRONIZED\"}",
		NULL));
	s = httpd_start(0, serve, &task);
	h = load_with(s, "");
	c = start(h);
	host_wait_line(h, "warn", "clock", CALL_MS);
	call_free(c);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(says_nothing_of_a_clock_that_is_right)
{
	struct httpd *s;
	struct host *h;
	struct call *c;

	snprintf(task.document, sizeof(task.document), "%s",
	    metadata("ClockDrift",
		"{\"ClockSynchronizationStatus\":\"SYNCHRONIZED\"}", "Family",
		"\"NOT_SYNCHRONIZED\"", NULL));
	s = httpd_start(0, serve, &task);
	h = load_with(s, "");
	c = start(h);
	ck_assert_int_eq((int)process_count(h->process, "warn", ""), 0);
	call_free(c);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(lets_go_of_keys_when_cancelled)
{
	struct httpd *s;
	struct host *h;
	int i;

	task.keys = hang;
	s = httpd_start(0, serve, &task);
	h = load_with(s, "");
	for (i = 0; i < 20; i++) {
		struct call *c = start(h);

		send_challenge(c, GOOD);
		if (i % 2 == 0)
			client_pump(h->client, 10);
		call_cancel(c);
		call_free(c);
	}
	host_is_alive(h);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(unloads_in_the_middle_of_keys)
{
	struct httpd *s;
	struct host *h;
	struct call *calls[10]; /* fewer than it asks at a time */
	size_t i;

	task.keys = hang;
	s = httpd_start(0, serve, &task);
	h = load_with(s, "");
	for (i = 0; i < COUNT_OF(calls); i++) {
		calls[i] = start(h);
		send_challenge(calls[i], GOOD);
		call_read(calls[i]);
	}
	for (i = 0; i < 500 && !httpd_saw(s, "/creds"); i++)
		client_pump(h->client, 10);
	host_is_alive(h);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

static void
add_challenges(Suite *s)
{
	TCase *tc = new_case(s, "challenges", 40);

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, signs_what_the_server_can_check);
	ck_table(tc, takes_any_name_of_the_region, sts_names);
	tcase_add_test(tc, takes_what_is_configured);
	tcase_add_test(tc, answers_stream_after_stream);
	tcase_add_test(tc, answers_many_at_once);
	ck_table(tc, signs_nothing_for, challenges);
	tcase_add_test(tc, signs_nothing_for_a_huge_challenge);
	tcase_add_test(tc, signs_for_no_other_sts_than_configured);
	tcase_add_test(tc, signs_for_no_unknown_partition);
	tcase_add_test(tc, answers_one_challenge_only);
	tcase_add_test(tc, answers_one_of_two_challenges);
	tcase_add_test(
	    tc, answers_a_challenge_that_was_there_before_its_payload);
	tcase_add_test(tc, ends_well_when_the_server_is_content);
}

static void
add_keys(Suite *s)
{
	TCase *tc = new_case(s, "keys", 40);

	tcase_add_checked_fixture(tc, set_up, NULL);
	ck_table(tc, signs_nothing_with_keys_that_are, bad_keys);
	tcase_add_test(tc, signs_nothing_with_keys_of_a_user);
	tcase_add_test(tc, waits_for_keys_as_long_as_the_server_does);
	tcase_add_test(tc, asks_again_for_keys_that_are_not_ready);
	tcase_add_loop_test(
	    tc, asks_again_for_keys_that_end_soon, 0, SECOND_KEYS);
	tcase_add_test(tc, says_that_a_task_needs_a_role);
	tcase_add_test(tc, takes_no_keys_of_a_role_without_a_name);
	tcase_add_test(tc, takes_the_full_url_with_its_token);
	ck_table(tc, asks_no_far_url_for_keys, far_urls);
	tcase_add_test(tc, asks_any_url_that_is_configured);
	tcase_add_test(tc, says_that_the_clock_is_off);
	tcase_add_test(tc, says_nothing_of_a_clock_that_is_right);
	tcase_add_test(tc, lets_go_of_keys_when_cancelled);
	tcase_add_test(tc, unloads_in_the_middle_of_keys);
}

int
main(void)
{
	Suite *s = suite_create("agent challenge");

	add_challenges(s);
	add_keys(s);
	return run_tests(s);
}
