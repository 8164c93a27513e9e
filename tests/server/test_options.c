/* SPDX-License-Identifier: Apache-2.0 */
#include "server/options.h"

#include "testing.h"

static struct problems problems;

static struct server_config *
load(const char *text)
{
	struct server_config *config = NULL;
	int r;

	memset(&problems, 0, sizeof(problems));
	r = server_config_load(
	    &config, STR("example.org"), str_of(text), &problems);
	ck_assert_int_eq(r == ERR_OK, problems.count == 0);
	ck_assert_int_eq(r == ERR_OK, config != NULL);
	return config;
}

static struct server_config *
must_load(const char *text)
{
	struct server_config *config = load(text);

	ck_assert_msg(config != NULL, "%s: %s", text, problems.text[0]);
	return config;
}

START_TEST(has_defaults)
{
	struct server_config *c = must_load("");

	ck_str(c->trust_domain, "example.org");
	ck_str(c->server_id, "example.org");
	ck_assert_uint_eq(c->allowed_accounts.count, 0);
	ck_assert_uint_eq(c->allowed_clusters.count, 0);
	ck_assert_uint_eq(c->allowed_regions.count, 0);
	ck_str(c->agent_path_template,
	    "/aws_fargate_task/{{ .accountID }}/{{ .cluster }}");
	ck_assert_uint_eq(c->agent_path.vars,
	    1U << AGENT_ID_ACCOUNT | 1U << AGENT_ID_CLUSTER);
	ck_assert_int_eq(c->verification, VERIFICATION_FULL);
	ck_assert_int_eq(c->shared_agent_id, SHARED_AGENT_ID_REFUSE);
	ck_assert(c->reattest);
	ck_assert_int_eq(c->client_ip, CLIENT_IP_OFF);
	ck_assert_int_eq(c->exec_policy, EXEC_POLICY_ALLOW);
	ck_assert_uint_eq(c->tag_selectors.count, 1);
	ck_str(c->tag_selectors.items[0], "*");
	ck_assert_int_eq(c->timeout, 20000);
	ck_assert_int_eq(c->challenge_timeout, 30000);
	ck_assert_int_eq(c->ecs_rate, 10);
	ck_assert_int_eq(c->sts_rate, 300);
	ck_assert_int_eq(c->max_attestations, 1024);
	server_config_unref(c);
}
END_TEST

START_TEST(loads_the_documented_configuration)
{
	struct server_config *c = must_load(
	    "trust_domain = \"example.org\"\n\n"
	    "allowed_accounts = [\"123456789012\", \"210987654321\"]\n\n"
	    "allowed_clusters = [\"production\", \"staging\"]\n\n"
	    "agent_path_template = "
	    "\"/aws_fargate_task/{{ .accountID }}/{{ .cluster }}\"");

	ck_assert_uint_eq(c->allowed_accounts.count, 2);
	ck_str(c->allowed_accounts.items[1], "210987654321");
	ck_assert_uint_eq(c->allowed_clusters.count, 2);
	ck_str(c->allowed_clusters.items[0], "production");
	server_config_unref(c);
}
END_TEST

START_TEST(loads_cluster_and_region_alone)
{
	struct server_config *c =
	    must_load("cluster = \"my-cluster\"\nregion = \"us-east-1\"");

	ck_str(c->cluster, "my-cluster");
	ck_str(c->region, "us-east-1");
	server_config_unref(c);
}
END_TEST

START_TEST(keeps_the_spelling_of_a_number)
{
	struct server_config *c =
	    must_load("allowed_accounts = [012345678901, 000000000089]");

	ck_assert_uint_eq(c->allowed_accounts.count, 2);
	ck_str(c->allowed_accounts.items[0], "012345678901");
	ck_str(c->allowed_accounts.items[1], "000000000089");
	server_config_unref(c);
}
END_TEST

static const char *const accepted[] = {
	"trust_domain = \"example.org\"",
	"allowed_accounts = []",
	"allowed_accounts = [123456789012, 012345678901]",
	"allowed_clusters = [\"arn:aws:ecs:us-east-1:123456789012:cluster/c\"]"
	" cluster = \"c\"",
	"cluster = \"arn:aws:ecs:us-east-1:123456789012:cluster/c\""
	" allowed_clusters = [\"b\", \"c\"]",
	"region = \"cn-north-1\" allowed_regions = [\"cn-north-1\"]"
	" partition = \"aws-cn\"",
	"agent_path_template = \"/spire/agent/aws_fargate_task/"
	"{{ .accountID }}/{{ .region }}/{{ .cluster }}/{{ .taskID }}\"",
	"agent_path_template = \"/{{.AccountID}}/{{ .PluginName }}\"",
	"agent_path_template = \"\"",
	"verification = \"metadata\"",
	"verification = \"metadata\" shared_agent_id = \"allow\"",
	"verification = \"metadata\" allowed_regions = [\"cn-north-1\"]",
	"verification = \"sts\" allowed_accounts = [\"123456789012\"]",
	"verification = \"sts\" allowed_accounts = [\"123456789012\"]"
	" allowed_task_roles = [\"web\"] agent_path_template = "
	"\"/{{ .partition }}/{{ .roleName }}/{{ .PluginName }}/{{ .taskID }}\"",
	"agent_path_template = \"/{{ .roleName }}/{{ .taskID }}\"",
	"shared_agent_id = \"allow\"",
	"reattest = false agent_path_template = \"/{{ .taskID }}\"",
	"client_ip = \"required\" exec_policy = \"deny\" partition = \"aws\"",
	"allowed_task_roles = [\"web\", \"123456789012/a_+=,.@-b\"]",
	"assume_role = \"spire-reader\" external_id = \"a:b/c\""
	" allowed_accounts = [\"123456789012\"]",
	"access_key_id = \"AKIAX\" secret_access_key = \"a/b+c\"",
	"sts_region = \"eu-west-1\" sts_endpoint = \"http://127.0.0.1:8090\""
	" ecs_endpoint = \"http://[::1]:8090/\"",
	"ecs_endpoint = \"http://ecs.example:80\""
	" allow_insecure_endpoints = true",
	"ca_bundle_path = \"/nowhere\"",
	"tag_selectors = []",
	"tag_selectors = [\"Team\", \"a b\"]",
	"server_id = \"prod-1\"",
	"timeout = \"100ms\" challenge_timeout = \"10m\"",
	"ecs_rate = 1 sts_rate = 100000 max_attestations = 100000",
	"{\"trust_domain\":\"example.org\",\"allowed_accounts\":"
	"[\"123456789012\"]}",
};

START_TEST(accepts)
{
	server_config_unref(must_load(accepted[_i]));
}
END_TEST

#define STS                                                         \
	"verification = \"sts\" allowed_accounts = [\"123456789012\"] "
#define METADATA    "verification = \"metadata\" "
#define LOSES(mode) "verification = \"" mode "\" does not prove "

static const struct {
	const char *text, *why;
} refused[] = {
	{ "trust_domain = \"other.org\"",
	    "trust_domain = \"other.org\": SPIRE's own is \"example.org\"" },
	{ "trust_domain = \"\"", "trust_domain = \"\": empty" },
	{ "trust_domain = \"Example.org\"",
	    "trust_domain = \"Example.org\": expected a trust domain's name" },
	{ "allowed_accounts = [\"12345678901\"]",
	    "allowed_accounts = \"12345678901\": expected the 12 digits" },
	{ "allowed_accounts = [\"1234567890123\"]", "allowed_accounts = " },
	{ "allowed_accounts = [\"*\"]", "allowed_accounts = \"*\": " },
	{ "allowed_accounts = [\"12345678901a\"]", "allowed_accounts = " },
	{ "allowed_accounts = [\" 123456789012\"]", "allowed_accounts = " },
	{ "allowed_accounts = \"123456789012\"",
	    "allowed_accounts = \"123456789012\": expected a list" },
	{ "allowed_acounts = [\"123456789012\"]",
	    "unknown configurations detected: allowed_acounts (line 1, column "
	    "1: did you mean allowed_accounts?)" },
	{ "Allowed_Accounts = [\"123456789012\"]",
	    "unknown configurations detected: Allowed_Accounts (line 1, column "
	    "1: did you mean allowed_accounts?)" },
	{ "policy {\n allowed_accounts = [\"123456789012\"] }",
	    "unknown configurations detected: policy" },
	{ "allowed_accounts = [\"123456789012\"]\nallowed_accounts = []",
	    "allowed_accounts is given again" },
	{ "allowed_clusters = [\"a/b\"]", "allowed_clusters = \"a/b\": " },
	{ "allowed_clusters = [\"*\"]", "allowed_clusters = \"*\": " },
	{ "allowed_clusters = [\"arn:aws:ecs:us-east-1:123456789012:task/c\"]",
	    "allowed_clusters = " },
	{ "allowed_regions = [\"us_east\"]", "allowed_regions = \"us_east\"" },
	{ "region = \"US-EAST-1\"", "region = \"US-EAST-1\": expected an AWS" },
	{ "cluster = \"\"", "cluster = \"\": empty" },
	{ "cluster = \"c\" allowed_clusters = [\"d\"]",
	    "cluster = \"c\" is not in allowed_clusters: no task could" },
	{ "region = \"us-east-1\" allowed_regions = [\"us-east-2\"]",
	    "region = \"us-east-1\" is not in allowed_regions: no task" },
	{ "agent_path_template = \"/{{ .foo }}\"",
	    "agent_path_template: unknown variable \"foo\"" },
	{ "agent_path_template = \"x\"", "agent_path_template: \"x\" " },
	{ "agent_path_template = \"/a/\"", "agent_path_template: \"/a/\" " },
	{ "agent_path_template = \"/spire/server\"",
	    "agent_path_template: \"/spire/server\" " },
	{ METADATA "agent_path_template = \"/{{ .roleName }}\"",
	    "agent_path_template: {{ .roleName }}: a task's role is not" },
	{ STS "agent_path_template = \"/{{ .cluster }}/{{ .taskID }}\"",
	    "agent_path_template: \"sts\" proves no more than accountID" },
	{ STS "agent_path_template = \"/{{ .accountID }}\"",
	    "agent_path_template: without {{ .taskID }}" },
	{ "reattest = false",
	    "agent_path_template: without {{ .taskID }} and with an agent ID" },
	{ "verification = \"none\"",
	    "verification = \"none\": expected \"full\", \"sts\" or "
	    "\"metadata\"" },
	{ "verification = \"sts\"",
	    "verification = \"sts\" needs allowed_accounts" },
	{ "verification = \"sts\" allowed_accounts = []",
	    "verification = \"sts\" needs allowed_accounts" },
	{ STS "allowed_clusters = [\"c\"]", "allowed_clusters: " LOSES("sts") },
	{ STS "allowed_regions = [\"us-east-1\"]",
	    "allowed_regions: " LOSES("sts") },
	{ STS "cluster = \"c\"", "cluster: " LOSES("sts") },
	{ STS "region = \"us-east-1\"", "region: " LOSES("sts") },
	{ STS "client_ip = \"required\"", "client_ip: " LOSES("sts") },
	{ STS "exec_policy = \"deny\"", "exec_policy: " LOSES("sts") },
	{ METADATA "allowed_task_roles = [\"r\"]",
	    "allowed_task_roles: " LOSES("metadata") },
	{ METADATA "client_ip = \"required\"",
	    "client_ip: " LOSES("metadata") },
	{ METADATA "exec_policy = \"deny\"",
	    "exec_policy: " LOSES("metadata") },
	{ METADATA "shared_agent_id = \"refuse\"",
	    "shared_agent_id: " LOSES("metadata") },
	{ "allowed_task_roles = [\"a/b/c\"]",
	    "allowed_task_roles = \"a/b/c\": expected ROLE or ACCOUNT/ROLE" },
	{ "allowed_task_roles = [\"arn:aws:iam::123456789012:role/r\"]",
	    "allowed_task_roles = " },
	{ "allowed_task_roles = [\"*\"]", "allowed_task_roles = \"*\": " },
	{ "allowed_task_roles = [\"12345678901/r\"]", "allowed_task_roles = " },
	{ "allowed_task_roles = [\"123456789012/\"]", "allowed_task_roles = " },
	{ "assume_role = \"r\"", "assume_role needs allowed_accounts" },
	{ "assume_role = \"a/b\" allowed_accounts = [\"123456789012\"]",
	    "assume_role = \"a/b\": expected the name of a role" },
	{ "external_id = \"rr\"", "external_id has no meaning without" },
	{ "external_id = \"r\" assume_role = \"r\""
	  " allowed_accounts = [\"123456789012\"]",
	    "external_id = \"r\": expected 2 to 1224" },
	{ "partition = \"moon\"",
	    "partition = \"moon\": expected \"aws\", \"aws-cn\", " },
	{ "region = \"cn-north-1\"", "region = \"cn-north-1\": region" },
	{ "allowed_regions = [\"us-east-1\", \"us-gov-west-1\"]",
	    "allowed_regions = \"us-gov-west-1\": region us-gov-west-1 is of" },
	{ "sts_region = \"us-east-1\" partition = \"aws-cn\"",
	    "sts_region = \"us-east-1\": " },
	{ "access_key_id = \"AKIAX\"",
	    "access_key_id and secret_access_key: one is set without" },
	{ "secret_access_key = \"x\"",
	    "access_key_id and secret_access_key: one is set without" },
	{ "access_key_id = \"AKIAX \" secret_access_key = \"x\"",
	    "access_key_id = (not shown): expected printable ASCII" },
	{ "sts_endpoint = \"http://sts.example\"", "sts_endpoint = " },
	{ "ecs_endpoint = \"http://10.0.0.1:80\"", "ecs_endpoint = " },
	{ "sts_endpoint = \"https://u@sts.example\"", "sts_endpoint = " },
	{ "sts_endpoint = \"https://sts.example/x\"", "sts_endpoint = " },
	{ "ecs_endpoint = \"ftp://e\"", "ecs_endpoint = " },
	{ "tag_selectors = [\"*\", \"Team\"]",
	    "tag_selectors: \"*\" means all tags and stands alone" },
	{ "server_id = \"a b\"", "server_id = \"a b\": expected letters" },
	{ "timeout = \"99ms\"",
	    "timeout = \"99ms\": expected a duration from 100ms to 10m" },
	{ "timeout = \"soon\"",
	    "unable to parse timeout duration: time: invalid duration "
	    "\"soon\"" },
	{ "challenge_timeout = \"11m\"", "challenge_timeout = \"11m\": " },
	{ "ecs_rate = 0", "ecs_rate = 0: expected a whole number from 1" },
	{ "sts_rate = -1", "sts_rate = -1: expected a whole number" },
	{ "max_attestations = 0",
	    "max_attestations = 0: expected a whole number from 1 to 100000" },
	{ "max_attestations = 100001", "max_attestations = 100001: " },
};

START_TEST(refuses)
{
	ck_assert_ptr_null(load(refused[_i].text));
	ck_assert_msg(problems.count == 1, "%s: %zu problems, first: %s",
	    refused[_i].text, problems.count, problems.text[0]);
	ck_assert_msg(str_starts(str_of(problems.text[0]), refused[_i].why),
	    "%s", problems.text[0]);
	ck_assert_ptr_nonnull(strstr(problems.text[0], "(line "));
}
END_TEST

START_TEST(reports_all_at_once)
{
	ck_assert_ptr_null(load(
	    "trust_domain = \"b.org\"\nallowed_acounts = []\n"
	    "cluster = \"c\"\nallowed_clusters = [\"d\"]\ntimeout = \"x\"\n"
	    "verification = \"none\"\nagent_path_template = \"x\"\n"));
	ck_assert_uint_eq(problems.count, 6);
}
END_TEST

START_TEST(sts_gives_an_id_once_and_by_task)
{
	struct server_config *c = must_load(STS);

	ck_assert(!c->reattest);
	ck_str(c->agent_path_template, "/spire/agent/aws_fargate_task/"
				       "{{ .accountID }}/{{ .taskID }}");
	ck_assert(c->agent_path.in_namespace);
	server_config_unref(c);
}
END_TEST

START_TEST(metadata_shares_ids_and_says_so)
{
	struct server_config *c = must_load(METADATA);

	ck_assert_int_eq(c->shared_agent_id, SHARED_AGENT_ID_ALLOW);
	server_config_unref(c);
}
END_TEST

START_TEST(metadata_filters_a_partition_that_is_set)
{
	struct server_config *c = must_load(METADATA);

	ck_assert(c->any_partition);
	server_config_unref(c);
	c = must_load(METADATA "partition = \"aws\"");
	ck_assert(!c->any_partition);
	server_config_unref(c);
	c = must_load("");
	ck_assert(!c->any_partition);
	server_config_unref(c);
}
END_TEST

START_TEST(needs_a_trust_domain)
{
	struct server_config *c = NULL;

	memset(&problems, 0, sizeof(problems));
	ck_assert_int_eq(
	    server_config_load(&c, STR(""), STR(""), &problems), ERR_CONFIG);
	ck_assert_ptr_null(c);
	ck_assert_str_eq(problems.text[0],
	    "SPIRE names no trust domain, and trust_domain is not set");
	memset(&problems, 0, sizeof(problems));
	ck_assert_int_eq(server_config_load(&c, STR(""),
			     STR("trust_domain = \"a.org\""), &problems),
	    ERR_OK);
	ck_str(c->trust_domain, "a.org");
	server_config_unref(c);
}
END_TEST

START_TEST(needs_a_trust_domain_that_is_one)
{
	struct server_config *c = NULL;

	memset(&problems, 0, sizeof(problems));
	ck_assert_int_eq(
	    server_config_load(&c, STR("a b"), STR(""), &problems), ERR_CONFIG);
	ck_assert(str_starts(
	    str_of(problems.text[0]), "SPIRE's trust domain \"a b\" is not"));
}
END_TEST

START_TEST(borrows_nothing_from_the_text)
{
	char text[] =
	    "server_id = \"a\" cluster = \"c\" region = \"us-east-1\"";
	char domain[] = "example.org";
	struct server_config *c = NULL;

	memset(&problems, 0, sizeof(problems));
	ck_assert_int_eq(
	    server_config_load(&c, str_of(domain), str_of(text), &problems),
	    ERR_OK);
	memset(text, 'x', sizeof(text));
	memset(domain, 'x', sizeof(domain));
	ck_str(c->server_id, "a");
	ck_str(c->cluster, "c");
	ck_str(c->trust_domain, "example.org");
	server_config_unref(c);
}
END_TEST

START_TEST(lives_as_long_as_someone_holds_it)
{
	struct server_config *c = must_load("cluster = \"c\"");

	ck_assert_ptr_eq(server_config_ref(c), c);
	server_config_unref(c);
	ck_str(c->cluster, "c");
	server_config_unref(c);
	server_config_unref(NULL);
}
END_TEST

START_TEST(documents_every_row)
{
	size_t i;

	for (i = 0; i < server_options.count; i++)
		ck_assert_msg(server_options.rows[i].doc != NULL, "%s",
		    server_options.rows[i].name);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("server options");
	TCase *tc = tcase_create("server options");

	tcase_add_test(tc, keeps_the_spelling_of_a_number);
	tcase_add_test(tc, has_defaults);
	tcase_add_test(tc, loads_the_documented_configuration);
	tcase_add_test(tc, loads_cluster_and_region_alone);
	ck_table(tc, accepts, accepted);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, reports_all_at_once);
	tcase_add_test(tc, sts_gives_an_id_once_and_by_task);
	tcase_add_test(tc, metadata_shares_ids_and_says_so);
	tcase_add_test(tc, metadata_filters_a_partition_that_is_set);
	tcase_add_test(tc, needs_a_trust_domain);
	tcase_add_test(tc, needs_a_trust_domain_that_is_one);
	tcase_add_test(tc, borrows_nothing_from_the_text);
	tcase_add_test(tc, lives_as_long_as_someone_holds_it);
	tcase_add_test(tc, documents_every_row);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
