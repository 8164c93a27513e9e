/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/imds.h"

#include <stdio.h>

#include "fake_aws.h"
#include "lab.h"
#include "testing.h"

#define PUT      "PUT /latest/api/token"
#define ROLES    "GET /latest/meta-data/iam/security-credentials/"
#define KEYS     ROLES "my-role"
#define ENDPOINT "AWS_EC2_METADATA_SERVICE_ENDPOINT"
#define DOCUMENT(code)                                              \
	"{\"Code\":\"" code "\",\"Type\":\"AWS-HMAC\","             \
	"\"AccessKeyId\":\"ASIAEXAMPLEEXAMPLE01\","                 \
	"\"SecretAccessKey\":\"secret\",\"Token\":\"token/token\"," \
	"\"Expiration\":\"2099-11-22T03:04:05Z\"}"

static struct fake_aws *fake, *other;
static struct imds_fetch *fetch;
static unsigned answers;
static int got_r;
static struct err got_err;
static char got_id[64];
static bool starting;

static void
on_keys(void *arg, int r, struct aws_keys *keys, const struct err *err)
{
	ck_assert_ptr_eq(arg, &answers);
	ck_assert(!starting);
	answers++;
	got_r = r;
	got_err = *err;
	ck_assert_int_eq(err->code, r);
	ck_assert_int_eq(keys != NULL, r == ERR_OK);
	if (keys != NULL)
		(void)snprintf(got_id, sizeof(got_id), "%.*s",
		    STR_FMT(keys->access_key_id));
}

static void
set_up(void)
{
	lab_set_up();
	answers = 0;
	got_err = (struct err){ 0 };
	fake = fake_aws_start();
	other = fake_aws_start();
	(void)setenv("http_proxy", fake_aws_url(other), 1);
	(void)setenv("ALL_PROXY", fake_aws_url(other), 1);
	(void)setenv(ENDPOINT, fake_aws_url(fake), 1);
	lab_open_http();
}

static void
tear_down(void)
{
	lab_end_http();
	fake_aws_stop(fake);
	fake_aws_stop(other);
	lab_tear_down();
}

static int
start(void)
{
	int r;

	starting = true;
	r = imds_fetch_start(&fetch, lab_http, on_keys, &answers, &got_err);
	starting = false;
	return r;
}

static int
get(void)
{
	int r = start();

	ck_assert_msg(r == ERR_OK, "%s", got_err.msg);
	lab_until_number(&answers, 1);
	ck_assert_uint_eq(fake_aws_connections(other), 0);
	return got_r;
}

static void
script_all(void)
{
	FAKE_REPLY(fake, PUT, .body = "AQAEAtoken==");
	FAKE_REPLY(fake, ROLES, .body = "my-role\n");
	FAKE_REPLY(fake, KEYS, .body = DOCUMENT("Success"));
}

START_TEST(puts_for_a_token_then_gets_role_and_keys)
{
	const struct fake_request *put;

	script_all();
	ck_assert_int_eq(get(), ERR_OK);
	ck_assert_str_eq(got_id, "ASIAEXAMPLEEXAMPLE01");
	put = fake_aws_request(fake, PUT, 1);
	ck_str(fake_header(put, "X-aws-ec2-metadata-token-ttl-seconds"),
	    "21600");
	ck_str(fake_header(fake_aws_request(fake, ROLES, 1),
		   "X-aws-ec2-metadata-token"),
	    "AQAEAtoken==");
	ck_str(fake_header(fake_aws_request(fake, KEYS, 1),
		   "X-aws-ec2-metadata-token"),
	    "AQAEAtoken==");
	ck_assert_uint_eq(fake_aws_count(fake, NULL), 3);
}
END_TEST

START_TEST(renews_a_token_that_is_refused)
{
	const char *op = _i == 0 ? ROLES : KEYS;

	FAKE_REPLY(fake, PUT, .times = 1, .body = "old");
	FAKE_REPLY(fake, PUT, .body = "new");
	FAKE_REPLY(fake, op, .times = 1, .status = 401);
	script_all();
	ck_assert_int_eq(get(), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, PUT), 2);
	ck_str(fake_header(
		   fake_aws_request(fake, op, 2), "X-aws-ec2-metadata-token"),
	    "new");
}
END_TEST

START_TEST(renews_a_token_once_only)
{
	FAKE_REPLY(fake, ROLES, .status = 401);
	script_all();
	ck_assert_int_eq(get(), ERR_UPSTREAM);
	ck_assert_uint_eq(fake_aws_count(fake, PUT), 2);
	ck_assert_uint_eq(fake_aws_count(fake, ROLES), 2);
}
END_TEST

START_TEST(can_be_switched_off)
{
	(void)setenv(
	    "AWS_EC2_METADATA_DISABLED", _i == 0 ? "true" : "TRUE", 1);
	script_all();
	ck_assert_int_eq(start(), ERR_MISSING);
	ck_assert_ptr_nonnull(strstr(got_err.msg, "AWS_EC2_METADATA_DISABLED"));
	lab_step();
	ck_assert_uint_eq(fake_aws_connections(fake), 0);
}
END_TEST

static const char *const refused[] = { "http://example.org",
	"https://example.org", "http://169.254.169.25", "http://169.254.170.2",
	"http://169.254.169.254.example.org", "http://169.254.169.254@x.org",
	"https://127.0.0.1", "http://127.0.0.1/path", "ftp://127.0.0.1",
	"nonsense" };

START_TEST(refuses_an_endpoint_elsewhere)
{
	(void)setenv(ENDPOINT, refused[_i], 1);
	ck_assert_int_eq(start(), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(got_err.msg, ENDPOINT));
}
END_TEST

static const struct bad {
	const char *op;
	int status;
	const char *body;
	int r;
	unsigned asked; /* for keys */
} bad[] = {
	{ PUT, 403, "", ERR_UPSTREAM, 0 },
	{ PUT, 400, "", ERR_UPSTREAM, 0 },
	{ PUT, 200, "", ERR_UPSTREAM, 0 },
	{ PUT, 200, "a\r\nX: y", ERR_UPSTREAM, 0 },
	{ PUT, 200, "a b", ERR_UPSTREAM, 0 },
	{ PUT, 503, "", ERR_UNAVAILABLE, 0 },
	{ ROLES, 404, "", ERR_MISSING, 0 },
	{ ROLES, 500, "", ERR_UNAVAILABLE, 0 },
	{ ROLES, 200, "", ERR_UPSTREAM, 0 },
	{ ROLES, 200, "a/../../b", ERR_UPSTREAM, 0 },
	{ ROLES, 200, "a?b", ERR_UPSTREAM, 0 },
	{ ROLES, 200, "one\ntwo", ERR_UPSTREAM, 0 },
	{ ROLES, 302, "", ERR_UPSTREAM, 0 },
	{ KEYS, 404, "", ERR_UPSTREAM, 1 },
	{ KEYS, 200, "{}", ERR_UPSTREAM, 1 },
	{ KEYS, 200, DOCUMENT("AssumeRoleUnauthorizedAccess"), ERR_UPSTREAM,
	    1 },
	{ KEYS, 200, "{\"Code\":\"Failed\",\"Message\":\"x\"}", ERR_UPSTREAM,
	    1 },
};

START_TEST(does_not_take)
{
	const struct bad *b = &bad[_i];

	FAKE_REPLY(fake, b->op, .status = b->status, .body = b->body,
	    .headers = "Location: http://127.0.0.1:1/\r\n");
	script_all();
	ck_assert_int_eq(get(), b->r);
	ck_assert_uint_eq(fake_aws_count(fake, KEYS), b->asked);
}
END_TEST

START_TEST(is_missing_where_nobody_answers)
{
	if (_i == 0) {
		fake_aws_stop(fake);
		fake = NULL;
	} else {
		FAKE_REPLY(fake, PUT, .how = FAKE_HOLDS);
	}
	ck_assert_int_eq(get(), ERR_MISSING);
}
END_TEST

START_TEST(reads_no_endless_answer)
{
	FAKE_REPLY(fake, KEYS, .how = FAKE_ENDLESS);
	script_all();
	ck_assert_int_eq(get(), ERR_UPSTREAM);
}
END_TEST

START_TEST(can_be_cancelled)
{
	static const char *const ops[] = { PUT, ROLES, KEYS };

	FAKE_REPLY(fake, ops[_i], .how = FAKE_HOLDS);
	script_all();
	ck_assert_int_eq(start(), ERR_OK);
	fake_aws_until(fake, ops[_i], 1);
	starting = true;
	imds_fetch_cancel(fetch);
	starting = false;
	lab_until_number(&answers, 1);
	ck_assert_int_eq(got_r, ERR_CANCELLED);
	lab_step();
	ck_assert_uint_eq(answers, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("imds");
	TCase *tc = tcase_create("imds");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, puts_for_a_token_then_gets_role_and_keys);
	tcase_add_loop_test(tc, renews_a_token_that_is_refused, 0, 2);
	tcase_add_test(tc, renews_a_token_once_only);
	tcase_add_loop_test(tc, can_be_switched_off, 0, 2);
	ck_table(tc, refuses_an_endpoint_elsewhere, refused);
	ck_table(tc, does_not_take, bad);
	tcase_add_loop_test(tc, is_missing_where_nobody_answers, 0, 2);
	tcase_add_test(tc, reads_no_endless_answer);
	tcase_add_loop_test(tc, can_be_cancelled, 0, 3);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
