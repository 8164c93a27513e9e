/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hostile agent may send the server plugin in metadata mode: each
 * refused by the stated code, with the process as it was before.
 */
#include "config.h"

#include <stdio.h>

#include "conformance/many.h"

#define DATA "failed to unmarshal attestation data: "
#define TASK "failed to unmarshal task metadata: "
#define ARN  "failed to extract account ID from Task ARN: "

static struct attested out;

static void
still_serves(struct host *h)
{
	must_attest(h, good_payload(), &out);
	ck_assert_int_eq((int)process_count(h->process, "error", ""), 0);
	host_unload(h);
}

static void
refused(const char *payload_text, const char *text)
{
	struct host *h = load_server(METADATA_MODE);

	must_refuse(h, payload_text, strlen(payload_text),
	    GRPC_STATUS_INVALID_ARGUMENT, text);
	still_serves(h);
}

/* The payload itself is wrong. */
static const struct {
	const char *why, *bytes, *text;
} payloads[] = {
	{ "empty", "", DATA },
	{ "blank", "  \n", DATA },
	{ "not JSON", "attest me", DATA },
	{ "an array", "[{\"task_metadata\":\"{}\"}]", DATA },
	{ "a string", "\"{}\"", DATA },
	{ "null", "null", DATA },
	{ "truncated", "{\"task_metadata\":\"{", DATA },
	{ "two objects", "{\"task_metadata\":\"{}\"}{}", DATA },
	{ "trailing comma", "{\"task_metadata\":\"{}\",}", DATA },
	{ "a comment", "{/**/\"task_metadata\":\"{}\"}", DATA },
	{ "single quotes", "{'task_metadata':'{}'}", DATA },
	{ "a BOM", "\xef\xbb\xbf{\"task_metadata\":\"{}\"}", DATA },
	{ "UTF-16", "\xff\xfe{\0}\0", DATA },
	{ "metadata as an object", "{\"task_metadata\":{}}", DATA },
	{ "metadata as a number", "{\"task_metadata\":7}", DATA },
	{ "no metadata", "{\"selectors\":[]}", TASK },
	{ "empty metadata", "{\"task_metadata\":\"\"}", TASK },
	{ "metadata twice",
	    "{\"task_metadata\":\"{}\",\"task_metadata\":\"{}\"}", DATA },
	{ "metadata in another case",
	    "{\"task_metadata\":\"{}\",\"Task_Metadata\":\"{}\"}", DATA },
	{ "an escaped key twice",
	    "{\"task_metadata\":\"{}\",\"task\\u005fmetadata\":\"{}\"}", DATA },
	{ "an unknown key", "{\"task_metadata\":\"{}\",\"spiffe_id\":\"x\"}",
	    DATA },
	{ "selectors as text", "{\"task_metadata\":\"{}\",\"selectors\":\"\"}",
	    DATA },
	{ "selectors of numbers",
	    "{\"task_metadata\":\"{}\",\"selectors\":[1]}", DATA },
	{ "broken UTF-8", "{\"task_metadata\":\"\xc3\x28\"}", DATA },
	{ "an overlong slash", "{\"task_metadata\":\"\xc0\xaf\"}", DATA },
	{ "a lone surrogate", "{\"task_metadata\":\"\\ud800\"}", DATA },
	{ "a raw newline", "{\"task_metadata\":\"\n\"}", DATA },
};

START_TEST(refuses_payloads)
{
	refused(payloads[_i].bytes, payloads[_i].text);
}
END_TEST

/* Our own agent's members, one of them wrong. */
static const struct {
	const char *why, *name, *json;
} members[] = {
	{ "version 0", "version", "0" },
	{ "version 2", "version", "2" },
	{ "version as text", "version", "\"1\"" },
	{ "version as a float", "version", "1.0" },
	{ "version with an exponent", "version", "1e0" },
	{ "version beyond 64 bits", "version", "18446744073709551617" },
	{ "version null", "version", "null" },
	{ "a negative version", "version", "-1" },
	{ "no ARN beside a version", "task_arn", NULL },
	{ "no nonce beside a version", "agent_nonce", NULL },
	{ "no version beside a nonce", "version", NULL },
	{ "a nonce of 31 bytes", "agent_nonce",
	    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"" },
	{ "a nonce of 33 bytes", "agent_nonce",
	    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"" },
	{ "a padded nonce", "agent_nonce",
	    "\"ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=\"" },
	{ "a nonce of the other alphabet", "agent_nonce",
	    "\"+/EiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\"" },
	{ "a nonce with spare bits", "agent_nonce",
	    "\"ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9\"" },
	{ "an empty nonce", "agent_nonce", "\"\"" },
	{ "another task's ARN", "task_arn",
	    "\"arn:aws:ecs:us-east-1:" ACCOUNT
	    ":task/my-cluster/ffffffffffffffffffffffffffffffff\"" },
	{ "an ARN as a list", "task_arn", "[\"" TASK_ARN "\"]" },
	{ "an unknown member", "can_reattest", "true" },
	{ "a member in another case", "Task_Arn", "\"" TASK_ARN "\"" },
};

START_TEST(refuses_members)
{
	refused(payload(members[_i].name, members[_i].json, NULL), DATA);
}
END_TEST

/* What is no ARN of a task; the original took the account out of these. */
static const char *const arns[] = {
	"",
	"arn",
	"arn:aws:ecs:us-east-1:" ACCOUNT,
	"arn:aws:ecs:us-east-1:" ACCOUNT ":task/my-cluster/" TASK_ID ":x",
	"arn:aws:ecs:us-east-1:" ACCOUNT ":extra:task/my-cluster/" TASK_ID,
	"arn:aws:ecs::" ACCOUNT ":task/my-cluster/" TASK_ID,
	"arn::ecs:us-east-1:" ACCOUNT ":task/my-cluster/" TASK_ID,
	"arn:aws:ecs:us-east-1::task/my-cluster/" TASK_ID,
	"arn:aws:s3:us-east-1:" ACCOUNT ":task/my-cluster/" TASK_ID,
	"ARN:aws:ecs:us-east-1:" ACCOUNT ":task/my-cluster/" TASK_ID,
	TASK_ARN "\\n",
	" " TASK_ARN,
	TASK_ARN " ",
	TASK_ARN "/",
	TASK_ARN "/x",
	TASK_ARN "\\u0000",
	"arn:aws:ecs:us-east-1:" ACCOUNT ":task/" TASK_ID,
	"arn:aws:ecs:us-east-1:" ACCOUNT ":cluster/my-cluster",
	"arn:aws:ecs:us-east-1:" ACCOUNT ":task/my-cluster/",
	"arn:aws:ecs:us-east-1:" ACCOUNT ":task//" TASK_ID,
	"arn:aws:ecs:us-east-1:12345678901:task/my-cluster/" TASK_ID,
	"arn:aws:ecs:us-east-1:1234567890123:task/my-cluster/" TASK_ID,
	"arn:aws:ecs:us-east-1:12345678901x:task/my-cluster/" TASK_ID,
	"arn:aws:ecs:us-east-1:\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93"
	"\xef\xbc\x94:task/my-cluster/" TASK_ID,
	"arn:aws:ecs:us-east-1:" ACCOUNT ":task/../" TASK_ID,
	"arn:aws:ecs:us-east-1:" ACCOUNT ":task/./" TASK_ID,
	"arn:aws:ecs:us-east-1:" ACCOUNT ":task/%2e%2e/" TASK_ID,
	"arn:aws:ecs:us-east-1:" ACCOUNT ":task/my cluster/" TASK_ID,
	"arn:aws:ecs:us-east-1:" ACCOUNT ":task/my-cluster/..",
	"arn:aws:ecs:us-east-1:" ACCOUNT ":task/my-cluster/a.b",
	"arn:aws:ecs:us-east-1:" ACCOUNT ":task/my-cluster/0123456789abcdef"
	"0123456789abcdef0123456789abcdef0123456789abcdef0",
	"arn:aws:ecs:us-east-1.evil.com:" ACCOUNT ":task/my-cluster/" TASK_ID,
	"arn:aws:ecs:us-east-1#:" ACCOUNT ":task/my-cluster/" TASK_ID,
	"arn:aws:ecs:evil.com/?x=:" ACCOUNT ":task/my-cluster/" TASK_ID,
	"arn:aws:ecs:us-east-1\\r\\nHost: x:" ACCOUNT
	":task/my-cluster/" TASK_ID,
	"arn:aws:ecs:US-EAST-1:" ACCOUNT ":task/my-cluster/" TASK_ID,
	"arn:evil:ecs:us-east-1:" ACCOUNT ":task/my-cluster/" TASK_ID,
};

START_TEST(refuses_arns)
{
	refused(payload_of(print("{\"TaskARN\":\"%s\"}", arns[_i])), ARN);
}
END_TEST

START_TEST(refuses_a_cluster_of_256_letters)
{
	refused(payload_of(print("{\"TaskARN\":\"arn:aws:ecs:us-east-1:" ACCOUNT
				 ":task/%s/" TASK_ID "\"}",
		    run_of('c', 256))),
	    ARN);
}
END_TEST

/* The metadata inside is wrong, its ARN apart. */
static const char *const documents[] = {
	"{",
	"[]",
	"{}{}",
	"null",
	"{\"TaskARN\":\"" TASK_ARN "\",\"TaskARN\":\"" TASK_ARN "\"}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Cluster\":\"other\"}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Cluster\":\"a/b\"}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Cluster\":7}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Cluster\":"
	"\"arn:aws:ecs:eu-west-1:" ACCOUNT ":cluster/my-cluster\"}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Cluster\":"
	"\"arn:aws:ecs:us-east-1:999999999999:cluster/my-cluster\"}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Family\":{}}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"TaskTags\":{\"a\":1}}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"TaskTags\":{\"a\":\"1\",\"a\":\"2\"}}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Containers\":[7]}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Containers\":{}}",
	"{\"TaskARN\":\"" TASK_ARN "\",\"Family\":\"\\udc00\"}",
};

START_TEST(refuses_documents)
{
	refused(payload_of(documents[_i]), TASK);
}
END_TEST

/* Whatever deep nesting is in, it ends neither stack nor time. */
START_TEST(refuses_depth)
{
	static const char *const opens[] = { "[", "{\"a\":", "[{\"a\":[" };
	struct host *h = load_server(METADATA_MODE);
	char *deep = need_alloc(64 * 1024);
	const size_t n = strlen(opens[_i]);
	const int64_t from = now_ms();
	size_t i;

	for (i = 0; i + n < 50000; i += n)
		memcpy(deep + i, opens[_i], n + 1);
	must_refuse(h, deep, strlen(deep), GRPC_STATUS_INVALID_ARGUMENT, DATA);
	memcpy(deep, "{\"x\":", 5);
	must_refuse(h, deep, strlen(deep), GRPC_STATUS_INVALID_ARGUMENT, DATA);
	must_refuse(h, payload_of(deep), strlen(payload_of(deep)),
	    GRPC_STATUS_INVALID_ARGUMENT, "failed to ");
	ck_assert_int_le((int)(now_ms() - from), patience(5000));
	free(deep);
	still_serves(h);
}
END_TEST

static const size_t sizes[] = { 64 * 1024 + 1, 100 * 1000, 1000 * 1000,
	4 * 1000 * 1000 };

START_TEST(refuses_size)
{
	struct host *h = load_server(METADATA_MODE);
	char *bytes = need_alloc(sizes[_i]);
	size_t before, after;
	int i;

	memset(bytes, 'x', sizes[_i]);
	must_refuse(h, bytes, sizes[_i], GRPC_STATUS_INVALID_ARGUMENT, DATA);
	before = process_rss(h->process);
	for (i = 0; i < 20; i++)
		must_refuse(
		    h, bytes, sizes[_i], GRPC_STATUS_INVALID_ARGUMENT, DATA);
	after = process_rss(h->process);
	free(bytes);
	ck_assert_msg(patience(1) > 1 || after < before + 16 * 1024 * 1024,
	    "%zu bytes, then %zu", before, after);
	still_serves(h);
}
END_TEST

/* NUL bytes end nothing early. */
START_TEST(refuses_bytes_behind_a_NUL)
{
	struct host *h = load_server(METADATA_MODE);
	char bytes[4096];
	const size_t n = strlen(good_payload());

	memcpy(bytes, good_payload(), n);
	memcpy(bytes + n, "\0evil", 5);
	must_refuse(h, bytes, n + 5, GRPC_STATUS_INVALID_ARGUMENT, DATA);
	must_refuse(h, "\0\0\0\0", 4, GRPC_STATUS_INVALID_ARGUMENT, DATA);
	still_serves(h);
}
END_TEST

/* The server uses no selector, ID or flag that an agent sends. */
START_TEST(believes_no_selector_of_the_agent)
{
	struct host *h = load_server(METADATA_MODE);

	must_attest(h,
	    payload("selectors",
		"[\"aws_fargate:account:999999999999\",\"admin:yes\",\"\"]",
		NULL),
	    &out);
	ck_assert(strstr(out.selectors, "999999999999") == NULL);
	ck_assert(strstr(out.selectors, "admin") == NULL);
	host_unload(h);
}
END_TEST

/* A value outside one path segment is refused, never escaped. */
static const struct {
	const char *name, *json;
} segments[] = {
	{ "Family", "\"..\"" },
	{ "Family", "\".\"" },
	{ "Family", "\"a/b\"" },
	{ "Family", "\"a%2fb\"" },
	{ "Family", "\"a b\"" },
	{ "Family", "\"\xc3\xa9\"" },
	{ "Family", "\"\"" },
	{ "Family", NULL },
	{ "Family", "\"?x=1\"" },
	{ "Family", "\"a#b\"" },
};

START_TEST(forges_no_agent_id)
{
	struct host *h = load_server(
	    METADATA_MODE "agent_path_template = \"/x/{{ .family }}/y\"");
	const char *text =
	    payload_of(metadata(segments[_i].name, segments[_i].json, NULL));

	host_attest(h, text, strlen(text), &out);
	ck_assert_msg(out.answer.code == GRPC_STATUS_PERMISSION_DENIED ||
			  out.answer.code == GRPC_STATUS_INVALID_ARGUMENT,
	    "%d %s %s", (int)out.answer.code, out.answer.text, out.id);
	host_unload(h);
}
END_TEST

START_TEST(gives_no_agent_id_beyond_255_bytes)
{
	struct host *h = load_server(METADATA_MODE
	    "agent_path_template = \"/x/{{ .family }}/{{ .taskID }}\"");
	const char *text = payload_of(
	    metadata("Family", print("\"%s\"", run_of('f', 250)), NULL));

	host_attest(h, text, strlen(text), &out);
	ck_assert_msg(out.answer.code != GRPC_STATUS_OK, "%s", out.id);
	host_unload(h);
}
END_TEST

/* A tag's key cannot pose as another selector. */
START_TEST(forges_no_selector)
{
	struct host *h = load_server(METADATA_MODE);

	must_attest(h,
	    payload_of(metadata("TaskTags",
		"{\"a:b\":\"c\",\"%3A\":\"d\",\"nl\":\"x\\ny\","
		"\"empty\":\"\"}",
		"ServiceName", "\"x\\ncluster:forged\"", NULL)),
	    &out);
	ck_assert_msg(
	    has_line(out.selectors, "tag:a%3Ab:c"), "%s", out.selectors);
	ck_assert_msg(
	    has_line(out.selectors, "tag:%253A:d"), "%s", out.selectors);
	ck_assert_msg(
	    strstr(out.selectors, "\ny") == NULL, "%s", out.selectors);
	ck_assert_msg(
	    !has_line(out.selectors, "cluster:forged"), "%s", out.selectors);
	host_unload(h);
}
END_TEST

static const struct {
	const char *config, *text;
} policies[] = {
	{ "allowed_accounts = [\"210987654321\"]",
	    "account ID " ACCOUNT " is not allowed" },
	{ "allowed_clusters = [\"My-Cluster\"]",
	    "cluster my-cluster is not allowed" },
	{ "allowed_clusters = [\"my-cluste\", \"my-clusterx\"]",
	    "cluster my-cluster is not allowed" },
	{ "allowed_regions = [\"eu-west-1\"]",
	    "region us-east-1 is not allowed" },
	{ "cluster = \"other\"", "cluster my-cluster is not allowed" },
	{ "region = \"eu-west-1\"", "region us-east-1 is not allowed" },
};

START_TEST(obeys_the_policy)
{
	struct host *h =
	    load_server(print(METADATA_MODE "%s", policies[_i].config));

	must_refuse(h, good_payload(), strlen(good_payload()),
	    GRPC_STATUS_PERMISSION_DENIED, policies[_i].text);
	host_unload(h);
}
END_TEST

static struct str
bad_payload(size_t i)
{
	static const char *const texts[] = { "{", "[[[[", "null",
		"{\"task_metadata\":\"{}\"}",
		"{\"task_metadata\":\"\\u0000\",\"selectors\":[]}" };
	const size_t kind = i % (COUNT_OF(texts) + 2);

	if (kind < COUNT_OF(texts))
		return str_of(texts[kind]);
	if (kind == COUNT_OF(texts))
		return str_of(payload_of(documents[i % COUNT_OF(documents)]));
	return (struct str){ run_of('{', 3000), 3000 };
}

static void
is_invalid(size_t i, const struct attested *got)
{
	ck_assert_msg(got->answer.code == GRPC_STATUS_INVALID_ARGUMENT,
	    "%zu: %d %s", i, (int)got->answer.code, got->answer.text);
}

/* 20,000 of them; under sanitizers fewer, whose memory grows anyway. */
START_TEST(does_not_grow_by_bad_input)
{
	const size_t total = patience(1) > 1 ? 2000 : 20000;
	struct host *h = load_server(METADATA_MODE);
	size_t before, after;

	attest_many(h, 3000, 64, bad_payload, is_invalid);
	before = process_rss(h->process);
	attest_many(h, total, 64, bad_payload, is_invalid);
	after = process_rss(h->process);
	ck_assert_msg(patience(1) > 1 || after < before + 2 * 1024 * 1024,
	    "%zu bytes, then %zu", before, after);
	still_serves(h);
}
END_TEST

/* Refusals are rate-limited: an agent cannot fill a disk. */
START_TEST(does_not_log_every_refusal)
{
	struct host *h = load_server(METADATA_MODE);
	const int64_t from = now_ms();

	attest_many(h, 500, 16, bad_payload, is_invalid);
	host_wait_line(h, "warn", "attestation refused", 2000);
	ck_assert_int_le(
	    (int)process_count(h->process, "warn", "attestation refused"),
	    10 * ((int)((now_ms() - from) / 1000) + 2));
	host_unload(h);
}
END_TEST

static const char *const hostile_env[] = {
	"AWS_ENDPOINT_URL=http://127.0.0.1:1",
	"AWS_ENDPOINT_URL_STS=http://127.0.0.1:1",
	"https_proxy=http://127.0.0.1:1", "ALL_PROXY=http://127.0.0.1:1",
	"SSL_CERT_FILE=/nonexistent", "CURL_CA_BUNDLE=/nonexistent",
	"AWS_PROFILE=none", "LD_BIND_NOW=1", NULL
};

START_TEST(heeds_no_stray_environment)
{
	struct process_options o = plugin_options(&plugins[0]);
	struct host *h;

	o.env = hostile_env;
	h = host_load(&o, true, METADATA_MODE);
	still_serves(h);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostile");
	TCase *tc = new_case(s, "server", 60);

	ck_table(tc, refuses_payloads, payloads);
	ck_table(tc, refuses_members, members);
	ck_table(tc, refuses_arns, arns);
	tcase_add_test(tc, refuses_a_cluster_of_256_letters);
	ck_table(tc, refuses_documents, documents);
	tcase_add_loop_test(tc, refuses_depth, 0, 3);
	ck_table(tc, refuses_size, sizes);
	tcase_add_test(tc, refuses_bytes_behind_a_NUL);
	tcase_add_test(tc, believes_no_selector_of_the_agent);
	ck_table(tc, forges_no_agent_id, segments);
	tcase_add_test(tc, gives_no_agent_id_beyond_255_bytes);
	tcase_add_test(tc, forges_no_selector);
	ck_table(tc, obeys_the_policy, policies);
	tcase_add_test(tc, does_not_grow_by_bad_input);
	tcase_add_test(tc, does_not_log_every_refusal);
	tcase_add_test(tc, heeds_no_stray_environment);
	return run_tests(s);
}
