/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <grpc/grpc.h>
#include <grpc/support/time.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"

enum { HEAP_FIRST = 64 };

struct loop {
	grpc_completion_queue *queue;
	struct loop_timer **heap; /* heap[0] is due first */
	size_t count, cap;
	int64_t now;
	pthread_t owner;
};

struct loop_bell {
	struct loop_tag tag;
	grpc_channel *channel; /* lame: it only carries the call */
	grpc_call *call;
	void (*fn)(void *arg); /* NULL: freed, but a ring is under way */
	void *arg;
	atomic_bool rung;
};

int
loop_new(struct loop **loopp, struct err *err)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return err_set(err, ERR_MEMORY, "no memory for the loop");
	grpc_init();
	loop->queue = grpc_completion_queue_create_for_next(NULL);
	loop->owner = pthread_self();
	loop->now = clock_ms();
	*loopp = loop;
	return ERR_OK;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	grpc_completion_queue_destroy(loop->queue);
	free(loop->heap);
	free(loop);
	grpc_shutdown_blocking();
}

struct grpc_completion_queue *
loop_queue(struct loop *loop)
{
	return loop->queue;
}

int64_t
loop_now(const struct loop *loop)
{
	return loop->now;
}

bool
loop_is_here(const struct loop *loop)
{
	return pthread_equal(loop->owner, pthread_self()) != 0;
}

static void
heap_put(struct loop *loop, size_t i, struct loop_timer *timer)
{
	loop->heap[i] = timer;
	timer->slot = i + 1;
}

/* Move the timer at i to where its due time belongs. */
static void
heap_settle(struct loop *loop, size_t i)
{
	struct loop_timer *timer = loop->heap[i];

	while (i > 0 && timer->due_ms < loop->heap[(i - 1) / 2]->due_ms) {
		heap_put(loop, i, loop->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < loop->count &&
		    loop->heap[child + 1]->due_ms < loop->heap[child]->due_ms)
			child++;
		if (child >= loop->count ||
		    loop->heap[child]->due_ms >= timer->due_ms)
			break;
		heap_put(loop, i, loop->heap[child]);
		i = child;
	}
	heap_put(loop, i, timer);
}

static int
heap_grow(struct loop *loop)
{
	size_t cap = loop->cap == 0 ? HEAP_FIRST : loop->cap * 2;
	struct loop_timer **heap;

	if (loop->count < loop->cap)
		return ERR_OK;
	heap = reallocarray(loop->heap, cap, sizeof(struct loop_timer *));
	if (heap == NULL)
		return ERR_MEMORY;
	loop->heap = heap;
	loop->cap = cap;
	return ERR_OK;
}

int
loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t delay_ms,
    void (*fn)(struct loop_timer *))
{
	assert(loop_is_here(loop));
	if (timer->slot == 0) {
		if (heap_grow(loop) != ERR_OK)
			return ERR_MEMORY;
		heap_put(loop, loop->count++, timer);
	}
	timer->fn = fn;
	timer->due_ms = loop->now + delay_ms;
	heap_settle(loop, timer->slot - 1);
	return ERR_OK;
}

void
loop_timer_move(struct loop *loop, struct loop_timer *timer, int64_t delay_ms)
{
	assert(loop_is_here(loop) && timer->slot != 0);
	timer->due_ms = loop->now + delay_ms;
	heap_settle(loop, timer->slot - 1);
}

void
loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
	size_t i;

	assert(loop_is_here(loop));
	if (timer->slot == 0)
		return;
	i = timer->slot - 1;
	timer->slot = 0;
	loop->count--;
	if (i == loop->count)
		return;
	heap_put(loop, i, loop->heap[loop->count]);
	heap_settle(loop, i);
}

static void
run_due_timers(struct loop *loop)
{
	while (loop->count > 0 && loop->heap[0]->due_ms <= loop->now) {
		struct loop_timer *timer = loop->heap[0];

		loop_timer_stop(loop, timer);
		timer->fn(timer);
	}
}

static gpr_timespec
next_deadline(const struct loop *loop)
{
	gpr_timespec t = gpr_inf_future(GPR_CLOCK_MONOTONIC);
	int64_t due;

	if (loop->count == 0)
		return t;
	due = loop->heap[0]->due_ms;
	t.tv_sec = due / 1000;
	t.tv_nsec = (int32_t)(due % 1000) * 1000000;
	return t;
}

/* Log lines go out when there is nothing else to do. */
static grpc_event
next_event(struct loop *loop)
{
	grpc_event ev;

	if (log_is_pending()) {
		ev = grpc_completion_queue_next(
		    loop->queue, gpr_time_0(GPR_CLOCK_MONOTONIC), NULL);
		if (ev.type != GRPC_QUEUE_TIMEOUT)
			return ev;
		log_flush();
	}
	return grpc_completion_queue_next(
	    loop->queue, next_deadline(loop), NULL);
}

void
loop_run(struct loop *loop)
{
	loop->owner = pthread_self();
	log_gather();
	for (;;) {
		grpc_event ev = next_event(loop);

		loop->now = clock_ms();
		if (ev.type == GRPC_QUEUE_SHUTDOWN) {
			log_flush();
			return;
		}
		if (ev.type == GRPC_OP_COMPLETE) {
			struct loop_tag *tag = ev.tag;

			tag->fn(tag, ev.success != 0);
		}
		run_due_timers(loop);
	}
}

void
loop_quit(struct loop *loop)
{
	assert(loop_is_here(loop));
	grpc_completion_queue_shutdown(loop->queue);
}

static void
bell_release(struct loop_bell *bell)
{
	grpc_call_unref(bell->call);
	grpc_channel_destroy(bell->channel);
	free(bell);
}

static void
on_bell(struct loop_tag *tag, bool ok)
{
	struct loop_bell *bell = container_of(tag, struct loop_bell, tag);

	(void)ok;
	if (bell->fn == NULL) {
		bell_release(bell);
		return;
	}
	/* Before fn: a ring from here on must be heard. */
	atomic_store(&bell->rung, false);
	bell->fn(bell->arg);
}

int
loop_bell_new(struct loop_bell **bellp, struct loop *loop,
    void (*fn)(void *arg), void *arg, struct err *err)
{
	struct loop_bell *bell = calloc(1, sizeof(*bell));

	assert(loop_is_here(loop));
	if (bell == NULL)
		return err_set(err, ERR_MEMORY, "no memory for a doorbell");
	bell->tag.fn = on_bell;
	bell->fn = fn;
	bell->arg = arg;
	atomic_init(&bell->rung, false);
	bell->channel = grpc_lame_client_channel_create(
	    "doorbell", GRPC_STATUS_UNAVAILABLE, "doorbell");
	bell->call = grpc_channel_create_call(bell->channel, NULL,
	    GRPC_PROPAGATE_DEFAULTS, loop->queue,
	    grpc_slice_from_static_string("/doorbell"), NULL,
	    gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
	*bellp = bell;
	return ERR_OK;
}

void
loop_bell_free(struct loop_bell *bell)
{
	if (bell == NULL)
		return;
	bell->fn = NULL;
	if (!atomic_load(&bell->rung))
		bell_release(bell);
}

void
loop_bell_ring(struct loop_bell *bell)
{
	if (atomic_exchange(&bell->rung, true))
		return;
	/* An empty batch completes at once: its tag is in the queue. */
	if (grpc_call_start_batch(bell->call, NULL, 0, &bell->tag, NULL) !=
	    GRPC_CALL_OK)
		abort();
}
