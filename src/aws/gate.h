/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate.h - a budget of calls, and a circuit breaker
 *
 * A token bucket for one account, region and service: `rate` tokens a second,
 * at most `burst` at once.  Who finds none waits in order of arrival, unless
 * none can come before his deadline.  The breaker opens when AWS throttles
 * several times in a row, for a second first; then one call is let through as
 * a probe, and each probe that is throttled doubles the time, up to half a
 * minute.  Everything belongs to the queue thread.
 */
#ifndef AWS_GATE_H
#define AWS_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "loop/loop.h"

struct aws_gate;

/* It lives in its owner, which may not go while it waits. */
struct gate_wait {
	struct list link;
	int64_t deadline_ms; /* clock_ms() */

	/* ERR_OK: take a token's worth of call; else the reason why not. */
	void (*fn)(struct gate_wait *wait, int r, const struct err *err);

	/* The gate's own; zero before the first use. */
	bool probes; /* it is the one that is let through */
	int why;     /* it leaves: the reason; ERR_OK: it waits for a token */
};

int aws_gate_new(struct aws_gate **gatep, struct loop *loop, int64_t rate,
    int64_t burst, struct err *err) MUST_USE;

/* Nobody waits.  From inside an fn too; NULL is fine. */
void aws_gate_free(struct aws_gate *gate);

/*
 * ERR_OK: go now.  ERR_BUSY: wait, fn will be called, later.  ERR_UNAVAILABLE:
 * no token comes in time, or the breaker is open.  gate may be NULL: go.
 */
int gate_enter(
    struct aws_gate *gate, struct gate_wait *wait, struct err *err) MUST_USE;

/* Give up waiting: fn gets ERR_CANCELLED, later. */
void gate_leave(struct aws_gate *gate, struct gate_wait *wait);

/*
 * How a call that was let through ended, once for each time that it was; gate
 * may be NULL.  Calls no fn: those who are turned away hear of it later.
 */
enum gate_outcome { GATE_ANSWERED, GATE_THROTTLED, GATE_NOTHING_LEARNED };
void gate_report(struct aws_gate *gate, struct gate_wait *wait,
    enum gate_outcome outcome);

#endif
