/* SPDX-License-Identifier: Apache-2.0 */
#include "server/judge.h"

#include <stddef.h>

#include "server/judge_impl.h"

int
judge_failed(struct err *err, int r, const char **reason, const char *word,
    const char *what)
{
	if (r == ERR_MEMORY) {
		*reason = "internal";
		return r;
	}
	*reason = word;
	err_prefix(err, "failed to %s: ", what);
	return r;
}

static int
read_task(
    struct evidence *ev, struct arena *a, const char **reason, struct err *err)
{
	static const char what[] = "unmarshal task metadata";
	struct task_metadata *task = &ev->task;
	int r;

	if (ev->payload.task_metadata.n == 0)
		r = err_set(err, ERR_FORMAT, "the payload has none");
	else
		r = task_metadata_read(task, a, ev->payload.task_metadata, err);
	if (r != ERR_OK)
		return judge_failed(err, r, reason, "metadata", what);
	r = task_metadata_take_arn(task, TASK_ID_ANY, err);
	if (r != ERR_OK)
		return judge_failed(err, r, reason, "task_arn",
		    "extract account ID from Task ARN");
	r = task_metadata_settle(task, a, err);
	if (r != ERR_OK)
		return judge_failed(err, r, reason, "metadata", what);
	return ERR_OK;
}

int
judge_read_evidence(struct evidence *ev, struct arena *a, struct str bytes,
    const char **reason, struct err *err)
{
	static const char what[] = "unmarshal attestation data";
	struct evidence got = { .task = { .tag_count = 0 } };
	int r;

	r = payload_decode(&got.payload, a, bytes, err);
	if (r != ERR_OK)
		return judge_failed(err, r, reason, "payload", what);
	r = read_task(&got, a, reason, err);
	if (r != ERR_OK)
		return r;
	if (got.payload.has_version &&
	    !str_eq(got.payload.task_arn, got.task.arn.text)) {
		r = err_set(err, ERR_FORMAT,
		    "task_arn is not the TaskARN of task_metadata");
		return judge_failed(err, r, reason, "payload", what);
	}
	*reason = "ok";
	*ev = got;
	return ERR_OK;
}

bool
judge_is_listed(const struct str_list *list, struct str value)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (str_eq(list->items[i], value))
			return true;
	return false;
}

/* what: "account ID", as the answer calls it; list: the setting's name. */
static int
check_list(const struct str_list *allowed, struct str value, const char *what,
    const char *list, struct err *err)
{
	if (allowed->count == 0 || judge_is_listed(allowed, value))
		return ERR_OK;
	return err_set(err, ERR_POLICY, "%s %s is not allowed: it is not in %s",
	    what, CLEAN(value), list);
}

/* The shorthand: one value instead of a list. */
static int
check_only(struct str only, struct str value, const char *what, struct err *err)
{
	if (only.n == 0 || str_eq(only, value))
		return ERR_OK;
	return err_set(err, ERR_POLICY,
	    "%s %s is not allowed: the setting %s is %s", what, CLEAN(value),
	    what, CLEAN(only));
}

int
judge_gate(const struct task_arn *arn, const struct judge_policy *policy,
    const char **reason, struct err *err)
{
	int r = ERR_OK;

	*reason = "partition";
	if (policy->partition.n > 0 &&
	    !str_eq(arn->partition, policy->partition))
		r = err_set(err, ERR_POLICY,
		    "partition %s is not allowed: the setting partition is %s",
		    CLEAN(arn->partition), CLEAN(policy->partition));
	if (r != ERR_OK)
		return r;
	*reason = "account";
	r = check_list(&policy->allowed_accounts, arn->account, "account ID",
	    "allowed_accounts", err);
	if (r != ERR_OK)
		return r;
	*reason = "cluster";
	r = check_list(&policy->allowed_clusters, arn->cluster, "cluster",
	    "allowed_clusters", err);
	if (r == ERR_OK)
		r = check_only(policy->cluster, arn->cluster, "cluster", err);
	if (r != ERR_OK)
		return r;
	*reason = "region";
	r = check_list(&policy->allowed_regions, arn->region, "region",
	    "allowed_regions", err);
	if (r == ERR_OK)
		r = check_only(policy->region, arn->region, "region", err);
	if (r == ERR_OK)
		*reason = "ok";
	return r;
}

int
judge_metadata(struct verdict *v, struct arena *a,
    const struct task_metadata *task, const struct judge_policy *policy,
    struct err *err)
{
	struct str values[AGENT_ID_VARS], id;
	struct selectors selectors;
	int r;

	r = judge_gate(&task->arn, policy, &v->reason, err);
	if (r != ERR_OK)
		return r;
	agent_id_values(values, task, policy->plugin_name);
	r = agent_id_expand(&id, a, &policy->agent_path, policy->trust_domain,
	    policy->plugin_name, values, err);
	if (r != ERR_OK) {
		v->reason = r == ERR_MEMORY ? "internal" : "agent_id";
		return r;
	}
	r = selectors_from_metadata(&selectors, a, task,
	    policy->tag_selectors.items, policy->tag_selectors.count, err);
	if (r != ERR_OK) {
		v->reason = "internal";
		return r;
	}
	*v = (struct verdict){ "ok", id, selectors, policy->reattest };
	return ERR_OK;
}
