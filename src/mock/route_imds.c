/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route_imds.c - the instance metadata service of EC2, version 2 only
 *
 * Behind /latest/.  The instance has the scenario's instance_role and stands
 * where the default task does.
 */
#include <stdio.h>

#include "mock/route.h"
#include "mock/sessions.h"
#include "mock/stamp.h"
#include "mock/writer.h"

#define TTL_HEADER   "x-aws-ec2-metadata-token-ttl-seconds"
#define TOKEN_HEADER "x-aws-ec2-metadata-token"
#define SECOND_US    ((int64_t)1000 * 1000)

enum { TTL_MAX_S = 21600 };

/* AWS's errors here are pages of HTML. */
static void
fail(struct answer *a, int status, const char *text)
{
	a->status = status;
	a->type = "text/html";
	buf_clear(&a->body);
	buf_addf(&a->body,
	    "<html><head><title>%d - %s</title></head><body>"
	    "<h1>%d - %s</h1></body></html>\n",
	    status, text, status, text);
	snprintf(a->code, sizeof(a->code), "%s", text);
}

static void
answer_token(struct answer *a, const struct mock *m, const struct request *q)
{
	struct str ttl = request_header(q, TTL_HEADER);
	char token[IMDS_TOKEN_SIZE], text[24];
	uint64_t seconds;

	if (request_header(q, "X-Forwarded-For").n > 0) {
		fail(a, 403, "Forbidden");
		return;
	}
	if (!str_to_u64(&seconds, str_trim(ttl)) || seconds == 0 ||
	    seconds > TTL_MAX_S) {
		fail(a, 400, "Bad Request");
		return;
	}
	sessions_imds_token(
	    token, m->sessions, q->now_us + (int64_t)seconds * SECOND_US);
	snprintf(text, sizeof(text), "%u", (unsigned)seconds);
	answer_header(a, TTL_HEADER, text);
	a->type = "text/plain";
	buf_add_text(&a->body, token);
}

static void
answer_credentials(
    struct answer *a, const struct mock *m, const struct request *q)
{
	const struct session *s = NULL;
	char stamp[STAMP_ISO_SIZE];
	struct writer w;

	if (sessions_of_instance(&s, m->sessions, q->now_us, NULL) != ERR_OK) {
		fail(a, 500, "Internal Server Error");
		return;
	}
	snprintf(a->access_key_id, sizeof(a->access_key_id), "%.*s",
	    STR_FMT(s->access_key_id));
	writer_init(&w, &a->body, false);
	writer_open(&w, NULL);
	writer_text(&w, "Code", "Success");
	stamp_iso(stamp, s->expires_us - SESSION_TASK_S * SECOND_US);
	writer_text(&w, "LastUpdated", stamp);
	writer_text(&w, "Type", "AWS-HMAC");
	writer_str(&w, "AccessKeyId", s->access_key_id);
	writer_str(&w, "SecretAccessKey", s->secret);
	writer_str(&w, "Token", s->token);
	stamp_iso(stamp, s->expires_us);
	writer_text(&w, "Expiration", stamp);
	writer_close(&w, NULL);
}

static void
answer_role(struct answer *a, const struct mock *m, const struct request *q,
    struct str role)
{
	const struct scenario_role *has = m->scenario->instance_role;

	if (has == NULL || (role.n > 0 && !str_eq(role, has->name)))
		fail(a, 404, "Not Found");
	else if (role.n > 0)
		answer_credentials(a, m, q);
	else
		buf_add(&a->body, has->name);
}

static void
answer_data(struct answer *a, const struct mock *m, const struct request *q,
    struct str path)
{
	static const char roles[] = "iam/security-credentials/";
	const struct scenario_task *t = m->scenario->default_task;

	if (!sessions_is_imds_token(
		m->sessions, request_header(q, TOKEN_HEADER), q->now_us)) {
		fail(a, 401, "Unauthorized");
		return;
	}
	a->type = "text/plain";
	if (str_starts(path, "placement/") && str_ends(path, "/"))
		path.n--;
	if (str_starts(path, roles))
		answer_role(a, m, q, str_sub(path, sizeof(roles) - 1, path.n));
	else if (str_is(path, "iam/security-credentials"))
		answer_role(a, m, q, STR(""));
	else if (str_is(path, "placement/region"))
		buf_add(&a->body, t->cluster->region);
	else if (str_is(path, "placement/availability-zone"))
		buf_add(&a->body, t->availability_zone);
	else
		fail(a, 404, "Not Found");
}

void
imds_answer(struct answer *a, const struct mock *m, const struct request *q,
    struct str rest)
{
	static const char data[] = "meta-data/";
	bool puts = q->method == METHOD_PUT;

	if (m->sessions == NULL)
		fail(a, 500, "Internal Server Error");
	else if (str_is(rest, "api/token") && puts)
		answer_token(a, m, q);
	else if (str_is(rest, "api/token") || puts)
		fail(a, 405, "Method Not Allowed");
	else if (str_starts(rest, data))
		answer_data(a, m, q, str_sub(rest, sizeof(data) - 1, rest.n));
	else
		fail(a, 404, "Not Found");
}
