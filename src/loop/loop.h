/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - the queue thread: gRPC's completion queue, timers and doorbells
 *
 * The thread that calls loop_run() owns every object of the program.  It takes
 * tags from the completion queue, with the next timer as its deadline, and
 * runs them.  All functions here belong to that thread, but for loop_ring().
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct grpc_completion_queue; /* grpc_completion_queue of grpc/grpc.h */

/*
 * What the completion queue gives back.  It lives in its owner, which may not
 * go before fn has run.
 */
struct loop_tag {
	void (*fn)(struct loop_tag *tag, bool ok);
};

/* A point in time.  Zero it before use; it lives in its owner. */
struct loop_timer {
	int64_t due_ms;
	size_t slot; /* 1 + its place in the heap; 0: not set */
	void (*fn)(struct loop_timer *timer);
};

struct loop;

int loop_new(struct loop **loopp, struct err *err) MUST_USE;

/* The queue must be drained: loop_run() has returned. */
void loop_free(struct loop *loop);

struct grpc_completion_queue *loop_queue(struct loop *loop);

/* Run tags and timers until the queue is shut down and drained. */
void loop_run(struct loop *loop);

/* No more tags will be started; loop_run() returns when none is left. */
void loop_quit(struct loop *loop);

/* clock_ms() as of the event that is being run. */
int64_t loop_now(const struct loop *loop);

/*
 * Run fn once, in delay_ms from now, from the top of the loop.  Setting a set
 * timer moves it.  ERR_MEMORY leaves it unset.
 */
int loop_timer_set(struct loop *loop, struct loop_timer *timer,
    int64_t delay_ms, void (*fn)(struct loop_timer *)) MUST_USE;

/* Move a timer that is set; it cannot fail. */
void loop_timer_move(
    struct loop *loop, struct loop_timer *timer, int64_t delay_ms);
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

/* True on the thread that runs the loop, and before it runs. */
bool loop_is_here(const struct loop *loop);

/*
 * A doorbell lets another thread wake the queue thread: fn runs there once
 * for any number of rings before it.  loop_bell_new() and loop_bell_free() on
 * the queue thread; free only when nobody rings any more; it drops rings that
 * are still under way.
 */
struct loop_bell;
int loop_bell_new(struct loop_bell **bellp, struct loop *loop,
    void (*fn)(void *arg), void *arg, struct err *err) MUST_USE;
void loop_bell_free(struct loop_bell *bell);
void loop_bell_ring(struct loop_bell *bell); /* any thread */

#endif
