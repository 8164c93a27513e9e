/* SPDX-License-Identifier: Apache-2.0 */
#include "server/first_use.h"

#include <stdio.h>

#include "testing.h"

#define ID  "spiffe://example.org/spire/agent/aws_fargate_task/a/1"
#define NOW 1000000

static struct first_use *first;
static char space[80];

static void
set_up(void)
{
	ck_assert_int_eq(first_use_new(&first, NULL), ERR_OK);
}

static void
tear_down(void)
{
	first_use_free(first);
}

static struct str
numbered(int i)
{
	(void)snprintf(space, sizeof(space), ID "%d", i);
	return str_of(space);
}

START_TEST(locks_an_id_once)
{
	ck_assert(first_use_lock(first, STR(ID), NOW));
	ck_assert(!first_use_lock(first, STR(ID), NOW));
	ck_assert(first_use_lock(first, STR(ID "0"), NOW));
}
END_TEST

/* A decision may take as long as it likes. */
START_TEST(keeps_a_lock_while_it_is_decided_on)
{
	ck_assert(first_use_lock(first, STR(ID), NOW));
	ck_assert(!first_use_lock(first, STR(ID), INT64_MAX - 1));
}
END_TEST

START_TEST(keeps_an_id_that_was_given_for_a_minute)
{
	ck_assert(first_use_lock(first, STR(ID), NOW));
	first_use_keep(first, STR(ID), NOW);
	ck_assert(!first_use_lock(first, STR(ID), NOW));
	ck_assert(
	    !first_use_lock(first, STR(ID), NOW + FIRST_USE_KEEP_MS - 1));
	ck_assert(first_use_lock(first, STR(ID), NOW + FIRST_USE_KEEP_MS));
	ck_assert(!first_use_lock(first, STR(ID), NOW + FIRST_USE_KEEP_MS));
}
END_TEST

START_TEST(lets_go_of_an_id_that_was_not_given)
{
	ck_assert(first_use_lock(first, STR(ID), NOW));
	first_use_drop(first, STR(ID));
	ck_assert(first_use_lock(first, STR(ID), NOW));
}
END_TEST

START_TEST(does_nothing_to_an_id_it_does_not_know)
{
	first_use_keep(first, STR(ID), NOW);
	first_use_drop(first, STR(ID));
	ck_assert(first_use_lock(first, STR(ID), NOW));
	first_use_drop(first, STR(ID "0"));
	first_use_keep(first, STR(ID "0"), NOW);
	ck_assert(!first_use_lock(first, STR(ID), NOW + FIRST_USE_KEEP_MS));
}
END_TEST

START_TEST(locks_one_of_two_ids_of_one_hash)
{
	ck_assert(first_use_lock(first, STR("8yn0iYCKYHlIj4-BwPqk"), NOW));
	ck_assert(!first_use_lock(first, STR("GReLUrM4wMqfg9yzV3KQ"), NOW));
}
END_TEST

enum { CROWD = 10 * 1000 };

/* As many as may be in flight at once, each of them, and each only once. */
START_TEST(locks_ten_thousand_at_once)
{
	int i;

	for (i = 0; i < CROWD; i++)
		ck_assert_msg(first_use_lock(first, numbered(i), NOW), "%d", i);
	for (i = 0; i < CROWD; i++)
		ck_assert_msg(
		    !first_use_lock(first, numbered(i), NOW), "%d", i);
	for (i = 0; i < CROWD; i++)
		first_use_keep(first, numbered(i), NOW);
	for (i = 0; i < CROWD; i++)
		ck_assert_msg(first_use_lock(first, numbered(i),
				  NOW + FIRST_USE_KEEP_MS),
		    "%d", i);
}
END_TEST

START_TEST(locks_no_more_than_it_has_room_for)
{
	int i, locked = 0;

	for (i = 0; i < 2 * FIRST_USE_MAX; i++)
		locked += first_use_lock(first, numbered(i), NOW);
	ck_assert_int_le(locked, FIRST_USE_MAX);
	ck_assert_int_gt(locked, FIRST_USE_MAX * 9 / 10);
	for (i = 0; i < 2 * FIRST_USE_MAX; i++)
		first_use_drop(first, numbered(i));
	ck_assert(first_use_lock(first, numbered(2 * FIRST_USE_MAX), NOW));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("first_use");
	TCase *tc = tcase_create("first_use");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, locks_an_id_once);
	tcase_add_test(tc, keeps_a_lock_while_it_is_decided_on);
	tcase_add_test(tc, keeps_an_id_that_was_given_for_a_minute);
	tcase_add_test(tc, lets_go_of_an_id_that_was_not_given);
	tcase_add_test(tc, does_nothing_to_an_id_it_does_not_know);
	tcase_add_test(tc, locks_one_of_two_ids_of_one_hash);
	tcase_add_test(tc, locks_ten_thousand_at_once);
	tcase_add_test(tc, locks_no_more_than_it_has_room_for);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
