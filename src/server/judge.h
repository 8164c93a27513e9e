/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.h - what a server believes of an attestation, and what it grants
 *
 * Steps in order of time, each a pure function: read what the agent sent; the
 * gate, which is all of the policy that needs no AWS; the identity that STS
 * says; the task that ECS says.  Each leaves a reason: one stable word for the
 * log line and the metric.
 *
 *   ok            granted
 *   payload       the payload is malformed
 *   metadata      the task metadata in it is
 *   task_arn      the ARN in that, or in the payload, is
 *   partition account cluster region   not among those that are allowed
 *   response      the answer to the challenge is malformed
 *   clock         its date is too far from now
 *   signature     AWS does not know the signature
 *   identity      STS names no session of a role, or contradicts itself
 *   task_session  the session is not the claimed task's
 *   task_role     the role is not allowed, or not the task's
 *   task_missing  ECS does not know the task
 *   task_other    ECS answered with another task
 *   task_state    it does not run yet: may pass
 *   task_stopped  it runs no more, or will not
 *   task_times    its times are impossible
 *   not_fargate   it does not run on Fargate
 *   client_ip     the caller's address is not the task's
 *   exec          ECS Exec is enabled
 *   agent_id      no agent ID can be made of this task
 *   internal      no memory
 *
 * No I/O, no clock but an argument; any thread.
 */
#ifndef SERVER_JUDGE_H
#define SERVER_JUDGE_H

#include <stdbool.h>

#include "aws/ecs.h"
#include "aws/sts.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/options.h"
#include "evidence/payload.h"
#include "evidence/response.h"
#include "task/agent_id.h"
#include "task/metadata.h"
#include "task/selectors.h"

/*
 * An arena of this size is enough for any payload and its verdict: the text
 * unquoted twice, its lists, 200 selectors.  JUDGE_FULL_ARENA_MAX: with a
 * response, a task of ECS's and its text.
 */
enum {
	JUDGE_ARENA_MAX = 4 * PAYLOAD_MAX,
	JUDGE_FULL_ARENA_MAX = JUDGE_ARENA_MAX + 4 * ECS_TASK_MAX,
	JUDGE_SKEW_S = 300, /* of an agent's clock */
	JUDGE_CREATED_AHEAD_S = 120,
};

/* What of the configuration a verdict depends on. */
struct judge_policy {
	struct str trust_domain;
	const char *plugin_name;
	struct agent_id_template agent_path;
	struct str_list allowed_accounts; /* each empty: all are allowed */
	struct str_list allowed_clusters; /* short names */
	struct str_list allowed_regions;
	struct str cluster, region; /* the only one, when not empty */
	struct str_list tag_selectors;
	bool reattest;
	struct str partition;               /* empty: any */
	struct str_list allowed_task_roles; /* ACCOUNT/ROLE or ROLE */
	bool client_ip_required;
	bool exec_denied;
};

/* What an agent sent.  Strings live in the arena or in its bytes. */
struct evidence {
	struct payload payload;
	struct task_metadata task; /* of "metadata" */
	struct task_arn claim;     /* of the other modes: a hint until proven */
};

struct verdict {
	const char *reason; /* set in any case; the rest only when granted */
	struct str agent_id;
	struct selectors selectors;
	bool can_reattest;
};

/*
 * Read a payload for the mode that believes it.  The sentence begins as the
 * original plugin's: "failed to unmarshal attestation data: ", "failed to
 * unmarshal task metadata: ", "failed to extract account ID from Task ARN: ".
 * Any error but ERR_MEMORY is the agent's fault.  On failure ev is untouched;
 * *reason is always set.
 */
int judge_read_evidence(struct evidence *ev, struct arena *a, struct str bytes,
    const char **reason, struct err *err) MUST_USE;

/*
 * The verdict of verification = "metadata": the document is believed.
 * ERR_POLICY's sentence names the value and the setting that refuses it.
 */
int judge_metadata(struct verdict *v, struct arena *a,
    const struct task_metadata *task, const struct judge_policy *policy,
    struct err *err) MUST_USE;

/*
 * Read a payload for the modes that prove: task_arn and agent_nonce of it, and
 * nothing else is looked at.  Same words and outputs.
 */
int judge_read_claim(struct evidence *ev, struct arena *a, struct str bytes,
    const char **reason, struct err *err) MUST_USE;

/*
 * Policy that needs no AWS, in any mode: partition, account, cluster and
 * region of the task that is claimed.
 */
int judge_gate(const struct task_arn *arn, const struct judge_policy *policy,
    const char **reason, struct err *err) MUST_USE;

/*
 * The answer to the challenge, of challenge_s on; now_s is the time of day,
 * both seconds since 1970.  ERR_FORMAT, ERR_TOOBIG.
 */
int judge_response(const struct response *response, int64_t challenge_s,
    int64_t now_s, const char **reason, struct err *err) MUST_USE;

/*
 * Whom STS has named, taken apart; borrows from its arguments.  Also given for
 * the log when a session of a role is refused: but for reason "identity".
 */
struct proven {
	struct str partition, account, role, task_id;
};
int judge_identity(struct proven *proven, const struct sts_identity *identity,
    const struct task_arn *claim, const struct judge_policy *policy,
    const char **reason, struct err *err) MUST_USE;

/* The verdict of verification = "sts". */
int judge_session(struct verdict *v, struct arena *a,
    const struct proven *proven, const struct judge_policy *policy,
    struct err *err) MUST_USE;

/*
 * What the caller is, as SPIRE says: how many addresses came, and the first.
 */
struct judge_caller {
	size_t addresses;
	struct str address;
};

/*
 * The task itself: state, place, times, platform; not yet its role.
 * ERR_UNAVAILABLE: not yet in a state to attest.
 */
int judge_task(const struct ecs_task *task, const struct task_arn *claim,
    const struct judge_policy *policy, const struct judge_caller *caller,
    int64_t now_us, const char **reason, struct err *err) MUST_USE;

/*
 * Is a holder of an agent ID alive?  Only a task that has ended, or is about
 * to, is not: a state that nobody knows is no proof of it.
 */
bool judge_is_alive(const struct ecs_task *task);

/* Must the task definition be asked for the role? */
bool judge_needs_definition(const struct ecs_task *task);

/*
 * The verdict of verification = "full": the role, the agent ID, the selectors.
 * definition is NULL where judge_needs_definition() said no.  identity and task
 * have passed judge_identity() and judge_task().
 */
int judge_full(struct verdict *v, struct arena *a, const struct proven *proven,
    const struct task_arn *claim, const struct ecs_task *task,
    const struct ecs_definition *definition, const struct judge_policy *policy,
    struct err *err) MUST_USE;

#endif
