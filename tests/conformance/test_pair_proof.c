/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both plugins and the mock together: a task proves what it is, from its own
 * metadata and credentials to the server's verdict, and says no secret.
 */
#include "config.h"

#include <stdio.h>

#include "conformance/proof.h"

static struct aided aided;
static struct attested out;

static const char *const clean_env[] = {
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI", "ECS_CONTAINER_METADATA_URI_V4",
	NULL
};

/* The agent plugin in that task; its credentials may be another's. */
static struct host *
load_agent_in(const struct lab *lab, const char *task, const char *keys_of,
    const char *more)
{
	struct process_options o = plugin_options(&plugins[1]);

	o.env = clean_env;
	return host_load(&o, false,
	    print("metadata_endpoint = \"http://127.0.0.1:%d/v4/%s\"\n"
		  "credentials_endpoint = \"%s\"\nsts_endpoint = \"%s\"\n%s\n",
		lab->mock.port, task, lab_credentials(lab, keys_of),
		wire_url(lab->wire), more));
}

/*
 * SPIRE between the two: each message of the one goes to the other, and a
 * refusal of the agent ends it.
 */
static void
attest_pair(struct lab *lab, struct host *agent)
{
	struct call *at = attest_start(lab->host, NULL, 0),
		    *aid = aid_start(agent);

	aid_outcome(aid, &aided, CALL_MS);
	ck_assert_msg(aided.answer.code == GRPC_STATUS_OK, "%d %s",
	    (int)aided.answer.code, aided.answer.text);
	attest_payload(at, aided.payload, aided.n);
	attest_outcome(at, &out, CALL_MS);
	if (out.challenged) {
		aid_challenge(aid, out.challenge, strlen(out.challenge));
		aid_answer(aid, &aided, CALL_MS);
		if (aided.answer.code == GRPC_STATUS_OK) {
			attest_response(at, aided.payload, aided.n);
			attest_outcome(at, &out, CALL_MS);
		}
	}
	call_free(aid);
	call_free(at);
}

static void
is_attested(const char *id)
{
	ck_assert_msg(aided.answer.code == GRPC_STATUS_OK, "agent: %d %s",
	    (int)aided.answer.code, aided.answer.text);
	ck_assert_msg(out.answer.code == GRPC_STATUS_OK && !out.challenged,
	    "server: %d %s", (int)out.answer.code, out.answer.text);
	ck_assert_str_eq(out.id, id);
}

static void
agent_close(struct lab *lab, struct host *agent)
{
	struct task_keys *keys = need_alloc(sizeof(*keys));

	lab_task(lab, "honest", keys);
	ck_assert(!process_said(agent->process, keys->secret));
	ck_assert(!process_said(agent->process, keys->token));
	free(keys);
	host_unload(agent);
}

START_TEST(proves_a_task)
{
	static const char *const wanted[] = { "account:" ACCOUNT,
		"cluster:my-cluster", "region:us-east-1", "partition:aws",
		"task_id:" TASK_ID, "task_role:" ACCOUNT "/" ROLE,
		"family:web", "revision:7", "service:web", "tag:Team:platform",
		"launch_type:FARGATE", "az:us-east-1a", "exec:disabled",
		"overrides:none", "container:app", "image:app:example/app:1.0",
		"task_definition_arn:arn:aws:ecs:us-east-1:" ACCOUNT
		":task-definition/web:7" };
	struct lab *lab = lab_plain();
	struct host *agent = load_agent_in(lab, "honest", "honest", "");
	size_t i;

	attest_pair(lab, agent);
	is_attested(HONEST_ID);
	ck_assert(out.can_reattest);
	for (i = 0; i < COUNT_OF(wanted); i++)
		ck_assert_msg(has_line(out.selectors, wanted[i]),
		    "no %s in %s", wanted[i], out.selectors);
	attest_pair(lab, agent);
	is_attested(HONEST_ID);
	agent_close(lab, agent);
	lab_close(lab);
}
END_TEST

START_TEST(proves_a_session)
{
	struct lab *lab = lab_plain();
	struct host *agent = load_agent_in(lab, "honest", "honest", "");

	lab_configure(lab, "verification = \"sts\"\nno agent_path_template");
	attest_pair(lab, agent);
	is_attested("spiffe://example.org/spire/agent/aws_fargate_task/" ACCOUNT
		    "/" TASK_ID);
	ck_assert(!out.can_reattest);
	ck_assert_int_eq((int)lab_asked(lab, "ECS"), 0);
	agent_close(lab, agent);
	lab_configure(lab, "");
	lab_close(lab);
}
END_TEST

/* Settings that both sides have to share, in both. */
START_TEST(shares_settings)
{
	struct lab *lab = lab_plain();
	struct host *agent = load_agent_in(lab, "honest", "honest",
	    "server_id = \"blue/1\"\nsts_region = \"eu-west-1\"");

	lab_configure(
	    lab, "server_id = \"blue/1\"\nsts_region = \"eu-west-1\"");
	attest_pair(lab, agent);
	is_attested(HONEST_ID);
	agent_close(lab, agent);
	lab_configure(lab, "");
	lab_close(lab);
}
END_TEST

/* AWS's own STS, as the challenge names it; nobody asks it here. */
static const struct {
	const char *config, *arn, *host, *region;
} hosts[] = {
	{ "", TASK_ARN, "sts.us-east-1.amazonaws.com", "us-east-1" },
	{ "", "arn:aws:ecs:eu-west-1:" ACCOUNT ":task/my-cluster/" TASK_ID,
	    "sts.eu-west-1.amazonaws.com", "eu-west-1" },
	{ "sts_region = \"eu-central-1\"", TASK_ARN,
	    "sts.eu-central-1.amazonaws.com", "eu-central-1" },
	{ "partition = \"aws-cn\"",
	    "arn:aws-cn:ecs:cn-north-1:" ACCOUNT ":task/my-cluster/" TASK_ID,
	    "sts.cn-north-1.amazonaws.com.cn", "cn-north-1" },
};

START_TEST(names_the_sts_of_the_region)
{
	struct lab *lab = lab_plain();
	struct task_keys *keys = need_alloc(sizeof(*keys));
	struct proof *p = need_alloc(sizeof(*p));

	lab_task(lab, "honest", keys);
	lab_configure(
	    lab, print("no sts_endpoint\n%s", hosts[_i].config));
	proof_challenged(p, lab, keys, claim_of(hosts[_i].arn));
	ck_assert_str_eq(p->signer.sts_host, hosts[_i].host);
	ck_assert_str_eq(p->signer.region, hosts[_i].region);
	ck_assert_str_eq(p->signer.trust_domain, "example.org");
	ck_assert_str_eq(p->signer.server_id, SERVER_ID);
	ck_assert(strstr(p->out.challenge, "\"ttl\":30}") != NULL);
	proof_end(p);
	lab_configure(lab, "");
	lab_close(lab);
	free(p);
	free(keys);
}
END_TEST

/* One of them alone: the agent signs nothing. */
static const struct {
	const char *server, *agent, *says;
} differences[] = {
	{ "server_id = \"blue\"", "", "server_id" },
	{ "", "server_id = \"blue\"", "server_id" },
	{ "sts_region = \"eu-west-1\"", "", "region" },
	{ "", "sts_region = \"eu-west-1\"", "region" },
};

START_TEST(signs_nothing_where_settings_differ)
{
	struct lab *lab = lab_plain();
	struct host *agent =
	    load_agent_in(lab, "honest", "honest", differences[_i].agent);

	lab_configure(lab, differences[_i].server);
	attest_pair(lab, agent);
	ck_assert_msg(
	    aided.answer.code == GRPC_STATUS_FAILED_PRECONDITION &&
		strstr(aided.answer.text, differences[_i].says) != NULL,
	    "%d %s", (int)aided.answer.code, aided.answer.text);
	ck_assert_int_eq((int)lab_asked(lab, "STS"), 0);
	agent_close(lab, agent);
	lab_configure(lab, "");
	lab_close(lab);
}
END_TEST

/* What a task can get hold of besides its own does not make it another. */
START_TEST(proves_no_other_task)
{
	struct lab *lab = lab_plain();
	struct host *agent = load_agent_in(lab, "other", "honest", "");

	attest_pair(lab, agent);
	ck_assert_int_eq(
	    (int)out.answer.code, GRPC_STATUS_PERMISSION_DENIED);
	ck_assert_int_eq((int)lab_asked(lab, "ECS"), 0);
	agent_close(lab, agent);
	lab_close(lab);
}
END_TEST

START_TEST(proves_no_task_that_has_ended)
{
	struct lab *lab = lab_plain();
	struct host *agent = load_agent_in(lab, "other", "other", "");

	attest_pair(lab, agent);
	ck_assert_int_eq((int)out.answer.code, GRPC_STATUS_OK);
	lab_post(lab, "/mock/tasks/other/stop", "");
	attest_pair(lab, agent);
	ck_assert_int_eq(
	    (int)out.answer.code, GRPC_STATUS_PERMISSION_DENIED);
	agent_close(lab, agent);
	lab_close(lab);
}
END_TEST

/* A reader's role in each account, whose ID and external ID must be right. */
static const char accounts_scenario[] =
    "account '" ACCOUNT "' { }\n"
    "account '" OTHER_ACCOUNT "' { }\n"
    "cluster 'my-cluster' { account = '" ACCOUNT "' }\n"
    "cluster 'foreign' {\n"
    "	name = 'my-cluster'\n	account = '" OTHER_ACCOUNT "'\n}\n"
    "access_key '" SERVER_KEY "' {\n	secret = '" SERVER_SECRET "'\n"
    "	account = '" ACCOUNT "'\n	user = 'spire-server'\n}\n"
    "role 'reader' {\n	account = '" ACCOUNT "'\n"
    "	trust = { '" ACCOUNT "' }\n	external_id = 'example-org'\n}\n"
    "role 'far-reader' {\n	name = 'reader'\n"
    "	account = '" OTHER_ACCOUNT "'\n"
    "	trust = { 'arn:aws:iam::" ACCOUNT ":user/spire-server' }\n"
    "	external_id = 'example-org'\n}\n"
    "task_definition 'web:7' {\n	task_role = 'team/" ROLE "'\n"
    "	container 'app' { image = 'example/app:1.0' }\n}\n"
    "task 'honest' {\n	id = '" TASK_ID "'\n"
    "	cluster = 'my-cluster'\n}\n"
    "task 'alien' {\n	id = '" OTHER_ID "'\n"
    "	cluster = 'foreign'\n}\n";

#define BOTH_ACCOUNTS \
	"allowed_accounts = [\"" ACCOUNT "\", \"" OTHER_ACCOUNT "\"]\n"

START_TEST(proves_tasks_of_two_accounts)
{
	struct lab *lab = lab_open(&(struct lab_options){
	    .scenario = accounts_scenario,
	    .config = BOTH_ACCOUNTS "assume_role = \"reader\"\n"
				    "external_id = \"example-org\"" });
	struct host *agent = load_agent_in(lab, "honest", "honest", ""),
		    *alien = load_agent_in(lab, "alien", "alien", "");
	int i;

	for (i = 0; i < 2; i++) {
		attest_pair(lab, agent);
		is_attested(HONEST_ID);
		attest_pair(lab, alien);
		is_attested("spiffe://example.org/spire/agent/aws_fargate_task/"
			    OTHER_ACCOUNT "/us-east-1/my-cluster/" OTHER_ID);
	}
	ck_assert_int_eq((int)lab_asked(lab, "AssumeRole"), 2);
	agent_close(lab, agent);
	agent_close(lab, alien);
	lab_close(lab);
}
END_TEST

/* A role that the server may not assume: its operator's matter. */
START_TEST(waits_for_a_role_that_it_may_assume)
{
	struct lab *lab = lab_open(&(struct lab_options){
	    .scenario = accounts_scenario,
	    .config = BOTH_ACCOUNTS "assume_role = \"reader\"\n"
				    "external_id = \"another\"" });
	struct host *agent = load_agent_in(lab, "alien", "alien", "");

	attest_pair(lab, agent);
	ck_assert_msg(out.answer.code == GRPC_STATUS_UNAVAILABLE, "%d %s",
	    (int)out.answer.code, out.answer.text);
	host_wait_line(lab->host, "error", "AWS cannot be asked", 5000);
	ck_assert_int_eq((int)lab_asked(lab, "ECS"), 0);
	agent_close(lab, agent);
	lab_configure(lab,
	    BOTH_ACCOUNTS "assume_role = \"reader\"\n"
			  "external_id = \"example-org\"");
	lab_close(lab);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pair that proves");
	TCase *tc = new_case(s, "proof", 60);

	tcase_add_test(tc, proves_a_task);
	tcase_add_test(tc, proves_a_session);
	tcase_add_test(tc, shares_settings);
	ck_table(tc, names_the_sts_of_the_region, hosts);
	ck_table(tc, signs_nothing_where_settings_differ, differences);
	tcase_add_test(tc, proves_no_other_task);
	tcase_add_test(tc, proves_no_task_that_has_ended);
	tcase_add_test(tc, proves_tasks_of_two_accounts);
	tcase_add_test(tc, waits_for_a_role_that_it_may_assume);
	return run_tests(s);
}
