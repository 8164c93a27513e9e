/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/gate.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"

enum {
	MILLI = 1000, /* parts of a token */
	THROTTLES_MAX = 5,
	OPEN_FIRST_MS = 1000,
	OPEN_MAX_MS = 30 * 1000,
};

struct aws_gate {
	struct loop *loop;
	int64_t rate;    /* tokens a second: thousandths a millisecond */
	int64_t burst;   /* thousandths */
	int64_t tokens;  /* thousandths */
	int64_t then_ms; /* tokens are as of then */
	struct list waiting, leaving;
	size_t waiting_count;
	struct loop_timer timer; /* set as long as a list has somebody */

	unsigned throttles; /* in a row */
	int64_t open_ms;    /* how long it opens next */
	int64_t closed_until_ms;
	bool probing;       /* somebody is let through, or waits to be */
	bool running, gone; /* freed from inside an fn */
};

int
aws_gate_new(struct aws_gate **gatep, struct loop *loop, int64_t rate,
    int64_t burst, struct err *err)
{
	struct aws_gate *gate = calloc(1, sizeof(*gate));

	if (gate == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	gate->loop = loop;
	gate->rate = rate;
	gate->burst = gate->tokens = burst * MILLI;
	gate->then_ms = clock_ms();
	gate->open_ms = OPEN_FIRST_MS;
	list_init(&gate->waiting);
	list_init(&gate->leaving);
	*gatep = gate;
	return ERR_OK;
}

void
aws_gate_free(struct aws_gate *gate)
{
	if (gate == NULL)
		return;
	assert(list_is_empty(&gate->waiting) && list_is_empty(&gate->leaving));
	loop_timer_stop(gate->loop, &gate->timer);
	gate->gone = true;
	if (!gate->running)
		free(gate);
}

static void
fill(struct aws_gate *gate, int64_t now)
{
	int64_t passed = now - gate->then_ms;

	if (passed <= 0)
		return;
	gate->then_ms = now;
	if (passed > gate->burst / gate->rate)
		gate->tokens = gate->burst;
	else
		gate->tokens += passed * gate->rate;
	if (gate->tokens > gate->burst)
		gate->tokens = gate->burst;
}

/* Milliseconds until the n-th waiting one, from 1 on, has a token. */
static int64_t
delay_of(const struct aws_gate *gate, size_t n)
{
	int64_t lacking = (int64_t)n * MILLI - gate->tokens;

	return lacking <= 0 ? 0 : (lacking + gate->rate - 1) / gate->rate;
}

static void on_token(struct loop_timer *timer);

static int
arm(struct aws_gate *gate)
{
	if (!list_is_empty(&gate->leaving))
		return loop_timer_set(gate->loop, &gate->timer, 0, on_token);
	if (!list_is_empty(&gate->waiting))
		return loop_timer_set(
		    gate->loop, &gate->timer, delay_of(gate, 1), on_token);
	loop_timer_stop(gate->loop, &gate->timer);
	return ERR_OK;
}

static struct gate_wait *
pop(struct aws_gate *gate)
{
	struct list *item = list_first(&gate->waiting);

	if (item == NULL)
		return NULL;
	list_remove(item);
	gate->waiting_count--;
	return container_of(item, struct gate_wait, link);
}

/* A probe that comes to nothing makes room for another. */
static void
end_probe(struct aws_gate *gate, struct gate_wait *wait)
{
	if (wait->probes)
		gate->probing = false;
	wait->probes = false;
}

static void
leave(struct aws_gate *gate, struct gate_wait *wait, int why)
{
	end_probe(gate, wait);
	wait->why = why;
	list_append(&gate->leaving, &wait->link);
}

static int
throttled(struct err *err)
{
	return err_set(err, ERR_UNAVAILABLE,
	    "AWS throttles this account and region: calls rest for a while");
}

static void
see_off(struct aws_gate *gate)
{
	struct list *item;

	while ((item = list_first(&gate->leaving)) != NULL) {
		struct gate_wait *wait =
		    container_of(item, struct gate_wait, link);
		struct err err = { 0 };

		list_remove(item);
		if (wait->why == ERR_UNAVAILABLE)
			(void)throttled(&err);
		else
			(void)err_set(
			    &err, wait->why, "%s", err_text(wait->why));
		wait->fn(wait, err.code, &err);
	}
}

static void
on_token(struct loop_timer *timer)
{
	struct aws_gate *gate = container_of(timer, struct aws_gate, timer);
	struct gate_wait *wait;

	gate->running = true;
	see_off(gate);
	fill(gate, clock_ms());
	while (gate->tokens >= MILLI && (wait = pop(gate)) != NULL) {
		gate->tokens -= MILLI;
		wait->fn(wait, ERR_OK, NULL);
	}
	if (!gate->gone && arm(gate) != ERR_OK) {
		while ((wait = pop(gate)) != NULL)
			leave(gate, wait, ERR_MEMORY);
		see_off(gate);
	}
	gate->running = false;
	if (gate->gone)
		free(gate);
}

static int
too_late(struct err *err)
{
	return err_set(err, ERR_UNAVAILABLE,
	    "too many calls of AWS at once for the budget: see ecs_rate, "
	    "sts_rate and timeout");
}

/* One at a time is let through to see whether AWS answers again. */
static bool
may_probe(const struct aws_gate *gate, int64_t now)
{
	return now >= gate->closed_until_ms && !gate->probing;
}

/* A place among those who wait. */
static int
queue(struct aws_gate *gate, struct gate_wait *wait, struct err *err)
{
	wait->why = ERR_OK;
	list_append(&gate->waiting, &wait->link);
	if (gate->timer.slot == 0 && arm(gate) != ERR_OK) {
		list_remove(&wait->link);
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	gate->waiting_count++;
	return ERR_BUSY;
}

int
gate_enter(struct aws_gate *gate, struct gate_wait *wait, struct err *err)
{
	int64_t now = clock_ms();
	bool open;
	int r = ERR_OK;

	if (gate == NULL)
		return ERR_OK;
	fill(gate, now);
	open = gate->throttles >= THROTTLES_MAX;
	if (open && !may_probe(gate, now))
		return throttled(err);
	if (gate->tokens >= MILLI && gate->waiting_count == 0)
		gate->tokens -= MILLI;
	else if (now + delay_of(gate, gate->waiting_count + 1) >=
		 wait->deadline_ms)
		return too_late(err);
	else
		r = queue(gate, wait, err);
	if (r == ERR_OK || r == ERR_BUSY)
		gate->probing = wait->probes = open;
	return r;
}

void
gate_leave(struct aws_gate *gate, struct gate_wait *wait)
{
	list_remove(&wait->link);
	if (wait->why == ERR_OK)
		gate->waiting_count--;
	leave(gate, wait, ERR_CANCELLED);
	/* while the timer runs it is not set: it sees to those who leave */
	if (gate->timer.slot != 0)
		loop_timer_move(gate->loop, &gate->timer, 0);
}

/* Those who wait would only be throttled as well. */
static void
open_breaker(struct aws_gate *gate)
{
	struct gate_wait *wait;

	gate->closed_until_ms = clock_ms() + gate->open_ms;
	gate->open_ms =
	    gate->open_ms * 2 > OPEN_MAX_MS ? OPEN_MAX_MS : gate->open_ms * 2;
	while ((wait = pop(gate)) != NULL)
		leave(gate, wait, ERR_UNAVAILABLE);
	if (gate->timer.slot != 0)
		loop_timer_move(gate->loop, &gate->timer, 0);
}

void
gate_report(
    struct aws_gate *gate, struct gate_wait *wait, enum gate_outcome outcome)
{
	bool probed;

	if (gate == NULL)
		return;
	probed = wait->probes;
	end_probe(gate, wait);
	if (outcome == GATE_NOTHING_LEARNED)
		return;
	if (outcome == GATE_ANSWERED) {
		gate->throttles = 0;
		gate->open_ms = OPEN_FIRST_MS;
		return;
	}
	/* others that were under way when it opened tell nothing new */
	if (gate->throttles == THROTTLES_MAX && !probed)
		return;
	if (gate->throttles < THROTTLES_MAX)
		gate->throttles++;
	if (gate->throttles == THROTTLES_MAX)
		open_breaker(gate);
}
