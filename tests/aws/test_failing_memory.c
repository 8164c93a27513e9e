/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each op with its 1st, 2nd, ... allocation on the queue thread failing, until
 * none fails; with all later ones failing too.  Each time a start says so and
 * is not answered, or is answered exactly once.
 */
#include <stdio.h>

#include "ask_aws.h"
#include "aws/credentials.h"
#include "fault.h"

enum { N_MAX = 10 * 1000, PATIENCE_MS = 60 * 1000 };

/* What is looked at when memory is plenty again: Check allocates too. */
static struct {
	unsigned answers;
	int r, started;
	bool has_value, has_error, from_inside;
} got;
static bool starting;
static struct credentials *cred;
static struct credentials_settings cred_settings;
static struct aws_caller caller;

static void
answered(int r, bool has_value, const struct err *err)
{
	got.answers++;
	got.r = r;
	got.has_value = has_value;
	got.has_error = err != NULL && err->code == r && err->msg[0] != '\0';
	got.from_inside = got.from_inside || starting;
}

static void
on_task(void *arg, int r, struct json json, struct str request_id,
    const struct err *err)
{
	(void)arg;
	(void)request_id;
	answered(r, json.type != 0, err);
}

static void
on_definition(void *arg, int r, const struct ecs_definition *definition,
    const struct err *err)
{
	(void)arg;
	answered(r, definition != NULL, err);
}

static void
on_identity(void *arg, int r, const struct sts_identity *identity,
    const struct err *err)
{
	(void)arg;
	answered(r, r == ERR_OK && identity->account.n > 0, err);
}

static void
on_keys(void *arg, int r, struct aws_keys *keys, const struct err *err)
{
	(void)arg;
	answered(r, keys != NULL, err);
}

static int
open_aws(struct err *err)
{
	return aws_new(&aws, lab_loop, &lab_http, &settings, NULL, err);
}

#define HERE "arn:aws:ecs:us-east-1:" OWN ":"

static int
start_task(struct err *err)
{
	const struct aws_place place = { STR(OWN), STR(REGION),
		STR(HERE "cluster/c") };
	struct aws_op *op;
	int r = open_aws(err);

	if (r == ERR_OK)
		r = aws_describe_task(&op, aws, &place,
		    STR(HERE "task/c/00000000000000000000000000000001"),
		    lab_in(PATIENCE_MS), on_task, NULL, err);
	return r;
}

static int
start_definition(struct err *err)
{
	struct aws_op *op;
	int r = open_aws(err);

	if (r == ERR_OK)
		r = aws_describe_definition(&op, aws, STR(OWN), STR(REGION),
		    STR(HERE "task-definition/f:1"), lab_in(PATIENCE_MS),
		    on_definition, NULL, err);
	return r;
}

static int
start_identity(struct err *err)
{
	struct endpoint e;
	struct sts_proof proof = {
		.access_key_id = STR("ASIAAGENTEXAMPLE0001"),
		.amz_date = STR("20261122T030405Z"),
		.session_token = STR("token"),
		.signature = STR("00112233445566778899aabbccddeeff"
				 "00112233445566778899aabbccddeeff"),
		.binding = STR("v1.binding"),
		.endpoint = &e,
	};
	struct aws_op *op;
	int r = open_aws(err);

	if (r == ERR_OK)
		r = aws_sts_endpoint(
		    &e, &proof.region, aws, STR(REGION), err);
	if (r == ERR_OK)
		r = aws_identify(&op, aws, STR(OWN), &proof,
		    lab_in(PATIENCE_MS), on_identity, NULL, err);
	return r;
}

static int
start_credentials(struct err *err)
{
	struct credentials_wait *wait;
	int r = credentials_new(&cred, &caller, &cred_settings, err);

	if (r == ERR_OK)
		r = credentials_get(
		    &wait, cred, lab_in(PATIENCE_MS), on_keys, NULL, err);
	return r;
}

/*
 * What is there
 */

static void
use_container(void)
{
	static char url[128];

	(void)snprintf(url, sizeof(url), "%s/creds", fake_aws_url(fake));
	(void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
	settings.access_key_id = settings.secret_access_key = STR("");
}

static void
use_role(void)
{
	settings.assume_role = STR("reader");
	settings.external_id = STR("external");
}

static void
use_role_by_container(void)
{
	use_container();
	use_role();
}

static void
use_imds(void)
{
	(void)setenv(
	    "AWS_EC2_METADATA_SERVICE_ENDPOINT", fake_aws_url(fake), 1);
}

static void
use_web(void)
{
	(void)setenv(
	    "AWS_WEB_IDENTITY_TOKEN_FILE", lab_file("token", "abcd"), 1);
	(void)setenv("AWS_ROLE_ARN", "arn:aws:iam::" OWN ":role/r", 1);
}

static void
use_profile(void)
{
	(void)setenv("AWS_SHARED_CREDENTIALS_FILE",
	    lab_file("credentials",
		"[default]\n"
		"role_arn = arn:aws:iam::" OWN ":role/r\n"
		"source_profile = base\n"
		"[base]\naws_access_key_id = AKIABASE\n"
		"aws_secret_access_key = secret\n"),
	    1);
}

static void
use_nothing(void)
{
}

static const struct op {
	int (*start)(struct err *err);
	void (*use)(void);
} ops[] = {
	{ start_identity, use_nothing },
	{ start_task, use_nothing },
	{ start_task, use_role },
	{ start_task, use_container },
	{ start_task, use_role_by_container },
	{ start_definition, use_nothing },
	{ start_definition, use_role },
	{ start_credentials, use_container },
	{ start_credentials, use_imds },
	{ start_credentials, use_web },
	{ start_credentials, use_profile },
};

#define DOCUMENT                                                         \
	"{\"Code\":\"Success\",\"AccessKeyId\":\"ASIAEXAMPLEEXAMPLE01\"," \
	"\"SecretAccessKey\":\"secret\",\"Token\":\"token\","            \
	"\"Expiration\":\"2099-11-22T03:04:05Z\"}"
#define ROLES "GET /latest/meta-data/iam/security-credentials/"
#define WEB   "AssumeRoleWithWebIdentity"
#define ASSUMED                                                        \
	"{\"" WEB "Response\":{\"" WEB "Result\":{\"Credentials\":{"   \
	"\"AccessKeyId\":\"ASIAEXAMPLEEXAMPLE01\",\"SessionToken\":"   \
	"\"token\",\"SecretAccessKey\":\"secret\",\"Expiration\":"     \
	"4073670245}}}}"

static void
set_up(void)
{
	ask_set_up();
	ask_script_identity();
	ask_script_assume();
	ask_script_tasks();
	ask_script_definitions();
	FAKE_REPLY(fake, "GET /creds", .body = DOCUMENT);
	FAKE_REPLY(fake, "PUT /latest/api/token", .body = "imds");
	FAKE_REPLY(fake, ROLES, .body = "role");
	FAKE_REPLY(fake, ROLES "role", .body = DOCUMENT);
	FAKE_REPLY(fake, WEB, .headers = JSON, .body = ASSUMED);
	caller = (struct aws_caller){ .loop = lab_loop, .http = &lab_http };
	cred_settings = (struct credentials_settings){
		.partition = STR("aws"),
		.sts_region = STR(REGION),
		.sts_endpoint = str_of(fake_aws_url(fake)),
	};
}

static bool
is_answered(const void *arg)
{
	(void)arg;
	return got.answers > 0;
}

/* With the n-th allocation failing; false: there were not so many. */
static bool
run_with(const struct op *op, size_t n, enum fault_mode mode)
{
	struct err err = { 0 };
	bool hit;

	memset(&got, 0, sizeof(got));
	aws = NULL;
	cred = NULL;
	lab_step();
	fault_set(n, mode);
	starting = true;
	got.started = op->start(&err);
	starting = false;
	if (got.started == ERR_OK) {
		lab_jump(60); /* a batch gathers no longer */
		lab_until(is_answered, NULL);
	}
	hit = fault_was_hit();
	fault_set(0, FAULT_ONCE);
	aws_unref(aws);
	credentials_free(cred);
	aws = NULL;
	lab_step();
	ck_assert_msg(got.started == ERR_OK || err.code == got.started,
	    "%zu: started %d, error %d", n, got.started, err.code);
	ck_assert_uint_eq(got.answers, got.started == ERR_OK);
	ck_assert(!got.from_inside);
	if (got.started == ERR_OK) {
		ck_assert_int_eq(got.has_value, got.r == ERR_OK);
		ck_assert_int_eq(got.has_error, got.r != ERR_OK);
	}
	if (!hit)
		ck_assert_int_eq(got.r, ERR_OK);
	return hit;
}

START_TEST(every_start_fails_or_is_answered_once)
{
	const struct op *op = &ops[_i / 2];
	const enum fault_mode mode = _i % 2 == 0 ? FAULT_ONCE : FAULT_ON;
	size_t n = 1;

	op->use();
	while (run_with(op, n, mode))
		ck_assert_uint_lt(n++, N_MAX);
	ck_assert_uint_gt(n, 5);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("failing memory");
	TCase *tc = tcase_create("failing memory");

	tcase_add_checked_fixture(tc, set_up, ask_tear_down);
	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, every_start_fails_or_is_answered_once, 0,
	    2 * (int)COUNT_OF(ops));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
