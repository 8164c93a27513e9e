/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.h - what a server believes of an attestation, and what it grants
 *
 * Two steps: judge_read_evidence() takes an agent's payload apart,
 * judge_metadata() holds it against the configuration.  Each leaves a reason:
 * one stable word for the log line and the metric.
 *
 *   ok          granted
 *   payload     the payload is malformed
 *   metadata    the task metadata in it is
 *   task_arn    the ARN in that is
 *   account cluster region   not among those that are allowed
 *   agent_id    no agent ID can be made of this task
 *   internal    no memory
 *
 * Pure: no I/O, no clock; any thread.
 */
#ifndef SERVER_JUDGE_H
#define SERVER_JUDGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/options.h"
#include "evidence/payload.h"
#include "task/agent_id.h"
#include "task/metadata.h"
#include "task/selectors.h"

/*
 * An arena of this size is enough for any payload and its verdict: the text
 * unquoted twice, its lists, 200 selectors.
 */
enum { JUDGE_ARENA_MAX = 4 * PAYLOAD_MAX };

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
};

/* What an agent sent.  Strings live in the arena or in its bytes. */
struct evidence {
	struct payload payload;
	struct task_metadata task;
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

#endif
