/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - ECS of one account and region: batches, definitions
 *
 * For the files of this room; everything belongs to the queue thread.  An op
 * is one waiter: it has a timer from its start to its end, so that deadline
 * and cancel need no memory, and is in one list at most, that of whatever it
 * waits for.
 */
#ifndef AWS_CLIENT_H
#define AWS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/account.h"
#include "aws/aws.h"
#include "aws/gate.h"
#include "base/list.h"

enum {
	BATCH_WAIT_MS = 50,
	MISSING_TRIES = 3,
	MISSING_PAUSE_MS = 300, /* doubling */
	ECS_SEND_MS = 5000,
	ECS_SENDS = 3,
	DEFINITIONS_MAX = 1024,
	DEFINITION_MS = 60 * 60 * 1000,
};

struct client {
	struct aws *aws;
	const struct aws_caller *caller;
	struct account *account;
	struct endpoint ecs;
	struct str region; /* of key */
	bool tags;
	struct aws_gate *gate;
	struct list groups;
	struct list definitions; /* used longest ago first */
	size_t definition_count;
	struct list link; /* of aws's clients, least used first */
	size_t users;     /* ops and batches */
	struct str key;   /* "account region" */
	char bytes[];
};

struct sts_place; /* of aws.c */

enum op_kind { OP_IDENTIFY, OP_TASK, OP_DEFINITION };

struct aws_op {
	enum op_kind kind;
	struct aws *aws;         /* a reference */
	struct client *client;   /* a use; NULL: OP_IDENTIFY */
	struct sts_place *place; /* a use; NULL: others */
	struct list link;
	struct loop_timer timer;
	int64_t deadline_ms;
	bool cancelled;
	struct sts_identify *identify;

	struct str cluster_arn, arn; /* of bytes */
	struct group *group;         /* that it gathers in */
	int64_t joined_ms;           /* the group */
	struct ecs_batch *batch;     /* that it is a member of */
	unsigned missing;            /* times */

	sts_identity_fn *on_identity;
	aws_task_fn *on_task;
	aws_definition_fn *on_definition;
	void *arg;
	char bytes[];
};

/* The ends of an op: each answers and frees it. */
void op_end_task(struct aws_op *op, int r, struct json json,
    struct str request_id, const struct err *err);
void op_end_definition(struct aws_op *op, int r,
    const struct ecs_definition *definition, const struct err *err);
void op_end_error(struct aws_op *op, int r, const struct err *err);

/* ecs_batch.c: the op joins those of its cluster, or goes on waiting there. */
int batch_join(struct aws_op *op, struct err *err) MUST_USE;

/* The op gives up: a batch that nobody waits for any more is cancelled. */
void batch_leave(struct aws_op *op);
void batch_free_groups(struct client *client);

/* definitions.c; a known definition is answered from the op's timer. */
int definition_join(struct aws_op *op, struct err *err) MUST_USE;

/* True: it was known, the op is answered and gone. */
bool definition_answer(struct aws_op *op);
void definitions_stop(struct client *client);
void definitions_free(struct client *client);

/*
 * A call of ECS with the client's keys, which are waited for first.  done is
 * as of call.h, with ERR_TOOBIG turned into ERR_UPSTREAM, and ERR_POLICY into
 * ERR_NOT_NOW but for the codes that speak of the request.
 */
struct ecs_call;
int ecs_call_start(struct ecs_call **callp, struct client *client,
    const char *operation, struct str body, size_t body_max,
    int64_t deadline_ms, aws_call_fn *done, void *arg,
    struct err *err) MUST_USE;
void ecs_call_cancel(struct ecs_call *call);

#endif
