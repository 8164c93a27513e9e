/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delivery.h - an answer's way out through libevent, faults included
 *
 * What has no fault is sent at once.  The rest waits for its time, comes in
 * drops, ends in the middle or never; each of these has the answer's memory
 * until then, and gives it back if the client goes away.
 */
#ifndef MOCK_DELIVERY_H
#define MOCK_DELIVERY_H

#include <stdbool.h>

#include "base/list.h"
#include "mock/route.h"

struct event_base;
struct evhttp_request;

struct deliveries {
	struct event_base *base;
	struct list jobs;
};

void deliveries_init(struct deliveries *ds, struct event_base *base);

/* Before evhttp_free(): those under way are forgotten. */
void deliveries_release(struct deliveries *ds);

/* Takes what a holds; is_head: without the body. */
void deliver(struct deliveries *ds, struct evhttp_request *req,
    struct answer *a, bool is_head);

#endif
