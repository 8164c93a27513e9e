/* SPDX-License-Identifier: Apache-2.0 */
#include "server/holders.h"

#include <stdio.h>

#include "task/agent_id.h"
#include "task/arn.h"
#include "testing.h"

#define TASKS "arn:aws:ecs:us-east-1:123456789012:task/my-cluster/"
#define T1    TASKS "11111111111111111111111111111111"
#define T2    TASKS "22222222222222222222222222222222"
#define ID    "spiffe://example.org/aws_fargate_task/123456789012/my-cluster"

static struct holders *holders;
static char space[64];

static void
set_up(void)
{
	ck_assert_int_eq(holders_new(&holders, NULL), ERR_OK);
}

static void
tear_down(void)
{
	holders_free(holders);
}

static struct str
numbered(const char *head, int i)
{
	(void)snprintf(space, sizeof(space), "%s/%d", head, i);
	return str_of(space);
}

START_TEST(knows_no_holder_at_first)
{
	ck_assert_uint_eq(holders_find(holders, STR(ID)).n, 0);
	ck_assert_uint_eq(holders_take(holders, STR(ID), STR(T1)).n, 0);
	ck_str(holders_find(holders, STR(ID)), T1);
}
END_TEST

START_TEST(names_the_holder_before)
{
	(void)holders_take(holders, STR(ID), STR(T1));
	ck_str(holders_take(holders, STR(ID), STR(T2)), T1);
	ck_str(holders_take(holders, STR(ID), STR(T1)), T2);
	ck_str(holders_find(holders, STR(ID)), T1);
}
END_TEST

START_TEST(says_nothing_of_a_holder_that_comes_again)
{
	(void)holders_take(holders, STR(ID), STR(T1));
	ck_assert_uint_eq(holders_take(holders, STR(ID), STR(T1)).n, 0);
	ck_str(holders_find(holders, STR(ID)), T1);
}
END_TEST

/* Those whose first or last byte differ, the case, and a part of one. */
static const char *const others[] = { "Spiffe://example.org/a/b",
	"spiffe://example.org/a/c", "spiffe://example.org/a/B",
	"spiffe://example.org/a", "spiffe://example.org/a/b/c" };

START_TEST(tells_ids_apart)
{
	(void)holders_take(holders, STR("spiffe://example.org/a/b"), STR(T1));
	ck_assert_uint_eq(holders_find(holders, str_of(others[_i])).n, 0);
	ck_assert_uint_eq(
	    holders_take(holders, str_of(others[_i]), STR(T2)).n, 0);
	ck_str(holders_find(holders, STR("spiffe://example.org/a/b")), T1);
}
END_TEST

/* Pairs of one FNV-1a hash of 64 bits. */
static const char *const alike[][2] = {
	{ "8yn0iYCKYHlIj4-BwPqk", "GReLUrM4wMqfg9yzV3KQ" },
	{ "gMPflVXtwGDXbIhP73TX", "LtHf1prlU1bCeYZEdqWf" },
};

START_TEST(tells_ids_of_one_hash_apart)
{
	struct str a = str_of(alike[_i][0]), b = str_of(alike[_i][1]);

	(void)holders_take(holders, a, STR(T1));
	ck_assert_uint_eq(holders_find(holders, b).n, 0);
	ck_assert_uint_eq(holders_take(holders, b, STR(T2)).n, 0);
	ck_str(holders_find(holders, a), T1);
	ck_str(holders_find(holders, b), T2);
	ck_str(holders_take(holders, a, STR(T2)), T1);
}
END_TEST

START_TEST(remembers_as_many_as_it_says)
{
	char task[16];
	int i;

	for (i = 0; i < HOLDERS_MAX; i++) {
		(void)snprintf(task, sizeof(task), "t%d", i);
		ck_assert_uint_eq(
		    holders_take(holders, numbered("id", i), str_of(task)).n,
		    0);
	}
	for (i = 0; i < HOLDERS_MAX; i++) {
		(void)snprintf(task, sizeof(task), "t%d", i);
		ck_str(holders_find(holders, numbered("id", i)), task);
	}
}
END_TEST

START_TEST(forgets_the_one_that_was_used_least)
{
	int i;

	for (i = 0; i < HOLDERS_MAX; i++)
		(void)holders_take(holders, numbered("id", i), STR(T1));
	ck_str(holders_find(holders, STR("id/0")), T1);
	ck_assert_uint_eq(holders_take(holders, STR("id/1"), STR(T1)).n, 0);
	(void)holders_take(holders, STR("one more"), STR(T1));
	ck_assert_uint_eq(holders_find(holders, STR("id/2")).n, 0);
	ck_str(holders_find(holders, STR("id/0")), T1);
	ck_str(holders_find(holders, STR("id/1")), T1);
	ck_str(holders_find(holders, STR("one more")), T1);
	for (i = 3; i < HOLDERS_MAX; i++)
		ck_str(holders_find(holders, numbered("id", i)), T1);
}
END_TEST

/* However many other IDs pass by, the one that is asked for stays. */
START_TEST(keeps_the_one_in_use)
{
	int i;

	(void)holders_take(holders, STR(ID), STR(T1));
	for (i = 0; i < 8 * HOLDERS_MAX; i++) {
		(void)holders_take(holders, numbered("id", i), STR(T2));
		if (i % (HOLDERS_MAX - 1) == 0)
			ck_str(holders_find(holders, STR(ID)), T1);
	}
	ck_str(holders_find(holders, STR(ID)), T1);
}
END_TEST

START_TEST(holds_the_longest_names)
{
	char id[AGENT_ID_MAX], task[HOLDER_TASK_MAX];
	struct str whole = { id, sizeof(id) }, arn = { task, sizeof(task) };

	memset(id, 'i', sizeof(id));
	memset(task, 't', sizeof(task));
	(void)holders_take(holders, whole, arn);
	ck_assert(str_eq(holders_find(holders, whole), arn));
	task[sizeof(task) - 1] = 'u';
	ck_assert_uint_eq(
	    holders_take(holders, whole, arn).n, HOLDER_TASK_MAX);
	id[sizeof(id) - 1] = 'j';
	ck_assert_uint_eq(holders_find(holders, whole).n, 0);
}
END_TEST

/* One that is cut off would name another task, or none. */
START_TEST(has_room_for_the_longest_arn)
{
	char x[256], text[600];
	struct task_arn arn;
	int n;

	memset(x, 'x', sizeof(x) - 1);
	x[sizeof(x) - 1] = '\0';
	n = snprintf(text, sizeof(text),
	    "arn:aws-%.59s:ecs:%.63s:123456789012:task/%.255s/"
	    "11111111111111111111111111111111",
	    x, x, x);
	ck_assert_int_eq(n, HOLDER_TASK_MAX);
	ck_assert_int_eq(
	    task_arn_parse(&arn, str_of(text), TASK_ID_AWS, NULL), ERR_OK);
	(void)holders_take(holders, STR(ID), arn.text);
	ck_str(holders_find(holders, STR(ID)), text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("holders");
	TCase *tc = tcase_create("holders");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, knows_no_holder_at_first);
	tcase_add_test(tc, names_the_holder_before);
	tcase_add_test(tc, says_nothing_of_a_holder_that_comes_again);
	ck_table(tc, tells_ids_apart, others);
	ck_table(tc, tells_ids_of_one_hash_apart, alike);
	tcase_add_test(tc, remembers_as_many_as_it_says);
	tcase_add_test(tc, forgets_the_one_that_was_used_least);
	tcase_add_test(tc, keeps_the_one_in_use);
	tcase_add_test(tc, holds_the_longest_names);
	tcase_add_test(tc, has_room_for_the_longest_arn);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
