/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "agent/diagnose.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "host/fail.h"
#include "host/httpd.h"
#include "testing.h"

#define TASK_ID  "0123456789abcdef0123456789abcdef"
#define TASK_ARN "arn:aws:ecs:us-east-1:123456789012:task/my-cluster/" TASK_ID
#define SECRET   "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TOKEN    "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCWV1LXdlc3QtMSJGMEQC="

#define DOCUMENT                                                       \
	"{\"TaskARN\":\"" TASK_ARN                                     \
	"\",\"Cluster\":\"my-cluster\",\"Family\":\"f\",\"Revision\":" \
	"\"7\",\"LaunchType\":\"FARGATE\",\"TaskTags\":{\"Team\":\"a\"}"
#define KEYS_UNTIL(token, when)                                                  \
	"{\"RoleArn\":\"arn:aws:iam::123456789012:role/team/my-role\","          \
	"\"AccessKeyId\":\"ASIAEXAMPLEEXAMPLE01\",\"SecretAccessKey\":\"" SECRET \
	"\"," token "\"Expiration\":\"" when "\"}"
#define KEYS_OF_USER                                                            \
	"{\"RoleArn\":\"\",\"AccessKeyId\":\"AKIAEXAMPLEEXAMPLE01\","              \
	"\"SecretAccessKey\":\"" SECRET "\",\"Token\":\"" TOKEN                   \
	"\",\"Expiration\":\"2099-01-01T00:00:00Z\"}"
#define SIXTY  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
#define KEYS KEYS_UNTIL("\"Token\":\"" TOKEN "\",", "2099-01-01T00:00:00Z")
#define IDENTITY(account, name)                                              \
	"{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":{"      \
	"\"Account\":\"" account "\",\"Arn\":\"" name                        \
	"\",\"UserId\":\"AROAEXAMPLEROLEID001:" TASK_ID                      \
	"\"},\"ResponseMetadata\":{\"RequestId\":\"01234567-89ab-cdef-0123-" \
	"456789abcdef\"}}}"
#define SESSION(account, session) \
	IDENTITY(                 \
	    account, "arn:aws:sts::" account ":assumed-role/my-role/" session)

/* What one run meets, and what it must print. */
struct scene {
	const char *document, *keys, *sts; /* NULL: 404, 404, 403 */
	const char *more;                  /* settings */
	const char *says[3];
	const char *cure;
};

static struct httpd *server;
static char output[64 * 1024];
static char config_path[64];
static bool is_of_aws; /* no sts_endpoint is set */

static void
serve(struct httpd_request *r)
{
	const struct scene *s = r->arg;
	const char *body = NULL;
	int status = 404;

	if (strcmp(r->path, "/v4/x/task") == 0)
		body = s->document;
	else if (strcmp(r->path, "/creds") == 0)
		body = s->keys;
	else if (strncmp(r->head, "POST / ", 7) == 0) {
		body = s->sts;
		status = 403;
	}
	httpd_reply(r, body != NULL ? 200 : status,
	    body != NULL ? body
			 : "{\"Error\":{\"Code\":\"SignatureDoesNotMatch\","
			   "\"Message\":\"x\"}}");
}

static void write_config(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

static void
write_config(const char *fmt, ...)
{
	FILE *f;
	va_list ap;

	(void)snprintf(config_path, sizeof(config_path),
	    "test-diagnose-%d.conf", (int)getpid());
	f = fopen(config_path, "we");
	ck_assert_ptr_nonnull(f);
	va_start(ap, fmt);
	(void)vfprintf(f, fmt, ap);
	va_end(ap);
	ck_assert_int_eq(fclose(f), 0);
}

/* Runs it; what it prints goes to output. */
static int
diagnose(const char *path)
{
	char name[] = "test-diagnose-XXXXXX";
	int fd = mkstemp(name), saved = dup(STDOUT_FILENO);
	ssize_t n;
	int status;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(name), 0);
	(void)fflush(stdout);
	ck_assert_int_ge(dup2(fd, STDOUT_FILENO), 0);
	status = agent_diagnose(NULL, path);
	(void)fflush(stdout);
	ck_assert_int_ge(dup2(saved, STDOUT_FILENO), 0);
	(void)close(saved);
	n = pread(fd, output, sizeof(output) - 1, 0);
	ck_assert_int_ge(n, 0);
	output[n] = '\0';
	(void)close(fd);
	return status;
}

static int
run_scene(struct scene *scene, const char *sts)
{
	int status;

	server = httpd_start(0, serve, scene);
	write_config("metadata_endpoint = \"%s/v4/x\"\n"
		     "credentials_endpoint = \"%s/creds\"\n"
		     "%ssts_endpoint = \"%s\"\n%s\n",
	    httpd_url(server), httpd_url(server),
	    is_of_aws ? "#" : "",
	    sts == NULL ? httpd_url(server) : sts,
	    scene->more == NULL ? "" : scene->more);
	status = diagnose(config_path);
	httpd_stop(server);
	(void)unlink(config_path);
	ck_assert(strstr(output, SECRET) == NULL);
	ck_assert(strstr(output, TOKEN) == NULL);
	return status;
}

static void
expect(const char *text)
{
	ck_assert_msg(
	    strstr(output, text) != NULL, "no \"%s\" in:\n%s", text, output);
}

static struct scene good_scene = {
	.document = DOCUMENT "}",
	.keys = KEYS,
	.sts = SESSION("123456789012", TASK_ID),
};

START_TEST(tells_what_the_server_sees)
{
	ck_assert_msg(run_scene(&good_scene, NULL) == 0, "%s", output);
	expect("metadata     ok      http://127.0.0.1:");
	expect("task         ok      " TASK_ARN "\n");
	expect("place        ok      account 123456789012, region us-east-1, "
	       "cluster my-cluster\n");
	expect("clock        ok ");
	expect("sts          ok      127.0.0.1:");
	expect("aws_fargate_task:tag:Team:a\n");
	expect("credentials  ok      role "
	       "arn:aws:iam::123456789012:role/team/my-role, access key "
	       "ASIAEXAMPLEEXAMPLE01, until 2099-01-01T00:00:00Z\n");
	expect("signature    ok      AWS knows it: account 123456789012, role "
	       "my-role, session " TASK_ID "\n");
	expect("result       ok ");
	ck_assert(strstr(output, "FAILED") == NULL);
}
END_TEST

/* From most tasks STS can be reached; the server does not need that. */
START_TEST(is_content_without_sts)
{
	char url[64];

	(void)snprintf(
	    url, sizeof(url), "http://127.0.0.1:%d", httpd_unused_port());
	ck_assert_msg(run_scene(&good_scene, url) == 0, "%s", output);
	expect("signature    -       not tried, and not needed from here");
	ck_assert_msg(
	    run_scene(&good_scene, "http://192.0.2.1:8090") == 0, "%s", output);
	expect("signature    -       not tried: 192.0.2.1:8090 is plain HTTP");
}
END_TEST

static struct scene scenes[] = {
	{ NULL, KEYS, NULL, NULL,
	    { "metadata     FAILED  failed to fetch task metadata: metadata "
	      "endpoint returned status 404\n",
		"credentials  ok ", "signature    -       not tried\n" },
	    "run" },
	{ "{}", KEYS, NULL, NULL, { "metadata     FAILED  " },
	    "what answers there is not the task metadata endpoint" },
	{ DOCUMENT ",\"ClockDrift\":{\"ClockSynchronizationStatus\":"
		   "\"NOT_SYNCHRONIZED\"}}",
	    KEYS, SESSION("123456789012", TASK_ID), NULL,
	    { "clock        FAILED  " }, "start the task anew" },
	{ "{\"TaskARN\":\"arn:aws:ecs:us-east-1:123456789012:task/c/mock-1\"}",
	    KEYS, SESSION("123456789012", "mock-1"), NULL,
	    { "task         FAILED  " }, "verification = \"metadata\"" },
	{ "{\"TaskARN\":\"" TASK_ARN "\",\"LaunchType\":\"EC2\"}", KEYS,
	    SESSION("123456789012", TASK_ID), NULL, { "launch type  FAILED  " },
	    "Fargate only" },
	{ DOCUMENT "}", KEYS, SESSION("123456789012", TASK_ID),
	    "cluster = \"other\"\nregion = \"eu-west-1\"",
	    { "cluster      FAILED  cluster = \"other\" is configured",
		"region       FAILED  region = \"eu-west-1\" is configured",
		"result       FAILED  2 of the above" },
	    "correct it" },
	{ DOCUMENT "}", NULL, NULL, NULL,
	    { "credentials  FAILED  ", "signature    -       not tried\n" },
	    "169.254.170.2" },
	{ DOCUMENT "}",
	    KEYS_UNTIL("\"Token\":\"" TOKEN "\",", "2020-01-01T00:00:00Z"),
	    NULL, NULL, { "credentials  FAILED  " }, "169.254.170.2" },
	{ DOCUMENT "}", KEYS_UNTIL("", "2099-01-01T00:00:00Z"), NULL, NULL,
	    { "credentials  FAILED  " }, "169.254.170.2" },
	{ DOCUMENT "}", KEYS_OF_USER, SESSION("123456789012", TASK_ID), NULL,
	    { "credentials  ok      role not named, access key AKIA",
		"key          FAILED  " },
	    "credentials that ECS gives" },
	{ "{\"TaskARN\":\"" TASK_ARN "\",\"TaskTags\":{\"Long\":\"" SIXTY
	  SIXTY SIXTY SIXTY SIXTY "\"}}",
	    KEYS, SESSION("123456789012", TASK_ID), NULL,
	    { "selectors    FAILED  one is too long" }, "shorten the tag" },
	{ DOCUMENT "}", KEYS, NULL, NULL, { "signature    FAILED  " },
	    "clock" },
	{ DOCUMENT "}", KEYS, "hello", NULL, { "signature    FAILED  " },
	    "sts_endpoint" },
	{ DOCUMENT "}", KEYS, SESSION("123456789012", "somebody"), NULL,
	    { "signature    ok      AWS knows it: account 123456789012, role "
	      "my-role, session somebody\n",
		"session      FAILED  " },
	    "use the credentials that ECS gives" },
	{ DOCUMENT "}", KEYS, SESSION("210987654321", TASK_ID), NULL,
	    { "account      FAILED  " }, "a role of its own account" },
	{ DOCUMENT "}", KEYS,
	    IDENTITY("123456789012", "arn:aws:iam::123456789012:user/me"), NULL,
	    { "signature    FAILED  " }, "a task's role" },
};

START_TEST(names_what_is_wrong)
{
	size_t i;

	ck_assert_msg(run_scene(&scenes[_i], NULL) == 1, "%s", output);
	for (i = 0; i < COUNT_OF(scenes[_i].says); i++)
		if (scenes[_i].says[i] != NULL)
			expect(scenes[_i].says[i]);
	expect("cure: ");
	expect(scenes[_i].cure);
	expect("result       FAILED  ");
}
END_TEST

START_TEST(names_a_partition_without_sts)
{
	struct scene scene = { .document = "{\"TaskARN\":\"arn:aws-moon:ecs:"
					   "moon-1:123456789012:task/c/" TASK_ID
					   "\"}",
		.keys = KEYS };
	int status;

	is_of_aws = true;
	status = run_scene(&scene, NULL);
	is_of_aws = false;
	ck_assert_msg(status == 1, "%s", output);
	expect("sts          FAILED  ");
	expect("cure: set sts_endpoint and sts_region on server and agent");
	expect("signature    -       not tried\n");
}
END_TEST

/* They would do, but ECS gives better ones. */
START_TEST(names_keys_that_end_soon)
{
	static char keys[4096];
	struct scene scene = good_scene;
	time_t at = time(NULL) + 120;
	struct tm tm;
	char until[32];

	ck_assert_ptr_nonnull(gmtime_r(&at, &tm));
	ck_assert_uint_gt(
	    strftime(until, sizeof(until), "%Y-%m-%dT%H:%M:%SZ", &tm), 0);
	(void)snprintf(keys, sizeof(keys), "%.*s%s\"}",
	    (int)(strstr(KEYS, "2099") - KEYS), KEYS, until);
	scene.keys = keys;
	ck_assert_msg(run_scene(&scene, NULL) == 1, "%s", output);
	expect("credentials  ok ");
	expect("expiry       FAILED  they end within five minutes\n");
	expect("cure: compare the clock");
	expect("signature    ok ");
	expect("result       FAILED  1 of the above\n");
}
END_TEST

START_TEST(names_what_is_not_set)
{
	ck_assert_int_eq(diagnose(NULL), 1);
	expect(
	    "metadata     FAILED  failed to fetch task metadata: no metadata "
	    "endpoint configured and ECS_CONTAINER_METADATA_URI_V4 not set");
	expect("credentials  FAILED  neither ");
	expect("taskRoleArn");
	expect("result       FAILED  2 of the above");
}
END_TEST

START_TEST(refuses_a_bad_configuration)
{
	ck_assert_int_eq(diagnose("/nonexistent.conf"), 1);
	ck_assert_str_eq(output, "");
	write_config("timeout = \"x\"\n");
	ck_assert_int_eq(diagnose(config_path), 1);
	ck_assert_str_eq(output, "");
	(void)unlink(config_path);
}
END_TEST

static void
set_up(void)
{
	static const char *const names[] = { "ECS_CONTAINER_METADATA_URI_V4",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI" };
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++)
		(void)unsetenv(names[i]);
}

int
main(void)
{
	Suite *s = suite_create("agent diagnose");
	TCase *tc = tcase_create("agent diagnose");

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, tells_what_the_server_sees);
	tcase_add_test(tc, is_content_without_sts);
	ck_table(tc, names_what_is_wrong, scenes);
	tcase_add_test(tc, names_a_partition_without_sts);
	tcase_add_test(tc, names_keys_that_end_soon);
	tcase_add_test(tc, names_what_is_not_set);
	tcase_add_test(tc, refuses_a_bad_configuration);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
