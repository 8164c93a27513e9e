/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ask_aws.h"

enum { ASKS_MAX = 8, KEPT = 1024, HOUR_MS = 60 * 60 * 1000 };

static struct ask asks[ASKS_MAX];

static void
set_up(void)
{
	ask_set_up();
	memset(asks, 0, sizeof(asks));
	ask_script_identity();
	settings.ecs_rate = 100000;
	ask_open();
}

static int
get(unsigned revision)
{
	int r = ask_definition(&asks[0], revision);

	return r == ERR_OK ? ask_result(&asks[0]) : r;
}

START_TEST(asks_once_and_keeps_the_answer)
{
	int i;

	ask_script_definitions();
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(get(7), ERR_OK);
		ck_assert_str_eq(
		    asks[0].text, "arn:aws:iam::" OWN ":role/7");
	}
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), 1);
	ck_str(fake_header(fake_aws_request(fake, DEFINE, 1), "X-Amz-Target"),
	    "AmazonEC2ContainerServiceV20141113." DEFINE);
	ck_assert_ptr_nonnull(strstr(
	    fake_aws_request(fake, DEFINE, 1)->body.p,
	    "\"arn:aws:ecs:us-east-1:" OWN ":task-definition/family:7\""));
}
END_TEST

START_TEST(keeps_each_revision_family_and_account_apart)
{
	ask_script_definitions();
	ck_assert_int_eq(get(1), ERR_OK);
	ck_assert_int_eq(get(11), ERR_OK);
	ck_assert_str_eq(asks[0].text, "arn:aws:iam::" OWN ":role/11");
	ck_assert_int_eq(
	    ask_definition_at(&asks[0], OWN, "famil", 1, 20000), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), 3);
	ck_assert_int_eq(
	    ask_definition_at(&asks[0], OTHER, "family", 1, 20000), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_NOT_NOW);
}
END_TEST

START_TEST(asks_once_for_all_who_wait)
{
	size_t i;

	FAKE_REPLY(fake, DEFINE, .times = 1, .how = FAKE_HOLDS, .status = 503);
	ask_script_definitions();
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(ask_definition(&asks[i], 1), ERR_OK);
	fake_aws_until(fake, DEFINE, 1);
	ck_assert_int_eq(ask_definition(&asks[4], 1), ERR_OK);
	ask_cancel(&asks[0]);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_CANCELLED);
	fake_aws_open(fake);
	for (i = 1; i < 5; i++)
		ck_assert_int_eq(ask_result(&asks[i]), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), 2);
}
END_TEST

START_TEST(one_in_a_hurry_does_not_fail_the_others)
{
	FAKE_REPLY(fake, DEFINE, .times = 1, .how = FAKE_HOLDS, .status = 503);
	ask_script_definitions();
	ck_assert_int_eq(
	    ask_definition_at(&asks[0], OWN, "family", 1, 150), ERR_OK);
	ck_assert_int_eq(ask_definition(&asks[1], 1), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_UNAVAILABLE);
	fake_aws_open(fake);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_OK);
}
END_TEST

#define ARN(revision) \
	"arn:aws:ecs:us-east-1:" OWN ":task-definition/family:" revision
#define BODY(arn, family, revision)                                     \
	"{\"taskDefinition\":{\"taskDefinitionArn\":\"" arn "\","       \
	"\"family\":\"" family "\",\"revision\":" revision "}}"

static const struct bad {
	int status;
	const char *body;
	int r;
} bad[] = {
	{ 200, BODY(ARN("2"), "family", "2"), ERR_POLICY },
	{ 200, BODY(ARN("11"), "family", "11"), ERR_POLICY },
	{ 200, BODY("", "family", "1"), ERR_POLICY },
	{ 200, "{}", ERR_UPSTREAM },
	{ 200, "", ERR_UPSTREAM },
	{ 200, BODY(ARN("1"), "family", "1") "x", ERR_UPSTREAM },
	{ 400, "{\"__type\":\"ClientException\"}", ERR_POLICY },
	{ 400, "{\"__type\":\"AccessDeniedException\"}", ERR_NOT_NOW },
	{ 400, "{\"__type\":\"ThrottlingException\"}", ERR_UNAVAILABLE },
	{ 500, "", ERR_UNAVAILABLE },
	{ 302, "", ERR_UPSTREAM },
};

START_TEST(does_not_take_nor_keep)
{
	unsigned asked;

	FAKE_REPLY(fake, DEFINE, .status = bad[_i].status, .body = bad[_i].body,
	    .times = bad[_i].r == ERR_UNAVAILABLE ? 3 : 1);
	ask_script_definitions();
	ck_assert_int_eq(get(1), bad[_i].r);
	asked = fake_aws_count(fake, DEFINE);
	ck_assert_int_eq(get(1), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), asked + 1);
}
END_TEST

START_TEST(asks_again_after_an_hour)
{
	ask_script_definitions();
	ck_assert_int_eq(get(1), ERR_OK);
	lab_pass(HOUR_MS - 5000);
	ck_assert_int_eq(get(1), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), 1);
	lab_pass(6000);
	ck_assert_int_eq(get(1), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), 2);
}
END_TEST

START_TEST(forgets_the_one_that_was_used_longest_ago)
{
	unsigned i;

	ask_script_definitions();
	for (i = 1; i <= KEPT; i++)
		ck_assert_int_eq(get(i), ERR_OK);
	ck_assert_int_eq(get(1), ERR_OK); /* the oldest, but used */
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), KEPT);
	ck_assert_int_eq(get(KEPT + 1), ERR_OK);
	ck_assert_int_eq(get(1), ERR_OK);
	ck_assert_int_eq(get(3), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), KEPT + 1);
	ck_assert_int_eq(get(2), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), KEPT + 2);
}
END_TEST

START_TEST(finds_again_what_goes_before_it_is_answered)
{
	ask_script_definitions();
	ck_assert_int_eq(get(1), ERR_OK);
	lab_pass(HOUR_MS - 5000);
	ck_assert_int_eq(ask_definition(&asks[1], 1), ERR_OK);
	lab_jump(6000);
	ck_assert_int_eq(ask_definition(&asks[2], 1), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[2]), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), 2);
}
END_TEST

/* From inside the answer: the same again, and others. */
static void
ask_more(struct ask *a)
{
	if (a != &asks[0])
		return;
	ck_assert_int_eq(a->answers, 1);
	ask_then = NULL;
	(void)ask_definition(&asks[1], 1);
	(void)ask_definition(&asks[2], 1);
}

START_TEST(may_be_asked_again_from_inside_an_answer)
{
	ask_script_definitions();
	ask_then = ask_more;
	ck_assert_int_eq(get(1), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[2]), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), 1);
}
END_TEST

START_TEST(may_be_asked_again_from_inside_a_failure)
{
	FAKE_REPLY(fake, DEFINE, .times = 1, .status = 404);
	ask_script_definitions();
	ask_then = ask_more;
	ck_assert_int_eq(ask_definition(&asks[0], 1), ERR_OK);
	ck_assert_int_eq(ask_definition(&asks[3], 1), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_UPSTREAM);
	ck_assert_int_eq(ask_result(&asks[3]), ERR_UPSTREAM);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[2]), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), 2);
}
END_TEST

START_TEST(stop_gives_up_what_is_under_way)
{
	FAKE_REPLY(fake, DEFINE, .how = FAKE_HOLDS);
	ck_assert_int_eq(ask_definition(&asks[0], 1), ERR_OK);
	fake_aws_until(fake, DEFINE, 1);
	aws_stop(aws);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_CANCELLED);
}
END_TEST

START_TEST(a_cancelled_one_that_is_known_is_answered_once)
{
	ask_script_definitions();
	ck_assert_int_eq(get(1), ERR_OK);
	ck_assert_int_eq(ask_definition(&asks[1], 1), ERR_OK);
	ask_cancel(&asks[1]);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_CANCELLED);
	lab_step();
	ck_assert_uint_eq(asks[1].answers, 1);
}
END_TEST

START_TEST(aws_may_go_with_one_that_is_known)
{
	ask_script_definitions();
	ck_assert_int_eq(get(1), ERR_OK);
	ck_assert_int_eq(ask_definition(&asks[1], 1), ERR_OK);
	aws_unref(aws); /* the op keeps it */
	aws = NULL;
	ck_assert_int_eq(ask_result(&asks[1]), ERR_OK);
	ck_assert_str_eq(asks[1].text, "arn:aws:iam::" OWN ":role/1");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("definitions");
	TCase *tc = tcase_create("definitions");

	tcase_add_checked_fixture(tc, set_up, ask_tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, asks_once_and_keeps_the_answer);
	tcase_add_test(tc, keeps_each_revision_family_and_account_apart);
	tcase_add_test(tc, asks_once_for_all_who_wait);
	tcase_add_test(tc, one_in_a_hurry_does_not_fail_the_others);
	ck_table(tc, does_not_take_nor_keep, bad);
	tcase_add_test(tc, asks_again_after_an_hour);
	tcase_add_test(tc, forgets_the_one_that_was_used_longest_ago);
	tcase_add_test(tc, finds_again_what_goes_before_it_is_answered);
	tcase_add_test(tc, may_be_asked_again_from_inside_an_answer);
	tcase_add_test(tc, may_be_asked_again_from_inside_a_failure);
	tcase_add_test(tc, stop_gives_up_what_is_under_way);
	tcase_add_test(tc, a_cancelled_one_that_is_known_is_answered_once);
	tcase_add_test(tc, aws_may_go_with_one_that_is_known);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
