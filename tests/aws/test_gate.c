/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/gate.h"

#include "base/clock.h"
#include "lab.h"
#include "testing.h"

enum { WAITS_MAX = 64, RATE = 10, BURST = 3, THROTTLES = 5, LONG_MS = 600000 };

/* Somebody at the gate and what became of him. */
struct visit {
	struct gate_wait wait;
	unsigned answers;
	unsigned place; /* in the order of answers, from 1 */
	int r;
	int entered; /* what gate_enter() said */
	struct err err;
};

static struct aws_gate *gate;
static struct visit visits[WAITS_MAX];
static unsigned visited, answered;
static void (*then)(struct visit *visit); /* from inside an fn */

static void
on_answer(struct gate_wait *wait, int r, const struct err *err)
{
	struct visit *v = container_of(wait, struct visit, wait);

	v->answers++;
	v->place = ++answered;
	v->r = r;
	if (r != ERR_OK) {
		ck_assert_int_eq(err->code, r);
		v->err = *err;
	}
	if (then != NULL)
		then(v);
}

static void
open_gate(int64_t rate, int64_t burst)
{
	struct err err = { 0 };

	ck_assert_int_eq(
	    aws_gate_new(&gate, lab_loop, rate, burst, &err), ERR_OK);
}

static void
set_up(void)
{
	lab_set_up();
	memset(visits, 0, sizeof(visits));
	visited = answered = 0;
	then = NULL;
	open_gate(RATE, BURST);
}

static void
tear_down(void)
{
	aws_gate_free(gate);
	lab_tear_down();
}

static struct visit *
enter_for(int64_t ms)
{
	struct visit *v = &visits[visited++];
	unsigned before = answered;

	v->wait.fn = on_answer;
	list_init(&v->wait.link);
	v->wait.deadline_ms = lab_in(ms);
	v->entered = gate_enter(gate, &v->wait, &v->err);
	ck_assert_uint_eq(answered, before);
	return v;
}

static struct visit *
enter(void)
{
	return enter_for(LONG_MS);
}

static void
take_burst(void)
{
	int i;

	for (i = 0; i < BURST; i++)
		ck_assert_int_eq(enter()->entered, ERR_OK);
}

static void
report(struct visit *v, enum gate_outcome outcome)
{
	unsigned before = answered;

	gate_report(gate, &v->wait, outcome);
	ck_assert_uint_eq(answered, before);
}

/* AWS has throttled so often that the breaker is open. */
static void
trip(void)
{
	int i;

	for (i = 0; i < THROTTLES; i++) {
		struct visit *v = enter();

		if (v->entered == ERR_BUSY)
			lab_until_number(&v->answers, 1);
		report(v, GATE_THROTTLED);
	}
	ck_assert_int_eq(enter()->entered, ERR_UNAVAILABLE);
}

START_TEST(lets_a_burst_through_at_once)
{
	take_burst();
	ck_assert_int_eq(enter()->entered, ERR_BUSY);
	lab_until_number(&answered, 1);
	ck_assert_int_eq(visits[BURST].r, ERR_OK);
}
END_TEST

START_TEST(gives_tokens_at_its_rate_in_order_of_arrival)
{
	int64_t began = clock_ms();
	unsigned i;

	take_burst();
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(enter()->entered, ERR_BUSY);
	lab_until_number(&answered, 4);
	ck_assert_int_ge(clock_ms() - began, 390);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(visits[BURST + i].r, ERR_OK);
		ck_assert_uint_eq(visits[BURST + i].place, i + 1);
	}
}
END_TEST

START_TEST(saves_no_more_than_a_burst)
{
	take_burst();
	lab_pass(24 * 60 * 60 * 1000);
	take_burst();
	ck_assert_int_eq(enter()->entered, ERR_BUSY);
	lab_until_number(&answered, 1);
}
END_TEST

START_TEST(nobody_passes_those_who_wait)
{
	take_burst();
	ck_assert_int_eq(enter()->entered, ERR_BUSY);
	/* the clock has moved, the timer has not run: there are tokens */
	while (clock_ms() < visits[0].wait.deadline_ms - LONG_MS + 150)
		;
	ck_assert_int_eq(enter()->entered, ERR_BUSY);
	lab_until_number(&answered, 2);
	ck_assert_uint_eq(visits[BURST].place, 1);
	ck_assert_uint_eq(visits[BURST + 1].place, 2);
}
END_TEST

START_TEST(refuses_at_once_who_cannot_come_in_time)
{
	struct visit *v;

	take_burst();
	v = enter_for(50);
	ck_assert_int_eq(v->entered, ERR_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(v->err.msg, "ecs_rate"));
	/* one fits in, a second one behind him does not */
	ck_assert_int_eq(enter_for(190)->entered, ERR_BUSY);
	ck_assert_int_eq(enter_for(190)->entered, ERR_UNAVAILABLE);
	lab_until_number(&answered, 1);
}
END_TEST

START_TEST(who_leaves_is_told_so_later_and_makes_room)
{
	struct visit *first, *second, *third;

	take_burst();
	first = enter();
	second = enter();
	third = enter();
	gate_leave(gate, &second->wait);
	ck_assert_uint_eq(answered, 0);
	lab_until_number(&answered, 1);
	ck_assert_int_eq(second->r, ERR_CANCELLED);
	lab_until_number(&answered, 3);
	ck_assert_uint_lt(first->place, third->place);
	ck_assert_int_eq(third->r, ERR_OK);
	ck_assert_uint_eq(second->answers, 1);
}
END_TEST

static void
third_leaves(struct visit *v)
{
	if (v == &visits[BURST])
		gate_leave(gate, &visits[BURST + 1].wait);
}

START_TEST(one_may_leave_while_another_gets_his_token)
{
	take_burst();
	(void)enter();
	(void)enter();
	then = third_leaves;
	lab_until_number(&answered, 2);
	ck_assert_int_eq(visits[BURST].r, ERR_OK);
	ck_assert_int_eq(visits[BURST + 1].r, ERR_CANCELLED);
}
END_TEST

static void
the_gate_goes(struct visit *v)
{
	(void)v;
	aws_gate_free(gate);
	gate = NULL;
}

START_TEST(may_go_with_its_last_waiter)
{
	take_burst();
	(void)enter();
	then = the_gate_goes;
	if (_i == 1)
		gate_leave(gate, &visits[BURST].wait);
	lab_until_number(&answered, 1);
	ck_assert_int_eq(visits[BURST].r, _i == 1 ? ERR_CANCELLED : ERR_OK);
}
END_TEST

START_TEST(opens_after_throttles_in_a_row)
{
	struct visit *v;
	int i;

	for (i = 0; i < THROTTLES - 1; i++) {
		lab_pass(1000);
		report(enter(), GATE_THROTTLED);
	}
	lab_pass(1000);
	report(enter(), GATE_ANSWERED); /* the row begins anew */
	for (i = 0; i < THROTTLES; i++) {
		lab_pass(1000);
		v = enter();
		ck_assert_int_eq(v->entered, ERR_OK);
		report(v, GATE_THROTTLED);
	}
	v = enter();
	ck_assert_int_eq(v->entered, ERR_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(v->err.msg, "throttles"));
}
END_TEST

START_TEST(what_was_not_answered_does_not_count_as_throttled)
{
	int i;

	for (i = 0; i < 2 * THROTTLES; i++) {
		lab_pass(1000);
		report(enter(), GATE_NOTHING_LEARNED);
	}
	ck_assert_int_eq(enter()->entered, ERR_OK);
}
END_TEST

START_TEST(lets_one_probe_through_after_a_rest)
{
	struct visit *probe;

	trip();
	lab_pass(1000);
	probe = enter();
	ck_assert_int_eq(probe->entered, ERR_OK);
	ck_assert_int_eq(enter()->entered, ERR_UNAVAILABLE);
	report(probe, GATE_ANSWERED);
	ck_assert_int_eq(enter()->entered, ERR_OK);
	ck_assert_int_eq(enter()->entered, ERR_OK);
}
END_TEST

START_TEST(rests_twice_as_long_after_each_probe_that_is_throttled)
{
	static const int rests[] = { 2000, 4000, 8000, 16000, 30000, 30000 };
	struct visit *probe;
	size_t i;

	trip();
	lab_pass(1000);
	for (i = 0; i < COUNT_OF(rests); i++) {
		probe = enter();
		ck_assert_int_eq(probe->entered, ERR_OK);
		report(probe, GATE_THROTTLED);
		lab_pass(rests[i] - 500);
		ck_assert_int_eq(enter()->entered, ERR_UNAVAILABLE);
		lab_pass(500);
	}
}
END_TEST

START_TEST(calls_under_way_when_it_opens_do_not_make_it_rest_longer)
{
	struct visit *late[10];
	size_t i;

	aws_gate_free(gate);
	open_gate(RATE, 100);
	for (i = 0; i < COUNT_OF(late); i++)
		late[i] = enter();
	trip();
	for (i = 0; i < COUNT_OF(late); i++)
		report(late[i], GATE_THROTTLED);
	lab_pass(1000);
	ck_assert_int_eq(enter()->entered, ERR_OK);
}
END_TEST

START_TEST(a_probe_without_an_answer_makes_room_for_another)
{
	struct visit *probe;

	trip();
	lab_pass(1000);
	probe = enter();
	ck_assert_int_eq(probe->entered, ERR_OK);
	report(probe, GATE_NOTHING_LEARNED);
	ck_assert_int_eq(enter()->entered, ERR_OK);
}
END_TEST

/* A budget so small that the probe has to wait for a token. */
static void
trip_without_tokens(void)
{
	int i;

	aws_gate_free(gate);
	open_gate(1, THROTTLES + 1);
	for (i = 0; i < THROTTLES; i++) {
		struct visit *v = enter();

		ck_assert_int_eq(v->entered, ERR_OK);
		if (i == THROTTLES - 1) {
			/* the last token, and a debt of one more */
			ck_assert_int_eq(enter()->entered, ERR_OK);
			ck_assert_int_eq(enter_for(1500)->entered, ERR_BUSY);
			lab_until_number(&answered, 1);
		}
		report(v, GATE_THROTTLED);
	}
	/* another one has used what has come since */
	while (enter_for(100)->entered == ERR_OK)
		;
}

START_TEST(a_probe_that_is_too_late_for_a_token_makes_room_for_another)
{
	trip_without_tokens();
	lab_pass(950);
	lab_pass(60);
	/* one token came: the probe takes it, and another has none */
	report(enter(), GATE_NOTHING_LEARNED);
	ck_assert_int_eq(enter_for(10)->entered, ERR_UNAVAILABLE);
	lab_pass(2000);
	ck_assert_int_eq(enter()->entered, ERR_OK);
}
END_TEST

START_TEST(a_probe_that_leaves_makes_room_for_another)
{
	struct visit *probe;

	trip_without_tokens();
	lab_pass(1010);
	report(enter(), GATE_NOTHING_LEARNED);
	probe = enter();
	ck_assert_int_eq(probe->entered, ERR_BUSY);
	gate_leave(gate, &probe->wait);
	lab_until_number(&probe->answers, 1);
	ck_assert_int_eq(probe->r, ERR_CANCELLED);
	lab_pass(2000);
	ck_assert_int_eq(enter()->entered, ERR_OK);
}
END_TEST

START_TEST(turns_away_who_waits_when_it_opens)
{
	struct visit *calls[THROTTLES], *waits[2];
	size_t i;

	aws_gate_free(gate);
	open_gate(1, THROTTLES);
	for (i = 0; i < THROTTLES; i++)
		calls[i] = enter();
	waits[0] = enter();
	waits[1] = enter();
	ck_assert_int_eq(waits[1]->entered, ERR_BUSY);
	for (i = 0; i < THROTTLES; i++)
		report(calls[i], GATE_THROTTLED);
	/* he has been turned away, and does not know it yet */
	gate_leave(gate, &waits[1]->wait);
	lab_until_number(&answered, 2);
	ck_assert_int_eq(waits[0]->r, ERR_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(waits[0]->err.msg, "throttles"));
	ck_assert_int_eq(waits[1]->r, ERR_CANCELLED);
	ck_assert_uint_eq(waits[1]->answers, 1);
	lab_pass(5000);
	ck_assert_int_eq(enter()->entered, ERR_OK);
}
END_TEST

START_TEST(no_gate_lets_everybody_through)
{
	struct gate_wait wait = { .deadline_ms = 0 };

	ck_assert_int_eq(gate_enter(NULL, &wait, NULL), ERR_OK);
	gate_report(NULL, &wait, GATE_THROTTLED);
	aws_gate_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("gate");
	TCase *tc = tcase_create("gate");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, lets_a_burst_through_at_once);
	tcase_add_test(tc, gives_tokens_at_its_rate_in_order_of_arrival);
	tcase_add_test(tc, saves_no_more_than_a_burst);
	tcase_add_test(tc, nobody_passes_those_who_wait);
	tcase_add_test(tc, refuses_at_once_who_cannot_come_in_time);
	tcase_add_test(tc, who_leaves_is_told_so_later_and_makes_room);
	tcase_add_test(tc, one_may_leave_while_another_gets_his_token);
	tcase_add_loop_test(tc, may_go_with_its_last_waiter, 0, 2);
	tcase_add_test(tc, opens_after_throttles_in_a_row);
	tcase_add_test(tc, what_was_not_answered_does_not_count_as_throttled);
	tcase_add_test(tc, lets_one_probe_through_after_a_rest);
	tcase_add_test(
	    tc, rests_twice_as_long_after_each_probe_that_is_throttled);
	tcase_add_test(
	    tc, calls_under_way_when_it_opens_do_not_make_it_rest_longer);
	tcase_add_test(tc, a_probe_without_an_answer_makes_room_for_another);
	tcase_add_test(
	    tc, a_probe_that_is_too_late_for_a_token_makes_room_for_another);
	tcase_add_test(tc, a_probe_that_leaves_makes_room_for_another);
	tcase_add_test(tc, turns_away_who_waits_when_it_opens);
	tcase_add_test(tc, no_gate_lets_everybody_through);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
