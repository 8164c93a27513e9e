/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/container.h"

#include <stdio.h>
#include <sys/stat.h>

#include "fake_aws.h"
#include "lab.h"
#include "testing.h"

#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL     "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN    "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define OP       "GET /creds?x=y"
#define DOCUMENT                                                       \
	"{\"RoleArn\":\"arn:aws:iam::123456789012:role/r\","           \
	"\"AccessKeyId\":\"ASIAEXAMPLEEXAMPLE01\","                    \
	"\"SecretAccessKey\":\"secret/secret\",\"Token\":\"tok/en==\"," \
	"\"Expiration\":\"2099-11-22T03:04:05Z\"}"

enum { TIMEOUT_MS = 10 * 1000 };

/*
 * Where
 */

static const struct place {
	const char *configured, *relative, *full;
	const char *url;
	bool sends_token;
} places[] = {
	{ "", "/v2/credentials/a-b", NULL,
	    "http://169.254.170.2/v2/credentials/a-b", false },
	{ "", "/v2?id=1", "https://example.org/",
	    "http://169.254.170.2/v2?id=1", false },
	{ "", "//example.org/x", NULL, "http://169.254.170.2//example.org/x",
	    false },
	{ "", NULL, "https://example.org:8443/a?b", NULL, true },
	{ "", "", "https://example.org", NULL, true },
	{ "", NULL, "http://localhost:80/x", NULL, true },
	{ "", NULL, "http://127.0.0.1:1234", NULL, true },
	{ "", NULL, "http://127.255.0.9/x", NULL, true },
	{ "", NULL, "http://[::1]:80/x", NULL, true },
	{ "", NULL, "http://169.254.170.2/x", NULL, true },
	{ "", NULL, "http://169.254.170.2:8080/x", NULL, true },
	{ "", NULL, "http://169.254.170.23/v1/credentials", NULL, true },
	{ "", NULL, "http://[fd00:ec2::23]/v1/credentials", NULL, true },
	{ "http://mock.example:8080/v2", "/x", "https://example.org", NULL,
	    false },
};

static void
set(const char *name, const char *value)
{
	if (value != NULL)
		(void)setenv(name, value, 1);
}

START_TEST(finds_where_the_keys_are)
{
	const struct place *p = &places[_i];
	struct container_source source;
	struct err err = { 0 };

	set(RELATIVE, p->relative);
	set(FULL, p->full);
	ck_assert_msg(container_source_find(&source, str_of(p->configured),
			  &err) == ERR_OK,
	    "%s", err.msg);
	ck_assert_str_eq(source.url, p->url != NULL ? p->url
				     : p->configured[0] != '\0' ? p->configured
								: p->full);
	ck_assert_int_eq(source.sends_token, p->sends_token);
}
END_TEST

static const char *const refused_full[] = {
	"http://example.org/x",
	"http://169.254.170.20/x",
	"http://169.254.170.2.example.org/x",
	"http://169.254.170.2@example.org/x",
	"http://169.254.170.2:80@example.org/x",
	"http://169.254.169.254/x",
	"http://[fd00:ec2::24]/x",
	"http://[fd00:ec2::23].example.org/x",
	"http://localhost.example.org/x",
	"http://127.0.0.1.example.org/x",
	"http://127.1/x",
	"http://0x7f000001/x",
	"http://2130706433/x",
	"http://0.0.0.0/x",
	"http://example.org\\@127.0.0.1/x",
	"http://example.org#@127.0.0.1/x",
	"http://127.0.0.1#@example.org/x",
	"http://127.0.0.1:0/x",
	"http://127.0.0.1:65536/x",
	"HTTP://127.0.0.1/x",
	"ftp://127.0.0.1/x",
	"file:///etc/passwd",
	"https://",
	"https:///x",
	"https://user@example.org/x",
	"https://example.org/a b",
	"https://example.org/\r\nX: y",
	"/v2/credentials",
	"nonsense",
};

START_TEST(refuses_a_full_uri)
{
	struct container_source source;
	struct err err = { 0 };

	set(FULL, refused_full[_i]);
	ck_assert_int_eq(
	    container_source_find(&source, STR(""), &err), ERR_CONFIG);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, FULL));
}
END_TEST

static const char *const refused_relative[] = { "v2/credentials",
	"@example.org/", ":80@example.org/", "http://example.org/", "/a b",
	"/a\r\nHost: example.org", "/a#b", "/a\\b", ".example.org/" };

START_TEST(refuses_a_relative_uri)
{
	struct container_source source;
	struct err err = { 0 };

	set(RELATIVE, refused_relative[_i]);
	set(FULL, "https://example.org/");
	ck_assert_int_eq(
	    container_source_find(&source, STR(""), &err), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, RELATIVE));
}
END_TEST

START_TEST(says_so_when_there_is_none)
{
	struct container_source source;

	ck_assert_int_eq(
	    container_source_find(&source, STR(""), NULL), ERR_MISSING);
	set(RELATIVE, "");
	set(FULL, "");
	ck_assert_int_eq(
	    container_source_find(&source, STR(""), NULL), ERR_MISSING);
}
END_TEST

START_TEST(refuses_a_uri_that_is_too_long)
{
	char text[CONTAINER_URL_SIZE + 64];
	struct container_source source;
	size_t n;

	memset(text, 'a', sizeof(text));
	memcpy(text, "https://example.org/", 20);
	text[CONTAINER_URL_SIZE] = '\0';
	set(FULL, text);
	ck_assert_int_eq(
	    container_source_find(&source, STR(""), NULL), ERR_CONFIG);
	text[CONTAINER_URL_SIZE - 1] = '\0';
	set(FULL, text);
	ck_assert_int_eq(
	    container_source_find(&source, STR(""), NULL), ERR_OK);
	for (n = 0; n < CONTAINER_URL_SIZE; n++) {
		memset(text, 'a', sizeof(text));
		text[0] = '/';
		text[n + 1] = '\0';
		set(RELATIVE, text);
		if (container_source_find(&source, STR(""), NULL) == ERR_OK)
			ck_assert_uint_eq(strlen(source.url),
			    strlen("http://169.254.170.2") + n + 1);
	}
}
END_TEST

/*
 * Fetching
 */

static struct fake_aws *fake, *other;
static struct container_source source;
static struct container_fetch *fetch;
static unsigned answers;
static int got_r;
static struct err got_err;
static char got_id[64], got_token[64];
static bool starting;

static void
on_keys(void *arg, int r, struct aws_keys *keys, const struct err *err)
{
	ck_assert_ptr_eq(arg, &answers);
	ck_assert(!starting);
	answers++;
	got_r = r;
	got_err = *err;
	ck_assert_int_eq(err->code, r);
	ck_assert_int_eq(keys != NULL, r == ERR_OK);
	if (keys == NULL)
		return;
	(void)snprintf(
	    got_id, sizeof(got_id), "%.*s", STR_FMT(keys->access_key_id));
	(void)snprintf(
	    got_token, sizeof(got_token), "%.*s", STR_FMT(keys->token));
	ck_str(keys->role_arn, "arn:aws:iam::123456789012:role/r");
	ck_assert_int_gt(keys->expires_s, 4000000000);
}

static void
set_up(void)
{
	char url[128];

	lab_set_up();
	answers = 0;
	got_err = (struct err){ 0 };
	fake = fake_aws_start();
	other = fake_aws_start();
	(void)setenv("http_proxy", fake_aws_url(other), 1);
	(void)setenv("HTTP_PROXY", fake_aws_url(other), 1);
	(void)setenv("ALL_PROXY", fake_aws_url(other), 1);
	(void)setenv("https_proxy", fake_aws_url(other), 1);
	lab_open_http();
	(void)snprintf(
	    url, sizeof(url), "%s/creds?x=y", fake_aws_url(fake));
	set(FULL, url);
	ck_assert_int_eq(
	    container_source_find(&source, STR(""), NULL), ERR_OK);
}

static void
tear_down(void)
{
	lab_end_http();
	fake_aws_stop(fake);
	fake_aws_stop(other);
	lab_tear_down();
}

static int
start(void)
{
	int r;

	starting = true;
	r = container_fetch_start(&fetch, lab_loop, lab_http, &source,
	    TIMEOUT_MS, on_keys, &answers, &got_err);
	starting = false;
	return r;
}

static int
get(void)
{
	int r = start();

	ck_assert_msg(r == ERR_OK, "%s", got_err.msg);
	lab_until_number(&answers, 1);
	answers = 0;
	return got_r;
}

START_TEST(fetches_keys_without_any_proxy)
{
	const struct fake_request *got;

	FAKE_REPLY(fake, OP, .body = DOCUMENT);
	ck_assert_int_eq(get(), ERR_OK);
	ck_assert_str_eq(got_id, "ASIAEXAMPLEEXAMPLE01");
	ck_assert_str_eq(got_token, "tok/en==");
	got = fake_aws_request(fake, OP, 1);
	ck_str(fake_header(got, "Accept"), "application/json");
	ck_assert_ptr_null(fake_header(got, "Authorization").p);
	ck_assert_uint_eq(fake_aws_connections(other), 0);
}
END_TEST

START_TEST(reads_the_token_file_anew_each_time)
{
	FAKE_REPLY(fake, OP, .body = DOCUMENT);
	set(TOKEN, "of the variable");
	set(TOKEN "_FILE", lab_file("token", "first\n"));
	ck_assert_int_eq(get(), ERR_OK);
	(void)lab_file("token", "second");
	ck_assert_int_eq(get(), ERR_OK);
	(void)unsetenv(TOKEN "_FILE");
	ck_assert_int_eq(get(), ERR_OK);
	ck_str(fake_header(fake_aws_request(fake, OP, 1), "Authorization"),
	    "first");
	ck_str(fake_header(fake_aws_request(fake, OP, 2), "Authorization"),
	    "second");
	ck_str(fake_header(fake_aws_request(fake, OP, 3), "Authorization"),
	    "of the variable");
}
END_TEST

START_TEST(sends_no_token_to_where_it_is_not_for)
{
	set(TOKEN, "secret");
	FAKE_REPLY(fake, OP, .body = DOCUMENT);
	ck_assert_int_eq(
	    container_source_find(&source, str_of(getenv(FULL)), NULL), ERR_OK);
	ck_assert_int_eq(get(), ERR_OK);
	ck_assert_ptr_null(
	    fake_header(fake_aws_request(fake, OP, 1), "Authorization").p);
}
END_TEST

static const char *const bad_tokens[] = { "a\r\nX-Evil: b", "a\nb", "a\rb",
	"\x01", "a\x7f" };

START_TEST(refuses_a_token_that_would_be_another_header)
{
	set(TOKEN, bad_tokens[_i]);
	ck_assert_int_eq(start(), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(got_err.msg, TOKEN));
	got_err = (struct err){ 0 };
	set(TOKEN "_FILE", lab_file("token", bad_tokens[_i]));
	ck_assert_int_eq(start(), ERR_CONFIG);
	lab_step();
	ck_assert_uint_eq(answers, 0);
	ck_assert_uint_eq(fake_aws_connections(fake), 0);
}
END_TEST

START_TEST(refuses_a_token_file_it_cannot_read)
{
	static char text[CONTAINER_TOKEN_MAX + 2];

	set(TOKEN, "fine");
	set(TOKEN "_FILE", "/nowhere/to/be found");
	ck_assert_int_eq(start(), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(got_err.msg, "/nowhere/to/be found"));
	memset(text, 'x', CONTAINER_TOKEN_MAX + 1);
	set(TOKEN "_FILE", lab_file("token", text));
	ck_assert_int_eq(start(), ERR_CONFIG);
	set(TOKEN "_FILE", "/");
	ck_assert_int_eq(start(), ERR_CONFIG);
	ck_assert_uint_eq(fake_aws_connections(fake), 0);
}
END_TEST

START_TEST(asks_again_while_there_are_none_yet)
{
	FAKE_REPLY(fake, OP, .times = 1, .status = 503,
	    .body = "{\"code\":\"CredentialsUninitialized\"}");
	FAKE_REPLY(fake, OP, .times = 1, .how = FAKE_DROPS);
	FAKE_REPLY(fake, OP, .body = DOCUMENT);
	ck_assert_int_eq(get(), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, OP), 3);
}
END_TEST

static const struct bad {
	int status;
	const char *headers, *body;
	int r;
	unsigned asked;
} bad[] = {
	{ 503, NULL, "", ERR_UNAVAILABLE, 4 },
	{ 500, NULL, DOCUMENT, ERR_UNAVAILABLE, 4 },
	{ 429, NULL, "", ERR_UNAVAILABLE, 4 },
	{ 400, NULL, "{\"code\":\"InvalidIdInRequest\"}", ERR_UPSTREAM, 1 },
	{ 404, NULL, DOCUMENT, ERR_UPSTREAM, 1 },
	{ 204, NULL, "", ERR_UPSTREAM, 1 },
	{ 200, NULL, "", ERR_UPSTREAM, 1 },
	{ 200, NULL, "[]", ERR_UPSTREAM, 1 },
	{ 200, NULL, DOCUMENT "x", ERR_UPSTREAM, 1 },
	{ 200, NULL,
	    "{\"AccessKeyId\":\"ASIAEXAMPLEEXAMPLE01\","
	    "\"SecretAccessKey\":\"s\","
	    "\"Expiration\":\"2099-11-22T03:04:05Z\"}",
	    ERR_UPSTREAM, 1 },
	{ 200, NULL,
	    "{\"AccessKeyId\":\"ASIAEXAMPLEEXAMPLE01\","
	    "\"SecretAccessKey\":\"s\",\"Token\":\"\","
	    "\"Expiration\":\"2099-11-22T03:04:05Z\"}",
	    ERR_UPSTREAM, 1 },
	{ 200, NULL,
	    "{\"AccessKeyId\":\"ASIAEXAMPLEEXAMPLE01\","
	    "\"SecretAccessKey\":\"s\",\"Token\":\"t\","
	    "\"Expiration\":\"2019-11-22T03:04:05Z\"}",
	    ERR_UPSTREAM, 1 },
	{ 200, "Content-Encoding: gzip\r\n", DOCUMENT, ERR_UPSTREAM, 1 },
};

START_TEST(does_not_take)
{
	const struct bad *b = &bad[_i];

	FAKE_REPLY(fake, OP, .status = b->status, .headers = b->headers,
	    .body = b->body);
	ck_assert_int_eq(get(), b->r);
	ck_assert_uint_eq(fake_aws_count(fake, OP), b->asked);
	ck_assert_ptr_null(strstr(got_err.msg, "ASIA"));
}
END_TEST

START_TEST(never_follows_a_redirect)
{
	char location[128];

	(void)snprintf(location, sizeof(location), "Location: %s/creds\r\n",
	    fake_aws_url(other));
	FAKE_REPLY(fake, OP, .status = 302, .headers = location);
	FAKE_REPLY(other, "GET /creds", .body = DOCUMENT);
	ck_assert_int_eq(get(), ERR_UPSTREAM);
	ck_assert_uint_eq(fake_aws_connections(other), 0);
}
END_TEST

START_TEST(reads_no_endless_answer)
{
	FAKE_REPLY(fake, OP, .how = FAKE_ENDLESS);
	ck_assert_int_eq(get(), ERR_UPSTREAM);
}
END_TEST

START_TEST(says_so_when_nobody_is_there)
{
	fake_aws_stop(fake);
	fake = NULL;
	ck_assert_int_eq(get(), ERR_UNAVAILABLE);
}
END_TEST

START_TEST(can_be_cancelled)
{
	FAKE_REPLY(fake, OP, .how = FAKE_HOLDS);
	ck_assert_int_eq(start(), ERR_OK);
	if (_i == 1)
		fake_aws_until(fake, OP, 1);
	starting = true;
	container_fetch_cancel(fetch);
	starting = false;
	lab_until_number(&answers, 1);
	ck_assert_int_eq(got_r, ERR_CANCELLED);
	lab_step();
	ck_assert_uint_eq(answers, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("container");
	TCase *where = tcase_create("where"), *tc = tcase_create("fetch");

	tcase_add_checked_fixture(where, lab_set_up, lab_tear_down);
	ck_table(where, finds_where_the_keys_are, places);
	ck_table(where, refuses_a_full_uri, refused_full);
	ck_table(where, refuses_a_relative_uri, refused_relative);
	tcase_add_test(where, says_so_when_there_is_none);
	tcase_add_test(where, refuses_a_uri_that_is_too_long);
	suite_add_tcase(s, where);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, fetches_keys_without_any_proxy);
	tcase_add_test(tc, reads_the_token_file_anew_each_time);
	tcase_add_test(tc, sends_no_token_to_where_it_is_not_for);
	ck_table(tc, refuses_a_token_that_would_be_another_header, bad_tokens);
	tcase_add_test(tc, refuses_a_token_file_it_cannot_read);
	tcase_add_test(tc, asks_again_while_there_are_none_yet);
	ck_table(tc, does_not_take, bad);
	tcase_add_test(tc, never_follows_a_redirect);
	tcase_add_test(tc, reads_no_endless_answer);
	tcase_add_test(tc, says_so_when_nobody_is_there);
	tcase_add_loop_test(tc, can_be_cancelled, 0, 2);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
