/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.h - what every server here is: an event loop with an identity
 *
 * One thread runs the loop; the client of the Workload API has its own and
 * only rings.  Without an agent a service goes on with what it has until that
 * expires, says so on /health, and recovers when the agent is back.
 *
 * A plain one has neither: its identity is the sidecar's.
 */
#ifndef PROGRAMS_SERVICE_H
#define PROGRAMS_SERVICE_H

#include <event2/event.h>
#include <json-c/json.h>

#include "base/err.h"
#include "programs/web.h"
#include "workload/workload.h"

struct service {
	const char *name;
	struct event_base *base;
	struct workload *workload; /* NULL: plain */
	void (*changed)(void *arg); /* optional: the source has something new */
	void *arg;
	struct event *term, *interrupt, *news;
};

/* streams: as in workload.h, 0 for plain.  Release it also after a failure. */
int service_init(struct service *s, const char *name, unsigned streams,
    struct err *err) MUST_USE;
void service_release(struct service *s);

/* Until SIGTERM or SIGINT. */
int service_run(struct service *s, struct err *err) MUST_USE;

/* "NAME: listening on URL" on standard output, flushed. */
int service_announce(
    const struct service *s, const struct web *w, struct err *err) MUST_USE;

/*
 * {"status": "ok", ...}, "degraded": works, for as long as the identity lasts,
 * but the agent is gone; "down": no identity that is valid.  A plain one is
 * always "ok".  NULL: no memory.
 */
struct json_object *service_health(const struct service *s);

/* A route, whose arg begins with a struct service: 200, or 503 when down. */
void service_answer_health(struct web_call *call, void *arg);

/* Answer with the document and free it. */
void service_answer_json(
    struct web_call *call, int status, struct json_object *o);

/* One line on standard error, and the exit status. */
int service_fail(const char *name, const struct err *err);

#endif
