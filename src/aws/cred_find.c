/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cred_find.c - which source of keys there is
 *
 * Files are the host's own, and bounded: they are read here, on the queue
 * thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/cred_profile.h"
#include "aws/cred_source.h"

enum { PROFILES_MAX = 8, DURATION_MIN = 900, DURATION_MAX = 43200 };

static int
no_memory(struct err *err)
{
	return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
}

static struct str
variable(const char *name)
{
	return str_of(getenv(name));
}

int
web_token_read(
    struct str *token, struct arena *a, struct str path, struct err *err)
{
	char *text = arena_alloc(a, WEB_TOKEN_MAX + 1);
	ssize_t n;
	int fd;

	if (text == NULL)
		return no_memory(err);
	fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_set(err, ERR_CONFIG,
		    "the web identity's token: \"%s\": %s", CLEAN(path),
		    strerror(errno));
	n = read(fd, text, WEB_TOKEN_MAX + 1);
	(void)close(fd);
	if (n <= 0 || n > WEB_TOKEN_MAX)
		return err_set(err, ERR_CONFIG,
		    "the web identity's token: \"%s\" is empty, longer than "
		    "%d bytes, or cannot be read",
		    CLEAN(path), WEB_TOKEN_MAX);
	*token = str_trim((struct str){ text, (size_t)n });
	if (token->n == 0)
		return err_set(err, ERR_CONFIG,
		    "the web identity's token: \"%s\" is blank", CLEAN(path));
	return ERR_OK;
}

static int
new_static(struct credentials **found, const struct aws_caller *caller,
    const struct aws_keys *value, struct err *err)
{
	struct credentials *cred = NULL;
	int r = cred_new(&cred, caller, CRED_STATIC, err);

	if (r != ERR_OK)
		return r;
	r = aws_keys_new(&cred->keys, value, err);
	if (r != ERR_OK) {
		credentials_free(cred);
		if (r == ERR_FORMAT && err != NULL) {
			err->code = ERR_CONFIG;
			(void)err_prefix(
			    err, "the keys of the %s: ", value->source);
		}
		return r == ERR_FORMAT ? ERR_CONFIG : r;
	}
	*found = cred;
	return ERR_OK;
}

static int
from_settings(struct credentials **found, const struct credentials *chain,
    struct err *err)
{
	const struct aws_keys value = {
		.access_key_id = chain->settings.access_key_id,
		.secret = chain->settings.secret_access_key,
		.source = "settings",
	};

	if (value.access_key_id.n == 0 && value.secret.n == 0)
		return ERR_MISSING;
	if (value.access_key_id.n == 0 || value.secret.n == 0)
		return err_set(err, ERR_CONFIG,
		    "half a pair of keys in the settings: %s is not set",
		    value.secret.n == 0 ? "secret_access_key"
					: "access_key_id");
	return new_static(found, &chain->caller, &value, err);
}

static int
from_environment(struct credentials **found, const struct aws_caller *caller,
    struct err *err)
{
	const struct aws_keys value = {
		.access_key_id = variable("AWS_ACCESS_KEY_ID"),
		.secret = variable("AWS_SECRET_ACCESS_KEY"),
		.token = variable("AWS_SESSION_TOKEN"),
		.source = "environment",
	};

	if (value.access_key_id.n == 0 && value.secret.n == 0)
		return ERR_MISSING;
	if (value.access_key_id.n == 0 || value.secret.n == 0)
		return err_set(err, ERR_CONFIG,
		    "half a pair of keys in the environment: %s is not set",
		    value.secret.n == 0 ? "AWS_SECRET_ACCESS_KEY"
					: "AWS_ACCESS_KEY_ID");
	return new_static(found, caller, &value, err);
}

/* The STS that roles are assumed at. */
static int
take_sts(struct credentials *cred, const struct credentials_settings *settings,
    struct str profile_region, struct err *err)
{
	struct str region = settings->sts_region;

	if (region.n == 0)
		region = variable("AWS_REGION");
	if (region.n == 0)
		region = variable("AWS_DEFAULT_REGION");
	if (region.n == 0)
		region = profile_region;
	if (region.n == 0)
		return err_set(err, ERR_CONFIG,
		    "a role is to be assumed, and no region of STS is known: "
		    "set sts_region or AWS_REGION");
	cred->region = arena_dup(&cred->arena, region);
	if (cred->region.p == NULL)
		return no_memory(err);
	if (settings->sts_endpoint.n > 0)
		return endpoint_of_url(&cred->sts, settings->sts_endpoint,
		    settings->allow_insecure_endpoints, err);
	return endpoint_of_region(&cred->sts, "sts", settings->partition,
	    region, endpoint_flags_of_environment(), err);
}

static int
take_duration(struct credentials *cred, struct str text, struct err *err)
{
	uint64_t seconds;

	if (text.n == 0)
		return ERR_OK;
	if (!str_to_u64(&seconds, text) || seconds < DURATION_MIN ||
	    seconds > DURATION_MAX)
		return err_set(err, ERR_CONFIG,
		    "duration_seconds = %s is not %d to %d", CLEAN(text),
		    DURATION_MIN, DURATION_MAX);
	cred->duration_s = (unsigned)seconds;
	return ERR_OK;
}

/* What CRED_ROLE and CRED_WEB have in common; p has only what is set. */
static int
fill_role(struct credentials *cred, const struct credentials_settings *settings,
    const struct profile *p, struct err *err)
{
	int r = take_sts(cred, settings, p->region, err);

	if (r == ERR_OK)
		r = take_duration(cred, p->duration_seconds, err);
	if (r != ERR_OK)
		return r;
	cred->role_arn = arena_dup(&cred->arena, p->role_arn);
	cred->external_id = arena_dup(&cred->arena, p->external_id);
	cred->token_file = arena_dup(&cred->arena, p->web_identity_token_file);
	cred->session_name = arena_dup(
	    &cred->arena, p->role_session_name.n > 0 ? p->role_session_name
						     : STR(CRED_SESSION_NAME));
	if (cred->role_arn.p == NULL || cred->external_id.p == NULL ||
	    cred->token_file.p == NULL || cred->session_name.p == NULL)
		return no_memory(err);
	return ERR_OK;
}

/* Takes base; on failure it is freed. */
static int
new_role(struct credentials **found, const struct credentials *chain,
    enum cred_kind kind, struct credentials *base, const struct profile *p,
    struct err *err)
{
	struct credentials *cred = NULL;
	int r = cred_new(&cred, &chain->caller, kind, err);

	if (r != ERR_OK) {
		credentials_free(base);
		return r;
	}
	cred->base = base;
	cred->owns_base = true;
	r = fill_role(cred, &chain->settings, p, err);
	if (r == ERR_OK)
		*found = cred;
	else
		credentials_free(cred);
	return r;
}

static int
from_web(struct credentials **found, const struct credentials *chain,
    struct err *err)
{
	const struct profile p = {
		.role_arn = variable("AWS_ROLE_ARN"),
		.web_identity_token_file =
		    variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
		.role_session_name = variable("AWS_ROLE_SESSION_NAME"),
	};

	if (p.web_identity_token_file.n == 0)
		return ERR_MISSING;
	if (p.role_arn.n == 0)
		return err_set(err, ERR_CONFIG,
		    "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is "
		    "not");
	return new_role(found, chain, CRED_WEB, NULL, &p, err);
}

static int
from_container(struct credentials **found, const struct aws_caller *caller,
    struct err *err)
{
	struct credentials *cred = NULL;
	int r = cred_new(&cred, caller, CRED_CONTAINER, err);

	if (r != ERR_OK)
		return r;
	r = container_source_find(&cred->container, STR(""), err);
	if (r == ERR_OK)
		*found = cred;
	else
		credentials_free(cred);
	return r;
}

static int
from_instance(struct credentials **found, const struct aws_caller *caller,
    struct err *err)
{
	return cred_new(found, caller, CRED_IMDS, err);
}

/*
 * Profiles
 */

struct walk {
	const struct credentials *chain;
	const struct profile_files *files;
	struct str seen[PROFILES_MAX];
	size_t count;
};

static int from_profile(struct credentials **found, struct walk *walk,
    struct str name, struct err *err);

static int
from_source(struct credentials **found, struct walk *walk,
    const struct profile *p, struct err *err)
{
	const struct aws_caller *caller = &walk->chain->caller;
	struct err why = { 0 };
	int r = ERR_MISSING;

	if (str_is(p->credential_source, "Environment"))
		r = from_environment(found, caller, &why);
	else if (str_is(p->credential_source, "Ec2InstanceMetadata"))
		r = from_instance(found, caller, &why);
	else if (str_is(p->credential_source, "EcsContainer"))
		r = from_container(found, caller, &why);
	if (r == ERR_MISSING)
		return err_set(err, ERR_CONFIG,
		    "profile \"%s\": credential_source = %s: nothing there",
		    CLEAN(p->name), CLEAN(p->credential_source));
	return r == ERR_OK ? r : err_set(err, r, "%s", why.msg);
}

static int
from_keys_of(struct credentials **found, const struct aws_caller *caller,
    const struct profile *p, struct err *err)
{
	const struct aws_keys value = {
		.access_key_id = p->access_key_id,
		.secret = p->secret_access_key,
		.token = p->session_token,
		.source = "shared files",
	};

	return new_static(found, caller, &value, err);
}

/* The keys that sign for the role of a profile. */
static int
find_base(struct credentials **base, struct walk *walk, const struct profile *p,
    struct err *err)
{
	if (p->source_profile.n > 0 && p->credential_source.n > 0)
		return err_set(err, ERR_CONFIG,
		    "profile \"%s\" has source_profile and credential_source",
		    CLEAN(p->name));
	if (p->credential_source.n > 0)
		return from_source(base, walk, p, err);
	if (p->source_profile.n == 0)
		return err_set(err, ERR_CONFIG,
		    "profile \"%s\" has role_arn without source_profile, "
		    "credential_source or web_identity_token_file",
		    CLEAN(p->name));
	/* a profile that names itself means its own keys */
	if (str_eq(p->source_profile, p->name) && p->access_key_id.n > 0)
		return from_keys_of(base, &walk->chain->caller, p, err);
	return from_profile(base, walk, p->source_profile, err);
}

static int
enter(struct walk *walk, struct str name, struct err *err)
{
	size_t i;

	for (i = 0; i < walk->count; i++)
		if (str_eq(walk->seen[i], name))
			return err_set(err, ERR_CONFIG,
			    "profile \"%s\" of AWS's shared files is its own "
			    "source",
			    CLEAN(name));
	if (walk->count == PROFILES_MAX)
		return err_set(err, ERR_CONFIG,
		    "more than %d profiles of AWS's shared files are each "
		    "other's source",
		    PROFILES_MAX);
	walk->seen[walk->count++] = name;
	return ERR_OK;
}

static int
from_profile(struct credentials **found, struct walk *walk, struct str name,
    struct err *err)
{
	struct credentials *base = NULL;
	struct profile p;
	int r = enter(walk, name, err);

	if (r == ERR_OK)
		r = profile_find(&p, walk->files, name, err);
	if (r == ERR_MISSING && walk->count > 1)
		r = err != NULL ? (err->code = ERR_CONFIG) : ERR_CONFIG;
	if (r != ERR_OK)
		return r;
	if (p.role_arn.n > 0 && p.web_identity_token_file.n > 0)
		return new_role(found, walk->chain, CRED_WEB, NULL, &p, err);
	if (p.role_arn.n > 0 && !str_is(p.refused, "mfa_serial")) {
		r = find_base(&base, walk, &p, err);
		return r != ERR_OK ? r
				   : new_role(found, walk->chain, CRED_ROLE,
					 base, &p, err);
	}
	if (p.refused.n > 0)
		return err_set(err, ERR_CONFIG,
		    "profile \"%s\" has %s, which a server cannot follow: give "
		    "it a role (role_arn, source_profile) or keys",
		    CLEAN(name), CLEAN(p.refused));
	if (p.access_key_id.n > 0)
		return from_keys_of(found, &walk->chain->caller, &p, err);
	if (walk->count > 1)
		return err_set(err, ERR_CONFIG,
		    "profile \"%s\" of AWS's shared files is another's source, "
		    "and has neither keys nor a role",
		    CLEAN(name));
	return ERR_MISSING;
}

static int
from_files(struct credentials **found, const struct credentials *chain,
    struct err *err)
{
	struct profile_files files = { .config = { NULL, 0 } };
	struct walk walk = { .chain = chain, .files = &files };
	struct err why = { 0 };
	struct str name;
	struct arena a;
	bool chosen;
	int r;

	name = profile_name(&chosen);
	arena_init(&a, PROFILE_ARENA_MAX);
	r = profile_files_read(&files, &a, &why);
	if (r == ERR_OK)
		r = from_profile(found, &walk, name, &why);
	arena_release(&a);
	if (r == ERR_MISSING && chosen)
		return err_set(err, ERR_CONFIG,
		    "AWS_PROFILE names profile \"%s\", and AWS's shared files "
		    "have no credentials in it",
		    CLEAN(name));
	if (r != ERR_OK && r != ERR_MISSING)
		(void)err_set(err, r, "%s", why.msg);
	return r;
}

int
cred_find(struct credentials **found, const struct credentials *chain,
    struct err *err)
{
	struct err why = { 0 };
	int r = from_settings(found, chain, err);

	if (r == ERR_MISSING)
		r = from_environment(found, &chain->caller, err);
	if (r == ERR_MISSING)
		r = from_web(found, chain, err);
	if (r == ERR_MISSING)
		r = from_files(found, chain, err);
	if (r == ERR_MISSING) {
		r = from_container(found, &chain->caller, &why);
		if (r != ERR_OK && r != ERR_MISSING)
			return err_set(err, r, "%s", why.msg);
	}
	if (r == ERR_MISSING)
		r = from_instance(found, &chain->caller, err);
	return r;
}
