/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demo.h - the parts of demo-app
 *
 * The event loop serves pages; what blocks is done by two threads
 * (demo_work.c): one calls the API, one fetches the JWT-SVID and the task's
 * metadata.  One document holds all that there is to show (demo_facts.c);
 * /json answers it and the page is made from it (demo_page.c).
 *
 * In plain mode there is no identity to show: the sidecar has it.
 */
#ifndef PROGRAMS_DEMO_H
#define PROGRAMS_DEMO_H

#include <event2/event.h>
#include <json-c/json.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/err.h"
#include "programs/service.h"

struct demo_settings {
	char *listen, *api_url, *api_id, *jwt_audience;
	bool plain;
};

/* The threads. */
struct work;

struct work_config {
	struct event_base *base;
	struct workload *workload; /* NULL: plain */
	SSL_CTX *ctx; /* tls_client_ctx()'s; NULL: plain */
	const struct demo_settings *settings;
	const char *metadata; /* ECS_CONTAINER_METADATA_URI_V4, or NULL */
	void (*changed)(void *arg); /* on the loop: facts have changed */
	void *arg;
};

/* Everything here is called on the event loop. */
int work_new(struct work **wp, const struct work_config *config,
    struct err *err) MUST_USE;
/* Ends what is under way, and the calls of the Workload API for good. */
void work_free(struct work *w);

/*
 * Call the API: done() gets the document of shown_call(), or in plain mode of
 * shown_plain_call(), which becomes its own; NULL: no memory.  ERR_BUSY: too
 * many wait already.
 */
struct work_job;
int work_call(struct work_job **jobp, struct work *w,
    void (*done)(void *arg, struct json_object *call), void *arg,
    struct err *err) MUST_USE;
void work_forget(struct work_job *job); /* done() will not be called */

/* There is a new identity: fetch again what hangs on it. */
void work_renew(struct work *w);

/* Members "jwt_svid", unless plain, and "ecs_metadata", as they are now. */
void work_add_facts(struct json_object *facts, struct work *w);

/* Of task/metadata.h's document, read from the endpoint's answer. */
struct json_object *demo_metadata(struct str json, struct err *err);

/* All of it; NULL: no memory. */
struct json_object *demo_facts(const struct service *s, struct work *w,
    const struct demo_settings *settings);

/* The whole page; call may be NULL. */
void demo_page(
    struct buf *out, struct json_object *facts, struct json_object *call);

extern const char demo_style[], demo_script[];

#endif
