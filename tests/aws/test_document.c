/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/document.h"

#include "testing.h"

#define KEYS                                 \
	"\"AccessKeyId\":\"ASIAEXAMPLE0000001\"," \
	"\"SecretAccessKey\":\"hush+secret/1\",\"Token\":\"hush+token/2==\""
#define WHEN "\"Expiration\":\"2026-01-15T11:20:30Z\""

enum { EXPIRES_S = 1768476030, NOW_S = EXPIRES_S - 3600 };

static const struct {
	const char *body, *role_arn;
} documents[] = {
	/* a container's, an EKS pod's, an instance's */
	{ "{\"RoleArn\":\"arn:aws:iam::021436587009:role\\/web\"," KEYS
	  "," WHEN "}",
	    "arn:aws:iam::021436587009:role/web" },
	{ "{" KEYS ",\"AccountId\":\"021436587009\"," WHEN "}", "" },
	{ "{\"Code\":\"Success\",\"LastUpdated\":\"2026-01-15T10:00:00Z\","
	  "\"Type\":\"AWS-HMAC\"," KEYS "," WHEN "}",
	    "" },
	{ " {\n" WHEN ",\n\"RoleArn\":null," KEYS "}\n", "" },
	{ "{" KEYS ",\"Expiration\":1768476030}", "" },
	{ "{" KEYS ",\"Expiration\":1768476030.999}", "" },
	{ "{" KEYS ",\"Expiration\":\"2026-01-15T11:20:30.123456789Z\"}", "" },
	{ "{" KEYS ",\"Expiration\":\"2026-01-15T11:20:30+00:00\"}", "" },
};

START_TEST(reads_a_document)
{
	struct aws_keys *keys = NULL;
	struct err err = { 0 };
	int r = document_keys(
	    &keys, str_of(documents[_i].body), "container", NOW_S, &err);

	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(keys->access_key_id, "ASIAEXAMPLE0000001");
	ck_str(keys->secret, "hush+secret/1");
	ck_str(keys->token, "hush+token/2==");
	ck_str(keys->role_arn, documents[_i].role_arn);
	ck_str(str_of(keys->source), "container");
	ck_assert_int_eq(keys->expires_s, EXPIRES_S);
	aws_keys_unref(keys);
}
END_TEST

static const struct {
	const char *body, *says;
} refused[] = {
	{ "", "no JSON object" },
	{ "null", "no JSON object" },
	{ "\"CredentialsUninitialized\"", "no JSON object" },
	{ "[{" KEYS "," WHEN "}]", "no JSON object" },
	{ "{" KEYS "," WHEN "}}", "no JSON object" },
	{ "{" KEYS "," WHEN, "no JSON object" },
	{ "<html></html>", "no JSON object" },
	{ "{}", "missing" },
	{ "{" KEYS "}", "missing" },
	{ "{" WHEN "}", "missing" },
	{ "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\"," WHEN "}",
	    "missing" },
	{ "{" KEYS "," KEYS "," WHEN "}", "repeated" },
	{ "{" KEYS ",\"token\":\"hush\"," WHEN "}", "repeated" },
	{ "{\"AccessKeyId\":7,\"SecretAccessKey\":\"s\",\"Token\":\"t\"," WHEN
	  "}",
	    "no text" },
	{ "{\"Code\":\"Failed\"," KEYS "," WHEN "}", "Code" },
	{ "{\"Code\":\"success\"," KEYS "," WHEN "}", "Code" },
	{ "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"hush\"}",
	    "missing" },
	{ "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"\"," WHEN
	  "}",
	    "Token is empty" },
	{ "{\"AccessKeyId\":\"\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"," WHEN
	  "}",
	    "grammar" },
	{ "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush hush\","
	  "\"Token\":\"t\"," WHEN "}",
	    "grammar" },
	{ "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\","
	  "\"Token\":\"hush\\r\\nX-Evil: 1\"," WHEN "}",
	    "grammar" },
	{ "{" KEYS ",\"Expiration\":\"tomorrow\"}", "Expiration" },
	{ "{" KEYS ",\"Expiration\":\"2026-01-15T11:20:30\"}", "Expiration" },
	{ "{" KEYS ",\"Expiration\":\"2026-01-15T11:20:30+01:00\"}",
	    "Expiration" },
	{ "{" KEYS ",\"Expiration\":\"1969-12-31T23:59:59Z\"}", "Expiration" },
	{ "{" KEYS ",\"Expiration\":1e400}", "Expiration" },
	{ "{" KEYS ",\"Expiration\":-1}", "Expiration" },
	{ "{" KEYS ",\"Expiration\":\"2026-01-15T10:20:30Z\"}", "expired" },
	{ "{" KEYS ",\"Expiration\":1768472430}", "expired" },
};

START_TEST(refuses_a_document)
{
	struct aws_keys *keys = NULL;
	struct err err = { 0 };
	int r = document_keys(
	    &keys, str_of(refused[_i].body), "container", NOW_S, &err);

	ck_assert_int_eq(r, ERR_UPSTREAM);
	ck_assert_int_eq(err.code, r);
	ck_assert_ptr_null(keys);
	ck_assert_msg(
	    strstr(err.msg, refused[_i].says) != NULL, "%s", err.msg);
	ck_assert_ptr_nonnull(strstr(err.msg, "of the container"));
	ck_assert_ptr_null(strstr(err.msg, "hush"));
}
END_TEST

static const struct {
	const char *text;
	bool is_time;
	int64_t seconds;
} times[] = {
	{ "1", true, 1 },
	{ "1.9e0", true, 1 },
	{ "253402300799", true, 253402300799 },
	{ "253402300800", false, 0 },
	{ "0", false, 0 },
	{ "0.0", false, 0 },
	{ "-7", false, 0 },
	{ "1e999", false, 0 },
	{ "1.000000000000000000000000000000000000000", false, 0 },
	{ "\"1970-01-01T00:00:01Z\"", true, 1 },
	{ "\"2024-02-29T23:59:59Z\"", true, 1709251199 },
	{ "\"2026-01-15T11:20:30.Z\"", true, EXPIRES_S },
	{ "\"1970-01-01T00:00:00Z\"", false, 0 },
	{ "\"2026-01-15 11:20:30Z\"", false, 0 },
	{ "\"2026-13-15T11:20:30Z\"", false, 0 },
	{ "\"2026-01-32T11:20:30Z\"", false, 0 },
	{ "\"2026-01-15T24:20:30Z\"", false, 0 },
	{ "\"2026-01-15T11:60:30Z\"", false, 0 },
	{ "\"2026-01-15T11:20:30,5Z\"", false, 0 },
	{ "\"2026-01-15T11:20:30z\"", false, 0 },
	{ "\"2026-01-15T11:20:30ZZ\"", false, 0 },
	{ "\"2026-01-15T11:20:30Z \"", false, 0 },
	{ "\"2026-01-15T11:20:30\\u005a\"", false, 0 },
	{ "\"2026-01-15T11:20:30Z\\u0000\"", false, 0 },
	{ "\"\"", false, 0 },
};

START_TEST(reads_a_time)
{
	int64_t seconds = 0;
	struct json v;

	ck_assert_int_eq(json_open(&v, str_of(times[_i].text), NULL), ERR_OK);
	ck_assert_int_eq(document_time(&seconds, v), times[_i].is_time);
	ck_assert_int_eq(seconds, times[_i].seconds);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("document");
	TCase *tc = tcase_create("document");

	suite_add_tcase(s, tc);
	ck_table(tc, reads_a_document, documents);
	ck_table(tc, refuses_a_document, refused);
	ck_table(tc, reads_a_time, times);
	return run_suite(s);
}
