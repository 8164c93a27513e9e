/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/response.h"

#include "samples.h"

#define X16 "abcdef0123456789"
#define X64 X16 X16 X16 X16

#define KEY   "ASIAQWERTYUIOPASDFGH"
#define DATE  "20261122T030405Z"
#define TOKEN "IQoJb3JpZ2luX2VjEPv/+w=="

/* Members, each of which a row can replace. */
#define M_VERSION   "\"version\":1"
#define M_KEY       "\"access_key_id\":\"" KEY "\""
#define M_DATE      "\"amz_date\":\"" DATE "\""
#define M_TOKEN     "\"session_token\":\"" TOKEN "\""
#define M_SIGNATURE "\"signature\":\"" X64 "\""
#define BODY(version, key, date, token, signature) \
	version "," key "," date "," token "," signature
#define GOOD BODY(M_VERSION, M_KEY, M_DATE, M_TOKEN, M_SIGNATURE)

#define WITH_VERSION(v) \
	"{" BODY("\"version\":" v, M_KEY, M_DATE, M_TOKEN, M_SIGNATURE) "}"
#define WITH_KEY(v)                                                         \
	"{" BODY(M_VERSION, "\"access_key_id\":\"" v "\"", M_DATE, M_TOKEN, \
	    M_SIGNATURE) "}"
#define WITH_DATE(v)                                                  \
	"{" BODY(M_VERSION, M_KEY, "\"amz_date\":\"" v "\"", M_TOKEN, \
	    M_SIGNATURE) "}"
#define WITH_TOKEN(v)                                                     \
	"{" BODY(M_VERSION, M_KEY, M_DATE, "\"session_token\":\"" v "\"", \
	    M_SIGNATURE) "}"
#define WITH_SIGNATURE(v) \
	"{" BODY(         \
	    M_VERSION, M_KEY, M_DATE, M_TOKEN, "\"signature\":\"" v "\"") "}"

static struct arena arena;

static void
set_up(void)
{
	arena_init(&arena, 256 * 1024);
}

static void
tear_down(void)
{
	arena_release(&arena);
}

static struct response
good(void)
{
	return (struct response){ STR(KEY), STR(DATE), STR(TOKEN), STR(X64) };
}

static void
check_same(struct str text, const struct response *want)
{
	struct response got;
	struct err err = { 0 };
	int r;

	r = response_decode(&got, &arena, text, &err);
	ck_assert_msg(r == ERR_OK, "%.*s: %s", STR_FMT(text), err.msg);
	ck_assert(str_eq(got.access_key_id, want->access_key_id));
	ck_assert(str_eq(got.amz_date, want->amz_date));
	ck_assert(str_eq(got.session_token, want->session_token));
	ck_assert(str_eq(got.signature, want->signature));
}

static void
check_sample(struct json sample)
{
	struct response p;
	struct json key, value;
	struct json_iter it;
	struct str text;
	struct buf b;

	p.access_key_id = sample_text(sample, "access_key_id", &arena);
	p.amz_date = sample_text(sample, "amz_date", &arena);
	p.session_token = sample_text(sample, "session_token", &arena);
	p.signature = sample_text(sample, "signature", &arena);
	text = sample_text(sample, "message", &arena);
	buf_init(&b, RESPONSE_MAX);
	ck_assert_int_eq(response_encode(&b, &p, NULL), ERR_OK);
	ck_assert_msg(str_eq(buf_str(&b), text), "wrote %.*s, want %.*s",
	    STR_FMT(buf_str(&b)), STR_FMT(text));
	buf_wipe(&b);
	check_same(text, &p);
	ck_assert_int_eq(
	    response_ahead(&p, 0), (int64_t)sample_number(sample, "seconds"));
	json_iter_init(&it, sample_find(sample, "also"));
	while (json_iter_next(&it, &key, &value)) {
		ck_assert_int_eq(
		    json_string(&text, value, &arena, NULL), ERR_OK);
		check_same(text, &p);
	}
}

START_TEST(agrees_with_the_samples)
{
	struct json key, sample;
	struct json_iter it;
	struct buf text;
	int n = 0;

	samples_open(&it, &text, "response");
	for (; json_iter_next(&it, &key, &sample); n++)
		check_sample(sample);
	ck_assert_int_ge(n, 5);
	buf_release(&text);
}
END_TEST

static const struct {
	const char *says, *text;
} refused[] = {
	{ "the response is empty", "" },
	{ "at byte", "x" },
	{ "at byte", "{" GOOD },
	{ "at byte", "{" GOOD "} " GOOD },
	{ "at byte", WITH_KEY("\xff") },
	{ "at byte", WITH_KEY("\\udc00") },
	{ "at byte", WITH_TOKEN(TOKEN "\r\nX-Amz-Target: x") },
	{ "expected an object", "[]" },
	{ "expected an object", "\"{}\"" },
	{ "\"version\" is missing", "{}" },
	{ "\"session_token\" is missing",
	    "{" M_VERSION "," M_KEY "," M_DATE "," M_SIGNATURE "}" },
	{ "unknown member \"host\"", "{" GOOD ",\"host\":\"evil\"}" },
	{ "unknown member \"headers\"", "{" GOOD ",\"headers\":{}}" },
	{ "unknown member \"body\"", "{\"body\":\"\"," GOOD "}" },
	{ "unknown member \"Accept\"", "{" GOOD ",\"Accept\":\"text/xml\"}" },
	{ "unknown member \"arn\"", "{" GOOD ",\"arn\":\"a\"}" },
	{ "unknown member \"v\"", "{\"v\":1," GOOD "}" },
	/* a second payload in its place */
	{ "unknown member \"task_arn\"",
	    "{\"version\":1,\"task_arn\":\"a\",\"agent_nonce\":\"b\"}" },
	{ "must be spelt \"access_key_id\"",
	    "{" GOOD ",\"Access_Key_Id\":\"" KEY "\"}" },
	{ "must be spelt \"signature\"",
	    "{" GOOD ",\"\xc5\xbfignature\":\"\"}" },
	{ "\"signature\" is repeated", "{" GOOD "," M_SIGNATURE "}" },
	{ "\"amz_date\" is repeated",
	    "{" GOOD ",\"amz\\u005fdate\":\"" DATE "\"}" },
	{ "version 0 is not 1", WITH_VERSION("0") },
	{ "version 2 is not 1", WITH_VERSION("2") },
	{ "version 1.0 is not 1", WITH_VERSION("1.0") },
	{ "version 1e0 is not 1", WITH_VERSION("1e0") },
	{ "version 18446744073709551617 is not 1",
	    WITH_VERSION("18446744073709551617") },
	{ "agent plugin is of another release", WITH_VERSION("2") },
	{ "\"version\" must be a number", WITH_VERSION("\"1\"") },
	{ "\"version\" must be a number", WITH_VERSION("null") },
	{ "\"signature\" must be a string",
	    "{" M_VERSION "," M_KEY "," M_DATE "," M_TOKEN
	    ",\"signature\":null}" },
	{ "access_key_id begins with AKIA", WITH_KEY("AKIAQWERTYUIOPASDFGH") },
	{ "access_key_id begins with AKIA", WITH_KEY("\\u0041KIA") },
	{ "access_key_id, of 0 bytes", WITH_KEY("") },
	{ "access_key_id, of 15 bytes", WITH_KEY("ASIA12345678901") },
	{ "access_key_id, of 65 bytes",
	    WITH_KEY("ASIA1234567890123456789012345678901234567890123456789"
		     "012345678901") },
	{ "access_key_id, of 20 bytes", WITH_KEY("asiaqwertyuiopasdfgh") },
	{ "access_key_id, of 20 bytes", WITH_KEY("ASIAqwertyuiopasdfgh") },
	{ "access_key_id, of 20 bytes", WITH_KEY("AROAQWERTYUIOPASDFGH") },
	{ "access_key_id, of 34 bytes", WITH_KEY(KEY "/us-east-1/iam") },
	{ "access_key_id, of 40 bytes", WITH_KEY(KEY ",SignedHeaders=host;") },
	{ "access_key_id, of 21 bytes", WITH_KEY(KEY "\\n") },
	{ "access_key_id, of 21 bytes", WITH_KEY(KEY "\\u0000") },
	{ "access_key_id, of 21 bytes", WITH_KEY(" " KEY) },
	{ "signature, of 0 bytes", WITH_SIGNATURE("") },
	{ "signature, of 63 bytes",
	    WITH_SIGNATURE(X16 X16 X16 "abcdef012345678") },
	{ "signature, of 65 bytes", WITH_SIGNATURE(X64 "a") },
	{ "signature, of 64 bytes",
	    WITH_SIGNATURE(X16 X16 X16 "ABCDEF0123456789") },
	{ "signature, of 64 bytes",
	    WITH_SIGNATURE(X16 X16 X16 "abcdef012345678g") },
	{ "signature, of 64 bytes",
	    WITH_SIGNATURE(X16 X16 X16 "abcdef01234567 9") },
	{ "signature, of 64 bytes",
	    WITH_SIGNATURE(X16 X16 X16 "abcdef012345678\\u0000") },
	{ "signature, of 77 bytes", WITH_SIGNATURE(X64 ", Signature=a") },
	{ "session_token has 0 bytes", WITH_TOKEN("") },
	{ "session_token has 15 bytes", WITH_TOKEN("abcdef012345678") },
	{ "session_token holds a byte",
	    WITH_TOKEN(TOKEN "\\r\\nX-Amz-Target: x") },
	{ "session_token holds a byte", WITH_TOKEN(TOKEN "\\n") },
	{ "session_token holds a byte", WITH_TOKEN(TOKEN "\\u0000") },
	{ "session_token holds a byte", WITH_TOKEN("\\u0000" TOKEN) },
	{ "session_token holds a byte", WITH_TOKEN(TOKEN "\xc3\xa9") },
	{ "session_token holds a byte", WITH_TOKEN(X16 " " X16) },
	{ "session_token holds a byte", WITH_TOKEN(X16 "," X16) },
	{ "session_token holds a byte", WITH_TOKEN(X16 "-_" X16) },
	{ "amz_date, of 0 bytes", WITH_DATE("") },
	{ "amz_date, of 15 bytes", WITH_DATE("20261122T030405") },
	{ "amz_date, of 17 bytes", WITH_DATE(DATE "\\n") },
	{ "amz_date, of 17 bytes", WITH_DATE(DATE "\\u0000") },
	{ "amz_date, of 20 bytes", WITH_DATE("2026-11-22T03:04:05Z") },
};

START_TEST(refuses)
{
	struct response p = { .amz_date = STR("untouched") };
	struct err err = { 0 };
	int r;

	r = response_decode(&p, &arena, str_of(refused[_i].text), &err);
	ck_assert_msg(r == ERR_FORMAT, "%s: %d", refused[_i].text, r);
	ck_assert_msg(strstr(err.msg, refused[_i].says) != NULL, "%s: %s",
	    refused[_i].text, err.msg);
	ck_assert_msg(strstr(err.msg, "IQoJ") == NULL, "%s", err.msg);
	ck_assert_msg(strstr(err.msg, X16) == NULL, "%s", err.msg);
	ck_str(p.amz_date, "untouched");
}
END_TEST

/* Sixteen bytes, but no second of the calendar. */
static const char *const never[] = {
	"20261122T030405z",
	"20261122t030405Z",
	"20261122 030405Z",
	"20261122T0304050",
	"2026112ZT030405Z",
	"+0261122T030405Z",
	" 0261122T030405Z",
	"20261122T-30405Z",
	"20261122T03040.Z",
	"20260230T030405Z",
	"20260229T030405Z",
	"21000229T030405Z",
	"20280230T030405Z",
	"20260431T030405Z",
	"20261131T030405Z",
	"20261232T030405Z",
	"20261100T030405Z",
	"20260022T030405Z",
	"20261322T030405Z",
	"20261122T240000Z",
	"20261122T036005Z",
	"20261122T030460Z",
	"20161231T235960Z",
	"19691231T235959Z",
	"00000101T000000Z",
};

START_TEST(refuses_a_date_that_never_was)
{
	struct response p = good();
	struct err err = { 0 };
	int64_t seconds = 7;
	struct buf b;

	p.amz_date = str_of(never[_i]);
	ck_assert_uint_eq(p.amz_date.n, AMZ_DATE_LEN);
	ck_assert_msg(!amz_date_seconds(&seconds, p.amz_date), "%s", never[_i]);
	ck_assert_int_eq(seconds, 7);
	buf_init(&b, RESPONSE_MAX);
	ck_assert_int_eq(response_encode(&b, &p, &err), ERR_FORMAT);
	ck_assert_str_eq(err.msg,
	    "amz_date, of 16 bytes, is not a date and time like "
	    "20261122T030405Z");
	ck_assert_uint_eq(b.n, 0);
	buf_wipe(&b);
}
END_TEST

/* Seconds as date(1) tells them, not our code. */
static const struct {
	const char *date;
	int64_t now, ahead;
} distances[] = {
	{ "20261122T030405Z", 1795316645, 0 },
	{ "20261122T030405Z", 1795316645 + 300, -300 },
	{ "20261122T030405Z", 1795316645 - 301, 301 },
	{ "20261231T235959Z", 1798761600, -1 },
	{ "20270101T000000Z", 1798761599, 1 },
	{ "20280301T000000Z", 1835395200, 86400 },
	{ "19700101T000000Z", 0, 0 },
	{ "99991231T235959Z", 0, INT64_C(253402300799) },
};

START_TEST(tells_how_far_a_date_is)
{
	struct response p = good();

	p.amz_date = str_of(distances[_i].date);
	ck_assert_int_eq(
	    response_ahead(&p, distances[_i].now), distances[_i].ahead);
}
END_TEST

/* Every day of four centuries follows the one before. */
START_TEST(counts_days_without_a_gap)
{
	int64_t seconds, last = -86400;
	int y, m, d, seen;
	char text[32];

	for (y = 1970; y < 2371; y++)
		for (m = 1, seen = 0; m <= 12; m++)
			for (d = 1; d <= 31; d++) {
				(void)snprintf(text, sizeof(text),
				    "%04d%02d%02dT000000Z", y, m, d);
				if (!amz_date_seconds(&seconds, str_of(text)))
					continue;
				ck_assert_int_eq(seconds - last, 86400);
				last = seconds;
				seen++;
				ck_assert_int_le(seen, 366);
			}
	/* 400 years of 146097 days, and 2370 */
	ck_assert_int_eq(last, (INT64_C(146097) + 365 - 1) * 86400);
}
END_TEST

static struct str
token_of(size_t n)
{
	char *p = arena_alloc(&arena, n);

	memset(p, 'T', n);
	return (struct str){ p, n };
}

START_TEST(takes_a_token_of_8_kib_and_no_more)
{
	struct response p = good();
	struct err err = { 0 };
	struct buf b;

	buf_init(&b, RESPONSE_MAX);
	p.session_token = token_of(SESSION_TOKEN_MAX);
	ck_assert_int_eq(response_encode(&b, &p, NULL), ERR_OK);
	check_same(buf_str(&b), &p);
	buf_clear(&b);
	p.session_token = token_of(SESSION_TOKEN_MAX + 1);
	ck_assert_int_eq(response_encode(&b, &p, &err), ERR_FORMAT);
	ck_assert_str_eq(
	    err.msg, "session_token has 8193 bytes, not 16 to 8192");
	ck_assert_uint_eq(b.n, 0);
	buf_add(&b, STR("{" M_VERSION "," M_KEY "," M_DATE "," M_SIGNATURE
			",\"session_token\":\""));
	buf_add(&b, p.session_token);
	buf_add(&b, STR("\"}"));
	err = (struct err){ 0 };
	ck_assert_int_eq(
	    response_decode(&p, &arena, buf_str(&b), &err), ERR_FORMAT);
	ck_assert_str_eq(
	    err.msg, "session_token has 8193 bytes, not 16 to 8192");
	buf_wipe(&b);
}
END_TEST

START_TEST(reads_16_kib_and_no_more)
{
	static const char text[] = "{" GOOD "}";
	static char padded[RESPONSE_MAX + 1];
	struct response p = good();
	struct err err = { 0 };

	memset(padded, ' ', sizeof(padded));
	memcpy(padded, text, sizeof(text) - 1);
	check_same((struct str){ padded, RESPONSE_MAX }, &p);
	ck_assert_int_eq(response_decode(&p, &arena,
			     (struct str){ padded, sizeof(padded) }, &err),
	    ERR_TOOBIG);
	ck_assert_str_eq(
	    err.msg, "the response has 16385 bytes, more than 16384");
}
END_TEST

START_TEST(refuses_to_write_a_long_term_key)
{
	struct response p = good();
	struct err err = { 0 };
	struct buf b;

	p.access_key_id = STR("AKIAQWERTYUIOPASDFGH");
	buf_init(&b, RESPONSE_MAX);
	ck_assert_int_eq(response_encode(&b, &p, &err), ERR_FORMAT);
	ck_assert_msg(
	    strstr(err.msg, "begins with AKIA") != NULL, "%s", err.msg);
	ck_assert_uint_eq(b.n, 0);
	buf_wipe(&b);
}
END_TEST

START_TEST(reports_that_memory_is_out)
{
	static const char *const texts[] = {
		WITH_KEY("\\u0041"),
		WITH_DATE("\\u0041"),
		WITH_TOKEN("\\u0041"),
		WITH_SIGNATURE("\\u0041"),
	};
	struct response p = good();
	struct err err = { 0 };
	struct buf b;

	arena.max = 0;
	ck_assert_int_eq(
	    response_decode(&p, &arena, str_of(texts[_i]), &err), ERR_MEMORY);
	ck_assert_str_ne(err.msg, "");
	buf_init(&b, 100);
	ck_assert_int_eq(response_encode(&b, &p, NULL), ERR_TOOBIG);
	buf_wipe(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("response");
	TCase *tc = tcase_create("response");

	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, agrees_with_the_samples);
	ck_table(tc, refuses, refused);
	ck_table(tc, refuses_a_date_that_never_was, never);
	ck_table(tc, tells_how_far_a_date_is, distances);
	tcase_add_test(tc, counts_days_without_a_gap);
	tcase_add_test(tc, takes_a_token_of_8_kib_and_no_more);
	tcase_add_test(tc, reads_16_kib_and_no_more);
	tcase_add_test(tc, refuses_to_write_a_long_term_key);
	tcase_add_loop_test(tc, reports_that_memory_is_out, 0, 4);
	return run_suite(s);
}
