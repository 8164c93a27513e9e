/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/options.h"

#include "testing.h"

static struct problems problems;

static struct agent_config *
load(const char *text)
{
	struct agent_config *config = NULL;
	int r;

	memset(&problems, 0, sizeof(problems));
	r = agent_config_load(
	    &config, STR("example.org"), str_of(text), &problems);
	ck_assert_int_eq(r == ERR_OK, problems.count == 0);
	ck_assert_int_eq(r == ERR_OK, config != NULL);
	return config;
}

static struct agent_config *
must_load(const char *text)
{
	struct agent_config *config = load(text);

	ck_assert_msg(config != NULL, "%s: %s", text, problems.text[0]);
	return config;
}

static const char *const empty[] = {
	"",
	"# nothing\n",
	"metadata_endpoint = \"\"\ntimeout = \"\"",
	"timeout = \"30s\"",
};

START_TEST(has_defaults)
{
	struct agent_config *c = must_load(empty[_i]);

	ck_assert_uint_eq(c->metadata_endpoint.n, 0);
	ck_assert_int_eq(c->timeout, 30000);
	ck_assert_uint_eq(c->cluster.n, 0);
	ck_assert_uint_eq(c->region.n, 0);
	ck_str(c->server_id, "example.org");
	ck_str(c->trust_domain, "example.org");
	agent_config_unref(c);
}
END_TEST

START_TEST(loads_the_documented_configuration)
{
	struct agent_config *c = must_load(
	    "metadata_endpoint = \"http://169.254.170.2/v4/metadata\"\n\n"
	    "timeout = \"30s\"");

	ck_str(c->metadata_endpoint, "http://169.254.170.2/v4/metadata");
	ck_assert_int_eq(c->timeout, 30000);
	agent_config_unref(c);
}
END_TEST

START_TEST(loads_where_the_proof_comes_from)
{
	struct agent_config *c = must_load(
	    "credentials_endpoint = \"http://169.254.170.2/v2/c/x/\"\n"
	    "sts_endpoint = \"http://mock:8090/\"\n"
	    "sts_region = \"eu-west-1\"\nserver_id = \"blue\"");

	ck_str(c->credentials_endpoint, "http://169.254.170.2/v2/c/x/");
	ck_str(c->sts_endpoint, "http://mock:8090/");
	ck_str(c->sts_region, "eu-west-1");
	ck_str(c->server_id, "blue");
	agent_config_unref(c);
}
END_TEST

START_TEST(loads_cluster_and_region_alone)
{
	struct agent_config *c =
	    must_load("cluster = \"my-cluster\"\nregion = \"us-east-1\"");

	ck_str(c->cluster, "my-cluster");
	ck_str(c->region, "us-east-1");
	agent_config_unref(c);
}
END_TEST

static const struct {
	const char *url, *want;
} urls[] = {
	{ "http://h", "http://h" },
	{ "http://h/", "http://h" },
	{ "https://h:8443/v4///", "https://h:8443/v4" },
	{ "http://127.0.0.1:8090/v4/metadata",
	    "http://127.0.0.1:8090/v4/metadata" },
	{ "http://[::1]:80/v4", "http://[::1]:80/v4" },
	{ "http://[fd00:ec2::23]", "http://[fd00:ec2::23]" },
	{ "http://mock_ecs:65535/a%20b", "http://mock_ecs:65535/a%20b" },
};

START_TEST(takes_an_endpoint)
{
	char text[128];
	struct agent_config *c;

	(void)snprintf(
	    text, sizeof(text), "metadata_endpoint = \"%s\"", urls[_i].url);
	c = must_load(text);
	ck_str(c->metadata_endpoint, urls[_i].want);
	agent_config_unref(c);
}
END_TEST

#define DURATION "unable to parse timeout duration: time: "
#define ENDPOINT "metadata_endpoint = "
#define STS      "sts_endpoint = "

static const struct {
	const char *text, *why;
} refused[] = {
	{ "timeout = \"x\"", DURATION "invalid duration \"x\"" },
	{ "timeout = \"invalid\"", DURATION "invalid duration \"invalid\"" },
	{ "timeout = \"invalid-duration\"",
	    DURATION "invalid duration \"invalid-duration\"" },
	{ "timeout = 30", DURATION "missing unit in duration \"30\"" },
	{ "timeout = \"30 s\"", DURATION "unknown unit \" s\" in duration" },
	{ "timeout = \"0s\"",
	    "timeout = \"0s\": expected a duration from 1ms to 10m" },
	{ "timeout = \"-1s\"", "timeout = \"-1s\": " },
	{ "timeout = \"11m\"", "timeout = \"11m\": " },
	{ "metadata_endpoint = \"h\"", ENDPOINT "\"h\": expected an http://" },
	{ "metadata_endpoint = \"ftp://h\"", ENDPOINT },
	{ "metadata_endpoint = \"HTTP://h\"", ENDPOINT },
	{ "metadata_endpoint = \"file:///x\"", ENDPOINT },
	{ "metadata_endpoint = \"http://\"", ENDPOINT },
	{ "metadata_endpoint = \"http:///\"", ENDPOINT },
	{ "metadata_endpoint = \"http://:80/\"", ENDPOINT },
	{ "metadata_endpoint = \"http://h:/\"", ENDPOINT },
	{ "metadata_endpoint = \"http://h:0/\"", ENDPOINT },
	{ "metadata_endpoint = \"http://h:65536/\"", ENDPOINT },
	{ "metadata_endpoint = \"http://h:8x/\"", ENDPOINT },
	{ "metadata_endpoint = \"http://[::1/\"", ENDPOINT },
	{ "metadata_endpoint = \"http://[]/\"", ENDPOINT },
	{ "metadata_endpoint = \"http://[::1]x/\"", ENDPOINT },
	{ "metadata_endpoint = \"http://u:p@h/\"", ENDPOINT },
	{ "metadata_endpoint = \"http://h/?a\"", ENDPOINT },
	{ "metadata_endpoint = \"http://h/#a\"", ENDPOINT },
	{ "metadata_endpoint = \"http://h/a b\"", ENDPOINT },
	{ "metadata_endpoint = \"http://h\\\\x\"", ENDPOINT },
	{ "metadata_endpoint = \"http://h\\r\\nx: y\"", ENDPOINT },
	{ "metadata_endpoint = \"http://\xc3\xa9/\"", ENDPOINT },
	{ "metadata_endpoint = true", ENDPOINT "true: expected a string" },
	{ "metadata_endpiont = \"http://h\"",
	    "unknown configurations detected: metadata_endpiont (line 1, "
	    "column 1: did you mean metadata_endpoint?)" },
	{ "trust_domain = \"example.org\"",
	    "unknown configurations detected: trust_domain" },
	{ "cluster = \"a/b\"", "cluster = \"a/b\": expected the name" },
	{ "cluster = \"\"", "cluster = \"\": empty" },
	{ "region = \"\"", "region = \"\": empty" },
	{ "region = \"us east\"", "region = \"us east\": expected an AWS" },
	{ "server_id = \"a b\"", "server_id = \"a b\": expected letters" },
	{ "credentials_endpoint = \"\"", "credentials_endpoint = \"\": empty" },
	{ "credentials_endpoint = \"h\"",
	    "credentials_endpoint = \"h\": expected an http://" },
	{ "credentials_endpoint = \"http://u@h/\"",
	    "credentials_endpoint = \"http://u@h/\": expected a URL without" },
	{ "credentials_endpoint = \"http://h:0/\"",
	    "credentials_endpoint = \"http://h:0/\": expected a URL with" },
	{ "sts_endpoint = \"\"", "sts_endpoint = \"\": empty" },
	{ "sts_endpoint = \"sts.us-east-1.amazonaws.com\"", STS },
	{ "sts_endpoint = \"ftp://h\"", STS },
	{ "sts_endpoint = \"http://h/path\"", STS },
	{ "sts_endpoint = \"http://u@h\"", STS },
	{ "sts_endpoint = \"http://h?x\"", STS },
	{ "sts_endpoint = \"http://h:65536\"", STS },
	{ "sts_region = \"\"", "sts_region = \"\": empty" },
	{ "sts_region = \"us-east-1.evil\"",
	    "sts_region = \"us-east-1.evil\": expected an AWS" },
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
	ck_assert_ptr_null(load("timeout = \"x\"\nmetadata_endpoint = \"h\"\n"
				"Cluster = \"c\"\nregion = []"));
	ck_assert_uint_eq(problems.count, 4);
}
END_TEST

START_TEST(needs_a_trust_domain)
{
	struct agent_config *c = NULL;

	memset(&problems, 0, sizeof(problems));
	ck_assert_int_eq(
	    agent_config_load(&c, STR(""), STR(""), &problems), ERR_CONFIG);
	ck_assert_ptr_null(c);
	ck_assert_str_eq(problems.text[0], "SPIRE names no trust domain");
}
END_TEST

START_TEST(lives_as_long_as_someone_holds_it)
{
	struct agent_config *c = must_load("cluster = \"c\"");

	ck_assert_ptr_eq(agent_config_ref(c), c);
	agent_config_unref(c);
	ck_str(c->cluster, "c");
	agent_config_unref(c);
	agent_config_unref(NULL);
}
END_TEST

START_TEST(documents_every_row)
{
	size_t i;

	for (i = 0; i < agent_options.count; i++)
		ck_assert_msg(agent_options.rows[i].doc != NULL, "%s",
		    agent_options.rows[i].name);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("agent options");
	TCase *tc = tcase_create("agent options");

	ck_table(tc, has_defaults, empty);
	tcase_add_test(tc, loads_the_documented_configuration);
	tcase_add_test(tc, loads_where_the_proof_comes_from);
	tcase_add_test(tc, loads_cluster_and_region_alone);
	ck_table(tc, takes_an_endpoint, urls);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, reports_all_at_once);
	tcase_add_test(tc, needs_a_trust_domain);
	tcase_add_test(tc, lives_as_long_as_someone_holds_it);
	tcase_add_test(tc, documents_every_row);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
