/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/sts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/document.h"
#include "aws/sigv4.h"
#include "base/clock.h"
#include "json/json.h"

enum {
	BODY_MAX = 32 * 1024, /* a web identity's token has 20,000 at most */
	AUTHORIZATION_MAX = 1024,
	READ_MAX = 2 * STS_ANSWER_MAX,
	REQUEST_ID_MAX = 63,
	WHOAMI_SENDS = 3,
};

static int
no_memory(struct err *err)
{
	return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
}

static int
unusable(struct err *err, const char *operation, const char *what)
{
	return err_set(
	    err, ERR_UPSTREAM, "%s: AWS's answer %s", operation, what);
}

/*
 * The agent's half
 */

static void
stamp(char amz_date[17], int64_t now_s)
{
	time_t t = (time_t)now_s;
	struct tm tm;

	/* a year of five digits does not fit: that is no date to sign for */
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(amz_date, 17, "%Y%m%dT%H%M%SZ", &tm) == 0)
		amz_date[0] = '\0';
}

int
sts_proof_sign(char signature[65], char amz_date[17],
    const struct aws_keys *keys, const struct endpoint *endpoint,
    struct str region, struct str binding, int64_t now_s, struct err *err)
{
	const struct sigv4_credentials cred = { keys->access_key_id,
		keys->secret, keys->token };
	struct sigv4_scope scope = { .region = region, .service = STR("sts") };
	struct sigv4_request req = { .method = STR("POST"),
		.path = STR("/"),
		.body = STR(STS_IDENTITY_BODY),
		.signed_headers = STR(STS_PROOF_SIGNED) };
	struct sigv4_signed out;
	char date[17];
	int r;

	if (keys->token.n == 0)
		return err_set(err, ERR_MISSING,
		    "the keys have no session token: they are not a role's");
	stamp(date, now_s);
	scope.amz_date = str_of(date);
	sigv4_signed_init(&out);
	r = sigv4_add_header(
	    &req, STR("Content-Type"), STR(STS_CONTENT_TYPE), err);
	if (r == ERR_OK)
		r = sigv4_add_header(
		    &req, STR("Host"), str_of(endpoint->host), err);
	if (r == ERR_OK)
		r = sigv4_add_header(
		    &req, STR("X-Spire-Fargate-Binding"), binding, err);
	if (r == ERR_OK)
		r = sigv4_sign(&out, &req, &cred, &scope, 0, err);
	if (r == ERR_OK) {
		memcpy(signature, out.signature, SIGV4_HEX_SIZE);
		memcpy(amz_date, date, sizeof(date));
	}
	sigv4_signed_release(&out);
	return r;
}

/*
 * Answers
 */

static bool
is_json(struct str content_type)
{
	struct str rest, kind = str_trim(str_cut(&rest, content_type, ';'));

	return str_eq_nocase(kind, STR("application/json"));
}

/* It goes into logs: one that is not as AWS's are is left out. */
static int
take_request_id(
    struct str *request_id, struct json v, struct arena *a, struct err *err)
{
	struct str text = { NULL, 0 };

	if (v.type != 0 && json_string(&text, v, a, NULL) != ERR_OK)
		return no_memory(err);
	if (text.n <= REQUEST_ID_MAX && str_is_alnum_or(text, "-_"))
		*request_id = text;
	return ERR_OK;
}

/* {"<operation>Response":{"<operation>Result":RESULT,...}} */
static int
open_result(struct json *result, struct str *request_id, const char *operation,
    struct str content_type, struct str body, struct arena *a, struct err *err)
{
	char response_name[64], result_name[64];
	struct json root, response, meta = { .type = 0 }, id = { .type = 0 };
	const struct json_want in_root[] = { { response_name, JSON_OBJECT, true,
	    &response } };
	const struct json_want in_response[] = { { result_name, JSON_OBJECT,
						     true, result },
		{ "ResponseMetadata", JSON_OBJECT, false, &meta } };
	const struct json_want in_meta[] = { { "RequestId", JSON_STRING, false,
	    &id } };

	(void)snprintf(
	    response_name, sizeof(response_name), "%sResponse", operation);
	(void)snprintf(result_name, sizeof(result_name), "%sResult", operation);
	if (!is_json(content_type))
		return unusable(err, operation, "is not application/json");
	if (body.n > STS_ANSWER_MAX)
		return unusable(err, operation, "is too long");
	if (json_open(&root, body, NULL) != ERR_OK || root.type != JSON_OBJECT)
		return unusable(err, operation, "is no JSON object");
	if (json_members(root, in_root, 1, JSON_EXACT, NULL) != ERR_OK ||
	    json_members(response, in_response, 2, JSON_EXACT, NULL) != ERR_OK)
		return unusable(err, operation, "has another shape");
	if (request_id == NULL || meta.type == 0)
		return ERR_OK;
	if (json_members(meta, in_meta, 1, 0, NULL) != ERR_OK)
		return unusable(err, operation, "has another shape");
	return take_request_id(request_id, id, a, err);
}

int
sts_identity_read(struct sts_identity *out, struct arena *a,
    struct str content_type, struct str body, struct err *err)
{
	static const char operation[] = "GetCallerIdentity";
	struct sts_identity got = { .account = { NULL, 0 } };
	struct json result, account, arn, user;
	const struct json_want want[] = {
		{ "Account", JSON_STRING, true, &account },
		{ "Arn", JSON_STRING, true, &arn },
		{ "UserId", JSON_STRING, true, &user },
	};
	int r = open_result(
	    &result, &got.request_id, operation, content_type, body, a, err);

	if (r != ERR_OK)
		return r;
	if (json_members(result, want, 3, JSON_EXACT, NULL) != ERR_OK)
		return unusable(err, operation, "has another shape");
	if (json_string(&got.account, account, a, NULL) != ERR_OK ||
	    json_string(&got.arn, arn, a, NULL) != ERR_OK ||
	    json_string(&got.user_id, user, a, NULL) != ERR_OK)
		return no_memory(err);
	*out = got;
	return ERR_OK;
}

static int
read_keys(struct aws_keys *value, struct arena *a, const char *operation,
    struct json result, struct err *err)
{
	struct json object, id, secret, token, expiration;
	const struct json_want in_result[] = { { "Credentials", JSON_OBJECT,
	    true, &object } };
	const struct json_want want[] = {
		{ "AccessKeyId", JSON_STRING, true, &id },
		{ "SecretAccessKey", JSON_STRING, true, &secret },
		{ "SessionToken", JSON_STRING, true, &token },
		{ "Expiration", JSON_STRING | JSON_NUMBER, true, &expiration },
	};

	if (json_members(result, in_result, 1, 0, NULL) != ERR_OK ||
	    json_members(object, want, 4, 0, NULL) != ERR_OK)
		return unusable(err, operation, "has no credentials in it");
	if (json_string(&value->access_key_id, id, a, NULL) != ERR_OK ||
	    json_string(&value->secret, secret, a, NULL) != ERR_OK ||
	    json_string(&value->token, token, a, NULL) != ERR_OK)
		return no_memory(err);
	if (value->token.n == 0)
		return unusable(err, operation, "has an empty SessionToken");
	if (!document_time(&value->expires_s, expiration))
		return unusable(err, operation, "has no usable Expiration");
	return ERR_OK;
}

int
sts_keys_read(struct aws_keys **keysp, const char *operation,
    const char *source, struct str content_type, struct str body,
    struct err *err)
{
	struct aws_keys value = { .source = source };
	struct json result;
	struct arena arena;
	int r;

	arena_init(&arena, READ_MAX);
	r = open_result(
	    &result, NULL, operation, content_type, body, &arena, err);
	if (r == ERR_OK)
		r = read_keys(&value, &arena, operation, result, err);
	if (r != ERR_OK)
		goto out;
	r = aws_keys_new(keysp, &value, NULL);
	if (r == ERR_FORMAT)
		r = unusable(
		    err, operation, "has keys outside of their grammar");
	else if (r != ERR_OK)
		r = no_memory(err);
out:
	arena_release(&arena);
	return r;
}

/*
 * GetCallerIdentity, by an agent's signature or our own
 */

/* An answer that is too long is as unusable as any other. */
static int
take_error(struct err *why, int r, const struct err *err)
{
	*why = *err;
	why->code = r == ERR_TOOBIG ? ERR_UPSTREAM : r;
	return why->code;
}

struct sts_identify {
	struct aws_call *call;
	bool is_theirs; /* an agent's signature */
	sts_identity_fn *done;
	void *arg;
};

/* An agent comes back with the next session's keys, so this may pass. */
static bool
has_expired(const struct sts_identify *id, const struct aws_answer *answer)
{
	return id->is_theirs && answer != NULL &&
	       (str_is(answer->code, "ExpiredToken") ||
		   str_is(answer->code, "ExpiredTokenException"));
}

static void
on_identified(
    void *arg, int r, const struct aws_answer *answer, const struct err *err)
{
	struct sts_identify *id = arg;
	struct sts_identity identity = { .account = { NULL, 0 } };
	struct err why = { 0 };
	struct arena arena;

	arena_init(&arena, READ_MAX);
	if (r == ERR_OK)
		r = sts_identity_read(&identity, &arena, answer->content_type,
		    answer->body, &why);
	else if (r == ERR_POLICY && has_expired(id, answer))
		r = err_set(&why, ERR_UNAVAILABLE,
		    "GetCallerIdentity: the session of the task's role has "
		    "ended (ExpiredToken)");
	else
		r = take_error(&why, r, err);
	if (answer != NULL && answer->request_id.n > 0)
		identity.request_id = answer->request_id;
	id->done(id->arg, r, &identity, &why);
	arena_release(&arena);
	free(id);
}

static int
identify(struct sts_identify **callp, const struct aws_caller *caller,
    const struct aws_request *req, sts_identity_fn *done, void *arg,
    struct err *err)
{
	struct sts_identify *id = calloc(1, sizeof(*id));
	int r;

	if (id == NULL)
		return no_memory(err);
	id->done = done;
	id->arg = arg;
	id->is_theirs = req->is_anothers;
	r = aws_call_start(&id->call, caller, req, on_identified, id, err);
	if (r != ERR_OK) {
		free(id);
		return r;
	}
	*callp = id;
	return ERR_OK;
}

/* SignedHeaders is ours, so is everything that it names. */
static int
compose_authorization(
    struct buf *out, const struct sts_proof *proof, struct err *err)
{
	const struct sigv4_scope scope = { proof->amz_date, proof->region,
		STR("sts") };

	return sigv4_authorization(out, proof->access_key_id, &scope,
	    STR(STS_PROOF_SIGNED), proof->signature, err);
}

int
sts_identify_start(struct sts_identify **callp, const struct aws_caller *caller,
    const struct sts_proof *proof, struct aws_gate *gate, int64_t deadline_ms,
    sts_identity_fn *done, void *arg, struct err *err)
{
	struct aws_request req = {
		.operation = "GetCallerIdentity",
		.service = "sts",
		.region = proof->region,
		.endpoint = proof->endpoint,
		.body = STR(STS_IDENTITY_BODY),
		.gate = gate,
		.is_anothers = true,
		.body_max = STS_ANSWER_MAX,
		.deadline_ms = deadline_ms,
		.send_ms = STS_SEND_MS,
		.sends = 3,
	};
	struct http_header headers[6];
	struct buf authorization;
	int r;

	buf_init(&authorization, AUTHORIZATION_MAX);
	r = compose_authorization(&authorization, proof, err);
	if (r != ERR_OK)
		goto out;
	headers[0] =
	    (struct http_header){ STR("Content-Type"), STR(STS_CONTENT_TYPE) };
	headers[1] = (struct http_header){ STR("X-Amz-Date"), proof->amz_date };
	headers[2] = (struct http_header){ STR("X-Amz-Security-Token"),
		proof->session_token };
	headers[3] = (struct http_header){ STR("X-Spire-Fargate-Binding"),
		proof->binding };
	headers[4] = (struct http_header){ STR("Authorization"),
		buf_str(&authorization) };
	headers[5] =
	    (struct http_header){ STR("Accept"), STR("application/json") };
	req.headers = headers;
	req.header_count = 6;
	r = identify(callp, caller, &req, done, arg, err);
out:
	buf_wipe(&authorization);
	return r;
}

int
sts_whoami_start(struct sts_identify **callp, const struct aws_caller *caller,
    struct aws_keys *keys, const struct endpoint *endpoint, struct str region,
    int64_t deadline_ms, sts_identity_fn *done, void *arg, struct err *err)
{
	const struct http_header headers[] = {
		{ STR("Content-Type"), STR(STS_CONTENT_TYPE) },
		{ STR("Accept"), STR("application/json") },
	};
	const struct aws_request req = {
		.operation = "GetCallerIdentity",
		.service = "sts",
		.region = region,
		.endpoint = endpoint,
		.headers = headers,
		.header_count = 2,
		.body = STR(STS_IDENTITY_BODY),
		.keys = keys,
		.body_max = STS_ANSWER_MAX,
		.deadline_ms = deadline_ms,
		.send_ms = STS_SEND_MS,
		.sends = WHOAMI_SENDS,
	};

	return identify(callp, caller, &req, done, arg, err);
}

void
sts_identify_cancel(struct sts_identify *call)
{
	aws_call_cancel(call->call);
}

/*
 * AssumeRole
 */

struct sts_assume {
	struct aws_call *call;
	const char *operation, *source;
	sts_keys_fn *done;
	void *arg;
};

static void
on_assumed(
    void *arg, int r, const struct aws_answer *answer, const struct err *err)
{
	struct sts_assume *as = arg;
	struct aws_keys *keys = NULL;
	struct err why = { 0 };

	if (r == ERR_OK)
		r = sts_keys_read(&keys, as->operation, as->source,
		    answer->content_type, answer->body, &why);
	else
		r = take_error(&why, r, err);
	as->done(as->arg, r, keys, &why);
	aws_keys_unref(keys);
	free(as);
}

/* &name=value, percent-encoded as a form is. */
static void
add_field(struct buf *b, const char *name, struct str value)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t i;

	buf_add_char(b, '&');
	buf_add_text(b, name);
	buf_add_char(b, '=');
	for (i = 0; i < value.n; i++) {
		const char c = value.p[i];
		const unsigned char u = (unsigned char)c;

		if (str_is_alnum_or((struct str){ &c, 1 }, "-_.~")) {
			buf_add_char(b, c);
			continue;
		}
		buf_add_char(b, '%');
		buf_add_char(b, hex[u >> 4]);
		buf_add_char(b, hex[u & 15]);
	}
}

static void
write_assume(struct buf *b, const char *operation, const struct sts_role *role)
{
	char seconds[16];

	buf_addf(b, "Action=%s&Version=2011-06-15", operation);
	add_field(b, "RoleArn", role->role_arn);
	add_field(b, "RoleSessionName", role->session_name);
	if (role->external_id.n > 0)
		add_field(b, "ExternalId", role->external_id);
	if (role->web_token.n > 0)
		add_field(b, "WebIdentityToken", role->web_token);
	if (role->duration_s > 0) {
		(void)snprintf(
		    seconds, sizeof(seconds), "%u", role->duration_s);
		add_field(b, "DurationSeconds", str_of(seconds));
	}
}

static int
start_assume(struct sts_assume *as, const struct aws_caller *caller,
    const struct sts_role *role, struct str body, int64_t deadline_ms,
    struct err *err)
{
	const struct http_header headers[] = {
		{ STR("Content-Type"), STR(STS_CONTENT_TYPE) },
		{ STR("Accept"), STR("application/json") },
	};
	const struct aws_request req = {
		.operation = as->operation,
		.service = "sts",
		.region = role->region,
		.endpoint = role->endpoint,
		.headers = headers,
		.header_count = 2,
		.body = body,
		.keys = role->web_token.n > 0 ? NULL : role->keys,
		.body_max = STS_ANSWER_MAX,
		.deadline_ms = deadline_ms,
		.send_ms = STS_SEND_MS,
		.sends = 3,
	};

	return aws_call_start(&as->call, caller, &req, on_assumed, as, err);
}

int
sts_assume_start(struct sts_assume **callp, const struct aws_caller *caller,
    const struct sts_role *role, int64_t deadline_ms, sts_keys_fn *done,
    void *arg, struct err *err)
{
	struct sts_assume *as = calloc(1, sizeof(*as));
	struct buf body;
	int r;

	if (as == NULL)
		return no_memory(err);
	as->operation =
	    role->web_token.n > 0 ? "AssumeRoleWithWebIdentity" : "AssumeRole";
	as->source = role->source;
	as->done = done;
	as->arg = arg;
	buf_init(&body, BODY_MAX);
	write_assume(&body, as->operation, role);
	r = buf_check(&body, err);
	if (r == ERR_OK)
		r = start_assume(
		    as, caller, role, buf_str(&body), deadline_ms, err);
	if (r == ERR_OK)
		*callp = as;
	else
		free(as);
	buf_wipe(&body);
	return r;
}

void
sts_assume_cancel(struct sts_assume *call)
{
	aws_call_cancel(call->call);
}
