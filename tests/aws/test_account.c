/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/account.h"

#include <stdio.h>
#include <time.h>

#include "ask_aws.h"

/* Whose keys serve whom: CVE-2025-11621 was one account's for another. */

static void
set_up(void)
{
	ask_set_up();
	ask_script_tasks();
	ask_script_definitions();
	ask_script_assume();
}

START_TEST(our_own_keys_serve_our_own_account)
{
	struct ask a;

	ask_script_identity();
	ask_open();
	ck_assert_int_eq(ask_task(&a, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	ck_assert(is_signed_by(fake_aws_request(fake, TASKS, 1), "AKIAOWN"));
	ck_assert(is_signed_by(fake_aws_request(fake, IDENTITY, 1), "AKIAOWN"));
	/* whose they are is asked once */
	ck_assert_int_eq(ask_task(&a, 2), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, IDENTITY), 1);
	ck_assert_uint_eq(fake_aws_count(fake, ASSUME), 0);
}
END_TEST

START_TEST(our_own_keys_serve_no_other_account)
{
	struct ask a, b;
	int i;

	ask_script_identity();
	ask_open();
	/* a success of our own account's warms all there is */
	ck_assert_int_eq(ask_task(&a, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	ck_assert_int_eq(ask_definition(&a, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(
		    ask_task_at(&a, OTHER, REGION, CLUSTER, 1, 20000), ERR_OK);
		ck_assert_int_eq(
		    ask_definition_at(&b, OTHER, "family", 1, 20000), ERR_OK);
		ck_assert_int_eq(ask_result(&a), ERR_NOT_NOW);
		ck_assert_int_eq(ask_result(&b), ERR_NOT_NOW);
		ck_assert_ptr_nonnull(strstr(a.err.msg, OTHER));
		ck_assert_ptr_nonnull(strstr(a.err.msg, "assume_role"));
	}
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 1);
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), 1);
	ck_assert_uint_eq(fake_aws_count(fake, IDENTITY), 2);
}
END_TEST

static void
assume(void)
{
	settings.assume_role = STR("reader");
	settings.external_id = STR("ex:1/2");
	ask_open();
}

START_TEST(each_account_has_keys_of_its_own_role)
{
	struct ask a, b;
	const struct fake_request *first, *second;

	assume();
	ck_assert_int_eq(ask_task(&a, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	ck_assert_int_eq(
	    ask_task_at(&b, OTHER, REGION, CLUSTER, 1, 20000), ERR_OK);
	ck_assert_int_eq(ask_result(&b), ERR_OK);
	first = fake_aws_request(fake, ASSUME, 1);
	second = fake_aws_request(fake, ASSUME, 2);
	ck_str(first->body,
	    "Action=AssumeRole&Version=2011-06-15"
	    "&RoleArn=arn%3Aaws%3Aiam%3A%3A" OWN "%3Arole%2Freader"
	    "&RoleSessionName=spire-aws-fargate&ExternalId=ex%3A1%2F2");
	ck_str(second->body,
	    "Action=AssumeRole&Version=2011-06-15"
	    "&RoleArn=arn%3Aaws%3Aiam%3A%3A" OTHER "%3Arole%2Freader"
	    "&RoleSessionName=spire-aws-fargate&ExternalId=ex%3A1%2F2");
	ck_assert(is_signed_by(first, "AKIAOWN"));
	ck_assert(is_signed_by(second, "AKIAOWN"));
	ck_assert(is_signed_by(
	    fake_aws_request(fake, TASKS, 1), "ASIAASSUMEDEXAMPLE1"));
	ck_assert(is_signed_by(
	    fake_aws_request(fake, TASKS, 2), "ASIAASSUMEDEXAMPLE2"));
	/* and they stay so */
	ck_assert_int_eq(ask_task(&a, 2), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	ck_assert(is_signed_by(
	    fake_aws_request(fake, TASKS, 3), "ASIAASSUMEDEXAMPLE1"));
	ck_assert_uint_eq(fake_aws_count(fake, ASSUME), 2);
	ck_assert_uint_eq(fake_aws_count(fake, IDENTITY), 0);
}
END_TEST

START_TEST(an_account_that_refuses_its_role_gets_nobody_elses_keys)
{
	struct ask a, b;

	fake_aws_stop(fake);
	fake = fake_aws_start();
	settings.sts_endpoint = settings.ecs_endpoint =
	    str_of(fake_aws_url(fake));
	ask_script_tasks();
	FAKE_REPLY(fake, ASSUME, .times = 1, .status = 403, .headers = JSON,
	    .body = "{\"Error\":{\"Code\":\"AccessDenied\"}}");
	ask_script_assume();
	assume();
	ck_assert_int_eq(
	    ask_task_at(&a, OTHER, REGION, CLUSTER, 1, 20000), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_NOT_NOW);
	ck_assert_ptr_nonnull(strstr(a.err.msg, "AccessDenied"));
	ck_assert_int_eq(ask_task(&b, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&b), ERR_OK);
	/* it is not asked for again so soon: now or when its batch goes */
	ck_assert_int_eq(
	    ask_task_at(&a, OTHER, REGION, CLUSTER, 1, 20000), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_NOT_NOW);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 1);
}
END_TEST

START_TEST(whose_our_keys_are_is_asked_once_for_all_who_wait)
{
	struct ask a, b, c;

	FAKE_REPLY(fake, IDENTITY, .how = FAKE_HOLDS, .times = 1);
	ask_script_identity();
	ask_open();
	ck_assert_int_eq(ask_task(&a, 1), ERR_OK);
	ck_assert_int_eq(ask_definition(&b, 1), ERR_OK);
	fake_aws_until(fake, IDENTITY, 1);
	ck_assert_int_eq(
	    ask_task_at(&c, OWN, "eu-west-1", CLUSTER, 1, 20000), ERR_OK);
	lab_pass(60);
	ck_assert_uint_eq(fake_aws_count(fake, IDENTITY), 1);
	ask_cancel(&b);
	ck_assert_int_eq(ask_result(&b), ERR_CANCELLED);
	fake_aws_open(fake); /* which says nothing that can be used */
	ck_assert_int_eq(ask_result(&a), ERR_UPSTREAM);
	ck_assert_int_eq(ask_result(&c), ERR_UPSTREAM);
	ck_assert_int_eq(ask_task(&a, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
}
END_TEST

/* None of these makes the keys ours. */
static const struct bad {
	int status;
	const char *headers, *body;
	int r;
} bad[] = {
	{ 403, JSON, "{\"Error\":{\"Code\":\"InvalidClientTokenId\"}}",
	    ERR_NOT_NOW },
	{ 200, "Content-Type: text/xml\r\n",
	    "<GetCallerIdentityResponse/>", ERR_UPSTREAM },
	{ 200, JSON,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":{"
	    "\"Account\":\"" OWN "0\",\"Arn\":\"x\",\"UserId\":\"y\"}}}",
	    ERR_NOT_NOW },
	{ 200, JSON,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":{"
	    "\"Account\":\"\",\"Arn\":\"x\",\"UserId\":\"y\"}}}",
	    ERR_NOT_NOW },
	{ 200, JSON,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":{"
	    "\"Account\":\"" OTHER "\",\"Account\":\"" OWN
	    "\",\"Arn\":\"x\",\"UserId\":\"y\"}}}",
	    ERR_UPSTREAM },
};

START_TEST(does_not_take_for_ours)
{
	struct ask a;

	FAKE_REPLY(fake, IDENTITY, .status = bad[_i].status,
	    .headers = bad[_i].headers, .body = bad[_i].body);
	ask_open();
	ck_assert_int_eq(ask_task(&a, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&a), bad[_i].r);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 0);
}
END_TEST

START_TEST(new_keys_are_looked_at_again)
{
	static const char expiring[] =
	    "{\"AccessKeyId\":\"ASIAEXAMPLEEXAMPLE01\","
	    "\"SecretAccessKey\":\"s\",\"Token\":\"t\","
	    "\"Expiration\":\"%.19sZ\"}";
	char url[128], first[512], second[512], stamp[32];
	struct ask a;
	time_t soon = time(NULL) + 600;

	(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S",
	    gmtime(&soon));
	(void)snprintf(first, sizeof(first), expiring, stamp);
	(void)snprintf(second, sizeof(second), expiring, "2099-01-01T00:00:00");
	(void)snprintf(url, sizeof(url), "%s/creds", fake_aws_url(fake));
	(void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
	FAKE_REPLY(fake, "GET /creds", .times = 1, .body = first);
	FAKE_REPLY(fake, "GET /creds", .body = second);
	FAKE_REPLY(fake, IDENTITY, .times = 1, .headers = JSON,
	    .body = "{\"GetCallerIdentityResponse\":{"
		    "\"GetCallerIdentityResult\":{\"Account\":\"" OTHER "\","
		    "\"Arn\":\"x\",\"UserId\":\"y\"}}}");
	ask_script_identity();
	settings.access_key_id = settings.secret_access_key = STR("");
	ask_open();
	ck_assert_int_eq(ask_task(&a, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_NOT_NOW);
	lab_pass(601 * 1000);
	ck_assert_int_eq(ask_task(&a, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, IDENTITY), 2);
}
END_TEST

START_TEST(stop_gives_up_what_is_under_way)
{
	static const char *const ops[] = { IDENTITY, ASSUME };
	struct ask a;

	fake_aws_stop(fake);
	fake = fake_aws_start();
	settings.sts_endpoint = settings.ecs_endpoint =
	    str_of(fake_aws_url(fake));
	FAKE_REPLY(fake, ops[_i], .how = FAKE_HOLDS);
	if (_i == 1)
		settings.assume_role = STR("reader");
	ask_open();
	ck_assert_int_eq(ask_task(&a, 1), ERR_OK);
	fake_aws_until(fake, ops[_i], 1);
	aws_stop(aws);
	ck_assert_uint_eq(a.answers, 0);
	ck_assert_int_eq(ask_result(&a), ERR_CANCELLED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("account");
	TCase *tc = tcase_create("account");

	tcase_add_checked_fixture(tc, set_up, ask_tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, our_own_keys_serve_our_own_account);
	tcase_add_test(tc, our_own_keys_serve_no_other_account);
	tcase_add_test(tc, each_account_has_keys_of_its_own_role);
	tcase_add_test(
	    tc, an_account_that_refuses_its_role_gets_nobody_elses_keys);
	tcase_add_test(
	    tc, whose_our_keys_are_is_asked_once_for_all_who_wait);
	ck_table(tc, does_not_take_for_ours, bad);
	tcase_add_test(tc, new_keys_are_looked_at_again);
	tcase_add_loop_test(tc, stop_gives_up_what_is_under_way, 0, 2);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
