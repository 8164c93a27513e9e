/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route_credentials.c - the container credentials of tasks
 *
 * Behind /v2/credentials/: a UUID made of the task's ARN, as
 * AWS_CONTAINER_CREDENTIALS_RELATIVE_URI has it.  Errors are the documents of
 * the ECS agent.  A stopped task goes on having credentials, since those that
 * left it do.
 */
#include <stdio.h>

#include "mock/route.h"
#include "mock/sessions.h"
#include "mock/stamp.h"
#include "mock/writer.h"

enum { UUID_LEN = SCENARIO_UUID_SIZE - 1 };

static void
fail(struct answer *a, int status, const char *code, const char *text)
{
	struct writer w;

	a->status = status;
	snprintf(a->code, sizeof(a->code), "%s", code);
	buf_clear(&a->body);
	writer_init(&w, &a->body, false);
	writer_open(&w, NULL);
	writer_text(&w, "code", code);
	writer_print(&w, "message", "CredentialsV2Request: %s", text);
	writer_int(&w, "HTTPErrorCode", status);
	writer_close(&w, NULL);
}

static void
write_credentials(struct answer *a, const struct session *s)
{
	char stamp[STAMP_ISO_SIZE];
	struct writer w;

	snprintf(a->access_key_id, sizeof(a->access_key_id), "%.*s",
	    STR_FMT(s->access_key_id));
	stamp_iso(stamp, s->expires_us);
	writer_init(&w, &a->body, false);
	writer_open(&w, NULL);
	writer_str(&w, "RoleArn", s->role_arn);
	writer_str(&w, "AccessKeyId", s->access_key_id);
	writer_str(&w, "SecretAccessKey", s->secret);
	writer_str(&w, "Token", s->token);
	writer_text(&w, "Expiration", stamp);
	writer_close(&w, NULL);
}

void
credentials_answer(struct answer *a, const struct mock *m,
    const struct request *q, struct str rest)
{
	const struct scenario_task *t = NULL;
	const struct session *s = NULL;
	int r;

	if (rest.n == 0) {
		fail(a, 400, "NoIdInRequest", "No ID in the request");
		return;
	}
	if (rest.n == UUID_LEN)
		t = scenario_credentials_find(m->scenario, q->path);
	if (t == NULL) {
		fail(a, 400, "InvalidIdInRequest", "Credentials not found");
		return;
	}
	if (m->sessions == NULL || str_is(t->status, "PROVISIONING")) {
		fail(a, 503, "CredentialsUninitialized",
		    "Credentials uninitialized for ID");
		return;
	}
	r = sessions_of_task(&s, m->sessions, t, q->now_us, NULL);
	if (r == ERR_OK)
		write_credentials(a, s);
	else if (r == ERR_MISSING)
		fail(a, 404, "InvalidIdInRequest", "The task has no role");
	else
		fail(a, 500, "InternalServerError", "out of memory");
}
