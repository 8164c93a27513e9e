/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/environ.h"

#include <inttypes.h>

int
environ_format(struct buf *out, const struct scenario *s, struct str who,
    const char *base, struct err *err)
{
	struct str name, key = str_cut(&name, who, '/');
	const struct scenario_task *t = scenario_task_find(s, key);
	const struct scenario_container *c;

	if (t == NULL)
		return err_set(err, ERR_MISSING,
		    "the scenario has no task \"%s\": name one by its name or "
		    "its ID",
		    CLEAN(key));
	c = name.p == NULL ? &t->definition->containers[0]
			   : scenario_container_find(t, name);
	if (c == NULL)
		return err_set(err, ERR_MISSING,
		    "task \"%s\" has no container \"%s\"", CLEAN(key),
		    CLEAN(name));
	buf_addf(out,
	    "ECS_CONTAINER_METADATA_URI_V4=%s/v4/%.*s-%" PRIu32 "\n"
	    "AWS_EXECUTION_ENV=%s\n"
	    "AWS_REGION=%.*s\n"
	    "AWS_DEFAULT_REGION=%.*s\n",
	    base, STR_FMT(t->id), c->number,
	    str_is(t->launch_type, "FARGATE") ? "AWS_ECS_FARGATE"
	    : str_is(t->launch_type, "MANAGED_INSTANCES")
		? "AWS_ECS_MANAGED_INSTANCES"
		: "AWS_ECS_EC2",
	    STR_FMT(t->cluster->region), STR_FMT(t->cluster->region));
	/* Not ..._RELATIVE_URI: that is of 169.254.170.2. */
	if (scenario_task_role(t) != NULL)
		buf_addf(out, "AWS_CONTAINER_CREDENTIALS_FULL_URI=%s%.*s\n",
		    base, STR_FMT(t->credentials_path));
	return buf_check(out, err);
}
