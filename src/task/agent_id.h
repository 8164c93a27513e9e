/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_id.h - agent_path_template to SPIFFE ID
 *
 * Variables: accountID cluster region partition taskID family revision service
 * az launchType roleName PluginName, as {{ .name }}, blanks optional, first
 * letter in either case.  Pure.
 */
#ifndef TASK_AGENT_ID_H
#define TASK_AGENT_ID_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "task/metadata.h"

enum { AGENT_ID_MAX = 255 };

enum agent_id_var {
	AGENT_ID_ACCOUNT,
	AGENT_ID_CLUSTER,
	AGENT_ID_REGION,
	AGENT_ID_PARTITION,
	AGENT_ID_TASK,
	AGENT_ID_FAMILY,
	AGENT_ID_REVISION,
	AGENT_ID_SERVICE,
	AGENT_ID_AZ,
	AGENT_ID_LAUNCH_TYPE,
	AGENT_ID_ROLE,
	AGENT_ID_PLUGIN,
	AGENT_ID_VARS
};

/* What a template was found to be. */
struct agent_id_template {
	struct str text;
	unsigned vars;     /* 1 << enum agent_id_var */
	bool in_namespace; /* under /spire/agent/<plugin>/ */
};

/* ERR_CONFIG: unknown variable, or no valid SPIFFE path can come of it. */
int agent_id_template_parse(struct agent_id_template *t, struct str text,
    const char *plugin_name, struct err *err) MUST_USE;

/*
 * spiffe://TRUST_DOMAIN + path, in the arena.  A value that is not one path
 * segment of [A-Za-z0-9._-], or is "." or "..", or absent: ERR_POLICY, never
 * escaped; so is an ID over AGENT_ID_MAX.
 */
int agent_id_expand(struct str *id, struct arena *a,
    const struct agent_id_template *t, struct str trust_domain,
    const char *plugin_name, const struct str values[AGENT_ID_VARS],
    struct err *err) MUST_USE;

/* The values that a task's metadata gives; roleName stays empty. */
void agent_id_values(struct str values[AGENT_ID_VARS],
    const struct task_metadata *m, const char *plugin_name);

/* [a-z0-9._-]{1,255}: what SPIFFE allows a trust domain to be. */
bool is_trust_domain(struct str s);

#endif
