/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ecs_batch.c - DescribeTasks for many at once
 *
 * A group gathers the ops of one cluster; a batch is what it has sent.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "aws/client.h"
#include "base/clock.h"

enum {
	REQUEST_MAX = 60 * 1024,
	GROUP_SPARE_MS = 60 * 1000, /* an empty group goes after that */
};

struct group {
	struct client *client;
	struct list link;    /* of client->groups */
	struct list waiting; /* ops, as they came */
	size_t count;
	struct loop_timer timer; /* set as long as the group lives */
	struct str cluster_arn;
	char bytes[];
};

struct ecs_batch {
	struct client *client;
	struct list members; /* ops; those that give up leave */
	size_t count;
	struct ecs_call *call;
	struct str asked[ECS_BATCH_MAX]; /* ARNs in order, each once */
	size_t asked_count;
	char bytes[]; /* of those */
};

static void
leave_batch(struct ecs_batch *batch, struct aws_op *op)
{
	list_remove(&op->link);
	op->batch = NULL;
	batch->count--;
}

static void
fail_members(struct ecs_batch *batch, int r, const struct err *err)
{
	struct list *item;

	while ((item = list_first(&batch->members)) != NULL) {
		struct aws_op *op = container_of(item, struct aws_op, link);

		leave_batch(batch, op);
		op_end_error(op, r, err);
	}
}

/*
 * Reading an answer
 */

/* For each of the ARNs that were asked for. */
struct reader {
	const struct ecs_batch *batch;
	struct json elements[ECS_BATCH_MAX]; /* type 0: none */
	bool twice[ECS_BATCH_MAX];
	bool foreign; /* a task was there that nobody has asked for */
	struct arena arena;
};

/* asked_count: nobody has asked for it. */
static size_t
find_asked(const struct ecs_batch *batch, struct str arn)
{
	size_t low = 0, high = batch->asked_count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (str_cmp(batch->asked[mid], arn) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < batch->asked_count && str_eq(batch->asked[low], arn))
		return low;
	return batch->asked_count;
}

static int
unusable(struct err *err)
{
	return err_set(
	    err, ERR_UPSTREAM, "DescribeTasks: AWS's answer has another shape");
}

static int
take_element(struct reader *rd, struct json element, struct err *err)
{
	struct json arn;
	const struct json_want want[] = { { "taskArn", JSON_STRING, true,
	    &arn } };
	struct str text;
	size_t i;

	if (element.type != JSON_OBJECT ||
	    json_members(element, want, 1, 0, NULL) != ERR_OK ||
	    json_string(&text, arn, &rd->arena, NULL) != ERR_OK)
		return unusable(err);
	i = find_asked(rd->batch, text);
	if (i == rd->batch->asked_count) {
		rd->foreign = true;
		return ERR_OK;
	}
	rd->twice[i] = rd->elements[i].type != 0;
	rd->elements[i] = element;
	return ERR_OK;
}

/* A task that nobody has asked for is in a lacking one's place, or any's. */
static bool
any_is_lacking(const struct reader *rd)
{
	size_t i;

	for (i = 0; i < rd->batch->asked_count; i++)
		if (rd->elements[i].type == 0)
			return true;
	return false;
}

static int
read_answer(struct reader *rd, struct str body, struct err *err)
{
	struct json root, tasks, failures = { .type = 0 }, key, value;
	const struct json_want want[] = {
		{ "tasks", JSON_ARRAY, true, &tasks },
		{ "failures", JSON_ARRAY, false, &failures },
	};
	struct json_iter it;
	int r = ERR_OK;

	if (json_open(&root, body, NULL) != ERR_OK ||
	    root.type != JSON_OBJECT ||
	    json_members(root, want, 2, 0, NULL) != ERR_OK)
		return unusable(err);
	json_iter_init(&it, tasks);
	while (r == ERR_OK && json_iter_next(&it, &key, &value))
		r = take_element(rd, value, err);
	return r;
}

/* Not there yet, or not there at all: asked again while there is time. */
static void
miss(struct aws_op *op)
{
	const int64_t pause = (int64_t)MISSING_PAUSE_MS << op->missing;
	struct err err = { 0 };

	if (op->missing < MISSING_TRIES && !op->cancelled &&
	    clock_ms() + pause + BATCH_WAIT_MS < op->deadline_ms) {
		op->missing++;
		loop_timer_move(op->client->caller->loop, &op->timer, pause);
		return;
	}
	(void)err_set(&err, ERR_MISSING,
	    "ECS does not know the task: it never was, or it stopped more "
	    "than an hour ago");
	op_end_error(op, ERR_MISSING, &err);
}

static void
refuse(struct aws_op *op)
{
	struct err err = { 0 };

	(void)err_set(&err, ERR_POLICY,
	    "ECS answered with a task that nobody asked for, or twice with "
	    "one");
	op_end_error(op, ERR_POLICY, &err);
}

static void
deliver(struct ecs_batch *batch, struct reader *rd, struct str request_id)
{
	const bool lacking = any_is_lacking(rd);
	struct list *item;

	while ((item = list_first(&batch->members)) != NULL) {
		struct aws_op *op = container_of(item, struct aws_op, link);
		size_t i = find_asked(batch, op->arn);
		const bool is_there = rd->elements[i].type != 0;

		leave_batch(batch, op);
		if (rd->twice[i] || (rd->foreign && is_there != lacking))
			refuse(op);
		else if (is_there)
			op_end_task(
			    op, ERR_OK, rd->elements[i], request_id, NULL);
		else
			miss(op);
	}
}

static void
on_tasks(struct ecs_batch *batch, const struct aws_answer *answer)
{
	struct reader rd = { .batch = batch };
	struct err err = { 0 };
	int r;

	arena_init(&rd.arena, ECS_ANSWER_MAX);
	r = read_answer(&rd, answer->body, &err);
	if (r == ERR_OK)
		deliver(batch, &rd, answer->request_id);
	else
		fail_members(batch, r, &err);
	arena_release(&rd.arena);
}

static int send_members(
    struct client *client, struct list *members, size_t count, struct err *err);

/*
 * AWS does not say which of them it dislikes: each is asked for alone, so that
 * it fails alone.
 */
static void
split(struct ecs_batch *batch)
{
	struct list one, *item;

	while ((item = list_first(&batch->members)) != NULL) {
		struct aws_op *op = container_of(item, struct aws_op, link);
		struct err err = { 0 };
		int r;

		leave_batch(batch, op);
		list_init(&one);
		list_append(&one, &op->link);
		r = send_members(batch->client, &one, 1, &err);
		if (r == ERR_OK)
			continue;
		list_remove(&op->link);
		op_end_error(op, r, &err);
	}
}

static void
on_answer(
    void *arg, int r, const struct aws_answer *answer, const struct err *err)
{
	struct ecs_batch *batch = arg;
	struct err why;

	batch->call = NULL;
	batch->client->users++;
	if (r == ERR_OK) {
		on_tasks(batch, answer);
	} else if (r == ERR_POLICY && batch->count > 1 &&
		   !str_is(answer->code, "ClusterNotFoundException")) {
		split(batch);
	} else if (r == ERR_POLICY) {
		/* of one, or of the cluster that all have in common */
		why = *err;
		why.code = ERR_MISSING;
		fail_members(batch, ERR_MISSING, &why);
	} else {
		fail_members(batch, r, err);
	}
	assert(list_is_empty(&batch->members));
	batch->client->users--;
	free(batch);
}

/*
 * Sending
 */

static int
by_text(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

/* ARNs are kept: ops may leave before the answer comes. */
static void
take_arns(struct ecs_batch *batch)
{
	struct list *item;
	char *at = batch->bytes;
	size_t i, n = 0, kept = 0;

	for (item = batch->members.next; item != &batch->members;
	     item = item->next) {
		struct aws_op *op = container_of(item, struct aws_op, link);

		memcpy(at, op->arn.p, op->arn.n);
		batch->asked[n++] = (struct str){ at, op->arn.n };
		at += op->arn.n;
	}
	qsort(batch->asked, n, sizeof(batch->asked[0]), by_text);
	for (i = 0; i < n; i++)
		if (i == 0 || !str_eq(batch->asked[i], batch->asked[kept - 1]))
			batch->asked[kept++] = batch->asked[i];
	batch->asked_count = kept;
}

static int
write_request(struct buf *out, const struct ecs_batch *batch, struct err *err)
{
	const struct aws_op *first =
	    container_of(batch->members.next, struct aws_op, link);

	return ecs_tasks_request(out, first->cluster_arn, batch->asked,
	    batch->asked_count, batch->client->tags, err);
}

static int64_t
latest_deadline(const struct ecs_batch *batch)
{
	struct list *item;
	int64_t latest = 0;

	for (item = batch->members.next; item != &batch->members;
	     item = item->next) {
		struct aws_op *op = container_of(item, struct aws_op, link);

		if (op->deadline_ms > latest)
			latest = op->deadline_ms;
	}
	return latest;
}

static int
send_batch(struct ecs_batch *batch, struct err *err)
{
	const struct aws_observer *observer = batch->client->caller->observer;
	struct buf body;
	int r;

	take_arns(batch);
	buf_init(&body, REQUEST_MAX);
	r = write_request(&body, batch, err);
	if (r == ERR_OK)
		r = ecs_call_start(&batch->call, batch->client, "DescribeTasks",
		    buf_str(&body), ECS_ANSWER_MAX, latest_deadline(batch),
		    on_answer, batch, err);
	buf_release(&body);
	if (r == ERR_OK && observer != NULL && observer->batched != NULL)
		observer->batched(observer->arg, batch->count);
	return r;
}

static size_t
length_of_arns(const struct list *members, size_t count)
{
	struct list *item;
	size_t n = 0;

	for (item = members->next; item != members && count > 0;
	     item = item->next, count--)
		n += container_of(item, struct aws_op, link)->arn.n;
	return n;
}

/* Takes them off their list; on failure they are on it again. */
static int
send_members(
    struct client *client, struct list *members, size_t count, struct err *err)
{
	struct ecs_batch *batch =
	    calloc(1, sizeof(*batch) + length_of_arns(members, count));
	struct list *item;
	int r;

	if (batch == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	batch->client = client;
	list_init(&batch->members);
	while (batch->count < count && (item = list_first(members)) != NULL) {
		list_remove(item);
		list_append(&batch->members, item);
		container_of(item, struct aws_op, link)->batch = batch;
		batch->count++;
	}
	r = send_batch(batch, err);
	if (r == ERR_OK)
		return ERR_OK;
	while ((item = list_first(&batch->members)) != NULL) {
		list_remove(item);
		list_append(members, item);
		container_of(item, struct aws_op, link)->batch = NULL;
	}
	free(batch);
	return r;
}

/* Until a batch is full, or the first of those that wait has waited enough. */
static int64_t
wait_more(const struct group *group)
{
	struct list *first = group->waiting.next;
	int64_t left;

	if (group->count == 0)
		return GROUP_SPARE_MS;
	if (group->count >= ECS_BATCH_MAX)
		return 0;
	left = container_of(first, struct aws_op, link)->joined_ms +
	       BATCH_WAIT_MS - loop_now(group->client->caller->loop);
	return left > 0 ? left : 0;
}

/* Those that are over a full batch gather on: others may be on their way. */
static void
flush(struct group *group)
{
	struct list failed, *item;
	struct err err = { 0 };
	int r = ERR_OK;

	while (r == ERR_OK && wait_more(group) == 0) {
		size_t n =
		    group->count > ECS_BATCH_MAX ? ECS_BATCH_MAX : group->count;

		r = send_members(group->client, &group->waiting, n, &err);
		if (r == ERR_OK)
			group->count -= n;
	}
	if (r == ERR_OK)
		return;
	/* an answer may bring another into the group */
	list_init(&failed);
	while ((item = list_first(&group->waiting)) != NULL) {
		list_remove(item);
		list_append(&failed, item);
		group->count--;
	}
	while ((item = list_first(&failed)) != NULL) {
		struct aws_op *op = container_of(item, struct aws_op, link);

		list_remove(item);
		op_end_error(op, r, &err);
	}
}

/*
 * Gathering
 */

static void
group_free(struct group *group)
{
	assert(list_is_empty(&group->waiting));
	loop_timer_stop(group->client->caller->loop, &group->timer);
	list_remove(&group->link);
	free(group);
}

/* The timer is set again before anything: a join only moves it. */
static void
on_gathered(struct loop_timer *timer)
{
	struct group *group = container_of(timer, struct group, timer);
	struct client *client = group->client;
	struct aws *aws;
	int r;

	if (group->count == 0) {
		group_free(group);
		return;
	}
	r = loop_timer_set(
	    client->caller->loop, timer, GROUP_SPARE_MS, on_gathered);
	/* its own place among the timers has just become free */
	assert(r == ERR_OK);
	(void)r;
	/* the last op that keeps these may end in there */
	aws = aws_ref(client->aws);
	client->users++;
	flush(group);
	loop_timer_move(client->caller->loop, timer, wait_more(group));
	client->users--;
	aws_unref(aws);
}

static struct group *
find_group(struct client *client, struct str cluster_arn)
{
	struct list *item;

	for (item = client->groups.next; item != &client->groups;
	     item = item->next) {
		struct group *group = container_of(item, struct group, link);

		if (str_eq(group->cluster_arn, cluster_arn))
			return group;
	}
	return NULL;
}

static struct group *
new_group(struct client *client, struct str cluster_arn)
{
	struct group *group = calloc(1, sizeof(*group) + cluster_arn.n);

	if (group == NULL)
		return NULL;
	group->client = client;
	list_init(&group->waiting);
	memcpy(group->bytes, cluster_arn.p, cluster_arn.n);
	group->cluster_arn = (struct str){ group->bytes, cluster_arn.n };
	if (loop_timer_set(client->caller->loop, &group->timer, GROUP_SPARE_MS,
		on_gathered) != ERR_OK) {
		free(group);
		return NULL;
	}
	list_append(&client->groups, &group->link);
	return group;
}

int
batch_join(struct aws_op *op, struct err *err)
{
	struct client *client = op->client;
	struct group *group = find_group(client, op->cluster_arn);

	if (group == NULL)
		group = new_group(client, op->cluster_arn);
	if (group == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	op->group = group;
	op->joined_ms = loop_now(client->caller->loop);
	list_append(&group->waiting, &op->link);
	group->count++;
	if (group->count == 1 || group->count == ECS_BATCH_MAX)
		loop_timer_move(
		    client->caller->loop, &group->timer, wait_more(group));
	return ERR_OK;
}

void
batch_leave(struct aws_op *op)
{
	struct ecs_batch *batch = op->batch;

	if (batch != NULL) {
		leave_batch(batch, op);
		if (batch->count == 0 && batch->call != NULL)
			ecs_call_cancel(batch->call);
		return;
	}
	if (list_is_empty(&op->link))
		return;
	list_remove(&op->link);
	op->group->count--;
}

void
batch_free_groups(struct client *client)
{
	struct list *item;

	while ((item = list_first(&client->groups)) != NULL)
		group_free(container_of(item, struct group, link));
}
