/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof.h - what an agent demands of a challenge, and how it answers one
 *
 * Pure functions of their arguments; any thread.
 */
#ifndef AGENT_PROOF_H
#define AGENT_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/options.h"
#include "aws/endpoint.h"
#include "aws/keys.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "evidence/challenge.h"
#include "task/arn.h"

/*
 * The STS that may check this task, and the region to sign for: the configured
 * ones, else AWS's of the task's region.  AWS has up to four names for it;
 * host is the one that a server has chosen, or empty.  ERR_NOT_NOW: there is
 * none.  *region borrows from config or task.
 */
int proof_place(struct endpoint *sts, struct str *region,
    const struct agent_config *config, const struct task_arn *task,
    struct str host, struct err *err) MUST_USE;

/*
 * Hold a challenge to what this agent would name itself.  ERR_NOT_NOW names
 * the first difference; then nothing may be signed.
 */
int proof_check(struct endpoint *sts, struct str *region,
    const struct agent_config *config, const struct task_arn *task,
    const struct challenge *challenge, struct err *err) MUST_USE;

struct proof {
	const struct agent_config *config;
	const struct task_arn *task;
	const unsigned char *agent_nonce;  /* NONCE_BYTES */
	const struct challenge *challenge; /* one that was checked */
	const struct endpoint *sts;
	struct str region;
};

/*
 * Append the response, signed with keys at now_s.  To be wiped after failure
 * too.  ERR_NOT_NOW: these keys cannot sign such a thing.
 */
int proof_respond(struct buf *out, const struct proof *proof,
    const struct aws_keys *keys, int64_t now_s, struct err *err) MUST_USE;

/* The task metadata say that the task's clock is not synchronized. */
bool clock_is_off(struct str document);

#endif
