/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/challenge.h"

#include "samples.h"

#define NONCE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define HOST  "sts.us-east-1.amazonaws.com"
#define X16   "xxxxxxxxxxxxxxxx"
#define X63   X16 X16 X16 "xxxxxxxxxxxxxxx"
#define X64   X16 X16 X16 X16
#define X256  X64 X64 X64 X64

/* Members, each of which a row can replace. */
#define M_VERSION "\"version\":1"
#define M_NONCE   "\"nonce\":\"" NONCE "\""
#define M_DOMAIN  "\"trust_domain\":\"example.org\""
#define M_ID      "\"server_id\":\"example.org\""
#define M_HOST    "\"sts_host\":\"" HOST "\""
#define M_REGION  "\"region\":\"us-east-1\""
#define M_TTL     "\"ttl\":30"
#define BODY(version, nonce, domain, id, host, region, ttl) \
	version "," nonce "," domain "," id "," host "," region "," ttl
#define GOOD BODY(M_VERSION, M_NONCE, M_DOMAIN, M_ID, M_HOST, M_REGION, M_TTL)

#define WITH_VERSION(v)                                                       \
	"{" BODY("\"version\":" v, M_NONCE, M_DOMAIN, M_ID, M_HOST, M_REGION, \
	    M_TTL) "}"
#define WITH_NONCE(v)                                                         \
	"{" BODY(M_VERSION, "\"nonce\":" v, M_DOMAIN, M_ID, M_HOST, M_REGION, \
	    M_TTL) "}"
#define WITH_DOMAIN(v)                                                   \
	"{" BODY(M_VERSION, M_NONCE, "\"trust_domain\":\"" v "\"", M_ID, \
	    M_HOST, M_REGION, M_TTL) "}"
#define WITH_ID(v)                                                        \
	"{" BODY(M_VERSION, M_NONCE, M_DOMAIN, "\"server_id\":\"" v "\"", \
	    M_HOST, M_REGION, M_TTL) "}"
#define WITH_HOST(v)                                                           \
	"{" BODY(M_VERSION, M_NONCE, M_DOMAIN, M_ID, "\"sts_host\":\"" v "\"", \
	    M_REGION, M_TTL) "}"
#define WITH_REGION(v)                                       \
	"{" BODY(M_VERSION, M_NONCE, M_DOMAIN, M_ID, M_HOST, \
	    "\"region\":\"" v "\"", M_TTL) "}"
#define WITH_TTL(v)                                                    \
	"{" BODY(M_VERSION, M_NONCE, M_DOMAIN, M_ID, M_HOST, M_REGION, \
	    "\"ttl\":" v) "}"

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

static struct challenge
good(void)
{
	struct challenge c = {
		.trust_domain = STR("example.org"),
		.server_id = STR("example.org"),
		.sts_host = STR(HOST),
		.region = STR("us-east-1"),
		.ttl = 30,
	};
	int i;

	for (i = 0; i < NONCE_BYTES; i++)
		c.nonce[i] = (unsigned char)i;
	return c;
}

static void
check_same(struct str text, const struct challenge *want)
{
	struct challenge got;
	struct err err = { 0 };
	int r;

	r = challenge_decode(&got, &arena, text, &err);
	ck_assert_msg(r == ERR_OK, "%.*s: %s", STR_FMT(text), err.msg);
	ck_assert(memcmp(got.nonce, want->nonce, NONCE_BYTES) == 0);
	ck_assert(str_eq(got.trust_domain, want->trust_domain));
	ck_assert(str_eq(got.server_id, want->server_id));
	ck_assert(str_eq(got.sts_host, want->sts_host));
	ck_assert(str_eq(got.region, want->region));
	ck_assert_uint_eq(got.ttl, want->ttl);
}

static void
check_sample(struct json sample)
{
	struct challenge c;
	struct json key, value;
	struct json_iter it;
	struct str text;
	struct buf b;

	sample_nonce(c.nonce, sample, "nonce");
	c.trust_domain = sample_text(sample, "trust_domain", &arena);
	c.server_id = sample_text(sample, "server_id", &arena);
	c.sts_host = sample_text(sample, "sts_host", &arena);
	c.region = sample_text(sample, "region", &arena);
	c.ttl = (unsigned)sample_number(sample, "ttl");
	text = sample_text(sample, "message", &arena);
	buf_init(&b, CHALLENGE_MAX);
	ck_assert_int_eq(challenge_encode(&b, &c, NULL), ERR_OK);
	ck_assert_msg(str_eq(buf_str(&b), text), "wrote %.*s, want %.*s",
	    STR_FMT(buf_str(&b)), STR_FMT(text));
	buf_release(&b);
	check_same(text, &c);
	json_iter_init(&it, sample_find(sample, "also"));
	while (json_iter_next(&it, &key, &value)) {
		ck_assert_int_eq(
		    json_string(&text, value, &arena, NULL), ERR_OK);
		check_same(text, &c);
	}
}

START_TEST(agrees_with_the_samples)
{
	struct json key, sample;
	struct json_iter it;
	struct buf text;
	int n = 0;

	samples_open(&it, &text, "challenge");
	for (; json_iter_next(&it, &key, &sample); n++)
		check_sample(sample);
	ck_assert_int_ge(n, 5);
	buf_release(&text);
}
END_TEST

static const struct {
	const char *says, *text;
} refused[] = {
	{ "the challenge is empty", "" },
	{ "at byte", "x" },
	{ "at byte", "{" GOOD },
	{ "at byte", "{" GOOD "}{}" },
	{ "at byte", "{" GOOD ",}" },
	{ "at byte", "\xef\xbb\xbf{" GOOD "}" },
	{ "at byte", WITH_ID("\xff") },
	{ "at byte", WITH_ID("\\ud800") },
	{ "at byte", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[" },
	{ "expected an object", "[]" },
	{ "expected an object", "null" },
	{ "\"version\" is missing", "{}" },
	{ "\"ttl\" is missing", "{" M_VERSION "," M_NONCE "," M_DOMAIN "," M_ID
				"," M_HOST "," M_REGION "}" },
	{ "\"nonce\" is missing", "{" M_VERSION "," M_DOMAIN "," M_ID "," M_HOST
				  "," M_REGION "," M_TTL "}" },
	{ "unknown member \"x\"", "{" GOOD ",\"x\":null}" },
	{ "unknown member \"v\"", "{\"v\":1," GOOD "}" },
	{ "must be spelt \"nonce\"", "{" GOOD ",\"Nonce\":\"" NONCE "\"}" },
	{ "must be spelt \"sts_host\"",
	    "{\"\xc5\xbfts_host\":\"evil\"," GOOD "}" },
	{ "\"nonce\" is repeated", "{" GOOD "," M_NONCE "}" },
	{ "\"sts_host\" is repeated", "{" GOOD ",\"sts_host\":\"evil\"}" },
	{ "\"ttl\" is repeated", "{" GOOD ",\"\\u0074tl\":30}" },
	{ "version 0 is not 1", WITH_VERSION("0") },
	{ "version 2 is not 1", WITH_VERSION("2") },
	{ "version -1 is not 1", WITH_VERSION("-1") },
	{ "version 1.0 is not 1", WITH_VERSION("1.0") },
	{ "version 1e0 is not 1", WITH_VERSION("1e0") },
	{ "version 18446744073709551617 is not 1",
	    WITH_VERSION("18446744073709551617") },
	{ "server plugin is of another release", WITH_VERSION("2") },
	{ "\"version\" must be a number", WITH_VERSION("\"1\"") },
	{ "\"version\" must be a number", WITH_VERSION("true") },
	{ "\"version\" must be a number", WITH_VERSION("null") },
	{ "nonce is not 32 bytes", WITH_NONCE("\"\"") },
	/* 16, 31 and 33 bytes */
	{ "nonce is not 32 bytes", WITH_NONCE("\"AAECAwQFBgcICQoLDA0ODw\"") },
	{ "nonce is not 32 bytes",
	    WITH_NONCE("\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg\"") },
	{ "nonce is not 32 bytes",
	    WITH_NONCE("\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\"") },
	{ "nonce is not 32 bytes", WITH_NONCE("\"" NONCE "=\"") },
	/* bits set beyond the last byte */
	{ "nonce is not 32 bytes",
	    WITH_NONCE("\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\"") },
	{ "nonce is not 32 bytes",
	    WITH_NONCE("\"+AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"") },
	{ "nonce is not 32 bytes",
	    WITH_NONCE("\"/AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"") },
	{ "nonce is not 32 bytes",
	    WITH_NONCE(
		"\"\\u0000ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"") },
	{ "\"nonce\" must be a string", WITH_NONCE("null") },
	{ "\"nonce\" must be a string", WITH_NONCE("[]") },
	{ "trust_domain \"\" is not", WITH_DOMAIN("") },
	{ "trust_domain \"Example.org\" is not", WITH_DOMAIN("Example.org") },
	{ "trust_domain \"spiffe://example.org\" is not",
	    WITH_DOMAIN("spiffe://example.org") },
	{ "trust_domain \"example.org?\" is not",
	    WITH_DOMAIN("example.org\\u0000") },
	{ "trust_domain \"xxxx", WITH_DOMAIN(X256) },
	{ "server_id \"\" is not", WITH_ID("") },
	{ "server_id \"a b\" is not", WITH_ID("a b") },
	{ "server_id \"a?b\" is not", WITH_ID("a\\nb") },
	{ "server_id \"xxxx", WITH_ID(X256) },
	{ "sts_host \"\" is not", WITH_HOST("") },
	{ "sts_host \".\" is not", WITH_HOST(".") },
	{ "sts_host \"a..b\" is not", WITH_HOST("a..b") },
	{ "sts_host \"a.\" is not", WITH_HOST("a.") },
	{ "sts_host \"-a\" is not", WITH_HOST("-a") },
	{ "sts_host \"a-.b\" is not", WITH_HOST("a-.b") },
	{ "sts_host \"https://" HOST "\" is not", WITH_HOST("https://" HOST) },
	{ "sts_host \"" HOST "/\" is not", WITH_HOST(HOST "/") },
	{ "sts_host \"u@" HOST "\" is not", WITH_HOST("u@" HOST) },
	{ "sts_host \"" HOST " \" is not", WITH_HOST(HOST " ") },
	{ "sts_host \"" HOST "??Host: x\" is not",
	    WITH_HOST(HOST "\\r\\nHost: x") },
	{ "sts_host \"" HOST "?\" is not", WITH_HOST(HOST "\\u0000") },
	{ "sts_host \"a:\" is not", WITH_HOST("a:") },
	{ "sts_host \"a:0\" is not", WITH_HOST("a:0") },
	{ "sts_host \"a:0443\" is not", WITH_HOST("a:0443") },
	{ "sts_host \"a:65536\" is not", WITH_HOST("a:65536") },
	{ "sts_host \"a:18446744073709551617\" is not",
	    WITH_HOST("a:18446744073709551617") },
	{ "sts_host \"a:+1\" is not", WITH_HOST("a:+1") },
	{ "sts_host \"a:1:2\" is not", WITH_HOST("a:1:2") },
	{ "sts_host \":1\" is not", WITH_HOST(":1") },
	{ "sts_host \"[]\" is not", WITH_HOST("[]") },
	{ "sts_host \"[::1\" is not", WITH_HOST("[::1") },
	{ "sts_host \"[::1]1\" is not", WITH_HOST("[::1]1") },
	{ "sts_host \"[::1]:\" is not", WITH_HOST("[::1]:") },
	{ "sts_host \"[::1%eth0]\" is not", WITH_HOST("[::1%eth0]") },
	{ "sts_host \"[1.2.3.4]\" is not", WITH_HOST("[1.2.3.4]") },
	{ "sts_host \"xxxx", WITH_HOST(X64 ".a") },
	/* 256 bytes */
	{ "sts_host \"xxxx",
	    WITH_HOST(X63 "." X63 "." X63 "." X16 X16 X16 "xxxxxxxxxxxxxx.a") },
	{ "region \"\" is not", WITH_REGION("") },
	{ "region \"us-east-1.evil.com\" is not",
	    WITH_REGION("us-east-1.evil.com") },
	{ "region \"us-east-1#\" is not", WITH_REGION("us-east-1#") },
	{ "region \"us-east-1??\" is not", WITH_REGION("us-east-1\\r\\n") },
	{ "region \"US-EAST-1\" is not", WITH_REGION("US-EAST-1") },
	{ "region \"-a\" is not", WITH_REGION("-a") },
	{ "region \"a-\" is not", WITH_REGION("a-") },
	{ "region \"xxxx", WITH_REGION(X64) },
	{ "ttl 0 is not 1 to 600", WITH_TTL("0") },
	{ "ttl 601 is not 1 to 600", WITH_TTL("601") },
	{ "ttl 4294967326 is not 1 to 600", WITH_TTL("4294967326") },
	{ "ttl 18446744073709551646 is not", WITH_TTL("18446744073709551646") },
	{ "ttl -30 is not", WITH_TTL("-30") },
	{ "ttl 30.0 is not", WITH_TTL("30.0") },
	{ "ttl 3e1 is not", WITH_TTL("3e1") },
	{ "\"ttl\" must be a number", WITH_TTL("\"30\"") },
	{ "\"ttl\" must be a number", WITH_TTL("null") },
};

START_TEST(refuses)
{
	struct challenge c = { .region = STR("untouched") };
	struct err err = { 0 };
	int r;

	r = challenge_decode(&c, &arena, str_of(refused[_i].text), &err);
	ck_assert_msg(r == ERR_FORMAT, "%s: %d", refused[_i].text, r);
	ck_assert_msg(strstr(err.msg, refused[_i].says) != NULL, "%s: %s",
	    refused[_i].text, err.msg);
	ck_str(c.region, "untouched");
}
END_TEST

START_TEST(reads_2_kib_and_no_more)
{
	static const char text[] = "{" GOOD "}";
	static char padded[CHALLENGE_MAX + 1];
	struct challenge c = good();
	struct err err = { 0 };

	memset(padded, ' ', sizeof(padded));
	memcpy(padded, text, sizeof(text) - 1);
	check_same((struct str){ padded, CHALLENGE_MAX }, &c);
	ck_assert_int_eq(challenge_decode(&c, &arena,
			     (struct str){ padded, sizeof(padded) }, &err),
	    ERR_TOOBIG);
	ck_assert_str_eq(
	    err.msg, "the challenge has 2049 bytes, more than 2048");
}
END_TEST

/* One value made bad, and what the writer says of it. */
static const struct {
	const char *says, *domain, *id, *host, *region;
	unsigned ttl;
} unsendable[] = {
	{ "trust_domain \"A\"", "A", "a", "a", "a", 30 },
	{ "server_id \"\"", "a", "", "a", "a", 30 },
	{ "sts_host \"a/\"", "a", "a", "a/", "a", 30 },
	{ "region \"a.b\"", "a", "a", "a", "a.b", 30 },
	{ "ttl 0", "a", "a", "a", "a", 0 },
	{ "ttl 601", "a", "a", "a", "a", 601 },
};

START_TEST(refuses_to_write)
{
	struct challenge c = {
		.trust_domain = str_of(unsendable[_i].domain),
		.server_id = str_of(unsendable[_i].id),
		.sts_host = str_of(unsendable[_i].host),
		.region = str_of(unsendable[_i].region),
		.ttl = unsendable[_i].ttl,
	};
	struct err err = { 0 };
	struct buf b;

	buf_init(&b, CHALLENGE_MAX);
	ck_assert_int_eq(challenge_encode(&b, &c, &err), ERR_FORMAT);
	ck_assert_msg(
	    strstr(err.msg, unsendable[_i].says) != NULL, "%s", err.msg);
	ck_assert_uint_eq(b.n, 0);
	buf_release(&b);
}
END_TEST

START_TEST(reports_that_memory_is_out)
{
	struct challenge c = good();
	struct err err = { 0 };
	struct buf b;

	buf_init(&b, 100);
	ck_assert_int_eq(challenge_encode(&b, &c, &err), ERR_TOOBIG);
	buf_release(&b);
	arena.max = 0;
	err = (struct err){ 0 };
	ck_assert_int_eq(
	    challenge_decode(&c, &arena, STR(WITH_ID("\\u0061")), &err),
	    ERR_MEMORY);
	ck_assert_str_ne(err.msg, "");
}
END_TEST

/* A challenge that differs from what the agent expects. */
static const struct {
	const char *domain, *id, *host, *region, *says;
} foreign[] = {
	{ "example.com", "example.org", HOST, "us-east-1",
	    "the challenge's trust_domain \"example.com\" is not "
	    "\"example.org\": this server is not ours" },
	{ "example.org", "example.org:2", HOST, "us-east-1",
	    "the challenge's server_id \"example.org:2\" is not "
	    "\"example.org\": set server_id alike on both plugins" },
	{ "example.org", "example.org", HOST ".evil", "us-east-1",
	    "the challenge's sts_host \"" HOST ".evil\" is not \"" HOST
	    "\": set sts_endpoint alike on both plugins" },
	{ "example.org", "example.org", HOST ":443", "us-east-1",
	    "the challenge's sts_host \"" HOST ":443\" is not \"" HOST
	    "\": set sts_endpoint alike on both plugins" },
	{ "example.org", "example.org", "STS.us-east-1.amazonaws.com",
	    "us-east-1",
	    "the challenge's sts_host \"STS.us-east-1.amazonaws.com\" is not "
	    "\"" HOST "\": set sts_endpoint alike on both plugins" },
	{ "example.org", "example.org", HOST, "us-east-2",
	    "the challenge's region \"us-east-2\" is not \"us-east-1\": set "
	    "sts_region alike on both plugins" },
};

START_TEST(refuses_what_is_not_for_this_agent)
{
	struct challenge own = good(), c = {
		.trust_domain = str_of(foreign[_i].domain),
		.server_id = str_of(foreign[_i].id),
		.sts_host = str_of(foreign[_i].host),
		.region = str_of(foreign[_i].region),
		.ttl = 30,
	};
	struct err err = { 0 };

	ck_assert_int_eq(challenge_check(&c, &own, &err), ERR_POLICY);
	ck_assert_str_eq(err.msg, foreign[_i].says);
}
END_TEST

START_TEST(takes_what_is_for_this_agent)
{
	struct challenge own = good(), c = good();

	memset(c.nonce, 0xff, NONCE_BYTES);
	c.ttl = 7;
	ck_assert_int_eq(challenge_check(&c, &own, NULL), ERR_OK);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("challenge");
	TCase *tc = tcase_create("challenge");

	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, agrees_with_the_samples);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, reads_2_kib_and_no_more);
	ck_table(tc, refuses_to_write, unsendable);
	tcase_add_test(tc, reports_that_memory_is_out);
	ck_table(tc, refuses_what_is_not_for_this_agent, foreign);
	tcase_add_test(tc, takes_what_is_for_this_agent);
	return run_suite(s);
}
