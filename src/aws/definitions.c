/* SPDX-License-Identifier: Apache-2.0 */
/*
 * definitions.c - task definitions, kept since a revision never changes
 *
 * One that is being asked for has its askers waiting; one that could not be
 * had is forgotten at once.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "aws/client.h"
#include "base/clock.h"

enum {
	REQUEST_MAX = 4096,
	KEPT_MAX = 8192,
	ASK_MS = ECS_SENDS * ECS_SEND_MS, /* whoever waits for it */
};

struct definition {
	struct client *client;
	struct list link;      /* of client->definitions */
	struct list waiting;   /* ops */
	struct ecs_call *call; /* being asked for */
	int64_t until_ms;
	struct ecs_definition value; /* once it is known; lives in arena */
	bool known;
	bool answering; /* it may not go */
	struct arena arena;
	struct str arn;
	char bytes[];
};

static void
release(struct definition *d)
{
	assert(d->call == NULL && list_is_empty(&d->waiting));
	arena_release(&d->arena);
	free(d);
}

static void
definition_free(struct definition *d)
{
	list_remove(&d->link);
	d->client->definition_count--;
	release(d);
}

static void
mark_used(struct definition *d)
{
	list_remove(&d->link);
	list_append(&d->client->definitions, &d->link);
}

static struct definition *
find(struct client *client, struct str arn)
{
	struct list *item;

	for (item = client->definitions.next; item != &client->definitions;
	     item = item->next) {
		struct definition *d =
		    container_of(item, struct definition, link);

		if (str_eq(d->arn, arn))
			return d;
	}
	return NULL;
}

/* The one used longest ago that nobody waits for goes. */
static void
make_room(struct client *client)
{
	struct list *item;

	if (client->definition_count < DEFINITIONS_MAX)
		return;
	for (item = client->definitions.next; item != &client->definitions;
	     item = item->next) {
		struct definition *d =
		    container_of(item, struct definition, link);

		if (d->call == NULL && !d->answering) {
			definition_free(d);
			return;
		}
	}
}

static int
keep(struct definition *d, struct str body, struct err *err)
{
	struct ecs_definition got;
	struct arena scratch;
	int r;

	arena_init(&scratch, ECS_DEFINITION_ANSWER_MAX);
	r = ecs_definition_read(&got, &scratch, body, err);
	if (r == ERR_OK && !str_eq(got.arn, d->arn))
		r = err_set(err, ERR_POLICY,
		    "DescribeTaskDefinition: AWS named another definition than "
		    "was asked for");
	if (r == ERR_OK) {
		d->value.arn = arena_dup(&d->arena, got.arn);
		d->value.family = arena_dup(&d->arena, got.family);
		d->value.task_role_arn =
		    arena_dup(&d->arena, got.task_role_arn);
		d->value.revision = arena_dup(&d->arena, got.revision);
		d->value.pid_mode = arena_dup(&d->arena, got.pid_mode);
		d->known =
		    d->value.arn.p != NULL && d->value.family.p != NULL &&
		    d->value.task_role_arn.p != NULL &&
		    d->value.revision.p != NULL && d->value.pid_mode.p != NULL;
		if (!d->known)
			r = err_set(
			    err, ERR_UPSTREAM, "a task definition too long");
	}
	arena_release(&scratch);
	return r;
}

static void
answer_all(struct definition *d, int r, const struct err *err)
{
	struct list *item;

	while ((item = list_first(&d->waiting)) != NULL) {
		struct aws_op *op = container_of(item, struct aws_op, link);

		list_remove(item);
		if (r == ERR_OK)
			op_end_definition(op, ERR_OK, &d->value, NULL);
		else
			op_end_error(op, r, err);
	}
}

/* An answer may ask for the same again: it finds a good one, or none. */
static void
on_answer(
    void *arg, int r, const struct aws_answer *answer, const struct err *err)
{
	struct definition *d = arg;
	struct client *client = d->client;
	struct err why = { 0 };

	d->call = NULL;
	if (r == ERR_OK) {
		r = keep(d, answer->body, &why);
		err = &why;
	}
	d->until_ms = clock_ms() + DEFINITION_MS;
	if (r != ERR_OK) {
		list_remove(&d->link);
		client->definition_count--;
	}
	client->users++;
	d->answering = true;
	answer_all(d, r, err);
	d->answering = false;
	if (r != ERR_OK)
		release(d);
	client->users--;
}

static int
ask(struct definition *d, int64_t deadline_ms, struct err *err)
{
	struct buf body;
	int r;

	buf_init(&body, REQUEST_MAX);
	r = ecs_definition_request(&body, d->arn, err);
	if (r == ERR_OK)
		r = ecs_call_start(&d->call, d->client,
		    "DescribeTaskDefinition", buf_str(&body),
		    ECS_DEFINITION_ANSWER_MAX, deadline_ms, on_answer, d, err);
	buf_release(&body);
	return r;
}

static int
begin(struct definition **dp, struct aws_op *op, struct err *err)
{
	struct definition *d = calloc(1, sizeof(*d) + op->arn.n);
	const int64_t later = clock_ms() + ASK_MS;
	int r;

	if (d == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	d->client = op->client;
	list_init(&d->waiting);
	arena_init(&d->arena, KEPT_MAX);
	memcpy(d->bytes, op->arn.p, op->arn.n);
	d->arn = (struct str){ d->bytes, op->arn.n };
	list_append(&op->client->definitions, &d->link);
	op->client->definition_count++;
	r = ask(d, later > op->deadline_ms ? later : op->deadline_ms, err);
	if (r == ERR_OK)
		*dp = d;
	else
		definition_free(d);
	return r;
}

int
definition_join(struct aws_op *op, struct err *err)
{
	struct definition *d = find(op->client, op->arn);
	int r;

	if (d != NULL && d->known && !d->answering &&
	    clock_ms() >= d->until_ms) {
		definition_free(d);
		d = NULL;
	}
	if (d != NULL && d->known) {
		mark_used(d);
		loop_timer_move(op->client->caller->loop, &op->timer, 0);
		return ERR_OK;
	}
	if (d == NULL) {
		make_room(op->client);
		r = begin(&d, op, err);
		if (r != ERR_OK)
			return r;
	}
	assert(d != NULL);
	list_append(&d->waiting, &op->link);
	return ERR_OK;
}

bool
definition_answer(struct aws_op *op)
{
	struct definition *d = find(op->client, op->arn);
	struct client *client = op->client;
	struct aws *aws;

	if (d == NULL || !d->known)
		return false;
	/* the op may be the last that keeps these */
	aws = aws_ref(client->aws);
	client->users++;
	d->answering = true;
	op_end_definition(op, ERR_OK, &d->value, NULL);
	d->answering = false;
	client->users--;
	aws_unref(aws);
	return true;
}

void
definitions_stop(struct client *client)
{
	struct list *item;

	for (item = client->definitions.next; item != &client->definitions;
	     item = item->next) {
		struct definition *d =
		    container_of(item, struct definition, link);

		if (d->call != NULL)
			ecs_call_cancel(d->call);
	}
}

void
definitions_free(struct client *client)
{
	struct list *item;

	while ((item = list_first(&client->definitions)) != NULL)
		definition_free(container_of(item, struct definition, link));
}
