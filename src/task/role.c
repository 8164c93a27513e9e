/* SPDX-License-Identifier: Apache-2.0 */
#include "task/role.h"

#include "task/arn.h"

enum {
	ROLE_MAX = 64,
	SESSION_MIN = 2,
	SESSION_MAX = 64,
	PATH_MAX_BYTES = 512, /* with the slashes at both ends */
	SLASH_AT = sizeof("role") - 1,
};

#define NAME_EXTRA "_+=,.@-"

bool
is_role_name(struct str s)
{
	return s.n <= ROLE_MAX && str_is_alnum_or(s, NAME_EXTRA);
}

/* The six fields of an ARN; the last keeps its colons. */
struct fields {
	struct str arn, partition, service, region, account, resource;
};

static bool
cut_fields(struct fields *f, struct str text)
{
	struct str rest = text;

	f->arn = str_cut(&rest, rest, ':');
	f->partition = str_cut(&rest, rest, ':');
	f->service = str_cut(&rest, rest, ':');
	f->region = str_cut(&rest, rest, ':');
	f->account = str_cut(&rest, rest, ':');
	f->resource = rest;
	return rest.p != NULL && str_is(f->arn, "arn") &&
	       is_partition(f->partition) && f->region.n == 0 &&
	       is_account(f->account);
}

int
role_session_parse(struct role_session *s, struct str arn, struct err *err)
{
	struct fields f;
	struct str kind, role, session;

	if (!cut_fields(&f, arn) || !str_is(f.service, "sts"))
		goto bad;
	kind = str_cut(&role, f.resource, '/');
	role = str_cut(&session, role, '/');
	if (!str_is(kind, "assumed-role") || !is_role_name(role) ||
	    session.n < SESSION_MIN || session.n > SESSION_MAX ||
	    !str_is_alnum_or(session, NAME_EXTRA))
		goto bad;
	*s = (struct role_session){ f.partition, f.account, role, session };
	return ERR_OK;
bad:
	return err_set(err, ERR_FORMAT,
	    "\"%s\" is not arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/"
	    "SESSION",
	    CLEAN(arn));
}

static bool
is_path(struct str path)
{
	return path.n <= PATH_MAX_BYTES && str_is_printable(path);
}

/* The last part of "role/PATH/NAME". */
static bool
cut_name(struct str *name, struct str resource)
{
	size_t i = resource.n;

	if (!str_starts(resource, "role/"))
		return false;
	while (i > 0 && resource.p[i - 1] != '/')
		i--;
	*name = str_sub(resource, i, resource.n);
	return is_path(str_sub(resource, SLASH_AT, i - SLASH_AT)) &&
	       is_role_name(*name);
}

int
role_ref_parse(struct role_ref *ref, struct str text, struct err *err)
{
	struct role_ref got = { .name = text };
	struct fields f;

	if (is_role_name(text)) {
		*ref = got;
		return ERR_OK;
	}
	if (!cut_fields(&f, text) || !str_is(f.service, "iam") ||
	    !cut_name(&got.name, f.resource))
		return err_set(err, ERR_FORMAT,
		    "\"%s\" is neither the name nor the ARN of a role",
		    CLEAN(text));
	got.partition = f.partition;
	got.account = f.account;
	*ref = got;
	return ERR_OK;
}
