/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 18 cases that the plugin suite's documentation promises of its server
 * plugin, as behaviour of the plugin process.
 */
#include "config.h"

#include "conformance/fixture.h"

static struct attested out;

/* A payload of the original agent plugin for a task of that place. */
static const char *
from(const char *account, const char *cluster)
{
	return payload_of(
	    metadata("Cluster", print("\"%s\"", cluster), "TaskARN",
		print("\"arn:aws:ecs:us-east-1:%s:task/%s/" TASK_ID "\"",
		    account, cluster),
		NULL));
}

START_TEST(configuration)
{
	struct host *h = load_server(METADATA_MODE
	    "trust_domain = \"example.org\"\n"
	    "allowed_accounts = [\"123456789012\", \"210987654321\"]\n"
	    "allowed_clusters = [\"production\", \"staging\"]\n"
	    "agent_path_template = "
	    "\"/aws_fargate_task/{{ .accountID }}/{{ .cluster }}\"\n");

	must_attest(h, from("210987654321", "staging"), &out);
	ck_assert_str_eq(out.id,
	    "spiffe://example.org/aws_fargate_task/210987654321/staging");
	host_unload(h);
}
END_TEST

START_TEST(configuration_defaults)
{
	struct host *h =
	    load_server(METADATA_MODE "trust_domain = \"example.org\"");

	must_attest(h, from("999999999999", "any-cluster"), &out);
	ck_assert_str_eq(out.id,
	    "spiffe://example.org/aws_fargate_task/999999999999/any-cluster");
	ck_assert(out.can_reattest);
	host_unload(h);
}
END_TEST

START_TEST(invalid_configuration)
{
	struct host *h = load_server(METADATA_MODE);

	must_not_configure(h, "this is not { valid HCL", "");
	must_not_configure(
	    h, "allowed_accounts = \"not a list\"", "allowed_accounts");
	host_unload(h);
}
END_TEST

START_TEST(validate)
{
	struct host *h = load_server(METADATA_MODE);
	static struct validated v;

	host_validate(h, "example.org",
	    METADATA_MODE "trust_domain = \"example.org\"", &v);
	ck_assert(
	    v.answer.code == GRPC_STATUS_OK && v.valid && v.note_count == 0);
	host_validate(h, "example.org", "not { valid", &v);
	ck_assert(
	    v.answer.code == GRPC_STATUS_OK && !v.valid && v.note_count > 0);
	host_unload(h);
}
END_TEST

START_TEST(attest)
{
	struct host *h = load_server(METADATA_MODE);

	must_attest(h, from(ACCOUNT, "my-cluster"), &out);
	ck_assert(!out.challenged);
	ck_assert_int_gt((int)out.selector_count, 0);
	host_unload(h);
}
END_TEST

START_TEST(attest_invalid_data)
{
	struct host *h = load_server(METADATA_MODE);

	must_refuse(h, "invalid json", 12, GRPC_STATUS_INVALID_ARGUMENT,
	    "failed to unmarshal attestation data: ");
	must_refuse(h, payload_of("invalid json"),
	    strlen(payload_of("invalid json")), GRPC_STATUS_INVALID_ARGUMENT,
	    "failed to unmarshal task metadata: ");
	host_unload(h);
}
END_TEST

START_TEST(attest_not_configured)
{
	const struct process_options o = plugin_options(&plugins[0]);
	struct host *h = host_open(&o);

	host_init(h, true);
	must_refuse(h, good_payload(), strlen(good_payload()),
	    GRPC_STATUS_FAILED_PRECONDITION, "not configured");
	host_unload(h);
}
END_TEST

START_TEST(account_from_a_task_arn)
{
	struct host *h = load_server(METADATA_MODE);

	must_attest(h, from("210987654321", "my-cluster"), &out);
	ck_assert(has_line(out.selectors, "account:210987654321"));
	host_unload(h);
}
END_TEST

static void
has_no_account(const char *arn)
{
	struct host *h = load_server(METADATA_MODE);
	const char *text =
	    payload_of(metadata("TaskARN", print("\"%s\"", arn), NULL));

	must_refuse(h, text, strlen(text), GRPC_STATUS_INVALID_ARGUMENT,
	    "failed to extract account ID from Task ARN: ");
	host_unload(h);
}

START_TEST(account_from_an_invalid_task_arn)
{
	has_no_account("invalid-arn");
}
END_TEST

START_TEST(account_from_an_empty_task_arn)
{
	has_no_account("");
}
END_TEST

START_TEST(account_allowed_by_an_empty_list)
{
	struct host *h = load_server(METADATA_MODE "allowed_accounts = []");

	must_attest(h, from("999999999999", "my-cluster"), &out);
	host_unload(h);
}
END_TEST

static struct host *
load_with_accounts(void)
{
	return load_server(METADATA_MODE
	    "allowed_accounts = [\"123456789012\", \"210987654321\"]");
}

START_TEST(account_allowed_by_a_list)
{
	struct host *h = load_with_accounts();

	must_attest(h, from("123456789012", "my-cluster"), &out);
	must_attest(h, from("210987654321", "my-cluster"), &out);
	host_unload(h);
}
END_TEST

START_TEST(account_not_allowed)
{
	struct host *h = load_with_accounts();
	const char *text = from("999999999999", "my-cluster");

	must_refuse(h, text, strlen(text), GRPC_STATUS_PERMISSION_DENIED,
	    "account ID 999999999999 is not allowed");
	host_unload(h);
}
END_TEST

START_TEST(cluster_allowed_by_an_empty_list)
{
	struct host *h = load_server(METADATA_MODE "allowed_clusters = []");

	must_attest(h, from(ACCOUNT, "any"), &out);
	host_unload(h);
}
END_TEST

static struct host *
load_with_clusters(void)
{
	return load_server(
	    METADATA_MODE "allowed_clusters = [\"production\", \"staging\"]");
}

START_TEST(cluster_allowed_by_a_list)
{
	struct host *h = load_with_clusters();

	must_attest(h, from(ACCOUNT, "production"), &out);
	must_attest(h, from(ACCOUNT, "staging"), &out);
	host_unload(h);
}
END_TEST

START_TEST(cluster_not_allowed)
{
	struct host *h = load_with_clusters();
	const char *text = from(ACCOUNT, "development");

	must_refuse(h, text, strlen(text), GRPC_STATUS_PERMISSION_DENIED,
	    "cluster development is not allowed");
	host_unload(h);
}
END_TEST

START_TEST(spiffe_id)
{
	static const char *const cases[][2] = {
		{ "/aws_fargate_task/{{ .accountID }}/{{ .cluster }}",
		    "/aws_fargate_task/" ACCOUNT "/my-cluster" },
		{ "/{{ .PluginName }}/{{.region}}/{{ .taskID }}",
		    "/aws_fargate_task/us-east-1/" TASK_ID },
		{ "/x/{{ .family }}-{{ .revision }}/{{ .service }}",
		    "/x/my-task-family-1/my-service" },
		{ "/x/{{ .az }}/{{ .launchType }}/{{ .partition }}",
		    "/x/us-east-1a/FARGATE/aws" },
	};
	struct host *h = load_server(METADATA_MODE);
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		must_configure(
		    h, print(METADATA_MODE "agent_path_template = \"%s\"",
			   cases[i][0]));
		must_attest(h, from(ACCOUNT, "my-cluster"), &out);
		ck_assert_str_eq(
		    out.id, print("spiffe://example.org%s", cases[i][1]));
	}
	host_unload(h);
}
END_TEST

START_TEST(selectors)
{
	static const char *const want[] = {
		"account:" ACCOUNT,
		"cluster:my-cluster",
		"family:my-task-family",
		"revision:1",
		"service:my-service",
		"az:us-east-1a",
		"launch_type:FARGATE",
		"task_definition_arn:arn:aws:ecs:us-east-1:" ACCOUNT
		":task-definition/my-task-family:1",
		"tag:Environment:production",
		"tag:Team:backend",
		"region:us-east-1",
		"partition:aws",
		"task_id:" TASK_ID,
		"container:app",
		"image:app:example/app:1.0",
	};
	struct host *h = load_server(METADATA_MODE);
	size_t i;

	must_attest(h, from(ACCOUNT, "my-cluster"), &out);
	for (i = 0; i < COUNT_OF(want); i++)
		ck_assert_msg(has_line(out.selectors, want[i]),
		    "no %s among %s", want[i], out.selectors);
	host_unload(h);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("documented_server");
	TCase *tc = new_case(s, "documented", 30);

	tcase_add_test(tc, configuration);
	tcase_add_test(tc, configuration_defaults);
	tcase_add_test(tc, invalid_configuration);
	tcase_add_test(tc, validate);
	tcase_add_test(tc, attest);
	tcase_add_test(tc, attest_invalid_data);
	tcase_add_test(tc, attest_not_configured);
	tcase_add_test(tc, account_from_a_task_arn);
	tcase_add_test(tc, account_from_an_invalid_task_arn);
	tcase_add_test(tc, account_from_an_empty_task_arn);
	tcase_add_test(tc, account_allowed_by_an_empty_list);
	tcase_add_test(tc, account_allowed_by_a_list);
	tcase_add_test(tc, account_not_allowed);
	tcase_add_test(tc, cluster_allowed_by_an_empty_list);
	tcase_add_test(tc, cluster_allowed_by_a_list);
	tcase_add_test(tc, cluster_not_allowed);
	tcase_add_test(tc, spiffe_id);
	tcase_add_test(tc, selectors);
	return run_tests(s);
}
