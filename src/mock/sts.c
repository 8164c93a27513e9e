/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/sts.h"

#include <stdio.h>

#include "mock/auth.h"
#include "mock/error.h"
#include "mock/form.h"
#include "mock/sessions.h"
#include "mock/stamp.h"
#include "mock/writer.h"

#define STS_VERSION "2011-06-15"
#define SECOND_US   ((int64_t)1000 * 1000)

enum {
	FORM_BYTES_MAX = 256 * 1024,
	DURATION_MIN_S = 900,
	DURATION_MAX_S = 43200,
	DURATION_CHAINED_S = 3600, /* of a role that another role assumes */
	DURATION_DEFAULT_S = 3600,
};

/* One request. */
struct call {
	struct answer *a;
	const struct mock *m;
	const struct request *q;
	struct form form;
	const struct session *caller; /* NULL: it is not signed */
};

#define FAIL(c, ...) sts_error((c)->a, (c)->m, (c)->q, __VA_ARGS__)

/* Open an answer down to its result. */
static void
begin(
    struct writer *w, struct call *c, const char *response, const char *result)
{
	bool xml = !error_wants_json(c->q);

	c->a->type = xml ? "text/xml" : "application/json";
	writer_init(w, &c->a->body, xml);
	if (xml) {
		buf_addf(&c->a->body,
		    "<%s xmlns=\"https://sts.amazonaws.com/doc/" STS_VERSION
		    "/\">\n",
		    response);
		w->depth++;
	} else {
		writer_open(w, NULL);
		writer_open(w, response);
	}
	writer_open(w, result);
}

static void
end(struct writer *w, struct call *c, const char *response, const char *result)
{
	char id[REQUEST_ID_SIZE];

	error_request_id(c->a, c->m, c->q, id);
	writer_close(w, result);
	writer_open(w, "ResponseMetadata");
	writer_text(w, "RequestId", id);
	writer_close(w, "ResponseMetadata");
	writer_close(w, response);
	if (!w->xml)
		writer_close(w, NULL);
}

static void
get_caller_identity(struct call *c)
{
	struct writer w;

	begin(&w, c, "GetCallerIdentityResponse", "GetCallerIdentityResult");
	if (!w.xml)
		writer_str(&w, "Account", c->caller->account);
	writer_str(&w, "Arn", c->caller->arn);
	writer_str(&w, "UserId", c->caller->user_id);
	if (w.xml)
		writer_str(&w, "Account", c->caller->account);
	end(&w, c, "GetCallerIdentityResponse", "GetCallerIdentityResult");
}

/*
 * Assuming roles
 */

static bool
is_session_name(struct str s)
{
	return s.n >= 2 && s.n <= SESSION_NAME_MAX &&
	       str_is_alnum_or(s, "_+=,.@-");
}

/* A parameter within its bounds; false has answered. */
static bool
has_length(
    struct call *c, struct str *out, const char *name, size_t min, size_t max)
{
	*out = form_value(&c->form, name);
	if (out->p == NULL)
		FAIL(c, 400, "ValidationError",
		    "1 validation error detected: Value null at '%s' failed "
		    "to satisfy constraint: Member must not be null",
		    name);
	else if (out->n < min || out->n > max)
		FAIL(c, 400, "ValidationError",
		    "1 validation error detected: Value at '%s' failed to "
		    "satisfy constraint: Member must have length from %zu to "
		    "%zu",
		    name, min, max);
	else
		return true;
	return false;
}

/* What both actions take. */
struct wish {
	struct str role_arn, session;
	int64_t seconds;
};

static bool
read_wish(struct call *c, struct wish *wish)
{
	struct str duration = form_value(&c->form, "DurationSeconds");
	uint64_t seconds = DURATION_DEFAULT_S;

	if (!has_length(c, &wish->role_arn, "RoleArn", 20, 2048) ||
	    !has_length(
		c, &wish->session, "RoleSessionName", 2, SESSION_NAME_MAX))
		return false;
	if (!is_session_name(wish->session)) {
		FAIL(c, 400, "ValidationError",
		    "1 validation error detected: Value '%s' at "
		    "'roleSessionName' failed to satisfy constraint: Member "
		    "must satisfy regular expression pattern: [\\w+=,.@-]*",
		    CLEAN(wish->session));
		return false;
	}
	if (duration.p != NULL &&
	    (!str_to_u64(&seconds, duration) || seconds < DURATION_MIN_S ||
		seconds > DURATION_MAX_S)) {
		FAIL(c, 400, "ValidationError",
		    "1 validation error detected: Value '%s' at "
		    "'durationSeconds' failed to satisfy constraint: Member "
		    "must have value from %d to %d",
		    CLEAN(duration), DURATION_MIN_S, DURATION_MAX_S);
		return false;
	}
	wish->seconds = (int64_t)seconds;
	return true;
}

static const struct scenario_role *
find_role(const struct call *c, struct str arn)
{
	const struct scenario *s = c->m->scenario;

	for (size_t i = 0; i < s->role_count; i++) {
		if (str_eq(s->roles[i].arn, arn))
			return &s->roles[i];
	}
	return NULL;
}

/* Is the caller one of those that an entry of a trust policy means? */
static bool
is_trusted(struct str entry, const struct session *caller)
{
	struct str root = str_sub(entry, 0, entry.n);

	if (str_is(entry, "*") || str_eq(entry, caller->account) ||
	    str_eq(entry, caller->arn) ||
	    (caller->role_arn.n > 0 && str_eq(entry, caller->role_arn)))
		return true;
	if (!str_starts(entry, "arn:") || !str_ends(entry, ":root"))
		return false;
	root.n -= 5;
	return root.n > 12 &&
	       str_eq(str_sub(root, root.n - 12, 12), caller->account);
}

static bool
may_assume(const struct call *c, const struct scenario_role *role)
{
	struct str external_id = form_value(&c->form, "ExternalId");

	if (!auth_may(c->caller, "sts", "AssumeRole"))
		return false;
	if (role->external_id.n > 0 && !str_eq(role->external_id, external_id))
		return false;
	for (size_t i = 0; i < role->trust_count; i++) {
		if (is_trusted(role->trust[i], c->caller))
			return true;
	}
	return false;
}

static void
write_session(struct writer *w, const struct session *s)
{
	char stamp[STAMP_ISO_SIZE];

	writer_open(w, "AssumedRoleUser");
	writer_str(w, "Arn", s->arn);
	writer_str(w, "AssumedRoleId", s->user_id);
	writer_close(w, "AssumedRoleUser");
	writer_open(w, "Credentials");
	writer_str(w, "AccessKeyId", s->access_key_id);
	writer_str(w, "SecretAccessKey", s->secret);
	writer_str(w, "SessionToken", s->token);
	stamp_iso(stamp, s->expires_us);
	if (w->xml)
		writer_text(w, "Expiration", stamp);
	else
		writer_time_scientific(w, "Expiration", s->expires_us);
	writer_close(w, "Credentials");
	writer_null(w, "PackedPolicySize");
	writer_null(w, "SourceIdentity");
}

/* A new session, or NULL, which has answered. */
static const struct session *
give_session(
    struct call *c, const struct scenario_role *role, const struct wish *wish)
{
	const struct session *s = NULL;

	if (sessions_assume(&s, c->m->sessions, role, wish->session,
		c->q->now_us + wish->seconds * SECOND_US, NULL) != ERR_OK)
		FAIL(c, 500, "InternalFailure", "out of memory");
	return s;
}

static void
assume_role(struct call *c)
{
	struct str external_id = form_value(&c->form, "ExternalId");
	const struct scenario_role *role;
	const struct session *s;
	struct wish wish;
	struct writer w;

	if (!read_wish(c, &wish))
		return;
	if (external_id.p != NULL &&
	    !has_length(c, &external_id, "ExternalId", 2, 1224))
		return;
	role = find_role(c, wish.role_arn);
	if (role == NULL || !may_assume(c, role)) {
		FAIL(c, 403, "AccessDenied",
		    "User: %.*s is not authorized to perform: sts:AssumeRole "
		    "on resource: %s",
		    STR_FMT(c->caller->arn), CLEAN(wish.role_arn));
		return;
	}
	if (c->caller->role_arn.n > 0 && wish.seconds > DURATION_CHAINED_S) {
		FAIL(c, 400, "ValidationError",
		    "The requested DurationSeconds exceeds the 1 hour session "
		    "limit for roles assumed by role chaining");
		return;
	}
	s = give_session(c, role, &wish);
	if (s == NULL)
		return;
	begin(&w, c, "AssumeRoleResponse", "AssumeRoleResult");
	write_session(&w, s);
	end(&w, c, "AssumeRoleResponse", "AssumeRoleResult");
}

static bool
takes_token(const struct scenario_role *role, struct str token)
{
	for (size_t i = 0; i < role->web_token_count; i++) {
		if (sigv4_equal(role->web_tokens[i], token))
			return true;
	}
	return false;
}

static void
assume_role_with_web_identity(struct call *c)
{
	const struct scenario_role *role;
	const struct session *s;
	struct str token;
	struct wish wish;
	struct writer w;

	if (!read_wish(c, &wish) ||
	    !has_length(c, &token, "WebIdentityToken", 4, 20000))
		return;
	role = find_role(c, wish.role_arn);
	if (role == NULL || role->web_token_count == 0 ||
	    !auth_may(&(struct session){ .denied = role->denied,
			  .denied_count = role->denied_count },
		"sts", "AssumeRoleWithWebIdentity")) {
		FAIL(c, 403, "AccessDenied",
		    "Not authorized to perform "
		    "sts:AssumeRoleWithWebIdentity");
		return;
	}
	if (!takes_token(role, token)) {
		FAIL(c, 400, "InvalidIdentityToken",
		    "No role session for this token: the scenario's role does "
		    "not list it");
		return;
	}
	s = give_session(c, role, &wish);
	if (s == NULL)
		return;
	begin(&w, c, "AssumeRoleWithWebIdentityResponse",
	    "AssumeRoleWithWebIdentityResult");
	writer_text(&w, "Audience", "sts.amazonaws.com");
	writer_text(&w, "Provider", "oidc.fargate-mock.example");
	writer_text(
	    &w, "SubjectFromWebIdentityToken", "system:serviceaccount:mock");
	write_session(&w, s);
	end(&w, c, "AssumeRoleWithWebIdentityResponse",
	    "AssumeRoleWithWebIdentityResult");
}

/*
 * Which it is, and who asks
 */

static const struct action {
	const char *name;
	bool is_unsigned;
	void (*fn)(struct call *c);
} actions[] = {
	{ "GetCallerIdentity", false, get_caller_identity },
	{ "AssumeRole", false, assume_role },
	{ "AssumeRoleWithWebIdentity", true, assume_role_with_web_identity },
};

/* NULL has answered. */
static const struct action *
find_action(struct call *c)
{
	struct str name = form_value(&c->form, "Action");
	struct str version = form_value(&c->form, "Version");

	if (name.n == 0) {
		FAIL(c, 400, "MissingAction",
		    "The request must contain the parameter Action");
		return NULL;
	}
	if (!str_is(version, STS_VERSION)) {
		FAIL(c, 400, "NoSuchVersion",
		    "The requested version ( %s ) is not valid.",
		    CLEAN(version));
		return NULL;
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (str_is(name, actions[i].name))
			return &actions[i];
	}
	FAIL(c, 400, "InvalidAction",
	    "Could not find operation %s for version " STS_VERSION,
	    CLEAN(name));
	return NULL;
}

/* False has answered. */
static bool
is_signed(struct call *c)
{
	struct auth auth;
	enum auth_problem p = auth_check(&auth, c->a, c->m, c->q, "sts");

	c->caller = auth.session;
	switch (p) {
	case AUTH_FINE:
		return true;
	case AUTH_MISSING:
		FAIL(c, 403, "MissingAuthenticationToken", "%s", auth.text);
		break;
	case AUTH_INCOMPLETE:
		FAIL(c, 400, "IncompleteSignature", "%s", auth.text);
		break;
	case AUTH_UNKNOWN_KEY:
		FAIL(c, 403, "InvalidClientTokenId", "%s", auth.text);
		break;
	case AUTH_EXPIRED:
		FAIL(c, 403, "ExpiredToken", "%s", auth.text);
		break;
	case AUTH_BAD_SIGNATURE:
		FAIL(c, 403, "SignatureDoesNotMatch", "%s", auth.text);
		break;
	case AUTH_BROKEN:
		FAIL(c, 500, "InternalFailure", "%s", auth.text);
		break;
	}
	return false;
}

static void
dispatch(struct call *c, struct arena *arena)
{
	const struct action *action;
	struct err err = { 0 };

	if (c->q->query.n > 0 ||
	    form_parse(&c->form, arena, c->q->body, &err) != ERR_OK) {
		FAIL(c, 400, "MalformedQueryString", "%s",
		    c->q->query.n > 0
			? "this mock takes parameters in the body alone"
			: err.msg);
		return;
	}
	action = find_action(c);
	if (action == NULL)
		return;
	if (action->is_unsigned || is_signed(c))
		action->fn(c);
}

void
sts_answer(struct answer *a, const struct mock *m, const struct request *q)
{
	struct call c = { .a = a, .m = m, .q = q };
	struct arena arena;

	arena_init(&arena, FORM_BYTES_MAX);
	dispatch(&c, &arena);
	arena_release(&arena);
}
