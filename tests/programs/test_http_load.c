/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_http_load.c - http-load counts answers, and nothing else for one
 */
#include <stdio.h>
#include <stdlib.h>

#include "stage.h"
#include "testing.h"

static struct buf out, err;

static void
setup(void)
{
	stage_setup();
	buf_init(&out, 1024 * 1024);
	buf_init(&err, 1024 * 1024);
	(void)unsetenv("SPIFFE_ENDPOINT_SOCKET");
}

static void
teardown(void)
{
	stage_teardown();
	buf_release(&out);
	buf_release(&err);
}

static int
run(struct fake_agent *agent, const char *const *args)
{
	struct child *c = stage_start("http-load", agent, args);

	buf_clear(&out);
	buf_clear(&err);
	return stage_end(c, &out, &err);
}

static long
figure(const char *name)
{
	const char *at = strstr(buf_text(&out), name);

	ck_assert_msg(at != NULL, "%s: %s", name, buf_text(&out));
	return strtol(at + strlen(name), NULL, 10);
}

static void
check_figures(void)
{
	ck_assert_uint_eq(
	    strspn(buf_text(&out), "abcdefghijklmnopqrstuvwxyz0123456789=. "),
	    out.n - 1);
	ck_assert_int_gt(figure("requests="), 0);
	ck_assert_int_ge(figure("all="), figure("requests="));
	ck_assert_int_gt(figure(" p50="), 0);
	ck_assert_int_ge(figure(" p99="), figure(" p50="));
	ck_assert_int_ge(figure(" max=") * 1001 / 1000 + 1, figure(" p99="));
	ck_assert_int_gt(figure(" cpu="), 0);
}

static const char *const loads[][4] = {
	{ "-seconds", "1", NULL },
	{ "-connections", "32", "-seconds=1", NULL },
	{ "-close", "-seconds=1", NULL },
};

static void
load(struct fake_agent *agent, const char *url, const char *const *load_args,
    const char *name, const char *value)
{
	const char *args[8];
	size_t n = 0;

	for (; *load_args != NULL; load_args++)
		args[n++] = *load_args;
	args[n++] = name;
	args[n++] = value;
	args[n++] = url;
	args[n] = NULL;
	ck_assert_msg(run(agent, args) == 0, "%s", buf_text(&err));
	check_figures();
}

START_TEST(measures_plain_answers)
{
	const char *args[] = { "--plain", "--listen=127.0.0.1:0", "-c",
		stage_file("api.conf", "allowed_ids = { \"" CLI_ID "\" }"),
		NULL };
	struct child *api = stage_start("api-service", NULL, args);
	char url[128];

	stage_ready(api, false);
	(void)snprintf(url, sizeof(url), "%s/attestation", api->url);
	load(NULL, url, loads[_i], "-header",
	    "x-forwarded-client-cert: URI=" CLI_ID);
}
END_TEST

START_TEST(measures_answers_over_mutual_tls)
{
	struct child *api = stage_api(stage_agent(API_ID));
	char url[128];

	(void)snprintf(url, sizeof(url), "%s/attestation", api->url);
	load(stage_agent(CLI_ID), url, loads[_i], "-id", API_ID);
}
END_TEST

static const struct {
	const char *answer, *said;
} bad_answers[] = {
	{ "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
	    "the answer is \"HTTP/1.1 403 Forbidden\"" },
	{ "HTTP/1.1 200 OK\r\n\r\n", "does not say its length" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
	    "does not say its length" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n",
	    "is too long" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na",
	    "ends before its end" },
	{ "HTTP/1.1 200", "ends before its end" },
	{ "", "no answer came" },
};

START_TEST(counts_no_other_answer)
{
	const char *args[] = { "-seconds=1",
		stage_serve(NULL, bad_answers[_i].answer), NULL };

	ck_assert_int_eq(run(NULL, args), 1);
	ck_assert_uint_eq(out.n, 0);
	ck_assert_msg(strstr(buf_text(&err), bad_answers[_i].said) != NULL,
	    "%s", buf_text(&err));
}
END_TEST

START_TEST(takes_no_answer_of_another)
{
	struct child *api = stage_api(stage_agent(API_ID));

	ck_assert_int_eq(run(stage_agent(CLI_ID),
			     (const char *[]){ "-id", DEMO_ID, api->url, NULL }),
	    1);
	ck_assert_msg(
	    strstr(buf_text(&err), "it is not expected") != NULL, "%s",
	    buf_text(&err));
}
END_TEST

START_TEST(says_that_nobody_listens)
{
	ck_assert_int_eq(
	    run(NULL, (const char *[]){ "http://127.0.0.1:1", NULL }), 1);
	ck_assert_str_eq(
	    buf_text(&err), "http-load: Connection refused\n");
}
END_TEST

static const char *const command_lines[][4] = {
	{ NULL },
	{ "http://127.0.0.1:1", "word", NULL },
	{ "-connections", "0", "http://127.0.0.1:1", NULL },
	{ "-connections=1025", "http://127.0.0.1:1", NULL },
	{ "-seconds", "1s", "http://127.0.0.1:1", NULL },
	{ "https://127.0.0.1:1", NULL },
	{ "-id", API_ID, "http://127.0.0.1:1", NULL },
	{ "-colour", "http://127.0.0.1:1", NULL },
};

START_TEST(knows_its_command_line)
{
	ck_assert_int_eq(run(NULL, command_lines[_i]), 2);
	ck_assert_ptr_nonnull(strstr(buf_text(&err), "Usage: http-load"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("programs/http-load");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	ck_table(tc, measures_plain_answers, loads);
	ck_table(tc, measures_answers_over_mutual_tls, loads);
	ck_table(tc, counts_no_other_answer, bad_answers);
	tcase_add_test(tc, takes_no_answer_of_another);
	tcase_add_test(tc, says_that_nobody_listens);
	ck_table(tc, knows_its_command_line, command_lines);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
