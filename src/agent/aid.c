/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/aid.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/fetch.h"
#include "agent/proof.h"
#include "aws/container.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "evidence/payload.h"
#include "evidence/response.h"
#include "task/metadata.h"
#include "task/selectors.h"

enum {
	KEPT_MAX = 16 * 1024, /* the task's ARN, the challenge's strings */
	KEYS_LIFE_S = 5 * 60, /* keys that end earlier are asked for anew */
	/* the document, what is read of it, and the payload made of that */
	AID_ARENA_MAX = 3 * METADATA_BYTES_MAX,
};

enum aid_state {
	AID_FETCH,     /* waits for the task's metadata */
	AID_CHALLENGE, /* the payload is sent */
	AID_KEYS,      /* the challenge is fine: waits for credentials */
	AID_KEYS_ANEW, /* those would end too soon */
	AID_ANSWERED,  /* the response is sent */
	AID_OVER,
};

struct aid {
	struct aider *aider;
	struct gp_call *call;
	struct agent_config *config;
	enum aid_state state;
	struct fetch fetch;
	int64_t began_ms;

	/* From the payload on. */
	struct arena kept;
	struct task_arn task;
	unsigned char agent_nonce[NONCE_BYTES];

	/* From the challenge on. */
	struct challenge challenge;
	struct endpoint sts;
	struct str sts_region;
	struct container_fetch *keys_fetch; /* NULL: none is under way */
	struct aws_keys *keys;              /* ours to unref: end too soon */
	int64_t challenged_ms;
};

static fetch_fn on_fetched;
static container_fn on_keys;

static void
aid_refuse_with(struct aid *aid, const struct err *err)
{
	log_warn("attestation failed", F_TEXT("reason", err->msg),
	    F_TEXT("endpoint", aid->fetch.endpoint),
	    F_INT("elapsed_ms", loop_now(aid->aider->loop) - aid->began_ms));
	aid->state = AID_OVER;
	aid_refuse(aid->call, err->code, err->msg);
}

/* All fetches of an attestation share one `timeout`. */
static int
fetch_metadata(struct aid *aid, struct err *err)
{
	int r;

	r = fetch_find(&aid->fetch, aid->config->metadata_endpoint, err);
	if (r != ERR_OK)
		return r;
	if (aid->aider->http == NULL)
		return err_set(err, ERR_UNAVAILABLE, "the plugin is stopping");
	return fetch_start(&aid->fetch, aid->aider->http, aid->config->timeout,
	    on_fetched, aid, err);
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
	arena_init(&aid->kept, KEPT_MAX);
	aid->aider = aider;
	aid->call = call;
	aid->config = agent_config_ref(aider->config);
	aid->began_ms = loop_now(aider->loop);
	aider->in_flight++;
	if (fetch_metadata(aid, &err) != ERR_OK)
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
make_payload(struct buf *out, struct aid *aid, struct arena *a,
    const struct task_metadata *task, struct err *err)
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
	memcpy(aid->agent_nonce, payload.agent_nonce, NONCE_BYTES);
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

/* For the time after the document is gone. */
static int
keep_task(struct aid *aid, struct str arn, struct err *err)
{
	struct str text = arena_dup(&aid->kept, arn);

	if (text.p == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	return task_arn_parse(&aid->task, text, TASK_ID_ANY, err);
}

/* STS refuses what was signed more than five minutes off. */
static void
warn_of_clock(struct str document, struct str task)
{
	if (clock_is_off(document))
		log_warn("ECS says that the clock of this task is not "
			 "synchronized: if it is off by minutes, AWS refuses "
			 "what the agent signs",
		    F_STR("task", task));
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
	r = keep_task(aid, task.arn.text, &err);
	if (r != ERR_OK)
		goto out;
	warn_of_clock(body, task.arn.text);
	r = make_payload(&payload, aid, &arena, &task, &err);
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
on_fetched(void *arg, int r, struct str document, const struct err *err)
{
	struct aid *aid = arg;
	struct err why = *err;

	if (gp_is_cancelled(aid->call)) {
		aid->state = AID_OVER;
		aid_refuse(aid->call, ERR_CANCELLED, "cancelled");
	} else if (r == ERR_OK) {
		on_document(aid, document);
	} else {
		if (r == ERR_CANCELLED)
			why = (struct err){ ERR_UNAVAILABLE,
				"the plugin is stopping" };
		aid_refuse_with(aid, &why);
	}
}

/* When time is up, the server has given up too. */
static int64_t
keys_ms_left(const struct aid *aid)
{
	int64_t ms = (int64_t)aid->challenge.ttl * 1000;

	if (ms > aid->config->timeout)
		ms = aid->config->timeout;
	ms -= loop_now(aid->aider->loop) - aid->challenged_ms;
	return ms < 1 ? 1 : ms;
}

static int
fetch_keys(struct aid *aid, enum aid_state state, struct err *err)
{
	struct container_source source;
	int r;

	if (aid->aider->http == NULL)
		return err_set(err, ERR_UNAVAILABLE, "the plugin is stopping");
	r = container_source_find(
	    &source, aid->config->credentials_endpoint, err);
	if (r == ERR_OK)
		r = container_fetch_start(&aid->keys_fetch, aid->aider->loop,
		    aid->aider->http, &source, keys_ms_left(aid), on_keys, aid,
		    err);
	if (r == ERR_OK)
		aid->state = state;
	return r;
}

static void
refuse_without_keys(struct aid *aid, int r, const char *why)
{
	struct err err = { 0 };

	if (r == ERR_MISSING)
		(void)err_set(&err, ERR_NOT_NOW,
		    "the task has no role to prove itself with (%s): name one "
		    "as taskRoleArn in the task definition",
		    why);
	else
		(void)err_set(&err,
		    r == ERR_CONFIG ? ERR_NOT_NOW : ERR_UNAVAILABLE,
		    "failed to get the task's credentials: %s", why);
	aid_refuse_with(aid, &err);
}

static void
respond(struct aid *aid, const struct aws_keys *keys)
{
	const struct proof proof = {
		.config = aid->config,
		.task = &aid->task,
		.agent_nonce = aid->agent_nonce,
		.challenge = &aid->challenge,
		.sts = &aid->sts,
		.region = aid->sts_region,
	};
	struct err err = { 0 };
	struct buf response;
	int r;

	buf_init(&response, RESPONSE_MAX);
	r = proof_respond(
	    &response, &proof, keys, clock_wall_us() / 1000000, &err);
	if (r == ERR_OK && !aid_send_response(aid->call, buf_str(&response)))
		r = err_set(&err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	buf_wipe(&response);
	if (r != ERR_OK) {
		aid_refuse_with(aid, &err);
		return;
	}
	aid->state = AID_ANSWERED;
	gp_read(aid->call);
	log_info("challenge answered", F_STR("task", aid->task.text),
	    F_STR("role", keys->role_arn),
	    F_STR("access_key_id", keys->access_key_id),
	    F_TEXT("sts_host", aid->sts.host),
	    F_INT(
		"elapsed_ms", loop_now(aid->aider->loop) - aid->challenged_ms));
}

/* ECS names the role with the keys of each task that has one. */
static bool
lacks_role(const struct aid *aid, const struct aws_keys *keys)
{
	return keys->role_arn.n == 0 &&
	       aid->config->credentials_endpoint.n == 0 &&
	       str_of(getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")).n > 0;
}

static void
take_keys(struct aid *aid, struct aws_keys *keys)
{
	int64_t life_s = keys->expires_s - clock_wall_us() / 1000000;

	if (lacks_role(aid, keys)) {
		refuse_without_keys(aid, ERR_UPSTREAM,
		    "the answer has no RoleArn: it is not ECS that gave it");
		return;
	}
	if (life_s < KEYS_LIFE_S && aid->state == AID_KEYS &&
	    fetch_keys(aid, AID_KEYS_ANEW, NULL) == ERR_OK) {
		aid->keys = aws_keys_ref(keys);
		return;
	}
	respond(aid, keys);
}

static void
on_keys(void *arg, int r, struct aws_keys *keys, const struct err *err)
{
	struct aid *aid = arg;

	aid->keys_fetch = NULL;
	if (gp_is_cancelled(aid->call)) {
		aid->state = AID_OVER;
		aid_refuse(aid->call, ERR_CANCELLED, "cancelled");
	} else if (r == ERR_CANCELLED) {
		refuse_without_keys(
		    aid, ERR_UNAVAILABLE, "the plugin is stopping");
	} else if (r == ERR_OK) {
		take_keys(aid, keys);
	} else if (aid->keys != NULL) {
		respond(aid, aid->keys);
	} else {
		refuse_without_keys(aid, r, err->msg);
	}
}

/* Nothing is fetched, let alone signed, for a challenge that is not right. */
static int
take_challenge(struct aid *aid, struct str bytes, struct err *err)
{
	struct str text = bytes;
	int r;

	/* What is longer is refused before any of it is kept. */
	if (text.n <= CHALLENGE_MAX)
		text = arena_dup(&aid->kept, bytes);
	if (text.p == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	r = challenge_decode(&aid->challenge, &aid->kept, text, err);
	if (r != ERR_OK) {
		if (r != ERR_MEMORY)
			err->code = ERR_NOT_NOW;
		(void)err_prefix(err, "the server's challenge is unusable: ");
		return err->code;
	}
	return proof_check(&aid->sts, &aid->sts_region, aid->config, &aid->task,
	    &aid->challenge, err);
}

static void
challenge(struct gp_call *call, const struct str *bytes)
{
	struct aid *aid = gp_state(call);
	struct err err = { 0 };
	int r;

	if (aid->state != AID_CHALLENGE && aid->state != AID_ANSWERED)
		return;
	if (bytes == NULL) {
		aid->state = AID_OVER;
		gp_finish(call, GP_OK, NULL, NULL);
		return;
	}
	if (aid->state == AID_ANSWERED) {
		(void)err_set(&err, ERR_NOT_NOW,
		    "the server sent a second challenge: an agent answers one");
		aid_refuse_with(aid, &err);
		return;
	}
	aid->challenged_ms = loop_now(aid->aider->loop);
	r = take_challenge(aid, *bytes, &err);
	if (r != ERR_OK) {
		aid_refuse_with(aid, &err);
		return;
	}
	r = fetch_keys(aid, AID_KEYS, &err);
	if (r != ERR_OK)
		refuse_without_keys(aid, r, err.msg);
}

static void
cancelled(struct gp_call *call)
{
	struct aid *aid = gp_state(call);

	if (aid->fetch.call != NULL) {
		fetch_cancel(&aid->fetch);
		return;
	}
	if (aid->keys_fetch != NULL) {
		container_fetch_cancel(aid->keys_fetch);
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
	assert(aid->fetch.call == NULL && aid->keys_fetch == NULL);
	aid->aider->in_flight--;
	aws_keys_unref(aid->keys);
	arena_release(&aid->kept);
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
