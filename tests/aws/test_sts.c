/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/sts.h"

#include <stdio.h>

#include "testing.h"

#define JSON_TYPE "application/json"
#define TASK_ID   "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define ACCOUNT   "\"Account\":\"021436587009\""
#define ARN \
	"\"Arn\":\"arn:aws:sts::021436587009:assumed-role/web/" TASK_ID "\""
#define USER "\"UserId\":\"AROAEXAMPLEROLEID001:" TASK_ID "\""
#define META \
	"\"ResponseMetadata\":{\"RequestId\":\"89abcdef-0123-4567-89ab\"}"
#define RESULT "{" ACCOUNT "," ARN "," USER "}"
#define IDENTITY(result)                                          \
	"{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":" \
	result "," META "}}"

static struct arena arena;

static void
set_up(void)
{
	arena_init(&arena, 2 * STS_ANSWER_MAX);
}

static void
tear_down(void)
{
	arena_release(&arena);
}

static const struct {
	const char *content_type, *body, *request_id;
} identities[] = {
	{ JSON_TYPE, IDENTITY(RESULT), "89abcdef-0123-4567-89ab" },
	{ "application/json; charset=utf-8", IDENTITY(RESULT),
	    "89abcdef-0123-4567-89ab" },
	{ " Application/JSON ;x", IDENTITY(RESULT), "89abcdef-0123-4567-89ab" },
	{ JSON_TYPE, " \r\n" IDENTITY("{" USER "," ARN "," ACCOUNT "}") "\n\t",
	    "89abcdef-0123-4567-89ab" },
	{ JSON_TYPE,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":" RESULT
	    "}}",
	    "" },
	{ JSON_TYPE,
	    "{\"GetCallerIdentityResponse\":{\"ResponseMetadata\":{\"More\":"
	    "[1]},\"GetCallerIdentityResult\":" RESULT "}}",
	    "" },
	/* escaped letter by letter it is the same */
	{ JSON_TYPE,
	    IDENTITY("{\"Accoun\\u0074\":\"\\u0030\\u00321436587009\"," ARN
		     "," USER "}"),
	    "89abcdef-0123-4567-89ab" },
	/* logs get it: nothing but what AWS's have */
	{ JSON_TYPE,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":" RESULT
	    ",\"ResponseMetadata\":{\"RequestId\":\"a\\nb\"}}}",
	    "" },
	{ JSON_TYPE,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":" RESULT
	    ",\"ResponseMetadata\":{\"RequestId\":\"\\u0000\"}}}",
	    "" },
};

START_TEST(reads_an_identity)
{
	struct sts_identity id = { .account = { NULL, 0 } };
	struct err err = { 0 };
	int r = sts_identity_read(&id, &arena,
	    str_of(identities[_i].content_type), str_of(identities[_i].body),
	    &err);

	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(id.account, "021436587009");
	ck_str(
	    id.arn, "arn:aws:sts::021436587009:assumed-role/web/" TASK_ID);
	ck_str(id.user_id, "AROAEXAMPLEROLEID001:" TASK_ID);
	ck_str(id.request_id, identities[_i].request_id);
}
END_TEST

static const struct {
	const char *content_type, *body;
} no_identities[] = {
	{ "", IDENTITY(RESULT) },
	{ "text/xml", IDENTITY(RESULT) },
	{ "text/html", IDENTITY(RESULT) },
	{ "text/json", IDENTITY(RESULT) },
	{ "application/x-amz-json-1.1", IDENTITY(RESULT) },
	{ "application/jsonp", IDENTITY(RESULT) },
	{ "text/xml; application/json", IDENTITY(RESULT) },
	{ "application/json, text/xml", IDENTITY(RESULT) },
	{ JSON_TYPE, "" },
	{ JSON_TYPE, "null" },
	{ JSON_TYPE, "{}" },
	{ JSON_TYPE, RESULT },
	{ JSON_TYPE, "[" IDENTITY(RESULT) "]" },
	{ JSON_TYPE, "\xef\xbb\xbf" IDENTITY(RESULT) },
	{ JSON_TYPE, IDENTITY(RESULT) "x" },
	{ JSON_TYPE, IDENTITY(RESULT) IDENTITY(RESULT) },
	{ JSON_TYPE,
	    "<GetCallerIdentityResponse><GetCallerIdentityResult/>"
	    "</GetCallerIdentityResponse>" },
	/* an answer in an answer, CVE-2020-16250 */
	{ JSON_TYPE,
	    "\"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>hush"
	    "</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>\"" },
	{ JSON_TYPE,
	    "{\"GetCallerIdentityResponse\":\"<GetCallerIdentityResult><Arn>"
	    "hush</Arn></GetCallerIdentityResult>\"}" },
	{ JSON_TYPE,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":"
	    "\"{\\\"Account\\\":\\\"021436587009\\\"}\"}}" },
	/* another operation's */
	{ JSON_TYPE,
	    "{\"AssumeRoleWithWebIdentityResponse\":"
	    "{\"AssumeRoleWithWebIdentityResult\":" RESULT "}}" },
	{ JSON_TYPE,
	    "{\"GetSessionTokenResponse\":{\"GetSessionTokenResult\":" RESULT
	    "}}" },
	{ JSON_TYPE,
	    "{\"GetCallerIdentityResponse\":{\"GetSessionTokenResult\":" RESULT
	    "}}" },
	{ JSON_TYPE,
	    "{\"ErrorResponse\":{\"Error\":{\"Code\":\"hush\"}}}" },
	{ JSON_TYPE, "{\"Error\":{\"Code\":\"hush\"},\"RequestId\":\"x\"}" },
	{ JSON_TYPE,
	    "{\"Error\":{},\"GetCallerIdentityResponse\":"
	    "{\"GetCallerIdentityResult\":" RESULT "}}" },
	{ JSON_TYPE,
	    "{\"getcalleridentityresponse\":{\"GetCallerIdentityResult\":" RESULT
	    "}}" },
	/* repeated */
	{ JSON_TYPE,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":" RESULT
	    "},\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":" RESULT
	    "}}" },
	{ JSON_TYPE,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":" RESULT
	    ",\"GetCallerIdentityResult\":" RESULT "}}" },
	{ JSON_TYPE, IDENTITY("{" ACCOUNT "," ARN "," ARN "," USER "}") },
	{ JSON_TYPE,
	    IDENTITY("{" ACCOUNT "," ARN ",\"Ar\\u006e\":\"hush\"," USER "}") },
	{ JSON_TYPE,
	    IDENTITY("{" ACCOUNT "," ARN ",\"arn\":\"hush\"," USER "}") },
	/* too much, too little */
	{ JSON_TYPE,
	    IDENTITY("{" ACCOUNT "," ARN "," USER ",\"Tags\":[]}") },
	{ JSON_TYPE, IDENTITY("{" ACCOUNT "," ARN "}") },
	{ JSON_TYPE, IDENTITY("{" ACCOUNT "," USER "}") },
	{ JSON_TYPE, IDENTITY("{" ARN "," USER "}") },
	{ JSON_TYPE, IDENTITY("{}") },
	{ JSON_TYPE, IDENTITY("[" RESULT "," RESULT "]") },
	{ JSON_TYPE,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":" RESULT
	    ",\"Other\":{}}}" },
	/* another type */
	{ JSON_TYPE, IDENTITY("{\"Account\":21436587009," ARN "," USER "}") },
	{ JSON_TYPE, IDENTITY("{" ACCOUNT ",\"Arn\":[\"hush\"]," USER "}") },
	{ JSON_TYPE, IDENTITY("{" ACCOUNT ",\"Arn\":7," USER "}") },
	{ JSON_TYPE, IDENTITY("{" ACCOUNT ",\"Arn\":null," USER "}") },
	{ JSON_TYPE, IDENTITY("{" ACCOUNT "," ARN ",\"UserId\":{}}") },
	{ JSON_TYPE, IDENTITY("null") },
	{ JSON_TYPE,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":" RESULT
	    ",\"ResponseMetadata\":[]}}" },
	{ JSON_TYPE,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":" RESULT
	    ",\"ResponseMetadata\":{\"RequestId\":7}}}" },
	/* no JSON */
	{ JSON_TYPE, IDENTITY("{" ACCOUNT "," ARN ",\"UserId\":\"\xff\"}") },
	{ JSON_TYPE,
	    IDENTITY("{" ACCOUNT "," ARN ",\"UserId\":\"\\ud800\"}") },
	{ JSON_TYPE, IDENTITY("{" ACCOUNT "," ARN ",\"UserId\":\"a\nb\"}") },
	{ JSON_TYPE, IDENTITY("{" ACCOUNT "," ARN "," USER ",}") },
};

START_TEST(refuses_an_identity)
{
	struct sts_identity id = { .arn = STR("untouched") };
	struct err err = { 0 };
	int r = sts_identity_read(&id, &arena,
	    str_of(no_identities[_i].content_type),
	    str_of(no_identities[_i].body), &err);

	ck_assert_int_eq(r, ERR_UPSTREAM);
	ck_assert_int_eq(err.code, r);
	ck_assert(str_starts(str_of(err.msg), "GetCallerIdentity: "));
	ck_assert_ptr_null(strstr(err.msg, "hush"));
	ck_str(id.arn, "untouched");
}
END_TEST

START_TEST(refuses_each_cut_answer)
{
	static const char body[] = IDENTITY(RESULT);
	struct sts_identity id;
	size_t n;

	for (n = 0; n < sizeof(body) - 1; n++)
		ck_assert_int_eq(
		    sts_identity_read(&id, &arena, STR(JSON_TYPE),
			(struct str){ body, n }, NULL),
		    ERR_UPSTREAM);
}
END_TEST

START_TEST(bounds_an_answer)
{
	static const char body[] = IDENTITY(RESULT);
	static char text[STS_ANSWER_MAX + 1];
	struct sts_identity id;
	struct err err = { 0 };

	memset(text, ' ', sizeof(text));
	memcpy(text, body, sizeof(body) - 1);
	ck_assert_int_eq(
	    sts_identity_read(&id, &arena, STR(JSON_TYPE),
		(struct str){ text, STS_ANSWER_MAX }, NULL),
	    ERR_OK);
	ck_assert_int_eq(
	    sts_identity_read(&id, &arena, STR(JSON_TYPE),
		(struct str){ text, STS_ANSWER_MAX + 1 }, &err),
	    ERR_UPSTREAM);
	ck_assert_msg(strstr(err.msg, "too long") != NULL, "%s", err.msg);
}
END_TEST

/*
 * Keys
 */

#define KEYS                                 \
	"\"AccessKeyId\":\"ASIAEXAMPLE0000001\"," \
	"\"SecretAccessKey\":\"hush+secret/1\"," \
	"\"SessionToken\":\"hush+token/2==\""
#define CREDENTIALS(members) \
	"{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{\"Credentials\":{" \
	members "},\"AssumedRoleUser\":{\"Arn\":\"a\"},"                   \
	"\"PackedPolicySize\":6}," META "}}"
#define EXPIRING(expiration) CREDENTIALS(KEYS ",\"Expiration\":" expiration)

static const struct {
	const char *body;
	int64_t expires_s;
} keys_answers[] = {
	{ EXPIRING("\"2026-01-15T11:20:30Z\""), 1768476030 },
	{ EXPIRING("\"2026-01-15T11:20:30.987Z\""), 1768476030 },
	{ EXPIRING("\"2026-01-15T11:20:30+00:00\""), 1768476030 },
	{ EXPIRING("1768476030"), 1768476030 },
	{ EXPIRING("1768476030.25"), 1768476030 },
	{ EXPIRING("1.76847603E9"), 1768476030 },
	{ CREDENTIALS("\"Expiration\":1768476030,\"More\":{}," KEYS),
	    1768476030 },
};

START_TEST(reads_keys)
{
	struct aws_keys *keys = NULL;
	struct err err = { 0 };
	int r = sts_keys_read(&keys, "AssumeRole", "role", STR(JSON_TYPE),
	    str_of(keys_answers[_i].body), &err);

	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(keys->access_key_id, "ASIAEXAMPLE0000001");
	ck_str(keys->secret, "hush+secret/1");
	ck_str(keys->token, "hush+token/2==");
	ck_str(str_of(keys->source), "role");
	ck_assert_int_eq(keys->expires_s, keys_answers[_i].expires_s);
	aws_keys_unref(keys);
}
END_TEST

#define WHEN "\"Expiration\":1768476030"

static const char *const no_keys[] = {
	"",
	"{}",
	IDENTITY(RESULT),
	"{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{}}}",
	"{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{\"Credentials\":[]}}}",
	"{\"AssumeRoleWithWebIdentityResponse\":"
	"{\"AssumeRoleWithWebIdentityResult\":{\"Credentials\":{" KEYS "," WHEN
	"}}}}",
	CREDENTIALS(""),
	CREDENTIALS(KEYS),
	CREDENTIALS("\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\"," WHEN),
	CREDENTIALS("\"AccessKeyId\":\"A\",\"SessionToken\":\"t\"," WHEN),
	CREDENTIALS("\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\"," WHEN),
	CREDENTIALS(KEYS "," WHEN "," WHEN),
	CREDENTIALS(KEYS ",\"accessKeyId\":\"hush\"," WHEN),
	/* a role's keys have a token */
	CREDENTIALS("\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\","
		    "\"SessionToken\":\"\"," WHEN),
	CREDENTIALS("\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\","
		    "\"SessionToken\":null," WHEN),
	CREDENTIALS("\"AccessKeyId\":\"\",\"SecretAccessKey\":\"s\","
		    "\"SessionToken\":\"t\"," WHEN),
	CREDENTIALS("\"AccessKeyId\":\"A/us-east-1\",\"SecretAccessKey\":"
		    "\"s\",\"SessionToken\":\"t\"," WHEN),
	CREDENTIALS("\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush hush\","
		    "\"SessionToken\":\"t\"," WHEN),
	CREDENTIALS("\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\","
		    "\"SessionToken\":\"hush\\r\\nX-Evil: 1\"," WHEN),
	CREDENTIALS("\"AccessKeyId\":7,\"SecretAccessKey\":\"s\","
		    "\"SessionToken\":\"t\"," WHEN),
	EXPIRING("null"),
	EXPIRING("true"),
	EXPIRING("\"\""),
	EXPIRING("\"soon\""),
	EXPIRING("\"1768476030\""),
	EXPIRING("\"2026-01-15\""),
	EXPIRING("\"2026-01-15T11:20:30\""),
	EXPIRING("\"2026-01-15T11:20:30+02:00\""),
	EXPIRING("\"2026-01-15T11:20:30Z or later, that is to say\""),
	EXPIRING("0"),
	EXPIRING("-1"),
	EXPIRING("1e400"),
	EXPIRING("1e15"),
	EXPIRING("NaN"),
};

START_TEST(refuses_keys)
{
	struct aws_keys *keys = NULL;
	struct err err = { 0 };
	int r = sts_keys_read(&keys, "AssumeRole", "role", STR(JSON_TYPE),
	    str_of(no_keys[_i]), &err);

	ck_assert_int_eq(r, ERR_UPSTREAM);
	ck_assert_int_eq(err.code, r);
	ck_assert_ptr_null(keys);
	ck_assert_msg(
	    str_starts(str_of(err.msg), "AssumeRole: "), "%s", err.msg);
	ck_assert_ptr_null(strstr(err.msg, "hush"));
	/* nobody has to want the sentence */
	ck_assert_int_eq(sts_keys_read(&keys, "AssumeRole", "role",
			     STR(JSON_TYPE), str_of(no_keys[_i]), NULL),
	    ERR_UPSTREAM);
}
END_TEST

START_TEST(reads_keys_of_json_only)
{
	struct aws_keys *keys = NULL;

	ck_assert_int_eq(
	    sts_keys_read(&keys, "AssumeRole", "role", STR("text/xml"),
		str_of(keys_answers[0].body), NULL),
	    ERR_UPSTREAM);
}
END_TEST

/*
 * Proof
 */

static struct aws_keys *
new_keys(struct str token)
{
	const struct aws_keys value = {
		.access_key_id = STR("ASIAEXAMPLEEXAMPLE01"),
		.secret = STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
		.token = token,
		.source = "test",
	};
	struct aws_keys *keys = NULL;

	ck_assert_int_eq(aws_keys_new(&keys, &value, NULL), ERR_OK);
	return keys;
}

#define TOKEN                                      \
	"IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCWV1LXdlc3QtMSJGMEQC" \
	"IExample+Token/With=Signs=="
#define BINDING "v1.0esBP9nmF8CCSGzlmOmkcArODKB-O4YP-qlLubBlp4s"

/* By botocore 1.43.11 the first, by a script of hashlib and hmac all. */
static const struct {
	const char *host, *region;
	int64_t now_s;
	const char *amz_date, *signature;
} proofs[] = {
	{ "sts.us-east-1.amazonaws.com", "us-east-1", 1768472430,
	    "20260115T102030Z",
	    "c6e30e8bd34359e8a607e468690cac98039886ace394647c4be101c00e8baeff" },
	{ "127.0.0.1:8090", "us-east-1", 1768472430, "20260115T102030Z",
	    "aea994bcb38cd02b0a26c0a0102609f99b597910242b6142e68636d88ff478c5" },
	{ "sts.cn-north-1.amazonaws.com.cn", "cn-north-1", 1735689599,
	    "20241231T235959Z",
	    "76056b5fdaaadd1c1980352e3f53dac56d217384b437420b5866c06bb21698d4" },
	{ "sts.us-east-1.amazonaws.com", "us-east-1", 1735689600,
	    "20250101T000000Z",
	    "9a7301667af08e9791b747572f7185bcfaad848e0990361bd09a074096fe9393" },
};

static struct endpoint
endpoint_at(const char *host)
{
	struct endpoint e = { .url = "" };

	(void)snprintf(e.host, sizeof(e.host), "%s", host);
	return e;
}

START_TEST(signs_a_proof)
{
	struct aws_keys *keys = new_keys(STR(TOKEN));
	struct endpoint e = endpoint_at(proofs[_i].host);
	char signature[65], amz_date[17];
	struct err err = { 0 };
	int r = sts_proof_sign(signature, amz_date, keys, &e,
	    str_of(proofs[_i].region), STR(BINDING), proofs[_i].now_s, &err);

	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(str_of(amz_date), proofs[_i].amz_date);
	ck_str(str_of(signature), proofs[_i].signature);
	aws_keys_unref(keys);
}
END_TEST

START_TEST(asks_what_is_signed_about)
{
	ck_str(STR(STS_IDENTITY_BODY),
	    "Action=GetCallerIdentity&Version=2011-06-15");
	ck_assert_uint_eq(sizeof(STS_IDENTITY_BODY) - 1, 43);
	ck_str(STR(STS_PROOF_SIGNED),
	    "content-type;host;x-amz-date;x-amz-security-token;"
	    "x-spire-fargate-binding");
}
END_TEST

static const struct {
	const char *token, *host, *region, *binding;
	int64_t now_s;
	int code;
} no_proofs[] = {
	{ "", "sts.example.org", "us-east-1", BINDING, 1768472430,
	    ERR_MISSING },
	{ TOKEN, "sts.example.org", "", BINDING, 1768472430, ERR_FORMAT },
	{ TOKEN, "sts.example.org", "us-east-1/sts", BINDING, 1768472430,
	    ERR_FORMAT },
	{ TOKEN, "sts.example.org", "US-EAST-1", BINDING, 1768472430,
	    ERR_FORMAT },
	{ TOKEN, "sts.example.org\r\nx: y", "us-east-1", BINDING, 1768472430,
	    ERR_FORMAT },
	{ TOKEN, "sts.example.org", "us-east-1", "v1.\r\nx: y", 1768472430,
	    ERR_FORMAT },
	/* clocks that are off by more than a date can say */
	{ TOKEN, "sts.example.org", "us-east-1", BINDING, -1, ERR_FORMAT },
	{ TOKEN, "sts.example.org", "us-east-1", BINDING, 253402300800,
	    ERR_FORMAT },
	{ TOKEN, "sts.example.org", "us-east-1", BINDING, INT64_MAX,
	    ERR_FORMAT },
	{ TOKEN, "sts.example.org", "us-east-1", BINDING, INT64_MIN,
	    ERR_FORMAT },
};

START_TEST(refuses_to_sign_a_proof)
{
	struct aws_keys *keys = new_keys(str_of(no_proofs[_i].token));
	struct endpoint e = endpoint_at(no_proofs[_i].host);
	char signature[65] = "untouched", amz_date[17] = "untouched";
	struct err err = { 0 };
	int r = sts_proof_sign(signature, amz_date, keys, &e,
	    str_of(no_proofs[_i].region), str_of(no_proofs[_i].binding),
	    no_proofs[_i].now_s, &err);

	ck_assert_int_eq(r, no_proofs[_i].code);
	ck_assert_int_eq(err.code, r);
	ck_assert_ptr_null(strstr(err.msg, TOKEN));
	ck_str(str_of(signature), "untouched");
	ck_str(str_of(amz_date), "untouched");
	aws_keys_unref(keys);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sts");
	TCase *tc = tcase_create("sts");

	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	ck_table(tc, reads_an_identity, identities);
	ck_table(tc, refuses_an_identity, no_identities);
	tcase_add_test(tc, refuses_each_cut_answer);
	tcase_add_test(tc, bounds_an_answer);
	ck_table(tc, reads_keys, keys_answers);
	ck_table(tc, refuses_keys, no_keys);
	tcase_add_test(tc, reads_keys_of_json_only);
	ck_table(tc, signs_a_proof, proofs);
	tcase_add_test(tc, asks_what_is_signed_about);
	ck_table(tc, refuses_to_sign_a_proof, no_proofs);
	return run_suite(s);
}
