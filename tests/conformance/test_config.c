/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configure and Validate of both plugins: what is accepted, what is refused
 * and how, and what a refusal leaves as it was.
 */
#include "config.h"

#include <stdio.h>

#include "conformance/fixture.h"

#define PLUGIN (&plugins[_i])

struct accepted {
	const char *why, *config;
};

struct refused {
	const char *why, *config, *text;
};

static const struct accepted server_accepted[] = {
	{ "nothing at all", "" },
	{ "only a comment", "# nothing\n" },
	{ "as documented",
	    "trust_domain = \"example.org\"\n\n"
	    "allowed_accounts = [\"123456789012\", \"210987654321\"]\n\n"
	    "allowed_clusters = [\"production\", \"staging\"]\n\n"
	    "agent_path_template = "
	    "\"/aws_fargate_task/{{ .accountID }}/{{ .cluster }}\"" },
	{ "only cluster and region",
	    "cluster = \"my-cluster\"\n\nregion = \"us-east-1\"" },
	{ "empty lists", "allowed_accounts = []\nallowed_clusters = []" },
	{ "clusters as ARNs",
	    "allowed_clusters = "
	    "[\"arn:aws:ecs:us-east-1:123456789012:cluster/a\", \"b\"]" },
	{ "numbers as accounts", "allowed_accounts = [123456789012]" },
	{ "a number that begins with 0", "allowed_accounts = [012345670123]" },
	{ "an ID per task",
	    "agent_path_template = \"/spire/agent/aws_fargate_task/"
	    "{{ .accountID }}/{{ .region }}/{{ .cluster }}/{{ .taskID }}\"" },
	{ "SPIRE's spelling of variables",
	    "agent_path_template = \"/{{ .PluginName }}/{{.AccountID}}\"" },
	{ "JSON-born", "\"allowed_accounts\" = [\"123456789012\"]" },
	{ "JSON", "{\"allowed_accounts\": [\"123456789012\"]}" },
	{ "CRLF", "cluster = \"a\"\r\n# x\r\nregion = \"us-east-1\"\r\n" },
	{ "trailing commas", "allowed_clusters = [\n  \"a\",\n  \"b\",\n]" },
	{ "comments of all kinds",
	    "// one\ncluster = \"a\" # two\n/* three */\n" },
	{ "tags by name", "tag_selectors = [\"Environment\"]" },
	{ "no tags", "tag_selectors = []" },
	{ "the largest crowd", "max_attestations = 100000" },
	{ "reattest said", "reattest = true" },
};

static const struct refused server_refused[] = {
	{ "a misspelt key", "allowed_acounts = [\"123456789012\"]",
	    "unknown configurations detected: allowed_acounts" },
	{ "two unknown keys", "aaa = 1\nbbb = 2",
	    "unknown configurations detected: aaa,bbb" },
	{ "a wrongly cased key", "Allowed_Accounts = [\"123456789012\"]",
	    "unknown configurations detected: Allowed_Accounts" },
	{ "an unknown block", "policy { allowed_accounts = [] }", "policy" },
	{ "a key twice",
	    "allowed_accounts = [\"123456789012\"]\n"
	    "allowed_accounts = [\"210987654321\"]",
	    "line 2, column 1" },
	{ "a scalar for a list", "allowed_accounts = \"123456789012\"",
	    "allowed_accounts" },
	{ "an object for a list", "allowed_accounts = { a = 1 }",
	    "allowed_accounts" },
	{ "a block for a list", "allowed_accounts { a = 1 }",
	    "allowed_accounts" },
	{ "a list in a list", "allowed_accounts = [[\"123456789012\"]]",
	    "allowed_accounts" },
	{ "a bool for a string", "trust_domain = true", "trust_domain" },
	{ "a string for a bool", "reattest = \"maybe\"", "reattest" },
	{ "an account of 11 digits", "allowed_accounts = [\"12345678901\"]",
	    "allowed_accounts" },
	{ "an account of 13 digits", "allowed_accounts = [\"1234567890123\"]",
	    "1234567890123" },
	{ "an account that is a star", "allowed_accounts = [\"*\"]",
	    "allowed_accounts" },
	{ "an empty account", "allowed_accounts = [\"\"]", "allowed_accounts" },
	{ "full-width digits",
	    "allowed_accounts = [\"\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93"
	    "\xef\xbc\x94\"]",
	    "allowed_accounts" },
	{ "a cluster with a slash", "allowed_clusters = [\"a/b\"]",
	    "allowed_clusters" },
	{ "a region that is none", "allowed_regions = [\"us_east_1\"]",
	    "allowed_regions" },
	{ "a region that is a host", "region = \"us-east-1.evil.com\"",
	    "region" },
	{ "another trust domain", "trust_domain = \"other.org\"",
	    "trust_domain" },
	{ "an unknown variable", "agent_path_template = \"/{{ .acountID }}\"",
	    "acountID" },
	{ "a template without a slash",
	    "agent_path_template = \"{{ .accountID }}\"",
	    "agent_path_template" },
	{ "a template with an end slash",
	    "agent_path_template = \"/{{ .accountID }}/\"",
	    "agent_path_template" },
	{ "a template that climbs",
	    "agent_path_template = \"/a/../{{ .accountID }}\"",
	    "agent_path_template" },
	{ "a template of the server's own name",
	    "agent_path_template = \"/spire/server\"", "agent_path_template" },
	{ "half a variable", "agent_path_template = \"/{{ .accountID\"",
	    "agent_path_template" },
	{ "an unknown mode", "verification = \"trust\"", "verification" },
	{ "no crowd at all", "max_attestations = 0", "max_attestations" },
	{ "too large a crowd", "max_attestations = 100001",
	    "max_attestations" },
	{ "a broken crowd", "max_attestations = 1.5", "max_attestations" },
	{ "a crowd beyond 64 bits", "max_attestations = 18446744073709551617",
	    "max_attestations" },
	{ "a broken duration", "timeout = \"soon\"", "timeout" },
	{ "too short a duration", "timeout = \"50ms\"", "timeout" },
	{ "too long a duration", "timeout = \"11m\"", "timeout" },
	{ "no value in the middle", "cluster = \nregion = \"us-east-1\"", "" },
	{ "an open string", "cluster = \"my", "line 1, " },
	{ "a raw newline in a string", "cluster = \"my\ncluster\"",
	    "line 1, " },
	{ "an open list", "\n\nallowed_accounts = [\"123456789012\"",
	    "line 3, " },
	{ "an open block", "a {", "line 1, " },
	{ "a stray brace", "cluster = \"a\"\n}", "line 2, column 1" },
	{ "a semicolon", "cluster = \"a\"; region = \"us-east-1\"",
	    "line 1, " },
	{ "a bad escape", "cluster = \"\\400\"", "line 1, " },
	{ "YAML", "cluster: my-cluster\n", "line 1, " },
	{ "a quoted text, as plugin_data = \"...\" gives", "\"cluster = 1\"",
	    "line 1, " },
	{ "broken UTF-8", "cluster = \"\xff\xfe\"", "" },
	{ "a BOM",
	    "\xef\xbb\xbf"
	    "cluster = \"a\"",
	    "line 1, " },
	{ "JSON twice over", "{\"cluster\": \"a\", \"cluster\": \"b\"}",
	    "cluster" },
};

static const struct accepted agent_accepted[] = {
	{ "nothing at all", "" },
	{ "as documented",
	    "metadata_endpoint = \"http://169.254.170.2/v4/metadata\"\n\n"
	    "timeout = \"30s\"" },
	{ "only cluster and region",
	    "cluster = \"my-cluster\"\n\nregion = \"us-east-1\"" },
	{ "an endpoint with slashes",
	    "metadata_endpoint = \"http://127.0.0.1:8090/v4/metadata///\"" },
	{ "a long duration", "timeout = \"1m30s\"" },
	{ "empty texts, as templates leave them",
	    "timeout = \"\"\nmetadata_endpoint = \"\"" },
	{ "a broken-up duration", "timeout = \"1.5s\"" },
	{ "JSON", "{\"timeout\": \"1s\"}" },
	{ "comments", "# a\n// b\n/* c */\n" },
};

static const struct refused agent_refused[] = {
	{ "a misspelt key", "metadata_endpont = \"http://x\"",
	    "unknown configurations detected: metadata_endpont" },
	{ "a broken duration", "timeout = \"soon\"",
	    "unable to parse timeout duration: " },
	{ "a duration without a unit", "timeout = \"30\"",
	    "unable to parse timeout duration: " },
	{ "a number", "timeout = 30", "timeout" },
	{ "no time at all", "timeout = \"0s\"", "timeout" },
	{ "less than no time", "timeout = \"-5s\"", "timeout" },
	{ "an endpoint that is no URL", "metadata_endpoint = \"none\"",
	    "metadata_endpoint" },
	{ "an endpoint without a host", "metadata_endpoint = \"http://\"",
	    "metadata_endpoint" },
	{ "an endpoint of another kind",
	    "metadata_endpoint = \"file:///etc/passwd\"", "metadata_endpoint" },
	{ "an endpoint with a line end",
	    "metadata_endpoint = \"http://127.0.0.1/\\r\\nHost: x\"",
	    "metadata_endpoint" },
	{ "a cluster with a slash", "cluster = \"a/b\"", "cluster" },
	{ "a region that is none", "region = \"US EAST\"", "region" },
	{ "a key twice", "timeout = \"1s\"\ntimeout = \"2s\"",
	    "line 2, column 1" },
	{ "a list for a string", "cluster = [\"a\"]", "cluster" },
	{ "an open string", "cluster = \"my", "line 1, " },
};

static void
is_accepted(struct host *h, const struct accepted *a)
{
	const struct answer got = host_configure(h, "example.org", a->config);
	static struct validated v;

	ck_assert_msg(got.code == GRPC_STATUS_OK, "%s: %d %s", a->why,
	    (int)got.code, got.text);
	host_validate(h, "example.org", a->config, &v);
	ck_assert_msg(
	    v.answer.code == GRPC_STATUS_OK && v.valid && v.note_count == 0,
	    "%s: valid %d, %zu notes: %s", a->why, v.valid, v.note_count,
	    v.notes);
}

static void
is_refused(struct host *h, const struct refused *r)
{
	const struct answer got = host_configure(h, "example.org", r->config);
	static struct validated v;

	ck_assert_msg(got.code == GRPC_STATUS_INVALID_ARGUMENT &&
			  got.text[0] != '\0' &&
			  strstr(got.text, r->text) != NULL,
	    "%s: got %d \"%s\", want a refusal with \"%s\"", r->why,
	    (int)got.code, got.text, r->text);
	host_validate(h, "example.org", r->config, &v);
	ck_assert_msg(v.answer.code == GRPC_STATUS_OK && !v.valid &&
			  v.note_count > 0 && strstr(v.notes, r->text) != NULL,
	    "%s: %d %s, valid %d, notes: %s", r->why, (int)v.answer.code,
	    v.answer.text, v.valid, v.notes);
}

START_TEST(server_accepts)
{
	struct host *h = load_server("");

	is_accepted(h, &server_accepted[_i]);
	host_unload(h);
}
END_TEST

START_TEST(agent_accepts)
{
	struct host *h = load_agent("");

	is_accepted(h, &agent_accepted[_i]);
	host_unload(h);
}
END_TEST

START_TEST(server_refuses)
{
	struct host *h = load_server("");

	is_refused(h, &server_refused[_i]);
	host_unload(h);
}
END_TEST

START_TEST(agent_refuses)
{
	struct host *h = load_agent("");

	is_refused(h, &agent_refused[_i]);
	host_unload(h);
}
END_TEST

static const char *const trust_domains[] = { "", "spiffe://example.org",
	"Example.Org", "exa mple", "a/b", "\xff" };

START_TEST(refuses_a_core_trust_domain_that_is_none)
{
	struct host *h = load_server("");
	const struct answer a = host_configure(h, trust_domains[_i], "");

	ck_assert_msg(a.code == GRPC_STATUS_INVALID_ARGUMENT, "\"%s\": %d %s",
	    trust_domains[_i], (int)a.code, a.text);
	host_unload(h);
}
END_TEST

START_TEST(names_all_problems_at_once)
{
	static const char config[] = "allowed_accounts = [\"1\"]\n"
				     "max_attestations = 0\n"
				     "nonsense = 1\n"
				     "timeout = \"never\"\n";
	static const char *const words[] = { "allowed_accounts",
		"max_attestations", "nonsense", "timeout" };
	struct host *h = load_server("");
	const struct answer a = host_configure(h, "example.org", config);
	static struct validated v;
	size_t i;

	host_validate(h, "example.org", config, &v);
	for (i = 0; i < COUNT_OF(words); i++) {
		ck_assert_msg(strstr(a.text, words[i]) != NULL, "%s: %s",
		    words[i], a.text);
		ck_assert_msg(strstr(v.notes, words[i]) != NULL, "%s: %s",
		    words[i], v.notes);
	}
	ck_assert_int_ge((int)v.note_count, 4);
	host_unload(h);
}
END_TEST

START_TEST(says_where_a_problem_is)
{
	struct host *h = load_server("");

	must_not_configure(h, "\n\n  max_attestations = 0\n", "line 3, ");
	must_not_configure(
	    h, "cluster = \"a\"\n\tregion = \"?\"\n", "line 2, ");
	host_unload(h);
}
END_TEST

START_TEST(bounds_the_size_of_a_text)
{
	struct host *h = load(PLUGIN);

	must_configure(h, print("# %s\n", run_of('c', 60000)));
	must_not_configure(h, print("# %s\n", run_of('c', 70000)), "");
	must_not_configure(h, run_of('\n', 200000), "");
	must_configure(h, PLUGIN->config);
	host_unload(h);
}
END_TEST

START_TEST(bounds_the_depth_of_a_text)
{
	struct host *h = load(PLUGIN);

	must_not_configure(h, print("a = %s", run_of('[', 30000)), "");
	must_not_configure(h, print("a = %s", run_of('{', 30000)), "");
	must_not_configure(h, run_of('{', 60000), "");
	must_not_configure(h, print("a %s", run_of('"', 30000)), "");
	must_configure(h, PLUGIN->config);
	host_unload(h);
}
END_TEST

static struct attested out;

START_TEST(a_refusal_keeps_the_old_configuration)
{
	struct host *h = load_server(
	    METADATA_MODE "agent_path_template = \"/a/{{ .taskID }}\"");
	int i;

	for (i = 0; i < 20; i++) {
		must_not_configure(h, server_refused[i].config, "");
		must_attest(h, good_payload(), &out);
		ck_assert_str_eq(out.id, "spiffe://example.org/a/" TASK_ID);
	}
	host_unload(h);
}
END_TEST

START_TEST(a_new_configuration_replaces_the_old_one)
{
	struct host *h =
	    load_server(METADATA_MODE "allowed_accounts = [\"" ACCOUNT "\"]");

	must_attest(h, good_payload(), &out);
	must_configure(
	    h, METADATA_MODE "allowed_accounts = [\"210987654321\"]");
	must_refuse(h, good_payload(), strlen(good_payload()),
	    GRPC_STATUS_PERMISSION_DENIED, "account ID " ACCOUNT);
	must_configure(h, METADATA_MODE);
	must_attest(h, good_payload(), &out);
	host_unload(h);
}
END_TEST

START_TEST(an_attestation_keeps_the_configuration_it_began_with)
{
	struct host *h = load_server(
	    METADATA_MODE "agent_path_template = \"/a/{{ .taskID }}\"");
	struct call *c = attest_start(h, NULL, 0);
	int i;

	/* its headers are ahead of these on the one connection */
	for (i = 0; i < 10; i++)
		host_is_alive(h);
	must_configure(
	    h, METADATA_MODE "agent_path_template = \"/b/{{ .taskID }}\"");
	attest_payload(c, good_payload(), strlen(good_payload()));
	attest_outcome(c, &out, CALL_MS);
	ck_assert_str_eq(out.id, "spiffe://example.org/a/" TASK_ID);
	call_free(c);
	must_attest(h, good_payload(), &out);
	ck_assert_str_eq(out.id, "spiffe://example.org/b/" TASK_ID);
	host_unload(h);
}
END_TEST

START_TEST(is_not_ready_until_a_configuration_is_accepted)
{
	const struct process_options o = plugin_options(&plugins[0]);
	struct host *h = host_open(&o);

	host_init(h, true);
	must_not_configure(h, plugins[0].bad_config, "");
	must_refuse(h, good_payload(), strlen(good_payload()),
	    GRPC_STATUS_FAILED_PRECONDITION, "not configured");
	must_configure(h, plugins[0].config);
	must_attest(h, good_payload(), &out);
	host_unload(h);
}
END_TEST

START_TEST(validate_has_no_side_effects)
{
	const struct process_options o = plugin_options(&plugins[0]);
	struct host *h = host_open(&o);
	static struct validated v;

	host_init(h, true);
	host_validate(h, "example.org", METADATA_MODE, &v);
	ck_assert(v.valid && v.note_count == 0);
	must_refuse(h, good_payload(), strlen(good_payload()),
	    GRPC_STATUS_FAILED_PRECONDITION, "not configured");
	must_configure(
	    h, METADATA_MODE "agent_path_template = \"/a/{{ .taskID }}\"");
	host_validate(h, "example.org",
	    METADATA_MODE "agent_path_template = \"/b/{{ .taskID }}\"", &v);
	ck_assert(v.valid);
	must_attest(h, good_payload(), &out);
	ck_assert_str_eq(out.id, "spiffe://example.org/a/" TASK_ID);
	host_unload(h);
}
END_TEST

/* SPIRE kills it after Validate, without Configure, Deinit or Shutdown. */
START_TEST(validate_works_before_configure)
{
	const struct process_options o = plugin_options(PLUGIN);
	struct host *h = host_open(&o);
	static struct validated v;

	host_init(h, PLUGIN->is_server);
	host_validate(h, "example.org", PLUGIN->bad_config, &v);
	ck_assert(!v.valid && v.note_count == 1);
	host_validate(h, "example.org", PLUGIN->config, &v);
	ck_assert(v.valid && v.note_count == 0);
	host_free(h);
}
END_TEST

START_TEST(warns_of_what_is_weak)
{
	struct host *h = load_server(METADATA_MODE);

	host_wait_line(h, "warn", "verification = \"metadata\"", 5000);
	host_wait_line(h, "warn", "{{ .taskID }}", 5000);
	host_wait_line(h, "warn", "/spire/agent/aws_fargate_task/", 5000);
	host_unload(h);
	h = load_server(METADATA_MODE
	    "agent_path_template = \"/spire/agent/aws_fargate_task/"
	    "{{ .accountID }}/{{ .region }}/{{ .cluster }}/{{ .taskID }}\"");
	host_is_alive(h);
	ck_assert_int_eq(
	    (int)process_count(h->process, "warn", "agent_path_template"), 0);
	host_unload(h);
}
END_TEST

#define SECRET "wJalrXUtnFEMIsecretEXAMPLEKEY"

static const char *const with_secret[] = {
	"access_key_id = \"AKIDEXAMPLE\"\nsecret_access_key = \"" SECRET "\"",
	"secret_access_key = \"" SECRET "\"",
	"secret_access_key = [\"" SECRET "\"]",
	"secret_access_key = \"" SECRET "\" trailing",
	"secret_access_key = \"" SECRET "\nnewline\"",
	"secret_access_key = \"" SECRET,
	"secret_access_key = " SECRET,
	"secret_access_key \"" SECRET "\" {}",
};

START_TEST(never_repeats_a_secret)
{
	struct host *h = load_server("");
	const struct answer a =
	    host_configure(h, "example.org", with_secret[_i]);
	static struct validated v;

	host_validate(h, "example.org", with_secret[_i], &v);
	ck_assert_msg(strstr(a.text, SECRET) == NULL, "%s", a.text);
	ck_assert_msg(strstr(v.notes, SECRET) == NULL, "%s", v.notes);
	ck_assert_msg(strstr(process_stderr(h->process), SECRET) == NULL, "%s",
	    process_stderr(h->process));
	host_unload(h);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("config");
	TCase *tc = new_case(s, "texts", 30);
	const int both = COUNT_OF(plugins);

	ck_table(tc, server_accepts, server_accepted);
	ck_table(tc, server_refuses, server_refused);
	ck_table(tc, agent_accepts, agent_accepted);
	ck_table(tc, agent_refuses, agent_refused);
	ck_table(tc, refuses_a_core_trust_domain_that_is_none, trust_domains);
	ck_table(tc, never_repeats_a_secret, with_secret);
	tcase_add_test(tc, names_all_problems_at_once);
	tcase_add_test(tc, says_where_a_problem_is);
	tcase_add_loop_test(tc, bounds_the_size_of_a_text, 0, both);
	tcase_add_loop_test(tc, bounds_the_depth_of_a_text, 0, both);

	tc = new_case(s, "effects", 30);
	tcase_add_test(tc, a_refusal_keeps_the_old_configuration);
	tcase_add_test(tc, a_new_configuration_replaces_the_old_one);
	tcase_add_test(
	    tc, an_attestation_keeps_the_configuration_it_began_with);
	tcase_add_test(tc, is_not_ready_until_a_configuration_is_accepted);
	tcase_add_test(tc, validate_has_no_side_effects);
	tcase_add_loop_test(tc, validate_works_before_configure, 0, both);
	tcase_add_test(tc, warns_of_what_is_weak);
	return run_tests(s);
}
