/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile answers to the challenge, numbers 18 to 29 of the file HOSTILE: what
 * breaks its grammar never reaches AWS, and what AWS does not confirm never
 * reaches ECS.
 */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include "conformance/proof.h"

#define NO_MARK "AWS does not confirm"

static struct lab *lab;
static struct task_keys keys, others;
static struct proof p;

static void
set_up(void)
{
	lab = lab_plain();
	lab_task(lab, "honest", &keys);
	lab_task(lab, "other", &others);
	memset(&p, 0, sizeof(p));
	must_prove(lab, &keys, HONEST_ID);
}

static void
tear_down(void)
{
	lab_close(lab);
}

/* The response, made by a text or by replacing members of an honest one. */
static void
refuses_response(const char *why, const char *text, grpc_status_code code)
{
	const size_t sent = wire_count(lab->wire, NULL),
		     logged = lab_asked(lab, "STS") + lab_asked(lab, "ECS");

	proof_answer(&p, text);
	is_refused(&p, why, code, "");
	proof_end(&p);
	ck_assert_msg(wire_count(lab->wire, NULL) == sent &&
			  lab_asked(lab, "STS") + lab_asked(lab, "ECS") ==
			      logged,
	    "%s: AWS was asked", why);
}

static void
refuses_text(const char *text)
{
	proof_challenged(&p, lab, &keys, NULL);
	refuses_response(text, text, GRPC_STATUS_INVALID_ARGUMENT);
}

static void
refuses_member(const char *name, const char *json)
{
	proof_challenged(&p, lab, &keys, NULL);
	refuses_response(print("%s %.100s", name, json == NULL ? "-" : json),
	    proof_response(&p, name, json, NULL),
	    GRPC_STATUS_INVALID_ARGUMENT);
}

static void
refuses_members(const char *name, const char *const *values, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		refuses_member(name, values[i]);
}

/* What p->signer signs is sent to STS, which does not confirm it. */
static void
is_not_confirmed(const char *why)
{
	const size_t asked = wire_count(lab->wire, "GetCallerIdentity"),
		     told = wire_count(lab->wire, "DescribeTasks");

	proof_answer(&p, proof_response(&p, NULL, NULL));
	is_refused(&p, why, GRPC_STATUS_PERMISSION_DENIED, NO_MARK);
	proof_end(&p);
	ck_assert_msg(wire_count(lab->wire, "GetCallerIdentity") == asked + 1,
	    "%s: not asked once", why);
	ck_assert_msg(wire_count(lab->wire, "DescribeTasks") == told,
	    "%s: ECS was asked", why);
}

/* The only slot: it is free again when the next agent needs it. */
START_TEST(e18_no_answer)
{
	const size_t before = wire_count(lab->wire, NULL);
	const int64_t from = now_ms();

	lab_configure(
	    lab, "challenge_timeout = \"500ms\"\nmax_attestations = 1");
	proof_challenged(&p, lab, &keys, NULL);
	ck_assert(strstr(p.out.challenge, "\"ttl\":1}") != NULL);
	proof_outcome(&p);
	is_refused(&p, "silent", GRPC_STATUS_DEADLINE_EXCEEDED, "");
	ck_assert_int_ge((int)(now_ms() - from), 450);
	ck_assert_int_le((int)(now_ms() - from), patience(10000));
	ck_assert(wire_count(lab->wire, NULL) == before);
	proof_end(&p);
	must_prove(lab, &keys, HONEST_ID);
}
END_TEST

START_TEST(e19_late_answer)
{
	const char *response;

	lab_configure(lab, "challenge_timeout = \"300ms\"");
	proof_challenged(&p, lab, &keys, NULL);
	response = proof_response(&p, NULL, NULL);
	client_pump(lab->host->client, 0);
	proof_outcome(&p);
	is_refused(&p, "late", GRPC_STATUS_DEADLINE_EXCEEDED, "");
	refuses_response("later", response, GRPC_STATUS_DEADLINE_EXCEEDED);
}
END_TEST

static bool
is_held(void *arg)
{
	(void)arg;
	return wire_held(lab->wire) > 0;
}

static void
hold_sts(void)
{
	wire_add(lab->wire,
	    &(struct wire_rule){ .operation = "GetCallerIdentity",
		.hold = true });
}

static void
wait_held(void)
{
	ck_assert_msg(client_until(lab->host->client, is_held, NULL,
			  patience(10000)),
	    "STS was not asked");
}

START_TEST(e20_second_response)
{
	const char *response;

	hold_sts();
	proof_challenged(&p, lab, &keys, NULL);
	response = proof_response(&p, NULL, NULL);
	proof_send(&p, response);
	wait_held();
	proof_answer(&p, response);
	is_refused(&p, "second", GRPC_STATUS_INVALID_ARGUMENT, "");
	proof_end(&p);
	ck_assert(wire_count(lab->wire, "DescribeTasks") == 1);
}
END_TEST

START_TEST(e20_payload_for_a_response)
{
	const char *text = claim_of(TASK_ARN);
	const size_t before = wire_count(lab->wire, NULL);

	proof_challenged(&p, lab, &keys, NULL);
	attest_payload(p.call, text, strlen(text));
	proof_outcome(&p);
	is_refused(&p, "payload", GRPC_STATUS_INVALID_ARGUMENT, "");
	proof_end(&p);
	ck_assert(wire_count(lab->wire, NULL) == before);
}
END_TEST

START_TEST(e20_payload_after_the_response)
{
	const char *text = claim_of(TASK_ARN);

	hold_sts();
	proof_challenged(&p, lab, &keys, NULL);
	proof_send(&p, proof_response(&p, NULL, NULL));
	wait_held();
	attest_payload(p.call, text, strlen(text));
	proof_outcome(&p);
	is_refused(&p, "payload", GRPC_STATUS_INVALID_ARGUMENT, "");
	proof_end(&p);
}
END_TEST

START_TEST(e20_empty_response)
{
	static const char *const texts[] = { "", " ", "{}", "[]", "null",
		"response" };
	size_t i;

	for (i = 0; i < COUNT_OF(texts); i++)
		refuses_text(texts[i]);
	refuses_text(run_of(' ', 16 * 1024 + 1));
	refuses_text(run_of('[', 16 * 1024));
}
END_TEST

START_TEST(e21_response_of_an_earlier_stream)
{
	const char *recorded;

	proof_challenged(&p, lab, &keys, NULL);
	recorded = proof_response(&p, NULL, NULL);
	proof_answer(&p, recorded);
	is_granted(&p, "the first time", HONEST_ID);
	proof_end(&p);
	proof_challenged(&p, lab, &keys, NULL);
	proof_answer(&p, recorded);
	is_refused(&p, "replay", GRPC_STATUS_PERMISSION_DENIED, NO_MARK);
	proof_end(&p);
	ck_assert(wire_count(lab->wire, "DescribeTasks") == 2);
}
END_TEST

#define TWIST(name, member, text)                                      \
	static void name(struct signer *s)                             \
	{                                                              \
		snprintf(s->member, sizeof(s->member), "%s", text);    \
	}

TWIST(other_domain, trust_domain, "example.com")
TWIST(other_server, server_id, "blue")
TWIST(other_plugin, plugin_name, "aws_iid")
TWIST(other_task, task_arn,
    "arn:aws:ecs:us-east-1:" ACCOUNT ":task/my-cluster/" OTHER_ID)
TWIST(other_host, sts_host, "sts.us-east-1.amazonaws.com")
TWIST(other_region, region, "eu-west-1")

static void
other_agent_nonce(struct signer *s)
{
	s->agent_nonce[31] ^= 1;
}

static void
other_server_nonce(struct signer *s)
{
	s->server_nonce[0] ^= 0x80;
}

static void
no_binding(struct signer *s)
{
	s->binding = "";
}

START_TEST(e22_signed_for_something_else)
{
	static const struct {
		const char *why;
		void (*twist)(struct signer *s);
	} rows[] = {
		{ "trust domain", other_domain },
		{ "server_id", other_server },
		{ "plugin name", other_plugin },
		{ "host", other_host },
		{ "region", other_region },
		{ "agent's nonce", other_agent_nonce },
		{ "server's nonce", other_server_nonce },
		{ "nothing", no_binding },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		proof_challenged(&p, lab, &keys, NULL);
		rows[i].twist(&p.signer);
		is_not_confirmed(rows[i].why);
	}
}
END_TEST

/* Both tasks have one role: the session tells them apart. */
START_TEST(e23_signed_by_one_task_for_another)
{
	const size_t before = wire_count(lab->wire, "DescribeTasks");

	proof_challenged(&p, lab, &others, claim_of(keys.arn));
	is_not_confirmed("bound to the own task");
	proof_challenged(&p, lab, &keys, claim_of(others.arn));
	other_task(&p.signer);
	proof_answer(&p, proof_response(&p, NULL, NULL));
	is_refused(&p, "bound to the other task",
	    GRPC_STATUS_PERMISSION_DENIED, "not those of task " OTHER_ID);
	proof_end(&p);
	ck_assert(wire_count(lab->wire, "DescribeTasks") == before);
}
END_TEST

/* Good signatures of the same keys, made for other verifiers. */
START_TEST(e24_signed_for_another_protocol)
{
	static const char *const vault[] = { "X-Vault-AWS-IAM-Server-ID",
		"example.org", NULL };
	static const char *const eks[] = { "x-k8s-aws-id", "example.org",
		NULL };
	static const char *const teleport[] = { "X-Teleport-Challenge",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", NULL };
	static const char *const mongodb[] = { "X-MongoDB-Server-Nonce",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
		"X-MongoDB-GS2-CB-Flag", "n", NULL };
	static const char *const bare[] = { NULL };
	static const char *const *const all[] = { vault, eks, teleport,
		mongodb, bare };
	size_t i;

	for (i = 0; i < COUNT_OF(all); i++) {
		proof_challenged(&p, lab, &keys, NULL);
		p.signer.headers = all[i];
		is_not_confirmed(all[i][0] == NULL ? "bare" : all[i][0]);
	}
}
END_TEST

START_TEST(e25_access_key_id)
{
	static const char *const values[] = { "\"" SERVER_KEY "\"",
		"\"ASIAEXAMPLEEXAM\"", "\"asiaexampleexample01\"", "\"\"",
		"\"ASIAEXAMPLEEXAMPLE01/us-east-1/iam\"",
		"\"ASIAEXAMPLEEXAMPLE01,SignedHeaders=host\"",
		"\"ASIAEXAMPLEEXAMPLE01 \"",
		"\"ASIAEXAMPLEEXAMPLE0\\r\\nX: y\"",
		"\"ASIAEXAMPLEEXAMPLE0\\u0000\"", "1", "null", NULL };

	refuses_members("access_key_id", values, COUNT_OF(values));
	refuses_member(
	    "access_key_id", print("\"ASIA%s\"", run_of('A', 61)));
}
END_TEST

START_TEST(e26_signature)
{
	static const char *const values[] = { "\"\"",
		"\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789a"
		"bcde\"",
		"\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789a"
		"bcdef0\"",
		"\"0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789A"
		"BCDEF\"",
		"\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789a"
		"bcde \"",
		"\"0123456789abcdef0123456789abcdef0123456789abcdef, "
		"Signature=abc\"",
		"\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789a"
		"bcde\\n\"",
		"1", "null", NULL };

	refuses_members("signature", values, COUNT_OF(values));
}
END_TEST

START_TEST(e27_session_token)
{
	static const char *const values[] = {
		"\"IQoJb3JpZ2luX2VjEXAMPLE\\r\\nX-Amz-Target: x\"",
		"\"IQoJb3JpZ2luX2VjEXAMPLE\\nX-Amz-Target: x\"",
		"\"IQoJb3JpZ2luX2Vj\\u0000EXAMPLE\"", "\"\"",
		"\"IQoJb3JpZ2luX2V\"", "\"IQoJb3JpZ2luX2Vj EXAMPLE\"",
		"\"IQoJb3JpZ2luX2Vj-_EXAMPLE\"",
		"\"IQoJb3JpZ2luX2Vj\xc3\xa9\"", "{}", "null", NULL };

	refuses_members("session_token", values, COUNT_OF(values));
	refuses_member("session_token", print("\"%s\"", run_of('A', 8193)));
	refuses_member("session_token", print("\"%s\"", run_of('A', 20000)));
}
END_TEST

/* 8192 are AWS's to refuse. */
START_TEST(e27_longest_session_token)
{
	proof_challenged(&p, lab, &keys, NULL);
	proof_answer(&p,
	    proof_response(&p, "session_token",
		print("\"%s\"", run_of('A', 8192)), NULL));
	is_refused(
	    &p, "8192", GRPC_STATUS_PERMISSION_DENIED, NO_MARK);
	proof_end(&p);
}
END_TEST

START_TEST(e28_date)
{
	static const char *const values[] = { "\"20260230T120000Z\"",
		"\"20260115T120060Z\"", "\"20260115T240000Z\"",
		"\"20260115T120000\"", "\"20260115T120000z\"",
		"\"2026-01-15T12:00:00Z\"", "\"20260115T120000Z \"",
		"\"20260115\"", "\"\"", "1768478400", "null", NULL };
	static const int off[] = { -301, -3600, -86400, 302, 3600, 86400 };
	size_t i;

	refuses_members("amz_date", values, COUNT_OF(values));
	for (i = 0; i < COUNT_OF(off); i++) {
		proof_challenged(&p, lab, &keys, NULL);
		p.signer.at_s = time(NULL) + off[i];
		refuses_response(print("%d seconds", off[i]),
		    proof_response(&p, NULL, NULL),
		    GRPC_STATUS_INVALID_ARGUMENT);
	}
}
END_TEST

/* Nearly five minutes are the clocks' fault; the date itself is signed. */
START_TEST(e28_date_that_is_near)
{
	static const int off[] = { -290, 290 };
	char stamp[20];
	struct tm tm;
	time_t at;
	size_t i;

	for (i = 0; i < COUNT_OF(off); i++) {
		proof_challenged(&p, lab, &keys, NULL);
		p.signer.at_s = time(NULL) + off[i];
		proof_answer(&p, proof_response(&p, NULL, NULL));
		is_granted(&p, print("%d seconds", off[i]), HONEST_ID);
		proof_end(&p);
	}
	proof_challenged(&p, lab, &keys, NULL);
	at = time(NULL) - 100;
	gmtime_r(&at, &tm);
	strftime(stamp, sizeof(stamp), "\"%Y%m%dT%H%M%SZ\"", &tm);
	proof_answer(&p, proof_response(&p, "amz_date", stamp, NULL));
	is_refused(&p, "another date than was signed",
	    GRPC_STATUS_PERMISSION_DENIED, NO_MARK);
	proof_end(&p);
}
END_TEST

START_TEST(e29_more_members)
{
	static const char *const names[] = { "host", "headers", "body",
		"Accept", "arn", "url", "region", "sts_host", "Signature",
		"SESSION_TOKEN", "web_identity_token", "v" };
	const char *good, *end = "\"}";
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++)
		refuses_member(names[i], "\"sts.evil.com\"");
	refuses_member("version", "2");
	refuses_member("version", "1.0");
	refuses_member("version", NULL);
	proof_challenged(&p, lab, &keys, NULL);
	good = proof_response(&p, NULL, NULL);
	refuses_response("twice",
	    print("%.*s\",\"version\":1}",
		(int)(strlen(good) - strlen(end)), good),
	    GRPC_STATUS_INVALID_ARGUMENT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostile responses");
	TCase *tc = new_case(s, "response", 90);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, e18_no_answer);
	tcase_add_test(tc, e19_late_answer);
	tcase_add_test(tc, e20_second_response);
	tcase_add_test(tc, e20_payload_for_a_response);
	tcase_add_test(tc, e20_payload_after_the_response);
	tcase_add_test(tc, e20_empty_response);
	tcase_add_test(tc, e21_response_of_an_earlier_stream);
	tcase_add_test(tc, e22_signed_for_something_else);
	tcase_add_test(tc, e23_signed_by_one_task_for_another);
	tcase_add_test(tc, e24_signed_for_another_protocol);
	tcase_add_test(tc, e25_access_key_id);
	tcase_add_test(tc, e26_signature);
	tcase_add_test(tc, e27_session_token);
	tcase_add_test(tc, e27_longest_session_token);
	tcase_add_test(tc, e28_date);
	tcase_add_test(tc, e28_date_that_is_near);
	tcase_add_test(tc, e29_more_members);
	return run_tests(s);
}
