/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/aws.h"

#include <stdio.h>
#include <unistd.h>

#include "ask_aws.h"
#include "base/log.h"

enum { PLACES = 1024 };

static struct ask a, b;

static void
set_up(void)
{
	ask_set_up();
}

/*
 * Settings
 */

static const struct bad {
	struct str sts, ecs, ca;
	const char *says;
} bad[] = {
	{ { "http://sts.example.org", 22 }, { NULL, 0 }, { NULL, 0 },
	    "sts_endpoint: " },
	{ { NULL, 0 }, { "http://ecs.example.org", 22 }, { NULL, 0 },
	    "ecs_endpoint: " },
	{ { "https://sts.example.org/path", 28 }, { NULL, 0 }, { NULL, 0 },
	    "sts_endpoint: " },
	{ { NULL, 0 }, { "nonsense", 8 }, { NULL, 0 }, "ecs_endpoint: " },
	{ { NULL, 0 }, { NULL, 0 }, { "/nowhere/ca.pem", 15 },
	    "ca_bundle_path" },
};

START_TEST(refuses)
{
	struct err err = { 0 };

	settings.sts_endpoint = bad[_i].sts;
	settings.ecs_endpoint = bad[_i].ecs;
	settings.ca_bundle_path = bad[_i].ca;
	ck_assert_int_eq(
	    aws_new(&aws, lab_loop, &lab_http, &settings, NULL, &err),
	    ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, bad[_i].says));
	ck_assert_ptr_null(aws);
}
END_TEST

START_TEST(refuses_a_bundle_of_the_environment_that_is_not_there)
{
	struct err err = { 0 };

	(void)setenv("AWS_CA_BUNDLE", "/nowhere/ca.pem", 1);
	ck_assert_int_eq(
	    aws_new(&aws, lab_loop, &lab_http, &settings, NULL, &err),
	    ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "AWS_CA_BUNDLE"));
}
END_TEST

START_TEST(copies_its_settings)
{
	char id[] = "AKIAOWN", secret[] = "secret", sts[64], ecs[64];

	(void)snprintf(sts, sizeof(sts), "%s", fake_aws_url(fake));
	(void)snprintf(ecs, sizeof(ecs), "%s", fake_aws_url(fake));
	settings.access_key_id = str_of(id);
	settings.secret_access_key = str_of(secret);
	settings.sts_endpoint = str_of(sts);
	settings.ecs_endpoint = str_of(ecs);
	ask_open();
	memset(id, 'x', sizeof(id));
	memset(secret, 'x', sizeof(secret));
	memset(sts, 'x', sizeof(sts));
	memset(ecs, 'x', sizeof(ecs));
	memset(&settings, 'x', sizeof(settings));
	ask_script_identity();
	ask_script_tasks();
	ck_assert_int_eq(ask_task(&a, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	ck_assert(is_signed_by(fake_aws_request(fake, TASKS, 1), "AKIAOWN"));
}
END_TEST

START_TEST(finds_sts_by_region_or_as_configured)
{
	struct endpoint e;
	struct str region;

	settings.sts_endpoint = STR("");
	ask_open();
	ck_assert_int_eq(aws_sts_endpoint(&e, &region, aws, STR("eu-west-1"),
			     NULL),
	    ERR_OK);
	ck_assert_str_eq(e.host, "sts.eu-west-1.amazonaws.com");
	ck_str(region, "eu-west-1");
	ck_assert_int_eq(aws_sts_endpoint(&e, &region, aws,
			     STR("eu-west-1.evil.com"), NULL),
	    ERR_FORMAT);
	ck_assert_int_eq(
	    aws_sts_endpoint(&e, &region, aws, STR("cn-north-1"), NULL),
	    ERR_FORMAT);
	aws_unref(aws);
	settings.sts_region = STR("us-east-2");
	ask_open();
	ck_assert_int_eq(aws_sts_endpoint(&e, &region, aws, STR("eu-west-1"),
			     NULL),
	    ERR_OK);
	ck_assert_str_eq(e.host, "sts.us-east-2.amazonaws.com");
	ck_str(region, "us-east-2");
}
END_TEST

/*
 * Identities
 */

START_TEST(sends_the_proof_of_an_agent_as_it_was_signed)
{
	const struct fake_request *got;

	ask_script_identity();
	ask_open();
	ck_assert_int_eq(ask_identity(&a, OTHER, 20000), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	ck_assert_str_eq(a.text, OWN);
	got = fake_aws_request(fake, IDENTITY, 1);
	ck_str(got->body, "Action=GetCallerIdentity&Version=2011-06-15");
	ck_str(fake_header(got, "Content-Type"),
	    "application/x-www-form-urlencoded; charset=utf-8");
	ck_str(fake_header(got, "Accept"), "application/json");
	ck_str(fake_header(got, "X-Amz-Date"), "20261122T030405Z");
	ck_str(fake_header(got, "X-Amz-Security-Token"), "token");
	ck_str(fake_header(got, "X-Spire-Fargate-Binding"), "v1.binding");
	ck_str(fake_header(got, "Authorization"),
	    "AWS4-HMAC-SHA256 Credential=ASIAAGENTEXAMPLE0001/20261122/"
	    "us-east-1/sts/aws4_request, SignedHeaders=content-type;host;"
	    "x-amz-date;x-amz-security-token;x-spire-fargate-binding, "
	    "Signature=00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff");
	/* our own keys were not needed */
	ck_assert_uint_eq(fake_aws_count(fake, NULL), 1);
}
END_TEST

START_TEST(never_keeps_an_identity)
{
	ask_script_identity();
	ask_open();
	ck_assert_int_eq(ask_identity(&a, OWN, 20000), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	ck_assert_int_eq(ask_identity(&b, OWN, 20000), ERR_OK);
	ck_assert_int_eq(ask_result(&b), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, IDENTITY), 2);
}
END_TEST

static const struct denial {
	int status;
	const char *headers, *body;
	int r;
	unsigned sends;
} denials[] = {
	{ 403, JSON, "{\"Error\":{\"Code\":\"SignatureDoesNotMatch\"}}",
	    ERR_POLICY, 1 },
	/* the agent has other keys by the time it comes back */
	{ 403, JSON, "{\"Error\":{\"Code\":\"ExpiredToken\"}}",
	    ERR_UNAVAILABLE, 1 },
	{ 400, JSON, "{\"Error\":{\"Code\":\"ExpiredTokenException\"}}",
	    ERR_UNAVAILABLE, 1 },
	{ 400, JSON, "{\"Error\":{\"Code\":\"Throttling\"}}", ERR_UNAVAILABLE,
	    3 },
	{ 503, NULL, "", ERR_UNAVAILABLE, 3 },
	{ 429, NULL, "", ERR_UNAVAILABLE, 3 },
	{ 302, NULL, "", ERR_UPSTREAM, 1 },
	{ 200, "Content-Type: text/xml\r\n", "<GetCallerIdentityResponse/>",
	    ERR_UPSTREAM, 1 },
	{ 200, NULL, "{}", ERR_UPSTREAM, 1 },
	{ 200, JSON, "{\"ErrorResponse\":{}}", ERR_UPSTREAM, 1 },
};

START_TEST(does_not_take_for_an_identity)
{
	FAKE_REPLY(fake, IDENTITY, .status = denials[_i].status,
	    .headers = denials[_i].headers, .body = denials[_i].body);
	ask_open();
	ck_assert_int_eq(ask_identity(&a, OWN, 20000), ERR_OK);
	ck_assert_int_eq(ask_result(&a), denials[_i].r);
	ck_assert_uint_eq(fake_aws_count(fake, IDENTITY), denials[_i].sends);
}
END_TEST

START_TEST(budgets_are_of_each_account_and_region)
{
	int i, refused = 0;

	settings.sts_rate = 1;
	ask_script_identity();
	ask_open();
	for (i = 0; i < 300; i++) {
		ck_assert_int_eq(ask_identity(&a, OWN, 20000), ERR_OK);
		ask_cancel(&a);
		(void)ask_result(&a);
	}
	/* a second or so may have brought a token or two */
	for (i = 0; i < 60 && refused == 0; i++) {
		if (ask_identity(&a, OWN, 10) != ERR_OK)
			refused = a.r;
		else
			(void)ask_result(&a);
	}
	ck_assert_int_eq(refused, ERR_UNAVAILABLE);
	ck_assert_int_eq(ask_identity(&b, OTHER, 20000), ERR_OK);
	ck_assert_int_eq(ask_result(&b), ERR_OK);
}
END_TEST

/*
 * Places
 */

START_TEST(forgets_places_that_are_not_used)
{
	char account[16];
	unsigned i;

	ask_script_identity();
	ask_open();
	for (i = 0; i < PLACES + 50; i++) {
		(void)snprintf(account, sizeof(account), "%012u", i);
		ck_assert_int_eq(ask_identity(&a, account, 20000), ERR_OK);
		ask_cancel(&a);
		ck_assert_int_eq(ask_result(&a), ERR_CANCELLED);
	}
}
END_TEST

static struct ask many[PLACES + 2];

START_TEST(refuses_more_places_at_once_than_it_holds)
{
	char account[16];
	unsigned i;

	FAKE_REPLY(fake, IDENTITY, .how = FAKE_HOLDS);
	ask_open();
	for (i = 0; i < PLACES; i++) {
		(void)snprintf(account, sizeof(account), "%012u", i);
		ck_assert_int_eq(
		    ask_identity(&many[i], account, 20000), ERR_OK);
	}
	ck_assert_int_eq(ask_identity(&many[PLACES], OWN, 20000),
	    ERR_UNAVAILABLE);
	ck_assert_int_eq(
	    ask_identity(&many[PLACES], "000000000007", 20000), ERR_OK);
	for (i = 0; i <= PLACES; i++)
		ask_cancel(&many[i]);
	for (i = 0; i <= PLACES; i++)
		ck_assert_int_eq(ask_result(&many[i]), ERR_CANCELLED);
	ck_assert_int_eq(ask_identity(&a, OWN, 20000), ERR_OK);
	ask_cancel(&a);
	ck_assert_int_eq(ask_result(&a), ERR_CANCELLED);
}
END_TEST

/* What is known goes with the place, and is asked for again. */
START_TEST(forgets_regions_that_are_not_used)
{
	char region[32];
	unsigned i;

	ask_script_identity();
	ask_script_tasks();
	ask_script_definitions();
	ask_open();
	ck_assert_int_eq(ask_definition(&a, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	for (i = 0; i < PLACES; i++) {
		(void)snprintf(region, sizeof(region), "us-x-%u", i);
		ck_assert_int_eq(
		    ask_task_at(&b, OWN, region, CLUSTER, 1, 20000), ERR_OK);
		ask_cancel(&b);
		ck_assert_int_eq(ask_result(&b), ERR_CANCELLED);
	}
	ck_assert_int_eq(ask_definition(&a, 1), ERR_OK);
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, DEFINE), 2);
}
END_TEST

/*
 * Cancels, and the end
 */

typedef int start_fn(struct ask *ask);

static int
start_identity(struct ask *ask)
{
	return ask_identity(ask, OWN, 20000);
}

static int
start_task(struct ask *ask)
{
	return ask_task(ask, 1);
}

static int
start_definition(struct ask *ask)
{
	return ask_definition(ask, 1);
}

/* What is being waited for, NULL: nothing has been sent yet. */
static const struct stage {
	start_fn *start;
	const char *waits_for;
	bool assumes;
} stages[] = {
	{ start_identity, NULL, false },
	{ start_identity, IDENTITY, false },
	{ start_task, NULL, false },
	{ start_task, IDENTITY, false },
	{ start_task, TASKS, false },
	{ start_task, NULL, true },
	{ start_task, ASSUME, true },
	{ start_task, TASKS, true },
	{ start_definition, NULL, false },
	{ start_definition, IDENTITY, false },
	{ start_definition, DEFINE, false },
	{ start_definition, ASSUME, true },
};

static void
begin(const struct stage *s, enum fake_how how)
{
	if (s->waits_for != NULL)
		FAKE_REPLY(fake, s->waits_for, .headers = JSON, .how = how);
	ask_script_identity();
	ask_script_assume();
	ask_script_tasks();
	ask_script_definitions();
	if (s->assumes)
		settings.assume_role = STR("reader");
	ask_open();
	ck_assert_int_eq(s->start(&a), ERR_OK);
}

static void
reach(const struct stage *s)
{
	begin(s, FAKE_HOLDS);
	if (s->waits_for != NULL)
		fake_aws_until(fake, s->waits_for, 1);
	ck_assert_uint_eq(a.answers, 0);
}

START_TEST(can_be_cancelled)
{
	reach(&stages[_i]);
	ask_cancel(&a);
	ck_assert_int_eq(ask_result(&a), ERR_CANCELLED);
	lab_step();
	ck_assert_uint_eq(a.answers, 1);
}
END_TEST

START_TEST(reads_no_endless_answer)
{
	const struct stage *s = &stages[_i];

	if (s->waits_for == NULL)
		return;
	begin(s, FAKE_ENDLESS);
	ck_assert_int_eq(ask_result(&a), ERR_UPSTREAM);
}
END_TEST

/* The owner's reference goes first, the op's is the last. */
START_TEST(goes_with_its_last_op)
{
	reach(&stages[_i]);
	aws_unref(aws);
	aws = NULL;
	ask_cancel(&a);
	ck_assert_int_eq(ask_result(&a), ERR_CANCELLED);
	lab_end_http();
	ck_assert_uint_eq(a.answers, 1);
}
END_TEST

static void
drop_aws(struct ask *ask)
{
	(void)ask;
	aws_unref(aws);
	aws = NULL;
}

START_TEST(goes_from_inside_its_last_answer)
{
	const struct stage s = { stages[_i].start, NULL, stages[_i].assumes };

	reach(&s);
	ask_then = drop_aws;
	ck_assert_int_eq(ask_result(&a), ERR_OK);
	lab_step();
	ck_assert_uint_eq(a.answers, 1);
}
END_TEST

START_TEST(a_stop_and_the_end_of_http_answer_everybody)
{
	reach(&stages[_i]);
	aws_stop(aws);
	lab_end_http();
	ck_assert_int_eq(ask_result(&a), ERR_CANCELLED);
	aws_unref(aws);
	aws = NULL;
	lab_step();
	ck_assert_uint_eq(a.answers, 1);
}
END_TEST

/* Refused settings come to light from inside the batch's timer. */
START_TEST(goes_with_an_op_that_cannot_be_sent)
{
	settings.access_key_id = settings.secret_access_key = STR("");
	(void)setenv("AWS_ACCESS_KEY_ID", "AKIAHALF", 1);
	ask_open();
	ck_assert_int_eq(ask_task(&a, 1), ERR_OK);
	aws_unref(aws);
	aws = NULL;
	ck_assert_int_eq(ask_result(&a), ERR_NOT_NOW);
	ck_assert_ptr_nonnull(strstr(a.err.msg, "AWS_SECRET_ACCESS_KEY"));
	lab_step();
}
END_TEST

/* Keys that are being refreshed on behalf of nobody are given up. */
START_TEST(goes_while_keys_are_being_fetched)
{
	ask_script_identity();
	ask_script_tasks();
	FAKE_REPLY(fake, ASSUME, .how = FAKE_HOLDS);
	settings.assume_role = STR("reader");
	ask_open();
	ck_assert_int_eq(ask_task_at(&a, OWN, REGION, CLUSTER, 1, 200), ERR_OK);
	fake_aws_until(fake, ASSUME, 1);
	ck_assert_int_eq(ask_result(&a), ERR_UNAVAILABLE);
	aws_stop(aws);
	aws_unref(aws);
	aws = NULL;
	lab_step();
	lab_end_http();
}
END_TEST

START_TEST(asks_nothing_once_http_is_gone)
{
	ask_open();
	lab_end_http();
	ck_assert_int_eq(ask_identity(&a, OWN, 20000), ERR_CANCELLED);
	if (ask_task(&a, 1) == ERR_OK)
		ck_assert_int_eq(ask_result(&a), ERR_CANCELLED);
	if (ask_definition(&b, 1) == ERR_OK)
		ck_assert_int_eq(ask_result(&b), ERR_CANCELLED);
	ck_assert_uint_eq(fake_aws_connections(fake), 0);
}
END_TEST

/*
 * The environment
 */

static const char *const ignored[] = { "AWS_ENDPOINT_URL",
	"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_ECS" };

START_TEST(ignores_endpoints_of_the_environment)
{
	struct fake_aws *other = fake_aws_start();
	struct endpoint e;
	struct str region;

	(void)setenv(ignored[_i], fake_aws_url(other), 1);
	settings.sts_endpoint = STR("");
	ask_open();
	ck_assert_int_eq(
	    aws_sts_endpoint(&e, &region, aws, STR(REGION), NULL), ERR_OK);
	ck_assert_str_eq(e.host, "sts.us-east-1.amazonaws.com");
	fake_aws_stop(other);
}
END_TEST

/* It is for the log: what aws_warn_of_environment() writes, if anything. */
static size_t
warning(char *line, size_t size)
{
	FILE *f = tmpfile();
	size_t n;

	ck_assert_ptr_nonnull(f);
	log_set_fd(fileno(f));
	aws_warn_of_environment();
	log_flush();
	rewind(f);
	n = fread(line, 1, size - 1, f);
	line[n] = '\0';
	log_set_fd(STDERR_FILENO);
	ck_assert_int_eq(fclose(f), 0);
	return n;
}

START_TEST(warns_of_endpoints_of_the_environment)
{
	char line[1024];

	(void)unsetenv(ignored[0]);
	(void)unsetenv(ignored[1]);
	(void)unsetenv(ignored[2]);
	ck_assert_uint_eq(warning(line, sizeof(line)), 0);
	(void)setenv(ignored[_i], "http://secret.example", 1);
	ck_assert_uint_gt(warning(line, sizeof(line)), 0);
	ck_assert_ptr_nonnull(strstr(line, ignored[_i]));
	ck_assert_ptr_nonnull(strstr(line, "warn"));
	ck_assert_ptr_null(strstr(line, "secret.example"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("aws");
	TCase *tc = tcase_create("aws");

	tcase_add_checked_fixture(tc, set_up, ask_tear_down);
	tcase_set_timeout(tc, 120);
	ck_table(tc, refuses, bad);
	tcase_add_test(
	    tc, refuses_a_bundle_of_the_environment_that_is_not_there);
	tcase_add_test(tc, copies_its_settings);
	tcase_add_test(tc, finds_sts_by_region_or_as_configured);
	tcase_add_test(tc, sends_the_proof_of_an_agent_as_it_was_signed);
	tcase_add_test(tc, never_keeps_an_identity);
	ck_table(tc, does_not_take_for_an_identity, denials);
	tcase_add_test(tc, budgets_are_of_each_account_and_region);
	tcase_add_test(tc, forgets_places_that_are_not_used);
	tcase_add_test(tc, refuses_more_places_at_once_than_it_holds);
	tcase_add_test(tc, forgets_regions_that_are_not_used);
	ck_table(tc, can_be_cancelled, stages);
	ck_table(tc, reads_no_endless_answer, stages);
	ck_table(tc, goes_with_its_last_op, stages);
	ck_table(tc, goes_from_inside_its_last_answer, stages);
	ck_table(tc, a_stop_and_the_end_of_http_answer_everybody, stages);
	tcase_add_test(tc, goes_with_an_op_that_cannot_be_sent);
	tcase_add_test(tc, goes_while_keys_are_being_fetched);
	tcase_add_test(tc, asks_nothing_once_http_is_gone);
	ck_table(tc, ignores_endpoints_of_the_environment, ignored);
	ck_table(tc, warns_of_endpoints_of_the_environment, ignored);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
