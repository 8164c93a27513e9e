/* SPDX-License-Identifier: Apache-2.0 */
#include "task/metadata.h"

#include <json-c/json.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mock/metadata.h"
#include "scenarios.h"

#define TWO "tests/data/mock/two-accounts.conf"

static struct scenario *s;
static struct arena arena;
static struct buf doc;

static void
setup(void)
{
	s = scenario_of(TWO);
	arena_init(&arena, 1024 * 1024);
	buf_init(&doc, METADATA_BYTES_MAX);
}

static void
teardown(void)
{
	scenario_free(s);
	arena_release(&arena);
	buf_release(&doc);
}

static struct task_metadata
read_back(const char *name)
{
	const struct scenario_task *t = scenario_task_find(s, str_of(name));
	struct task_metadata m = { 0 };
	struct err err = { 0 };
	int r;

	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(metadata_task(&doc, s, t, 0, &err), ERR_OK);
	r = task_metadata_parse(&m, &arena, buf_str(&doc), TASK_ID_ANY, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	return m;
}

START_TEST(writes_what_the_agent_reads)
{
	struct task_metadata m = read_back("web");

	ck_str(m.arn.text, "arn:aws:ecs:eu-west-1:111122223333:task/payments/"
			   "4f8e7d6c5b4a39281706f5e4d3c2b1a0");
	ck_str(m.cluster, "payments");
	ck_str(m.family, "web");
	ck_str(m.revision, "42");
	ck_str(m.service, "web-svc");
	ck_str(m.availability_zone, "eu-west-1c");
	ck_str(m.launch_type, "FARGATE");
	ck_str(m.desired_status, "RUNNING");
	ck_str(m.known_status, "RUNNING");
	ck_str(m.task_definition_arn,
	    "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:42");
	ck_assert_uint_eq(m.container_count, 2);
	ck_str(m.containers[0].name, "app");
	ck_str(m.containers[0].image_id,
	    "sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd");
	ck_str(m.containers[1].image, "spire-agent:1");
}
END_TEST

START_TEST(keeps_tags_as_they_are)
{
	struct task_metadata m = read_back("web");
	const struct scenario_task *t = scenario_task_find(s, STR("web"));

	ck_assert_uint_eq(m.tag_count, t->tag_count);
	for (size_t i = 0; i < m.tag_count; i++) {
		bool found = false;

		for (size_t k = 0; k < t->tag_count; k++)
			found |= str_eq(m.tags[i].key, t->tags[k].key) &&
				 str_eq(m.tags[i].value, t->tags[k].value);
		ck_assert_msg(found, "tag %.*s", STR_FMT(m.tags[i].key));
	}
}
END_TEST

START_TEST(leaves_out_what_a_task_has_not)
{
	struct task_metadata m = read_back("batch-3");

	ck_str(m.arn.partition, "aws-cn");
	ck_str(m.arn.region, "cn-north-1");
	ck_str(m.service, "");
	ck_str(m.launch_type, "EC2");
	ck_assert_uint_eq(m.tag_count, 0);
	ck_assert_ptr_null(strstr(buf_text(&doc), "ServiceName"));
	ck_assert_ptr_null(strstr(buf_text(&doc), "TaskTags"));
	ck_assert_ptr_null(strstr(buf_text(&doc), "ClockDrift"));
}
END_TEST

/* KnownStatus is the agent's word, not that of the ECS API. */
static const struct {
	const char *status, *desired, *known;
	bool started;
} statuses[] = {
	{ "PROVISIONING", "RUNNING", "PENDING", false },
	{ "PENDING", "RUNNING", "PENDING", false },
	{ "ACTIVATING", "RUNNING", "RUNNING", true },
	{ "RUNNING", "RUNNING", "RUNNING", true },
	{ "DEACTIVATING", "STOPPED", "RUNNING", true },
	{ "STOPPING", "STOPPED", "RUNNING", true },
	{ "DEPROVISIONING", "STOPPED", "STOPPED", true },
	{ "STOPPED", "STOPPED", "STOPPED", true },
};

START_TEST(follows_the_status)
{
	struct task_metadata m;
	const char *text;

	s->tasks[0].status = str_of(statuses[_i].status);
	m = read_back("web");
	text = buf_text(&doc);
	ck_str(m.desired_status, statuses[_i].desired);
	ck_str(m.known_status, statuses[_i].known);
	ck_assert_int_eq(
	    strstr(text, "\"StartedAt\"") != NULL, statuses[_i].started);
	ck_assert_int_eq(
	    strstr(text, "\"Networks\"") != NULL, statuses[_i].started);
	ck_assert_int_eq(strstr(text, "\"FinishedAt\"") != NULL,
	    strcmp(statuses[_i].known, "STOPPED") == 0);
}
END_TEST

static const char *
text_at(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	ck_assert_msg(json_object_object_get_ex(o, key, &v), "no %s", key);
	return json_object_get_string(v);
}

START_TEST(writes_a_container)
{
	const struct scenario_task *t = scenario_task_find(s, STR("web"));
	struct json_object *o, *v = NULL, *network;

	ck_assert_int_eq(
	    metadata_container(&doc, s, t, &t->definition->containers[1], NULL),
	    ERR_OK);
	o = json_tokener_parse(buf_text(&doc));
	ck_assert_ptr_nonnull(o);
	ck_assert_str_eq(text_at(o, "DockerId"),
	    "4f8e7d6c5b4a39281706f5e4d3c2b1a0-1829094452");
	ck_assert_str_eq(text_at(o, "Name"), "spire-agent");
	ck_assert(json_object_object_get_ex(o, "Labels", &v));
	ck_assert_str_eq(text_at(v, "com.amazonaws.ecs.cluster"),
	    "arn:aws:ecs:eu-west-1:111122223333:cluster/payments");
	ck_assert(json_object_object_get_ex(o, "Networks", &v));
	network = json_object_array_get_idx(v, 0);
	ck_assert_str_eq(text_at(network, "PrivateDNSName"),
	    "ip-192-168-7-9.eu-west-1.compute.internal");
	ck_assert(json_object_object_get_ex(network, "IPv4Addresses", &v));
	ck_assert_str_eq(
	    json_object_get_string(json_object_array_get_idx(v, 0)),
	    "192.168.7.9");
	ck_assert(str_starts(str_of(text_at(o, "ContainerARN")),
	    "arn:aws:ecs:eu-west-1:111122223333:container/payments/"
	    "4f8e7d6c5b4a39281706f5e4d3c2b1a0/"));
	json_object_put(o);
}
END_TEST

START_TEST(tells_when_it_does_not_fit)
{
	struct err err = { 0 };
	struct buf small;

	buf_init(&small, 100);
	ck_assert_int_eq(
	    metadata_task(&small, s, s->default_task, 0, &err), ERR_TOOBIG);
	buf_release(&small);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("metadata");
	TCase *tc = tcase_create("metadata");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, writes_what_the_agent_reads);
	tcase_add_test(tc, keeps_tags_as_they_are);
	tcase_add_test(tc, leaves_out_what_a_task_has_not);
	ck_table(tc, follows_the_status, statuses);
	tcase_add_test(tc, writes_a_container);
	tcase_add_test(tc, tells_when_it_does_not_fit);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
