/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile payloads in mode "full", numbers 1 to 17 of the file HOSTILE: each is
 * refused by its code before a challenge, and AWS hears nothing of it.
 */
#include "config.h"

#include <stdio.h>

#include "conformance/proof.h"

#define NONCE_31 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define NONCE_33 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

#define BODY(version, arn, nonce)                            \
	"\"version\":" version ",\"task_arn\":\"" arn "\"," \
	"\"agent_nonce\":\"" nonce "\""
#define PAYLOAD(version, arn, nonce) "{" BODY(version, arn, nonce) "}"
#define OPEN                         "{" BODY("1", TASK_ARN, NONCE)
#define GOOD                         PAYLOAD("1", TASK_ARN, NONCE)
#define ARN(region, account, rest) \
	"arn:aws:ecs:" region ":" account ":task/" rest
#define HOME(rest) ARN("us-east-1", ACCOUNT, rest)

static struct lab *lab;
static struct task_keys keys;
static struct attested out;

static void
set_up(void)
{
	lab = lab_plain();
	lab_task(lab, "honest", &keys);
	must_prove(lab, &keys, HONEST_ID);
}

static void
tear_down(void)
{
	lab_close(lab);
}

/* No challenge, no selectors, nothing for AWS. */
static void
refuses_bytes(
    const char *why, const void *bytes, size_t n, grpc_status_code code)
{
	const size_t sent = wire_count(lab->wire, NULL),
		     logged = lab_asked(lab, "STS") + lab_asked(lab, "ECS");

	host_attest(lab->host, bytes, n, &out);
	ck_assert_msg(!out.challenged, "%s: a challenge", why);
	ck_assert_msg(out.answer.code == code && out.answer.text[0] != '\0',
	    "%s: got %d \"%s\", want %d", why, (int)out.answer.code,
	    out.answer.text, (int)code);
	ck_assert_msg(out.selector_count == 0, "%s: selectors", why);
	ck_assert_msg(wire_count(lab->wire, NULL) == sent &&
			  lab_asked(lab, "STS") + lab_asked(lab, "ECS") ==
			      logged,
	    "%s: AWS was asked", why);
}

static void
refuses(const char *why, const char *text)
{
	refuses_bytes(
	    why, text, strlen(text), GRPC_STATUS_INVALID_ARGUMENT);
}

static void
refuses_arn(const char *arn)
{
	refuses(arn, claim_of(arn));
}

static void
challenges(const char *why, const char *text)
{
	struct call *c = attest_start(lab->host, NULL, 0);

	attest_payload(c, text, strlen(text));
	attest_outcome(c, &out, CALL_MS);
	ck_assert_msg(out.challenged, "%s: %d %s", why, (int)out.answer.code,
	    out.answer.text);
	call_free(c);
}

START_TEST(e01_nothing_or_a_response_first)
{
	static const char response[] = "{\"version\":1}";
	const size_t before = wire_count(lab->wire, NULL);
	struct call *c;

	refuses("empty", "");
	c = attest_start(lab->host, NULL, 0);
	attest_response(c, response, strlen(response));
	attest_outcome(c, &out, CALL_MS);
	ck_assert_int_eq((int)out.answer.code, GRPC_STATUS_INVALID_ARGUMENT);
	ck_assert(wire_count(lab->wire, NULL) == before);
	call_free(c);
}
END_TEST

/* GOOD, made n bytes long by a selector that nobody reads. */
static char *
long_payload(size_t n)
{
	static const char head[] =
	    OPEN ",\"selectors\":[\"";
	static const char tail[] = "\"]}";
	char *text = need_alloc(n + 1);

	memset(text, 's', n);
	memcpy(text, head, strlen(head));
	memcpy(text + n - strlen(tail), tail, strlen(tail) + 1);
	return text;
}

/* gRPC itself turns away more than 4 MiB. */
START_TEST(e02_payload_too_big)
{
	static const struct {
		size_t n;
		grpc_status_code code;
	} sizes[] = {
		{ 64 * 1024 + 1, GRPC_STATUS_INVALID_ARGUMENT },
		{ 4 * 1000 * 1000, GRPC_STATUS_INVALID_ARGUMENT },
		{ 10 * 1024 * 1024, GRPC_STATUS_RESOURCE_EXHAUSTED },
	};
	const size_t rss = process_rss(lab->host->process);
	char *text = long_payload(64 * 1024);
	size_t i;

	challenges("64 KiB", text);
	free(text);
	for (i = 0; i < COUNT_OF(sizes); i++) {
		text = long_payload(sizes[i].n);
		refuses_bytes("too big", text, sizes[i].n, sizes[i].code);
		free(text);
	}
	ck_assert_msg(patience(1) > 1 || process_rss(lab->host->process) <
					     rss + 32 * 1024 * 1024,
	    "%zu bytes, then %zu", rss, process_rss(lab->host->process));
}
END_TEST

START_TEST(e03_not_one_json_object)
{
	static const char *const texts[] = { "attest me", " \n",
		"[" GOOD "]", "\"" TASK_ARN "\"", "null",
		OPEN,
		"{\"version\":1,\"task_arn\":\"arn:", GOOD "x", GOOD GOOD,
		GOOD "{}", GOOD "//", OPEN ",}",
		"\xef\xbb\xbf" GOOD };
	size_t i;

	challenges("good", GOOD);
	for (i = 0; i < COUNT_OF(texts); i++)
		refuses(texts[i], texts[i]);
	refuses_bytes("a NUL behind it", GOOD "\0", strlen(GOOD) + 1,
	    GRPC_STATUS_INVALID_ARGUMENT);
}
END_TEST

START_TEST(e04_nested_ten_thousand_deep)
{
	enum { DEPTH = 10000 };
	static const char *const opens[] = { "[", "{\"a\":" };
	char *text = need_alloc(64 * 1024);
	size_t i, k, n;

	for (i = 0; i < COUNT_OF(opens); i++) {
		n = strlen(opens[i]);
		for (k = 0; k < DEPTH; k++)
			memcpy(text + k * n, opens[i], n + 1);
		refuses("deep", text);
		snprintf(text, 64 * 1024, OPEN
					  ",\"selectors\":");
		for (n = strlen(text), k = 0; k < DEPTH; k++)
			text[n++] = '[';
		text[n] = '\0';
		refuses("deep in a member", text);
	}
	free(text);
}
END_TEST

START_TEST(e05_repeated_key)
{
	static const char *const texts[] = {
		OPEN ",\"task_arn\":\"" TASK_ARN "\"}",
		OPEN ",\"task_arn\":\"" HOME(
		    "my-cluster/" OTHER_ID) "\"}",
		OPEN ",\"task\\u005farn\":\"" TASK_ARN
		"\"}",
		OPEN ",\"version\":1}",
		OPEN ",\"agent_nonce\":\"" NONCE "\"}",
	};
	size_t i;

	for (i = 0; i < COUNT_OF(texts); i++)
		refuses(texts[i], texts[i]);
}
END_TEST

/* "selectors" is known since the original agent, and is not read. */
START_TEST(e06_key_in_another_case_or_unknown)
{
	static const char *const texts[] = {
		OPEN ",\"Task_Arn\":\"" TASK_ARN "\"}",
		"{\"version\":1,\"TASK_ARN\":\"" TASK_ARN
		"\",\"agent_nonce\":\"" NONCE "\"}",
		OPEN ",\"Selectors\":[]}",
		OPEN ",\"selector\":[]}",
		OPEN ",\"agent_id\":\"x\"}",
		OPEN ",\"v\":1}",
		OPEN ",\"\":1}",
	};
	size_t i;

	for (i = 0; i < COUNT_OF(texts); i++)
		refuses(texts[i], texts[i]);
}
END_TEST

START_TEST(e07_no_text)
{
	static const char *const arns[] = { TASK_ARN "\xff",
		TASK_ARN "\xc0\xaf", TASK_ARN "\\u0000", "\\u0000" TASK_ARN,
		TASK_ARN "\\ud800", TASK_ARN "\\udc00\\ud800",
		HOME("my-cluster\\ud800/") TASK_ID };
	size_t i;

	for (i = 0; i < COUNT_OF(arns); i++)
		refuses(arns[i],
		    print("{\"version\":1,\"task_arn\":\"%s\","
			  "\"agent_nonce\":\"" NONCE "\"}",
			arns[i]));
}
END_TEST

START_TEST(e08_version)
{
	static const char *const versions[] = { "0", "2", "\"1\"", "1.0", "1e0",
		"10e-1", "18446744073709551617", "-1", "null", "true", "[1]",
		"01", "+1" };
	size_t i;

	for (i = 0; i < COUNT_OF(versions); i++)
		refuses(versions[i],
		    print("{\"version\":%s,\"task_arn\":\"" TASK_ARN
			  "\",\"agent_nonce\":\"" NONCE "\"}",
			versions[i]));
	refuses("no version", "{\"task_arn\":\"" TASK_ARN
			      "\",\"agent_nonce\":\"" NONCE "\"}");
}
END_TEST

static void
refuse_arns(const char *const *arns, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		refuses_arn(arns[i]);
}

START_TEST(e09_fields_of_the_arn)
{
	static const char *const arns[] = { "",
		"arn:aws:ecs:us-east-1:" ACCOUNT,
		"arn:aws:ecs:us-east-1:task/my-cluster/" TASK_ID,
		"arn:aws:ecs:us-east-1:" ACCOUNT ":x:task/my-cluster/" TASK_ID,
		TASK_ARN ":x",
		"arn:aws:ecs::" ACCOUNT ":task/my-cluster/" TASK_ID,
		"arn::ecs:us-east-1:" ACCOUNT ":task/my-cluster/" TASK_ID,
		"arn:aws:ecs:us-east-1::task/my-cluster/" TASK_ID,
		"arn:aws:ec2:us-east-1:" ACCOUNT ":task/my-cluster/" TASK_ID,
		TASK_ARN "\\n", " " TASK_ARN, TASK_ARN " ", "\\t" TASK_ARN,
		TASK_ARN "/", TASK_ARN "/x" };

	refuse_arns(arns, COUNT_OF(arns));
}
END_TEST

START_TEST(e10_arn_without_cluster)
{
	static const char *const arns[] = { HOME(TASK_ID), HOME("/" TASK_ID),
		"arn:aws:ecs:us-east-1:" ACCOUNT ":cluster/my-cluster" };

	refuse_arns(arns, COUNT_OF(arns));
}
END_TEST

START_TEST(e11_account)
{
	static const char *const arns[] = {
		ARN("us-east-1", "12345678901", "my-cluster/" TASK_ID),
		ARN("us-east-1", "1234567890123", "my-cluster/" TASK_ID),
		ARN("us-east-1", "12345678901x", "my-cluster/" TASK_ID),
		ARN("us-east-1", "+23456789012", "my-cluster/" TASK_ID),
		ARN("us-east-1",
		    "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93\xef\xbc\x94",
		    "my-cluster/" TASK_ID),
		ARN("us-east-1",
		    "\xef\xbc\x91"
		    "23456789012",
		    "my-cluster/" TASK_ID),
	};

	refuse_arns(arns, COUNT_OF(arns));
}
END_TEST

START_TEST(e12_task_id)
{
	static const char *const arns[] = {
		HOME("my-cluster/0123456789abcdef0123456789abcde"),
		HOME("my-cluster/" TASK_ID "0"),
		HOME("my-cluster/0123456789ABCDEF0123456789ABCDEF"),
		HOME("my-cluster/01234567-89ab-cdef-0123-456789abcdef"),
		HOME("my-cluster/0123456789abcdef0123456789abcdeg"),
		HOME("my-cluster/"), HOME("my-cluster/.."),
	};

	refuse_arns(arns, COUNT_OF(arns));
}
END_TEST

START_TEST(e13_cluster)
{
	static const char *const arns[] = { HOME("../" TASK_ID),
		HOME("./" TASK_ID), HOME("a/b/" TASK_ID),
		HOME("%2e%2e/" TASK_ID), HOME("my cluster/" TASK_ID),
		HOME("my.cluster/" TASK_ID), HOME("\xc3\xa9/" TASK_ID),
		HOME("*/" TASK_ID) };

	refuse_arns(arns, COUNT_OF(arns));
	refuses_arn(print(HOME("%s/" TASK_ID), run_of('c', 256)));
}
END_TEST

/* None is looked up: the refusal is as quick as any. */
START_TEST(e14_region)
{
	static const char *const regions[] = { "us-east-1.evil.com",
		"us-east-1#", "evil.com/?x=", "us-east-1\\r\\nHost: x",
		"us-east-1@evil", "evil.com", "..", "US-EAST-1", "us-east-1.",
		"us_east_1", "-us-east-1", "169.254.169.254", "us-east-1 " };
	const int64_t from = now_ms();
	size_t i;

	for (i = 0; i < COUNT_OF(regions); i++)
		refuses_arn(print("arn:aws:ecs:%s:" ACCOUNT
				  ":task/my-cluster/" TASK_ID,
		    regions[i]));
	ck_assert_int_le((int)(now_ms() - from), patience(5000));
}
END_TEST

START_TEST(e15_not_listed)
{
	static const struct {
		const char *config, *arn, *says;
	} rows[] = {
		{ "", ARN("us-east-1", OTHER_ACCOUNT, "my-cluster/" TASK_ID),
		    "account ID " OTHER_ACCOUNT " is not allowed" },
		{ "allowed_clusters = [\"my-cluster\"]", HOME("next/" TASK_ID),
		    "cluster next is not allowed" },
		{ "cluster = \"my-cluster\"", HOME("My-Cluster/" TASK_ID),
		    "cluster My-Cluster is not allowed" },
		{ "allowed_regions = [\"us-east-1\"]",
		    ARN("eu-west-1", ACCOUNT, "my-cluster/" TASK_ID),
		    "region eu-west-1 is not allowed" },
		{ "region = \"us-east-1\"",
		    ARN("us-east-11", ACCOUNT, "my-cluster/" TASK_ID),
		    "region us-east-11 is not allowed" },
		{ "",
		    "arn:aws-cn:ecs:cn-north-1:" ACCOUNT
		    ":task/my-cluster/" TASK_ID,
		    "partition aws-cn is not allowed" },
		{ "",
		    "arn:aws-us-gov:ecs:us-east-1:" ACCOUNT
		    ":task/my-cluster/" TASK_ID,
		    "partition aws-us-gov is not allowed" },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		const char *text = claim_of(rows[i].arn);

		lab_configure(lab, rows[i].config);
		refuses_bytes(rows[i].arn, text, strlen(text),
		    GRPC_STATUS_PERMISSION_DENIED);
		ck_assert_msg(begins(out.answer.text, rows[i].says), "%s",
		    out.answer.text);
	}
}
END_TEST

START_TEST(e16_agent_nonce)
{
	static const char *const nonces[] = { "\"" NONCE_31 "\"",
		"\"" NONCE_33 "\"", "\"" NONCE "=\"",
		"\"ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9\"",
		"\"+/EiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\"",
		"\" " NONCE "\"", "\"\"", "null", "1", "[]", NULL };
	size_t i;

	for (i = 0; i < COUNT_OF(nonces); i++)
		refuses(nonces[i] == NULL ? "none" : nonces[i],
		    payload("agent_nonce", nonces[i], NULL));
}
END_TEST

START_TEST(e17_payload_of_the_original_agent)
{
	refuses("naive", good_payload());
	ck_assert_msg(strstr(out.answer.text, "agent plugin") != NULL, "%s",
	    out.answer.text);
	refuses("an ARN without version",
	    "{\"task_metadata\":\"{}\",\"task_arn\":\"" TASK_ARN "\"}");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostile payloads");
	TCase *tc = new_case(s, "payload", 60);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, e01_nothing_or_a_response_first);
	tcase_add_test(tc, e02_payload_too_big);
	tcase_add_test(tc, e03_not_one_json_object);
	tcase_add_test(tc, e04_nested_ten_thousand_deep);
	tcase_add_test(tc, e05_repeated_key);
	tcase_add_test(tc, e06_key_in_another_case_or_unknown);
	tcase_add_test(tc, e07_no_text);
	tcase_add_test(tc, e08_version);
	tcase_add_test(tc, e09_fields_of_the_arn);
	tcase_add_test(tc, e10_arn_without_cluster);
	tcase_add_test(tc, e11_account);
	tcase_add_test(tc, e12_task_id);
	tcase_add_test(tc, e13_cluster);
	tcase_add_test(tc, e14_region);
	tcase_add_test(tc, e15_not_listed);
	tcase_add_test(tc, e16_agent_nonce);
	tcase_add_test(tc, e17_payload_of_the_original_agent);
	return run_tests(s);
}
