/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_credentials.c - what tasks and the instance are given
 */
#include "asking.h"

#define HOUR_US ((int64_t)3600 * 1000 * 1000)

static struct asker k;

static void
setup(void)
{
	asker_init(&k, FULL);
}

static void
teardown(void)
{
	asker_release(&k);
}

static const struct scenario_task *
task(const char *name)
{
	const struct scenario_task *t =
	    scenario_task_find(k.m.scenario, str_of(name));

	ck_assert_ptr_nonnull(t);
	return t;
}

static const char *
credentials(const char *name)
{
	char path[128];

	snprintf(
	    path, sizeof(path), "%.*s", STR_FMT(task(name)->credentials_path));
	return ask(&k, METHOD_GET, path, "");
}

START_TEST(gives_a_task_its_role)
{
	const char *body = credentials("web");
	char *token = value_of(body, "Token");
	char *id = value_of(body, "AccessKeyId");
	char *secret = value_of(body, "SecretAccessKey");
	const struct session *s;

	ck_assert_int_eq(k.a.status, 200);
	ck_assert_str_eq(k.a.type, "application/json");
	ck_assert_str_eq(k.a.operation, "credentials");
	ck_assert_str_eq(k.a.access_key_id, id);
	ck_has(body, "{\"RoleArn\":\"arn:aws:iam::111122223333:role/services/"
		     "checkout-task\",\"AccessKeyId\":\"ASIA");
	ck_has(body, "\"Expiration\":\"2026-01-15T16:20:30Z\"}");
	ck_assert_uint_eq(strlen(id), 20);
	ck_assert_uint_eq(strlen(secret), 40);
	ck_assert_uint_ge(strlen(token), 400);
	ck_assert_uint_le(strlen(token), 1000);
	ck_assert_uint_eq(strlen(token) % 4, 0);
	s = sessions_find(k.m.sessions, str_of(id));
	ck_assert_ptr_nonnull(s);
	ck_str(s->token, token);
	ck_str(s->secret, secret);
	ck_str(s->account, "111122223333");
	ck_str(s->arn, "arn:aws:sts::111122223333:assumed-role/checkout-task/"
		       "4f8e7d6c5b4a39281706f5e4d3c2b1a0");
	ck_assert(str_starts(s->user_id, "AROA"));
	ck_assert(str_ends(s->user_id, ":4f8e7d6c5b4a39281706f5e4d3c2b1a0"));
	free(token);
	free(id);
	free(secret);
}
END_TEST

START_TEST(gives_the_override_of_a_task)
{
	ck_has(credentials("override"), "role/services/checkout-task-override");
}
END_TEST

START_TEST(gives_each_task_others)
{
	char *a = value_of(credentials("web"), "AccessKeyId");
	char *b = value_of(credentials("other"), "AccessKeyId");

	ck_assert_str_ne(a, b);
	ck_assert(!str_eq(
	    task("web")->credentials_path, task("other")->credentials_path));
	free(a);
	free(b);
}
END_TEST

static char *
id_now(void)
{
	return value_of(credentials("web"), "AccessKeyId");
}

START_TEST(renews_them_before_they_end)
{
	char *first = id_now(), *same, *later;

	k.now_us += 6 * HOUR_US - (int64_t)SESSION_RENEW_S * 1000 * 1000;
	same = id_now();
	ck_assert_str_eq(first, same);
	k.now_us += 1;
	later = id_now();
	ck_assert_str_ne(first, later);
	ck_assert_ptr_nonnull(sessions_find(k.m.sessions, str_of(first)));
	free(first);
	free(same);
	free(later);
}
END_TEST

START_TEST(renews_them_when_told)
{
	char *first = id_now(), *second, *third;
	const struct session *s;

	sessions_rotate(k.m.sessions, task("web"));
	second = id_now();
	ck_assert_str_ne(first, second);
	s = sessions_find(k.m.sessions, str_of(first));
	ck_assert_ptr_nonnull(s);
	ck_assert_int_gt(s->expires_us, k.now_us);
	sessions_expire(k.m.sessions, task("web"), k.now_us);
	third = id_now();
	ck_assert_str_ne(third, second);
	s = sessions_find(k.m.sessions, str_of(second));
	ck_assert_int_eq(s->expires_us, k.now_us);
	sessions_rotate(k.m.sessions, task("other"));
	sessions_expire(k.m.sessions, task("other"), 1);
	free(first);
	free(second);
	free(third);
}
END_TEST

START_TEST(gives_the_same_after_a_restart)
{
	char *first = id_now(), *again;

	teardown();
	setup();
	ck_assert_ptr_null(sessions_find(k.m.sessions, str_of(first)));
	again = id_now();
	ck_assert_str_eq(first, again);
	free(first);
	free(again);
}
END_TEST

START_TEST(has_none_for_a_task_without_a_role)
{
	ck_assert_str_eq(credentials("bare"),
	    "{\"code\":\"InvalidIdInRequest\",\"message\":"
	    "\"CredentialsV2Request: The task has no role\","
	    "\"HTTPErrorCode\":404}");
	ck_assert_int_eq(k.a.status, 404);
	ck_assert_str_eq(k.a.code, "InvalidIdInRequest");
}
END_TEST

static const struct {
	const char *path, *code;
} refused[] = {
	{ "/v2/credentials/", "NoIdInRequest" },
	{ "/v2/credentials/web", "InvalidIdInRequest" },
	{ "/v2/credentials/4f8e7d6c5b4a39281706f5e4d3c2b1a0",
	    "InvalidIdInRequest" },
	{ "/v2/credentials/00000000-0000-4000-a000-000000000000",
	    "InvalidIdInRequest" },
	{ "/v2/credentials//v2/credentials/", "InvalidIdInRequest" },
	{ "/v2/credentials/\xff\xff", "InvalidIdInRequest" },
};

START_TEST(refuses)
{
	const char *body = ask(&k, METHOD_GET, refused[_i].path, "");

	ck_assert_int_eq(k.a.status, 400);
	ck_assert_str_eq(k.a.code, refused[_i].code);
	ck_has(body, refused[_i].code);
	ck_has(body, "\"HTTPErrorCode\":400");
}
END_TEST

START_TEST(has_none_yet)
{
	struct scenario_task *t = &k.m.scenario->tasks[0];

	t->status = STR("PROVISIONING");
	ck_has(credentials("web"), "\"CredentialsUninitialized\"");
	ck_assert_int_eq(k.a.status, 503);
	t->status = STR("STOPPED");
	ck_has(credentials("web"), "\"AccessKeyId\"");
}
END_TEST

/*
 * The instance
 */

#define TTL   "X-aws-ec2-metadata-token-ttl-seconds"
#define TOKEN "X-aws-ec2-metadata-token"
#define ROLES "/latest/meta-data/iam/security-credentials/"

static char *
imds_token(const char *ttl)
{
	asker_header(&k, TTL, ttl);
	return strdup(ask(&k, METHOD_PUT, "/latest/api/token", ""));
}

static const char *
imds(const char *token, const char *path)
{
	asker_header(&k, TOKEN, token);
	return ask(&k, METHOD_GET, path, "");
}

START_TEST(gives_the_instance_its_role)
{
	char *token = imds_token("21600");
	const char *body;
	char *id;

	ck_assert_int_eq(k.a.status, 200);
	ck_assert_uint_eq(strlen(token), 56);
	ck_assert_str_eq(k.a.type, "text/plain");
	ck_assert_str_eq(k.a.headers[0].value, "21600");
	ck_assert_str_eq(imds(token, ROLES), "spire-verifier");
	ck_assert_str_eq(k.a.type, "text/plain");
	body = imds(token, ROLES "spire-verifier");
	ck_assert_int_eq(k.a.status, 200);
	ck_has(body, "{\"Code\":\"Success\",\"LastUpdated\":"
		     "\"2026-01-15T10:20:30Z\",\"Type\":\"AWS-HMAC\",");
	ck_has(body, "\"Expiration\":\"2026-01-15T16:20:30Z\"}");
	id = value_of(body, "AccessKeyId");
	ck_str(sessions_find(k.m.sessions, str_of(id))->arn,
	    "arn:aws:sts::444455556666:assumed-role/spire-verifier/"
	    "i-0123456789abcdef0");
	free(id);
	ck_assert_str_eq(
	    imds(token, "/latest/meta-data/placement/region"), "eu-west-1");
	ck_assert_str_eq(
	    imds(token, "/latest/meta-data/placement/availability-zone/"),
	    "eu-west-1b");
	ck_has(imds(token, ROLES "other"), "404");
	ck_assert_int_eq(k.a.status, 404);
	ck_has(imds(token, "/latest/meta-data/"), "404");
	ck_has(imds(token, "/latest/user-data"), "404");
	free(token);
}
END_TEST

START_TEST(has_no_role_for_an_instance)
{
	char *token = imds_token("60");

	k.m.scenario->instance_role = NULL;
	imds(token, ROLES);
	ck_assert_int_eq(k.a.status, 404);
	free(token);
}
END_TEST

static const char *const bad_ttls[] = { "", "0", "21601", "-1", "60s", "1e3" };

START_TEST(wants_a_time_to_live)
{
	free(imds_token(bad_ttls[_i]));
	ck_assert_int_eq(k.a.status, 400);
}
END_TEST

START_TEST(wants_a_token)
{
	char *token = imds_token("60");

	imds("", ROLES);
	ck_assert_int_eq(k.a.status, 401);
	imds("x", ROLES);
	ck_assert_int_eq(k.a.status, 401);
	ask(&k, METHOD_GET, ROLES, "");
	ck_assert_int_eq(k.a.status, 401);
	k.now_us += 59 * 1000 * 1000;
	imds(token, ROLES);
	ck_assert_int_eq(k.a.status, 200);
	k.now_us += 1000 * 1000;
	imds(token, ROLES);
	ck_assert_int_eq(k.a.status, 401);
	free(token);
}
END_TEST

START_TEST(keeps_methods_apart)
{
	asker_header(&k, TTL, "60");
	ask(&k, METHOD_GET, "/latest/api/token", "");
	ck_assert_int_eq(k.a.status, 405);
	ask(&k, METHOD_PUT, ROLES, "");
	ck_assert_int_eq(k.a.status, 405);
	asker_header(&k, TTL, "60");
	asker_header(&k, "X-Forwarded-For", "10.0.0.1");
	ask(&k, METHOD_PUT, "/latest/api/token", "");
	ck_assert_int_eq(k.a.status, 403);
}
END_TEST

/* Those of the scenario stay, the oldest of the others go. */
START_TEST(forgets_the_oldest)
{
	const struct session *s = NULL, *first;
	char id[32];

	ck_assert_int_eq(sessions_assume(&s, k.m.sessions, k.m.scenario->roles,
			     STR("one"), NOW_US, NULL),
	    ERR_OK);
	snprintf(id, sizeof(id), "%.*s", STR_FMT(s->access_key_id));
	first = sessions_find(k.m.sessions, str_of(id));
	ck_assert_ptr_eq(first, s);
	for (int i = 0; i < SESSIONS_MAX; i++)
		ck_assert_int_eq(
		    sessions_assume(&s, k.m.sessions, k.m.scenario->roles,
			STR("more"), NOW_US, NULL),
		    ERR_OK);
	ck_assert_ptr_null(sessions_find(k.m.sessions, str_of(id)));
	ck_assert_ptr_nonnull(
	    sessions_find(k.m.sessions, STR("AKIAEXAMPLEEXAMPLE01")));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("credentials");
	TCase *tc = tcase_create("credentials");

	tcase_set_timeout(tc, 240); /* 200,000 sessions under TSan */
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, gives_a_task_its_role);
	tcase_add_test(tc, gives_the_override_of_a_task);
	tcase_add_test(tc, gives_each_task_others);
	tcase_add_test(tc, renews_them_before_they_end);
	tcase_add_test(tc, renews_them_when_told);
	tcase_add_test(tc, gives_the_same_after_a_restart);
	tcase_add_test(tc, has_none_for_a_task_without_a_role);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, has_none_yet);
	tcase_add_test(tc, gives_the_instance_its_role);
	tcase_add_test(tc, has_no_role_for_an_instance);
	ck_table(tc, wants_a_time_to_live, bad_ttls);
	tcase_add_test(tc, wants_a_token);
	tcase_add_test(tc, keeps_methods_apart);
	tcase_add_test(tc, forgets_the_oldest);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
