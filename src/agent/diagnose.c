/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "agent/diagnose.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/fetch.h"
#include "agent/proof.h"
#include "aws/container.h"
#include "aws/sts.h"
#include "base/clock.h"
#include "base/list.h"
#include "task/metadata.h"
#include "task/role.h"
#include "task/selectors.h"

enum {
	STS_MS = 5000, /* to be reached in */
	KEYS_MS = 10000,
	SOON_S = 5 * 60,
	DIAGNOSIS_ARENA_MAX = 3 * METADATA_BYTES_MAX,
};

struct diagnosis {
	struct loop *loop;
	struct http *http;
	struct loop_timer step;
	void (*next)(struct diagnosis *d);
	unsigned failures;

	struct agent_config config;
	struct arena strings; /* of the configuration */
	struct arena arena;   /* of the document */
	struct fetch fetch;
	struct task_metadata task;
	bool has_task;

	struct container_fetch *keys_fetch;
	struct aws_keys *keys; /* NULL: none came */

	struct endpoint sts;
	struct str region;
	struct aws_caller caller;
	struct sts_identify *identify;
};

/* Foreign text in these lines is long: a task's ARN, a role's. */
#define LONG(s) str_clean((char[640]){ 0 }, 640, (s))

static void line(const char *what, const char *state, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
line(const char *what, const char *state, const char *fmt, ...)
{
	va_list ap;

	(void)printf("%-12s %-7s ", what, state);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)putchar('\n');
}

#define good(what, ...) line(what, "ok", __VA_ARGS__)
#define skip(what, ...) line(what, "-", __VA_ARGS__)

static void
bad(struct diagnosis *d, const char *what, const char *why, const char *cure)
{
	d->failures++;
	line(what, "FAILED", "%s", why);
	if (cure != NULL)
		line("", "", "cure: %s", cure);
}

static void
on_step(struct loop_timer *timer)
{
	struct diagnosis *d = container_of(timer, struct diagnosis, step);

	d->next(d);
}

/* From the top of the loop, where an answer's function is over. */
static void
go_on(struct diagnosis *d, void (*next)(struct diagnosis *d))
{
	d->next = next;
	if (loop_timer_set(d->loop, &d->step, 0, on_step) != ERR_OK) {
		(void)fputs("out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
}

static void
finish(struct diagnosis *d)
{
	http_free(d->http);
	d->http = NULL;
	loop_quit(d->loop);
}

/*
 * The signature
 */

static void
show_identity(struct diagnosis *d, const struct sts_identity *identity)
{
	struct role_session session;
	struct err err = { 0 };

	if (role_session_parse(&session, identity->arn, &err) != ERR_OK) {
		bad(d, "signature", err.msg,
		    "these are not the credentials of a task's role");
		return;
	}
	good("signature", "AWS knows it: account %s, role %s, session %s",
	    LONG(session.account), LONG(session.role), LONG(session.session));
	if (!str_eq(session.account, d->task.arn.account))
		bad(d, "account",
		    "the role is of another account than the task",
		    "give the task a role of its own account");
	if (!str_eq(session.session, d->task.arn.task_id))
		bad(d, "session", "the session is not named after the task",
		    "use the credentials that ECS gives to this task: no "
		    "profile, user or role assumed on top of them");
}

static void
on_identity(void *arg, int r, const struct sts_identity *identity,
    const struct err *err)
{
	struct diagnosis *d = arg;

	d->identify = NULL;
	if (r == ERR_OK)
		show_identity(d, identity);
	else if (r == ERR_POLICY)
		bad(d, "signature", err->msg,
		    "compare the clock of this task with the time of day; then "
		    "start the task anew, its credentials may have been "
		    "revoked");
	else if (r == ERR_UNAVAILABLE)
		skip("signature",
		    "not tried, and not needed from here, since the server "
		    "asks: %s",
		    LONG(str_of(err->msg)));
	else
		bad(d, "signature", err->msg,
		    "what answers there is not the STS of AWS: see "
		    "sts_endpoint, and the proxy");
	go_on(d, finish);
}

static void
try_signature(struct diagnosis *d)
{
	struct endpoint safe;
	struct err err = { 0 };

	if (d->keys == NULL || !d->has_task ||
	    proof_place(&d->sts, &d->region, &d->config, &d->task.arn,
		(struct str){ NULL, 0 }, NULL) != ERR_OK) {
		skip("signature", "not tried");
		finish(d);
		return;
	}
	if (d->config.sts_endpoint.n > 0 &&
	    endpoint_of_url(&safe, d->config.sts_endpoint, false, NULL) !=
		ERR_OK) {
		skip("signature", "not tried: %s is plain HTTP", d->sts.host);
		finish(d);
		return;
	}
	d->caller = (struct aws_caller){ .loop = d->loop, .http = &d->http };
	if (sts_whoami_start(&d->identify, &d->caller, d->keys, &d->sts,
		d->region, clock_ms() + STS_MS, on_identity, d, &err) == ERR_OK)
		return;
	bad(d, "signature", err.msg, NULL);
	finish(d);
}

/*
 * Credentials
 */

static void
show_keys(struct diagnosis *d, struct aws_keys *keys)
{
	time_t at = (time_t)keys->expires_s;
	struct tm tm = { 0 };
	char until[32];

	d->keys = aws_keys_ref(keys);
	(void)gmtime_r(&at, &tm);
	(void)strftime(until, sizeof(until), "%Y-%m-%dT%H:%M:%SZ", &tm);
	good("credentials", "role %s, access key %s, until %s",
	    keys->role_arn.n == 0 ? "not named" : LONG(keys->role_arn),
	    LONG(keys->access_key_id), until);
	if (keys->expires_s - clock_wall_us() / 1000000 < SOON_S)
		bad(d, "expiry", "they end within five minutes",
		    "compare the clock of this task with the time of day; ECS "
		    "renews credentials long before they end");
	if (!str_starts(keys->access_key_id, "ASIA"))
		bad(d, "key", "this is no key of a role's session",
		    "use the credentials that ECS gives to this task");
}

static void
on_keys(void *arg, int r, struct aws_keys *keys, const struct err *err)
{
	struct diagnosis *d = arg;

	d->keys_fetch = NULL;
	if (r == ERR_OK)
		show_keys(d, keys);
	else
		bad(d, "credentials", err->msg,
		    "see that nothing in the task keeps this container from "
		    "the address of ECS, 169.254.170.2, or from "
		    "credentials_endpoint");
	go_on(d, try_signature);
}

static void
try_keys(struct diagnosis *d)
{
	struct container_source source;
	struct err err = { 0 };
	int r;

	r = container_source_find(
	    &source, d->config.credentials_endpoint, &err);
	if (r == ERR_OK)
		r = container_fetch_start(&d->keys_fetch, d->loop, d->http,
		    &source, KEYS_MS, on_keys, d, &err);
	if (r == ERR_OK)
		return;
	bad(d, "credentials", err.msg,
	    r == ERR_MISSING
		? "the task has no role: name one as taskRoleArn in the task "
		  "definition, not as executionRoleArn alone"
		: "correct credentials_endpoint, or the environment");
	try_signature(d);
}

/*
 * The task
 */

static void
show_sts(struct diagnosis *d)
{
	struct err err = { 0 };

	if (proof_place(&d->sts, &d->region, &d->config, &d->task.arn,
		(struct str){ NULL, 0 }, &err) == ERR_OK)
		good("sts", "%s in region %s: the server must name it",
		    d->sts.host, LONG(d->region));
	else
		bad(d, "sts", err.msg,
		    "set sts_endpoint and sts_region on server and agent");
}

static void
show_expectation(
    struct diagnosis *d, const char *key, struct str want, struct str is)
{
	char why[ERR_MSG_MAX];

	if (want.n == 0 || str_eq(want, is))
		return;
	(void)snprintf(
	    why, sizeof(why), "%s = \"%s\" is configured", key, CLEAN(want));
	bad(d, key, why, "correct it, or run the task where it is meant to be");
}

static void
show_selectors(struct diagnosis *d)
{
	const struct str all = STR("*");
	struct selectors selectors;
	struct err err = { 0 };
	size_t i;

	if (selectors_from_metadata(
		&selectors, &d->arena, &d->task, &all, 1, &err) != ERR_OK) {
		bad(d, "selectors", err.msg, NULL);
		return;
	}
	good("selectors", "by the metadata; the server asks ECS:");
	for (i = 0; i < selectors.count; i++)
		line("", "", "aws_fargate_task:%s", LONG(selectors.values[i]));
	if (selectors.dropped_count > 0)
		bad(d, "selectors", "one is too long and is left out",
		    "shorten the tag");
}

static void
show_task(struct diagnosis *d)
{
	const struct task_metadata *t = &d->task;
	struct task_arn arn;
	struct err err = { 0 };

	good("task", "%s", LONG(t->arn.text));
	if (task_arn_parse(&arn, t->arn.text, TASK_ID_AWS, &err) != ERR_OK)
		bad(d, "task", err.msg,
		    "AWS gives no such task IDs: only verification = "
		    "\"metadata\" takes them");
	good("place", "account %s, region %s, cluster %s", LONG(t->arn.account),
	    LONG(t->arn.region), LONG(t->cluster));
	show_expectation(d, "cluster", d->config.cluster, t->cluster);
	show_expectation(d, "region", d->config.region, t->arn.region);
	if (t->launch_type.n > 0 && !str_is(t->launch_type, "FARGATE"))
		bad(d, "launch type", "the task does not run on Fargate",
		    "the server takes tasks of Fargate only");
}

static void
on_document(void *arg, int r, struct str document, const struct err *err)
{
	struct diagnosis *d = arg;
	struct err why = { 0 };

	if (r != ERR_OK) {
		bad(d, "metadata", err->msg,
		    "see that this runs in a container of ECS, platform "
		    "version 1.4.0 or later, with the environment that ECS "
		    "gives, or set metadata_endpoint");
	} else if (task_metadata_parse(&d->task, &d->arena,
		       arena_dup(&d->arena, document), TASK_ID_ANY,
		       &why) != ERR_OK) {
		bad(d, "metadata", why.msg,
		    "what answers there is not the task metadata endpoint");
	} else {
		d->has_task = true;
		good("metadata", "%s%s", LONG(str_of(d->fetch.endpoint)),
		    d->fetch.base ? "" : "/task");
		show_task(d);
		if (clock_is_off(document))
			bad(d, "clock", "ECS says that it is not synchronized",
			    "start the task anew: AWS refuses signatures that "
			    "are minutes off");
		else
			good("clock", "ECS has nothing against it");
		show_sts(d);
		show_selectors(d);
	}
	go_on(d, try_keys);
}

static void
try_metadata(struct diagnosis *d)
{
	struct err err = { 0 };
	int r;

	r = fetch_find(&d->fetch, d->config.metadata_endpoint, &err);
	if (r == ERR_OK)
		r = fetch_start(&d->fetch, d->http, d->config.timeout,
		    on_document, d, &err);
	if (r == ERR_OK)
		return;
	bad(d, "metadata", err.msg,
	    "run it in a container of the task, with the environment that ECS "
	    "gives, or set metadata_endpoint");
	try_keys(d);
}

static int
run(struct diagnosis *d)
{
	struct err err = { 0 };

	if (loop_new(&d->loop, &err) != ERR_OK)
		goto fail;
	if (http_new(&d->http, d->loop, HTTP_METADATA_PARALLEL, &err) !=
	    ERR_OK) {
		loop_quit(d->loop);
		loop_run(d->loop);
		loop_free(d->loop);
		goto fail;
	}
	go_on(d, try_metadata);
	loop_run(d->loop);
	loop_free(d->loop);
	if (d->failures > 0)
		line("result", "FAILED", "%u of the above", d->failures);
	else
		good("result", "nothing speaks against this task");
	return d->failures > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
fail:
	(void)fprintf(stderr, "cannot diagnose: %s\n", err.msg);
	return EXIT_FAILURE;
}

int
agent_diagnose(const char *value, const char *config_path)
{
	struct diagnosis *d = calloc(1, sizeof(*d));
	int status = EXIT_FAILURE;

	(void)value;
	if (d == NULL) {
		(void)fputs("out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	arena_init(&d->strings, OPTIONS_ARENA_MAX);
	arena_init(&d->arena, DIAGNOSIS_ARENA_MAX);
	if (config_load(&d->config, &agent_config_kind, &d->strings,
		config_path, stderr) == ERR_OK)
		status = run(d);
	aws_keys_unref(d->keys);
	arena_release(&d->arena);
	arena_release(&d->strings);
	free(d);
	return status;
}
