/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both plugins together: what the agent plugin makes of a task is what the
 * server plugin attests.
 */
#include "config.h"

#include <stdio.h>

#include "conformance/fixture.h"
#include "host/httpd.h"

static struct aided aided;
static struct attested out;
static char document[256 * 1024];

static void
serve(struct httpd_request *r)
{
	httpd_reply(r, 200, document);
}

struct pair {
	struct httpd *endpoint;
	struct host *agent, *server;
};

static void
pair_open(struct pair *p, const char *text, const char *config)
{
	snprintf(document, sizeof(document), "%s", text);
	p->endpoint = httpd_start(0, serve, NULL);
	p->agent = load_agent(
	    print("metadata_endpoint = \"%s\"", httpd_url(p->endpoint)));
	p->server = load_server(config);
}

static void
pair_close(struct pair *p)
{
	host_unload(p->agent);
	host_unload(p->server);
	httpd_stop(p->endpoint);
}

static void
pair_attest(struct pair *p)
{
	host_aid(p->agent, &aided);
	ck_assert_msg(
	    aided.answer.code == GRPC_STATUS_OK, "%s", aided.answer.text);
	host_attest(p->server, aided.payload, aided.n, &out);
	ck_assert_msg(out.answer.code == GRPC_STATUS_OK, "%s for %s",
	    out.answer.text, aided.payload);
}

/* The same selectors, whether the document went by the agent or straight. */
START_TEST(agree_on_a_task)
{
	char direct[sizeof(out.selectors)];
	struct pair p;

	pair_open(&p, metadata(NULL, NULL), METADATA_MODE);
	must_attest(p.server, good_payload(), &out);
	snprintf(direct, sizeof(direct), "%s", out.selectors);
	pair_attest(&p);
	ck_assert_str_eq(out.selectors, direct);
	ck_assert_str_eq(out.id,
	    "spiffe://example.org/aws_fargate_task/" ACCOUNT "/my-cluster");
	pair_close(&p);
}
END_TEST

static const char *const strange[][2] = {
	{ "Containers", NULL },
	{ "Containers", "[]" },
	{ "Containers", "[{}]" },
	{ "TaskTags", NULL },
	{ "TaskTags", "{}" },
	{ "TaskTags", "{\"k\":\"\"}" },
	{ "TaskTags", "{\"\xc3\xa9\":\"\xe2\x82\xac \\ud83d\\ude00\"}" },
	{ "TaskTags", "{\"q\\\"\\\\\":\"\\\\\\\"\"}" },
	{ "Cluster", "\"my-cluster\"" },
	{ "Cluster", NULL },
	{ "Family", NULL },
	{ "Revision", "null" },
	{ "ServiceName", NULL },
	{ "LaunchType", "\"EC2\"" },
	{ "PlatformVersion", "\"1.4.0\"" },
	{ "FutureMember", "{\"x\":[1,2,{\"y\":null}]}" },
	{ "Limits", "{\"CPU\":0.25,\"Memory\":512}" },
};

START_TEST(agree_on_a_strange_task)
{
	struct pair p;

	pair_open(
	    &p, metadata(strange[_i][0], strange[_i][1], NULL), METADATA_MODE);
	pair_attest(&p);
	ck_assert(has_line(out.selectors, "task_id:" TASK_ID));
	pair_close(&p);
}
END_TEST

START_TEST(agree_on_other_partitions)
{
	static const char *const arns[] = {
		"arn:aws-cn:ecs:cn-north-1:" ACCOUNT ":task/c/" TASK_ID,
		"arn:aws-us-gov:ecs:us-gov-west-1:" ACCOUNT ":task/c/" TASK_ID,
		"arn:aws:ecs:us-east-1:" ACCOUNT ":task/c/mock-task-1",
	};
	struct pair p;
	size_t i;

	pair_open(&p, "{}",
	    METADATA_MODE
	    "agent_path_template = \"/x/{{ .partition }}/{{ .region }}/"
	    "{{ .taskID }}\"");
	for (i = 0; i < COUNT_OF(arns); i++) {
		snprintf(document, sizeof(document), "{\"TaskARN\":\"%s\"}",
		    arns[i]);
		pair_attest(&p);
	}
	ck_assert_str_eq(
	    out.id, "spiffe://example.org/x/aws/us-east-1/mock-task-1");
	pair_close(&p);
}
END_TEST

/* A task with all that AWS allows: 50 tags, 64 containers. */
START_TEST(agree_on_a_large_task)
{
	size_t n = 0, i;
	struct pair p;

	pair_open(&p, "", METADATA_MODE);
	n += (size_t)snprintf(document + n, sizeof(document) - n,
	    "{\"TaskARN\":\"" TASK_ARN "\",\"TaskTags\":{");
	for (i = 0; i < 50; i++)
		n += (size_t)snprintf(document + n, sizeof(document) - n,
		    "%s\"k%zu\":\"%s\"", i > 0 ? "," : "", i, run_of('v', 256));
	n += (size_t)snprintf(
	    document + n, sizeof(document) - n, "},\"Containers\":[");
	for (i = 0; i < 60; i++)
		n += (size_t)snprintf(document + n, sizeof(document) - n,
		    "%s{\"Name\":\"c%zu\",\"Image\":\"%s\"}", i > 0 ? "," : "",
		    i, run_of('i', 3000));
	snprintf(document + n, sizeof(document) - n, "]}");
	pair_attest(&p);
	ck_assert_int_le((int)aided.n, 64 * 1024);
	ck_assert_int_le((int)out.selector_count, 200);
	pair_close(&p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pair");
	TCase *tc = new_case(s, "pair", 30);

	tcase_add_test(tc, agree_on_a_task);
	ck_table(tc, agree_on_a_strange_task, strange);
	tcase_add_test(tc, agree_on_other_partitions);
	tcase_add_test(tc, agree_on_a_large_task);
	return run_tests(s);
}
