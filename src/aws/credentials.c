/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/credentials.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "aws/cred_source.h"
#include "base/clock.h"

enum {
	EARLY_S = 5 * 60,
	REST_MS = 10 * 1000, /* between two refreshes */
	FETCH_MS = 15 * 1000,
};

struct credentials_wait {
	struct list link;
	struct credentials *cred;
	credentials_fn *done;
	void *arg;
	struct loop_timer timer; /* set to its end: a cancel only moves it */
	bool cancelled;
};

static int64_t
now_s(void)
{
	return clock_wall_us() / 1000000;
}

static bool
is_fresh(const struct aws_keys *keys, int64_t early_s)
{
	return keys != NULL &&
	       (keys->expires_s == 0 || now_s() < keys->expires_s - early_s);
}

/* An answer may be the end of the credentials, so it touches them no more. */
static void
answer_all(struct credentials *cred, int r, struct aws_keys *keys,
    const struct err *err)
{
	const struct err gone = { ERR_CANCELLED, "cancelled" };
	struct loop *loop = cred->caller.loop;
	struct list waits, *item;

	list_init(&waits);
	while ((item = list_first(&cred->waits)) != NULL) {
		list_remove(item);
		list_append(&waits, item);
	}
	while ((item = list_first(&waits)) != NULL) {
		struct credentials_wait *wait =
		    container_of(item, struct credentials_wait, link);

		list_remove(item);
		loop_timer_stop(loop, &wait->timer);
		if (wait->cancelled)
			wait->done(wait->arg, ERR_CANCELLED, NULL, &gone);
		else
			wait->done(wait->arg, r, keys, err);
		free(wait);
	}
}

static void
destroy(struct credentials *cred)
{
	struct credentials *base = cred->owns_base ? cred->base : NULL;

	aws_keys_unref(cred->keys);
	arena_release(&cred->arena);
	free(cred);
	credentials_free(base);
}

static int
say_expired(struct err *err)
{
	return err_set(err, ERR_UPSTREAM,
	    "AWS gave credentials that have expired by this host's clock");
}

/* Unexpired keys outlive a refresh that fails. */
static void
on_fetched(struct credentials *cred, int r, struct aws_keys *keys,
    const struct err *err)
{
	struct err why = { 0 };

	cred->fetching = false;
	if (cred->freed) {
		destroy(cred);
		return;
	}
	/* want of memory is ours, and says nothing about the source */
	cred->rest_until_ms = r == ERR_MEMORY ? 0 : clock_ms() + REST_MS;
	if (r == ERR_OK && !is_fresh(keys, 0)) {
		r = say_expired(&why);
		err = &why;
	}
	if (r == ERR_OK) {
		aws_keys_unref(cred->keys);
		cred->keys = aws_keys_ref(keys);
		cred->failure = (struct err){ 0 };
	} else {
		cred->failure = *err;
		cred->failure.code = r;
	}
	keys = is_fresh(cred->keys, 0) ? cred->keys : NULL;
	if (keys != NULL)
		answer_all(cred, ERR_OK, keys, NULL);
	else
		answer_all(cred, r, NULL, err);
}

static void
on_container(void *arg, int r, struct aws_keys *keys, const struct err *err)
{
	on_fetched(arg, r, keys, err);
}

static void
on_assumed(void *arg, int r, struct aws_keys *keys, const struct err *err)
{
	on_fetched(arg, r, keys, err);
}

static int
assume(struct credentials *cred, struct aws_keys *keys, struct str web_token,
    struct err *err)
{
	const struct sts_role role = {
		.role_arn = cred->role_arn,
		.session_name = cred->session_name,
		.external_id = cred->external_id,
		.web_token = web_token,
		.duration_s = cred->duration_s,
		.keys = keys,
		.endpoint = &cred->sts,
		.region = cred->region,
		.source = web_token.n > 0 ? "web identity" : "assumed role",
	};

	cred->stage = CRED_STAGE_STS;
	return sts_assume_start(&cred->under_way.sts, &cred->caller, &role,
	    clock_ms() + FETCH_MS, on_assumed, cred, err);
}

/* The keys of the base have come, for AssumeRole. */
static void
on_base(void *arg, int r, struct aws_keys *keys, const struct err *err)
{
	struct credentials *cred = arg;
	struct err why = { 0 };

	if (r == ERR_OK && !cred->freed) {
		r = assume(cred, keys, STR(""), &why);
		if (r == ERR_OK)
			return;
		err = &why;
	}
	on_fetched(cred, r, NULL, err);
}

static int
fetch_role(struct credentials *cred, struct err *err)
{
	struct aws_keys *keys = credentials_now(cred->base);

	if (keys != NULL)
		return assume(cred, keys, STR(""), err);
	cred->stage = CRED_STAGE_BASE;
	return credentials_get(&cred->under_way.base, cred->base,
	    clock_ms() + FETCH_MS, on_base, cred, err);
}

static int
fetch_web(struct credentials *cred, struct err *err)
{
	struct arena a;
	struct str token;
	int r;

	arena_init(&a, WEB_TOKEN_ARENA);
	r = web_token_read(&token, &a, cred->token_file, err);
	if (r == ERR_OK)
		r = assume(cred, NULL, token, err);
	arena_release(&a);
	return r;
}

static int
fetch(struct credentials *cred, struct err *err)
{
	if (*cred->caller.http == NULL)
		return err_set(err, ERR_CANCELLED, "the plugin is stopping");
	switch (cred->kind) {
	case CRED_ROLE:
		return fetch_role(cred, err);
	case CRED_WEB:
		return fetch_web(cred, err);
	case CRED_CONTAINER:
		cred->stage = CRED_STAGE_CONTAINER;
		return container_fetch_start(&cred->under_way.container,
		    cred->caller.loop, *cred->caller.http, &cred->container,
		    FETCH_MS, on_container, cred, err);
	case CRED_IMDS:
		cred->stage = CRED_STAGE_IMDS;
		return imds_fetch_start(&cred->under_way.imds,
		    *cred->caller.http, on_container, cred, err);
	case CRED_STATIC:
	case CRED_CHAIN:
		break;
	}
	return err_set(err, ERR_INTERNAL, "these keys cannot be fetched");
}

static bool
rests(const struct credentials *cred)
{
	return clock_ms() < cred->rest_until_ms;
}

static int
begin_fetch(struct credentials *cred, struct err *err)
{
	int r;

	if (cred->fetching)
		return ERR_OK;
	if (rests(cred) && cred->failure.code != ERR_OK)
		return err_set(
		    err, cred->failure.code, "%s", cred->failure.msg);
	r = fetch(cred, err);
	if (r == ERR_OK)
		cred->fetching = true;
	return r;
}

static void
cancel_fetch(struct credentials *cred)
{
	switch (cred->stage) {
	case CRED_STAGE_STS:
		sts_assume_cancel(cred->under_way.sts);
		break;
	case CRED_STAGE_BASE:
		credentials_cancel(cred->under_way.base);
		break;
	case CRED_STAGE_CONTAINER:
		container_fetch_cancel(cred->under_way.container);
		break;
	case CRED_STAGE_IMDS:
		imds_fetch_cancel(cred->under_way.imds);
		break;
	}
}

void
credentials_free(struct credentials *cred)
{
	const struct err err = { ERR_CANCELLED, "cancelled" };

	if (cred == NULL)
		return;
	answer_all(cred, ERR_CANCELLED, NULL, &err);
	cred->freed = true;
	/* what these point to need not outlive us */
	cred->caller.observer = NULL;
	cred->caller.ca_path = NULL;
	if (cred->fetching)
		cancel_fetch(cred);
	else
		destroy(cred);
}

/*
 * Asking
 */

/* The one at the end of a chain, which is found at the first use. */
static int
resolve(struct credentials **out, struct credentials *cred, struct err *err)
{
	int r = ERR_OK;

	if (cred->kind == CRED_CHAIN && cred->base == NULL) {
		r = cred_find(&cred->base, cred, err);
		cred->owns_base = r == ERR_OK;
	}
	if (r == ERR_OK)
		*out = cred->kind == CRED_CHAIN ? cred->base : cred;
	return r;
}

struct aws_keys *
credentials_now(struct credentials *cred)
{
	if (cred->kind == CRED_CHAIN)
		return cred->base == NULL ? NULL : credentials_now(cred->base);
	if (is_fresh(cred->keys, EARLY_S))
		return cred->keys;
	if (!is_fresh(cred->keys, 0))
		return NULL;
	/* they serve on while new ones are fetched */
	if (!rests(cred))
		(void)begin_fetch(cred, NULL);
	return cred->keys;
}

static void
on_wait_over(struct loop_timer *timer)
{
	struct credentials_wait *wait =
	    container_of(timer, struct credentials_wait, timer);
	struct err err = { 0 };
	struct aws_keys *keys = NULL;
	int r = ERR_OK;

	if (wait->cancelled)
		r = err_set(&err, ERR_CANCELLED, "cancelled");
	else if (is_fresh(wait->cred->keys, 0))
		keys = wait->cred->keys;
	else
		r = err_set(&err, ERR_UNAVAILABLE,
		    "no credentials for AWS came in time");
	list_remove(&wait->link);
	wait->done(wait->arg, r, keys, &err);
	free(wait);
}

int
credentials_get(struct credentials_wait **waitp, struct credentials *cred,
    int64_t deadline_ms, credentials_fn *done, void *arg, struct err *err)
{
	struct credentials_wait *wait;
	int64_t left = deadline_ms - clock_ms();
	int r = resolve(&cred, cred, err);

	if (r == ERR_OK && !is_fresh(cred->keys, 0))
		r = begin_fetch(cred, err);
	if (r != ERR_OK)
		return r;
	if (is_fresh(cred->keys, 0) || left < 0)
		left = 0;
	wait = calloc(1, sizeof(*wait));
	if (wait == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	wait->cred = cred;
	wait->done = done;
	wait->arg = arg;
	r = loop_timer_set(cred->caller.loop, &wait->timer, left, on_wait_over);
	if (r != ERR_OK) {
		free(wait);
		return err_set(err, r, "%s", err_text(r));
	}
	list_append(&cred->waits, &wait->link);
	*waitp = wait;
	return ERR_OK;
}

void
credentials_cancel(struct credentials_wait *wait)
{
	wait->cancelled = true;
	loop_timer_move(wait->cred->caller.loop, &wait->timer, 0);
}

/*
 * Making
 */

int
cred_new(struct credentials **credp, const struct aws_caller *caller,
    enum cred_kind kind, struct err *err)
{
	struct credentials *cred = calloc(1, sizeof(*cred));

	if (cred == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	cred->kind = kind;
	cred->caller = *caller;
	list_init(&cred->waits);
	arena_init(&cred->arena, CRED_ARENA_MAX);
	*credp = cred;
	return ERR_OK;
}

int
credentials_new(struct credentials **credp, const struct aws_caller *caller,
    const struct credentials_settings *settings, struct err *err)
{
	int r = cred_new(credp, caller, CRED_CHAIN, err);

	if (r == ERR_OK)
		(*credp)->settings = *settings;
	return r;
}

int
credentials_new_role(struct credentials **credp,
    const struct aws_caller *caller, struct credentials *base,
    struct str role_arn, struct str external_id, struct str region,
    const struct endpoint *sts, struct err *err)
{
	struct credentials *cred = NULL;
	int r = cred_new(&cred, caller, CRED_ROLE, err);

	if (r != ERR_OK)
		return r;
	cred->base = base;
	cred->sts = *sts;
	cred->role_arn = arena_dup(&cred->arena, role_arn);
	cred->external_id = arena_dup(&cred->arena, external_id);
	cred->region = arena_dup(&cred->arena, region);
	cred->session_name = STR(CRED_SESSION_NAME);
	if (cred->role_arn.p == NULL || cred->external_id.p == NULL ||
	    cred->region.p == NULL) {
		destroy(cred);
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	*credp = cred;
	return ERR_OK;
}
