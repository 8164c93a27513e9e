/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/payload.h"

#include "testing.h"
#include "json/json.h"

#define ARN                                              \
	"arn:aws:ecs:us-east-1:021436587009:task/batch/" \
	"0c7d51a8e2f94b63a1d80e5f7396b2c4"
#define NONCE     "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define METADATA  "\"task_metadata\":\"{}\""
#define SELECTORS "\"selectors\":[\"aws_fargate:cluster:batch\"]"
#define PROOF \
	"\"version\":1,\"task_arn\":\"" ARN "\",\"agent_nonce\":\"" NONCE "\""

static struct arena arena;

static void
set_up(void)
{
	arena_init(&arena, 1024 * 1024);
}

static void
tear_down(void)
{
	arena_release(&arena);
}

/* The nonce 00 01 .. 1f. */
static void
check_nonce(const struct payload *p)
{
	int i;

	for (i = 0; i < NONCE_BYTES; i++)
		ck_assert_int_eq(p->agent_nonce[i], i);
}

START_TEST(reads_our_own)
{
	struct payload p;
	struct err err = { 0 };
	int r;

	r = payload_decode(&p, &arena,
	    STR("{\"task_metadata\":\"{\\\"TaskARN\\\":\\\"x\\\"}\"," SELECTORS
		"," PROOF "}"),
	    &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(p.task_metadata, "{\"TaskARN\":\"x\"}");
	ck_assert(p.has_version);
	ck_str(p.task_arn, ARN);
	check_nonce(&p);
	ck_assert_uint_eq(p.selector_count, 0);
}
END_TEST

/* What the original Go agent, and others, may send. */
static const struct {
	const char *text, *metadata;
} taken[] = {
	{ "{" METADATA "," SELECTORS "}", "{}" },
	{ "{" METADATA ",\"selectors\":null}", "{}" },
	{ "{" METADATA ",\"selectors\":[]}", "{}" },
	{ " {\n" METADATA "\t}\r\n", "{}" },
	{ "{" SELECTORS "," METADATA "}", "{}" },
	{ "{\"task_metadata\":\"\",\"selectors\":null}", "" },
	{ "{\"task_metad\\u0061ta\":\"not even JSON\"}", "not even JSON" },
	{ "{}", "" },
};

START_TEST(reads_the_original_agent)
{
	struct payload p;
	struct err err = { 0 };
	int r;

	r = payload_decode(&p, &arena, str_of(taken[_i].text), &err);
	ck_assert_msg(r == ERR_OK, "%s: %s", taken[_i].text, err.msg);
	ck_str(p.task_metadata, taken[_i].metadata);
	ck_assert(!p.has_version);
	ck_assert_uint_eq(p.task_arn.n, 0);
	ck_assert_uint_eq(p.selector_count, 0);
}
END_TEST

#define WITH_VERSION(v) \
	"{\"version\":" v ",\"task_arn\":\"a\",\"agent_nonce\":\"" NONCE "\"}"
#define WITH_NONCE(n) \
	"{\"version\":1,\"task_arn\":\"a\",\"agent_nonce\":\"" n "\"}"

static const struct {
	const char *says, *text;
} refused[] = {
	{ "the payload is empty", "" },
	{ "at byte", " \n" },
	{ "at byte", "x" },
	{ "at byte", "{" METADATA },
	{ "at byte", "{" METADATA "} {}" },
	{ "at byte", "\xef\xbb\xbf{}" },
	{ "at byte", "{\"task_metadata\":\"\xff\"}" },
	{ "at byte", "{\"task_metadata\":\"\\ud800\"}" },
	{ "at byte", "{" METADATA ",}" },
	{ "at byte", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[" },
	{ "expected an object", "[]" },
	{ "expected an object", "null" },
	{ "expected an object", "\"{}\"" },
	{ "expected an object", "7" },
	{ "unknown member \"x\"", "{" METADATA ",\"x\":1}" },
	{ "unknown member \"\"", "{\"\":1}" },
	{ "unknown member \"arn\"", "{" METADATA "," PROOF ",\"arn\":\"a\"}" },
	{ "must be spelt \"task_metadata\"", "{\"Task_Metadata\":\"{}\"}" },
	{ "must be spelt \"task_arn\"", "{\"ta\xc5\xbfk_arn\":\"a\"}" },
	{ "\"task_metadata\" is repeated", "{" METADATA "," METADATA "}" },
	{ "\"task_metadata\" is repeated",
	    "{" METADATA ",\"task\\u005fmetadata\":\"{}\"}" },
	{ "\"selectors\" is repeated",
	    "{\"selectors\":null,\"selectors\":[]}" },
	{ "\"task_metadata\" must be a string", "{\"task_metadata\":{}}" },
	{ "\"task_metadata\" must be a string", "{\"task_metadata\":null}" },
	{ "\"selectors\" must be", "{" METADATA ",\"selectors\":{}}" },
	{ "\"selectors\" must be", "{" METADATA ",\"selectors\":\"a\"}" },
	{ "selectors holds 7", "{\"selectors\":[\"a\",7]}" },
	{ "selectors holds null", "{\"selectors\":[null]}" },
	{ "selectors holds [\"a\"]", "{\"selectors\":[[\"a\"]]}" },
	{ "version is missing",
	    "{\"task_arn\":\"a\",\"agent_nonce\":\"" NONCE "\"}" },
	{ "task_arn is missing",
	    "{\"version\":1,\"agent_nonce\":\"" NONCE "\"}" },
	{ "agent_nonce is missing", "{\"version\":1,\"task_arn\":\"a\"}" },
	{ "agent_nonce is missing",
	    "{\"version\":1," METADATA ",\"task_arn\":\"a\"}" },
	{ "version is missing", "{" METADATA ",\"task_arn\":\"a\"}" },
	{ "version 0 is not 1", WITH_VERSION("0") },
	{ "version 2 is not 1", WITH_VERSION("2") },
	{ "version -1 is not 1", WITH_VERSION("-1") },
	{ "version 1.0 is not 1", WITH_VERSION("1.0") },
	{ "version 1e0 is not 1", WITH_VERSION("1e0") },
	{ "version 18446744073709551617 is not 1",
	    WITH_VERSION("18446744073709551617") },
	{ "\"version\" must be a number", WITH_VERSION("\"1\"") },
	{ "\"version\" must be a number", WITH_VERSION("true") },
	{ "\"version\" must be a number", WITH_VERSION("null") },
	{ "task_arn is empty",
	    "{\"version\":1,\"task_arn\":\"\",\"agent_nonce\":\"" NONCE "\"}" },
	{ "\"task_arn\" must be a string",
	    "{\"version\":1,\"task_arn\":7,\"agent_nonce\":\"" NONCE "\"}" },
	{ "agent_nonce is not 32 bytes", WITH_NONCE("") },
	{ "agent_nonce is not 32 bytes",
	    WITH_NONCE("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg") },
	{ "agent_nonce is not 32 bytes",
	    WITH_NONCE("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g") },
	{ "agent_nonce is not 32 bytes", WITH_NONCE(NONCE "=") },
	{ "agent_nonce is not 32 bytes",
	    WITH_NONCE("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9") },
	{ "agent_nonce is not 32 bytes",
	    WITH_NONCE("+AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8") },
	{ "agent_nonce is not 32 bytes",
	    WITH_NONCE("/AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8") },
	{ "agent_nonce is not 32 bytes",
	    WITH_NONCE("\\u0000AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8") },
	{ "\"agent_nonce\" must be a string",
	    "{\"version\":1,\"task_arn\":\"a\",\"agent_nonce\":[]}" },
};

START_TEST(refuses)
{
	struct payload p = { .task_arn = STR("untouched") };
	struct err err = { 0 };
	int r;

	r = payload_decode(&p, &arena, str_of(refused[_i].text), &err);
	ck_assert_msg(r == ERR_FORMAT, "%s: %d", refused[_i].text, r);
	ck_assert_msg(strstr(err.msg, refused[_i].says) != NULL, "%s: %s",
	    refused[_i].text, err.msg);
	ck_str(p.task_arn, "untouched");
}
END_TEST

/* n bytes of payload, most of them metadata. */
static struct str
payload_of(size_t n)
{
	static const char head[] = "{\"task_metadata\":\"", tail[] = "\"}";
	char *p = arena_alloc(&arena, n);

	memset(p, 'x', n);
	memcpy(p, head, sizeof(head) - 1);
	memcpy(p + n - (sizeof(tail) - 1), tail, sizeof(tail) - 1);
	return (struct str){ p, n };
}

START_TEST(reads_64_kib_and_no_more)
{
	struct payload p;
	struct err err = { 0 };

	ck_assert_int_eq(
	    payload_decode(&p, &arena, payload_of(PAYLOAD_MAX), &err), ERR_OK);
	ck_assert_uint_eq(p.task_metadata.n, PAYLOAD_MAX - 20);
	ck_assert_int_eq(
	    payload_decode(&p, &arena, payload_of(PAYLOAD_MAX + 1), &err),
	    ERR_TOOBIG);
	ck_assert_str_eq(
	    err.msg, "the payload has 65537 bytes, more than 65536");
}
END_TEST

START_TEST(writes_what_it_reads)
{
	static const struct str selectors[] = { { "aws_fargate:a", 13 },
		{ "quote\"d", 7 } };
	struct payload p = { .task_metadata = STR("{\"a\":\"\\n\"}"),
		.selectors = selectors,
		.selector_count = 2,
		.has_version = true,
		.task_arn = STR(ARN) };
	struct payload again;
	struct err err = { 0 };
	struct buf b;
	int i;

	for (i = 0; i < NONCE_BYTES; i++)
		p.agent_nonce[i] = (unsigned char)i;
	buf_init(&b, PAYLOAD_MAX);
	ck_assert_int_eq(payload_encode(&b, &p, &err), ERR_OK);
	ck_str(buf_str(&b),
	    "{\"task_metadata\":\"{\\\"a\\\":\\\"\\\\n\\\"}\","
	    "\"selectors\":[\"aws_fargate:a\",\"quote\\\"d\"]," PROOF "}");
	ck_assert_int_eq(
	    payload_decode(&again, &arena, buf_str(&b), &err), ERR_OK);
	ck_assert(str_eq(again.task_metadata, p.task_metadata));
	ck_assert(str_eq(again.task_arn, p.task_arn));
	check_nonce(&again);
	buf_release(&b);
}
END_TEST

START_TEST(writes_the_two_members_of_the_original)
{
	struct payload p = { .task_metadata = STR("{}") };
	struct buf b;

	buf_init(&b, PAYLOAD_MAX);
	ck_assert_int_eq(payload_encode(&b, &p, NULL), ERR_OK);
	ck_str(buf_str(&b), "{" METADATA ",\"selectors\":[]}");
	buf_release(&b);
}
END_TEST

/* Bytes that grow when quoted, and how long the metadata is before that. */
static const struct {
	char byte;
	size_t n;
} stuffing[] = {
	{ 'x', 1000 },
	{ 'x', 50 * 1024 },
	{ '"', 30 * 1024 },
	{ '\x01', 10 * 1024 },
	{ 'x', PAYLOAD_MAX - 400 },
};

START_TEST(leaves_out_selectors_that_do_not_fit)
{
	static struct str selectors[400];
	struct payload p = { .selectors = selectors,
		.selector_count = 400,
		.has_version = true,
		.task_arn = STR(ARN) };
	struct payload again;
	char *text = arena_alloc(&arena, stuffing[_i].n);
	char *value = arena_alloc(&arena, 255);
	struct buf b;
	size_t i;

	memset(text, stuffing[_i].byte, stuffing[_i].n);
	memset(value, stuffing[_i].byte, 255);
	p.task_metadata = (struct str){ text, stuffing[_i].n };
	for (i = 0; i < 400; i++)
		selectors[i] = (struct str){ value, 255 };
	buf_init(&b, PAYLOAD_MAX);
	ck_assert_int_eq(payload_encode(&b, &p, NULL), ERR_OK);
	ck_assert_uint_gt(b.n, PAYLOAD_MAX - 255 * 6 - 3);
	ck_assert_int_eq(
	    payload_decode(&again, &arena, buf_str(&b), NULL), ERR_OK);
	ck_assert(str_eq(again.task_metadata, p.task_metadata));
	ck_assert(str_eq(again.task_arn, p.task_arn));
	buf_release(&b);
}
END_TEST

START_TEST(refuses_to_write_what_is_too_big)
{
	struct payload p = { .task_metadata = payload_of(PAYLOAD_MAX - 10) };
	struct err err = { 0 };
	struct buf b;

	buf_init(&b, PAYLOAD_MAX * 2);
	ck_assert_int_eq(payload_encode(&b, &p, &err), ERR_TOOBIG);
	ck_assert_msg(
	    strstr(err.msg, "more than 65536") != NULL, "%s", err.msg);
	buf_release(&b);
	err = (struct err){ 0 };
	buf_init(&b, 16);
	p.task_metadata = STR("{}");
	ck_assert_int_eq(payload_encode(&b, &p, &err), ERR_TOOBIG);
	buf_release(&b);
}
END_TEST

START_TEST(reports_that_memory_is_out)
{
	static const char *const texts[] = {
		"{\"task_metadata\":\"\\n\"}",
		"{\"version\":1,\"task_arn\":\"\\n\",\"agent_nonce\":\"" NONCE
		"\"}",
		"{\"version\":1,\"task_arn\":\"a\",\"agent_nonce\":\"\\n\"}",
	};
	struct payload p;
	struct err err = { 0 };

	arena.max = 0;
	ck_assert_int_eq(
	    payload_decode(&p, &arena, str_of(texts[_i]), &err), ERR_MEMORY);
	ck_assert_str_ne(err.msg, "");
}
END_TEST

START_TEST(survives_every_cut_and_flip)
{
	static const char text[] = "{" METADATA "," SELECTORS "," PROOF "}";
	char bytes[sizeof(text)];
	struct payload p;
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++) {
		ck_assert_int_eq(
		    payload_decode(&p, &arena, (struct str){ text, i }, NULL),
		    ERR_FORMAT);
		memcpy(bytes, text, sizeof(text));
		bytes[i] = (char)(bytes[i] ^ (1 << (i % 8)));
		if (payload_decode(&p, &arena,
			(struct str){ bytes, sizeof(text) - 1 },
			NULL) == ERR_OK)
			ck_assert(p.has_version);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("payload");
	TCase *tc = tcase_create("payload");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, reads_our_own);
	ck_table(tc, reads_the_original_agent, taken);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, reads_64_kib_and_no_more);
	tcase_add_test(tc, writes_what_it_reads);
	tcase_add_test(tc, writes_the_two_members_of_the_original);
	ck_table(tc, leaves_out_selectors_that_do_not_fit, stuffing);
	tcase_add_test(tc, refuses_to_write_what_is_too_big);
	tcase_add_loop_test(tc, reports_that_memory_is_out, 0, 3);
	tcase_add_test(tc, survives_every_cut_and_flip);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
