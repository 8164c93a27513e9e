/* SPDX-License-Identifier: Apache-2.0 */
#include "task/agent_id.h"

#include <stdio.h>

#include "testing.h"

#define PLUGIN "aws_fargate_task"
#define ID     "0c7d51a8e2f94b63a1d80e5f7396b2c4"
#define A50    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char *const names[AGENT_ID_VARS] = { "accountID", "cluster",
	"region", "partition", "taskID", "family", "revision", "service", "az",
	"launchType", "roleName", "PluginName" };

static struct arena arena;
static struct str values[AGENT_ID_VARS];

static void
set_up(void)
{
	static const struct task_metadata m = {
		.arn = {
			.partition = { "aws", 3 },
			.region = { "us-east-1", 9 },
			.account = { "123456789012", 12 },
			.cluster = { "my-cluster", 10 },
			.task_id = { ID, 32 },
		},
		.family = { "ledger-api", 10 },
		.revision = { "7", 1 },
		.service = { "ledger_svc", 10 },
		.availability_zone = { "us-east-1c", 10 },
		.launch_type = { "FARGATE", 7 },
	};

	arena_init(&arena, 4096);
	agent_id_values(values, &m, PLUGIN);
}

static void
tear_down(void)
{
	arena_release(&arena);
}

static int
expand(struct str *id, const char *template, struct err *err)
{
	struct agent_id_template t;
	struct err parse = { 0 };
	int r;

	r = agent_id_template_parse(&t, str_of(template), PLUGIN, &parse);
	ck_assert_msg(r == ERR_OK, "%s: %s", template, parse.msg);
	return agent_id_expand(
	    id, &arena, &t, STR("example.org"), PLUGIN, values, err);
}

static const struct {
	const char *template, *id;
} made[] = {
	{ "/aws_fargate_task/{{ .accountID }}/{{ .cluster }}",
	    "/aws_fargate_task/123456789012/my-cluster" },
	{ "/{{.PluginName}}/{{.AccountID}}/{{.Cluster}}",
	    "/aws_fargate_task/123456789012/my-cluster" },
	{ "/{{\t.pluginName  }}/{{  .TaskID}}", "/aws_fargate_task/" ID },
	{ "/spire/agent/aws_fargate_task/{{ .accountID }}/{{ .region }}/"
	  "{{ .cluster }}/{{ .taskID }}",
	    "/spire/agent/aws_fargate_task/123456789012/us-east-1/"
	    "my-cluster/" ID },
	{ "/{{ .partition }}.{{ .region }}-{{ .family }}_{{ .revision }}",
	    "/aws.us-east-1-ledger-api_7" },
	{ "/{{ .service }}{{ .az }}/x{{ .launchType }}x",
	    "/ledger_svcus-east-1c/xFARGATEx" },
	{ "/constant", "/constant" },
	{ "/spirelike/{{ .cluster }}", "/spirelike/my-cluster" },
};

START_TEST(makes_an_id)
{
	char want[AGENT_ID_MAX + 1];
	struct err err = { 0 };
	struct str id;
	int r;

	r = expand(&id, made[_i].template, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	(void)snprintf(
	    want, sizeof(want), "spiffe://example.org%s", made[_i].id);
	ck_str(id, want);
}
END_TEST

START_TEST(tells_what_a_template_uses)
{
	struct agent_id_template t;
	struct err err = { 0 };
	struct str text = STR("/spire/agent/" PLUGIN "/{{ .taskID }}");

	ck_assert_int_eq(agent_id_template_parse(&t, text, PLUGIN, &err), 0);
	ck_assert_uint_eq(t.vars, 1U << AGENT_ID_TASK);
	ck_assert(t.in_namespace);
	ck_assert_ptr_eq(t.text.p, text.p);
	text = STR("/spire/agent/{{ .PluginName }}/{{ .cluster }}");
	ck_assert_int_eq(agent_id_template_parse(&t, text, PLUGIN, &err), 0);
	ck_assert_uint_eq(
	    t.vars, 1U << AGENT_ID_PLUGIN | 1U << AGENT_ID_CLUSTER);
	ck_assert(t.in_namespace);
	text = STR("/" PLUGIN "/{{ .accountID }}/{{ .cluster }}");
	ck_assert_int_eq(agent_id_template_parse(&t, text, PLUGIN, &err), 0);
	ck_assert_uint_eq(
	    t.vars, 1U << AGENT_ID_ACCOUNT | 1U << AGENT_ID_CLUSTER);
	ck_assert(!t.in_namespace);
}
END_TEST

START_TEST(knows_every_variable)
{
	struct agent_id_template t;
	struct err err = { 0 };
	char text[64];

	(void)snprintf(text, sizeof(text), "/{{ .%s }}", names[_i]);
	ck_assert_int_eq(
	    agent_id_template_parse(&t, str_of(text), PLUGIN, &err), 0);
	ck_assert_uint_eq(t.vars, 1U << _i);
	ck_assert_int_eq(
	    agent_id_template_parse(&t, STR("/{{ .nope }}"), PLUGIN, &err),
	    ERR_CONFIG);
	ck_assert_msg(strstr(err.msg, names[_i]) != NULL, "%s", err.msg);
}
END_TEST

static const struct {
	const char *template, *says;
} refused[] = {
	{ "", "does not give a SPIFFE path" },
	{ "/", "does not give a SPIFFE path" },
	{ "a/b", "does not give a SPIFFE path" },
	{ "{{ .cluster }}", "does not give a SPIFFE path" },
	{ "/a/", "does not give a SPIFFE path" },
	{ "/a//b", "does not give a SPIFFE path" },
	{ "/a/./b", "does not give a SPIFFE path" },
	{ "/a/..", "does not give a SPIFFE path" },
	{ "/a b", "does not give a SPIFFE path" },
	{ "/a%20b", "does not give a SPIFFE path" },
	{ "/caf\xc3\xa9", "does not give a SPIFFE path" },
	{ "/a?b", "does not give a SPIFFE path" },
	{ "spiffe://example.org/a", "does not give a SPIFFE path" },
	{ "/a}}", "does not give a SPIFFE path" },
	{ "/{ .cluster }", "does not give a SPIFFE path" },
	{ "/{{ .cluster }}/", "does not give a SPIFFE path" },
	{ "/{{ .cluster", "no closing" },
	{ "/{{ .cluster }", "no closing" },
	{ "/{{ .cluster }x}", "no closing" },
	{ "/{{", "no closing" },
	{ "/{{}}", "is not a variable" },
	{ "/{{ . }}", "is not a variable" },
	{ "/{{ cluster }}", "is not a variable" },
	{ "/{{ .cluster | lower }}", "is not a variable" },
	{ "/{{- .cluster -}}", "is not a variable" },
	{ "/{{ .Tags.Team }}", "is not a variable" },
	{ "/{{ .acountID }}", "unknown variable \"acountID\"" },
	{ "/{{ .accountId }}", "unknown variable \"accountId\"" },
	{ "/{{ .CLUSTER }}", "unknown variable \"CLUSTER\"" },
	{ "/spire", "keeps for others" },
	{ "/spire/server", "keeps for others" },
	{ "/spire/agent", "keeps for others" },
	{ "/spire/agent/" PLUGIN, "keeps for others" },
	{ "/spire/agent/join_token/{{ .taskID }}", "keeps for others" },
	{ "/spire/agent/{{ .cluster }}/{{ .taskID }}", "keeps for others" },
	{ "/spire/{{ .cluster }}", "keeps for others" },
	{ "/" A50 A50 A50 A50 A50 "/{{ .cluster }}{{ .region }}{{ .az }}"
	  "{{ .family }}",
	    "longer than 255" },
};

START_TEST(refuses_a_template)
{
	struct agent_id_template t = { .text = STR("untouched") };
	struct err err = { 0 };
	int r;

	r = agent_id_template_parse(
	    &t, str_of(refused[_i].template), PLUGIN, &err);
	ck_assert_msg(r == ERR_CONFIG, "%s: %d", refused[_i].template, r);
	ck_assert_msg(strstr(err.msg, refused[_i].says) != NULL, "%s", err.msg);
	ck_str(t.text, "untouched");
}
END_TEST

/* The same template, with another value for one variable. */
static const struct {
	const char *template;
	enum agent_id_var var;
	const char *value, *says;
} bad_values[] = {
	{ "/{{ .service }}", AGENT_ID_SERVICE, "",
	    "{{ .service }}, which this task does not have" },
	{ "/x/{{ .roleName }}", AGENT_ID_ROLE, "",
	    "{{ .roleName }}, which this task does not have" },
	{ "/{{ .family }}", AGENT_ID_FAMILY, "a/b", "family \"a/b\"" },
	{ "/{{ .family }}", AGENT_ID_FAMILY, ".", "family \".\"" },
	{ "/x{{ .family }}", AGENT_ID_FAMILY, "..", "family \"..\"" },
	{ "/{{ .family }}", AGENT_ID_FAMILY, "%2e", "family \"%2e\"" },
	{ "/{{ .family }}", AGENT_ID_FAMILY, "a b", "family \"a b\"" },
	{ "/{{ .family }}", AGENT_ID_FAMILY, "a\nb", "family \"a?b\"" },
	{ "/{{ .family }}", AGENT_ID_FAMILY, "caf\xc3\xa9",
	    "family \"caf??\"" },
	{ "/{{ .cluster }}/server", AGENT_ID_CLUSTER, "spire",
	    "\"/spire/server\"" },
	{ "/spire{{ .cluster }}", AGENT_ID_CLUSTER, "/server",
	    "cluster \"/server\"" },
	{ "/{{ .cluster }}/agent/join_token/{{ .taskID }}", AGENT_ID_CLUSTER,
	    "spire", "/spire/agent/join_token/" },
	{ "/.{{ .cluster }}", AGENT_ID_CLUSTER, ".", "cluster \".\"" },
	{ "/{{ .cluster }}", AGENT_ID_CLUSTER, A50 A50 A50 A50 A50 "aaaaa",
	    "longer than 255" },
	{ "/x/{{ .cluster }}", AGENT_ID_CLUSTER, A50 A50 A50 A50 A50 "aaaaa",
	    "longer than 255" },
};

START_TEST(refuses_a_value)
{
	struct str id = STR("untouched");
	struct err err = { 0 };
	int r;

	values[bad_values[_i].var] = str_of(bad_values[_i].value);
	r = expand(&id, bad_values[_i].template, &err);
	ck_assert_msg(r == ERR_POLICY, "%s: %d", bad_values[_i].value, r);
	ck_assert_msg(
	    strstr(err.msg, bad_values[_i].says) != NULL, "%s", err.msg);
	ck_str(id, "untouched");
}
END_TEST

START_TEST(makes_an_id_of_the_full_length)
{
	static const size_t head = sizeof("spiffe://example.org/") - 1;
	struct str id;

	values[AGENT_ID_CLUSTER] = STR(A50 A50 A50 A50 A50);
	values[AGENT_ID_CLUSTER].n = AGENT_ID_MAX - head + 1;
	ck_assert_int_eq(expand(&id, "/{{ .cluster }}", NULL), ERR_POLICY);
	values[AGENT_ID_CLUSTER].n = AGENT_ID_MAX - head;
	ck_assert_int_eq(expand(&id, "/{{ .cluster }}", NULL), ERR_OK);
	ck_assert_uint_eq(id.n, AGENT_ID_MAX);
}
END_TEST

START_TEST(reports_that_memory_is_out)
{
	struct str id = STR("untouched");
	struct err err = { 0 };

	arena.max = 8;
	ck_assert_int_eq(expand(&id, "/{{ .cluster }}", &err), ERR_MEMORY);
	ck_assert_str_ne(err.msg, "");
	ck_str(id, "untouched");
}
END_TEST

START_TEST(knows_trust_domains)
{
	static char long_one[256];

	memset(long_one, 'a', sizeof(long_one));
	ck_assert(is_trust_domain(STR("example.org")));
	ck_assert(is_trust_domain(STR("a-b_c.d0")));
	ck_assert(is_trust_domain((struct str){ long_one, 255 }));
	ck_assert(!is_trust_domain((struct str){ long_one, 256 }));
	ck_assert(!is_trust_domain(STR("")));
	ck_assert(!is_trust_domain(STR("Example.org")));
	ck_assert(!is_trust_domain(STR("spiffe://example.org")));
	ck_assert(!is_trust_domain(STR("example.org:8081")));
	ck_assert(!is_trust_domain(STR("example.org/a")));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("agent_id");
	TCase *tc = tcase_create("agent_id");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	ck_table(tc, makes_an_id, made);
	tcase_add_test(tc, tells_what_a_template_uses);
	ck_table(tc, knows_every_variable, names);
	ck_table(tc, refuses_a_template, refused);
	ck_table(tc, refuses_a_value, bad_values);
	tcase_add_test(tc, makes_an_id_of_the_full_length);
	tcase_add_test(tc, reports_that_memory_is_out);
	tcase_add_test(tc, knows_trust_domains);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
