/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/aid.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/log.h"
#include "evidence/payload.h"
#include "task/metadata.h"
#include "task/selectors.h"

enum {
	URL_MAX = 2048,
	/* the document, what is read of it, and the payload made of that */
	AID_ARENA_MAX = 3 * METADATA_BYTES_MAX,
	FETCH_RETRIES = 5, /* about 3 s of waits: SPIRE tries again itself */
	STATUS_OK = 200,
	STATUS_NOT_FOUND = 404,
};

#define FETCH_FAILED "failed to fetch task metadata: "

enum aid_state {
	AID_FETCH,      /* waits for <endpoint>/task */
	AID_FETCH_BASE, /* that was not found: waits for <endpoint> */
	AID_CHALLENGE,  /* the payload is sent */
	AID_OVER,
};

struct aid {
	struct aider *aider;
	struct gp_call *call;
	struct agent_config *config;
	enum aid_state state;
	struct http_call *fetch; /* NULL: none is under way */
	char endpoint[URL_MAX];
	int64_t began_ms;
};

static void on_fetched(
    void *arg, int r, const struct http_answer *answer, const struct err *err);

static void
aid_refuse_with(struct aid *aid, const struct err *err)
{
	log_warn("attestation failed", F_TEXT("reason", err->msg),
	    F_TEXT("endpoint", aid->endpoint),
	    F_INT("elapsed_ms", loop_now(aid->aider->loop) - aid->began_ms));
	aid->state = AID_OVER;
	aid_refuse(aid->call, err->code, err->msg);
}

/* The endpoint, without a slash at its end. */
static int
find_endpoint(struct aid *aid, struct err *err)
{
	struct str url = aid->config->metadata_endpoint;

	if (url.n == 0)
		url = str_of(getenv("ECS_CONTAINER_METADATA_URI_V4"));
	while (url.n > 0 && url.p[url.n - 1] == '/')
		url.n--;
	if (url.n == 0)
		return err_set(err, ERR_UPSTREAM,
		    FETCH_FAILED "no metadata endpoint configured and "
				 "ECS_CONTAINER_METADATA_URI_V4 not set");
	if (url.n >= sizeof(aid->endpoint) - sizeof("/task"))
		return err_set(err, ERR_UPSTREAM,
		    FETCH_FAILED "the endpoint's URL is longer than %d bytes",
		    URL_MAX);
	memcpy(aid->endpoint, url.p, url.n);
	aid->endpoint[url.n] = '\0';
	return ERR_OK;
}

/* All fetches of an attestation share one `timeout`. */
static int
fetch(struct aid *aid, enum aid_state state, struct err *err)
{
	char url[URL_MAX + sizeof("/task")];
	int64_t spent = loop_now(aid->aider->loop) - aid->began_ms;
	struct http_request req = {
		.url = url,
		.body_max = METADATA_BYTES_MAX,
		.timeout_ms = aid->config->timeout - spent,
		.retries = FETCH_RETRIES,
	};
	int r;

	if (aid->aider->http == NULL)
		return err_set(err, ERR_UNAVAILABLE, "the plugin is stopping");
	if (req.timeout_ms < 1)
		req.timeout_ms = 1;
	(void)snprintf(url, sizeof(url), "%s%s", aid->endpoint,
	    state == AID_FETCH ? "/task" : "");
	r = http_start(
	    &aid->fetch, aid->aider->http, &req, on_fetched, aid, err);
	if (r == ERR_FORMAT)
		/* of the endpoint, which is not the caller's */
		err->code = ERR_UPSTREAM;
	if (r != ERR_OK) {
		(void)err_prefix(err, FETCH_FAILED);
		return r;
	}
	aid->state = state;
	return ERR_OK;
}

static void
begin(struct gp_call *call, void *arg)
{
	struct aider *aider = arg;
	struct err err = { 0 };
	struct aid *aid;

	if (aider->config == NULL) {
		aid_refuse(call, ERR_NOT_NOW, "plugin not configured");
		return;
	}
	if (aider->in_flight >= AIDS_MAX) {
		aid_refuse(
		    call, ERR_BUSY, "too many attestations at once; try again");
		return;
	}
	aid = calloc(1, sizeof(*aid));
	if (aid == NULL) {
		aid_refuse(call, ERR_MEMORY, err_text(ERR_MEMORY));
		return;
	}
	gp_set_state(call, aid);
	gp_watch(call);
	aid->aider = aider;
	aid->call = call;
	aid->config = agent_config_ref(aider->config);
	aid->began_ms = loop_now(aider->loop);
	aider->in_flight++;
	if (find_endpoint(aid, &err) != ERR_OK ||
	    fetch(aid, AID_FETCH, &err) != ERR_OK)
		aid_refuse_with(aid, &err);
}

/* cluster and region of the configuration are expectations. */
static int
check_place(const struct agent_config *config, const struct task_metadata *task,
    struct err *err)
{
	if (config->cluster.n > 0 && !str_eq(config->cluster, task->cluster))
		return err_set(err, ERR_NOT_NOW,
		    "the task runs in cluster \"%s\", but cluster = \"%s\" is "
		    "configured",
		    CLEAN(task->cluster), CLEAN(config->cluster));
	if (config->region.n > 0 && !str_eq(config->region, task->arn.region))
		return err_set(err, ERR_NOT_NOW,
		    "the task runs in region \"%s\", but region = \"%s\" is "
		    "configured",
		    CLEAN(task->arn.region), CLEAN(config->region));
	return ERR_OK;
}

static int
fill_nonce(unsigned char nonce[NONCE_BYTES], struct err *err)
{
	if (getrandom(nonce, NONCE_BYTES, 0) != NONCE_BYTES)
		return err_set(
		    err, ERR_SYSTEM, "no random numbers: %s", strerror(errno));
	return ERR_OK;
}

static int
make_payload(struct buf *out, struct arena *a, const struct task_metadata *task,
    struct err *err)
{
	struct payload payload = { .has_version = true,
		.task_arn = task->arn.text };
	struct selectors selectors;
	struct buf reduced;
	int r;

	buf_init(&reduced, PAYLOAD_MAX);
	r = fill_nonce(payload.agent_nonce, err);
	if (r != ERR_OK)
		goto out;
	r = task_metadata_format(&reduced, task, err);
	if (r != ERR_OK)
		goto out;
	r = selectors_for_payload(&selectors, a, task, err);
	if (r != ERR_OK)
		goto out;
	payload.task_metadata = buf_str(&reduced);
	payload.selectors = selectors.values;
	payload.selector_count = selectors.count;
	r = payload_encode(out, &payload, err);
	if (r != ERR_OK)
		goto out;
out:
	buf_release(&reduced);
	return r;
}

static void
send_payload(struct aid *aid, const struct task_metadata *task,
    const struct buf *payload)
{
	struct err err = { 0 };

	if (!aid_send_payload(aid->call, buf_str(payload))) {
		(void)err_set(&err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
		aid_refuse_with(aid, &err);
		return;
	}
	aid->state = AID_CHALLENGE;
	gp_read(aid->call);
	log_info("payload sent", F_STR("task", task->arn.text),
	    F_INT("elapsed_ms", loop_now(aid->aider->loop) - aid->began_ms));
}

static void
on_document(struct aid *aid, struct str body)
{
	struct task_metadata task;
	struct err err = { 0 };
	struct arena arena;
	struct buf payload;
	int r;

	arena_init(&arena, AID_ARENA_MAX);
	buf_init(&payload, PAYLOAD_MAX);
	r = task_metadata_parse(&task, &arena, body, TASK_ID_ANY, &err);
	if (r != ERR_OK) {
		/* SPIRE's agent may try again: a task's start is a time of
		 * documents that are not whole */
		err.code = ERR_UPSTREAM;
		(void)err_prefix(&err,
		    FETCH_FAILED "failed to parse the metadata document: ");
		goto out;
	}
	r = check_place(aid->config, &task, &err);
	if (r != ERR_OK)
		goto out;
	r = make_payload(&payload, &arena, &task, &err);
	if (r != ERR_OK)
		goto out;
	send_payload(aid, &task, &payload);
out:
	if (r != ERR_OK)
		aid_refuse_with(aid, &err);
	buf_release(&payload);
	arena_release(&arena);
}

static void
on_status(struct aid *aid, long status)
{
	struct err err = { 0 };

	if (status == STATUS_NOT_FOUND && aid->state == AID_FETCH &&
	    fetch(aid, AID_FETCH_BASE, &err) == ERR_OK)
		return;
	(void)err_set(&err, ERR_UPSTREAM,
	    FETCH_FAILED "metadata endpoint returned status %ld", status);
	aid_refuse_with(aid, &err);
}

static void
on_fetched(
    void *arg, int r, const struct http_answer *answer, const struct err *err)
{
	struct aid *aid = arg;
	struct err why = { 0 };

	aid->fetch = NULL;
	if (gp_is_cancelled(aid->call)) {
		aid->state = AID_OVER;
		aid_refuse(aid->call, ERR_CANCELLED, "cancelled");
	} else if (r == ERR_CANCELLED) {
		(void)err_set(&why, ERR_UNAVAILABLE, "the plugin is stopping");
		aid_refuse_with(aid, &why);
	} else if (r != ERR_OK) {
		(void)err_set(&why, ERR_UPSTREAM, FETCH_FAILED "%s", err->msg);
		aid_refuse_with(aid, &why);
	} else if (answer->status == STATUS_OK) {
		on_document(aid, answer->body);
	} else {
		on_status(aid, answer->status);
	}
}

static void
challenge(struct gp_call *call, const struct str *bytes)
{
	struct aid *aid = gp_state(call);
	struct err err = { 0 };

	if (aid->state != AID_CHALLENGE)
		return;
	if (bytes == NULL) {
		aid->state = AID_OVER;
		gp_finish(call, GP_OK, NULL, NULL);
		return;
	}
	(void)err_set(&err, ERR_NOT_NOW,
	    "the server sent a challenge, and this version of the agent plugin "
	    "cannot answer one: it attests by metadata only; set verification "
	    "= \"metadata\" on the server, or update the agent plugin");
	aid_refuse_with(aid, &err);
}

static void
cancelled(struct gp_call *call)
{
	struct aid *aid = gp_state(call);

	if (aid->fetch != NULL) {
		http_cancel(aid->fetch);
		return;
	}
	aid->state = AID_OVER;
	gp_finish(call, GP_CANCELLED, "cancelled", NULL);
}

static void
end(struct gp_call *call)
{
	struct aid *aid = gp_state(call);

	if (aid == NULL)
		return;
	assert(aid->fetch == NULL);
	aid->aider->in_flight--;
	agent_config_unref(aid->config);
	free(aid);
}

static const struct aid_ops ops = {
	.begin = begin,
	.challenge = challenge,
	.cancelled = cancelled,
	.end = end,
};

void
aider_init(struct aider *aider, struct loop *loop)
{
	aider->loop = loop;
	aider->service.ops = &ops;
	aider->service.arg = aider;
	attestor_agent_init(&aider->service);
}

void
aider_configure(struct aider *aider, struct agent_config *config)
{
	agent_config_unref(aider->config);
	aider->config = config;
}

void
aider_release(struct aider *aider)
{
	agent_config_unref(aider->config);
	aider->config = NULL;
}

int
aider_start(struct aider *aider, struct err *err)
{
	return http_new(&aider->http, aider->loop, HTTP_METADATA_PARALLEL, err);
}

void
aider_stop(struct aider *aider)
{
	struct http *http = aider->http;

	aider->http = NULL;
	http_free(http);
}
