/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/route.h"

#include "scenarios.h"

#define TWO "tests/data/mock/two-accounts.conf"
#define WEB "4f8e7d6c5b4a39281706f5e4d3c2b1a0"

static struct scenario *s;
static struct answer a;

static void
setup(void)
{
	s = scenario_of(TWO);
	answer_init(&a);
}

static void
teardown(void)
{
	answer_release(&a);
	scenario_free(s);
}

static void
ask(unsigned method, const char *path)
{
	struct mock m = { .scenario = s };
	struct request q = { .method = method, .path = str_of(path) };

	route_answer(&a, &m, &q);
}

/* want: something that only the right answer has. */
static const struct {
	const char *path;
	int status;
	const char *want;
} paths[] = {
	{ "/health", 200, "\"tasks\":6" },
	{ "/v4/metadata", 200, "{\"DockerId\":\"" },
	{ "/v4/metadata/task", 200, "\"Family\":\"batch\"" },
	{ "/v4/metadata/taskWithTags", 200, "\"Family\":\"batch\"" },
	{ "/v4/web", 200, "{\"DockerId\":\"" WEB "-" },
	{ "/v4/web/task", 200, "\"TaskTags\":{\"Team\":\"payments\"" },
	{ "/v4/" WEB, 200, "\"Name\":\"app\"" },
	{ "/v4/" WEB "/task", 200, "\"Family\":\"web\"" },
	{ "/v4/" WEB "-1829094452", 200,
	    "{\"DockerId\":\"" WEB "-1829094452\",\"Name\":\"spire-" },
	{ "/v4/" WEB "-1829094452/task", 200, "\"Family\":\"web\"" },
	{ "/v4/short-id", 200, "{\"DockerId\":\"short-id-" },
	{ "/v4/short-id-1829094452/task", 200, "\"KnownStatus\":\"PENDING\"" },
	{ "/v4/batch-2/task", 200, "\"LaunchType\":\"EC2\"" },
	{ "/v4/batch-4/task", 404, "has no task \\\"batch-4\\\"" },
	{ "/v4/" WEB "-1829094453", 404, "has no task" },
	{ "/v4/" WEB "-spire-agent", 404, "has no task" },
	{ "/v4/" WEB "-", 404, "has no task" },
	{ "/v4/-1829094452", 404, "has no task" },
	{ "/v4/web/stats", 200, "\"cpu_stats\":{\"cpu_usage\":{" },
	{ "/v4/" WEB "-1829094452/stats", 200, "\"name\":\"spire-agent\"" },
	{ "/v4/web/task/stats", 200, "\"" WEB "-1829094452\":{\"read\"" },
	{ "/v4/short-id/stats", 200, "null" },
	{ "/v4/short-id/task/stats", 200, "\":null" },
	{ "/v4/metadata/task/stats", 200, "{\"" },
	{ "/v4/web/", 404, "serves no \\\"\\\"" },
	{ "/v4/web//task", 404, "serves no \\\"/task\\\"" },
	{ "/v4/web/task/", 404, "serves no" },
	{ "/v4/web/task/stats/", 404, "serves no" },
	{ "/v4/web/Task", 404, "serves no" },
	{ "/v4/", 404, "has no task \\\"\\\"" },
	{ "/v4", 404, "there is no" },
	{ "/v4/../health", 404, "has no task \\\"..\\\"" },
	{ "/v4/%77eb", 404, "has no task" },
	{ "/v4/web%2ftask", 404, "has no task" },
	{ "/v4//task", 404, "has no task" },
	{ "/healthy", 404, "there is no \\\"/healthy\\\"" },
	{ "/health/", 404, "there is no" },
	{ "/v3/web", 404, "there is no" },
	{ "/v4/\xff\"\\", 404, "has no task \\\"?\\\"\\\\\\\"" },
	{ "/", 405, "takes POST" },
	{ "", 404, "there is no" },
};

START_TEST(answers)
{
	const char *body;

	ask(METHOD_GET, paths[_i].path);
	body = buf_text(&a.body);
	ck_assert_ptr_nonnull(body);
	ck_assert_msg(a.status == paths[_i].status, "%s: %d %s", paths[_i].path,
	    a.status, body);
	ck_assert_msg(strstr(body, paths[_i].want) != NULL, "%s: %s",
	    paths[_i].path, body);
	ck_assert(body[0] == (a.status == 200 ? '{' : '"') ||
		  strcmp(body, "null") == 0);
	ck_assert_str_eq(a.type, "application/json");
}
END_TEST

START_TEST(answers_head_as_get)
{
	ask(METHOD_HEAD, "/v4/web/task");
	ck_assert_int_eq(a.status, 200);
	ck_assert_uint_gt(a.body.n, 0);
}
END_TEST

START_TEST(refuses_other_methods_where_there_is_something)
{
	ask(METHOD_OTHER, "/v4/web/task");
	ck_assert_int_eq(a.status, 405);
	ck_assert_str_eq(a.allow, "GET, HEAD");
	answer_release(&a);
	answer_init(&a);
	ask(METHOD_OTHER, "/nothing");
	ck_assert_int_eq(a.status, 404);
	ck_assert_str_eq(a.allow, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("route");
	TCase *tc = tcase_create("route");

	tcase_add_checked_fixture(tc, setup, teardown);
	ck_table(tc, answers, paths);
	tcase_add_test(tc, answers_head_as_get);
	tcase_add_test(tc, refuses_other_methods_where_there_is_something);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
