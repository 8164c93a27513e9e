/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ask_aws.h"
#include "base/clock.h"

enum { ASKS_MAX = 300 };

static struct ask asks[ASKS_MAX];

#define ID_1 "00000000000000000000000000000001"
#define ID_2 "00000000000000000000000000000002"

/* Our keys are known to be ours: what follows is about tasks only. */
static void
set_up(void)
{
	struct ask first;

	ask_set_up();
	memset(asks, 0, sizeof(asks));
	ask_script_identity();
	ask_script_definitions();
	ask_open();
	ck_assert_int_eq(ask_definition(&first, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&first), ERR_OK);
}

static void
ask_more(unsigned from, unsigned n)
{
	unsigned i;

	for (i = from; i < n; i++)
		ck_assert_int_eq(ask_task(&asks[i], i + 1), ERR_OK);
}

static void
ask_many(unsigned n)
{
	ask_more(0, n);
}

static void
expect_all(unsigned n, int r)
{
	char id[64];
	unsigned i;

	for (i = 0; i < n; i++) {
		ck_assert_int_eq(ask_result(&asks[i]), r);
		ck_assert_uint_eq(asks[i].answers, 1);
		(void)snprintf(id, sizeof(id), "/%032u\"", i + 1);
		if (r == ERR_OK)
			ck_assert_ptr_nonnull(strstr(asks[i].text, id));
	}
}

START_TEST(asks_for_all_that_gather_at_once)
{
	int64_t began = clock_ms();

	ask_script_tasks();
	ask_many(20);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 0);
	expect_all(20, ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 1);
	ck_assert_uint_eq(ask_tasks_in(fake_aws_request(fake, TASKS, 1)), 20);
	ck_assert_int_ge(clock_ms() - began, 45);
	ck_assert_str_eq(asks[0].request_id, "t-1");
	ck_str(fake_header(fake_aws_request(fake, TASKS, 1), "X-Amz-Target"),
	    "AmazonEC2ContainerServiceV20141113." TASKS);
}
END_TEST

START_TEST(sends_no_later_than_50_ms_after_the_first)
{
	ask_script_tasks();
	ck_assert_int_eq(ask_task(&asks[0], 1), ERR_OK);
	lab_pass(30);
	ck_assert_int_eq(ask_task(&asks[1], 2), ERR_OK);
	lab_pass(21);
	expect_all(2, ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 1);
}
END_TEST

START_TEST(asks_for_at_most_100_in_a_call)
{
	unsigned i, n = 0;

	ask_script_tasks();
	ask_many(250);
	lab_step(); /* full ones do not wait for more */
	expect_all(250, ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 3);
	for (i = 1; i <= 3; i++) {
		unsigned in = ask_tasks_in(fake_aws_request(fake, TASKS, i));

		ck_assert_uint_le(in, 100);
		n += in;
	}
	ck_assert_uint_eq(n, 250);
}
END_TEST

START_TEST(who_is_over_a_hundred_waits_for_more)
{
	ask_script_tasks();
	lab_hold();
	ask_many(150);
	lab_step();
	ask_more(150, 200);
	expect_all(200, ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 2);
	ck_assert_uint_eq(ask_tasks_in(fake_aws_request(fake, TASKS, 2)), 100);
}
END_TEST

START_TEST(who_is_over_a_hundred_waits_no_longer_than_50_ms)
{
	ask_script_tasks();
	lab_hold();
	ask_many(1);
	lab_pass(30);
	ask_more(1, 130);
	lab_pass(49);
	expect_all(100, ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 1);
	lab_pass(1);
	expect_all(130, ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 2);
}
END_TEST

START_TEST(who_leaves_a_hundred_lets_the_others_wait)
{
	ask_script_tasks();
	lab_hold();
	ask_many(99);
	ask_cancel(&asks[0]);
	ask_more(99, 100);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_CANCELLED);
	lab_step();
	ck_assert_int_eq(ask_task(&asks[0], 1), ERR_OK);
	expect_all(100, ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 1);
}
END_TEST

START_TEST(asks_once_for_a_task_that_many_ask_for)
{
	ask_script_tasks();
	ck_assert_int_eq(ask_task(&asks[0], 1), ERR_OK);
	ck_assert_int_eq(ask_task(&asks[1], 1), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_OK);
	ck_assert_str_eq(asks[0].text, asks[1].text);
	ck_assert_uint_eq(ask_tasks_in(fake_aws_request(fake, TASKS, 1)), 1);
}
END_TEST

START_TEST(keeps_clusters_and_regions_apart)
{
	static const struct {
		const char *region, *cluster;
	} places[] = { { REGION, "a" }, { REGION, "b" }, { "eu-west-1", "a" } };
	struct str body;
	size_t i, j;

	ask_script_tasks();
	for (i = 0; i < COUNT_OF(places); i++)
		ck_assert_int_eq(
		    ask_task_at(&asks[i], OWN, places[i].region,
			places[i].cluster, 1, 20000),
		    ERR_OK);
	for (i = 0; i < COUNT_OF(places); i++)
		ck_assert_int_eq(ask_result(&asks[i]), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 3);
	for (j = 0; j < COUNT_OF(places); j++) {
		body = fake_aws_request(fake, TASKS, (unsigned)j + 1)->body;
		ck_assert_uint_eq(ask_tasks_in(fake_aws_request(fake, TASKS,
				      (unsigned)j + 1)),
		    1);
		/* no ARN of another place in it */
		for (i = 0; i < COUNT_OF(places); i++) {
			char cluster[128], task[128];

			(void)snprintf(cluster, sizeof(cluster),
			    "ecs:%s:" OWN ":cluster/%s\"", places[i].region,
			    places[i].cluster);
			(void)snprintf(task, sizeof(task),
			    "ecs:%s:" OWN ":task/%s/", places[i].region,
			    places[i].cluster);
			ck_assert_int_eq(strstr(body.p, cluster) != NULL,
			    strstr(body.p, task) != NULL);
		}
	}
}
END_TEST

START_TEST(nobody_joins_what_is_under_way)
{
	FAKE_REPLY(fake, TASKS, .times = 1, .how = FAKE_HOLDS,
	    .body = "{\"tasks\":[]}");
	ask_script_tasks();
	ck_assert_int_eq(
	    ask_task_at(&asks[0], OWN, REGION, CLUSTER, 1, 300), ERR_OK);
	fake_aws_until(fake, TASKS, 1);
	ck_assert_int_eq(ask_task(&asks[1], 1), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 2);
	ck_assert_uint_eq(asks[0].answers, 0);
	fake_aws_open(fake);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_MISSING);
}
END_TEST

static void
write_but_2(struct buf *b, const struct fake_request *r)
{
	ask_write_tasks(b, r, ID_2);
}

START_TEST(a_missing_one_fails_alone)
{
	unsigned i;

	FAKE_REPLY(fake, TASKS, .write = write_but_2);
	for (i = 0; i < 99; i++)
		ck_assert_int_eq(ask_task_at(&asks[i], OWN, REGION, CLUSTER,
				     i + 1, i == 1 ? 400 : 20000),
		    ERR_OK);
	ask_cancel(&asks[2]);
	for (i = 0; i < 99; i++)
		ck_assert_int_eq(ask_result(&asks[i]),
		    i == 1   ? ERR_MISSING
		    : i == 2 ? ERR_CANCELLED
			     : ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 1);
	ck_assert_uint_eq(ask_tasks_in(fake_aws_request(fake, TASKS, 1)), 98);
}
END_TEST

static void
write_all(struct buf *b, const struct fake_request *r)
{
	ask_write_tasks(b, r, NULL);
}

START_TEST(one_that_gives_up_while_it_is_under_way_fails_alone)
{
	unsigned i;

	FAKE_REPLY(fake, TASKS, .how = FAKE_HOLDS, .write = write_all);
	ask_many(100);
	fake_aws_until(fake, TASKS, 1);
	ask_cancel(&asks[50]);
	ck_assert_int_eq(ask_result(&asks[50]), ERR_CANCELLED);
	fake_aws_open(fake);
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(ask_result(&asks[i]),
		    i == 50 ? ERR_CANCELLED : ERR_OK);
}
END_TEST

START_TEST(asks_again_for_a_missing_one_up_to_three_times)
{
	FAKE_REPLY(fake, TASKS, .write = write_but_2);
	ask_many(2);
	expect_all(1, ERR_OK);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_MISSING);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 4);
	ck_assert_uint_eq(ask_tasks_in(fake_aws_request(fake, TASKS, 4)), 1);
}
END_TEST

START_TEST(finds_one_that_was_missing_at_first)
{
	FAKE_REPLY(fake, TASKS, .times = 2, .write = write_but_2);
	ask_script_tasks();
	ck_assert_int_eq(ask_task(&asks[0], 2), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 3);
}
END_TEST

START_TEST(a_missing_one_can_be_cancelled_in_its_pause)
{
	FAKE_REPLY(fake, TASKS, .write = write_but_2);
	ask_many(2);
	expect_all(1, ERR_OK);
	ck_assert_uint_eq(asks[1].answers, 0);
	ask_cancel(&asks[1]);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_CANCELLED);
	lab_pass(5000);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 1);
}
END_TEST

/* One answer is of no task that was asked for, in another's place. */
static void
write_3_for_2(struct buf *b, const struct fake_request *r)
{
	ask_write_tasks(b, r, ID_2);
	b->n -= sizeof("],\"failures\":[]}") - 1;
	ask_write_task(b, STR("arn:aws:ecs:us-east-1:" OWN ":task/c/"
			      "00000000000000000000000000000003"));
	buf_add_text(b, "]}");
}

static void
write_1_twice(struct buf *b, const struct fake_request *r)
{
	ask_write_tasks(b, r, NULL);
	b->n -= sizeof("],\"failures\":[]}") - 1;
	ask_write_task(
	    b, STR("arn:aws:ecs:us-east-1:" OWN ":task/c/" ID_1));
	buf_add_text(b, "]}");
}

START_TEST(another_task_is_refused_to_whom_it_was_given)
{
	FAKE_REPLY(fake, TASKS, .write = write_3_for_2);
	ask_many(2);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_POLICY);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 1);
}
END_TEST

START_TEST(one_task_twice_is_refused_to_whom_it_was_given)
{
	FAKE_REPLY(fake, TASKS, .write = write_1_twice);
	ask_many(2);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_POLICY);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_OK);
}
END_TEST

static void
write_one_more(struct buf *b, const struct fake_request *r)
{
	ask_write_tasks(b, r, NULL);
	b->n -= sizeof("],\"failures\":[]}") - 1;
	ask_write_task(b, STR("arn:aws:ecs:us-east-1:" OTHER ":task/c/" ID_1));
	buf_add_text(b, "]}");
}

START_TEST(a_task_too_many_is_refused)
{
	FAKE_REPLY(fake, TASKS, .write = write_one_more);
	ck_assert_int_eq(ask_task(&asks[0], 1), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_POLICY);
}
END_TEST

static const char *const unusable[] = { "", "[]", "{}", "{\"tasks\":{}}",
	"{\"tasks\":[1]}", "{\"tasks\":[{}]}", "{\"tasks\":[{\"taskArn\":1}]}",
	"{\"tasks\":[],\"tasks\":[]}", "{\"Tasks\":[]}", "{\"tasks\":[]}}",
	"<html>" };

START_TEST(does_not_take)
{
	FAKE_REPLY(fake, TASKS, .body = unusable[_i]);
	ask_many(2);
	expect_all(2, ERR_UPSTREAM);
}
END_TEST

static const struct refusal {
	int status;
	const char *body;
	int r;
	unsigned calls; /* for two tasks */
} refusals[] = {
	{ 400, "{\"__type\":\"ClusterNotFoundException\"}", ERR_MISSING, 1 },
	{ 400, "{\"__type\":\"InvalidParameterException\"}", ERR_MISSING, 3 },
	{ 400, "{\"__type\":\"AccessDeniedException\"}", ERR_NOT_NOW, 1 },
	{ 400, "{\"__type\":\"ExpiredTokenException\"}", ERR_NOT_NOW, 1 },
	{ 400, "{\"__type\":\"ThrottlingException\"}", ERR_UNAVAILABLE, 3 },
	{ 500, "{\"__type\":\"ServerException\"}", ERR_UNAVAILABLE, 3 },
	{ 302, "", ERR_UPSTREAM, 1 },
};

START_TEST(says_what_aws_has_against_it)
{
	const struct refusal *f = &refusals[_i];

	FAKE_REPLY(fake, TASKS, .status = f->status, .body = f->body);
	ask_many(2);
	expect_all(2, f->r);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), f->calls);
}
END_TEST

START_TEST(one_that_aws_dislikes_fails_alone)
{
	unsigned i, ok = 0, missing = 0;

	FAKE_REPLY(fake, TASKS, .times = 2, .status = 400,
	    .body = "{\"__type\":\"InvalidParameterException\"}");
	ask_script_tasks();
	ask_many(5);
	for (i = 0; i < 5; i++)
		if (ask_result(&asks[i]) == ERR_OK)
			ok++;
		else if (asks[i].r == ERR_MISSING)
			missing++;
	ck_assert_uint_eq(ok, 4);
	ck_assert_uint_eq(missing, 1);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 6);
}
END_TEST

START_TEST(a_batch_that_nobody_waits_for_is_given_up)
{
	FAKE_REPLY(fake, TASKS, .how = FAKE_HOLDS);
	ask_many(2);
	fake_aws_until(fake, TASKS, 1);
	ask_cancel(&asks[0]);
	ask_cancel(&asks[1]);
	expect_all(2, ERR_CANCELLED);
	lab_pass(6000);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 1);
}
END_TEST

START_TEST(each_has_its_own_deadline)
{
	FAKE_REPLY(fake, TASKS, .how = FAKE_HOLDS, .body = "{\"tasks\":[]}");
	ck_assert_int_eq(
	    ask_task_at(&asks[0], OWN, REGION, CLUSTER, 1, 20), ERR_OK);
	ck_assert_int_eq(
	    ask_task_at(&asks[1], OWN, REGION, CLUSTER, 2, 150), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[0]), ERR_UNAVAILABLE);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 0);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_UNAVAILABLE);
}
END_TEST

static unsigned again;

/* From inside the answer, the same once more. */
static void
ask_again(struct ask *a)
{
	void (*then)(struct ask *) = ask_then;

	if (again++ > 20)
		return;
	ask_then = NULL;
	if (a == &asks[0])
		(void)ask_task(&asks[1], 1);
	ask_then = then;
}

START_TEST(may_be_asked_again_from_inside_an_answer)
{
	again = 0;
	ask_script_tasks();
	ask_then = ask_again;
	ck_assert_int_eq(ask_task(&asks[0], 1), ERR_OK);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_OK);
	ck_assert_int_eq(asks[0].r, ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 2);
}
END_TEST

/* What cannot be sent is answered by the group: nobody joins that answer. */
START_TEST(may_be_asked_again_when_it_could_not_be_sent)
{
	again = 0;
	ck_assert_int_eq(ask_task(&asks[0], 1), ERR_OK);
	lab_end_http();
	ask_then = ask_again;
	ck_assert_int_eq(ask_result(&asks[0]), ERR_CANCELLED);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_CANCELLED);
	ck_assert_uint_eq(again, 2);
	lab_pass(100);
	lab_pass(61 * 1000);
	ck_assert_uint_eq(asks[1].answers, 1);
}
END_TEST

START_TEST(aws_may_go_when_it_could_not_be_sent)
{
	ask_many(2);
	lab_end_http();
	aws_unref(aws); /* the ops keep it */
	aws = NULL;
	expect_all(2, ERR_CANCELLED);
}
END_TEST

START_TEST(a_group_that_is_empty_goes)
{
	ask_script_tasks();
	ask_many(1);
	expect_all(1, ERR_OK);
	lab_pass(61 * 1000);
	ask_many(1);
	expect_all(1, ERR_OK);
	ck_assert_int_eq(ask_task(&asks[1], 2), ERR_OK);
	ask_cancel(&asks[1]);
	ck_assert_int_eq(ask_result(&asks[1]), ERR_CANCELLED);
	lab_pass(60);
	ck_assert_uint_eq(fake_aws_count(fake, TASKS), 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ecs_batch");
	TCase *tc = tcase_create("ecs_batch");

	tcase_add_checked_fixture(tc, set_up, ask_tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, asks_for_all_that_gather_at_once);
	tcase_add_test(tc, sends_no_later_than_50_ms_after_the_first);
	tcase_add_test(tc, asks_for_at_most_100_in_a_call);
	tcase_add_test(tc, who_is_over_a_hundred_waits_for_more);
	tcase_add_test(tc, who_is_over_a_hundred_waits_no_longer_than_50_ms);
	tcase_add_test(tc, who_leaves_a_hundred_lets_the_others_wait);
	tcase_add_test(tc, asks_once_for_a_task_that_many_ask_for);
	tcase_add_test(tc, keeps_clusters_and_regions_apart);
	tcase_add_test(tc, nobody_joins_what_is_under_way);
	tcase_add_test(tc, a_missing_one_fails_alone);
	tcase_add_test(
	    tc, one_that_gives_up_while_it_is_under_way_fails_alone);
	tcase_add_test(tc, asks_again_for_a_missing_one_up_to_three_times);
	tcase_add_test(tc, finds_one_that_was_missing_at_first);
	tcase_add_test(tc, a_missing_one_can_be_cancelled_in_its_pause);
	tcase_add_test(tc, another_task_is_refused_to_whom_it_was_given);
	tcase_add_test(tc, one_task_twice_is_refused_to_whom_it_was_given);
	tcase_add_test(tc, a_task_too_many_is_refused);
	ck_table(tc, does_not_take, unusable);
	ck_table(tc, says_what_aws_has_against_it, refusals);
	tcase_add_test(tc, one_that_aws_dislikes_fails_alone);
	tcase_add_test(tc, a_batch_that_nobody_waits_for_is_given_up);
	tcase_add_test(tc, each_has_its_own_deadline);
	tcase_add_test(tc, may_be_asked_again_from_inside_an_answer);
	tcase_add_test(tc, may_be_asked_again_when_it_could_not_be_sent);
	tcase_add_test(tc, aws_may_go_when_it_could_not_be_sent);
	tcase_add_test(tc, a_group_that_is_empty_goes);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
