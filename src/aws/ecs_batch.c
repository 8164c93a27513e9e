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
	struct list members; /* ops */
	size_t count;
	struct ecs_call *call;
	struct buf asked; /* the request: members may leave before its answer */
};

static int
by_arn(const void *a, const void *b)
{
	const struct aws_op *const *x = a, *const *y = b;

	return str_cmp((*x)->arn, (*y)->arn);
}

/* The members in order of their ARNs. */
static size_t
sort_members(
    struct aws_op *sorted[ECS_BATCH_MAX], const struct ecs_batch *batch)
{
	struct list *item;
	size_t n = 0;

	for (item = batch->members.next; item != &batch->members;
	     item = item->next)
		sorted[n++] = container_of(item, struct aws_op, link);
	if (n > 0)
		qsort(sorted, n, sizeof(sorted[0]), by_arn);
	return n;
}

static void
leave_batch(struct ecs_batch *batch, struct aws_op *op)
{
	list_remove(&op->link);
	op->batch = NULL;
	batch->count--;
}

static void
batch_free(struct ecs_batch *batch)
{
	buf_release(&batch->asked);
	free(batch);
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

struct reader {
	struct str asked;
	struct aws_op *ops[ECS_BATCH_MAX];   /* in order of their ARNs */
	struct json elements[ECS_BATCH_MAX]; /* theirs; type 0: none */
	size_t count;
	struct arena arena;
};

/* The first that asked for this task; count: nobody. */
static size_t
find_member(const struct reader *rd, struct str arn)
{
	size_t low = 0, high = rd->count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (str_cmp(rd->ops[mid]->arn, arn) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < rd->count && str_eq(rd->ops[low]->arn, arn))
		return low;
	return rd->count;
}

static int
unusable(struct err *err)
{
	return err_set(
	    err, ERR_UPSTREAM, "DescribeTasks: AWS's answer has another shape");
}

/* Its ARN stands in the request, quoted. */
static bool
was_asked(struct str asked, struct str arn)
{
	size_t i;

	if (arn.n == 0 || memchr(arn.p, '"', arn.n) != NULL)
		return false;
	for (i = 1; i + arn.n < asked.n; i++)
		if (asked.p[i - 1] == '"' && asked.p[i + arn.n] == '"' &&
		    memcmp(asked.p + i, arn.p, arn.n) == 0)
			return true;
	return false;
}

/*
 * Each task is there once, and somebody asked for it, who may have left: that
 * is not the fault of those who stayed.
 */
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
	i = find_member(rd, text);
	if (i == rd->count && was_asked(rd->asked, text))
		return ERR_OK;
	if (i == rd->count || rd->elements[i].type != 0)
		return err_set(err, ERR_POLICY,
		    "ECS answered with a task that nobody asked for, or twice "
		    "with one");
	for (; i < rd->count && str_eq(rd->ops[i]->arn, text); i++)
		rd->elements[i] = element;
	return ERR_OK;
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
deliver(struct ecs_batch *batch, struct reader *rd, struct str request_id)
{
	size_t i;

	for (i = 0; i < rd->count; i++) {
		leave_batch(batch, rd->ops[i]);
		if (rd->elements[i].type == 0)
			miss(rd->ops[i]);
		else
			op_end_task(rd->ops[i], ERR_OK, rd->elements[i],
			    request_id, NULL);
	}
}

static void
on_tasks(struct ecs_batch *batch, const struct aws_answer *answer)
{
	struct reader rd = { .asked = buf_str(&batch->asked) };
	struct err err = { 0 };
	int r;

	rd.count = sort_members(rd.ops, batch);
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
	struct err err = { 0 };
	int r;

	while ((item = list_first(&batch->members)) != NULL) {
		struct aws_op *op = container_of(item, struct aws_op, link);

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
	} else if (r == ERR_POLICY && batch->count > 1) {
		split(batch);
	} else if (r == ERR_POLICY) {
		why = *err;
		why.code = ERR_MISSING;
		fail_members(batch, ERR_MISSING, &why);
	} else {
		fail_members(batch, r, err);
	}
	assert(list_is_empty(&batch->members));
	batch->client->users--;
	batch_free(batch);
}

/*
 * Sending
 */

static int
write_request(struct buf *out, const struct ecs_batch *batch, struct err *err)
{
	struct aws_op *sorted[ECS_BATCH_MAX];
	struct str arns[ECS_BATCH_MAX];
	size_t i, n = sort_members(sorted, batch), count = 0;

	for (i = 0; i < n; i++)
		if (i == 0 || !str_eq(sorted[i]->arn, sorted[i - 1]->arn))
			arns[count++] = sorted[i]->arn;
	return ecs_tasks_request(
	    out, sorted[0]->cluster_arn, arns, count, batch->client->tags, err);
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
	int r;

	buf_init(&batch->asked, REQUEST_MAX);
	r = write_request(&batch->asked, batch, err);
	if (r == ERR_OK)
		r = ecs_call_start(&batch->call, batch->client, "DescribeTasks",
		    buf_str(&batch->asked), ECS_ANSWER_MAX,
		    latest_deadline(batch), on_answer, batch, err);
	if (r == ERR_OK && observer != NULL && observer->batched != NULL)
		observer->batched(observer->arg, batch->count);
	return r;
}

/* Takes them off their list; on failure they are on it again. */
static int
send_members(
    struct client *client, struct list *members, size_t count, struct err *err)
{
	struct ecs_batch *batch = calloc(1, sizeof(*batch));
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
	batch_free(batch);
	return r;
}

/* All that wait, at most ECS_BATCH_MAX at a time. */
static void
flush(struct group *group)
{
	struct list *item;
	struct err err = { 0 };
	int r = ERR_OK;

	while (r == ERR_OK && group->count > 0) {
		size_t n =
		    group->count > ECS_BATCH_MAX ? ECS_BATCH_MAX : group->count;

		r = send_members(group->client, &group->waiting, n, &err);
		if (r == ERR_OK)
			group->count -= n;
	}
	if (r == ERR_OK)
		return;
	group->count = 0;
	while ((item = list_first(&group->waiting)) != NULL) {
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

static void
on_gathered(struct loop_timer *timer)
{
	struct group *group = container_of(timer, struct group, timer);
	struct client *client = group->client;

	if (group->count == 0) {
		group_free(group);
		return;
	}
	/* set again before anything: a join only moves it */
	if (loop_timer_set(client->caller->loop, timer, GROUP_SPARE_MS,
		on_gathered) != ERR_OK) {
		flush(group);
		group_free(group);
		return;
	}
	client->users++;
	flush(group);
	client->users--;
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
	int64_t wait = BATCH_WAIT_MS;

	if (group == NULL)
		group = new_group(client, op->cluster_arn);
	if (group == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	op->group = group;
	list_append(&group->waiting, &op->link);
	group->count++;
	if (group->count == 1 || group->count == ECS_BATCH_MAX) {
		if (group->count == ECS_BATCH_MAX)
			wait = 0;
		loop_timer_move(client->caller->loop, &group->timer, wait);
	}
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
