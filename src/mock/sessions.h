/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions.h - the keys and tokens that the mock knows
 *
 * The access keys of the scenario, and the sessions of roles that were given
 * out: to tasks, to the instance, by AssumeRole.  All is made of names by a
 * public rule: this is a mock, and a test sees the same keys each time.  But a
 * key opens something only after it was given out.  At most SESSIONS_MAX are
 * known; beyond it the oldest is forgotten.
 *
 * A session is good until the next call that makes one.
 */
#ifndef MOCK_SESSIONS_H
#define MOCK_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/sigv4.h"
#include "base/err.h"
#include "base/str.h"
#include "mock/scenario.h"

enum {
	SESSIONS_MAX = 200 * 1000,
	SESSION_TASK_S = 6 * 3600, /* of a task's credentials, as ECS has it */
	SESSION_RENEW_S = 15 * 60, /* new ones when that little is left */
	SESSION_NAME_MAX = 64,
	IMDS_TOKEN_SIZE = 57, /* with the NUL */
	REQUEST_ID_SIZE = SCENARIO_UUID_SIZE,
};

struct sessions;

/* Whose signature it is. */
struct session {
	struct str access_key_id, secret;
	struct str token;   /* empty: a long-term key */
	int64_t expires_us; /* time of day; 0: never */
	struct str account;
	struct str arn; /* of the user, or the session of a role */
	struct str user_id;
	struct str role_arn;      /* with its path; empty: no role */
	const struct str *denied; /* actions */
	size_t denied_count;
};

int sessions_new(
    struct sessions **sp, const struct scenario *s, struct err *err) MUST_USE;
void sessions_free(struct sessions *ss); /* NULL is fine; wipes */

/* NULL: nobody has that key. */
const struct session *sessions_find(
    struct sessions *ss, struct str access_key_id);

/* The signing key that auth asks for, kept for the next time. */
int sessions_signing_key(unsigned char key[SIGV4_KEY_BYTES],
    struct sessions *ss, const struct sigv4_authorization *auth,
    struct err *err) MUST_USE;

/*
 * What a task's credentials are now; new ones if they are about to end.
 * ERR_MISSING: the task has no role.
 */
int sessions_of_task(const struct session **out, struct sessions *ss,
    const struct scenario_task *t, int64_t now_us, struct err *err) MUST_USE;

/* The same of the instance; ERR_MISSING: it has no role. */
int sessions_of_instance(const struct session **out, struct sessions *ss,
    int64_t now_us, struct err *err) MUST_USE;

/* The task's next credentials are others; those given out stay good. */
void sessions_rotate(struct sessions *ss, const struct scenario_task *t);

/* The task's last credentials have ended now; its next ones are others. */
void sessions_expire(
    struct sessions *ss, const struct scenario_task *t, int64_t now_us);

/* A session of a listed role. */
int sessions_assume(const struct session **out, struct sessions *ss,
    const struct scenario_role *role, struct str session_name,
    int64_t expires_us, struct err *err) MUST_USE;

/* Tokens of the instance metadata service. */
void sessions_imds_token(
    char out[IMDS_TOKEN_SIZE], struct sessions *ss, int64_t expires_us);
bool sessions_is_imds_token(
    const struct sessions *ss, struct str token, int64_t now_us);

/* Each another one. */
void sessions_request_id(
    char out[REQUEST_ID_SIZE], struct sessions *ss, int64_t now_us);

#endif
