/* SPDX-License-Identifier: Apache-2.0 */
#include "server/describe.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "loop/http.h"
#include "loop/loop.h"
#include "server/judge.h"
#include "server/options.h"
#include "server/policy.h"
#include "task/role.h"

enum { PARALLEL = 4, NAME_WIDTH = 10 };

struct description {
	struct loop *loop;
	struct http *http;
	struct loop_timer step;
	void (*next)(struct description *d);
	struct server_config config;
	struct judge_policy policy;
	struct arena strings; /* of the configuration */
	struct arena arena;   /* of the task */
	struct aws *aws;
	struct aws_op *op;
	int64_t deadline_ms;

	struct task_arn arn;
	struct ecs_task task;
	struct proven proven;
	int status; /* of the process */
};

/* Foreign text in these lines is long: IDs and selectors. */
#define LONG(s) str_clean((char[640]){ 0 }, 640, (s))

static void
line(const char *name, const char *text)
{
	(void)printf("%-*s  %s\n", NAME_WIDTH, name, text);
}

static void
on_step(struct loop_timer *timer)
{
	struct description *d = container_of(timer, struct description, step);

	d->next(d);
}

/* From the top of the loop, where an answer's function is over. */
static void
go_on(struct description *d, void (*next)(struct description *d))
{
	d->next = next;
	if (loop_timer_set(d->loop, &d->step, 0, on_step) == ERR_OK)
		return;
	(void)fputs("out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

static void
finish(struct description *d)
{
	struct http *http = d->http;

	if (d->aws != NULL)
		aws_stop(d->aws);
	d->http = NULL;
	http_free(http);
	loop_quit(d->loop);
}

/* r is what AWS answered or the judge said. */
static void
refused(struct description *d, const char *reason, const struct err *err)
{
	line("refused", err->msg);
	line("reason", reason);
	go_on(d, finish);
}

/*
 * The verdict
 */

static void
show(const struct verdict *v, const struct server_config *config)
{
	size_t i;

	line("agent ID", LONG(v->agent_id));
	for (i = 0; i < v->selectors.count; i++)
		(void)printf("%-*s  " SERVER_PLUGIN_NAME ":%s\n", NAME_WIDTH,
		    i == 0 ? "selectors" : "", LONG(v->selectors.values[i]));
	if (v->selectors.dropped_count > 0)
		line("dropped", LONG(v->selectors.dropped));
	if (config->client_ip == CLIENT_IP_REQUIRED)
		line("besides",
		    "its address must be that of the task: client_ip is "
		    "required");
	if (config->allowed_task_roles.count > 0)
		line("besides",
		    "its role must be one of allowed_task_roles");
}

/* The role that the task would prove: that of its definition or override. */
static int
take_role(struct description *d, const struct ecs_definition *definition,
    const char **reason, struct err *err)
{
	struct str text = definition == NULL ? d->task.override_role_arn
					     : definition->task_role_arn;
	struct role_ref ref;
	int r;

	*reason = "task_role";
	if (text.n == 0)
		return err_set(err, ERR_POLICY,
		    "the task has no role: its definition has no taskRoleArn");
	r = role_ref_parse(&ref, text, err);
	if (r != ERR_OK)
		return r;
	d->proven = (struct proven){ d->arn.partition, d->arn.account,
		arena_dup(&d->arena, ref.name), d->arn.task_id };
	return ERR_OK;
}

static void
judge_it(struct description *d, const struct ecs_definition *definition)
{
	struct verdict v = { .reason = "internal" };
	struct err err = { 0 };
	int r = take_role(d, definition, &v.reason, &err);

	if (r == ERR_OK)
		r = d->config.verification == VERIFICATION_STS
			? judge_session(
			      &v, &d->arena, &d->proven, &d->policy, &err)
			: judge_full(&v, &d->arena, &d->proven, &d->arn,
			      &d->task, definition, &d->policy, &err);
	if (r != ERR_OK) {
		refused(d, v.reason, &err);
		return;
	}
	show(&v, &d->config);
	d->status = EXIT_SUCCESS;
	go_on(d, finish);
}

/*
 * ECS
 */

/* The reason for which an attestation would be refused. */
static const char *
word_of(int r)
{
	return r == ERR_MISSING	  ? "task_missing"
	       : r == ERR_POLICY  ? "task_other"
	       : r == ERR_NOT_NOW ? "aws_access"
				  : "ecs";
}

static void
on_definition(void *arg, int r, const struct ecs_definition *definition,
    const struct err *err)
{
	struct description *d = arg;

	if (r == ERR_OK)
		judge_it(d, definition);
	else
		refused(d, word_of(r), err);
}

static void
ask_definition(struct description *d)
{
	struct err err = { 0 };

	if (aws_describe_definition(&d->op, d->aws, d->arn.account,
		d->arn.region, d->task.task_definition_arn, d->deadline_ms,
		on_definition, d, &err) != ERR_OK)
		refused(d, "ecs", &err);
}

static int
take_task(struct description *d, struct json json, const char **reason,
    struct err *err)
{
	const struct judge_caller nobody = { .addresses = 0 };
	int r;

	*reason = "ecs";
	json.raw = arena_dup(&d->arena, json.raw);
	if (json.raw.p == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	r = ecs_task_read(&d->task, &d->arena, json, err);
	if (r != ERR_OK)
		return r;
	return judge_task(&d->task, &d->arn, &d->policy, &nobody,
	    clock_wall_us(), reason, err);
}

static void
on_task(void *arg, int r, struct json json, struct str request_id,
    const struct err *err)
{
	struct description *d = arg;
	const char *reason = word_of(r);
	struct err why = { 0 };

	(void)request_id;
	if (r == ERR_MISSING) {
		(void)err_set(&why, ERR_POLICY, "ECS does not know this task");
		err = &why;
	} else if (r == ERR_OK) {
		r = take_task(d, json, &reason, &why);
		err = &why;
	}
	if (r != ERR_OK)
		refused(d, reason, err);
	else if (judge_needs_definition(&d->task))
		go_on(d, ask_definition);
	else
		judge_it(d, NULL);
}

static void
ask_task(struct description *d)
{
	const char *reason = "task_arn";
	struct err err = { 0 };
	struct aws_place place = { d->arn.account, d->arn.region,
		cluster_arn_of(&d->arena, &d->arn) };
	int r = judge_gate(&d->arn, &d->policy, &reason, &err);

	if (r == ERR_OK) {
		reason = "ecs";
		r = aws_describe_task(&d->op, d->aws, &place, d->arn.text,
		    d->deadline_ms, on_task, d, &err);
	}
	if (r != ERR_OK)
		refused(d, reason, &err);
}

static int
set_up(struct description *d, struct err *err)
{
	struct aws_settings settings;
	int r;

	policy_of(&d->policy, &d->config);
	/* what is asked is ECS, in any mode, and nobody calls */
	d->policy.partition =
	    str_of(endpoint_partitions[d->config.partition]);
	d->policy.client_ip_required = false;
	if (d->policy.trust_domain.n == 0)
		d->policy.trust_domain = STR("trust-domain");
	access_of(&settings, &d->config);
	r = loop_new(&d->loop, err);
	if (r != ERR_OK)
		return r;
	r = http_new(&d->http, d->loop, PARALLEL, err);
	if (r == ERR_OK)
		r = aws_new(
		    &d->aws, d->loop, &d->http, &settings, NULL, err);
	if (r != ERR_OK)
		go_on(d, finish);
	return r;
}

static int
run(struct description *d)
{
	struct err err = { 0 };
	int r = set_up(d, &err);

	if (r == ERR_OK) {
		d->deadline_ms = clock_ms() + d->config.timeout;
		go_on(d, ask_task);
	} else {
		(void)fprintf(stderr, "cannot describe: %s\n", err.msg);
	}
	if (d->loop != NULL) {
		loop_run(d->loop);
		aws_unref(d->aws);
		loop_free(d->loop);
	}
	return d->status;
}

int
server_describe(const char *task_arn, const char *config_path)
{
	struct description *d = calloc(1, sizeof(*d));
	struct err err = { 0 };
	int status = EXIT_FAILURE;

	if (d == NULL) {
		(void)fputs("out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	d->status = EXIT_FAILURE;
	arena_init(&d->strings, OPTIONS_ARENA_MAX);
	arena_init(&d->arena, JUDGE_FULL_ARENA_MAX);
	if (task_arn_parse(&d->arn, str_of(task_arn), TASK_ID_AWS, &err) !=
	    ERR_OK)
		(void)fprintf(
		    stderr, "%s: %s\n", CLEAN(str_of(task_arn)), err.msg);
	else if (config_load(&d->config, &server_config_kind, &d->strings,
		     config_path, stderr) == ERR_OK)
		status = run(d);
	arena_release(&d->arena);
	arena_release(&d->strings);
	free(d);
	return status;
}
