/* SPDX-License-Identifier: Apache-2.0 */
#include "task/arn.h"

#include <string.h>

enum {
	ACCOUNT_LEN = 12,
	LABEL_MAX = 63, /* RFC 1035: a region becomes part of a host name */
	CLUSTER_MAX = 255,
	TASK_ID_LEN = 32,
	TASK_ID_ANY_MAX = 64,
};

#define TASK_SHAPE    "arn:PARTITION:ecs:REGION:ACCOUNT:task/CLUSTER/ID"
#define CLUSTER_SHAPE "arn:PARTITION:ecs:REGION:ACCOUNT:cluster/NAME"

/* An ARN cut at its first five colons. */
struct arn {
	struct str partition, service, region, account, resource;
};

static bool
is_label(struct str s)
{
	size_t i;

	if (s.n == 0 || s.n > LABEL_MAX)
		return false;
	for (i = 0; i < s.n; i++)
		if ((s.p[i] < 'a' || s.p[i] > 'z') &&
		    (s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '-')
			return false;
	return s.p[0] != '-' && s.p[s.n - 1] != '-';
}

bool
is_account(struct str s)
{
	return s.n == ACCOUNT_LEN && str_is_digits(s);
}

bool
is_region(struct str s)
{
	return is_label(s);
}

bool
is_partition(struct str s)
{
	return is_label(s) && (str_is(s, "aws") || str_starts(s, "aws-"));
}

bool
is_cluster_name(struct str s)
{
	return s.n <= CLUSTER_MAX && str_is_alnum_or(s, "-_");
}

/* Cut text into fields and check those that every ECS resource has. */
static int
arn_split(struct arn *arn, struct str text, const char *shape, struct err *err)
{
	struct arn got;
	struct str rest;

	if (!str_is(str_cut(&rest, text, ':'), "arn"))
		return err_set(
		    err, ERR_FORMAT, "\"%s\" is not %s", CLEAN(text), shape);
	got.partition = str_cut(&rest, rest, ':');
	got.service = str_cut(&rest, rest, ':');
	got.region = str_cut(&rest, rest, ':');
	got.account = str_cut(&rest, rest, ':');
	got.resource = rest;
	if (got.resource.p == NULL)
		return err_set(err, ERR_FORMAT,
		    "\"%s\" has too few fields: expected %s", CLEAN(text),
		    shape);
	if (!is_partition(got.partition))
		return err_set(err, ERR_FORMAT,
		    "partition \"%s\" is not \"aws\" or \"aws-...\"",
		    CLEAN(got.partition));
	if (!str_is(got.service, "ecs"))
		return err_set(err, ERR_FORMAT,
		    "service \"%s\" is not \"ecs\": expected %s",
		    CLEAN(got.service), shape);
	if (!is_region(got.region))
		return err_set(err, ERR_FORMAT,
		    "region \"%s\" is not a region name like us-east-1",
		    CLEAN(got.region));
	if (!is_account(got.account))
		return err_set(err, ERR_FORMAT,
		    "account \"%s\" is not 12 digits", CLEAN(got.account));
	*arn = got;
	return ERR_OK;
}

static int
check_cluster(struct str name, struct err *err)
{
	if (!is_cluster_name(name))
		return err_set(err, ERR_FORMAT,
		    "cluster \"%s\" is not 1 to 255 letters, digits, '-' "
		    "or '_'",
		    CLEAN(name));
	return ERR_OK;
}

static int
check_task_id(struct str id, enum task_id_form form, struct err *err)
{
	if (form == TASK_ID_ANY) {
		if (id.n > TASK_ID_ANY_MAX || !str_is_alnum_or(id, "-"))
			return err_set(err, ERR_FORMAT,
			    "task ID \"%s\" is not 1 to 64 letters, digits "
			    "or '-'",
			    CLEAN(id));
		return ERR_OK;
	}
	if (id.n != TASK_ID_LEN || !str_is_lower_hex(id))
		return err_set(err, ERR_FORMAT,
		    "task ID \"%s\" is not 32 lower-case hex digits",
		    CLEAN(id));
	return ERR_OK;
}

int
task_arn_parse(struct task_arn *arn, struct str text, enum task_id_form form,
    struct err *err)
{
	struct str kind, cluster, id;
	struct arn got;
	int r;

	r = arn_split(&got, text, TASK_SHAPE, err);
	if (r != ERR_OK)
		return r;
	kind = str_cut(&id, got.resource, '/');
	if (!str_is(kind, "task"))
		return err_set(err, ERR_FORMAT,
		    "resource \"%s\" is not task/CLUSTER/ID",
		    CLEAN(got.resource));
	cluster = str_cut(&id, id, '/');
	if (id.p == NULL)
		return err_set(err, ERR_FORMAT,
		    "resource \"%s\" does not name the cluster: the ARN must "
		    "have the long form, task/CLUSTER/ID",
		    CLEAN(got.resource));
	r = check_cluster(cluster, err);
	if (r != ERR_OK)
		return r;
	r = check_task_id(id, form, err);
	if (r != ERR_OK)
		return r;
	*arn = (struct task_arn){
		.text = text,
		.partition = got.partition,
		.region = got.region,
		.account = got.account,
		.cluster = cluster,
		.task_id = id,
	};
	return ERR_OK;
}

int
cluster_ref_parse(struct cluster_ref *ref, struct str text, struct err *err)
{
	struct cluster_ref got = { .name = text };
	struct arn arn;
	int r;

	if (text.n > 0 && memchr(text.p, ':', text.n) != NULL) {
		r = arn_split(&arn, text, CLUSTER_SHAPE, err);
		if (r != ERR_OK)
			return r;
		if (!str_is(str_cut(&got.name, arn.resource, '/'), "cluster"))
			return err_set(err, ERR_FORMAT,
			    "resource \"%s\" is not cluster/NAME",
			    CLEAN(arn.resource));
		got.partition = arn.partition;
		got.region = arn.region;
		got.account = arn.account;
	}
	r = check_cluster(got.name, err);
	if (r == ERR_OK)
		*ref = got;
	return r;
}

int
cluster_name_parse(struct str *name, struct str text, struct err *err)
{
	struct cluster_ref ref;
	int r;

	r = cluster_ref_parse(&ref, text, err);
	if (r == ERR_OK)
		*name = ref.name;
	return r;
}

struct str
cluster_arn_of(struct arena *a, const struct task_arn *arn)
{
	return arena_printf(a, "arn:%.*s:ecs:%.*s:%.*s:cluster/%.*s",
	    STR_FMT(arn->partition), STR_FMT(arn->region),
	    STR_FMT(arn->account), STR_FMT(arn->cluster));
}
