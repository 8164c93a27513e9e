/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest_impl.h - one attestation, as the files of it share it
 *
 * attestor.c: what all share; attest.c: streams, states and waits; attest_proof.c: the steps that prove;
 * attest_grant.c: who else may hold the agent ID; attest_end.c: the only two
 * ends.
 */
#ifndef SERVER_ATTEST_IMPL_H
#define SERVER_ATTEST_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "server/attest.h"
#include "server/judge.h"

enum attest_state {
	ATTEST_OVER,
	ATTEST_PAYLOAD,  /* waits for the agent */
	ATTEST_RESPONSE, /* waits for its answer to the challenge */
	ATTEST_AWS,      /* waits for AWS, or for SPIRE's AgentStore */
};

/* What is known of the task that held the agent ID. */
enum holder_state {
	HOLDER_NOT_ASKED,
	HOLDER_ALIVE,
	HOLDER_DEAD,
};

/* What a proof gathers; it lives in the attestation's arena. */
struct proof {
	struct task_arn claim; /* of at->claimed: a hint until proven */
	unsigned char agent_nonce[NONCE_BYTES], nonce[NONCE_BYTES];
	struct endpoint sts;
	struct str sts_region;
	int64_t challenge_s; /* when it was sent, seconds since 1970 */
	int64_t deadline_ms; /* of all AWS work */
	int64_t step_ms;     /* when the present step began */

	struct aws_op *op; /* under way, or NULL */
	struct proven proven;
	bool is_proven; /* STS has said so */
	struct str access_key_id, sts_request_id, ecs_request_id;
	int64_t sts_ms, ecs_ms; /* durations */
	struct ecs_task task;
	bool has_task; /* it passed judge_task() */

	struct aws_op *holder_op; /* under way, or NULL */
	struct str holder;        /* the ARN that is, or was, asked about */
	enum holder_state holder_state;
};

struct attestation {
	struct attestor *attestor;
	struct gp_call *call;
	struct server_config *config; /* as it was when the stream opened */
	struct aws *aws;              /* NULL in "metadata" */
	enum attest_state state;
	struct loop_timer deadline; /* of the first two waits */
	struct list link;           /* in the list of its state */
	int64_t began_ms;
	struct arena arena;
	struct str claimed;  /* the ARN that the agent names */
	struct proof *proof; /* NULL before the gate, and in "metadata" */
	struct verdict verdict;
	bool is_granted; /* but for who else may hold the ID */

	struct agent_lookup *lookup; /* under way, or NULL */
	bool locked;                 /* the agent ID, in first_use */

	/* It is refused, as soon as nothing is under way any more. */
	bool given_up;
	const char *why; /* the reason */
	struct err why_err;
};

/* attest.c */
extern const struct attest_ops attestation_ops;
void attest_enter(struct attestation *at, enum attest_state state);
void attest_leave(struct attestation *at); /* the waits are over */

/*
 * The wait of that many milliseconds for the agent; ERR_MEMORY.  What has come
 * is handed to attest_proof.c.
 */
int attest_wait(
    struct attestation *at, enum attest_state state, int64_t ms) MUST_USE;

/*
 * Refuse it: at once, or when what is under way has answered, which is
 * cancelled.  The first reason wins.
 */
void attest_give_up(
    struct attestation *at, const char *reason, const struct err *err);
void attest_give_up_text(
    struct attestation *at, const char *reason, int code, const char *text);

/* The answer of something that was under way: true if that was all for it. */
bool attest_is_given_up(struct attestation *at);

/*
 * AWS did not say: r is one of aws.h's other than ERR_POLICY and ERR_MISSING.
 * The agent may try again; what only an operator can mend is an ERROR.
 */
void attest_upstream(
    struct attestation *at, const char *reason, const struct err *err);

/* attest_proof.c: in order of time. */
void proof_begin(struct attestation *at, struct str payload);
void proof_respond(struct attestation *at, struct str response);

/* attest_grant.c */
void grant_ask_early(struct attestation *at); /* the holder, beside ECS */
void grant(struct attestation *at);           /* the verdict is made */

/* attest_end.c: reason is one stable word. */
void attest_end_refuse(
    struct attestation *at, const char *reason, const struct err *err);
void attest_end_accept(struct attestation *at);
const char *attest_mode(const struct server_config *config);

#endif
