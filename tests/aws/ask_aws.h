/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_aws.h - a struct aws before a fake AWS, and what it answers
 *
 * Our own keys are of account 111122223333, AKIAOWN; a test may say else.
 */
#ifndef TESTS_AWS_ASK_AWS_H
#define TESTS_AWS_ASK_AWS_H

#include "aws/aws.h"
#include "fake_aws.h"
#include "lab.h"
#include "testing.h"

#define OWN      "111122223333"
#define OTHER    "444455556666"
#define REGION   "us-east-1"
#define CLUSTER  "c"
#define TASKS    "DescribeTasks"
#define DEFINE   "DescribeTaskDefinition"
#define IDENTITY "GetCallerIdentity"
#define ASSUME   "AssumeRole"
#define JSON     "Content-Type: application/json\r\n"

extern struct fake_aws *fake;
extern struct aws *aws;
extern struct aws_settings settings;

/* An op and what became of it. */
struct ask {
	struct aws_op *op;
	unsigned answers;
	int r;
	char text[1024]; /* the task, the definition's role, the account */
	char request_id[64];
	struct err err;
};

/* Called from inside an answer, if set. */
extern void (*ask_then)(struct ask *a);

void ask_set_up(void);   /* settings and fake; no aws yet */
void ask_open(void);     /* aws, as settings say */
void ask_tear_down(void);

/* Who STS says the signer is, for all who ask. */
void ask_script_identity(void);
void ask_script_assume(void); /* keys ASIA...1, ...2, as they are asked for */
void ask_script_tasks(void);  /* each that is asked for is there */
void ask_script_definitions(void);

/* Each task of the request but the ones that hold this text. */
void ask_write_tasks(struct buf *body, const struct fake_request *request,
    const char *except);
void ask_write_task(struct buf *body, struct str arn);
unsigned ask_tasks_in(const struct fake_request *request);

/* Starts; the answer is never from inside. */
int ask_task_at(struct ask *a, const char *account, const char *region,
    const char *cluster, unsigned id, int64_t ms);
int ask_task(struct ask *a, unsigned id); /* at our own place, 20 s */
int ask_definition_at(struct ask *a, const char *account, const char *family,
    unsigned revision, int64_t ms);
int ask_definition(struct ask *a, unsigned revision);
int ask_identity(struct ask *a, const char *account, int64_t ms);
void ask_cancel(struct ask *a);

/* Runs until it is answered; how. */
int ask_result(struct ask *a);

/* Did these keys sign it? */
bool is_signed_by(const struct fake_request *request, const char *id);

#endif
