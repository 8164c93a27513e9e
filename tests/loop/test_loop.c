/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/list.h"
#include "loop/loop.h"

enum { TIMERS = 500, RINGS = 10000 };

static struct loop *loop;
static int order[TIMERS];
static int fired;

struct alarm {
	struct loop_timer timer;
	int number;
};
static struct alarm alarms[TIMERS];

static void
setup(void)
{
	struct err err = { 0 };

	fired = 0;
	memset(alarms, 0, sizeof(alarms));
	ck_assert_int_eq(loop_new(&loop, &err), ERR_OK);
}

static void
teardown(void)
{
	loop_free(loop);
}

static void
record(struct loop_timer *timer)
{
	order[fired++] = container_of(timer, struct alarm, timer)->number;
}

static void
record_and_quit(struct loop_timer *timer)
{
	record(timer);
	loop_quit(loop);
}

static void
set(int number, int64_t delay_ms, void (*fn)(struct loop_timer *))
{
	alarms[number].number = number;
	ck_assert_int_eq(
	    loop_timer_set(loop, &alarms[number].timer, delay_ms, fn), ERR_OK);
}

START_TEST(timers_fire_in_order_of_time)
{
	int i;

	/* 0..498 in a scrambled order of delays, the last one quits */
	for (i = 0; i < TIMERS - 1; i++)
		set(i, (i * 263) % (TIMERS - 1) / 20, record);
	set(TIMERS - 1, 100, record_and_quit);
	loop_run(loop);
	ck_assert_int_eq(fired, TIMERS);
	for (i = 1; i < TIMERS; i++)
		ck_assert_int_le(alarms[order[i - 1]].timer.due_ms,
		    alarms[order[i]].timer.due_ms);
}
END_TEST

START_TEST(a_timer_never_fires_early)
{
	set(0, 30, record_and_quit);
	loop_run(loop);
	ck_assert_int_ge(clock_ms(), alarms[0].timer.due_ms);
}
END_TEST

START_TEST(stopped_timers_stay_silent)
{
	int i;

	for (i = 0; i < 100; i++)
		set(i, i % 7, record);
	for (i = 0; i < 100; i += 2) {
		loop_timer_stop(loop, &alarms[i].timer);
		loop_timer_stop(loop, &alarms[i].timer);
	}
	set(100, 20, record_and_quit);
	loop_run(loop);
	ck_assert_int_eq(fired, 51);
	for (i = 0; i < fired - 1; i++)
		ck_assert_int_eq(order[i] % 2, 1);
}
END_TEST

START_TEST(setting_a_set_timer_moves_it)
{
	set(0, 1, record);
	set(1, 5, record);
	set(0, 10, record);
	set(2, 20, record_and_quit);
	loop_run(loop);
	ck_assert_int_eq(fired, 3);
	ck_assert_int_eq(order[0], 1);
	ck_assert_int_eq(order[1], 0);
}
END_TEST

static struct loop_bell *bell;
static atomic_int rung;
static int heard;
static bool heard_elsewhere;
static pthread_t ringer;

static void *
ring_often(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < RINGS; i++) {
		atomic_fetch_add(&rung, 1);
		loop_bell_ring(bell);
	}
	return NULL;
}

static void
hear(void *arg)
{
	ck_assert_ptr_eq(arg, &heard);
	heard++;
	if (!loop_is_here(loop))
		heard_elsewhere = true;
	if (atomic_load(&rung) == RINGS) {
		/* free only when nobody rings any more */
		ck_assert_int_eq(pthread_join(ringer, NULL), 0);
		loop_bell_free(bell);
		loop_quit(loop);
	}
}

START_TEST(the_last_ring_is_always_heard)
{
	struct err err = { 0 };

	heard = 0;
	heard_elsewhere = false;
	atomic_store(&rung, 0);
	ck_assert_int_eq(
	    loop_bell_new(&bell, loop, hear, &heard, &err), ERR_OK);
	ck_assert_int_eq(pthread_create(&ringer, NULL, ring_often, NULL), 0);
	loop_run(loop);
	ck_assert_int_ge(heard, 1);
	ck_assert(!heard_elsewhere);
}
END_TEST

static void
quit_without_hearing(struct loop_timer *timer)
{
	(void)timer;
	loop_bell_ring(bell);
	loop_bell_free(bell);
	loop_quit(loop);
}

START_TEST(a_freed_bell_drops_its_ring)
{
	struct err err = { 0 };

	heard = 0;
	ck_assert_int_eq(
	    loop_bell_new(&bell, loop, hear, &heard, &err), ERR_OK);
	set(0, 0, quit_without_hearing);
	loop_run(loop);
	ck_assert_int_eq(heard, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("loop");
	TCase *tc = tcase_create("loop");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, timers_fire_in_order_of_time);
	tcase_add_test(tc, a_timer_never_fires_early);
	tcase_add_test(tc, stopped_timers_stay_silent);
	tcase_add_test(tc, setting_a_set_timer_moves_it);
	tcase_add_test(tc, the_last_ring_is_always_heard);
	tcase_add_test(tc, a_freed_bell_drops_its_ring);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
