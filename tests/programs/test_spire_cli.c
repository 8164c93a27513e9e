/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_spire_cli.c - spire-cli as people and scripts meet it
 *
 * What it prints is held to tests/data/programs, with times, digests, tokens
 * and durations made equal first.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <grpc/status.h>
#include <json-c/json.h>

#include "base/clock.h"
#include "stage.h"
#include "testing.h"
#include "workload/tokens.h"
#include "workload/wire.h"

static struct fake_agent *agent;
static struct buf out, err, token;

static void
setup(void)
{
	stage_setup();
	buf_init(&out, 1024 * 1024);
	buf_init(&err, 1024 * 1024);
	buf_init(&token, 64 * 1024);
	agent = stage_agent(CLI_ID);
}

static void
teardown(void)
{
	stage_teardown();
	buf_release(&out);
	buf_release(&err);
	buf_release(&token);
}

static int
run(const char *const *args)
{
	struct child *c = stage_start("spire-cli", agent, args);

	buf_clear(&out);
	buf_clear(&err);
	return stage_end(c, &out, &err);
}

static size_t
skip_pem(const char *p)
{
	const char *end = strstr(p, "-----END CERTIFICATE-----");

	ck_assert_ptr_nonnull(end);
	return (size_t)(end - p) + strlen("-----END CERTIFICATE-----");
}

/* What differs from run to run. */
static void
level(struct buf *to, const char *p)
{
	static const char digits[] = "0123456789";
	struct tm tm;
	size_t n;

	while (*p != '\0') {
		n = strspn(p, digits);
		if (strptime(p, "%Y-%m-%dT%H:%M:%SZ", &tm) != NULL && n == 4) {
			buf_add_text(to, "TIME");
			p += 20;
		} else if (strncmp(p, "-----BEGIN ", 11) == 0) {
			buf_add_text(to, "PEM");
			p += skip_pem(p);
		} else if (strncmp(p, "eyJ", 3) == 0) {
			buf_add_text(to, "TOKEN");
			p += strcspn(p, "\"\n ");
		} else if (strspn(p, "0123456789abcdef") == 64) {
			buf_add_text(to, "SHA256");
			p += 64;
		} else if (n > 0 && (n >= 9 || strncmp(p + n, " us", 3) == 0 ||
					strncmp(p + n, " s", 2) == 0)) {
			buf_add_text(to, "N");
			p += n;
		} else if (strncmp(p, "https://127.0.0.1:", 18) == 0) {
			buf_add_text(to, "https://127.0.0.1:PORT");
			p += 18 + strspn(p + 18, digits);
		} else if (strncmp(p, "\"duration_us\":", 14) == 0 ||
			   strncmp(p, "\"left_s\":", 9) == 0) {
			n = (size_t)(strchr(p, ':') - p) + 1;
			buf_add(to, (struct str){ p, n });
			p += n + strspn(p + n, digits);
			buf_add_char(to, 'N');
		} else if (strncmp(p, PACKAGE_VERSION,
			       strlen(PACKAGE_VERSION)) == 0) {
			buf_add_text(to, "VERSION");
			p += strlen(PACKAGE_VERSION);
		} else
			buf_add_char(to, *p++);
	}
}

static void
check_golden(const char *name)
{
	const char *top = getenv("abs_top_srcdir");
	char path[4096], want[16 * 1024] = "";
	struct buf got;
	FILE *f;
	size_t n;

	buf_init(&got, 1024 * 1024);
	level(&got, buf_text(&out));
	(void)snprintf(path, sizeof(path), "%s/tests/data/programs/%s.txt",
	    top == NULL ? "." : top, name);
	f = fopen(path, "r");
	if (f != NULL) {
		n = fread(want, 1, sizeof(want) - 1, f);
		want[n] = '\0';
		(void)fclose(f);
	}
	ck_assert_msg(strcmp(want, buf_text(&got)) == 0,
	    "%s: want\n%s\ngot\n%s", name, want, buf_text(&got));
	buf_release(&got);
}

static void
give_jwt(const char *audience)
{
	EVP_PKEY *key = token_key("ES256");
	struct buf svid, message;

	buf_init(&svid, 64 * 1024);
	buf_init(&message, 64 * 1024);
	token_make(&token, "ES256", key, "k1", CLI_ID, audience,
	    (int64_t)time(NULL) + HOUR_S);
	wire_put(&svid, 1, STR(CLI_ID));
	wire_put(&svid, 2, buf_str(&token));
	wire_put(&message, 1, buf_str(&svid));
	fake_set(agent, FAKE_JWTS,
	    (struct fake_answer){ .message = buf_str(&message),
		.ends = true,
		.status = GRPC_STATUS_OK });
	buf_release(&svid);
	buf_release(&message);
	EVP_PKEY_free(key);
}

static void
give_validation(void)
{
	/* Struct { fields: { "sub": string } } */
	struct buf value, claims, message;

	buf_init(&value, 4096);
	buf_init(&claims, 4096);
	buf_init(&message, 4096);
	wire_put(&value, 3, STR(CLI_ID));
	wire_put_entry(&claims, 1, STR("sub"), buf_str(&value));
	wire_put(&message, 1, STR(CLI_ID));
	wire_put(&message, 2, buf_str(&claims));
	fake_set(agent, FAKE_VALIDATE,
	    (struct fake_answer){ .message = buf_str(&message),
		.ends = true,
		.status = GRPC_STATUS_OK });
	buf_release(&value);
	buf_release(&claims);
	buf_release(&message);
}

START_TEST(shows_itself)
{
	ck_assert_int_eq(run((const char *[]){ "-self", NULL }), 0);
	check_golden("cli-self");
	ck_assert_uint_eq(err.n, 0);
	/* with no action it is the one, and two dashes are fine */
	ck_assert_int_eq(run((const char *[]){ NULL }), 0);
	check_golden("cli-self");
	ck_assert_int_eq(run((const char *[]){ "--self", NULL }), 0);
	check_golden("cli-self");
}
END_TEST

START_TEST(shows_itself_as_json)
{
	struct json_object *o;

	ck_assert_int_eq(run((const char *[]){ "-self", "-json", NULL }), 0);
	check_golden("cli-self-json");
	o = json_tokener_parse(buf_text(&out));
	ck_assert_ptr_nonnull(o);
	json_object_put(o);
}
END_TEST

START_TEST(queries_the_api)
{
	struct child *api = stage_api(stage_agent(API_ID));
	const char *args[] = { "-query", "-endpoint", api->url, NULL };
	const char *json[] = { "-query", "-json", "-endpoint", api->url, NULL };

	UNTIL(stage_get(api->health, "/health", NULL) == 200);
	ck_assert_msg(run(args) == 0, "%s", buf_text(&err));
	check_golden("cli-query");
	ck_assert_int_eq(run(json), 0);
	check_golden("cli-query-json");
}
END_TEST

START_TEST(says_that_the_api_refuses_it)
{
	struct child *api = stage_api(stage_agent(API_ID));
	const char *args[] = { "-query", "-endpoint", api->url, NULL };

	agent = stage_agent("spiffe://home.test/other");
	UNTIL(stage_get(api->health, "/health", NULL) == 200);
	ck_assert_int_eq(run(args), 1);
	ck_assert_ptr_nonnull(strstr(buf_text(&out),
	    "spiffe://home.test/other is not one of the callers"));
	ck_assert_str_eq(buf_text(&err),
	    "spire-cli: the API answered with status 403\n");
}
END_TEST

START_TEST(refuses_an_api_that_is_another)
{
	struct child *api = stage_api(stage_agent(API_ID));
	const char *args[] = { "-query", "-endpoint", api->url, "-id",
		"spiffe://home.test/wanted", NULL };

	UNTIL(stage_get(api->health, "/health", NULL) == 200);
	ck_assert_int_eq(run(args), 1);
	ck_assert_ptr_nonnull(strstr(buf_text(&err), "TLS handshake failed"));
	ck_assert_ptr_nonnull(strstr(buf_text(&err), API_ID));
}
END_TEST

START_TEST(says_that_nobody_listens)
{
	ck_assert_int_eq(run((const char *[]){ "-query", "-endpoint",
			     "https://127.0.0.1:1", NULL }),
	    1);
	ck_assert_str_eq(buf_text(&err),
	    "spire-cli: cannot connect to 127.0.0.1 port 1: Connection "
	    "refused\n");
}
END_TEST

START_TEST(fetches_a_token)
{
	give_jwt("spiffe://home.test/me");
	ck_assert_msg(run((const char *[]){ "-jwt", "spiffe://home.test/me",
			  NULL }) == 0,
	    "%s", buf_text(&err));
	check_golden("cli-jwt");
	ck_assert_ptr_nonnull(strstr(buf_text(&out), buf_text(&token)));
}
END_TEST

START_TEST(lets_a_token_be_validated)
{
	static const char *const args[] = { "-validate", "eyJ.e30.x",
		"-audience", "me", NULL };

	give_validation();
	ck_assert_msg(run(args) == 0, "%s", buf_text(&err));
	check_golden("cli-validate");
}
END_TEST

START_TEST(says_that_a_token_is_refused)
{
	fake_set(agent, FAKE_VALIDATE,
	    (struct fake_answer){ .ends = true,
		.status = GRPC_STATUS_INVALID_ARGUMENT,
		.text = "token has expired" });
	ck_assert_int_eq(
	    run((const char *[]){ "-validate", "a.b.c", NULL }), 1);
	ck_assert_ptr_nonnull(strstr(buf_text(&err), "token has expired"));
}
END_TEST

START_TEST(watches_rotations)
{
	struct child *c =
	    stage_start("spire-cli", agent, (const char *[]){ "-watch", NULL });
	char bytes[512];
	int i;

	for (i = 0; i < 3; i++) {
		ck_assert_int_gt(read(c->out, bytes, sizeof(bytes)), 0);
		stage_rotate(agent, CLI_ID);
	}
	ck_assert_int_gt(read(c->out, bytes, sizeof(bytes)), 0);
	stage_signal(c, SIGINT);
	ck_assert_int_eq(stage_end(c, &out, &err), 0);
}
END_TEST

/* After all that it can do, while it watches. */
START_TEST(is_small)
{
	struct fake_agent *api_agent = stage_agent(API_ID);
	struct child *api = stage_api(api_agent);
	const char *args[] = { "-self", "-query", "-endpoint", api->url, "-jwt",
		"a", "-watch", NULL };
	struct child *c;
	char bytes[64 * 1024] = "";
	size_t n = 0;

	UNTIL(stage_get(api->health, "/health", NULL) == 200);
	give_jwt("a");
	c = stage_start("spire-cli", agent, args);
	do {
		ssize_t r = read(c->out, bytes + n, sizeof(bytes) - 1 - n);

		ck_assert_int_gt(r, 0);
		n += (size_t)r;
		bytes[n] = '\0';
	} while (strstr(bytes, " serial ") == NULL);
	stage_is_small(c, "spire-cli");
	stage_rotate(agent, CLI_ID);
	ck_assert_int_gt(read(c->out, bytes, sizeof(bytes)), 0);
	stage_is_small(c, "spire-cli, after a rotation");
}
END_TEST

START_TEST(waits_no_longer_than_it_was_told)
{
	int64_t begin = clock_ms();

	fake_set(agent, FAKE_SVIDS,
	    (struct fake_answer){ .ends = true,
		.status = GRPC_STATUS_PERMISSION_DENIED,
		.text = "no identity issued" });
	ck_assert_int_eq(
	    run((const char *[]){ "-self", "-timeout", "1", NULL }), 3);
	ck_assert_int_ge(clock_ms() - begin, 900);
	ck_assert_msg(strstr(buf_text(&err), "no identity issued") != NULL,
	    "%s", buf_text(&err));
}
END_TEST

static const struct {
	const char *args[4];
	int status;
	const char *said; /* on standard output if status is 0 */
} command_lines[] = {
	{ { "-help", NULL }, 0, "Usage: spire-cli" },
	{ { "--version", NULL }, 0, "spire-cli " },
	{ { "-colour", NULL }, 2, "unrecognized option" },
	{ { "word", NULL }, 2, "\"word\" is one word too many" },
	{ { "-endpoint", NULL }, 2, "requires an argument" },
	{ { "-endpoint", "http://127.0.0.1:80", NULL }, 2,
	    "-endpoint: \"http://127.0.0.1:80\" does not begin with https://" },
	{ { "-endpoint", "https://", NULL }, 2, "is no URL" },
	{ { "-endpoint", "https://a:0/", NULL }, 2, "is no URL" },
	{ { "-endpoint", "https://a:99999/", NULL }, 2, "is no URL" },
	{ { "-endpoint", "https://[::1/", NULL }, 2, "is no URL" },
	{ { "-endpoint", "https://a/b c", NULL }, 2, "is no URL" },
	{ { "-endpoint", "https://a\r\nx/", NULL }, 2, "is no URL" },
	{ { "-id", "api-service", NULL }, 2, "-id: " },
	{ { "-jwt", "", NULL }, 2, "-jwt: the audience is empty" },
	{ { "-audience", "", NULL }, 2, "-audience: it is empty" },
	{ { "-timeout", "0", NULL }, 2, "-timeout: " },
	{ { "-timeout", "-1", NULL }, 2, "-timeout: " },
	{ { "-timeout", "1s", NULL }, 2, "-timeout: " },
	{ { "-timeout", "99999999999999999999", NULL }, 2, "-timeout: " },
	{ { "-validate", "", NULL }, 1, "" },
};

START_TEST(knows_its_command_line)
{
	int status = command_lines[_i].status;

	ck_assert_int_eq(run(command_lines[_i].args), status);
	ck_assert_msg(strstr(buf_text(status == 0 ? &out : &err),
			  command_lines[_i].said) != NULL,
	    "%s", buf_text(&err));
	if (status == 2)
		ck_assert_ptr_nonnull(strstr(buf_text(&err), "-help"));
}
END_TEST

START_TEST(needs_to_know_where_the_workload_api_is)
{
	struct child *c;

	(void)unsetenv("SPIFFE_ENDPOINT_SOCKET");
	c = stage_start("spire-cli", NULL, (const char *[]){ "-self", NULL });
	ck_assert_int_eq(stage_end(c, &out, &err), 1);
	ck_assert_ptr_nonnull(
	    strstr(buf_text(&err), "SPIFFE_ENDPOINT_SOCKET"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("programs/spire-cli");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, shows_itself);
	tcase_add_test(tc, shows_itself_as_json);
	tcase_add_test(tc, queries_the_api);
	tcase_add_test(tc, says_that_the_api_refuses_it);
	tcase_add_test(tc, refuses_an_api_that_is_another);
	tcase_add_test(tc, says_that_nobody_listens);
	tcase_add_test(tc, fetches_a_token);
	tcase_add_test(tc, lets_a_token_be_validated);
	tcase_add_test(tc, says_that_a_token_is_refused);
	tcase_add_test(tc, watches_rotations);
	tcase_add_test(tc, is_small);
	tcase_add_test(tc, waits_no_longer_than_it_was_told);
	ck_table(tc, knows_its_command_line, command_lines);
	tcase_add_test(tc, needs_to_know_where_the_workload_api_is);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
